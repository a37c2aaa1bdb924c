"""Products and signs as short as one writes them: no factor 1, one minus sign, numbers first."""

from fractions import Fraction

from neuronnet.derivation.shapes import Shapes, shape_of
from neuronnet.formulas.arrays import as_vector_shape
from neuronnet.formulas.expressions import Expression, Negative, Number, Product, product_of


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
    array = False
    for place, (operator, factor) in enumerate(factors):
        is_array = bool(as_vector_shape(shape_of(factor, shapes)))
        if operator != "/":
            factors[place] = ("⊙" if array and is_array else "*", factor)
        array = array or is_array
    return product_of(factors)


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
    """The factors with their whole numbers gathered: 1/2*2*x is x, x*2/4 is x/2."""
    number = Fraction(1)
    rest = []
    for operator, factor in factors:
        if not (isinstance(factor, Number) and isinstance(factor.value, int) and factor.value):
            rest.append((operator, factor))
        elif operator == "/":
            number /= factor.value
        else:
            number *= factor.value
    if number.numerator != 1 or not rest or rest[0][0] == "/":
        rest = [("*", Number(number.numerator)), *rest]
    if number.denominator != 1:
        rest.append(("/", Number(number.denominator)))
    return rest
