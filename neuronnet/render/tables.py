"""Documents and tables as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io

from neuronnet.render.document import Document

HEADER = ("name", "part", "formula", "in numbers", "value")
TAKEN_FOR_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(found: Document) -> str:
    """A row for every step, its value in every digit."""
    rows = [
        (step.name, part, step.formula or "", step.numbers or "", step.full)
        for part, steps in found.parts
        for step in steps
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(
        [*map(harmless, row[:-1]), row[-1] if is_number(row[-1]) else harmless(row[-1])] for row in rows
    )
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
