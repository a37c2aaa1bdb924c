"""The samples of a description: written out as [[sample]], or computed or read from a file as `data` says.

data = {kind = "two moons", samples = 200, noise = 0.2, seed = 0}
data = {kind = "xor"}
data = {kind = "sine", samples = 61}                 also "sign" and "sine classes"
data = {kind = "csv", file = "points.csv", inputs = 2}
held_out = {fraction = 0.1, seed = 42}               or [[held_out]], samples written out
"""

import csv
import io
from contextlib import suppress
from math import ceil, cos, pi, sin
from pathlib import Path
from typing import NamedTuple

from neuronnet.description.description import Sample
from neuronnet.description.layers import LegacyRandom
from neuronnet.description.values import MOST_DIGITS, fits_a_float
from neuronnet.elementary import Literal
from neuronnet.errors import counted, shortened
from neuronnet.files import text_of

MOST_INPUTS = 1_000_000
CLASSES = 21  # of the sine: -1.0, -0.9 ... 1.0
EXAMPLE = '{kind = "two moons", samples = 200, noise = 0.2, seed = 0}'


def two_moons(samples, noise, seed, outputs):
    """Points on two interleaved half circles, moved by normal noise; the targets say which half circle.

    The draws are those of scikit-learn's `make_moons(samples, noise=noise)` after `np.random.seed(seed)`.
    With one output the target is the class, 0 or 1; with two it is 1 in the place of the class. Cosine and
    sine are the C library's; vectorised ones may differ in the last bit.
    """
    outer, inner = samples // 2, samples - samples // 2
    points = [(cos(t), sin(t), 0) for t in _half_turn(outer)]
    points += [(1 - cos(t), 1 - sin(t) - 0.5, 1) for t in _half_turn(inner)]
    draw = LegacyRandom(seed)
    draw.shuffle(points)
    if noise > 0:
        points = [(x + draw.normal(noise), y + draw.normal(noise), label) for x, y, label in points]
    return [([x, y], [float(label)] if outputs == 1 else _one_hot(label, 2)) for x, y, label in points]


def exclusive_or(outputs):
    return [([a, b], [float(a != b)]) for a in (0.0, 1.0) for b in (0.0, 1.0)]


def sign(samples, outputs):
    """x from -3 to 3, equally spaced; the target is 1 where x is positive, else 0."""
    return [([x], [1.0 if x > 0 else 0.0]) for x in _around_zero(3, samples)]


def sine(samples, outputs):
    """x from -pi to pi, equally spaced; the target is sin(x)."""
    return [([x], [sin(x)]) for x in _around_zero(pi, samples)]


def sine_classes(samples, outputs):
    """x from -pi to pi, equally spaced; 21 targets, 1 for that of -1.0, -0.9 ... 1.0 nearest to sin(x)."""
    return [([x], _one_hot(round(10 * sin(x)) + 10, CLASSES)) for x in _around_zero(pi, samples)]


class DataKind(NamedTuple):
    """A kind of computed data."""

    samples: object  # its function
    settings: dict  # with their defaults
    inputs: int
    outputs: tuple  # how many it can serve


DATA_KINDS = {
    "two moons": DataKind(two_moons, {"samples": 100, "noise": 0.0, "seed": 0}, 2, (1, 2)),
    "xor": DataKind(exclusive_or, {}, 2, (1,)),
    "sign": DataKind(sign, {"samples": 61}, 1, (1,)),
    "sine": DataKind(sine, {"samples": 61}, 1, (1,)),
    "sine classes": DataKind(sine_classes, {"samples": 61}, 1, (CLASSES,)),
}


def input_count(check, given):
    """How many inputs the first sample has; None where there is none, or none that is a list."""
    if "data" in given:
        kind = _kind(check, given["data"])
        return DATA_KINDS[kind].inputs if kind in DATA_KINDS else _csv_inputs(check, given["data"])
    samples = check.entries(given, "sample")
    inputs = samples[0].get("inputs") if samples else None
    return len(inputs) if isinstance(inputs, (list, tuple)) else None


class SampleReader:
    """Reads the samples of a description that suit its layers and its loss."""

    def __init__(self, check, layers, loss):
        self.check, self.loss = check, loss
        self.inputs, self.outputs = layers[0].inputs, 0 if loss == "output" else layers[-1].neurons

    def read(self, given):
        if "data" in given and given.get("sample"):
            self.check.refuse("data", "samples beside it", "data stands in place of [[sample]]")
        samples = self.data(given["data"]) if "data" in given else self.written(given, "sample")
        if isinstance(given.get("held_out"), dict):
            return self.split(given["held_out"], samples)
        return samples, self.written(given, "held_out")

    def written(self, given, key):
        check, samples, entries = self.check, [], self.check.entries(given, key)
        check.within("samples", len(entries), key)
        for number, sample in enumerate(entries, 1):
            where = f"{key} {number}"
            sample = check.table(sample, where, {"inputs", "targets"})
            inputs = check.required(sample, "inputs", where, "a sample needs inputs = [...]")
            inputs = check.numbers(inputs, f"{where}, inputs")
            targets = check.numbers(sample.get("targets", []), f"{where}, targets")
            samples.append(self.sample(inputs, targets, where))
        return tuple(samples)

    def sample(self, inputs, targets, where):
        """A Sample, if it suits the first layer, the last layer and the loss."""
        for what, found, who, needed in (
            ("inputs", len(inputs), "the first layer", self.inputs),
            ("targets", len(targets), f"the loss {self.loss!r}", self.outputs),
        ):
            if found != needed:
                self.check.refuse(f"{where}, {what}", counted(found, "number"), f"{who} takes {needed}")
        for target in targets if "cross-entropy" in self.loss else ():
            if not 0 <= target <= 1:
                found = shortened(float(target))
                self.check.refuse(f"{where}, targets", found, "a cross-entropy takes targets from 0 to 1")
        return Sample(tuple(inputs), tuple(targets))

    def data(self, given):
        kind = _kind(self.check, given)
        pairs = self.csv(given) if kind == "csv" else self.computed(given, kind)
        return tuple(self.sample(inputs, targets, where) for where, inputs, targets in pairs)

    def computed(self, given, kind):
        check, found = self.check, DATA_KINDS[kind]
        given = check.table(given, "data", {"kind", *found.settings})
        settings = {name: given.get(name, default) for name, default in found.settings.items()}
        if "samples" in settings:
            check.whole(settings["samples"], "data, samples", 1, 10**9)
            check.within("samples", settings["samples"], "data, samples")
        if "noise" in settings:
            settings["noise"] = float(check.not_negative(settings["noise"], "data, noise"))
            check.seed(settings["seed"], "data, seed")
        if self.outputs not in found.outputs:
            has = f"the last layer has {self.outputs} neurons"
            takes = has if self.outputs else "the loss takes no targets"
            suits = " or ".join(map(str, found.outputs))
            check.refuse("data, kind", repr(kind), f"{takes}; this data is for {suits}")
        for number, (inputs, targets) in enumerate(found.samples(outputs=self.outputs, **settings), 1):
            yield f"data, sample {number}", inputs, targets

    def csv(self, given):
        check = self.check
        given = check.table(given, "data", {"kind", "file", "inputs"})
        inputs, file = _csv_inputs(check, given), given.get("file")
        if not isinstance(file, str) or not file:
            found = "nothing" if file is None else shortened(file)
            check.refuse("data, file", found, "the name of a CSV file is needed")
        where = f"data, {shortened(Path(file).name)}"
        for line, row in table_of(check, check.folder / file, where):
            yield f"{where}, line {line}", row[:inputs], row[inputs:]

    def split(self, given, samples):
        """The samples without those held out, and these, as scikit-learn's `train_test_split` draws them."""
        check, count = self.check, len(samples)
        given = check.table(given, "held_out", {"fraction", "seed"})
        needed = "fraction = 0.1 holds out a tenth of the samples"
        fraction = check.required(given, "fraction", "held_out", needed)
        fraction = float(check.number(fraction, "held_out, fraction"))
        held = ceil(fraction * count) if 0 < fraction < 1 else 0
        if not 0 < held < count:
            needed = f"above 0 and below 1, which leaves some of the {count} samples on either side"
            check.refuse("held_out, fraction", repr(fraction), f"a number is needed {needed}")
        order = LegacyRandom(check.seed(given.get("seed", 0), "held_out, seed")).permutation(count)
        return tuple(samples[at] for at in order[held:]), tuple(samples[at] for at in order[:held])


def table_of(check, path, where):
    """[(line, numbers)] of a CSV file, a Path: lines count from 1, numbers keep their text, blank lines go.

    A first line without a single number is a header. `where` is what errors call the file.
    """
    regular = False
    with suppress(OSError, ValueError):
        regular = path.is_file()
    if not regular:
        check.refuse(where, f"no file {shortened(str(path))}", "the name of a CSV file is needed")
    rows, first = [], True
    reader = csv.reader(io.StringIO(text_of(path, "a readable CSV file"), newline=""))
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            is_header, first = first and not any(map(_is_number, cells)), False
            if not is_header:
                rows.append((reader.line_num, _row(check, cells, f"{where}, line {reader.line_num}", rows)))
            check.within("samples", len(rows), where)
            check.within("numbers", len(rows) * len(cells), where)
    except csv.Error as error:
        needed = "numbers with commas between them are needed"
        check.refuse(f"{where}, line {reader.line_num}", f"a CSV error: {error}", needed)
    if not rows:
        check.refuse(where, "no line of numbers", "a line is needed for every sample")
    return rows


def _row(check, cells, where, rows):
    if rows and len(cells) != len(rows[0][1]):
        check.refuse(where, f"{len(cells)} columns", f"line {rows[0][0]} has {len(rows[0][1])}")
    numbers = [_number(cell) for cell in cells]
    if None in numbers:
        place = numbers.index(None)
        needed = f"a finite number of at most {MOST_DIGITS} digits is needed; columns are separated by commas"
        check.refuse(f"{where}, column {place + 1}", shortened(cells[place]), needed)
    return numbers


def _kind(check, given):
    given = check.table(given, "data", example=EXAMPLE)
    return check.choice(given.get("kind"), "data, kind", (*DATA_KINDS, "csv"))


def _csv_inputs(check, given):
    needed = "inputs = ... says how many leading columns are inputs; the others are targets"
    return check.whole(check.required(given, "inputs", "data", needed), "data, inputs", 1, MOST_INPUTS)


def _is_number(cell):
    try:
        return float(cell) is not None
    except ValueError:
        return False


def _number(cell):
    """The finite number that a cell holds, as a Literal; None where it holds none."""
    suits = len(cell) <= MOST_DIGITS and "_" not in cell and _is_number(cell) and fits_a_float(Literal(cell))
    return Literal(cell) if suits else None


def _half_turn(count):
    """From 0 to pi as `numpy.linspace(0, pi, count)` computes it."""
    if count < 2:
        return [0.0] * count
    step = pi / (count - 1)
    return [number * step for number in range(count - 1)] + [pi]


def _around_zero(end, count):
    """From -end to end, each number rounded once, so that the halves are mirrored; a single one is 0."""
    if count == 1:
        return [0.0]
    numerator, denominator = end.as_integer_ratio()
    return [numerator * (2 * number - (count - 1)) / (denominator * (count - 1)) for number in range(count)]


def _one_hot(place, count):
    return [1.0 if each == place else 0.0 for each in range(count)]
