"""Mistakes on models that sheets bring along: recurrent, attention, normalisations and others."""

import math
from functools import cache
from pathlib import Path

import pytest

import neuronnet
from neuronnet import Model, check_sheet, diagnose
from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.formulas.arrays import Array, entries
from neuronnet.mistakes.graph import OwnModel
from neuronnet.mistakes.printed_numbers import PrintedNumber, numbers_of
from neuronnet.mistakes.search import explanations
from neuronnet.sheet.best_reading import best_reading
from neuronnet.sheet.readers.read_sheet import read_sheet

SHEETS = Path(neuronnet.__file__).parent / "examples" / "sheets"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, id, lines",
    [
        ("attention-head", "derivative by S not transposed: K", (23, 27)),
        ("batch-norm", "gradient of gamma divided by 4", (18, 24)),
        ("convolution", "X[0:3, 2:5] for X[1:4, 2:5]: K", (34, 35)),
        ("embedding", "a repeated index assigned: E", (24, 25, 26)),
        ("layer-norm", "path through v missing in the derivative by x", (25,)),
        ("softmax-batch", "gradient of b2 4 times what it is", (18,)),
        ("linear-regression", "gradient of w divided by 2", (17, 21, 23)),
        ("lstm-step", "the logistic's derivative for tanh: g", (33, 36, 37)),
        ("recurrent-two-steps", "last use only: W_h", (30, 33)),
        ("softmax-one-row", "activation derivative missing at a1", (16, 19, 20)),
    ],
)
def test_the_mistakes_of_the_examples_are_named_from_their_numbers_alone(name, id, lines):
    text = (SHEETS / f"{name}-mistake.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        first, *_, last = text[line - 1].split(" = ")
        text[line - 1] = f"{first} = {last}"
    found = check_sheet("\n".join(text)).mistakes
    # A helper, such as dz, that has a number alone is no derivative of anything, and is not judged.
    explained = tuple(line for line in lines if not text[line - 1].startswith(("δ", "dz")))
    assert [(each.id, each.explains, each.contradicts) for each in found] == [(id, explained, ())]


def test_a_mistake_below_a_right_formula_is_named():
    (found,) = check_sheet((SHEETS / "adam-two-steps-mistake.txt").read_text(encoding="utf-8")).mistakes
    assert (found.id, found.explains) == ("bias correction with t counted from 0: mhat_2", (26, 28))
    assert found.formula.startswith("you used mhat_2 = m_2/(1 - β1) in place of m_2/(1 - ")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gru-step", "lstm-step"])
def test_a_wrong_formula_that_is_mended_needs_no_cause_beside_it(name):
    report = check_sheet((SHEETS / f"{name}-mistake.txt").read_text(encoding="utf-8"))
    assert report.own_mistakes[0].worst.repair is not None and report.mistakes == []


def test_the_numbers_of_a_program_are_diagnosed_on_the_model_of_a_sheet():
    model = Model.from_text((SHEETS / "lstm-step.txt").read_text(encoding="utf-8"))
    numbers = {name: model[name] for name in ("L", "dL/dz_g", "dL/dz_o")}
    assert diagnose(model, numbers) == []
    (found,) = diagnose(model, {"dL/dz_o": model["dL/dz_o"], "dL/dz_g": slope_of_another(model)})
    assert (found.id, found.explains) == ("the logistic's derivative for tanh: g", ("dL/dz_g",))


def slope_of_another(model):
    """dL/dz_g with the slope of the logistic."""
    return [dL_dg * g * (1 - g) for dL_dg, g in zip(model["dL/dg"], model["g"])]


@cache
def model_of(name):
    """(the OwnModel of an example, the quantities that it derives)."""
    reading, lines = best_reading(read_sheet((SHEETS / f"{name}.txt").read_text(encoding="utf-8")))
    quantities = {line.quantity.format(): line.quantity for line in lines if line.quantity is not None}
    return OwnModel(reading.roles.model, reading.roles.loss, quantities.values()), quantities


def printed(own, quantities, values, digits=6):
    """PrintedNumbers with so many digits for everything that a varied pass has."""
    found = []
    for name, value in values.items():
        exact = own.steps.model.value(quantities[name])
        for entry, (number, right) in enumerate(zip(entries(value), entries(exact))):
            own_entry = entry if isinstance(exact, Array) else None
            text = Printed(f"{number:.{digits - 1}e}" if number else "0")
            found.append(PrintedNumber((name, own_entry), quantities[name], text, right, entry=own_entry))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["batch-norm", "lstm-step", "recurrent-two-steps", "attention-head"])
def test_variations_are_recognised_as_themselves(name, every=20):
    own, quantities = model_of(name)
    with fifty_digits():
        for id, variation in list(own.variations.items())[::every]:
            wrong = printed(own, quantities, numbers_of(own.replay(variation), quantities))
            if not all(each.is_right for each in wrong):
                found = explanations(own, wrong, may_contradict=False)[0]
                again = numbers_of(own.replay(found.mistakes[0]), quantities)
                same = [each.printed for each in printed(own, quantities, again)]
                assert id in (found.id, *found.same_as) or same == [each.printed for each in wrong]
                assert found.chance < 0.05 and not found.contradicts


@pytest.mark.slow
@pytest.mark.parametrize("name", ["batch-norm", "lstm-step", "embedding"])
def test_right_numbers_have_no_cause_and_a_random_one_none(name):
    own, quantities = model_of(name)
    with fifty_digits():
        numbers = numbers_of(own.replay(), quantities)
        assert explanations(own, printed(own, quantities, numbers)) == []
        last = list(numbers)[-1]
        numbers[last] = numbers[last] * 1.0371946
        assert explanations(own, printed(own, quantities, numbers), may_contradict=False) == []


@pytest.mark.parametrize(
    "name, id",
    [
        ("attention-head", "activation derivative missing at A"),
        ("attention-head", "softmax derivative on the diagonal only: A"),
        ("attention-head", "softmax derivative without its sum: A"),
        ("attention-head", "softmax derivative summed along the other axis: A"),
        ("softmax-batch", "activation derivative missing at P"),
        ("softmax-batch", "softmax derivative on the diagonal only: P"),
        ("softmax-one-row", "derivative multiplied in although it cancels"),
        ("gru-step", "z for 1 - z: n"),
        ("lstm-step", "c for tanh(c): o"),
        ("batch-norm", "X for X_hat: gamma"),
        ("recurrent-two-steps", "the derivative by out in the gradient in place of that by net"),
        ("adam-two-steps", "bias correction missing"),
        ("adam-two-steps", "bias correction applied twice"),
        ("adam-two-steps", "bias correction with t counted from 0"),
        ("adam-two-steps", "corrected means carried on"),
        ("adam-two-steps", "beta and 1 - beta exchanged"),
        ("adam-two-steps", "beta and 1 - beta exchanged: v@2"),
        ("adam-two-steps", "nothing carried on from the update before: m@2"),
        ("adam-two-steps", "root forgotten in the step"),
        ("recurrent-two-steps", "gradient of W_h transposed"),
        ("convolution", "X[0:3, 2:5] for X[1:4, 2:5]: K"),
        ("convolution", "X[0:3, 1:4] for X[1:4, 2:5]: K"),
        ("convolution", "c21 for the largest in p1"),
        ("convolution", "the places of the largest in p1 and p2 exchanged"),
    ],
)
def test_a_mistake_is_named_from_the_numbers_behind_it(name, id):
    own, quantities = model_of(name)
    with fifty_digits():
        wrong = printed(own, quantities, numbers_of(own.replay(own.variations[id]), quantities))
        assert not all(each.is_right for each in wrong)
        found = explanations(own, wrong, may_contradict=False)[0]
        assert id in (found.id, *found.same_as) and not found.contradicts


SWISH = (
    "w = 0.5\nx = 0.8\nt = 1.0\na = w*x*1.5\nh = a*logistic(a)\nL = (h - t)^2/2\ndL/dh = h - t = -0.6408\n"
)


@pytest.mark.parametrize(
    "slope, id",
    [
        (lambda a, s: a * s * (1 - s), "dL/dh*logistic(a) missing in the derivative by a"),
        (lambda a, s: s, "dL/dh*a*logistic'(a) missing in the derivative by a"),
        (lambda a, s: s + a, "activation derivative missing at h"),
        (lambda a, s: s + a * (1 - s * s), "tanh's derivative for the logistic: h"),
        (lambda a, s: s - a * s * (1 - s), "sign slip in the derivative: h"),
        (lambda a, s: s + a * s * (1 - s), None),
    ],
)
def test_each_place_of_a_quantity_in_one_formula_adds_its_share(slope, id):
    a = 0.5 * 0.8 * 1.5
    s = 1 / (1 + math.exp(-a))
    by_a = (a * s - 1) * slope(a, s)
    sheet = SWISH.replace("-0.6408", f"{a * s - 1:.6f}") + f"dL/da = {by_a:.6f}\n"
    assert [each.id for each in check_sheet(sheet).mistakes] == ([] if id is None else [id])


STEPS = """x = 2
t = 1.5
w_0 = 0.5
m_0 = 0
v_0 = 0
α = 0.1
λ = 0.2
β1 = 0.9
β2 = 0.999
ε = 0.00000001
L_0 = 1/2 (w_0 x - t)^2
g_1 = dL_0/dw_0
q_1 = g_1{inside}
m_1 = β1 m_0 + (1 - β1) q_1
v_1 = β2 v_0 + (1 - β2) q_1²
mhat_1 = m_1 / (1 - β1)
vhat_1 = v_1 / (1 - β2)
w_1 = w_0{beside} - α mhat_1 / (sqrt(vhat_1) + ε)
L_1 = 1/2 (w_1 x - t)^2
"""
BESIDE = STEPS.format(inside="", beside=" - α λ w_0")
INSIDE = STEPS.format(inside=" + λ w_0", beside="")


@pytest.mark.parametrize(
    "sheet, step, id",
    [
        (BESIDE, lambda w: w + 0.1, "weight decay missing"),
        (BESIDE, lambda w: w - 0.2 * w + 0.1, "weight decay without the learning rate"),
        (INSIDE, lambda w: w - 0.1 * 0.2 * w + 0.1, "L2 term taken from the weight, not in the gradient"),
    ],
)
def test_a_decay_in_the_wrong_place_of_a_sheet_is_named(sheet, step, id):
    model = Model.from_text(sheet)
    w = step(0.5)
    assert model["w_1"] != pytest.approx(w, abs=1e-9), "the mistake is not visible"
    numbers = {"w_1": w, "L_1": (2 * w - 1.5) ** 2 / 2}
    found = diagnose(model, {name: f"{number:.6f}" for name, number in numbers.items()})
    assert id in (found[0].id, *found[0].same_as)
