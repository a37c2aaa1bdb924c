"""The formulas of activations and losses, as expressions over the names of one layer.

Written apart from `activations.py` and `losses.py`, which compute; here is what a hand derivation writes down.
"""

from neuronnet.derivation.expressions import Call, Name, Number, Sum, total


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
    slopes = {"logistic": out * (1 - out), "tanh": 1 - out**2, "relu": Call("step", [net]), "identity": Number(1)}
    return {nets[j]: slopes[activation]}


def error_formula(loss, from_nets, target, target_value, nets, outs, j):
    """E_j of one output; `from_nets` says that its logarithms are taken of the nets, where nothing is rounded yet.

    `target` and `target_value` are the target's name and number: a logarithm with weight 0 does not appear.
    """
    out, goal, net = Name(outs[j]), Name(target), Name(nets[j])
    if loss == "half squared error":
        return (goal - out)**2 / 2
    if loss == "squared error":
        return (goal - out)**2
    if loss == "output":
        return out
    if loss == "categorical cross-entropy":
        if from_nets:
            return goal * Call("logsumexp", [0 if k == j else Name(each) - net for k, each in enumerate(nets)])
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
