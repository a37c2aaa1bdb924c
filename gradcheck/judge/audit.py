"""What is wrong with a loss or its gradients as functions, before any derivative is taken.

Both are called at the point, and at another one nearby, ten times in all where nothing is found. Every call
gets copies of its own, so nothing that the caller owns changes, whatever the functions do.
"""

import random
from dataclasses import dataclass

import numpy as np

from gradcheck.errors import NotRealNumbers, ShapeMismatch, StructureMismatch, real_number
from gradcheck.inputs.functions import value_and_gradients
from gradcheck.numeric.rounding import U

__tracebackhide__ = True  # pytest leaves the frames of this file out
AWAY = 2.0**-7  # relative: far enough to be seen, near enough to stay where the function is defined
SAME_SUM = 64.0 * U  # relative: what a sum in another order, by several threads, may differ by
REPEATS = 3  # further calls of the loss: a dropout of half of the time shows in 31 of 32
CONFIRMED = 3  # times that a stale forward pass must show again, for rare draws look like one
BEFORE_BLAME = 8  # and before the gradients are blamed for a loss that differs
FINDINGS = {  # id: (the verdict on the gradients that it demands at least, what it says, `short` of Finding)
    "random state": (
        "right",
        "{who} draws from {which} global random state, or seeds it: two calls need not agree, and the rest "
        "of the program sees other numbers; use a generator of its own",
        "{who} uses a global random state",
    ),
    "{who} changes its argument": (
        "right",
        "{who} changes the parameters that it is given{where}: an assignment in place, such as W -= step, "
        "where W = W - step is meant",
        "{who} changes its parameters",
    ),
    "loss not deterministic": (
        "undecided",
        "the loss is {first:.9g}, then {other:.9g} at the same point: dropout, a random draw or a counter; "
        "no derivative can be taken of it",
    ),
    "gradients change the loss": (
        "undecided",
        "the loss is {first:.9g}, and {other:.9g} at the same point once the gradients have been computed: "
        "they leave something behind, an update perhaps",
    ),
    "gradients accumulate": (
        "wrong",
        "every call of the gradients adds to the one before{where}: at the same point the second gives "
        "{seen}; set them to zero in every call",
    ),
    "gradients not deterministic": ("wrong", "two calls of the gradients at the same point differ{where}"),
    "stale forward pass": (
        "undecided",
        "the gradients depend on where the loss was computed last{where}: they use what that forward pass "
        "left behind; let them make their own for the parameters they are given",
    ),
    "shared buffer": (
        "right",
        "the gradients returned by one call change when another is made{where}: they are views of a "
        "buffer; return copies",
        "{who} returns views of a buffer",
    ),
}
FUNCTIONS = {"loss": "the loss", "gradients": "the gradients function"}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: its `id`, a `sentence`, `who` does it ("loss" or "gradients").

    `blocks`: the names of those that it is about, none where it is the whole function. `effect`: the verdict
    on the gradients that it demands at least; `short`: the sentence in a few words, where that is "right".
    """

    id: str
    sentence: str
    who: str
    blocks: tuple = ()
    effect: str = "right"
    short: str = ""

    @property
    def where(self):
        """The names of the blocks, joined, or who does it."""
        return ", ".join(self.blocks) or self.who

    def __str__(self):
        return self.sentence

    def to_dict(self):
        """Plain dict, ready for JSON."""
        return {"id": self.id, "sentence": self.sentence, "where": self.where}


def audit(loss, gradients, point, seed=0):
    """The Findings about `loss` and `gradients` at a Point, a list, empty where nothing is found.

    loss: parameters -> one real number, or (number, gradients) where `gradients` is None. gradients:
    parameters -> their gradients; ready numbers are not audited. `seed` draws the other point. What the
    functions raise at the point is raised; raises GradcheckError, too, for what is no number and for
    gradients of another structure.
    """
    calls = _Calls(loss, gradients, point)
    vector = point.vector
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=vector.shape)
    away = vector + AWAY * signs * np.maximum(np.abs(vector), 1.0)
    steady = _repeat(calls, vector)
    if steady is not None:
        _order_of_calls(calls, vector, away, steady)
    return list(calls.findings.values())


class _Calls:
    """Calls both functions with copies, and notes what they do to these and to the global random states."""

    def __init__(self, loss, gradients, point):
        self._loss, self._gradients, self._point = loss, gradients, point
        self.numbers = point.flatten_like  # of returned gradients, a flat vector of their own
        self.has_gradients = gradients is None or callable(gradients)
        self.findings = {}

    def found(self, id, who, differing=(), effect=None, **words):
        """Adds a row of FINDINGS. `differing`: the names of blocks, or a mask over all entries."""
        blocks = differing
        if not isinstance(differing, tuple):
            blocks = tuple(block.name for block in self._point.blocks if np.any(block.of(differing)))
        where = f" ({', '.join(blocks)})" if len(blocks) > 0 else ""
        usual, *said = FINDINGS[id]
        sentence, *short = (each.format(who=FUNCTIONS[who], where=where, **words) for each in said)
        id, effect = id.format(who=who), usual if effect is None else effect
        self.findings.setdefault((id, who, blocks), Finding(id, sentence, who, blocks, effect, *short))

    def loss(self, vector):
        value = self._watched("loss", self._loss, vector)
        value = value_and_gradients(value)[0] if self._gradients is None else value
        return value if isinstance(value, float) else real_number("loss", value)

    def gradients(self, vector):
        if self._gradients is None:
            return value_and_gradients(self._watched("loss", self._loss, vector))[1]
        return self._watched("gradients", self._gradients, vector)

    def _watched(self, who, function, vector):
        states = _random_states()
        given = self._point.restore(vector)
        before = self._point.flatten_like(given, "parameters") if self._point.makers else vector
        value = function(given)
        try:
            changed = self._point.flatten_like(given, "parameters") != before
        except (StructureMismatch, ShapeMismatch, NotRealNumbers) as error:
            changed = (error.name,)
        for which, state, now in zip(("Python's", "NumPy's"), states, _random_states()):
            if state != now:
                self.found("random state", who, which=which)
        if isinstance(changed, tuple) or np.any(changed):
            self.found("{who} changes its argument", who, changed)
        return value


def _repeat(calls, vector):
    """Twice the same call must give the same; returns the gradients, None where they or the loss do not."""
    first = calls.loss(vector)
    gradients = calls.numbers(calls.gradients(vector)) if calls.has_gradients else None
    later = [calls.loss(vector) for _ in range(1 + REPEATS)]
    steady = _same(first, later)
    if not steady:
        other = next(value for value in later if not _same(first, value))
        later += [calls.loss(vector) for _ in range(BEFORE_BLAME)] if calls.has_gradients else []
        by_gradients = calls.has_gradients and _same(other, later)
        id = "gradients change the loss" if by_gradients else "loss not deterministic"
        calls.found(id, id.split()[0], first=first, other=other)
    if gradients is None:
        return None
    second = calls.numbers(calls.gradients(vector))
    if _same(gradients, second):
        return gradients if steady else None
    third = calls.numbers(calls.gradients(vector))
    differing = ~_close(gradients, second)
    step, next_step = second - gradients, third - second
    with_losses = (2.0 + REPEATS) * next_step  # the loss adds too, if it makes both
    if steady and (_same(step, next_step, of=third) or _same(step, with_losses, of=third)):
        is_double = _same(2.0 * gradients, second)
        seen = "twice the first, the third three times" if is_double else "other numbers than the first"
        calls.found("gradients accumulate", "gradients", differing, seen=seen)
    else:  # random with the loss: no mistake by itself
        calls.found("gradients not deterministic", "gradients", differing, None if steady else "undecided")
    return None


def _order_of_calls(calls, vector, away, here):
    """Finds gradients that differ after a forward pass elsewhere, and views that a later call overwrites."""
    try:
        calls.loss(away)
    except (ArithmeticError, ValueError, IndexError, AssertionError):
        return
    returned = calls.gradients(vector)
    kept = calls.numbers(returned)
    if not _same(here, kept):
        is_stale = _is_stale(calls, vector, away, here, kept)
        id = "stale forward pass" if is_stale else "gradients not deterministic"
        calls.found(id, "gradients", ~_close(here, kept), "undecided")
    try:
        calls.gradients(away)
    except (ArithmeticError, ValueError, IndexError, AssertionError):
        return
    now = calls.numbers(returned)
    changed = (now != kept) & ~(np.isnan(now) & np.isnan(kept))
    if np.any(changed):
        calls.found("shared buffer", "gradients", changed)


def _is_stale(calls, vector, away, here, elsewhere):
    """Whether the gradients differ again, and by the same, after a forward pass elsewhere, and only then."""
    for at, expected in [(vector, here), (away, elsewhere)] * CONFIRMED:
        calls.loss(at)
        if not _same(expected, calls.numbers(calls.gradients(vector))):
            return False
    return True


def _random_states():
    """Python's and NumPy's global random states, such that they can be compared."""
    return random.getstate(), _plain(np.random.get_state(legacy=False))


def _plain(value):
    if isinstance(value, dict):
        return [(key, _plain(each)) for key, each in value.items()]
    return value.tobytes() if isinstance(value, np.ndarray) else value


def _same(a, b, of=None):
    return bool(np.all(_close(a, b, of)))


def _close(a, b, of=None):
    """Where two results agree, up to the order of a sum, relative to the largest number, or of `of`."""
    a, b = np.asarray(a), np.asarray(b)
    largest = np.max(np.abs(b if of is None else of), initial=0.0)
    return (a == b) | (np.abs(a - b) <= SAME_SUM * largest) | (np.isnan(a) & np.isnan(b))
