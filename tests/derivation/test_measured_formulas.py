"""Texts of drawn pieces, and formulas over numbers and arrays: how each is read, and what formulas are worth.

A line of `tests/data/measured_formulas.txt` has a text in quotes with what is read there, or a formula with
its readings, its value, its derivatives, and what trials say of other formulas in its place. Run as a script,
this file writes what stands behind the arrows anew.
"""

import ast
from functools import cache
from math import prod
from pathlib import Path

import pytest
from measured import WAVES

from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.model import Model
from neuronnet.derivation.readings import readings
from neuronnet.derivation.trials import Trials
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import entries
from neuronnet.formulas.evaluating import Shapes, evaluator, shape_of, work_of
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.notation import Known, parse, parse_array, parse_number, read_function_head, read_name
from neuronnet.formulas.rewriting import turned, with_dots, with_logistics, with_norms

PARTS = 12  # of the lines, each the work of one test
FILE = Path(__file__).parent.parent / "data" / "measured_formulas.txt"
SHAPES = {"a": (), "b": (), "c": (), "x": (3,), "y": (3,), "A": (2, 3), "B": (3, 2), "S": (3, 3), "R": (1, 3)}
SHAPES |= {"K": (2, 2), "p": (2,), "q": (3,), "P": (2, 3)}
OF_ONE = {"p": ["0.3", "0.7"], "q": ["0", "1", "0"], "P": [["0.25", "0.5", "0.25"], ["1", "0", "0"]]}
AMONG = Known("a b c L W1 x1 e y_hat dL".split(), {}, "x y A B S W W^[2] delta^[2] z^(1) w^(2)".split())


def read(text):
    """What a text is read as, in each of the ways to read it."""
    found = []
    for AMONG.log in ("ln", "log10"):
        try:
            formula = parse(text, AMONG)
            said = formula.format()
            others = [change(formula).format() for change in (turned, with_dots, with_logistics, with_norms)]
            said += "".join(f" ~ {other}" for other in dict.fromkeys(others) if other != said)
        except NeuronnetError as error:
            said = f"{type(error).__name__} {getattr(error, 'column', '')}: {error}".splitlines()[0]
        found += [said] if said not in found else []
    others = (read_name, read_function_head, parse_number, parse_array)
    return " | ".join(found + [repr(other(text)) for other in others if other(text) is not None])


@cache
def model():
    made, start = Model(), 3
    for name, shape in SHAPES.items():
        size = prod(shape)
        numbers = [f"{abs(each) + 0.25 if not shape else each:.3f}" for each in WAVES[start : start + size]]
        columns = shape[-1] if shape else 1
        rows = [numbers[k : k + columns] for k in range(0, size, columns)]
        given = numbers[0] if not shape else numbers if len(shape) == 1 else rows
        made.give(name, OF_ONE.get(name, given))
        start += size
    return made


def shown(value):
    return " ".join(f"{each:.6g}" for each in entries(value))


def worth(text):
    """What a formula is worth, its shape and work, its readings, and its derivatives with their sums."""
    own = Model({name: model().given[name] for name in SHAPES})
    arrays = [name for name in SHAPES if SHAPES[name]]
    known = Known([name for name in SHAPES if not SHAPES[name]], {}, arrays)
    found = []
    try:
        formula = parse(text, known)
        found += [each.format() for each in readings(formula, own)]
        resolved = own.resolved(formula)
        shapes = Shapes(SHAPES)
        shape = shape_of(resolved, shapes)
        found += [f"{shape} {work_of(resolved, shapes)}"]
        with fifty_digits():
            value = own.value(resolved)
        found.append(shown(value))
        given = {name: own.given[name] for name in SHAPES}
        floats = evaluator(resolved, float)({name: as_floats(each) for name, each in given.items()})
        assert list(map(float, entries(value))) == pytest.approx(list(entries(floats)), rel=1e-9, abs=1e-9)
        own.define("f", formula)
        if shape:
            own.define("L", parse("sum(f*f)/2", Known(["f"] if not shape else [], {}, ["f"])))
        for name in formula.names():
            quantity = f"d{'L' if shape else 'f'}/d{name}"
            derived = own.formula(quantity)
            found.append(f"{derived.format()} = {shown(own[quantity])}")
        found += outcomes(own, formula)
    except NeuronnetError as error:
        found.append(f"{type(error).__name__}: {error}".splitlines()[0])
    return " | ".join(found)


def as_floats(value):
    return value.map(float) if hasattr(value, "map") else float(value)


OTHERS = "f|2*f|f + a - a|f*b/b|f + 1e-9|0.731*f|a|f[1]|f.T|abs(f)".split("|")
OTHERS += "f + a - 0.95|f*sum(p)|f*sum(q)|f + q[1]*b|f*sum(P)/2".split("|")


def outcomes(own, formula):
    """What a trial says of other formulas in the place of this one."""
    trials, found = Trials(own), []
    arrays = {name for name in own.names() if own.shape(name)}
    known = Known(set(own.names()) - arrays, {}, arrays)
    for text in OTHERS:
        outcome = trials.same(parse(text, known), Name("f"))
        found.append(f"{outcome.kind}{f' {outcome.note}' if outcome.note else ''}")
    draw = trials.draws.draw(1)
    return [", ".join(found), shown(draw.of(formula))]


def found(text):
    return read(ast.literal_eval(text)) if text[0] in "'\"" else worth(text.removeprefix("f = "))


def rows():
    return dict(line.split(" -> ", 1) for line in FILE.read_text(encoding="utf-8").splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_read_and_what_it_is_worth_is_what_it_was(part):
    before = rows()
    now = {text: found(text) for text in list(before)[part::PARTS]}
    assert {text: (each, before[text]) for text, each in now.items() if each != before[text]} == {}


if __name__ == "__main__":
    FILE.write_text("".join(f"{text} -> {found(text)}\n" for text in rows()), encoding="utf-8")
