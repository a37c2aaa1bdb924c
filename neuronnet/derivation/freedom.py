"""Which quantities of a pass may be given any values beside each other, and which then follow from the rest.

Found by moving all given numbers of one drawn network a little, in several directions: quantities are free together when
their responses are linearly independent.
"""

from decimal import Decimal
from random import Random

from neuronnet.derivation.exact import fifty_digits
from neuronnet.derivation.identity import drawn_like
from neuronnet.derivation.quantities import Derivation

DIRECTIONS = 14
STEP = Decimal("1e-20")     # with fifty digits a response keeps twenty
DEPENDENT = 1e-9            # what is left of a unit vector that the others span, with room for division by small numbers


class Freedom:
    """The responses of one network's quantities to its weights, biases, inputs and targets.

    The targets of a cross-entropy, the learning rate, the L2 term's strength and the update rule's settings do not move.
    """

    def __init__(self, description, seed=1):
        """`description` is one from `spec.read`."""
        random = Random(seed)
        base = drawn_like(description, random, signs=(1,))
        with fifty_digits():
            self._networks = [Derivation(each, number=Decimal)
                              for each in (base, *(_moved(base, random) for _ in range(DIRECTIONS)))]
        self._responses = {}

    def bound(self, names):
        """Those of `names` that follow from the names before them, in their order."""
        spanned, found = [], []
        for name in names:
            rest = self._response(name)
            for unit in spanned:
                along = sum(a * b for a, b in zip(rest, unit))
                rest = [a - along * b for a, b in zip(rest, unit)]
            length = sum(a * a for a in rest)**0.5
            if length < DEPENDENT:
                found.append(name)
            else:
                spanned.append([a / length for a in rest])
        return found

    def _response(self, name):
        """How a quantity changes along each direction, as a vector of length 1, or 0 where it does not change."""
        if name not in self._responses:
            with fifty_digits():
                start, *moved = [derivation[name].value for derivation in self._networks]
                changes = [float((value - start) / STEP) for value in moved]
            length = sum(change * change for change in changes)**0.5
            self._responses[name] = [change / length for change in changes] if length > 0 else changes
        return self._responses[name]


def _moved(description, random):
    """A description with every number that may move, moved a little."""
    def near(value):
        return Decimal(value.text) + STEP * random.randint(-1000, 1000) / 1000

    def bias(given):
        return [near(value) for value in given] if isinstance(given, list) else None if given is None else near(given)
    targets_move = "cross-entropy" not in description["loss"]
    layers = [layer | {"weights": [[near(value) for value in row] for row in layer["weights"]], "bias": bias(layer["bias"])}
              for layer in description["layer"]]
    samples = [{"inputs": [near(value) for value in sample["inputs"]],
                "targets": [near(value) for value in sample["targets"]] if targets_move else sample["targets"]}
               for sample in description["sample"]]
    return description | {"layer": layers, "sample": samples}
