"""Calls of functions as people and programs spell them, and the formulas that they stand for."""

import re
from collections.abc import Callable
from copy import copy
from functools import reduce

from neuronnet.elementary import Literal
from neuronnet.errors import counted, did_you_mean, nearest, shortened
from neuronnet.formulas.expressions import (
    ArrayOf,
    Call,
    Compare,
    Entry,
    Expression,
    Inverse,
    Name,
    Number,
    Placed,
    Power,
    Product,
    Transpose,
    is_number,
    total,
    without_minus,
    wrap,
)
from neuronnet.formulas.functions import FUNCTIONS
from neuronnet.formulas.rewriting import printed, whole_number
from neuronnet.formulas.tokens import BRACKETS, LOWERED, RAISED, WORD_HERE, Scanner, by_word
from neuronnet.formulas.written_names import read_name, written_at

HIGHEST_POWER = 64
MOST_EXPANDED, MOST_HEIGHT = 5_000, 100  # names and numbers, and levels, of an author's functions put in
_KEYWORD = re.compile(r"(axis|dim|keepdims?|dtype|alpha|negative_slope|ddof)\s*=\s*([-\w.]+)")
_OPTION_NAMES = {"dim": "axis", "keepdim": "keepdims"}
_OPTION_VALUES = {"True": True, "False": None, "None": None, "0": 0, "1": 1, "-1": -1, "-2": -2}
_BASED = re.compile(r"log_(?:\{(?:2|10)\}|(?:2|10)(?!\d)|e\b)|log₂|log₁₀")
_OPENED = re.compile(r"'{0,2}(?:\^\{?-?\d\}?|[²³⁴-⁹])?\s*[(\[{]")
_PRIME, _ABOVE = re.compile("'{1,2}"), re.compile(r"\^\{?(-?\d)\}?(?![\d.])|([²³⁴-⁹])")


class Calls(Scanner):
    """The part of a parser that knows functions."""

    def function(self, start, is_code):
        """The call that begins here; None where the word is no function, or is a quantity of the sheet."""
        words = [
            pattern.match(self.text, self.at) for pattern in (_BASED, WORD_HERE)
        ]  # log_2, or log before it
        end = next((each.end() for each in words if each and self.calls(each[0], each.end())), None)
        if end is None:
            return None
        word = self.text[self.at : end]
        name = read_name(word) or word
        ways = {name, *(each.name for each in written_at(self.text, self.at, self.indices))}
        is_known = any(map(self.known.has, ways)) and name not in self.known.functions
        if not is_code and is_known:
            return None
        self.at = end
        if word == "e" and name not in self.known.functions:
            power = self.small()
            if power is None:
                self.at += 1 if self.next() == "^" else 2
                power = self.exponent()
            return self.placed(Call("exp", [power]), start)
        function = name if name in self.known.functions and not is_code else self.spelled(word)
        primes = self.glued(_PRIME)
        return self.call(function + (primes[0] if primes else ""), word, start, is_code)

    def spelled(self, word):
        return self.known.log if word == "log" else SPELLED[word.translate(LOWERED)]

    def is_bare(self, word):
        """Whether a word is a function that may stand without brackets: `ln y`."""
        return word.translate(LOWERED) in _BARE

    def calls(self, word, end):
        after = self.text[end:].lstrip()
        if word == "e":
            return after[:1] in tuple("^⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹") or after[:2] == "**"
        plain = word.translate(LOWERED)
        if plain in SPELLED or (self.known.functions and read_name(word) in self.known.functions):
            opened, power = _OPENED.match(self.text, end), _ABOVE.match(self.text, end)
            after = self.text[power.end() if power else end :].lstrip()
            return bool(opened) or (plain in _BARE and after[:1] not in ("", *")]},;=+*/<>|·⊙@'"))
        return False

    def call(self, function, word, start, is_code, arguments=()):
        """The call of a function whose name was read: a power above it, then arguments or the next factor."""
        power = self.glued(_ABOVE)
        options, arguments = {}, list(arguments)
        if self.next() in BRACKETS:
            arguments += self.arguments(BRACKETS[self.next()], options)
        else:
            arguments.append(self.exponent())
        expression = self.applied(function, word, arguments, options, is_code, start)
        if power:
            if power[1] == "-1":
                self.fail(f"{word}^-1 may be an inverse function: write 1/{word}(…)", start)
            expression = self.raised(expression, Number(int(power[1] or power[2].translate(RAISED))), start)
        return expression

    def arguments(self, closing, options):
        self.at += 1
        self.inside += 1
        found = []
        while self.next() != closing:
            keyword = self.match(_KEYWORD)
            if not keyword:
                found.append(self.formula())
            elif keyword[1] in ("alpha", "negative_slope"):
                found.append(printed(keyword[2]))
            elif keyword[1] != "dtype":
                if keyword[2] not in _OPTION_VALUES:
                    self.fail(f"{keyword[1]} is 0, 1 or -1", keyword.start())
                value = _OPTION_VALUES[keyword[2]]
                options |= {} if value is None else {_OPTION_NAMES.get(keyword[1], keyword[1]): value}
            if self.next() in (",", ";"):
                self.take()
            elif self.next() != closing:
                self.fail_here(f"expected {closing!r}")
        self.inside -= 1
        self.at += 1
        return found

    def applied(self, function, word, arguments, options, is_code, start):
        own = self.known.functions.get(function)
        try:
            if own is None or is_code:
                if function.rstrip("'") in self.known.functions and not is_code:
                    raise TypeError(f"the slope of {word} is not read: write it out")
                return self.placed(called(function, arguments, options, is_code), start)
            parameters, body = own
            if len(arguments) != len(parameters):
                raise TypeError(f"{word} takes {len(parameters)} arguments, found {len(arguments)}")
            return put_in(body, dict(zip(parameters, arguments)), self.column_of(start + 1))
        except TypeError as error:
            self.fail(str(error), start)

    def unknown_function(self, name, start):
        near = did_you_mean(nearest(name, [*SPELLED, *self.known.functions]))
        self.fail(f"unknown function {shortened(name)}{near}", start)


def called(function: str, arguments: list, options: dict, is_code: bool) -> Expression:
    """The call of a function by its name in SPELLED; `is_code` says that it is spelled as a program does.

    Raises TypeError, with the reason, for arguments that it does not take.
    """
    if not arguments:
        raise TypeError(f"{function} of nothing: an argument is missing")
    axis = whole_number(arguments[1]) if len(arguments) == 2 else None
    if is_code and function in _BY_AXIS and axis in (0, 1, -1):
        arguments, options = arguments[:1], {**options, "axis": axis}
    try:
        return call(function, arguments, options)
    except (KeyError, TypeError) as error:
        if function.endswith("'") and function not in SPELLED:
            raise TypeError("the slope of this function is not read: write it out") from None
        told = str(error) if " takes " in str(error) and "<" not in str(error) else ""
        raise TypeError(told or f"{function} does not take these arguments") from None


def call(function: str, arguments: list, options: dict | None = None) -> Expression:
    """A function that a formula may use, from FUNCTIONS or OTHERS, applied to arguments.

    Raises KeyError for an unknown function and TypeError for the wrong number of arguments.
    """
    if function in OTHERS:
        return OTHERS[function](*map(wrap, arguments), **(options or {}))
    row = FUNCTIONS[function]
    if (row.arguments and row.arguments != len(arguments)) or not set(options or ()) <= set(row.options):
        raise TypeError(f"{function} takes {counted(row.arguments or 1, 'argument')}, and no such option")
    return Call(function, arguments, options)


def names() -> list[str]:
    """The names of all functions, each once."""
    return list(dict.fromkeys([*FUNCTIONS, *OTHERS]))


def raised(base: Expression, exponent: Expression) -> Expression:
    """A power: Power for a whole exponent, else the function `power`."""
    whole = whole_number(exponent)
    return (
        Power(base, whole)
        if whole is not None and abs(whole) <= HIGHEST_POWER
        else Call("power", [base, exponent])
    )


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
        new = part.rebuilt([rebuilt(each) for each in parts]) if parts else copy(part)
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


def _count(array, axis=None):
    """How many entries an array has, or how many along an axis, as a formula."""
    ones = Call("ones_like", [array])
    return Call("sum", [ones]) if axis is None else Call("amax", [Call("sum", [ones], {"axis": axis})])


def _variance(x, ddof=0, **options):
    """The mean of the squares around the mean; with `ddof`, their sum divided by n - ddof."""
    axis = options.get("axis")
    mean = Call("mean", [x], {} if axis is None else {"axis": axis, "keepdims": True})
    squares = (x - mean) ** 2
    if not ddof:
        return Call("mean", [squares], options)
    return Call("sum", [squares], options) / (Call("sum", [Call("ones_like", [x])], options) - ddof)


def _largest(*terms, **options):
    """max of several terms from left to right; of a single one, its greatest entry."""
    if len(terms) == 1:
        return Call("amax", terms, options)
    if len(terms) == 2 and is_number(terms[1], 0):
        terms = terms[::-1]
    return reduce(lambda one, other: Call("max", [one, other], _no(options)), terms)


def _no(options):
    if options:
        raise TypeError("an axis is that of a single array")


def _clipped(x, low, high):
    return Call("where", [Compare(x, "<", low), low, Call("where", [Compare(x, ">", high), high, x])])


def _of_one_or_several(whole, several):
    """A function of the entries of one array, by its name, or of several terms, made by `several`."""
    return lambda *terms, **options: (
        Call(whole, terms, options) if len(terms) == 1 else _no(options) or several(terms)
    )


def _least(*terms, **options):
    return -_largest(*map(without_minus, terms), **options)


def _placed(inner, entry):
    if not isinstance(entry, Entry):
        raise TypeError("placed takes a value and where it stands, as X[0:3, 0:3]")
    return Placed(inner, entry.base, entry.indices, entry.first)


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
    "min": _least,
    "minimum": _least,
    "amin": lambda x, **options: -Call("amax", [-x], options),
    "clip": _clipped,
    "logsumexp": _of_one_or_several("lse", lambda terms: Call("logsumexp", terms)),
    "sum": _of_one_or_several("sum", total),
    "rowsum": lambda x: Call("sum", [x], {"axis": 1, "keepdims": True}),
    "colsum": lambda x: Call("sum", [x], {"axis": 0, "keepdims": True}),
    "mean": _of_one_or_several("mean", lambda terms: Call("mean", [ArrayOf(list(terms))])),
    "softmax": lambda x, axis=None, keepdims=None: Call(
        "softmax", [x], {} if axis is None else {"axis": axis}
    ),
    "placed": _placed,
    "pow": raised,
    "power": raised,
    "exp'": lambda x: Call("exp", [x]),
    "softplus'": lambda x: Call("logistic", [x]),
    "sin'": lambda x: Call("cos", [x]),
    "square": lambda x: x**2,
    "norm": lambda x, **options: Call("sqrt", [Call("sum", [x**2], options)]),
    "var": _variance,
    "std": lambda x, **options: Call("sqrt", [_variance(x, **options)]),
    "dot": lambda x, y: Product([("*", x), ("@", y)]),
    "matmul": lambda x, y: Product([("*", x), ("@", y)]),
    "multiply": lambda x, y: Product([("*", x), ("⊙", y)]),
    "transpose": Transpose,
    "solve": lambda matrix, x: Product([("*", Inverse(matrix)), ("@", x)]),
    "inv": Inverse,
    "trace": lambda x: Call("sum", [Call("diag", [x])]),
    "flatten": lambda x: Call("plain", [x]),
    "array": lambda x: x,
    "size": _count,
    "shape0": lambda x: _count(x, 0),
    "shape1": lambda x: _count(x, 1),
}

# Function: how else it is spelled.
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
rowsum: row_sum rowSum rowSums rowsums
colsum: col_sum colSum colSums colsums
mean: avg average Mean
logsumexp: LogSumExp
inv: inverse
det: Det
trace: tr Tr
step: heaviside Heaviside
matmul: mm bmm
array: asarray tensor float float64 float32 Tensor Value Variable Parameter
shape0: len
plain: ravel"""
SPELLED = {**{each: each for each in names()}, **by_word(_SPELLED)}
# Words whose brackets may be left out.
_BARE_FUNCTIONS = set(
    "exp ln log10 log2 sqrt tanh sin cos logistic relu softmax softplus sign abs det trace".split()
)
_BARE = {word for word, function in SPELLED.items() if function in _BARE_FUNCTIONS}
_BY_AXIS = {"sum", "mean", "var", "std", "softmax", "logsumexp", "max", "min", "amax", "amin", "norm"}
