"""The options of a check, refused where they mean nothing; what they do is elsewhere."""

import math
from numbers import Integral, Real

from .errors import GradcheckError


def checked_options(*, select, seed, confidence, samples, learning_rate, one_by_one):
    """The options as a dict. Raises GradcheckError, which names the option, for one of no meaning.

    Whether `select` names any block, and what `samples` other than a number are, is looked at where they are used.
    """
    _demand(select is None or isinstance(select, str) or _is_list(select, str), "select", select,
            "a glob on the names of blocks, such as 'W*', or a list of some")
    _demand(_is_whole(seed) and seed >= 0, "seed", seed, "a whole number from 0 on")
    _demand(_is_real(confidence) and 1.0 <= confidence < math.inf, "confidence", confidence, "how many error bars apart two "
            "derivatives must be to be called wrong, at least 1 (default 4)")
    _demand(learning_rate is None or _is_real(learning_rate) and math.isfinite(learning_rate) and learning_rate != 0.0,
            "learning_rate", learning_rate, "a number that is not zero, or None")
    _demand(samples is None or (samples > 0 if _is_whole(samples) else not _is_real(samples) and not isinstance(samples, str)),
            "samples", samples, "their number, or (inputs, targets) pairs beside a network")
    _demand(_is_whole(one_by_one) and one_by_one >= 0, "one_by_one", one_by_one, "a number of entries, from 0 on")
    return {"select": select, "seed": seed, "confidence": confidence, "samples": samples, "learning_rate": learning_rate,
            "one_by_one": one_by_one}


def _demand(holds, name, found, meaning):
    if not holds:
        raise GradcheckError(f"{name}: found {found!r}; it is {meaning}")


def _is_list(value, kind):
    return isinstance(value, (list, tuple, set)) and len(value) > 0 and all(isinstance(each, kind) for each in value)


def _is_whole(value):
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_real(value):
    return isinstance(value, Real) and not isinstance(value, bool)
