"""Figures of a stability report and of objects and twin side by side: what is drawn, and its labels."""

import re
from types import SimpleNamespace

import pytest

from gradcheck.networks.figures import side_by_side_figure, stability_figure
from gradcheck.networks.side_by_side import Parting, SideBySideReport, side_by_side
from gradcheck.networks.stability import stability
from neuronnet.description.reading import read


@pytest.fixture(scope="module")
def matplotlib():
    return pytest.importorskip("matplotlib")


def labels(axes):
    return axes.get_xlabel(), axes.get_ylabel()


def legend(axes):
    return [each.get_text() for each in axes.get_legend().get_texts()]


def line(axes, label):
    (found,) = [each for each in axes.get_lines() if each.get_label() == label]
    return list(found.get_xdata()), list(found.get_ydata())


def test_stability_shows_the_band_the_digits_and_the_reproducible_part(matplotlib):
    keys = ("update", "value", "lowest", "highest", "digits", "digits_estimated")
    table = [
        (0, 1.0, 1.0, 1.0, 15.0, 15.5),
        (10, 0.5, 0.5, 0.5, 8.0, 8.5),
        (20, 0.4, 0.3, 0.6, 1.0, 1.5),
        (30, 0.4, 0.3, float("inf"), 0.0, 0.5),
        (40, 0.4, 0.4, 0.4, 7.0, 7.5),
        (50, 0.4, 0.4, 0.4, 6.0, 6.5),
    ]
    report = SimpleNamespace(rows=[dict(zip(keys, row)) for row in table], asked=6, runs=29)
    figure = stability_figure("a title", report)
    message = "E_total is reproducible to 6 digits up to update 10, and no longer at update 20"
    assert " ".join(figure.get_suptitle().split()) == f"a title {message}"
    error, enlarged, digits = figure.axes
    assert (error.get_ylabel(), enlarged.get_ylabel()) == ("error, E_total", "E_total, enlarged")
    assert labels(digits) == ("number of updates", "reproducible digits of E_total")
    assert legend(error) == [
        "all 29 runs, at most 0.3 apart",
        "the training itself",
        "reproducible: 6 digits or more",
    ]
    assert legend(digits) == [
        "lower bound",
        "estimate",
        "6 digits",
        "reproducible: 6 digits or more",
    ]
    assert [(each.get_x(), each.get_width()) for each in digits.patches] == [(0, 10), (40, 10)]
    assert line(digits, "lower bound")[1] == [row[4] for row in table]
    low, high = enlarged.get_ylim()
    assert 0.1 < low < 0.3 and 0.6 < high < 0.9


def test_stability_of_a_reproducible_training_needs_no_enlargement(matplotlib):
    report = stability(read("worked-example"), 20, 5, runs=3)
    figure = stability_figure("a title", report)
    assert re.search(r"every E_total shown is reproducible to 1[456]\sdigits or more", figure.get_suptitle())
    error, digits = figure.axes
    assert re.search(r"all 3 runs, at most \S+ apart", legend(error)[0])
    assert [(each.get_x(), each.get_width()) for each in error.patches] == [(0, 20)]
    assert line(error, "the training itself") == ([0, 5, 10, 15, 20], [row["value"] for row in report.rows])


def test_side_by_side_shows_both_errors_their_distance_and_the_parting(matplotlib):
    report = side_by_side(read("worked-example"), 400, 100)
    assert report.parting is not None
    error, distance = side_by_side_figure(report).axes
    assert labels(distance) == ("number of updates", "distance in units of the last place")
    assert error.get_ylabel() == "error, E_total"
    farthest = max(row["ulps"] for row in report.rows)
    said = f"right: rounding alone sets objects and twin apart, E_total by at most {farthest:g} unit"
    assert said in " ".join(error.figure.get_suptitle().split())
    assert line(error, "objects")[1] == [row["objects"] for row in report.rows]
    assert line(error, "twin")[1] == [row["twin"] for row in report.rows]
    assert line(distance, "objects to twin")[1] == [row["ulps"] for row in report.rows]
    name, update = report.parting.name.split("@")
    assert legend(error) == ["objects", "twin", f"{name} is the first to differ, after update {update}"]
    assert distance.get_yscale() == "linear"


def test_a_large_distance_is_shown_by_its_power_of_ten(matplotlib):
    rows = [
        {"update": 0, "objects": 1.0, "twin": 1.0, "ulps": 0.0},
        {"update": 1, "objects": 1.0, "twin": 1.1, "ulps": 4.5e14},
        {"update": 2, "objects": float("nan"), "twin": 1.1, "ulps": float("inf")},
    ]
    report = SideBySideReport(read("worked-example"), 2, Parting("w1@1", 1.0, 1.1, 4.5e14, False), rows)
    figure = side_by_side_figure(report)
    assert figure.axes[1].get_yscale() == "symlog"
    assert "wrong: objects and twin part company, w1 after update 1 first" in figure.get_suptitle()
    figure.canvas.draw()


def test_what_stays_equal_to_the_last_bit_is_seen_and_said(matplotlib):
    rows = [{"update": update, "objects": 0.5, "twin": 0.5, "ulps": 0.0} for update in range(3)]
    figure = side_by_side_figure(SideBySideReport(read("worked-example"), 2, None, rows))
    assert "right: all parameters of objects and twin are equal to the last bit" in figure.get_suptitle()
    distance = figure.axes[1]
    assert line(distance, "objects to twin") == ([0, 1, 2], [0.0, 0.0, 0.0]) and distance.get_ylim() == (0, 1)
    assert not distance.get_lines()[0].get_clip_on()
