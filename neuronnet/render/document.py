"""A derivation as a document: finished steps under headings, for all that writes LaTeX, Markdown and HTML."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any, NamedTuple

from neuronnet.formulas.expressions import Expression
from neuronnet.render import text

MOST_ENTRIES = 24  # of an array that stands in a formula; a larger one keeps its name
FEW_DIGITS = ".4g"  # of the numbers in the formulas of a sheet's own model
_STATED_BELOW = re.compile(", (?:E_o|learning rate eta) = .*")  # what a step says, too


class Step(NamedTuple):
    """One quantity: its name, its formula in names and in numbers as texts (None where given), its value.

    `value` is a text, or nested lists of texts. `expression` is the formula, and `leaves` has for each of its
    names (as it is spelled, what stands for it among numbers: a text, nested lists, or None for the name).
    `full` is the value in every digit.
    """

    name: str
    value: Any
    full: str
    formula: str | None = None
    numbers: str | None = None
    expression: Expression | None = None
    leaves: dict[str, tuple[str, Any]] = {}

    @property
    def sides(self) -> list[str]:
        """The texts between equals signs after the name, none twice in a row."""
        sides = [side for side in (self.formula, self.numbers, flat(self.value)) if side is not None]
        return [side for before, side in zip([None, *sides], sides) if side != before]


class Document(NamedTuple):
    """A title, sentences on what was agreed, and steps under headings."""

    title: str
    sentences: tuple[str, ...]
    parts: tuple[tuple[str, tuple[Step, ...]], ...]

    @property
    def steps(self) -> list[Step]:
        return [step for _, steps in self.parts for step in steps]

    def shortened(self, most: int) -> Document:
        """The first steps alone, with a sentence that says so; the Document itself where it has no more."""
        if len(self.steps) <= most:
            return self
        parts, room = [], most
        for heading, steps in self.parts:
            parts += [(heading, steps[:room])] if room else []
            room -= min(room, len(steps))
        said = f"the first {most} of {len(self.steps)} steps"
        return Document(self.title, (*self.sentences, said), tuple(parts))


def of_derivation(finished: Any, only: str | None = None) -> Document:
    """The Document of a Derivation, or of one of its quantities and its factors."""
    agreed = text.conventions(finished.description)
    title, sentences = finished.description.title, tuple(_STATED_BELOW.sub("", each) for each in agreed)
    if only is not None:
        asked = finished[only]
        parts = [("", [asked]), ("where", finished.factors_of(asked))]
    else:
        given = [finished[name] for name in finished.starts_from if name != finished.description.names.l2]
        parts = [("given", given)]
        parts += [(part, list(rows)) for part, rows in groupby(finished.quantities, key=lambda row: row.part)]
    return Document(title, sentences, _filled(parts, lambda quantity: of_quantity(quantity, finished)))


def of_quantity(quantity: Any, finished: Any) -> Step:
    """The Step of one Quantity of a Derivation."""
    value = finished.printed_value(quantity)
    shown = text.as_given(value) if quantity.part == "given" else text.nine_decimals(value)
    if quantity.expression is None:
        return Step(quantity.name, shown, str(value))
    leaves = {name: (name, text.number_of(name, finished)) for name in quantity.expression.names()}
    numbers = quantity.expression.format(lambda name: leaves[name][1])
    return Step(quantity.name, shown, str(value), quantity.formula, numbers, quantity.expression, leaves)


def of_model(found: Any, only: str | None = None) -> Document:
    """The Document of a sheet's own Model, or of one of its quantities and its factors."""
    groups = found.groups() if only is None else [("", [only]), ("where", found.factors(only))]
    loss = () if found.loss is None else (f"the loss is {found.loss}",)
    title = "A derivation with its own model"
    return Document(title, loss, _filled(groups, lambda name: _of_name(name, found)))


def _of_name(name, found):
    value = found[name]
    shown, full = _entries(value, ".9g"), flat(_entries(value, ""))
    expression = found.expression(name)
    if expression is None:
        return Step(name, shown, full)
    spelled = {each: found.spellings.of(each) for each in expression.names()}
    leaves = {each: (own, _few_entries(found.value_in(each))) for each, own in spelled.items()}
    return Step(name, shown, full, found.formula(name), found.in_numbers(name), expression, leaves)


def _few_entries(value):
    shown = _entries(value, FEW_DIGITS)
    return shown if flat(shown).count(",") < MOST_ENTRIES else None


def _entries(value, digits):
    if isinstance(value, list):
        return [_entries(each, digits) for each in value]
    return format(value, digits)


def _filled(parts, step_of):
    steps = [(heading, tuple(map(step_of, each))) for heading, each in parts]
    return tuple((heading[:1].upper() + heading[1:], each) for heading, each in steps if each)


def flat(value: Any) -> str:
    """A text, or nested lists of texts in brackets."""
    return f"[{', '.join(map(flat, value))}]" if isinstance(value, list) else value
