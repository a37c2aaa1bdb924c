"""Spellings: what people type for a formula, what it becomes, and where each character of that was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet.description.description import LayerDescription
from neuronnet.errors import ExpressionError
from neuronnet.formulas.tokens import TextWithColumns
from neuronnet.names import Names
from neuronnet.sheet.network_names import with_weights
from neuronnet.sheet.readers.spelling import plainly

NAMES = Names(
    [LayerDescription("tanh", ((0, 0, 0), (0, 0, 0))), LayerDescription("tanh", ((0, 0),))], {"w6": "v"}
)

EQUALS = [
    ("net_h1 = w1*i1 + b1", "net_h1 = w1*i1 + b1"),
    ("a ≈ b ≅ c ≡ d ≐ e → f", "a = b = c = d = e = f"),
    ("a := b", "a = b"),
    ("a ~= b == c", "a = b = c"),
    ("a ← b <- c ~ d", "a = b = c = d"),
    ("w₅⁺ = 3", "w₅^+ = 3"),
    ("w5^+ = w5^{+} = w5^(+)", "w5^+ = w5^+ = w5^+"),
    ("w5+ = 3", "w5^+ = 3"),
    ("0.3 = w5+", "0.3 = w5^+"),
    ("w5+ - w_{5}", "w5^+ - w_{5}"),
    ("(w_{5}+)", "(w_{5}^+)"),
    ("dE/dw5+ = 1", "dE/dw5^+ = 1"),
    ("W1[2,1]+ = 1", "W1[2,1]@1 = 1"),
    ("net_h1[2]+ = 1", "net_h1[2]@1 = 1"),
    ("E_total+ * 2", "E_total^+ * 2"),
]

LEFT_ALONE = [
    "w1*i1 + w2*i2",
    "a+b",
    "a + b",
    "a +b",
    "a+ b",
    "2+ = 3",
    "w5 + - w5",
    "w_5' - w_new",
    "w1^{new} b^{(1)}",
    "a <-> b",
    "a <= b",
    "∂E / ∂w₅ · ½(a − b)²",
]


@pytest.mark.parametrize("typed, text", EQUALS)
def test_signs_of_equality_and_values_after_an_update_have_one_sign(typed, text):
    assert plainly(TextWithColumns(typed), "of signs").text == text


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_everything_else_stays_as_its_author_wrote_it(text):
    assert plainly(TextWithColumns(text), "of signs").text == text


@pytest.mark.parametrize(
    "typed, part, column",
    [("w₅⁺ ≈ 0.3", "0.3", 7), ("netₕ₁ := x", "x", 10), ("w5+ = z", "z", 7), ("w₅⁺ ≈ 0.3", "w₅", 1)],
)
def test_every_character_knows_where_it_was_typed(typed, part, column):
    spelled = plainly(TextWithColumns(typed), "of signs")
    assert spelled.column_of(spelled.text.index(part) + 1) == column


@examples(300)
@given(st.text(alphabet="abwE51d∂₅ₕ⁺²⁻½√[](){}^+-=:≈ /·,", max_size=30))
def test_columns_are_those_of_the_text_and_in_order(text):
    spelled = plainly(TextWithColumns(text), "of signs")
    assert len(spelled.columns) == len(spelled.text)
    assert list(spelled.columns) == sorted(spelled.columns)
    assert all(1 <= column <= len(text) for column in spelled.columns)


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
        ("W₁[2,1] + W_2[1,2]", "w4 + w8"),
        ("w1*W[1]", "w1*W[1]"),
        ("aW1[2,1]", "aW1[2,1]"),
        ("w5", "w5"),
    ],
)
def test_a_place_in_a_matrix_is_a_weight(text, written):
    assert with_weights(TextWithColumns(text), NAMES).text == written


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
        with_weights(TextWithColumns(text), NAMES)
    assert caught.value.column == column
    assert reason in caught.value.reason


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
    plainly(TextWithColumns(text + "≈"), "of signs"), with_weights(TextWithColumns(text), NAMES)


@pytest.mark.parametrize(
    "text, signs",
    [("2 &times; 3 &minus; a", "2 × 3 − a"), ("a & b", "a & b"), ("&nonsense; &#215;", "&nonsense; ×")],
)
def test_entities_of_html_are_the_signs_they_stand_for(text, signs):
    assert plainly(TextWithColumns(text), "of HTML").text == signs


def test_what_stands_after_an_entity_keeps_its_column():
    assert plainly(TextWithColumns("a &lt; b"), "of HTML").column_of(5) == 8
