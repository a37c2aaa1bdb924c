"""Formulas over named quantities: built by arithmetic, printed, differentiated and evaluated.

Evaluation goes from left to right, as the formula is written, so that a value has the same last bit as that
of a program which computes in the same order.
"""

from collections.abc import Callable
from operator import add, mul, sub, truediv

from neuronnet.description.values import as_number
from neuronnet.formulas.arrays import dot, hadamard, matmul, outer


class Expression:
    """A formula. `format()` is its text, `evaluator(number)` computes it, `derivative(name)` is its slope.

    Arithmetic on expressions builds larger ones: `Name("w1")*Name("i1") + Name("b1")`. `column` is where a
    number, a name or a call begins in the text it was read from, counted from 1; else None.
    """

    binds = 4
    column = _names = None

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

    def __str__(self) -> str:
        return self.format()

    def evaluator(self, number: type) -> Callable:
        """A function from {name: value} to the value of the formula, both of the type `number`.

        It raises KeyError for a name without a value, and what the arithmetic of the type raises.
        """
        raise NotImplementedError

    def derivative(self, name: str) -> "Expression":
        """The derivative by `name`, an Expression, every other name held fixed: `i1` for `w1*i1 + b1` by w1.

        At the kink of max(0, x) it is the slope to the left, 0.
        """
        return self._derivative(name) if name in self.names() else Number(0)

    def names(self) -> list[str]:
        """The names in the formula, each once, in the order of their first appearance."""
        if self._names is None:
            inside = [name for part in self.parts() for name in part.names()]
            self._names = list(dict.fromkeys(inside or self._all_names()))
        return self._names

    def parts(self):
        return []

    def rebuilt(self, parts):
        return self

    def _all_names(self):
        return [name for part in self.parts() for name in part._all_names()]

    def format(self, leaf=None) -> str:
        """The formula as text; `leaf(name)` gives what to write for a name, for instance its value."""
        return self._text((lambda name: name) if leaf is None else leaf)

    def _text(self, leaf):
        raise NotImplementedError

    def _derivative(self, name):
        return Number(0)

    def _terms(self):
        return [(1, self)]

    def _factors(self):
        return [("*", self)]

    def _bracketed(self, leaf, binds, first=True):
        """The text as part of a larger formula, in brackets where it would be misread."""
        text = self._text(leaf)
        own = 2 if isinstance(self, Name) and "/" in text else self.binds  # dE/dw binds like a division
        return f"({text})" if own < binds or (text.startswith("-") and not first) else text


class Number(Expression):
    """A literal: its `value` is a whole number, or a decimal that keeps its text."""

    def __init__(self, value):
        self.value = value

    def _text(self, leaf):
        return getattr(self.value, "text", None) or repr(self.value)

    def evaluator(self, number):
        value = as_number(self.value, number)
        return lambda values: value


class Name(Expression):
    """A quantity by its `name`."""

    def __init__(self, name):
        self.name = name

    def _text(self, leaf):
        return leaf(self.name)

    def _all_names(self):
        return [self.name]

    def _derivative(self, name):
        return Number(1)

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
        text = self.terms[0][1]._bracketed(leaf, 1.5)
        for sign, term in self.terms[1:]:
            text += (" + " if sign > 0 else " - ") + term._bracketed(leaf, 1.5, first=False)
        return text

    def parts(self):
        return [term for _, term in self.terms]

    def rebuilt(self, parts):
        return Sum([(sign, part) for (sign, _), part in zip(self.terms, parts)])

    def _derivative(self, name):
        return signed_sum((sign, term.derivative(name)) for sign, term in self.terms)

    def evaluator(self, number):
        return _from_left(self.terms, {1: add, -1: sub}, number)


class Product(Expression):
    """Factors multiplied or divided from left to right. `factors` holds (a key of OPERATIONS, expression)."""

    binds = 2

    def __init__(self, factors):
        self.factors = factors
        if factors[-1][0] == "⊙":
            self.binds = 1.5

    def _factors(self):
        return list(self.factors)

    def _text(self, leaf):
        spaced = any(isinstance(each, Name) and "/" in each.name for _, each in self.factors)
        text = self.factors[0][1]._bracketed(leaf, 2)
        first, looser = self.factors[0][1], False
        matrix = isinstance(first, Product) and any(operator in "@·⊗" for operator, _ in first.factors)
        for operator, factor in self.factors[1:]:
            binds = 2 if isinstance(factor, Name) and operator != "/" else 3
            if (looser and operator != "⊙") or (matrix and operator == "⊙"):
                text = f"({text})"
            looser, matrix = operator == "⊙", operator in "@·⊗"
            between = f" {operator} " if spaced or operator not in "*/" else operator
            text += between + factor._bracketed(leaf, binds, first=False)
        return text

    def parts(self):
        return [factor for _, factor in self.factors]

    def rebuilt(self, parts):
        return Product([(operator, part) for (operator, _), part in zip(self.factors, parts)])

    def _derivative(self, name):
        terms = []
        for place, (operator, factor) in enumerate(self.factors):
            slope = [("*", factor.derivative(name))]
            if operator == "/":  # (1/v)' = -v'/v^2
                slope.append(("/", factor**2))
            product = simple_product([*self.factors[:place], *slope, *self.factors[place + 1 :]])
            terms.append((1 if operator == "*" else -1, product))
        return signed_sum(terms)

    def evaluator(self, number):
        return _from_left(self.factors, OPERATIONS, number)


class Power(Expression):
    """A `base` to a whole power, `exponent`, computed by repeated multiplication."""

    binds = 3

    def __init__(self, base, exponent):
        self.base, self.exponent = base, exponent

    def _text(self, leaf):
        return f"{self.base._bracketed(leaf, 4, first=False)}^{self.exponent}"

    def parts(self):
        return [self.base]

    def rebuilt(self, parts):
        return Power(*parts, self.exponent)

    def _derivative(self, name):
        n = self.exponent
        rest = Number(1) if n == 1 else self.base if n == 2 else self.base ** (n - 1)
        return simple_product([("*", Number(n)), ("*", rest), ("*", self.base.derivative(name))])

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

    def parts(self):
        return [self.inner]

    def rebuilt(self, parts):
        return Negative(*parts)

    def _derivative(self, name):
        return signed_sum([(-1, self.inner.derivative(name))])

    def evaluator(self, number):
        inner = self.inner.evaluator(number)
        return lambda values: -inner(values)


# What stands between two factors. Of numbers all but / are the same; `*` is elementwise before it is a matrix
# product, · the other way round.
OPERATIONS = {"*": mul, "·": dot, "@": matmul, "⊙": hadamard, "⊗": outer, "/": truediv}


def wrap(value):
    """`value` as an expression: numbers become Number, expressions stay."""
    return value if isinstance(value, Expression) else Number(value)


def total(terms):
    """The sum of several expressions; of one, that one itself."""
    terms = list(terms)
    return terms[0] if len(terms) == 1 else Sum([(1, term) for term in terms])


def sum_of(terms):
    """The sum of signed terms, the first one's sign in front of it."""
    sign, first = terms[0]
    first = first if sign > 0 else without_minus(first)
    return first if len(terms) == 1 else Sum([(1, first), *terms[1:]])


def without_minus(term):
    """The negative of a term, two minus signs cancelled."""
    return term.inner if isinstance(term, Negative) else -term


def product_of(factors):
    """The product of factors with their operators, 1 in front of a division that comes first."""
    if factors[0][0] == "/":
        factors = [("*", Number(1)), *factors]
    return factors[0][1] if len(factors) == 1 else Product(factors)


def signed_sum(terms):
    """The sum of (sign, expression) without the terms that are 0."""
    terms = [(sign, term) for sign, term in terms if not _is(term, 0)]
    terms = [(-sign, term.inner) if isinstance(term, Negative) else (sign, term) for sign, term in terms]
    return sum_of(terms) if terms else Number(0)


def simple_product(factors):
    """The product of ("*" or "/", expression) without its ones, a sign in front; 0 if a factor is."""
    if any(_is(factor, 0) for operator, factor in factors if operator == "*"):
        return Number(0)
    negative, kept = False, []
    for operator, factor in factors:
        if isinstance(factor, Negative):
            negative, factor = not negative, factor.inner
        kept += factor.factors if isinstance(factor, Product) and operator == "*" else [(operator, factor)]
    product = product_of([each for each in kept if not _is(each[1], 1)] or [("*", Number(1))])
    return -product if negative else product


def _is(expression, value):
    return isinstance(expression, Number) and expression.value == value


def _from_left(parts, operations, number):
    """The evaluator of (mark, expression) from left to right; `operations` says what each mark does."""
    first = parts[0][1].evaluator(number)
    rest = [(operations[mark], part.evaluator(number)) for mark, part in parts[1:]]

    def evaluate(values):
        result = first(values)
        for operate, part in rest:
            result = operate(result, part(values))
        return result

    return evaluate
