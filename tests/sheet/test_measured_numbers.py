"""Numbers of small sheets in every way to round them, and what is said of each.

Who rounds, cuts off, goes on from printed numbers or rounds every step is never called wrong; who is off by
more is; and what is said of every number is what was said. Run as a script, this file writes it anew.
"""

import math
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from neuronnet import check_sheet
from neuronnet.sheet.report import WRONG_FORMULA, WRONG_NUMBER

FILE = Path(__file__).parent.parent / "data" / "measured_numbers.txt"
UNIT = """\
x = 0.35
w = 0.62
b = -0.17
v = 1.3
t = 0.85
z = w x + b
h = logistic(z)
y = v h
L = 1/2 (y - t)^2
dL/dv = (y - t) h
δ = dL/dz = (y - t) v h (1 - h)
dL/dw = δ x
"""
RATIOS = """\
a = 3.17
b = 2.9
c = 0.071
p = a/b
q = p c + a c
r = q/(a - b)
s = r^2 - 7 r
u = sqrt(p) + s/c
"""
SMALL = """\
x = 0.012
w = 0.034
k = 250
z = w x
y = k z^2
g = 1 - exp(-y)
f = ln(g) + 3
"""
POWERS = """\
r = 3
e = 17.25
n = r*e^2
m = n^3/e
o = m/1000 - n
"""
SHEETS = {"unit": UNIT, "ratios": RATIOS, "small": SMALL, "powers": POWERS}
FUNCTIONS = {
    "exp": math.exp,
    "ln": math.log,
    "sqrt": math.sqrt,
    "logistic": lambda z: 1.0 / (1.0 + math.exp(-z)),
}


def lines(sheet):
    """(name, formula, the same in Python) of every line; of what is given the formula is a number."""
    python = {
        "w x": "w*x",
        "v h": "v*h",
        "p c": "p*c",
        "a c": "a*c",
        "7 r": "7*r",
        "k z": "k*z",
        "δ x": "δ*x",
        "1/2 (": "0.5*(",
    }
    python |= {"(y - t) h": "(y - t)*h", "(y - t) v*h": "(y - t)*v*h", "h (1": "h*(1", "^": "**"}
    for line in SHEETS[sheet].splitlines():
        name, formula = line.split(" = ")[0], line.split(" = ")[-1]
        text = formula
        for written, means in python.items():
            text = text.replace(written, means)
        yield line.removesuffix(f" = {formula}"), formula, text, name


def decimals(count):
    return lambda value: f"{value:.{count}f}"


def digits(count):
    def shown(value):
        if value == 0.0:
            return "0"
        places = max(0, count - 1 - math.floor(math.log10(abs(value))))
        return f"{value:.{places}f}"

    return shown


def cut(count):
    return lambda value: f"{math.trunc(round(value * 10**count, 6)) / 10**count:.{count}f}"


def power_of_ten(count):
    return lambda value: f"{value:.{count}e}"


STYLES = {
    **{f"{count} decimals": decimals(count) for count in (2, 3, 4, 6)},
    **{f"{count} digits": digits(count) for count in (2, 3, 5)},
    **{f"{count} decimals cut off": cut(count) for count in (3, 5)},
    "powers of ten": power_of_ten(3),
}


def written(sheet, style, goes_on, change=None, at=None, in_numbers=False):
    """The text of a sheet with a number after each formula.

    `goes_on`: what is computed from: the exact numbers, the printed ones, or those with every `step` rounded.
    The number of the line `at` is changed. With `in_numbers` the formula is repeated with its numbers.
    """
    show, known, printed, text = STYLES[style], {}, {}, []
    for start, formula, python, name in lines(sheet):
        if formula.lstrip("-")[0].isdigit() and " " not in formula:
            known[name] = printed[name] = float(formula)
            text.append(f"{start} = {formula}")
            continue
        key = "dv" if name == "dL/dv" else "dw" if name == "dL/dw" else name
        used = known if goes_on == "exact" else printed
        value = eval(python, FUNCTIONS, used)
        if goes_on == "steps":
            value = stepwise(python, used, lambda each: float(show(each)))
        if name == at:
            value = change(value, show)
        shown = show(value) if isinstance(value, float | int) else value
        known[key], printed[key] = value if name != at else float(shown), float(shown)
        numbers = f" = {in_words(formula, printed)}" if in_numbers else ""
        text.append(f"{start} = {formula}{numbers} = {shown}")
    return "\n".join(text) + "\n"


class Rounded(float):
    """A number whose results are rounded as they are written down."""

    show = None

    def _of(self, value):
        return Rounded(Rounded.show(value))

    def __add__(self, other):
        return self._of(float(self) + other)

    def __sub__(self, other):
        return self._of(float(self) - other)

    def __rsub__(self, other):
        return self._of(other - float(self))

    def __mul__(self, other):
        return self._of(float(self) * other)

    def __rmul__(self, other):
        return self._of(other * float(self))

    def __truediv__(self, other):
        return self._of(float(self) / other)

    def __pow__(self, other):
        return self._of(float(self) ** other)

    def __neg__(self):
        return Rounded(-float(self))


def stepwise(python, used, rounded):
    Rounded.show = staticmethod(rounded)
    names = {name: Rounded(value) for name, value in used.items()}
    functions = {name: lambda value, f=f: Rounded(rounded(f(float(value)))) for name, f in FUNCTIONS.items()}
    return float(eval(python, functions, names))


def in_words(formula, printed):
    """A formula with printed numbers for its names."""
    names = sorted((name for name in printed if name not in ("dv", "dw")), key=len)
    words = formula.replace("(", "( ").replace(")", " )").replace("^", " ^").replace("/", " / ").split(" ")
    found = [f"({printed[word]:.12g})" if word in names else word for word in words]
    return " ".join(found)


def off_by(units):
    """A change of a number by so many units of its last digit."""

    def change(value, show):
        shown = show(value)
        mantissa, e, exponent = shown.partition("e")
        unit = 10.0 ** -len(mantissa.partition(".")[2])
        return f"{float(mantissa) + units * unit:.{len(mantissa.partition('.')[2])}f}{e}{exponent}"

    return change


CHANGES = {
    **{f"off by {units}": off_by(units) for units in (1, -1, 2, 3, -8, 60)},
    "of the other sign": lambda value, show: show(-value),
    "ten times": lambda value, show: show(10.0 * value),
    "half": lambda value, show: show(0.5 * value),
    "by a tenth": lambda value, show: show(1.1 * value),
    "nought": lambda value, show: "0",
    "one": lambda value, show: "1",
}
LAST = {"unit": "hyδ", "ratios": "pqrs", "small": "zg", "powers": "nm"}  # where something is wrong
HONEST = [
    (
        f"{sheet}, {style}, {goes_on}{', in numbers' * in_numbers}",
        (sheet, style, goes_on, None, None, in_numbers),
    )
    for sheet, style, goes_on in product(SHEETS, STYLES, ("exact", "printed", "steps"))
    if sheet != "small"
    or "decimals" not in style
    and goes_on != "steps"  # which leave nothing of small numbers
    if goes_on != "steps" or "cut" not in style  # nobody cuts off every step
    for in_numbers in ((False, True) if goes_on == "printed" and sheet in ("ratios", "unit") else (False,))
]
OFF = [
    (f"{sheet}, {style}, {change} at {at}", (sheet, style, "printed", CHANGES[change], at))
    for n, (sheet, change) in enumerate(product(SHEETS, CHANGES))
    if sheet != "small" or change not in ("of the other sign", "nought")  # of which there is no logarithm
    for style in ("3 digits", "powers of ten" if sheet == "small" else list(STYLES)[n % 4])
    for at in LAST[sheet][n % len(LAST[sheet])]
]
ROWS = dict(HONEST + OFF)


def said(report):
    """The verdict and what is said of every number."""
    parts = [part for line in report.lines if line.kind == "judged" for part in line.parts if part.printed]
    return " | ".join(
        f"{part.printed} {part.verdict}"
        + (f" from {part.follows_from}" if part.follows_from else "")
        + (f": {part.note}" if part.note else "")
        + (f" ({part.exact}, {part.units:.3g})" if part.units else "")
        for part in parts
    )


@cache
def before():
    return dict(line.split(" -> ", 1) for line in FILE.read_text(encoding="utf-8").splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_what_is_said_of_numbers_is_what_was_said(name):
    report = check_sheet(written(*ROWS[name]))
    verdicts = [line.verdict for line in report.lines]
    assert WRONG_FORMULA not in verdicts
    if ROWS[name][3] is None:
        assert WRONG_NUMBER not in verdicts
    assert said(report) == before()[name]


if __name__ == "__main__":
    found = {name: said(check_sheet(written(*row))) for name, row in ROWS.items()}
    FILE.write_text("".join(f"{name} -> {each}\n" for name, each in found.items()), encoding="utf-8")
