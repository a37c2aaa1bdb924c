"""Finished rows and reports as figures, drawn with matplotlib (the extra `plot`); nothing is trained here.

Each function returns a matplotlib Figure; no state of pyplot is used or changed. Colours are those of M.
Okabe and K. Ito, "Color Universal Design" (2008); nothing is told apart by colour alone.
"""

import io
import math
import os
import statistics
import textwrap
from functools import wraps
from pathlib import Path

from neuronnet.errors import NeuronnetError, shortened
from neuronnet.output import write_bytes
from neuronnet.render.boundary import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    VERMILLION,
    draw_boundary,
    explain_colours,
    has_boundary,
)

STYLE = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "savefig.dpi": 150,
    "svg.hashsalt": "neuronnet",
}
METADATA = {".png": {"Software": None}, ".svg": {"Date": None}}
MANY_ROWS = 40  # more are drawn without a marker each
DECADES = 100  # a span above which E_total is drawn on a logarithmic scale
LINEAR_ULPS = 100  # distances up to which ulps are drawn on a linear scale
COLUMNS = 4  # of small multiples
SHOWN = 4  # digits of E_total above a small multiple


def _matplotlib():
    """The package, with the parts used here. Raises NeuronnetError, which names the extra, where it is
    missing.
    """
    try:
        import matplotlib.backends.backend_agg
        import matplotlib.figure
        import matplotlib.style
    except ImportError as error:
        raise NeuronnetError(
            f"drawing needs matplotlib ({error}); python -m pip install 'neuronnet[plot]'"
        ) from None
    return matplotlib


def _styled(function):
    """`function`, run in the style of this file whatever the reader's own settings are."""

    @wraps(function)
    def styled(*arguments, **settings):
        with _matplotlib().style.context(["default", STYLE]):
            return function(*arguments, **settings)

    return styled


# Files


def require(path, output=None):
    """Raise NeuronnetError for a figure that could not be saved, before the long work whose result it would
    show.

    `output` is the file that the same command writes its text to, or None.
    """
    _ending(path)
    if output is not None and os.path.realpath(path) == os.path.realpath(output):
        raise NeuronnetError(
            f"cannot write {shortened(str(path))}: -o and --plot name the same file; choose another"
        )
    _matplotlib()


@_styled
def save(figure, path, inputs=()):
    """Write a figure to a .png or .svg file, whole or not at all, never over one of the `inputs`.

    The same rows, drawn anew, give the same bytes.
    """
    ending = _ending(path)
    data = io.BytesIO()
    figure.savefig(data, format=ending[1:], metadata=METADATA[ending])
    write_bytes(data.getvalue(), path, inputs)


def _ending(path):
    ending = Path(path).suffix.lower()
    if ending not in METADATA:
        raise NeuronnetError(
            f"cannot draw into {shortened(str(path))}: a name that ends in {' or '.join(METADATA)} is needed"
        )
    return ending


# Figures


@_styled
def training(description, rows, forward):
    """E_total and accuracies over the updates; with two inputs and classes also the decision boundary after
    the last.

    `rows` are those of `neuronnet.training.history` or `Twin.train`; forward(points) gives a row of outputs
    per point.
    """
    shares = [
        key for key in ("accuracy", "held_out_accuracy") if any(row.get(key) is not None for row in rows)
    ]
    if not shares:
        figure = _figure(description.title, 7, 4)
        error = figure.subplots()
    elif not has_boundary(description):
        figure = _figure(description.title, 7, 6)
        error, share = figure.subplots(2, sharex=True)
    else:
        figure = _figure(description.title, 12, 5.6)
        left, right = figure.subfigures(1, 2, width_ratios=(1, 1.1))
        error, share = left.subplots(2, sharex=True)
        boundary = right.subplots()
        filled = draw_boundary(boundary, description, forward, description.held_out)
        boundary.set_title(f"decision boundary after {rows[-1]['update']:,} updates")
        right.legend(*boundary.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        explain_colours(right, boundary, filled, description)
    _curve(error, rows, "E_total", label="E_total", color=BLUE)
    _E_total_axis(error, [row["E_total"] for row in rows])
    error.set_title(f"{description.loss}, {description.samples_combine} over the samples")
    if shares:
        for key, color, line, marker in zip(shares, (BLUE, VERMILLION), ("-", "--"), ("o", "^")):
            name = "the samples trained on" if key == "accuracy" else "samples held out"
            _curve(share, rows, key, label=name, color=color, linestyle=line, marker=marker)
        share.set_ylabel("accuracy")
        share.set_ylim(top=1.02)
        _legend(share)
    _update_axis(share if shares else error)
    return figure


@_styled
def stability(title, report):
    """E_total of the undisturbed run within the band of all runs, and below it the digits that are
    reproducible.

    Where some rows are not reproducible, a panel between the two enlarges the band that they form.
    """
    lost = [row for row in report.rows if row["digits"] < report.asked]
    figure = _figure(title, 8, 9 if len(lost) > 1 else 7)
    error, *enlarged, digits = panels = figure.subplots(3 if len(lost) > 1 else 2, sharex=True)
    rows, updates = report.rows, [row["update"] for row in report.rows]
    lowest, highest = ([_finite(row[key]) for row in rows] for key in ("lowest", "highest"))
    for axes in (error, *enlarged):
        axes.fill_between(
            updates,
            lowest,
            highest,
            color=ORANGE,
            alpha=0.6,
            linewidth=0,
            label=f"lowest to highest of {report.replicas} replicas",
        )
        _curve(axes, rows, "value", label="undisturbed run", color=BLUE)
    _E_total_axis(error, [row["value"] for row in rows] + lowest + highest)
    for axes in enlarged:
        _enlarge(axes, lost)
    _curve(digits, rows, "digits", label="lower bound", color=BLUE)
    _curve(
        digits, rows, "digits_parker", label="Parker's estimate", color=VERMILLION, linestyle="--", marker="^"
    )
    digits.axhline(report.asked, color=BLACK, linewidth=1, linestyle=":", label=f"{report.asked:g} digits")
    digits.set_ylabel("reproducible digits of E_total")
    digits.set_yticks(range(0, 17, 2))
    digits.set_ylim(-0.4, 16.6)
    reproducible = f"reproducible: {report.asked:g} digits or more"
    for axes in panels:
        for number, (start, stop) in enumerate(_reproducible(report)):
            axes.axvspan(
                start,
                stop,
                color=GREEN,
                alpha=0.18,
                linewidth=0,
                zorder=0,
                label=reproducible if number == 0 else None,
            )
    for axes in (error, digits):
        _legend(axes)
    _update_axis(digits)
    return figure


@_styled
def lockstep(report):
    """E_total of objects and twin over the updates, and below it their distance in ulps."""
    figure = _figure(f"{report.description.title}: objects and twin, verdict {report.verdict}", 8, 7)
    error, distance = figure.subplots(2, sharex=True)
    _curve(
        error, report.rows, "objects", label="objects", color=ORANGE, linewidth=4, marker="o", markersize=7
    )
    _curve(error, report.rows, "twin", label="twin", color=BLUE, linestyle="--", marker="^")
    _E_total_axis(error, [row[key] for row in report.rows for key in ("objects", "twin")])
    _curve(distance, report.rows, "ulps", label="objects to twin", color=BLUE, clip_on=False)
    distance.set_ylabel("distance of E_total in ulps")
    if max(_finite(row["ulps"], 0.0) for row in report.rows) > LINEAR_ULPS:
        distance.set_yscale("symlog", linthresh=1, linscale=1)
    else:
        distance.yaxis.get_major_locator().set_params(integer=True)
    distance.set_ylim(bottom=0)
    if report.parting is not None:
        name, _, update = report.parting.name.rpartition("@")
        for axes in (error, distance):
            axes.axvline(
                int(update),
                color=BLACK,
                linewidth=1,
                linestyle=":",
                label=f"{name} is the first to differ, after update {int(update):,}",
            )
    for axes in (error, distance):
        _legend(axes)
    _update_axis(distance)
    return figure


@_styled
def sweep(title, results):
    """The decision boundaries of several sizes of the hidden layer beside each other, on the same samples.

    A result has `size` (0 without a hidden layer), `accuracy`, `E_total`, `digits` (reproducible ones of
    E_total), `description` and forward(points). Raises NeuronnetError where there is no boundary to be drawn.
    """
    description = results[0].description
    require_boundary(description)
    columns = min(COLUMNS, len(results))
    lines = math.ceil(len(results) / columns)
    figure = _figure(title, max(3.1 * columns + 0.8, 7), 2.9 * lines + 1.2)
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    panels = [axes for line in grid for axes in line]
    for axes, result in zip(panels, results):
        filled = draw_boundary(axes, description, result.forward)
        doubt = "" if result.digits >= SHOWN else ", not reproducible"
        axes.set_title(
            f"{_hidden(result.size)}{doubt}\naccuracy {result.accuracy:.3f}, E_total {result.E_total:.4f}"
        )
    for axes in panels[len(results) :]:
        axes.remove()
    for place, axes in enumerate(panels[: len(results)]):
        if place % columns > 0:
            axes.set_ylabel("")
        if place + columns < len(results):
            axes.set_xlabel("")
        else:
            axes.tick_params(labelbottom=True)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    explain_colours(figure, panels[: len(results)], filled, description)
    return figure


def _hidden(size):
    return "no hidden layer" if size == 0 else f"{size} hidden neuron{'' if size == 1 else 's'}"


def require_boundary(description):
    """Raise NeuronnetError unless a decision boundary can be drawn."""
    if not has_boundary(description):
        raise NeuronnetError(
            "the figure of a sweep shows decision boundaries: two inputs and classes as targets are needed"
        )


def _figure(title, width, height):
    matplotlib = _matplotlib()
    figure = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")
    matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
    printable = "".join(each if each.isprintable() else " " for each in title)
    figure.suptitle(
        "\n".join(textwrap.wrap(printable, int(9 * width), max_lines=2, placeholder=" ...")), parse_math=False
    )
    return figure


# Curves


def _curve(axes, rows, key, marker="o", **settings):
    """One key of the rows over the updates; a gap where it is None or not finite."""
    values = [_finite(row.get(key)) for row in rows]
    axes.plot(
        [row["update"] for row in rows], values, marker=marker if len(rows) <= MANY_ROWS else None, **settings
    )


def _finite(value, otherwise=math.nan):
    return float(value) if value is not None and math.isfinite(value) else otherwise


def _E_total_axis(axes, values):
    """Logarithmic where the finite values are positive and span more than two decades."""
    values = [float(value) for value in values if math.isfinite(value)]
    if values and 0 < min(values) and DECADES * min(values) < max(values):
        axes.set_yscale("log")
    axes.set_ylabel("E_total")


def _enlarge(axes, rows):
    """The range of E_total in which these rows mostly lie: from the lowest tenth to the highest, and half as
    much around.
    """
    low, high = (
        statistics.quantiles([_finite(row[key], row["value"]) for row in rows], n=10, method="inclusive")[
            place
        ]
        for key, place in (("lowest", 0), ("highest", -1))
    )
    if high > low:
        axes.set_ylim(low - (high - low) / 2, high + (high - low) / 2)
    axes.set_ylabel("E_total, enlarged")
    axes.ticklabel_format(axis="y", useOffset=False)


def _legend(axes):
    """Above the axes, where it hides nothing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=4, columnspacing=1.5)


def _update_axis(axes):
    axes.set_xlabel("update")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.xaxis.set_major_formatter("{x:,.0f}")


def _reproducible(report):
    """(first, last) update of each unbroken run of rows that have the digits asked for."""
    runs, start, last = [], None, None
    for row in report.rows:
        if row["digits"] >= report.asked:
            start, last = row["update"] if start is None else start, row["update"]
        elif start is not None:
            runs, start = runs + [(start, last)], None
    return runs if start is None else runs + [(start, last)]
