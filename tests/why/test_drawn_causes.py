"""Causes over drawn models of some fifty kinds: something is named for most mistakes, and nothing false."""

from dataclasses import replace

import numpy as np
import pytest
from drawn.gradient_models import KINDS, drawn
from profiles import by_day

from gradcheck import check

KIND_AND_SEED = [(kind, seed) for seed in range(4) for kind in sorted(KINDS)]
VISIBLE = 1e-5  # of the largest entry of a block
NAMED = 0.85
SAME = 1e-6


def planted(kind, seed):
    """(the right model, the same with a mistake that shows), or None."""
    model, draw = drawn(kind, 500 + seed), np.random.default_rng([seed, sorted(KINDS).index(kind), 7])
    possible = model.mistakes()
    names, good = sorted({mistake[0] for mistake in possible}), model.gradients(model.parameters)
    for _ in range(20):
        name = names[draw.integers(len(names))]
        of_name = [mistake for mistake in possible if mistake[0] == name]
        wrong = replace(model, mistake=of_name[draw.integers(len(of_name))])
        bad = wrong.gradients(model.parameters)
        if any(
            np.any(np.abs(bad[each] - right) > VISIBLE * np.max(np.abs(right)))
            for each, right in good.items()
        ):
            return model, wrong
    return None


def is_times(factor, wrong, model, names, at):
    right, bad = model.gradients(at), wrong.gradients(at)
    sizes = {name: np.max(np.abs(factor * right[name])) for name in names}
    return all(
        np.all(np.abs(bad[each] - factor * right[each]) <= SAME * size) for each, size in sizes.items()
    )


def moved(model, seed):
    """The parameters elsewhere, far enough for other pieces of the loss."""
    draw = np.random.default_rng(seed)
    return {
        name: value + draw.normal(size=value.shape) * max(1e-3, np.sqrt(np.mean(value**2)))
        for name, value in model.parameters.items()
    }


def contradicts(report, model, wrong):
    """What the cause says and is not so, by exact gradients at other points; None where all is so."""
    cause, at = report.cause, moved(model, 1)
    accused = {block.name for block in report.blocks if block.verdict == "wrong"}
    if not set(cause.blocks) <= accused:
        return "a right block is accused"
    whole = cause.id.startswith("factor") or cause.id == "sign"
    if cause.kind == "shape" and whole and " " not in cause.id.replace("factor ", ""):
        if not is_times(cause.constants["factor"], wrong, model, cause.blocks, at):
            return "not a factor elsewhere"
    if cause.id == "own term":
        name = cause.blocks[0]
        off = [
            wrong.gradients(each)[name] - model.gradients(each)[name]
            for each in (at | {name: model.parameters[name]}, model.parameters)
        ]
        if len(cause.blocks) == 1 and not np.allclose(*off, rtol=SAME, atol=SAME * np.max(np.abs(off))):
            return "not a term of its own"
    return None


@pytest.mark.slow
def test_something_is_named_for_most_mistakes_and_nothing_is_false():
    named = []
    for kind, seed in by_day(KIND_AND_SEED, 45):
        pair = planted(kind, seed)
        if pair is None:
            continue
        report = check(pair[1].loss, pair[1].gradients, pair[1].parameters)
        assert report.verdict == "wrong"
        named.append(report.cause is not None)
        if report.cause is not None:
            assert contradicts(report, *pair) is None, f"{kind}, {pair[1].mistake}: {report.cause}"
    assert np.mean(named) >= NAMED
