"""What a network can be asked beside training it: each method hands on to a file further down.

Those files build on the network and on its derivation; a method imports its own when it is called.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuronnet.derivation.quantities import Explanation
    from neuronnet.stepping.events import Event
    from neuronnet.stepping.listening import History


class Inspected:
    """The methods of a NeuralNetwork that show how its numbers come about."""

    # What a network keeps. In slots, so that a class with the same can stand in for it while it is observed.
    __slots__ = (
        "inputs layers loss outputs samples_combine learning_rate l2 l2_scale update_rule samples held_out "
        "batch order title names neurons weights biases parameters trainable _numbered_inputs _by_name "
        "_hidden_layers_backwards _slopes_cancel _error_reads_nets _batches batches_taken _update_count "
        "_gradients_of_one_sample __weakref__"
    ).split()

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
        ...
        """
        from neuronnet.stepping.listening import trace

        return trace(self, inputs, targets, updates, keep)

    def explain(self, name: str, at: int = 0) -> "Explanation":
        """The Explanation of a quantity or derivative of a pass, its formula, value and factors.

        `at` is how many updates are made before the pass, from the parameters as they are now and what the
        update rule remembers; the network stays as it is. Raises UnknownName, which carries the
        nearest names.

        >>> load("worked-example").explain("dE_total/dw5", at=3).value
        0.08474214905440597
        """
        from neuronnet.derivation.quantities import explain

        return explain(self, name, at)

    def stop_when(
        self, *names: str, when: Callable | None = None, every: int = 1
    ) -> AbstractContextManager[None]:
        """Open the debugger, by `breakpoint()`, whenever a quantity changes inside of the `with`.

        Names are those of a derivation, such as `w5`, `net_h1`, `delta_*` or `dE_total/dw5`, or of an
        attribute, `w5.gradient`; `w5@3` stops in the third update alone. `when(old, new)` may say which
        changes count (the first value of all stands for the missing old one, too), `every` that only every
        n-th does. The debugger stops where name, old, new, why, network, update and factors are variables.
        Raises UnknownName.

        >>> network = load("worked-example")
        >>> with network.stop_when("w5@3"):
        ...     network.fit(5)
        """
        from neuronnet.stepping.listening import stop_when

        return stop_when(self, names, when, every)

    def history(self, *names: str, every: int = 1) -> "History":
        """Record quantities while the network trains: lists by name, one value for each `every`-th update.

        The names are those of `stop_when`. `history["w5"][3]` is `w5@3` where the recording began before the
        first update, and `history["E_total"]` the error of all samples. It records until the end of its
        `with`, or until `stop()`; a training that nobody records pays nothing. Raises UnknownName.

        >>> network = load("worked-example")
        >>> with network.history("w5", "E_total") as history:
        ...     network.fit(5)
        """
        from neuronnet.stepping.listening import History

        return History(self, names, every)

    def _repr_svg_(self) -> str:
        from neuronnet.render import drawing, picture

        return drawing.svg(picture.picture(self))
