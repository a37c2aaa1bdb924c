"""`check`, the story of one check: audit, judge, nearby, why, intermediates, report."""

import math
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from numbers import Integral
from time import perf_counter
from typing import Any

import numpy as np

from gradcheck.errors import GradcheckError, Interrupted
from gradcheck.inputs.calls import (
    MOST_CALLS,
    ONE_BY_ONE,
    repeating_call,
    require_allowed,
    require_no_class,
    written_name,
)
from gradcheck.inputs.functions import READINGS, CallersFunctions, random_states_kept
from gradcheck.inputs.intermediates import functions_of_intermediates
from gradcheck.inputs.outputs import ManySets
from gradcheck.inputs.point import Point
from gradcheck.judge.audit import Finding, audit
from gradcheck.judge.entries import JudgedEntries
from gradcheck.judge.gradient import gradient_at
from gradcheck.judge.nearby import check_nearby, weak_passes
from gradcheck.judge.special import check_special, confirmed
from gradcheck.report.report import Note, Report
from gradcheck.verdict import WELL_BEYOND, worst_of
from gradcheck.why.blocks import GradientBlock
from gradcheck.why.cause import Cause, listing
from gradcheck.why.causes import causes
from gradcheck.why.elsewhere import Elsewhere

__tracebackhide__ = True  # pytest leaves the frames of this file out


def check(
    loss: Callable,
    gradients: object,
    parameters: object,
    *,
    select: str | list[str] | None = None,
    seed: int = 0,
    confidence: float = WELL_BEYOND,
    bounds: tuple | None = None,
    intermediates: object = None,
    network: object = None,
    samples: object = None,
    learning_rate: float | None = None,
    one_by_one: int = ONE_BY_ONE,
    most_calls: int = MOST_CALLS,
    args: tuple = (),
    special_points: bool = True,
    vectorized: bool = False,
) -> Report:
    """Judge a gradient, entry by entry. Returns a Report.

    loss: parameters -> one number, or (number, gradients) when `gradients` is None. gradients: a function of
    the parameters, or ready numbers, in their structure: nested dicts, lists, tuples of arrays and floats;
    dW1 counts as W1. Both get float64 copies, then `args`. Where the loss returns arrays, gradients
    takes (parameters, u) and gives those of sum(u * loss), or gives the Jacobian.

    `select`: a glob, or several. `confidence`: error bars that make wrong. `bounds`: (low, high), never left.
    `intermediates`: see `gradcheck.inputs.intermediates`. `network`, `samples`, `learning_rate` help to find
    mistakes. More than `one_by_one` entries are judged along directions. `vectorized`: the loss takes many
    sets, an axis before each array. Cheap losses are compared at `special_points`. Raises GradcheckError
    beyond `most_calls` of the loss, and for what does not fit.

    >>> check(lambda p: p["w"] ** 3, lambda p: {"w": 3 * p["w"]}, {"w": 2.0}).verdict
    'wrong'
    """
    started = perf_counter()
    options: dict[str, Any] = {"select": select, "seed": seed, "confidence": confidence, "samples": samples}
    options |= {"learning_rate": learning_rate, "one_by_one": one_by_one, "most_calls": most_calls}
    options |= {"special_points": special_points, "vectorized": vectorized}
    require_allowed(options)
    constants = _constants(network, samples, learning_rate)
    many_sets = ManySets(loss, parameters, args) if vectorized else None
    with random_states_kept(), np.errstate(all="ignore"):
        of_one = loss if many_sets is None else many_sets.alone
        functions = CallersFunctions(of_one, gradients, parameters, seed, bounds, most_calls, args, many_sets)
        point = functions.point
        # audit: are these functions of their arguments, and of nothing else?
        audited_loss, audited_gradients = functions.audited()
        findings = (*audit(audited_loss, audited_gradients, point, seed), *_halved(functions))
        how = {"confidence": confidence, "one_by_one": one_by_one, "doubt": _doubt(findings)}
        # judge: every entry by the error bar of its numerical derivative
        judged = _judged(functions, point.selected(select), until_interrupted=True, **how)
        effects = _effects(point, findings)
        with _kept_if_interrupted(functions, judged, effects, {"audit": findings, "seed": seed}, started):
            # nearby: where this point proves little, the same functions at others
            confirmed(functions, judged)
            weak = weak_passes(judged, effects)
            nearby, judged_nearby = check_nearby(functions, judged, weak)
            # special points: zeros, ties, equal rows, where backward passes break
            is_wanted = special_points and select is None and _is_right(judged, findings, nearby)
            special = check_special(functions, judged) if is_wanted else None
            # why: which mistake explains what is wrong?
            here = _causes(judged, constants, functions)
            nearby = _explained(nearby, judged_nearby, constants)
            known, unknown = _known_mistakes(network, samples, judged, here)
            # intermediates: where, from the loss backwards, does it first go wrong?
            links = _intermediates(functions, intermediates, constants, how, judged)
            functions.value(point.vector)  # what the functions keep of their last call is of the point
    # report
    cause = nearby.cause if here is None and nearby is not None else here and here.overall
    options |= {"bounds": bounds, "intermediates": intermediates, "network": network, "args": args or None}
    return Report(
        judged.reports(here, effects),
        functions.evaluations,
        seed,
        confidence,
        cause=_seen_in(links, cause),
        audit=findings,
        notes=(*weak, *unknown, *_of_other_gradients(functions)),
        nearby=nearby,
        special=special,
        intermediates=links,
        known_mistakes=known,
        seconds=perf_counter() - started,
        conventions=_conventions(functions, judged),
        call=repeating_call(loss, gradients, options),
        source=functions.source,
    )


def check_hessian(
    loss: Callable,
    gradients: Callable | None,
    parameters: object,
    hvp: Callable,
    *,
    select: str | list[str] | None = None,
    seed: int = 0,
    confidence: float = WELL_BEYOND,
    bounds: tuple | None = None,
) -> Report:
    """Judge a Hessian-vector product, `hvp(parameters, v)`, by the derivative of the gradients.

    Returns a Report. `v` and the product have the structure of the parameters; v is drawn with `seed`,
    normal, of zero mean. The other arguments are those of `check`. The gradients are judged first: where they
    are not right, the Report is about them (report.subject is "gradients", not "Hessian times a vector"), for
    a Hessian made of wrong gradients means nothing. Raises GradcheckError.
    """
    for name, function in (("gradients", gradients), ("hvp", hvp)):
        if not callable(function) and (name == "hvp" or function is not None):
            found = f"{name}: expected a function, found {type(function).__name__}"
            raise GradcheckError(f"{found}; a Hessian is checked by how the gradients change")
        require_no_class(name, function)
    options: dict[str, Any] = {"select": select, "seed": seed, "confidence": confidence, "bounds": bounds}
    first = check(loss, gradients, parameters, **options)
    if first.verdict != "right":
        return first
    point = Point(parameters)
    direction = np.random.default_rng([seed, 3]).standard_normal(point.vector.shape)

    def slope(at):
        found = loss(at)[1] if gradients is None else gradients(at)
        return math.fsum(point.flatten_like(found) * direction)

    options |= {"special_points": False}
    report = check(slope, lambda at: hvp(at, point.restore(direction)), parameters, **options)
    del options["special_points"]
    evaluations = first.evaluations + report.evaluations
    call = repeating_call(
        loss, gradients, options, "check_hessian", f"parameters, {written_name(hvp, 'hvp')}"
    )
    return replace(report, subject="Hessian times a vector", evaluations=evaluations, call=call)


def _judged(functions, blocks, **how):
    """The JudgedEntries of some blocks at the point itself."""
    at = gradient_at(functions, functions.point.vector, *functions.first_gradients())
    return JudgedEntries(functions, blocks, at, **how)


@contextmanager
def _kept_if_interrupted(functions, judged, effects, known, started):
    """Ctrl-C, now or while JudgedEntries were made, raises an Interrupted with a Report on these alone."""
    try:
        if judged.is_interrupted:
            raise KeyboardInterrupt
        yield
    except KeyboardInterrupt:
        seconds, confidence = perf_counter() - started, judged.confidence
        blocks, calls = judged.reports(None, effects), functions.evaluations
        report = Report(blocks, calls, confidence=confidence, seconds=seconds, **known)
        done = len(judged.judgements) + sum(len(group.positions) for group in judged.groups)
        entries = sum(len(each.positions) for each in judged.blocks)
        raise Interrupted(report, f"after {done} of {entries} entries") from None


def _is_right(judged, findings, nearby):
    """Whether nothing speaks against the gradients so far."""
    found = [finding.effect for finding in findings] + [judged.verdict_on(block) for block in judged.blocks]
    return worst_of([*found, *([] if nearby is None else [nearby.verdict])]) == "right"


def _explained(nearby, judged_nearby, constants):
    """The NearbyCheck with its blocks, and with what explains what is wrong in them."""
    if judged_nearby is None:
        return nearby
    there = _causes(judged_nearby, constants)
    return replace(nearby, blocks=judged_nearby.reports(there), cause=there and there.overall)


def _intermediates(functions, intermediates, constants, how, judged_at_point):
    """The BlockReports of the intermediates in forward order; () for None, or locals of right gradients."""
    if intermediates is None:
        return ()
    verdicts = {judged_at_point.verdict_on(block) for block in judged_at_point.blocks}
    if isinstance(intermediates, str) and "wrong" not in verdicts:
        return ()
    of_links = functions_of_intermediates(functions, intermediates, "right" in verdicts)
    judged = confirmed(of_links, _judged(of_links, of_links.point.blocks, **how))
    return judged.reports(_causes(judged, constants))


def _doubt(findings):
    """Why no derivative of the loss means anything, from what the audit found; None when some do."""
    whole = (each for each in findings if each.effect == "undecided" and len(each.blocks) == 0)
    return next((f"noise: {finding.sentence}" for finding in whole), None)


def _halved(functions):
    """A Finding, in a list, on complex gradients that are half of the slopes: Wirtinger's, or wrong."""
    if functions.point.reading[0] == 1.0:
        return []
    names = tuple(block.name for blocks in functions.point.leaves if len(blocks) == 2 for block in blocks)
    what = f"the complex gradient is {READINGS[functions.point.reading]}"
    sentence = f"{what}; if those are not meant, a factor of 2 is missing: twice it can be judged"
    return [Finding("half", sentence, "gradients", names, "undecided", "half of the slopes")]


def _effects(point, findings):
    """Name of a block -> the verdict that the Findings about it, or about a whole function, demand."""
    return {
        block.name: worst_of(each.effect for each in findings if block.name in (each.blocks or (block.name,)))
        for block in point.blocks
    }


# Why it is wrong


def _causes(judged, constants, functions=None):
    """The Causes of what is wrong in JudgedEntries, None where nothing is; `functions` confirm them."""
    verdicts = {*judged.judgements.values(), *(group.verdict for group in judged.groups)}
    if "wrong" not in verdicts:
        return None
    elsewhere = None
    if functions is not None and functions.is_callable and judged.precision == "float64":
        elsewhere = Elsewhere(functions, judged.confidence)
    return causes(
        [_gradient_block(judged, block) for block in judged.blocks], **constants, elsewhere=elsewhere
    )


def _gradient_block(judged, block):
    """A block of JudgedEntries as `causes` takes it."""
    own = [judged.judgements.get(i) for i in block.positions]  # None where judged together
    together = {group.verdict for group in judged.groups_of(block)}
    return GradientBlock(
        block.name,
        *map(block.of, (*judged.in_units_given(), judged.vector * judged.point.units)),
        known_wrong="wrong" in together,
        known_right=len(together) > 0 and {*together, *own} <= {"right", None},
        confidence=judged.confidence,
        judged_wrong=np.reshape([each == "wrong" for each in own], block.shape).astype(bool),
    )


def _constants(network, samples, learning_rate):
    """What a check knows of the task, as `causes` takes it. Raises GradcheckError for unsuitable samples."""
    from gradcheck.why.known_mistakes import described, is_model

    if network is None or is_model(network):
        if samples is not None and not isinstance(samples, Integral):
            found = f"found a {type(samples).__name__}"
            raise GradcheckError(f"samples: {found}; without a network give their number")
        return {"learning_rate": learning_rate, "samples": samples}
    description = described(network, samples)
    number = len(description.samples)
    l2 = description.l2_share(description.l2, number)
    outputs = description.layers[-1].neurons
    return {"learning_rate": learning_rate, "samples": number, "outputs": outputs, "l2": l2 or None}


def _known_mistakes(network, samples, judged, causes):
    """(the known mistakes that give exactly these gradients, Notes on why none were tried)."""
    if network is None or causes is None:
        return (), ()
    from gradcheck.why.known_mistakes import known_mistakes_at

    given = Point(judged.point.restore(judged.vector))
    found, why_not = known_mistakes_at(network, samples, given, judged.in_units_given()[0])
    return tuple(found), [] if why_not is None else [Note("network", why_not, ())]


def _seen_in(intermediates, cause):
    """The Cause in the light of the intermediates' reports: they show where the chain broke."""
    if len(intermediates) == 0 or cause is not None and cause.kind != "place":
        return cause
    for first in (block for block in reversed(intermediates) if block.verdict == "wrong"):
        why = "" if first.cause is None else f": {first.cause.sentence}"
        sentence = f"{first.name} is the first wrong intermediate, from the loss backwards{why}"
        return Cause("intermediate", sentence, (first.name,), "place")
    if cause is not None and all(block.verdict == "right" for block in intermediates):
        sentence = f"the intermediates are right; what is made of them for {listing(cause.blocks)} is not"
        return replace(cause, id="after the intermediates", sentence=sentence)
    return cause


# What a report says of how it was made


def _conventions(functions, judged):
    """Sentences on the precision and the form of what was checked, a tuple."""
    said = ["float64", *functions.remarks]
    if functions.low_precision is not None:
        said.append(f"{functions.low_precision} gradients, allowed the rounding of {functions.low_precision}")
    if judged.is_rough:
        wide = "the error bars are as wide as that makes them"
        how = "as rough as if computed" if judged.is_noisy else "computed"
        said.append(f"the loss seems to be {how} in {judged.of_loss}, and {wide}")
    return tuple(said)


def _of_other_gradients(functions):
    """A Note on gradients that came along and belong to no parameter, in a list."""
    names = ", ".join(functions.other_gradients)
    how = "intermediates= takes such, from the first to the last"
    return [Note("other gradients", f"{names}: no parameters, and not checked; {how}", ())] if names else []
