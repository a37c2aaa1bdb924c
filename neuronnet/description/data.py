"""Samples that are computed: the two moons, exclusive or, the sign and the sine; a description names them
under `data`.

Every function returns a list of (inputs, targets) pairs, two lists of floats.
"""

import csv
import io
from math import cos, pi, sin

from neuronnet.description.initial import LegacyRandom
from neuronnet.description.literal import Literal, fits_a_float, text_of
from neuronnet.errors import shortened

# --- Samples that are computed: the two moons, exclusive or, the sign and the sine; a description names them
# under `data`.


CLASSES = 21  # of the sine: -1.0, -0.9 ... 1.0


def two_moons(samples, noise, seed, outputs):
    """Points on two interleaved half circles, moved by normal noise; the targets say which half circle.

    The draws are those of scikit-learn's `make_moons(samples, noise=noise)` after `np.random.seed(seed)`:
    both half circles, shuffled, then the noise, point after point. With one output the target is the class, 0
    or 1; with two it is 1 in the place of the class. Cosine and sine are the C library's, as they are in
    NumPy unless it was built with vectorised ones of its own, which may differ in the last bit of a cosine or
    sine.
    """
    outer, inner = samples // 2, samples - samples // 2
    points = [(cos(t), sin(t), 0) for t in _half_turn(outer)]
    points += [(1 - cos(t), 1 - sin(t) - 0.5, 1) for t in _half_turn(inner)]
    draw = LegacyRandom(seed)
    draw.shuffle(points)
    if noise > 0:
        points = [(x + draw.normal(noise), y + draw.normal(noise), label) for x, y, label in points]
    targets = {1: lambda label: [float(label)], 2: lambda label: _one_hot(label, 2)}[outputs]
    return [([x, y], targets(label)) for x, y, label in points]


def exclusive_or(outputs):
    """The four cases of exclusive or."""
    return [([a, b], [float(a != b)]) for a in (0.0, 1.0) for b in (0.0, 1.0)]


def sign(samples, outputs):
    """x from -3 to 3, equally spaced; the target is 1 where x is positive, else 0."""
    return [([x], [1.0 if x > 0 else 0.0]) for x in _around_zero(3, samples)]


def sine(samples, outputs):
    """x from -pi to pi, equally spaced; the target is sin(x)."""
    return [([x], [sin(x)]) for x in _around_zero(pi, samples)]


def sine_classes(samples, outputs):
    """x from -pi to pi, equally spaced; 21 targets, 1 for that of -1.0, -0.9 ... 1.0 which is nearest to
    sin(x).
    """
    return [([x], _one_hot(round(10 * sin(x)) + 10, CLASSES)) for x in _around_zero(pi, samples)]


def _half_turn(count):
    """From 0 to pi as `numpy.linspace(0, pi, count)` computes it."""
    if count < 2:
        return [0.0] * count
    step = pi / (count - 1)
    return [number * step for number in range(count - 1)] + [pi]


def _around_zero(end, count):
    """From -end to end, each number rounded once, so that the halves are mirrored; of a single one only 0 is
    left.
    """
    if count == 1:
        return [0.0]
    numerator, denominator = end.as_integer_ratio()
    return [numerator * (2 * number - (count - 1)) / (denominator * (count - 1)) for number in range(count)]


def _one_hot(place, count):
    return [1.0 if each == place else 0.0 for each in range(count)]


# --- Reads a table of numbers from a CSV file: commas between the columns, a header or none.


MOST_DIGITS = 1000
MOST_ROWS = 1_000_000


def table_of(check, path, where):
    """[(line, numbers)] of a file, a Path: line numbers count from 1, numbers keep their text, blank lines
    are left out.

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
                check.refuse(
                    f"{where}, line {line}",
                    f"{len(cells)} columns",
                    f"line {rows[0][0]} has {len(rows[0][1])}",
                )
            numbers = [_number(cell) for cell in cells]
            if None in numbers:
                column = numbers.index(None)
                check.refuse(
                    f"{where}, line {line}, column {column + 1}",
                    shortened(cells[column]),
                    f"a finite number of at most {MOST_DIGITS} digits is needed; columns are separated by commas",
                )
            rows.append((line, numbers))
    except csv.Error as error:
        check.refuse(
            f"{where}, line {reader.line_num}",
            f"a CSV error: {error}",
            "numbers with commas between them are needed",
        )
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
