"""Reports: every wrong entry by name and index, nothing elided, the same on a page, in JSON and in a
notebook.
"""

import copy
import json
import math
import pickle
import re
from dataclasses import fields, is_dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck import check
from gradcheck.errors import GradcheckError
from gradcheck.report.printing import OF_EACH_BLOCK, listed_entries, ratio_text
from gradcheck.report.report import BlockReport, Entry, NearbyCheck, Note, Report
from gradcheck.why.cause import Cause

DRAW = np.random.default_rng(8)
INPUTS, TARGETS = DRAW.normal(size=(5, 3)), DRAW.normal(size=(5, 2))
PARAMETERS = {"W1": DRAW.normal(size=(3, 20)), "b1": DRAW.normal(size=20), "W2": DRAW.normal(size=(20, 2))}


def loss(p):
    return 0.5 * np.sum((np.tanh(INPUTS @ p["W1"] + p["b1"]) @ p["W2"] - TARGETS) ** 2)


def right(p):
    hidden = np.tanh(INPUTS @ p["W1"] + p["b1"])
    delta = hidden @ p["W2"] - TARGETS
    delta_hidden = delta @ p["W2"].T * (1 - hidden**2)
    return {"W1": INPUTS.T @ delta_hidden, "b1": delta_hidden.sum(axis=0), "W2": hidden.T @ delta}


def report_of(name, where, **options):
    gradients = right(PARAMETERS)
    gradients[name][where] *= -1
    return check(loss, gradients, PARAMETERS, **options)


WRONG = report_of("W1", (2, [3, 5, 11]), seed=3)


def test_a_report_reads_well():
    lines = str(WRONG).splitlines()
    assert lines[0] == "gradients: wrong"
    assert lines[1].startswith("cause: ")
    assert lines[2] == "  W1: wrong, 3 of 60 entries, all in row 2"
    assert lines[3].startswith("  b1: right, 20 entries; right to ")
    assert lines[4].startswith("  W2: right, 40 entries")
    assert lines[5] == "wrong:"
    names = [line.split(":")[0].strip() for line in lines[6:9]]
    assert names[0] == WRONG["W1"].worst.name and sorted(names) == ["W1[2,11]", "W1[2,3]", "W1[2,5]"]
    assert " ± " in lines[6]
    assert ", ratio -1 (far outside the error bar)" in lines[6]
    assert lines[-2].startswith("float64; wrong means more than 4 error bars away; seed 3; ")
    assert f"{WRONG.evaluations} evaluations in " in lines[-2]
    assert lines[-3] == (
        "next: mend what the cause says, then check again"
        if WRONG.cause.kind != "place"
        else "next: compare the line that computes W1 with its formula; "
        "trace_backward, or intermediates=..., shows the first wrong step"
    )
    assert lines[-1] == "repeat: gradcheck.check(loss, gradients, parameters, seed=3)"
    assert repr(WRONG) == f"Report: wrong, 3 arrays, {WRONG.evaluations} evaluations"


@pytest.mark.parametrize(
    "where, words",
    [
        ((slice(None), 4), "3 of 60 entries, all in column 4"),
        ((1, slice(None)), "20 of 60 entries, all in row 1"),
        ((slice(None), slice(None)), "all 60 entries"),
        (([0, 2], slice(None)), "40 of 60 entries, all of rows 0, 2"),
        (([0, 1], [1, 2]), "2 of 60 entries, the largest error in W1[1,2]"),
        ((2, 3), "1 of 60 entries, the largest error in W1[2,3]"),
    ],
)
def test_it_says_where_the_wrong_entries_are(where, words):
    assert str(report_of("W1", where)["W1"]).endswith(f", {words}")


def test_three_entries_of_a_block_are_listed_and_the_rest_counted():
    text = str(report_of("b1", slice(None)))
    assert text.count("  b1[") == OF_EACH_BLOCK
    assert "  and 17 more" in text


def test_the_worst_entry_of_every_wrong_block_is_listed_first():
    gradients = {name: 1.5 * each for name, each in right(PARAMETERS).items()}
    gradients["b1"][7] *= -100
    report = check(loss, gradients, PARAMETERS)
    listed, more = listed_entries(report)
    assert (
        listed[:3] == [block.worst for block in report.blocks]
        and [entry.name[:2] for entry in listed[3:]] == ["W1"] * 2 + ["b1"] * 2 + ["W2"] * 2
    )
    assert more == 111 and len({entry.name for entry in listed}) == 9


def test_the_worst_entry_is_a_wrong_one_though_one_at_a_kink_has_slopes_further_apart():
    report = check(lambda x: float(np.sum(np.abs(x))), np.array([1.0, 1.0 + 1e-6]), np.array([0.0, 0.5]))
    assert report["x"].wrong == [(1,)] and report["x"].worst.index == (1,)


@pytest.mark.parametrize(
    "factor, ratio", [(1 + 2.5e-8, "1.000000025"), (1 - 3e-7, "0.9999997"), (1.5, "1.5"), (-1.0, "-1")]
)
def test_a_ratio_has_digits_enough_to_show_that_it_is_not_1(factor, ratio):
    report = check(lambda p: 3.0 * p["a"], {"a": 3.0 * factor}, {"a": 2.0})
    entry = report["a"].worst
    assert (
        entry.verdict == "wrong" and ratio_text(entry).startswith(ratio) and f", ratio {ratio}" in str(entry)
    )
    analytic, numeric = re.findall(r"(?:analytic|numeric) (\S+?),? ", str(entry))
    assert analytic != numeric


def test_the_ratio_of_a_right_entry_shows_no_digits_of_rounding():
    entry = check(loss, right, PARAMETERS)["W1"].worst
    assert entry.ratio != 1.0 and ratio_text(entry) == "1"


def test_the_visible_error_of_a_wrong_block_is_told_nobody():
    assert "right to" not in str(WRONG["W1"]) and "right to" in str(WRONG["b1"])
    rows = [
        line.split(" | ") for line in WRONG.markdown().splitlines() if line.startswith(("| W1 ", "| b1 "))
    ]
    assert rows[0][-1] == " |" and "e-" in rows[1][-1]


def test_a_reason_that_several_entries_have_is_told_once_above_them():
    lines = str(check(lambda x: float(np.sum(np.sqrt(x))), np.ones(3), np.zeros(3))).splitlines()
    start = lines.index("undecided:")
    reason, entries = lines[start + 1], lines[start + 2 : start + 5]
    assert reason == "  the function is not finite on both sides: the edge of its domain:"
    assert sum(reason.strip(" :") in line for line in lines) == 1
    assert all(line.startswith("    ") and line.endswith("no numerical derivative") for line in entries)


def test_entries_of_a_loss_that_has_no_derivative_at_all_are_not_listed():
    draw = np.random.default_rng(0)
    lines = str(check(lambda p: loss(p) + draw.normal(), right, PARAMETERS)).splitlines()
    assert lines[0] == "gradients: undecided" and lines[1].startswith("reason: the loss is ")
    assert (
        lines[2] == "  W1: undecided, all 60 entries"
        and lines[5] == "next: mend the loss first, then check again"
    )


def judged_together(verdicts, entries=(), size=100):
    groups = tuple(
        SimpleNamespace(positions=np.arange(start, stop), verdict=verdict)
        for verdict, start, stop in verdicts
    )
    count = sum(len(group.positions) for group in groups)
    found = "wrong" if "wrong" in [group.verdict for group in groups] else "right"
    return BlockReport("W", (size // 10, 10), found, tuple(entries), 1e-9, None, count, groups)


SOME = tuple(
    Entry(f"W[0,{i}]", (0, i), 2.0, 1.0, 1e-9, 2.0, "wrong" if i < 3 else "right", "said") for i in range(4)
)


@pytest.mark.parametrize(
    "block, said",
    [
        (
            judged_together([("right", 4, 100)], SOME),
            "3 wrong of 4 checked one by one, 96 judged together along random directions",
        ),
        (
            judged_together([("right", 4, 50), ("wrong", 50, 100)], SOME),
            "3 wrong of 4 checked one by one, 96 judged together "
            "along random directions: 46 right and 50 in groups with something wrong",
        ),
        (
            judged_together(
                [("right", 5, 100)], [*SOME, replace(SOME[0], verdict="undecided", index=(0, 4))]
            ),
            "3 wrong and 1 undecided of 5 checked one by one, 95 judged together",
        ),
        (
            judged_together([("wrong", 0, 100)]),
            "W: wrong, 100 entries, 100 judged together along random directions: 100 in groups",
        ),
        (judged_together([("undecided", 0, 100)]), "directions: 100 undecided"),
        (
            judged_together([("right", 0, 100)]),
            "100 judged together along random directions; right to 1.0e-09 of the largest slope",
        ),
    ],
)
def test_what_was_judged_together_is_never_told_as_if_it_had_been_looked_at(block, said):
    assert said in str(block) and "row" not in str(block) and "(all)" not in str(block)


def test_a_block_can_be_wrong_without_any_entry_known_to_be():
    block = judged_together([("wrong", 0, 100)])
    report = replace(WRONG, blocks=(block,))
    assert (report.verdict, block.wrong, block.worst, listed_entries(report)) == ("wrong", [], None, ([], 0))
    assert "\nwrong:" not in str(report) and report.markdown() and report._repr_html_()


def test_groups_are_in_the_dict_as_ranges():
    block = replace(
        judged_together([("right", 4, 9)]),
        groups=(
            SimpleNamespace(positions=np.array([8, 4, 5, 6]), verdict="right"),
            SimpleNamespace(positions=np.arange(0), verdict="wrong"),
        ),
    )
    assert block.to_dict()["groups"] == [
        {"verdict": "right", "ranges": [[4, 7], [8, 9]]},
        {"verdict": "wrong", "ranges": []},
    ]


def test_the_cause_is_told_for_all_and_for_the_block():
    report = report_of("W1", (slice(None), slice(None)))
    assert report.cause.id == report["W1"].cause.id == "sign"
    assert f"cause: {report.cause.sentence}" in str(report)
    assert report["b1"].cause is None
    assert check(loss, right, PARAMETERS).cause is None


def test_a_learning_rate_is_looked_for():
    gradients = {name: 0.37 * each for name, each in right(PARAMETERS).items()}
    assert "learning rate" in check(loss, gradients, PARAMETERS, learning_rate=0.37).cause.sentence


def test_the_smallest_visible_error_would_have_been_called_wrong():
    visible = check(loss, right, PARAMETERS)["W2"].smallest_visible
    gradients = right(PARAMETERS)
    gradients["W2"][7, 1] += 1.01 * visible * np.max(np.abs(gradients["W2"]))
    assert 0.0 < visible < 1e-6
    assert check(loss, gradients, PARAMETERS)["W2"].wrong == [(7, 1)]


def test_as_a_dict_it_is_json():
    plain = json.loads(json.dumps(WRONG.to_dict(), allow_nan=False))
    assert plain["verdict"] == "wrong"
    assert [block["name"] for block in plain["blocks"]] == ["W1", "b1", "W2"]
    entries = plain["blocks"][0]["entries"]
    assert [entry["index"] for entry in entries if entry["verdict"] == "wrong"] == [[2, 3], [2, 5], [2, 11]]
    assert plain["call"] == WRONG.call


LEFT_OUT = {Report: {"seconds", "source"}, Note: {"chosen"}}


def kept_in(found, plain):
    """Whether every field of a dataclass, and of those in it, is in its dict."""
    names = {each.name for each in fields(found)} - LEFT_OUT.get(type(found), set())
    assert names <= set(plain), f"{type(found).__name__} without {names - set(plain)}"
    for name in names:
        inside, told = getattr(found, name), plain[name]
        for one, its in zip(inside, told) if isinstance(inside, tuple) else [(inside, told)]:
            if is_dataclass(one):
                kept_in(one, its)


def test_the_dict_has_all_that_the_report_has():
    checked_again = replace(
        WRONG,
        nearby=NearbyCheck("wrong", "said", WRONG.blocks, WRONG.cause),
        notes=(Note("id", "said", ("W1",)),),
        intermediates=WRONG.blocks,
        known_mistakes=(Cause("id", "said"),),
    )
    assert WRONG.cause is not None
    for report in (WRONG, checked_again):
        kept_in(report, report.to_dict())
        json.dumps(report.to_dict(), allow_nan=False)


def test_a_report_with_its_functions_draws_itself():
    pytest.importorskip("matplotlib")
    report = replace(WRONG, source=(loss, right, PARAMETERS))
    assert report.plot().get_suptitle() == "gradients: wrong" and report == WRONG
    assert "source" not in report.to_dict() and "lambda" not in repr(report)


@pytest.mark.parametrize(
    "again", [lambda report: pickle.loads(pickle.dumps(report)), copy.copy, copy.deepcopy]
)
def test_a_copy_of_a_report_has_lost_its_functions_and_nothing_else(again):
    report = replace(WRONG, source=(lambda p: loss(p), right, PARAMETERS))
    found = again(report)
    assert found == report and found.source is None and str(found) == str(report)
    with pytest.raises(
        GradcheckError, match="no longer has its functions.*gradcheck.report.figures.report_figure"
    ):
        found.plot()


def test_what_is_not_finite_is_null():
    report = check(lambda p: p["a"] ** 2, {"a": float("nan"), "unused": 1.0}, {"a": 1.0, "unused": 3.0})
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert plain["blocks"][0]["entries"][0]["analytic"] is None
    assert plain["blocks"][1]["entries"][0]["ratio"] is None
    assert plain["blocks"][1]["smallest_visible"] is None


def test_markdown_has_a_table_of_blocks_and_one_of_entries():
    lines = WRONG.markdown().splitlines()
    assert lines[0] == "**gradients: wrong**"
    assert lines[2].startswith("- cause: ")
    assert lines[4].startswith("| array | verdict | entries | wrong | undecided | right to, ")
    assert [line.split(" | ")[0] for line in lines if line.startswith("| W1[")] == [
        f"| {entry.name}" for entry in listed_entries(WRONG)[0]
    ]
    widths = {line.count("|") for line in lines if line.startswith("|")}
    assert widths == {7}


def test_html_escapes_names():
    name = "<b>&W"
    page = check(lambda p: p[name] ** 2, {name: 7.0}, {name: 1.0})._repr_html_()
    assert "&lt;b&gt;&amp;W" in page
    assert name not in page
    assert page.count("<table>") == page.count("</table>") == 2


def test_markdown_escapes_bars():
    assert "a\\|b" in check(lambda p: p["a|b"] ** 2, {"a|b": 7.0}, {"a|b": 1.0}).markdown()


def test_single_precision_is_said():
    report = check(
        lambda p: float(np.sum(p["W"] ** 3)),
        lambda p: {"W": np.float32(3 * p["W"] ** 2)},
        {"W": np.float32([1.1, 2.3])},
    )
    assert report.verdict == "right"
    assert "float32 parameters (W) handed over as float64" in str(report)
    assert "float32 gradients" in str(report)
    assert "computed in float32" in str(check(lambda x: float(np.sin(np.float32(x))), np.cos, 1.0))
    assert "float32" not in str(check(lambda x: float(np.sin(x)), np.cos, 1.0))


def test_the_line_that_does_it_again_names_the_functions_and_options():
    report = check(loss, right, PARAMETERS, select="W2", seed=5, confidence=10)
    assert report.call == "gradcheck.check(loss, right, parameters, select='W2', seed=5, confidence=10)"


def test_an_unknown_block_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match="W1, b1, W2"):
        WRONG["W3"]


def test_known_mistakes_are_replayed_where_a_network_is_described():
    network = {
        "loss": "half squared error",
        "layer": [
            {"activation": "logistic", "weights": [[0.15, 0.2], [0.25, 0.3]]},
            {"activation": "logistic", "weights": [[0.4, 0.45], [0.5, 0.55]]},
        ],
    }
    samples = [([0.05, 0.1], [0.01, 0.99])]
    weights = {"W1": np.array(network["layer"][0]["weights"]), "W2": np.array(network["layer"][1]["weights"])}

    def passes(p):
        out = 1 / (1 + np.exp(-p["W1"] @ samples[0][0]))
        return out, 1 / (1 + np.exp(-p["W2"] @ out))

    def error(p):
        return 0.5 * np.sum((passes(p)[1] - samples[0][1]) ** 2)

    def backward(p):
        hidden, out = passes(p)
        delta = (out - samples[0][1]) * out * (1 - out)
        return {"W1": np.outer(p["W2"].T @ delta, samples[0][0]), "W2": np.outer(delta, hidden)}

    report = check(error, backward, weights, network=network, samples=samples)
    assert report["W2"].verdict == "right"
    assert report["W1"].verdict == "wrong"
    assert len(report.known_mistakes) > 0
    assert "known mistake: " in str(report)


def test_entries_of_the_second_point_are_listed_as_of_there():
    def loss(p):
        return float(np.sum(np.maximum(p["W"] - 1.0, 0.0) ** 2))

    report = check(loss, lambda p: {"W": -2.0 * np.maximum(p["W"] - 1.0, 0.0)}, {"W": np.full(6, 0.5)})
    assert report["W"].verdict == "right" and report.verdict == "wrong"
    assert "\nwrong, at the nearby point:\n  W[" in str(report)
    assert "\nwrong:\n" in str(
        check(loss, lambda p: {"W": -2.0 * np.maximum(p["W"] - 1.0, 0.0)}, {"W": np.full(6, 1.5)})
    )


NEXT = [
    ("jump", lambda x: math.floor(x), 1.0, 1.0, "check at a point at which the loss does not jump"),
    ("edge", math.sqrt, 1.0, 0.0, "check at a point inside the domain, or give bounds"),
    ("two values", lambda x: (x**2, DRAW.random())[0] + DRAW.random(), 2.0, 1.0, "mend the loss first"),
]


@pytest.mark.parametrize("name, f, slope, x, said", NEXT, ids=[case[0] for case in NEXT])
def test_an_undecided_report_says_what_to_do_and_never_nan_plus_minus_inf(name, f, slope, x, said):
    report = check(f, slope, x)
    assert report.verdict == "undecided" and f"\nnext: {said}" in str(report)
    assert "inf" not in str(report) and "| nan |" not in report.markdown() + report._repr_html_()


def test_the_precision_is_told_beside_what_is_right_to_it():
    report = check(lambda x: float(np.sin(np.float32(x))), np.cos, 1.0)
    assert " of the largest slope, float32" in str(report["x"])
