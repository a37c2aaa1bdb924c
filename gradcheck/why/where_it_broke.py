"""Where the backward pass broke, from which blocks are right and which are wrong, and what their numbers say.

A backward pass goes from the last layer to the first, each layer with its delta. A wrong delta shows in all
blocks of its layer and of those before; a right block that is not zero proves the deltas down to its layer.
The gradient of the weights is the sum over the samples of delta times input, that of the bias the sum of the
deltas. So a wrong delta leaves a zero input zero, is wrong for the same neurons in both, and of one sample
keeps the weights the outer product of the bias and the input.
"""

from dataclasses import dataclass, replace

import numpy as np

from gradcheck.why.blocks import Layers
from gradcheck.why.cause import listing, named_entries, named_lines

UNLESS = "deltas are wrong where nothing is handed on"
FAR_BELOW = 0.01  # what is so small beside an error does not hide it: two of its digits would still be seen
SUSPECTS = {
    "output delta": "the derivative of the activation or of the loss missing, applied twice or of another "
    "function; the derivative of softmax without its off-diagonal part",
    "hidden delta": "the derivative of the activation missing, applied twice or of another function; weights "
    "transposed or already updated; the relu mask",
    "every block": "the derivative of the activation or of the loss; all of it rounded or clipped; another "
    "loss than the one differentiated",
    "biases": "the sum over the samples along the wrong axis, of one sample, or as a mean; another slope "
    "than in the gradient of the weights",
    "weights": "the input of another layer, or before its activation; one sample in place of the sum; an L2 "
    "term",
    "one layer": "the input of another layer; one sample in place of the sum",
}


def where_it_broke(blocks, layers, wrong, right, samples=None):
    """(id, sentence) of the place of the blocks named in `wrong`, or None where the others do not tell it.

    `right`: names of the blocks that prove their delta; a block in neither set proves nothing. `samples`:
    their number, where it is known.
    """
    if layers is None or len(blocks) < 2 or not wrong <= set(layers.roles):
        return None
    found = _Pass(layers, {block.name: block for block in blocks}, wrong, right, samples)
    place = found.one_kind() or found.everywhere() or (found.along_the_chain() if layers.directed else None)
    if place is None:
        return None
    id, sentence = place
    return id, f"{sentence}. Often: {SUSPECTS[id]}" if id in SUSPECTS else sentence


@dataclass(frozen=True)
class _Pass:
    """The blocks of a backward pass by name, those that are wrong, and those that prove their delta."""

    layers: Layers
    blocks: dict
    wrong: set
    right: set
    samples: int | None

    @property
    def where(self):
        return f"wrong in {listing(n for group in self.layers.names for n in group if n in self.wrong)} only"

    def one_kind(self):
        """Only biases are wrong, or only weights, and the other kind is right in the same layers."""
        broken = [group for group in self.layers.names if self.wrong & set(group)]
        weights = [self.blocks[group[0]] for group in broken]
        single = [each.name for each in weights if each.is_right and each.numeric.size == 1]
        only_biases = all(self.blocks[name].role == "bias" for name in self.wrong)
        if only_biases and {each.name for each in weights} <= {*self.right, *single}:
            are = "is" if len(single) == 1 else "are"
            unless = f", unless {listing(single)} {are} an L2 term alone" if single else ""
            return "biases", (
                f"{self.where}; the weights of the same layers are right{unless}, and so are their deltas: "
                "the sum over the samples that makes the gradient of a bias, a delta of its own, "
                "or deltas of samples whose inputs are all zero"
            )
        if all(g[0] in self.wrong and len(g) == 2 and g[1] in self.right for g in broken):
            return "weights", (
                f"{self.where}; the biases of the same layers are right, and so are the deltas: what the "
                "deltas are multiplied by, or what is done with it after"
            )
        return None

    def everywhere(self):
        """No block is right."""
        others = [block for name, block in self.blocks.items() if name not in self.wrong]
        if not all(block.proves_nothing for block in others):
            return None
        l2 = " or an L2 term alone" if any(block.is_right for block in others) else ""
        where = f"wrong in every array{f' that is not zero{l2}' if others else ''}"
        says, why = _delta_evidence(*self._layer(-1), self.samples) if self.layers.directed else (None, "")
        if says == "delta":
            return "output delta", f"{where}: look at the output delta, {why}"
        if says == "not the delta":
            return "every block", f"{where}, and not by a wrong output delta alone: {why}"
        return "every block", f"{where}: look at the output delta, or each array by itself"

    def along_the_chain(self):
        """The right block nearest to the input divides layers of a wrong delta from those of a right one."""
        names = self.layers.names
        lowest = next((i for i, group in enumerate(names) if self.right & set(group)), len(names))
        broken = [i for i, group in enumerate(names) if self.wrong & set(group)]
        if max(broken) < lowest < len(names):
            return self._hidden_delta(lowest, max(broken))
        return self._right_deltas(lowest, broken) if min(broken) >= lowest else None

    def _hidden_delta(self, lowest, here):
        """Right down to the layer `lowest`, wrong from the layer `here` on, which is nearer to the input."""
        on = [name for name in self.layers.names[here] if name in self.wrong]
        right, many = self._right_in(lowest), len(self.right & set(self.layers.names[lowest])) > 1
        alone = not any(self.wrong & set(group) for group in self.layers.names[:here])
        broken = f"{listing(on)} wrong" if alone else f"wrong from {listing(on)} on"
        chain = f"{right} {'are' if many else 'is'} right, {broken}"
        off = _off_neurons(*self._layer(here))
        if off is not None:
            return "relu left out", (
                f"{chain}: look at the hidden delta; {off} not zero where the true gradient is, as if the "
                "derivative of relu were left out, or taken of something else"
            )
        says, why = _delta_evidence(*self._layer(here), self.samples)
        if says == "delta":
            return "hidden delta", f"{chain}: look at the hidden delta, {why}"
        if says == "not the delta":
            return "hidden layers", f"{chain}, and not by a wrong hidden delta alone: {why}"
        alone = "each of them by itself" if len(self.wrong) > 1 else f"{on[0]} by itself"
        return "hidden delta", f"{chain}: look at the hidden delta, or {alone}"

    def _right_deltas(self, lowest, broken):
        """Wrong blocks, none of them nearer to the input than a right one."""
        names, here = self.layers.names, broken[0]
        if len(broken) > 1 or self.right & set(names[here]):
            said = f"right in {self._right_in(lowest)}: what is handed on to there is right"
            return "each by itself", f"{self.where}, {said}, what is made of it is not, or {UNLESS}"
        last = max(i for i in range(lowest, here) if self.right & set(names[i]))
        unless = "" if last == here - 1 and names[here][0] in self.wrong else f", or {UNLESS}"
        said = f"right in {self._right_in(last)} before: the delta handed on is right"
        return "one layer", f"{self.where}, {said}, what is made of it is not{unless}"

    def _right_in(self, layer):
        return listing(name for name in self.layers.names[layer] if name in self.right)

    def _layer(self, number):
        """The weights, the bias or None, and the axis of the neurons, of a layer."""
        weights, *vectors = (self.blocks[name] for name in self.layers.names[number])
        return weights, vectors[0] if len(vectors) == 1 else None, self.layers.axis


# What the numbers of one layer say about its delta


def _delta_evidence(weights, bias, axis, samples):
    """("delta", why), ("not the delta", why) or (None, "") for a layer whose weights are wrong.

    `bias`: a GradientBlock or None. `axis`: that of the weights along which the neurons lie, or None. Weights
    that are no outer product speak against the delta only where there is one of the `samples`.
    """
    if axis is None or weights.numeric.ndim != 2 or not weights.is_wrong or not np.all(weights.known):
        return None, ""
    moved = _zero_input_moved(weights, axis)
    if moved is not None:
        return "not the delta", f"{moved} not zero where the true gradient is, as of an input that is zero"
    if bias is None or not np.all(bias.known) or bias.numeric.size != weights.numeric.shape[axis]:
        return None, ""
    other = _other_neurons(weights, bias, axis)
    if other is not None:
        return "not the delta", other
    kept = _outer_product_kept(weights, bias, axis)
    product = f"the gradient of {weights.name} is that of {bias.name} times an input"
    if kept:
        return "delta", f"for {product}, as in the true one"
    return ("not the delta", f"in the true one {product}") if kept is False and samples == 1 else (None, "")


def _off_neurons(weights, bias, axis):
    """The lines of the weights, and the biases, of neurons that are off for every sample and have a gradient,
    in words: "W1[1,:] and b1[1] are". None if not so; without an `axis` either is tried.
    """
    if weights.numeric.ndim != 2:
        return None
    either = (0, 1) if axis is None and bias is not None else () if axis is None else (axis,)
    found = [off for each in either if (off := _off(weights, bias, each)) is not None]
    return found[0] if len(found) == 1 else None


def _off(weights, bias, axis):
    if bias is not None and bias.numeric.size != weights.numeric.shape[axis]:
        return None
    still = np.all(weights.still, axis=1 - axis)
    off, also = still & np.any(weights.visible, axis=1 - axis), ""
    if not np.any(off) or np.all(still):
        return None
    if bias is not None:
        if np.any(off & ~(bias.still & bias.visible).ravel()):
            return None
        also = f" and {_entries(bias, off)}"
    return f"{named_lines(weights.name, axis, off)}{also} are"


def _zero_input_moved(weights, axis):
    """The lines of an input that are zero in truth, for several neurons, and not as handed in."""
    zero = np.all(weights.still, axis=axis)
    moved = zero & np.any(weights.visible, axis=axis)
    if weights.numeric.shape[axis] < 2 or np.all(zero) or not np.any(moved):
        return None
    return f"{named_lines(weights.name, 1 - axis, moved)} {'is' if np.sum(moved) == 1 else 'are'}"


def _other_neurons(weights, bias, axis):
    """Neurons whose bias is right and whose weights are not, in words; the reverse may be inputs of zero."""
    if weights.is_multiple:
        return None
    difference, across = np.abs(weights.analytic - weights.numeric), 1 - axis
    apart = np.max(difference, axis=across) / np.max(np.abs(weights.numeric), axis=across)
    b, bar = bias.numeric.ravel(), bias.least_bar.ravel()
    right = np.abs(bias.analytic.ravel() - b) <= bar
    sees = bias.confidence * bar / np.abs(b) < FAR_BELOW * apart
    chosen = right & sees & np.any(weights.visible, axis=1 - axis)
    if not np.any(chosen):
        return None
    verb = "is" if np.sum(chosen) == 1 else "are"
    return f"{_entries(bias, chosen)} {verb} right and {named_lines(weights.name, axis, chosen)} not"


def _outer_product_kept(weights, bias, axis):
    """Whether the weights handed in are the outer product of bias and input; None where the true are not."""
    true, given = bias.numeric.ravel(), bias.analytic.ravel()
    if np.sum(~bias.still) < 2 or not bias.is_wrong:
        return None
    kept = True
    for i in range(weights.numeric.shape[1 - axis]):
        line = weights.at((slice(None), i) if axis == 0 else i)
        x = replace(line, analytic=line.numeric).fit([true])
        if x is None:
            return None
        bar = bias.confidence * (line.least_bar + abs(x[0]) * bias.least_bar.ravel())
        if np.any(np.abs(line.numeric - x[0] * true) > bar):
            return None
        x_bar = np.max(bar) / np.max(np.abs(true))
        kept = kept and not np.any(np.abs(line.analytic - x[0] * given) > bar + x_bar * np.abs(given))
    return kept


def _entries(bias, chosen):
    return named_entries(bias.name, chosen.reshape(bias.numeric.shape))
