"""What the numbers of one layer say about its delta: whether a wrong delta alone can have made them, and
nothing else would.

The gradient of the weights is the sum over the samples of delta times input, that of the bias the sum of the
deltas. So a wrong delta leaves a zero input zero, and is wrong for the same neurons in both; and of one
sample the gradient of the weights is the outer product of that of the bias and the input, which no other
mistake is likely to keep.
"""

from dataclasses import replace

import numpy as np

from gradcheck.why.shapes import FAR_BELOW, WELL_BEYOND, fit, is_multiple, named_entries, named_lines


def evidence(weights, bias, axis, samples):
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


def off_neurons(weights, bias, axis):
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
    return f"{named_lines(weights, axis, off)}{also} are" if np.any(off) and not np.all(still) else None


def _zero_input_moved(weights, axis):
    """The lines of an input that are zero in truth, for several neurons, and not as handed in."""
    zero = np.all(weights.still, axis=axis)
    moved = zero & np.any(weights.visible, axis=axis)
    if weights.numeric.shape[axis] < 2 or np.all(zero) or not np.any(moved):
        return None
    return f"{named_lines(weights, 1 - axis, moved)} {'is' if np.sum(moved) == 1 else 'are'}"


def _other_neurons(weights, bias, axis):
    """Neurons whose bias is right and whose weights are not, in words. (The reverse is no evidence: inputs
    may be zero.)
    """
    if is_multiple(weights):
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
    return f"{_entries(bias, chosen)} {verb} right and {named_lines(weights, axis, chosen)} not"


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
        x = fit(replace(line, analytic=line.numeric), [true])
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
