"""Formulas copied with other names or numbers in them; every part keeps the column where it was written."""

from neuronnet.derivation.expressions import Call, Name, Negative, Number, Power, Product, Sum


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
