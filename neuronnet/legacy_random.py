"""NumPy's legacy generator, `numpy.random.RandomState`, in terms of Python's own `random`: the same draws, bit for bit.

Programs seeded with `np.random.seed` draw from it, so their published weights and samples can be drawn again without
NumPy. Both libraries run the same Mersenne Twister (M. Matsumoto and T. Nishimura, "Mersenne Twister: a
623-dimensionally equidistributed uniform pseudo-random number generator", 1998); they differ in how a seed becomes a
state and in how words become normal and whole numbers, and that is what stands here. The normal numbers take the C
library's logarithm and one rounding per operation; NumPy built with fused multiply-add, as on some ARM machines, may
differ from them in the last bit.

Only the draws that initial weights and samples need; a seed is a whole number of 32 bits.
"""

import random
from math import log, sqrt

_WORDS = 624
_VERSION = 3                                  # of the state that random.setstate takes


class LegacyRandom:
    """The stream of `numpy.random.RandomState(seed)`."""

    def __init__(self, seed):
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
            raise ValueError(f"seed: expected a whole number from 0 to {2**32 - 1}, found {seed!r}")
        self._twister = random.Random(0)
        self._twister.setstate((_VERSION, (*_first_words(seed), _WORDS), None))
        self._second_normal = None

    def random_sample(self):
        """A float from [0, 1), 53 bits of it drawn."""
        return self._twister.random()

    def standard_normal(self):
        """A normal number of mean 0 and standard deviation 1.

        G. Marsaglia's polar method: a point is drawn in the unit disc, at the squared distance r2 from its centre; both
        coordinates times sqrt(-2*ln(r2)/r2) are normal. The second is returned, the first is kept for the next call.
        """
        if self._second_normal is not None:
            normal, self._second_normal = self._second_normal, None
            return normal
        r2 = 0.0
        while r2 >= 1.0 or r2 == 0.0:
            x1 = 2.0 * self._twister.random() - 1.0
            x2 = 2.0 * self._twister.random() - 1.0
            r2 = x1 * x1 + x2 * x2
        factor = sqrt(-2.0 * log(r2) / r2)
        self._second_normal = factor * x1
        return factor * x2

    def normal(self, scale):
        """A normal number of mean 0 and standard deviation `scale`."""
        return 0.0 + scale * self.standard_normal()

    def shuffle(self, items):
        """Shuffle a list in place: from the last item down, each changes places with one at or before it."""
        for last in range(len(items) - 1, 0, -1):
            chosen = self._up_to(last)
            items[last], items[chosen] = items[chosen], items[last]

    def permutation(self, count):
        """0, 1 ... count - 1 as a shuffled list."""
        positions = list(range(count))
        self.shuffle(positions)
        return positions

    def _up_to(self, most):
        """A whole number from 0 to `most`, below 2^32: words cut to its number of bits, until one is small enough."""
        mask = (1 << most.bit_length()) - 1
        word = self._twister.getrandbits(32) & mask
        while word > most:
            word = self._twister.getrandbits(32) & mask
        return word


def _first_words(seed):
    """The state of a seed, 624 words: `init_genrand` of Matsumoto and Nishimura's program of 2002."""
    word = seed
    for position in range(1, _WORDS + 1):
        yield word
        word = (1812433253 * (word ^ (word >> 30)) + position) % 2**32
