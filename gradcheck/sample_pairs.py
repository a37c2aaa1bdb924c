"""The samples of a described network, in the ways in which callers have them."""

import numpy as np

from .errors import GradcheckError

ALLOWED = "allowed are a list of (inputs, targets) pairs, and two arrays (X, T) with a row per sample"


def sample_pairs(samples, inputs, outputs):
    """A list of (inputs, targets), each a list of floats, of a network with so many inputs and outputs.

    `samples`: pairs of rows of numbers, or two arrays whose first axis is the samples; an array of one axis will do where
    the network has one input, or one output. Whether rows have the right length is not checked.
    Raises GradcheckError for anything else.
    """
    if isinstance(samples, (str, bytes, dict)) or not hasattr(samples, "__iter__"):
        raise GradcheckError(f"samples: found {samples!r}; {ALLOWED}")
    samples = list(samples)
    if len(samples) == 2 and all(hasattr(each, "ndim") for each in samples):
        samples = list(zip(*_rows_of_each(*samples, inputs, outputs)))
    return [_pair(number, pair) for number, pair in enumerate(samples)]


def _rows_of_each(X, T, inputs, outputs):
    """The rows of X and those of T."""
    shapes = f"arrays of shapes {np.shape(X)} and {np.shape(T)}"
    X, T = (np.asarray(each) for each in (X, T))
    X, T = (each[:, np.newaxis] if each.ndim == width == 1 else each for each, width in ((X, inputs), (T, outputs)))
    if X.ndim != 2 or T.ndim != 2:
        raise GradcheckError(f"samples: found {shapes}; {ALLOWED}; a single sample is [(inputs, targets)]")
    if len(X) != len(T):
        raise GradcheckError(f"samples: found {shapes}, which is {len(X)} samples and {len(T)}; {ALLOWED}")
    return X, T


def _pair(number, pair):
    try:
        inputs, targets = (np.asarray(each, dtype=np.float64) for each in pair)
    except (TypeError, ValueError):
        inputs = targets = np.float64(0.0)
    if inputs.ndim != 1 or targets.ndim != 1:
        raise GradcheckError(f"samples: found {pair!r} as sample {number}; {ALLOWED}; a single sample is [(inputs, targets)]")
    return inputs.tolist(), targets.tolist()
