"""Names that are assigned again and again, as people write passes, momentum and Adam in text and in code."""

import pytest

import neuronnet
from neuronnet.formulas.evaluating import evaluator

ONE = "w = 0.5, x = 2, t = 3, lr = 0.1"
LOSS = f"{ONE}\nL = (w*x - t)^2 = 4"
NUMBERS = [("1", "4", "-8", "1.3"), ("2.6", "0.16", "-1.6", "1.46"), ("2.92", "0.0064", "-0.32", "1.492")]
IN_FULL = """y = w x = {0}
L = (y - t)^2 = {1}
g = 2 (y - t) x = {2}
w = w - lr g = {3}"""


def passes(text, heading="\nEpoch {}\n", wrong=None):
    """Three passes of one text, with `wrong` as the new value of the last one."""
    rows = [*NUMBERS[:2], (*NUMBERS[2][:3], wrong or NUMBERS[2][3])]
    return "\n".join(heading.format(place) + text.format(*row) for place, row in enumerate(rows, 1))


def wrong_lines(text):
    return [each.text for each in neuronnet.check_sheet(text).lines if each.is_wrong]


REPEATED = {
    "in full": (ONE, IN_FULL),
    "derivative": (ONE, IN_FULL.replace("g", "dL/dw")),
    "arrow": (ONE, IN_FULL.replace("w = w -", "w ← w -")),
    "loss alone": (ONE, "L = (w*x - t)^2 = {1}\ngrad = 2*(w*x - t)*x = {2}\nw = w - lr*grad = {3}"),
    "gradient alone": (LOSS, "grad = 2*(w*x - t)*x = {2}\nw = w - lr*grad = {3}"),
    "derivative alone": (LOSS, "dL/dw = 2*(w*x - t)*x = {2}\nw = w - lr*dL/dw = {3}"),
}


@pytest.mark.parametrize("opening, text", REPEATED.values(), ids=REPEATED)
def test_every_pass_goes_on_from_the_one_before(opening, text):
    assert wrong_lines(opening + passes(text)) == []
    (wrong,) = wrong_lines(opening + passes(text, wrong="1.429"))
    assert wrong.startswith("w") and wrong.endswith("1.429")


def test_updates_in_numbers_start_from_the_newest_value():
    text = ONE + passes(IN_FULL).replace("w = w - lr g = 1.46", "w = 1.3 - 0.1*(-1.6) = 1.46")
    assert wrong_lines(text) == []
    assert wrong_lines(text.replace("1.46\n", "1.64\n"))[0] == "w = 1.3 - 0.1*(-1.6) = 1.64"


STATE = "x = 2   t = 3   mu = 0.9   eta = 0.05   w = 0.5   v = 0\nL = 1/2 (w x - t)^2 = 2"
STEP = "\nStep {}\n"
RULES = {
    "velocity": ("v = mu v - eta g = {1}", "w = w + v = {2}", ("0.2", "0.34")),
    "arrows": ("v := mu v - eta g = {1}", "w := w + v = {2}", ("0.2", "0.34")),
    "sum of gradients": ("v = mu v + g = {1}", "w = w - eta v = {2}", ("-4", "-6.8")),
}
ADAM = """x = 1.5   t = 1   w = 0.2   m = 0   v = 0   a = 0.1   b1 = 0.9   b2 = 0.999   eps = 1e-8
L = (w x - t)^2 = 0.4900
g = 2 (w x - t) x = -2.1000
m = b1 m + (1 - b1) g = -0.2100
v = b2 v + (1 - b2) g^2 = 0.004410
mh = m / (1 - b1^1) = -2.1000
vh = v / (1 - b2^1) = 4.4100
w = w - a mh / (sqrt(vh) + eps) = 0.3000
g = 2 (w x - t) x = -1.6500
m = b1 m + (1 - b1) g = -0.3540
v = b2 v + (1 - b2) g^2 = 0.007128
mh = m / (1 - b1^2) = -1.8632
vh = v / (1 - b2^2) = 3.5658
w = w - a mh / (sqrt(vh) + eps) = 0.3987"""


def momentum(rule, update, numbers, gradient="g = (w x - t) x"):
    rows = zip(("-4", "-3.2"), numbers, ("0.7", "1.04"))
    texts = [f"{gradient} = {{0}}\n{rule}\n{update}".format(*row) for row in rows]
    return STATE + "".join(STEP.format(place) + text for place, text in enumerate(texts, 1))


@pytest.mark.parametrize("gradient", ["g = (w x - t) x", "g = dL/dw = (w x - t) x"])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_velocity_goes_on_from_its_newest_value(rule, gradient):
    text = momentum(*rule, gradient)
    assert wrong_lines(text) == []
    assert wrong_lines(text.replace("1.04", "1.14"))[0].endswith("= 1.14")


def test_a_velocity_uphill_is_told_where_it_is_computed():
    text = momentum("v = mu v + eta g = {1}", "w = w + v = {2}", ("-0.2", "-0.34"))
    assert wrong_lines(text)[0] == "v = mu v + eta g = -0.2"


def test_moments_have_their_newest_values_in_the_lines_after_them():
    assert wrong_lines(ADAM) == []
    assert wrong_lines(ADAM.replace("-1.8632", "-1.3684"))[0].startswith("mh = m / (1 - b1^2)")
    assert wrong_lines(ADAM.replace("(1 - b1^1) = -2.1", "(1 - b1^1) = -1.2"))[0].startswith("mh")


CODE = """import numpy as np
X = np.array([[0.5, -1.0], [1.5, 0.2], [-0.3, 0.8]])
Y = np.array([[1.0], [0.0], [1.0]])
W1 = np.array([[0.2, -0.4], [0.5, 0.3]])
W2 = np.array([[0.7], [-0.5]])
H = np.tanh(X @ W1)
O = H @ W2
L = 0.5 * np.sum((O - Y)**2)
dO = O - Y
dW2 = H.T @ dO
{}
dZ = dH * (1 - H**2)
dW1 = X.T @ dZ
W1 = W1 - 0.1 * dW1
"""
BACK, OLD_BACK, UPDATE = "dH = dO @ W2.T", "dH = dO @ old.T", "W2 = W2 - 0.1 * dW2"


@pytest.mark.parametrize(
    "lines, wrong",
    [
        ([BACK, UPDATE], []),
        ([UPDATE, BACK], [BACK]),
        (["W2 -= 0.1 * dW2", BACK], [BACK]),
        (["old = W2", UPDATE, OLD_BACK], []),
    ],
)
def test_in_code_a_weight_is_what_was_assigned_last(lines, wrong):
    assert wrong_lines(CODE.format("\n".join(lines))) == wrong


def test_a_text_that_updates_early_is_told_which_value_is_meant():
    text = """x = 0.5  t = 0.8  w1 = 0.4  w2 = -0.6  eta = 0.1
z = w1 x
a = tanh(z)
y = w2 a
L = 1/2 (y - t)^2
dL/dw2 = (y - t) a
w2 = w2 - eta dL/dw2
dL/da = (y - t) w2"""
    last = neuronnet.check_sheet(text).lines[-1]
    assert (last.verdict, last.parts[-1].note) == ("right", "with w2 as before the update")


SGD = """y = tanh(w x)   L = 1/2 (y - t)^2   eta = 0.2   w = 0.3
x = 1   t = 0.5
dL/dw = (y - t)(1 - y^2) x = -0.1910
w = w - eta dL/dw = 0.3382
x = -2   t = 1
dL/dw = (y - t)(1 - y^2) x = 2.0751
w = w - eta dL/dw = -0.0768
x = 1   t = 0.5
dL/dw = (y - t)(1 - y^2) x = -0.5733
w = w - eta dL/dw = 0.0378"""


def test_a_sample_comes_again_in_the_second_epoch():
    report = neuronnet.check_sheet(SGD)
    assert {each.verdict for each in report.lines if each.kind == "judged"} == {"right"}
    assert wrong_lines(SGD.replace("0.0378", "-0.1915")) == ["w = w - eta dL/dw = -0.1915"]


def test_no_message_shows_our_marks_of_passes():
    text = momentum("v = mu v + eta g = {1}", "w = w + v = {2}", ("0.2", "-0.34"))
    for each in (text, SGD.replace("(1 - y^2) x = -0.57", "(1 - y) x = -0.57"), ADAM.replace("3.56", "3.65")):
        report = neuronnet.check_sheet(each)
        assert any(line.is_wrong for line in report.lines)
        assert "@" not in str(report)


@pytest.mark.parametrize("step, wrong", [("w - 0.2·(-0.5733)", []), ("w + 0.2·(-0.5733)", ["w"])])
def test_an_update_may_have_its_step_in_numbers(step, wrong):
    text = SGD.replace("w - eta dL/dw = 0.0378", f"{step} = 0.0378")
    assert [each[0] for each in wrong_lines(text)] == wrong


# Passes of a network, by the number of updates before them


def of_network(*lines, network="worked-example"):
    return [line.verdict for line in neuronnet.check_sheet("\n".join(lines), network).lines]


def test_derivatives_of_a_later_pass_of_a_network():
    at, derivation = 30, neuronnet.Derivation("worked-example")
    names = ("delta_o1", "dE_total/dw5", "dout_h1/dnet_h1")
    right = (f"{name}@{at} = {derivation[f'{name}@{at}'].value:.9g}" for name in names)
    of_the_first_pass = (f"{name}@{at} = {derivation[name].value:.9g}" for name in names)
    assert of_network(*right) == ["right"] * 3
    assert of_network(*of_the_first_pass) == ["wrong number"] * 3


RIGHT = """dE_total/dw5@{0} = delta_o1@{0} * out_h1@{0}
delta_o1@{0} = (out_o1@{0} - target_o1) out_o1@{0} (1 - out_o1@{0})
w5@{0} = w5@{1} - eta dE_total/dw5@{1}
out_h1@{0} = 1/(1 + exp(-net_h1@{0}))
dE_total/db2@{0} = delta_o1@{0} + delta_o2@{0}
dE_total/di1@{0} = delta_h1@{0} w1@{0} + delta_h2@{0} w3@{0}"""
WRONG = """dE_total/dw5@{0} = delta_o1@{0} * out_h2@{0}
delta_o2@{0} = (out_o2@{0} - target_o2) (1 - out_o2@{0})
w5@{0} = w5@{1} + eta dE_total/dw5@{1}
w6@{0} = w6@{1} - eta dE_total/dw6@{0}
dE_total/db2@{0} = delta_o1@{0}
net_h1@{0} = w1@{1} i1 + w2@{1} i2 + b1"""


@pytest.mark.parametrize("at", [2, 40])
def test_formulas_of_a_later_pass_of_a_network(at):
    assert of_network(RIGHT.format(at, at - 1)) == ["right"] * 6
    assert of_network(WRONG.format(at, at - 1)) == ["wrong formula"] * 6


def computed_from_printed_numbers(network, at, decimals, wrong=None):
    """The lines of a later pass and its update, each number computed from those printed before, and rounded.

    `wrong` is the place of a line whose number is not that.
    """
    derivation, printed, lines = neuronnet.Derivation(network, updates=0, at=at), {}, []
    for name, value in derivation.starts_from.items():
        if "@" in name:
            printed[name] = round(value, decimals)
            lines.append(f"{name} = {printed[name]:.{decimals}f}")
    for each in derivation.quantities:
        if not each.part.startswith("after"):
            names = each.expression.names()
            values = {name: printed[name] if name in printed else derivation.given[name] for name in names}
            number = round(evaluator(each.expression, float)(values), decimals)
            number += (len(lines) == wrong) * (abs(number) / 50 + 5 * 10**-decimals)
            printed[each.name] = number
            lines.append(f"{each.name} = {each.formula} = {number:.{decimals}f}")
    return lines


TWO_SAMPLES = {
    "learning_rate": 0.7,
    "layer": [
        {"activation": "tanh", "weights": [[0.4, -0.3]], "bias": 0.2},
        {"activation": "identity", "weights": [[0.6]], "bias": -0.1, "train_bias": True},
    ],
    "sample": [{"inputs": [0.5, 0.8], "targets": [0.9]}, {"inputs": [-0.7, 0.3], "targets": [-0.4]}],
}


def test_a_later_pass_may_be_computed_from_printed_numbers():
    for at in (1, 4):
        lines = computed_from_printed_numbers(TWO_SAMPLES, at, 4)
        assert set(of_network(*lines, network=TWO_SAMPLES)) == {"right", "rounding"}
    right, wrong = (computed_from_printed_numbers(TWO_SAMPLES, 1, 4, wrong=each)[:21] for each in (None, 20))
    assert right[:-1] == wrong[:-1] and right[-1] != wrong[-1]
    assert of_network(*wrong, network=TWO_SAMPLES)[-1] == "wrong number"


def test_each_update_of_an_online_training_rests_on_its_own_sample():
    description = TWO_SAMPLES | {"batch": "online", "order": {"kind": "in turn"}}
    line, at = "w1@{0} = w1@{1} - eta dE_total[{2}]/dw1@{1}", (1, 2, 5)
    right = [line.format(each + 1, each, each % 2 + 1) for each in at]
    wrong = [line.format(each + 1, each, 2 - each % 2) for each in at]
    assert of_network(*right, network=description) == ["right"] * 3
    assert of_network(*wrong, network=description) == ["wrong formula"] * 3


def test_the_error_of_a_long_training_is_not_computed_on_paper():
    """Rounding every step of the last pass alone gives this number; nobody does so after thirty updates."""
    assert of_network("E_total@30 = 0.0990") == ["wrong number"]


@pytest.mark.parametrize(
    "line, told",
    [
        ("w5@20000000 = 0.3", "at most 10,000,000 updates are followed"),
        ("w5 = w5@20000000", "at most 10,000,000 updates are followed"),
        ("net_h1@3000000 = 0.2", "at most 1000000 multiplications are taken on"),
    ],
)
def test_what_is_not_followed_so_far_is_said(line, told):
    (found,) = neuronnet.check_sheet(f"network: worked-example\n{line}\n").lines
    assert found.verdict == "unreadable" and told in found.worst.note


BESIDE_THE_LOSS = """x = 0.5   w = 0.4   t = 1   eta = 0.5
z = w x = 0.2
p = 1/(1 + exp(-z)) = 0.5498
L = ln(1 + exp(z)) - t z = 0.5981
dL/dw = (p - t) x = -0.2251
w' = w - eta dL/dw = 0.5125
z' = w' x = 0.2563
p' = 1/(1 + exp(-z')) = 0.5637
L' = 0.5732"""
TWO_LOSSES = """w = 0.5   x_1 = 1   x_2 = -2   x_3 = 4   eta = 0.1
y_1 = w x_1 = 0.5
y_2 = w x_2 = -1
y_3 = w x_3 = 2
E_1 = y_1^2
E_2 = y_2^2
E = (E_1 + E_2 + y_3^2)/3
delta_1 = dE_1/dy_1 = 2 y_1 = 1
dE_1/dw = delta_1 x_1 = 1
delta_2 = 2 y_2 = -2
dE_2/dw = delta_2 x_2 = 4
w' = w - eta (dE_1/dw + dE_2/dw) = 0
y_1' = w' x_1 = 0"""


@pytest.mark.parametrize(
    "text, right, wrong",
    [
        (BESIDE_THE_LOSS, "p' = 1/(1 + exp(-z')) = 0.5637", "p' = 1/(1 + exp(-z')) = 0.5737"),
        (TWO_LOSSES, "delta_2 = 2 y_2 = -2", "delta_2 = 3 y_2 = -3"),
    ],
)
def test_what_the_loss_is_not_computed_from_is_judged(text, right, wrong):
    assert {line.verdict for line in neuronnet.check_sheet(text).lines} <= {"right", "given", "model"}
    assert wrong_lines(text.replace(right, wrong))[0] == wrong
