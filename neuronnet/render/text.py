"""Descriptions, derivations and trainings as plain text, and the tables of all reports.

Computed numbers are written with nine decimals (below a millionth: nine decimals and a power of ten), given
ones as they were written.
"""

import math
from collections import Counter
from collections.abc import Iterable
from html import escape

from neuronnet.errors import counted

MOST_SHOWN = 60  # given numbers of an example that fit on a screen
WIDEST = 110
FAR = 1e15  # a float has no nine decimals there


def table(rows, left=1):
    """Rows of texts as lines with aligned columns: the first `left` columns flush left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]


def markdown_table(header, rows):
    """The lines of a table in Markdown; the cells are as `cell` and `code` make them."""
    lines = [f"| {' | '.join(row)} |" for row in [header, *rows]]
    return [lines[0], "|---" * len(header) + "|", *lines[1:]]


def cell(text):
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def code(text):
    """A text as code in a cell of a table in Markdown."""
    ticks = "``" if "`" in text else "`"
    return f"{ticks}{text.replace('|', chr(92) + '|')}{ticks}"


def heading(description):
    return [description.title, "", "Conventions", *indented(conventions(description))]


def indented(lines):
    return [f"  {line}" for line in lines]


def bullets(lines):
    return [f"- {line}" for line in lines]


def clean(text: str) -> str:
    """A text for SVG and HTML: escaped, and what XML cannot hold replaced."""
    return escape("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text))


def is_tiny(value):
    """Whether a number is below a millionth, so that nine decimals would not show it."""
    return abs(value) < 1e-6


def nine_decimals(value):
    """`value` with nine decimals, and a power of ten where it is too small or too large for these."""
    try:
        far = value != 0 and (is_tiny(value) or abs(value) >= FAR)
        return format(value, ".9e" if far else ".9f")
    except TypeError:
        return str(value)


def as_given(value):
    """`value` in the fewest digits that mean it: 0.5, 1, 0.05."""
    text = str(value)
    return text[:-2] if text.endswith(".0") else text


def conventions(description):
    """The conventions of a network, one sentence each: what published versions of an example differ in."""
    loss = {
        "half squared error": "E_o = 1/2 (target - out)^2, with the half",
        "squared error": "E_o = (target - out)^2, without the half",
        "binary cross-entropy": "E_o = -(target ln out + (1 - target) ln(1 - out))",
        "categorical cross-entropy": "E_o = -target ln out",
        "output": "E_o = out_o, the output itself",
    }[description.loss]
    sentences = [f"loss: {description.loss}, {loss}"]
    sentences.append(f"outputs: E_total is the {description.outputs} over the outputs")
    if len(description.samples) > 1:
        batch, (kind, seed) = description.batch, description.order
        size = {"online": "one sample", "full": "all samples"}.get(batch, counted(batch, "sample"))
        order = kind if kind == "in turn" else f"at random with seed {seed}"
        combined = f"samples: {len(description.samples)}, combined by {description.samples_combine}"
        rests = f"{size}{'' if batch == 'full' else f', {order}'}"
        sentences.append(f"{combined}; each update rests on {rests}")
    if description.l2 != 0:
        scale = ", divided by the number of samples" if description.l2_scale == "per sample" else ""
        squares = f"{as_given(description.l2)}/2 times the sum of all squared weights{scale}"
        sentences.append(f"L2: adds {squares}, biases left out")
    for number, layer in enumerate(description.layers, 1):
        neurons = counted(layer.neurons, "neuron")
        sentences.append(f"layer {number}: {neurons}, {layer.activation}; bias: {_bias(layer)}")
    if description.learning_rate is not None:
        rule, settings = description.update
        settings = "".join(f", {name} {as_given(value)}" for name, value in settings.items())
        rule = "" if rule == "gradient descent" else f"{rule}{settings}; "
        order = "simultaneous (all gradients first, with the old weights)"
        rate = as_given(description.learning_rate)
        sentences.append(f"update: {rule}{order}, learning rate eta = {rate}")
    return sentences


def _bias(layer):
    if layer.bias is None:
        return "none"
    kind = "one per neuron" if layer.bias_kind == "per neuron" else "one shared by the layer"
    return f"{kind}, {'trained' if layer.train_bias else 'frozen (has a gradient, is never updated)'}"


def equation(*sides):
    """Sides with equals signs between them, without those that are None or say the same as the one before."""
    sides = [side for side in sides if side is not None]
    return " = ".join([sides[0], *(side for before, side in zip(sides, sides[1:]) if side != before)])


def name_and_value(quantity):
    """One line: name = value, a small value also in the notation that keeps its digits."""
    value = nine_decimals(quantity.value)
    if 0 < abs(quantity.value) < 1e-3:
        value += f"   ({quantity.value:.9e})"
    return f"{quantity.name} = {value}"


def given(finished, per_line=6):
    """The numbers that a Derivation starts from, several on a line."""
    l2 = finished.description.names.l2
    given = [(name, value) for name, value in finished.starts_from.items() if name != l2 or value != 0]
    shown = ((name, (as_given if name in finished.given else nine_decimals)(value)) for name, value in given)
    pairs = [f"{name} = {value}" for name, value in shown]
    return ["   ".join(pairs[start : start + per_line]) for start in range(0, len(pairs), per_line)]


def until_it_diverges(rows):
    """(rows, sentence): a training up to the first row whose E_total is not finite, and what to say of that;
    the sentence is None where all are.
    """
    for place, row in enumerate(rows, 1):
        if not math.isfinite(row["E_total"]):
            found = f"E_total is {row['E_total']} after {counted(row['update'], 'update')}"
            return rows[:place], f"the training diverges: {found}; take a smaller learning rate"
    return rows, None


def training(description, rows):
    """A training as a table: update, E_total, the accuracies where the targets are classes; whether it
    diverges.
    """
    rows, diverges = until_it_diverges(rows)
    kept = ("update", "E_total")
    keys = [key for key in rows[0] if key in kept or any(row[key] is not None for row in rows)]
    cells = [[key if key == "E_total" else key.replace("_", " ") for key in keys]]
    for each in rows:
        shares = ("" if each[key] is None else f"{each[key]:.4f}" for key in keys[2:])
        cells.append([str(each["update"]), nine_decimals(each["E_total"]), *shares])
    end = [] if diverges is None else ["", diverges]
    return "\n".join([*heading(description), "", *table(cells, left=0), *end])


def example_list(networks, sheets):
    """The names and titles of networks, then of sheets, each of which stands there with a mistake, too."""
    rows = table([*networks.items(), *sheets.items()], left=2)
    title = "Sheets that bring their own model; NAME-mistake is the same with one mistake"
    return "\n".join([*rows[: len(networks)], "", title, *rows[len(networks) :]])


def example(description, finished):
    """One example: where it is from, its conventions, and its published numbers beside the true ones.

    `finished` is its derivation, or None for a network too large to be derived whole.
    """
    title, *conventions_of_it = heading(description)
    texts = [text.strip() for text in (description.source, description.about) if text is not None]
    lines = [title, *_verdict_counts(description.published + description.run), *texts, *conventions_of_it]
    if finished is not None and len(finished.given) <= MOST_SHOWN:
        lines += ["", "Given", *indented(given(finished))]
    if description.published and finished is not None:
        values = [f"{finished.value_of(each.quantity):.12g}" for each in description.published]
        told = zip(description.published, values)
        rows = [(each.quantity, each.printed, value, each.verdict) for each, value in told]
        header = ("quantity", "printed", "computed", "verdict")
        lines += ["", "Published numbers", *_with_reasons(description.published, rows, header)]
    if description.run:
        rows = [(each.quantity, each.printed, each.verdict) for each in description.run]
        lines += ["", "Published numbers of a long run (`train` computes it)"]
        lines += _with_reasons(description.run, rows)
    for each in description.errata:
        printed = f"{each.quantity} is printed as {each.printed}"
        lines += ["", f"Erratum: {printed}; it should be {each.should_be}. {each.reason}"]
    return "\n".join(lines)


def _verdict_counts(published):
    counts = Counter(each.verdict for each in published)
    if counts:
        found = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        yield f"{counted(len(published), 'published number')}: {found}"


def _with_reasons(published, rows, *header):
    lines = table([*header, *rows], left=4)
    yield from indented(lines[: len(header)])
    for each, line in zip(published, lines[len(header) :]):
        yield f"  {line}"
        if each.reason:
            yield f"      {each.reason}"


def ledger(description, entries):
    """The entries of a ledger under what they belong to: the computation, its value, what it excludes."""
    proved = sum(each.holds is True for each in entries)
    counts = f"{counted(len(entries), 'published number')}, errata included: {proved} proved"
    lines = [description.title, counts]
    for belongs_to in dict.fromkeys(each.belongs_to for each in entries):
        some = [each for each in entries if each.belongs_to == belongs_to]
        lines += ["", belongs_to[0].upper() + belongs_to[1:]]
        lines += indented(table([_ledger_row(each) for each in some], left=5))
    return "\n".join(lines)


def _ledger_row(each):
    own = f"as described {each.own:.12g}" if each.own not in (None, each.value) else ""
    excludes = f"excludes {each.excluded} of {each.tried} mistakes" if each.tried else ""
    value = "not computed here" if each.value is None else f"{each.value:.12g}"
    proof = value if each.proof in (None, each.quantity) else f"{each.proof} = {value}"
    proof = f"not proved: {proof}" if each.holds is False else proof
    return each.quantity, each.printed, proof, own, excludes


def line_numbers(numbers: Iterable[int]) -> str:
    """Numbers of lines with their runs: `line 4`, `lines 3 to 6 and 9`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts: list[str] = []
    for first, last in runs:
        texts += [f"{first} to {last}"] if last > first + 1 else map(str, sorted({first, last}))
    joined = " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))
    return f"line{'' if joined == str(runs[0][0]) else 's'} {joined}"
