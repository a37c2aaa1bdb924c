"""The cases on which gradient checkers in use fail, run through gradcheck and through those of them that are
installed.

Run: python benchmarks/checkers.py [--markdown] (SciPy, PyTorch, JAX and autograd are each optional). The
functions are written in NumPy; PyTorch, JAX and autograd are handed the same ones as functions with a
backward pass of their own.
"""

import argparse
import itertools
import sys
import warnings
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

import gradcheck
from gradcheck.errors import ShapeMismatch

READ_AS_RIGHT = 1e-6  # SciPy gives a number and no verdict; tests ask it to stay below this, or near it
MOST_ENTRIES = 50_000  # above, a Jacobian of a vector-valued function fills the memory


@dataclass(frozen=True)
class Case:
    """f and its stated gradient g at x, written in NumPy, and the truth: "right", "wrong" or "undecided".

    f gives one number, or an array of the shape of x when it works entry by entry; g then is its slope at
    each.
    """

    title: str
    truth: str
    f: object
    g: object
    x: tuple | np.ndarray

    @property
    def point(self):
        """x as an array."""
        return np.array(self.x, dtype=float)


def counting():
    """A function that gives sum(x) plus a count of its own calls: not deterministic."""
    calls = itertools.count(1)
    return lambda x: x.sum() + next(calls)


def dropping():
    """A function that gives twice the sum of x**2 over a random half of the entries, others every time."""
    generator = np.random.default_rng(0)
    return lambda x: np.sum(x**2 * (generator.random(x.shape) < 0.5)) * 2.0


def flipped(x):
    """The gradient of sum(x**2) with the sign of one entry flipped."""
    slopes = 2.0 * x
    slopes[x.size // 2] *= -1.0
    return slopes


def relu(x):
    """The sum of max(x, 0)."""
    return np.maximum(x, 0.0).sum()


def step(x):
    """Its slope, 0 at the kink."""
    return (x > 0.0) * 1.0


MANY = np.random.default_rng(1).normal(size=20_000) + 3.0
VERY_MANY = np.random.default_rng(2).normal(size=200_000)
SINGLE = np.float32


def clipped(x):
    """The sum of tanh of two numbers clipped to limits that are parameters, too: x = (a, b, low, high)."""
    return np.tanh(np.clip(x[:2], x[2], x[3])).sum()


def of_clipped(x):
    """Its gradient."""
    slopes = 1.0 - np.tanh(np.clip(x[:2], x[2], x[3])) ** 2
    below, above = x[:2] < x[2], x[:2] > x[3]
    return np.array([*(slopes * ~(below | above)), slopes[below].sum(), slopes[above].sum()])


INPUTS = np.random.default_rng(5).normal(size=(100, 3)).astype(SINGLE)


def layer(x, slope=False):
    """The mean of tanh of a linear layer in single precision, or its gradient."""
    out = np.tanh(INPUTS @ x.astype(SINGLE).reshape(3, 4))
    return out.mean() if not slope else (INPUTS.T @ (1 - out**2)).ravel() / SINGLE(out.size)


def normalised(x):
    """A batch moved by a bias x, normalised and weighted."""
    net = INPUTS[:, :2].astype(float) + x
    centred = net - net.mean(axis=0)
    return centred / centred.std(axis=0) * np.linspace(-1.0, 2.0, 100)[:, None]


def of_normalised(x):
    """The gradient of half its mean square, in single precision: terms that cancel to zero, and rounding."""
    net = INPUTS[:, :2] + x.astype(SINGLE)
    centred, weights = net - net.mean(axis=0), np.linspace(-1.0, 2.0, 100).astype(SINGLE)[:, None]
    scale = centred.std(axis=0)
    ready = centred / scale
    slopes = weights**2 * ready / SINGLE(100.0)
    return ((slopes - slopes.mean(axis=0) - ready * (slopes * ready).mean(axis=0)) / scale).sum(axis=0)


def shifted(factor):
    """factor * (x - 1), the gradient of sum((x - 1)**2) for 2."""
    return lambda x: factor * (x - 1.0)


def cases():
    """The Cases, fresh ones: some count their calls."""
    return [
        Case(
            "(x - 1)² at 1, sign flipped", "wrong", lambda x: np.sum((x - 1) ** 2), shifted(-2.0), (1.0, 1.0)
        ),
        Case(
            "(x - 1)² at 1, twice as large", "wrong", lambda x: np.sum((x - 1) ** 2), shifted(4.0), (1.0, 1.0)
        ),
        Case("(x - 1)² at 1, zero", "wrong", lambda x: np.sum((x - 1) ** 2), shifted(0.0), (1.0, 1.0)),
        Case(
            "tanh x + y²/2 at y = 0, zero for y",
            "wrong",
            lambda x: np.tanh(x[0]) + 0.5 * x[1] ** 2,
            lambda x: np.array([1.0 - np.tanh(x[0]) ** 2, 0.0]),
            (0.3, 0.0),
        ),
        Case(
            "\\|x - y\\| at x = y, slopes (1, 1)",
            "wrong",
            lambda x: abs(x[0] - x[1]),
            np.ones_like,
            (1.0, 1.0),
        ),
        Case("max(x) at a tie, slopes 0", "wrong", lambda x: x.max(), lambda x: 0.0 * x, (1.0, 1.0, 0.0)),
        Case(
            "max(x) at a tie, slope 1 for the first",
            "right",
            lambda x: x.max(),
            lambda x: 1.0 * (np.arange(3) == x.argmax()),
            (1.0, 1.0, 0.0),
        ),
        Case(
            "norm of x at 0, slopes (1, 1)",
            "wrong",
            lambda x: np.sqrt(np.sum(x**2)),
            np.ones_like,
            (0.0, 0.0),
        ),
        Case(
            "lasso at 0, sign of its term flipped",
            "wrong",
            lambda x: np.sum((x - 1) ** 2) + 0.5 * np.sum(np.abs(x)),
            lambda x: 2.0 * (x - 1) - 0.5 * np.sign(x),
            (0.0, 0.0, 0.0),
        ),
        Case("clipping, limits as parameters", "right", clipped, of_clipped, (0.4, 2.0, -1.0, 1.0)),
        Case("floor", "right", lambda x: np.floor(x).sum(), lambda x: 0.0 * x, (0.3, -1.6)),
        Case(
            "a layer in single precision",
            "right",
            lambda x: float(layer(x)),
            lambda x: layer(x, slope=True).astype(float),
            0.5 * np.random.default_rng(6).normal(size=12),
        ),
        Case(
            "the same, the gradient twice as large",
            "wrong",
            lambda x: float(layer(x)),
            lambda x: 2.0 * layer(x, slope=True).astype(float),
            0.5 * np.random.default_rng(6).normal(size=12),
        ),
        Case(
            "a bias before batch norm, gradient in single precision",
            "right",
            lambda x: 0.5 * np.mean(np.sum(normalised(x) ** 2, axis=1)),
            of_normalised,
            (0.3, -0.2),
        ),
        Case(
            "1e-6 x², sign flipped", "wrong", lambda x: np.sum(1e-6 * x**2), lambda x: -2e-6 * x, (1.0, 2.0)
        ),
        Case("zero in place of 9e-6", "wrong", lambda x: np.sum(9e-6 * x), lambda x: 0.0 * x, (1.0, 2.0)),
        Case(
            "every entry times 1.0009",
            "wrong",
            lambda x: np.sin(x).sum(),
            lambda x: 1.0009 * np.cos(x),
            (0.3, 0.7),
        ),
        Case("20,000 entries, one sign flipped", "wrong", lambda x: np.sum(x**2), flipped, MANY),
        Case("200,000 outputs, slopes twice as large", "wrong", np.sin, lambda x: 2.0 * np.cos(x), VERY_MANY),
        Case(
            "NaN for the slope of sqrt at 0",
            "wrong",
            lambda x: np.sqrt(x).sum(),
            lambda x: np.where(x > 0.0, 0.5 / np.sqrt(x), np.nan),
            (0.0, 1.0),
        ),
        Case(
            "gradient of shape (1,) for two entries",
            "wrong",
            lambda x: x.sum(),
            lambda x: np.ones(1),
            (1.0, 2.0),
        ),
        Case("a bare number for two entries", "wrong", lambda x: x.sum(), lambda x: 1.0, (1.0, 2.0)),
        Case("relu at its kink, slope 1.5", "wrong", relu, lambda x: 1.5 + 0.0 * x, (0.0,)),
        Case("relu at its kink, slope 0", "right", relu, step, (0.0,)),
        Case(
            "\\|x - a\\| at its kink, slope 1",
            "right",
            lambda x: np.abs(x - 0.3).sum(),
            lambda x: np.where(x >= 0.3, 1.0, -1.0),
            (0.3, 1.0),
        ),
        Case("relu 1e-7 from its kink", "right", relu, step, (1e-7, -1.0)),
        Case("relu 5e-7 from its kink", "right", relu, step, (5e-7, -1.0)),
        Case("relu 5e-5 from its kink", "right", relu, step, (5e-5, -1.0)),
        Case("x² at 1e11", "right", lambda x: np.sum(x**2), lambda x: 2.0 * x, (1e11,)),
        Case("x² + 1e9", "right", lambda x: np.sum(x**2) + 1e9, lambda x: 2.0 * x, (1.0, 2.0)),
        Case("sin(1e3 x)", "right", lambda x: np.sin(1e3 * x).sum(), lambda x: 1e3 * np.cos(1e3 * x), (1.0,)),
        Case(
            "sin(1e5 x)/1e5",
            "right",
            lambda x: np.sin(1e5 * x).sum() / 1e5,
            lambda x: np.cos(1e5 * x),
            (1.0, 2.0),
        ),
        Case("1e8 sin x", "right", lambda x: 1e8 * np.sin(x).sum(), lambda x: 1e8 * np.cos(x), (1.0, 2.0)),
        Case(
            "sin x in single precision",
            "right",
            lambda x: float(np.sin(x.astype(SINGLE)).sum(dtype=SINGLE)),
            np.cos,
            (1.0, 2.0),
        ),
        Case(
            "sqrt, 5e-7 from the edge",
            "right",
            lambda x: np.sqrt(x).sum(),
            lambda x: 0.5 / np.sqrt(x),
            (5e-7, 1.0),
        ),
        Case("log, 5e-7 from the edge", "right", lambda x: np.log(x).sum(), lambda x: 1.0 / x, (5e-7, 1.0)),
        Case("dropout inside", "undecided", dropping(), lambda x: 2.0 * x, (1.0, 2.0, 3.0)),
        Case("a running counter inside", "undecided", counting(), lambda x: np.ones_like(x), (1.0, 2.0)),
    ]


# One function for each checker: what it makes of a Case, and whether that misleads. None where it cannot be
# asked.


def ours(case):
    """gradcheck.check with its default settings."""
    scalar = np.ndim(case.f(case.point)) == 0
    gradients = case.g if scalar else lambda x, upstream: upstream * case.g(x)
    try:
        report = gradcheck.check(case.f, gradients, case.point)
    except ShapeMismatch:
        return "refused", case.truth != "wrong"
    return report.verdict, report.verdict != case.truth


def scipy(case):
    """scipy.optimize.check_grad: a number."""
    if np.ndim(case.f(case.point)) > 0:
        return None
    value = import_module("scipy.optimize").check_grad(case.f, case.g, case.point)
    return f"{value:.1e}", (value < READ_AS_RIGHT) != (case.truth == "right") or case.truth == "undecided"


def torch(case, fast=False):
    """torch.autograd.gradcheck with its default settings, or with fast_mode=True."""
    package = import_module("torch")
    if not fast and case.point.size > MOST_ENTRIES:
        return None

    class Function(package.autograd.Function):
        @staticmethod
        def forward(context, x):
            context.save_for_backward(x)
            return package.tensor(case.f(x.detach().numpy().copy()), dtype=package.float64)

        @staticmethod
        def backward(context, upstream):
            (x,) = context.saved_tensors
            return upstream * package.tensor(case.g(x.detach().numpy().copy()), dtype=package.float64)

    x = package.tensor(case.point, requires_grad=True)
    failed = import_module("torch.autograd.gradcheck").GradcheckError
    return _asked(
        case, lambda: package.autograd.gradcheck(Function.apply, (x,), fast_mode=fast), failed, RuntimeError
    )


def jax(case, mode):
    """jax.test_util.check_grads in 64 bits, with its default settings."""
    if case.point.shape != np.shape(case.g(case.point)):
        return None  # the product with a tangent, below, would broadcast it
    package, test_util = import_module("jax"), import_module("jax.test_util")
    package.config.update("jax_enable_x64", True)
    shape = package.ShapeDtypeStruct(np.shape(case.f(case.point)), np.float64)

    @package.custom_jvp
    def function(x):
        return package.pure_callback(lambda x: np.asarray(case.f(np.array(x)), dtype=np.float64), shape, x)

    @function.defjvp
    def rule(primals, tangents):
        slopes = package.pure_callback(
            lambda x: np.asarray(case.g(np.array(x)), dtype=np.float64),
            package.ShapeDtypeStruct(case.point.shape, np.float64),
            primals[0],
        )
        product = slopes * tangents[0]
        return function(primals[0]), product if shape.shape else product.sum()

    return _asked(
        case, lambda: test_util.check_grads(function, (case.point,), order=1, modes=[mode]), AssertionError
    )


def autograd(case):
    """autograd.test_util.check_grads, reverse mode, first order."""
    extend, test_util = import_module("autograd.extend"), import_module("autograd.test_util")
    function = extend.primitive(lambda x: case.f(np.array(x)))
    extend.defvjp(function, lambda answer, x: lambda upstream: upstream * case.g(np.array(x)))
    return _asked(
        case, lambda: test_util.check_grads(function, modes=["rev"], order=1)(case.point), AssertionError
    )


def _asked(case, ask, failed, refused=()):
    """("passes", "fails" or "refused", whether that misleads). None of these can say that nothing can be
    told.
    """
    np.random.seed(0)
    try:
        said = "passes" if ask() is not False else "fails"
    except failed:
        said = "fails"
    except refused:
        said = "refused"
    return said, (said == "passes") != (case.truth == "right") or case.truth == "undecided"


CHECKERS = {
    "gradcheck": (ours, "numpy"),
    "SciPy": (scipy, "scipy"),
    "PyTorch": (torch, "torch"),
    "PyTorch, fast": (partial(torch, fast=True), "torch"),
    "JAX, forward": (partial(jax, mode="fwd"), "jax"),
    "JAX, reverse": (partial(jax, mode="rev"), "jax"),
    "autograd": (autograd, "autograd"),
}


def installed():
    """(the checkers whose package can be imported, the versions of those packages)."""
    found, versions = {}, {}
    for name, (checker, package) in CHECKERS.items():
        try:
            import_module(package)
        except ModuleNotFoundError:
            print(f"{name} is left out: {package} is not installed", file=sys.stderr)
            continue
        found[name] = checker
        versions[package] = version(package)
    return found, versions


def rows(checkers):
    """The cells of each case: title, truth, and what each checker says, in bold where that misleads."""
    columns = [[case.title for case in cases()], [case.truth for case in cases()]]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        columns += [[_cell(checker(case)) for case in cases()] for checker in checkers.values()]
    return [list(cells) for cells in zip(*columns)]


def _cell(answer):
    if answer is None:
        return ""
    said, misleads = answer
    return f"**{said}**" if misleads else said


def main(argv=None):
    """Print the table, aligned or as Markdown; the status is 1 when gradcheck is misled, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    arguments = parser.parse_args(argv)
    checkers, versions = installed()
    table = [["case", "truth", *checkers], *rows(checkers)]
    lines = [f"| {' | '.join(cells)} |" for cells in table]
    if arguments.markdown:
        lines.insert(1, "|" + "---|" * len(table[0]))
    else:
        widths = [max(len(cells[i]) for cells in table) for i in range(len(table[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip() for cells in table
        ]
    print("\n".join(lines))
    used = ", ".join(f"{package} {number}" for package, number in versions.items())
    print(
        '\nBold: misleading. SciPy gives a number, which is taken for "right" below 1e-06. '
        f"Empty: the checker cannot be asked that.\nDefault settings of {used}."
    )
    return int(any(line[2].startswith("**") for line in table))


if __name__ == "__main__":
    sys.exit(main())
