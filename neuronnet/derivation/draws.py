"""Given numbers drawn near a model's own, where its author stands.

Sizes stay, and so does the side of every relu, max, abs and comparison: a unit that is off stays off. Whole
numbers that count something (m = 4 samples) keep their value.
"""

from decimal import Decimal
from random import Random
from typing import NamedTuple

from neuronnet.description.values import as_number
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.expressions import Call, Compare, Expression, Name, Number, Product
from neuronnet.formulas.rewriting import nodes

FAR = Decimal("0.4")  # relative to the model's own numbers
HALVINGS = 10  # the nearest draws are a few thousandths away
PARTS = 1000


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
    found = []
    for node, _, _ in nodes(formula):
        if isinstance(node, Compare):
            found.append(Kink(node, node.left, node.right))
        elif isinstance(node, Call) and node.function in _KINKS:
            found.append(_KINKS[node.function](node))
    return found


def _above(node):
    first, second = node.arguments
    return Kink(Call("step", [second - first]), second, first)


def _signed(node):
    return Kink(Call("step", node.arguments), node.arguments[0], Number(0))


def _greatest(node):
    return Kink(Call("is_greatest", node.arguments, _axis(node)), node.arguments[0], Number(0))


def _axis(node):
    return {} if node.options.get("axis") is None else {"axis": node.options["axis"]}


_KINKS = {
    "max": _above,
    "step": lambda node: Kink(node, node.arguments[0], Number(0)),
    "abs": _signed,
    "sign": _signed,
    "where": lambda node: Kink(Compare(node.arguments[0], "!=", Number(0)), node.arguments[0], Number(0)),
    "amax": _greatest,
    "is_greatest": _greatest,
}


class Draws:
    """Draws of one model. `own` are the author's numbers."""

    def __init__(self, model):
        self.model = model
        self.own = model.values()
        self.given = {name: _decimals(value) for name, value in model.given.items()}
        self.kinks_in = {name: kinks(formula) for name, formula in model.formulas.items()}
        self.kinks = _each_once(kink for found in self.kinks_in.values() for kink in found)
        sizes = {size for name in model.names() for size in model.shape(name)}
        self.counts = {name for name, value in self.given.items() if _is_count(name, value, sizes, model)}
        self._own_sides = [value_in(self.own, kink.side) for kink in self.kinks]
        self._found = [name for name in model.formulas if value_in(self.own, Name(name)) is not None]
        self._drawn: dict = {}
        self._crossed: dict = {}

    def draw(self, number: int, kept=frozenset(), lines=(), crossing=False):
        """The draw of a number, always the same one.

        `kept` are (name, place) of entries that keep their value, `lines` are (name, places) of entries whose
        sum stays. With `crossing`, signs change and kinks are crossed.
        """
        key = number, kept, lines, crossing
        if key not in self._drawn:
            self._drawn[key] = self._new(number, kept, lines, crossing)
        return self._drawn[key]

    def crossed(self, number: int) -> set[str]:
        """The sides of kinks, as texts, that differ in the draw of a number where kinks may be crossed."""
        if number not in self._crossed:
            draw = self.draw(number, crossing=True)
            pairs = zip(self.kinks, self._own_sides)
            self._crossed[number] = {
                kink.side.format()
                for kink, own in pairs
                if own is not None and not same_side(value_in(draw, kink.side), own)
            }
        return self._crossed[number]

    def _new(self, number, kept, lines, crossing):
        random, distance = Random(number), FAR
        for _ in range(HALVINGS):
            moved = {
                name: self._moved(name, random, distance, kept, lines, crossing) for name in self._free()
            }
            draw = self.model.values(given=moved)
            if self._stands(draw, crossing):
                return draw
            distance /= 2
        return self._one_by_one(random, kept, lines)

    def _one_by_one(self, random, kept, lines):
        """Every given moved by itself, as far as it may."""
        moved = {}
        for name in self._free():
            distance = FAR / 4
            for _ in range(4):
                tried = {**moved, name: self._moved(name, random, distance, kept, lines, False)}
                if self._stands(self.model.values(given=tried), False):
                    moved = tried
                    break
                distance /= 16
        return self.model.values(given=moved)

    def _free(self):
        return [name for name in self.given if name not in self.counts and name not in self.model.kept]

    def _stands(self, draw, crossing):
        """Whether a draw has all the values that the author's numbers have, on the same sides."""
        if not crossing:
            for kink, own in zip(self.kinks, self._own_sides):
                if own is not None and not same_side(value_in(draw, kink.side), own):
                    return False
        return all(value_in(draw, Name(name)) is not None for name in self._found)

    def _moved(self, name, random, distance, kept, lines, crossing):
        value = self.given[name]
        found = [
            own if (name, place) in kept else _moved(own, random, distance, crossing)
            for place, own in enumerate(entries(value))
        ]
        for line_name, places in lines:
            if line_name == name:
                own = [entries(value)[place] for place in places]
                largest = max(places, key=lambda place: entries(value)[place])
                found[largest] = sum(own) - sum(found[place] for place in places if place != largest)
        return Array(found, value.shape) if isinstance(value, Array) else found[0]

    # What stands in the author's numbers

    def of_size(self, values: set) -> frozenset:
        """(name, place) of the given entries whose size is among some values."""
        return frozenset(
            (name, place)
            for name, value in self.given.items()
            for place, entry in enumerate(entries(value))
            if abs(entry) in values
        )


def same_side(value, own) -> bool:
    """Whether two values of a Kink's side are the same."""
    return value is not None and entries(value) == entries(own)


def _moved(own, random, distance, crossing):
    share = distance * random.randint(PARTS // 5, PARTS) / PARTS
    sign = random.choice((1, -1))
    if crossing and random.random() < 0.5:
        own = -own
    return own + own * share * sign if own else share * sign


def _decimals(value):
    if isinstance(value, Array):
        return value.map(lambda entry: as_number(entry, Decimal))
    return as_number(value, Decimal)


def value_in(draw, formula: Expression):
    """The value of a formula in a draw, None where it has none."""
    try:
        return draw[formula.name] if isinstance(formula, Name) else draw.of(formula)
    except ValueError:
        return None


def _is_count(name, value, sizes, model):
    """Whether a number is a count: whole, the size of something here, and only divided by."""
    if isinstance(value, Array) or value != int(value) or value < 2:
        return False
    return int(value) in sizes and all(_only_divides(name, each) for each in model.formulas.values())


def _only_divides(name, formula):
    if isinstance(formula, Name):
        return formula.name != name
    if isinstance(formula, Product):
        return all(operator == "/" or _only_divides(name, factor) for operator, factor in formula.factors)
    return all(_only_divides(name, part) for part in formula.parts())


def _each_once(found):
    return list({kink.side.format(): kink for kink in found}.values())
