"""Formulas as trees over arrays, and two ways to their values: decimals, and complex numbers for slopes.

A tree is built by Python's own operators: `name("W2").T @ name("d:z2") * (1 - name("a1") ** 2)`. Values are
NumPy arrays of shape () or (rows, columns). Nothing here knows of neuronnet.
"""

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

import numpy as np

STEP = np.longdouble("1e-40")  # of the complex step: its square vanishes beside 1


@dataclass(frozen=True)
class Tree:
    """An operation on other trees; `data` is a number, a name, a function, an axis or a tag."""

    op: str
    parts: tuple = ()
    data: object = None

    def __add__(self, other):
        return Tree("add", (self, tree(other)))

    def __radd__(self, other):
        return Tree("add", (tree(other), self))

    def __sub__(self, other):
        return Tree("sub", (self, tree(other)))

    def __rsub__(self, other):
        return Tree("sub", (tree(other), self))

    def __mul__(self, other):
        return Tree("mul", (self, tree(other)))

    def __rmul__(self, other):
        return Tree("mul", (tree(other), self))

    def __truediv__(self, other):
        return Tree("div", (self, tree(other)))

    def __rtruediv__(self, other):
        return Tree("div", (tree(other), self))

    def __matmul__(self, other):
        return Tree("matmul", (self, tree(other)))

    def __pow__(self, power):
        return Tree("pow", (self,), power)

    def __neg__(self):
        return Tree("neg", (self,))

    @property
    def T(self):
        """The transposed tree."""
        return Tree("T", (self,))


def tree(value):
    """A number as a tree; a tree as it is."""
    return value if isinstance(value, Tree) else Tree("num", data=str(value))


def name(key):
    """The quantity called `key`."""
    return Tree("name", data=key)


def call(function, argument, axis=None):
    """`function` of `argument`, along `axis` where it reduces one."""
    return Tree("call", (argument,), (function, axis))


def tagged(tag, part):
    """`part`, marked as what a mistake may leave out: "slope", "path" or "mean"."""
    return Tree("tag", (part,), tag)


def names_in(node):
    """The keys of all names in a tree, from left to right."""
    if node.op == "name":
        return [node.data]
    return [key for part in node.parts for key in names_in(part)]


def replaced(node, old, new):
    """The tree with the very node `old` (by identity) replaced by `new`."""
    if node is old:
        return new
    parts = tuple(replaced(part, old, new) for part in node.parts)
    return node if all(a is b for a, b in zip(parts, node.parts)) else Tree(node.op, parts, node.data)


def nodes(node):
    """All nodes of a tree, the outer ones first."""
    yield node
    for part in node.parts:
        yield from nodes(part)


def in_decimals(node, values, rounded=None):
    """The value as an array of Decimals; `rounded(op, value)` is applied to each intermediate result."""
    with localcontext(Context(prec=50)):
        return _value(node, values, DECIMALS, lambda text: np.array(Decimal(text), dtype=object), rounded)


def gradients(definitions, givens, loss):
    """The derivative of `loss` by each entry of each quantity, by a complex step with a tap on it."""
    start, slopes = as_complex(givens), {}
    for key, value in forward(definitions, start).items():
        slopes[key] = np.zeros(value.shape, dtype=np.longdouble)
        for index in np.ndindex(value.shape):
            tap = np.zeros(value.shape, dtype=np.clongdouble)
            tap[index] = 1j * STEP
            slopes[key][index] = (forward(definitions, start, {key: tap})[loss].imag / STEP).item()
    return slopes


def forward(definitions, start, taps=None):
    """All values of a model from complex givens; `taps` are added to the quantities that they name."""
    taps = taps or {}
    values = {key: value + taps.get(key, 0) for key, value in start.items()}
    for key, formula in definitions.items():
        value = _value(formula, values, COMPLEX, lambda text: np.clongdouble(np.longdouble(text)), None)
        values[key] = np.asarray(value) + taps.get(key, 0)
    return values


def as_complex(givens):
    """The givens as arrays of complex numbers."""
    texts = {key: np.vectorize(str, otypes=[object])(value) for key, value in givens.items()}
    return {key: np.vectorize(np.longdouble, otypes=[np.clongdouble])(text) for key, text in texts.items()}


def _value(node, values, functions, number, rounded):
    if node.op == "name":
        return np.asarray(values[node.data])
    if node.op == "num":
        return np.asarray(number(node.data))
    parts = [_value(part, values, functions, number, rounded) for part in node.parts]
    result = np.asarray(OPERATIONS[node.op](*parts, node.data, functions))
    return result if rounded is None or node.op in ("tag", "T", "neg") else rounded(node.op, result)


def _product(left, right):
    return left * right if left.shape == () or right.shape == () else left @ right


OPERATIONS = {
    "add": lambda a, b, data, functions: a + b,
    "sub": lambda a, b, data, functions: a - b,
    "mul": lambda a, b, data, functions: a * b,
    "div": lambda a, b, data, functions: a / b,
    "matmul": lambda a, b, data, functions: _product(a, b),
    "pow": lambda a, data, functions: a**data,
    "neg": lambda a, data, functions: -a,
    "T": lambda a, data, functions: a.T,
    "tag": lambda a, data, functions: a,
    "call": lambda a, data, functions: functions[data[0]](a, data[1]),
}


def _entrywise(function):
    return lambda a, axis: np.asarray(np.frompyfunc(function, 1, 1)(a))


def _softmax(exp):
    def softmax(a, axis):
        powers = exp(a, None)
        return powers / powers.sum(axis=axis, keepdims=True)

    return softmax


def _sum(a, axis):
    return a.sum() if axis is None else a.sum(axis=axis, keepdims=True)


def _mean(a, axis):
    return _sum(a, axis) / (a.size if axis is None else a.shape[axis])


_decimal_exp = _entrywise(lambda x: x.exp())
DECIMALS = {
    "exp": _decimal_exp,
    "ln": _entrywise(lambda x: x.ln()),
    "sqrt": _entrywise(lambda x: x.sqrt()),
    "tanh": _entrywise(lambda x: 1 - 2 / ((2 * x).exp() + 1)),
    "logistic": _entrywise(lambda x: 1 / (1 + (-x).exp())),
    "relu": _entrywise(lambda x: max(x, Decimal(0))),
    "positive": _entrywise(lambda x: Decimal(int(x > 0))),
    "softplus": _entrywise(lambda x: (1 + x.exp()).ln()),
    "softmax": _softmax(_decimal_exp),
    "sum": _sum,
    "mean": _mean,
}
COMPLEX = {
    "exp": lambda a, axis: np.exp(a),
    "ln": lambda a, axis: np.log(a),
    "sqrt": lambda a, axis: np.sqrt(a),
    "tanh": lambda a, axis: np.tanh(a),
    "logistic": lambda a, axis: 1 / (1 + np.exp(-a)),
    "relu": lambda a, axis: np.where(a.real > 0, a, 0),
    "positive": lambda a, axis: (a.real > 0) + 0j,
    "softplus": lambda a, axis: np.log(1 + np.exp(a)),
    "softmax": _softmax(lambda a, axis: np.exp(a)),
    "sum": _sum,
    "mean": _mean,
}
