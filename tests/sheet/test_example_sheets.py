"""The sheets of neuronnet/examples/sheets: every printed number against NumPy, gradients by a complex step.

There nothing of neuronnet computes, and no formula of a sheet is read: names and numbers are. Then what
neuronnet says of the sheets, and derives from them.
"""

import json
import re
from typing import NamedTuple

import numpy as np
import pytest
from printed import agrees
from profiles import by_day
from sheets_in_numpy import EXAMPLES_OF_SHEETS, MISTAKES

from neuronnet import Model, check_sheet
from neuronnet.cli import main
from neuronnet.description.reading import EXAMPLES

SHEETS = EXAMPLES / "sheets"
STEP = 1e-30
MARKS = re.compile(r"(.+?)(?: :|_new|')")  # of a parameter after its update
DERIVATIVE = re.compile(r"[d∂](?:(\w+)/[d∂])?([^/]+)")


class Statement(NamedTuple):
    """`name = … = number`: the names among its sides, and the text of the number, or None."""

    line: int
    sides: list[str]
    printed: str | None


def statements(text):
    for number, line in enumerate(text.splitlines(), 1):
        for piece in re.split(r"\s{3,}", re.sub(r"\s*#.*", "", line)):
            sides = [side.removesuffix(" ") for side in piece.split("= ")]
            if len(sides) > 1:
                is_number = re.fullmatch(r"[][\d.,e\s-]+", sides[-1])
                yield Statement(number, sides[: -1 if is_number else None], sides[-1] if is_number else None)


def flat(printed):
    """(shape without sizes of 1, the numbers as printed) of a number or an array in its text."""
    array = np.array(json.loads(printed, parse_float=str, parse_int=str))
    return np.squeeze(array).shape, list(array.flat)


class Values:
    """The values of one example: a mapping from the names in its sheet to numbers."""

    def __init__(self, example, text):
        self.example = example
        self.given = {}
        for statement in statements(text):
            if len(statement.sides) == 1 and statement.printed is not None:
                self.given.setdefault(statement.sides[0], np.array(json.loads(statement.printed), complex))
        self.forward = self.run()

    def run(self, tapped=None, entry=0):
        values = {}

        def q(name, value=None):
            value = np.array(self.given[name] if value is None else value, complex)
            if name == tapped:
                value.flat[entry] += STEP * 1j
            values[name] = value
            return value

        self.example.forward(q)
        return values

    def gradient(self, name, loss):
        shape = self.forward[name].shape
        slopes = [self.run(name, entry)[loss].imag / STEP for entry in range(self.forward[name].size)]
        return np.reshape(slopes, shape)

    def __call__(self, name):
        """The value of what `name` means in the sheet; a KeyError where it means nothing."""
        example = self.example
        if name in self.forward:
            return self.forward[name].real
        if name in example.more:
            return example.more[name](self)
        factor, by = example.deltas.get(name, (1, None))
        derivative, mark = DERIVATIVE.fullmatch(name), MARKS.fullmatch(name)
        if by is None and derivative and derivative[2] in self.forward:
            by = derivative[2]
        if by is not None:
            loss = derivative[1] if derivative and derivative[1] else example.loss
            return factor * self.gradient(by, loss)
        if mark and mark[1] in self.given:
            return self(mark[1]) - self(example.rate) * self.gradient(mark[1], example.loss)
        return self.given[name].real


def sheet(name):
    return (SHEETS / f"{name}.txt").read_text(encoding="utf-8")


def disagreements(printed, value):
    """What of a printed number or array is not the value, as a list of (printed, value)."""
    shape, numbers = flat(printed)
    assert shape == np.squeeze(value).shape
    return [(text, float(x)) for text, x in zip(numbers, np.ravel(value)) if not agrees(text, float(x))]


def named(text, get):
    """(line, name, printed number) wherever a side of a statement is a name with a value."""
    for statement in statements(text):
        for side in statement.sides:
            try:
                get(side)
            except KeyError:
                continue
            if statement.printed is not None:
                yield statement.line, side, statement.printed


each_example = pytest.mark.parametrize("name", EXAMPLES_OF_SHEETS)


def test_every_shipped_sheet_has_its_values_here():
    names = {path.name for path in SHEETS.iterdir()}
    assert names == {f"{name}{end}.txt" for name in EXAMPLES_OF_SHEETS for end in ("", "-mistake")}
    assert MISTAKES.keys() == EXAMPLES_OF_SHEETS.keys()


@each_example
def test_every_number_of_a_right_sheet_is_right_to_its_digits(name):
    text = sheet(name)
    get = Values(EXAMPLES_OF_SHEETS[name], text)
    found = list(named(text, get))
    assert {line for line, _, _ in found} == {
        statement.line for statement in statements(text) if statement.printed is not None
    }
    wrong = [(line, side, disagreements(printed, get(side))) for line, side, printed in found]
    assert [each for each in wrong if each[2]] == []


@each_example
def test_a_wrong_last_digit_of_any_number_is_noticed(name):
    text = sheet(name)
    get = Values(EXAMPLES_OF_SHEETS[name], text)
    noticed = []
    for _, side, printed in named(text, get):
        if side in get.given:
            continue
        for number in re.finditer(r"\d+(?:\.\d+)?", printed):
            other = printed[: number.end() - 1] + str((int(number[0][-1]) + 1) % 10) + printed[number.end() :]
            noticed.append(disagreements(other, get(side)) != [])
    assert noticed and all(noticed)


@each_example
def test_a_mistaken_sheet_differs_by_one_mistake_and_what_follows_from_it(name):
    right, mistaken, planted = sheet(name), sheet(f"{name}-mistake"), MISTAKES[name]
    get = Values(EXAMPLES_OF_SHEETS[name], right)
    wrong = planted.numbers(get)
    pairs = zip(right.splitlines(), mistaken.splitlines(), strict=True)
    different = [number for number, (one, other) in enumerate(pairs, 1) if one != other]
    found = [(line, side, printed) for line, side, printed in named(mistaken, get) if side in wrong]
    assert different[0] == planted.line
    assert different == sorted({line for line, _, _ in found})
    for _, side, printed in found:
        assert disagreements(printed, wrong[side]) == []
        assert disagreements(printed, get(side)) != []


def test_every_kind_of_mistake_is_planted_once():
    kinds = [planted.kind for planted in MISTAKES.values()]
    assert len(set(kinds)) == len(kinds) == 13


# What neuronnet makes of them


@each_example
def test_every_judged_line_of_a_right_sheet_is_right(name):
    report = check_sheet(sheet(name))
    judged = {line.verdict for line in report.lines if line.kind == "judged"}
    assert judged <= {"right", "rounding"} and report.status == 0


@pytest.mark.parametrize("name", by_day(EXAMPLES_OF_SHEETS, 3))
def test_the_table_that_derive_writes_is_a_right_sheet(name, capsys):
    assert main(["derive", str(SHEETS / f"{name}.txt"), "--format", "csv"]) == 0
    report = check_sheet(capsys.readouterr().out)
    assert report.status == 0 and not report.counts().get("unreadable")


@pytest.mark.slow
@pytest.mark.parametrize("name", by_day(EXAMPLES_OF_SHEETS, 2))
def test_the_planted_mistake_is_the_first_one(name):
    report = check_sheet(sheet(f"{name}-mistake"))
    assert (report.status, report.first_wrong) == (1, MISTAKES[name].line)
    assert report.own_mistakes[0].line == MISTAKES[name].line


@pytest.mark.slow
@each_example
def test_the_model_of_a_sheet_has_the_values_and_derivatives_of_numpy(name):
    text, example = sheet(name), EXAMPLES_OF_SHEETS[name]
    get, model = Values(example, text), Model.from_text(text)
    names = [each for each in get.forward if each in model.names()]
    assert len(names) >= len(get.given) and model.loss in names
    derived = {each.replace("∂", "d") for each in model.names()}
    slopes = [each for each in names if f"d{model.loss}/d{each}" in derived]
    assert len(slopes) >= 3
    for each in names:
        assert_close(model[each], get.forward[each].real)
    for each in slopes:
        assert_close(model[f"d{model.loss}/d{each}"], get.gradient(each, model.loss))


def assert_close(found, expected):
    np.testing.assert_allclose(np.squeeze(found), np.squeeze(expected), rtol=1e-12, atol=1e-12)
