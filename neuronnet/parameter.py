"""A parameter: one number that the network can learn, with a name to ask for it by."""

from typing import Any

from neuronnet.errors import shown


class Parameter:
    """A weight (`w5`) or a bias (`b1`).

    `value` is what the forward pass uses; `gradient` is dE_total/dvalue, None until a backward pass sets it,
    also in a parameter that is not `trainable`, which the update passes by. A weight in a network knows its
    ends: `source`, whose `out` it multiplies, and `neuron`, whose `net` it enters. In a bias both are None.
    """

    # What a pass touches stands first, together in memory.
    __slots__ = ("value", "gradient", "source", "neuron", "name", "network", "_trainable")

    def __init__(self, name: str, value: Any, trainable: bool = True) -> None:
        nothing: Any = None
        self.name, self.value, self._trainable = name, value, trainable
        self.gradient = self.source = self.neuron = self.network = nothing

    @property
    def trainable(self) -> bool:
        """Whether an update moves it; a network that it belongs to learns of a change."""
        return self._trainable

    @trainable.setter
    def trainable(self, trainable: bool) -> None:
        self._trainable = trainable
        if self.network is not None:
            self.network.collect_trainable()

    def __repr__(self) -> str:
        frozen = "" if self.trainable else " frozen"
        return f"Parameter {self.name}: value={shown(self.value)} gradient={shown(self.gradient)}{frozen}"
