"""Sheets of many lines: what is done for each does not grow with the others, and has a bound."""

import pytest

from neuronnet.mistakes import passes, search
from neuronnet.sheet.check_sheet import check_sheet
from neuronnet.sheet.statements import Statement


def chain(length, wrong=0, printed=True):
    """h_k = w h_k-1 + 0.1, each line with its number, one of them off by a percent; or the last alone."""
    lines, h = ["w = 0.9", "h_0 = 0.7"], 0.7
    for k in range(1, length + 1):
        h = 0.9 * h + 0.1
        lines.append(
            f"h_{k} = w h_{k - 1} + 0.1"
            + f" = {h * 1.01 if k == wrong else h:.6f}" * (printed or k == length)
        )
    return "\n".join([*lines, f"E = (h_{length} - 1)^2" + " = 0.5" * (not printed)])


def calls_of(monkeypatch, owner, name, text):
    """How often a function is called while a sheet is checked, and the lines that are wrong."""
    calls, function = [], getattr(owner, name)
    counted = (
        property(lambda self: calls.append(1) or function.fget(self))
        if isinstance(function, property)
        else lambda *arguments: calls.append(1) or function(*arguments)
    )
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, counted)
        report = check_sheet(text)
    return len(calls), [line.line for line in report.lines if line.is_wrong]


@pytest.mark.parametrize("place", [3, 80, 158])
def test_a_wrong_number_in_a_chain_takes_a_few_replayed_steps_for_each_line(monkeypatch, place):
    steps, wrong = calls_of(monkeypatch, passes.Values, "_compute", chain(160, place))
    assert wrong == [place + 2]
    assert 0 < steps < 20 * 160


def test_a_line_said_again_and_again_is_not_looked_at_for_each_of_the_others(monkeypatch):
    looked_at, wrong = calls_of(monkeypatch, Statement, "number", "a = 1\n" * 200)
    assert wrong == []
    assert 0 < looked_at < 50 * 200


def test_what_is_left_out_of_a_search_that_takes_too_long_is_said(monkeypatch):
    monkeypatch.setattr(search, "MOST_STEPS", 500)
    (line,) = [each for each in check_sheet(chain(60, printed=False)).lines if each.is_wrong]
    assert "not searched: most mistakes, in so large a model" in line.number.note


def test_numbers_too_many_for_every_rounding_of_their_steps_are_undecided_and_far_ones_wrong(monkeypatch):
    monkeypatch.setattr("neuronnet.sheet.computation.MOST_ON_PAPER", 3)
    text = "w = [0.31, 0.32]\nx = [0.41, 0.43]\np = w * x = [0.13, 0.14]\ny = p * p = [{}, 0.0189]\n"
    for printed, verdict in (("0.0162", "right"), ("0.0170", "undecided"), ("9.9999", "wrong number")):
        assert check_sheet(text.format(printed)).lines[-1].verdict == verdict, printed
