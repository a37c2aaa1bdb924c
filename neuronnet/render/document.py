"""A derivation as a document: finished steps under headings, as text, as CSV, as a page, or in a notebook.

In a page every name is a link to the line that defines it. LaTeX and Markdown are written by `latex.py`.
"""

from __future__ import annotations

import csv
import io
import re
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

from neuronnet.formulas.expressions import Expression
from neuronnet.render import text
from neuronnet.render.text import clean

MOST_ENTRIES = 24  # of an array that stands in a formula; a larger one keeps its name
FEW_DIGITS = ".4g"  # of the numbers in the formulas of a sheet's own model
_FOR_EACH_OUTPUT = "E_o = "  # of a convention, which is no claim about a quantity of that name
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

    def __str__(self) -> str:
        return " = ".join([self.name, *self.sides])

    def lines(self, width: float = text.WIDEST) -> list[str]:
        """The text of the step; beyond so many letters, on a line for each side."""
        indent = " " * len(self.name)
        if len(str(self)) <= width:
            return [str(self)]
        first, *others = self.sides
        return [f"{self.name} = {first}", *(f"{indent} = {side}" for side in others)]


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
    leaves = {name: (name, _number_of(name, finished)) for name in quantity.expression.names()}
    numbers = quantity.expression.format(lambda name: leaves[name][1])
    return Step(quantity.name, shown, str(value), quantity.formula, numbers, quantity.expression, leaves)


def _number_of(name, finished):
    if name in finished.given:
        return text.as_given(finished.given[name])
    return text.nine_decimals(finished.printed_value(finished[name]))


def of_model(found: Any, only: str | None = None) -> Document:
    """The Document of a sheet's own Model, or of one of its quantities and its factors."""
    groups = found.groups() if only is None else [("", [only]), ("where", found.factors(only))]
    loss = () if found.loss is None else (f"the loss is {found.loss}",)
    return Document(_title(found.text), loss, _filled(groups, lambda name: of_name(name, found)))


def _title(sheet):
    """What a sheet says of itself in a comment or heading at its top."""
    first = sheet.lstrip().partition("\n")[0]
    title = first.lstrip("#").strip() if first.startswith("#") and "=" not in first else ""
    return title or "A derivation with its own model"


def of_name(name: str, found: Any) -> Step:
    """The Step of one quantity or derivative of a Model."""
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


def derivation_as_text(finished: Any, leave_out: tuple[str, ...] = ()) -> str:
    """A whole Derivation: conventions, given numbers, then every quantity under the heading of its part."""
    agreed = [line.replace(_FOR_EACH_OUTPUT, "") for line in text.heading(finished.description)]
    lines = [*agreed, "", "Given", *text.indented(text.given(finished))]
    for heading, steps in of_derivation(finished).parts[1:]:
        if heading.lower() not in leave_out:
            lines += ["", heading, *text.indented(map(str, steps))]
    return "\n".join(lines)


def model_as_text(found: Any) -> str:
    """A whole Model: every quantity under the heading of its part."""
    parts = of_model(found).parts
    return "\n\n".join("\n".join([heading, *text.indented(_lines(steps))]) for heading, steps in parts)


def explained(found: Document, width: float = text.WIDEST, of_factors: float = text.WIDEST) -> str:
    """The Document of one quantity as text, its sides on lines of their own beyond so many letters."""
    (_, asked), *factors = found.parts
    where = [["where", *text.indented(_lines(steps, of_factors))] for _, steps in factors]
    return "\n".join([*_lines(asked, width), *(line for part in where for line in part)])


def _lines(steps, width=text.WIDEST):
    return [line for step in steps for line in step.lines(width)]


HEADER = ("name", "part", "formula", "in numbers", "value")
TAKEN_FOR_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(found: Document) -> str:
    """A row for every step, its value in every digit."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for part, step in ((part, step) for part, steps in found.parts for step in steps):
        texts = step.name, part, step.formula or "", step.numbers or ""
        writer.writerow([*map(harmless, texts), step.full if is_number(step.full) else harmless(step.full)])
    return out.getvalue().rstrip("\n")


def harmless(text: str) -> str:
    """A text that a spreadsheet takes as one: an apostrophe goes before what it would take for a formula."""
    return f"'{text}" if text.startswith(TAKEN_FOR_FORMULAS) else text


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


MOST_STEPS = 300  # in a notebook; a file takes them all


class InNotebooks:
    """The methods that notebooks call, of whatever gives a Document."""

    _document: Any

    def _repr_html_(self) -> str:
        return cell(self._document().shortened(MOST_STEPS))

    def _repr_latex_(self) -> str:
        from neuronnet.render import latex

        return latex.displayed(self._document().shortened(MOST_STEPS))

    def _repr_markdown_(self) -> str:
        from neuronnet.render import latex

        return latex.markdown(self._document().shortened(MOST_STEPS))


def preformatted(text: str) -> str:
    """A text as a piece of HTML that keeps its columns."""
    return f"<pre>{escape(text)}</pre>"


STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
  color: #15181C; background: #FFFFFF }
.neuronnet-steps { font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 0.85rem }
.neuronnet-steps li { margin: 0.5rem 0; overflow-wrap: anywhere }
.neuronnet-steps.given { columns: 14rem }
.neuronnet-steps.given li { margin: 0 0 1rem; break-inside: avoid }
.neuronnet-steps .side { padding-left: 2rem; text-indent: -1rem }
.neuronnet-steps li:target { outline: 2px solid #0072B2; outline-offset: 4px }
.neuronnet-steps a { color: #0060A0; text-decoration: none }
.neuronnet-steps a:hover, .neuronnet-steps a:focus { text-decoration: underline }
@media (prefers-color-scheme: dark) {
  body { color: #F1F3F5; background: #15181C }
  .neuronnet-steps a { color: #7CC4F2 }
}
@media print { body { margin: 0; max-width: none } }
"""


def page(found: Document, drawing: str | None = None) -> str:
    """The Document as a page; `drawing` is an SVG that stands above the steps."""
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{clean(found.title)}</title>
<style>{STYLE}</style>
</head>
<body>
{fragment(found, drawing, "h1")}
</body>
</html>"""


def cell(found: Document) -> str:
    """The Document as the output of a cell in a notebook."""
    rules = (line for line in STYLE.splitlines() if line.lstrip().startswith(".neuronnet-steps"))
    return f"<style>{' '.join(rules)}</style>\n{fragment(found)}"


def fragment(found: Document, drawing: str | None = None, heading: str = "h3") -> str:
    """The Document as a piece of HTML, for a page or a notebook."""
    smaller = f"h{int(heading[1]) + 1}"
    lines = [f"<{heading}>{clean(found.title)}</{heading}>"]
    if found.sentences:
        lines.append(f"<ul>{''.join(f'<li>{clean(each)}</li>' for each in found.sentences)}</ul>")
    lines += [] if drawing is None else [drawing]
    ids = {step.name: f"step{number}" for number, step in enumerate(found.steps, 1)}
    values = {step.name: step.full for step in found.steps}
    number = 1
    for title, steps in found.parts:
        lines += [f"<{smaller}>{clean(title)}</{smaller}>"] if title else []
        given = " given" * all(step.formula is None for step in steps)
        lines.append(f'<ol class="neuronnet-steps{given}" start="{number}">')
        lines += [_step(step, ids, values) for step in steps]
        lines.append("</ol>")
        number += len(steps)
    return "\n".join(lines)


def _step(step, ids, values):
    first = f'<b title="{clean(step.full)}">{clean(step.name)}</b>'
    names = {name for name, _ in step.leaves.values() if name in ids}
    linked = _linked(step.formula or "", names, ids, values)
    sides = [linked if side == step.formula else clean(side) for side in step.sides]
    last = f'<span title="{clean(step.full)}">{sides[-1]}</span>'
    if step.formula is None:
        return f'<li id="{ids[step.name]}">{first} = {last}</li>'
    lines = "".join(f'<div class="side">= {side}</div>' for side in [*sides[:-1], last])
    return f'<li id="{ids[step.name]}">{first}{lines}</li>'


def _linked(formula, names, ids, values):
    """A formula with its names as links, the longest first where one contains another."""
    if not names:
        return clean(formula)
    ordered = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    word = re.compile(rf"(?<![\w@^])(?:{ordered})(?![\w@'^\[])|(?<![\w@^])(?:{ordered})")
    found, end = [], 0
    for match in word.finditer(formula):
        found.append(clean(formula[end : match.start()]))
        name = match[0]
        found.append(f'<a href="#{ids[name]}" title="{clean(values[name])}">{clean(name)}</a>')
        end = match.end()
    return "".join([*found, clean(formula[end:])])
