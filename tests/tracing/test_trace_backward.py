"""`trace_backward`: one line of a right backward pass is edited, and this line, no other, is named."""

import inspect
import linecache
import sys

import numpy as np
import pytest
from profiles import by_day

from gradcheck import GradcheckError, trace_backward
from gradcheck.tracing.rewritten import rewritten

DRAW = np.random.default_rng(3).normal


def dense(x, w1, b1, w2, b2):
    z = x @ w1 + b1
    h = np.tanh(z)
    out = h @ w2 + b2
    return out, (x, w1, w2, h)


def dense_backward(dout, cache):
    x, w1, w2, h = cache
    dw2 = h.T @ dout
    db2 = dout.sum(axis=0)
    dh = dout @ w2.T
    dz = dh * (1 - h**2)
    dw1 = x.T @ dz
    db1 = dz.sum(axis=0)
    dx = dz @ w1.T
    return dx, dw1, db1, dw2, db2


def normalise(x, gamma, beta):
    mu = x.mean(axis=0)
    xmu = x - mu
    var = (xmu**2).mean(axis=0)
    std = np.sqrt(var + 1e-5)
    xhat = xmu / std
    out = gamma * xhat + beta
    return out, (xhat, xmu, std, gamma)


def normalise_backward(dout, cache):
    xhat, xmu, std, gamma = cache
    n = len(dout)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * xmu).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dxmu = dxhat / std
    dxmu += 2 * xmu * dvar / n
    dmu = -dxmu.sum(axis=0)
    dx = dxmu + dmu / n
    return {"x": dx, "gamma": dgamma, "beta": dbeta}


def attend(x, wq, wk, wv):
    q = x @ wq
    k = x @ wk
    v = x @ wv
    s = q @ k.T
    e = np.exp(s)
    a = e / e.sum(axis=1, keepdims=True)
    return a @ v, (x, wq, wk, wv, q, k, v, a)


def attend_backward(dout, cache):
    x, wq, wk, wv, q, k, v, a = cache
    da = dout @ v.T
    dv = a.T @ dout
    ds = a * (da - np.sum(da * a, axis=1, keepdims=True))
    dq = ds @ k
    dk = ds.T @ q
    dx = dq @ wq.T
    dx += dk @ wk.T
    dx += dv @ wv.T
    return dx, x.T @ dq, x.T @ dk, x.T @ dv


def recur(x, h0, wx, wh):
    hs = [h0]
    for t in range(len(x)):
        z = x[t] @ wx + hs[t] @ wh
        h = np.tanh(z)
        hs.append(h)
    return np.stack(hs[1:]), (x, wx, wh, hs)


def recur_backward(dout, cache):
    x, wx, wh, hs = cache
    dx, dwx, dwh = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh)
    dnext = np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        dh = dout[t] + dnext
        dz = dh * (1 - hs[t + 1] ** 2)
        dx[t] = dz @ wx.T
        dwx += x[t].T @ dz
        dwh += hs[t].T @ dz
        dnext = dz @ wh.T
    return dx, dnext, dwx, dwh


def course(X, Y, parameters):
    m = X.shape[1]
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.maximum(Z1, 0)
    Z2 = parameters["W2"] @ A1
    A2 = 1 / (1 + np.exp(-Z2))
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m


def course_backward(X, Y, parameters):
    m = X.shape[1]
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.maximum(Z1, 0)
    A2 = 1 / (1 + np.exp(-parameters["W2"] @ A1))
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    dA1 = parameters["W2"].T @ dZ2
    dZ1 = np.array(dA1, copy=True)
    dZ1[Z1 <= 0] = 0
    grads = {
        "W1": dZ1 @ X.T / m,
        "b1": dZ1.sum(axis=1, keepdims=True) / m,
        "W2": dW2,
    }
    return grads


def stacked(X, params):
    cache, A = {"A0": X}, X
    for k in (1, 2, 3):
        Z = A @ params[f"W{k}"] + params[f"b{k}"]
        A = np.tanh(Z)
        cache[f"A{k}"] = A
    return A, (params, cache)


def stacked_backward(dout, saved):
    params, cache = saved
    grads = {}
    delta = dout
    for k in range(3, 0, -1):
        delta = delta * (1 - cache[f"A{k}"] ** 2)
        grads[f"W{k}"] = cache[f"A{k - 1}"].T @ delta
        grads["b" + str(k)] = delta.sum(axis=0)
        delta = delta @ params[f"W{k}"].T
    return grads


def windows(x, w):
    cols = []
    for i in range(len(x) - 2):
        cols.append(x[i : i + 3])
    return np.stack(cols) @ w, (cols, w, len(x))


def windows_backward(dout, cache):
    cols, w, n = cache
    dw = np.zeros_like(w)
    dx = np.zeros(n)
    for i in range(n - 2):
        dx[i : i + 3] += dout[i] * w
    for i, col in enumerate(cols):
        dw += dout[i] * col
    return dx, dw


def layered(x, ws):
    hs = []
    for w in ws:
        a = x @ w
        x = np.tanh(a)
        hs.append(x)
    return x, (ws, hs)


def layered_backward(dout, cache):
    ws, hs = cache
    for w, h in zip(reversed(ws), reversed(hs)):
        da = dout * (1 - h**2)
        dout = da @ w.T
    return {"x": dout}


def gated(x, w):
    t = x @ w
    t = 1 / (1 + np.exp(-t))
    s = x * t
    return s * s, (x, w, t, s)


def gated_backward(dout, cache):
    x, w, t, s = cache
    ds = 2 * s * dout
    dt = ds * x
    dt *= t * (1 - t)
    dx = ds * t
    dx += dt @ w.T
    dw = x.T @ dt
    return dx, dw


def affine(x, w, b):
    out = x @ w + b
    return out, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T
    db = dout.sum(axis=0)
    dw = x.T @ dout * 2
    return dx, dw, db


def called(x, w1, b1, w2, b2):
    z, first = affine(x, w1, b1)
    h = np.tanh(z)
    out, second = affine(h, w2, b2)
    return out, (first, second, h)


def called_backward(dout, cache):
    first, second, h = cache
    dh, dw2, db2 = affine_backward(dout, second)
    dz = dh * (1 - h**2)
    dx, dw1, db1 = affine_backward(dz, first)
    return dx, dw1, db1, dw2, db2


POINTS = {
    dense: {"x": DRAW(size=(5, 3)), "w1": DRAW(size=(3, 4)), "b1": DRAW(size=4)}
    | {"w2": DRAW(size=(4, 2)), "b2": DRAW(size=2)},
    normalise: {"x": DRAW(size=(5, 3)), "gamma": DRAW(size=3), "beta": DRAW(size=3)},
    attend: {
        "x": DRAW(size=(4, 3)),
        "wq": DRAW(size=(3, 2)),
        "wk": DRAW(size=(3, 2)),
        "wv": DRAW(size=(3, 2)),
    },
    recur: {
        "x": DRAW(size=(3, 2, 2)),
        "h0": DRAW(size=(2, 2)),
        "wx": DRAW(size=(2, 2)),
        "wh": DRAW(size=(2, 2)),
    },
    stacked: {"X": DRAW(size=(4, 3))}
    | {
        "params": {f"W{k}": DRAW(size=(3, 3)) for k in (1, 2, 3)} | {f"b{k}": DRAW(size=3) for k in (1, 2, 3)}
    },
    windows: {"x": DRAW(size=6), "w": DRAW(size=3)},
    gated: {"x": DRAW(size=(4, 3)), "w": DRAW(size=(3, 3))},
    layered: {"x": DRAW(size=(4, 3)), "ws": [DRAW(size=(3, 3)), DRAW(size=(3, 3))]},
    course: {"X": DRAW(size=(2, 6)), "Y": np.array([[0.0, 1.0, 1.0, 0.0, 1.0, 0.0]])}
    | {"parameters": {"W1": DRAW(size=(3, 2)), "b1": DRAW(size=(3, 1)), "W2": DRAW(size=(1, 3))}},
}
BACKWARD = {
    dense: dense_backward,
    normalise: normalise_backward,
    attend: attend_backward,
    recur: recur_backward,
    stacked: stacked_backward,
    windows: windows_backward,
    gated: gated_backward,
    layered: layered_backward,
    course: course_backward,
}
EDITS = [  # (forward, what stands in a line of its backward pass, what is written there, the id of the cause)
    (dense, "dw2 = h.T", "dw2 = -h.T", "sign"),
    (dense, "db2 = dout.sum(", "db2 = 2 * dout.sum(", "factor 2"),
    (dense, "dout @ w2.T", "dout @ w2[::-1].T", "reversed"),
    (dense, "(1 - h**2)", "(1 - h)", "part of the slope"),
    (dense, "dx = dz @", "dx = dh @", None),
    (normalise, "dxhat = dout * gamma", "dxhat = dout", None),
    (normalise, "dstd = -", "dstd = ", "sign"),
    (normalise, "dxmu = dxhat / std", "dxmu = dxhat", None),
    (normalise, "dxmu += 2 * xmu * dvar / n", "dxmu += 2 * xmu * dvar", None),
    (normalise, "dxmu + dmu / n", "dxmu", None),
    (attend, "a * (da - np.sum(da * a, axis=1, keepdims=True))", "a * (1 - a) * da", "shift ignored"),
    (attend, "dx = dq @ wq.T", "dx = dq @ wk.T", None),
    (attend, "dx += dv", "dx = dv", None),
    (attend, "dk = ds.T @ q", "dk = ds @ q", None),
    (recur, "dout[t] + dnext", "dout[t]", None),
    (recur, "dwx += x[t]", "dwx = x[t]", None),
    (recur, "for t in reversed(range(len(x)))", "for t in range(len(x))", None),
    (stacked, "(1 - cache", "(2 - cache", None),
    (stacked, "delta.sum(axis=0)", "delta.mean(axis=0)", None),
    (windows, "for i in range(n - 2)", "for i in range(1, n - 2)", None),
    (windows, "dx[i : i + 3] +=", "dx[i : i + 3] =", None),
    (normalise, "n = len(dout)", "n = -len(dout)", None),
    (gated, "dt *= t * (1 - t)", "dt *= 1 - t", None),
    (gated, "dt = ds * x", "dt = ds", None),
    (course, "dZ2 = A2 - Y", "dZ2 = Y - A2", "sign"),
    (course, "dZ1[Z1 <= 0] = 0", "dZ1[Z1 > 0] = 0", None),
    (course, '"b1": dZ1.sum(', '"b1": dZ1.mean(', None),
    (course, "A1 = np.maximum(Z1, 0)", "A1 = np.tanh(Z1)", None),
]


def edited(function, old, new):
    """(the function with one of its lines edited, the number of that line in its source)."""
    source = inspect.getsource(function)
    assert source.count(old) == 1, old
    line = source[: source.index(old)].count("\n") + 1
    source = source.replace(old, new)
    file, scope = f"<{function.__name__}: {new}>", {"np": np}
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), scope)
    return scope[function.__name__], line


@pytest.mark.parametrize(("forward", "old", "new", "cause"), by_day(EDITS, 5))
def test_the_edited_line_is_named(forward, old, new, cause):
    backward, line = edited(BACKWARD[forward], old, new)
    found = trace_backward(forward, backward, POINTS[forward])
    assert found.verdict == "wrong" and found.line == line, found
    assert new in found.source and f"wrong, first in line {line}: {found.source}" in str(found)
    assert cause is None or found.cause.id.startswith(cause), found.cause


@pytest.mark.parametrize("forward", BACKWARD)
def test_no_line_of_a_right_backward_pass_is_named(forward):
    found = trace_backward(forward, BACKWARD[forward], POINTS[forward])
    assert found.verdict == "right" and found.line is None, found
    assert not [each for each in found.locals if each.verdict == "wrong"]


def test_a_line_whose_name_says_nothing_is_solved_for_and_the_line_that_would_do_as_well_is_told():
    old, new = "dz = dh * (1 - h**2)", "helper = 1 - h\n    dz = dh * helper"
    backward, line = edited(dense_backward, old, new)
    found = trace_backward(dense, backward, POINTS[dense])
    assert found.line == line and found.others == ((line + 1, "dz = dh * helper"),)
    assert f"or in line {line + 1}" in str(found)


def test_a_function_that_the_backward_pass_calls_is_read_too():
    found = trace_backward(called, called_backward, POINTS[dense])
    assert found.source == "dw = x.T @ dout * 2", found
    assert found.line == inspect.getsourcelines(affine_backward)[1] + 4
    assert found.cause.id == "factor 2"


AMONG_OTHERS = [  # (forward, what stands in a line of its backward pass, what is written there)
    (recur, "dnext = dz @ wh.T", "dnext = dz @ wh"),  # carried on from turn to turn
    (gated, "dt *= t * (1 - t)", "dt = dt"),  # a line that changes nothing
    (windows, "for i, col in enumerate(cols)", "for i, col in enumerate(cols[1:])"),
    (normalise, "n = len(dout)", "n = 1"),
    (layered, "zip(reversed(ws), reversed(hs))", "zip(ws, reversed(hs))"),
    (attend, "dx += dk @ wk.T\n    dx += dv @ wv.T", "dx = dx\n    dx = dx + dv @ wv.T"),
    (windows, "for i in range(n - 2)", "for i in (0, 2, 2, 3)"),
    (recur, "in reversed(range(len(x)))", "in range(len(x))"),
    (windows, "for i in range(n - 2)", "for i in range(1, n - 2)"),
]


@pytest.mark.parametrize(("forward", "old", "new"), by_day(AMONG_OTHERS, 2))
def test_a_line_that_no_value_of_its_own_shows_is_among_those_that_are_told(forward, old, new):
    backward, line = edited(BACKWARD[forward], old, new)
    found = trace_backward(forward, backward, POINTS[forward])
    assert line in [found.line, *(other for other, _ in found.others)]


def tied(xs, W):
    h, hs = np.zeros((2, 3)), []
    for x in xs:
        hs.append(h)
        h = np.tanh(x @ W + h)
    return h @ W.T, (xs, W, [*hs, h])


def tied_backward(dout, cache):
    xs, W, hs = cache
    dW = np.zeros_like(W)  # without what the weights add behind the loop
    dxs = np.zeros_like(xs)
    dh = dout @ W
    for t in reversed(range(len(xs))):
        da = dh * (1 - hs[t + 1] ** 2)
        dW = dW + xs[t].T @ da
        dxs[t] = da @ W.T
        dh = da
    return dxs, dW


def test_the_line_in_which_a_sum_begins_is_told_where_the_sum_lacks_a_term():
    found = trace_backward(tied, tied_backward, {"xs": DRAW(size=(3, 2, 2)), "W": DRAW(size=(2, 3))})
    assert "dW = np.zeros_like(W)" in "".join(source for _, source in found.others)


def taken(x, at):
    y = np.take_along_axis(x, at, 1)
    return y * y, (x, at, y)


def taken_backward(dout, cache):
    x, at, y = cache
    dx = np.zeros_like(x)
    np.put_along_axis(dx, at, 2 * y * dout, 1)
    return dx


def test_whatever_changes_its_argument_in_place_is_a_line_of_it():
    found = trace_backward(taken, taken_backward, (DRAW(size=(2, 4)), np.array([[0, 0, 3], [2, 1, 2]])))
    assert found.source == "np.put_along_axis(dx, at, 2 * y * dout, 1)"


def test_gradients_that_are_not_finite_are_wrong_in_some_line():
    backward, _ = edited(dense_backward, "(1 - h**2)", "(1 / (h - h))")
    assert trace_backward(dense, backward, POINTS[dense]).verdict == "wrong"


MISSING = [  # (forward, a line of its backward pass that is left out, the name whose sum lacks it)
    (attend, "    dx += dv @ wv.T\n", "dx"),
    (attend, "    dx += dk @ wk.T\n", "dx"),
    (gated, "    dx += dt @ w.T\n", "dx"),
    (recur, "        dwx += x[t].T @ dz\n", "dwx"),
]


@pytest.mark.parametrize(("forward", "line", "name"), MISSING)
def test_a_line_that_is_missing_is_told_by_the_name_that_lacks_it(forward, line, name):
    backward, _ = edited(BACKWARD[forward], line, "")
    found = trace_backward(forward, backward, POINTS[forward])
    named = [found.source, *(source for _, source in found.others)]
    assert found.verdict == "wrong" and found.source.partition(" = ")[0].count(name), found
    assert all(name in each for each in named), named


def test_the_term_that_a_sum_lacks_is_told_by_the_line_of_the_forward_pass():
    backward, _ = edited(attend_backward, "    dx += dk @ wk.T\n", "")
    cause = trace_backward(attend, backward, POINTS[attend]).cause
    line = inspect.getsourcelines(attend)[1] + 2
    assert cause.sentence == f"a term of dx is missing, that through line {line} of the forward pass"


def test_what_shows_only_elsewhere_is_traced_there():
    backward, line = edited(course_backward, "dZ1.sum(axis=1", "-dZ1.sum(axis=1")
    point = POINTS[course] | {"parameters": POINTS[course]["parameters"] | {"W2": np.zeros((1, 3))}}
    found = trace_backward(course, backward, point)
    assert found.verdict == "wrong" and found.line == line, found


def test_of_two_mistakes_one_is_named():
    old, new = "dh = dout @ w2.T\n    dz = dh * (", "dh = -dout @ w2.T\n    dz = dh * h * ("
    backward, line = edited(dense_backward, old, new)
    found = trace_backward(dense, backward, POINTS[dense])
    assert found.verdict == "wrong" and found.line in (line, line + 1), found


def squares(x):
    return np.sum(x**2)


def as_generator(x):
    yield 2 * x


def with_a_global(x):
    global DRAW
    return 2 * x


def twice(x):
    return 2 * x


@pytest.mark.parametrize(
    ("forward", "backward", "said"),
    [
        (squares, lambda x: 2 * x, "backward: <lambda> cannot be read line by line: a lambda"),
        (squares, as_generator, "it is a generator"),
        (np.sum, twice, "forward: sum cannot be read"),
        (squares, with_a_global, "has DRAW, a variable of another scope"),
        (squares, eval("__import__('types').FunctionType(compile('def f(x): return 2*x', '<n>', 'exec')"
                       ".co_consts[0], {}, 'f')"), "its source is not to be found"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_clear_word(forward, backward, said):
    with pytest.raises(GradcheckError, match=said):
        trace_backward(forward, backward, {"x": np.ones(2)} if forward is squares else (np.ones(2),))


def test_nothing_of_the_functions_is_changed():
    before = dense.__code__, dense_backward.__code__, set(dense.__globals__)
    trace_backward(dense, dense_backward, POINTS[dense])
    assert (dense.__code__, dense_backward.__code__, set(dense.__globals__)) == before


def test_a_rewritten_function_gives_the_same_and_notes_every_local():
    factor = 3.0

    def function(x, *more, power=2, **named):
        total = 0.0
        for i, each in enumerate((x, *more)):
            total += factor * each**power
            if i > 5:
                break
        else:
            kept = {"x": x, "total": total}
        return kept, [each + 1 for each in more], named

    copy, tap = rewritten(function, "forward")
    assert copy(2.0, 3.0, power=3, c=1) == function(2.0, 3.0, power=3, c=1)
    tap.start(is_noting=True)
    copy(2.0, 3.0)
    noted = [(tap.places[event.place].name, event.value) for event in tap.events]
    assert ("total", 12.0) in noted and ("total", 39.0) in noted and ("kept['total']", 39.0) in noted


def functions_of_this_package():
    modules = [each for name, each in sorted(sys.modules.items()) if name.startswith("gradcheck.")]
    found = [each for module in modules for each in vars(module).values() if inspect.isfunction(each)]
    return [each for each in found if each.__module__.startswith("gradcheck.") and "<" not in each.__name__]


def test_functions_of_every_kind_are_rewritten():
    functions = by_day(functions_of_this_package(), 12)
    assert len(functions) > 15
    for function in functions:
        if not (inspect.isgeneratorfunction(function) or hasattr(function, "__wrapped__")):
            copy, tap = rewritten(function, "forward")
            assert inspect.signature(copy).parameters.keys() == inspect.signature(function).parameters.keys()
            assert len(tap.places) > 0 or len(inspect.signature(function).parameters) == 0
