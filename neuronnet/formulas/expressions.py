"""Formulas over named quantities: built by arithmetic, printed, and evaluated in any type of number.

Evaluation goes strictly from left to right, as the formula is written, so that a value is the same to the
last bit as that of a program which computes in the same order. What a formula means is not known here, nor
how one is read from text.
"""

from operator import add, mul, sub, truediv

from neuronnet.description.reading import as_number
from neuronnet.elementary import exp, ln, logsumexp, real_part, sqrt, tanh

# --- The functions that a formula may call, for any type of number. How a call is written or read is not
# known here.


def positive_part(zero, x):
    """max(0, x), as relu computes it; the zero has the type of x."""
    return x if real_part(x) > real_part(zero) else type(x)(0)


def step(x):
    """The slope of relu: 1 where x is positive, otherwise 0, in the type of x."""
    return type(x)(1 if real_part(x) > 0 else 0)


def logistic(x):
    """1/(1 + exp(-x)), by whichever power of e does not overflow."""
    if real_part(x) >= 0:
        return 1 / (1 + exp(-x))
    power = exp(x)
    return power / (1 + power)


def logistic_slope(x):
    """The derivative of the logistic: no 1 - out, which is 0 in floats long before the slope is."""
    return logistic(x) * logistic(-x)


def tanh_slope(x):
    """The derivative of tanh, 1 - tanh(x)^2, from tanh(x) = 2*logistic(2*x) - 1."""
    return 4 * logistic_slope(2 * x)


# Name -> (function, how many arguments it takes; None for any number).
FUNCTIONS = {
    "exp": (exp, 1),
    "ln": (ln, 1),
    "tanh": (tanh, 1),
    "sqrt": (sqrt, 1),
    "step": (step, 1),
    "max": (positive_part, 2),
    "logsumexp": (logsumexp, None),
    "logistic": (logistic, 1),
    "logistic'": (logistic_slope, 1),
    "tanh'": (tanh_slope, 1),
}


# --- Formulas over named quantities: built by arithmetic, printed, and evaluated in any type of number.


class Expression:
    """A formula. `format()` is its text, `evaluator(number)` computes it.

    Arithmetic on expressions builds larger ones: `Name("w1")*Name("i1") + Name("b1")`. `column` is where a
    number, a name or a call begins in the text it was read from, counted from 1; None where it was not read.
    """

    binds = 4
    column = None

    def __add__(self, other):
        return Sum(self._terms() + [(1, wrap(other))])

    def __radd__(self, other):
        return wrap(other) + self

    def __sub__(self, other):
        return Sum(self._terms() + [(-1, wrap(other))])

    def __rsub__(self, other):
        return wrap(other) - self

    def __mul__(self, other):
        return Product(self._factors() + [("*", wrap(other))])

    def __rmul__(self, other):
        return wrap(other) * self

    def __truediv__(self, other):
        return Product(self._factors() + [("/", wrap(other))])

    def __rtruediv__(self, other):
        return wrap(other) / self

    def __pow__(self, exponent):
        return Power(self, exponent)

    def __neg__(self):
        return Negative(self)

    def __str__(self):
        return self.format()

    def evaluator(self, number):
        """A function from {name: value} to the value of the formula, both of the type `number`.

        It raises KeyError for a name without a value, and what the arithmetic of the type raises.
        """

    def names(self):
        """The names in the formula, each once, in the order of their first appearance."""
        return list(dict.fromkeys(self._all_names()))

    def format(self, leaf=None):
        """The formula as text; `leaf(name)` gives what to write for a name, for instance its value."""
        return self._text((lambda name: name) if leaf is None else leaf)

    def _terms(self):
        return [(1, self)]

    def _factors(self):
        return [("*", self)]

    def _bracketed(self, leaf, binds, first=True):
        """The text as part of a larger formula, in brackets where it would be misread."""
        text = self._text(leaf)
        if self.binds < binds or (text.startswith("-") and not first):
            return f"({text})"
        return text


class Number(Expression):
    """A literal: its `value` is a whole number, or a decimal that keeps its text."""

    def __init__(self, value):
        self.value = value

    def _text(self, leaf):
        return getattr(self.value, "text", None) or repr(self.value)

    def _all_names(self):
        return []

    def evaluator(self, number):
        value = as_number(self.value, number)
        return lambda values: value


class Name(Expression):
    """A quantity by its `name`."""

    def __init__(self, name):
        self.name = name

    def _text(self, leaf):
        return leaf(self.name)

    def _bracketed(self, leaf, binds, first=True):
        text = leaf(self.name)
        own = 2 if "/" in text else self.binds
        if own < binds or (text.startswith("-") and not first):
            return f"({text})"
        return text

    def _all_names(self):
        return [self.name]

    def evaluator(self, number):
        name = self.name
        return lambda values: values[name]


class Sum(Expression):
    """Terms added or subtracted from left to right. `terms` holds (1 or -1, expression)."""

    binds = 1

    def __init__(self, terms):
        self.terms = terms

    def _terms(self):
        return list(self.terms)

    def _text(self, leaf):
        text = self.terms[0][1]._bracketed(leaf, 2)
        for sign, term in self.terms[1:]:
            text += (" + " if sign > 0 else " - ") + term._bracketed(leaf, 2, first=False)
        return text

    def _all_names(self):
        return [name for _, term in self.terms for name in term._all_names()]

    def evaluator(self, number):
        return _from_left(self.terms, {1: add, -1: sub}, number)


class Product(Expression):
    """Factors multiplied or divided from left to right. `factors` holds ("*" or "/", expression)."""

    binds = 2

    def __init__(self, factors):
        self.factors = factors

    def _factors(self):
        return list(self.factors)

    def _text(self, leaf):
        spaced = any(
            "/" in name for _, factor in self.factors if isinstance(factor, Name) for name in factor.names()
        )
        text = self.factors[0][1]._bracketed(leaf, 2)
        for operator, factor in self.factors[1:]:
            binds = 2 if isinstance(factor, Name) and operator == "*" else 3
            text += (f" {operator} " if spaced else operator) + factor._bracketed(leaf, binds, first=False)
        return text

    def _all_names(self):
        return [name for _, factor in self.factors for name in factor._all_names()]

    def evaluator(self, number):
        return _from_left(self.factors, {"*": mul, "/": truediv}, number)


class Power(Expression):
    """A `base` to a whole power, `exponent`, computed by repeated multiplication."""

    binds = 3

    def __init__(self, base, exponent):
        self.base, self.exponent = base, exponent

    def _text(self, leaf):
        return f"{self.base._bracketed(leaf, 4, first=False)}^{self.exponent}"

    def _all_names(self):
        return self.base._all_names()

    def evaluator(self, number):
        base, exponent = self.base.evaluator(number), abs(self.exponent)
        inverted, one = self.exponent < 0, as_number(1, number)

        def evaluate(values):
            factor = base(values)
            total = one
            for _ in range(exponent):
                total = total * factor
            return one / total if inverted else total

        return evaluate


class Negative(Expression):
    """The negative of an expression, `inner`."""

    binds = 2

    def __init__(self, inner):
        self.inner = inner

    def _text(self, leaf):
        return "-" + self.inner._bracketed(leaf, 3, first=False)

    def _all_names(self):
        return self.inner._all_names()

    def evaluator(self, number):
        inner = self.inner.evaluator(number)
        return lambda values: -inner(values)


class Call(Expression):
    """A `function` of FUNCTIONS, by its name, applied to `arguments`."""

    def __init__(self, function, arguments):
        self.function, self.arguments = function, [wrap(argument) for argument in arguments]

    def _text(self, leaf):
        return f"{self.function}({', '.join(argument._text(leaf) for argument in self.arguments)})"

    def _all_names(self):
        return [name for argument in self.arguments for name in argument._all_names()]

    def evaluator(self, number):
        function = FUNCTIONS[self.function][0]
        arguments = [argument.evaluator(number) for argument in self.arguments]
        if len(arguments) == 1:
            only = arguments[0]
            return lambda values: function(only(values))
        return lambda values: function(*[argument(values) for argument in arguments])


def _from_left(parts, operations, number):
    """The evaluator of (mark, expression) from left to right; `operations` says what each mark does, but for
    the first.
    """
    first = parts[0][1].evaluator(number)
    rest = [(operations[mark], part.evaluator(number)) for mark, part in parts[1:]]

    def evaluate(values):
        result = first(values)
        for operate, part in rest:
            result = operate(result, part(values))
        return result

    return evaluate


def wrap(value):
    """`value` as an expression: numbers become Number, expressions stay."""
    return value if isinstance(value, Expression) else Number(value)


def total(terms):
    """The sum of several expressions; of one, that one itself."""
    terms = list(terms)
    return terms[0] if len(terms) == 1 else Sum([(1, term) for term in terms])
