"""Mistakes planted one at a time in a port to NumPy, in single precision: what `compare` says of each.

The port shares nothing with the package but its description; `mistake` switches one of MISTAKES on.
Of each that can be seen: is it noticed, is the first difference where it was made, and is it named?

Run: python benchmarks/planted.py [SHARE]     a share from 0 to 1 of all, drawn
"""

import random
import sys
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from neuronnet import Golden  # noqa: E402
from neuronnet.description.reading import read  # noqa: E402

PLACES = {"output": lambda k, top: k == top, "hidden": lambda k, top: k < top, "both": lambda k, top: True}
SLOPES_OF = {  # what is taken in place of the slope, from (net, out, slope, the activation)
    "activation derivative missing": lambda net, out, slope, name: np.ones_like(out),
    "activation derivative used twice": lambda net, out, slope, name: slope * slope,
    "derivative written for out, given net": lambda net, out, slope, name: (
        net * (1 - net) if name == "logistic" else 1 - net * net
    ),
    "sign slip in the derivative": lambda net, out, slope, name: -slope,
    "the logistic's derivative for tanh": lambda net, out, slope, name: out * (1 - out),
    "relu's derivative for another activation": lambda net, out, slope, name: (net > 0).astype(net.dtype),
    "only 1 - out of the derivative": lambda net, out, slope, name: 1 - out,
    "the output in place of its derivative": lambda net, out, slope, name: out,
}
ADAM = (
    "bias correction missing",
    "bias correction with t one too large",
    "bias correction with t left at 1",
    "beta and 1 - beta exchanged",
    "the new term in full",
    "nothing carried on",
    "what was remembered before the update",
    "root forgotten",
    "the two running means exchanged",
    "square forgotten in the mean of squares",
)
UPDATES = (
    "sign flipped",
    "weight assigned",
    "learning rate missing",
    "learning rate multiplied in twice",
    "learning rate doubled",
    "learning rate halved",
    "gradients added up",
    "biases never updated",
    "hidden biases never updated",
    "output biases never updated",
    "only the output layer updated",
    "only the hidden layers updated",
)
SAMPLES = (
    "samples summed",
    "samples averaged",
    "gradient of the first sample only",
    "gradient of the last sample",
)
BACKWARD = (
    "hidden delta from the raw output error",
    "updated output weights used backwards",
    "deltas summed without their weights",
    "input not multiplied",
    "the weight in place of its input",
    "net in place of out",
    "target - out taken",
    "half dropped",
    "an extra half",
    "backward pass run twice",
    "one bias gradient for all neurons",
    "bias gradient from the weight gradients",
    "bias gradient without the slope",
    "bias gradient averaged",
)
FORWARD = (
    "the logistic in place of tanh",
    "no activation at the output",
    "no activation in the hidden layers",
    "bias missing in the hidden net input",
    "bias missing in the output net input",
    "inputs in reverse order",
)
L2 = (
    "L2 term missing",
    "L2 gradient doubled",
    "L2 gradient of the wrong sign",
    "L2 term on the biases as well",
)
MISTAKES = (
    *(f"{words}: {place}" for words in SLOPES_OF for place in PLACES),
    *(*ADAM, *UPDATES, *SAMPLES, *BACKWARD, *FORWARD, *L2),
)
SAME = {  # other words of the catalogue for what a port does
    "activation derivative missing: output": ("activation derivative missing at the output",),
    "activation derivative missing: hidden": ("activation derivative missing at the hidden",),
    "activation derivative missing: both": ("activation derivative missing everywhere",),
    "L2 gradient doubled": ("L2 gradient doubled", "L2 term without its half"),
    "half dropped": (
        "half dropped",
        "the loss without its half",
        "gradient multiplied by the number of outputs",
    ),
    "target - out taken": ("target - out taken", "absolute value"),
    "output biases never updated": ("output biases never updated", "only hidden biases trained"),
    "hidden biases never updated": ("hidden biases never updated", "only output biases trained"),
}
VALUES = {
    "logistic": lambda net: 1 / (1 + np.exp(-net)),
    "tanh": np.tanh,
    "relu": lambda net: np.maximum(net, 0),
    "identity": lambda net: net,
    "softmax": lambda net: np.exp(net) / np.exp(net).sum(1, keepdims=True),
}
SLOPES = {
    "logistic": lambda net, out: out * (1 - out),
    "tanh": lambda net, out: 1 - out * out,
    "relu": lambda net, out: (net > 0).astype(net.dtype),
    "identity": lambda net, out: np.ones_like(net),
}


def port(description, at, mistake=None, dtype=np.float32):
    """Name -> array of W1, b1, z1, a1, delta1, dW1, db1 and moments at each update of `at`."""
    layers, rule, settings, found = (
        description.layers,
        description.update.rule,
        description.update.settings,
        {},
    )
    top = len(layers) - 1
    W = [np.array(layer.weights, dtype) for layer in layers]
    b = [np.array(layer.neuron_biases or [0] * layer.neurons, dtype) for layer in layers]
    x = np.array([sample.inputs for sample in description.samples], dtype)
    x = x[:, ::-1] if mistake == "inputs in reverse order" else x
    t = np.array([sample.targets for sample in description.samples], dtype)
    rate, l2 = dtype(description.learning_rate), dtype(description.l2)
    m, v = ([np.zeros_like(each) for each in W + b] for _ in "mv")
    added = [np.zeros_like(each) for each in W + b]
    for update, batch in enumerate(islice(description.batches(), max(at) + 1)):
        nets, outs = [], [x[batch]]
        for k, (layer, weights, bias) in enumerate(zip(layers, W, b)):
            net = outs[-1] @ weights.T
            left_out = f"bias missing in the {'output' if k == top else 'hidden'} net input"
            nets.append(net if mistake == left_out else net + bias)
            name = layer.activation
            if mistake == "the logistic in place of tanh" and name == "tanh":
                name = "logistic"
            if mistake == f"no activation {'at the output' if k == top else 'in the hidden layers'}":
                name = "identity"
            outs.append(VALUES[name](nets[-1]))
        slopes = []
        for k, layer in enumerate(layers):
            name = layer.activation
            slope = None if name == "softmax" else SLOPES[name](nets[k], outs[k + 1])
            for words, change in SLOPES_OF.items():
                for place, is_there in PLACES.items():
                    if mistake == f"{words}: {place}" and is_there(k, top) and slope is not None:
                        slope = change(nets[k], outs[k + 1], slope, name)
            slopes.append(slope)
        dE_dout = outs[-1] - t[batch]
        if mistake == "target - out taken":
            dE_dout = -dE_dout
        if mistake == "half dropped":
            dE_dout = 2 * dE_dout
        if mistake == "an extra half":
            dE_dout = dE_dout / 2
        delta = dE_dout if "cross-entropy" in description.loss else dE_dout * slopes[top]
        is_mean = description.samples_combine == "mean"
        if mistake in ("samples summed", "samples averaged"):
            is_mean = mistake == "samples averaged"
        share = dtype(len(batch) if is_mean else 1)
        share = share / 2 if mistake == "backward pass run twice" else share
        dW, db, after, raw = [None] * len(W), [None] * len(W), None, dE_dout
        for k in reversed(range(len(W))):
            if k < top:
                weights = after if mistake == "updated output weights used backwards" else W[k + 1]
                weights = (
                    np.ones_like(weights) if mistake == "deltas summed without their weights" else weights
                )
                sent = (
                    dE_dout if mistake == "hidden delta from the raw output error" and k == top - 1 else delta
                )
                raw = sent @ weights
                delta = raw * slopes[k]
            source = outs[k]
            if mistake == "net in place of out" and k:
                source = nets[k - 1]
            used = slice(None)
            if mistake == "gradient of the first sample only":
                used = slice(0, 1)
            if mistake == "gradient of the last sample":
                used = slice(-1, None)
            dW[k], db[k] = delta[used].T @ source[used] / share, delta[used].sum(0) / share
            if mistake == "input not multiplied":
                dW[k] = np.repeat(delta.sum(0)[:, None], dW[k].shape[1], 1) / share
            if mistake == "the weight in place of its input":
                dW[k] = W[k] * delta.sum(0)[:, None] / share
            if mistake == "one bias gradient for all neurons" and layers[k].bias_kind == "per neuron":
                db[k] = np.full_like(db[k], db[k].sum())
            if mistake == "bias gradient from the weight gradients":
                db[k] = dW[k].sum(1)
            if mistake == "bias gradient without the slope":
                db[k] = raw.sum(0) / share
            if mistake == "bias gradient averaged":
                db[k] = db[k] / len(batch)
            strength = l2 / dtype(len(batch) if description.l2_scale == "per sample" else 1)
            if mistake != "L2 term missing":
                factor = {"L2 gradient doubled": 2, "L2 gradient of the wrong sign": -1}.get(mistake, 1)
                dW[k] = dW[k] + dtype(factor) * strength * W[k]
            if mistake == "L2 term on the biases as well":
                db[k] = db[k] + strength * b[k]
            copies = [[each.copy() for each in memory] for memory in (m, v)]
            after = W[k] - rate * _step(rule, settings, *copies, k, dW[k], update, None, dtype)
            if update in at:
                found[f"delta{k + 1}@{update}"] = delta.copy()
        if mistake == "gradients added up":
            added = [one + other for one, other in zip(added, dW + db)]
            dW, db = added[: len(W)], added[len(W) :]
        if update in at:
            for k in range(len(W)):
                of = {"W": W, "b": b, "dW": dW, "db": db}
                if layers[k].bias_kind == "shared":
                    of |= {"b": {k: b[k][:1]}, "db": {k: db[k].sum(keepdims=True)}}
                found |= {f"{name}{k + 1}@{update}": each[k].copy() for name, each in of.items()}
                found |= {f"z{k + 1}@{update}": nets[k], f"a{k + 1}@{update}": outs[k + 1]}
                if update and rule == "adam":
                    found |= {f"m_W{k + 1}@{update}": m[k].copy(), f"v_W{k + 1}@{update}": v[k].copy()}
                    places = k, len(W) + k
                    found |= {
                        f"m_b{k + 1}@{update}": m[places[1]].copy(),
                        f"v_b{k + 1}@{update}": v[places[1]].copy(),
                    }
        for place, (value, gradient) in enumerate(zip(W + b, dW + db)):
            k, is_bias = place % len(W), place >= len(W)
            if is_bias and not layers[k].train_bias:
                continue
            if is_bias and mistake == "biases never updated":
                continue
            if is_bias and mistake == f"{'output' if k == top else 'hidden'} biases never updated":
                continue
            if mistake == ("only the output layer updated" if k < top else "only the hidden layers updated"):
                continue
            step = _step(rule, settings, m, v, place, gradient, update, mistake, dtype)
            pace = {"learning rate missing": 1, "learning rate multiplied in twice": rate * rate}.get(
                mistake, rate
            )
            pace = pace * dtype({"learning rate doubled": 2, "learning rate halved": 0.5}.get(mistake, 1))
            if mistake == "sign flipped":
                value += pace * step
            elif mistake == "weight assigned":
                value[...] = -pace * step
            else:
                value -= pace * step
    return found


def _step(rule, settings, m, v, place, gradient, update, mistake, dtype):
    """What the rate multiplies, and the moments moved on."""
    if rule == "gradient descent":
        return gradient
    if rule == "momentum":
        v[place] = dtype(settings["momentum"]) * v[place] + gradient
        return v[place]
    beta1, beta2, epsilon = (dtype(settings[name]) for name in ("beta1", "beta2", "epsilon"))
    before = m[place], v[place]
    square = gradient if mistake == "square forgotten in the mean of squares" else gradient**2
    if mistake == "beta and 1 - beta exchanged":
        m[place], v[place] = (
            (1 - beta1) * m[place] + beta1 * gradient,
            (1 - beta2) * v[place] + beta2 * square,
        )
    elif mistake == "the new term in full":
        m[place], v[place] = beta1 * m[place] + gradient, beta2 * v[place] + square
    elif mistake == "nothing carried on":
        m[place], v[place] = (1 - beta1) * gradient, (1 - beta2) * square
    else:
        m[place], v[place] = (
            beta1 * m[place] + (1 - beta1) * gradient,
            beta2 * v[place] + (1 - beta2) * square,
        )
    t = dtype(
        {"bias correction with t one too large": update + 2, "bias correction with t left at 1": 1}.get(
            mistake, update + 1
        )
    )
    mhat, vhat = m[place] / (1 - beta1**t), v[place] / (1 - beta2**t)
    if mistake == "bias correction missing":
        mhat, vhat = m[place], v[place]
    if mistake == "what was remembered before the update":
        mhat, vhat = before[0] / (1 - beta1**t), before[1] / (1 - beta2**t)
    if mistake == "the two running means exchanged":
        mhat, vhat = vhat, mhat
    root = vhat if mistake == "root forgotten" else np.sqrt(vhat)
    return mhat / (root + epsilon)


def networks():
    """(name, description) of what the port is tried on."""
    batches = read(str(ROOT / "examples" / "ports" / "mini-batches.toml")).to_dict()
    yield "worked example", read("worked-example")
    yield "mini-batches by Adam", read(batches)
    yield "mini-batches with L2", read(batches | {"l2": 0.05, "update": "sgd", "learning_rate": 0.2})
    yield (
        "all samples by momentum",
        read(batches | {"batch": "full", "update": "momentum", "learning_rate": 0.1}),
    )
    logistic = [layer | {"activation": "logistic"} for layer in batches["layer"]]
    yield (
        "sums, logistic",
        read(
            batches
            | {
                "layer": logistic,
                "samples_combine": "sum",
                "batch": "full",
                "update": "sgd",
                "learning_rate": 0.2,
            }
        ),
    )
    softmax = [
        batches["layer"][0],
        {"activation": "softmax", "weights": [[0.3, -0.7, 0.5], [-0.2, 0.4, 0.6]], "bias": [0.1, -0.1]},
    ]
    classes = [each | {"targets": [k % 2, 1 - k % 2]} for k, each in enumerate(batches["sample"])]
    yield (
        "classes",
        read(
            batches
            | {
                "layer": softmax,
                "sample": classes,
                "loss": "cce",
                "update": "sgd",
                "batch": "full",
                "learning_rate": 0.3,
            }
        ),
    )


AT = (0, 1, 2, 3)


def results(share=1.0, seed=1):
    """(network, mistake, verdict, first difference, where it is, its name, whether that is right) of each."""
    draw = random.Random(seed)
    for name, description in networks():
        golden = Golden.of(description, at=AT, dtype="float32")
        right = golden.compare(port(description, AT))
        assert right.verdict == "right", f"{name}: {right}"
        with np.errstate(all="ignore"):
            in_float64 = {each: port(description, AT, each, np.float64) for each in (None, *MISTAKES)}
        exact = golden.compare(in_float64[None]).values
        for mistake in MISTAKES:
            if draw.random() >= share:
                continue
            with np.errstate(all="ignore"):
                wrong = golden.compare(in_float64[mistake]).values
                off = (each for each in golden.values if each in wrong and each in exact)
                there = next(
                    (each for each in off if _differs(wrong[each], exact[each], golden.values[each])), None
                )
                if there is None:
                    continue
                found = golden.compare(port(description, AT, mistake))
            first = None if found.first is None else found.first.name
            alike = [each for each in MISTAKES if _are_equal(in_float64[each], in_float64[mistake])]
            named = [each.mistakes[0].id for each in found.mistakes[:1]]
            yield name, mistake, found.verdict, first, there, named, is_named(alike, named)


def _differs(one, other, value):
    return not abs(one - other) <= max(8 * value.tolerance, 1e-4 * abs(other))


def _are_equal(one, other):
    return all(np.allclose(one[each], other[each], 1e-9, 1e-12, equal_nan=True) for each in one)


def is_named(alike, named):
    """Whether one of the words for mistakes that give the same numbers begins what was named."""
    words = [each for mistake in alike for each in SAME.get(mistake, (mistake,))]
    words += [each.removesuffix(": both") for each in words]
    return any(each.startswith(some) for each in named for some in words)


def main(share=1.0):
    found = []
    for row in results(share):
        name, mistake, verdict, first, there, said, is_right = row
        found.append(row)
        if verdict != "wrong" or first != there or not is_right:
            place = f"first {first} where it is {there}"
            print(f"{name}: {mistake}: {verdict}, {place}, named {said}", flush=True)
    print(summary(found))


def summary(found):
    """How many of the rows were noticed, placed and named, as a sentence."""
    noticed, placed, named = counts(found)
    return f"{len(found)} visible: {noticed} wrong, {placed} first where it is, {named} named"


def counts(found):
    """(noticed, with the first difference where the mistake is, named) among rows of `results`."""
    noticed = [row for row in found if row[2] == "wrong"]
    return len(noticed), sum(row[3] == row[4] for row in noticed), sum(row[6] for row in noticed)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
