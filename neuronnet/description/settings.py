"""How a description says that training goes: batch, order of the samples and update rule, every setting
explicit.
"""

import random

from neuronnet.errors import shortened

# --- The order in which training takes its samples.


def batches(count, batch, order):
    """Without end: the positions, out of `count` samples, that each update rests on.

    `batch` is "full", "online" (one sample) or a number; the last batch of a round may be smaller. `order` is
    {"kind": "in turn"}, or {"kind": "random", "seed": ...}: then an online update takes any sample, each as
    likely, and a round of batches starts from a fresh shuffle. Both are drawn by `random.Random(seed)`.
    """
    if batch == "full":
        while True:
            yield list(range(count))
    size = 1 if batch == "online" else batch
    draw = random.Random(order["seed"]) if order["kind"] == "random" else None
    while batch == "online" and draw is not None:
        yield [draw.randrange(count)]
    while True:
        positions = list(range(count))
        if draw is not None:
            draw.shuffle(positions)
        for start in range(0, count, size):
            yield positions[start : start + size]


# --- How a description says that training goes: batch, order of the samples and update rule, every setting
# explicit.


ORDERS = {"in turn": {}, "random": {"seed": 0}}
UPDATE_RULES = {
    "gradient descent": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "adamw": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
}


def batch_of(check, given):
    """The batch of a description: "online", "full" or a number of samples."""
    batch = given.get("batch", "full")
    if batch in ("online", "full") or (isinstance(batch, int) and not isinstance(batch, bool) and batch > 0):
        return batch
    check.refuse("batch", shortened(batch), 'allowed are "online", "full" and a number of samples')


def order_of(check, given):
    """The order of a description's samples: {"kind": "in turn"} or {"kind": "random", "seed": a whole
    number}.
    """
    order = check.table(given.get("order", {"kind": "in turn"}), "order", '{kind = "random", seed = 0}')
    kind = check.choice(order, "order, kind", "kind", ORDERS, None)
    check.known(order, "order", {"kind", *ORDERS[kind]})
    return {
        "kind": kind,
        **{
            name: check.seed(order.get(name, default), f"order, {name}")
            for name, default in ORDERS[kind].items()
        },
    }


def update_of(check, given):
    """The update rule of a description, {"rule": its name} and every setting of it."""
    update = check.table(
        given.get("update", {"rule": "gradient descent"}), "update", '{rule = "momentum", momentum = 0.9}'
    )
    rule = check.choice(update, "update, rule", "rule", UPDATE_RULES, None)
    check.known(update, "update", {"rule", *UPDATE_RULES[rule]})
    return {
        "rule": rule,
        **{
            name: _setting(check, name, update.get(name, default))
            for name, default in UPDATE_RULES[rule].items()
        },
    }


def _setting(check, name, value):
    where = f"update, {name}"
    value = check.number(value, where)
    if name == "epsilon":
        fits, needed = value > 0, "a number above 0 is needed"
    elif name == "weight_decay":
        fits, needed = value >= 0, "a number from 0 upwards is needed"
    else:
        fits, needed = 0 <= value < 1, "a number from 0 to below 1 is needed"
    if not fits:
        check.refuse(where, shortened(float(value)), needed)
    return value


# --- How many biases a described layer has: none, one that its neurons share, or one each. Their names are
# not known here.


def bias_kind(layer):
    """Which of the three it is: "none", "shared" or "per neuron"."""
    if layer["bias"] is None:
        return "none"
    return "per neuron" if isinstance(layer["bias"], (list, tuple)) else "shared"


def is_shared(layer):
    """Whether the neurons of a layer share one bias."""
    return bias_kind(layer) == "shared"


def biases_given(layer):
    """The biases as a list, of one where it is shared; None where there are none."""
    return [layer["bias"]] if is_shared(layer) else layer["bias"]


def biases_of_neurons(layer):
    """The bias of every neuron in a list, a shared one as often as it is used; None where there are none."""
    return [layer["bias"]] * len(layer["weights"]) if is_shared(layer) else layer["bias"]
