"""Formulas in whose indices one counts: for every step, layer or place."""

from functools import cache

import pytest

import neuronnet
from neuronnet.formulas.written_names import linear

STEPS = """w = 0.5, u = 0.3, x_1 = 1, x_2 = 0.5, x_3 = -1, h_0 = 0
z_t = w h_{t-1} + u x_t for t = 1, 2, 3
h_t = tanh(z_t)
h_1 = 0.2913
L = 1/2 (h_3 - 0.2)^2
δ_3 = (h_3 - 0.2)(1 - h_3²)
δ_t = δ_{t+1} w (1 - h_t²)
∂L/∂w = Σ_t δ_t h_{t-1}
∂L/∂u = Σ_{t=1}^{3} δ_t x_t"""
IN_LATEX = r"""$x = [1, 0.5, -1]$, $h_0 = 0$, $w = 0.5$, $T = 3$
$$h_t = \tanh(w h_{t-1} + x_t), \qquad t = 1, \dots, T$$
$$L = \frac12 (h_T - 0.2)^2$$
$$g_T = h_T - 0.2$$
$$g_{t-1} = g_t (1 - h_t^2) w$$
$$\frac{\partial L}{\partial w} = \sum_{t=1}^{T} g_t (1 - h_t^2) h_{t-1}$$"""
VECTORS = """W = [[0.5, -0.2], [0.1, 0.3]], U = [[0.3], [0.6]]
x^{<1>} = [0.7], x^{<2>} = [-1.2], a^{<0>} = [0.1, 0.3], v = [0.4, -0.7]
a^{<t>} = tanh(W a^{<t-1>} + U x^{<t>})
L = 1/2 (v·a^{<2>} - 0.2)^2
∂L/∂a^{<2>} = (v·a^{<2>} - 0.2) v
∂L/∂a^{<t>} = Wᵀ (∂L/∂a^{<t+1>} ⊙ (1 - a^{<t+1>}²))"""
WINDOW = """x = [0.5, -1, 0.3, 0.8], w = [0.2, 0.4], b = 0.1
z_i = Σ_k w_k x_{i+k-1} + b
z = [-0.2, 0.02, 0.48]
a_i = tanh(z_i)
L = Σ_i a_i
δ_i = ∂L/∂z_i = 1 - a_i²
∂L/∂w_k = Σ_i δ_i x_{i+k-1} = [-0.2788, -0.0205]
∂L/∂x_m = Σ_k w_k δ_{m-k+1}"""
NUMBERED = """x_1 = 0.5, x_2 = -1, x_3 = 0.3, x_4 = 0.8, w_1 = 0.2, w_2 = 0.4
y_i = Σ_k w_k x_{i+k-1}
y_1 = -0.3
y_3 = 0.38
L = 1/2 (y_1^2 + y_2^2 + y_3^2)
∂L/∂w_k = Σ_i y_i x_{i+k-1}"""
EVERY_OTHER = """x = [0.5, -1, 0.3, 0.8], w = [0.2, 0.4]
y_i = Σ_{k=1}^{2} w_k x_{2i+k-2}
L = 1/2 Σ_i y_i²
∂L/∂w_k = Σ_i y_i x_{2i+k-2} = [-0.036, 0.604]"""
IN_THE_PLANE = """X = [[1, 0, 2], [0.5, 1, -1], [2, 1, 0]], K = [[0.2, -0.1], [0.3, 0.4]]
Y_{ij} = Σ_{k=1}^2 Σ_{l=1}^2 K_{kl} X_{i+k-1,j+l-1}
L = 1/2 Σ_{i,j} Y_{ij}^2
δ_{ij} = ∂L/∂Y_{ij} = Y_{ij}
∂L/∂K_{kl} = Σ_{i,j} δ_{ij} X_{i+k-1,j+l-1}"""
OF_LAYERS = """W^(1) = [[0.1, -0.2], [0.3, 0.4]], W^(2) = [[0.5, -0.6]], a^(0) = [1, -1], t = 0.3
z^(l) = W^(l) a^(l-1)
a^(l) = tanh(z^(l))
E = 1/2 (a^(L) - t)^2
δ^(2) = (a^(2) - t) ⊙ (1 - a^(2)²)
δ^(l) = (W^(l+1)ᵀ δ^(l+1)) ⊙ (1 - a^(l)²)
∂E/∂W^(l) = δ^(l) a^(l-1)ᵀ"""
NO_STEPS = """h_{t-1} = [0.1, -0.2], x_t = [0.5, 0.4], u = 0.3
h_t = tanh(u x_t + h_{t-1})
L = sum(h_t)
∂L/∂x_t = u (1 - h_t²)"""


@cache  # a text is judged once for all its rows
def status(text):
    """The exit status of a check of a text."""
    return neuronnet.check_sheet(text).status


@pytest.mark.parametrize(
    "text, right, wrong",
    [
        (STEPS, "h_1 = 0.2913", "h_1 = 0.2931"),
        (STEPS, "δ_{t+1} w (1 - h_t²)", "δ_{t+1} w (1 - h_{t+1}²)"),
        (STEPS, "δ_{t+1} w", "δ_{t+1} u"),
        (STEPS, "δ_t h_{t-1}", "δ_t h_t"),
        (STEPS, "δ_t x_t", "δ_t x_{t-1}"),
        (IN_LATEX, "(1 - h_t^2) w", "(1 - h_{t-1}^2) w"),
        (IN_LATEX, "(1 - h_t^2) h_{t-1}", "(1 - h_t^2) h_t"),
        (VECTORS, "Wᵀ (", "W ("),
        (VECTORS, "1 - a^{<t+1>}²", "1 - a^{<t>}²"),
        (WINDOW, "[-0.2, 0.02, 0.48]", "[-0.2, 0.2, 0.48]"),
        (WINDOW, "δ_i x_{i+k-1}", "δ_i x_i"),
        (WINDOW, "-0.0205]", "-0.0250]"),
        (WINDOW, "δ_{m-k+1}", "δ_{m-k}"),
        (NUMBERED, "y_3 = 0.38", "y_3 = 0.83"),
        (NUMBERED, "y_i x_{i+k-1}", "y_i x_{i+k-2}"),
        (EVERY_OTHER, "0.604]", "0.640]"),
        (IN_THE_PLANE, "δ_{ij} X", "2 δ_{ij} X"),
        (IN_THE_PLANE, "δ_{ij} X_{i+k-1,j+l-1}", "δ_{ij} X_{i+l-1,j+k-1}"),
        (OF_LAYERS, "(1 - a^(l)²)", "(1 - a^(l+1)²)"),
        (OF_LAYERS, "δ^(l) a^(l-1)ᵀ", "δ^(l) a^(l)ᵀ"),
        (NO_STEPS, "u (1 - h_t²)", "u (1 - h_t)"),
    ],
)
def test_an_index_is_a_sum_of_letters_and_numbers(text, right, wrong):
    assert status(text) == 0 and text.count(right) == 1
    assert status(text.replace(right, wrong)) == 1


@pytest.mark.parametrize(
    "line, why",
    [
        ("y_i = Σ_k w_k x_{i+k-1}", "w and x are given, and 1 to 3 fit"),
        ("y_{n+1} = q_n + 1", "nothing is called q"),
        ("r_{t+1} = 2 r_t", "no r has a number"),
        ("s_{a+b+c+d} = x_{a+b+c+d+e}", "more letters than are tried"),
    ],
)
def test_a_formula_that_fits_nowhere_accuses_nobody(line, why):
    report = neuronnet.check_sheet(
        f"x = [0.5, -1, 0.3, 0.8]\nw = [0.2, 0.4]\n{line}\nL = 1/2 sum(w²)\n∂L/∂w = w"
    )
    assert report.first_wrong is None and report.lines[-1].verdict == "right", why


@pytest.mark.parametrize(
    "text, values, found",
    [
        ("i+k-1", {"i": 2, "k": 3}, "4"),
        ("i + k - 1", {"i": 2}, "k+1"),
        ("t-1", {"t": 1}, "0"),
        ("m-k+1", {"m": 1}, "-k+2"),
        ("2i-1", {"i": 3}, "5"),
        ("2i+k-2", {"k": 2}, "2i+0"),
        ("t−1", {"t": 3}, "2"),
        ("new", {"n": 1}, None),
        ("t-1", {}, "t-1"),
    ],
)
def test_linear(text, values, found):
    assert linear(text, values) == found
