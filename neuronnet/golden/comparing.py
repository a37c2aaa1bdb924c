"""Another implementation's numbers held against golden values: the first that parts company, and why."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from neuronnet.description.reading import read
from neuronnet.errors import NeuronnetError, counted
from neuronnet.golden.matching import matched
from neuronnet.golden.recording import REPRODUCIBLE, ULPS, over_samples, ulp_of
from neuronnet.names import update_of
from neuronnet.render.document import preformatted

if TYPE_CHECKING:
    from neuronnet.golden.actual import Actual
    from neuronnet.golden.golden import Golden
    from neuronnet.golden.golden_value import GoldenValue

MOST_SHOWN = 8  # differences in a report
MOST_DIAGNOSED = 60  # values that the search for a mistake looks at, half of them before the first difference
TOLD, MOST_DECIMALS = 9, 30  # digits of a number that the search is told; decimals of a nought
MOST_MOVED = 8  # parameters after the next update, which it looks at, too
BY_HAND = ("copied from another line", "two digits exchanged", "a digit lost", "the point misplaced")
MOST_OF_A_SHEET = 1_000  # the same, whose arrays are whole
LATEST_DIAGNOSED = 20  # updates that it replays


@dataclass(frozen=True)
class Difference:
    """A value outside its tolerance, with the tolerance that was applied."""

    name: str
    expected: float
    actual: float
    tolerance: float

    @property
    def off(self) -> float:
        """By how many tolerances the value is off; infinite where it is no number."""
        distance = abs(self.actual - self.expected)
        if not math.isfinite(distance):
            return math.inf
        return distance / self.tolerance if self.tolerance else math.inf

    def __str__(self) -> str:
        return f"{self.name} = {self.actual:.9g}, expected {self.expected:.9g} ± {self.tolerance:.1e}"


@dataclass(frozen=True)
class Comparison:
    """What a comparison found: how many values were compared, and the differences in order of computation.

    `undecided` names values that rounding in the dtype of the numbers leaves with fewer than two digits.
    """

    golden: Golden
    dtype: str
    compared: int
    differences: tuple[Difference, ...]
    undecided: tuple[str, ...]
    unknown: tuple[str, ...]
    said: tuple[str, ...]
    values: dict

    @property
    def verdict(self) -> str:
        """ "right", "wrong", or "undecided" where no value could be compared."""
        if self.differences:
            return "wrong"
        return "right" if self.compared else "undecided"

    @property
    def first(self) -> Difference | None:
        """The first difference in order of computation."""
        return self.differences[0] if self.differences else None

    @cached_property
    def mistakes(self) -> list:
        """The known mistakes that give the different numbers, best first: see `neuronnet.diagnose`."""
        if not self.differences:
            return []
        from neuronnet.sheet.causes import diagnose

        first = next((each.name for each in self.differences if self._is_told(each.name)), None)
        if first is None:
            return []
        names = list(self.golden.values)
        place = names.index(first)
        before, then = reversed(names[:place]), iter(names[place:])
        most = MOST_DIAGNOSED // 2 if "layer" in self.golden.description else MOST_OF_A_SHEET
        half = [list(islice(filter(self._is_told, each), most)) for each in (before, then)]
        near = {name: self._printed(name) for name in (*reversed(half[0]), *half[1], *self._moved(first))}
        try:
            subject, asked = self._as_asked(near)
            found = diagnose(subject, asked, one_program=True)
        except NeuronnetError:
            return []
        return [each for each in found if not each.carried and each.mistakes[0].id not in BY_HAND]

    def _moved(self, first):
        """Some parameters after the update that a first difference leads to: they say which way it went."""
        later = next((each for each in self.golden.at if each > update_of(first)), None)
        kinds = (name for name, each in self.golden.values.items() if each.kind == "parameters")
        return islice(filter(self._is_told, (each for each in kinds if update_of(each) == later)), MOST_MOVED)

    def _as_asked(self, texts):
        """The network, or the model of a sheet, and texts of numbers under names that it knows."""
        if "sheet" in self.golden.description:
            from neuronnet.sheet.own_model import Model

            return Model.from_text(self.golden.description["sheet"]), _whole_arrays(texts, self.golden.values)
        description, batches = read(self.golden.description), self.golden.batches
        asked = {over_samples(description, batches, name): text for name, text in texts.items()}
        return description, asked

    def _is_told(self, name):
        """Whether the search looks at a number: all that are given, until some update."""
        number = self.values.get(name, math.nan)
        return update_of(name) <= LATEST_DIAGNOSED and math.isfinite(number)

    def _printed(self, name):
        """A value with the digits that its tolerance leaves, as text."""
        value = self.values[name]
        room = tolerance_in(self.golden.values[name], self.golden.dtype, self.dtype)
        if abs(value) <= room or not value:
            decimals = math.floor(-math.log10(2 * room)) if room else TOLD
            return f"{0:.{max(0, min(MOST_DECIMALS, decimals))}f}"
        digits = max(1, min(TOLD, math.floor(-math.log10(max(room / abs(value), 1e-16)))))
        return f"{value:.{digits - 1}e}"

    def to_dict(self) -> dict:
        rows = []
        for each in self.differences:
            off = each.off if math.isfinite(each.off) else None
            actual = each.actual if math.isfinite(each.actual) else str(each.actual)
            rows.append(vars(each) | {"actual": actual, "off": off})
        return {
            "verdict": self.verdict,
            "dtype": self.dtype,
            "compared": self.compared,
            "within_tolerance": self.compared - len(rows),
            "first": self.first and self.first.name,
            "mistakes": [each.to_dict() for each in self.mistakes],
            "differences": rows,
            "undecided": list(self.undecided),
            "unknown": list(self.unknown),
            "found_out": list(self.said),
        }

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        values = counted(self.compared, "value")
        if self.verdict == "undecided":
            why = f": {', '.join(self.unknown[:4])}" if self.unknown else ""
            return [f"undecided: none of the values could be compared{why}", *self._remarks()]
        if self.first is None:
            return [f"right: {values} compared ({self.dtype}), all within tolerance", *self._remarks()]
        within = self.compared - len(self.differences)
        lines = [
            f"wrong: of {values} compared ({self.dtype}) {within} are within tolerance",
            f"first difference, in order of computation: {self.first}",
        ]
        lines += [f"mistake: {each.sentence}" for each in self.mistakes[:1]]
        lines += [f"  {text}" for each in self.mistakes[:1] for text in (each.odds, each.equals) if text]
        rest = self.differences[1:]
        if rest:
            differ = "differs" if len(rest) == 1 else "differ"
            lines.append(f"{counted(len(rest), 'later value')} {differ}, which may merely follow from it:")
            lines += [f"  {each}" for each in rest[:MOST_SHOWN]]
            lines += [f"  and {len(rest) - MOST_SHOWN} more"] if len(rest) > MOST_SHOWN else []
        return lines + self._remarks()

    def _remarks(self):
        lines = list(self.said)
        if self.undecided:
            what = f"{counted(len(self.undecided), 'value')} not judged"
            lines.append(f"{what}: rounding decides their digits ({', '.join(self.undecided[:4])})")
        if self.unknown and self.compared:
            more = ["..."] * (len(self.unknown) > MOST_SHOWN)
            lines.append(f"not compared: {', '.join([*self.unknown[:MOST_SHOWN], *more])}")
        return lines

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    def _repr_markdown_(self) -> str:
        return f"```text\n{self}\n```"

    def to_junit(self) -> str:
        """The comparison as a JUnit test suite of one test case."""
        case = f'<testcase classname="neuronnet.golden" name={quoteattr(self.golden.description["title"])}'
        if self.verdict == "right":
            body = f"{case}/>"
        else:
            message = quoteattr(self._lines()[0])
            body = f"{case}><failure message={message}>{escape(str(self))}</failure></testcase>"
        failures = int(self.verdict != "right")
        return f'<testsuite name="neuronnet golden" tests="1" failures="{failures}">{body}</testsuite>'


def _whole_arrays(texts, names):
    """Entries such as `W[1,2]` as nested lists under the name of their array, where all of it is there."""
    sizes, arrays = Counter(map(_array_of, names)), defaultdict(dict)
    for name, text in texts.items():
        index = name[len(_array_of(name)) :].strip("[]")
        arrays[_array_of(name)][tuple(map(int, index.split(","))) if index else ()] = text
    return {name: _nested(entries) for name, entries in arrays.items() if len(entries) == sizes[name]}


def _array_of(name):
    return name.partition("[")[0]


def _nested(entries):
    """Nested lists from the entries by their places, in order; the entry itself at the place ()."""
    if () in entries:
        return entries[()]
    rows = defaultdict(dict)
    for (row, *rest), entry in entries.items():
        rows[row][tuple(rest)] = entry
    return [_nested(each) for each in rows.values()]


def compared(golden: Golden, actual: Actual, **override: Any) -> Comparison:
    """The Comparison of numbers with golden values.

    `override`: `dtype` of the numbers; `rtol`, `atol`, `ulps` or `digits` in place of the derived tolerances.
    """
    told = override.pop("dtype", None)
    dtype = told or actual.dtype
    if dtype not in ULPS:
        raise NeuronnetError(f"numbers of {dtype}; compared are {' and '.join(ULPS)}")
    found = matched(golden, actual.values)
    differences, undecided, count = [], [name for name in found.values if name in golden.refused], 0
    lost = golden.lost if ULPS[dtype] < ULPS[golden.dtype] else ()  # where tolerances do not scale
    for name, each in golden.values.items():
        if name not in found.values:
            continue
        number = found.values[name]
        tolerance = _room(each, golden.dtype, dtype, number, actual, **override)
        expected = float(each.digits) if each.digits else each.value
        if tolerance is None or lost and update_of(name) in lost:
            undecided.append(name)
            continue
        count += 1
        if not abs(number - expected) <= tolerance:
            differences.append(Difference(name, expected, number, tolerance))
    if differences and dtype != golden.dtype and not any(override.values()) and "layer" in golden.description:
        anew = type(golden).of(golden.description, at=golden.at, dtype=dtype)  # a relu may turn in it
        return compared(anew, actual, dtype=told, **override)
    said = f"printed with too few digits to tell, so compared as {dtype}: --dtype says what they are"
    remarks = [*found.said, said] if actual.is_guess and told is None else found.said
    away = tuple(differences), tuple(undecided), tuple(found.unknown)
    return Comparison(golden, dtype, count, *away, tuple(remarks), found.values)


def tolerance_in(each: GoldenValue, of: str, dtype: str) -> float:
    """The tolerance of a golden value of one dtype for numbers of another: rounding scales with the ulp."""
    return each.tolerance * ULPS[dtype] / ULPS[of]


def _room(each, of, dtype, number, printed, rtol=None, atol=None, ulps=None, digits=None):
    """The derived tolerance, or what overrides it; None where rounding decides the digits."""
    size = abs(each.value)
    if (rtol, atol, ulps, digits) != (None,) * 4:
        rooms = [(rtol or 0.0) * size + (atol or 0.0), (ulps or 0.0) * ulp_of(each.value, dtype)]
        return max(*rooms, _half_a_unit(each.value, digits))
    tolerance = tolerance_in(each, of, dtype)
    if tolerance > REPRODUCIBLE * size and tolerance > 0.0:
        return None
    return tolerance + _half_a_unit(number, printed.digits, printed.decimals)


def _half_a_unit(value, digits, decimals=None):
    """Half a unit of the last of some significant digits, or of some decimals."""
    if decimals is not None:
        return 0.5 * 10.0**-decimals
    if digits is None or value == 0.0 or not math.isfinite(value):
        return 0.0
    return 5.0 * 10.0 ** (math.floor(math.log10(abs(value))) - digits)  # infinite at the end of the range
