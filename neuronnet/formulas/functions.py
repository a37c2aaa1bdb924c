"""Functions in formulas: one table for those of numbers, one for those of whole arrays.

A row of FUNCTIONS has the function, how many arguments it takes (None: any number) and its derivative by each
argument as a formula. `OTHERS` are written with those: relu, softplus, var. Each holds for arrays entry by
entry.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from neuronnet import elementary
from neuronnet.description.values import Literal, as_number
from neuronnet.errors import counted
from neuronnet.formulas import arrays, special
from neuronnet.formulas.array_expressions import Compare, Transpose
from neuronnet.formulas.arrays import Array, ShapeError, mapped
from neuronnet.formulas.expressions import (
    Expression,
    Number,
    Product,
    signed_sum,
    simple_product,
    total,
    without_minus,
    wrap,
)


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
            raise TypeError(f"{function} takes {counted(count, 'argument')} and no options")
    else:
        count = _COUNTS.get(function, 1) if function in WHOLE else _unknown(function)
        if (count and count != len(arguments)) or set(options or ()) - _OPTIONS.get(function, set()):
            raise TypeError(f"{function} takes {counted(count or 1, 'argument')}, and no such option")
    return Call(function, arguments, options)


def names() -> list[str]:
    """The names of all functions, each once."""
    return list(dict.fromkeys([*FUNCTIONS, *WHOLE, *OTHERS]))


def _unknown(function):
    raise KeyError(function)


def _shares(*terms):
    """exp(x_k)/(exp(x_1) + exp(x_2) + ...), divided through by exp(x_k), for every k."""
    return [
        1 / total(Number(1) if j == k else Call("exp", [other - term]) for j, other in enumerate(terms))
        for k, term in enumerate(terms)
    ]


def _largest_slopes(one, other):
    """Of max(a, b) by a and by b; where they are equal, the slope of a counts, but that of 0 beside a 0."""
    if _is(other, 0):
        return _largest_slopes(other, one)[::-1]
    other_is_larger = Call("step", [other if _is(one, 0) else other - one])
    return [1 - other_is_larger, other_is_larger]


def _is(expression, value):
    return isinstance(expression, Number) and expression.value == value


def _positive(x):
    return elementary.real_part(x) > 0


def _leaky(x, slope):
    return x if _positive(x) else slope * x


def _elu(x, alpha):
    return x if _positive(x) else alpha * (elementary.exp(x) - 1)


def _elu_slope(x, alpha):
    return x * 0 + 1 if _positive(x) else alpha * elementary.exp(x)


def _below_zero(x, value=1):
    return Call("where", [Call("step", [x]), 0, value])


def _less_one(exponent):
    """exponent - 1, of a number at once: `x^-0.5` and not `x^(0.5 - 1)`."""
    if isinstance(exponent, Number):
        return Number(Literal(str(as_number(exponent.value, Decimal) - 1)))
    return exponent - 1


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
    "softplus": (lambda x: elementary.logsumexp(x * 0, x), 1, lambda x: [Call("logistic", [x])]),
    "leaky_relu": (_leaky, 2, lambda x, a: [Call("leaky_relu'", [x, a]), _below_zero(x, x)]),
    "leaky_relu'": (
        lambda x, a: x * 0 + (1 if _positive(x) else a),
        2,
        lambda x, a: [Number(0), _below_zero(x)],
    ),
    "elu": (_elu, 2, lambda x, a: [Call("elu'", [x, a]), _below_zero(x, Call("exp", [x]) - 1)]),
    "elu'": (
        _elu_slope,
        2,
        lambda x, a: [a * _below_zero(x, Call("exp", [x])), _below_zero(x, Call("exp", [x]))],
    ),
    "gelu": (special.gelu, 1, lambda x: [Call("gelu'", [x])]),
    "gelu'": (
        special.gelu_slope,
        1,
        lambda x: [(2 - x**2) * Call("erf'", [x / Call("sqrt", [2])]) / Call("sqrt", [8])],
    ),
    "erf": (special.erf, 1, lambda x: [Call("erf'", [x])]),
    "erf'": (special.erf_slope, 1, lambda x: [-2 * x * Call("erf'", [x])]),
    "sin": (special.sin, 1, lambda x: [Call("cos", [x])]),
    "cos": (special.cos, 1, lambda x: [-Call("sin", [x])]),
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
    "power": (
        elementary.power,
        2,
        lambda x, n: [n * Call("power", [x, _less_one(n)]), Call("ln", [x]) * Call("power", [x, n])],
    ),
}


def _softmax(values):
    greatest = _greatest(values)
    powers = [elementary.exp(value - greatest) for value in values]
    total = _total(powers)
    return [power / total for power in powers]


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


def lengths(values) -> tuple[int, ...]:
    """The shape that numbers name: (2, 3) for ones(2, 3). Raises ShapeError where they name none."""
    counts = [elementary.real_part(length) for each in values for length in arrays.entries(each)]
    if not 1 <= len(counts) <= 2 or any(not 1 <= count <= arrays.MOST_ENTRIES for count in counts):
        raise ShapeError(f"an array has one or two lengths, from 1 to {arrays.MOST_ENTRIES}")
    found = tuple(map(int, counts))
    if any(whole != count for whole, count in zip(found, counts)):
        raise ShapeError("the lengths of an array are whole numbers")
    arrays.require_few(found[0] * found[-1] if len(found) == 2 else found[0])
    return found


def _filled(entry):
    """An array of one number, in the shape that its arguments or entries name: ones(3), ones(2, 3)."""

    def make(*values):
        found = lengths(values)
        one = arrays.entries(values[0])[0] * 0 + 1
        return Array([one * entry] * (found[0] * (found[1] if len(found) == 2 else 1)), found)

    return make


def _identity(length):
    (count,) = lengths([length])
    arrays.require_few(count * count)
    zero = arrays.entries(length)[0] * 0
    return Array([zero + (1 if i == j else 0) for i in range(count) for j in range(count)], (count, count))


def _reshaped(value, *values):
    return arrays.reshaped(value, full_lengths(arrays.size(value), values))


def full_lengths(count, values) -> tuple[int, ...]:
    """The lengths in reshape(x, 2, -1) for `count` entries, that of -1 worked out."""
    values = [entry for each in values for entry in arrays.entries(each)]
    known = [value for value in values if value != -1]
    if len(known) + 1 == len(values):
        rest = count // (lengths(known)[0] if known else 1)
        values = [rest if value == -1 else value for value in values]
    return lengths(values)


def diagonal_shape(dimensions: tuple) -> tuple:
    """The shape of diag: of a vector a square matrix, of a square matrix a vector."""
    if not dimensions or arrays.is_vector(dimensions):
        length = max(dimensions, default=1)
        arrays.require_few(length * length)
        return length, length
    if dimensions[0] != dimensions[1]:
        raise ShapeError(f"diag takes a vector or a square matrix, not {arrays.shape_text(dimensions)}")
    return dimensions[:1]


def _diagonal(value):
    result, own = diagonal_shape(arrays.shape(value)), arrays.entries(value)
    length = result[0]
    if len(result) == 1:
        return Array(own[:: length + 1], result)
    zero = own[0] * 0
    return Array([own[i] if i == j else zero for i in range(length) for j in range(length)], result)


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
    "constant": lambda value: value,  # with a derivative of zero
    "ones_like": lambda value: mapped(lambda entry: entry * 0 + 1, value),
    "zeros_like": lambda value: mapped(lambda entry: entry * 0, value),
    "ones": _filled(1),
    "zeros": _filled(0),
    "eye": _identity,
    "diag": _diagonal,
    "reshape": _reshaped,
    "outer": arrays.outer,
    "row": _as_row,
    "column": _as_column,
    "plain": _as_plain,
}


_COUNTS = {"outer": 2, "ones": None, "zeros": None, "reshape": None}  # of arguments, where it is not one
_AXIS = {"axis", "keepdims"}
_OPTIONS = {
    "sum": _AXIS,
    "mean": _AXIS,
    "amax": _AXIS,
    "lse": _AXIS,
    "softmax": {"axis"},
    "is_greatest": {"axis"},
}


def _centred(x, options):
    kept = {"axis": options["axis"], "keepdims": True} if options.get("axis") is not None else {}
    return x - Call("mean", [x], kept)


def _variance(x, ddof=0, **options):
    """The mean of the squares around the mean; with `ddof`, their sum divided by n - ddof."""
    squares = _centred(x, options) ** 2
    if not ddof:
        return Call("mean", [squares], options)
    count = Call("sum", [Call("ones_like", [x])], options)
    return Call("sum", [squares], options) / (count - ddof)


def _largest(*terms, **options):
    """max of several terms from left to right; of a single one, its greatest entry."""
    if len(terms) == 1:
        return Call("amax", terms, options)
    found = terms[0]
    for term in terms[1:]:
        found = Call("max", [found, term], _no(options))
    return found


def _no(options):
    if options:
        raise TypeError("an axis is that of a single array")


def _clipped(x, low, high):
    return Call("where", [Compare(x, "<", low), low, Call("where", [Compare(x, ">", high), high, x])])


def _power(x, exponent):
    """x^3 where the exponent is a whole number, which a sheet may write with 0 to 64."""
    value = exponent.value if isinstance(exponent, Number) else None
    whole = isinstance(value, int) and 0 < value <= 64
    return x**value if whole else Call("power", [x, exponent])


def _total_of(*terms, **options):
    return Call("sum", terms, options) if len(terms) == 1 else _no(options) or total(terms)


def _log_sum_of(*terms, **options):
    return Call("lse", terms, options) if len(terms) == 1 else Call("logsumexp", terms, _no(options))


# Name -> how it is written with the functions above.
OTHERS: dict[str, Callable[..., Expression]] = {
    "relu": lambda x: Call("max", [0, x]),
    "relu'": lambda x: Call("step", [x]),
    "leaky_relu": lambda x, slope=None: Call("leaky_relu", [x, Literal("0.01") if slope is None else slope]),
    "elu": lambda x, alpha=1: Call("elu", [x, alpha]),
    "swish": lambda x: x * Call("logistic", [x]),
    "log2": lambda x: Call("ln", [x]) / Call("ln", [2]),
    "log10": lambda x: Call("ln", [x]) / Call("ln", [10]),
    "max": _largest,
    "maximum": _largest,
    "min": lambda *terms, **options: -_largest(*map(without_minus, terms), **options),
    "minimum": lambda *terms, **options: -_largest(*map(without_minus, terms), **options),
    "amin": lambda x, **options: -Call("amax", [-x], options),
    "clip": _clipped,
    "logsumexp": _log_sum_of,
    "sum": _total_of,
    "pow": _power,
    "square": lambda x: x**2,
    "norm": lambda x, **options: Call("sqrt", [Call("sum", [x**2], options)]),
    "var": _variance,
    "std": lambda x, **options: Call("sqrt", [_variance(x, **options)]),
    "dot": lambda x, y: Product([("*", x), ("@", y)]),
    "matmul": lambda x, y: Product([("*", x), ("@", y)]),
    "multiply": lambda x, y: Product([("*", x), ("⊙", y)]),
    "transpose": Transpose,
    "trace": lambda x: Call("sum", [Call("diag", [x])]),
    "flatten": lambda x: Call("plain", [x]),
}
