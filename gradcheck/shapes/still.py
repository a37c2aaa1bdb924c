"""The loss does not move with a block at all, and its analytic gradient is not zero."""

import numpy as np

from .block import SHARP, WELL_BEYOND, Shape


def loss_does_not_depend(block, others):
    """The numerical gradient is zero in every entry, exactly or within bars that are narrow beside the analytic one."""
    largest = np.max(np.abs(block.analytic))
    if block.numeric.size == 0 or not np.all(block.still) or not WELL_BEYOND * np.max(block.bar) <= SHARP * largest:
        return
    at_all = "at all" if np.all(block.numeric == 0.0) else "beyond the error bars"
    asked = "does it use the parameters that it is given?"
    if any(other.is_right for other in others):
        asked = "not used, or connected with units that are off at this point?"
    sentence = f"the loss does not move with {{}} {at_all}: {asked}"
    yield Shape("loss does not depend", "not zero, and the loss does not move with it", block.analytic, sentence=sentence,
                made_of_delta=False)
