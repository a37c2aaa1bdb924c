"""Derivations as people write them, with their networks: each line gets the verdict of a careful reader."""

import json
from pathlib import Path

import pytest

from neuronnet import check_sheet

CASES = Path(__file__).parent.parent / "data" / "derivation_cases"
FINE = {"right", "rounding"}

# Cases in which a line gets another verdict so far. A case that comes out right has to leave this set.
KNOWN_OPEN = {
    "decimal_comma",
    "delta_with_the_other_sign",
    "latex_hat_linear",
    "latex_superscripts",
    "latex_vectors_232",
    "let_h_1_in_latex",
    "missing_connections",
    "momentum_second_pass",
    "numpy_output",
    "rounded_value_in_a_formula",
    "three_factor_bce",
    "two_times_error_times_input",
    "update_table",
    "weights_numbered_by_input",
}


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


def test_there_are_fifteen_cases_and_the_open_ones_are_among_them():
    names = {case.name for case in CASES.iterdir()}
    assert len(names) == 15 and names >= KNOWN_OPEN


@pytest.mark.parametrize("name", sorted({case.name for case in CASES.iterdir()} - KNOWN_OPEN))
def test_every_line_of_a_case_gets_its_verdict(name):
    expected, found = verdicts(CASES / name)
    assert found == expected


@pytest.mark.parametrize("name", sorted(KNOWN_OPEN))
def test_an_open_case_is_still_open(name):
    expected, found = verdicts(CASES / name)
    assert found != expected
