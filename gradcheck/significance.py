"""Significant digits of values that differ by rounding: how many of them a further run reproduces.

Legend: n replicas with values X_1 ... X_n, mean mu, standard deviation sigma (n - 1 in the denominator), x the value of
the undisturbed run, p a probability, 1 - alpha a confidence. Digits are decimal, from 0 to 53 bits.

    Parker     -log10(sigma/|mu|)
    normal     Parker - log10(Phi^-1((p + 1)/2) sqrt((n - 1)/q)), q the alpha/2 quantile of chi-square, n - 1 degrees
               of freedom: if the X are normal, a run agrees with mu to so many digits with probability p
    general    -log10(max |X_i/x - 1|): whatever the distribution, a run agrees with x to so many digits with
               probability p, because all n do, and n >= ln(alpha)/ln(p)

The last two are lower bounds, right with confidence 1 - alpha; `digits` is the smaller of them, so that nobody need test
whether 29 values are normal. Sources: D. S. Parker, "Monte Carlo arithmetic", UCLA 1997; D. Sohier, P. de Oliveira
Castro, F. Févotte, B. Lathuilière, E. Petit, O. Jamond, "Confidence intervals for stochastic arithmetic", ACM TOMS 47
(2021). Their chi-square index 1 - alpha/2 counts from the right. Their general bound is in whole bits; one in fractions of
a digit holds as well: it is the tolerance limit of S. S. Wilks (1941).
"""

import math
from functools import cache
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95                           # the customary one, and that of Sohier et al.
PROBABILITY = 0.9                           # that one further run agrees; 29 runs can support it
MOST_DIGITS = 53 * math.log10(2.0)          # 15.95: a float has no more


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
    """The x below which a chi-square variable of so many degrees of freedom lies with this probability; by bisection."""
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
    """P(a, x/2) with a = freedom/2, the regularised incomplete gamma function, by its series of positive terms.

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
