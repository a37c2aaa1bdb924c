"""The derivation of a pass: named quantities, their formulas and their values, apart from the neuron objects."""

from neuronnet.derivation.parsing import parse
from neuronnet.derivation.quantities import Derivation, Quantity

__all__ = ["Derivation", "Quantity", "parse"]
