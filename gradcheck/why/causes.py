"""Why a gradient is wrong: one mistake that all wrong blocks have in common, else one for each, else the
layer where the backward pass first goes wrong.

A cause is named only where it leaves nothing over. Where the bars are too wide to see what is wrong, none is.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from gradcheck.errors import GradcheckError, ShapeMismatch, entry_name
from gradcheck.why.arrangements import ignored
from gradcheck.why.blocks import GradientBlock, layers_of, named_like_a_bias
from gradcheck.why.cause import SHARP, Cause, Causes, ErrorShape, Explained, Task, best, listing
from gradcheck.why.elsewhere import Elsewhere
from gradcheck.why.experiments import try_experiments
from gradcheck.why.shapes import entry_by_entry, shapes
from gradcheck.why.where_it_broke import FAR_BELOW, where_it_broke

SHORTEST = 4  # entries of a vector of which two constants say something
OF_ONE_LAYER = ("weights", "biases")  # places that take the deltas of a layer for right


def causes(
    blocks: Iterable[GradientBlock],
    learning_rate: float | None = None,
    samples: int | None = None,
    outputs: int | None = None,
    *,
    l2: float | None = None,
    elsewhere: Elsewhere | None = None,
) -> Causes:
    """The Causes of what is visibly wrong in some GradientBlocks.

    `learning_rate`, the numbers of `samples` and `outputs`, and `l2`, the factor of the parameter in the
    gradient of the L2 term, are looked for as constants; the length of the last bias stands in for missing
    `outputs`. `elsewhere`: the functions, at whose other points causes are confirmed and looked for. Raises
    ShapeMismatch where the arrays of a block differ in shape, GradcheckError where an error
    bar is negative or NaN.
    """
    blocks = [_checked(block) for block in blocks]
    names = [block.name for block in blocks]
    layers = layers_of(blocks)
    if layers is not None:
        outputs = layers.outputs if outputs is None else outputs
        by_name = {block.name: block for block in blocks}
        blocks = [replace(by_name[name], role=role, layer=i) for name, (role, i) in layers.roles.items()]
    if elsewhere is not None:
        elsewhere.still = tuple(block.name for block in blocks if np.all(block.still))
    task = Task(learning_rate, samples, outputs, l2)
    with np.errstate(all="ignore"):
        wrong = [block for block in blocks if block.is_wrong]
        others = ([other for other in blocks if other is not block] for block in wrong)
        found = {block.name: _explained(block, other, task, elsewhere) for block, other in zip(wrong, others)}
        parts = _parts(blocks, found, layers, task, elsewhere)
        overall = _joined(parts, [block.name for block in blocks if block.is_right]) if parts else None
    shown = [overall] if len(parts) == 1 else parts
    own = {name: _own_or_common(each.cause([name]), name, shown) for name, each in found.items()}
    return Causes(overall, dict.fromkeys(names) | own, tuple(found))


# One block


def _explained(block, others, task, elsewhere):
    """What explains one wrong block."""
    if not block.is_finite:
        sentence = "the gradient of {} has entries that are not finite numbers"
        return Explained(_said("not finite", block, sentence))
    still = _loss_does_not_move(block, others)
    if np.any(block.known) and not np.all(block.known):
        seen = best(block.at(block.known), list(entry_by_entry(block.at(block.known), task)))
        if seen.shape is not None:
            return replace(seen, measured=int(np.sum(block.known)))
    found = best(block, [*still, *shapes(block, others, task)], elsewhere)
    return found if found.shape is not None else _but_for_a_bias(block, task, elsewhere)


def _but_for_a_bias(block, task, elsewhere):
    """The same of a flat vector whose first or last entry is a bias, of which there is no L2 term."""
    if block.numeric.ndim == 1 and block.numeric.size >= SHORTEST and np.all(block.known):
        for place in (-1, 0):
            part = np.ones(block.numeric.shape)
            part[place] = 0.0
            of_most = _with_l2_of(block, part)
            found = best(
                of_most, [each for each in entry_by_entry(of_most, task) if "L2" in each.id], elsewhere
            )
            if found.shape is not None:
                name = entry_name(block.name, (place % block.numeric.size,))
                clause = f"{found.shape.clause}; no L2 term is of {name}"
                return replace(found, shape=replace(found.shape, clause=clause), equals=())
    return Explained(None)


def _loss_does_not_move(block, others):
    """[an ErrorShape] where the numerical gradient is zero in every entry, exactly or within narrow bars."""
    largest = np.max(np.abs(block.analytic), initial=0.0)
    narrow = block.confidence * np.max(block.bar, initial=0.0) <= SHARP * largest
    if block.numeric.size == 0 or not np.all(block.still) or not narrow:
        return []
    at_all = "at all" if np.all(block.numeric == 0.0) else "beyond the error bars"
    asked = "does it use the parameters that it is given? Outputs that always sum to the same want weights"
    if any(other.is_right for other in others):
        asked = "not used, or connected with units that are off at this point?"
    return [_said("loss does not depend", block, f"the loss does not move with {{}} {at_all}: {asked}")]


def _said(id, block, sentence):
    return ErrorShape(id, "", block.analytic, sentence=sentence, made_of_delta=False)


def _own_or_common(own, name, parts):
    """The Cause of a block: the common one, if that says more than its own, or with fewer constants."""
    common = next((part for part in parts if name in part.blocks and part.kind == "shape"), None)
    is_a_place = own is None or own.kind == "place" or own.id.endswith("one entry")
    return common if common is not None and (is_a_place or own.free > common.free) else own


# All blocks


def _parts(blocks, found, layers, task, elsewhere):
    """The Causes of all that is wrong, each of some blocks."""
    wrong = [block for block in blocks if block.name in found]
    still = [block for block in wrong if _is_still(found[block.name])]
    moved = [block for block in wrong if not _is_still(found[block.name])]
    explained = [found[block.name].shape for block in moved]
    together = _in_common(wrong, found, task, elsewhere)
    if together is not None:
        parts = [*(_grouped(still, found) if not moved else ()), together]
    elif (together := _in_common(moved, found, task, elsewhere)) is not None:
        parts = [*_grouped(still, found), together]
    elif None not in explained and all(shape.kind == "shape" for shape in explained):
        parts = _grouped(still + moved, found)
    else:
        parts = _grouped(still, found)
        parts += _grouped([block for block in moved if found[block.name].is_own], found)
        parts += _left_over(moved, blocks, found, layers, parts, task.samples, elsewhere)
    named = {name for part in parts for name in part.blocks}
    missing = [block.name for block in wrong if block.name not in named]
    if parts and missing:
        sentence = f"the gradient of {listing(missing)} is wrong, too"
        parts.append(Cause("of no known shape", sentence, tuple(missing), "place"))
    return parts


def _in_common(wrong, found, task, elsewhere):
    """The Cause of several blocks that have one shape with the same constants.

    An L2 term may be of the weights alone.
    """
    if len(wrong) < 2 or not all(block.is_finite and np.any(block.visible) for block in wrong):
        return None
    names = [block.name for block in wrong]
    taken = [_as_one(wrong)]
    with_l2 = [0.0 if _is_bias(block) else 1.0 for block in wrong]
    if len(set(with_l2)) == 2:
        taken.append(_as_one([_with_l2_of(block, part) for block, part in zip(wrong, with_l2)]))
    entries = None if all(np.all(block.known) for block in wrong) else taken[0].numeric.size
    for block in taken:
        claim = best(block, list(entry_by_entry(block, task)), elsewhere)
        if claim.shape is not None:
            return replace(claim, measured=entries).cause(names)
    return None


def _is_bias(block):
    return block.role == "bias" or block.role is None and named_like_a_bias(block)


def _with_l2_of(block, part):
    """The block with an L2 term of a part of it alone, an array of zeros and ones or one of them."""
    return replace(block, parameter=part * block.parameter, parts=((block.name, part),))


def _as_one(blocks):
    """The known entries of several blocks as one vector, a bias where all of them are."""
    seen = [block.at(block.known) for block in blocks]
    keys = ("analytic", "numeric", "bar", "parameter", "visible")
    columns = {key: np.concatenate([getattr(block, key).ravel() for block in seen]) for key in keys}
    columns["judged_wrong"] = columns.pop("visible")
    role = "bias" if all(block.role == "bias" for block in blocks) else None
    parts = tuple(part for block in blocks for part in block.parts)
    return GradientBlock("", **columns, confidence=blocks[0].confidence, role=role, parts=parts)


def _is_still(claim):
    return claim.shape is not None and claim.shape.id == "loss does not depend"


def _grouped(blocks, found):
    """A Cause for every different sentence, in order, about all blocks that it holds for."""
    groups = {}
    for block in blocks:
        groups.setdefault(found[block.name].sentence(["{}"]), []).append(block.name)
    return [found[names[0]].cause(names) for names in groups.values()]


def _left_over(wrong, blocks, found, layers, parts, samples, elsewhere):
    """[the Cause that says where the blocks without a mistake of their own broke], or []."""
    named = {name for part in parts for name in part.blocks}
    left = [block for block in wrong if block.name not in named]
    if len(left) == 0:
        return []
    there, right = _there(left, named, blocks, found, layers, samples)
    own = _grouped(left, found) if len(left) == 1 and found[left[0].name].shape is not None else []
    own, lost = [(each.id, each.sentence) for each in own], _ignored(left)
    known = own or [*lost, *there]
    tried = None if elsewhere is None or lost else try_experiments(elsewhere, [b.name for b in left], right)
    if tried is not None:
        id, said, tells_a_mistake = tried
        if id == "in the limit" and there and tells_a_mistake:
            known = [(there[0][0], said), *there]
        elif tells_a_mistake or not own and (not there or _contradicts(layers, elsewhere)):
            known = [*own, (id, said)]
    if len(known) == 0:
        return []
    sentence = "; ".join(said for _, said in known)
    sentence = f"apart from that {sentence}" if parts else sentence
    return [Cause(known[0][0], sentence, tuple(block.name for block in left), "place")]


def _there(left, named, blocks, found, layers, samples):
    """([(id, sentence) of where the chain broke], or [], the names of the blocks that prove their delta)."""
    names, error = {block.name for block in left}, min(block.apart for block in left)
    seeing = [block for block in blocks if block.resolution <= FAR_BELOW * error]
    right = [block.name for block in seeing if block.proves_the_delta]
    explained = [block for block in seeing if block.name in named and not np.all(block.still)]
    but_for = {block.name for block in explained if found[block.name].shape.made_of_delta}
    there = where_it_broke(blocks, layers, names, set(right), samples)
    if there is None and but_for:
        there = where_it_broke(blocks, layers, names, {*right, *but_for}, samples)
        if there is not None:
            but = re.sub(r"\b(are|is) right\b", r"\1 right but for that", there[1])
            there = None if there[0] in OF_ONE_LAYER else (there[0], but)
    return [] if there is None else [there], right


def _contradicts(layers, elsewhere):
    """Whether a gradient vanishes with an array of its own layer: these are no layers."""
    there = {name: layer for name, (_, layer) in layers.roles.items()}
    pairs = [(name, each) for name, gates in elsewhere.behind.items() for each in gates]
    return any(there[name] == there[each] for name, each in pairs)


def _ignored(left):
    """[(id, sentence)] of what the loss ignores in some blocks and their gradients do not."""
    groups = {}
    for block in left:
        lost = ignored(block) if block.is_finite else None
        if lost is not None:
            groups.setdefault(lost, []).append(block.name)
    return [(id, sentence.format(listing(names))) for (id, sentence), names in groups.items()][:1]


def _joined(parts, right):
    """Several Causes as one, which also says which blocks are right."""
    placed = any(each.kind == "place" for each in parts)
    is_said = placed and "right" in parts[-1].sentence
    also = f"; that of {listing(right)} is right" if right and not is_said else ""
    if len(parts) == 1:
        return replace(parts[0], sentence=parts[0].sentence + also)
    id = " + ".join(dict.fromkeys(each.id for each in parts))
    sentence = "; ".join(each.sentence for each in parts) + also
    constants = {name: each.constants for each in parts for name in each.blocks}
    free, kind = sum(each.free for each in parts), "place" if placed else "shape"
    return Cause(id, sentence, tuple(constants), kind, constants, free=free)


def _checked(block):
    keys = ("analytic", "numeric", "bar", "parameter")
    arrays = {key: np.asarray(getattr(block, key), dtype=np.float64) for key in keys}
    for array in arrays.values():
        if array.shape != arrays["parameter"].shape:
            raise ShapeMismatch(block.name, arrays["parameter"].shape, array.shape)
    if not np.all(arrays["bar"] >= 0.0):
        allowed = "an error bar is a number from 0 to infinity"
        raise GradcheckError(f"{block.name}: {allowed}, found {block.bar!r}")
    unknown = ~np.isfinite(arrays["numeric"])
    arrays["numeric"] = np.where(unknown, 0.0, arrays["numeric"])
    arrays["bar"] = np.where(unknown, np.inf, arrays["bar"])
    return replace(block, **arrays, role=None, layer=None, parts=((block.name, 1.0),))
