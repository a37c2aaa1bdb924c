"""Single changes of a formula that need no other name: signs, factors, terms, operations, numbers, brackets, functions.

Each is one slip of the pen. Which of them makes a wrong formula right is not known here.
"""

from itertools import combinations
from typing import NamedTuple

from neuronnet.derivation.repairs.brackets import bracketed_products, bracketed_sums, opened
from neuronnet.derivation.expressions import Call, Expression, Name, Negative, Number, Power, Product, Sum
from neuronnet.derivation.functions import FUNCTIONS
from neuronnet.derivation.repairs.structure import product_of, sum_of, with_factor, without_minus


class Change(NamedTuple):
    """One part of a formula and what stands in its place: `found` and `instead` are texts, `at` the part it is about."""

    kind: str
    found: str
    instead: str
    at: Expression
    replacement: Expression
    sentence: str


def changes(node, parent, counts=()):
    """The Changes of one part of a formula itself, not of the parts within. `counts` are numbers that may be meant."""
    match node:
        case Sum():
            yield from _of_sum(node)
        case Product():
            yield from _of_product(node)
        case Negative(inner=inner):
            yield Change("sign", node.format(), inner.format(), inner, inner, f"the minus sign of {node} is too much")
        case Power(base=base, exponent=exponent):
            for other in sorted({1, 2, 3, -exponent} - {exponent}):
                replacement = base if other == 1 else Power(base, other)
                yield Change("number", str(exponent), str(other), node, replacement,
                             f"the exponent of {base} should be {other}")
            yield from _said(opened(node), node, "too much")
        case Call(function=function, arguments=arguments):
            yield from _of_call(node, function, arguments)
        case Number():
            for other in (1, 2, *counts):
                if other != node.value:
                    yield Change("number", node.format(), str(other), node, Number(other), f"{node} should be {other}")
    if isinstance(node, (Name, Sum, Call)) and not isinstance(parent, Power):
        squared = Power(node, 2)
        yield Change("number", node.format(), squared.format(), node, squared, f"a square is missing: {squared}")
    if not isinstance(node, (Number, Negative)) and not isinstance(parent, (Product, Negative)):
        yield Change("sign", node.format(), (-node).format(), node, -node, f"the sign of {node} is turned around")
    if not isinstance(node, Number) and not isinstance(parent, (Product, Negative)):
        over = 1 / node
        yield Change("operation", node.format(), over.format(), node, over, f"{node} should be turned over: {over}")
    if not isinstance(node, (Number, Call)) and not isinstance(parent, Call):
        for function in _FUNCTIONS_OF_ONE:
            call = Call(function, [node])
            yield Change("function", node.format(), call.format(), node, call, f"the function is missing: {call}")


_FUNCTIONS_OF_ONE = [name for name, (_, count) in FUNCTIONS.items() if count == 1 and name not in ("step", "sqrt")]


def negated(node):
    """The negative of an expression, a difference turned around: `b - a` for `a - b`."""
    if isinstance(node, Negative):
        return node.inner
    if isinstance(node, Sum) and any(sign < 0 for sign, _ in node.terms):
        turned = sorted(((-sign, term) for sign, term in node.terms), key=lambda each: -each[0])
        return Sum(turned) if turned[0][0] > 0 else -node
    return -node


def _said(formulas, node, what):
    """The Changes that put brackets, or leave them out."""
    for whole in formulas:
        yield Change("brackets", node.format(), whole.format(), node, whole, f"brackets are {what}: {whole}")


def signs_of_sum(node):
    """The Changes of one sign in a Sum, and of all of them in a difference."""
    terms = node.terms
    turned = negated(node)
    if isinstance(turned, Sum):
        yield Change("sign", node.format(), turned.format(), node, turned, f"the sign of {node} is turned around: {turned}")
    for place, (sign, term) in enumerate(terms):
        flipped = Sum([(sign, without_minus(term))] + terms[1:] if place == 0 else
                      terms[:place] + [(-sign, term)] + terms[place + 1:])
        before, after = ("", "-") if place == 0 else ("+ ", "- ") if sign > 0 else ("- ", "+ ")
        yield Change("sign", before + term.format(), after + term.format(), term, flipped,
                     f"the sign of {term} is turned around")


def _of_sum(node):
    terms = node.terms
    yield from signs_of_sum(node)
    for place, (sign, term) in enumerate(terms):
        others = sum_of(terms[:place] + terms[place + 1:])
        yield Change("extra term", term.format(), "", term, others, f"the term {term} is too much")
        if place:
            before, last = terms[place - 1]
            joined = sum_of([*terms[:place - 1], (before, last * term), *terms[place + 1:]])
            yield Change("operation", "+" if sign > 0 else "-", "*", term, joined,
                         f"{last} should be multiplied by {term}: {last * term}")
    yield from _said(bracketed_sums(node), node, "missing")


def _of_product(node):
    factors = node.factors
    for place, (operator, factor) in enumerate(factors):
        rest = product_of(factors[:place] + factors[place + 1:])
        shown = factor.format() if operator == "*" else (Number(1) / factor).format()
        yield Change("extra factor", shown, "", factor, rest, f"the factor {shown} is too much")
        turned = negated(factor)
        said = f": {turned}" if isinstance(factor, Sum) and isinstance(turned, Sum) else ""
        yield Change("sign", factor.format(), turned.format(), factor, with_factor(node, place, turned),
                     f"the sign of {factor} is turned around{said}")
        if place:
            other = "/" if operator == "*" else "*"
            word = "divided" if other == "/" else "multiplied"
            changed = product_of(factors[:place] + [(other, factor)] + factors[place + 1:])
            yield Change("operation", operator, other, factor, changed, f"it should be {word} by {factor}")
            if operator == "*":
                left, right = product_of(factors[:place]), product_of(factors[place:])
                for sum_, sign in ((left + right, "+"), (left - right, "-")):
                    yield Change("operation", "*", sign, factor, sum_, f"{sum_} is meant, not {node}")
    for one, other in combinations(range(len(factors)), 2):
        left_over = [each for place, each in enumerate(factors) if place not in (one, other)]
        if left_over:
            pair = product_of([factors[one], factors[other]])
            yield Change("extra factors", pair.format(), "", factors[one][1], product_of(left_over),
                         f"the factor {pair} is too much")
    yield from _said(bracketed_products(node), node, "missing")
    yield from _said(opened(node), node, "too much")


def _of_call(node, function, arguments):
    if len(arguments) == 1:
        turned = Call(function, [negated(arguments[0])])
        yield Change("sign", node.format(), turned.format(), arguments[0], turned,
                     f"the sign in {node} is turned around: {turned}")
        for other in _FUNCTIONS_OF_ONE:
            if other != function:
                yield Change("function", function, other, node, Call(other, arguments),
                             f"did you mean {other} instead of {function}?")
    last = arguments[-1]
    yield Change("function", node.format(), last.format(), node, last, f"the function {function} is too much")
