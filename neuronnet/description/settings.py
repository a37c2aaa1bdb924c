"""How a description says that training goes: batch, order of the samples and update rule, every setting
explicit.
"""

from types import MappingProxyType

from neuronnet.description.description import Order, Update
from neuronnet.errors import shortened

ORDERS = {"in turn": {}, "random": {"seed": 0}}
UPDATE_RULES = {
    "gradient descent": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "rmsprop": {"beta": 0.9, "epsilon": 1e-8},
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
    """The Order of a description's samples."""
    order = check.table(given.get("order", {"kind": "in turn"}), "order", '{kind = "random", seed = 0}')
    kind = check.choice(order, "order, kind", "kind", ORDERS, None)
    check.known(order, "order", {"kind", *ORDERS[kind]})
    return Order(
        kind,
        **{
            name: check.seed(order.get(name, default), f"order, {name}")
            for name, default in ORDERS[kind].items()
        },
    )


def update_of(check, given):
    """The Update of a description, with every setting of its rule."""
    update = check.table(
        given.get("update", {"rule": "gradient descent"}), "update", '{rule = "momentum", momentum = 0.9}'
    )
    rule = check.choice(update, "update, rule", "rule", UPDATE_RULES, None)
    check.known(update, "update", {"rule", *UPDATE_RULES[rule]})
    settings = {
        name: _setting(check, name, update.get(name, default)) for name, default in UPDATE_RULES[rule].items()
    }
    return Update(rule, MappingProxyType(settings))


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
