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

NEW_BRACKETS_AMONG = 8  # terms or factors; nobody forgets brackets around more
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


def changes(node, parent):
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
            yield from _brackets(opened(node), node, "too much")
        case Call(function=function, arguments=arguments):
            yield from _of_call(node, function, arguments)
        case Number():
            for other in (1, 2):
                if other != node.value:
                    yield change("number", node, Number(other), f"{node} should be {other}")
    if isinstance(node, (Name, Sum, Call)) and not isinstance(parent, Power):
        yield change("number", node, Power(node, 2), f"a square is missing: {Power(node, 2)}")
    is_alone = not isinstance(parent, (Product, Negative))
    if is_alone and not isinstance(node, (Number, Negative)):
        yield change("sign", node, -node, f"the sign of {node} is turned around")
    if is_alone and not isinstance(node, Number):
        yield change("operation", node, 1 / node, f"{node} should be turned over: {1 / node}")
    if not isinstance(node, (Number, Call)) and not isinstance(parent, Call):
        for function in _FUNCTIONS_OF_ONE:
            call = Call(function, [node])
            yield change("function", node, call, f"the function is missing: {call}")


def signs_of_sum(node):
    """The Changes of one sign in a Sum, and of all of them in a difference."""
    terms, turned = node.terms, negated(node)
    if isinstance(turned, Sum):
        yield change("sign", node, turned, f"the sign of {node} is turned around: {turned}")
    for place, (sign, term) in enumerate(terms):
        other = (-sign, term) if place else (sign, without_minus(term))
        flipped = [*terms[:place], other, *terms[place + 1 :]]
        before, after = ("", "-") if place == 0 else ("+ ", "- ") if sign > 0 else ("- ", "+ ")
        said = f"the sign of {term} is turned around"
        yield change("sign", term, Sum(flipped), said, before + term.format(), after + term.format())


def negated(node):
    """The negative of an expression, a difference turned around: `b - a` for `a - b`."""
    if isinstance(node, Negative):
        return node.inner
    if isinstance(node, Sum) and any(sign < 0 for sign, _ in node.terms):
        turned = sorted(((-sign, term) for sign, term in node.terms), key=lambda each: -each[0])
        return Sum(turned) if turned[0][0] > 0 else -node
    return -node


def _of_sum(node):
    terms = node.terms
    yield from signs_of_sum(node)
    for place, (sign, term) in enumerate(terms):
        others = sum_of(terms[:place] + terms[place + 1 :])
        yield change("extra term", term, others, f"the term {term} is too much", instead="")
        if place:
            before, last = terms[place - 1]
            joined = sum_of([*terms[: place - 1], (before, last * term), *terms[place + 1 :]])
            said = f"{last} should be multiplied by {term}: {last * term}"
            yield change("operation", term, joined, said, "+" if sign > 0 else "-", "*")
    yield from _brackets(bracketed_sums(node), node, "missing")


def _of_product(node):
    factors = node.factors
    for place, (operator, factor) in enumerate(factors):
        rest = product_of(factors[:place] + factors[place + 1 :])
        shown = (Number(1) / factor).format() if operator == "/" else factor.format()
        yield change("extra factor", factor, rest, f"the factor {shown} is too much", shown, "")
        turned = negated(factor)
        result = f": {turned}" if isinstance(factor, Sum) and isinstance(turned, Sum) else ""
        said = f"the sign of {factor} is turned around{result}"
        yield change("sign", factor, with_part(node, place, turned), said, instead=turned.format())
        if place:
            other, word = ("*", "multiplied") if operator == "/" else ("/", "divided")
            changed = product_of(factors[:place] + [(other, factor)] + factors[place + 1 :])
            yield change("operation", factor, changed, f"it should be {word} by {factor}", operator, other)
            if operator != "/":
                left, right = product_of(factors[:place]), product_of(factors[place:])
                for meant, sign in ((left + right, "+"), (left - right, "-")):
                    yield change("operation", factor, meant, f"{meant} is meant, not {node}", "*", sign)
    for one, other in combinations(range(len(factors)), 2):
        rest = [each for place, each in enumerate(factors) if place not in (one, other)]
        if rest:
            pair = product_of([factors[one], factors[other]])
            said = f"the factor {pair} is too much"
            yield change("extra factors", factors[one][1], product_of(rest), said, pair.format(), "")
    yield from _brackets(bracketed_products(node), node, "missing")
    yield from _brackets(opened(node), node, "too much")


def _of_call(node, function, arguments):
    if len(arguments) == 1:
        turned = Call(function, [negated(arguments[0])])
        said = f"the sign in {node} is turned around: {turned}"
        yield change("sign", arguments[0], turned, said, node.format())
        for other in _FUNCTIONS_OF_ONE:
            if other != function:
                said = f"did you mean {other} instead of {function}?"
                yield change("function", node, Call(other, arguments), said, function, other)
    yield change("function", node, arguments[-1], f"the function {function} is too much")


# Brackets


def _brackets(formulas, node, what):
    for whole in formulas:
        yield change("brackets", node, whole, f"brackets are {what}: {whole}")


def bracketed_sums(node):
    """Sums with new brackets: `a*(b - c)*d` from `a*b - c*d`, and `(a - b)^2` from `a - b^2`."""
    terms = node.terms
    for start in range(len(terms)):
        for end in range(start + 1, min(len(terms), start + NEW_BRACKETS_AMONG)):
            for front, first in _endings(terms[start][1]):
                for last, close in _beginnings(terms[end][1]):
                    inner = Sum([(1, first), *terms[start + 1 : end], (terms[end][0], last)])
                    yield sum_of([*terms[:start], (terms[start][0], close(front, inner)), *terms[end + 1 :]])


def _endings(term):
    """(the factors before, what of a term stands within brackets that open inside it)."""
    yield [], term
    if isinstance(term, Product):
        for cut in range(1, len(term.factors)):
            yield term.factors[: cut + 1], product_of([("*", term.factors[cut][1]), *term.factors[cut + 1 :]])


def _beginnings(term):
    """(what of a term stands within brackets that close in it, function of what is before and inside)."""
    yield term, _closing([])
    factors = term._factors()
    for cut in range(1, len(factors) + 1):
        last = factors[cut - 1][1]
        if cut < len(factors):
            yield product_of(factors[:cut]), _closing(factors[cut:])
        if isinstance(last, Power):
            base = product_of([*factors[: cut - 1], (factors[cut - 1][0], last.base)])
            yield base, _closing(factors[cut:], last.exponent)


def _closing(after, exponent=1):
    def close(before, inner):
        grouped = inner if exponent == 1 else Power(inner, exponent)
        operator = before[-1][0] if before else "*"
        return product_of([*before[:-1], (operator, grouped), *after])

    return close


def bracketed_products(node):
    """Products with a new pair of brackets: `a/(b*c)` from `a/b*c`, and `(a*b)^2` from `a*b^2`."""
    factors = node.factors
    for start in range(len(factors)):
        for end in range(start + 1, min(len(factors), start + NEW_BRACKETS_AMONG)):
            group = [("*", factors[start][1]), *factors[start + 1 : end + 1]]
            last = group[-1][1]
            if factors[start][0] == "/":
                yield _grouped(node, start, end, product_of(group))
            if isinstance(last, Power):
                base = product_of([*group[:-1], (group[-1][0], last.base)])
                yield _grouped(node, start, end, Power(base, last.exponent))


def opened(node):
    """Formulas with a pair of brackets less: `a*b - c` from `a*(b - c)`, `a - b^2` from `(a - b)^2`."""
    if isinstance(node, Power):
        if isinstance(node.base, Sum):
            *others, (sign, last) = node.base.terms
            yield Sum([*others, (sign, Power(last, node.exponent))])
        return
    for place, (operator, factor) in enumerate(node.factors):
        if isinstance(factor, Sum):
            (_, first), *middle, (sign, last) = factor.terms
            first = product_of([*node.factors[:place], (operator, first)])
            last = product_of([("*", last), *node.factors[place + 1 :]])
            yield Sum([(1, first), *middle, (sign, last)])


def _grouped(node, start, end, group):
    return product_of([*node.factors[:start], (node.factors[start][0], group), *node.factors[end + 1 :]])
