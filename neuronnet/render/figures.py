"""Figures of finished rows, drawn with matplotlib (the extra `plot`), and the style that all figures share.

Each function returns a matplotlib Figure; no state of pyplot is used or changed. Colours are those of M.
Okabe and K. Ito, "Color Universal Design" (2008); nothing is told apart by colour alone.
"""

import io
import math
import os
import textwrap
from functools import wraps
from pathlib import Path

from neuronnet.errors import NeuronnetError, shortened
from neuronnet.output import write_bytes
from neuronnet.render.boundary import (
    BLUE,
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
            f"drawing needs matplotlib ({error}); python -m pip install 'gradcheck[plot]'"
        ) from None
    return matplotlib


def styled(function):
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


@styled
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


@styled
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
        figure = new_figure(description.title, 7, 4)
        error = figure.subplots()
    elif not has_boundary(description):
        figure = new_figure(description.title, 7, 6)
        error, share = figure.subplots(2, sharex=True)
    else:
        figure = new_figure(description.title, 12, 5.6)
        left, right = figure.subfigures(1, 2, width_ratios=(1, 1.1))
        error, share = left.subplots(2, sharex=True)
        boundary = right.subplots()
        filled = draw_boundary(boundary, description, forward, description.held_out)
        boundary.set_title(f"decision boundary after {rows[-1]['update']:,} updates")
        right.legend(*boundary.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        explain_colours(right, boundary, filled, description)
    curve(error, rows, "E_total", label="E_total", color=BLUE)
    E_total_axis(error, [row["E_total"] for row in rows])
    error.set_title(f"{description.loss}, {description.samples_combine} over the samples")
    if shares:
        for key, color, line, marker in zip(shares, (BLUE, VERMILLION), ("-", "--"), ("o", "^")):
            name = "the samples trained on" if key == "accuracy" else "samples held out"
            curve(share, rows, key, label=name, color=color, linestyle=line, marker=marker)
        share.set_ylabel("accuracy")
        share.set_ylim(top=1.02)
        legend(share)
    update_axis(share if shares else error)
    return figure


def new_figure(title, width, height):
    matplotlib = _matplotlib()
    figure = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")
    matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
    printable = "".join(each if each.isprintable() else " " for each in title)
    figure.suptitle(
        "\n".join(textwrap.wrap(printable, int(9 * width), max_lines=2, placeholder=" ...")), parse_math=False
    )
    return figure


# Curves


def curve(axes, rows, key, marker="o", **settings):
    """One key of the rows over the updates; a gap where it is None or not finite."""
    values = [finite(row.get(key)) for row in rows]
    axes.plot(
        [row["update"] for row in rows], values, marker=marker if len(rows) <= MANY_ROWS else None, **settings
    )


def finite(value, otherwise=math.nan):
    return float(value) if value is not None and math.isfinite(value) else otherwise


def E_total_axis(axes, values):
    """Logarithmic where the finite values are positive and span more than two decades."""
    values = [float(value) for value in values if math.isfinite(value)]
    if values and 0 < min(values) and DECADES * min(values) < max(values):
        axes.set_yscale("log")
    axes.set_ylabel("E_total")


def legend(axes):
    """Above the axes, where it hides nothing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=4, columnspacing=1.5)


def update_axis(axes):
    axes.set_xlabel("update")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.xaxis.set_major_formatter("{x:,.0f}")
