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
            line = f"{where}, line {reader.line_num}"
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            is_header, first = first and not any(map(_is_number, cells)), False
            if is_header:
                continue
            if len(rows) == MOST_ROWS:
                check.refuse(where, f"more than {MOST_ROWS} lines", f"at most {MOST_ROWS} samples are read")
            numbers = [_number(check, cell, f"{line}, column {column}") for column, cell in enumerate(cells, 1)]
            if rows and len(numbers) != len(rows[0][1]):
                check.refuse(line, f"{len(numbers)} columns", f"line {rows[0][0]} has {len(rows[0][1])}")
            rows.append((reader.line_num, numbers))
    except csv.Error as error:
        check.refuse(f"{where}, line {reader.line_num}", f"a CSV error: {error}", "numbers with commas between them are needed")
    if not rows:
        check.refuse(where, "no line of numbers", "a line is needed for every sample")
    return rows


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(check, cell, where):
    if len(cell) > MOST_DIGITS or not _is_number(cell) or "_" in cell:
        check.refuse(where, shortened(cell), "a number is needed; columns are separated by commas")
    number = Literal(cell)
    if not fits_a_float(number):
        check.refuse(where, shortened(cell), "a finite number is needed, 0 or from 5e-324 to 1.79e308 in size")
    return number
