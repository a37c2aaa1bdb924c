"""Most entries of a large block measured in two evaluations each, at a step that a few of them show.

What such a measurement does not prove right is left to a full search, so that nobody is accused by it; a
mistake passes only if the quotient errs by the very same amount.
"""

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.judge.directions import value_or_nan
from gradcheck.numeric.shared_step import SharedStep
from gradcheck.verdict import SMALL_ERRORS, is_narrow

FEW = 8  # entries of a block that are searched for steps of their own
WORTH_SHARING = 64  # entries: in a smaller block all are searched
NARROW = 0.1 * SMALL_ERRORS["float64"]  # of the largest slope: an error that has to show, or all are searched


def few_of(positions, analytic, draw):
    """Those of the positions in a block that are searched: of the largest slope, and some that are drawn."""
    if len(positions) <= WORTH_SHARING:
        return positions
    largest = positions[np.argmax(np.abs(analytic[positions]))]
    return np.union1d(largest, draw.choice(positions, FEW - 1, replace=False))


def measured_alike(functions, vector, positions, few, floor, confidence):
    """Position -> Estimate of those `positions` of a block for which one step gives a narrow bar.

    `few`: position -> Estimate of other entries, which were searched; `floor`: the noise Floor of the loss.
    """

    def moving(some):
        return lambda h: _moved(functions, vector, some, h)

    known, centre = np.array(list(few)), functions.value(vector)
    shared = SharedStep(moving(known), vector[known], [*few.values()], centre, floor.noise(abs(centre)))
    if shared.step == 0.0:
        return {}
    found = zip(positions.tolist(), shared.estimates(moving(positions), vector[positions]))
    return {i: each for i, each in found if is_narrow(each.error, shared.scale, confidence, NARROW)}


def _moved(functions, vector, positions, h):
    """The loss with each of the entries at the positions alone moved by h; NaN where it has no value."""
    if functions.many_sets is not None and functions.bounds is None:
        try:
            return functions.moved(vector, positions, h)
        except GradcheckError:
            raise
        except Exception:  # whatever it is: the loss need not be made for one of these sets
            return np.full(len(positions), np.nan)
    there, values = vector.copy(), np.empty(len(positions))
    for k, i in enumerate(positions.tolist()):
        there[i] = vector[i] + h
        values[k] = value_or_nan(functions, there)
        there[i] = vector[i]
    return values
