"""Inside tests: `assert_gradients`, and `check_grad` in the place of that of `scipy.optimize`.

The number of `check_grad` is SciPy's: the 2-norm of the gradient less a forward difference with one fixed
step. It mixes the error of that difference with that of the gradient. So the same gradient is judged by
measured error bars too, and warnings say what the number hides.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from gradcheck import check
from gradcheck.errors import GradcheckError, GradcheckWarning
from gradcheck.inputs.calls import require_no_class
from gradcheck.numeric.derivatives import Estimate, gradient
from gradcheck.report.report import Report
from gradcheck.verdict import judge

__unittest = True  # unittest leaves the frames of such a module out of its tracebacks
EPSILON = float(np.sqrt(np.finfo(float).eps))
READ_AS_RIGHT = 1e-6  # what tests around SciPy's function commonly ask its number to stay below
READ_AS_WRONG = 1e-2  # nobody takes a larger one for rounding
MOST_IN_A_WARNING = 3


def assert_gradients(
    loss: Any, gradients: Any, parameters: Any, *, allow_undecided: bool = False, **options: Any
) -> Report:
    """Return the report of `check` when the gradients are right; raise AssertionError with it otherwise.

    loss, gradients, parameters and `options` (`seed`, `select`, ...) are those of `check`. An undecided check
    fails too, unless `allow_undecided` is true. Right gradients of functions that do something besides, such
    as changing their parameters, give a GradcheckWarning. Raises GradcheckError as `check` does.
    """
    __tracebackhide__ = True
    report = check(loss, gradients, parameters, **options)
    accepted = {"right", "undecided"} if allow_undecided else {"right"}
    if report.verdict not in accepted:
        raise AssertionError(str(report))
    for finding in report.audit:
        warnings.warn(finding.sentence, GradcheckWarning, stacklevel=2)
    return report


class CheckGradWarning(UserWarning):
    """The number that `check_grad` returns misleads: `reason` (one word or two) and a sentence."""

    def __init__(self, reason, sentence):
        self.reason = reason
        super().__init__(sentence)


def check_grad(
    func: Callable[..., Any],
    grad: Callable[..., Any],
    x0: Any,
    *more: Any,
    args: Any = (),
    epsilon: Any = EPSILON,
    direction: str = "all",
    seed: Any = None,
    rng: Any = None,
) -> float:
    """The 2-norm of grad(x0, *args) less the forward difference of func at x0, as SciPy computes it.

    func(x, *args) gives one number or a vector of them, grad(x, *args) its gradient or Jacobian, x0 a number
    or a vector; the args follow x0, or are given by name, as to `scipy.optimize.minimize`. `epsilon`: the
    step, or one for each entry. `direction`: "all", or "random" for one random direction, drawn with `seed`
    or `rng` (the older and the newer name in SciPy). Warns with CheckGradWarning where that number misleads:
    shapes that were broadcast, single precision, noise, a kink, a scale that makes it large for a right
    gradient or small for a wrong one. Raises ValueError for x0 of two dimensions or an unknown direction,
    TypeError for both seeds.
    """
    require_no_class("func", func)
    require_no_class("grad", grad)
    args = (*more, *(args if isinstance(args, tuple) else (args,)))
    x0 = np.asarray(x0)
    x = np.atleast_1d(x0).astype(float)
    if x.ndim > 1:
        raise ValueError(f"x0: expected at most 1 dimension, found shape {x.shape}")
    stated = np.asarray(grad(x.reshape(x0.shape).copy(), *args))

    def f(vector):
        return func(vector.reshape(x0.shape), *args)

    if direction == "all":
        names = [f"x[{i}]" for i in range(x.size)] if x0.ndim == 1 else ["x"]
    elif direction == "random":
        if stated.ndim > 1:
            raise ValueError("direction 'random': func must give one number")
        along = _generator(seed, rng).standard_normal(size=x.shape)
        f, stated = _along(f, x, along), np.dot(stated, along)
        x, names = np.zeros(1), ["along the random direction"]
    else:
        raise ValueError(f"direction: found {direction!r}, allowed are 'all', 'random'")
    value = float(np.sqrt(np.sum(np.abs(stated - _forward_difference(f, x, epsilon)) ** 2)))
    for warning in _misleading(f, x, stated, names, value):
        warnings.warn(warning, stacklevel=2)
    return value


def _generator(seed, rng):
    """The source of the random direction: in SciPy a RandomState for a `seed`, a Generator for `rng`."""
    if seed is not None and rng is not None:
        raise TypeError("seed and rng: only one of them may be given")
    if seed is None or isinstance(seed, np.random.Generator):
        return np.random.default_rng(rng if seed is None else seed)
    return seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)


def _along(f, x, direction):
    return lambda t: f(x + t * direction)


def _forward_difference(f, x, epsilon):
    """(f(x + h) - f(x))/h, h as it really moved x: shape (n,), or (m, n) when f gives m numbers."""
    centre = np.atleast_1d(f(x.copy()))
    columns = []
    for i, h in enumerate(np.broadcast_to(np.asarray(epsilon, dtype=float), x.shape)):
        moved = x.copy()
        moved[i] += h
        if moved[i] == x[i]:
            moved[i] += EPSILON * (1.0 if x[i] >= 0.0 else -1.0) * max(1.0, abs(x[i]))
        columns.append((np.atleast_1d(f(moved.copy())) - centre) / (moved[i] - x[i]))
    jacobian = np.array(columns).T
    return jacobian[0] if jacobian.shape[0] == 1 else jacobian


# What the number hides

REASONS = {
    "single precision": "func computes in single precision (at {names}): the step is too short for it, and "
    "{value:.3g} is mostly the rounding of the difference",
    "noise": "func is noisy (at {names}): {value:.3g} is mostly noise over the step",
    "kink": "func has a kink at {names}, with slopes {left:.6g} and {right:.6g}: {value:.3g} compares with "
    "one side alone, where any gradient between the two is right",
    "jump": "func jumps at {names}: it has no derivative there, and {value:.3g} says nothing about grad",
    "edge of the domain": "func is defined on one side of {names} alone, or just around it: {value:.3g} "
    "may be of the other side",
}


def _misleading(f, x, stated, names, value):
    """The CheckGradWarnings for one call."""
    outputs, again = np.atleast_1d(f(x.copy())), np.atleast_1d(f(x.copy()))
    jacobian = (x.size,) if outputs.size == 1 else (outputs.size, x.size)
    if stated.shape != jacobian and not (stated.shape == () and jacobian == (1,)):
        found = f"grad gives shape {stated.shape} where {jacobian} is needed: the difference was broadcast"
        apart = f"{value:.3g} compares numbers that do not belong together"
        return [CheckGradWarning("shape", f"{found}, and {apart}")]
    rows = stated.reshape(outputs.size, x.size)
    for i, j in np.argwhere(~np.isfinite(rows))[:1]:
        return [CheckGradWarning("not finite", f"grad gives {rows[i, j]} at {names[j]}")]
    nothing = f"{value:.3g} says nothing about grad"
    if not np.array_equal(outputs, again, equal_nan=True):
        i = np.flatnonzero(outputs != again)[0] if outputs.shape == again.shape else 0
        differs = f"func gives {outputs.flat[i]:.9g}, then {again.flat[i]:.9g} for the same arguments"
        return [CheckGradWarning("not deterministic", f"{differs}: {nothing}")]
    try:
        entries = [entry for k, row in enumerate(rows) for entry in _entries(f, x, k, row, names)]
    except GradcheckError as error:
        return [CheckGradWarning("no derivative", f"{nothing}: {error}")]
    if outputs.dtype.itemsize < 8 and outputs.dtype.kind == "f":
        single = {"reason": "single precision"}
        entries = [entry._replace(estimate=replace(entry.estimate, **single)) for entry in entries]
    special = list(_special(entries, value))
    return special + list(_contradicted(entries, value, explained=len(special) > 0))


class _Entry(NamedTuple):
    name: str
    analytic: float
    estimate: Estimate
    verdict: str


def _entries(f, x, output, row, names):
    """One row of the Jacobian judged by error bars."""
    numeric = gradient(lambda vector: np.atleast_1d(f(vector))[output], x)
    scale = float(np.max(numeric.scale))
    for name, analytic, estimate in zip(names, row.tolist(), numeric.estimates):
        yield _Entry(name, analytic, estimate, str(judge(analytic, estimate, scale)))


def _special(entries, value):
    for reason, sentence in REASONS.items():
        found = [entry for entry in entries if entry.estimate.reason == reason]
        if found and not (reason == "edge of the domain" and value <= READ_AS_RIGHT):
            sides = found[0].estimate.left, found[0].estimate.right
            left, right = (math.nan if side is None else side for side in sides)
            said = sentence.format(names=_names(found), value=value, left=left, right=right)
            verdicts = [entry.verdict for entry in found]
            counts = [(verdicts.count(each), each) for each in ("right", "wrong", "undecided")]
            judged = ", ".join(f"{count} {verdict}" for count, verdict in counts if count > 0)
            yield CheckGradWarning(reason, f"{said}; by measured error bars: {judged}")


def _contradicted(entries, value, explained):
    """A warning where the number would be read as the opposite of what the error bars say."""
    wrong = [entry for entry in entries if entry.verdict == "wrong"]
    if wrong and value < READ_AS_WRONG:
        first = wrong[0]
        right = f"{first.estimate.value:.9g} ± {first.estimate.error:.1e} is right"
        small = f"grad is wrong at {_names(wrong)}, however small {value:.3g} looks"
        yield CheckGradWarning("scale", f"{small}: {first.name} is {first.analytic:.9g}, where {right}")
    elif not explained and value > READ_AS_RIGHT and all(entry.verdict == "right" for entry in entries):
        bar = max(entry.estimate.error for entry in entries)
        within = f"grad is right, within error bars of at most {bar:.1e}"
        yield CheckGradWarning("scale", f"{within}: {value:.3g} is the error of the forward difference")


def _names(entries):
    more = len(entries) - MOST_IN_A_WARNING
    names = ", ".join(entry.name for entry in entries[:MOST_IN_A_WARNING])
    return names + (f" and {more} more" if more > 0 else "")
