"""Functions in formulas: one table for those of numbers, one for those of whole arrays.

A row of FUNCTIONS has the function, how many arguments it takes (None: any number) and its derivative by each
argument as a formula. `OTHERS` are written with those: relu, softplus, var. Each holds for arrays entry by
entry.
"""

from collections.abc import Callable
from functools import partial

from neuronnet import elementary
from neuronnet.errors import NeuronnetError
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, mapped
from neuronnet.formulas.expressions import Expression, Number, signed_sum, simple_product, total, wrap


class Call(Expression):
    """A `function` of FUNCTIONS or of WHOLE, by its name, applied to `arguments`.

    `options` are `axis` and `keepdims`, for functions of whole arrays.
    """

    def __init__(self, function, arguments, options=None):
        self.function, self.arguments = function, [wrap(argument) for argument in arguments]
        self.options = options or {}

    def _text(self, leaf):
        options = [f"{name}={value}" for name, value in self.options.items()]
        inside = [argument._text(leaf) for argument in self.arguments] + options
        return f"{self.function}({', '.join(inside)})"

    def parts(self):
        return self.arguments

    def rebuilt(self, parts):
        return Call(self.function, parts, self.options)

    def _derivative(self, name):
        pairs = zip(FUNCTIONS[self.function][2](*self.arguments), self.arguments)
        return signed_sum(
            (1, simple_product([("*", slope), ("*", each.derivative(name))])) for slope, each in pairs
        )

    def evaluator(self, number):
        arguments = [argument.evaluator(number) for argument in self.arguments]
        if self.function in WHOLE:
            function = partial(WHOLE[self.function], **self.options)
            return lambda values: function(*[argument(values) for argument in arguments])
        function = FUNCTIONS[self.function][0]
        if len(arguments) == 1:
            only = arguments[0]

            def evaluate(values):
                value = only(values)
                return value.map(function) if type(value) is Array else function(value)

            return evaluate
        return lambda values: mapped(function, *[argument(values) for argument in arguments])


def call(function: str, arguments: list, options: dict | None = None) -> Expression:
    """A function that a formula may use, from FUNCTIONS, WHOLE or OTHERS, applied to arguments.

    Raises KeyError for an unknown function and TypeError for the wrong number of arguments.
    """
    if function in OTHERS:
        return OTHERS[function](*map(wrap, arguments), **(options or {}))
    if function in FUNCTIONS:
        count = FUNCTIONS[function][1]
        if (count is not None and count != len(arguments)) or options:
            raise TypeError(f"{function} takes {count} argument{'s' if count != 1 else ''} and no options")
    elif function not in WHOLE:
        raise KeyError(function)
    return Call(function, arguments, options)


def names() -> list[str]:
    """The names of all functions."""
    return [*FUNCTIONS, *WHOLE, *OTHERS]


def _shares(*terms):
    """exp(x_k)/(exp(x_1) + exp(x_2) + ...), divided through by exp(x_k), for every k."""
    return [
        1 / total(Number(1) if j == k else Call("exp", [other - term]) for j, other in enumerate(terms))
        for k, term in enumerate(terms)
    ]


def _largest_slopes(one, other):
    """Of max(a, b) by a and by b; where they are equal, the slope of a counts, as of max(0, x) that of 0."""
    other_is_larger = Call("step", [other if _is(one, 0) else other - one])
    return [1 - other_is_larger, other_is_larger]


def _is(expression, value):
    return isinstance(expression, Number) and expression.value == value


# Name -> (function, how many arguments, None for any; the derivatives by each argument, from the arguments).
FUNCTIONS = {
    "exp": (elementary.exp, 1, lambda x: [Call("exp", [x])]),
    "ln": (elementary.ln, 1, lambda x: [1 / x]),
    "tanh": (elementary.tanh, 1, lambda x: [Call("tanh'", [x])]),
    "sqrt": (elementary.sqrt, 1, lambda x: [1 / (2 * Call("sqrt", [x]))]),
    "step": (elementary.step, 1, lambda x: [Number(0)]),
    "max": (elementary.larger, 2, _largest_slopes),
    "logsumexp": (elementary.logsumexp, None, _shares),
    "logistic": (elementary.logistic, 1, lambda x: [Call("logistic'", [x])]),
    "logistic'": (
        elementary.logistic_slope,
        1,
        lambda x: [Call("logistic'", [x]) * (1 - 2 * Call("logistic", [x]))],
    ),
    "tanh'": (elementary.tanh_slope, 1, lambda x: [-2 * Call("tanh", [x]) * Call("tanh'", [x])]),
    "abs": (elementary.size, 1, lambda x: [Call("sign", [x])]),
    "sign": (elementary.sign, 1, lambda x: [Number(0)]),
    "where": (
        lambda condition, yes, no: yes if elementary.real_part(condition) != 0 else no,
        3,
        lambda condition, yes, no: [
            Number(0),
            Call("where", [condition, 1, 0]),
            Call("where", [condition, 0, 1]),
        ],
    ),
    "power": (elementary.power, 2, lambda x, n: [n * Call("power", [x, n - 1]), Call("ln", [x]) * x**1]),
}


def _softmax(values):
    return [elementary.share(each, *values[:k], *values[k + 1 :]) for k, each in enumerate(values)]


def _total(values):
    found = values[0]
    for each in values[1:]:
        found = found + each
    return found


def _mean(values):
    return _total(values) / len(values)


def _greatest(values):
    return max(values, key=elementary.real_part)


def _log_sum(values):
    return elementary.logsumexp(*values)


def _is_greatest(values):
    """1 for the first of the greatest entries, 0 for the others."""
    greatest = values.index(_greatest(values))
    return [value * 0 + (1 if place == greatest else 0) for place, value in enumerate(values)]


def _reduction(combine):
    return lambda value, axis=None, keepdims=False: arrays.reduced(combine, value, axis, bool(keepdims))


def _filled(entry):
    """An array of one number, in the shape that its arguments or entries name: ones(3), ones(2, 3)."""

    def make(*lengths, axis=None, keepdims=False):
        lengths = [length for each in lengths for length in arrays.entries(each)]
        counts = [int(elementary.real_part(length)) for length in lengths]
        if not counts or len(counts) > 2 or any(count < 1 for count in counts):
            raise NeuronnetError("an array has one or two dimensions of at least 1")
        one = lengths[0] / lengths[0]
        amount = counts[0] * (counts[1] if len(counts) == 2 else 1)
        if amount > arrays.MOST_ENTRIES:
            raise arrays.ShapeError(f"an array of more than {arrays.MOST_ENTRIES} entries")
        return Array([one * entry] * amount, tuple(counts))

    return make


def _as_row(value):
    return Array(value.entries, (1, arrays.size(value))) if isinstance(value, Array) else value


def _as_column(value):
    return Array(value.entries, (arrays.size(value), 1)) if isinstance(value, Array) else value


def _as_plain(value):
    return Array(value.entries) if isinstance(value, Array) else value


# Name -> a function of arrays as a whole; derivation/sweep.py has their derivatives.
WHOLE: dict[str, Callable] = {
    "sum": _reduction(_total),
    "mean": _reduction(_mean),
    "amax": _reduction(_greatest),
    "lse": _reduction(_log_sum),
    "softmax": lambda value, axis=None: arrays.by_lines(_softmax, value, axis),
    "is_greatest": lambda value, axis=None: arrays.by_lines(_is_greatest, value, axis),
    "ones_like": lambda value: mapped(lambda entry: entry * 0 + 1, value),
    "ones": _filled(1),
    "zeros": _filled(0),
    "outer": arrays.outer,
    "row": _as_row,
    "column": _as_column,
    "plain": _as_plain,
}


def _axis(options):
    return {"axis": options["axis"]} if options.get("axis") is not None else {}


def _centred(x, options):
    kept = _axis(options) and {**_axis(options), "keepdims": True}
    return x - Call("mean", [x], kept)


def _variance(x, **options):
    return Call("mean", [_centred(x, options) ** 2], options)


def _elu(x, alpha=1):
    return Call("where", [Call("step", [x]), x, alpha * (Call("exp", [x]) - 1)])


def _leaky(x, slope="0.01"):
    slope = wrap(slope) if not isinstance(slope, str) else 1 / Number(100)
    return Call("where", [Call("step", [x]), x, slope * x])


# Name -> how it is written with the functions above.
OTHERS: dict[str, Callable[..., Expression]] = {
    "relu": lambda x: Call("max", [0, x]),
    "relu'": lambda x: Call("step", [x]),
    "leaky_relu": _leaky,
    "elu": _elu,
    "softplus": lambda x: Call("logsumexp", [0, x]),
    "swish": lambda x: x * Call("logistic", [x]),
    "log2": lambda x: Call("ln", [x]) / Call("ln", [2]),
    "log10": lambda x: Call("ln", [x]) / Call("ln", [10]),
    "min": lambda x, y: -Call("max", [-x, -y]),
    "amin": lambda x, **options: -Call("amax", [-x], options),
    "square": lambda x: x**2,
    "norm": lambda x: Call("sqrt", [Call("sum", [x**2])]),
    "var": _variance,
    "std": lambda x, **options: Call("sqrt", [_variance(x, **options)]),
}
