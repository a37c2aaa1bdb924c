"""LaTeX: whole formulas of the classic derivation and what each becomes, and what is refused at which
column.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet.errors import ExpressionError
from neuronnet.formulas.notation import Known, parse, read_name
from neuronnet.sheet.readers.latex import in_plain_notation

FORMULAS = [
    (r"net_{h1} = w_1 * i_1 + w_2 * i_2 + b_1 * 1", "net_h1 = w1 * i1 + w2 * i2 + b1 * 1"),
    (r"net_{h_1} = w_{1} \cdot i_{1} + w_{2} \times i_2 + b_1", "net_h1 = w1 · i1 + w2 · i2 + b1"),
    (
        r"out_{h1} = \frac{1}{1+e^{-net_{h1}}} = \frac{1}{1+e^{-0.3775}} = 0.593269992",
        "out_h1 = (1)/(1+e^(-net_h1)) = (1)/(1+e^(-0.3775)) = 0.593269992",
    ),
    (
        r"E_{o1} = \frac{1}{2}(target_{o1} - out_{o1})^{2} = 0.274811083",
        "E_o1 = (1)/(2)(target_o1 - out_o1)^2 = 0.274811083",
    ),
    (r"E_{\text{total}} = E_{o_1} + E_{o_2}", "E_total = E_o1 + E_o2"),
    (
        r"\frac{\partial E_{total}}{\partial w_5} = \frac{\partial E_{total}}{\partial out_{o1}} * "
        r"\frac{\partial out_{o1}}{\partial net_{o1}} * \frac{\partial net_{o1}}{\partial w_5}",
        "∂E_total/∂w5 = ∂E_total/∂out_o1 * ∂out_o1/∂net_o1 * ∂net_o1/∂w5",
    ),
    (
        (
            r"\frac{\partial E_{total}}{\partial out_{o1}} = 2 * \frac{1}{2}(target_{o1} - out_{o1})^{2 - 1} "
            r"* -1 + 0"
        ),
        "∂E_total/∂out_o1 = 2 * (1)/(2)(target_o1 - out_o1)^(2 - 1) * -1 + 0",
    ),
    (
        (
            r"\frac{\partial E_{total}}{\partial out_{o1}} = -(target_{o1} - out_{o1}) = -(0.01 - "
            r"0.75136507) = 0.74136507"
        ),
        "∂E_total/∂out_o1 = -(target_o1 - out_o1) = -(0.01 - 0.75136507) = 0.74136507",
    ),
    (
        r"\dfrac{\partial \text{out}_{o1}}{\partial \text{net}_{o1}} = \text{out}_{o1} (1 - \text{out}_{o1})",
        "∂out_o1/∂net_o1 = out_o1 (1 - out_o1)",
    ),
    (
        (
            r"\delta_{o1} = \frac{\partial E}{\partial net_{o1}} = \left(out_{o1} - "
            r"target_{o1}\right)\,\sigma'(net_{o1})"
        ),
        "δ_o1 = ∂E/∂net_o1 = (out_o1 - target_o1) σ'(net_o1)",
    ),
    (
        r"\frac{\partial E}{\partial w_1} = \left( \delta_{o1} w_5 + \delta_{o2} w_7 \right) "
        r"out_{h1} \left(1 - out_{h1}\right) i_1",
        "∂E/∂w1 = ( δ_o1 w5 + δ_o2 w7 ) out_h1 (1 - out_h1) i1",
    ),
    (
        (
            r"w_5^{+} = w_5 - \eta * \frac{\partial E_{total}}{\partial w_{5}} = 0.4 - 0.5 * 0.082167041 "
            r"\approx 0.35891648"
        ),
        "w5^+ = w5 - η * ∂E_total/∂w5 = 0.4 - 0.5 * 0.082167041 = 0.35891648",
    ),
    (r"w_5^+ &= w^+_5 \\", "w5^+ = w5^+"),
    (r"\frac{dE}{dw_1} = \frac{\mathrm{d} E}{\mathrm{d} w_1}", "∂E/∂w1 = ∂E/∂w1"),
    (r"\partial E / \partial w_5 = \delta_{o1}\, out_{h1}", "∂E / ∂w5 = δ_o1 out_h1"),
    (r"\partial E_{total}/\partial w_{10}", "∂E_total/∂w10"),
    (r"3.5102 \times 10^{-5}", "3.5102 · 10^(-5)"),
    (
        r"E = \tfrac12 \big(\text{target}_{o1} - \text{out}_{o1}\big)^2 \tag{1}",
        "E = (1)/(2) (target_o1 - out_o1)^2",
    ),
    (r"\frac12 \frac1{2} \tfrac{1}2", "(1)/(2) (1)/(2) (1)/(2)"),
    (r"w_1i_1+w_2i_2", "w1 i1+w2 i2"),
    (r"2w_1", "2 w1"),
    (r"\operatorname{net}_{h1} + \mathbf{W}_1[2,1] + W_{1}[2,1]", "net_h1 + W1[2,1] + W1[2,1]"),
    (r"out\_h1 + \text{out\_h1} + net_{h1\_2} + net_{h1_2}", "out_h1 + out_h1 + net_h1_2 + net_h1_2"),
    (r"\max(0, x) + \sqrt{x} + \sqrt 2", "max(0, x) + sqrt(x) + sqrt(2)"),
    (r"\ln out_{o1} + \log(x) + \tanh{x} + \exp\frac{a}{b}", "ln(out_o1) + log(x) + tanh(x) + exp((a)/(b))"),
    (r"\exp\left[-x\right] + \exp\{x\}", "exp[-x] + exp{x}"),
    (r"\sigma^\prime(x) + \sigma^{\prime}(x)", "σ'(x) + σ'(x)"),
    (
        r"a / \frac{b}{c} + \frac{a}{b}^2 + a/{\frac{1}{2}} + a/\frac{dE}{dw_1}",
        "a / ((b)/(c)) + ((a)/(b))^2 + a/((1)/(2)) + a/(∂E/∂w1)",
    ),
    (r"\frac{\delta_{o1}}{\delta_{o2}}", "(δ_o1)/(δ_o2)"),
    (r"\frac{\frac{a}{b}}{c}", "((a)/(b))/(c)"),
    (
        r"\frac{\partial E}{\partial out_{o1}}\frac{\partial out_{o1}}{\partial net_{o1}}",
        "∂E/∂out_o1 ∂out_o1/∂net_o1",
    ),
    (r"(0.751-0.01)\,0.751\,(1-0.751)", "(0.751-0.01) 0.751 (1-0.751)"),
    (r"w_5^{new} + w_5^{\text{new}} + w_{5}^{neu}", "w5^(new) + w5^(new) + w5^(neu)"),
    (r"w_5' + w_5^\prime + b_{1}^{(1)}", "w5' + w5' + b1^{(1)}"),
    (r"out_{h1}' + w_5^{2}", "out_h1' + w5^2"),
    (r"w_5 \leftarrow a \gets b", "w5 = a = b"),
    (r"\Delta w_{5}", "Δ w5"),
    (r"\intertext{with {braces}} a \tag{1} \label{x} \hspace{1em} b \nonumber \notag", "a  b"),
    (r"net_{h1}[2] = w_5@1", "net_h1[2] = w5@1"),
    (r"x^2y + x^{2}y", "x^2 y + x^2 y"),
    (r"e^x + e^-x", "e^(x) + e^(-x)"),
    (r"\begin{aligned} a &= b \\[2pt] c &= d \end{aligned}", "a = b \n c = d"),
    (r"\boxed{0.35891648}", "0.35891648"),
    (r"a~b\;c\quad d \qquad e\!f", "a b c  d  e f"),
    (r"{a} + {{b}}", "a + b"),
    (r"a % comment", "a"),
    (r"\alpha + \lambda", "alpha + lambda"),
    (r"$E$ + \(w_1\)", "E + w1"),
    ("", ""),
    (r"δ_{o1} · η", "δ_o1 · η"),
    (r"0{,}5", "0.5"),
    (r"x^{n}", "x^(n)"),
    ("net_h1 = w1*i1 + b1", "net_h1 = w1*i1 + b1"),
    (r"w_5+ = 3", "w5+ = 3"),
]


@pytest.mark.parametrize("latex, text", FORMULAS)
def test_a_formula_of_the_page_becomes_one_in_plain_notation(latex, text):
    spelled = in_plain_notation(latex)
    assert spelled.text == text
    assert len(spelled.columns) == len(text)


CLASSIC = "net_h1 w1 w2 w5 w7 i1 i2 b1 out_h1 out_o1 target_o1 net_o1 E E_o1 E_o2 E_total delta_o1 delta_o2"
CLASSIC = Known([*CLASSIC.split(), "eta"])


@pytest.mark.parametrize("latex, text", FORMULAS[:12])
def test_every_side_of_the_classic_derivation_is_a_formula(latex, text):
    for part in in_plain_notation(latex).split("="):
        assert read_name(part) or str(parse(part, CLASSIC))


@pytest.mark.parametrize(
    "latex, part, column",
    [
        (r"\frac{\partial E}{\partial w_5} = x", "x", 35),
        (r"\text{out}_{o1} = y", "y", 19),
        (r"\frac{a}{b}", "b", 10),
        (r"a \cdot b", "b", 9),
        (r"e^{-net_{h1}}", "net", 5),
        (r"\eta w_5", "w5", 6),
    ],
)
def test_every_character_knows_where_it_was_typed(latex, part, column):
    spelled = in_plain_notation(latex)
    assert spelled.column_of(spelled.text.index(part) + 1) == column


@pytest.mark.parametrize(
    "latex, column, reason",
    [
        (r"a + \foo b", 5, r"unknown command \foo"),
        (r"\prod_{o} \delta_o", 1, r"\prod is not read: write the terms out"),
        (r"\begin{bmatrix} 1 & 2", 1, r"\begin{bmatrix} is not closed"),
        (r"a \end{bmatrix}", 3, r"\end{bmatrix} ends nothing"),
        (r"\begin{vmatrix} 1 \end{vmatrix}", 1, "a determinant is not read"),
        (r"\begin{cases} a \\ b \end{cases}", 1, "value & condition"),
        (r"a + \ldots", 5, "write the terms out"),
        (r"\begin a", 1, r"\begin without its argument"),
        (r"{a", 1, "this brace is not closed"),
        (r"\frac{a}{b", 9, "this brace is not closed"),
        (r"a}", 2, "this brace closes nothing"),
        (r"_5", 1, "nothing stands before this _"),
        (r"a + ^2", 5, "nothing stands before this ^"),
        (r"a_", 3, "the formula ends"),
        (r"a^", 3, "the formula ends"),
        (r"\frac{a}", 9, "the formula ends"),
        (r"\sqrt[3]{x}", 6, "only the square root"),
        (r"w_{h/1}", 2, "an index is a word or a number"),
        (r"w_{}", 2, "an index is a word"),
        (r"\tanh^n x", 8, "a power stands after the argument"),
        (r"\max_2 x", 7, "not read"),
        (r"\frac{\partial}{\partial w} E", 1, "a derivative has what is derived in its numerator"),
        (r"a \pm b", 3, r"unknown command \pm"),
        (r"\@", 1, "unknown command"),
        ("{" * 100, 51, "nested deeper than 50"),
        (r"\frac" * 100, 251, "nested deeper than 50"),
        ("a" * 20_001, 20_000, "longer than 20000 characters; NEURONNET_LIMITS=letters=NUMBER raises that"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_column(latex, column, reason):
    with pytest.raises(ExpressionError) as caught:
        in_plain_notation(latex)
    assert reason in caught.value.reason
    assert caught.value.column == column
    assert len(str(caught.value)) < 200


# a formula of lecture notes, names, names of arrays, what it means
NOTES = [
    (r"\begin{bmatrix} 0.2 & -0.1 \\ 0.3 & 0.4 \end{bmatrix}", "", "", "[[0.2, -0.1], [0.3, 0.4]]"),
    (r"W_1 \begin{pmatrix}1\\2\end{pmatrix} + b_1", "", "W1 b1", "W1 · [[1], [2]] + b1"),
    (r"\left[\begin{array}{cc} a & b \\[2pt] c & d\end{array}\right]", "a b c d", "", "[[a, b], [c, d]]"),
    (r"0.3(0.5)+(-0.1)(-0.2)", "", "", "0.3 · 0.5 + (-0.1 · (-0.2))"),
    (r"\tanh(u^{(2)})", "u^(2)", "", "tanh(u^(2))"),
    (r"2(\hat y-y)", "y y_hat", "", "2 · (y_hat - y)"),
    (
        r"\frac{\partial L}{\partial \hat y} \frac{dL}{d\hat{y}_1}",
        "L y_hat y_hat1",
        "",
        "dL/dy_hat · dL/dy_hat1",
    ),
    (r"W^{[1]}_{11} x", "x", "W^[1]", "W^[1][1, 1] · x"),
    (r"z_1^{(1)} + z^{(1)}_1", "z^(1)_1", "", "z^(1)_1 + z^(1)_1"),
    (r"W_1 \mathbf{x} + \mathbf{b}_1", "", "W1 x b1", "W1 · x + b1"),
    (r"(\hat{y} - y) \odot \hat{y} \circ (1 - \hat{y})", "", "y_hat y", "(y_hat - y) ⊙ y_hat ⊙ (1 - y_hat)"),
    (
        r"W^{[2]T}\delta^{[2]} \odot \sigma'(z^{[1]})",
        "",
        "W^[2] delta^[2] z^[1]",
        "(W^[2]ᵀ · delta^[2]) ⊙ logistic'(z^[1])",
    ),
    (r"W_2^\top \delta + W_2^{T}\delta + W_2^T\delta", "", "W2 delta", " + ".join(["W2ᵀ · delta"] * 3)),
    (r"W^Tx + \mathbf{W}^{\mathsf T} x", "", "W x", "Wᵀ · x + Wᵀ · x"),
    (r"\sum_{i=1}^{3} w_i x_i", "w1 w2 w3 x1 x2 x3", "", "w1 · x1 + w2 · x2 + w3 · x3"),
    (r"\frac{1}{n}\sum_{i=1}^n (y_i - t_i)^2", "n", "y t", "1/n · sum((y - t)^2)"),
    (
        r"\tanh(W_{hh} h^{\langle t-1 \rangle} + W_{xh} x^{<t>})",
        "",
        "W_hh h^<t-1> W_xh x^<t>",
        "tanh(W_hh · h^<t-1> + W_xh · x^<t>)",
    ),
    (
        r"\begin{cases} z & \text{if } z > 0 \\ 0.01 z, & \text{otherwise} \end{cases}",
        "z",
        "",
        "where(z > 0, z, 0.01 · z)",
    ),
    (
        r"\begin{cases} -1 & z \leq -1 \\ z & z < 1 \\ 1 & z \ge 1 \end{cases}",
        "z",
        "",
        "where(z <= (-1), -1, where(z < 1, z, 1))",
    ),
    (r"\mathrm{softmax}(z) + \operatorname{ReLU}(z)", "", "z", "softmax(z) + max(0, z)"),
    (r"\max\left(0, z\right)", "z", "", "max(0, z)"),
    (r"\nabla_{W_1} L", "L", "W1", "dL/dW1"),
    (r"\mathbf{1}^T X", "", "X", "sum(X, axis=0)"),
    (r"\mathbb{1}[z > 0] + \mathbf{1}_{z > 0}", "z", "", "(z > 0) + (z > 0)"),
    (r"w_1 - \eta\frac{\partial L}{\partial w_1}", "w1 eta L", "", "w1 - eta · dL/dw1"),
    (r"\tfrac12 \lVert y - t \rVert^2 + |y|", "", "y t", "1/2 · sum((y - t)^2) + abs(y)"),
    (r"w^2_1 + w_{1}^{2}", "w1", "", "w1^2 + w1^2"),
    (r"1 - \tanh^{2}(z) + \tanh^2 z", "z", "", "1 - tanh(z)^2 + tanh(z)^2"),
    (r"\log_2 x + \ln x", "x", "", "ln(x)/ln(2) + ln(x)"),
    (r"e^{-z}x + e^{-\frac{z}{2}}", "x z", "", "exp(-z) · x + exp(-z/2)"),
    (r"\underbrace{a b}_{\text{sum}} + \varepsilon", "a b epsilon", "", "a · b + epsilon"),
    (r"a \cdot b \times c \ast d \otimes e", "a b c d e", "", "a · b · c*d ⊗ e"),
]


@pytest.mark.parametrize("latex, names, arrays, formula", NOTES)
def test_a_formula_of_lecture_notes_means_what_it_says(latex, names, arrays, formula):
    spelled = in_plain_notation(latex)
    assert len(spelled.columns) == len(spelled.text)
    assert parse(spelled, Known(names.split(), {}, arrays.split())).format() == formula


@pytest.mark.parametrize(
    "latex, name",
    [
        (r"w_{1}", "w1"),
        (r"\mathbf{W}_1", "W1"),
        (r"W^{[1]}", "W^[1]"),
        (r"h^{\langle 2 \rangle}", "h^<2>"),
        (r"\hat{y}_1", "y_hat1"),
        (r"\hat{y_1}", "y_hat1"),
        (r"\bar{x}", "x_bar"),
        (r"\tilde z^{(1)}_2", "z_tilde^(1)_2"),
        (r"\delta_{o1}", "delta_o1"),
        (r"\varepsilon_1", "epsilon1"),
        (r"w_{2,1}", "w_2_1"),
        (r"h_{t-1}", "h_{t-1}"),
        (r"net_{h_1}", "net_h1"),
        (r"w_1^{\text{new}}", "w1_new"),
        (r"w_{1,\text{new}}", "w1_new"),
        (r"w_1^{+}", "w1^+"),
        (r"w^{*}", "w_star"),
        (r"w_5^\prime", "w5'"),
        (r"w^{(t+1)}", "w^(t+1)"),
        (r"\Delta w_5", "Δw5"),
        (r"\frac{\partial E_{total}}{\partial w_5}", "dE_total/dw5"),
        (r"\frac{\partial \text{Loss}}{\partial \hat{y}}", "dLoss/dy_hat"),
        (r"\partial L / \partial W^{[1]}", "dL/dW^[1]"),
        (r"\nabla_{W_1} L", "dL/dW1"),
        (r"\nabla W_1", "grad_W1"),
    ],
)
def test_a_name_in_latex_has_the_same_canonical_form_as_in_text(latex, name):
    assert read_name(in_plain_notation(latex)) == name


@examples(400)
@given(
    st.lists(
        st.sampled_from(
            [
                r"\begin{bmatrix}",
                r"\end{bmatrix}",
                r"\begin{cases}",
                r"\sum",
                r"\hat",
                r"\frac",
                r"\partial",
                "{",
                "}",
                "_",
                "^",
                "w",
                "12",
                " ",
                r"\text",
                r"\exp",
                r"\left(",
                "+",
                "E",
                r"\\",
                "&",
                "'",
                r"\sqrt",
                "$",
                r"\delta",
                "\\",
                "%",
                "@1",
                "/",
                "(",
                ")",
                r"\begin{align}",
                "é",
                "\0",
            ]
        ),
        max_size=16,
    )
)
def test_any_text_is_translated_or_refused(pieces):
    text = "".join(pieces)
    try:
        spelled = in_plain_notation(text)
    except ExpressionError as error:
        assert 1 <= error.column <= len(text) + 1
    else:
        assert len(spelled.columns) == len(spelled.text)
        assert all(1 <= column <= len(text) + 1 for column in spelled.columns)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "{" * 20_000,
        r"\frac" * 4000,
        "a_" * 10_000,
        "a^{" * 6000,
        r"\frac{a}{b}" * 1800,
        r"\text{" * 3000,
        "\\" * 20_000,
        "$" * 20_000,
        "1" * 20_000,
        "a_1" * 6600,
        r"\exp" * 5000,
        " " * 20_000,
        r"\begin{" * 2800,
        "_1" * 10_000,
        r"\left" * 4000,
        "%" * 20_000,
        "a" + "^+" * 9000,
    ],
)
def test_no_text_takes_long(text):
    try:
        in_plain_notation(text)
    except ExpressionError:
        pass
