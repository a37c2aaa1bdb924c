"""Update rules, which say how the parameters move once their gradient is known, and the order of the samples.

Legend: w the parameters, g = dE_total/dw (an L2 term included), eta the learning rate, t the number of the
update, counted from 1; m and v are a rule's memory, as long as w and zero before the first update. <- takes
the right side as it was before. A parameter that is not trained has eta = 0. Every step is taken in place, in
arrays made before. The formulas are those that PyTorch documents for torch.optim.SGD (dampening 0), Adam and
AdamW (amsgrad False).
"""

from itertools import cycle, islice
from random import Random

import numpy as np

from gradcheck.errors import GradcheckError, UnknownName, named


class GradientDescent:
    """w <- w - eta g."""

    settings: dict[str, float] = {}
    memory_rows = 0

    def __init__(self, state, rates):
        self.w, self.g, self.rates = state.parameters, state.gradient, rates

    def move(self, t):
        """Make update number t; g is used up."""
        self._go_against(self.g)

    def _go_against(self, direction):
        """w <- w - eta direction."""
        np.multiply(direction, self.rates, self.g)
        np.subtract(self.w, self.g, self.w)


class Momentum(GradientDescent):
    """v <- mu v + g, then w <- w - eta v. (So v = g at the first update.)

    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    """

    settings = {"momentum": 0.9}
    memory_rows = 1

    def __init__(self, state, rates, momentum):
        super().__init__(state, rates)
        (self.v,), self.work, self.mu = state.memory, state.work, momentum

    def move(self, t):
        """Make update number t; g is used up."""
        self._gather()
        self._go_against(self.v)

    def _gather(self):
        np.multiply(self.v, self.mu, self.v)
        np.add(self.v, self.g, self.v)


class Nesterov(Momentum):
    """v <- mu v + g, then w <- w - eta (g + mu v) with the new v.

    Y. Nesterov 1983, in the form of I. Sutskever et al., "On the importance of initialization and momentum",
    2013, with g taken where w stands.
    """

    def move(self, t):
        """Make update number t; g is used up."""
        self._gather()
        np.multiply(self.v, self.mu, self.work)
        np.add(self.g, self.work, self.g)
        self._go_against(self.g)


class Adam(GradientDescent):
    """m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g g, then with the new m and v

        w <- w - eta (m/(1 - b1**t)) / (sqrt(v/(1 - b2**t)) + epsilon)

    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.
    """

    settings = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    memory_rows = 2

    def __init__(self, state, rates, beta1, beta2, epsilon):
        super().__init__(state, rates)
        (self.m, self.v), self.work = state.memory, state.work
        self.b1, self.b2, self.epsilon = beta1, beta2, epsilon

    def move(self, t):
        """Make update number t; g is used up."""
        m, v, g, work = self.m, self.v, self.g, self.work
        np.multiply(m, self.b1, m)
        np.multiply(g, 1.0 - self.b1, work)
        np.add(m, work, m)
        np.multiply(v, self.b2, v)
        np.multiply(g, g, g)
        np.multiply(g, 1.0 - self.b2, g)
        np.add(v, g, v)
        np.divide(v, 1.0 - self.b2**t, g)
        np.sqrt(g, g)
        np.add(g, self.epsilon, g)
        np.divide(m, 1.0 - self.b1**t, work)
        np.divide(work, g, work)
        self._go_against(work)


class AdamW(Adam):
    """w <- w - eta weight_decay w for every weight, then as Adam.

    The decay is no part of g, so it is not divided by sqrt(v). Biases do not decay, as they are never part of
    an L2 term here; PyTorch decays whatever parameters it is given. I. Loshchilov and F. Hutter, "Decoupled
    weight decay regularization", 2019.
    """

    settings = {**Adam.settings, "weight_decay": 0.01}

    def __init__(self, state, rates, weight_decay, **adam):
        super().__init__(state, rates, **adam)
        self.decay = rates * weight_decay * state.spread(1.0, lambda layer: 0.0)

    def move(self, t):
        """Make update number t; g is used up."""
        np.multiply(self.w, self.decay, self.work)
        np.subtract(self.w, self.work, self.w)
        super().move(t)


class RMSprop(GradientDescent):
    """v <- beta v + (1 - beta) g g, then with the new v  w <- w - eta g / (sqrt(v) + epsilon)

    G. Hinton, "Neural networks for machine learning", lecture 6e, 2012; without momentum.
    """

    settings = {"beta": 0.9, "epsilon": 1e-8}
    memory_rows = 1

    def __init__(self, state, rates, beta, epsilon):
        super().__init__(state, rates)
        (self.v,), self.work, self.beta, self.epsilon = state.memory, state.work, beta, epsilon

    def move(self, t):
        """Make update number t; g is used up."""
        np.multiply(self.v, self.beta, self.v)
        np.multiply(self.g, self.g, self.work)
        np.multiply(self.work, 1.0 - self.beta, self.work)
        np.add(self.v, self.work, self.v)
        np.sqrt(self.v, self.work)
        np.add(self.work, self.epsilon, self.work)
        np.divide(self.g, self.work, self.g)
        self._go_against(self.g)


RULES = {
    "gradient descent": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
}
FROM_ZERO_BELOW_ONE = ("momentum", "beta", "beta1", "beta2")


def explicit_update(update):
    """A plain dict {"rule": name, setting: value, ...} with every setting of its rule.

    Raises UnknownName for a rule or a setting, GradcheckError for a value: `momentum`, `beta`, `beta1` and
    `beta2` lie in [0, 1), `epsilon` is positive (a gradient that stays 0 would give 0/0), `weight_decay` at
    least 0.
    """
    rule = update.get("rule")
    settings = dict(named("update rule", RULES, rule).settings)
    for key, value in update.items():
        if key == "rule":
            continue
        if key not in settings:
            raise UnknownName(f"setting of {rule!r}", key, settings)
        settings[key] = float(value)
        _require_range(key, settings[key])
    return {"rule": rule, **settings}


def _require_range(key, value):
    if key in FROM_ZERO_BELOW_ONE:
        fits, allowed = 0.0 <= value < 1.0, "from 0 to below 1"
    elif key == "epsilon":
        fits, allowed = 0.0 < value < np.inf, "above 0"
    else:
        fits, allowed = 0.0 <= value < np.inf, "0 or above"
    if not fits:
        raise GradcheckError(f"{key}: found {value!r}, allowed is a number {allowed}")


# Which samples an update takes: positions count from 0 to N - 1


ORDERS = {"in turn": {}, "random": {"seed": 0}}


def explicit_order(order):
    """A plain dict {"kind": "in turn"} or {"kind": "random", "seed": n}; UnknownName for others."""
    settings = named("kind of order", ORDERS, order.get("kind"))
    for key in order:
        if key != "kind" and key not in settings:
            raise UnknownName(f"setting of the order {order['kind']!r}", key, settings)
    if not isinstance(order.get("seed", 0), int):
        raise GradcheckError(f"seed of the order: found {order['seed']!r}, allowed is a whole number")
    return {"kind": order["kind"], **settings, **order}


def positions(order, samples, batch, passed=0):
    """Without end: the positions of the samples of each update, an integer array, after `passed` updates.

    `order` is explicit; `batch` is "online", "full" or a number of samples.
    """
    size = {"online": 1, "full": max(samples, 1)}.get(batch, batch)
    if order["kind"] == "in turn" or batch == "full":
        slices = [np.arange(start, min(start + size, samples)) for start in range(0, samples, size)]
        return islice(cycle(slices), passed % max(len(slices), 1), None)
    drawn = _drawn(samples, order["seed"]) if batch == "online" else _shuffled(samples, size, order["seed"])
    return islice(drawn, passed, None)


def _drawn(samples, seed):
    """One sample at random, every time from all."""
    generator, singles = Random(seed), np.arange(samples).reshape(samples, 1)
    while True:
        yield singles[generator.randrange(samples)]


def _shuffled(samples, size, seed):
    """Consecutive slices of the samples, shuffled before each round."""
    generator = Random(seed)
    while True:
        order = list(range(samples))
        generator.shuffle(order)
        shuffled = np.array(order)
        yield from (shuffled[start : start + size] for start in range(0, samples, size))
