"""Steps with an index, a decay beside a step, corrected moments: the same rule in every step."""

import pytest

import neuronnet

INDEXED = """x = [1, 2], t = 1, w_0 = [0.5, -0.5], b_0 = 0, eta = 0.1
z_0 = w_0 · x + b_0 = -0.5
y_0 = sigmoid(z_0) = 0.3775
L_0 = 1/2 (y_0 - t)^2
delta_0 = (y_0 - t) y_0 (1 - y_0)
dw_0 = delta_0 x
db_0 = delta_0
w_1 = w_0 - eta dw_0
b_1 = b_0 - eta db_0
z_1 = w_1 · x + b_1
y_1 = sigmoid(z_1)
L_1 = 1/2 (y_1 - t)^2
delta_1 = (y_1 - t) y_1 (1 - y_1)
dw_1 = delta_1 x
db_1 = delta_1
w_2 = w_1 - eta dw_1
b_2 = b_1 - eta db_1"""
ADAM = r"""Model $\hat y = w x$, loss $L = (\hat y - t)^2$, $x = 1.5$, $t = 1$, $w_0 = 0.2$, $m_0 = 0$,
$v_0 = 0$, $\beta_1 = 0.9$, $\beta_2 = 0.999$, $\epsilon = 0.01$, $\alpha = 0.1$

**t = 1**

$g_1 = 2 (w_0 x - t) x$

$m_1 = \beta_1 m_0 + (1 - \beta_1) g_1$

$v_1 = \beta_2 v_0 + (1 - \beta_2) g_1^2$

$\hat m_1 = \frac{m_1}{1 - \beta_1^1}$

$w_1 = w_0 - \alpha \hat m_1/(\sqrt{v_1} + \epsilon)$

**t = 2**

$g_2 = 2 (w_1 x - t) x$

$m_2 = \beta_1 m_1 + (1 - \beta_1) g_2$

$v_2 = \beta_2 v_1 + (1 - \beta_2) g_2^2$

$\hat m_2 = \frac{m_2}{1 - \beta_1^2}$

$w_2 = w_1 - \alpha \hat m_2/(\sqrt{v_2} + \epsilon)$"""
FUNCTION = """f(w) = (w - 3)^2
w_0 = 1, eta = 0.1
g_0 = 2 (w_0 - 3) = -4
w_1 = w_0 - eta g_0 = 1.4
g_1 = 2 (w_1 - 3) = -3.2
w_2 = w_1 - eta g_1 = 1.72"""
LAYERS = """x = 1, t = 0.2, h_0 = 0.5, w_1 = 0.3, w_2 = 0.7
h_1 = h_0 + tanh(w_1 h_0)
h_2 = h_1 + tanh(w_2 h_1)
L = (h_2 - t)^2
dL/dh_2 = 2 (h_2 - t)"""


def wrong_lines(text):
    return [each.text for each in neuronnet.check_sheet(text).lines if each.is_wrong]


@pytest.mark.parametrize("text", [INDEXED, ADAM, FUNCTION, LAYERS])
def test_right_steps_are_not_accused(text):
    report = neuronnet.check_sheet(text)
    assert report.status == 0 and wrong_lines(text) == []


@pytest.mark.parametrize(
    "text, right, wrong",
    [
        (INDEXED, "w_1 = w_0 - eta dw_0", "w_1 = w_0 + eta dw_0"),
        (INDEXED, "w_2 = w_1 - eta dw_1", "w_2 = w_1 - eta dw_0"),
        (INDEXED, "z_1 = w_1 · x + b_1", "z_1 = w_0 · x + b_1"),
        (INDEXED, "delta_1 = (y_1 - t) y_1 (1 - y_1)", "delta_1 = (y_1 - t) (1 - y_1)"),
        (ADAM, "w_2 = w_1 - \\alpha \\hat m_2/(\\sqrt{v_2}", "w_2 = w_1 - \\alpha \\hat m_2/(\\sqrt{v_1}"),
        (ADAM, "\\hat m_2 = \\frac{m_2}{1 - \\beta_1^2}", "\\hat m_2 = \\frac{m_2}{1 - \\beta_1^1}"),
        (ADAM, "\\hat m_2 = \\frac{m_2}{1 - \\beta_1^2}", "\\hat m_2 = \\frac{m_2}{1 - \\beta_2^2}"),
        (ADAM, "v_2 = \\beta_2 v_1", "v_2 = \\beta_2 v_0"),
        (FUNCTION, "w_2 = w_1 - eta g_1 = 1.72", "w_2 = w_1 - eta g_0 = 1.8"),
    ],
)
def test_the_line_that_is_unlike_its_other_steps_is_told(text, right, wrong):
    assert text.count(right) == 1
    assert [each[: len(wrong)] for each in wrong_lines(text.replace(right, wrong))] == [wrong]


CODE = """import numpy as np
x, t, w, lr, wd = 1.5, 1.0, 0.2, 0.1, 0.01
{}
loss = (w * x - t)**2
dw = 2 * (w * x - t) * x
{}
"""


@pytest.mark.parametrize(
    "before, after, wrong",
    [
        ("", "w -= lr * dw\nw -= lr * wd * w", []),
        ("", "w *= 0.99\nw -= lr * dw\nw = np.clip(w, -1, 1)", []),
        ("", "w *= 0.99\nw += lr * dw", ["w += lr * dw"]),
        ("", "w *= 0.99\nw -= lr * x", ["w -= lr * x"]),
        ("", "w = w - lr * x", ["w = w - lr * x"]),
        ("w = 0.1 * w\nx -= 0.5", "w -= lr * dw", []),
        ("w = 0.1 * w", "w += lr * dw", ["w += lr * dw"]),
    ],
)
def test_code_may_change_a_weight_before_a_pass_and_twice_in_it(before, after, wrong):
    assert wrong_lines(CODE.format(before, after)) == wrong


SQUARE = "X = [[1, 2], [0.5, -1]]\nw = [0.1, 0.3]\ny = [1, 0]\nL = 1/2 sum((X*w - y)^2)\n"


@pytest.mark.parametrize(
    "line, wrong",
    [("dL/dw = X^T (X*w - y)", False), ("dL/dw = X (X*w - y)", True), ("grad = X^T*(X*w - y)", False)],
)
def test_a_star_beside_a_square_matrix_is_what_fits_the_sheet(line, wrong):
    report = neuronnet.check_sheet(SQUARE + line)
    assert (report.status, report.lines[-1].is_wrong) == (int(wrong), wrong)
