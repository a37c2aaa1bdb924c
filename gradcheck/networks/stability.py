"""How many digits of a table of errors are reproducible: replicas of a training that differ by rounding
alone, compared.

A replica starts with every parameter moved by -1, 0 or +1 unit in the last place (ulp), at random; with the
full batch its samples also stand in another order, which changes the order of the sums and nothing else.
(Online and in mini-batches that would be another training, so there only the ulps are used. A parameter that
is 0 practically stays 0.)

What the digits are is said in `significance`; here are the runs, the groups they end in, and the report.
"""

import math
from dataclasses import dataclass
from functools import cache, partial
from statistics import NormalDist

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.twin.twin import Twin

# --- Significant digits of values that differ by rounding: how many of them a further run reproduces.


CONFIDENCE = 0.95  # the customary one, and that of Sohier et al.
PROBABILITY = 0.9  # that one further run agrees; 29 runs can support it
MOST_DIGITS = 53 * math.log10(2.0)  # 15.95: a float has no more


def replicas_needed(probability=PROBABILITY, confidence=CONFIDENCE):
    """The smallest n for which n agreeing runs support the claim: n >= ln(alpha)/ln(p)."""
    return math.ceil(math.log(1.0 - confidence) / math.log(probability))


def parker_digits(values):
    """-log10(sigma/|mu|) of the values, from 0 to 53 bits."""
    return _digits(*_deviation_and_mean(values))


def normal_digits(values, probability=PROBABILITY, confidence=CONFIDENCE):
    """The lower bound for normal values, from 0 to 53 bits."""
    deviation, mean = _deviation_and_mean(values)
    freedom = len(values) - 1
    factor = math.sqrt(freedom / chi_square_quantile((1.0 - confidence) / 2.0, freedom))
    return _digits(deviation * factor * NormalDist().inv_cdf((probability + 1.0) / 2.0), mean)


def general_digits(values, reference):
    """The lower bound for any values: the digits to which all agree with the reference, from 0 to 53 bits."""
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
    """The x below which a chi-square variable of so many degrees of freedom lies with this probability; by
    bisection.
    """
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
    """P(a, x/2) with a = freedom/2, the regularised incomplete gamma function, by its series of positive
    terms.

    P(a, z) = z**a exp(-z)/Gamma(a + 1) (1 + z/(a + 1) + z**2/((a + 1)(a + 2)) + ...): NIST DLMF 8.11.4.
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


# --- How many digits of a table of errors are reproducible: replicas of a training that differ by rounding
# alone, compared.


ASKED = 6  # digits, as tables of errors are usually printed
SEPARATION = 10.0  # groups are told apart by gaps this much wider than any group, ...
MEMBERS = 3  # ... of which there are at most n/3, ...
COMPANY = 2  # ... two of them not alone: a test counts the false alarms of all three


def stability(
    network,
    updates,
    every,
    *,
    replicas=replicas_needed(),
    seed=0,
    progress=None,
    digits=ASKED,
    first=None,
    executor=None,
):
    """Train a network, a plain dict or a Description, `replicas` + 1 times, compare E_total row by row; return a StabilityReport.

    Rows: update 0, `first` (by default `every`), then each `every`-th after it, and `updates`. `digits` are
    asked for. `seed` draws the ulps and the orders. progress(done, runs) is called after each run; an
    `executor` (any of concurrent.futures) shares the runs out. Raises GradcheckError, also when the
    undisturbed run diverges.
    """
    first = every if first is None else first
    network = network.to_dict() if hasattr(network, "to_dict") else network
    for name, found, least in (
        ("updates", updates, 1),
        ("every", every, 1),
        ("first", first, 1),
        ("replicas", replicas, 2),
        ("seed", seed, 0),
    ):
        if found < least:
            raise GradcheckError(f"{name}: found {found}, allowed is {least} or more")
    recorded = [0, *range(first, updates, every), updates]
    permuted = _full_batch(network)
    run = partial(_run, network, recorded, permuted, seed)
    starts, values = [], []
    for start, errors in (map if executor is None else executor.map)(run, range(replicas + 1)):
        starts.append(start)
        values.append(errors)
        if progress is not None:
            progress(len(values), replicas + 1)
    undisturbed, disturbed = values[0], np.where(np.isfinite(values[1:]), values[1:], np.inf)
    probability = min(PROBABILITY, (1.0 - CONFIDENCE) ** (1.0 / replicas))
    rows = [_row(*each, probability) for each in zip(recorded, undisturbed, disturbed.T)]
    return StabilityReport(
        rows,
        digits,
        replicas,
        len(set(starts[1:])),
        seed,
        probability,
        permuted,
        int(np.sum(np.isinf(disturbed[:, -1]))),
        _ends(starts[1:], disturbed, rows),
    )


# Runs


def _full_batch(network):
    samples, batch = len(network.get("sample", [])), network.get("batch", "full")
    return batch == "full" or isinstance(batch, int) and batch >= samples


def _run(network, recorded, permuted, seed, number):
    """(what it starts from, E_total at the recorded updates) of replica `number`; number 0 is the
    undisturbed run.
    """
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


def _row(update, value, replicas, probability):
    if not math.isfinite(value):
        raise GradcheckError(
            f"E_total after update {update}: found {value}, the training diverges; "
            "take a smaller learning rate"
        )
    lowest, highest = min(value, *replicas.tolist()), max(value, *replicas.tolist())
    bounds = {
        "digits_parker": parker_digits(replicas),
        "digits_normal": normal_digits(replicas, probability),
        "digits_general": general_digits(replicas, value),
    }
    return {
        "update": update,
        "value": value,
        "digits": min(bounds["digits_normal"], bounds["digits_general"]),
        **bounds,
        "spread": highest - lowest,
        "lowest": lowest,
        "highest": highest,
    }


# Groups


def _ends(starts, disturbed, rows):
    """The groups in which replicas end, {"value", "spread", "replicas"} each; empty when they are not apart.

    The last two rows count: what still moves has reached nothing. Replicas that happen to start alike are one
    run.
    """
    numbers = list(dict(zip(starts, range(len(starts)))).values())
    before, last = disturbed[numbers, -2:].T
    blur = max(
        _rounding(rows), *np.abs(np.subtract(last, before, out=np.zeros(len(last)), where=np.isfinite(last)))
    )
    groups = separate_groups(last, blur)
    return [
        {
            "value": float(np.mean(last[members])),
            "spread": float(np.ptp(last[members])),
            "replicas": sum(starts.count(starts[numbers[i]]) for i in members),
        }
        for members in groups
        if len(groups) > 1
    ]


def _rounding(rows):
    """What evaluating the last E_total may be off: the spread that was there before any update, relative to
    the value.
    """
    start, end = rows[0], rows[-1]
    relative = start["spread"] / abs(start["value"]) if start["value"] != 0.0 else 0.0
    return abs(end["value"]) * max(relative, np.finfo(float).eps)


def separate_groups(values, blur=0.0):
    """[positions of the members] of each group of finite values, groups ascending; one group when none are
    separate.

    Groups are separate when every gap between neighbours exceeds SEPARATION times the width of the widest
    group and SEPARATION times the `blur` of a value, and two or more have COMPANY: one value far out may be
    the tail of a distribution. The most groups that are so are taken, up to one in MEMBERS values.
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


# Report


@dataclass(frozen=True)
class StabilityReport:
    """What `stability` found.

    rows: dicts with "update", "value" (undisturbed run), "digits", "digits_parker", "digits_normal",
    "digits_general", "spread", "lowest", "highest" (of all runs). groups: where the replicas end, if apart:
    "value", "spread", "replicas". asked: the digits wanted. probability: of `digits`, at CONFIDENCE.
    different: how many replicas start differently; few parameters can be moved in few ways. permuted: whether
    the order of the sums varied too. diverged: how many replicas ended without a finite E_total.
    """

    rows: list
    asked: float
    replicas: int
    different: int
    seed: int
    probability: float
    permuted: bool
    diverged: int
    groups: list

    @property
    def reproducible_until(self):
        """The last update of the unbroken start of rows that have the digits asked; None when row 0 has not."""
        enough = [row["digits"] >= self.asked for row in self.rows]
        kept = enough.index(False) if False in enough else len(enough)
        return self.rows[kept - 1]["update"] if kept > 0 else None

    @property
    def lost_from(self):
        """The update from which on no row has the digits asked; None when the last row has."""
        lost = None
        for row in reversed(self.rows):
            if row["digits"] >= self.asked:
                break
            lost = row["update"]
        return lost

    @property
    def growth(self):
        """How fast rounding grew: {"from", "to" (updates), "digits_lost", "log10_per_1000"}; None for less
        than 1 digit.

        By Parker's digits, between the last row within a digit of the most and the first within a digit of
        the fewest. `log10_per_1000`: the decimal logarithm of the factor by which sigma/|mu| grew per 1,000
        updates.
        """
        digits = [row["digits_parker"] for row in self.rows]
        stop = next(i for i, each in enumerate(digits) if each <= min(digits) + 1.0)
        start = max(i for i in range(stop + 1) if digits[i] >= max(digits[: stop + 1]) - 1.0)
        lost, count = digits[start] - digits[stop], self.rows[stop]["update"] - self.rows[start]["update"]
        if lost <= 1.0:
            return None
        return {
            "from": self.rows[start]["update"],
            "to": self.rows[stop]["update"],
            "digits_lost": lost,
            "log10_per_1000": 1000.0 * lost / count,
        }

    def to_dict(self):
        """Plain dict, ready for JSON; what is not finite is None."""
        return {
            "rows": [_finite(row) for row in self.rows],
            "asked": self.asked,
            "reproducible_until": self.reproducible_until,
            "lost_from": self.lost_from,
            "growth": self.growth,
            "groups": [_finite(group) for group in self.groups],
            "diverged": self.diverged,
            "replicas": self.replicas,
            "different": self.different,
            "seed": self.seed,
            "permuted": self.permuted,
            "probability": self.probability,
            "confidence": CONFIDENCE,
        }

    def __str__(self):
        order = (
            "the samples in another order (full batch: only the order of the sums changes)"
            if self.permuted
            else "the samples in the same order (not the full batch: another order would be another training)"
        )
        alike = f" ({self.different} of them different)" if self.different < self.replicas else ""
        lines = [
            f"{self.replicas} replicas of the training{alike}, each parameter moved by -1, 0 or +1 ulp, {order}; "
            f"seed {self.seed}",
            f"digits: lower bound, with probability {self.probability:.3g} and confidence {CONFIDENCE:g}, of the digits "
            "of E_total that a further run reproduces (Sohier et al. 2021)",
            f"{'update':>8}  {'E_total':>12}  digits  Parker  {'lowest':>12}  {'highest':>12}   spread",
        ]
        lines += [
            f"{row['update']:8d}  {row['value']:12.6g}  {row['digits']:6.1f}  {row['digits_parker']:6.1f}  "
            f"{row['lowest']:12.6g}  {row['highest']:12.6g}  {row['spread']:7.1e}"
            for row in self.rows
        ]
        return "\n".join(lines + [self._extent(), self._reason()])

    def _extent(self):
        asked, until, lost = f"{self.asked:g} digits or more", self.reproducible_until, self.lost_from
        if until == self.rows[-1]["update"]:
            return f"{asked} are reproducible in every recorded row"
        text = f"{asked} are " + (
            "not reproducible at first" if until is None else f"reproducible up to update {until}"
        )
        if lost is None:
            return f"{text}; then fewer for a while, and again in the last row"
        most = max(row["digits"] for row in self.rows if row["update"] >= lost)
        return f"{text}; from update {lost} on in no row: at most {most:.1f}"

    def _reason(self):
        lines = []
        if len(self.groups) > 0:
            where = "; ".join(
                f"{group['value']:.6g} ({group['replicas']} of {self.replicas} replicas, {group['spread']:.1e} "
                "apart)"
                for group in self.groups
            )
            lines.append(
                f"rounding decides which minimum is reached: the replicas end in "
                f"{len(self.groups)} separate groups, near {where}"
            )
        if self.diverged > 0:
            lines.append(f"{self.diverged} of {self.replicas} replicas diverge")
        if self.growth is None:
            lines.append(
                "rounding is hardly amplified: less than one digit is lost from the best row to the worst"
            )
        else:
            lines.append(
                f"rounding is amplified by training: between updates {self.growth['from']} and {self.growth['to']} "
                "the spread relative to E_total grows by a factor of "
                f"{_power(self.growth['log10_per_1000'])} per 1,000 updates ({self.growth['digits_lost']:.1f} digits lost)"
            )
        return "\n".join(lines)


def _finite(row):
    return {key: value if math.isfinite(value) else None for key, value in row.items()}


def _power(log10):
    return f"{10.0**log10:.3g}" if log10 < ASKED else f"10^{log10:.1f}"
