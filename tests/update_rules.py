"""The update rules that tests try, and when two numbers are the same to the last bit."""

RULES = [
    {"rule": "gradient descent"},
    {"rule": "momentum", "momentum": 0.9},
    {"rule": "nesterov", "momentum": 0.9},
    {"rule": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    {"rule": "adamw", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
    {"rule": "rmsprop", "beta": 0.9, "epsilon": 1e-8},
]


def same(one, other):
    """Equal, or both no number: a learning rate that is too large makes a network diverge, in both alike."""
    return one == other or (one != one and other != other)
