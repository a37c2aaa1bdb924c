"""Formulas with other names, numbers or parts; what is copied keeps the column where it was written."""

import operator

from neuronnet.description.values import Literal
from neuronnet.formulas.expressions import Call, Expression, Name, Negative, Number, Product, Sum


def mapped(expression, leaf):
    """A copy of an expression in which every Name and Number is what `leaf` makes of it."""
    parts = expression.parts()
    copy = expression.rebuilt([mapped(part, leaf) for part in parts]) if parts else leaf(expression)
    if copy is not expression and copy.column is None:
        copy.column = expression.column
    return copy


def with_names(expression, renamed):
    """A copy of an expression in which each name is `renamed(name)`."""
    return mapped(expression, lambda leaf: Name(renamed(leaf.name)) if isinstance(leaf, Name) else leaf)


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
    return expression if all(map(operator.is_, copies, parts)) else expression.rebuilt(copies)


def with_logistics(formula: Expression) -> Expression:
    """The formula with logistic(z) for every 1/(1 + exp(-z)), which keeps the digits of a saturated unit."""
    argument = logistic_argument(formula)
    if argument is not None:
        return Call("logistic", [with_logistics(argument)])
    parts = formula.parts()
    copies = [with_logistics(part) for part in parts]
    changed = any(copy is not part for copy, part in zip(copies, parts))
    return formula.rebuilt(copies) if changed else formula


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
