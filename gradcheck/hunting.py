"""`hunt`: the comparison of `check` at special points, where backward passes break; the smallest failure."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from time import perf_counter
from typing import Any

import numpy as np

from gradcheck.checking import check
from gradcheck.errors import GradcheckError, Interrupted
from gradcheck.inputs.calls import literal, most_positional, repeating_call
from gradcheck.inputs.functions import CallersFunctions, random_states_kept
from gradcheck.judge.other_points import keeps_what_holds
from gradcheck.judge.special import Hunt
from gradcheck.judge.special_values import SpecialPoint, breakpoints, special_points
from gradcheck.report.report import Report, plain
from gradcheck.verdict import WELL_BEYOND

__tracebackhide__ = True  # pytest leaves the frames of this file out
MOST_CALLS = 20_000  # of the loss
MOST_TRIES = 80  # to make a failing point smaller
SIZES = range(1, 8)  # of inputs that `shapes` makes
MOST_SIZES = 24  # combinations of them
SIMPLE = (0.0, 1.0)


@dataclass(frozen=True)
class HuntReport:
    """What `hunt` found; print(report) shows it.

    `verdict`: "wrong" where the gradient is wrong at some point, else that at the given one. `what`: what is
    special about the smallest failing point, in words, or None; `point`: the parameters there; `line`: a test
    that fails there; `report`: the Report of `check` there, or at the given point. `points`: at how many the
    gradients were compared; `evaluations` of the loss, and `seconds`.
    """

    verdict: str
    what: str | None
    point: Any
    line: str
    report: Report = field(repr=False)
    points: int
    evaluations: int
    seconds: float
    note: str = ""

    def __str__(self) -> str:
        tried = f"{self.points} points, {self.evaluations} evaluations in {self.seconds:.3g} s"
        if self.what is None:
            lines = [f"hunt: no special point found where the gradients are wrong; {tried}"]
            return "\n".join([*lines, *([self.note] if self.note else []), str(self.report)])
        return f"hunt: wrong where {self.what}; {tried}\ntest: {self.line}\n{self.report}"

    def to_dict(self) -> dict:
        """Plain dict, ready for JSON; without the seconds."""
        keys = "verdict what line points evaluations note report".split()
        return plain({key: getattr(self, key) for key in keys})


def hunt(
    loss: Callable,
    gradients: Callable | None,
    parameters: object,
    shapes: Callable | None = None,
    *,
    seed: int = 0,
    confidence: float = WELL_BEYOND,
    bounds: tuple | None = None,
    most_calls: int = MOST_CALLS,
    args: tuple = (),
) -> HuntReport:
    """Compare the gradients at special points, where backward passes break. Returns a HuntReport.

    The points have zeros, ones, ties, repeated values, numbers up to 40, denormal ones, equal rows, and
    entries at which the functions themselves compare. `shapes`: a function of one or more sizes that gives
    parameters, or their shapes as tuples; it is called with sizes from 1 to 7. The other arguments are those
    of `check`, which judges the given point first and the failing one last. Where the loss is not finite, or
    `bounds` are left, is no point. Raises GradcheckError as `check` does, and for ready numbers; Interrupted,
    with what was found, for Ctrl-C.

    >>> hunt(lambda x: abs(x), lambda x: -1.0 if x < 0 else 1.0 if x > 0 else 7.0, 0.3).point
    0.0
    """
    if gradients is not None and not callable(gradients):
        found = f"found {type(gradients).__name__}; ready numbers belong to one point alone"
        raise GradcheckError(f"gradients: expected a function of the parameters, {found}")
    started = perf_counter()
    options: dict[str, Any] = {"seed": seed, "confidence": confidence, "bounds": bounds, "args": args}
    first = check(loss, gradients, parameters, special_points=False, **options)
    search = _Search(loss, gradients, options, most_calls, first.evaluations)
    found = None
    with random_states_kept(), np.errstate(all="ignore"), search.kept_if_interrupted(first, started):
        is_steady = all(finding.effect == "right" for finding in first.audit)
        if _is_wrong(first):
            found = "nothing is special: already at the given point", parameters, first
        elif is_steady:
            found = search.among_special(parameters)
        if found is None and shapes is not None and is_steady:
            for made in _made(shapes, seed):
                found = search.of_other_shape(made)
                if found is not None or search.is_over:
                    break
    seconds = perf_counter() - started
    if found is None:
        return search.nothing_found(first, seconds)
    what, point, report = found
    written = literal(point) or "report.point"
    line = repeating_call(loss, gradients, options | {"args": args or None}, "assert_gradients", written)
    evaluations = search.evaluations + report.evaluations
    return HuntReport("wrong", what, point, line, report, 1 + search.points, evaluations, seconds)


class _Search:
    """The hunt over points, of one shape after another; `points`, `evaluations`: of all of them."""

    def __init__(self, loss, gradients, options, most_calls, evaluations):
        self._loss, self._gradients, self._options = loss, gradients, options
        self._most, self.evaluations, self.points, self.note = most_calls, evaluations, 0, ""

    def nothing_found(self, first, seconds):
        """The HuntReport where no point is wrong but perhaps the given one, whose Report is `first`."""
        tried = 1 + self.points, self.evaluations, seconds
        return HuntReport(first.verdict, None, None, "", first, *tried, self.note)

    @contextmanager
    def kept_if_interrupted(self, first, started):
        """Ctrl-C raises an Interrupted with what was found until then."""
        try:
            yield
        except KeyboardInterrupt:
            report = self.nothing_found(first, perf_counter() - started)
            raise Interrupted(report, f"after {report.points} point{'s' * (report.points > 1)}") from None

    @property
    def is_over(self):
        return self.evaluations >= self._most

    def among_special(self, parameters, few=False):
        """(what, parameters, Report) of the smallest failing point, or None."""
        functions, hunt = self._hunt(parameters, few)
        before = functions.evaluations
        draw = np.random.default_rng([functions.seed, 7])
        points = [*breakpoints(functions, draw, few), *special_points(functions, draw, few)]
        found = None
        try:
            for failure in hunt.failures(points):
                self.note = f"the gradients seem wrong where {failure.point.what}"  # until that is confirmed
                found = self._confirmed(functions, self._smallest(hunt, failure))
                found = found or self._confirmed(functions, failure.point)
                if found is not None:
                    break
                self.note = ""
        finally:
            self.points += hunt.glances
            self.evaluations += functions.evaluations - before
        if hunt.is_frozen:
            self.note = "the gradients function returns the same numbers at every point"
        return found

    def of_other_shape(self, parameters):
        """The same for parameters of another shape: at them, and at a few special points."""
        report = check(self._loss, self._gradients, parameters, special_points=False, **self._options)
        self.evaluations += report.evaluations
        self.points += 1
        if _is_wrong(report):
            return "the inputs have this shape", parameters, report
        return self.among_special(parameters, few=True)

    def _hunt(self, parameters, few):
        seed, bounds, args = (self._options[name] for name in ("seed", "bounds", "args"))
        functions = CallersFunctions(self._loss, self._gradients, parameters, seed, bounds, args=args)
        if functions.is_jacobian:
            hint = "give gradients (parameters, u) of the sum of u times each output"
            raise GradcheckError(f"gradients: a Jacobian is checked, not hunted in; {hint}")
        left = max(self._most - self.evaluations, 1)
        return functions, Hunt(functions, self._options["confidence"], left, few)

    def _confirmed(self, functions, point):
        """(what, parameters, Report) where `check` itself calls the gradients wrong there, else None."""
        parameters = functions.point.restore(point.vector)
        report = check(self._loss, self._gradients, parameters, special_points=False, **self._options)
        self.evaluations += report.evaluations
        return (point.what, parameters, report) if _is_wrong(report) else None

    def _smallest(self, hunt, failure):
        """The SpecialPoint with as many entries as possible made simple while it still fails."""
        point, wrong = failure
        vector, tries = point.vector, 0
        for candidate in _simpler(hunt.functions, vector, wrong):
            if tries >= MOST_TRIES or hunt.is_over:
                break
            simpler = candidate(vector)
            is_new = simpler.tobytes() != vector.tobytes()
            if is_new and keeps_what_holds(hunt.functions, simpler, positive=False):
                tries += 1
                if len(hunt.wrong_at(simpler, wrong)) > 0:
                    vector = simpler
        is_uniform = len(vector) > 1 and np.all(vector == vector[0])
        return SpecialPoint(f"all are {vector[0]:g}" if is_uniform else point.what, vector, point.moved)


def _is_wrong(report):
    return any(block.verdict == "wrong" for block in report.blocks)


def _simpler(functions, vector, wrong):
    """Functions that make a vector simpler, the boldest first: of all entries, of a block, of one entry."""
    blocks, n = functions.point.blocks, len(vector)
    others = np.setdiff1d(np.arange(n), wrong)
    places = [np.arange(n), others, *(np.array(block.positions, dtype=int) for block in blocks[:8])]
    places += [np.array([i]) for i in range(n)] if n <= 32 else []
    for some in places:
        for value in SIMPLE:
            yield lambda at, some=some, value=value: _put(at, some, value)
        yield lambda at, some=some: _put(at, some, [float(f"{each:.1g}") for each in at[some]])
        yield lambda at, some=some: _put(at, some, [float(f"{each:.2g}") for each in at[some]])


def _put(vector, positions, values):
    """A copy with other values, where those at hand are not as simple already."""
    found = vector.copy()
    values = np.broadcast_to(np.asarray(values, dtype=np.float64), positions.shape)
    harder = ~np.isin(vector[positions], SIMPLE) | (values == 0.0)
    found[positions[harder]] = values[harder]
    return found


def _made(shapes, seed):
    """Parameters of every size, the smallest first. Raises GradcheckError where there are none."""
    if not callable(shapes):
        allowed = "a function of sizes, such as lambda n, d: {'x': (n, d), 'w': (d,)}"
        raise GradcheckError(f"shapes: found {type(shapes).__name__}; it is {allowed}")
    number = most_positional(shapes)
    sizes = sorted(product(SIZES, repeat=number), key=lambda each: (np.prod(each), each))
    step = max(1, len(sizes) // MOST_SIZES)
    for some in sizes[::step]:
        np.random.seed(seed)
        draw = np.random.default_rng([seed, *some])
        yield _filled(shapes(*some), draw)


def _filled(node, draw):
    """The structure with every tuple of sizes replaced by drawn numbers."""
    if isinstance(node, dict):
        return {name: _filled(each, draw) for name, each in node.items()}
    if isinstance(node, tuple) and all(isinstance(each, int) for each in node):
        return draw.standard_normal(node)
    if isinstance(node, (list, tuple)) and not hasattr(node, "_fields"):
        return type(node)([_filled(each, draw) for each in node])
    return node
