"""What an author declares about a sheet decides how it is read."""

import pytest

from neuronnet import check_sheet

ONE_WEIGHT = "x = 2\nw = 0.4\nt = 1\ny = w x\nL = (y - t)^2/2\neta = 0.1\ndL/dw = (y - t) x = -0.4\n"
INDICES = "a = [1, 2, 3]\nz = a[1] + a[2]\nL = z^2\ndL/dz = 2 z = {}\n"


@pytest.mark.parametrize(
    "text, line, before, declaration, after",
    [
        (ONE_WEIGHT + "w = 0.44\n", 8, "undecided", "read line 8 as new", "right"),
        (ONE_WEIGHT + "w = 0.46\n", 8, "undecided", "read line 8 as new", "wrong number"),
        (ONE_WEIGHT + "dL/dw = 3\n", 8, "wrong number", "skip 8", None),
        (ONE_WEIGHT + "dL/dw = 3\ndL/dw = 4\n", 9, "wrong number", "skip 8-9", None),
        (INDICES.format(6), 4, "right", "read indices from 0", "wrong number"),
        ("y = 0.5\nL = log y = -0.30103\n", 2, "wrong number", "read log as base 10", "right"),
        ("y = 8\nL = log y = 3\n", 2, "wrong number", "read log as base 2", "right"),
        ("f(v) = log(v)\nx = 0.5\nL = f(x) = -0.30103\n", 3, "wrong number", "read log as base 10", "right"),
        ("z = 3\nL = z^2\nq = z^3\ndz = 3 z^2\n", 4, "wrong formula", "read loss as q", "right"),
    ],
)
def test_a_declaration_decides(text, line, before, declaration, after):
    assert verdict(text, line) == before
    assert verdict(f"{text}{declaration}\n", line) == after


def verdict(text, line):
    return next((each.verdict for each in check_sheet(text).lines if each.line == line), None)


@pytest.mark.parametrize("text", ["read samples as columns", "skip 3 - x", "read line x as new"])
def test_what_is_no_declaration_says_which_there_are(text):
    line = check_sheet(f"{text}\nx = 1\ny = 2 x = 2\n").lines[0]
    assert (line.verdict, line.line) == ("unreadable", 1)
    assert "read log as base 10" in line.worst.note
