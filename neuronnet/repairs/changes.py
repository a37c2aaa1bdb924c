"""Slips of the pen in a formula: signs, factors, terms, operations, numbers, brackets, functions."""

from itertools import combinations
from typing import NamedTuple

from neuronnet.formulas.expressions import (
    Call,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
    product_of,
    sum_of,
    without_minus,
)
from neuronnet.formulas.rewriting import with_part

_FUNCTIONS_OF_ONE = ("exp", "ln", "tanh", "logistic", "logistic'", "tanh'")


class Change(NamedTuple):
    """A slip in a formula: the part it is about, `at`, what replaces the part that is wrong, and a sentence.

    `found` and `instead` are the two as texts, one of them empty where something is missing or too much.
    """

    kind: str
    at: Expression
    replacement: Expression
    sentence: str
    found: str
    instead: str


def change(kind, at, replacement, sentence, found=None, instead=None):
    """The Change of `at` into `replacement`, which gives `found` and `instead` where these are left out."""
    found = at.format() if found is None else found
    instead = replacement.format() if instead is None else instead
    return Change(kind, at, replacement, sentence, found, instead)


def changes(node, parent, around):
    """The Changes of one part of a formula, not of parts within."""
    match node:
        case Sum():
            yield from _of_sum(node)
        case Product():
            yield from _of_product(node)
        case Negative(inner=inner):
            yield change("sign", inner, inner, f"the minus sign of {node} is too much", node.format())
        case Power(base=base, exponent=exponent):
            for other in sorted({1, 2, 3, -exponent} - {exponent}):
                power = base if other == 1 else Power(base, other)
                said = f"the exponent of {base} should be {other}"
                yield change("number", node, power, said, str(exponent), str(other))
        case Call():
            yield from _of_call(node)
        case Number():
            for other in {1, 2} - {node.value}:
                yield change("number", node, Number(other), f"{node} should be {other}")
    if isinstance(node, (Name, Sum, Call)) and not isinstance(parent, Power):
        yield change("number", node, Power(node, 2), f"a square is missing: {Power(node, 2)}")
    if not isinstance(node, (Number, Negative)) and not isinstance(parent, (Product, Negative)):
        yield change("sign", node, -node, f"the sign of {node} is turned around")


def _of_sum(node):
    terms, turned = node.terms, _negated(node)
    if isinstance(turned, Sum):
        yield change("sign", node, turned, f"the sign of {node} is turned around: {turned}")
    for place, (sign, term) in enumerate(terms):
        other = (-sign, term) if place else (sign, without_minus(term))
        flipped = Sum([*terms[:place], other, *terms[place + 1 :]])
        before, after = ("", "-") if place == 0 else ("+ ", "- ") if sign > 0 else ("- ", "+ ")
        said = f"the sign of {term} is turned around"
        yield change("sign", term, flipped, said, before + term.format(), after + term.format())
        others = sum_of(terms[:place] + terms[place + 1 :])
        yield change("extra term", term, others, f"the term {term} is too much", instead="")
    for place, ((sign, before), (own, after)) in enumerate(zip(terms, terms[1:])):
        *front, (operator, last) = before._factors()
        (_, first), *rest = after._factors()
        inner = Sum([(1, last), (own, first)])  # a*(b - c)*d for a*b - c*d, (a - b)^2 for a - b^2
        if isinstance(first, Power) and not rest:
            inner = Power(Sum([(1, last), (own, first.base)]), first.exponent)
        joined = sign, product_of([*front, (operator, inner), *rest])
        whole = sum_of([*terms[:place], joined, *terms[place + 2 :]])
        yield change("brackets", node, whole, f"brackets are missing: {whole}")


def _negated(node):
    """The negative of an expression, a difference turned around: `b - a` for `a - b`."""
    if isinstance(node, Negative):
        return node.inner
    if isinstance(node, Sum) and any(sign < 0 for sign, _ in node.terms):
        turned = sorted(((-sign, term) for sign, term in node.terms), key=lambda each: -each[0])
        return Sum(turned) if turned[0][0] > 0 else -node
    return -node


def _of_product(node):
    factors = node.factors
    for place, (operator, factor) in enumerate(factors):
        rest = product_of(factors[:place] + factors[place + 1 :])
        shown = (Number(1) / factor).format() if operator == "/" else factor.format()
        yield change("extra factor", factor, rest, f"the factor {shown} is too much", shown, "")
        turned = _negated(factor)
        result = f": {turned}" if isinstance(factor, Sum) and isinstance(turned, Sum) else ""
        said = f"the sign of {factor} is turned around{result}"
        yield change("sign", factor, with_part(node, place, turned), said, instead=turned.format())
        if place:
            other, word = ("*", "multiplied") if operator == "/" else ("/", "divided")
            changed = product_of(factors[:place] + [(other, factor)] + factors[place + 1 :])
            yield change("operation", factor, changed, f"it should be {word} by {factor}", operator, other)
    for one, other in combinations(range(len(factors)), 2):
        rest = [each for place, each in enumerate(factors) if place not in (one, other)]
        if rest:
            pair = product_of([factors[one], factors[other]])
            said = f"the factor {pair} is too much"
            yield change("extra factors", factors[one][1], product_of(rest), said, pair.format(), "")


def _of_call(node):
    function, arguments = node.function, node.arguments
    if len(arguments) == 1:
        turned = Call(function, [_negated(arguments[0])])
        said = f"the sign in {node} is turned around: {turned}"
        yield change("sign", arguments[0], turned, said, node.format())
        for other in _FUNCTIONS_OF_ONE:
            if other != function:
                said = f"did you mean {other} instead of {function}?"
                yield change("function", node, Call(other, arguments), said, function, other)
    yield change("function", node, arguments[-1], f"the function {function} is too much")
