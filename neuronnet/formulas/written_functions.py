"""Functions as people and programs spell them, and the expression that a call of one stands for."""

import re

from neuronnet.description.values import Literal
from neuronnet.formulas.array_expressions import ArrayOf, Transpose
from neuronnet.formulas.expressions import Expression, Name, Negative, Number, Power
from neuronnet.formulas.functions import FUNCTIONS, Call, call, names

MOST_EXPANDED, MOST_HEIGHT = 5_000, 100  # names and numbers, and levels, of an author's functions put in
MODULE = re.compile(
    r"(?:np|numpy|jnp|torch|tf|F|nn|math|scipy|sp|special|K|linalg|functional|activations|keras)\.(?=[A-Za-z])"
)
_SPELLED = """ln: log log_e
log10: lg log_10 log_{10}
log2: ld lb log_2 log_{2}
tanh: Tanh th
logistic: sigmoid Sigmoid expit σ sigma sigm sig
relu: ReLU Relu RELU
leaky_relu: LeakyReLU leakyrelu lrelu LReLU leaky_ReLU
elu: ELU
gelu: GELU
softplus: Softplus
swish: silu SiLU
softmax: Softmax SoftMax
max: Max
min: Min
abs: fabs absolute Abs
sign: sgn
sum: Sum
mean: avg average Mean
logsumexp: LogSumExp
step: heaviside Heaviside
matmul: mm bmm
array: array asarray tensor float float64 float32 Tensor
shape0: len
size: size
plain: ravel"""
_ROWS = [row.split(": ") for row in _SPELLED.splitlines()]
SPELLED = {each: each for each in names()}
SPELLED |= {word: function for function, words in _ROWS for word in words.split()}
_BARE = set("exp ln log10 log2 sqrt tanh sin cos logistic relu softmax softplus sign abs".split())
BARE = {word for word, function in SPELLED.items() if function in _BARE}  # their brackets may be left out
_SLOPES = {"softplus": "logistic", "exp": "exp", "sin": "cos"}
_BY_AXIS = {"sum", "mean", "var", "std", "softmax", "logsumexp", "max", "min", "amax", "amin", "norm"}


def called(function: str, arguments: list, options: dict, is_code: bool) -> Expression:
    """The call of a function by its name in SPELLED; `is_code` says that it is spelled as a program does.

    Raises TypeError, with the reason, for arguments that it does not take.
    """
    first, *rest = arguments or [None]
    if function.endswith("'") and function not in SPELLED:
        if function[:-1] not in _SLOPES:
            raise TypeError("the slope of this function is not read: write it out")
        function = _SLOPES[function[:-1]]
    if function == "power" and len(arguments) == 2 and not options:
        return raised(*arguments)
    if function == "array" and len(arguments) == 1:
        return first
    if function in ("shape0", "shape1", "size") and len(arguments) == 1:
        return _count(first, function)
    if is_code and function in _BY_AXIS and len(rest) == 1 and whole_number(rest[0]) in (0, 1, -1):
        arguments, options = [first], {**options, "axis": whole_number(rest[0])}
    if function in ("max", "maximum") and len(arguments) == 2 and _is_zero(rest[-1]):
        arguments = arguments[::-1]
    if function == "mean" and len(arguments) > 1:
        arguments = [ArrayOf(arguments)]
    if function == "softmax":
        options = {name: value for name, value in options.items() if name == "axis"}
    try:
        return call(function, arguments, options)
    except (KeyError, TypeError) as error:
        told = str(error) if " takes " in str(error) and "<" not in str(error) else ""
        raise TypeError(told or f"{function} does not take these arguments") from None


def _count(array, what):
    """How many entries, rows (shape0) or columns (shape1) an array has, as a formula."""
    ones = Call("ones_like", [array])
    if what == "size":
        return Call("sum", [ones])
    return Call("amax", [Call("sum", [ones], {"axis": int(what[-1])})])


def _is_zero(expression):
    return isinstance(expression, Number) and expression.value == 0


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
