"""From difference quotients at three or four steps to a value with its truncation and rounding; no function is called here.

Legend: `rungs` are Slopes, steps falling, any ratio between neighbours. The quotients of a smooth f are polynomials in
h**2 (central) or in h (one side) up to higher terms; Lagrange's polynomial through them at h = 0 is the extrapolated
value (L. F. Richardson 1911; with two, three, ... steps the five-point, seven-point, ... formulas for these steps).
"""

import math
from typing import NamedTuple

from .quotients import ARITHMETIC

AGAIN = 2.0                                 # 1 + 1/2 + 1/4 + ...


class Candidate(NamedTuple):
    """A value with its parts of the bar, and the smallest step in it; `jump`: by how much the slopes jump at x."""

    value: float
    truncation: float
    rounding: float
    step: float
    jump: float = 0.0

    @property
    def bar(self):
        return self.truncation + self.rounding + self.jump


def from_central(a, b, c):
    """Candidate from three steps: the Richardson pair of the two shorter ones, held against the pair of the longer ones.

    Truncation: twice what the pairs disagree by (were every further step to move the value by half of the last move, all
    of them would move it by that), and the product of the relative corrections that led there, which is of the order of
    the next term: it unmasks pairs that agree by chance over steps as long as the waves of f.
    """
    fine, rounding = limit_of_two(b, c, b.central, c.central, 2, evaluations=1.0)
    coarse, _ = limit_of_two(a, b, a.central, b.central, 2, evaluations=1.0)
    slope = max(abs(fine), abs(c.left), abs(c.right))
    chance = abs(b.central - fine) * (abs(c.central - fine) / slope) if slope > 0.0 else 0.0
    return Candidate(fine, AGAIN * abs(fine - coarse) + chance, rounding, c.step)


def from_one_side(rungs, side):
    """Candidate from four steps of one side ("left" or "right"): extrapolation through three, as the other three say."""
    quotients = [rung.left for rung in rungs] if side == "left" else [rung.right for rung in rungs]
    fine, rounding = limit_of_three(rungs[1:], quotients[1:], evaluations=2.0)
    coarse, _ = limit_of_three(rungs[:-1], quotients[:-1], evaluations=2.0)
    return Candidate(fine, AGAIN * abs(fine - coarse), rounding, rungs[-1].step)


def limit_of_two(a, b, of_a, of_b, power, evaluations):
    """(value at h = 0, the worst that noise and arithmetic do to it) of the line in h**power through two quotients.

    `evaluations`: how many evaluations of f are in one quotient over one step: 1 for central (two over 2h), 2 for one side.
    """
    node = (b.step / a.step) ** power
    weight_a, weight_b = node / (node - 1.0), 1.0 / (1.0 - node)
    noise_a = evaluations * a.noise / a.step + ARITHMETIC * abs(of_a)
    noise_b = evaluations * b.noise / b.step + ARITHMETIC * abs(of_b)
    return weight_a * of_a + weight_b * of_b, abs(weight_a) * noise_a + abs(weight_b) * noise_b


def limit_of_three(rungs, quotients, evaluations):
    """As `limit_of_two`, of the parabola in h through three quotients."""
    longest, (p, q, r) = rungs[0].step, rungs
    m, n = q.step / longest, r.step / longest
    weights = (m / (m - 1.0) * (n / (n - 1.0)), 1.0 / (1.0 - m) * (n / (n - m)), 1.0 / (1.0 - n) * (m / (m - n)))
    (of_p, of_q, of_r), (u, v, w) = quotients, weights
    return (math.fsum((u * of_p, v * of_q, w * of_r)),
            math.fsum((abs(u) * (evaluations * p.noise / p.step + ARITHMETIC * abs(of_p)),
                       abs(v) * (evaluations * q.noise / q.step + ARITHMETIC * abs(of_q)),
                       abs(w) * (evaluations * r.noise / r.step + ARITHMETIC * abs(of_r)))))
