"""How many digits of a training are reproducible: runs that differ in their last digit (replicas), compared.

Each run starts with every parameter moved by -1, 0 or +1 unit in the last place (ulp), at random; with the
full batch its samples also stand in another order, which changes the order of the sums and nothing else.
(Online and in mini-batches another order would be another training.)

Source of the digits: D. Sohier, P. de Oliveira Castro, F. Févotte, B. Lathuilière, E. Petit, O. Jamond,
"Confidence intervals for stochastic arithmetic", ACM TOMS 47 (2021); the estimate is that of D. S. Parker.
"""

import math
from dataclasses import dataclass
from functools import cache, partial
from itertools import takewhile
from statistics import NormalDist

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.networks.side_by_side import require_start
from gradcheck.report.report import plain
from gradcheck.twin import Twin
from neuronnet.errors import Interrupted, counted
from neuronnet.render.text import table

CONFIDENCE = 0.95  # the customary one, and that of Sohier et al.
PROBABILITY = 0.9  # that one further run agrees; 29 runs can support it
MOST_DIGITS = 53 * math.log10(2.0)  # 15.95: a float has no more
ASKED = 6  # digits, as tables of errors are usually printed
SEPARATION = 10.0  # groups are told apart by gaps this much wider than any group, ...
MEMBERS = 3  # ... of which there are at most n/3, ...
FEWEST = 3  # runs, the training itself among them, that say anything
COMPANY = 2  # ... two of them not alone: a test counts the false alarms of all three


def runs_needed(probability=PROBABILITY, confidence=CONFIDENCE):
    """The smallest n for which n agreeing runs support the claim: n >= ln(alpha)/ln(p)."""
    return math.ceil(math.log(1.0 - confidence) / math.log(probability))


RUNS = runs_needed()


def stability(
    network, updates, every, *, runs=RUNS, seed=0, progress=None, digits=ASKED, first=None, executor=None
):
    """Train a network and `runs` more that differ in their last digit, and compare E_total row by row.

    `network` is a plain dict or a Description. Rows: update 0, `first` (by default `every`), then each
    `every`-th after it, and `updates`. `digits` are asked for; `seed` draws the ulps and the orders.
    progress(done, all) is called after each run; an `executor` (of concurrent.futures) shares the runs out.
    Returns a StabilityReport. Raises GradcheckError, also when the training diverges.
    """
    network = network.to_dict() if hasattr(network, "to_dict") else network
    require_start(network)
    first = every if first is None else first
    given = {"updates": updates, "every": every, "first": first, "runs": runs, "seed": seed}
    for (name, found), allowed in zip(given.items(), (1, 1, 1, 2, 0)):
        if found < allowed:
            raise GradcheckError(f"{name}: found {found}, allowed is {allowed} or more")
    recorded = [0, *range(first, updates, every), updates]
    samples, batch = len(network.get("sample", [])), network.get("batch", "full")
    permuted = batch == "full" or isinstance(batch, int) and batch >= samples
    run = partial(_run, network, recorded, permuted, seed)
    found, until = [], None
    try:
        for each in (map if executor is None else executor.map)(run, range(runs + 1)):
            found.append(each)
            if progress is not None:
                progress(len(found), runs + 1)
    except KeyboardInterrupt:
        if len(found) < FEWEST:
            raise
        runs, until = len(found) - 1, f"after {len(found) - 1} of {counted(runs, 'run')}"
    starts, values = zip(*found)
    disturbed = np.where(np.isfinite(values[1:]), values[1:], np.inf)
    probability = min(PROBABILITY, (1.0 - CONFIDENCE) ** (1.0 / runs))
    rows = [_row(*each, probability) for each in zip(recorded, values[0], disturbed.T)]
    diverged = int(np.sum(np.isinf(disturbed[:, -1])))
    groups = _ends(starts[1:], disturbed, rows)
    different = len(set(starts[1:]))
    report = StabilityReport(rows, digits, runs, different, seed, probability, permuted, diverged, groups)
    if until is not None:
        raise Interrupted(report, until)
    return report


@dataclass(frozen=True)
class StabilityReport:
    """What `stability` found.

    rows: dicts with "update", "value" (of the training itself), "digits" (a lower bound, the smaller of
    "digits_normal" and "digits_general"), "digits_estimated", "spread", "lowest", "highest". groups: where
    the runs end, if apart: "value", "spread", "runs". asked: the digits wanted. probability: of `digits`, at
    CONFIDENCE. different: how many runs start differently. permuted: whether the order of the sums varied
    too. diverged: how many runs ended without a finite E_total.
    """

    rows: list
    asked: float
    runs: int
    different: int
    seed: int
    probability: float
    permuted: bool
    diverged: int
    groups: list

    @property
    def reproducible_until(self):
        """The update up to which every row has the digits asked; None when row 0 has not."""
        kept = list(takewhile(lambda row: row["digits"] >= self.asked, self.rows))
        return kept[-1]["update"] if kept else None

    @property
    def lost_from(self):
        """The update from which on no row has the digits asked; None when the last row has."""
        lost = list(takewhile(lambda row: row["digits"] < self.asked, reversed(self.rows)))
        return lost[-1]["update"] if lost else None

    @property
    def growth(self):
        """How fast rounding grew: {"from", "to", "digits_lost", "log10_per_1000"}; None below one digit.

        By the estimated digits, between the last row within a digit of the most and the first within a digit
        of the fewest. `log10_per_1000`: log10 of the growth of the relative spread per 1,000 updates.
        """
        digits = [row["digits_estimated"] for row in self.rows]
        stop = next(i for i, each in enumerate(digits) if each <= min(digits) + 1.0)
        start = max(i for i in range(stop + 1) if digits[i] >= max(digits[: stop + 1]) - 1.0)
        lost, begin, end = digits[start] - digits[stop], self.rows[start]["update"], self.rows[stop]["update"]
        if lost <= 1.0:
            return None
        speed = 1000.0 * lost / (end - begin)
        return {"from": begin, "to": end, "digits_lost": lost, "log10_per_1000": speed}

    def to_dict(self):
        """Plain dict, ready for JSON; what is not finite is None."""
        derived = ("reproducible_until", "lost_from", "growth")
        found = {**self.__dict__, "confidence": CONFIDENCE}
        return plain(found | {name: getattr(self, name) for name in derived})

    def __str__(self):
        order = "the samples in the same order (not the full batch: another order would be another training)"
        if self.permuted:
            order = "the samples in another order (full batch: only the order of the sums changes)"
        alike = f" ({self.different} of them different)" if self.different < self.runs else ""
        cells = [("update", "E_total", "digits", "estimate", "lowest", "highest", "spread")]
        for row in self.rows:
            values = [f"{row[key]:.6g}" for key in ("value", "lowest", "highest")]
            digits = [f"{row[key]:.1f}" for key in ("digits", "digits_estimated")]
            cells.append((str(row["update"]), values[0], *digits, *values[1:], f"{row['spread']:.1e}"))
        lines = [
            f"{self.runs} runs of the training that differ in their last digit (replicas){alike}:",
            f"  each parameter moved by -1, 0 or +1 ulp (seed {self.seed}),",
            f"  {order}",
            f"{ASKED} digits are as many as tables of errors usually print",
            "digits: a further run reproduces at least so many digits of E_total, with probability",
            f"  {self.probability:.3g} and confidence {CONFIDENCE:g} (Sohier et al.); estimate: Parker's",
        ]
        head = [f"training: {self._extent()}", *self._reasons(), ""]
        return "\n".join([*head, *lines, "", *table(cells, left=0)])

    def _extent(self):
        asked, until, lost = f"{self.asked:g} digits or more", self.reproducible_until, self.lost_from
        if until == self.rows[-1]["update"]:
            fewest = min(row["digits"] for row in self.rows)
            return f"{asked} are reproducible in every recorded row, {fewest:.1f} where they are fewest"
        text = "not reproducible at first" if until is None else f"reproducible up to update {until}"
        if lost is None:
            return f"{asked} are {text}; then fewer for a while, and again in the last row"
        most = max(row["digits"] for row in self.rows if row["update"] >= lost)
        return f"{asked} are {text}; from update {lost} on in no row: at most {most:.1f}"

    def _reasons(self):
        if self.groups:
            end = "{value:.6g} ({runs} runs, {spread:.1e} apart)"
            ends = [end.format(**group) for group in self.groups]
            yield f"rounding decides which minimum is reached: {len(ends)} separate groups of runs end near"
            yield f"  {'; '.join(ends)}"
        if self.diverged > 0:
            yield f"{self.diverged} of {counted(self.runs, 'run')} diverge"
        growth = self.growth
        if growth is None:
            yield "training hardly amplifies rounding: less than one digit is lost over all rows"
            return
        log10 = growth["log10_per_1000"]
        factor = f"{10.0**log10:.3g}" if log10 < ASKED else f"10^{log10:.1f}"
        lost = f"{growth['digits_lost']:.1f} digits"
        yield f"training amplifies rounding: from update {growth['from']} to {growth['to']} {lost} are lost,"
        yield f"  the spread relative to E_total grows by a factor of {factor} per 1,000 updates"


# Runs


def _run(network, recorded, permuted, seed, number):
    """(what it starts from, E_total at the recorded updates) of run `number`; 0 is the training itself."""
    random = np.random.default_rng([seed, number])
    order = np.arange(len(network.get("sample", [])))
    if number > 0 and permuted:
        random.shuffle(order)
    twin = Twin({**network, "sample": [network["sample"][i] for i in order]})
    if number > 0:
        twin.vector = moved_by_ulps(twin.vector, random)
    start = (twin.vector.tobytes(), order.tobytes())
    with np.errstate(all="ignore"):
        return start, [twin.train(stop - made)[-1]["E_total"] for made, stop in zip([0, *recorded], recorded)]


def moved_by_ulps(vector, random):
    """A copy with each entry moved by -1, 0 or +1 ulp, each as likely as the others."""
    moves = random.integers(-1, 2, vector.size)
    return np.nextafter(vector, np.where(moves == 0, vector, np.copysign(np.inf, moves)))


def _row(update, value, others, probability):
    if not math.isfinite(value):
        found = f"E_total is {value} after {update} updates"
        raise GradcheckError(f"the training diverges: {found}; take a smaller learning rate")
    lowest, highest = min(value, *others.tolist()), max(value, *others.tolist())
    normal, general = normal_digits(others, probability), general_digits(others, value)
    return {
        "update": update,
        "value": value,
        "digits": min(normal, general),
        "digits_estimated": estimated_digits(others),
        "digits_normal": normal,
        "digits_general": general,
        "spread": highest - lowest,
        "lowest": lowest,
        "highest": highest,
    }


# Groups


def _ends(starts, disturbed, rows):
    """The groups in which runs end, {"value", "spread", "runs"} each; empty when they are not apart.

    The last two rows count: what still moves has reached nothing. Runs that happen to start alike are one.
    """
    numbers = list(dict(zip(starts, range(len(starts)))).values())
    before, last = disturbed[numbers, -2:].T
    moved = np.abs(np.subtract(last, before, out=np.zeros(len(last)), where=np.isfinite(last)))
    # What evaluating E_total may be off, relative to it: the spread that was there before any update.
    relative = rows[0]["spread"] / abs(rows[0]["value"]) if rows[0]["value"] != 0.0 else 0.0
    groups = separate_groups(last, max(abs(rows[-1]["value"]) * max(relative, np.finfo(float).eps), *moved))
    return [
        {
            "value": float(np.mean(last[members])),
            "spread": float(np.ptp(last[members])),
            "runs": sum(starts.count(starts[numbers[i]]) for i in members),
        }
        for members in groups
        if len(groups) > 1
    ]


def separate_groups(values, blur=0.0):
    """[positions] of each group of finite values, groups ascending; one group when none are apart.

    Groups are apart when every gap between neighbours exceeds SEPARATION times the width of the widest group
    and SEPARATION times the `blur` of a value, and two or more have COMPANY: one value far out may be the
    tail of a distribution. The most groups that are so are taken, up to one in MEMBERS values.
    """
    order = [int(i) for i in np.argsort(values) if math.isfinite(values[i])]
    gaps = np.diff([values[i] for i in order])
    for cuts in range(len(order) // MEMBERS - 1, 0, -1):
        places = np.sort(np.argsort(gaps)[-cuts:])
        groups = [part.tolist() for part in np.split(np.array(order), places + 1)]
        widest = max(values[group[-1]] - values[group[0]] for group in groups)
        in_company = sum(len(group) >= COMPANY for group in groups)
        if in_company >= 2 and gaps[places].min() > SEPARATION * max(widest, blur):
            return groups
    return [order]


# Digits, from 0 to 53 bits


def estimated_digits(values):
    """Parker's estimate of the significant digits: -log10(sigma/|mu|) of the values."""
    return _digits(*_deviation_and_mean(values))


def normal_digits(values, probability=PROBABILITY, confidence=CONFIDENCE):
    """The lower bound for normal values."""
    deviation, mean = _deviation_and_mean(values)
    freedom = len(values) - 1
    factor = math.sqrt(freedom / chi_square_quantile((1.0 - confidence) / 2.0, freedom))
    return _digits(deviation * factor * NormalDist().inv_cdf((probability + 1.0) / 2.0), mean)


def general_digits(values, reference):
    """The lower bound for any values: the digits to which all agree with the reference."""
    return _digits(float(np.max(np.abs(np.subtract(values, reference)))), reference)


def _digits(deviation, size):
    if deviation == 0.0:
        return MOST_DIGITS
    if size == 0.0 or not math.isfinite(deviation):
        return 0.0
    return min(max(math.log10(abs(size)) - math.log10(deviation), 0.0), MOST_DIGITS)


def _deviation_and_mean(values):
    """(sigma, mu), from differences to the first value: equal values then have a sigma of exactly 0."""
    if not np.all(np.isfinite(values)):
        return math.inf, math.inf
    with np.errstate(over="ignore", invalid="ignore"):
        differences = np.subtract(values, values[0])
        return float(np.std(differences, ddof=1)), float(values[0] + np.mean(differences))


@cache
def chi_square_quantile(probability, freedom):
    """The x below which a chi-square variable lies with this probability, by bisection."""
    low, high = 0.0, float(freedom)
    while chi_square_probability(high, freedom) < probability:
        low, high = high, 2.0 * high
    while low < (middle := 0.5 * (low + high)) < high:
        if chi_square_probability(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return high


def chi_square_probability(x, freedom):
    """The probability of a chi-square variable below x: NIST DLMF 8.11.4 with a = freedom/2, z = x/2,

    z**a exp(-z)/Gamma(a + 1) (1 + z/(a + 1) + z**2/((a + 1)(a + 2)) + ...)
    """
    a, z = 0.5 * freedom, 0.5 * x
    if z == 0.0:
        return 0.0
    total, term, k = 1.0, 1.0, 0
    while total + term != total:
        k += 1
        term *= z / (a + k)
        total += term
    return math.exp(a * math.log(z) - z - math.lgamma(a + 1.0)) * total
