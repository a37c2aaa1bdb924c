"""Training: the rules by which gradients move parameters, and the table of error and accuracy of a run.

What a rule remembers from one update to the next is in `state`, under names of its own: `v_w5` is the
velocity of w5 (in RMSprop and Adam the mean of its squared gradients), `m_w5` its first moment. Everything
starts at 0; eta is the learning rate, g a gradient.
"""

from math import isfinite

from neuronnet.elementary import sqrt


class UpdateRule:
    """What the rules have in common: a `name`, the `settings` they were made with, and a `state` by name."""

    def __init__(self, **settings):
        self.settings = settings
        self.state = {}

    def move(self, parameters, eta):
        """Move every parameter of a list by its gradient."""
        self.start_update()
        for parameter in parameters:
            parameter.value = self.moved(parameter, parameter.gradient, eta)

    def start_update(self):
        """What happens once in an update, before any parameter moves."""

    def __repr__(self):
        settings = [f"{name}={value}" for name, value in self.settings.items()]
        return " ".join([f"UpdateRule {self.name}:", *settings])


class GradientDescent(UpdateRule):
    """w = w - eta*g."""

    name = "gradient descent"

    def moved(self, parameter, gradient, eta):
        """The parameter's next value."""
        return parameter.value - eta * gradient

    def move(self, parameters, eta):
        """Move every parameter of a list: the loop that trainings spend their time in, without a call."""
        for parameter in parameters:
            parameter.value = parameter.value - eta * parameter.gradient


class Momentum(UpdateRule):
    """v = momentum*v + g, then w = w - eta*v (Polyak 1964, in the form that deep learning libraries use)."""

    name = "momentum"

    def moved(self, parameter, gradient, eta):
        """The parameter's next value."""
        return parameter.value - eta * self.velocity(parameter, gradient)

    def velocity(self, parameter, gradient):
        """The parameter's next velocity, which is kept."""
        name = f"v_{parameter.name}"
        v = self.settings["momentum"] * self.state.get(name, 0) + gradient
        self.state[name] = v
        return v


class Nesterov(Momentum):
    """v = momentum*v + g, then w = w - eta*(g + momentum*v) (Nesterov 1983, as in Sutskever et al. 2013)."""

    name = "nesterov"

    def moved(self, parameter, gradient, eta):
        """The parameter's next value."""
        v = self.velocity(parameter, gradient)
        return parameter.value - eta * (gradient + self.settings["momentum"] * v)


class RMSprop(UpdateRule):
    """v = beta*v + (1 - beta)*g^2, then w = w - eta*g/(sqrt(v) + epsilon) (Hinton 2012, lecture 6e)."""

    name = "rmsprop"

    def moved(self, parameter, gradient, eta):
        """The parameter's next value."""
        beta, name = self.settings["beta"], f"v_{parameter.name}"
        v = beta * self.state.get(name, 0) + (1 - beta) * (gradient * gradient)
        self.state[name] = v
        return parameter.value - eta * gradient / (sqrt(v) + self.settings["epsilon"])


class Adam(UpdateRule):
    """Kingma and Ba 2015, algorithm 1.

    m = beta1*m + (1 - beta1)*g, v = beta2*v + (1 - beta2)*g^2; both are divided by what the start at 0 takes
    away, 1 - beta1^t and 1 - beta2^t in update t; then w = w - eta*mhat/(sqrt(vhat) + epsilon).
    """

    name = "adam"

    def start_update(self):
        """beta1_t and beta2_t are the powers of beta1 and beta2 in this update."""
        for beta in ("beta1", "beta2"):
            self.state[f"{beta}_t"] = self.state.get(f"{beta}_t", 1) * self.settings[beta]

    def moved(self, parameter, gradient, eta):
        """The parameter's next value."""
        return parameter.value - self.step(parameter, gradient, eta)

    def step(self, parameter, gradient, eta):
        """eta*mhat/(sqrt(vhat) + epsilon), from the moments after this update."""
        beta1, beta2 = self.settings["beta1"], self.settings["beta2"]
        m_name, v_name = f"m_{parameter.name}", f"v_{parameter.name}"
        m = beta1 * self.state.get(m_name, 0) + (1 - beta1) * gradient
        v = beta2 * self.state.get(v_name, 0) + (1 - beta2) * (gradient * gradient)
        self.state[m_name], self.state[v_name] = m, v
        mhat = m / (1 - self.state["beta1_t"])
        vhat = v / (1 - self.state["beta2_t"])
        return eta * mhat / (sqrt(vhat) + self.settings["epsilon"])


class AdamW(Adam):
    """Adam that also shrinks weights, not biases, by eta*weight_decay (Loshchilov and Hutter 2019)."""

    name = "adamw"

    def moved(self, parameter, gradient, eta):
        """The parameter's next value."""
        value = parameter.value
        if parameter.neuron is not None:
            value = value - eta * self.settings["weight_decay"] * value
        return value - self.step(parameter, gradient, eta)


UPDATE_RULES = {each.name: each for each in (GradientDescent, Momentum, Nesterov, RMSprop, Adam, AdamW)}


# A run as a table


def accuracy(network, samples=None):
    """The share of samples that a network classifies as their targets say; None where they are not classes.

    With one output and targets 0 or 1, an output above 0.5 means 1; with several outputs and one target of 1
    among zeros, the largest output (the first of equal ones) names the class.
    """
    samples = network.samples if samples is None else samples
    if not samples or not all(is_class(targets) for _, targets in samples):
        return None
    right = 0
    for inputs, targets in samples:
        outs = network.feed_forward(inputs)
        if len(outs) == 1:
            right += (outs[0] > 0.5) == (targets[0] == 1)
        else:
            right += outs.index(max(outs)) == list(targets).index(1)
    return right / len(samples)


def is_class(targets):
    """Whether targets name a class: a single 0 or 1, or one 1 among zeros."""
    if len(targets) == 1:
        return targets[0] in (0, 1)
    return sum(1 for target in targets if target == 1) == 1 and all(target in (0, 1) for target in targets)


def history(network, updates, every=None, progress=None):
    """Train for `updates` updates; yield a row before the first, after each `every`-th and after the last.

    A row is {"update", "E_total", "accuracy", "held_out_accuracy"}, all over the network's own samples;
    `every` is by default a tenth of the updates. `progress(update)` is called after each update. A training
    that diverges ends with the first row whose E_total is not finite.
    """
    every = max(1, updates // 10) if every is None else every
    for update in range(updates + 1):
        if update:
            network.fit(1)
            if progress is not None:
                progress(update)
        if update % every == 0 or update == updates:
            error = network.total_error()
            yield {
                "update": update,
                "E_total": error,
                "accuracy": accuracy(network),
                "held_out_accuracy": accuracy(network, network.held_out),
            }
            if not isfinite(error):
                return
