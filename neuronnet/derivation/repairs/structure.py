"""Formulas taken apart and put together: every part with its surroundings, sums and products from lists.

What a part means or is worth is not known here.
"""

from neuronnet.derivation.expressions import Call, Negative, Number, Power, Product, Sum


def nodes(expression, rebuild=lambda new: new, parent=None):
    """(part, function that gives the whole with something in its place, the part around it) for every part of a formula."""
    yield expression, rebuild, parent
    for child, put in _children(expression):
        yield from nodes(child, lambda new, put=put: rebuild(put(new)), expression)


def sum_of(terms):
    """The sum of signed terms, the first one's sign in front of it."""
    sign, first = terms[0]
    first = first if sign > 0 else without_minus(first)
    return first if len(terms) == 1 else Sum([(1, first), *terms[1:]])


def without_minus(term):
    """The negative of a term, two minus signs cancelled."""
    return term.inner if isinstance(term, Negative) else -term


def product_of(factors):
    """The product of factors with their operators, 1 in front of a division that comes first."""
    if factors[0][0] == "/":
        factors = [("*", Number(1)), *factors]
    return factors[0][1] if len(factors) == 1 else Product(factors)


def _children(node):
    """(child, function that gives the node with another child in its place) for every direct part."""
    match node:
        case Sum(terms=terms):
            return [(term, lambda new, place=place: _put_term(node, place, new)) for place, (_, term) in enumerate(terms)]
        case Product(factors=factors):
            return [(factor, lambda new, place=place: with_factor(node, place, new))
                    for place, (_, factor) in enumerate(factors)]
        case Power(base=base, exponent=exponent):
            return [(base, lambda new: Power(new, exponent))]
        case Negative(inner=inner):
            return [(inner, Negative)]
        case Call(function=function, arguments=arguments):
            return [(argument, lambda new, place=place: Call(function, [*arguments[:place], new, *arguments[place + 1:]]))
                    for place, argument in enumerate(arguments)]
    return []


def _put_term(node, place, new):
    sign, _ = node.terms[place]
    parts = new.terms if isinstance(new, Sum) and sign > 0 else [(sign, new)]
    return Sum([*node.terms[:place], *parts, *node.terms[place + 1:]])


def with_factor(node, place, new):
    """A product with another factor in one place, one product where that is a product too."""
    operator, _ = node.factors[place]
    if isinstance(new, Product) and operator == "*":
        return Product([*node.factors[:place], *new.factors, *node.factors[place + 1:]])
    return Product([*node.factors[:place], (operator, new), *node.factors[place + 1:]])
