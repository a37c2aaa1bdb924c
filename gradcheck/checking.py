"""`check`: a gradient judged entry by entry, with what may be wrong around it; every part of it has a file
of its own.
"""

import math
from dataclasses import replace
from numbers import Integral, Real
from time import perf_counter

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.functions import CallersFunctions
from gradcheck.inputs.intermediates import tapped
from gradcheck.inputs.point import Point
from gradcheck.judge.audit import audit
from gradcheck.judge.entries import ONE_BY_ONE, JudgedEntries
from gradcheck.judge.weak_passes import RESERVE, check_nearby, notes
from gradcheck.numeric.derivatives import OVERALL, PER_ENTRY
from gradcheck.numeric.rounding import random_states_kept
from gradcheck.report.report import Report
from gradcheck.verdict import WELL_BEYOND, worst_of
from gradcheck.why.of_a_check import causes_of, constants_of, known_mistakes_in, seen_in

# --- The options of a check, refused where they mean nothing; what they do is elsewhere.


def checked_options(*, select, seed, confidence, samples, learning_rate, one_by_one):
    """The options as a dict. Raises GradcheckError, which names the option, for one of no meaning.

    Whether `select` names any block, and what `samples` other than a number are, is looked at where they are
    used.
    """
    _demand(
        select is None or isinstance(select, str) or _is_list(select, str),
        "select",
        select,
        "a glob on the names of blocks, such as 'W*', or a list of some",
    )
    _demand(_is_whole(seed) and seed >= 0, "seed", seed, "a whole number from 0 on")
    _demand(
        _is_real(confidence) and 1.0 <= confidence < math.inf,
        "confidence",
        confidence,
        "how many error bars apart two derivatives must be to be called wrong, at least 1 (default 4)",
    )
    _demand(
        learning_rate is None
        or _is_real(learning_rate)
        and math.isfinite(learning_rate)
        and learning_rate != 0.0,
        "learning_rate",
        learning_rate,
        "a number that is not zero, or None",
    )
    _demand(
        samples is None
        or (samples > 0 if _is_whole(samples) else not _is_real(samples) and not isinstance(samples, str)),
        "samples",
        samples,
        "their number, or (inputs, targets) pairs beside a network",
    )
    _demand(
        _is_whole(one_by_one) and one_by_one >= 0, "one_by_one", one_by_one, "a number of entries, from 0 on"
    )
    return {
        "select": select,
        "seed": seed,
        "confidence": confidence,
        "samples": samples,
        "learning_rate": learning_rate,
        "one_by_one": one_by_one,
    }


def _demand(holds, name, found, meaning):
    if not holds:
        raise GradcheckError(f"{name}: found {found!r}; it is {meaning}")


def _is_list(value, kind):
    return (
        isinstance(value, (list, tuple, set))
        and len(value) > 0
        and all(isinstance(each, kind) for each in value)
    )


def _is_whole(value):
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_real(value):
    return isinstance(value, Real) and not isinstance(value, bool)


# --- What a report says of how a check was made: its conventions, and the line that makes it again.


SPELLED_OUT = 40  # characters of an option in the line that makes it again


def conventions(problem, measured):
    """Sentences on the precision and the form of what was checked, a tuple."""
    said = ["float64"]
    if problem.point.single_precision:
        said.append(
            f"float32 parameters ({', '.join(problem.point.single_precision)}) handed over as float64"
        )
    if problem.low_precision is not None:
        said.append(f"{problem.low_precision} gradients, allowed the rounding of {problem.low_precision}")
    if measured.single_precision:
        said.append("the loss moves in the stairs of a hidden float32, and the error bars are as wide")
    if problem.upstream is not None:
        said.append("a loss of several numbers, through a random upstream")
    return tuple(said)


def repeating_call(loss, gradients, options, function="check", more=""):
    """The line that does it again: options that are numbers or names are spelled out, others stand for
    themselves.
    """
    usual = {"select": None, "confidence": WELL_BEYOND, "one_by_one": ONE_BY_ONE}
    given = {
        name: value
        for name, value in options.items()
        if value is not None and repr(value) != repr(usual.get(name))
    }
    changed = [
        f", {name}={value!r}"
        if len(repr(value)) <= SPELLED_OUT and "array(" not in repr(value) and "<" not in repr(value)
        else f", {name}={name}"
        for name, value in given.items()
    ]
    return f"gradcheck.{function}({name_of(loss, 'loss')}, {name_of(gradients, 'gradients')}, parameters{more}{''.join(changed)})"


def name_of(function, otherwise):
    """The name under which a function can be written down, or another for one that has none."""
    if function is None:
        return "None"
    name = getattr(function, "__name__", otherwise)
    return name if name.isidentifier() else otherwise


# --- `check`: a gradient judged entry by entry, with what may be wrong around it; every part of it has a file
# of its own.


LAST = 1  # call, at the point itself, at the end of all


def check(
    loss,
    gradients,
    parameters,
    *,
    select=None,
    seed=0,
    confidence=WELL_BEYOND,
    bounds=None,
    intermediates=None,
    network=None,
    samples=None,
    learning_rate=None,
    one_by_one=ONE_BY_ONE,
):
    """Judge a gradient, entry by entry. Returns a Report.

    loss: parameters -> one real number, or (number, gradients) when `gradients` is None. gradients: a
    function of the parameters, or ready numbers, in the structure of `parameters`: a dict of names to arrays
    or floats, a list or tuple, named or not, nested, one array, one float. A loss that returns an array is
    checked through a random upstream u drawn with `seed`: its gradients are then a function (parameters, u)
    -> the gradients of sum(u * loss). Functions are handed fresh copies, float64 ones and, where the loss
    takes them, a few complex ones, so nothing of the caller changes; the last call is at the point itself.
    Global random states are put back.

    `select`: a glob on the names of blocks, or a list of them: "W*". `confidence`: how many error bars apart
    two derivatives must be to be called wrong; there is no other tolerance. `bounds`: (low, high), each a
    number, None or in the structure of the parameters; the loss is never called outside. `network`,
    `samples`: a network that neuronnet can describe and its (inputs, targets) pairs, for which known mistakes
    are replayed; without a network `samples` may be their number. `learning_rate`, and the number of samples,
    are looked for as wrong factors.

    The loss is called at most 12 times for each entry, of an intermediate too, and 60 times; where a pass
    proves little and another point shows a mistake, as often again to name it. With more than `one_by_one`
    entries, and without bounds, each block is judged along random directions: where it is right a few dozen
    calls are enough, and only what is wrong there is looked for; `one_by_one=0` does that always.

    `intermediates`: the derivatives of the loss by named quantities of the forward pass, in forward order, or
    a function of the parameters that gives them. The loss then takes a second argument, a dict of arrays (the
    taps), and adds each to the quantity of its name; the first wrong one, from the loss backwards, is
    `report.first_wrong_intermediate`:

    >>> import numpy as np
    >>> from gradcheck import check
    >>> x, target = np.array([0.5, -1.0]), 0.25
    >>> def loss(p, taps={}):
    ...     z1 = p["W1"] @ x + taps.get("dz1", 0.0)
    ...     z2 = p["W2"] @ np.tanh(z1) + taps.get("dz2", 0.0)
    ...     return 0.5 * (z2 - target) ** 2
    >>> def backward(p):
    ...     out1 = np.tanh(p["W1"] @ x)
    ...     dz2 = p["W2"] @ out1 - target
    ...     dz1 = p["W2"] * dz2 * (1 - out1)                 # the slope of tanh is 1 - out1**2
    ...     return {"dz1": dz1, "dz2": dz2}, {"W1": np.outer(dz1, x), "W2": out1 * dz2}
    >>> p = {"W1": np.array([[0.1, 0.2], [0.3, -0.4]]), "W2": np.array([0.5, -0.6])}
    >>> report = check(loss, lambda p: backward(p)[1], p, intermediates=lambda p: backward(p)[0])
    >>> report.verdict, report["dz2"].verdict, report.first_wrong_intermediate
    ('wrong', 'right', 'dz1')

    Raises GradcheckError (a ValueError) for shapes or structures that differ, numbers that are not real,
    parameters or a loss that are not finite, unknown names. A gradient that is NaN or infinite is wrong.
    """
    started = perf_counter()
    options = checked_options(
        select=select,
        seed=seed,
        confidence=confidence,
        samples=samples,
        learning_rate=learning_rate,
        one_by_one=one_by_one,
    )
    constants = constants_of(network, samples, learning_rate)
    with random_states_kept(), np.errstate(all="ignore"):
        problem = CallersFunctions(loss, gradients, parameters, seed, bounds)
        point, blocks = problem.point, problem.point.selected(select)
        findings = tuple(audit(*problem.audited(), point, seed))
        analytic, rounding = problem.first_gradients()
        chosen = _mask(point, blocks)
        last_call = PER_ENTRY * int(np.sum(chosen)) + OVERALL - LAST
        reserve = RESERVE if notes(point, blocks, point.vector, analytic, analytic, rounding) else 0
        measured = JudgedEntries(
            problem,
            blocks,
            point.vector,
            analytic,
            rounding,
            chosen,
            confidence,
            bounds=problem.bounds,
            doubt=_doubt(findings),
            last_call=last_call,
            reserve=reserve,
            one_by_one=one_by_one,
        )
        found = causes_of(measured, constants)
        reports = measured.reports(found, _effects(point, findings))
        little = _notes(measured, reports)

        def reports_at(*there):
            elsewhere = JudgedEntries(problem, blocks, *there, confidence, one_by_one=one_by_one)
            causes_there = causes_of(elsewhere, constants)
            return elsewhere.reports(causes_there), causes_there

        again = check_nearby(problem, little, confidence, reports_at, last_call)
        taps = ()
        if intermediates is not None:
            taps = _intermediates(
                problem, intermediates, confidence, _doubt(findings), last_call, one_by_one, constants
            )
        problem.value(
            point.vector
        )  # whatever the caller's functions keep of their last call is of the point itself
    known, unknown = (
        ((), []) if network is None or found is None else known_mistakes_in(network, samples, measured)
    )
    overall = found.overall if found is not None else again.cause if again is not None else None
    overall = seen_in(taps, overall)
    call = repeating_call(
        loss, gradients, options | {"bounds": bounds, "intermediates": intermediates, "network": network}
    )
    return Report(
        reports,
        problem.evaluations,
        seed,
        confidence,
        cause=overall,
        audit=findings,
        notes=(*little, *unknown),
        nearby=again,
        intermediates=taps,
        explanations=known,
        seconds=perf_counter() - started,
        conventions=conventions(problem, measured),
        call=call,
        source=(loss, gradients, point.restore(point.vector)),
    )


def check_hessian(
    loss, gradients, parameters, hvp, *, select=None, seed=0, confidence=WELL_BEYOND, bounds=None
):
    """Judge a Hessian-vector product, `hvp(parameters, v)`, by the derivative of the gradients. Returns a
    Report.

    `v` and the product have the structure of the parameters; v is drawn with `seed`, normal, of zero mean.
    The other arguments are those of `check`. The gradients are judged first: where they are not right, the
    Report is about them (report.subject is "gradients", not "Hessian times a vector"), for a Hessian made of
    wrong gradients means nothing.
    """
    for name, function in (("gradients", gradients), ("hvp", hvp)):
        if not callable(function) and (name == "hvp" or function is not None):
            raise GradcheckError(
                f"{name}: expected a function, found {type(function).__name__}; a Hessian is checked by how "
                "the gradients change"
            )
    first = check(loss, gradients, parameters, select=select, seed=seed, confidence=confidence, bounds=bounds)
    if first.verdict != "right":
        return first
    point = Point(parameters)
    direction = np.random.default_rng([seed, 3]).standard_normal(point.vector.shape)

    def slope(at):
        found = loss(at)[1] if gradients is None else gradients(at)
        return math.fsum(point.flatten_like(found) * direction)

    report = check(
        slope,
        lambda at: hvp(at, point.restore(direction)),
        parameters,
        select=select,
        seed=seed,
        confidence=confidence,
        bounds=bounds,
    )
    options = {"select": select, "seed": seed, "confidence": confidence, "bounds": bounds}
    return replace(
        report,
        subject="Hessian times a vector",
        evaluations=first.evaluations + report.evaluations,
        call=repeating_call(loss, gradients, options, "check_hessian", f", {name_of(hvp, 'hvp')}"),
    )


def _mask(point, blocks):
    chosen = np.zeros(point.vector.size, dtype=bool)
    for block in blocks:
        chosen[block.start : block.stop] = True
    return chosen


def _doubt(findings):
    """Why nothing can be told of the loss at all, from what the audit found; None when something can."""
    return next(
        (
            f"noise: {finding.sentence}"
            for finding in findings
            if finding.effect == "undecided" and len(finding.blocks) == 0
        ),
        None,
    )


def _effects(point, findings):
    """Name of a block -> the verdict that the Findings about it, or about a whole function, demand."""
    return {
        block.name: worst_of(
            finding.effect for finding in findings if block.name in (finding.blocks or (block.name,))
        )
        for block in point.blocks
    }


def _notes(measured, reports):
    """The Notes about blocks that pass."""
    passed = {report.name for report in reports if report.verdict == "right"}
    blocks = [block for block in measured.blocks if block.name in passed]
    numeric, bar = measured.numeric.copy(), measured.bar
    for group in measured.groups:  # what was judged together is as it was handed in, within the bar
        numeric[group.positions], bar[group.positions] = measured.analytic[group.positions], group.bar
    return notes(
        measured.point, blocks, measured.vector, measured.analytic, numeric, bar, measured.confidence
    )


def _intermediates(problem, intermediates, confidence, doubt, last_call, one_by_one, constants):
    """The BlockReports of the taps, with as many calls for each entry as one of the parameters has."""
    taps = tapped(problem, intermediates)
    analytic, rounding = taps.first_gradients()
    vector = taps.point.vector
    last_call = taps.evaluations + last_call - problem.evaluations + PER_ENTRY * vector.size
    measured = JudgedEntries(
        taps,
        taps.point.blocks,
        vector,
        analytic,
        rounding,
        np.full(vector.shape, True),
        confidence,
        doubt=doubt,
        last_call=last_call,
        one_by_one=one_by_one,
    )
    return measured.reports(causes_of(measured, constants))
