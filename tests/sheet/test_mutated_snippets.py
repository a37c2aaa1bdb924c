"""Snippets with random damage: reading them fails nowhere, takes no time, runs nothing, touches no file."""

import gc
import random
import sys
import time
from itertools import product

import pytest
from pasted import snippets
from profiles import by_day, is_thorough

from neuronnet.formulas.notation import Known
from neuronnet.sheet.readers.read_sheet import read_sheet
from neuronnet.sheet.statements import read_statements

COUNT = 20_000 if is_thorough() else 80
LONGEST = 2.0  # seconds
INSERTED = [
    *"()[]{}$\\|=`#~<>&;:,.'\"*_^\n\t \0",
    *(
        "\\frac",
        "\\begin{align}",
        "\\end{align}",
        "$$",
        "```",
        "```python",
        "</",
        "<math>",
        "<table>",
        "_{",
        "^{",
    ),
    *(
        ">>> ",
        "def f(",
        "lambda ",
        "for i in",
        "\u200b",
        "½",
        "ᵀ",
        "∂",
        "==",
        " = ",
        "|---|",
        "9" * 50,
        "((((",
        "[[[[",
    ),
    *(
        "\\left",
        "\\sum_",
        "\ud83d",
        '{"cells":',
        "import os",
        "__import__('os').system('touch x')",
        "open('x', 'w')",
    ),
]
FORBIDDEN = ("open", "exec", "os.", "subprocess.", "socket.", "shutil.", "ctypes.", "pty.")
seen: list = []
watching = []


def watch(event, arguments):
    if watching and event.startswith(FORBIDDEN) and arguments[0] != "<string>":  # Python's own, for an error
        seen.append((event, str(arguments)[:100]))


sys.addaudithook(watch)


def damaged(seed):
    """A snippet with one to six pieces cut, repeated, swapped or put in."""
    draw, texts = random.Random(seed), [each["text"] for each in snippets().values()]
    text = draw.choice(texts)
    for _ in range(draw.randint(1, 6)):
        start = draw.randint(0, len(text))
        end = min(len(text), start + draw.randint(0, 30))
        other = draw.choice(texts)
        at = draw.randint(0, len(other))
        text = draw.choice(
            (
                text[:start] + text[end:],
                text[:start] + draw.choice(INSERTED) + text[start:],
                text[:start] + draw.choice(INSERTED) + text[end:],
                text[:start] + text[start:end] * draw.randint(2, 5) + text[end:],
                text[:start] + other[at : at + draw.randint(0, 120)] + text[start:],
                "\n".join(text.split("\n")[::-1]),
            )
        )
    return text


def read(text):
    sheet = read_sheet(text)
    read_statements(sheet.claims, Known(), declared=sheet.declared)


@pytest.mark.slow
def test_damage_makes_no_error_takes_no_time_and_runs_nothing():
    for text in ("x = 1", *(each["text"] for each in snippets().values())):
        read(text)  # what the readers import, they have imported
    watching.append(True)
    try:
        for seed in range(COUNT):
            text, start = damaged(seed), time.process_time()
            read(text)
            assert time.process_time() - start < LONGEST, seed
            assert not seen, (seed, seen)
    finally:
        watching.clear()
        seen.clear()


@pytest.mark.parametrize(
    "line, unit",
    by_day(
        product(["x ={}1", "x = 1 #{}", "x = y //{}", "x = 0.5{}(1)", "{}"], [" ", "\t", "a'", "1 ", "a<1>"]),
        3,
    ),
)
def test_the_longest_line_takes_about_ten_times_a_tenth_of_it(line, unit):
    def time_for(length):
        gc.disable()  # what other tests leave is not collected here
        try:
            start = time.process_time()
            read(line.format(unit * (length // len(unit))))
            return time.process_time() - start
        finally:
            gc.enable()

    time_for(1_900)  # what the readers import, they have imported
    assert time_for(19_000) < 30 * time_for(1_900) + 0.5  # of a search from every place it is a hundred times


def test_what_is_watched_for_would_be_seen(tmp_path):
    watching.append(True)
    try:
        exec("open(place, 'w').close()", {"place": tmp_path / "x"})
        assert [event for event, _ in seen] == ["exec", "open"]
    finally:
        watching.clear()
        seen.clear()


@pytest.mark.parametrize(
    "code", ["open('x', 'w')", "__import__('os').system('x')", "eval('1')", "exec('a = 1')"]
)
def test_a_call_that_does_something_is_refused_by_name(code):
    (unread,) = read_sheet(f"import numpy as np\ny = {code}\n").unread
    assert "is no function that is read here" in unread.reason or "a text is no quantity" in unread.reason
