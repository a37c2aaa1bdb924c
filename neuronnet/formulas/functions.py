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
from neuronnet.formulas import special
from neuronnet.formulas.array_expressions import Compare, Transpose
from neuronnet.formulas.arrays import Array, mapped
from neuronnet.formulas.expressions import (
    Expression,
    Negative,
    Number,
    Product,
    Sum,
    signed_sum,
    simple_product,
    total,
    without_minus,
    wrap,
)
from neuronnet.formulas.whole_functions import WHOLE


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


LEAK = Literal("0.01")  # the slope of leaky_relu where none is given

# Name -> how it is written with the functions above.
OTHERS: dict[str, Callable[..., Expression]] = {
    "relu": lambda x: Call("max", [0, x]),
    "relu'": lambda x: Call("step", [x]),
    "leaky_relu": lambda x, slope=LEAK: Call("leaky_relu", [x, slope]),
    "leaky_relu'": lambda x, slope=LEAK: Call("leaky_relu'", [x, slope]),
    "elu": lambda x, alpha=1: Call("elu", [x, alpha]),
    "elu'": lambda x, alpha=1: Call("elu'", [x, alpha]),
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


def with_logistics(formula: Expression) -> Expression:
    """The formula with logistic(z) for every 1/(1 + exp(-z)), which keeps the digits of a saturated unit."""
    argument = logistic_argument(formula)
    if argument is not None:
        return Call("logistic", [with_logistics(argument)])
    parts = formula.parts()
    copies = [with_logistics(part) for part in parts]
    changed = any(copy is not part for copy, part in zip(copies, parts))
    return formula.rebuilt(copies) if changed else formula


def logistic_argument(formula: Expression) -> Expression | None:
    """z of a formula 1/(1 + exp(-z)), None of any other."""
    match formula:
        case Product(factors=[(_, Number(value=1)), ("/", Sum(terms=[(1, one), (1, other)]))]):
            power = other if isinstance(one, Number) else one
            if isinstance(power, Call) and power.function == "exp":
                inner = power.arguments[0]
                return inner.inner if isinstance(inner, Negative) else -inner
    return None
