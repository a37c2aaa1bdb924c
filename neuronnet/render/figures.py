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
from neuronnet.files import write_bytes
from neuronnet.render.drawing import COLOURS, DASHES, SIZE, Line, Rectangle
from neuronnet.training import is_class

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
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
BLACK, WHITE = "#000000", "#FFFFFF"
CLASSES = tuple(zip("o^sDvPX", (BLUE, VERMILLION, GREEN, "#CC79A7", ORANGE, "#56B4E9", BLACK)))
PROBABILITIES = [tenth / 10 for tenth in range(11)]
LEADS = [0, 0.25, 0.5, 0.75, 1]
STRONGEST = 0.45  # how much of a class's own colour a tint has at most, so that samples stand out
POINTS = 120  # of the grid that a decision boundary is drawn from, along either input
MANY_ROWS = 40  # more are drawn without a marker each
DECADES = 100  # a span above which E_total is drawn on a logarithmic scale


def _matplotlib():
    """The package, with the parts used here. Raises NeuronnetError where it is missing."""
    try:
        import matplotlib.backends.backend_agg
        import matplotlib.figure
        import matplotlib.patches
        import matplotlib.style
    except ImportError:
        raise NeuronnetError("drawing needs matplotlib: python -m pip install matplotlib") from None
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
    """Raise NeuronnetError, before the long work, for a figure that could not be saved.

    `output` is the file that the same command writes its text to, or None.
    """
    _ending(path)
    if output is not None and os.path.realpath(path) == os.path.realpath(output):
        name = shortened(str(path))
        raise NeuronnetError(f"cannot write {name}: -o and --plot name the same file; choose another")
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
        name, needed = shortened(str(path)), " or ".join(METADATA)
        raise NeuronnetError(f"cannot draw into {name}: a name that ends in {needed} is needed")
    return ending


# Figures


@styled
def training(description, rows, forward):
    """E_total and accuracies over the updates; with two inputs and classes also the last decision boundary.

    `rows` are those of `neuronnet.training.history` or `Twin.train`; forward(points) gives a row of outputs
    per point.
    """
    kinds = ("accuracy", "held_out_accuracy")
    shares = [key for key in kinds if any(row.get(key) is not None for row in rows)]
    message = learnt(rows)
    if not shares:
        figure = new_figure(description.title, message, 7, 4)
        error = figure.subplots()
    elif not has_boundary(description):
        figure = new_figure(description.title, message, 7, 6)
        error, share = figure.subplots(2, sharex=True)
    else:
        figure = new_figure(description.title, message, 7, 11)
        upper, lower = figure.subfigures(2, 1, height_ratios=(1, 1.1))
        error, share = upper.subplots(2, sharex=True)
        boundary = lower.subplots()
        filled = draw_boundary(boundary, description, forward, description.held_out)
        boundary.set_title(f"decision boundary after {rows[-1]['update']:,} updates")
        lower.legend(*boundary.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        explain_colours(lower, boundary, filled, description)
    curve(error, rows, "E_total", label="E_total", color=BLUE)
    E_total_axis(error, [row["E_total"] for row in rows])
    error.set_title(f"{description.loss}, {description.samples_combine} over the samples")
    if shares:
        for key, color, line, marker in zip(shares, (BLUE, VERMILLION), ("-", "--"), ("o", "^")):
            name = "the samples trained on" if key == "accuracy" else "samples held out"
            curve(share, rows, key, label=name, color=color, linestyle=line, marker=marker)
        share.set_ylabel("share classified right")
        share.set_ylim(top=1.02)
        legend(share)
    update_axis(share if shares else error)
    return figure


@styled
def drawing(shapes):
    """The Shapes of a drawn network, in its colours for light paper."""
    matplotlib = _matplotlib()
    figure = matplotlib.figure.Figure(figsize=(shapes.width / 72, shapes.height / 72))
    matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, shapes.width), ylim=(shapes.height, 0))
    axes.set_axis_off()
    light = {look: both[0] for look, both in COLOURS.items()}
    for place, shape in enumerate(shapes.shapes):
        if isinstance(shape, Rectangle):
            corner, size = (shape.x, shape.y), (shape.width, shape.height)
            look = {"facecolor": light[shape.look], "edgecolor": light["frame"], "zorder": place}
            axes.add_patch(matplotlib.patches.Rectangle(corner, *size, linewidth=1, **look))
        elif isinstance(shape, Line):
            dash = [float(part) for part in DASHES.get(shape.look, "").split()]
            look = {"color": light[shape.look], "linewidth": shape.width, "zorder": place}
            (line,) = axes.plot((shape.x1, shape.x2), (shape.y1, shape.y2), solid_capstyle="butt", **look)
            if dash:
                line.set_dashes([part / shape.width for part in dash])
        else:
            look = {"family": "DejaVu Sans Mono", "fontsize": SIZE, "color": light[shape.look]}
            look |= {"weight": "bold" if shape.bold else "normal", "zorder": place, "parse_math": False}
            anchor = {"start": "left", "middle": "center", "end": "right"}[shape.anchor]
            axes.text(shape.x, shape.y, shape.text, ha=anchor, va="center_baseline", **look)
    return figure


def learnt(rows):
    """What a training came to, one sentence."""
    first, last = rows[0], rows[-1]
    updates = f"{last['update']:,} update{'' if last['update'] == 1 else 's'}"
    if not math.isfinite(last["E_total"]):
        return f"the training diverges within {updates}"
    start, end = (f"{float(row['E_total']):.3g}" for row in (first, last))
    moved = f"falls from {start} to" if last["E_total"] < first["E_total"] else f"rises from {start} to"
    said = f"E_total {'stays at' if start == end else moved} {end} in {updates}"
    if last.get("accuracy") is None or first.get("accuracy") is None:
        return said
    return f"{said}, and the accuracy goes from {first['accuracy']:.3g} to {last['accuracy']:.3g}"


def new_figure(title, message, width, height):
    """A figure under its title and, on a line of its own, what it shows."""
    matplotlib = _matplotlib()
    figure = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")
    matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
    printable = "".join(each if each.isprintable() else " " for each in title)
    lines = textwrap.wrap(printable, int(9 * width), max_lines=2, placeholder=" ...")
    lines += textwrap.wrap(message, int(9 * width))
    figure.suptitle("\n".join(lines), parse_math=False)
    return figure


# Curves


def curve(axes, rows, key, marker="o", **settings):
    """One key of the rows over the updates; a gap where it is None or not finite."""
    updates, values = [row["update"] for row in rows], [finite(row.get(key)) for row in rows]
    axes.plot(updates, values, marker=marker if len(rows) <= MANY_ROWS else None, **settings)


def finite(value, otherwise=math.nan):
    return float(value) if value is not None and math.isfinite(value) else otherwise


def E_total_axis(axes, values):
    """Logarithmic where the finite values are positive and span more than two decades."""
    values = [float(value) for value in values if math.isfinite(value)]
    if values and 0 < min(values) and DECADES * min(values) < max(values):
        axes.set_yscale("log")
    axes.set_ylabel("error, E_total")


def legend(axes):
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=4, columnspacing=1.5)


def update_axis(axes):
    axes.set_xlabel("number of updates")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.xaxis.set_major_formatter("{x:,.0f}")


# Decision boundaries, drawn into axes that are handed in


def has_boundary(description):
    """Whether a decision boundary can be drawn: two inputs, and samples whose targets are classes."""
    samples = description.samples
    return bool(samples) and len(samples[0].inputs) == 2 and all(is_class(each.targets) for each in samples)


def draw_boundary(axes, description, forward, held_out=()):
    """Fill the plane of the two inputs by what the outputs say there, draw samples; return what is filled.

    With two classes the colour is the probability of the second; with more it is the class of the largest
    output, stronger the further that output leads, and nothing is returned. forward(points) gives a row of
    outputs per point.
    """
    samples = description.samples
    held_out = held_out if all(is_class(sample.targets) for sample in held_out) else ()
    xs, ys = (_grid([sample.inputs[axis] for sample in [*samples, *held_out]]) for axis in (0, 1))
    outputs = [[float(out) for out in outs] for outs in forward([[x, y] for y in ys for x in xs])]
    fill = _fill_two if len(outputs[0]) <= 2 else _fill_many
    filled = fill(axes, xs, ys, outputs)
    axes.plot([], [], color=BLACK, label="decision boundary")
    if filled is None:
        axes.plot([], [], " ", label="stronger: larger lead")
    _draw_samples(axes, samples)
    _draw_samples(axes, held_out, held_out=True)
    axes.grid(False)
    one, other = (f"input {name}" for name in description.names.inputs)
    axes.set(xlabel=one, ylabel=other, xlim=(xs[0], xs[-1]), ylim=(ys[0], ys[-1]))
    return filled


def explain_colours(figure, axes, filled, description):
    """A colour bar for two classes; of more, each has the colour of its samples."""
    if filled is None:
        return
    activation, outputs = description.layers[-1].activation, len(description.samples[0].targets)
    if outputs == 1:
        label = "out_o1, the probability of target 1" if activation == "logistic" else "out_o1"
    else:
        label = "1/2 + (out_o2 - out_o1)/2"
        label = "out_o2, the probability of class o2" if activation == "softmax" else label
    figure.colorbar(filled, ax=axes, label=label, ticks=PROBABILITIES[::2], shrink=0.9)


def _fill_two(axes, xs, ys, outputs):
    """By the output itself, or by 1/2 + (out_o2 - out_o1)/2: for softmax, the second probability."""
    second = _table([outs[0] if len(outs) == 1 else 0.5 + (outs[1] - outs[0]) / 2 for outs in outputs])
    colors = [_tint(CLASSES[0][1], STRONGEST * share) for share in (0.9, 0.7, 0.5, 0.3, 0.1)]
    colors += [_tint(CLASSES[1][1], STRONGEST * share) for share in (0.1, 0.3, 0.5, 0.7, 0.9)]
    beyond = any(value < 0 or value > 1 for line in second for value in line)
    if beyond:
        colors = [_tint(CLASSES[0][1], STRONGEST), *colors, _tint(CLASSES[1][1], STRONGEST)]
    extend = "both" if beyond else "neither"
    filled = axes.contourf(xs, ys, second, levels=PROBABILITIES, colors=colors, zorder=0, extend=extend)
    _draw_line(axes, xs, ys, second, 0.5)
    return filled


def _fill_many(axes, xs, ys, outputs):
    for number in range(len(outputs[0])):
        lead = _table([outs[number] - max(outs[:number] + outs[number + 1 :]) for outs in outputs])
        colors = [_tint(_class(number)[1], STRONGEST * share) for share in (0.25, 0.5, 0.75, 1.0, 1.0)]
        axes.contourf(xs, ys, lead, levels=LEADS, colors=colors, extend="max", zorder=0)
        _draw_line(axes, xs, ys, lead, 0)


def _draw_line(axes, xs, ys, values, level):
    found = [value for line in values for value in line]
    if min(found) < level < max(found):
        axes.contour(xs, ys, values, levels=[level], colors=BLACK, linewidths=1.6, zorder=1)


def _draw_samples(axes, samples, held_out=False):
    classes = {}
    for sample in samples:
        targets = [float(target) for target in sample.targets]
        number = int(targets[0]) if len(targets) == 1 else targets.index(1.0)
        classes.setdefault(number, []).append([float(value) for value in sample.inputs])
    size = min(max(9000 / max(len(samples), 1), 14), 30)
    for number, points in sorted(classes.items()):
        marker, color = _class(number)
        name = f"target {number}" if len(samples[0].targets) == 1 else f"class o{number + 1}"
        look = {"color": color, "edgecolor": WHITE, "linewidth": 0.4, "label": name}
        if held_out:
            look = {"color": WHITE, "edgecolor": color, "linewidth": 1.2, "label": f"{name}, held out"}
        axes.scatter(*zip(*points), s=size, marker=marker, zorder=2, **look)


def _class(number):
    return CLASSES[number % len(CLASSES)]


def _tint(color, share):
    """`color`, as "#RRGGBB", with so large a share in white."""
    parts = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + share * (part - 255)):02X}" for part in parts)


def _grid(values):
    low, high = float(min(values)), float(max(values))
    margin = 0.1 * (high - low) or 1.0
    return [low - margin + (high - low + 2 * margin) * step / (POINTS - 1) for step in range(POINTS)]


def _table(values):
    return [values[start : start + POINTS] for start in range(0, len(values), POINTS)]
