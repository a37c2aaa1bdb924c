"""Single changes of a formula that need no other name: signs, factors, terms, operations, numbers, brackets,
functions.

Each is one slip of the pen. Which of them makes a wrong formula right is not known here.
"""

import re
from itertools import combinations, permutations
from typing import NamedTuple

from neuronnet.formulas.expressions import (
    FUNCTIONS,
    Call,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
)
from neuronnet.formulas.rewriting import product_of, sum_of, with_factor, without_minus
from neuronnet.names import after

# --- The formulas that differ from one in a single pair of brackets: forgotten, or one too many.


NEW_BRACKETS_AMONG = 8  # terms or factors; nobody forgets brackets around more


def bracketed_sums(node):
    """Sums with a new pair of brackets, which may open and close inside a term.

    `a*(b - c)*d` from `a*b - c*d`, and `(a - b)^2` from `a - b^2`.
    """
    terms = node.terms
    for start in range(len(terms)):
        for end in range(start + 1, min(len(terms), start + NEW_BRACKETS_AMONG)):
            for outside, first in _endings(terms[start][1]):
                for last, close in _beginnings(terms[end][1]):
                    inner = Sum([(1, first), *terms[start + 1 : end], (terms[end][0], last)])
                    yield sum_of(
                        [*terms[:start], (terms[start][0], close(outside, inner)), *terms[end + 1 :]]
                    )


def _endings(term):
    """(the factors before, what of a term stands within brackets that open inside it)."""
    yield [], term
    if isinstance(term, Product):
        for cut in range(1, len(term.factors)):
            yield term.factors[: cut + 1], product_of([("*", term.factors[cut][1]), *term.factors[cut + 1 :]])


def _beginnings(term):
    """(what of a term stands within brackets that close inside it, function of what is outside before and
    inside).
    """
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
    """The function that puts brackets into a product: the factors before end with the one that the brackets
    replace.
    """

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
                yield _grouped(
                    node,
                    start,
                    end,
                    Power(product_of([*group[:-1], (group[-1][0], last.base)]), last.exponent),
                )


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


# --- Single changes of a formula that need no other name: signs, factors, terms, operations, numbers,
# brackets, functions.


class Change(NamedTuple):
    """One part of a formula and what stands in its place: `found` and `instead` are texts, `at` the part it
    is about.
    """

    kind: str
    found: str
    instead: str
    at: Expression
    replacement: Expression
    sentence: str


def changes(node, parent, counts=()):
    """The Changes of one part of a formula itself, not of the parts within. `counts` are numbers that may be
    meant.
    """
    match node:
        case Sum():
            yield from _of_sum(node)
        case Product():
            yield from _of_product(node)
        case Negative(inner=inner):
            yield Change(
                "sign", node.format(), inner.format(), inner, inner, f"the minus sign of {node} is too much"
            )
        case Power(base=base, exponent=exponent):
            for other in sorted({1, 2, 3, -exponent} - {exponent}):
                replacement = base if other == 1 else Power(base, other)
                yield Change(
                    "number",
                    str(exponent),
                    str(other),
                    node,
                    replacement,
                    f"the exponent of {base} should be {other}",
                )
            yield from _said(opened(node), node, "too much")
        case Call(function=function, arguments=arguments):
            yield from _of_call(node, function, arguments)
        case Number():
            for other in (1, 2, *counts):
                if other != node.value:
                    yield Change(
                        "number", node.format(), str(other), node, Number(other), f"{node} should be {other}"
                    )
    if isinstance(node, (Name, Sum, Call)) and not isinstance(parent, Power):
        squared = Power(node, 2)
        yield Change(
            "number", node.format(), squared.format(), node, squared, f"a square is missing: {squared}"
        )
    if not isinstance(node, (Number, Negative)) and not isinstance(parent, (Product, Negative)):
        yield Change(
            "sign", node.format(), (-node).format(), node, -node, f"the sign of {node} is turned around"
        )
    if not isinstance(node, Number) and not isinstance(parent, (Product, Negative)):
        over = 1 / node
        yield Change(
            "operation", node.format(), over.format(), node, over, f"{node} should be turned over: {over}"
        )
    if not isinstance(node, (Number, Call)) and not isinstance(parent, Call):
        for function in _FUNCTIONS_OF_ONE:
            call = Call(function, [node])
            yield Change(
                "function", node.format(), call.format(), node, call, f"the function is missing: {call}"
            )


_FUNCTIONS_OF_ONE = [
    name for name, (_, count) in FUNCTIONS.items() if count == 1 and name not in ("step", "sqrt")
]


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
        yield Change(
            "sign",
            node.format(),
            turned.format(),
            node,
            turned,
            f"the sign of {node} is turned around: {turned}",
        )
    for place, (sign, term) in enumerate(terms):
        flipped = Sum(
            [(sign, without_minus(term))] + terms[1:]
            if place == 0
            else terms[:place] + [(-sign, term)] + terms[place + 1 :]
        )
        before, after = ("", "-") if place == 0 else ("+ ", "- ") if sign > 0 else ("- ", "+ ")
        yield Change(
            "sign",
            before + term.format(),
            after + term.format(),
            term,
            flipped,
            f"the sign of {term} is turned around",
        )


def _of_sum(node):
    terms = node.terms
    yield from signs_of_sum(node)
    for place, (sign, term) in enumerate(terms):
        others = sum_of(terms[:place] + terms[place + 1 :])
        yield Change("extra term", term.format(), "", term, others, f"the term {term} is too much")
        if place:
            before, last = terms[place - 1]
            joined = sum_of([*terms[: place - 1], (before, last * term), *terms[place + 1 :]])
            yield Change(
                "operation",
                "+" if sign > 0 else "-",
                "*",
                term,
                joined,
                f"{last} should be multiplied by {term}: {last * term}",
            )
    yield from _said(bracketed_sums(node), node, "missing")


def _of_product(node):
    factors = node.factors
    for place, (operator, factor) in enumerate(factors):
        rest = product_of(factors[:place] + factors[place + 1 :])
        shown = factor.format() if operator == "*" else (Number(1) / factor).format()
        yield Change("extra factor", shown, "", factor, rest, f"the factor {shown} is too much")
        turned = negated(factor)
        said = f": {turned}" if isinstance(factor, Sum) and isinstance(turned, Sum) else ""
        yield Change(
            "sign",
            factor.format(),
            turned.format(),
            factor,
            with_factor(node, place, turned),
            f"the sign of {factor} is turned around{said}",
        )
        if place:
            other = "/" if operator == "*" else "*"
            word = "divided" if other == "/" else "multiplied"
            changed = product_of(factors[:place] + [(other, factor)] + factors[place + 1 :])
            yield Change("operation", operator, other, factor, changed, f"it should be {word} by {factor}")
            if operator == "*":
                left, right = product_of(factors[:place]), product_of(factors[place:])
                for sum_, sign in ((left + right, "+"), (left - right, "-")):
                    yield Change("operation", "*", sign, factor, sum_, f"{sum_} is meant, not {node}")
    for one, other in combinations(range(len(factors)), 2):
        left_over = [each for place, each in enumerate(factors) if place not in (one, other)]
        if left_over:
            pair = product_of([factors[one], factors[other]])
            yield Change(
                "extra factors",
                pair.format(),
                "",
                factors[one][1],
                product_of(left_over),
                f"the factor {pair} is too much",
            )
    yield from _said(bracketed_products(node), node, "missing")
    yield from _said(opened(node), node, "too much")


def _of_call(node, function, arguments):
    if len(arguments) == 1:
        turned = Call(function, [negated(arguments[0])])
        yield Change(
            "sign",
            node.format(),
            turned.format(),
            arguments[0],
            turned,
            f"the sign in {node} is turned around: {turned}",
        )
        for other in _FUNCTIONS_OF_ONE:
            if other != function:
                yield Change(
                    "function",
                    function,
                    other,
                    node,
                    Call(other, arguments),
                    f"did you mean {other} instead of {function}?",
                )
    last = arguments[-1]
    yield Change("function", node.format(), last.format(), node, last, f"the function {function} is too much")


# --- Slips that are one mistake and change several names of a formula: exchanged, transposed, of another
# neuron or sample.


_CHANGED_BY_AN_UPDATE = ("w", "b", "net", "out", "E")

SAMPLE = re.compile(r"\[\d+\]")


class Renaming(NamedTuple):
    """Names of a formula and what they should be, `renames`, with the kind of slip and a sentence for the
    reader.
    """

    kind: str
    renames: dict
    sentence: str

    def texts(self):
        """(what stands there, what should), the two names alone where they are exchanged."""
        if self.kind == "exchanged names":
            return tuple(self.renames)
        return ", ".join(self.renames), ", ".join(self.renames.values())


def renamings(formula, quantity, places):
    """The Renamings of a formula that change more than one name; the new names need not exist."""
    names = formula.names()
    kinds = {name: places.of(name).kind for name in names}
    for one, other in combinations(names, 2):
        if kinds[one] == kinds[other]:
            yield Renaming("exchanged names", {one: other, other: one}, f"{one} and {other} are exchanged")
    updated = [name for name in names if "@" not in name and kinds[name] in _CHANGED_BY_AN_UPDATE]
    yield from _several(
        {name: places.own_name(after(name, 1)) for name in updated},
        "the values after the update are needed: {instead}",
    )
    yield from _several(
        {name: name.partition("@")[0] for name in names if "@" in name},
        "the values before the update are needed: {instead}",
    )
    samples = {sample for name in names + quantity.names() for sample in SAMPLE.findall(name)}
    for start, end in permutations(sorted(samples), 2):
        yield from _several(
            {name: name.replace(start, end) for name in names},
            f"this is about sample {end[1:-1]}, not about {start[1:-1]}",
        )
    yield from _several({name: places.transposed(name) for name in names}, "the weights are transposed")
    for layer, start in places.single(names):
        for end, neuron in enumerate(places.neurons[layer]):
            moved = {name: places.moved(name, layer, start, end) for name in names}
            yield from _several(moved, f"this is about {neuron}, not about {places.neurons[layer][start]}")
            for kind in dict.fromkeys(kinds.values()):
                yield from _several(
                    {name: other for name, other in moved.items() if kinds[name] == kind},
                    "did you mean {instead} instead of {found}?",
                )


def _several(renames, sentence):
    """The Renaming, if it changes more than one name."""
    renames = {name: other for name, other in renames.items() if name != other}
    if len(renames) > 1:
        renaming = Renaming("name", renames, sentence)
        found, instead = renaming.texts()
        yield renaming._replace(sentence=sentence.format(found=found, instead=instead))
