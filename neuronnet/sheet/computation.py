"""What a formula gives from inputs that are exact or as they were printed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import product
from struct import pack, unpack
from typing import NamedTuple

from neuronnet.derivation.digits import BINARY64_ROUNDING, Printed
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Expression
from neuronnet.formulas.rewriting import with_names
from neuronnet.sheet.on_paper import intermediate_results, written_down
from neuronnet.sheet.report import RIGHT, ROUNDING

HALF = Decimal("0.5")
MOST_ON_PAPER = 1_500  # numbers
NOTHING = Decimal("1e-40")  # what fifty digits leave of a difference that is 0
MATCH = Decimal("1e-12")  # relative: so near to the exact value is the formula of it
EXACT, TO_THE_DIGIT, ROUNDED = "exact", "to the digit printed", "rounded"
CUT_OFF, NOTHING_LEFT = "cut off", "no significant digit is left"
BINARY32_ROUNDING = Decimal(2) ** -21  # eight roundings of a computation in binary32
LARGEST_BINARY32 = 3e38
DIGITS_OF_BINARY32 = 9  # so many are those of a binary32 number by chance once in fifty times
DIGITS_OF_BINARY64 = 17


class Verdict(NamedTuple):
    """What a printed number is: "right", "rounding", "undecided" or "wrong number", and `how`, a clause.

    `follows_from` is the line whose wrong number gives this one; `entry` the index, from 1, of the entry of
    an array that the verdict is about.
    """

    verdict: str
    how: str
    follows_from: int | None = None
    entry: tuple[int, ...] | None = None


class Input(NamedTuple):
    """A quantity that a number may be computed from.

    `exact` is its value, None where no line computes it; `printed` what its author printed for it, of the
    same shape, or None; `line` where that stands, or the line that it follows from; `is_wrong` whether it is.
    What is not printed was computed by its `formula` from what was, or by the `mistaken` one, if it has one.
    """

    exact: Decimal | Array | None
    printed: Decimal | Array | None = None
    line: int | None = None
    is_wrong: bool = False
    formula: Expression | None = None
    mistaken: Expression | None = None

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


def rounded_to(value: Decimal) -> list[Decimal]:
    """How much farther from 0, at most and at least, a number is that is rounded to a value."""
    unit = unit_of(value)
    return [unit / 2, -unit / 2]


def cut_to(value: Decimal) -> list[Decimal]:
    """The same of a number that is cut off after the last digit of a value."""
    return [unit_of(value), Decimal(0)]


SHORTENED = (rounded_to, cut_to)  # what an author does to all his numbers


def by_itself(printed, exact):
    """The Verdict on a number that the exact value alone explains, or None."""
    if printed.value == 0 and abs(exact) > NOTHING:
        return Verdict(ROUNDING, NOTHING_LEFT) if gives(exact, printed) else None
    if printed.agrees(exact):
        if printed.value == exact:
            return Verdict(RIGHT, EXACT)
        return Verdict(RIGHT, TO_THE_DIGIT if digits_of(printed.value) == 1 else ROUNDED)
    binary, rounding = binary_of(printed)
    if abs(printed.value - exact) <= rounding * abs(exact):
        return Verdict(ROUNDING, f"computed in {binary}")
    return Verdict(ROUNDING, CUT_OFF) if printed.is_cut_from(exact) else None


def binary_of(printed):
    """(the type of float that the digits show, its relative rounding); (None, 0) where they show none."""
    digits, number = digits_of(printed.value), float(printed.value)
    if digits < DIGITS_OF_BINARY32:
        return None, 0
    if abs(number) < LARGEST_BINARY32:
        single = unpack("f", pack("f", number))[0]
        if number == single or printed.agrees(Decimal(single)):
            return "binary32", BINARY32_ROUNDING
    if digits <= DIGITS_OF_BINARY64 or printed.agrees(Decimal(number)):
        return "binary64", BINARY64_ROUNDING
    return None, 0


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
        """What the formula gives, a tuple of Decimals; None where it or one of the values has none."""
        if any(each is None for each in values.values()):
            return None
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

    @cached_property
    def is_large(self) -> bool:
        """Whether it is computed from so many numbers that nobody does it on paper."""
        return sum(len(entries(each)) for each in self.start.values() if each is not None) > MOST_ON_PAPER

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
        return [name for name in self.start if self.inputs[name].exact is None]

    def moved(self) -> list[str]:
        """The names of the right inputs whose printed number is not the exact one."""
        return [name for name, each in self.inputs.items() if each.is_moved and not each.is_wrong]

    def wrong(self) -> list[str]:
        """The names of the wrong inputs."""
        return [name for name, each in self.inputs.items() if each.is_moved and each.is_wrong]

    def at(self, names: list[str]) -> tuple | None:
        """What the formula gives where these inputs are as they are printed."""
        return self.value(self.values_at(names))

    def values_at(self, names):
        return self.start | {name: self.inputs[name].printed for name in names}

    def corners(self) -> Iterator[tuple | None]:
        """The values for every choice of right inputs that are as they are printed."""
        names = self.moved()
        for chosen in product((True, False), repeat=len(names)):
            if any(chosen):
                yield self.at([name for name, is_used in zip(names, chosen) if is_used])

    @cached_property
    def _written_down(self):
        return written_down(self.steps, self.formula)

    def by_steps(self, names: list[str], decimals: int, significant: int) -> Iterator[tuple]:
        """What it gives from there where every step is rounded."""
        if self.is_large:
            return iter(())
        return self._written_down(self.values_at(names), decimals, significant, self._may_cut)

    @cached_property
    def _may_cut(self):
        """Whether its author may cut numbers off: not where all inputs are rounded, and one of them up."""
        inputs = [each for each in self.inputs.values() if each.is_moved and not each.is_wrong]
        pairs = [pair for each in inputs for pair in each.pairs()]
        off = [(abs(shown) - abs(exact)) / unit_of(shown) for exact, shown in pairs]
        return max(off, default=0) <= 0 or max(map(abs, off)) > HALF

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

    def shifted(self, names: Iterable[str], steps: Callable, values: dict) -> list[list]:
        """For every entry of some inputs, the results where it is `steps(entry)` farther from 0.

        None, nor those of `by_steps`, of a computation that is large.
        """
        found = []
        for name in () if self.is_large else names:
            value, numbers = values[name], entries(values[name])
            for place, number in enumerate(numbers):
                moved = [(abs(number) + step).copy_sign(number) for step in steps(number)]
                changed = [(*numbers[:place], each, *numbers[place + 1 :]) for each in moved]
                arrays = [
                    Array(each, value.shape) if isinstance(value, Array) else each[0] for each in changed
                ]
                found.append([self.value(values | {name: each}) for each in arrays])
        return found

    def meant(self, shortened: Callable, used: list[str] | None = None) -> list[list]:
        """The results where an input is the most, or the least, that is `shortened` to what is printed.

        The inputs are those `used` as they are printed, else the unsure ones. A number of one digit, such as
        0.5, stands for itself.
        """

        def steps(value):
            return shortened(value) if digits_of(value) > 1 or unit_of(value) < Decimal("0.1") else []

        return self.shifted(self.unsure() if used is None else used, steps, self.values_at(used or []))

    def box(self, alternatives: Iterable[list], middle: tuple | None = None) -> tuple[list, list]:
        """The lowest and highest values, where every input has alternatives on its own, to first order."""
        base = list(middle or self.base or ())
        low, high = [*base], [*base]
        for found in alternatives:
            for place, middle in enumerate(base):
                off = [values[place] - middle for values in found if values is not None]
                low[place] += min([0, *off])
                high[place] += max([0, *off])
        return low, high


def steps_before(formula: Expression, inputs: dict[str, Input], also: Container[str] = ()) -> list:
    """The inputs that were computed on the way, each with its formula, in order.

    These are the ones that were not printed, and those in `also`.
    """
    steps = {
        name: each.formula
        for name, each in inputs.items()
        if each.formula is not None and (each.printed is None or name in also)
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


def ways_with_mistakes(
    formulas: Sequence[Expression], inputs: dict[str, Input], values: tuple
) -> list[Computation]:
    """Computations of the values that go through mistaken formulas, and so give others."""
    mistaken = {name for name, each in inputs.items() if each.mistaken is not None}
    inside = inputs | {
        name: inputs[name]._replace(printed=None, formula=inputs[name].mistaken) for name in mistaken
    }
    ways = []
    for formula in formulas if mistaken else ():
        steps = steps_before(formula, inside)
        if mistaken.intersection(name for name, _ in steps) and Computation(formula, inputs).is_of(values):
            ways.append(Computation(formula, inside, steps))
    return ways


def ways_from_memory(
    formulas: Sequence[Expression], inputs: dict[str, Input], values: tuple, depth: int
) -> list[Computation]:
    """Computations that use numbers as they came out of what was printed before: one, or all of a depth.

    What a formula uses next to what is computed from it may be printed there alone: `dz1 x1 + dz2 x2`.
    """
    ways = []
    for formula in formulas:
        also = set(formula.names())
        for _ in range(depth - 1):
            known = [inputs[name].formula for name in also if name in inputs]
            also.update(name for each in known if each is not None for name in each.names())
        for names in [[name] for name in formula.names() if depth == 1] + [also]:
            steps = steps_before(formula, inputs, names)
            ways += [Computation(formula, inputs, steps)] if steps else []
            inside = {name for _, each in steps for name in each.names()}
            twice = {name for name, _ in steps if name in inside and name in formula.names()}
            if twice:
                beside = with_names(formula, lambda name, twice=twice: f"{name}~" if name in twice else name)
                both = inputs | {f"{name}~": inputs[name]._replace(formula=None) for name in twice}
                ways.append(Computation(beside, both, steps_before(beside, both, names)))
    return [way for way in ways if way.is_of(values)]


def reaches(box: tuple, place: int, printed: Printed, shortened: Callable) -> bool:
    """Whether a number in a box is printed so by one who has all his numbers `shortened` in that way."""
    ends = sorted((abs(printed.value) + step).copy_sign(printed.value) for step in shortened(printed.value))
    return box[0][place] <= ends[1] and ends[0] <= box[1][place]
