"""Formulas: how they print, what they evaluate to in each type of number, and how a text of one is read or
refused.
"""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from gradcheck.numeric.dual import Dual
from neuronnet.description.values import Literal
from neuronnet.errors import ExpressionError, NeuronnetError
from neuronnet.formulas.expressions import (
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
    total,
    wrap,
)
from neuronnet.formulas.functions import FUNCTIONS, Call
from neuronnet.formulas.parsing import DEEPEST_NESTING, HIGHEST_POWER, LONGEST_TEXT, READ, parse

a, b, c, slope = Name("a"), Name("b"), Name("c"), Name("da/db")
VALUES = {
    "a": 3,
    "b": -2,
    "c": Fraction(1, 7),
    "x'": Fraction(-5, 3),
    "net_h1[2]@10": 4,
    "da/db": Fraction(2, 3),
}


# Printed


@pytest.mark.parametrize(
    "expression, text",
    [
        (a + b, "a + b"),
        (a - b - c, "a - b - c"),
        (a - (b - c), "a - (b - c)"),
        (a + (b + c), "a + (b + c)"),
        (a * b, "a*b"),
        (a * b / c, "a*b/c"),
        (a / (b * c), "a/(b*c)"),
        (a / (b / c), "a/(b/c)"),
        (a * (b * c), "a*(b*c)"),
        (a * b + c, "a*b + c"),
        (a * (b + c), "a*(b + c)"),
        ((a + b) / c, "(a + b)/c"),
        (1 / (1 + a), "1/(1 + a)"),
        (-a, "-a"),
        (-a + b, "-a + b"),
        (b - -a, "b - (-a)"),
        (b + -a, "b + (-a)"),
        (b * -a, "b*(-a)"),
        (-a * b, "-a*b"),
        (-(a * b), "-(a*b)"),
        (-(a + b), "-(a + b)"),
        (-(-a), "-(-a)"),
        (-(a**2), "-a^2"),
        ((-a) ** 2, "(-a)^2"),
        (a**2, "a^2"),
        (a**-2, "a^-2"),
        ((a + b) ** 2 / 2, "(a + b)^2/2"),
        ((a**2) ** 3, "(a^2)^3"),
        ((a * b) ** 2, "(a*b)^2"),
        (2 * a**2, "2*a^2"),
        (slope * a, "da/db * a"),
        (a * slope, "a * da/db"),
        (a / slope, "a / (da/db)"),
        (slope**2, "(da/db)^2"),
        (-slope, "-(da/db)"),
        (slope + slope, "da/db + da/db"),
        (Call("exp", [-a]), "exp(-a)"),
        (Call("max", [0, a]), "max(0, a)"),
        (Call("logsumexp", [0, a - b, -c]), "logsumexp(0, a - b, -c)"),
        (Call("ln", [a]) * b, "ln(a)*b"),
        (Number(Literal("0.10")) * a, "0.10*a"),
        (Number(0.1) + a, "0.1 + a"),
        (Number(-1) * a, "-1*a"),
        (a * Number(-1), "a*(-1)"),
        (a - Number(-1), "a - (-1)"),
        (Number(-2) ** 2, "(-2)^2"),
        (total([a]), "a"),
        (total([a, b, c]), "a + b + c"),
    ],
)
def test_a_formula_prints_as_one_writes_it_by_hand(expression, text):
    assert str(expression) == expression.format() == text


@pytest.mark.parametrize(
    "expression, text",
    [
        (a - b, "3 - (-2)"),
        (b - a, "-2 - 3"),
        (b * a, "-2*3"),
        (a * b, "3*(-2)"),
        (b**2, "(-2)^2"),
        (-b, "-(-2)"),
        (Call("exp", [b]), "exp(-2)"),
        (a * slope, "3 * 2/3"),
        (a / slope, "3 / (2/3)"),
        (slope**2, "(2/3)^2"),
        (a + b**2, "3 + (-2)^2"),
    ],
)
def test_numbers_put_in_place_of_names_get_brackets_where_a_sign_would_be_misread(expression, text):
    assert expression.format(lambda name: str(VALUES[name])) == text


def test_names_are_listed_once_in_the_order_of_their_appearance():
    assert (b * a + Call("exp", [-c]) / b - (a**2)).names() == ["b", "a", "c"]
    assert Number(3).names() == []


def test_arithmetic_leaves_its_operands_as_they_were():
    both = a + b
    product = a * b
    both + c, product * c, both - c, product / c
    assert (str(both), str(product)) == ("a + b", "a*b")


# Evaluated


def value(expression, number=float, values=VALUES):
    return expression.evaluator(number)({name: number(each) for name, each in values.items()})


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a - b - 1", 4),
        ("a - (b - 1)", 6),
        ("a/b/2", Fraction(-3, 4)),
        ("a/(b/2)", -3),
        ("2*a^2", 18),
        ("(2*a)^2", 36),
        ("-a^2", -9),
        ("(-a)^2", 9),
        ("a^-2", Fraction(1, 9)),
        ("a**3", 27),
        ("b^0", 1),
        ("1/2", Fraction(1, 2)),
        ("1/3*a", 1),
        ("--a", 3),
        ("-+-a", 3),
        ("- a * - b", -6),
        ("0.1 + .2", Fraction(3, 10)),
        ("1.e1", 10),
        ("1.5e-3", Fraction(3, 2000)),
        ("1E+2", 100),
        ("a·b", -6),
        ("a × b", -6),
        ("a − b", 5),
        ("a ÷ b", Fraction(-3, 2)),
        ("a⋅b", -6),
        ("∂a/∂b", Fraction(2, 3)),
        ("da/db * b", Fraction(-4, 3)),
        ("x' + net_h1[2]@10", Fraction(7, 3)),
        ("max(0, a)", 3),
        ("max(0, b)", 0),
        ("step(a)", 1),
        ("step(b)", 0),
        ("((((a))))", 3),
        (" a\t+\nb ", 1),
        ("007", 7),
        ("a/b*c", Fraction(-3, 14)),
        ("logsumexp(a)", 3),
    ],
)
def test_a_text_means_what_it_means_on_paper(text, expected):
    assert value(parse(text), Fraction) == expected


def test_float_sums_and_products_go_from_left_to_right_to_the_last_bit():
    values = {"a": 0.1, "b": 0.2, "c": 0.3}
    assert 0.1 + 0.2 + 0.3 != 0.1 + (0.2 + 0.3)
    assert value(parse("a + b + c"), float, values) == 0.1 + 0.2 + 0.3
    assert value(parse("a + (b + c)"), float, values) == 0.1 + (0.2 + 0.3)
    assert 0.1 * 0.2 * 0.3 != 0.1 * (0.2 * 0.3)
    assert value(parse("a*b*c"), float, values) == 0.1 * 0.2 * 0.3
    assert value(parse("a*(b*c)"), float, values) == 0.1 * (0.2 * 0.3)


@pytest.mark.parametrize("number", [float, complex, Decimal, Fraction, Dual])
@pytest.mark.parametrize(
    "text",
    [
        "1/2",
        "1/3",
        "2",
        "2^-2",
        "1/2*x",
        "(1 - x)/4",
        "max(0, x)",
        "max(0, -x)",
        "0.5*x^2",
        "step(x)",
        "x^0",
        "step(-x)/step(x)",
        "x^0/x^0",
    ],
)
def test_whole_numbers_in_a_formula_have_its_type_of_number(text, number):
    found = parse(text).evaluator(number)({"x": number(3)})
    assert type(found) is number
    expected = parse(text).evaluator(Fraction)({"x": Fraction(3)})
    if number is Dual:
        found = found.value
    # One rounding per operation, three at most.
    assert abs(complex(found) - complex(expected)) <= 3 * 2.0**-53 * abs(expected)


def test_decimal_literals_are_not_rounded_to_a_float_first():
    with localcontext() as context:
        context.prec = 50
        assert parse("0.1").evaluator(Decimal)({}) == Decimal("0.1") != Decimal(0.1)
        assert parse("1/3").evaluator(Decimal)({}) == Decimal(1) / 3


@pytest.mark.parametrize(
    "text, expected",
    [
        ("exp(a)", math.exp(3)),
        ("ln(a)", math.log(3)),
        ("tanh(a)", math.tanh(3)),
        ("logsumexp(0, a)", math.log1p(math.exp(-3)) + 3),
        ("1/(1 + exp(-a))", 1 / (1 + math.exp(-3))),
    ],
)
def test_functions_mean_the_functions(text, expected):
    assert value(parse(text)) == expected


def test_infinity_and_nan_pass_through_and_a_zero_divisor_is_python_s_own_error():
    assert value(a * b, float, {"a": math.inf, "b": 2.0}) == math.inf
    assert math.isnan(value(a - b, float, {"a": math.inf, "b": math.inf}))
    with pytest.raises(ZeroDivisionError):
        value(a / b, float, {"a": 1.0, "b": 0.0})


# Printed and read again

numbers = st.one_of(
    st.integers(-20, 20).map(Number),
    st.decimals(-9, 9, places=2).map(lambda x: Number(Literal(str(x)))),
    st.floats(-9, 9).map(Number),
)
expressions = st.recursive(
    st.one_of(numbers, st.sampled_from(sorted(VALUES)).map(Name)),
    lambda inner: st.one_of(
        st.builds(lambda x, y: x + y, inner, inner),
        st.builds(lambda x, y: x - y, inner, inner),
        st.builds(lambda x, y: x * y, inner, inner),
        st.builds(lambda x, y: x / y, inner, inner),
        st.builds(
            Sum,
            st.lists(st.tuples(st.sampled_from((1, -1)), inner), min_size=1, max_size=3).map(
                lambda terms: [(1, terms[0][1])] + terms[1:]
            ),
        ),
        st.builds(
            Product,
            st.lists(st.tuples(st.sampled_from("*/"), inner), min_size=1, max_size=3).map(
                lambda factors: [("*", factors[0][1])] + factors[1:]
            ),
        ),
        st.builds(Negative, inner),
        st.builds(Power, inner, st.integers(-3, 3)),
        st.builds(lambda x: Call("step", [x]), inner),
        st.builds(lambda x: Call("max", [0, x]), inner),
    ),
    max_leaves=12,
)


def meaning(expression, values):
    """The value of an expression in exact fractions, worked out apart from its evaluator."""

    def of(inner):
        return meaning(inner, values)

    match expression:
        case Number(value=number):
            return Fraction(getattr(number, "text", None) or repr(number))
        case Name(name=name):
            return Fraction(values[name])
        case Sum(terms=terms):
            return sum(sign * of(term) for sign, term in terms)
        case Product(factors=factors):
            result = Fraction(1)
            for operator, factor in factors:
                result = result * of(factor) if operator == "*" else result / of(factor)
            return result
        case Negative(inner=inner):
            return -of(inner)
        case Power(base=base, exponent=exponent):
            return of(base) ** exponent
        case Call(function="step", arguments=[x]):
            return Fraction(of(x) > 0)
        case Call(function="max", arguments=[_, x]):
            return max(Fraction(0), of(x))


@examples(250)
@given(expressions)
def test_a_printed_formula_reads_back_to_the_same_value(expression):
    again = parse(expression.format(), VALUES.__contains__)
    assert again.names() == expression.names()
    try:
        expected = meaning(expression, VALUES)
    except ZeroDivisionError:
        for each in (expression, again):
            with pytest.raises(ZeroDivisionError):
                value(each, Fraction)
        return
    assert value(expression, Fraction) == expected
    assert value(again, Fraction) == expected


@examples(200)
@given(expressions, st.lists(st.floats(-9, 9), min_size=len(VALUES), max_size=len(VALUES)))
def test_a_printed_formula_reads_back_to_the_same_bits(expression, floats):
    values = dict(zip(VALUES, floats))
    try:
        expected = repr(value(expression, float, values))
    except ZeroDivisionError:
        return
    again = parse(expression.format(), VALUES.__contains__)
    assert repr(value(again, float, values)).lstrip("-") == expected.lstrip(
        "-"
    )  # -0*x and (-0)*x differ in the sign of 0
    assert value(again, float, values) == value(expression, float, values) or expected == "nan"


@examples(100)
@given(expressions)
def test_printing_a_formula_that_was_read_changes_nothing_more(expression):
    text = parse(expression.format(), VALUES.__contains__).format()
    assert parse(text, VALUES.__contains__).format() == text


# As people write

NAMES = {"a", "b", "c", "x", "out_o1", "da/db"}.__contains__


@pytest.mark.parametrize(
    "text, formula",
    [
        ("2(a - b)", "2*(a - b)"),
        ("(a)(b)", "a*b"),
        ("2 a", "2*a"),
        ("(a) b", "a*b"),
        ("1/2(a)", "1/2*a"),
        ("2(a)^2", "2*a^2"),
        ("-2(a)", "-2*a"),
        ("2exp(a)", "2*exp(a)"),
        ("(a)exp(b)", "a*exp(b)"),
        ("a^2(b)", "a^2*b"),
        ("[a + b]{c}", "(a + b)*c"),
        ("2[a]", "2*a"),
        ("(a)0.5", "a*0.5"),
        ("(a) 0.5 (b)", "a*0.5*b"),
        ("exp(a) 2", "exp(a)*2"),
        ("[a]2^3", "a*2^3"),
        ("a - (b)(c)", "a - b*c"),
        ("2e^a", "2*exp(a)"),
        ("exp[a] + exp{b}", "exp(a) + exp(b)"),
    ],
)
def test_what_stands_side_by_side_is_multiplied(text, formula):
    assert str(parse(text)) == formula


@pytest.mark.parametrize(
    "text, formula",
    [
        ("out_o1(1 - out_o1)", "out_o1*(1 - out_o1)"),
        ("a b c", "a*b*c"),
        ("2a", "2*a"),
        ("a (b)", "a*b"),
        ("da/db a", "da/db * a"),
        ("a da/db", "a * da/db"),
        ("(a)b", "a*b"),
        ("a^2b", "a^2*b"),
        ("out_o3(1 - a)", "out_o3*(1 - a)"),
        ("a out_o3", "a*out_o3"),
        ("a exp(b)", "a*exp(b)"),
    ],
)
def test_names_that_there_are_multiply_without_a_sign(text, formula):
    assert str(parse(text, NAMES)) == formula


@pytest.mark.parametrize(
    "text, formula",
    [
        ("log(a)", "ln(a)"),
        ("sigmoid(a)", "logistic(a)"),
        ("σ(a)", "logistic(a)"),
        ("σ'(a)", "logistic'(a)"),
        ("σ′(a)", "logistic'(a)"),
        ("sigmoid'(a)", "logistic'(a)"),
        ("tanh'(a)", "tanh'(a)"),
        ("relu(a)", "max(0, a)"),
        ("relu'(a)", "step(a)"),
        ("max(a, 0)", "max(0, a)"),
        ("Σ(a, b, c)", "a + b + c"),
        ("sum(a, b - c)", "a + (b - c)"),
        ("sum(a)", "a"),
        ("e^a", "exp(a)"),
        ("e^(-a)", "exp(-a)"),
        ("e^-0.5", "exp(-0.5)"),
        ("e**a", "exp(a)"),
        ("e^a^2", "exp(a^2)"),
        ("1/(1 + e^-a)", "1/(1 + exp(-a))"),
        ("e", "e"),
        ("e^a*b", "exp(a)*b"),
        ("10^-5", "10^-5"),
        ("3.5102*10^-5", "3.5102*10^-5"),
    ],
)
def test_other_spellings_of_the_functions(text, formula):
    assert str(parse(text)) == formula
    assert str(parse(formula)) == formula


def test_the_author_s_own_name_counts_before_another_spelling_of_a_function():
    known = {"e", "σ", "sum", "a"}.__contains__
    assert str(parse("e^2", known)) == "e^2"
    assert str(parse("σ(1 - σ)", known)) == "σ*(1 - σ)"
    assert str(parse("sum(a)", known)) == "sum*a"
    assert str(parse("exp(a)", known)) == "exp(a)"


@pytest.mark.parametrize("number", [float, complex, Decimal, Dual])
@pytest.mark.parametrize("x", [-1000, -40, -1, 0, 1, 40, 1000])
def test_the_logistic_and_the_slopes_are_safe_in_every_type_of_number(number, x):
    def found(text):
        value = parse(text).evaluator(number)({"x": number(x)})
        assert type(value) is number
        return Decimal(value.value if number is Dual else value.real if number is complex else value)

    with localcontext() as context:
        context.prec = 40
        small = (-abs(Decimal(x))).exp()
        assert abs(found("logistic(x)") - (1 if x >= 0 else small) / (1 + small)) < Decimal("1e-15")
        for text, expected in (
            ("logistic'(x)", small / (1 + small) ** 2),
            ("tanh'(x)", 4 * small**2 / (1 + small**2) ** 2),
        ):
            assert abs(found(text) - expected) <= Decimal("1e-14") * expected + Decimal("1e-320")


def test_slopes_are_those_of_dual_numbers():
    for function in ("logistic", "tanh"):
        slope = parse(f"{function}'(x)").evaluator(float)
        for x in (-3.0, -0.1, 0.0, 0.7, 5.0):
            dual = parse(f"{function}(x)").evaluator(Dual)({"x": Dual(x, 1.0)})
            assert abs(dual.derivative - slope({"x": x})) < 1e-15


def columns(expression):
    """(text, column) of every name, number and call, depth first."""
    if isinstance(expression, (Name, Number)):
        return [(str(expression), expression.column)]
    if isinstance(expression, Call):
        return [(expression.function, expression.column)] + [
            pair for each in expression.arguments for pair in columns(each)
        ]
    if isinstance(expression, Sum):
        return [pair for _, each in expression.terms for pair in columns(each)]
    if isinstance(expression, Product):
        return [pair for _, each in expression.factors for pair in columns(each)]
    return columns(expression.base if isinstance(expression, Power) else expression.inner)


def test_atoms_know_where_they_were_read_and_others_do_not():
    assert columns(parse(" δ_o1·w5 - 2(exp(-a) + e^b)^2")) == [
        ("delta_o1", 2),
        ("w5", 7),
        ("2", 12),
        ("exp", 14),
        ("a", 19),
        ("exp", 24),
        ("b", 26),
    ]
    assert columns(parse("relu(da/db)")) == [("max", 1), ("0", None), ("da/db", 6)]
    assert Name("a").column is Number(1).column is Call("exp", [a]).column is (a + b).column is None


@pytest.mark.parametrize(
    "text, column, reason",
    [
        ("a b", 3, "unexpected 'b'"),
        ("2a", 2, "unexpected 'a'"),
        ("a(b)", 1, "unknown function"),
        ("0.3 0.4", 5, "unexpected '0.4'"),
        ("a^2 2", 5, "unexpected '2'"),
        ("w5 3", 4, "unexpected '3'"),
        ("a[b + c]", 2, "unexpected '['"),
        ("a{b}", 2, "unexpected '{'"),
        ("(a]", 3, "expected ')'"),
        ("[a)", 3, "expected ']'"),
        ("exp[a)", 6, "expected ']'"),
        ("|a|", 1, "unexpected '|'"),
        ("0,3775", 2, "a decimal is written with a point, '0.3775'"),
        ("(0,5 + a)", 3, "with a point"),
        ("a, 5", 2, "unexpected ','"),
        (",5", 1, "unexpected ','"),
        ("1, 5", 2, "unexpected ','"),
        ("٣", 1, "unexpected"),
        ("a*𝟚", 3, "unexpected"),
        ("a \u200f b", 3, r"'\u200f'"),
        ("a \ud800", 3, r"'\ud800'"),
        ("9**9**9**9", 5, "up to 64, towers are not read"),
        ("((a^64)^64)^2", 13, "a power of powers is at most 4096"),
        ("e^" * 60 + "a", 101, "nested deeper"),
        ("[" * 60, 51, "nested deeper"),
        ("relu(a, b)", 10, "relu takes 1 argument, found 2"),
        ("max(a, b)", 9, "max is written"),
        ("sum()", 5, "unexpected ')'"),
        ("e^", 3, "the formula ends"),
        ("sigmid(a)", 1, "did you mean sigmoid"),
    ],
)
def test_what_people_write_and_cannot_mean_is_refused(text, column, reason):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.column == column
    assert reason in caught.value.reason
    assert str(caught.value).isprintable() and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "text, column, reason",
    [
        ("a foo", 3, "unexpected 'foo'"),
        ("2foo", 2, "unexpected 'foo'"),
        ("sin(a)", 1, "unknown function 'sin'"),
        ("a 2", 3, "unexpected '2'"),
        ("0.3775 or so", 8, "unexpected 'or'"),
        ("0.3775 rounded", 8, "unexpected 'rounded'"),
        ("ln a", 1, "ln is a function: its argument stands in brackets, as in ln(x)"),
        ("a*exp", 3, "exp is a function"),
    ],
)
def test_names_that_there_are_do_not_make_a_formula_of_everything(text, column, reason):
    with pytest.raises(ExpressionError) as caught:
        parse(text, NAMES)
    assert (caught.value.column, reason in caught.value.reason) == (column, True)


def test_powers_of_powers_are_bounded_within_one_tower_only():
    assert parse("((a^8)^8)^8*((b^8)^8)^8").names() == ["a", "b"]
    assert parse("(a^64*b^64)^64").names() == ["a", "b"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "[" * 10_000 + "a",
        "e^" * 9_000,
        "2(" * 9_000,
        "a " * 9_000,
        "(a)" * 6_000,
        "-" * 19_000,
        "0," * 9_000,
        "9**" * 6_000,
        "σ'" * 9_000,
        "exp" * 6_000,
    ],
)
def test_no_text_that_people_might_write_takes_long_either(text):
    for is_name in (None, NAMES):
        try:
            parse(text, is_name).evaluator(float)({"a": 1.0})
        except (ExpressionError, KeyError):
            pass


# Which slash divides


def test_every_derivative_is_a_name_unless_told_otherwise():
    assert parse("dE_total/dw5").names() == ["dE_total/dw5"]
    assert parse("∂E/∂w5 * δ_o1").names() == ["dE_total/dw5", "delta_o1"]
    assert parse("dE_o1[2]/dw5@1").names() == ["dE_o1[2]/dw5@1"]


def test_a_slash_between_two_names_divides():
    assert parse("a/b").names() == ["a", "b"]
    assert parse("dx / dy").names() == ["dx", "dy"]
    assert parse("delta_o1/delta_o2", {"delta_o1", "delta_o2"}.__contains__).names() == [
        "delta_o1",
        "delta_o2",
    ]
    assert parse("da/db/dc", {"da/db"}.__contains__).names() == ["da/db", "dc"]
    assert parse("dleta_o1/delta_o2", {"delta_o2"}.__contains__).names() == ["dleta_o1", "delta_o2"]


def test_a_derivative_of_what_there_is_not_stays_one_name():
    assert parse("dE_total/dw55", {"w5", "dE_total/dw5"}.__contains__).names() == ["dE_total/dw55"]


# Refused: text, column, what is said

REFUSED = [
    ("", 1, "the formula ends"),
    ("   ", 4, "the formula ends"),
    ("a +", 4, "the formula ends"),
    ("a + * b", 5, "unexpected '*'"),
    ("a b", 3, "unexpected 'b'"),
    ("2a", 2, "unexpected 'a'"),
    ("a 2", 3, "unexpected '2'"),
    ("(a", 3, "expected ')'"),
    ("a)", 2, "unexpected ')'"),
    ("()", 2, "unexpected ')'"),
    ("a = b", 3, "unexpected '='"),
    ("a; b", 2, "unexpected ';'"),
    ("a.b", 2, "unexpected '.'"),
    ("'a'", 1, 'unexpected "\'"'),
    ("a % b", 3, "unexpected '%'"),
    ("a // b", 4, "unexpected '/'"),
    ("a\0", 2, r"unexpected '\x00'"),
    ("a[x]", 2, "unexpected '['"),
    ("a[-1]", 2, "unexpected '['"),
    ("a[9999999999]", 2, "unexpected '['"),
    ("w5@9999999999", 13, "unexpected '9'"),
    ("1.2.3", 4, "unexpected '.3'"),
    ("1e", 2, "unexpected 'e'"),
    ("1e1000", 6, "unexpected '0'"),
    ("1e-999999999", 7, "unexpected"),
    ("0x10", 2, "unexpected 'x10'"),
    ("1_000", 2, "unexpected '_000'"),
    ("nan(1)", 1, "unknown function 'nan'"),
    ("sin(a)", 1, "unknown function 'sin'"),
    ("cos(a)", 1, "allowed are exp, ln, tanh"),
    ("tahn(a)", 1, "did you mean tanh?"),
    ("__import__('os')", 12, "unexpected"),
    ("__import__(os)", 1, "unknown function '__import__'"),
    ("a(b)", 1, "unknown function 'a'"),
    ("lambda: 0", 7, "unexpected ':'"),
    ("exp()", 5, "unexpected ')'"),
    ("exp(a, b)", 9, "exp takes 1 argument, found 2"),
    ("exp(a", 6, "expected ')'"),
    ("max(a)", 6, "max takes 2 arguments, found 1"),
    ("max(a, 1)", 9, "max is written max(0, x)"),
    ("logsumexp()", 11, "unexpected ')'"),
    ("a^b", 3, "a power is a whole number up to 64"),
    ("a^65", 3, "up to 64"),
    ("a^1.5", 3, "a power"),
    ("a^-65", 4, "up to 64"),
    ("a^1000000000", 3, "up to 64"),
    ("a^2^2", 4, "unexpected '^': a power is a whole number up to 64"),
    ("a^(2)", 3, "a power"),
    ("a^", 3, "a power"),
    ("𝟙^𝟚𝟛𝟜", 1, "unexpected '𝟙'"),
    ("(" * 60 + "a" + ")" * 60, DEEPEST_NESTING + 1, "nested deeper than 50"),
    ("exp(" * 60 + "a", 4 * DEEPEST_NESTING + 1, "nested deeper"),
    ("-(" * 60 + "a" + ")" * 60, 2 * DEEPEST_NESTING + 1, "nested deeper"),
    ("a" * (LONGEST_TEXT + 1), LONGEST_TEXT, "longer than 20000 characters"),
]


@pytest.mark.parametrize("text, column, reason", REFUSED, ids=[text[:20] for text, _, _ in REFUSED])
def test_what_is_no_formula_is_refused_with_its_column(text, column, reason):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.column == column
    assert reason in caught.value.reason
    assert str(caught.value) == f"column {column}: {caught.value.reason}"
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@examples(300)
@given(
    st.one_of(
        st.text(max_size=40),
        st.text(alphabet="ab1.e^*/+-()@[],'∂δ d_", max_size=40),
        st.lists(
            st.sampled_from(["a", "da/db", "exp", "max", "(", ")", "0", ",", "^", "2", "-", "*", "/", " "])
        ).map("".join),
    )
)
def test_any_text_is_a_formula_or_is_refused(text):
    try:
        expression = parse(text)
    except ExpressionError as error:
        assert 1 <= error.column <= len(text) + 1
    else:
        assert parse(expression.format()).format() == parse(parse(expression.format()).format()).format()


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "(" * LONGEST_TEXT,
        "-" * (LONGEST_TEXT - 1) + "a",
        "a" + "^2" * 9999,
        "a" + "*a" * 9999,
        "a" + "-a" * 9999,
        "1" * LONGEST_TEXT,
        "." * LONGEST_TEXT,
        "1e" + "9" * (LONGEST_TEXT - 2),
        "da/" * 6000,
        "d" * LONGEST_TEXT,
        "a[1" * 6000,
        "exp(" * 5000,
        "∂" * LONGEST_TEXT,
        "logsumexp(" + "a," * 9000 + "a)",
        "a/" * 9999 + "a",
        "d'" * 9999,
        " " * LONGEST_TEXT,
    ],
)
def test_no_text_takes_long(text):
    try:
        expression = parse(text)
        expression.evaluator(float)({"a": 1.0})
        expression.format()
        expression.names()
    except (ExpressionError, KeyError):
        pass


@pytest.mark.parametrize("text, expected", [("a^64", 2.0**64), ("a^-64", 2.0**-64), ("(a^8)^8", 2.0**64)])
def test_the_highest_power_is_computed(text, expected):
    assert HIGHEST_POWER == 64
    assert parse(text).evaluator(float)({"a": 2.0}) == expected


def test_every_function_of_the_list_can_be_read():
    for function in READ:
        count = FUNCTIONS[function][1]
        arguments = ["0"] * (count or 3)
        assert parse(f"{function}({', '.join(arguments)})").function == function


def test_a_logarithm_of_a_negative_number_is_an_error_for_the_reader():
    with pytest.raises(NeuronnetError, match=r"ln\(-2\.0\)"):
        value(parse("ln(b)"))


def test_numbers_become_expressions_and_expressions_stay():
    assert wrap(a) is a
    assert wrap(3).value == 3
