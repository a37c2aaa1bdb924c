"""Which quantities of a pass may be given any values beside each other, and which then follow from the rest.

Found by moving all given numbers of one drawn network a little, in several directions: quantities are free together when
their responses are linearly independent.
"""

from decimal import Decimal
from random import Random

from neuronnet.derivation.exact import fifty_digits
from neuronnet.derivation.identity import drawn_like
from neuronnet.derivation.quantities import Derivation
from neuronnet.derivation.repairs.places import Places

DIRECTIONS = 14
STEP = Decimal("1e-20")     # with fifty digits a response keeps twenty
DEPENDENT = 1e-9            # what is left of a unit vector that the others span, with room for division by small numbers


class Freedom:
    """The responses of one network's quantities to its weights, biases, inputs and targets.

    The targets of a cross-entropy, the learning rate, the L2 term's strength and the update rule's settings do not move;
    a parameter after several updates, which has no formula, moves by itself. Only what is asked for is evaluated.
    """

    def __init__(self, description, seed=1):
        """`description` is one from `spec.read`."""
        self._random = Random(seed)
        with fifty_digits():
            self._derivation = Derivation(drawn_like(description, self._random, signs=(1,)), number=Decimal)
        self._kind = Places(self._derivation).of
        self._moving = {"w", "b", "i"} if "cross-entropy" in description["loss"] else {"w", "b", "i", "target"}
        self._values = [{} for _ in range(DIRECTIONS + 1)]
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
                self._evaluate(name)
                start, *moved = [values[name] for values in self._values]
                changes = [float((value - start) / STEP) for value in moved]
            length = sum(change * change for change in changes)**0.5
            self._responses[name] = [change / length for change in changes] if length > 0 else changes
        return self._responses[name]

    def _evaluate(self, name):
        """Find the value of a quantity at the start and along every direction, from its formula."""
        if name in self._values[0]:
            return
        row = self._derivation[name]
        if row.expression is None:
            moves = row.part != "given" or self._kind(row.name).kind in self._moving
            for number, values in enumerate(self._values):
                values[name] = row.value + (STEP * self._random.randint(-1000, 1000) / 1000 if number and moves else 0)
            return
        for needed in row.expression.names():
            self._evaluate(needed)
        evaluate = row.expression.evaluator(Decimal)
        for values in self._values:
            values[name] = evaluate(values)
