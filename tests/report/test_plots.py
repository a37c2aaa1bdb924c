"""Figures of a report: what they show, that they are saved by the command, and the message where matplotlib
is not.
"""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from profiles import by_day

from gradcheck import check
from gradcheck.cli import main
from gradcheck.errors import GradcheckError
from gradcheck.report.figures import HATCHES, report_figure, verdicts
from gradcheck.report.report import BlockReport, Entry

POINT = {
    "W": np.array([[0.5, -1.0, 0.25], [1.5, 2.0, -0.75]]),
    "b": np.array([0.1, 0.0]),
    "empty": np.zeros((0, 2)),
    "c": 0.3,
}


def loss(p):
    return np.sum(np.sin(p["W"])) + np.sum(np.floor(p["b"])) + np.exp(p["c"])


def gradients(p):
    wrong = np.cos(p["W"])
    wrong[1] *= 1.001
    return {"W": wrong, "b": np.zeros(2), "empty": p["empty"], "c": np.exp(p["c"])}


@pytest.fixture(scope="module")
def report():
    pytest.importorskip("matplotlib")
    return check(loss, gradients, POINT)


def titled(figure):
    return {axes.get_title(): axes for axes in figure.axes}


def legends(figure):
    return [
        text.get_text()
        for each in (figure, *figure.subfigs)
        for legend in each.legends
        for text in legend.get_texts()
    ]


@pytest.mark.slow
def test_the_heat_map_shows_the_verdict_of_every_entry_at_its_place(report):
    panels = titled(verdicts(report))
    assert set(panels) == {"W: wrong", "b: undecided", "c: right"}
    shown = np.asarray(panels["W: wrong"].images[0].get_array())
    assert (
        shown.shape == (2, 3)
        and len(set(shown[0])) == 1
        and len(set(shown[1])) == 1
        and shown[0, 0] != shown[1, 0]
    )
    assert panels["b: undecided"].images[0].get_array().shape == (1, 2)


GROUPS = [("right", range(50)), ("undecided", range(54, 300)), ("wrong", range(301, 460))]
COLUMNS = [
    ("right", [20 * row + column for column in range(7) for row in range(24)][3:]),
    ("wrong", range(10, 480, 20)),
    ("undecided", range(15, 480, 20)),
]
ALONE = [(2, 11, "wrong"), (2, 13, "right")]


def judged_together(shape, groups):
    groups = tuple(
        SimpleNamespace(positions=np.array(positions), verdict=verdict) for verdict, positions in groups
    )
    entries = tuple(
        Entry("W", (row, column), 1.0, 1.0, 1e-9, 1.0, verdict, "said")
        for row, column, verdict in ALONE
        if shape == (24, 20)
    )
    return BlockReport("W", shape, "wrong", entries, groups=groups)


@pytest.mark.parametrize(
    "shape, groups, most",
    [
        ((24, 20), GROUPS, 9),
        ((480,), GROUPS, 3),
        ((2, 12, 20), GROUPS, 9),
        ((480, 1), GROUPS, 3),
        ((24, 20), COLUMNS, 5),
    ],
)
def test_entries_judged_together_are_paler_and_hatched_in_exactly_their_places(report, shape, groups, most):
    block = judged_together(shape, groups)
    figure = verdicts(replace(report, blocks=(block,)))
    (axes,) = figure.axes
    shown = np.asarray(axes.images[0].get_array())
    places, hatched = np.arange(480).reshape(shown.shape), {}
    for each in axes.patches:
        row, column, height, width = (
            int(i) for i in (each.get_y() + 0.5, each.get_x() + 0.5, each.get_height(), each.get_width())
        )
        part = places[row : row + height, column : column + width]
        assert part.shape == (height, width)
        hatched.setdefault(each.get_hatch(), []).extend(part.ravel())
    alone = [20 * entry.index[0] + entry.index[1] for entry in block.entries]
    for group in block.groups:
        assert sorted(hatched[HATCHES[group.verdict]]) == sorted(group.positions)
        assert len({shown.flat[i] for i in group.positions if i not in alone}) == 1
    assert len({shown.flat[i] for i in alone}) == len(alone)
    assert len(axes.patches) <= most
    assert {f"{verdict}, judged together" for verdict, _ in groups} | {"not checked"} <= set(legends(figure))


def test_what_is_not_right_is_marked_not_only_coloured(report):
    panels = titled(verdicts(report))
    marked = [
        tuple(place) for each in panels["W: wrong"].collections for place in np.asarray(each.get_offsets())
    ]
    assert marked == [(0, 1), (1, 1), (2, 1)]
    assert not panels["c: right"].collections


def test_the_legend_names_the_verdicts_that_occur(report):
    assert legends(verdicts(report)) == ["right", "undecided (?)", "wrong (×)"]


def curve_of(report):
    """The axes of the curve above the verdicts."""
    return report_figure(report, loss, gradients, POINT).axes[0]


def test_the_curve_falls_to_the_left_as_truncation_does_and_rises_with_rounding(report):
    axes = curve_of(check(loss, gradients, POINT, select="c"))
    curve = max(axes.get_lines(), key=lambda line: len(line.get_xdata()))
    steps, errors = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
    truncation = (steps > 1e-3) & (steps < 1e-1)
    slope = np.polyfit(np.log(steps[truncation]), np.log(errors[truncation]), 1)[0]
    assert slope == pytest.approx(2.0, abs=0.05)
    assert (
        np.median(errors[steps < 1e-13]) > 1e4 * errors.min()
        and axes.get_xscale() == axes.get_yscale() == "log"
    )


def test_the_curve_shows_bar_step_and_how_far_the_analytic_value_is(report):
    axes, worst = curve_of(report), report["W"].worst
    levels = {line.get_ydata()[0] for line in axes.get_lines() if len(line.get_ydata()) == 2}
    assert {worst.error_bar, abs(worst.analytic - worst.numeric)} <= levels
    assert worst.name in axes.get_title() and len(axes.get_legend_handles_labels()[1]) == 4


def test_the_whole_figure_is_about_the_worst_entry(report):
    figure = report_figure(report, loss, gradients, POINT)
    assert figure.get_suptitle() == "gradients: wrong"
    assert any(title.startswith(f"{report['W'].worst.name}: analytic") for title in titled(figure))


def test_the_curve_has_gaps_where_the_loss_has_no_value():
    pytest.importorskip("matplotlib")

    def root(x):
        return float(np.sum(np.sqrt(x)))

    point = np.array([1e-3])
    report = check(root, lambda x: 0.5 / np.sqrt(x), point)
    figure = report_figure(report, root, lambda x: 0.5 / np.sqrt(x), point)
    assert max(figure.axes[0].get_lines()[0].get_xdata()) <= 1e-3


MODEL = """import numpy as np

def point():
    return {"W": np.array([0.5, -1.0])}

def both(p):
    return np.sum(np.sin(p["W"])), {"W": 2 * np.cos(p["W"])}
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", by_day(["figure.svg", "figure.png"], 2))
def test_the_command_draws_the_same_bytes_again(tmp_path, monkeypatch, capsys, name):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    drawn = []
    for _ in range(2):
        assert main(["check", "model.py:both", "--parameters", "model.py:point", "--plot", name]) == 1
        drawn.append((tmp_path / name).read_bytes())
    assert (
        drawn[0] == drawn[1]
        and len(drawn[0]) > 5_000
        and capsys.readouterr().out.count("gradients: wrong") == 2
    )


def test_where_matplotlib_is_missing_the_extra_is_named(monkeypatch):
    for name in [each for each in sys.modules if each.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(GradcheckError, match=r"python -m pip install matplotlib"):
        verdicts(check(loss, gradients, POINT))
