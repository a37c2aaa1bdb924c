"""Models in matrices that are drawn: dense with samples as columns or rows, recurrent, attention."""

from decimal import Decimal

import numpy as np

from drawn.scalars import Model, drawn_number, half_of
from drawn.slopes import slope_of
from drawn.trees import call, name, tagged, tree

HIDDEN = ("tanh", "logistic", "relu", "tanh", "softplus")


def matrix_model(draw, style):
    """A drawn model in matrices with the lines of its derivatives."""
    kind = draw.choice(("columns", "columns", "rows", "rows", "recurrent", "attention", "attention"))
    model = Model(kind)
    {"columns": _dense, "rows": _dense, "recurrent": _recurrent, "attention": _attention}[kind](
        draw, style, model
    )
    return model


def drawn_array(draw, rows, columns, largest=1.0):
    """A matrix of short decimals."""
    return np.array(
        [[drawn_number(draw, largest).item() for _ in range(columns)] for _ in range(rows)], dtype=object
    )


def _dense(draw, style, model):
    columns = model.family == "columns"
    samples = draw.randint(1, 3)
    layers = draw.randint(1, 2)
    square = draw.random() < 0.25
    sizes = [2 if square else draw.randint(2, 3) for _ in range(layers)] + [draw.randint(1, 3)]
    if square and draw.random() < 0.5:
        sizes[-1] = 2
    upper = style.capital(samples)
    shape = (lambda size: (size, samples)) if columns else (lambda size: (samples, size))
    before = model.given("x", drawn_array(draw, *shape(sizes[0])), upper("x"))
    hidden_letter = draw.choice(("a", "a", "h"))
    last, loss = draw.choice(
        (
            ("identity", "half"),
            ("identity", "square"),
            ("logistic", "cross-entropy"),
            ("softmax", "cross-entropy"),
            ("softmax", "cross-entropy"),
            ("logistic", "half"),
            ("tanh", "half"),
            ("identity", "mean"),
        )
    )
    if last == "softmax" and sizes[-1] == 1:
        sizes[-1] = 2
    functions, nets, outs = [], [], []
    for layer, (inputs, size) in enumerate(zip(sizes, sizes[1:]), 1):
        final = layer == layers
        function = last if final else draw.choice(HIDDEN)
        one = "" if layers == 1 else layer
        weights = drawn_array(draw, *((size, inputs) if columns else (inputs, size)))
        w = model.parameter(f"w{layer}", weights, style.layered("W", one))
        net = w @ before if columns else before @ w
        if style.biases:
            bias = drawn_array(draw, *((size, 1) if columns else (1, size)))
            net = net + model.parameter(f"b{layer}", bias, style.layered("b", one))
        output = style.layered(upper("a"), one)
        if final and hidden_letter == "h":
            output = style.hat(upper("y"), None)
        net_text = output if final and function == "identity" else style.layered(upper("z"), one)
        net = model.define(f"z{layer}", net, net_text)
        out = net
        if function != "identity":
            axis = (0 if columns else 1) if function == "softmax" else None
            text = output if final else style.layered(upper(hidden_letter), one)
            out = model.define(f"a{layer}", call(function, net, axis), text)
        functions.append(function)
        nets.append(net)
        outs.append(out)
        before = out
    first = _matrix_loss(draw, style, model, outs[-1], loss, last, samples, sizes[-1], upper)
    _dense_claims(draw, style, model, functions, nets, outs, first, columns, samples)


def _matrix_loss(draw, style, model, y, loss, last, samples, size, upper):
    """Defines the loss; the derivative by the output, or by the last net input where that is a short cut."""
    shape = model.givens["x"].shape
    columns = model.family == "columns"
    shape = (size, samples) if columns else (samples, size)
    target = drawn_array(draw, *shape)
    if loss == "cross-entropy":
        target = np.full(shape, Decimal(0), dtype=object)
        for sample in range(samples):
            hot = draw.randrange(size) if last == "softmax" else None
            for k in range(size):
                value = Decimal(int(k == hot) if last == "softmax" else draw.randint(0, 1))
                target[(k, sample) if columns else (sample, k)] = value
    letter = upper("y") if style.letter_of_output != "y" and model.names.get("a1", "") not in "yY" else "t"
    t = model.given("t", target, "t" if any("y" in text.lower() for text in model.names.values()) else letter)
    mean = loss != "mean" and samples > 1 and draw.random() < 0.6
    difference = (t - y) if style.target_first else (y - t)
    divided = (lambda formula: formula / samples) if mean else (lambda formula: formula)
    shift = y - t
    factor = style.sign
    if factor == -1:
        shift = t - y
    if loss == "half":
        formula = half_of(draw, call("sum", difference**2))
    elif loss == "square":
        formula, shift = call("sum", difference**2), 2 * shift
    elif loss == "mean":
        formula, shift = call("mean", difference**2), 2 * shift / (samples * size)
    elif last == "softmax":
        formula = -call("sum", t * call("ln", y))
    else:
        formula = -call("sum", t * call("ln", y) + (1 - t) * call("ln", 1 - y))
    model.define("L", divided(formula), style.loss)
    model.samples = samples if mean else 1
    # The author divides in the gradients of the parameters. A square halved by two samples would be no mean.
    late = mean and style.late_mean and not (loss == "square" and samples == 2)
    model.names["late"] = "yes" if late else ""
    if mean and not late:
        shift = tagged("mean", shift / samples)
    return shift, loss == "cross-entropy"


def _dense_claims(draw, style, model, functions, nets, outs, first, columns, samples):
    formula, short_cut = first
    late = bool(model.names.pop("late"))
    factor = style.sign * (model.samples if late else 1)
    # In the gradients of the sum over the samples all parameters have the factor.
    of_the_sum = late and style.of_the_sum and model.samples > 2  # a factor of 2 could be a half left out
    share = (
        (lambda part: tagged("mean", part / model.samples))
        if late and not of_the_sum
        else (lambda part: part)
    )
    signed = (lambda part: -part) if style.sign == -1 else (lambda part: part)
    split = (factor == 1 or style.kind == "d") and draw.random() < 0.4
    whole = model.samples if of_the_sum else 1
    for layer in range(len(nets), 0, -1):
        function, net, out = functions[layer - 1], nets[layer - 1], outs[layer - 1]
        at_output = layer == len(nets)
        if function != "identity" and not (at_output and short_cut):
            slope = slope_of(function, net, out)
            if split:
                model.claims.append((f"d:{out.data}", formula, factor))
                formula = name(f"d:{out.data}")
            formula = formula * slope
        model.claims.append((f"d:{net.data}", formula, factor))
        delta = name(f"d:{net.data}")
        before = outs[layer - 2] if layer > 1 else name("x")
        dw = delta @ before.T if columns else before.T @ delta
        model.claims.append((f"d:w{layer}", signed(share(dw)), whole))
        if style.biases:
            db = call("sum", delta, 1 if columns else 0) if samples > 1 else delta
            model.claims.append((f"d:b{layer}", signed(share(db)), whole))
        if layer > 1:
            w = name(f"w{layer}")
            formula = w.T @ delta if columns else delta @ w.T


def _recurrent(draw, style, model):
    steps, inputs, size, outputs = (
        draw.randint(2, 3),
        draw.randint(1, 2),
        draw.randint(2, 3),
        draw.randint(1, 2),
    )
    timed = style.timed
    xs = [model.given(f"x{k}", drawn_array(draw, inputs, 1), timed("x", k)) for k in range(1, steps + 1)]
    state = model.given("h0", drawn_array(draw, size, 1), timed("h", 0))
    texts = draw.choice((("W_x", "W_h", "W_y", "b_h"), ("U", "W", "V", "b"), ("W_xh", "W_hh", "W_hy", "b_h")))
    u = model.parameter("u", drawn_array(draw, size, inputs), texts[0])
    w = model.parameter("w", drawn_array(draw, size, size), texts[1])
    v = model.parameter("v", drawn_array(draw, outputs, size), texts[2])
    bias = model.parameter("b", drawn_array(draw, size, 1), texts[3]) if style.biases else None
    function, states, nets = draw.choice(("tanh", "tanh", "logistic")), [state], []
    for k, x in enumerate(xs, 1):
        net = u @ x + w @ state if style.weight_first else w @ state + u @ x
        net = model.define(f"z{k}", net if bias is None else net + bias, timed("z", k))
        state = model.define(f"a{k}", call(function, net), timed("h", k))
        states.append(state)
        nets.append(net)
    y = model.define("o", v @ state, style.hat("y", None))
    t = model.given(
        "t", drawn_array(draw, outputs, 1), draw.choice(("t", "d")) if style.letter_of_output == "y" else "y"
    )
    difference = (t - y) if style.target_first else (y - t)
    model.define("L", half_of(draw, call("sum", difference**2)), style.loss)
    sign = style.sign
    signed = (lambda part: -part) if sign == -1 else (lambda part: part)
    model.claims.append(("d:o", t - y if sign == -1 else y - t, sign))
    model.claims.append(("d:v", signed(name("d:o") @ state.T), 1))
    formula = v.T @ name("d:o")
    split = sign == 1 and draw.random() < 0.4
    for k in range(steps, 0, -1):
        if split:
            model.claims.append((f"d:a{k}", formula, sign))
            formula = name(f"d:a{k}")
        model.claims.append((f"d:z{k}", formula * slope_of(function, nets[k - 1], states[k]), sign))
        formula = w.T @ name(f"d:z{k}")
    deltas = [name(f"d:z{k}") for k in range(1, steps + 1)]
    for key, factors in (("u", xs), ("w", states), ("b", None)):
        if key == "b" and bias is None:
            continue
        terms = [delta if factors is None else delta @ factors[k].T for k, delta in enumerate(deltas)]
        total = terms[0]
        for term in terms[1:]:
            total = total + tagged("path", term)
        model.claims.append((f"d:{key}", -total if sign == -1 else total, 1))


def _attention(draw, style, model):
    tokens, inputs, size = draw.randint(2, 3), draw.randint(2, 3), draw.choice((1, 2, 2, 4))
    style.sign = 1
    x = model.given("x", drawn_array(draw, tokens, inputs), "X")
    texts = draw.choice((("Wq", "Wk", "Wv"), ("W_Q", "W_K", "W_V"), ("W_q", "W_k", "W_v")))
    wq, wk, wv = (
        model.parameter(f"w{k}", drawn_array(draw, inputs, size), text) for k, text in enumerate(texts)
    )
    q, k, v = (model.define(key, x @ w, key.upper()) for key, w in (("q", wq), ("k", wk), ("v", wv)))
    scale = call("sqrt", tree(size)) if draw.random() < 0.6 or size == 2 else tree({1: 1, 4: 2}[size])
    scores = q @ k.T if size == 1 else q @ k.T / scale
    s = model.define("s", scores, "S")
    p = model.define("p", call("softmax", s, 1), draw.choice(("P", "A")))
    o = model.define("o", p @ v, draw.choice(("O", "Y", "Z")))
    t = model.given("t", drawn_array(draw, tokens, size), "G")
    difference = (t - o) if style.target_first else (o - t)
    model.define("L", half_of(draw, call("sum", difference**2)), style.loss)
    do, dp, dv, ds, dq, dk = (name(f"d:{key}") for key in ("o", "p", "v", "s", "q", "k"))
    model.claims.append(("d:o", o - t, 1))
    model.claims.append(("d:v", p.T @ do, 1))
    model.claims.append(("d:p", do @ v.T, 1))
    inner = call("sum", p * dp if draw.random() < 0.5 else dp * p, 1)
    model.claims.append(("d:s", p * (dp - tagged("path", inner)), 1))
    model.claims.append(("d:q", ds @ k if size == 1 else ds @ k / scale, 1))
    model.claims.append(("d:k", ds.T @ q if size == 1 else ds.T @ q / scale, 1))
    for key, delta in (("w0", dq), ("w1", dk), ("w2", dv)):
        model.claims.append((f"d:{key}", x.T @ delta, 1))
