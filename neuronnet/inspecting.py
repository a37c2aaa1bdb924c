"""What a network can be asked beside training it: each method hands on to a file further down.

Those files build on the network and on its derivation; a method imports its own when it is called.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuronnet.derivation.explaining import Explanation
    from neuronnet.events import Event


class Inspected:
    """The methods of a NeuralNetwork that show how its numbers come about."""

    def trace(
        self, inputs: list | None = None, targets: list | None = None, updates: int = 1, keep: bool = False
    ) -> Iterator["Event"]:
        """Train, and yield an Event for every quantity in the order in which they are computed.

        One sample given as `inputs` and `targets` is trained as in `train`, else the network's own as in
        `fit`, in so many updates; without a learning rate, the passes alone. Every value is that of an
        ordinary training, and at each event the network stands where that value was set. Whoever leaves
        early finds the network as it was before, with `keep` as it is at that event.

        >>> for event in load("worked-example").trace():
        ...     print(event)
        net_h1 = w1*i1 + w2*i2 + b1 = 0.15*0.05 + 0.2*0.1 + 0.35 = 0.377500000
        """
        from neuronnet.events import trace

        return trace(self, inputs, targets, updates, keep)

    def explain(self, name: str, at: int = 0) -> "Explanation":
        """The Explanation of a quantity or derivative of a pass, its formula, value and factors.

        `at` is how many updates are made before the pass, from the parameters as they are now and with an
        update rule that starts afresh; the network stays as it is. Raises UnknownName, which carries the
        nearest names.

        >>> load("worked-example").explain("dE_total/dw5", at=3).value
        0.08474214914265155
        """
        from neuronnet.derivation.explaining import explain

        return explain(self, name, at)

    def _repr_svg_(self) -> str:
        from neuronnet.render import drawing, picture

        return drawing.svg(picture.picture(self))
