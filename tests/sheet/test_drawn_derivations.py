"""The drawn derivations themselves: right numbers, mistakes that show; what `derive` writes, read again."""

import re
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from drawn.derivations import right_sheet, wrong_sheet
from drawn.mistakes import IN_FORMULAS, KINDS
from drawn.networks import descriptions
from drawn.trees import as_complex, forward, gradients
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from profiles import is_thorough, share
from update_rules import RULES

from neuronnet import Derivation, check_sheet
from neuronnet.errors import NeuronnetError
from neuronnet.render import document, latex

SEEDS = range(120)


@cache
def right(seed):
    return right_sheet(seed)


def as_floats(value):
    return np.vectorize(float, otypes=[float])(value)


@pytest.mark.slow
@pytest.mark.parametrize("start", SEEDS[::20])
def test_every_derivative_agrees_with_a_complex_step(start):
    for seed in range(start, start + 20):
        sheet = right(seed)
        slopes = gradients(sheet.model.definitions, sheet.model.givens, sheet.model.loss)
        for key, value, factor in sheet.derivatives:
            true = factor * slopes[key[2:]].astype(float)
            np.testing.assert_allclose(as_floats(value), true, atol=1e-13, err_msg=f"{key} of seed {seed}")


def test_every_forward_value_agrees_with_complex_numbers():
    for seed in SEEDS:
        sheet = right(seed)
        true = forward(sheet.model.definitions, as_complex(sheet.model.givens))
        for key, _, value in sheet.numbers.values():
            if key in true:
                np.testing.assert_allclose(as_floats(value), true[key].real.astype(float), atol=1e-13)


@pytest.mark.slow
def test_updates_and_second_passes_follow_from_the_slopes():
    passes = 0
    for seed in SEEDS:
        sheet = right(seed)
        model = sheet.model
        slopes = gradients(model.definitions, model.givens, model.loss)
        second = as_complex(model.givens)
        for key, _, factor in model.claims:
            if key[2:] in model.parameters and "eta" in second:
                second[key[2:]] = second[key[2:]] - second["eta"] * factor * slopes[key[2:]]
        true = forward(model.definitions, second)
        for key, _, value in sheet.numbers.values():
            if key.endswith("@1"):
                passes += key[:-2] in model.definitions
                np.testing.assert_allclose(as_floats(value), true[key[:-2]].real.astype(float), atol=1e-13)
    assert passes > 20


def test_an_author_who_carries_exact_numbers_prints_them_within_one_unit():
    for seed in SEEDS:
        sheet = right(seed)
        if sheet.way == "exact":
            for _, printed, exact in sheet.numbers.values():
                for one, true in zip(printed.ravel(), exact.ravel()):
                    assert abs(one - true) < Decimal(1).scaleb(one.as_tuple().exponent) or one == 0


def test_a_number_carried_as_printed_stays_near():
    for seed in SEEDS:
        for _, printed, exact in right(seed).numbers.values():
            np.testing.assert_allclose(as_floats(printed), as_floats(exact), rtol=0.1, atol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_mistake_shows(kind):
    for seed in SEEDS[:20]:
        sheet = wrong_sheet(seed, kind)
        line = sheet.text.splitlines()[sheet.planted_line - 1]
        assert sheet.kind == kind and sheet.lines[sheet.planted_line] in ("model", "claim")
        if sheet.planted_line in sheet.numbers:
            _, printed, exact = sheet.numbers[sheet.planted_line]
            units = [
                abs(a - b).scaleb(-a.as_tuple().exponent) for a, b in zip(printed.ravel(), exact.ravel())
            ]
            assert max(units) > 5
        else:
            assert kind in IN_FORMULAS and line.split(" = ", 1)[1] != sheet.right_line.split(" = ")[0]


def test_the_lines_before_a_planted_mistake_are_right():
    for seed in SEEDS[:40]:
        sheet = wrong_sheet(seed)
        for number, (_, printed, exact) in sheet.numbers.items():
            if number < sheet.planted_line:
                np.testing.assert_allclose(as_floats(printed), as_floats(exact), rtol=0.1, atol=0.02)


def test_a_seed_draws_the_same_sheet_twice():
    assert right_sheet(7).text == right_sheet(7).text
    assert wrong_sheet(7).text == wrong_sheet(7).text
    assert right_sheet(7).text != right_sheet(8).text


def test_every_kind_of_line_is_told():
    for seed in SEEDS[:20]:
        sheet = right(seed)
        assert sorted(sheet.lines) == list(range(1, sheet.text.count("\n") + 1))
        assert (
            {"given", "model", "claim"} <= set(sheet.lines.values()) <= {"given", "model", "claim", "prose"}
        )


def test_every_family_of_models_is_drawn():
    families = {sheet.model.family for sheet in map(right, SEEDS)}
    assert families == {"dense", "recurrent", "shared", "regression", "columns", "rows", "attention"}


def test_what_is_written_as_a_derivative_is_one():
    for sheet in map(right, SEEDS):
        for key, _, factor in sheet.derivatives:
            assert (
                factor == 1
                or not set("/∇") & set(sheet.model.names[key])
                and "frac" not in sheet.model.names[key]
            )


WRITERS = (
    document.derivation_as_text,
    lambda derivation: latex.markdown(document.of_derivation(derivation)),
    lambda derivation: latex.document(document.of_derivation(derivation)),
)
RESULT = re.compile(r"(= -?\d*\.\d*?[1-9])(\d)(\d*\$?\n)")


@pytest.mark.slow
@settings(max_examples=share(20, least=3))
@given(
    descriptions(most_layers=2, most_neurons=2, most_samples=3),
    st.sampled_from(RULES),
    st.sampled_from(WRITERS),
    st.data(),
)
def test_what_derive_writes_is_right_when_it_is_read_again_and_a_slip_in_it_is_found(
    description, rule, write, data
):
    try:
        derivation = Derivation(description | {"update": rule})
        page = write(derivation)
    except NeuronnetError:  # an infinite loss
        reject()
    report = check_sheet(page, derivation.description)
    assert {line.verdict for line in report.lines} <= {"right", "rounding", "right by coincidence"}
    results = list(RESULT.finditer(page))
    if results:
        slip = data.draw(st.sampled_from(results))
        wrong = f"{slip[1]}{(int(slip[2]) + 5) % 10}{slip[3]}"
        found = check_sheet(page[: slip.start()] + wrong + page[slip.end() :], derivation.description)
        told = [line.text for line in found.lines if line.line == found.first_wrong]
        assert any(wrong.strip("$\n") in each for each in told)  # one of several in a line, perhaps
    if is_thorough():
        assert not [line.text for line in check_sheet(page).lines if line.is_wrong]
