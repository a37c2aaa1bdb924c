"""One quantity explained: its formula, its value, and the quantities that its formula names."""

from typing import Any

from neuronnet.derivation.quantities import Derivation
from neuronnet.render import text


class Explanation:
    """A quantity of a derivation: `name`, `formula` (None for a given number), `value`, and its `factors`.

    The factors are the Quantities that the formula names; `print` shows them.
    """

    def __init__(self, derivation: Derivation, name: str):
        """Raises UnknownName, which carries the nearest names."""
        self.derivation = derivation
        self.quantity = derivation[name]
        self.name, self.formula, self.value = self.quantity.name, self.quantity.formula, self.quantity.value
        self.factors = derivation.factors_of(self.quantity)

    def __str__(self) -> str:
        return text.explanation(self.quantity, self.factors, self.derivation)

    def __repr__(self) -> str:
        return f"Explanation {text.row(self.quantity, self.derivation)}"


def explain(network: Any, name: str) -> Explanation:
    """The Explanation of one quantity of a network's pass, or of a derivative `dA/dB` between two of them.

    `network` is a NeuralNetwork, or what `neuronnet.load` takes. Raises UnknownName, which carries the
    nearest names.
    """
    return Explanation(Derivation(network), name)
