"""Functions as people and programs spell them, and the expression that a call of one stands for."""

import re

from neuronnet.description.values import Literal
from neuronnet.formulas.array_expressions import ArrayOf, Transpose
from neuronnet.formulas.expressions import Expression, Name, Negative, Number, Power, Product, total
from neuronnet.formulas.functions import FUNCTIONS, Call, call, names

MOST_EXPANDED, MOST_HEIGHT = 5_000, 100  # names and numbers, and levels, of an author's functions put in
MODULE = re.compile(
    r"(?:np|numpy|jnp|torch|tf|F|nn|math|scipy|sp|special|K|linalg|functional|activations|keras)\.(?=[A-Za-z])"
)
_SPELLED = """exp: exp
ln: ln log_e
log10: log10 lg log_10 log_{10}
log2: log2 ld lb log_2 log_{2}
sqrt: sqrt
tanh: tanh Tanh th
logistic: sigmoid Sigmoid logistic expit σ sigma sigm sig
relu: relu ReLU Relu RELU
leaky_relu: leaky_relu LeakyReLU leakyrelu lrelu LReLU leaky_ReLU
elu: elu ELU
softplus: softplus Softplus
swish: swish silu SiLU
softmax: softmax Softmax SoftMax
max: max maximum Max
min: min minimum Min
abs: abs fabs absolute Abs
sign: sign sgn
sum: sum Sum
mean: mean avg average Mean
logsumexp: logsumexp LogSumExp
step: step heaviside Heaviside
power: power pow
matmul: matmul mm bmm
array: array asarray tensor float float64 float32 Tensor
transpose: transpose
zeros_like: zeros_like"""
_ROWS = [row.split(": ") for row in _SPELLED.splitlines()]
SPELLED = {each: each for each in (*names(), "dot", "multiply")}
SPELLED |= {word: function for function, words in _ROWS for word in words.split()} | {"log": "ln"}
_BARE = set("exp ln log10 log2 sqrt tanh logistic relu softmax softplus sign abs".split())
BARE = {word for word, function in SPELLED.items() if function in _BARE}  # their brackets may be left out
SLOPES = {"logistic": "logistic'", "tanh": "tanh'", "relu": "step", "softplus": "logistic", "exp": "exp"}
_REDUCTIONS = {"sum", "mean", "amax", "amin", "lse", "var", "std"}
_ONE = {*_REDUCTIONS, "softmax", "is_greatest", "ones_like", "row", "column", "plain"}
_OPERATORS = {"matmul": "@", "dot": "·", "multiply": "⊙", "outer": "⊗"}


def called(function: str, arguments: list, options: dict, is_code: bool) -> Expression:
    """The call of a function by the name in SPELLED; `is_code` says that a module stood before it.

    Raises TypeError, with the reason, for arguments that it does not take.
    """
    count = len(arguments)
    if function == "array" or (function == "transpose" and count == 1):
        _check(function, count == 1)
        return arguments[0] if function == "array" else Transpose(arguments[0])
    if function in _OPERATORS:
        _check(function, count == 2)
        return Product([("*", arguments[0]), (_OPERATORS[function], arguments[1])])
    if function in ("max", "min"):
        return _extreme(function, arguments, options, is_code)
    if function == "logsumexp" and count == 1:
        function = "lse"
    if function in ("sum", "mean", "var", "std", "softmax", "lse") and count == 2 and _is_axis(arguments[1]):
        if is_code or function == "softmax":
            arguments, options = arguments[:1], {**options, "axis": _axis(arguments[1])}
    if function == "sum" and len(arguments) > 1:
        _check(function, not options)
        return total(arguments)
    if function == "mean" and len(arguments) > 1:
        arguments = [ArrayOf(arguments)]
    if function == "power":
        _check(function, count == 2)
        return raised(*arguments)
    if function == "zeros_like":
        return Product([("*", call("ones_like", arguments)), ("*", Number(0))])
    if function in _ONE:
        _check(function, len(arguments) == 1)
        if function == "softmax":
            options = {name: value for name, value in options.items() if name == "axis"}
    elif options:
        raise TypeError(f"{function} has no {next(iter(options))}")
    try:
        return call(function, arguments, options)
    except TypeError as error:
        text = str(error)
        is_plain = "takes" in text and "<" not in text
        raise TypeError(text if is_plain else f"{function} takes one argument") from None


def raised(base: Expression, exponent: Expression) -> Expression:
    """A power: Power for a whole exponent, else the function `power`."""
    whole = whole_number(exponent)
    return Call("power", [base, exponent]) if whole is None else Power(base, whole)


def whole_number(expression):
    """The whole number that an expression of whole numbers, added or subtracted, stands for; else None."""
    parts = expression.parts()
    if not parts:
        value = getattr(expression, "value", None)
        return value if type(value) is int else None
    signs = [sign for sign, _ in expression.terms] if hasattr(expression, "terms") else None
    if hasattr(expression, "inner") and not isinstance(expression, Transpose):
        signs = [-1]
    values = [whole_number(part) for part in parts] if signs else [None]
    return None if None in values else sum(sign * value for sign, value in zip(signs, values))


def printed(text: str) -> Expression:
    """A printed number, a minus sign in front or not."""
    number = text.removeprefix("-")
    value = Number(int(number) if number.isdigit() and len(number) < 16 else Literal(number))
    return Negative(value) if text.startswith("-") else value


def put_in(body: Expression, values: dict, column: int | None) -> Expression:
    """An author's function with expressions as its arguments. Raises TypeError where it grows too large."""
    inside = {name: measured(value) for name, value in values.items()}
    amount, height = measured(body, inside)
    if amount > MOST_EXPANDED or height > MOST_HEIGHT:
        raise TypeError("too large a formula once the functions in it are put in")

    def rebuilt(part):
        if isinstance(part, Name) and part.name in values:
            return values[part.name]
        parts = part.parts()
        new = part.rebuilt([rebuilt(each) for each in parts]) if parts else type(part)(_content(part))
        new.column = column
        return new

    return rebuilt(body)


def measured(expression, known=None):
    """(names and numbers, levels) of an expression; `known` has them for some names."""
    parts = expression.parts()
    if not parts:
        return (known or {}).get(getattr(expression, "name", None), (1, 1))
    sizes = [measured(part, known) for part in parts]
    return sum(amount for amount, _ in sizes), 1 + max(height for _, height in sizes)


def slope_of(parameters: list, body: Expression) -> Expression | None:
    """The derivative of an author's function of one number; None where it is not of numbers alone."""

    def is_plain(part):
        ordinary = part.function in FUNCTIONS if isinstance(part, Call) else not hasattr(part, "indices")
        return ordinary and not isinstance(part, (ArrayOf, Transpose)) and all(map(is_plain, part.parts()))

    return body.derivative(parameters[0]) if len(parameters) == 1 and is_plain(body) else None


def _content(leaf):
    return leaf.name if isinstance(leaf, Name) else leaf.value


def _extreme(function, arguments, options, is_code):
    """max and min: over an array with one argument, else of two or more values; max(0, z) has its 0 first."""
    if is_code and len(arguments) == 2 and _is_axis(arguments[1]) and not options:
        arguments, options = arguments[:1], {"axis": _axis(arguments[1])}
    if len(arguments) == 1:
        return call("a" + function, arguments, options)
    _check(function, not options and 0 < len(arguments) <= 64)
    found, *rest = arguments
    for each in rest:
        is_zero = isinstance(each, Number) and each.value == 0
        found = call(function, [each, found] if is_zero else [found, each])
    return found


def _is_axis(expression):
    return whole_number(expression) in (0, 1, -1)


def _axis(expression):
    return whole_number(expression)


def _check(function, fits):
    if not fits:
        raise TypeError(f"{function} does not take these arguments")
