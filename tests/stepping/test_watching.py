"""A watch on an element of an array: in which frame and line the debugger stands when it has changed."""

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from terminal import ROOT, in_a_terminal, pythons

from neuronnet import watch
from neuronnet.stepping.watching import watch as from_the_file


@pytest.fixture
def stops(monkeypatch):
    """The (function, line within it) of the user's frame wherever the debugger opens, and its variables."""
    found = []

    def hook():
        frame = sys._getframe(1)
        while Path(frame.f_code.co_filename).name == "watching.py":
            frame = frame.f_back
        found.append(
            (frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, dict(frame.f_locals))
        )

    monkeypatch.setattr(sys, "breakpointhook", hook)
    return found


def step(W, x):
    d = x * 2
    W[0, 1] -= d
    return d


def last_line(W, x):
    W[0, 1] += x


def train(W):
    total = 0
    for x in (1, 2):
        total += step(W, x)
        total += 1
    last_line(W, total)
    return total


def test_it_stops_right_after_the_line_in_the_frame_that_changed_it(stops):
    W = np.array([[0.5, 0.25], [1.0, 2.0]])
    with watch(W, (0, 1)):
        train(W)
        W[1, 1] = 3
        W *= 2
    places = [(name, line) for name, line, _ in stops]
    assert places[:3] == [("step", 3), ("step", 3), ("last_line", 1)]
    assert [name for name, *_ in stops[3:]] == [
        "test_it_stops_right_after_the_line_in_the_frame_that_changed_it"
    ]
    assert stops[0][2]["d"] == 2


@pytest.mark.parametrize(
    ("thing", "index"),
    [
        (np.zeros(3, dtype=np.float32), 1),
        (np.zeros((2, 2), dtype=complex), (-1, 0)),
        (np.zeros((3, 2)), 1),
        (np.zeros((3, 2)), (slice(None), 0)),
        ([0.0, 1.0], 1),
        ([[0.0], [1.0]], 1),
        ({"w": 0.5}, "w"),
        (bytearray(3), 2),
    ],
    ids=lambda each: str(each).replace("\n", ""),
)
def test_anything_with_elements_is_watched(thing, index, stops):
    other = 2 if isinstance(thing, np.ndarray) and thing.shape == (3, 2) else None
    with watch(thing, index):
        if other:
            thing[other] = thing[other]
        changed = copy.copy(thing[index])
        if isinstance(changed, list):
            thing[index][0] = 7
        else:
            thing[index] = changed + 1
        stops.append("changed before")
    assert len(stops) == 2 and stops[1] == "changed before"


def test_a_name_that_is_bound_anew_is_watched_through_a_function(stops):
    W = np.zeros(2)
    with watch(W, 0):
        W = W + 1
        W = W + 1
    assert stops == []
    with watch(lambda: W, 0):
        W = W + 1
        W = W + 1
        assert len(stops) == 2


def test_when_says_which_changes_count(stops):
    W = np.zeros(2)
    with watch(W, 0, when=lambda old, new: new > 2 >= old):
        for _ in range(5):
            W[0] += 1
    assert [kept["_"] for *_, kept in stops] == [2]


def test_a_number_that_is_no_number_stops_once(stops):
    W = np.zeros(2)
    with watch(W, 0):
        W[0] = np.nan
        W[1] = 1
        W[0] = np.nan
        W[1] = 2
    assert len(stops) == 1


def test_what_a_library_changes_is_found_at_the_next_line_of_ones_own(stops):
    W = [3, 1, 2]
    with watch(W, 0):
        import heapq

        heapq.heapify(W)
        done = True
    assert [(name, "done" in kept) for name, _, kept in stops] == [
        ("test_what_a_library_changes_is_found_at_the_next_line_of_ones_own", False)
    ]
    assert done


def test_a_generator_stops_where_it_yields(stops):
    W = np.zeros(2)

    def steps():
        W[0] = 1
        yield
        W[0] = 2

    with watch(W, 0):
        list(steps())
    assert [name for name, *_ in stops] == ["steps", "steps"]


@pytest.mark.parametrize(
    ("array", "wrong", "error", "has"),
    [
        (np.zeros((3, 2)), (5, 0), IndexError, "its shape is (3, 2), so an index is 0 to 2, 0 to 1"),
        (np.zeros((3, 2)), (0, 0, 0), IndexError, "its shape is (3, 2), so an index is 0 to 2, 0 to 1"),
        (np.zeros((3, 2)), "x", IndexError, "its shape is (3, 2), so an index is 0 to 2, 0 to 1"),
        ([[1.0], [2.0]], (0, 0), TypeError, "it is a list, whose index is one number from 0 to 1"),
        ([1.0, 2.0], 2, IndexError, "it is a list, whose index is one number from 0 to 1"),
        ({"w1": 0.5}, "w2", KeyError, "its keys are 'w1'"),
        (0.5, 0, TypeError, "it is a float"),
    ],
)
def test_an_element_that_is_not_there_is_refused(array, wrong, error, has):
    places = ", ".join(map(repr, wrong)) if isinstance(wrong, tuple) else repr(wrong)
    for given in (array, lambda: array):
        with pytest.raises(error) as refused, watch(given, wrong):
            pass
        said = refused.value.args[0]
        assert said.endswith(f"[{places}], there is no such element: {has}"), said


def test_nothing_is_followed_afterwards(stops):
    W, before = np.zeros(2), sys.gettrace()
    with pytest.raises(ZeroDivisionError), watch(W, 0):
        W[0] = 1 / 0
    W[0] = 1
    assert stops == []
    assert sys.gettrace() is before
    if sys.version_info >= (3, 12):
        assert sys.monitoring.get_tool(3) is None


def test_two_watches_at_once(stops):
    W = np.zeros(2)
    with watch(W, 0), watch(W, 1):
        W[1] = 1
        W[0] = 1
        assert len(stops) == 2


def test_the_file_stands_alone(tmp_path):
    source = Path(ROOT, "neuronnet", "stepping", "watching.py").read_text(encoding="utf-8")
    (tmp_path / "copied.py").write_text(source, encoding="utf-8")
    code = (
        "import sys, copied; print([name for name in sys.modules if name.startswith(('numpy', 'neuronnet'))])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
    assert watch is from_the_file


# With a debugger

PROGRAM = """
from neuronnet import watch

W = [0.5, 0.25]

def step(x):
    d = x * 2
    W[1] -= d
    return d

def train():
    total = 0
    for i in (1, 2):
        total += step(i)
    W[1] = 7

with watch(W, 1):
    train()
print("trained")
"""


@pytest.mark.slow
@pytest.mark.parametrize("python", pythons())
def test_pdb_opens_in_the_users_own_frame_and_steps_on_from_there(python, tmp_path):
    (tmp_path / "mine.py").write_text(PROGRAM)
    answers = ["p d, W", "next", "next", "p total", "continue", "p x", "next", "continue", "continue"]
    printed = in_a_terminal([python, str(tmp_path / "mine.py")], answers)
    said = [" ".join(each.split()) for each in printed.replace(f"{tmp_path}/", "").split("(Pdb) ")]
    assert said[0] == "W[1] changed from 0.25 to -1.75, by line 8 of mine.py > mine.py(9)step() -> return d"
    assert said[1] == "p d, W (2, [0.5, -1.75])"
    assert said[3] == "next > mine.py(13)train() -> for i in (1, 2):"
    assert said[4] == "p total 2"
    assert said[5].startswith(
        "continue W[1] changed from -1.75 to -5.75, by line 8 of mine.py > mine.py(9)step()"
    )
    assert said[8].startswith("continue W[1] changed from -5.75 to 7, by line 15 of mine.py --Return--")
    assert said[9] == "continue trained"
