"""The formulas of activations, losses and update rules as a hand derivation writes them.

They are written apart from `activations.py`, `losses.py` and `updates.py`, which compute the same numbers.
"""

from neuronnet.formulas.expressions import Call, Name, Number, Sum, total
from neuronnet.names import after

OUT = {
    "identity": lambda net, nets, j: net,
    "logistic": lambda net, nets, j: 1 / (1 + Call("exp", [-net])),
    "tanh": lambda net, nets, j: Call("tanh", [net]),
    "relu": lambda net, nets, j: Call("max", [0, net]),
    "softmax": lambda net, nets, j: _softmax(net, [Name(each) for k, each in enumerate(nets) if k != j]),
}


def _softmax(net, others):
    """1/(1 + exp(net_2 - net_1) + ...), one exp less than in textbooks; of one output exp(net)/exp(net)."""
    if not others:
        return Call("exp", [net]) / Call("exp", [net])
    return 1 / Sum([(1, Number(1)), *((1, Call("exp", [each - net])) for each in others)])


def out_formula(activation, nets, j):
    """out_j of a neuron whose layer has the net inputs named `nets`."""
    return OUT[activation](Name(nets[j]), nets, j)


def out_partials(activation, nets, outs, j):
    """dout_j/dnet_k for every net that out_j depends on: {name of the net: expression}."""
    net, out = Name(nets[j]), Name(outs[j])
    if activation == "softmax":
        return {each: out * (1 - out) if k == j else -out * Name(outs[k]) for k, each in enumerate(nets)}
    slopes = {
        "logistic": out * (1 - out),
        "tanh": 1 - out**2,
        "relu": Call("step", [net]),
        "identity": Number(1),
    }
    return {nets[j]: slopes[activation]}


def keeping_digits(activation, nets, outs, j):
    """(formula, an equal one with all digits) of the j-th out, its slope, 1 - out and the logarithms."""
    net, out = Name(nets[j]), Name(outs[j])
    forms = []
    if activation == "logistic":
        forms += [
            (out_formula(activation, nets, j), Call("logistic", [net])),
            (out * (1 - out), Call("logistic'", [net])),
        ]
    if activation == "tanh":
        forms.append((1 - out**2, Call("tanh'", [net])))
    if activation == "softmax":
        own = Call("share", [net] + [Name(each) for k, each in enumerate(nets) if k != j])
        forms.append((out_formula(activation, nets, j), own))
    if activation in REST:
        forms.append((1 - out, REST[activation](nets, outs, j)))
    if activation == "logistic" or (activation == "softmax" and len(nets) > 1):
        pairs = zip((out, 1 - out), SURPRISES[activation](net, nets, j))
        forms += [(Call("ln", [each]), -surprise) for each, surprise in pairs]
    return forms


def _other_outs(nets, outs, j):
    others = [Name(each) for k, each in enumerate(outs) if k != j]
    return total(others) if others else Number(0)


# 1 - out in every digit.
REST = {
    "logistic": lambda nets, outs, j: Call("logistic", [-Name(nets[j])]),
    "softmax": _other_outs,
}


def error_formula(loss, target, target_value, out):
    """E_o of one output; a logarithm with the weight 0 does not appear where the target's number is known."""
    return ERRORS[loss](Name(target), target_value, Name(out))


def _binary(goal, value, out):
    yes, no = -goal * Call("ln", [out]), -(1 - goal) * Call("ln", [1 - out])
    return no if value == 0 else yes if value == 1 else yes + no


ERRORS = {
    "half squared error": lambda goal, value, out: (goal - out) ** 2 / 2,
    "squared error": lambda goal, value, out: (goal - out) ** 2,
    "binary cross-entropy": _binary,
    "categorical cross-entropy": lambda goal, value, out: (
        goal * out if value == 0 else -goal * Call("ln", [out])
    ),
    "output": lambda goal, value, out: out,
}
# -ln(out) and -ln(1 - out) of an output, from the nets of its layer.
SURPRISES = {
    "logistic": lambda net, nets, j: (_softplus(-net), _softplus(net)),
    "softmax": lambda net, nets, j: (
        Call("logsumexp", [0 if k == j else Name(each) - net for k, each in enumerate(nets)]),
        _softplus(-Call("logsumexp", [Name(each) - net for k, each in enumerate(nets) if k != j])),
    ),
}


def _softplus(x):
    return Call("logsumexp", [0, x])


def error_partial(loss, target, target_value, out):
    """dE_o/dout_o of one output."""
    return ERROR_SLOPES[loss](Name(target), target_value, Name(out))


def _binary_slope(goal, value, out):
    yes, no = goal / out, (1 - goal) / (1 - out)
    return no if value == 0 else -yes if value == 1 else no - yes


ERROR_SLOPES = {
    "half squared error": lambda goal, value, out: out - goal,
    "squared error": lambda goal, value, out: 2 * (out - goal),
    "binary cross-entropy": _binary_slope,
    "categorical cross-entropy": lambda goal, value, out: goal * out if value == 0 else -goal / out,
    "output": lambda goal, value, out: Number(1),
}
MOMENTS = {
    "gradient descent": "",
    "momentum": "v",
    "nesterov": "v",
    "rmsprop": "v",
    "adam": "mv",
    "adamw": "mv",
}


def update_powers(rule):
    """(name, factor) of each running power that the rule keeps for the whole network."""
    return [("beta1_t", "beta1"), ("beta2_t", "beta2")] if rule in ("adam", "adamw") else []


def starting_state(rule, parameters):
    """What the rule starts from, name -> number."""
    state = {power: 1 for power, _ in update_powers(rule)}
    return state | {f"{moment}_{parameter}": 0 for parameter in parameters for moment in MOMENTS[rule]}


def update_formulas(rule, parameter, gradient, rate, is_bias):
    """(name, formula) of the rows that move one parameter, by the names of what is moved."""
    w, eta = Name(parameter), Name(rate)
    if rule == "adamw" and not is_bias:
        w = w - eta * Name("weight_decay") * w
    kept, step = STEPS[rule](parameter, gradient, eta)
    return [*kept, (parameter, w - step)]


def _momentum(parameter, gradient, eta):
    v = f"v_{parameter}"
    return [(v, Name("momentum") * Name(v) + gradient)], eta * Name(after(v, 1))


def _nesterov(parameter, gradient, eta):
    velocity, _ = _momentum(parameter, gradient, eta)
    return velocity, eta * (gradient + Name("momentum") * Name(after(f"v_{parameter}", 1)))


def _rmsprop(parameter, gradient, eta):
    v = f"v_{parameter}"
    step = eta * gradient / (Call("sqrt", [Name(after(v, 1))]) + Name("epsilon"))
    return [(v, _mean(v, "beta", gradient**2))], step


def _adam(parameter, gradient, eta):
    m, v, mhat, vhat = (f"{kind}_{parameter}" for kind in ("m", "v", "mhat", "vhat"))
    kept = [
        (m, _mean(m, "beta1", gradient)),
        (v, _mean(v, "beta2", gradient**2)),
        (mhat, Name(after(m, 1)) / (1 - Name(after("beta1_t", 1)))),
        (vhat, Name(after(v, 1)) / (1 - Name(after("beta2_t", 1)))),
    ]
    return kept, eta * Name(after(mhat, 1)) / (Call("sqrt", [Name(after(vhat, 1))]) + Name("epsilon"))


def _mean(name, beta, new):
    """The running mean `name` with a new term, of which it keeps the share `beta`."""
    return Name(beta) * Name(name) + (1 - Name(beta)) * new


# Rule -> (the rows of what it remembers, the step) of a parameter with a gradient.
STEPS = {
    "gradient descent": lambda parameter, gradient, eta: ([], eta * gradient),
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adam,
}
