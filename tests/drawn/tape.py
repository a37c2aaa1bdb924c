"""A tape: the derivative of what is made of these operations, and the same with a mistake in the sweep back.

Every operation keeps its parents and, for each, a function from the upstream gradient to its share; a mistake
is an edit of one operation's share. Nothing is judged here.
"""

import numpy as np

MISTAKES = {  # id: (whether an operation can have it, what becomes of the share of one parent)
    "sign": (lambda node, of: True, lambda node, of, up, part: -part),
    "twice": (lambda node, of: True, lambda node, of, up, part: 2.0 * part),
    "dropped": (
        lambda node, of: len(node.parents) > 1 or of.uses > 1,
        lambda node, of, up, part: 0.0 * part,
    ),
    "slope left out": (
        lambda node, of: node.op in ELEMENTWISE and of.value.shape == node.value.shape,
        lambda node, of, up, part: up,
    ),
    "value for slope": (
        lambda node, of: node.op in ("tanh", "sigmoid", "softmax"),
        lambda node, of, up, part: up * node.value,
    ),
    "diagonal only": (
        lambda node, of: node.op == "softmax",
        lambda node, of, up, part: up * node.value * (1.0 - node.value),
    ),
    "upstream not multiplied in": (
        lambda node, of: node.op in ELEMENTWISE and node.value.size > 1,
        lambda node, of, up, part: node.parents[0][1](np.ones_like(up)),
    ),
    "mean for sum": (
        lambda node, of: node.op in ("+", "*") and node.value.size > of.value.size,
        lambda node, of, up, part: part * of.value.size / node.value.size,
    ),
    "mean not divided": (
        lambda node, of: node.op == "mean",
        lambda node, of, up, part: part * of.value.size / node.value.size,
    ),
    "transposed": (
        lambda node, of: node.op == "@" and of.value.ndim == 2 and of.value.shape[0] == of.value.shape[1] > 1,
        lambda node, of, up, part: part.T,
    ),
    "assigned": (
        lambda node, of: node.op == "take" and node.repeats,
        lambda node, of, up, part: node.last(up),
    ),
}
ELEMENTWISE = ("tanh", "sigmoid", "relu", "exp", "log", "softplus", "sqrt", "power", "gelu", "abs")


class Node:
    """A value with its parents on the tape."""

    __array_ufunc__ = None  # an array at the left lets the Node do the operation
    tape: list = []

    def __init__(self, value, op="given", parents=()):
        self.value, self.op, self.parents, self.uses = value, op, parents, 0
        for parent, _ in parents:
            parent.uses += 1
        Node.tape.append(self)

    shape = property(lambda self: self.value.shape)
    T = property(lambda self: self.transpose())

    def __add__(self, other):
        return _two(self, other, "+", np.add, lambda up, a, b: up, lambda up, a, b: up)

    def __sub__(self, other):
        return _two(self, other, "-", np.subtract, lambda up, a, b: up, lambda up, a, b: -up)

    def __mul__(self, other):
        return _two(self, other, "*", np.multiply, lambda up, a, b: up * b, lambda up, a, b: up * a)

    def __truediv__(self, other):
        return _two(self, other, "/", np.divide, lambda up, a, b: up / b, lambda up, a, b: -up * a / b**2)

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return self.power(-1.0) * other

    def __neg__(self):
        return Node(-self.value, "minus", ((self, lambda up: -up),))

    __radd__, __rmul__ = __add__, __mul__

    def __matmul__(self, other):
        a, b = self, _node(other, self)
        x, y = a.value, b.value

        def to_a(up):
            if y.ndim == 1:
                return up[..., None] * y if x.ndim > 1 else up * y
            return up @ np.swapaxes(y, -1, -2) if x.ndim > 1 else y @ up

        def to_b(up):
            if x.ndim == 1:
                return np.outer(x, up) if y.ndim > 1 else up * x
            return np.swapaxes(x, -1, -2) @ up if y.ndim > 1 else x.T @ up

        return Node(x @ y, "@", ((a, to_a), (b, to_b)))

    def __rmatmul__(self, other):
        return _node(other, self) @ self

    def __getitem__(self, index):
        node = Node(self.value[index], "take")

        def back(up):
            found = np.zeros_like(self.value)
            np.add.at(found, index, up)
            return found

        def last(up):  # "=" in the place of "+="
            found = np.zeros_like(self.value)
            found[index] = up
            return found

        node.parents, node.last = ((self, back),), last
        ones = back(np.ones_like(node.value))
        node.repeats, self.uses = bool(np.any(ones > 1)), self.uses + 1
        return node

    def transpose(self, *axes):
        axes = axes or tuple(reversed(range(self.value.ndim)))
        return Node(self.value.transpose(axes), "T", ((self, lambda up: up.transpose(np.argsort(axes))),))

    def reshape(self, *shape):
        return Node(self.value.reshape(shape), "reshape", ((self, lambda up: up.reshape(self.value.shape)),))

    def sum(self, axis=None, keepdims=False):
        return self._reduced("sum", np.sum, axis, keepdims, 1.0)

    def mean(self, axis=None, keepdims=False):
        count = self.value.size / np.mean(self.value, axis=axis).size
        return self._reduced("mean", np.mean, axis, keepdims, 1.0 / count)

    def _reduced(self, op, function, axis, keepdims, factor):
        def back(up):
            up = up if keepdims or axis is None else np.expand_dims(up, axis)
            return np.broadcast_to(up * self.value.dtype.type(factor), self.value.shape).copy()

        return Node(np.asarray(function(self.value, axis=axis, keepdims=keepdims)), op, ((self, back),))

    def max(self, axis):
        """The largest along an axis; the first of several takes the gradient."""
        first = np.argmax(self.value, axis=axis)
        chosen = np.expand_dims(first, axis)

        def back(up):
            found = np.zeros_like(self.value)
            np.put_along_axis(found, chosen, np.expand_dims(up, axis), axis)
            return found

        return Node(np.take_along_axis(self.value, chosen, axis).squeeze(axis), "max", ((self, back),))

    def power(self, n):
        return self._each("power", self.value**n, lambda: n * self.value ** (n - 1.0))

    def _each(self, op, value, slope):
        return Node(value, op, ((self, lambda up: (up * slope()).astype(self.value.dtype)),))

    def exp(self):
        value = np.exp(self.value)
        return self._each("exp", value, lambda: value)

    def log(self):
        return self._each("log", np.log(self.value), lambda: 1.0 / self.value)

    def sqrt(self):
        value = np.sqrt(self.value)
        return self._each("sqrt", value, lambda: 0.5 / value)

    def abs(self):
        return self._each("abs", np.abs(self.value), lambda: np.sign(self.value))

    def tanh(self):
        value = np.tanh(self.value)
        return self._each("tanh", value, lambda: 1.0 - value**2)

    def sigmoid(self):
        value = _sigmoid(self.value)
        return self._each("sigmoid", value, lambda: value * _sigmoid(-self.value))

    def relu(self, leak=0.0):
        slope = np.where(self.value > 0.0, 1.0, leak).astype(self.value.dtype)
        return self._each("relu", self.value * slope, lambda: slope)

    def softplus(self):
        return self._each("softplus", np.logaddexp(self.value, 0.0), lambda: _sigmoid(self.value))

    def gelu(self):
        x = self.value
        inner = np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)
        t = np.tanh(inner)
        slope = 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t**2) * np.sqrt(2.0 / np.pi) * (1.0 + 3 * 0.044715 * x**2)
        return self._each("gelu", (0.5 * x * (1.0 + t)).astype(x.dtype), lambda: slope)

    def softmax(self, axis=-1):
        shifted = np.exp(self.value - self.value.max(axis=axis, keepdims=True))
        value = shifted / shifted.sum(axis=axis, keepdims=True)
        back = lambda up: value * (up - np.sum(up * value, axis=axis, keepdims=True))  # noqa: E731
        return Node(value, "softmax", ((self, back),))

    def logsumexp(self, axis=-1, keepdims=False):
        top = self.value.max(axis=axis, keepdims=True)
        total = np.sum(np.exp(self.value - top), axis=axis, keepdims=True)
        value, parts = top + np.log(total), np.exp(self.value - top) / total
        widen = lambda up: up if keepdims else np.expand_dims(up, axis)  # noqa: E731
        value = value if keepdims else value.squeeze(axis)
        return Node(value, "logsumexp", ((self, lambda up: widen(up) * parts),))

    def inverse(self):
        value = np.linalg.inv(self.value)
        return Node(value, "inverse", ((self, lambda up: -value.T @ up @ value.T),))

    def log_determinant(self):
        value = np.asarray(np.linalg.slogdet(self.value)[1])
        return Node(value, "logdet", ((self, lambda up: up * np.linalg.inv(self.value).T),))


def stack(nodes, axis=0):
    """Some Nodes of one shape, stacked along a new axis."""
    nodes = tuple(nodes)
    shares = [(node, lambda up, i=i: np.take(up, i, axis=axis)) for i, node in enumerate(nodes)]
    return Node(np.stack([node.value for node in nodes], axis=axis), "stack", tuple(shares))


def maximum(a, b):
    """The larger of two Nodes, entry by entry; a tie goes to the first."""
    b = _node(b, a)
    first = a.value >= b.value
    return _two(a, b, "max", np.maximum, lambda up, x, y: up * first, lambda up, x, y: up * ~first)


def record(function, parameters, dtype=np.float64):
    """(the result of function(Nodes), the Nodes by name, the tape) for a dict of arrays."""
    Node.tape = []
    given = {name: Node(np.asarray(value, dtype=dtype)) for name, value in parameters.items()}
    return function(given), given, Node.tape


def gradients(result, given, tape, mistake=None):
    """Name -> gradient of a scalar result. mistake: (id, number of a Node on the tape, of its parent)."""
    upstream = {id(result): np.ones_like(result.value)}
    for number in range(len(tape) - 1, -1, -1):
        node = tape[number]
        up = upstream.get(id(node))
        if up is None:
            continue
        for which, (parent, back) in enumerate(node.parents):
            share = back(up)
            if mistake is not None and mistake[1:] == (number, which):
                share = MISTAKES[mistake[0]][1](node, parent, up, share)
            share = np.asarray(share, dtype=parent.value.dtype).reshape(parent.value.shape)
            before = upstream.get(id(parent))
            upstream[id(parent)] = share if before is None else before + share
    return {name: upstream.get(id(node), np.zeros_like(node.value)) for name, node in given.items()}


def possible_mistakes(result, given, tape):
    """[(id, node, parent)]: every mistake that the sweep back from a result over the tape can have."""
    reached, moved = {id(result)}, {id(node) for node in given.values()}
    for node in tape:
        if any(id(parent) in moved for parent, _ in node.parents):
            moved.add(id(node))
    found = []
    for number in range(len(tape) - 1, -1, -1):
        node = tape[number]
        if id(node) not in reached:
            continue
        for which, (parent, _) in enumerate(node.parents):
            reached.add(id(parent))
            if id(parent) in moved:
                found += [(name, number, which) for name, (can, _) in MISTAKES.items() if can(node, parent)]
    return found


def _node(value, like):
    return value if isinstance(value, Node) else Node(np.asarray(value, dtype=like.value.dtype))


def _two(a, b, op, function, to_a, to_b):
    b = _node(b, a)
    x, y = a.value, b.value
    fold_a, fold_b = (
        (lambda up: _folded(to_a(up, x, y), x.shape)),
        (lambda up: _folded(to_b(up, x, y), y.shape)),
    )
    return Node(np.asarray(function(x, y)), op, ((a, fold_a), (b, fold_b)))


def _folded(up, shape):
    """The sum over what broadcasting repeated."""
    up = np.asarray(up)
    up = up.sum(axis=tuple(range(up.ndim - len(shape)))) if up.ndim > len(shape) else up
    repeated = tuple(i for i, (a, b) in enumerate(zip(up.shape, shape)) if b == 1 < a)
    return up.sum(axis=repeated, keepdims=True) if repeated else up


def _sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0.0, 1.0 / (1.0 + e), e / (1.0 + e))
