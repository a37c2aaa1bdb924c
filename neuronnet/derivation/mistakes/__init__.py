"""The catalogue of what people get wrong in backpropagation, each entry a small variation of the plain program."""

from neuronnet.derivation.mistakes.catalogue import CATALOGUE, NONE, Signature, replay, signatures, variation
from neuronnet.derivation.mistakes.mistake import Mistake, NotHere

__all__ = ["CATALOGUE", "NONE", "Mistake", "NotHere", "Signature", "replay", "signatures", "variation"]
