"""Formulas with vectors and matrices in them: literals, entries, transposes, comparisons."""

from neuronnet.elementary import real_part
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.array_parts import picked, taken
from neuronnet.formulas.arrays import (
    Array,
    ShapeError,
    entries,
    is_vector,
    mapped,
    require_few,
    shape,
    size,
    transposed,
)
from neuronnet.formulas.expressions import Expression

_COMPARED = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
}


class Transpose(Expression):
    """The transpose of `inner`: `Wᵀ`."""

    def __init__(self, inner):
        self.inner = inner

    def _text(self, leaf):
        return self.inner._bracketed(leaf, 4, first=False) + "ᵀ"

    def parts(self):
        return [self.inner]

    def rebuilt(self, parts):
        return Transpose(*parts)

    def evaluator(self, number):
        inner = self.inner.evaluator(number)
        return lambda values: transposed(inner(values))


class ArrayOf(Expression):
    """A vector, `rows` of Expressions, or a matrix, rows of rows."""

    def __init__(self, rows):
        self.rows = rows

    @property
    def is_matrix(self):
        return isinstance(self.rows[0], list)

    def _text(self, leaf):
        if not self.is_matrix:
            return f"[{', '.join(entry._text(leaf) for entry in self.rows)}]"
        rows = (", ".join(entry._text(leaf) for entry in row) for row in self.rows)
        return f"[{', '.join(f'[{row}]' for row in rows)}]"

    def parts(self):
        return [entry for row in self.rows for entry in row] if self.is_matrix else list(self.rows)

    def rebuilt(self, parts):
        if not self.is_matrix:
            return ArrayOf(list(parts))
        columns = len(self.rows[0])
        return ArrayOf([list(parts[i : i + columns]) for i in range(0, len(parts), columns)])

    @property
    def form(self):
        return (len(self.rows), len(self.rows[0])) if self.is_matrix else (len(self.rows),)

    def evaluator(self, number):
        """Of entries that are vectors, the matrix with these rows."""
        compiled, form = [entry.evaluator(number) for entry in self.parts()], self.form

        def evaluate(values):
            found = [entry(values) for entry in compiled]
            result = stacked_shape(form, [shape(entry) for entry in found])
            return Array([entry for part in found for entry in entries(part)], result)

        return evaluate


def stacked_shape(form: tuple, parts: list[tuple]) -> tuple:
    """The shape of an array written in the shape `form` with parts of these shapes: numbers, or rows.

    Raises ShapeError for rows of different lengths, and for rows in a matrix.
    """
    lengths = {max(part, default=1) for part in parts}
    if lengths == {1}:
        return form
    if len(form) == 2 or len(lengths) > 1 or not all(is_vector(part) for part in parts):
        raise ShapeError("the entries of an array have different shapes")
    require_few(form[0] * max(lengths))
    return form[0], lengths.pop()


class Entry(Expression):
    """`base[indices]`: each index a number, a (start, stop) slice, a list of numbers, or None for all.

    `from_zero` says where counting begins: True as in code, False as in mathematics, None where the text does
    not show it; then it counts from 1.
    """

    def __init__(self, base, indices, from_zero=None):
        self.base, self.indices, self.from_zero = base, list(indices), from_zero

    @property
    def first(self):
        return 0 if self.from_zero else 1

    def _text(self, leaf):
        return f"{self.base._bracketed(leaf, 4, first=False)}[{', '.join(map(_index_text, self.indices))}]"

    def parts(self):
        return [self.base]

    def rebuilt(self, parts):
        return Entry(*parts, self.indices, self.from_zero)

    def evaluator(self, number):
        base, indices, first = self.base.evaluator(number), self.indices, self.first
        return lambda values: taken(base(values), indices, first)


def _index_text(index):
    if index is None:
        return ":"
    if isinstance(index, tuple):
        return ":".join("" if end is None else str(end) for end in index)
    return str(index)


class Placed(Expression):
    """Zeros in the shape of `like`, with `inner` added where `entry`, an Entry of `like`, picks."""

    def __init__(self, inner, like, indices, first):
        self.inner, self.like, self.indices, self.first = inner, like, indices, first

    def _text(self, leaf):
        where = ", ".join(map(_index_text, self.indices))
        return f"placed({self.inner._text(leaf)}, {self.like._text(leaf)}[{where}])"

    def parts(self):
        return [self.inner, self.like]

    def rebuilt(self, parts):
        return Placed(*parts, self.indices, self.first)

    def evaluator(self, number):
        inner, like = self.inner.evaluator(number), self.like.evaluator(number)
        return lambda values: _placed(inner(values), like(values), self.indices, self.first)


def _placed(value, like, indices, first):
    if not isinstance(like, Array):
        return value
    zero = like.entries[0] * 0
    found = [zero] * size(like)
    for place, entry in zip(picked(like.shape, indices, first)[0], entries(value)):
        found[place] = found[place] + entry
    return Array(found, like.shape)


class Compare(Expression):
    """`left sign right`, entry by entry: 1 where it holds, else 0."""

    binds = 0

    def __init__(self, left, sign, right):
        if sign not in _COMPARED:
            raise NeuronnetError(f"{sign} compares nothing")
        self.left, self.sign, self.right = left, sign, right

    def _text(self, leaf):
        return f"{self.left._bracketed(leaf, 1)} {self.sign} {self.right._bracketed(leaf, 1, first=False)}"

    def parts(self):
        return [self.left, self.right]

    def rebuilt(self, parts):
        return Compare(parts[0], self.sign, parts[1])

    def evaluator(self, number):
        left, right, holds = self.left.evaluator(number), self.right.evaluator(number), _COMPARED[self.sign]

        def compared(one, other):
            return one * 0 + (1 if holds(real_part(one), real_part(other)) else 0)

        return lambda values: mapped(compared, left(values), right(values))
