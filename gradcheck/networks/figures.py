"""Draws a stability report, and objects and twin side by side, with matplotlib (the extra `plot`)."""

import math
import statistics
from itertools import groupby

from neuronnet.render.figures import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    VERMILLION,
    E_total_axis,
    curve,
    finite,
    legend,
    new_figure,
    styled,
    update_axis,
)

LINEAR_ULPS = 100  # distances up to which ulps are drawn on a linear scale


@styled
def stability_figure(title, report):
    """E_total of the training itself within the band of all runs, and the digits that are reproducible.

    Where some rows are not reproducible, a panel between the two enlarges the band that they form.
    """
    lost = [row for row in report.rows if row["digits"] < report.asked]
    figure = new_figure(title, _kept(report, lost), 8, 9 if len(lost) > 1 else 7)
    error, *enlarged, digits = panels = figure.subplots(3 if len(lost) > 1 else 2, sharex=True)
    rows, updates = report.rows, [row["update"] for row in report.rows]
    lowest, highest = ([finite(row[key]) for row in rows] for key in ("lowest", "highest"))
    widest = max((high - low for low, high in zip(lowest, highest) if high >= low), default=0.0)
    apart = f"all {report.runs} runs, at most {widest:.2g} apart"
    band = {"color": ORANGE, "alpha": 0.6, "label": apart}
    for axes in (error, *enlarged):
        axes.fill_between(updates, lowest, highest, linewidth=0, **band)
        curve(axes, rows, "value", label="the training itself", color=BLUE)
    E_total_axis(error, [row["value"] for row in rows] + lowest + highest)
    for axes in enlarged:
        _enlarge(axes, lost)
    curve(digits, rows, "digits", label="lower bound", color=BLUE)
    curve(digits, rows, "digits_estimated", label="estimate", color=VERMILLION, linestyle="--", marker="^")
    digits.axhline(report.asked, color=BLACK, linewidth=1, linestyle=":", label=f"{report.asked:g} digits")
    digits.set_ylabel("reproducible digits of E_total")
    digits.set_yticks(range(0, 17, 2))
    digits.set_ylim(-0.4, 16.6)
    green = {"color": GREEN, "alpha": 0.18, "linewidth": 0, "zorder": 0}
    for axes in panels:
        label = f"reproducible: {report.asked:g} digits or more"
        for start, stop in _reproducible(report):
            axes.axvspan(start, stop, label=label, **green)
            label = None
    for axes in (error, digits):
        legend(axes)
    update_axis(digits)
    return figure


@styled
def side_by_side_figure(report):
    """E_total of objects and twin over the updates, and below it their distance in ulps."""
    figure = new_figure(report.description.title, _parted(report), 8, 7)
    error, distance = figure.subplots(2, sharex=True)
    curve(error, report.rows, "objects", label="objects", color=ORANGE, linewidth=4, marker="o", markersize=7)
    curve(error, report.rows, "twin", label="twin", color=BLUE, linestyle="--", marker="^")
    E_total_axis(error, [row[key] for row in report.rows for key in ("objects", "twin")])
    curve(distance, report.rows, "ulps", label="objects to twin", color=BLUE, clip_on=False)
    distance.set_ylabel("distance in units of the last place")
    if max(finite(row["ulps"], 0.0) for row in report.rows) > LINEAR_ULPS:
        distance.set_yscale("symlog", linthresh=1, linscale=1)
    else:
        distance.yaxis.get_major_locator().set_params(integer=True)
    distance.set_ylim(bottom=0)
    if max(row["ulps"] for row in report.rows) == 0:
        distance.set_ylim(top=1)  # a line along the axis: no distance at all
    if report.parting is not None:
        name, _, update = report.parting.name.rpartition("@")
        label = f"{name} is the first to differ, after update {int(update):,}"
        for axes in (error, distance):
            axes.axvline(int(update), color=BLACK, linewidth=1, linestyle=":", label=label)
    for axes in (error, distance):
        legend(axes)
    update_axis(distance)
    return figure


def _kept(report, lost):
    """How far the digits asked for are reproducible, one sentence."""
    digits = f"{report.asked:g} digits"
    if not lost:
        fewest = math.floor(min(row["digits"] for row in report.rows))
        return f"every E_total shown is reproducible to {fewest} digits or more, asked were {report.asked:g}"
    kept = len(report.rows) - len(lost)
    if report.rows[0] in lost or kept == 0:
        return f"{kept} of {len(report.rows)} values of E_total are reproducible to {digits}"
    until = next(row["update"] for row, after in zip(report.rows, report.rows[1:]) if after in lost)
    first_lost = f"no longer at update {lost[0]['update']:,}"
    return f"E_total is reproducible to {digits} up to update {until:,}, and {first_lost}"


def _parted(report):
    """What sets objects and twin apart, one sentence."""
    farthest = max(finite(row["ulps"], 0.0) for row in report.rows)
    apart = f"E_total by at most {farthest:g} unit{'' if farthest == 1 else 's'} of its last place"
    if report.parting is None:
        same = "right: all parameters of objects and twin are equal to the last bit"
        return f"{same}, {apart.replace(' by', ' differs by')}" if farthest else same
    name, _, update = report.parting.name.rpartition("@")
    if report.verdict == "wrong":
        return f"wrong: objects and twin part company, {name} after update {int(update):,} first"
    return f"right: rounding alone sets objects and twin apart, {apart}"


def _enlarge(axes, rows):
    """The range in which these rows mostly lie, from the lowest tenth to the highest, and half more."""
    ends = ([finite(row[key], row["value"]) for row in rows] for key in ("lowest", "highest"))
    (low, *_), (*_, high) = (statistics.quantiles(each, n=10, method="inclusive") for each in ends)
    if high > low:
        axes.set_ylim(low - (high - low) / 2, high + (high - low) / 2)
    axes.set_ylabel("E_total, enlarged")
    axes.ticklabel_format(axis="y", useOffset=False)


def _reproducible(report):
    """(first, last) update of each unbroken run of rows that have the digits asked for."""
    runs = groupby(report.rows, lambda row: row["digits"] >= report.asked)
    kept = [[row["update"] for row in rows] for has_them, rows in runs if has_them]
    return [(updates[0], updates[-1]) for updates in kept]
