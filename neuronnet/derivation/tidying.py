"""Products and signs as short as one writes them: no factor 1, one minus sign, numbers first."""

from decimal import Decimal
from fractions import Fraction

from neuronnet.derivation.shapes import Shapes, shape_of
from neuronnet.description.values import Literal
from neuronnet.formulas.arrays import as_vector_shape
from neuronnet.formulas.expressions import Expression, Negative, Number, Product, product_of

MOST_DIGITS = 14  # of a decimal that two decimals are multiplied into


def elementwise(left: Expression, right: Expression, shapes: Shapes) -> Expression:
    """The product entry by entry: `*` beside a number, ⊙ between arrays."""
    if is_number(left, 1):
        return right
    if is_number(right, 1):
        return left
    if isinstance(left, Negative):
        return negative(elementwise(left.inner, right, shapes))
    if isinstance(right, Negative):
        return negative(elementwise(left, right.inner, shapes))
    factors = _gathered([*_factors(left, shapes), *_factors(right, shapes)])
    arrays = [bool(as_vector_shape(shape_of(factor, shapes))) for _, factor in factors]
    kinds = [(operator != "/", is_array) for (operator, _), is_array in zip(factors, arrays)]
    if kinds.count((True, True)) > 1:
        factors = _numbers_first(factors, kinds)
        arrays = [bool(as_vector_shape(shape_of(factor, shapes))) for _, factor in factors]
    for place, (operator, factor) in enumerate(factors):
        if operator != "/":
            factors[place] = ("⊙" if arrays[place] and any(arrays[:place]) else "*", factor)
    return product_of(factors)


def _numbers_first(factors, kinds):
    """Two or more arrays among factors, numbers and divisions by numbers before them: `2*a/3 ⊙ b`."""
    groups = {(True, False): [], (True, True): [], (False, False): [], (False, True): []}
    for factor, kind in zip(factors, kinds):
        groups[kind].append(factor)
    numbers, arrays, divisors, divided = groups.values()
    return [*numbers, *arrays[:1], *divisors, *arrays[1:], *divided]


def negative(formula: Expression) -> Expression:
    return formula.inner if isinstance(formula, Negative) else Negative(formula)


def is_number(formula: Expression, value: int) -> bool:
    return isinstance(formula, Number) and formula.value == value


def _factors(formula, shapes):
    """The factors of an elementwise product whose arrays all have its shape; any other formula as one."""
    if isinstance(formula, Product) and all(operator in "⊙*/" for operator, _ in formula.factors):
        own = shape_of(formula, shapes)
        sizes = [shape_of(factor, shapes) for _, factor in formula.factors]
        if all(size == own or not as_vector_shape(size) for size in sizes):
            return formula.factors
    return [("*", formula)]


def _gathered(factors):
    """The factors with their numbers gathered: 1/2*2*x is x, x*2/4 is x/2, 0.5*3*x is 1.5*x."""
    places = [place for place, (_, factor) in enumerate(factors) if _as_fraction(factor)]
    if not places or (len(places) == 1 and isinstance(factors[places[0]][1].value, float)):
        return list(factors)
    number, literal = Fraction(1), False
    for operator, factor in (factors[place] for place in places):
        fraction = _as_fraction(factor)
        number = number / fraction if operator == "/" else number * fraction
        literal = literal or isinstance(factor.value, float)
    rest = [each for place, each in enumerate(factors) if place not in places]
    if literal and number.denominator != 1:
        text = format(Decimal(number.numerator) / number.denominator, "f")
        if Fraction(text) != number or len(text) > MOST_DIGITS:
            return list(factors)
        return [("*", Number(Literal(text))), *rest]
    if rest and rest[0][0] == "/":  # y/x and not 1/x*y
        rest.sort(key=lambda each: each[0] == "/")
    if number.numerator != 1 or not rest or rest[0][0] == "/":
        rest = [("*", Number(number.numerator)), *rest]
    if number.denominator != 1:
        rest.append(("/", Number(number.denominator)))
    return rest


def _as_fraction(factor):
    """What a number is exactly; None for 0 and for a formula."""
    if not isinstance(factor, Number) or not factor.value:
        return None
    return Fraction(getattr(factor.value, "text", None) or factor.value)
