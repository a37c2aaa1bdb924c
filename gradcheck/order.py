"""Which samples an update takes; how they are used is not known here. Positions count from 0 to N - 1.

    in turn             update n takes slice (n - 1) mod B of the B consecutive slices of `size` samples; the last slice
                        may be shorter. The full batch is one slice of all samples, online is a slice per sample.
    random, online      one generator = random.Random(seed), made once; every update takes the one sample
                        generator.randrange(N), so a sample may come twice before another has come.
    random, mini-batch  one generator = random.Random(seed), made once; before update 1, and whenever all slices have
                        been taken, a new list 0, 1 ... N - 1 is shuffled by generator.shuffle(list); the updates take
                        its consecutive slices of `size`, the last may be shorter. (So does a mini-batch of 1.)
    random, full batch  is in turn: an update takes all samples anyway.

`random` is Python's own module, whose randrange and shuffle give the same for one seed on every machine.
"""

from itertools import islice
from random import Random

import numpy as np

from .errors import GradcheckError, UnknownName
from .tables import named

SETTINGS = {"in turn": {}, "random": {"seed": 0}}


def explicit(order):
    """A plain dict {"kind": "in turn"} or {"kind": "random", "seed": n}. Raises UnknownName, or GradcheckError."""
    settings = named("kind of order", SETTINGS, order.get("kind"))
    for key in order:
        if key != "kind" and key not in settings:
            raise UnknownName(f"setting of the order {order['kind']!r}", key, settings)
    if not isinstance(order.get("seed", 0), int):
        raise GradcheckError(f"seed of the order: found {order['seed']!r}, allowed is a whole number")
    return {"kind": order["kind"], **settings, **order}


def positions(order, samples, batch, passed=0):
    """The iterator over the positions, an integer array per update, of `order` (explicit) after `passed` updates.

    `batch` is "online", "full" or a number of samples.
    """
    size = {"online": 1, "full": max(samples, 1)}.get(batch, batch)
    if order["kind"] == "in turn" or batch == "full":
        return InTurn(samples, size, passed)
    chosen = Drawn(samples, order["seed"]) if batch == "online" else Shuffled(samples, size, order["seed"])
    for _ in islice(chosen, passed):
        pass
    return chosen


class InTurn:
    """Consecutive slices, in turn; `always_the_same` when there is only one."""

    def __init__(self, samples, size, passed):
        self.slices = [np.arange(start, min(start + size, samples)) for start in range(0, samples, size)]
        self.always_the_same = len(self.slices) == 1
        self.passed = passed

    def __iter__(self):
        return self

    def __next__(self):
        chosen = self.slices[self.passed % len(self.slices)]
        self.passed += 1
        return chosen


class Drawn:
    """One sample at random, every time from all."""

    always_the_same = False

    def __init__(self, samples, seed):
        self.generator = Random(seed)
        self.singles = np.arange(samples).reshape(samples, 1)

    def __iter__(self):
        return self

    def __next__(self):
        return self.singles[self.generator.randrange(len(self.singles))]


class Shuffled:
    """Consecutive slices of the samples, shuffled before each round."""

    always_the_same = False

    def __init__(self, samples, size, seed):
        self.generator, self.samples, self.size = Random(seed), samples, size
        self.shuffled, self.start = None, samples

    def __iter__(self):
        return self

    def __next__(self):
        if self.start >= self.samples:
            order = list(range(self.samples))
            self.generator.shuffle(order)
            self.shuffled, self.start = np.array(order), 0
        chosen = self.shuffled[self.start:self.start + self.size]
        self.start += self.size
        return chosen
