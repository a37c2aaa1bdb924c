"""Draws a report with matplotlib (the extra `plot`): error against step, and a map of the verdicts.

Each function returns a matplotlib Figure and leaves the state of pyplot alone. Colours are those of M. Okabe
and K. Ito, "Color Universal Design" (2008); marks and hatches say the same as the colours.
"""

import math
from contextlib import contextmanager

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.functions import CallersFunctions, random_states_kept
from gradcheck.numeric.derivatives import derivative
from gradcheck.numeric.steps import CountedCalls, with_entries
from gradcheck.report.report import ranges

TOGETHER = ", judged together"
COLOURS = {
    "right": "#56B4E9",
    "undecided": "#F0E442",
    "wrong": "#D55E00",
    f"right{TOGETHER}": "#C4E3F7",
    f"undecided{TOGETHER}": "#FAF6C0",
    f"wrong{TOGETHER}": "#F4C3A3",
    "not checked": "#F2F2F2",
}
MARKS = {"wrong": "x", "undecided": "$?$"}
SIGNS = {"wrong": " (×)", "undecided": " (?)"}
HATCHES = {"wrong": "xxx", "undecided": "...", "right": "///"}  # of entries judged together
HATCHED = {"edgecolor": "#00000040", "linewidth": 0.0}
BLUE, GREEN, VERMILLION, BLACK = "#0072B2", "#009E73", "#D55E00", "#000000"
STYLE = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
}
STEPS = 2.0 ** np.arange(-52.0, 1.5, 0.5)  # of max(|x|, 1)
COLUMNS = 4
SQUEEZED_BEYOND = 8  # times as long as wide: longer blocks are squeezed
MOST_MARKED = 400  # in one block; more marks would hide each other
MOST_FRAMED = 24  # in a row or column; more frames would hide the entries


def _matplotlib():
    """The package. Raises GradcheckError where it is missing."""
    try:
        import matplotlib.backends.backend_agg
        import matplotlib.colors
        import matplotlib.figure
        import matplotlib.patches
        import matplotlib.style
    except ImportError:
        raise GradcheckError("drawing needs matplotlib: python -m pip install matplotlib") from None
    return matplotlib


def report_figure(report, loss, gradients, parameters):
    """The verdicts of a Report, and above them the V curve of its worst entry; arguments as in `check`."""
    worst = [block.worst for block in report.blocks if block.worst is not None]
    entry = max(worst, key=lambda entry: entry.badness, default=None)
    if entry is None:
        return verdicts(report)
    lines = _lines(report)
    with _drawn_in_style(f"{report.subject}: {report.verdict}", 9, 5.0 + 2.2 * lines) as figure:
        above, below = figure.subfigures(2, 1, height_ratios=(4.6, 0.4 + 2.2 * lines))
        _draw_v_curve(above.subplots(), _curve(loss, gradients, parameters, entry, report.seed), entry)
        _draw_verdicts(below, report)
    return figure


def verdicts(report):
    """A heat map of the verdicts for each block of a Report: rows and columns are those of the parameters."""
    height = 1.0 + 2.2 * _lines(report)
    with _drawn_in_style(f"{report.subject}: {report.verdict}", 9, height) as figure:
        _draw_verdicts(figure, report)
    return figure


# The V curve


@random_states_kept()
@np.errstate(all="ignore")
def _curve(loss, gradients, parameters, entry, seed):
    """(steps, central differences, Estimate) of the loss along one entry; NaN where the loss has no value."""
    problem = CallersFunctions(loss, gradients, parameters, seed)
    position = problem.point.names.index(entry.name)
    x = float(problem.point.vector[position])
    f = CountedCalls(with_entries(problem.value, problem.point.vector, position))
    steps = STEPS * max(abs(x), 1.0)
    differences = [(f(x + h) - f(x - h)) / ((x + h) - (x - h)) for h in steps]
    unit = float(problem.point.units[position])
    return steps * unit, np.array(differences) / unit, derivative(f, x).divided_by(unit)


def _draw_v_curve(axes, curve, entry):
    steps, differences, estimate = curve
    errors = np.abs(differences - entry.numeric)
    shown = np.isfinite(errors) & (errors > 0.0)
    points = {"marker": "o", "linewidth": 0.8, "color": BLUE, "label": "central difference, its error"}
    axes.loglog(steps[shown], errors[shown], **points)
    bar, step, apart = entry.error_bar, estimate.step, abs(entry.analytic - entry.numeric)
    if 0.0 < bar < math.inf:
        axes.axhline(bar, color=GREEN, linestyle="--", label=f"error bar, from several steps, {bar:.1e}")
    if 0.0 < step < math.inf:
        axes.axvline(step, color=BLACK, linestyle=":", label=f"shortest step the check used, {step:.1e}")
    if 0.0 < apart < math.inf:
        axes.axhline(apart, color=VERMILLION, linestyle="-.", label=f"analytic value, {apart:.1e} away")
    axes.grid(True)
    axes.set(xlabel="step", ylabel="distance from the numeric value")
    values = f"analytic {entry.analytic:.9g}, numeric {entry.numeric:.9g} ± {bar:.1e}"
    axes.set_title(f"{entry.name}: {values}, {entry.verdict}", parse_math=False)
    axes.figure.legend(loc="outside lower center", ncols=2)


# The verdicts


def _draw_verdicts(figure, report):
    matplotlib = _matplotlib()
    blocks, names = _drawn(report), list(COLOURS)
    colours = matplotlib.colors.ListedColormap(list(COLOURS.values()))
    look = {"cmap": colours, "vmin": -0.5, "vmax": len(names) - 0.5, "interpolation": "nearest"}
    panels = figure.subplots(_lines(report), COLUMNS, squeeze=False).ravel().tolist()
    grids = [_grid(block) for block in blocks]
    for axes, block, grid in zip(panels, blocks, grids):
        aspect = "equal" if max(grid.shape) <= SQUEEZED_BEYOND * min(grid.shape) else "auto"
        axes.imshow([[names.index(verdict) for verdict in line] for line in grid], aspect=aspect, **look)
        _hatch(axes, block, grid.shape)
        _mark(axes, grid)
        axes.set_title(f"{block.name}: {block.verdict}", parse_math=False)
        slimness = 1.0 if aspect == "auto" else grid.shape[0] / grid.shape[1]
        axes.set_xticks(_ticks(grid.shape[1], 6 if slimness <= 1.0 else 3 if slimness <= 4.0 else 1))
        axes.set_yticks(_ticks(grid.shape[0]) if grid.shape[0] > 1 else [])
    for axes in panels[len(blocks) :]:
        axes.remove()
    found, handles = {verdict for grid in grids for verdict in grid.flat}, []
    for name in (name for name in names if name in found):
        hatch = HATCHES[name.removesuffix(TOGETHER)] if name.endswith(TOGETHER) else None
        look = {"facecolor": COLOURS[name], "edgecolor": BLACK, "linewidth": 0.5, "hatch": hatch}
        handles.append(matplotlib.patches.Patch(label=name + SIGNS.get(name, ""), **look))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), COLUMNS))


def _drawn(report):
    return [block for block in report.blocks if block.size > 0]


def _lines(report):
    return max(math.ceil(len(_drawn(report)) / COLUMNS), 1)


def _hatch(axes, block, shape):
    """Hatches over entries that were judged together, as few rectangles as cover them by row or column."""
    matplotlib = _matplotlib()
    for group in block.groups:
        rows, columns = np.divmod(group.positions, shape[1])
        by_row, by_column = ranges(group.positions), ranges(columns * shape[0] + rows)
        if len(by_row) <= len(by_column):
            found = list(_rectangles(by_row, shape[1]))
        else:
            found = [(row, column, size[::-1]) for column, row, size in _rectangles(by_column, shape[0])]
        look = {"facecolor": "none", "hatch": HATCHES[group.verdict], **HATCHED}
        for row, column, (height, width) in found if len(found) <= MOST_MARKED else ():
            corner = (column - 0.5, row - 0.5)
            axes.add_patch(matplotlib.patches.Rectangle(corner, width, height, **look))


def _rectangles(runs, width):
    """(line, place, (lines, places)) of the rectangles of each run: part of a line, whole lines, the rest."""
    for start, stop in runs:
        ends = sorted({start, min(-(-start // width) * width, stop), max(stop // width * width, start), stop})
        for first, last in zip(ends, ends[1:]):
            yield *divmod(first, width), (max((last - first) // width, 1), min(last - first, width))


def _mark(axes, grid):
    """A sign on every entry that is not right, and a frame around each of few entries."""
    for verdict, mark in MARKS.items():
        rows, places = np.nonzero(grid == verdict)
        if 0 < len(rows) <= MOST_MARKED:
            axes.scatter(places, rows, marker=mark, color=BLACK, s=18, linewidths=1.0)
    for spine in axes.spines.values():
        spine.set_visible(True)
    if max(grid.shape) <= MOST_FRAMED:
        axes.set_xticks(np.arange(0.5, grid.shape[1] - 1), minor=True)
        axes.set_yticks(np.arange(0.5, grid.shape[0] - 1), minor=True)
        axes.grid(True, which="minor", color="#FFFFFF", linewidth=1.0)
        axes.tick_params(which="minor", length=0)


def _ticks(count, most=6):
    """At most so many whole numbers from 0 to count - 1."""
    return list(range(0, count, max(1, math.ceil(count / most))))


def _grid(block):
    """The verdicts of a BlockReport as a matrix: a vector is one row, further axes are laid side by side."""
    grid = np.full(block.shape, "not checked", dtype=object)
    for group in block.groups:
        grid.reshape(-1)[group.positions] = f"{group.verdict}{TOGETHER}"
    for entry in block.entries:
        grid[entry.index] = entry.verdict
    return grid.reshape(1, -1) if grid.ndim < 2 else grid.reshape(grid.shape[0], -1)


@contextmanager
def _drawn_in_style(title, width, height):
    """A new figure, for as long as it is drawn into."""
    matplotlib = _matplotlib()
    with matplotlib.style.context(["default", STYLE]):
        figure = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")
        matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
        figure.suptitle(title, parse_math=False)
        yield figure
