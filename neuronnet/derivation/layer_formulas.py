"""The formulas of activations, losses and update rules as a hand derivation writes them.

They are written apart from `activations.py`, `losses.py` and `updates.py`, which compute the same numbers.
"""

from neuronnet.formulas.expressions import Call, Name, Number, Sum, total
from neuronnet.names import after


def out_formula(activation, nets, j):
    """out_j of a neuron whose layer has the net inputs named `nets`."""
    net = Name(nets[j])
    if activation == "logistic":
        return 1 / (1 + Call("exp", [-net]))
    if activation == "tanh":
        return Call("tanh", [net])
    if activation == "relu":
        return Call("max", [0, net])
    if activation == "softmax":
        others = [Call("exp", [Name(each) - net]) for k, each in enumerate(nets) if k != j]
        return 1 / Sum([(1, Number(1))] + [(1, other) for other in others])
    return net


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


def without_cancellation(activation, nets, outs, j):
    """(formula, an equal one that keeps all digits) of a layer's j-th out, its slope and 1 - out."""
    net, out = Name(nets[j]), Name(outs[j])
    if activation == "logistic":
        return [
            (out_formula(activation, nets, j), Call("logistic", [net])),
            (out * (1 - out), Call("logistic'", [net])),
            (1 - out, Call("logistic", [-net])),
        ]
    if activation == "tanh":
        return [(1 - out**2, Call("tanh'", [net]))]
    if activation == "softmax":
        others = [Name(each) for k, each in enumerate(outs) if k != j]
        return [(1 - out, total(others) if others else Number(0))]
    return []


def error_formula(loss, from_nets, target, target_value, nets, outs, j):
    """E_j of one output; `from_nets` names its activation where the logarithms are taken from the nets.

    `target` and `target_value` are the target's name and number: a logarithm with weight 0 does not appear.
    """
    out, goal, net = Name(outs[j]), Name(target), Name(nets[j])
    if loss == "half squared error":
        return (goal - out) ** 2 / 2
    if loss == "squared error":
        return (goal - out) ** 2
    if loss == "output":
        return out
    if loss == "categorical cross-entropy":
        if from_nets == "logistic":
            return goal * Call("logsumexp", [0, -net])
        if from_nets == "softmax":
            return goal * Call(
                "logsumexp", [0 if k == j else Name(each) - net for k, each in enumerate(nets)]
            )
        return -goal * Call("ln", [out]) if target_value != 0 else goal * out
    if from_nets:
        return goal * Call("logsumexp", [0, -net]) + (1 - goal) * Call("logsumexp", [0, net])
    terms = []
    if target_value != 0:
        terms.append(-goal * Call("ln", [out]))
    if target_value != 1:
        terms.append(-(1 - goal) * Call("ln", [1 - out]))
    return total(terms)


def error_partial(loss, target, target_value, out):
    """dE_o/dout_o of one output."""
    out, goal = Name(out), Name(target)
    if loss == "half squared error":
        return out - goal
    if loss == "squared error":
        return 2 * (out - goal)
    if loss == "output":
        return Number(1)
    if loss == "categorical cross-entropy":
        return -goal / out if target_value != 0 else goal * out
    terms = [(1, (1 - goal) / (1 - out)), (-1, goal / out)]
    if target_value == 0:
        return terms[0][1]
    return -terms[1][1] if target_value == 1 else Sum(terms)


def update_powers(rule):
    """(name, factor) of each running power that the rule keeps for the whole network."""
    return [("beta1_t", "beta1"), ("beta2_t", "beta2")] if rule in ("adam", "adamw") else []


def starting_state(rule, parameters):
    """What the rule starts from, name -> number."""
    moments = {"gradient descent": "", "momentum": "v", "nesterov": "v", "rmsprop": "v"}.get(rule, "mv")
    state = {power: 1 for power, _ in update_powers(rule)}
    return state | {f"{moment}_{parameter}": 0 for parameter in parameters for moment in moments}


def update_formulas(rule, parameter, gradient, rate, is_bias):
    """(name, formula) of the rows that move one parameter, by the names of what is moved."""
    w, eta = Name(parameter), Name(rate)
    if rule == "gradient descent":
        return [(parameter, w - eta * gradient)]
    v, next_v = Name(f"v_{parameter}"), Name(after(f"v_{parameter}", 1))
    if rule in ("momentum", "nesterov"):
        velocity = (f"v_{parameter}", Name("momentum") * v + gradient)
        step = next_v if rule == "momentum" else gradient + Name("momentum") * next_v
        return [velocity, (parameter, w - eta * step)]
    if rule == "rmsprop":
        square = Name("beta") * v + (1 - Name("beta")) * gradient**2
        step = eta * gradient / (Call("sqrt", [next_v]) + Name("epsilon"))
        return [(f"v_{parameter}", square), (parameter, w - step)]
    m, next_m = Name(f"m_{parameter}"), Name(after(f"m_{parameter}", 1))
    mhat, vhat = Name(after(f"mhat_{parameter}", 1)), Name(after(f"vhat_{parameter}", 1))
    kept = w - eta * Name("weight_decay") * w if rule == "adamw" and not is_bias else w
    return [
        (f"m_{parameter}", Name("beta1") * m + (1 - Name("beta1")) * gradient),
        (f"v_{parameter}", Name("beta2") * v + (1 - Name("beta2")) * gradient**2),
        (f"mhat_{parameter}", next_m / (1 - Name(after("beta1_t", 1)))),
        (f"vhat_{parameter}", next_v / (1 - Name(after("beta2_t", 1)))),
        (parameter, kept - eta * mhat / (Call("sqrt", [vhat]) + Name("epsilon"))),
    ]
