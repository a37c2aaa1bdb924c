"""Spellings: what people type for a formula, what it becomes, and where each character of that was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet.description.description import LayerDescription
from neuronnet.errors import ExpressionError
from neuronnet.names import Names
from neuronnet.sheet.readers.spelling import TextWithColumns, numeral, plain, with_weights, without_entities

NAMES = Names(
    [LayerDescription("tanh", ((0, 0, 0), (0, 0, 0))), LayerDescription("tanh", ((0, 0),))], {"w6": "v"}
)

PLAIN = [
    ("net_h1 = w1*i1 + b1", "net_h1 = w1*i1 + b1"),
    ("a ≈ b ≅ c ≡ d ≐ e → f", "a = b = c = d = e = f"),
    ("a := b", "a = b"),
    ("a ~= b == c", "a = b = c"),
    ("a·b × c ⋅ d ∗ e", "a·b · c · d * e"),
    ("a ÷ b − c – d", "a / b - c - d"),
    ("w₅", "w5"),
    ("w₁₀·i₁", "w10·i1"),
    ("netₕ₁", "net_h1"),
    ("out_ₒ₁", "out_o1"),
    ("Eₜₒₜₐₗ", "E_total"),
    ("h1_₂", "h1_2"),
    ("x²", "x^2"),
    ("10⁻⁵", "10^-5"),
    ("(a − b)²/2", "(a - b)^2/2"),
    ("½(a)²", "(1/2)(a)^2"),
    ("√(v)", "sqrt(v)"),
    ("∑(a, b)", "Σ(a, b)"),
    ("w₅⁺", "w5@1"),
    ("w5⁺ = 3", "w5@1 = 3"),
    ("w5^+ = w5^{+} = w5^(+)", "w5@1 = w5@1 = w5@1"),
    ("w5+ = 3", "w5@1 = 3"),
    ("0.3 = w5+", "0.3 = w5@1"),
    ("w5+ - w5", "w5@1 - w5"),
    ("(w5+)", "(w5@1)"),
    ("dE/dw5+ = 1", "dE/dw5@1 = 1"),
    ("W1[2,1]+ = 1", "W1[2,1]@1 = 1"),
    ("net_h1[2]+ = 1", "net_h1[2]@1 = 1"),
    ("E_total+ * 2", "E_total@1 * 2"),
    ("∂E / ∂w₅", "∂E/∂w5"),
    ("∂ E_total/∂ w5", "∂E_total/∂w5"),
    ("(a - b)^(2 - 1)", "(a - b)^1"),
    ("a^{2}b", "a^2 b"),
    ("w_5 + b_1*i_1", "w5 + b1*i1"),
    ("dE/dw_5", "dE/dw5"),
    ("w_5+ = 1", "w5@1 = 1"),
    ("w5' = b1_new", "w5@1 = b1@1"),
    ("w5_neu = w_5_new = w5^{new} = w5^(neu) = w5^{(1)}", "w5@1 = w5@1 = w5@1 = w5@1 = w5^{(1)}"),
    ("a ← b <- c ~ d", "a = b = c = d"),
    ("Δ w_5", "Δw5"),
    ("w5^(1)", "w5^1"),
    ("10^{-5}", "10^-5"),
    ("3 x 10^-5", "3*10^-5"),
    ("f′(x)", "f'(x)"),
    ("a\xa0b", "a b"),
]

LEFT_ALONE = [
    "w1*i1 + w2*i2",
    "a+b",
    "a + b",
    "a +b",
    "a+ b",
    "2+ = 3",
    "w5 + - w5",
    "h1'",
    "i1'",
    "x_1 = 2",
    "w_1_2",
    "sw_1",
    "w5new",
    "w_new",
    "x1 = 2",
    "max(0, x)",
    "dx / dy",
    "e^(-x)",
    "a^(b)",
    "a^n",
    "net_h1[2]@10",
    "W1[2,1]",
    "a < b",
    "δ_o1*η",
]


@pytest.mark.parametrize("typed, text", PLAIN)
def test_signs_of_the_page_become_signs_of_the_formula_language(typed, text):
    assert plain(typed).text == text


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_spelled_plainly_stays(text):
    assert plain(text).text == text


def test_words_that_the_author_defined_stay():
    assert plain("w_5 = w5' = dw_5 = w_6 = w5_new", {"w_5", "w5'"}).text == "w_5 = w5' = dw_5 = w6 = w5@1"


@pytest.mark.parametrize(
    "typed, part, column",
    [
        ("w₅⁺ ≈ 0.3", "0.3", 7),
        ("½(a)² = b", "b", 9),
        ("netₕ₁ := x", "x", 10),
        ("∂E / ∂w₅ = y", "y", 12),
        ("∂E / ∂w₅ = y", "w5", 7),
        ("w5+ = z", "z", 7),
        ("(a - b)^(2 - 1) + q", "q", 19),
        ("w₅⁺ ≈ 0.3", "w5", 1),
        ("Eₜₒₜₐₗ = s", "s", 10),
    ],
)
def test_every_character_knows_where_it_was_typed(typed, part, column):
    spelled = plain(typed)
    assert typed[column - 1] in (part[0], "w")
    assert spelled.column_of(spelled.text.index(part) + 1) == column


@examples(300)
@given(st.text(alphabet="abwE51d∂₅ₕ⁺²⁻½√[](){}^+-=:≈ /·,", max_size=30))
def test_columns_are_those_of_the_text_and_in_order(text):
    spelled = plain(text)
    assert len(spelled.columns) == len(spelled.text)
    assert list(spelled.columns) == sorted(spelled.columns)
    assert all(1 <= column <= len(text) for column in spelled.columns)
    assert plain(spelled.text).text == plain(plain(spelled.text)).text


def test_parts_keep_their_columns():
    parts = TextWithColumns("ab = cd=  e ").split("=")
    assert [(part.text, part.column_of(1)) for part in parts] == [("ab", 1), ("cd", 6), ("e", 11)]
    assert parts[1].column_of(3) == 8
    assert [part.text for part in TextWithColumns("= a").split("=")] == ["", "a"]
    assert TextWithColumns("").column_of(1) == 1


def test_replaced_characters_stand_where_the_match_began():
    spelled = TextWithColumns("a <-> b <-> c").replace("<->", "equals")
    assert spelled.text == "a equals b equals c"
    assert [spelled.column_of(place) for place in (3, 8, 10, 12, 17, 19)] == [3, 3, 7, 9, 9, 13]
    same = TextWithColumns("abc")
    assert same.replace("x", "y") is same


@pytest.mark.parametrize(
    "text, written",
    [
        ("W1[1,1]", "w1"),
        ("W1[2,1]", "w4"),
        ("W1[2, 3]", "v"),
        ("W2[1,2]", "w8"),
        ("dE_total/dW1[2,1]", "dE_total/dw4"),
        ("∂E/∂W2[1,1]", "∂E/∂w7"),
        ("W1[1,2]@1 - W1[1,2]", "w2@1 - w2"),
        ("w1*W[1]", "w1*W[1]"),
        ("aW1[2,1]", "aW1[2,1]"),
        ("w5", "w5"),
    ],
)
def test_a_place_in_a_matrix_is_a_weight(text, written):
    assert with_weights(plain(text), NAMES).text == written


@pytest.mark.parametrize(
    "text, column, reason",
    [
        ("W3[1,1]", 1, "no weight W3[1,1]: the network has 2 layers of weights"),
        ("W0[1,1]", 1, "2 layers"),
        ("i1*W1[3,1]", 4, "W1 has 2 rows, one per neuron, and 3 columns"),
        ("W1[0,1]", 1, "2 rows"),
        ("W1[1,4]", 1, "3 columns"),
        ("dE/dW2[2,1]", 5, "no weight W2[2,1]: W2 has 1 row, one per neuron, and 2 columns"),
        ("½·W1[9,9]", 3, "2 rows"),
    ],
)
def test_a_place_outside_the_matrix_is_refused_with_its_shape(text, column, reason):
    with pytest.raises(ExpressionError) as caught:
        with_weights(plain(text), NAMES)
    assert caught.value.column == column
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "text, number",
    [
        ("-0.0190", "-0.0190"),
        ("+0.5", "0.5"),
        (".5", ".5"),
        ("5.", "5."),
        ("007", "007"),
        ("1e-5", "1e-5"),
        ("1E+5", "1e+5"),
        ("3.5102*10^-5", "3.5102e-5"),
        ("3.5102 × 10^{-5}", "3.5102e-5"),
        ("3.5102·10⁻⁵", "3.5102e-5"),
        ("3.50 x 10^-5", "3.50e-5"),
        ("2*10**3", "2e3"),
        ("(−0.019)", "-0.019"),
        (" 0.10 ", "0.10"),
        ("− 0.5", "-0.5"),
        ("1e400", "1e400"),
        ("0" * 5000, "0" * 5000),
    ],
)
def test_one_printed_number_keeps_its_digits(text, number):
    assert numeral(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "1/2",
        "10^-5",
        "a",
        "0,5",
        "1 000",
        "--1",
        "-(0.5)",
        "((1))",
        "1e",
        "1e99999",
        "1.2.3",
        "٣",
        "²",
        "1_0",
        "0x10",
        "nan",
        "inf",
        "1e5e5",
        "2*10",
        "2*10^a",
        "1+1",
        "0.5 0.5",
        "1" * 30_000,
    ],
)
def test_anything_else_is_no_printed_number(text):
    assert numeral(text) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a" * 20000,
        "a[" * 10000,
        "a+" * 10000,
        "a+ " * 6666,
        "∂a/" * 6666,
        "∂a " * 6666,
        "∂" * 20000,
        "a[1" * 6666,
        " " * 20000,
        "₅" * 20000,
        "∂a" + " " * 19000,
        "^(" * 10000,
        "a^+" * 6666,
        "W1[" * 6666,
        "1" * 20000,
        "⁻" * 20000,
        ":=" * 10000,
        "3 x 10" * 3000,
    ],
)
def test_no_spelling_takes_long(text):
    plain(text), plain(text + "≈"), numeral(text), with_weights(TextWithColumns(text), NAMES)


@pytest.mark.parametrize(
    "text, signs",
    [("2 &times; 3 &minus; a", "2 × 3 − a"), ("a & b", "a & b"), ("&nonsense; &#215;", "&nonsense; ×")],
)
def test_entities_of_html_are_the_signs_they_stand_for(text, signs):
    assert without_entities(TextWithColumns(text)).text == signs


def test_what_stands_after_an_entity_keeps_its_column():
    assert without_entities(TextWithColumns("a &lt; b")).column_of(5) == 8
