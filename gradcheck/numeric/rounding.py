"""How far one evaluation of a function is off, measured on its values: its noise floor (J. J. Moré and
S. M. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011), here with divided differences
over uneven nodes: over even ones a staircase whose treads divide the spacing looks like a straight line.

Legend: a *level* is a standard deviation of the noise, a *tread* the distance between two neighbouring
numbers of a lower precision, over which a function computed in it stands still.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

U = 2.0**-53  # the relative rounding of one double operation
HALF_THE_DIGITS = U**0.5  # relative: what a one-sided difference can attain
SMALLEST = 2.0**-1074  # absolute rounding where floats run out of exponents
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0  # keeps the low bits of x + h busy: rounding would not show at x = 1.0
NODES = {j: j + 0.3 * math.sin(j * j) for j in range(-6, 7)}  # whole numbers, each moved by up to 0.3, and 0
AGREEMENT = 4.0  # Moré and Wild's factor: levels this close count as the same noise
DEVIATIONS = 3.0  # a noise of standard deviation s is taken to stay within 3 s
SPACING_RATIO = 64.0  # between spacings: from where 4th differences of a smooth f are below u down to 64 u
NO_KINK = SPACING_RATIO**0.5  # noise is the same at two spacings, a kink falls with them: halfway between
ONE_KINK = 7.5  # between wide spacings: a kink grows by 8, the jumps that tell noise by less
SPACINGS = [GOLDEN * 2.0**-k for k in range(15, 46, 6)]
WIDE_SPACINGS = [GOLDEN * 2.0**-k for k in range(12, 2, -3)]
ONE_JUMP = 16.0  # a move this many times every other one is a jump of f, or a spike at x: no treads of stairs
SINGLE_LEVEL = 2.0**-24 / 3.0**0.5  # deviation of rounding to float32, uniform in half a unit, at |f| = 1
FORMATS = (8, 11, 24)  # binary digits of bfloat16, float16, float32
DIGITS = {"float16": range(7, 12), "float32": range(22, 25)}  # of the values, where one may end in zeros
FEWEST_DIGITS = 4  # with fewer, as 3.0 and 5.0 have, a value is a count
CERTAIN = 20.0  # zeros at the ends of several values: one in a million by chance
ON_GRID = 2.0**-10  # of a quantum: how near to a multiple of it a move lies; one in 512 by chance
FEWEST_ON_GRID = 3  # the least of three gives the quantum, so two must hit: by chance one in 260,000
FEW_UNITS = 16.0  # roundings that a value of f may be made of
OF_ONES = 2.0**10 * U  # no more than numbers near 1 leave where they cancel: f stands still
ROUGH = {"float16": 2.0**-14, "float32": 2.0**-28}  # of |f|: a larger noise hides as much as the type does
MOST_QUANTA = 2.0**20  # further from f(x) the roundings of the values blur the grid


@dataclass(frozen=True)
class Floor:
    """The noise of a function: `level`, the absolute error of one evaluation, 0.0 where nothing is seen.

    `precision`: "float64", or "float32" or "float16" (bfloat16 counts as that) where f seems to be computed
    in it: constant over tiny steps, jumping by about 2**-24*|f| over larger ones, or with values of so few
    digits. `unmoved`: 0.0, or where f stood still over all spacings the relative rounding of the lowest
    precision that its value may have. `size`: the largest |f| seen.
    """

    level: float
    precision: str = "float64"
    unmoved: float = 0.0
    size: float = 0.0

    @property
    def roughness(self):
        """The type that was seen, or the one that hides as much as this noise: as `precision`."""
        rough = (name for name, least in ROUGH.items() if self.level > max(least * self.size, OF_ONES))
        return next(rough, "float64") if self.precision == "float64" else self.precision

    def noise(self, size):
        """The absolute error that one evaluation of size |f| is taken to have, never below u |f|.

        An f that never moved may stand on one tread, or be the rounded difference of numbers near 1. Noise
        may grow with f.
        """
        grown = max(size / self.size, 1.0) if self.size > 0.0 else 1.0
        return self.unmoved * size + U if self.unmoved else max(self.level * grown, U * size, SMALLEST)


def floor_of(f, x, centre):
    """The Floor of f near x, from seven values at each of several spacings; `centre` is f(x).

    Rounding does not depend on the spacing, f itself does. So a level is noise when a coarse and the finest
    spacing agree on it, or when two of three successive ones do and finer ones show no curvature that
    explains it: that is the staircase of a cast to float32. A kink shrinks with the spacing, and no two
    agree. Where no value moves, or the coarsest shows more than the others agree on, wider spacings are
    tried: there are the wide treads of few digits. Values that all lie on a grid are rounded to it, be it of
    a type of few digits or of two decimals. The level is 0.0 when nothing is seen. Takes six calls for each
    of at most eleven spacings, and some to tell what is seen from kinks.
    """
    scale, values = max(abs(x), 1.0), []

    def recorded(t):
        values.append(f(t))
        return values[-1]

    sample_at = partial(_noise_sample, recorded, x, centre)
    finest = sample_at(scale * SPACINGS[-1])
    unavoidable = AGREEMENT * max(U * abs(centre), finest.level or 0.0)
    coarsest, wide = sample_at(scale * SPACINGS[0]), 0.0
    deviation, least = _deviation(sample_at, coarsest, finest, abs(centre), scale)
    more = (coarsest.level or 0.0) > NO_KINK * max(deviation, NO_KINK * unavoidable)
    if least is STILL or more and all(map(math.isfinite, values)):
        wide = _deviation_at_wide_spacings(sample_at, scale, coarsest)
    if wide > unavoidable and _jumps(f, x, centre, scale, wide):
        deviation = wide
    elif deviation > unavoidable and not _jumps(f, x, centre, scale, least):
        deviation = finest.level or 0.0
    values = [centre, *filter(math.isfinite, values)]
    size = max(map(abs, values))
    quantum, digits = _quantum(values, centre)
    if quantum > 0.0:
        named = (name for name, some in DIGITS.items() if digits in some)
        return Floor(max(DEVIATIONS * deviation, 0.5 * quantum), next(named, "float64"), size=size)
    if all(each == centre for each in values):
        some = [most for most in FORMATS if FEWEST_DIGITS <= _digits(centre) <= most]
        return Floor(0.0, unmoved=2.0 ** -min(some, default=FORMATS[-1]), size=size)
    treads = AGREEMENT**2 * SINGLE_LEVEL * abs(centre)
    level = math.inf if finest.level is None else finest.level
    still = finest.stands_still or level <= AGREEMENT * U * abs(centre)
    single = deviation > 0.0 and still and treads / AGREEMENT**4 <= deviation <= treads
    return Floor(DEVIATIONS * deviation, "float32" if single else "float64", size=size)


# The noise floor: jumps, grids, spacings, samples


def _jumps(f, x, centre, scale, deviation):
    """Whether noise of this deviation is in f: halving an interval leaves a move as large as that.

    Of kinks no such move is left.
    """
    tiny, high = scale * SPACINGS[-1] * NODES[6], x + scale * SPACINGS[0]
    if abs(f(high) - centre) < deviation:
        high = x + scale * WIDE_SPACINGS[-1]
    slopes = (f(x + tiny) - f(x - tiny)) / (2.0 * tiny), (f(high) - centre) / (high - x)
    ends, least = ((x, centre), (high, f(high))), SPACINGS[-1] * scale
    return any(_jumps_between(f, *ends, deviation, slope, least) for slope in slopes)


def _jumps_between(f, low, high, deviation, slope, least):
    """The same between two points (x, f(x)), in that half whose move is further from one of this slope."""
    left = []
    while high[0] - low[0] > least:
        middle = 0.5 * (low[0] + high[0])
        middle = middle, f(middle)
        halves = (low, middle), (middle, high)
        moves = [abs(b[1] - a[1] - slope * (b[0] - a[0])) for a, b in halves]
        left.append(max(moves))
        if not math.isfinite(sum(moves)):
            return True
        if len(left) >= 4 and max(left[-4:]) <= max(deviation / 16.0, 2.0 * U * abs(low[1])):
            return False
        low, high = halves[moves[1] > moves[0]]
    return True


def _quantum(values, centre):
    """(the quantum of which all values are multiples, the binary digits that they have), or (0.0, None).

    A type of few digits shows in the last bit that is set in any of them. Of other grids the digits are None:
    that of double roundings of numbers near 1, of which one move from the centre is a multiple, and unknown
    ones, such as two decimals, of which three are. All are far above the rounding of f.
    """
    moves = np.unique(np.abs([each - centre for each in values if each != centre]))
    if len(moves) == 0:
        return 0.0, None
    moves = moves[moves <= MOST_QUANTA * moves[0]]
    least = float(min(moves[0], np.diff(moves).min(initial=math.inf)))
    near = {each for each in values if abs(each - centre) <= moves[-1]}
    last_bit, digits = min(map(_last_bit, near)), max(map(_digits, values))
    rounding = max(U * (abs(centre) + float(moves[-1])), SMALLEST)
    is_clear = last_bit > FEW_UNITS * rounding and len(near) * math.log2(last_bit / rounding) > CERTAIN
    if is_clear and digits >= FEWEST_DIGITS:
        return max(last_bit, min(least, FEW_UNITS * last_bit)), digits
    for unit, fewest in ((U, 1), (least, FEWEST_ON_GRID)):
        on_grid = np.all(np.abs(moves / unit - np.round(moves / unit)) <= ON_GRID)
        if len(moves) >= fewest and FEW_UNITS * rounding < unit < 2.0 * moves[0] and on_grid:
            return max(unit, min(least, FEW_UNITS * unit)), None
    return 0.0, None


def _last_bit(value):
    """What the last bit that is set in a double is worth, infinite for 0."""
    numerator, denominator = value.as_integer_ratio()
    return (numerator & -numerator) / denominator if numerator != 0 else math.inf


def _digits(value):
    """How many binary digits a double has from the first to the last that is set: 24 at most in float32."""
    numerator = abs(value.as_integer_ratio()[0])
    return (numerator // (numerator & -numerator)).bit_length() if numerator != 0 else 0


def _deviation(sample_at, coarsest, finest, size, scale):
    """(level, the least in it) on which the finest spacing and a coarser one agree, or two of three coarser.

    Where they agree a third joins them, for a level known from seven values may be half of the true one. The
    least is STILL where f stood still at a coarser one.
    """
    unavoidable = AGREEMENT * U * size
    seen, agreed, least = [], None, None
    for spacing in SPACINGS[:-1]:
        sample = sample_at(scale * spacing) if spacing < SPACINGS[0] else coarsest
        if agreed is None:
            if _agree(sample, finest, AGREEMENT):
                third = sample_at(scale * SPACINGS[-2]) if spacing > SPACINGS[-2] else sample
                levels = [each.level for each in (sample, finest, third) if _agree(each, finest, AGREEMENT)]
                return math.hypot(*levels) / math.sqrt(len(levels)), min(levels)
            if sample is STILL:
                return 0.0, STILL
            alike = [(sample.level, each.level) for each in seen[-2:] if _agree(sample, each, NO_KINK)]
            agreed, least = (max(alike[0]), min(alike[0])) if alike else (None, None)
        elif sample.stands_still or AGREEMENT * sample.foretold < agreed:
            break
        elif sample.level is None:
            agreed = None
        elif sample.level <= unavoidable or _agree(sample, finest, AGREEMENT):
            if sample.is_straight:
                break
            agreed = None
        if agreed is not None and agreed <= unavoidable:
            break
        seen.append(sample)
    if agreed is None:
        agreed = least = finest.level or 0.0
    return agreed, least


def _deviation_at_wide_spacings(sample_at, scale, narrower):
    """The first level on which two neighbours agree, going wider; 0.0 for none.

    For an f that stood still, or whose treads are so wide that the `narrower` spacing shows single ones.
    """
    for spacing in WIDE_SPACINGS:
        wider = sample_at(scale * spacing)
        if _agree(narrower, wider, ONE_KINK):
            return max(narrower.level, wider.level)
        narrower = wider
    return 0.0


@dataclass(frozen=True)
class _Noise:
    """What one spacing shows: the `level` of the noise, None when f itself dominates.

    `foretold`: the level at the next wider spacing if the second and third differences are those of a smooth
    f. `stands_still`: between some neighbours. `is_straight`: the second differences are noise already.
    """

    level: float | None
    foretold: float
    stands_still: bool
    is_straight: bool = False


NOTHING_SEEN = _Noise(None, math.inf, False)
STILL = _Noise(None, 0.0, True)


def _agree(a, b, factor):
    """Whether two samples saw the same noise, within a factor."""
    if a.level is None or b.level is None:
        return False
    return max(a.level, b.level) <= factor * min(a.level, b.level)


def _noise_sample(f, x, centre, spacing):
    """The _Noise seen in seven values at one spacing, on one side of x where the other has none.

    The k-th differences of independent noise, scaled as in `_contrasts`, have its deviation. The first k is
    taken at which three successive k agree within a factor of 4 and the differences change sign.
    """
    found = _seven_values(f, x, centre, (x + spacing) - x)
    if found is None:
        return NOTHING_SEEN
    nodes, values = found
    halves = values / 2.0 - centre / 2.0  # values near overflow differ by more than the largest number
    moves = np.abs(np.diff(halves))
    travel, stands_still = 2.0 * float(moves.max()), bool(moves.min() == 0.0)
    if travel == 0.0:
        return STILL
    others = np.abs(np.diff(np.delete(halves, nodes.index(0.0)))).max()
    if moves.max() > ONE_JUMP * min(others, np.sort(moves)[-2]) and travel > ONE_JUMP**2 * SINGLE_LEVEL * abs(
        centre
    ):
        return _Noise(None, math.inf, stands_still)
    halves /= travel
    # A matrix product would round as the machine's library does, and bars would differ between machines.
    differences = [np.sum(contrasts * halves, axis=1) for contrasts in _contrasts(nodes)]
    levels = [2.0 * travel * math.sqrt(np.mean(each**2)) for each in differences]
    foretold = max(levels[1] * SPACING_RATIO**2, levels[2] * SPACING_RATIO**3)
    for k in range(len(levels) - 2):
        window = levels[k : k + 3]
        changes_sign = differences[k].min() < 0.0 < differences[k].max()
        if max(window) <= AGREEMENT * min(window) and (changes_sign or levels[k] == 0.0):
            return _Noise(levels[k], foretold, stands_still, k < 2)
    return _Noise(None, foretold, stands_still)


def _contrasts(nodes):
    """For k = 1 ... 6 a matrix, shape (7 - k, 7), from values at seven nodes to k-th differences.

    A row holds the weights 1/prod(t_j - t_i) of a divided difference, scaled to a sum of squares of 1.
    """
    found = []
    for k in range(1, 7):
        contrasts = np.zeros((7 - k, 7))
        for i in range(7 - k):
            part = nodes[i : i + k + 1]
            weights = [1.0 / math.prod(t - other for other in part if other != t) for t in part]
            size = math.hypot(*weights)
            contrasts[i, i : i + k + 1] = [weight / size for weight in weights]
        found.append(contrasts)
    return found


def _seven_values(f, x, centre, spacing):
    """(nodes, in units of the spacing, f there) of seven successive ones, or None where f has too few.

    x is among them, and each node is where the rounded argument lies, so that this rounding makes no noise.
    """
    below, above = [], []

    def take(side, sign):
        at = x + NODES[sign * (len(side) + 1)] * spacing
        value = f(at)
        if math.isfinite(value):
            side.append(((at - x) / spacing, value))
        return math.isfinite(value)

    for side, sign in ((below, -1), (above, 1)):
        while len(side) < 3 and take(side, sign):
            pass
    for side, sign, other in ((below, -1, above), (above, 1, below)):
        while len(other) < 3 and len(below) + len(above) < 6 and len(side) >= 3:
            if not take(side, sign):
                return None
    if len(below) + len(above) < 6:
        return None
    nodes, values = zip(*reversed(below), (0.0, centre), *above)
    return (nodes, np.array(values)) if len(set(nodes)) == 7 else None
