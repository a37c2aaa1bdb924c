"""`trace_backward`: the first wrong line of a backward function, by what mends the gradients."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from gradcheck.checking import check
from gradcheck.doors import Layer
from gradcheck.inputs.calls import called_name, needed_names, parameters_of
from gradcheck.inputs.functions import random_states_kept
from gradcheck.report.report import Report, plain
from gradcheck.tracing.known import GIVEN
from gradcheck.tracing.passes import Passes
from gradcheck.tracing.rewritten import rewritten
from gradcheck.tracing.wrong_line import Trace

MOST_MOVED = 3  # points nearby, where the inputs themselves do not show what is wrong

__tracebackhide__ = True  # pytest leaves the frames of this file out


def trace_backward(forward: Callable, backward: Callable, inputs: Any, *, seed: int = 0) -> "TraceReport":
    """Find the first wrong line of a backward function. Returns a TraceReport.

    `forward` returns the loss, the output, or (output, cache); `backward` takes (dout, cache), (cache) or the
    same inputs, as for `check_layer`. `inputs`: a dict of the arguments of `forward`, a tuple of them, or one
    argument. Both functions are copied with taps at every local; nothing of them is changed. A local `dz` is
    compared with the derivative by the local `z`, and others by their shape. A line is named only if its
    value, replaced by the measured one, makes wrong gradients right. Raises GradcheckError for functions that
    cannot be read: built-in ones, lambdas, generators.
    """
    started = perf_counter()
    copies = rewritten(forward, "forward"), rewritten(backward, "backward")
    positional, named = _given(forward, inputs)
    with random_states_kept(), np.errstate(all="ignore"):
        report = there = _checked(forward, backward, positional, named, seed)
        draw = np.random.default_rng([seed, 17])
        for _ in range(MOST_MOVED if report.verdict == "wrong" else 0):
            if any(block.verdict == "wrong" for block in there.blocks):
                break
            layer = Layer(forward, backward, positional, named)
            moved = layer.arguments | {name: _moved(layer.arguments[name], draw) for name in layer.parameters}
            positional, named = (
                tuple(moved[name] for name in list(moved)[: len(positional)]),
                {name: moved[name] for name in named},
            )
            there = _checked(forward, backward, positional, named, seed)
        passes = Passes(Layer(forward, backward, positional, named), copies, seed)
        trace = Trace(passes, there)
        found = trace.first_wrong() if report.verdict == "wrong" and trace.wrong else None
        rows = tuple(TracedLocal(*row) for row in trace.rows(found))
    seconds = perf_counter() - started
    name = called_name(backward, "backward")
    evaluations = report.evaluations + passes.functions.evaluations
    if found is None:
        return TraceReport(
            report.verdict, name, None, None, None, (), None, rows, report, evaluations, seconds
        )
    noted, others, words, cause = found
    rest = tuple((each.line, each.source) for each in others)
    where = noted.line, noted.source, noted.name
    return TraceReport(report.verdict, name, *where, rest, cause, rows, report, evaluations, seconds, words)


@dataclass(frozen=True)
class TracedLocal:
    """A local of the backward pass: its `line`, the `source` of that, its `name`, `verdict` and why.

    `verdict`: "right", "wrong" (the first that is), "differs" (it only follows, or means something else), or
    "unknown".
    """

    line: int
    source: str
    name: str
    verdict: str
    words: str

    def __str__(self) -> str:
        why = f": {self.words}" if self.words else ""
        return f"line {self.line}, {self.name}: {self.verdict}{why}"

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON."""
        return plain(self.__dict__)


@dataclass(frozen=True)
class TraceReport:
    """The first wrong line of a backward function; print(report) shows all of its lines.

    `verdict`: that of the gradients. `line`: the number of the first wrong line in its file, `source` its
    text and `name` what it computes; None where no line is known to be wrong. `words`: what in its place
    makes wrong gradients right. `others`: (line, source) of lines that the value rests on and of which
    nothing is known: the mistake may stand in one of them, too. `cause`: what explains the difference, or
    None. `locals`: TracedLocals; `report`: that of `check_layer`.
    """

    verdict: str
    function: str
    line: int | None
    source: str | None
    name: str | None
    others: tuple
    cause: Any
    locals: tuple
    report: Report = field(repr=False)
    evaluations: int
    seconds: float
    words: str = ""

    def __str__(self) -> str:
        calls = f"{self.evaluations} evaluations in {self.seconds:.3g} s"
        rows = (f"  {each}" for each in self.locals if each.words != GIVEN)
        return "\n".join([*self._first_lines(), *rows, calls])

    def _first_lines(self):
        if self.line is None:
            more = (
                "" if self.verdict != "wrong" else "; no line of it could be shown to be the first wrong one"
            )
            yield f"{self.function}: {self.verdict}{more}"
            return
        yield f"{self.function}: wrong, first in line {self.line}: {self.source}"
        yield f"with {self.words} in the place of {self.name} wrong gradients become right"
        for line, source in self.others:
            yield f"or in line {line}, where another value would do as well, or nothing is known: {source}"
        if self.cause is not None:
            yield f"cause: {self.cause.sentence}"

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON; without the seconds."""
        keys = "verdict function line source name others cause locals evaluations".split()
        return plain({key: getattr(self, key) for key in keys})


def _checked(forward, backward, positional, named, seed):
    layer = Layer(forward, backward, positional, named)
    return check(layer.loss, layer.gradients, layer.parameters, seed=seed, special_points=False)


def _moved(value, draw):
    """An input elsewhere: its floats moved at random."""
    if isinstance(value, dict):
        return {key: _moved(each, draw) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_moved(each, draw) for each in value)
    is_float = isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f"
    return value + draw.normal(size=np.shape(value)) if is_float else value


def _given(forward, inputs):
    """(inputs by place, inputs by name)."""
    known = parameters_of(forward) or {}
    if isinstance(inputs, dict) and set(inputs) <= set(known):
        return (), inputs
    if isinstance(inputs, (tuple, list)) and len(needed_names(forward)) > 1:
        return tuple(inputs), {}
    return (inputs,), {}
