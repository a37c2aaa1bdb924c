"""Derivatives of a function by evaluating it, each with an error bar; nothing is judged here.

A scheme turns the difference quotients at three falling steps into a value, its truncation and its rounding; `descent`
goes down the steps with it and keeps the smallest bar. The complex step needs no steps.

Source: W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40
(1998), for the complex step.
"""

from dataclasses import dataclass

import numpy as np

from .calls import Counted, imaginary_part
from .descent import ARITHMETIC, STEP_RATIO, Estimate, descend, extrapolated, extrapolated_noise
from .noise import noise_floor

COMPLEX_STEP = 1e-100                       # its square is below every relative rounding, its inverse far from overflow


@dataclass(frozen=True)
class Gradient:
    """The estimates of all entries as arrays of shape (n,): `value`, `error`, `step`, `kink`, `scale`."""

    value: np.ndarray
    error: np.ndarray
    step: np.ndarray
    kink: np.ndarray
    scale: np.ndarray
    evaluations: int

    def estimate(self, position):
        """The Estimate of one entry (its `evaluations` are those of the whole gradient)."""
        return Estimate(float(self.value[position]), float(self.error[position]), float(self.step[position]),
                        self.evaluations, bool(self.kink[position]), float(self.scale[position]))


# The schemes

def forward(f, x, noise=None):
    """Forward difference (f(x+h) - f(x))/h, error h M2/2 + 2 noise/h. At a kink its bar covers the left slope too.

    f: float -> float. `noise`: absolute error of one evaluation when it is known already. Returns an Estimate.
    Raises NotFinite when f(x) is not finite.
    """
    return descend(f, x, noise, _forward_scheme)


def central(f, x, noise=None):
    """Central difference (f(x+h) - f(x-h))/2h, error h**2 M3/6 + noise/h. Arguments and result as in `forward`."""
    return descend(f, x, noise, _central_scheme)


def richardson(f, x, noise=None):
    """Central differences at h and h/e**2, extrapolated: error of order h**4. Arguments and result as in `forward`."""
    return descend(f, x, noise, _richardson_scheme)


def complex_step(f, x, noise=None):
    """Im f(x + ih)/h: no subtraction, so exact to the rounding inside f, which is measured on the result itself.

    f must take and give complex numbers; NumPy's abs, norm, var and the like then give wrong slopes in silence. So a
    central difference is the witness: where the two differ beyond both bars, or at a kink, the bar covers both.
    Returns an Estimate. Raises NotRealNumbers when f(x + ih) is not complex, NotFinite when it is not finite.
    """
    slope = Counted(lambda t: imaginary_part(f(complex(t, COMPLEX_STEP))) / COMPLEX_STEP)
    value = slope.at_the_point(x, "the complex step")
    error = noise_floor(slope, x) + ARITHMETIC * abs(value)
    witness = central(f, x, noise)
    gap = abs(value - witness.value)
    if witness.kink or gap > error + witness.error:
        error = gap + witness.error
    return Estimate(value, error, COMPLEX_STEP, slope.evaluations + witness.evaluations, witness.kink, witness.scale)


def gradient(f, vector, scheme=richardson, seed=0):
    """Apply a scheme to every entry of `vector`, shape (n,). Returns a Gradient.

    f: vector -> float; it is handed a fresh copy each time. The noise floor is measured once, along a direction of
    random signs drawn with `seed` (noise belongs to f at this point, not to one entry). Raises NotFinite.
    """
    vector = np.asarray(vector, dtype=np.float64)
    counted = Counted(f)
    counted.at_the_point(vector.copy(), "f(vector)")
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=vector.shape)
    direction = signs * np.maximum(np.abs(vector), 1.0)
    noise = noise_floor(lambda t: counted(vector + t * direction), 0.0)
    estimates = [scheme(_along(f, vector, i), float(vector[i]), noise) for i in range(vector.size)]
    columns = {name: np.array([getattr(e, name) for e in estimates])
               for name in ("value", "error", "step", "kink", "scale")}
    return Gradient(**columns, evaluations=counted.evaluations + sum(e.evaluations for e in estimates))


def _along(f, vector, i):
    """f as a function of entry i alone, real or complex."""
    def f_of_entry(value):
        moved = vector.astype(np.result_type(vector, type(value)))
        moved[i] = value
        return f(moved)
    return f_of_entry


# A scheme: the quotients at three falling steps -> (value, truncation, rounding).

def _forward_scheme(a, b, c):
    truncation = _disagreement(a.right, b.right, c.right, STEP_RATIO)
    return c.right, truncation, 2.0 * c.noise / c.step + ARITHMETIC * abs(c.right)


def _central_scheme(a, b, c):
    truncation = _disagreement(a.central, b.central, c.central, STEP_RATIO ** 2)
    return c.central, truncation, c.noise / c.step + ARITHMETIC * abs(c.central)


def _richardson_scheme(a, b, c):
    coarse = extrapolated(a.central, b.central, STEP_RATIO ** 2)
    fine = extrapolated(b.central, c.central, STEP_RATIO ** 2)
    rounding = extrapolated_noise(b.noise / b.step, c.noise / c.step, STEP_RATIO ** 2)
    return fine, abs(fine - coarse), rounding + ARITHMETIC * abs(fine)


def _disagreement(a, b, c, shrinkage):
    """Truncation of the last of three values: what it moved by, or the move before it divided by the expected gain."""
    return max(abs(c - b), abs(b - a) / shrinkage)
