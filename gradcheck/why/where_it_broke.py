"""Where the backward pass broke, from which blocks are right and which are wrong, and what their numbers say.

A backward pass goes from the last layer to the first, each layer with its delta. A wrong delta shows in all
blocks of its layer and of those before; a right block that is not zero proves the deltas down to its layer.
The gradient of the weights is the sum over the samples of delta times input, that of the bias the sum of the
deltas. So a wrong delta leaves a zero input zero, is wrong for the same neurons in both, and of one sample
keeps the weights the outer product of the bias and the input.
"""

from dataclasses import replace

import numpy as np

from gradcheck.verdict import WELL_BEYOND
from gradcheck.why.cause import listing, named_entries, named_lines

FAR_BELOW = 0.01  # what is so small beside an error does not hide it: two of its digits would still be seen


SUSPECTS = {
    "output delta": "the derivative of the activation or of the loss missing, applied twice or of another function; the "
    "derivative of softmax without its off-diagonal part",
    "hidden delta": "the derivative of the activation missing, applied twice or of another function; weights transposed or "
    "already updated; the relu mask",
    "every block": "the derivative of the activation or of the loss; all of it rounded or clipped; another loss than the "
    "one differentiated",
    "biases": "the sum over the samples along the wrong axis, of one sample, or as a mean",
    "weights": "the input of another layer, or before its activation; one sample in place of the sum; an L2 term",
    "one layer": "the input of another layer; one sample in place of the sum",
}


def where_it_broke(blocks, layers, wrong, right, samples=None):
    """(id, sentence) of the place of the blocks named in `wrong`, or None where the others say nothing about
    it.

    `right`: names of the blocks that bear witness to their delta; a block that is in neither set says
    nothing. `samples`: their number, where it is known.
    """
    if layers is None or len(blocks) < 2 or not wrong <= set(layers.roles):
        return None
    by_name = {block.name: block for block in blocks}
    told = _one_kind(layers, wrong, right, by_name) or _everywhere(layers, wrong, by_name, samples)
    if told is None and layers.directed:
        told = _along_the_chain(layers, wrong, right, by_name, samples)
    if told is None:
        return None
    id, sentence = told
    return id, f"{sentence} (the usual suspects: {SUSPECTS[id]})" if id in SUSPECTS else sentence


def _one_kind(layers, wrong, right, by_name):
    """Only biases are wrong, or only weights, and the other kind is right in the same layers."""
    where = f"wrong in {_listed(layers, wrong)} only"
    broken = [group for group in layers.names if wrong & set(group)]
    single = [
        group[0] for group in broken if by_name[group[0]].is_right and by_name[group[0]].numeric.size == 1
    ]
    if all(by_name[name].role == "bias" for name in wrong) and all(
        group[0] in {*right, *single} for group in broken
    ):
        unless = (
            f", unless {listing(single)} {'is' if len(single) == 1 else 'are'} an L2 term alone"
            if single
            else ""
        )
        return "biases", (
            f"{where}; the weights, made of the same deltas, are right{unless}: the sum over the samples that "
            "makes the gradient of a bias, or deltas of samples whose inputs are all zero"
        )
    if all(group[0] in wrong and len(group) == 2 and group[1] in right for group in broken):
        return "weights", (
            f"{where}; the biases of the same layers are right, and so are the deltas: what the deltas are "
            "multiplied by, or what is done with it after"
        )
    return None


def _everywhere(layers, wrong, by_name, samples):
    """No block is right."""
    others = [block for name, block in by_name.items() if name not in wrong]
    if len(layers.names) < 2 or not all(block.proves_nothing for block in others):
        return None
    but = " that is not zero" + (" or an L2 term alone" if any(block.is_right for block in others) else "")
    where = f"wrong in every block{but if others else ''}"
    says, why = _evidence(*_of_layer(layers, -1, by_name), samples) if layers.directed else ("open", "")
    if says == "delta":
        return "output delta", f"{where}: the output delta, {why}"
    if says == "not the delta":
        return "every block", f"{where}, and not by a wrong output delta alone: {why}"
    return "every block", f"{where}: the output delta, or each block by itself"


def _along_the_chain(layers, wrong, right, by_name, samples):
    """The layer nearest to the input that has a right block divides those of the wrong delta from those with
    a right one.
    """
    names = layers.names
    lowest = next((i for i, group in enumerate(names) if right & set(group)), len(names))
    before = [i for i in range(lowest) if wrong & set(names[i])]
    after = [i for i in range(lowest, len(names)) if wrong & set(names[i])]
    if before and not after and lowest < len(names):
        return _handed_back(layers, lowest, before[-1], wrong, right, by_name, samples)
    if after and not before:
        return _made_of_right_deltas(layers, lowest, after, wrong, right)
    return None


def _made_of_right_deltas(layers, lowest, after, wrong, right):
    """Wrong blocks, none of them nearer to the input than a right one."""
    where = f"wrong in {_listed(layers, wrong)} only"
    whole = len(after) == 1 and set(layers.names[after[0]]).isdisjoint(right)
    last = max(i for i in range(lowest, after[0] + 1) if right & set(layers.names[i])) if whole else lowest
    here = listing(name for name in layers.names[last] if name in right)
    if whole:
        told = (
            "one layer",
            f"{where}, right in {here} before: the delta handed on is right, what is made of it is not",
        )
    else:
        told = (
            "each by itself",
            f"{where}, right in {here}: what is handed on to there is right, what is made of it is not",
        )
    shown = whole and last == after[0] - 1 and layers.names[after[0]][0] in wrong
    return told if shown else (told[0], f"{told[1]}, or deltas are wrong where nothing is handed on")


def _handed_back(layers, lowest, here, wrong, right, by_name, samples):
    """A hidden delta: right down to the layer `lowest`, wrong from the layer `here` on, which is nearer to
    the input.
    """
    on = [name for name in layers.names[here] if name in wrong]
    kept = listing(name for name in layers.names[lowest] if name in right)
    chain = f"right down to {kept}, wrong from {listing(on)} on"
    off = _off_neurons(*_of_layer(layers, here, by_name))
    if off is not None:
        return "relu left out", (
            f"{chain}: the hidden delta; {off} not zero where the true gradient is, as if the "
            "derivative of relu were left out, or taken of something else"
        )
    says, why = _evidence(*_of_layer(layers, here, by_name), samples)
    if says == "delta":
        return "hidden delta", f"{chain}: the hidden delta, {why}"
    if says == "not the delta":
        return "hidden layers", f"{chain}, and not by a wrong hidden delta alone: {why}"
    alone = "each of them by itself" if len(wrong) > 1 else f"{on[0]} by itself"
    return "hidden delta", f"{chain}: the hidden delta, or {alone}"


def _of_layer(layers, number, by_name):
    """The weights, the bias or None, and the axis of the neurons, of a layer."""
    weights, *vectors = (by_name[name] for name in layers.names[number])
    return weights, vectors[0] if len(vectors) == 1 else None, layers.axis


def _listed(layers, wrong):
    return listing(name for group in layers.names for name in group if name in wrong)


# What the numbers of one layer say about its delta


def _evidence(weights, bias, axis, samples):
    """("delta", why), ("not the delta", why) or ("open", "") for a layer whose weights are wrong.

    `bias`: a Block or None. `axis`: that of the weights along which the neurons lie, or None. `samples`:
    their number, or None; an outer product that is not kept counts against the delta only where there is one,
    for symmetry makes them too.
    """
    if axis is None or weights.numeric.ndim != 2 or not weights.is_wrong or not np.all(weights.known):
        return "open", ""
    moved = _zero_input_moved(weights, axis)
    if moved is not None:
        return "not the delta", f"{moved} not zero where the true gradient is, as of an input that is zero"
    if bias is None or not np.all(bias.known) or bias.numeric.size != weights.numeric.shape[axis]:
        return "open", ""
    other = _other_neurons(weights, bias, axis)
    if other is not None:
        return "not the delta", other
    kept = _outer_product_kept(weights, bias, axis)
    product = f"the gradient of {weights.name} is that of {bias.name} times an input"
    if kept is None or not kept and samples != 1:
        return "open", ""
    return (
        ("delta", f"for {product}, as in the true one")
        if kept
        else ("not the delta", f"in the true one {product}")
    )


def _off_neurons(weights, bias, axis):
    """The lines of the weights, and the biases, that are zero in truth and not as handed in, in words; None
    if not so.

    They are those of some neurons, not of all: off for every sample. Without an `axis` either is tried.
    """
    if weights.numeric.ndim != 2:
        return None
    found = [
        _off(weights, bias, each)
        for each in ((0, 1) if axis is None and bias is not None else (axis,))
        if each is not None
    ]
    told = [each for each in found if each is not None]
    return told[0] if len(told) == 1 else None


def _off(weights, bias, axis):
    if bias is not None and bias.numeric.size != weights.numeric.shape[axis]:
        return None
    still, wrong = np.all(weights.still, axis=1 - axis), np.any(weights.visible, axis=1 - axis)
    if bias is None:
        off, also = still & wrong, ""
    else:
        off = still & wrong & bias.still.ravel() & bias.visible.ravel()
        also = f" and {_entries(bias, off)}"
        if np.any((still & wrong) != off):
            return None
    return f"{named_lines(weights.name, axis, off)}{also} are" if np.any(off) and not np.all(still) else None


def _zero_input_moved(weights, axis):
    """The lines of an input that are zero in truth, for several neurons, and not as handed in."""
    zero = np.all(weights.still, axis=axis)
    moved = zero & np.any(weights.visible, axis=axis)
    if weights.numeric.shape[axis] < 2 or np.all(zero) or not np.any(moved):
        return None
    return f"{named_lines(weights.name, 1 - axis, moved)} {'is' if np.sum(moved) == 1 else 'are'}"


def _other_neurons(weights, bias, axis):
    """Neurons whose bias is right and whose weights are not, in words. (The reverse is no evidence: inputs
    may be zero.)
    """
    if weights.is_multiple:
        return None
    numeric, off = (
        np.moveaxis(each, axis, 0) for each in (weights.numeric, weights.analytic - weights.numeric)
    )
    apart = np.max(np.abs(off), axis=1) / np.max(np.abs(numeric), axis=1)
    b, bar = np.abs(bias.numeric.ravel()), bias.least_bar.ravel()
    right = (np.abs((bias.analytic - bias.numeric).ravel()) <= bar) & (
        WELL_BEYOND * bar / b < FAR_BELOW * apart
    )
    chosen = right & np.any(weights.visible, axis=1 - axis)
    if not np.any(chosen):
        return None
    verb = "is" if np.sum(chosen) == 1 else "are"
    return f"{_entries(bias, chosen)} {verb} right and {named_lines(weights.name, axis, chosen)} not"


def _outer_product_kept(weights, bias, axis):
    """Whether the weights are the outer product of the bias and an input as handed in; None where they are
    not in truth.
    """
    true, given = bias.numeric.ravel(), bias.analytic.ravel()
    if np.sum(~bias.still) < 2 or not bias.is_wrong:
        return None
    kept = True
    for i in range(weights.numeric.shape[1 - axis]):
        line = weights.at((slice(None), i) if axis == 0 else i)
        x = replace(line, analytic=line.numeric).fit([true])
        if x is None:
            return None
        bar = WELL_BEYOND * (line.least_bar + abs(x[0]) * bias.least_bar.ravel())
        if np.any(np.abs(line.numeric - x[0] * true) > bar):
            return None
        x_bar = np.max(bar) / np.max(np.abs(true))
        kept = kept and not np.any(np.abs(line.analytic - x[0] * given) > bar + x_bar * np.abs(given))
    return kept


def _entries(bias, chosen):
    return named_entries(bias.name, chosen.reshape(bias.numeric.shape))
