"""Where the arrays of a network lie in the caller's parameters, found by their values; what lies there is not
looked at.

Weights may be stored (out, in) or (in, out), arrays as blocks of their own, row by row, number by number, or
as parts of one vector. Where values leave a choice, the order is: a block of its own before a part of one,
the orientation of the other layers, (out, in), the network's own names, a bias beside its weights, and last
the order of the parameters.
"""

from os.path import commonprefix
from typing import NamedTuple

import numpy as np

from gradcheck.errors import GradcheckError

# --- The samples of a described network, in the ways in which callers have them.


ALLOWED = "allowed are a list of (inputs, targets) pairs, and two arrays (X, T) with a row per sample"


def sample_pairs(samples, inputs, outputs):
    """A list of (inputs, targets), each a list of floats, of a network with so many inputs and outputs.

    `samples`: pairs of rows of numbers, or two arrays whose first axis is the samples; an array of one axis
    will do where the network has one input, or one output. Whether rows have the right length is not checked.
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
    X, T = (
        each[:, np.newaxis] if each.ndim == width == 1 else each
        for each, width in ((X, inputs), (T, outputs))
    )
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
        raise GradcheckError(
            f"samples: found {pair!r} as sample {number}; {ALLOWED}; a single sample is [(inputs, targets)]"
        )
    return inputs.tolist(), targets.tolist()


# --- Where the arrays of a network lie in the caller's parameters, found by their values; what lies there is
# not looked at.


OWN_NAMES, OWN_BLOCK, OWN_BLOCKS, PART_OF_A_BLOCK = range(4)


class Wanted(NamedTuple):
    """An array of the network: its `name`, `values` of shape (out, in) or (out,), and the names of its
    `entries`, alike.

    Entries of the same name are one parameter, which may be stored once.
    """

    name: str
    values: np.ndarray
    entries: np.ndarray


class Place(NamedTuple):
    """Where an array lies: its `positions` in the flat vector, in the array's shape, and whether it is
    `turned`.

    `rank` says how well it is set apart, `block` is the name of the block at its start.
    """

    positions: np.ndarray
    turned: bool
    rank: int
    block: str


def places(weights, biases, point):
    """Name of each array -> its positions in the flat vector of a Point, for the Wanted that have some there.

    `weights` and `biases` are lists of Wanted, one per layer; biases may be None. Those of a bias that all
    neurons share have shape (1,) where it is stored once. No position is given twice.
    """
    plain, turned = (_placed(weights, biases, point, prefer_turned) for prefer_turned in (False, True))
    matrices = [each.name for each in weights if min(each.values.shape) > 1]
    all_may_be_turned = all(turned[name].turned for name in matrices if name in turned)
    some_must_be = any(plain[name].turned for name in matrices if name in plain)
    found = turned if some_must_be and all_may_be_turned else plain
    return {name: place.positions for name, place in found.items()}


def _placed(weights, biases, point, prefer_turned):
    """Name -> Place, the weights first; the biases follow in the order in which their weights lie."""
    free, found = np.full(point.vector.shape, True), {}

    def place(wanted, beside):
        candidates = [each for each in _candidates(wanted, point) if free[each.positions].all()]
        if candidates:
            best = min(
                candidates,
                key=lambda each: (
                    each.rank,
                    each.turned != prefer_turned,
                    each.block != wanted.name,
                    -_likeness(each.block, beside),
                    each.positions.min(),
                ),
            )
            found[wanted.name] = best
            free[best.positions] = False

    for wanted in weights:
        place(wanted, "")
    layers = [
        (found[weight.name].positions.min() if weight.name in found else free.size, weight.name, bias)
        for weight, bias in zip(weights, biases)
        if bias is not None
    ]
    for _, weight, bias in sorted(layers, key=lambda each: each[0]):
        place(bias, found[weight].block if weight in found else "")
    return found


def _likeness(name, other):
    """How many characters two names have in common at their ends."""
    return len(commonprefix([name, other])) + len(commonprefix([name[::-1], other[::-1]]))


def _candidates(wanted, point):
    """Every Place of the array, wherever its values stand."""
    yield from _by_names(wanted, point)
    values, vector = wanted.values, point.vector
    orders = [(values, False)]
    if values.ndim == 2 and min(values.shape) > 1:
        orders.append((values.T, True))
    if len(set(wanted.entries.ravel().tolist())) == 1 < values.size:
        orders.append((values[:1], False))
    for stored, turned in orders:
        flat = stored.ravel()
        for start in np.flatnonzero(vector[: vector.size - flat.size + 1] == flat[0]).tolist():
            rank, block = _rank(start, stored, point)
            if rank is not None and np.array_equal(vector[start : start + flat.size], flat):
                positions = np.arange(start, start + flat.size).reshape(stored.shape)
                yield Place(positions.T if turned else positions, turned, rank, block.name)


def _by_names(wanted, point):
    """The Place of an array whose numbers are parameters of their own, under the network's names."""
    numbers = {block.name: block.start for block in point.blocks if block.stop - block.start == 1}
    names = list(dict.fromkeys(wanted.entries.ravel().tolist()))
    if all(name in numbers for name in names):
        positions = np.array([numbers[name] for name in names])
        if np.array_equal(point.vector[positions], wanted.values.ravel()[: len(names)]):
            shape = wanted.values.shape if len(names) == wanted.values.size else (1,)
            yield Place(positions.reshape(shape), False, OWN_NAMES, wanted.name)


def _rank(start, stored, point):
    """(how the run of numbers from `start` is set apart, the block in which it starts); None where it cuts
    through blocks.
    """
    stop = start + stored.size
    inside = [block for block in point.blocks if block.start < stop and start < block.stop]
    whole = inside[0].start == start and inside[-1].stop == stop
    is_matrix = any(sum(side > 1 for side in block.shape) > 1 for block in inside)
    if len(inside) == 1 and whole:
        rank = OWN_BLOCK if not is_matrix or inside[0].shape == stored.shape else None
    elif is_matrix:
        rank = None
    else:
        rank = PART_OF_A_BLOCK if len(inside) == 1 else OWN_BLOCKS if whole else None
    return rank, inside[0]
