"""One quantity of a pass with its formula in names and in numbers, and each of its factors."""

from typing import Any

from neuronnet.derivation.quantities import Derivation
from neuronnet.render import text
from neuronnet.render.notebooks import InNotebooks


class Explanation(InNotebooks):
    """A quantity of a derivation: `name`, `formula` (None for a given number), `value`, and its `factors`.

    The value is the one that is printed, in every digit: -4.248354255291589e-18 for `out - target` where out
    is close to 1. The factors are the Quantities that the formula names; `print` shows them.
    """

    def __init__(self, derivation: Derivation, name: str, at: int = 0):
        """Raises UnknownName, which carries the nearest names."""
        self.derivation = derivation
        self.quantity = derivation[derivation.name_at(name, at)]
        self.name, self.formula = self.quantity.name, self.quantity.formula
        self.value = derivation.printed_value(self.quantity)
        self.factors = derivation.factors_of(self.quantity)

    def __str__(self) -> str:
        return text.explanation(self.quantity, self.factors, self.derivation)

    def _document(self):
        from neuronnet.render import document

        return document.of_derivation(self.derivation, self.name)

    def __repr__(self) -> str:
        return f"Explanation {text.row(self.quantity, self.derivation)}"


def explain(network: Any, name: str, at: int = 0) -> Explanation:
    """The Explanation of one quantity of a network's pass, or of a derivative `dA/dB` between two of them.

    `network` is a NeuralNetwork, or what `neuronnet.load` takes; `at` says how many updates of it come before
    the pass: `explain(network, "dE_total/dw5", at=3)` is that of `dE_total/dw5@3`. Raises UnknownName, which
    carries the nearest names, and NeuronnetError where `at` is no number of updates.
    """
    return Explanation(Derivation(network, updates=0), name, at)
