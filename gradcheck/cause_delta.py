"""What the numbers of one layer say about its delta: whether a wrong delta alone can have made them, and nothing else would.

The gradient of the weights is the sum over the samples of delta times input, that of the bias the sum of the deltas. So a
wrong delta leaves a zero input zero, and is wrong for the same neurons in both; and of one sample the gradient of the
weights is the outer product of that of the bias and the input, which no other mistake is likely to keep.
"""

from dataclasses import replace

import numpy as np

from .shapes.block import WELL_BEYOND, fit, is_multiple
from .shapes.parts import named_lines
from .shapes.words import named_entries

FAR_BELOW = 0.01            # what a relative error must be beside another one to be called none


def evidence(weights, bias, axis):
    """("delta", why), ("not the delta", why) or ("open", "") for a layer whose weights are wrong.

    `bias`: a Block or None. `axis`: that of the weights along which the neurons lie, or None.
    """
    if axis is None or weights.numeric.ndim != 2 or not weights.is_wrong or not np.all(weights.known):
        return "open", ""
    moved = _zero_input_moved(weights, axis)
    if moved is not None:
        return "not the delta", f"{moved} not zero where the true gradient is, as of an input that is zero"
    if bias is None or not np.all(bias.known) or bias.numeric.size != weights.numeric.shape[axis]:
        return "open", ""
    other = _other_neurons(weights, bias, axis)
    return ("not the delta", other) if other is not None else _outer_product(weights, bias, axis)


def off_neurons(weights, bias, axis):
    """The lines of the weights, and the biases, that are zero in truth and not as handed in, in words; None if not so.

    They are those of some neurons, not of all: off for every sample. Without an `axis` either is tried.
    """
    if weights.numeric.ndim != 2:
        return None
    found = [_off(weights, bias, each) for each in ((0, 1) if axis is None and bias is not None else (axis,))
             if each is not None]
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
    return f"{named_lines(weights, axis, off)}{also} are" if np.any(off) and not np.all(still) else None


def _zero_input_moved(weights, axis):
    """The lines of an input that are zero in truth, for several neurons, and not as handed in."""
    zero = np.all(weights.still, axis=axis)
    moved = zero & np.any(weights.visible, axis=axis)
    if weights.numeric.shape[axis] < 2 or np.all(zero) or not np.any(moved):
        return None
    return f"{named_lines(weights, 1 - axis, moved)} {'is' if np.sum(moved) == 1 else 'are'}"


def _other_neurons(weights, bias, axis):
    """Neurons whose bias is right and whose weights are not, or the other way round, told in words."""
    if is_multiple(weights):
        return None
    w, b = np.moveaxis(weights.numeric, axis, 0), bias.numeric.ravel()
    w_off, b_off = np.moveaxis(weights.analytic, axis, 0) - w, bias.analytic.ravel() - b
    w_bar, b_bar = np.moveaxis(weights.least_bar, axis, 0), bias.least_bar.ravel()
    w_wrong = np.max(np.abs(w_off), axis=1) / np.max(np.abs(w), axis=1)
    b_wrong, b_known = np.abs(b_off / b), b_bar / np.abs(b)
    w_known = np.min(np.where(w == 0.0, np.inf, w_bar / np.abs(w)), axis=1)
    w_right, b_right = np.all(np.abs(w_off) <= w_bar, axis=1), np.abs(b_off) <= b_bar
    for chosen, right, wrong in (
            (b_right & (WELL_BEYOND * b_known < FAR_BELOW * w_wrong), True, False),
            (w_right & (WELL_BEYOND * w_known < FAR_BELOW * b_wrong), False, True)):
        chosen = chosen & (np.any(weights.visible, axis=1 - axis) if right else bias.visible.ravel())
        if np.any(chosen):
            lines, entries = named_lines(weights, axis, chosen), _entries(bias, chosen)
            first, second = (entries, lines) if right else (lines, entries)
            return f"{first} {'is' if np.sum(chosen) == 1 else 'are'} right and {second} not, of the same neuron"
    return None


def _outer_product(weights, bias, axis):
    """Whether the weights are the outer product of the bias and an input, in truth and as handed in."""
    true, given = bias.numeric.ravel(), bias.analytic.ravel()
    if np.sum(~bias.still) < 2 or not bias.is_wrong:
        return "open", ""
    kept = True
    for i in range(weights.numeric.shape[1 - axis]):
        line = weights.at((slice(None), i) if axis == 0 else i)
        x = fit(replace(line, analytic=line.numeric), [true])
        if x is None:
            return "open", ""
        bar = WELL_BEYOND * (line.least_bar + abs(x[0]) * bias.least_bar.ravel())
        if np.any(np.abs(line.numeric - x[0] * true) > bar):
            return "open", ""
        x_bar = np.max(bar) / np.max(np.abs(true))
        kept = kept and not np.any(np.abs(line.analytic - x[0] * given) > bar + x_bar * np.abs(given))
    product = f"the gradient of {weights.name} is that of {bias.name} times an input"
    if kept:
        return "delta", f"for {product}, as in the true one"
    return "not the delta", f"in truth {product}, as of one sample, and the one given is not"


def _entries(bias, chosen):
    return named_entries(bias.name, chosen.reshape(bias.numeric.shape))
