"""Formulas with other names, numbers or parts; what is copied keeps the column where it was written."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from operator import is_

from neuronnet.elementary import Literal
from neuronnet.formulas.arrays import as_vector_shape
from neuronnet.formulas.expressions import (
    Call,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
    is_number,
    product_of,
    without_minus,
)

MOST_DIGITS = 14  # of a decimal that two decimals are multiplied into


def mapped(expression, leaf):
    """A copy of an expression in which every Name and Number is what `leaf` makes of it."""
    parts = expression.parts()
    copy = expression.rebuilt([mapped(part, leaf) for part in parts]) if parts else leaf(expression)
    if copy.column is None:
        copy.column = expression.column
    return copy


def with_names(expression, renamed):
    """A copy of an expression in which each name is `renamed(name)`."""
    return mapped(expression, lambda leaf: Name(renamed(leaf.name)) if isinstance(leaf, Name) else leaf)


def with_dots(expression):
    """A copy of an expression with `·` for every `*`."""
    parts = [with_dots(part) for part in expression.parts()]
    copy = expression.rebuilt(parts) if parts else expression
    if isinstance(copy, Product):
        copy = Product([("·" if sign == "*" else sign, factor) for sign, factor in copy.factors])
    copy.column = expression.column
    return copy


def with_norms(expression):
    """A copy of an expression with the length √(Σ x²) for every size |x|."""
    parts = [with_norms(part) for part in expression.parts()]
    copy = expression.rebuilt(parts) if parts else expression
    if isinstance(copy, Call) and copy.function == "abs":
        copy = Call("sqrt", [Call("sum", [Power(copy.arguments[0], 2)])])
    copy.column = expression.column
    return copy


def turned(formula: Expression) -> Expression:
    """The transpose of a formula; of a transpose, what it is of."""
    return formula.inner if isinstance(formula, Transpose) else Transpose(formula)


def leaves_of(expression):
    """The Names and Numbers of an expression, from left to right."""
    parts = expression.parts()
    return [leaf for part in parts for leaf in leaves_of(part)] if parts else [expression]


def nodes(expression, rebuild=lambda new: new, parent=None):
    """(part, function that gives the whole with another in its place, the part around it), for every part."""
    yield expression, rebuild, parent
    for place, child in enumerate(expression.parts()):

        def put(new, place=place):
            return rebuild(with_part(expression, place, new))

        yield from nodes(child, put, expression)


def with_part(node, place, new):
    """A formula with another part in one place; a sum in a sum becomes one, a product in a product too."""
    if isinstance(node, Sum) and isinstance(new, Sum) and node.terms[place][0] > 0:
        return Sum([*node.terms[:place], *new.terms, *node.terms[place + 1 :]])
    if isinstance(node, Product) and isinstance(new, Product) and _joins(node, place, new):
        return Product([*node.factors[:place], *new.factors, *node.factors[place + 1 :]])
    parts = node.parts()
    return node.rebuilt([*parts[:place], new, *parts[place + 1 :]])


def _joins(whole, place, new):
    """Whether the factors of a new product may stand among those of the whole, from left to right."""
    operators = [whole.factors[place][0], *(operator for operator, _ in new.factors[1:])]
    return place == 0 or (operators[0] == "*" and set(operators) <= {"*", "/"})


def replaced(expression, others):
    """A copy in which every part whose text `others` has is the expression that it maps to."""
    parts = expression.parts()
    if not parts:
        return expression
    found = others.get(expression.format())
    if found is not None:
        return found
    copies = [replaced(part, others) for part in parts]
    return expression if all(map(is_, copies, parts)) else expression.rebuilt(copies)


def without_factor(formula: Expression, is_chosen: Callable) -> Expression | None:
    """The formula without its first factor for which `is_chosen(operator, factor)`; None without one."""
    if is_chosen("*", formula):
        return Number(1)
    for node, rebuild, _ in nodes(formula):
        for place, (operator, factor) in enumerate(node.factors if isinstance(node, Product) else ()):
            if is_chosen(operator, factor):
                rest = [*node.factors[:place], *node.factors[place + 1 :]]
                return rebuild(product_of(rest))
    return None


def with_logistics(formula: Expression) -> Expression:
    """The formula with logistic(z) for every 1/(1 + exp(-z)), which keeps the digits of a saturated unit."""
    argument = logistic_argument(formula)
    if argument is not None:
        return Call("logistic", [with_logistics(argument)])
    parts = formula.parts()
    copies = [with_logistics(part) for part in parts]
    return formula if all(map(is_, copies, parts)) else formula.rebuilt(copies)


def logistic_argument(formula: Expression) -> Expression | None:
    """z of a formula 1/(1 + exp(-z)), None of any other."""
    match formula:
        case Product(factors=[(_, Number(value=1)), ("/", Sum(terms=[(1, one), (1, other)]))]):
            power = other if isinstance(one, Number) else one
            if isinstance(power, Call) and power.function == "exp":
                inner = power.arguments[0]
                return inner.inner if isinstance(inner, Negative) else -inner
    return None


def whole_number(expression):
    """The whole number that an expression of whole numbers, added or subtracted, stands for; else None."""
    parts = expression.parts()
    if not parts:
        value = getattr(expression, "value", None)
        return value if type(value) is int else None
    signs = [sign for sign, _ in expression.terms] if isinstance(expression, Sum) else None
    if isinstance(expression, Negative):
        signs = [-1]
    values = [whole_number(part) for part in parts] if signs else [None]
    return None if None in values else sum(sign * value for sign, value in zip(signs, values))


def printed(text: str) -> Expression:
    """A printed number, a minus sign in front or not."""
    number = text.removeprefix("-")
    value = Number(int(number) if number.isdigit() and len(number) < 16 else Literal(number))
    return Negative(value) if text.startswith("-") else value


# Products as short as one writes them: no factor 1, one minus sign, numbers first


def elementwise(left: Expression, right: Expression, shape: Callable) -> Expression:
    """The product entry by entry: `*` beside a number, ⊙ between arrays, by the shape of each."""
    if is_number(left, 1):
        return right
    if is_number(right, 1):
        return left
    if isinstance(left, Negative):
        return without_minus(elementwise(left.inner, right, shape))
    if isinstance(right, Negative):
        return without_minus(elementwise(left, right.inner, shape))
    factors = _gathered([*_factors(left, shape), *_factors(right, shape)])
    arrays = [bool(as_vector_shape(shape(factor))) for _, factor in factors]
    kinds = [(operator != "/", is_array) for (operator, _), is_array in zip(factors, arrays)]
    if kinds.count((True, True)) > 1:
        factors = _numbers_first(factors, kinds)
        arrays = [bool(as_vector_shape(shape(factor))) for _, factor in factors]
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


def _factors(formula, shape):
    """The factors of an elementwise product whose arrays all have its shape; any other formula as one."""
    if isinstance(formula, Product) and all(operator in "⊙*/" for operator, _ in formula.factors):
        own = shape(formula)
        sizes = [shape(factor) for _, factor in formula.factors]
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
    return Fraction(factor.format())
