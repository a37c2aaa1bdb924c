"""Formulas over named quantities: trees of a few kinds of parts, built by arithmetic and printed as text."""


class Expression:
    """A formula. `format()` is its text, `names()` what stands in it, `parts()` the formulas it is made of.

    Arithmetic on expressions builds larger ones: `Name("w1")*Name("i1") + Name("b1")`. `column` is where a
    number, a name or a call begins in the text it was read from, counted from 1; else None.
    """

    binds = 4
    column = _names = None
    _inside: tuple[str, ...] = ()  # the attributes that are parts

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

    def names(self) -> list[str]:
        """The names in the formula, each once, in the order of their first appearance."""
        if self._names is None:
            self._names = list(dict.fromkeys(name for part in self.parts() for name in part.names()))
        return self._names

    def parts(self) -> list["Expression"]:
        """The formulas that this one is made of, from left to right; none for a number or a name."""
        return [getattr(self, each) for each in self._inside]

    def rebuilt(self, parts) -> "Expression":
        """The same kind of formula with other parts."""
        if not parts:
            return self
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new.__dict__.update(zip(self._inside, parts))
        new.column = new._names = None
        return new

    def format(self, leaf=None) -> str:
        """The formula as text; `leaf(name)` gives what to write for a name, for instance its value."""
        return self._text((lambda name: name) if leaf is None else leaf)

    def _text(self, leaf):
        raise NotImplementedError

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


class Name(Expression):
    """A quantity by its `name`."""

    def __init__(self, name):
        self.name = name

    def names(self):
        return [self.name]

    def _text(self, leaf):
        return leaf(self.name)


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


class Power(Expression):
    """A `base` to a whole power, `exponent`, computed by repeated multiplication."""

    binds = 3
    _inside = ("base",)

    def __init__(self, base, exponent):
        self.base, self.exponent = base, exponent

    def _text(self, leaf):
        return f"{self.base._bracketed(leaf, 4, first=False)}^{self.exponent}"


class Inverse(Power):
    """A `base` to the power -1 as mathematics writes it: of a square matrix, its inverse."""

    def __init__(self, base, exponent=-1):
        super().__init__(base, exponent)


class Negative(Expression):
    """The negative of an expression, `inner`."""

    binds = 2
    _inside = ("inner",)

    def __init__(self, inner):
        self.inner = inner

    def _text(self, leaf):
        return "-" + self.inner._bracketed(leaf, 3, first=False)


class Call(Expression):
    """A `function` of functions.FUNCTIONS, by its name, applied to `arguments`.

    `options` are `axis` and `keepdims`, for functions of whole arrays.
    """

    def __init__(self, function, arguments, options=None):
        self.function, self.arguments = function, [wrap(argument) for argument in arguments]
        self.options = options or {}

    def _text(self, leaf):
        options = [f"{name}={value}" for name, value in self.options.items()]
        return f"{self.function}({', '.join([each._text(leaf) for each in self.arguments] + options)})"

    def parts(self):
        return self.arguments

    def rebuilt(self, parts):
        return Call(self.function, parts, self.options)


class Transpose(Expression):
    """The transpose of `inner`: `Wᵀ`."""

    _inside = ("inner",)

    def __init__(self, inner):
        self.inner = inner

    def _text(self, leaf):
        return self.inner._bracketed(leaf, 4, first=False) + "ᵀ"


class ArrayOf(Expression):
    """A vector, `rows` of Expressions, or a matrix, rows of rows."""

    def __init__(self, rows):
        self.rows = rows

    @property
    def is_matrix(self) -> bool:
        return len(self.rows) > 0 and isinstance(self.rows[0], list)

    @property
    def form(self) -> tuple[int, ...]:
        """How many rows, and in a matrix how many columns, are written out."""
        return (len(self.rows), len(self.rows[0])) if self.is_matrix else (len(self.rows),)

    def _text(self, leaf):
        rows = self.rows if self.is_matrix else [self.rows]
        texts = [f"[{', '.join(entry._text(leaf) for entry in row)}]" for row in rows]
        return f"[{', '.join(texts)}]" if self.is_matrix else texts[0]

    def parts(self):
        return [entry for row in self.rows for entry in row] if self.is_matrix else list(self.rows)

    def rebuilt(self, parts):
        if not self.is_matrix:
            return ArrayOf(list(parts))
        columns = len(self.rows[0])
        return ArrayOf([list(parts[i : i + columns]) for i in range(0, len(parts), columns)])


class Entry(Expression):
    """`base[indices]`: each index a number, a (start, stop) slice, a list of numbers, or None for all.

    `from_zero` says where counting begins: True as in code, False as in mathematics, None where the text does
    not show it; then it counts from 1.
    """

    _inside = ("base",)

    def __init__(self, base, indices, from_zero=None):
        self.base, self.indices, self.from_zero = base, list(indices), from_zero

    @property
    def first(self) -> int:
        """The index of the first entry."""
        return 0 if self.from_zero else 1

    def _text(self, leaf):
        return f"{self.base._bracketed(leaf, 4, first=False)}{_indices_text(self.indices)}"


class Placed(Expression):
    """Zeros in the shape of `like`, with `inner` added where an Entry of `like` under `indices` picks."""

    _inside = ("inner", "like")

    def __init__(self, inner, like, indices, first):
        self.inner, self.like, self.indices, self.first = inner, like, indices, first

    def _text(self, leaf):
        return f"placed({self.inner._text(leaf)}, {self.like._text(leaf)}{_indices_text(self.indices)})"


class Compare(Expression):
    """`left sign right`, entry by entry: 1 where it holds, else 0."""

    binds = 0
    _inside = ("left", "right")

    def __init__(self, left, sign, right):
        self.left, self.sign, self.right = left, sign, right

    def _text(self, leaf):
        return f"{self.left._bracketed(leaf, 1)} {self.sign} {self.right._bracketed(leaf, 1, first=False)}"


def wrap(value):
    """`value` as an expression: numbers become Number, expressions stay."""
    return value if isinstance(value, Expression) else Number(value)


def total(terms):
    """The sum of several expressions; of one, that one itself."""
    return sum_of([(1, term) for term in terms])


def sum_of(terms):
    """The sum of signed terms, the first one's sign in front of it."""
    sign, first = terms[0]
    first = first if sign > 0 else without_minus(first)
    return first if len(terms) == 1 else Sum([(1, first), *terms[1:]])


def signed_sum(terms):
    """The sum of (sign, expression) without the terms that are 0."""
    terms = [(sign, term) for sign, term in terms if not is_number(term, 0)]
    terms = [(-sign, term.inner) if isinstance(term, Negative) else (sign, term) for sign, term in terms]
    return sum_of(terms) if terms else Number(0)


def without_minus(term):
    """The negative of a term, two minus signs cancelled."""
    return term.inner if isinstance(term, Negative) else -term


def product_of(factors):
    """The product of factors with their operators, 1 in front of a division that comes first."""
    if factors[0][0] == "/":
        factors = [("*", Number(1)), *factors]
    return factors[0][1] if len(factors) == 1 else Product(factors)


def is_number(formula, value) -> bool:
    """Whether a formula is this number and nothing else."""
    return isinstance(formula, Number) and formula.value == value


def _indices_text(indices):
    ends = [
        (None, None) if each is None else each if isinstance(each, tuple) else (each,) for each in indices
    ]
    return f"[{', '.join(':'.join('' if end is None else str(end) for end in each) for each in ends)}]"
