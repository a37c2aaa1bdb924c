"""Slips of backpropagation in one part of a formula: transposes, orders of products, slopes, sums over
samples, names; then slips of the pen.

Every generator here yields Changes.
"""

from collections import Counter
from functools import partial
from itertools import combinations
from typing import NamedTuple

from neuronnet.formulas.expressions import (
    Call,
    Compare,
    Entry,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
    product_of,
    signed_sum,
    sum_of,
    without_minus,
)
from neuronnet.formulas.rewriting import leaves_of, turned, with_names, with_part
from neuronnet.names import split_partial
from neuronnet.repairs.surroundings import Surroundings

MOST_TERMS, MOST_ENTRIES = 5, 8
_AXES = {0: "over the rows", 1: "over the columns"}
_ACTIVATIONS = ("tanh", "logistic", "relu")
_PRODUCTS = {"⊙": "entry by entry", "@": "the matrix product", "⊗": "the outer product"}


def edits(node: Expression, parent, around: Surroundings):
    """The Changes of one part of a formula, not of parts within."""
    for each in (_transposes, _products, _slopes, _sums, _names, _entries, _factors, _terms, changes):
        yield from each(node, parent, around)


def _transposes(node, parent, around):
    if isinstance(node, Transpose) or (isinstance(parent, Product) and around.shape(node)):
        other = turned(node)
        yield change("transpose", node, other, f"{other}, not {node}")


def _products(node, parent, around):
    if not isinstance(node, Product):
        return
    for place in range(1, len(node.factors)):
        before, (operator, last) = node.factors[:place], node.factors[place]
        after, first = node.factors[place + 1 :], product_of(before)
        for other, word in _PRODUCTS.items():
            if operator != "/" and other != operator:
                whole = Product([*before, (other, last), *after])
                meant = Product([("*", first), (other, last)])
                yield change("product", last, whole, f"{word} is meant: {meant}", operator, other)
        if operator in ("@", "·", "*", "⊙"):
            for one in (first, turned(first)):
                for two in (last, turned(last)):
                    for pair in ([("*", one), ("@", two)], [("*", two), ("@", one)]):
                        meant, whole = Product(pair), Product([*pair, *after])
                        found = Product([("*", first), (operator, last)])
                        texts = found.format(), meant.format()
                        if texts[0] != texts[1]:
                            yield change("turned", first, whole, f"{meant}, not {found}", *texts)
        if operator == "/":
            meant = Product([("*", last), ("/", first)])
            yield change("turned", first, Product([*meant.factors, *after]), f"turned over: {meant}")


def _slopes(node, parent, around):
    around_it = parent.factors if isinstance(parent, Product) else []
    is_divisor = any(operator == "/" and factor is node for operator, factor in around_it)
    is_operand = isinstance(node, Name) and any(operator == "@" for operator, _ in around_it[1:])
    multiplies = not is_divisor and (not around_it or is_operand)
    for said, argument, slope in around.slopes:
        parts = [part for part in slope.parts() if isinstance(part, Sum)] if said == "logistic" else []
        for part in (slope, *parts) if multiplies else ():
            whole, operator = _times(node, part, around)
            what = f"the slope of {said}" if part is slope else f"a part of the slope of {said}"
            text = f"({part})" if isinstance(part, (Sum, Compare, Negative)) else part
            yield change("slope", node, whole, f"{what} is missing: {operator} {text}", "", part.format())
        if said not in _ACTIVATIONS:
            continue
        sentence = f"the slope of {said} at {argument} is {slope}, not"
        if not isinstance(node, (Name, Number)) and node.names():
            yield change("other slope", node, slope, f"{sentence} {node}")
        for start, end, run in _runs(node):
            whole = product_of([*node.factors[:start], (node.factors[start][0], slope), *node.factors[end:]])
            yield change("other slope", run, whole, f"{sentence} {run}", run.format(), slope.format())
    for out, options in around.softmaxes:
        said = f"the slope of softmax mixes the entries of {out}"
        mended = [("slope", node, node, "")] * multiplies  # and what the gradient is there
        for place, (_, factor) in enumerate(node.factors if isinstance(node, Product) else ()):
            if isinstance(factor, Name) and factor.name == out.name:
                rest = product_of(node.factors[:place] + node.factors[place + 1 :])
                mended.append(("slope", node, rest, ""))
        for start, end, run in _runs(node):
            rest = product_of([*node.factors[:start], *node.factors[end:]])
            mended.append(("other slope", run, rest, run.format()))
        for kind, at, gradient, found in mended:
            weighted = Product([*_open(gradient), ("⊙", out)])
            whole = Product([("*", out), ("⊙", gradient - Call("sum", [weighted], options))])
            yield change(kind, at, whole, f"{said}: {whole}", found, whole.format())


def _runs(node):
    """(start, end, product) of two factors side by side."""
    if isinstance(node, Product) and len(node.factors) > 2:
        for start in range(len(node.factors) - 1):
            pair = node.factors[start : start + 2]
            if pair[0][0] != "/" and pair[1][0] != "/":
                yield start, start + 2, Product(pair)


def _times(node, factor, around):
    """(product, its operator as shown) of two parts, entry by entry."""
    operator = "⊙" if around.shape(node) and around.shape(factor) else "*"
    (_, first), *others = _open(factor)
    return Product([*_open(node), (operator, first), *others]), operator


def _open(node):
    if isinstance(node, Product) and all(operator in ("*", "⊙", "/") for operator, _ in node.factors):
        return node.factors
    return [("*", node)]


def _sums(node, parent, around):
    if isinstance(node, Call) and node.function in ("sum", "mean"):
        (inner,) = node.arguments
        other = "mean" if node.function == "sum" else "sum"
        yield change("sum", node, Call(other, [inner], node.options), f"{other}, not {node.function}")
        yield change("sum", node, inner, f"the {node.function} is too much", node.format(), inner.format())
        for axis in (0, 1):
            if node.options.get("axis") != axis:
                whole = Call(node.function, [inner], {**node.options, "axis": axis})
                yield change("sum", node, whole, f"the {node.function} goes {_AXES[axis]}: {whole}")
    elif around.shape(node):
        kept = [] if parent is None else [{"axis": axis, "keepdims": True} for axis in (0, 1)]
        for function in ("sum", "mean"):
            for options in ({"axis": 0}, {"axis": 1}, {}, *kept):
                whole = Call(function, [node], options)
                goes = f" {_AXES[options['axis']]}" if options else ""
                yield change("sum", node, whole, f"the {function}{goes} is missing: {whole}", "", function)


def _names(node, parent, around):
    if isinstance(node, Name):
        for other in around.alike(node.name):
            alike = (split_partial(other) is None) == (split_partial(node.name) is None)
            kind = "name" if alike and parent is not None else "other name"
            yield change(kind, node, Name(other), f"{other}, not {node.name}")
    if parent is None:
        names = [leaf for leaf in leaves_of(node) if isinstance(leaf, Name)]
        for name, count in Counter(leaf.name for leaf in names).items():
            for other in around.alike(name) if count > 1 else ():
                renamed = with_names(
                    node, partial(dict.get, {each: each for each in node.names()} | {name: other})
                )
                at = next(leaf for leaf in names if leaf.name == name)
                yield change("name", at, renamed, f"{other}, not {name}, everywhere", name, other)


def _entries(node, parent, around):
    if isinstance(node, Entry) and all(isinstance(index, int) for index in node.indices):
        first = 0 if node.from_zero else 1
        for place, length in enumerate(around.shape(node.base)[: len(node.indices)]):
            for index in range(first, first + min(length, MOST_ENTRIES)):
                if index != node.indices[place]:
                    indices = [*node.indices[:place], index, *node.indices[place + 1 :]]
                    other = Entry(node.base, indices, node.from_zero)
                    yield change("name", node, other, f"{other}, not {node}")


def _factors(node, parent, around):
    """What is multiplied: a name, or a factor of the true formula."""
    if isinstance(parent, Product) and not isinstance(node, Name):
        return
    if not isinstance(parent, Product):
        for factor in [*around.factors, *(Name(name) for name in around.names)]:
            if factor.format() != node.format():
                whole, _ = _times(node, factor, around)
                yield change("factor", node, whole, f"the factor {factor} is missing", "", factor.format())
        for divisor in around.divisors:
            whole = Product([*_open(node), ("/", divisor)])
            yield change("factor", node, whole, f"divide by {divisor}", "", (1 / divisor).format())
    if around.shape(node):
        for name in around.true.names():
            for factor in (Name(name), Transpose(Name(name))) if around.shape(Name(name)) else ():
                for pair in ([("*", factor), ("@", node)], [("*", node), ("@", factor)]):
                    whole = Product(pair)
                    sentence = f"the factor {factor} is missing: {whole}"
                    yield change("matrix factor", node, whole, sentence, "", factor.format())


def _terms(node, parent, around):
    if isinstance(parent, Sum):
        return
    if isinstance(node, Product):
        for place in range(1, len(node.factors)):
            before, rest = product_of(node.factors[:place]), node.factors[place:]
            for term in _signed(around.terms):
                inner = signed_sum([(1, before), (1, term)])
                whole = Product([("*", inner), *rest])
                said = _missing_terms([term], inner, around)
                yield change("term", before, whole, said, "", term.format())
    pairs = combinations(around.terms, 2) if 2 < len(around.terms) <= MOST_TERMS else ()
    for terms in [*([term] for term in _signed([*around.terms, Number(1)])), *map(list, pairs)]:
        whole = signed_sum([*node._terms(), *((1, term) for term in terms)])
        said = _missing_terms(terms, whole, around)
        yield change("term", node, whole, said, "", " + ".join(map(str, terms)))


def _signed(terms):
    """Each term and its negative."""
    return [each for term in terms for each in (term, without_minus(term))]


def _missing_terms(terms, whole, around):
    names = [around.derived.get(name) for term in terms for name in term.names()]
    names = list(dict.fromkeys(name for name in names if name))
    one, several, told = ("path through", "paths through", names)
    if len(names) != len(terms):
        one, several, told = ("term", "terms", terms)
    which = f"{one} {told[0]} is" if len(told) == 1 else f"{several} {' and '.join(map(str, told))} are"
    text = whole.format()
    return f"the {which} missing" if "ones_like" in text else f"the {which} missing: {text}"


# Slips of the pen: signs, factors, terms, operations, numbers, brackets, functions.

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
    if arguments:
        yield change("function", node, arguments[-1], f"the function {function} is too much")
