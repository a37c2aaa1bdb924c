"""What a formula gives from inputs that are exact or as they were printed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import product
from typing import NamedTuple

from neuronnet.derivation.digits import Printed
from neuronnet.errors import NeuronnetError, NumberError
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Expression, Name, Number
from neuronnet.formulas.rewriting import mapped
from neuronnet.sheet.on_paper import intermediate_results, written_down

NOTHING = Decimal("1e-40")  # what fifty digits leave of a difference that is 0
MATCH = Decimal("1e-12")  # relative: so near to the exact value is the formula of it
CONSTANTS = {Decimal("0.5"), Decimal("0.25")}  # decimals that stand for themselves


class Input(NamedTuple):
    """A quantity that a number may be computed from.

    `exact` is its value, None where no line computes it; `printed` what its author printed for it, of the
    same shape, or None; `line` where that stands, or the line that it follows from; `is_wrong` whether it is.
    What is not printed was computed by its `formula` from what was, if it has one.
    """

    exact: Decimal | Array | None
    printed: Decimal | Array | None = None
    line: int | None = None
    is_wrong: bool = False
    formula: Expression | None = None

    @property
    def start(self) -> Decimal | Array | None:
        """The exact value, or what is printed where that is not known."""
        return self.printed if self.exact is None else self.exact

    @property
    def is_moved(self) -> bool:
        """Whether the printed number is another than the exact one."""
        return None not in (self.exact, self.printed) and entries(self.exact) != entries(self.printed)

    def pairs(self) -> Iterable[tuple]:
        """(exact, printed) of every entry."""
        return zip(entries(self.exact), entries(self.printed))


def gives(value: Decimal, printed: Printed) -> bool:
    """Whether a value is printed so: rounded, or cut off; a whole 0 only for nothing."""
    if not value.is_finite():
        return False
    if is_whole_zero(printed):
        return abs(value) <= NOTHING
    return printed.agrees(value) or printed.is_cut_from(value)


def is_whole_zero(printed: Printed) -> bool:
    return printed.value == 0 and printed.is_whole


def digits_of(value: Decimal) -> int:
    return len(value.as_tuple().digits)


def unit_of(value: Decimal) -> Decimal:
    """The unit of the last digit that a Decimal was printed with."""
    return Decimal(1).scaleb(int(value.as_tuple().exponent))


class Computation:
    """A formula over `inputs`, {name: Input}; `base` is what it gives from exact ones, a tuple of Decimals.

    `base` is None where the formula has no value or a name no Input.
    """

    def __init__(self, formula: Expression, inputs: dict[str, Input], steps: list | None = None):
        """`steps` are the names that are computed before, with their formulas."""
        self.formula, self.steps = formula, steps or []
        computed = {name for name, _ in self.steps}
        used = dict.fromkeys(name for _, each in [*self.steps, ("", formula)] for name in each.names())
        self.inputs = {name: inputs[name] for name in used if name in inputs}
        self.start = {name: each.start for name, each in self.inputs.items() if name not in computed}
        self._before = [(name, evaluator(each, Decimal)) for name, each in self.steps]
        self._evaluate = evaluator(formula, Decimal)
        self.base = self.value(self.start)

    def value(self, values: dict) -> tuple | None:
        """What the formula gives, a tuple of Decimals; None where it has no value."""
        try:
            return tuple(map(Decimal, entries(self._evaluate(self._with_steps(values)))))
        except (ArithmeticError, ValueError, KeyError, NeuronnetError):
            return None

    def _with_steps(self, values):
        if not self._before:
            return values
        values = dict(values)
        for name, compute in self._before:
            if name not in values:
                values[name] = compute(values)
        return values

    def has(self, size: int) -> bool:
        """Whether it has a value of so many entries."""
        return self.base is not None and len(self.base) == size

    def is_of(self, values: tuple) -> bool:
        """Whether the formula gives the exact values, far beyond every printed digit."""
        if not self.has(len(values)):
            return False
        pairs = zip(self.base or (), values)
        return all(abs(one - other) <= MATCH * abs(other) + NOTHING for one, other in pairs)

    def unsure(self) -> list[str]:
        """The names of the inputs that are known only as they are printed."""
        return [name for name, each in self.inputs.items() if each.exact is None]

    def moved(self, wrong_too: bool) -> list[str]:
        """The names of the inputs whose printed number is not the exact one."""
        return [
            name for name, each in self.inputs.items() if each.is_moved and (wrong_too or not each.is_wrong)
        ]

    def wrong_among(self, names: list[str]) -> list[str]:
        return [name for name in names if self.inputs[name].is_wrong]

    def at(self, names: list[str]) -> tuple | None:
        """What the formula gives where these inputs are as they are printed."""
        return self.value(self.values_at(names))

    def values_at(self, names):
        return self.start | {name: self.inputs[name].printed for name in names}

    def corners(self, from_wrong: bool) -> Iterator[tuple]:
        """(names, values) for every choice of inputs that are as they are printed, some wrong one among them
        or none."""
        names = self.moved(from_wrong)
        for chosen in product((True, False), repeat=len(names)):
            used = [name for name, is_used in zip(names, chosen) if is_used]
            if used and bool(self.wrong_among(used)) == from_wrong:
                yield used, self.at(used)

    @cached_property
    def _written_down(self):
        return written_down(self.steps, self.formula)

    def by_steps(self, names: list[str], decimals: int, significant: int) -> Iterator[tuple]:
        """What it gives from there where every step is rounded."""
        return self._written_down(self.values_at(names), decimals, significant)

    def decimals(self) -> int:
        """The most decimals that a rounded input is printed with."""
        printed = [each.printed for each in self.inputs.values() if each.is_moved]
        units = [int(entry.as_tuple().exponent) for value in printed for entry in entries(value)]
        return -min([0, *units])

    def digits(self) -> int:
        """The most significant digits that a rounded input is printed with."""
        printed = [each.printed for each in self.inputs.values() if each.is_moved]
        return max([0, *(digits_of(entry) for value in printed for entry in entries(value))])

    def results(self, names: list[str]) -> list[Decimal]:
        """The inputs, these as they are printed, and every number computed on the way; [] without a value."""
        try:
            values = self._with_steps(self.values_at(names))
            found = intermediate_results(self.formula, values)
        except (ArithmeticError, ValueError, NeuronnetError):
            return []
        return [entry for value in values.values() for entry in entries(value)] + found

    def shifted(self, name: str, by) -> list:
        """The values where one entry of an input is moved up or down by `by(entry)`."""
        value = self.start[name]
        found, numbers = [], entries(value)
        for place, number in enumerate(numbers):
            for step in (by(number), -by(number)):
                moved = (*numbers[:place], number + step, *numbers[place + 1 :])
                changed = Array(moved, value.shape) if isinstance(value, Array) else moved[0]
                found.append(self.value(self.start | {name: changed}))
        return found

    def box(self, alternatives: Iterable[list]) -> tuple[list, list]:
        """The lowest and highest values, where every input has alternatives on its own, to first order."""
        base = list(self.base or ())
        low, high = [*base], [*base]
        for found in alternatives:
            for place, middle in enumerate(base):
                off = [values[place] - middle for values in found if values is not None]
                low[place] += min([0, *off])
                high[place] += max([0, *off])
        return low, high


def steps_before(formula: Expression, inputs: dict[str, Input], also: Container[str] = ()) -> list:
    """The inputs that were computed on the way, each with its formula, in order.

    These are the ones that were not printed, and those in `also` that are right.
    """
    steps = {
        name: each.formula
        for name, each in inputs.items()
        if each.formula is not None and not each.is_wrong and (each.printed is None or name in also)
    }
    found: dict[str, Expression] = {}
    entered: set[str] = set()
    waiting = formula.names()[::-1]
    while waiting:
        name = waiting[-1]
        if name in found or name not in steps:
            waiting.pop()
        elif name in entered:
            found[name] = steps[name]
        else:
            entered.add(name)
            waiting += [before for before in steps[name].names() if before not in entered]
    return list(found.items())


def ways_of(formulas: Sequence[Expression], inputs: dict[str, Input], values: tuple) -> list[Computation]:
    """The Computations of the values: from the inputs, and from what was printed before them."""
    steps = [steps_before(formula, inputs) for formula in formulas]
    ways = [Computation(formula, inputs) for formula in formulas]
    ways += [Computation(formula, inputs, each) for formula, each in zip(formulas, steps) if each]
    return [way for way in ways if way.is_of(values)]


def ways_from_memory(
    formulas: Sequence[Expression], inputs: dict[str, Input], values: tuple, depth: int
) -> list[Computation]:
    """Computations that use numbers as they came out of what was printed some lines before."""
    ways = []
    for formula in formulas:
        also = set(formula.names())
        for _ in range(depth - 1):
            known = [inputs[name].formula for name in also if name in inputs]
            also.update(name for each in known if each is not None for name in each.names())
        steps = steps_before(formula, inputs, also)
        ways += [Computation(formula, inputs, steps)] if steps else []
    return [way for way in ways if way.is_of(values)]


class Literals(Computation):
    """The arithmetic on a line: every number in it that is not whole is an input of its own.

    `ways` are Computations of the quantity; their intermediate results may stand there as numbers, and so may
    what `inputs` were printed as.
    """

    def __init__(self, arithmetic: Expression, ways: list[Computation], inputs: dict[str, Input]):
        self.literals: dict[str, Printed] = {}
        self.ways, self.known = ways, inputs
        opened = mapped(arithmetic, self._opened)
        super().__init__(opened, inputs | {name: Input(each.value) for name, each in self.literals.items()})

    @cached_property
    def _given(self):
        known = [each.exact for each in self.known.values() if each.exact is not None]
        return CONSTANTS.union(abs(exact) for value in known for exact in entries(value))

    def unsure(self) -> list[str]:
        """The names of the numbers that may stand for what they round."""
        return [name for name, each in self.literals.items() if abs(each.value) not in self._given]

    def _opened(self, leaf):
        if not isinstance(leaf, Number) or isinstance(leaf.value, int):
            return leaf
        try:
            printed = Printed(getattr(leaf.value, "text", None) or repr(leaf.value))
        except NumberError:
            return leaf
        if printed.is_whole:
            return leaf
        name = f"number {len(self.literals)}"
        self.literals[name] = printed
        return Name(name)

    def boxes(self) -> tuple:
        """The box of what right numbers may stand for, that of wrong ones too, and the wrong Inputs."""
        right, both, wrong = [], [], []
        for name, printed in self.literals.items():
            stand_ins = [(exact.copy_sign(printed.value), each) for exact, each in self._meant(printed)]
            values = [(self.value(self.start | {name: exact}), each) for exact, each in stand_ins]
            right.append([value for value, each in values if each is None])
            both.append([value for value, _ in values])
            wrong += [each for _, each in values if each is not None]
        return self.box(right), self.box(both), wrong

    def _meant(self, printed):
        """(exact value, the wrong Input behind it or None) of all that a literal may stand for."""
        size = abs(printed.value)
        for each in self.known.values():
            if each.is_moved and (each.is_wrong or size not in self._given):
                blamed = each if each.is_wrong else None
                yield from ((exact, blamed) for exact, shown in each.pairs() if abs(shown) == size)
        if size in self._given or digits_of(size) < 2:
            return
        shown_as = Printed(str(size))
        for way in self.ways:
            exact = way.results([])
            for names in ([], way.moved(False), way.moved(True)):
                wrong = way.wrong_among(names)
                blamed = way.inputs[wrong[0]] if wrong else None
                pairs = zip(exact, way.results(names) if names else exact)
                yield from ((value, blamed) for value, seen in pairs if gives(abs(seen), shown_as))
