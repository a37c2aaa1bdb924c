"""Drawn derivations, each in its author's notation, are judged: nobody is accused, mistakes are told."""

from collections import Counter
from functools import cache

import pytest
from drawn.derivations import right_sheet, wrong_sheet
from profiles import is_thorough

from neuronnet import check_sheet

RIGHT_SEEDS, WRONG_SEEDS = (3_000, 1_000) if is_thorough() else (20, 9)
WRONG = ("wrong number", "wrong formula")


@cache
def accusations():
    """(lines judged, the wrong ones with their seeds) of right sheets."""
    lines, accused = 0, []
    for seed in range(RIGHT_SEEDS):
        report = check_sheet(right_sheet(seed).text)
        lines += sum(line.kind == "judged" for line in report.lines)
        accused += [(seed, line.line, line.text) for line in report.lines if line.verdict in WRONG]
    return lines, accused


@pytest.mark.slow
def test_at_most_one_right_line_in_ten_thousand_is_called_wrong():
    lines, accused = accusations()
    assert lines > 8 * RIGHT_SEEDS
    assert len({seed for seed, *_ in accused}) <= lines // 10_000, accused


@pytest.mark.slow
def test_the_first_wrong_line_is_the_planted_one_in_98_of_100():
    told, missed = Counter(), []
    for seed in range(WRONG_SEEDS):
        drawn = wrong_sheet(seed)
        first = check_sheet(drawn.text).first_wrong
        told[drawn.kind, first == drawn.planted_line] += 1
        if first != drawn.planted_line:
            missed.append((seed, drawn.kind, drawn.planted_line, first))
    assert len({kind for kind, _ in told}) > 5
    assert len(missed) <= WRONG_SEEDS // 50, missed


@pytest.mark.parametrize("seed", range(5))
def test_what_is_planted_is_named_with_the_line_that_it_spoils(seed):
    drawn = wrong_sheet(seed, "sign")
    report = check_sheet(drawn.text)
    line = next(line for line in report.lines if line.line == report.first_wrong)
    assert report.first_wrong == drawn.planted_line and report.status == 1
    assert line.worst.note or line.worst.repair or line.worst.exact
