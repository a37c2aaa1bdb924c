"""One Cause for all that is wrong: a mistake that the wrong blocks have in common, or one for each, or a
place.

What is explained is told, and what is left is placed: a place never hides a mistake that was found in other
blocks.
"""

from dataclasses import replace

import numpy as np

from gradcheck.why.cause import Cause
from gradcheck.why.factor_per_layer import handed_back
from gradcheck.why.fitting import best, sentence
from gradcheck.why.shapes import FAR_BELOW, Block, listing, number, of_layers, shapes
from gradcheck.why.where_it_broke import place


def whole(blocks, claims, layers, task):
    """(the Cause of all that is wrong, or None; the Causes that it is made of, each of some blocks)."""
    wrong = [block for block in blocks if block.name in claims]
    still = [block.name for block in wrong if _is_still(claims[block.name])]
    together = _together(wrong, claims, layers, task)
    if together is not None:
        told = [*(_grouped(still, claims) if len(still) == len(wrong) else ()), together]
    else:
        moved = [block for block in wrong if block.name not in still]
        told = _grouped(still, claims) + _of_moved(moved, claims, blocks, layers, task)
    missing = [name for name in claims if not any(name in each.blocks for each in told)]
    if len(told) == 0:
        return None, ()
    if len(missing) > 0:
        sentence = f"the gradient of {listing(missing)} is wrong, too"
        told.append(Cause("of no known shape", sentence, 0.0, tuple(missing), "place"))
    told = [_of_biases(each, blocks, task) for each in told]
    overall = _joined(told, [block.name for block in blocks if block.is_right])
    return overall, (overall,) if len(told) == 1 else tuple(told)


def _of_moved(wrong, claims, blocks, layers, task):
    """The Causes of wrong blocks that the loss moves with: one in common, or one for each, or some and a
    place.
    """
    names = [block.name for block in wrong]
    together = _together(wrong, claims, layers, task) if len(wrong) < len(claims) else None
    if together is not None:
        return [together]
    if _each_explained(names, claims):
        return _grouped(names, claims)
    claims = claims | _two_steps(wrong, claims, blocks, task)
    shared = _shared(wrong, claims, task)
    without = [name for name in names if _is_told(claims[name])]
    told = _grouped(without, claims) + shared
    left = [name for name in names if not any(name in each.blocks for each in told)]
    return told + _left_over(left, blocks, claims, layers, told, task.samples)


def _together(wrong, claims, layers, task):
    """One Cause of several blocks: a common shape, each other's gradients, or a factor at every step back;
    or None.
    """
    if len(wrong) < 2 or not all(
        np.any(block.visible) and np.all(np.isfinite(block.analytic)) for block in wrong
    ):
        return None
    names = [block.name for block in wrong]
    return _in_common(wrong, task) or _exchanged(claims, names) or handed_back(wrong, layers, task)


def _in_common(wrong, task):
    """The Cause with the same shape and constants for all that is wrong, L2 terms also for the weights
    alone; or None.
    """
    taken = [_as_one(wrong)]
    if len({block.role == "bias" for block in wrong}) == 2:
        taken.append(
            _as_one(
                [
                    replace(block, parameter=np.where(block.role == "bias", 0.0, block.parameter))
                    for block in wrong
                ]
            )
        )
    seen = None if all(np.all(block.known) for block in wrong) else taken[0].numeric.size
    claims = [replace(best(block, list(of_layers(block, task))), looked_at=seen) for block in taken]
    found = [claim.cause([block.name for block in wrong]) for claim in claims]
    return next((cause for cause in found if cause is not None), None)


def _as_one(blocks):
    """The entries of several Blocks that were looked at, as one vector, a bias where all of them are."""
    parts = [
        (seen.analytic, seen.numeric, seen.bar, seen.parameter)
        for seen in (block.at(block.known) for block in blocks)
    ]
    role = "bias" if all(block.role == "bias" for block in blocks) else None
    return Block(
        "", *(np.concatenate([each.ravel() for each in column]) for column in zip(*parts)), role=role
    )


def _exchanged(claims, names):
    """Blocks that have each other's gradients."""
    found = {name: claims[name].shape for name in names}
    if any(
        shape is None or shape.id != "another block" or shape.constants["given"] for shape in found.values()
    ):
        return None
    has = {name: shape.constants["block"] for name, shape in found.items()}
    if sorted(has.values()) != sorted(names):
        return None
    pairs = listing(f"{name} has that of {other}" for name, other in has.items())
    return Cause(
        "block order",
        f"the gradients stand in another order: {pairs}",
        1.0,
        tuple(names),
        constants={"order": has},
    )


def _each_explained(names, claims):
    shapes_found = [claims[name].shape for name in names]
    return None not in shapes_found and (
        len(names) < 2 or all(shape.kind == "shape" for shape in shapes_found)
    )


def _grouped(names, claims):
    """A Cause for every different clause of the claims, in order, about all blocks that it holds for."""
    groups = {}
    for name in names:
        groups.setdefault(sentence(claims[name], ["{}"]), []).append(name)
    return [_cause_of(some, claims) for some in groups.values()]


def _cause_of(names, claims):
    first = claims[names[0]].cause(names)
    return replace(first, explains=min(claims[name].explains for name in names))


# What is not explained as it stands


def _is_still(claim):
    """Whether the loss does not move with the block."""
    return claim.shape is not None and claim.shape.id == "loss does not depend"


def _is_told(claim):
    """Whether a block has a mistake of its own that is told though the others have none: one without fitted
    constants.
    """
    return claim.shape is not None and claim.shape.kind == "shape" and claim.shape.free == 0


def _two_steps(wrong, claims, blocks, task):
    """Claims for blocks that have none: a factor that others have, and then a shape of their own."""
    told = [claim.shape for claim in claims.values() if _is_told(claim)]
    factors = [
        shape.constants["factor"]
        for shape in told
        if shape.id.startswith(("factor", "sign")) and "factor" in shape.constants
    ]
    found = {}
    for factor in dict.fromkeys(factors):
        for block in wrong:
            if _is_told(claims[block.name]) or not np.all(np.isfinite(block.analytic)):
                continue
            scaled = replace(block, numeric=factor * block.numeric, bar=abs(factor) * block.bar)
            others = [
                replace(other, numeric=factor * other.numeric) for other in blocks if other is not block
            ]
            claim = best(scaled, list(shapes(scaled, others, task)))
            if _is_told(claim):
                words = f"{number(factor)} times the numerical one"
                clause = claim.shape.clause.replace("the numerical one", words, 1)
                found.setdefault(
                    block.name, replace(claim, shape=replace(claim.shape, clause=clause), rest=())
                )
    return found


def _shared(wrong, claims, task):
    """The Causes of blocks that have fitted constants, where several have the same ones."""
    groups, unclaimed = {}, []
    for block in wrong:
        shape = claims[block.name].shape
        if shape is not None and shape.kind == "shape" and shape.free > 0:
            groups.setdefault(shape.id, []).append(block)
        elif shape is None and np.any(block.visible):
            unclaimed.append(block)
    found = [_widened(some, unclaimed, task) for some in groups.values() if len(some) > 1]
    return [cause for cause in found if cause is not None]


def _widened(some, others, task):
    """The Cause that some blocks have in common, with those of the others that it holds for too."""
    cause = _in_common(some, task)
    for block in others if cause is not None else ():
        wider = _in_common([*some, block], task)
        if wider is not None and wider.id == cause.id:
            some, cause = [*some, block], wider
    return cause


def _left_over(left, blocks, claims, layers, told, samples):
    """[the Cause that places the blocks without an explanation], or [] where nothing is known of them."""
    if len(left) == 0:
        return []
    explained = {name for cause in told for name in cause.blocks}
    error = min(block.apart for block in blocks if block.name in left)
    seeing = [block for block in blocks if block.resolution <= FAR_BELOW * error]
    right = {block.name for block in seeing if block.proves_the_delta}
    but_for = {
        block.name
        for block in seeing
        if block.name in explained
        and _is_told(claims[block.name])
        and claims[block.name].shape.made_of_delta
        and not np.all(block.still)
    }
    there = place(blocks, layers, set(left), right, samples) or place(
        blocks, layers, set(left), right | but_for, samples
    )
    if there is not None and len(told) > 0:
        there = there[0], f"apart from that {there[1]}"
    if there is None and len(left) == 1 and claims[left[0]].shape is not None:
        return [_cause_of(left, claims)]
    return [] if there is None else [Cause(*there, 0.0, tuple(left), "place")]


# How it is told


def _of_biases(cause, blocks, task):
    """The Cause with its own name where biases are averaged over the samples, and their weights are not, one
    visibly.
    """
    if not task.samples or not cause.id.startswith("factor"):
        return cause
    own = [block for block in blocks if block.name in cause.blocks]
    weights = [
        block for block in blocks if block.role == "weights" and block.layer in {each.layer for each in own}
    ]
    summed = all(block.is_right for block in weights) and any(block.proves_the_delta for block in weights)
    if (
        summed
        and all(block.role == "bias" for block in own)
        and cause.constants.get("factor") == 1.0 / task.samples
    ):
        words = cause.sentence.replace(
            " is the", " is averaged over the samples, that of weights summed: the", 1
        )
        return replace(cause, id="biases averaged", sentence=words)
    return cause


def _joined(told, right):
    """Several Causes as one."""
    placed = any(each.kind == "place" for each in told)
    also = (
        f"; that of {listing(right)} is right"
        if right and not (placed and "right" in told[-1].sentence)
        else ""
    )
    if len(told) == 1:
        return replace(told[0], sentence=told[0].sentence + also)
    return Cause(
        " + ".join(dict.fromkeys(each.id for each in told)),
        "; ".join(each.sentence for each in told) + also,
        min(each.explains for each in told),
        tuple(dict.fromkeys(name for each in told for name in each.blocks)),
        "place" if placed else "shape",
        {name: each.constants for each in told for name in each.blocks},
        free=sum(each.free for each in told),
    )
