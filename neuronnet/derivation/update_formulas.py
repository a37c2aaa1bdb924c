"""The formulas of the update rules, as expressions: what a hand computation of one step of each writes down.

Written apart from `updates.py`, which computes. The state of a rule has names of its own, `m_w5` and `v_w5`, and starts
at 0; `beta1_t` is the power of beta1 in the update at hand, and starts at 1.
"""

from neuronnet.derivation.expressions import Call, Name
from neuronnet.names import after


def update_powers(rule):
    """(name, factor) of each running power that the rule keeps for the whole network."""
    return [("beta1_t", "beta1"), ("beta2_t", "beta2")] if rule in ("adam", "adamw") else []


def starting_state(rule, parameters):
    """What the rule starts from, name -> number."""
    moments = {"gradient descent": (), "momentum": "v", "nesterov": "v"}.get(rule, "mv")
    state = {power: 1 for power, _ in update_powers(rule)}
    return state | {f"{moment}_{parameter}": 0 for parameter in parameters for moment in moments}


def update_formulas(rule, parameter, gradient, rate, is_bias):
    """(name, formula) of the rows that move one parameter; each name is that of the value after the update."""
    w, eta = Name(parameter), Name(rate)
    if rule == "gradient descent":
        return [(parameter, w - eta * gradient)]
    v, next_v = Name(f"v_{parameter}"), Name(after(f"v_{parameter}", 1))
    if rule in ("momentum", "nesterov"):
        velocity = (f"v_{parameter}", Name("momentum") * v + gradient)
        step = next_v if rule == "momentum" else gradient + Name("momentum") * next_v
        return [velocity, (parameter, w - eta * step)]
    m, next_m = Name(f"m_{parameter}"), Name(after(f"m_{parameter}", 1))
    mhat, vhat = Name(after(f"mhat_{parameter}", 1)), Name(after(f"vhat_{parameter}", 1))
    kept = w - eta * Name("weight_decay") * w if rule == "adamw" and not is_bias else w
    return [(f"m_{parameter}", Name("beta1") * m + (1 - Name("beta1")) * gradient),
            (f"v_{parameter}", Name("beta2") * v + (1 - Name("beta2")) * gradient**2),
            (f"mhat_{parameter}", next_m / (1 - Name(after("beta1_t", 1)))),
            (f"vhat_{parameter}", next_v / (1 - Name(after("beta2_t", 1)))),
            (parameter, kept - eta * mhat / (Call("sqrt", [vhat]) + Name("epsilon")))]

