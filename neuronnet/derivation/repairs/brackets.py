"""The formulas that differ from one in a single pair of brackets: forgotten, or one too many."""

from neuronnet.derivation.expressions import Power, Product, Sum
from neuronnet.derivation.repairs.structure import product_of, sum_of

NEW_BRACKETS_AMONG = 8      # terms or factors; nobody forgets brackets around more


def bracketed_sums(node):
    """Sums with a new pair of brackets, which may open and close inside a term.

    `a*(b - c)*d` from `a*b - c*d`, and `(a - b)^2` from `a - b^2`.
    """
    terms = node.terms
    for start in range(len(terms)):
        for end in range(start + 1, min(len(terms), start + NEW_BRACKETS_AMONG)):
            for outside, first in _endings(terms[start][1]):
                for last, close in _beginnings(terms[end][1]):
                    inner = Sum([(1, first), *terms[start + 1:end], (terms[end][0], last)])
                    yield sum_of([*terms[:start], (terms[start][0], close(outside, inner)), *terms[end + 1:]])


def _endings(term):
    """(the factors before, what of a term stands within brackets that open inside it)."""
    yield [], term
    if isinstance(term, Product):
        for cut in range(1, len(term.factors)):
            yield term.factors[:cut + 1], product_of([("*", term.factors[cut][1]), *term.factors[cut + 1:]])


def _beginnings(term):
    """(what of a term stands within brackets that close inside it, function of what is outside before and inside)."""
    yield term, _closing([])
    factors = term._factors()
    for cut in range(1, len(factors) + 1):
        last = factors[cut - 1][1]
        if cut < len(factors):
            yield product_of(factors[:cut]), _closing(factors[cut:])
        if isinstance(last, Power):
            base = product_of([*factors[:cut - 1], (factors[cut - 1][0], last.base)])
            yield base, _closing(factors[cut:], last.exponent)


def _closing(after, exponent=1):
    """The function that puts brackets into a product: the factors before end with the one that the brackets replace."""
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
            group = [("*", factors[start][1]), *factors[start + 1:end + 1]]
            last = group[-1][1]
            if factors[start][0] == "/":
                yield _grouped(node, start, end, product_of(group))
            if isinstance(last, Power):
                yield _grouped(node, start, end, Power(product_of([*group[:-1], (group[-1][0], last.base)]), last.exponent))


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
            last = product_of([("*", last), *node.factors[place + 1:]])
            yield Sum([(1, first), *middle, (sign, last)])


def _grouped(node, start, end, group):
    return product_of([*node.factors[:start], (node.factors[start][0], group), *node.factors[end + 1:]])
