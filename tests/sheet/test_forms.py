"""The cases of derivations in five forms: whatever they are written in, each claim gets the same verdict."""

from pathlib import Path

import pytest
from forms import FORMS, claims_of, verdicts
from profiles import is_thorough

from neuronnet import check_sheet

CASES = sorted((Path(__file__).parent.parent / "data" / "derivation_cases").iterdir())
# What a sheet leaves to its numbers and a program has to define.
DEFINED = {"latex_hat_linear": [["v1", "0.4"]]}
OTHERS = [name for name in FORMS if name != "in_lines"]
PAIRS = [
    (case, form)
    for number, case in enumerate(CASES)
    for form in ([OTHERS[number % 4]] if not is_thorough() else OTHERS)
]


def judged(case, form):
    (sheet,) = case.glob("sheet.*")
    lets, claims = claims_of(sheet.read_text(encoding="utf-8"))
    text, places = FORMS[form](lets, DEFINED.get(case.name, []) + claims)
    found = verdicts(check_sheet(text, case / "network.toml"), places)
    return [verdict if numbers else None for verdict, numbers in zip(found, places)]


@pytest.mark.slow
@pytest.mark.parametrize("case, form", PAIRS, ids=lambda each: getattr(each, "name", each))
def test_a_derivation_is_judged_the_same_in_every_form(case, form):
    plain, found = judged(case, "in_lines"), judged(case, form)
    sayable = [place for place, verdict in enumerate(found) if verdict is not None]
    assert [found[place] for place in sayable] == [plain[place] for place in sayable]
    assert sayable or form == "in_python"


@pytest.mark.slow
def test_a_wrong_claim_is_wrong_in_every_form():
    case = next(each for each in CASES if each.name == "three_factor_bce")
    for form in FORMS:
        text, places = FORMS[form]([], [["dE_total/dw2", "0.562*0.5", "0.291"], ["out_o1", "0.572"]])
        found = list(verdicts(check_sheet(text, case / "network.toml"), places))
        assert found == ["wrong number", "wrong number"], form
