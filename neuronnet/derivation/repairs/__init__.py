"""The smallest change that makes a wrong formula right."""

from neuronnet.derivation.repairs.repairing import Repair, repair

__all__ = ["Repair", "repair"]
