"""Each rule of judging on the sheets that pin it: the verdicts, what follows from what, and what is said."""

import pytest
from rules_of_sheets import RULES

from neuronnet import check_sheet
from neuronnet.render.verdicts import remarks

ACCUSED = {"wrong number", "wrong formula"}
NOT_JUDGED = {"given", "model", "undecided"}
WORDS = {
    "not judged": NOT_JUDGED,
    "not read": {"unreadable"},
    "false step": {"wrong number"},
    "doubt": {"undecided"},
}


def disagreements(rule):
    """What of a rule does not come out, a tuple for each: (line, what was due, what was found)."""
    report = check_sheet(rule.text)
    lines = {}
    for line in report.lines:
        if line.line not in lines or lines[line.line].kind != "judged":
            lines[line.line] = line
    for number, due in rule.verdicts.items():
        verdict = lines[number].verdict
        if verdict not in WORDS.get(due, {due}):
            yield number, due, verdict
        if due == "false step" and (lines[number].parts[-1].verdict, lines[number].follows_from) != (
            "right",
            None,
        ):
            yield number, due, lines[number].parts[-1].verdict
    for number, line in lines.items():
        if number not in rule.verdicts and line.verdict in ACCUSED:
            yield number, "no accusation", line.verdict
    for number, source in rule.follows.items():
        if lines[number].follows_from != source:
            yield number, source, lines[number].follows_from
    for number, words in rule.says.items():
        said = " ".join([*remarks(lines[number]), *report.reading.sentences()])
        if words not in said:
            yield number, words, said
    if rule.status not in (None, report.status):
        yield None, rule.status, report.status


def test_no_two_rules_have_one_name():
    names = [rule.id for rule in RULES]
    assert len(names) == len(set(names))


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_comes_out(rule):
    assert list(disagreements(rule)) == []


def test_what_cannot_be_used_is_told_before_what_waits_for_it():
    _, first, then, *_ = str(
        check_sheet("y = 0.5\nL = (y - t)^2\ndL/dy = 2 (y - t)\ndL/dt = 2 (t - y)")
    ).splitlines()
    assert first == "Line 2 cannot be used: nothing is called 't'; add a line such as t = 1."
    assert then == "Lines 3 and 4 are undecided: the line that computes L could not be used."
