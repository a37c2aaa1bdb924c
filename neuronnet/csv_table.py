"""Reads a table of numbers from a CSV file: commas between the columns, a header or none."""

import csv
import io

from neuronnet.errors import shortened
from neuronnet.files import text_of
from neuronnet.literal import Literal, fits_a_float

MOST_DIGITS = 1000
MOST_ROWS = 1_000_000


def table_of(check, path, where):
    """[(line, numbers)] of a file, a Path: line numbers count from 1, numbers keep their text, blank lines are left out.

    A first line without a single number is a header. `where` is what errors call the file.
    """
    try:
        regular = path.is_file()
    except (OSError, ValueError):
        regular = False
    if not regular:
        check.refuse(where, f"no file {shortened(str(path))}", "the name of a CSV file is needed")
    rows, first = [], True
    reader = csv.reader(io.StringIO(text_of(path, "a readable CSV file"), newline=""))
    try:
        for cells in reader:
            line = reader.line_num
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            is_header, first = first and not any(map(_is_number, cells)), False
            if is_header:
                continue
            if len(rows) == MOST_ROWS:
                check.refuse(where, f"more than {MOST_ROWS} lines", f"at most {MOST_ROWS} samples are read")
            if rows and len(cells) != len(rows[0][1]):
                check.refuse(f"{where}, line {line}", f"{len(cells)} columns", f"line {rows[0][0]} has {len(rows[0][1])}")
            numbers = [_number(cell) for cell in cells]
            if None in numbers:
                column = numbers.index(None)
                check.refuse(f"{where}, line {line}, column {column + 1}", shortened(cells[column]),
                             f"a finite number of at most {MOST_DIGITS} digits is needed; columns are separated by commas")
            rows.append((line, numbers))
    except csv.Error as error:
        check.refuse(f"{where}, line {reader.line_num}", f"a CSV error: {error}",
                     "numbers with commas between them are needed")
    if not rows:
        check.refuse(where, "no line of numbers", "a line is needed for every sample")
    return rows


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell):
    """The finite number that a cell holds, as a Literal; None where it holds none."""
    if len(cell) > MOST_DIGITS or "_" in cell or not _is_number(cell):
        return None
    number = Literal(cell)
    return number if fits_a_float(number) else None
