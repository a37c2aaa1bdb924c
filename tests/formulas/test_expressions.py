"""Formulas: how they print, what they evaluate to in each type of number, and that both survive a reading."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from gradcheck.numeric.dual import Dual
from neuronnet.elementary import Literal
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.evaluating import evaluator, shared_evaluator
from neuronnet.formulas.expressions import Call, Name, Negative, Number, Power, Product, Sum, total, wrap
from neuronnet.formulas.notation import Known, parse
from neuronnet.formulas.rewriting import logistic_argument, mapped, with_part

a, b, c, slope = Name("a"), Name("b"), Name("c"), Name("da/db")
VALUES = {
    "a": 3,
    "b": -2,
    "c": Fraction(1, 7),
    "x'": Fraction(-5, 3),
    "net_h1[2]@10": 4,
    "da/db": Fraction(2, 3),
}
KNOWN = Known([*VALUES, "x"])


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


@pytest.mark.parametrize(
    "operators, text",
    [
        ("⊙*", "(a ⊙ b)*c"),
        ("⊙@", "(a ⊙ b) @ c"),
        ("@⊙", "(a @ b) ⊙ c"),
        ("·⊙", "(a · b) ⊙ c"),
        ("*⊙", "a*b ⊙ c"),
        ("⊙⊙", "a ⊙ b ⊙ c"),
        ("@@", "a @ b @ c"),
    ],
)
def test_brackets_stand_where_products_entry_by_entry_meet_others(operators, text):
    assert Product([("*", a), (operators[0], b), (operators[1], c)]).format() == text


@pytest.mark.parametrize(
    "whole, place, part, text",
    [
        (a + b, 1, b + c, "a + b + c"),
        (a + b, 0, a - c, "a - c + b"),
        (a - b, 1, b + c, "a - (b + c)"),
        (a * b, 1, b * c, "a*b*c"),
        (a / b, 1, b * c, "a/(b*c)"),
        (a * b, 1, b / c, "a*b/c"),
        (a / b, 1, b / c, "a/(b/c)"),
        (a / b, 0, b / c, "b/c/b"),
    ],
)
def test_a_sum_put_into_a_sum_is_one_sum(whole, place, part, text):
    assert with_part(whole, place, part).format() == text


@pytest.mark.parametrize(
    "text, argument", [("1/(1 + exp(-a))", "a"), ("1/(exp(-a) + 1)", "a"), ("1/(1 + exp(b))", "-b")]
)
def test_a_logistic_that_is_written_out_has_its_argument(text, argument):
    assert logistic_argument(parse(text, KNOWN)).format() == argument


def test_every_name_of_a_formula_is_put_in():
    formula = parse("a*(b + 2)^2 - exp(-b)", KNOWN)
    doubled = mapped(formula, lambda leaf: Name("x") if isinstance(leaf, Name) and leaf.name == "b" else leaf)
    assert str(doubled) == "a*(x + 2)^2 - exp(-x)"


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
    return evaluator(expression, number)({name: number(each) for name, each in values.items()})


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
    assert value(parse(text, KNOWN), Fraction) == expected


def test_float_sums_and_products_go_from_left_to_right_to_the_last_bit():
    values = {"a": 0.1, "b": 0.2, "c": 0.3}
    assert 0.1 + 0.2 + 0.3 != 0.1 + (0.2 + 0.3)
    assert value(parse("a + b + c", KNOWN), float, values) == 0.1 + 0.2 + 0.3
    assert value(parse("a + (b + c)", KNOWN), float, values) == 0.1 + (0.2 + 0.3)
    assert 0.1 * 0.2 * 0.3 != 0.1 * (0.2 * 0.3)
    assert value(parse("a*b*c", KNOWN), float, values) == 0.1 * 0.2 * 0.3
    assert value(parse("a*(b*c)", KNOWN), float, values) == 0.1 * (0.2 * 0.3)


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
    found = evaluator(parse(text, KNOWN), number)({"x": number(3)})
    assert type(found) is number
    expected = evaluator(parse(text, KNOWN), Fraction)({"x": Fraction(3)})
    if number is Dual:
        found = found.value
    # One rounding per operation, three at most.
    assert abs(complex(found) - complex(expected)) <= 3 * 2.0**-53 * abs(expected)


def test_a_part_that_stands_twice_is_computed_once():
    class Kept(dict):
        parts, asked = {}, []

        def __getitem__(self, name):
            self.asked.append(name)
            return super().__getitem__(name)

    part = parse("a + b", KNOWN)
    formula, values = part * Call("exp", [part]) - part, Kept(VALUES)
    assert shared_evaluator(formula, float)(values) == value(formula)
    assert values.asked == ["a", "b"] and list(values.parts.values()) == [value(part)]
    assert shared_evaluator(part, float)(values) == value(part)


def test_decimal_literals_are_not_rounded_to_a_float_first():
    with localcontext() as context:
        context.prec = 50
        assert evaluator(parse("0.1", KNOWN), Decimal)({}) == Decimal("0.1") != Decimal(0.1)
        assert evaluator(parse("1/3", KNOWN), Decimal)({}) == Decimal(1) / 3


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
    assert value(parse(text, KNOWN)) == expected


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
    again = parse(expression.format(), KNOWN)
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
    again = parse(expression.format(), KNOWN)
    assert repr(value(again, float, values)).lstrip("-") == expected.lstrip(
        "-"
    )  # -0*x and (-0)*x differ in the sign of 0
    assert value(again, float, values) == value(expression, float, values) or expected == "nan"


@examples(100)
@given(expressions)
def test_printing_a_formula_that_was_read_changes_nothing_more(expression):
    text = parse(expression.format(), KNOWN).format()
    assert parse(text, KNOWN).format() == text


@pytest.mark.parametrize("number", [float, complex, Decimal, Dual])
@pytest.mark.parametrize("x", [-1000, -40, -1, 0, 1, 40, 1000])
def test_the_logistic_and_the_slopes_are_safe_in_every_type_of_number(number, x):
    def found(text):
        value = evaluator(parse(text, KNOWN), number)({"x": number(x)})
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
        slope = evaluator(parse(f"{function}'(x)", KNOWN), float)
        for x in (-3.0, -0.1, 0.0, 0.7, 5.0):
            dual = evaluator(parse(f"{function}(x)", KNOWN), Dual)({"x": Dual(x, 1.0)})
            assert abs(dual.derivative - slope({"x": x})) < 1e-15


@pytest.mark.parametrize("text, expected", [("a^64", 2.0**64), ("a^-64", 2.0**-64), ("(a^8)^8", 2.0**64)])
def test_the_highest_power_is_computed(text, expected):
    assert evaluator(parse(text, KNOWN), float)({"a": 2.0}) == expected


def test_a_logarithm_of_a_negative_number_is_an_error_for_the_reader():
    with pytest.raises(NeuronnetError, match=r"ln\(-2\.0\)"):
        value(parse("ln(b)", KNOWN))


def test_numbers_become_expressions_and_expressions_stay():
    assert wrap(a) is a
    assert wrap(3).value == 3
