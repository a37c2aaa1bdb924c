"""`trace_backward`: the first wrong line of a backward function, by what mends the gradients."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from gradcheck.checking import check
from gradcheck.doors import Layer
from gradcheck.inputs import random_states_kept
from gradcheck.inputs.calls import called_name, needed_names, parameters_of
from gradcheck.tracing.passes import Passes
from gradcheck.tracing.rewritten import rewritten
from gradcheck.tracing.trace_report import TraceReport
from gradcheck.tracing.wrong_line import Trace

__tracebackhide__ = True  # pytest leaves the frames of this file out


def trace_backward(forward: Callable, backward: Callable, inputs: Any, *, seed: int = 0) -> TraceReport:
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
        report = check(*_layer_of(forward, backward, positional, named), seed=seed, special_points=False)
        passes = Passes(Layer(forward, backward, positional, named), copies, seed)
        trace = Trace(passes, report)
        found = trace.first_wrong() if report.verdict == "wrong" and trace.wrong else None
        rows = trace.rows(found)
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


def _layer_of(forward, backward, positional, named):
    layer = Layer(forward, backward, positional, named)
    return layer.loss, layer.gradients, layer.parameters


def _given(forward, inputs):
    """(inputs by place, inputs by name)."""
    known = parameters_of(forward) or {}
    if isinstance(inputs, dict) and set(inputs) <= set(known):
        return (), inputs
    if isinstance(inputs, (tuple, list)) and len(needed_names(forward)) > 1:
        return tuple(inputs), {}
    return (inputs,), {}
