"""A report as Markdown and as HTML; what is said stands in `report_text`."""

import math
from html import escape

from .report_text import listed_entries, numbers, sentences, summary, visible_error

BLOCKS = ("block", "verdict", "entries", "wrong", "cannot tell", "visible error")
ENTRIES = ("entry", "analytic", "numeric", "error bar", "ratio", "why")


def markdown(report):
    """The Report as Markdown: a table of blocks, one of entries, and the sentences."""
    parts = [f"**{report.subject}: {report.verdict}**"]
    parts += [_markdown_table(head, rows) for head, rows in _tables(report)]
    parts += [f"- {heading}: {_cell(sentence)}" for heading, sentence in sentences(report)]
    return "\n\n".join([*parts, summary(report), f"`{report.call}`"]) + "\n"


def html(report):
    """The Report as a piece of HTML, for notebooks."""
    parts = [f"<p><strong>{escape(report.subject)}: {report.verdict}</strong></p>"]
    parts += [_html_table(head, rows) for head, rows in _tables(report)]
    said = "".join(f"<li>{escape(heading)}: {escape(sentence)}</li>" for heading, sentence in sentences(report))
    parts += [f"<ul>{said}</ul>"] if said else []
    return "\n".join([*parts, f"<p>{escape(summary(report))}<br><code>{escape(report.call)}</code></p>"])


def _tables(report):
    rows = [(block.name, block.verdict, str(block.size), str(len(block.wrong)), str(len(block.unclear)),
             f"{visible_error(block):.1e}" if math.isfinite(visible_error(block)) else "")
            for block in (*report.blocks, *reversed(report.intermediates))]
    yield BLOCKS, rows
    listed, more = listed_entries(report)
    if len(listed) > 0:
        rows = [(entry.name, *numbers(entry), entry.reason) for entry in listed]
        yield ENTRIES, rows + ([(f"and {more} more", "", "", "", "", "")] if more > 0 else [])


def _markdown_table(head, rows):
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(each) for each in line) + " |" for line in lines)


def _cell(words):
    return words.replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("\n", " ")


def _html_table(head, rows):
    lines = ["<tr>" + "".join(f"<th>{escape(each)}</th>" for each in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{escape(each)}</td>" for each in row) + "</tr>" for row in rows]
    return "<table>" + "".join(lines) + "</table>"
