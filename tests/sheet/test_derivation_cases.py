"""Derivations as people write them, with their networks: each line gets the verdict of a careful reader."""

import json
from pathlib import Path

import pytest

from neuronnet import check_sheet

CASES = Path(__file__).parent.parent / "data" / "derivation_cases"
FINE = {"right", "rounding"}


def verdicts(case):
    """{line: its verdicts}, as (expected, found); of a line that nothing is expected of, only bad ones."""
    (sheet,) = case.glob("sheet.*")
    expected = {
        int(line): {verdict}
        for line, verdict in json.loads((case / "verdicts.json").read_text(encoding="utf-8")).items()
    }
    found = {}
    for line in check_sheet(sheet.read_text(encoding="utf-8"), case / "network.toml").lines:
        found.setdefault(line.line, set()).add(line.verdict)
    return expected, {line: found[line] for line in found if line in expected or not found[line] <= FINE}


def test_there_are_fifteen_cases():
    assert len(list(CASES.iterdir())) == 15


@pytest.mark.parametrize("name", sorted(case.name for case in CASES.iterdir()))
def test_every_line_of_a_case_gets_its_verdict(name):
    expected, found = verdicts(CASES / name)
    assert found == expected
