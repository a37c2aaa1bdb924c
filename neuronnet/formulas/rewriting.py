"""Formulas copied with other names or numbers in them; every part keeps the column where it was written."""

from neuronnet.formulas.expressions import Call, Name, Negative, Number, Power, Product, Sum

# --- Formulas copied with other names or numbers in them; every part keeps the column where it was written.


def mapped(expression, leaf):
    """A copy of an expression in which every Name and Number is what `leaf` makes of it."""
    copy = _mapped(expression, leaf)
    if copy is not expression and copy.column is None:
        copy.column = expression.column
    return copy


def with_names(expression, renamed):
    """A copy of an expression in which each name is `renamed(name)`."""
    return mapped(expression, lambda leaf: Name(renamed(leaf.name)) if isinstance(leaf, Name) else leaf)


def parts_of(expression):
    """The expressions that an expression is directly made of; none for a Name and a Number."""
    match expression:
        case Sum(terms=pairs) | Product(factors=pairs):
            return [part for _, part in pairs]
        case Power(base=part) | Negative(inner=part):
            return [part]
        case Call(arguments=parts):
            return parts
    return []


def leaves_of(expression):
    """The Names and Numbers of an expression, from left to right."""
    found = []
    mapped(expression, lambda leaf: found.append(leaf) or leaf)
    return found


def _mapped(expression, leaf):
    match expression:
        case Name() | Number():
            return leaf(expression)
        case Sum(terms=terms):
            return Sum([(sign, mapped(term, leaf)) for sign, term in terms])
        case Product(factors=factors):
            return Product([(operator, mapped(factor, leaf)) for operator, factor in factors])
        case Power(base=base, exponent=exponent):
            return Power(mapped(base, leaf), exponent)
        case Negative(inner=inner):
            return Negative(mapped(inner, leaf))
        case Call(function=function, arguments=arguments):
            return Call(function, [mapped(argument, leaf) for argument in arguments])


# --- Formulas taken apart and put together: every part with its surroundings, sums and products from lists.


def nodes(expression, rebuild=lambda new: new, parent=None):
    """(part, function that gives the whole with something in its place, the part around it) for every part
    of a formula.
    """
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
            return [
                (term, lambda new, place=place: _put_term(node, place, new))
                for place, (_, term) in enumerate(terms)
            ]
        case Product(factors=factors):
            return [
                (factor, lambda new, place=place: with_factor(node, place, new))
                for place, (_, factor) in enumerate(factors)
            ]
        case Power(base=base, exponent=exponent):
            return [(base, lambda new: Power(new, exponent))]
        case Negative(inner=inner):
            return [(inner, Negative)]
        case Call(function=function, arguments=arguments):
            return [
                (
                    argument,
                    lambda new, place=place: Call(
                        function, [*arguments[:place], new, *arguments[place + 1 :]]
                    ),
                )
                for place, argument in enumerate(arguments)
            ]
    return []


def _put_term(node, place, new):
    sign, _ = node.terms[place]
    parts = new.terms if isinstance(new, Sum) and sign > 0 else [(sign, new)]
    return Sum([*node.terms[:place], *parts, *node.terms[place + 1 :]])


def with_factor(node, place, new):
    """A product with another factor in one place, one product where that is a product too."""
    operator, _ = node.factors[place]
    if isinstance(new, Product) and operator == "*":
        return Product([*node.factors[:place], *new.factors, *node.factors[place + 1 :]])
    return Product([*node.factors[:place], (operator, new), *node.factors[place + 1 :]])
