"""Scalar models that are drawn: dense, recurrent, graphs with shared nodes, regressions."""

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from drawn.slopes import sweep
from drawn.trees import call, name, tree

HIDDEN = ("tanh", "logistic", "logistic", "relu", "softplus")


@dataclass
class Model:
    """Givens, forward lines and derivatives as their author would write them.

    `claims` holds (key, formula, factor): "d:q" is factor times the derivative of the loss by q. `names`
    tells what the author calls a quantity; `samples` over how many samples a mean in the loss runs.
    """

    family: str
    givens: dict = field(default_factory=dict)
    definitions: dict = field(default_factory=dict)
    claims: list = field(default_factory=list)
    names: dict = field(default_factory=dict)
    parameters: list = field(default_factory=list)
    loss: str = "L"
    samples: int = 1

    def given(self, key, value, text=None):
        """A given quantity, as a tree."""
        self.givens[key] = np.asarray(value, dtype=object)
        self.names[key] = text or key
        return name(key)

    def parameter(self, key, value, text=None):
        """A given quantity that is trained, as a tree."""
        self.parameters.append(key)
        return self.given(key, value, text)

    def define(self, key, formula, text=None):
        """A forward line, as a tree."""
        self.definitions[key] = formula
        self.names[key] = text or key
        return name(key)


def scalar_model(draw, style):
    """A drawn scalar model with the lines of its derivatives."""
    kind = draw.choice(("dense", "dense", "recurrent", "shared", "shared", "shared", "regression"))
    model = Model(kind)
    short = {"dense": _dense, "recurrent": _recurrent, "shared": _shared, "regression": _regression}[kind](
        draw, style, model
    )
    sweep(draw, model, style, short)
    return model


def drawn_number(draw, largest=1.0):
    """A short decimal that is not zero, as a scalar array."""
    places = draw.choice((1, 2, 2, 3))
    size = Decimal(max(1, round(draw.uniform(0.1, largest) * 10**places))).scaleb(-places)
    return np.asarray(size if draw.random() < 0.65 else -size, dtype=object)


def half_of(draw, formula):
    """One half of a formula, in one of the ways in which it is written."""
    return draw.choice((tree("0.5") * formula, formula / 2, (tree(1) / 2) * formula))


def activation(draw, function, argument, style):
    """A function of an argument, at times written out."""
    if function == "logistic" and style.written_out:
        return 1 / (1 + call("exp", -argument))
    return call(function, argument)


def _inputs(draw, model, count, style):
    letter = draw.choice(("x", "x", "i"))
    return [
        model.given(f"x{k}", drawn_number(draw), style.indexed(letter, k) if count > 1 else letter)
        for k in range(1, count + 1)
    ]


def _combination(weights, inputs, bias, style):
    terms = [w * x if style.weight_first else x * w for w, x in zip(weights, inputs)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total if bias is None else total + bias


def _dense(draw, style, model):
    count, layers = draw.randint(1, 3), draw.randint(1, 2)
    sizes = [count] + [draw.randint(1, 3) for _ in range(layers - 1)] + [draw.randint(1, 2)]
    before = _inputs(draw, model, count, style)
    letters = draw.choice((("z", "h", "o"), ("net_h", "out_h", "net_o"), ("s", "h", "u"), ("z", "a", "z")))
    weight, number, biases = draw.choice(("w", "w", "v")), 0, draw.choice(("own", "shared", "none"))
    outputs, last = sizes[-1], draw.choice(("identity", "logistic", "tanh"))
    loss = draw.choice(("half", "half", "square"))
    if last == "logistic" and draw.random() < 0.4:
        loss = "cross-entropy"
    if outputs == 2 and draw.random() < 0.3:
        last, loss = "softmax", "cross-entropy"
    neuron, results, nets = 0, [], []
    for layer, size in enumerate(sizes[1:], 1):
        final = layer == len(sizes) - 1
        function = last if final else draw.choice(HIDDEN)
        shared = (
            model.parameter(f"b{layer}", drawn_number(draw), style.indexed("b", layer))
            if biases == "shared"
            else None
        )
        results, nets = [], []
        for k in range(1, size + 1):
            weights = []
            for _ in before:
                number += 1
                key = f"w{number}"
                weights.append(model.parameter(key, drawn_number(draw), style.indexed(weight, number)))
            neuron += 1
            bias = shared
            if biases == "own":
                bias = model.parameter(f"b{neuron}", drawn_number(draw), style.indexed("b", neuron))
            index = neuron if letters[2] == "z" or not final else k
            net = style.indexed(letters[2] if final else letters[0], index)
            if final and function == "identity":
                net = _output_name(style, letters, k, size, index)
            net = model.define(f"z{neuron}", _combination(weights, before, bias, style), net)
            nets.append(net)
            out = _output_name(style, letters, k, size, index) if final else style.indexed(letters[1], index)
            if function not in ("identity", "softmax"):
                net = model.define(f"a{neuron}", activation(draw, function, net, style), out)
                model.names[f"slope a{neuron}"] = function
            results.append(net)
        if function == "softmax":
            powers = [call("exp", net) for net in nets]
            for k in range(1, size + 1):
                out = _output_name(style, letters, k, size, neuron - size + k)
                results[k - 1] = model.define(
                    f"a{neuron - size + k}", powers[k - 1] / (powers[0] + powers[1]), out
                )
        before = results
    return _scalar_loss(draw, style, model, nets, results, last, loss)


def _output_name(style, letters, k, count, index):
    if letters[1] in ("a", "out_h"):
        return style.indexed("a", index) if letters[1] == "a" else style.indexed("out_o", k)
    return style.hat("y", k if count > 1 else None)


def _scalar_loss(draw, style, model, nets, results, last, loss):
    letter = draw.choice(("y", "t", "d")) if not any(each == "y" for each in model.names.values()) else "t"
    if style.letter_of_output == "y":
        letter = draw.choice(("t", "d"))
    targets, several = [], len(results) > 1
    hot = draw.randrange(len(results))
    for k in range(1, len(results) + 1):
        value = drawn_number(draw)
        if loss == "cross-entropy":
            value = np.asarray(
                Decimal(int(k - 1 == hot) if last == "softmax" else draw.randint(0, 1)), dtype=object
            )
        targets.append(model.given(f"t{k}", value, style.indexed(letter, k) if several else letter))
    terms = []
    for y, t in zip(results, targets):
        difference = (t - y) if style.target_first else (y - t)
        if loss == "half":
            terms.append(half_of(draw, difference**2))
        elif loss == "square":
            terms.append(difference**2)
        elif last == "softmax":
            terms.append(t * call("ln", y))
        else:
            terms.append(t * call("ln", y) + (1 - t) * call("ln", 1 - y))
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    model.define("L", -total if loss == "cross-entropy" else total, style.loss)
    short = {}
    if last in ("softmax", "logistic") and loss == "cross-entropy":
        for net, y, t in zip(nets, results, targets):
            if last == "softmax" or draw.random() < 0.7:
                short[net.data] = y - t
    return short


def _recurrent(draw, style, model):
    steps = draw.randint(2, 3)
    letter = draw.choice(("h", "s"))
    inputs = [model.given(f"x{k}", drawn_number(draw), style.indexed("x", k)) for k in range(1, steps + 1)]
    w = model.parameter("w", drawn_number(draw), draw.choice(("w", "w_x", "W_xh")))
    u = model.parameter("u", drawn_number(draw), draw.choice(("u", "w_h", "W_hh")))
    bias = (
        model.parameter("b", drawn_number(draw), draw.choice(("b", "b_h"))) if draw.random() < 0.6 else None
    )
    v = model.parameter("v", drawn_number(draw), draw.choice(("v", "w_y", "W_hy")))
    state = model.given("h0", np.asarray(Decimal(0), dtype=object), style.indexed(letter, 0))
    if draw.random() < 0.5:
        model.givens["h0"] = drawn_number(draw)
    function, outputs = draw.choice(("tanh", "tanh", "logistic")), []
    for k, x in enumerate(inputs, 1):
        net = model.define(f"z{k}", _combination((w, u), (x, state), bias, style), style.indexed("z", k))
        state = model.define(f"a{k}", activation(draw, function, net, style), style.indexed(letter, k))
        model.names[f"slope a{k}"] = function
        if k == steps or draw.random() < 0.3:
            outputs.append(model.define(f"o{k}", v * state, style.hat("y", k)))
    loss = draw.choice(("half", "square"))
    return _scalar_loss(draw, style, model, outputs, outputs, "identity", loss)


def _shared(draw, style, model):
    style.sign = 1  # its quantities have no deltas of their own
    pool = _inputs(draw, model, draw.randint(1, 2), style)
    weights = [
        model.parameter(f"w{k}", drawn_number(draw), style.indexed("w", k))
        for k in range(1, draw.randint(3, 4))
    ]
    pool, unused = pool + weights, list(weights)
    letter, last = draw.choice(("q", "u", "v", "g")), None
    for k in range(1, draw.randint(4, 7)):

        def pick():
            return unused.pop() if unused and draw.random() < 0.6 else draw.choice(pool)

        one, two, three = pick(), pick(), pick()
        if last is not None:
            one = last
        function = draw.choice(("tanh", "logistic", "exp", None, None, None, None))
        if function == "exp" and k > 3:
            function = None
        if function:
            formula = activation(draw, function, one, style)
        else:
            formula = draw.choice(
                (one * two, one * two + three, one + two * three, (one + two) * three, one - two * three)
            )
        last = model.define(f"q{k}", formula, style.indexed(letter, k))
        if function:
            model.names[f"slope q{k}"] = function
        pool.append(last)
    return _scalar_loss(draw, style, model, [last], [last], "identity", draw.choice(("half", "square")))


def _regression(draw, style, model):
    samples = draw.randint(2, 3)
    inputs = [model.given(f"x{k}", drawn_number(draw), style.indexed("x", k)) for k in range(1, samples + 1)]
    w = model.parameter("w", drawn_number(draw), draw.choice(("w", "a", "m")))
    b = model.parameter("b", drawn_number(draw), draw.choice(("b", "c")))
    logistic, results = draw.random() < 0.4, []
    for k, x in enumerate(inputs, 1):
        text = style.hat("y", k)
        net = model.define(f"z{k}", w * x + b, style.indexed("z", k) if logistic else text)
        if logistic:
            net = model.define(f"a{k}", activation(draw, "logistic", net, style), text)
            model.names[f"slope a{k}"] = "logistic"
        results.append(net)
    letter = "t" if style.letter_of_output == "y" else "y"
    terms = []
    for k, y in enumerate(results, 1):
        value = np.asarray(Decimal(draw.randint(0, 1)), dtype=object) if logistic else drawn_number(draw)
        t = model.given(f"t{k}", value, style.indexed(letter, k))
        if logistic:
            terms.append(t * call("ln", y) + (1 - t) * call("ln", 1 - y))
        else:
            terms.append(((t - y) if style.target_first else (y - t)) ** 2)
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    model.samples = samples
    total = (-total if logistic else total) / draw.choice(
        (samples, samples, 2 * samples) if not logistic else (samples,)
    )
    model.define("L", total, style.loss)
    if logistic:
        return {f"z{k}": (results[k - 1] - name(f"t{k}")) / samples for k in range(1, samples + 1)}
    return {}
