"""Given numbers drawn near a model's own, where its author stands, and what all data of their kind share.

Sizes stay, and so does the side of every relu, max, abs and comparison: a unit that is off stays off. Whole
numbers that count something (m = 4 samples) keep their value. Targets and masks may be zeros and ones, or sum
to 1, by their nature, and formulas may rely on it (`P - Y` for a softmax); inputs and weights may not.
"""

from decimal import Decimal
from functools import cache, partial
from itertools import groupby
from random import Random
from typing import NamedTuple

from neuronnet.elementary import as_number
from neuronnet.formulas.arrays import Array, entries, mapped, size
from neuronnet.formulas.expressions import (
    Call,
    Compare,
    Expression,
    Inverse,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
)
from neuronnet.formulas.rewriting import nodes

FAR = Decimal("0.4")  # relative to the model's own numbers
HALVINGS = 10  # the nearest draws are a few thousandths away
PARTS = 1000
SIDES, NOTHING = 8, Decimal("1e-25")


class Kink(NamedTuple):
    """A place where a formula changes its piece: `side` is 1 where `left` is above `right`, else 0."""

    side: Expression
    left: Expression
    right: Expression

    def said(self, value) -> str:
        """`z1 > 0` or `z1 < 0`; of an array with entries on both sides, what its signs are."""
        found = set(map(int, entries(value)))
        left, right = self.left.format(), self.right.format()
        if len(found) > 1:
            return f"{left} has these signs" if right == "0" else f"{left} - {right} has these signs"
        return f"{left} {'>' if found == {1} else '<'} {right}"


def kinks(formula: Expression) -> list[Kink]:
    """The kinks of a formula."""
    return [kink for node, _, _ in nodes(formula) for kink in _kinks_of(node)]


def _kinks_of(node):
    function = node.function if isinstance(node, Call) else None
    if isinstance(node, Compare):
        yield Kink(node, node.left, node.right)
    elif function == "max":
        first, second = node.arguments
        yield Kink(Call("step", [second - first]), second, first)
    elif function in _SIDES:
        yield Kink(_SIDES[function](node), node.arguments[0], Number(0))


def _greatest(node):
    axis = {key: value for key, value in node.options.items() if key == "axis" and value is not None}
    return Call("is_greatest", node.arguments, axis)


_SIDES = {
    "step": lambda node: node,
    "abs": lambda node: Call("step", node.arguments),
    "sign": lambda node: Call("step", node.arguments),
    "where": lambda node: Compare(node.arguments[0], "!=", Number(0)),
    "amax": _greatest,
    "is_greatest": _greatest,
}


def as_decimals(value):
    return mapped(partial(as_number, number=Decimal), value)


class Draws:
    """Draws of one model. `own` are the author's numbers."""

    def __init__(self, model):
        self.model = model
        self.own = model.values()
        self.given = {name: as_decimals(value) for name, value in model.given.items()}
        self.kinks_in = {name: kinks(formula) for name, formula in model.formulas.items()}
        every = {kink.side.format(): kink for found in self.kinks_in.values() for kink in found}
        self.kinks = list(every.values())
        sizes = {size for name in model.names() for size in model.shape(name)}
        self.counts = {name for name, value in self.given.items() if _is_count(name, value, sizes, model)}
        self._own_sides = [value_in(self.own, kink.side) for kink in self.kinks]
        self._found = [name for name in model.formulas if value_in(self.own, Name(name)) is not None]
        self.draw, self.crossed = cache(self._draw), cache(self._crossed)

    def _crossed(self, number):
        """The sides of kinks, as texts, that differ in the draw of a number where kinks may be crossed."""
        draw = self.draw(number, crossing=True)
        pairs = [each for each in zip(self.kinks, self._own_sides) if each[1] is not None]
        return {kink.side.format() for kink, own in pairs if not same_side(value_in(draw, kink.side), own)}

    def beside_kinks(self, formula: Expression) -> list[tuple]:
        """(Kink, value of a formula) on other sides of the kinks that the author's numbers lie on.

        Given numbers are moved by less than any digit that is printed.
        """
        needed = self.model.made_of([formula])
        inside = [each for name, found in self.kinks_in.items() if name in needed for each in found]
        found = []
        for number in range(SIDES if inside else 0):
            random = Random(number)
            moved = {name: mapped(partial(_aside, random), self.given[name]) for name in self._free()}
            draw = self.model.values(given=moved)
            pairs = [(each, value_in(draw, each.side), value_in(self.own, each.side)) for each in inside]
            crossed = [each for each, *sides in pairs if None not in sides and not same_side(*sides)]
            found += [(each, value_in(draw, formula)) for each in crossed[:1]]
        return [(kink, value) for kink, value in found if value is not None]

    def _draw(self, number: int, kept=frozenset(), lines=(), crossing=False):
        """The draw of a number, always the same one.

        `kept` are (name, place) of entries that keep their value, `lines` are tuples of (name, place, 1 or
        -1) of those whose sum with these signs stays. With `crossing`, signs change and kinks are crossed.
        """
        random, distance = Random(number), FAR
        for _ in range(HALVINGS):
            moved = {name: self._moved(name, random, distance, kept, crossing) for name in self._free()}
            self._keep_sums(moved, lines)
            draw = self.model.values(given=moved)
            if self.stands(draw, crossing):
                return draw
            distance /= 2
        return self._one_by_one(random, kept, lines)

    def _one_by_one(self, random, kept, lines):
        """Every given moved by itself, as far as it may."""
        moved = {}
        for name in self._free():
            distance = FAR / 4
            for _ in range(4):
                tried = {**moved, name: self._moved(name, random, distance, kept, False)}
                self._keep_sums(tried, lines)
                if self.stands(self.model.values(given=tried)):
                    moved = tried
                    break
                distance /= 16
        return self.model.values(given=moved)

    def _free(self):
        return [name for name in self.given if name not in self.counts and name not in self.model.kept]

    def stands(self, draw, crossing=False):
        """Whether a draw has all the values that the author's numbers have, on the same sides."""
        sides = () if crossing else zip(self.kinks, self._own_sides)
        if any(own is not None and not same_side(value_in(draw, kink.side), own) for kink, own in sides):
            return False
        return all(value_in(draw, Name(name)) is not None for name in self._found)

    def _keep_sums(self, moved, lines):
        """Give the largest entry of every line in moved values what makes the sum that it has as given."""
        given = self.given
        for line in lines:
            if any(name in moved for name, _, _ in line):
                name, at, sign = max(line, key=lambda each: entries(given[each[0]])[each[1]])
                wanted = sum(sign * entries(given[each])[place] for each, place, sign in line)
                now = sum(sign * entries(moved.get(each, given[each]))[place] for each, place, sign in line)
                value = moved.get(name, given[name])
                found = list(entries(value))
                found[at] += sign * (wanted - now)
                moved[name] = like(value, found)

    def _moved(self, name, random, distance, kept, crossing):
        return like(
            self.given[name],
            [
                own if (name, place) in kept else _moved(own, random, distance, crossing)
                for place, own in enumerate(entries(self.given[name]))
            ],
        )

    def of_size(self, values: set) -> frozenset:
        """(name, place) of the given entries whose size is among some values."""
        return frozenset(
            (name, place)
            for name, value in self.given.items()
            for place, entry in enumerate(entries(value))
            if abs(entry) in values
        )


def like(value, found: list):
    """Other entries in the form of a value: an Array, or a single number."""
    return Array(found, value.shape) if isinstance(value, Array) else found[0]


def same_side(value, own) -> bool:
    """Whether two values of a Kink's side are the same."""
    return value is not None and entries(value) == entries(own)


def _moved(own, random, distance, crossing):
    share = distance * random.randint(PARTS // 5, PARTS) / PARTS
    sign = random.choice((1, -1))
    if crossing and random.random() < 0.5:
        own = -own
    return own + own * share * sign if own else share * sign


def _aside(random, entry):
    return entry + random.choice((1, -1)) * NOTHING


def value_in(draw, formula: Expression):
    """The value of a formula in a draw, None where it has none."""
    try:
        return draw[formula.name] if isinstance(formula, Name) else draw.of(formula)
    except ValueError:
        return None


def _is_count(name, value, sizes, model):
    """Whether a number is a count: the size of something here, and only divided by."""
    return (
        not isinstance(value, Array)
        and value >= 2
        and value in sizes
        and all(
            _stands_only(name, formula, lambda product, operator, factor: operator == "/")
            for formula in model.formulas.values()
        )
    )


def _stands_only(name, formula, may_stand):
    """Whether a name stands in a formula only where `may_stand(product, operator, factor)` of a factor."""
    if isinstance(formula, Name):
        return formula.name != name
    if isinstance(formula, Product):
        return all(
            may_stand(formula, *each) or _stands_only(name, each[1], may_stand) for each in formula.factors
        )
    return all(_stands_only(name, part, may_stand) for part in formula.parts())


class Structure:
    """What the given data of a model have in common with all data of their kind."""

    def __init__(self, model, given: dict):
        """`given` are the given numbers as Decimals."""
        self._model, self._given = model, given
        self._late: dict[str, bool] = {}
        self._symmetric_names: dict[str, set] = {}  # of each formula
        self._data = [name for name in given if self._is_of_the_data(name)]
        self._summing = list(self._numbers_of_one())

    def has(self, name: str) -> bool:
        """Whether a given has such a structure."""
        is_one_of = any(name in names for names in self._summing)
        return is_one_of or (name in self._data and any(True for _ in self._of(name)))

    def conditions(self, needed: set):
        """(note, entries that keep their value, lines that keep their sum), the weakest condition first.

        `needed` are the quantities in question.
        """
        found: list[tuple] = [
            (f"as {', '.join(names)} sum to 1", frozenset(), (tuple((name, 0, 1) for name in names),))
            for names in self._summing
            if needed.intersection(names)
        ]
        found += [
            each for each in self._symmetric() if needed.intersection(name for (name, *_), _ in each[2])
        ]
        found += [each for name in self._data if name in needed for each in self._of(name)]
        yield from found
        if len(found) > 1:
            yield (
                " and ".join(dict.fromkeys(note for note, _, _ in found)),
                frozenset().union(*(kept for _, kept, _ in found)),
                tuple(line for _, _, lines in found for line in lines),
            )

    def _of(self, name):
        value = self._given[name]
        what, lines = lines_of_one(name, value)
        if lines:
            yield f"as {what} to 1", frozenset(), lines
        kept = frozenset((name, at) for at, entry in enumerate(entries(value)) if entry in (0, 1, -1))
        if kept:
            yield _kept_text(name, value, kept), kept, ()

    def _numbers_of_one(self):
        """The names that differ in their last digits alone, as t1 and t2, of numbers that sum to 1."""
        for _, names in groupby(sorted(self._data), key=lambda name: name.rstrip("0123456789")):
            numbers = [name for name in names if not isinstance(self._given[name], Array)]
            if len(numbers) > 1 and sum(self._given[name] for name in numbers) == 1:
                yield numbers

    def _symmetric(self):
        """The conditions of given symmetric matrices that are inverted or in a quadratic form `xᵀ A x`."""
        found = self._symmetric_names
        for user in [each for each in self._model.formulas if each not in found]:
            parts = nodes(self._model.formulas[user])
            found[user] = {name for part, *_ in parts for name in _symmetric_in(part)}
        names = set().union(*found.values())
        for name in self._given if names else ():
            value = self._given[name]
            if name in names and isinstance(value, Array) and len(value.shape) == 2 and value == value.T:
                count = value.shape[0]
                places = [(i * count + j, j * count + i) for i in range(count) for j in range(i)]
                pairs = tuple(((name, one, 1), (name, other, -1)) for one, other in places)
                if pairs:
                    yield f"as {name} is symmetric", frozenset(), pairs

    def _is_of_the_data(self, name):
        formulas, users = self._model.formulas, self._users(name)
        is_mask = size(self._given[name]) > 1 and set(entries(self._given[name])) <= {0, 1}
        if not users:  # the loss has its logarithm at the one entry, say
            return is_mask
        return all(
            (self._is_late(each) and self._stands_alone(name, formulas[each]))
            or (is_mask and _stands_only(name, formulas[each], _is_factor))
            for each in users
        )

    def _users(self, name):
        return [each for each in self._model.users.get(name, ()) if each in self._model.formulas]

    def _is_late(self, name):
        """Whether a quantity is a loss or an error: a number that nothing uses, or what leads to one."""
        if name not in self._late:
            formula, users = self._model.formulas[name], self._users(name)
            has_logarithm = any(
                isinstance(part, Call) and part.function == "ln" for part, *_ in nodes(formula)
            )
            is_error = has_logarithm or _has_difference(formula) or self._combines(formula)
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


def _symmetric_in(part):
    """The names of matrices that people have symmetric, in a part of a formula: covariances and Hessians."""
    if isinstance(part, Inverse) or (isinstance(part, Call) and part.function == "det"):
        yield from part.names()
    elif isinstance(part, Product):
        factors = [factor for _, factor in part.factors]
        for left, matrix, right in zip(factors, factors[1:], factors[2:]):
            if (
                isinstance(left, Transpose)
                and isinstance(matrix, Name)
                and left.inner.format() == right.format()
            ):
                yield matrix.name


def _has_difference(formula):
    sums = (part for part, _, _ in nodes(formula) if isinstance(part, Sum))
    return any(sign < 0 for part in sums for sign, _ in part.terms)


def _is_factor(product, _, factor):
    """Whether a factor is a name, in an elementwise product."""
    return isinstance(factor, Name) and all(operator in "*⊙/" for operator, _ in product.factors)


def lines_of_one(name, value):
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
    return tuple(tuple((name, place, 1) for place in line) for line in lines)


def _kept_text(name, value, kept):
    if not isinstance(value, Array):
        return f"for {name} = {value}"
    if len(kept) == size(value):
        return f"as {name} holds only {' and '.join(map(str, sorted(set(entries(value)))))}"
    return f"for the zeros and ones of {name}"
