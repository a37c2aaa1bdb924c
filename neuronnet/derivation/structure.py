"""Structure of the data in a model: rows that sum to 1, and zeros and ones, of what enters only the loss.

Targets and masks are so by their nature, and formulas may rely on it (`P - Y` for a softmax). Inputs and
weights that merely happen to be 0 or 1 are not counted among them.
"""

from neuronnet.formulas.arrays import Array, entries, size
from neuronnet.formulas.expressions import Call, Expression, Name, Negative, Number, Power, Product, Sum
from neuronnet.formulas.rewriting import nodes


class Structure:
    """What the given data of a model have in common with all data of their kind."""

    def __init__(self, model, given: dict):
        """`given` are the given numbers as Decimals."""
        self._model, self._given = model, given
        self._late: dict[str, bool] = {}
        self._users: dict[str, list[str]] = {}
        for user, formula in model.formulas.items():
            for name in formula.names():
                self._users.setdefault(name, []).append(user)
        self._data = [name for name in given if self._is_of_the_data(name)]

    def has(self, name: str) -> bool:
        """Whether a given has such a structure."""
        return name in self._data and any(True for _ in self._of(name))

    def conditions(self, needed: set):
        """(note, entries that keep their value, lines that keep their sum), the weakest condition first.

        `needed` are the quantities in question.
        """
        found = [each for name in self._data if name in needed for each in self._of(name)]
        yield from found
        if len(found) > 1:
            yield (
                " and ".join(dict.fromkeys(note for note, _, _ in found)),
                frozenset().union(*(kept for _, kept, _ in found)),
                tuple(line for _, _, lines in found for line in lines),
            )

    def _of(self, name):
        value = self._given[name]
        what, lines = _lines_of_one(name, value)
        if lines:
            yield f"as {what} to 1", frozenset(), lines
        kept = frozenset((name, at) for at, entry in enumerate(entries(value)) if entry in (0, 1, -1))
        if kept:
            yield _kept_text(name, value, kept), kept, ()

    def _is_of_the_data(self, name):
        formulas = self._model.formulas
        users = self._users.get(name)
        is_mask = size(self._given[name]) > 1 and set(entries(self._given[name])) <= {0, 1}
        if not users:  # the loss has its logarithm at the one entry, say
            return is_mask
        return all(
            (self._is_late(each) and self._stands_alone(name, formulas[each]))
            or (is_mask and _masks(name, formulas[each]))
            for each in users
        )

    def _is_late(self, name):
        """Whether a quantity is a loss or an error: a number that nothing uses, or what leads to one."""
        if name not in self._late:
            formula, users = self._model.formulas[name], self._users.get(name, ())
            is_error = _has_difference(formula) or _has_logarithm(formula) or self._combines(formula)
            ends = not self._model.shape(name) or _has_difference(formula)
            self._late[name] = is_error and all(map(self._is_late, users)) if users else ends
        return self._late[name]

    def _combines(self, formula):
        """Whether a formula adds up computed quantities and does no more, as a total of errors does."""
        parts = [node for node, *_ in nodes(formula)]
        return isinstance(formula, (Sum, Product)) and all(
            isinstance(each, (Sum, Product, Number))
            or (isinstance(each, Name) and each.name in self._model.formulas)
            for each in parts
        )

    def _stands_alone(self, name, formula):
        """Whether nothing that is given is a factor of a name in a formula."""
        if isinstance(formula, Product):
            factors = [factor for operator, factor in formula.factors if operator != "/"]
            given = [part for part in factors if isinstance(part, Name) and part.name in self._given]
            if len(given) > 1 and any(part.name == name for part in given):
                return False
        elif not isinstance(formula, (Sum, Negative, Power, Call)):
            return isinstance(formula, Name) or name not in formula.names()
        return all(self._stands_alone(name, part) for part in formula.parts())


def _has_difference(formula: Expression):
    sums = (part for part, _, _ in nodes(formula) if isinstance(part, Sum))
    return any(sign < 0 for part in sums for sign, _ in part.terms)


def _has_logarithm(formula: Expression):
    return any(isinstance(part, Call) and part.function == "ln" for part, _, _ in nodes(formula))


def _masks(name, formula):
    """Whether a name is only a factor in elementwise products of a formula."""
    if isinstance(formula, Name):
        return formula.name != name
    if isinstance(formula, Product) and all(operator in ("*", "⊙", "/") for operator, _ in formula.factors):
        return all(isinstance(part, Name) or _masks(name, part) for part in formula.parts())
    return all(_masks(name, part) for part in formula.parts())


def _lines_of_one(name, value):
    """(what sums, the places of each sum) where all rows, all columns or all entries of a value sum to 1."""
    if not isinstance(value, Array) or size(value) < 2:
        return None, ()
    found = value.entries
    if len(value.shape) == 1 or 1 in value.shape:
        return f"the entries of {name} sum", _sums(name, found, [range(size(value))])
    rows, columns = value.shape
    lines = _sums(name, found, [range(i * columns, (i + 1) * columns) for i in range(rows)])
    if lines:
        return f"the rows of {name} sum", lines
    return f"the columns of {name} sum", _sums(
        name, found, [range(j, rows * columns, columns) for j in range(columns)]
    )


def _sums(name, found, lines):
    if any(sum(found[place] for place in line) != 1 for line in lines):
        return ()
    return tuple((name, tuple(line)) for line in lines)


def _kept_text(name, value, kept):
    if not isinstance(value, Array):
        return f"for {name} = {value}"
    if len(kept) == size(value):
        return f"as {name} holds only {' and '.join(map(str, sorted(set(entries(value)))))}"
    return f"for the zeros and ones of {name}"
