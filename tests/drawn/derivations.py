"""Derivations that are drawn: a model, its derivatives, updates, a second pass, as their author writes them.

    right_sheet(7).text            # a sheet without a mistake
    wrong_sheet(7, "sign")         # the same kind of sheet with one mistake: .planted_line, .kind

Every formula is a tree whose value is computed in decimals; `Drawn.derivatives` keeps what each claim says,
for a complex step to confirm it. How the author carries numbers from line to line is drawn too.
"""

import random
from dataclasses import dataclass
from decimal import Decimal, DecimalException

import numpy as np

from drawn.lines import Plan, Redraw
from drawn.mistakes import KINDS, candidates, slipped
from drawn.page import Page
from drawn.scalars import Model
from drawn.trees import in_decimals, names_in

# With exact numbers, with the printed ones, rounding every intermediate result, or only products and
# functions, exact in some lines and printed in others, with the last result as the calculator still has it.
WAYS = ("exact", "printed", "steps", "products", "mixture", "kept")
PRODUCTS = ("mul", "matmul", "call", "div", "pow")


@dataclass
class Drawn:
    """A sheet: `lines` tells of each line number whether it is "given", "model", "claim" or "prose".

    `numbers` holds (key, printed, exact) of each line with a result, `derivatives` (key, exact, factor) of
    each derivative: factor times that of the model's loss. `way` is how the author carries numbers.
    `right_line` is what should stand in the line `planted_line`.
    """

    text: str
    lines: dict[int, str]
    numbers: dict[int, tuple]
    derivatives: list[tuple]
    model: Model
    way: str
    planted_line: int | None = None
    kind: str | None = None
    right_line: str | None = None


def right_sheet(seed) -> Drawn:
    """A sheet without a mistake."""
    return _first(seed, lambda draw: _Sheet(draw).right())


def wrong_sheet(seed, kind: str | None = None) -> Drawn:
    """A sheet with one mistake of a kind (drawn where it is None) that shows in its line."""
    kind = kind or random.Random(f"kind {seed}").choice(KINDS)
    return _first(seed, lambda draw: _Sheet(draw).wrong(kind))


def _first(seed, sheet):
    for attempt in range(500):
        try:
            return sheet(random.Random(f"{seed}/{attempt}"))
        except (Redraw, DecimalException):
            continue
    raise AssertionError(f"nothing drawn for {seed}")


class _Sheet:
    """A plan and how its author carries numbers."""

    def __init__(self, draw):
        self.draw, self.plan = draw, Plan(draw)
        self.digits = self.plan.digits
        self.way = draw.choice(WAYS)
        self.extra = draw.choice((0, 0, 1))

    def right(self):
        """The sheet as it should be."""
        self._carry()
        return self._drawn()

    def wrong(self, kind):
        """The sheet with a mistake of a kind in one line."""
        options = candidates(kind, self.plan)
        self.draw.shuffle(options)
        for line, formula, numbers in options[:6]:
            if formula is not None and not self.plan.is_settled_without(line):
                continue
            if kind == "shape" or self._shows(line, formula or numbers):
                return self._planted(kind, line, formula, numbers)
        raise Redraw

    def _carry(self, planted=None, mistake=None, carried_on=True):
        """Computes every line in turn; `mistake(numbers, way)` is the value of the line `planted`."""
        exact, printed, kept = dict(self.plan.model.givens), dict(self.plan.model.givens), {}
        for line in self.plan.lines:
            if line.formula is None:
                continue
            way = self.draw.choice(WAYS[:2]) if self.way == "mixture" else self.way
            at_hand = exact if way == "exact" else printed | kept if way == "kept" else printed
            line.before, line.operand = dict(printed), self._operand(printed, way)
            value = self._value(line.formula, at_hand, way)
            true = self._value(line.formula, exact, "exact")
            if line is planted:
                wrong = mistake(at_hand, way)
                line.printed = None if wrong is None else self.digits.rounded(wrong)
                if wrong is not None and carried_on:
                    value, true = wrong, mistake(exact, "exact")
            else:
                line.printed = self.digits.rounded(value)
            exact[line.key], kept = true, {line.key: value}
            on_paper = "result" in line.parts or way in ("steps", "products")
            printed[line.key] = self.digits.rounded(value) if on_paper else value

    def _operand(self, printed, way):
        """How the operands of a line are computed that its author writes down, or None."""
        if way not in ("steps", "products") or self.extra:
            return None
        return lambda node: self._value(node, printed, way)

    def _value(self, formula, numbers, way):
        """What the author computes for a formula with the numbers at hand."""
        if way not in ("steps", "products"):
            return in_decimals(formula, numbers)

        def rounded(op, value):
            return self.digits.rounded(value, self.extra) if way == "steps" or op in PRODUCTS else value

        return in_decimals(formula, numbers, rounded)

    def _planted(self, kind, line, formula, numbers):
        used, place = formula or numbers, self.draw.random()

        def mistake(numbers, way):
            if kind == "shape":
                return None
            if used is not None:
                return self._value(used, numbers, way)
            right = self.digits.rounded(self._value(line.formula, numbers, way))
            return slipped(kind, right, random.Random(place))

        if kind == "shape":
            line.parts = ("names",)
        self._carry(line, mistake, self.draw.random() < 0.7)
        if "result" in line.parts:
            self._require(line, line.printed)
        line.formula_shown, line.numbers_shown = formula, used
        return self._drawn(line, kind)

    def _shows(self, line, used):
        """Whether the line's value with the mistake is far from whatever an honest author could print."""
        if used is None:
            return True
        try:
            self._carry()
            for way in ("exact", "printed", "steps", "products"):
                wrong = self._value(used, self.plan.exact if way == "exact" else line.before, way)
                self._require(line, self.digits.rounded(wrong))
        except (Redraw, ValueError):
            return False
        return True

    def _require(self, line, wrong):
        """Raises Redraw unless an entry is more than 5 units and 3 honest deviations off."""
        true, span = self.plan.exact[line.key], self._span(line)
        if wrong.shape != true.shape:
            raise Redraw
        for index in np.ndindex(true.shape):
            unit = Decimal(1).scaleb(wrong[index].as_tuple().exponent)
            if self.digits.significant and not self.digits.stripped:
                unit = max(unit, Decimal(1).scaleb(true[index].adjusted() + 1 - self.digits.count))
            far, largest = abs(wrong[index] - true[index]), max(abs(wrong[index]), abs(true[index]))
            if far > 5 * unit + 3 * span[index] and far > largest / 1000 and largest > 30 * unit:
                return
        raise Redraw

    def _span(self, line):
        """How far from the exact value honest carrying may lead, for each entry."""
        true = self.plan.exact[line.key]
        values = [self._value(line.formula, line.before, way) for way in ("printed", "steps", "products")]
        span = np.asarray(np.max([abs(value - true) for value in values], axis=0))
        for key in set(names_in(line.formula)):
            one = self.plan.exact | {key: line.before[key]}
            span = span + abs(in_decimals(line.formula, one) - true)
        return np.asarray(span)

    def _drawn(self, planted=None, kind=None):
        plan, page = self.plan, Page(self.plan, self.draw)
        derivatives = [(key, plan.exact[key], factor) for key, _, factor in plan.model.claims]
        numbers = {
            page.numbers[id(line)]: (line.key, line.printed, plan.exact[line.key])
            for line in plan.lines
            if "result" in line.parts
        }
        sheet = Drawn(page.text, page.roles, numbers, derivatives, plan.model, self.way)
        if planted is not None:
            sheet.planted_line, sheet.kind = page.numbers[id(planted)], kind
            number = page.number(planted.key, self.digits.rounded(plan.exact[planted.key]))
            sheet.right_line = f"{page.in_names(planted.formula)} = {number}"
        return sheet
