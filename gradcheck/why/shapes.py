"""What a wrong gradient is explained with: a block of it, the constants of its task, and the shape of an
error.

No shape is known here.
"""

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from math import lgamma

import numpy as np

from gradcheck.errors import entry_name
from gradcheck.numeric.rounding import U
from gradcheck.verdict import WELL_BEYOND, is_narrow

# --- How numbers, names and places are written in a sentence; nothing is measured here.


MOST_NAMED = 6
SIMPLE = 64  # numerator and denominator of a fraction that is worth telling
PER_UNIT = 0.3 * SIMPLE**2  # how many of those lie between 0 and 1: 3 / pi^2 of all pairs are in lowest terms
BY_CHANCE = 0.05  # how likely a number may hit one of them by accident


def number(value, error=0.0):
    """A constant, to six digits, or to those that are known within `error`; one that is not 1 is not written
    as 1 or -1.

    What it is apart from that, if it is more than `error`, is written beside it then: `1 + 1e-09`.
    """
    digits = 6
    if 0.0 < error < abs(value) < math.inf:
        digits = min(6, max(2, math.ceil(math.log10(abs(value)) - math.log10(error))))
    text = f"{value:.{digits}g}"
    rest = value - float(text)
    if text not in ("1", "-1") or abs(rest) <= error:
        return text
    return f"{text} {'+' if rest > 0.0 else '-'} {abs(rest):.3g}"


def plus(value, error=0.0):
    """`plus 0.1`, or `minus 0.1`."""
    return f"{'plus' if value > 0.0 else 'minus'} {number(abs(value), error)}"


def fraction(value, error):
    """`1/8` for 0.125: the fraction of two small numbers that a constant, known within `error`, is; None
    where none is.

    None also for a whole number, and where the constant is known so badly that some fraction would be near by
    chance.
    """
    if not 2.0 * error * PER_UNIT <= BY_CHANCE:
        return None
    near = Fraction(value).limit_denominator(SIMPLE)
    found = near.denominator > 1 and abs(near.numerator) <= SIMPLE and abs(float(near) - value) <= error
    return str(near) if found else None


def listing(names, most=MOST_NAMED):
    """Names joined by commas and an `and`; beyond `most`, how many more there are."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def named_entries(name, chosen, between=None):
    """The entries chosen by a mask, by name; in a vector, runs of them as a range: x[0:12].

    `between`: a mask of entries that may be part of a run though they are not chosen.
    """
    if chosen.ndim != 1:
        return listing(entry_name(name, index) for index in _indices(chosen))
    return listing(
        f"{name}[{start}]" if stop == start + 1 else f"{name}[{start}:{stop}]"
        for start, stop in _runs(chosen, chosen if between is None else chosen | between)
    )


def _indices(chosen):
    return zip(*(axis.tolist() for axis in chosen.nonzero())) if chosen.ndim else [()]


def _runs(chosen, passable):
    """(start, stop) of the runs of passable positions, cut to the first and the last chosen one of each."""
    runs, last = [], None
    for i in chosen.nonzero()[0].tolist():
        if last is not None and passable[last:i].all():
            runs[-1][1] = i + 1
        else:
            runs.append([i, i + 1])
        last = i
    return runs


# --- What a wrong gradient is explained with: a block of it, the constants of its task, and the shape of an
# error.


SHARP = 1e-3  # relative. Forty or so factors have names, so one that is known to 1e-3 hits one by chance in
# 5 % of all cases at most, factors being spread over two powers of ten
FAR_BELOW = 0.01  # what is so small beside an error does not hide it: two of its digits would still be seen
DEPENDENT = (
    1e-8  # squared sine of the angle below which two columns are one: half of the digits are lost there
)


@dataclass(frozen=True)
class Block:
    """One array of a gradient: what was handed in (`analytic`), what was measured (`numeric`, within `bar`),
    where.

    `bar` is the error of the numerical derivative plus the rounding of the analytic one; infinite where
    nothing is known of an entry by itself. All four arrays have the shape of the `parameter`. `known_wrong`,
    `known_right`: what was found out about entries together, whose bars are infinite. `role`: "weights",
    "bias", or None where that is not known, `layer`: its number, or None; both are found out by `causes`.
    """

    name: str
    analytic: np.ndarray
    numeric: np.ndarray
    bar: np.ndarray
    parameter: np.ndarray
    known_wrong: bool = False
    known_right: bool = False
    role: str | None = None
    layer: int | None = None

    @cached_property
    def visible(self):
        """Where the analytic gradient is visibly wrong: more than 4 error bars from the numerical one."""
        difference = np.abs(self.analytic - self.numeric)
        return ~(difference <= WELL_BEYOND * self.least_bar) | ~np.isfinite(self.analytic)

    @cached_property
    def least_bar(self):
        """The bars, none below the rounding of the numbers themselves."""
        return np.maximum(self.bar, U * (np.abs(self.analytic) + np.abs(self.numeric)))

    @cached_property
    def known(self):
        """Where the numerical derivative of the entry itself is known."""
        return np.isfinite(self.bar)

    @cached_property
    def still(self):
        """Where the numerical derivative is zero within its bar: the loss is not seen to move."""
        return self.known & (np.abs(self.numeric) <= WELL_BEYOND * self.bar)

    @cached_property
    def is_zero(self):
        """Where both gradients are zero within the bar, which is neither right nor wrong."""
        return self.still & (np.abs(self.analytic) <= WELL_BEYOND * self.bar)

    @property
    def is_wrong(self):
        """Whether something is visibly wrong in it, or known to be."""
        return self.known_wrong or bool(np.any(self.visible))

    @property
    def is_right(self):
        """Whether it is evidence of being right: all within its bars, and not zero, for zero is neither
        right nor wrong.
        """
        if self.is_wrong:
            return False
        if not np.all(self.known):
            return self.known_right and bool(np.any(self.analytic != 0.0))
        within = np.abs(self.analytic - self.numeric) <= self.least_bar
        largest = np.max(np.abs(self.numeric), initial=0.0)
        return bool(np.all(within & (~self.still | is_narrow(self.bar, largest))) and not np.all(self.still))

    @property
    def proves_nothing(self):
        """Whether it is zero, or right and a multiple of its parameter: such weights may be their own L2
        term alone.
        """
        if self.is_right and self.role != "bias" and np.all(self.known):
            return is_multiple(self)
        return bool(np.all(self.is_zero))

    @property
    def proves_the_delta(self):
        """Whether it is right, and must have been made of a right delta."""
        return self.is_right and not self.proves_nothing

    @property
    def apart(self):
        """How far the two gradients are apart at most, relative to the largest entry; infinite where that is
        not known.
        """
        largest = np.max(np.abs(self.numeric[self.known]), initial=0.0)
        if largest == 0.0 or not np.all(np.isfinite(self.analytic)):
            return np.inf
        return float(np.max(np.abs(self.analytic - self.numeric)[self.known]) / largest)

    @property
    def resolution(self):
        """The least error that would be visible in every entry, relative to the largest; 0 if they were
        judged together.
        """
        largest = np.max(np.abs(self.numeric), initial=0.0)
        if not np.all(self.known):
            return 0.0
        return WELL_BEYOND * float(np.max(self.bar)) / float(largest) if largest > 0.0 else np.inf

    def at(self, chosen):
        """The Block of the entries chosen by a mask or an index."""
        return replace(
            self,
            analytic=self.analytic[chosen],
            numeric=self.numeric[chosen],
            bar=self.bar[chosen],
            parameter=self.parameter[chosen],
        )


@dataclass(frozen=True)
class Task:
    """The constants that may turn up as a factor; None where they are not known. `per_sample`: a dict name
    -> array each.
    """

    learning_rate: float | None = None
    samples: int | None = None
    outputs: int | None = None
    l2: float | None = None
    per_sample: tuple = ()


@dataclass(frozen=True)
class Shape:
    """`clause` completes "the gradient of W1 is ..."; `predicted` is what the analytic gradient would then
    be.

    `free`: how many constants were fitted, `constants` by name. `bar`: of what is predicted, if not that of
    the entry. `named`: the factor is one of a list, so it must be known well. `ways`: the logarithm of how
    many orders were tried. `kind`: "shape", or "place" if all that is said is where the gradient is wrong.
    `family`: what Shapes that are one mistake in other words have in common; by default the first word of the
    id. `plain`: whether it is worth telling beside others: not if it was made to fit the wrong entries.
    `made_of_delta`: whether the right delta is in it, so that it bears witness to that. `sentence`: in place
    of the clause, with braces for the names.
    """

    id: str
    clause: str
    predicted: np.ndarray
    free: int = 0
    constants: dict = field(default_factory=dict)
    bar: np.ndarray | None = None
    named: bool = False
    ways: float = 0.0
    kind: str = "shape"
    family: str | None = None
    plain: bool = True
    made_of_delta: bool = True
    sentence: str | None = None

    @property
    def kin(self):
        """The family."""
        return self.family or self.id.split()[0]


def fit(block, columns, offset=0.0):
    """Constants of the columns that add up to analytic - offset, weighted by the bars; None where not
    determined.
    """
    bar = _floored(block).ravel()
    weight = np.min(bar) / bar if np.isfinite(np.min(bar, initial=np.inf)) else np.zeros_like(bar)
    weighted = [column.ravel() * weight for column in columns]
    sizes = [float(np.max(np.abs(column), initial=0.0)) for column in weighted]
    if min(sizes) == 0.0:
        return None
    matrix = np.stack([column / size for column, size in zip(weighted, sizes)])
    products = matrix @ matrix.T
    if len(columns) == 2 and np.linalg.det(products) <= DEPENDENT * products[0, 0] * products[1, 1]:
        return None
    found = np.linalg.solve(products, matrix @ ((block.analytic - offset).ravel() * weight))
    return [float(each) / size for each, size in zip(found, sizes)]


def uncertainty(block, column):
    """How well the constant of a single column is known by `fit`: 4 times its standard error, the bars being
    standard.
    """
    bar = _floored(block)
    size = np.max(np.abs(column) / bar)
    return WELL_BEYOND / float(size * np.sqrt(np.sum((column / bar / size) ** 2))) if size > 0.0 else np.inf


def is_multiple(block):
    """Whether the numerical gradient is a multiple of the parameter, as that of an L2 term alone is."""
    k = fit(replace(block, analytic=block.numeric), [block.parameter])
    return k is not None and bool(
        np.all(np.abs(block.numeric - k[0] * block.parameter) <= WELL_BEYOND * block.least_bar)
    )


def _floored(block):
    floor = U * max(np.max(np.abs(block.analytic), initial=0.0), np.max(np.abs(block.numeric), initial=0.0))
    return np.maximum(block.bar, floor)


# --- The shapes of error that several blocks, or a part of one, can have in common: those made of constants
# alone.


def of_layers(block, task):
    """Zero, factors, and L2 terms, for a Block of any entries, the simplest first."""
    yield from proportional(block, task)
    yield from fitted(block, task)
    yield from with_parameter(block, task)
    yield from with_factor_and_parameter(block, task)


# --- Errors made of one constant: the gradient times a factor, named or not, or a number added.


NEAR = 0.01  # relative: a named factor is tried if it is this near to the one that fits best


def proportional(block, task):
    """Zero, the sign, and the constants of the task as factors, as far as they are near to the one that fits
    best.
    """
    numeric = block.numeric
    yield Shape("zero", "zero", np.zeros_like(numeric), bar=np.zeros_like(numeric), made_of_delta=False)
    for value, (id, words) in named_near(fit(block, [numeric]), task):
        yield Shape(
            id,
            f"the numerical one times {words}",
            value * numeric,
            0,
            {"factor": value},
            abs(value) * block.bar,
            named=value != -1.0,
        )


def named_near(constants, task):
    """(value, (id, words)) of the factors with a name that are near to the first of some fitted constants."""
    if constants is None:
        return []
    return [
        (value, words)
        for value, words in named_factors(task).items()
        if abs(value - constants[0]) <= NEAR * abs(value)
    ]


def named_factors(task):
    """value -> (id, words) of every factor that has a name; the words tell all names of that value that are
    as simple.
    """
    return _named(task.samples, task.outputs, task.learning_rate)


@lru_cache
def _named(N, K, rate):
    found = {-1.0: ("sign", "-1")}
    listed = list(_names(N, K, rate))
    for value in dict.fromkeys(each[0] for each in listed if each[0] != 1.0):
        rank = min(rank for each, _, _, rank in listed if each == value)
        names = [(id, words) for each, id, words, own in listed if each == value and own <= max(rank, 1)]
        for sign, minus, also in ((1.0, "", ""), (-1.0, "-", "minus ")):
            said = " or ".join(dict.fromkeys(also + words for _, words in names if words is not None))
            perhaps = ", perhaps " if rank == 0 or N is None else ", "
            whole = round(max(value, 1.0 / value))
            if said and N is None and whole > 2 and whole in (value, round(1.0 / value)):
                said += f" or {'' if value > 1.0 else '1 over '}that of samples (samples={whole} would tell)"
            found[sign * value] = (
                f"factor {minus}{names[0][0]}",
                number(sign * value) + (perhaps + said if said else ""),
            )
    return found


def _names(N, K, rate):
    """(value, id, words, rank): rank 0 for a bare 2, 1 for a constant of the task, 2 for a product with it.

    Twice and half of each, for half the squared error and the squared error, their sums and their means.
    """
    yield from ((2.0, "2", None, 0), (0.5, "1/2", None, 0))
    for base, id, words, rank in (
        (N, "N", "the number of samples", 1),
        (K, "outputs", "the number of outputs", 1),
        (N * K if N and K else None, "N outputs", "the number of samples times outputs", 2),
    ):
        if not base or base == 1:
            continue
        under = f"({id})" if " " in id else id
        yield from (
            (float(base), id, words, rank),
            (1.0 / base, f"1/{under}", f"1 over {words}", rank),
            (2.0 * base, f"2 {id}", f"twice {words}", 2),
            (0.5 * base, f"{id}/2", f"half of {words}", 2),
            (2.0 / base, f"2/{under}", f"2 over {words}", 2),
            (1.0 / (2.0 * base), f"1/(2 {id})", f"1 over twice {words}", 2),
        )
    if rate:
        yield from (
            (float(rate), "learning rate", "the learning rate", 1),
            (1.0 / rate, "1/learning rate", "1 over the learning rate", 1),
        )


def fitted(block, task):
    """A factor, or an added constant, that has no name."""
    c = fit(block, [block.numeric])
    if c is not None:
        words = factor_words(c[0], uncertainty(block, block.numeric), task)
        yield Shape(
            "factor",
            f"the numerical one times {words}",
            c[0] * block.numeric,
            1,
            {"factor": c[0]},
            abs(c[0]) * block.bar,
        )
    added = fit(block, [np.ones_like(block.numeric)], block.numeric)
    if added is not None:
        words = plus(added[0], uncertainty(block, np.ones_like(block.numeric)))
        yield Shape(
            "constant added",
            f"the numerical one {words} in every entry",
            block.numeric + added[0],
            1,
            {"added": added[0]},
        )


def factor_words(value, error, task):
    """A fitted factor, known within `error`: as a fraction too where it is one, and what it may be of the
    task.
    """
    simple = fraction(value, error)
    words = number(value, error) + (f", that is {simple}" if simple is not None else "")
    for each, (_, said) in named_factors(task).items() if error <= NEAR * abs(value) else ():
        if abs(each - value) <= error and ", " in said:
            return f"{words}, perhaps {said.split(', ', 1)[1].removeprefix('perhaps ')}"
    return words + (_of_samples(value, error) if task.samples is None else "")


MOST_SAMPLES = 1e9  # nobody has more


def _of_samples(value, error):
    """The question whether a whole number, or one over it, is that of the samples."""
    if not 1.0 / MOST_SAMPLES <= abs(value) <= MOST_SAMPLES:
        return ""
    for each, known, one in ((value, error, ""), (1.0 / value, error / value / value, "1 over ")):
        whole = round(each) if np.isfinite(each) else 0
        if whole > 2 and abs(each - whole) <= known <= SHARP * whole:
            return f", {one}the number of samples? samples={whole} would name it"
    return ""


# --- Errors in a vector that holds all parameters: an L2 term belongs to some ranges of it, the weights, not
# to others.


def factor_and_l2_in_part(block, task):
    """Everything times a named factor, and in some entries, not in all, an L2 term besides."""
    if block.numeric.ndim != 1 or block.role is not None:
        return
    for value, (id, words) in named_factors(task).items():
        width = max(1.0, abs(value)) * block.least_bar
        rest = np.abs(block.analytic - value * block.numeric) > WELL_BEYOND * width
        k = fit(block.at(rest), [block.parameter[rest]], value * block.numeric[rest])
        if k is None or not np.any(block.visible & ~rest):
            continue
        there = replace(block, parameter=np.where(rest, block.parameter, 0.0))
        shape = both_shape(there, task, id, words, value, k[0], 1)
        yield replace(
            shape, clause=f"{shape.clause}, the L2 term in {named_entries(block.name, rest, block.is_zero)}"
        )


# --- Errors of an L2 term: the parameter in the gradient, in place of it, or left out of what is multiplied.


def with_parameter(block, task):
    """The parameter in place of the gradient, or in it: analytic = numeric + k * parameter, k of a name or
    fitted.
    """
    numeric, parameter = block.numeric, block.parameter
    yield Shape(
        "the parameter", "the parameter itself", parameter, bar=np.zeros_like(numeric), made_of_delta=False
    )
    if task.learning_rate is not None:
        yield Shape(
            "the updated parameter",
            "the parameter after an update, not the gradient",
            parameter - task.learning_rate * numeric,
            bar=task.learning_rate * block.bar,
        )
    yield from _of_known_strength(block, task)
    k = fit(block, [parameter], numeric)
    if k is not None:
        id, clause = _added(block, k[0], task)
        yield Shape(id, clause, numeric + k[0] * parameter, 1, {"l2": k[0]}, family="L2")
    alone = fit(block, [parameter])
    if alone is not None:
        id, clause = _alone(block, alone[0], uncertainty(block, parameter), task)
        yield Shape(
            id,
            clause,
            alone[0] * parameter,
            1,
            {"l2": alone[0]},
            np.zeros_like(numeric),
            family="L2 alone",
            made_of_delta=False,
        )


def with_factor_and_parameter(block, task):
    """analytic = c * numeric + k * parameter, where c is one of the named factors, or is fitted as well."""
    numeric, parameter = block.numeric, block.parameter
    both = fit(block, [numeric, parameter])
    if both is None:
        return
    for value, (id, words) in named_near(both, task):
        yield both_shape(block, task, id, words, value, fit(block, [parameter], value * numeric)[0], 1)
    words = factor_words(both[0], uncertainty(block, numeric), task)
    yield both_shape(block, task, "factor", words, *both, 2)


def _of_known_strength(block, task):
    """The L2 term missing, turned round, or times one of some factors, where its strength is known."""
    if not task.l2:
        return
    listed = [
        (0.0, "L2 missing", "the L2 term missing"),
        (2.0, "L2 doubled", "the L2 term twice"),
        (-1.0, "L2 sign", "the sign of the L2 term turned round"),
        (0.5, "L2 halved", "half of the L2 term"),
    ]
    if task.samples is not None and task.samples > 2:
        N = task.samples
        listed += [
            (1.0 / N, "L2 divided by N", f"the L2 term divided by {N}, the number of samples"),
            (float(N), "L2 times N", f"the L2 term times {N}, the number of samples"),
        ]
    for times, id, words in listed:
        added = (times - 1.0) * task.l2
        clause = f"the numerical one with {words}"
        if block.role == "bias" and times == 2.0:
            id, clause = "L2 on biases", _added(block, added, task)[1]
        yield Shape(id, clause, block.numeric + added * block.parameter, constants={"l2": added}, family="L2")


def _added(block, k, task):
    """(id, clause) for k times the parameter added; what an L2 term of unknown strength may have to do with
    it.
    """
    error, N = uncertainty(block, block.parameter), task.samples
    size = number(abs(k), error)
    if k > 0.0 and block.role == "bias":
        return "L2 on biases", f"the numerical one plus {size} times the parameter: an L2 term on biases"
    if k > 0.0:
        clause = (
            f"the numerical one plus {size} times the parameter: an L2 term of {size} twice, or one that the loss "
            "does not have"
        )
        if N and N > 2 and not task.l2:
            clause += f", or one of {number(k / (N - 1), error)} times {N}, the number of samples"
        return "L2 doubled", clause
    if block.role == "bias":
        return (
            "L2 missing",
            f"the numerical one minus {size} times the parameter, as if an L2 term of that size were missing",
        )
    clause = f"the numerical one minus {size} times the parameter: an L2 term of {size} is missing"
    if not task.l2 and N and N > 1:
        clause += (
            f", or one of {number(abs(k) * N / (N - 1), error)} is divided by {N}, the number of samples"
        )
    if not task.l2:
        clause += f", or one of {number(abs(k) / 2.0, error)} has the wrong sign"
    return "L2 missing", clause


def _alone(block, k, error, task):
    """(id, clause) for k times the parameter and nothing else."""
    size = number(k, error)
    if k > 0.0 and block.role != "bias" and (not task.l2 or abs(k - task.l2) <= error):
        return (
            "data term missing",
            f"{size} times the parameter: only an L2 term of {size} is there, the rest is zero",
        )
    return "the parameter times", f"{size} times the parameter"


def both_shape(block, task, id, words, c, k, free):
    """The Shape of a factor and an L2 term together."""
    predicted = c * block.numeric + k * block.parameter
    constants = {"factor": c, "l2": k}
    clause = f"the numerical one {_both(block, task, words, c, k)}"
    return Shape(f"{id} and L2", clause, predicted, free, constants, abs(c) * block.bar, plain=id == "factor")


def _both(block, task, words, c, k):
    """What analytic = c * numeric + k * parameter may mean, in words."""
    kept, missing = k / (1.0 - c) if c != 1.0 else 0.0, -k / c if c != 0.0 else 0.0
    error = uncertainty(block, block.parameter)
    if task.l2:
        if abs(k - (1.0 - c) * task.l2) <= error:
            return _all_but(f"the L2 term of {number(task.l2)}", words, c)
        if abs(k + c * task.l2) <= error:
            return f"times {words}, with the L2 term of {number(task.l2)} missing"
        return (
            f"with the L2 term times {number((k + c * task.l2) / task.l2)} and everything else times {words}"
        )
    if kept > 0.0:
        clause = _all_but(f"an L2 term of {number(kept, error * kept / abs(k))}", words, c)
        also = f" (or all of it is, and one of {number(missing, error * missing / abs(k))} is missing)"
        return clause + also if missing > 0.0 else clause
    if missing > 0.0:
        return f"times {words}, with an L2 term of {number(missing, error * missing / abs(k))} missing"
    return f"times {words}, {plus(k, error)} times the parameter"


def _all_but(term, words, c):
    return (
        f"with the sign of all but {term} turned round"
        if c == -1.0
        else f"with everything but {term} times {words}"
    )


# --- Right numbers in the wrong place: transposed, reversed, exchanged, of another block, of some samples
# only.


MOST_LINES = 300  # wrong rows up to which each is looked for in the place of another


def rearranged(block):
    """The same numbers, transposed, reshaped, in reverse, or with rows, columns or entries exchanged."""
    numeric = block.numeric
    if lines(block) and numeric.shape[0] == numeric.shape[1]:
        yield _moved("transposed", "the numerical one transposed", block, np.transpose)
    elif lines(block):
        yield _moved(
            "reshaped",
            "the numerical one transposed and then reshaped, which mixes its entries",
            block,
            lambda array: array.T.reshape(array.shape),
        )
        yield _moved(
            "reshaped",
            "the numerical one read row by row and laid out column by column, or order C taken for F",
            block,
            lambda array: array.reshape(array.shape[::-1]).T,
        )
    for axis in range(numeric.ndim):
        if numeric.shape[axis] > 1:
            word = "entries" if numeric.size == numeric.shape[axis] else "rows" if axis == 0 else "columns"
            yield _moved(
                "reversed",
                f"the numerical one with its {word} in reverse order",
                block,
                lambda array, axis=axis: np.flip(array, axis),
                family=f"order of {word}",
            )
    for word, axis in lines(block):
        order = _order(block, axis)
        if order is not None:
            named = ", ".join(map(str, order[:12])) + (", ..." if len(order) > 12 else "")
            yield _moved(
                f"permuted {word}s",
                f"the numerical one with its {word}s in the order {named}",
                block,
                lambda array, axis=axis, order=order: np.take(array, order, axis=axis),
                ways=lgamma(len(order) + 1),
                family=f"order of {word}s",
            )
    yield from _exchanged(block)


def _moved(id, clause, block, move, ways=0.0, family=None):
    return Shape(
        id, clause, move(block.numeric), bar=np.maximum(block.bar, move(block.bar)), ways=ways, family=family
    )


def _order(block, axis):
    """Which line of the numerical gradient stands in each line of the analytic one; None where one stands
    nowhere.
    """
    analytic, numeric, bar = (
        np.moveaxis(each, axis, 0) for each in (block.analytic, block.numeric, block.least_bar)
    )
    order = [
        i if np.all(np.abs(analytic[i] - numeric[i]) <= WELL_BEYOND * bar[i]) else None
        for i in range(len(numeric))
    ]
    left = [i for i, each in enumerate(order) if each is None]
    if len(left) > MOST_LINES:
        return None
    for i in list(left):
        fitting = [
            j
            for j in left
            if np.all(np.abs(analytic[i] - numeric[j]) <= WELL_BEYOND * np.maximum(bar[i], bar[j]))
        ]
        if not fitting:
            return None
        order[i] = fitting[0]
        left.remove(fitting[0])
    return order


def _exchanged(block):
    """The wrong entries are the numerical ones of the same places in another order."""
    wrong = block.visible
    names = [entry_name(block.name, index) for index in np.argwhere(wrong)]
    if len(names) < 2:
        return
    inner, source = block.at(wrong), np.empty(len(names), dtype=int)
    source[np.argsort(inner.analytic)] = np.argsort(inner.numeric)
    predicted, bar = block.numeric.copy(), block.bar.copy()
    predicted[wrong], bar[wrong] = inner.numeric[source], np.maximum(inner.bar, inner.bar[source])
    what = (
        f"{names[0]} and {names[1]} exchanged"
        if len(names) == 2
        else f"{len(names)} entries in each other's places"
    )
    yield Shape(
        "permuted",
        f"the numerical one with {what}",
        predicted,
        bar=bar,
        ways=lgamma(len(names) + 1),
        plain=False,
    )


def of_another_block(block, others):
    """The gradient of another block, as it should be or as it was handed in."""
    others = [
        other for other in others if other.numeric.size == block.numeric.size and not np.all(other.is_zero)
    ]
    shape = block.numeric.shape
    for words, given in (("the numerical one of", False), ("the one given for", True)):
        for other in others:
            whose = other.name if other.numeric.shape == shape else f"{other.name}, reshaped"
            array = (other.analytic if given else other.numeric).reshape(shape)
            yield Shape(
                "another block",
                f"{words} {whose}",
                array,
                0,
                {"block": other.name, "given": given},
                np.maximum(other.bar.reshape(shape), block.bar),
                made_of_delta=False,
            )


def without_input(block, others):
    """Every row or column is the gradient of the bias of the layer: the delta was not multiplied by its
    input.
    """
    bias = next(
        (other for other in others if other.layer == block.layer is not None and other.role == "bias"), None
    )
    if block.role != "weights" or block.numeric.ndim != 2 or bias is None or np.all(bias.is_zero):
        return
    for word, axis in (("column", 0), ("row", 1)):
        if bias.numeric.size != block.numeric.shape[axis]:
            continue
        bar = np.maximum(_spread(bias.bar, block, axis), block.bar)
        for whose, array in (("the numerical gradient of", bias.numeric), ("that given for", bias.analytic)):
            delta = _spread(array, block, axis)
            clause = f"made without its input: every {word} is {whose} {bias.name}, the delta alone"
            yield Shape("without input", clause, delta, 0, {"block": bias.name}, bar, family="another")
            k = fit(block, [block.parameter], delta)
            if k is not None:
                words = plus(k[0], uncertainty(block, block.parameter))
                yield Shape(
                    "without input",
                    f"{clause}, {words} times the parameter",
                    delta + k[0] * block.parameter,
                    1,
                    {"block": bias.name, "l2": k[0]},
                    bar,
                    family="another",
                )


def _spread(array, block, axis):
    return np.broadcast_to(np.expand_dims(array.ravel(), 1 - axis), block.numeric.shape)


def summed(block):
    """In every entry of a bias the sum of all: summed over the neurons too."""
    if block.role == "bias" and block.numeric.size > 1:
        total = np.full_like(block.numeric, np.sum(block.numeric))
        bar = np.full_like(total, np.sum(block.bar))
        yield Shape("summed", "the sum of all its entries in each of them", total, bar=bar)


def of_some_samples(block, task):
    """One sample alone, or all but one; where the gradients of the samples are known."""
    parts = [np.asarray(each[block.name], dtype=float) for each in task.per_sample if block.name in each]
    if len(parts) < 2:
        return
    for i, part in enumerate(parts):
        which = "first sample" if i == 0 else "last sample" if i == len(parts) - 1 else "one sample"
        words = f"sample {i + 1}" if which == "one sample" else f"the {which}"
        yield Shape(f"{which} only", f"that of {words} alone", part, 0, {"sample": i}, made_of_delta=False)
        if len(parts) > 2:
            yield Shape(
                f"{which} left out",
                f"that of all samples but {words}",
                block.numeric - part,
                0,
                {"sample": i},
            )


# --- Errors in a part of a block: one entry, one row, one column, rows of zeros, what is not zero where it
# should be.


def zero_lines(block):
    """Whole rows or columns, not all of them, that are exactly zero in the analytic gradient."""
    for word, axis in lines(block):
        zero = np.all(block.analytic == 0.0, axis=1 - axis) & np.any(block.visible, axis=1 - axis)
        if np.any(zero) and not np.all(zero):
            predicted = np.where(np.expand_dims(zero, 1 - axis), 0.0, block.numeric)
            clause = f"the numerical one with {named_lines(block, axis, zero)} set to zero"
            yield Shape(f"zero {word}s", clause, predicted, plain=False)


def not_zero(block):
    """All wrong entries are zero in the numerical gradient: what they are is copied, so this is a place
    only.
    """
    wrong = block.visible
    if np.any(wrong) and np.all(block.still[wrong]) and not np.all(wrong):
        clause = f"the numerical one except for {_named_entries(block, wrong)}: not zero where the true gradient is"
        yield Shape("not zero", clause, np.where(wrong, block.analytic, block.numeric), kind="place")


def factor_per_line(block):
    """Every row, or every column, times a factor of its own: what belongs to its neuron, or to its input, is
    wrong.
    """
    for word, axis in lines(block):
        factors = []
        for i in range(block.numeric.shape[axis]):
            part = block.at(i if axis == 0 else (slice(None), i))
            told = np.any(part.visible) and np.sum(~part.still) > 1
            c = fit(part, [part.numeric]) if told else None
            factors.append(1.0 if c is None else c[0])
        if all(c == 1.0 for c in factors):
            continue
        scale = np.expand_dims(np.array(factors), 1 - axis)
        clause = f"the numerical one with a factor for every {word}: {', '.join(map(number, factors[:6]))}"
        clause += ", ..." if len(factors) > 6 else ""
        yield Shape(
            f"factor per {word}",
            clause,
            scale * block.numeric,
            len(factors),
            {"factors": factors},
            np.abs(scale) * block.bar,
        )


def some_entries(block, task):
    """The entries that are visibly wrong, all others being right: which they are, and what is the matter
    with them.
    """
    wrong = block.visible
    count = int(np.sum(wrong))
    if count in (0, block.numeric.size):
        return
    id, where = _where(block, np.argwhere(wrong))
    inner = block.at(wrong)
    for shape in of_layers(inner, task):
        predicted = block.numeric.copy()
        predicted[wrong] = shape.predicted
        own = id or f"{shape.id} in some entries"
        what = "set to zero" if shape.id == "zero" else shape.clause.removeprefix("the numerical one ")
        bar = block.bar.copy()
        bar[wrong] = inner.bar if shape.bar is None else shape.bar
        yield replace(
            shape,
            id=own,
            clause=f"the numerical one except for {where}: {what}",
            predicted=predicted,
            bar=bar,
            plain=False,
            made_of_delta=True,
        )
    if id is not None or block.numeric.ndim == 1 and block.role is None or not np.all(block.known):
        predicted = np.where(wrong, block.analytic, block.numeric)
        yield Shape(id or "some entries", f"the numerical one except for {where}", predicted, kind="place")


def _where(block, indices):
    """(id, name) of the place of the wrong entries; the id is None where they are neither one entry nor one
    line.

    Nor has it one where some entries were not looked at, for those may be wrong as well.
    """
    if not np.all(block.known):
        return None, _named_entries(block, block.visible)
    if len(indices) == 1:
        return "one entry", entry_name(block.name, indices[0])
    for word, axis in lines(block):
        if len(set(indices[:, axis])) == 1:
            return f"one {word}", line_name(block, axis, indices[0][axis])
    return None, _named_entries(block, block.visible)


def lines(block):
    """(word, axis) of the directions in which a matrix of several rows and columns is cut; none for other
    arrays.
    """
    is_cut = block.numeric.ndim == 2 and min(block.numeric.shape) > 1
    return [("row", 0), ("column", 1)] if is_cut else []


def named_lines(block, axis, chosen):
    """The chosen rows or columns by name."""
    return listing(line_name(block, axis, i) for i in np.flatnonzero(chosen))


def line_name(block, axis, i):
    """W1[2,:] for a row, W1[:,2] for a column."""
    return f"{block.name}[{i},:]" if axis == 0 else f"{block.name}[:,{i}]"


def _named_entries(block, chosen):
    """Entries by name, as whole lines where they are whole lines."""
    for _, axis in lines(block):
        whole = np.all(chosen, axis=1 - axis)
        if np.array_equal(chosen, np.broadcast_to(np.expand_dims(whole, 1 - axis), chosen.shape)):
            return named_lines(block, axis, whole)
    return named_entries(block.name, chosen, block.is_zero)


# --- The loss does not move with a block at all, and its analytic gradient is not zero.


def loss_does_not_depend(block, others):
    """The numerical gradient is zero in every entry, exactly or within bars that are narrow beside the
    analytic one.
    """
    largest = np.max(np.abs(block.analytic))
    if (
        block.numeric.size == 0
        or not np.all(block.still)
        or not WELL_BEYOND * np.max(block.bar) <= SHARP * largest
    ):
        return
    at_all = "at all" if np.all(block.numeric == 0.0) else "beyond the error bars"
    asked = "does it use the parameters that it is given?"
    if any(other.is_right for other in others):
        asked = "not used, or connected with units that are off at this point?"
    sentence = f"the loss does not move with {{}} {at_all}: {asked}"
    yield Shape(
        "loss does not depend",
        "not zero, and the loss does not move with it",
        block.analytic,
        sentence=sentence,
        made_of_delta=False,
    )


# --- The known shapes of error in a gradient: what it would be, had a certain mistake been made. Nothing is
# decided here.


__all__ = ["Block", "Shape", "Task", "listing", "number", "of_layers", "shapes"]


def shapes(block, others, task):
    """All shapes of one wrong Block, the simplest first. `others` are the other blocks, right or wrong.

    Of a block that was looked at in part only those that speak of some entries; `of_layers` has others for
    those seen.
    """
    yield from loss_does_not_depend(block, others)
    if not np.all(block.known):
        yield from some_entries(block, task)
        return
    yield from proportional(block, task)
    yield from zero_lines(block)
    yield from rearranged(block)
    yield from summed(block)
    yield from without_input(block, others)
    yield from of_another_block(block, others)
    yield from of_some_samples(block, task)
    yield from fitted(block, task)
    yield from with_parameter(block, task)
    yield from with_factor_and_parameter(block, task)
    yield from factor_and_l2_in_part(block, task)
    yield from some_entries(block, task)
    yield from not_zero(block)
    yield from factor_per_line(block)
