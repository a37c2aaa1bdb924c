"""One quantity explained: its formula, its value, and the quantities that its formula names."""

from neuronnet.derivation.quantities import Derivation
from neuronnet.render import text


class Explanation:
    """A quantity of a derivation: `name`, `formula` and `value`, and its `factors`, Quantities too. `print`
    shows it.
    """

    def __init__(self, derivation, name):
        """Raises UnknownName, which carries the nearest names."""
        self.derivation = derivation
        self.quantity = derivation[name]
        self.factors = derivation.factors_of(self.quantity)

    @property
    def name(self):
        """The quantity's name, as this network has it."""
        return self.quantity.name

    @property
    def formula(self):
        """Its formula in names; None for a given number."""
        return self.quantity.formula

    @property
    def value(self):
        """Its value, in the derivation's type of number."""
        return self.quantity.value

    def __str__(self):
        return text.explanation(self.quantity, self.factors, self.derivation)

    def __repr__(self):
        return f"Explanation {text.row(self.quantity, self.derivation)}"


def explain(network, name):
    """The Explanation of one quantity of a network's pass, any derivative `dA/dB` between two of them
    included.

    `network` is a NeuralNetwork, or what `neuronnet.load` takes. Raises UnknownName, which carries the
    nearest names.
    """
    return Explanation(Derivation(network), name)
