"""A document as one self-contained page of HTML: every name is a link to the line that defines it."""

from __future__ import annotations

import re

from neuronnet.render.document import Document
from neuronnet.render.drawing import clean

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
  color: #15181C; background: #FFFFFF }
.neuronnet-steps { font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 0.85rem }
.neuronnet-steps li { margin: 0.5rem 0; overflow-wrap: anywhere }
.neuronnet-steps.given { columns: 14rem }
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
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{clean(found.title)}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        fragment(found, drawing, "h1"),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines)


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
    sides = [
        _linked(side, names, ids, values) if side == step.formula else clean(side) for side in step.sides
    ]
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
