"""Drawn models of arrays: given numbers, vectors and matrices, formulas of every kind, and a loss."""

from neuronnet.derivation.model import Model
from neuronnet.elementary import Literal
from neuronnet.formulas.arrays import Array, ShapeError
from neuronnet.formulas.calls import call
from neuronnet.formulas.expressions import (
    ArrayOf,
    Compare,
    Entry,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
    total,
)

SMOOTH = (
    "exp tanh logistic relu leaky_relu elu softplus gelu abs sin cos square swish erf softmax flatten".split()
)
WHOLE = "sum mean max min logsumexp var".split()
OF_POSITIVE = "ln sqrt log2 log10 norm".split()
INDICES = [None, 1, 2, (1, 2), (2, None), [1, 2, 1], [2, 2]]


def drawn_model(random) -> Model:
    """A model whose last formula, L, is a number that depends on several others."""
    model, n = Model(), random.choice([2, 3, 4])
    shapes = [(), (n,), (n, 1), (1, n), (n, n), (n, 3), (3, n), (1, 1), (1,), (3,)]
    for place in range(random.choice([2, 3, 5])):
        model.give(f"q{place}", _given(random, random.choice(shapes)))
    for place in range(random.choice([2, 4, 6])):
        for _ in range(20):
            formula = _drawn(random, model.names(), random.choice([1, 2, 3]))
            try:
                if formula.names():
                    model.define(f"f{place}", formula)
                    break
            except ShapeError:
                continue
    chosen = [model.names()[-1], random.choice(model.names()), random.choice(model.names())]
    scaled = [Name(name) * Number(Literal(factor)) for name, factor in zip(chosen, ("1.3", "0.7", "0.9"))]
    model.define("L", total(call("sum", [call("tanh", [each])]) for each in scaled))
    return model


def product(*factors):
    """product(a, "@", b): the factors with the signs between them."""
    return Product([(sign, factor) for sign, factor in zip(("*", *factors[1::2]), factors[::2])])


def _given(random, shape):
    count = (shape or (1,))[0] * (shape or (1,))[-1] if len(shape) != 1 else shape[0]
    numbers = [Literal(f"{random.uniform(-1.2, 1.2):.3f}") for _ in range(count)]
    return Array(numbers, shape) if shape else numbers[0]


def _positive(formula):
    return Number(1) + formula**2


def _axis(random):
    options = {"axis": random.choice([0, 1, -1])} if random.random() < 0.6 else {}
    return options | ({"keepdims": True} if random.random() < 0.4 else {})


def _drawn(random, names, depth):
    if depth == 0:
        literal = random.choice([Number(2), Number(3), Number(Literal("0.5"))])
        return Name(random.choice(names)) if random.random() < 0.9 else literal

    def part():
        return _drawn(random, names, depth - 1)

    def parts(counts):
        return [part() for _ in range(random.choice(counts))]

    kinds = {
        "sum": lambda: Sum([(1, part())] + [(random.choice([1, -1]), each) for each in parts([1, 2])]),
        "product": lambda: Product(
            [("*", part())] + [(random.choice("*·@⊙⊗"), each) for each in parts([1, 2])]
        ),
        "quotient": lambda: Product([("*", part()), ("/", _positive(part()))]),
        "transpose": lambda: Transpose(part()),
        "negative": lambda: Negative(part()),
        "power": lambda: Power(part(), random.choice([1, 2, 3])),
        "inverse": lambda: Power(_positive(part()), -1),
        "vector": lambda: ArrayOf(parts([1, 2, 3])),
        "matrix": lambda: ArrayOf([[part(), part()] for _ in range(random.choice([1, 2]))]),
        "entry": lambda: Entry(
            part(), random.choices(INDICES, k=random.choice([1, 2])), random.choice([None, True])
        ),
        "where": lambda: call("where", [Compare(part(), random.choice("<>"), part()), part(), part()]),
        "several": lambda: call(random.choice(["max", "min", "logsumexp"]), parts([2, 3])),
        "exponent": lambda: call("power", [_positive(part()), part()]),
        "outer": lambda: call("outer", [part(), part()]),
        "diag": lambda: call("diag", [part()]),
        "smooth": lambda: call(random.choice(SMOOTH), [part()]),
        "slope": lambda: call(random.choice(["leaky_relu", "elu"]), [part(), part()]),
        "whole": lambda: call(random.choice(WHOLE), [part()], _axis(random)),
        "shares": lambda: call("softmax", [part()], {"axis": random.choice([0, 1])}),
        "positive": lambda: call(random.choice(OF_POSITIVE), [_positive(part())]),
    }
    weights = [6 if kind == "product" else 1 for kind in kinds]
    return kinds[random.choices(list(kinds), weights)[0]]()
