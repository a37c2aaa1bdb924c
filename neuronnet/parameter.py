"""A parameter: one number that the network can learn, with a name to ask for it by."""


class Parameter:
    """A weight (`w5`) or a bias (`b1`).

    `value` is what the forward pass uses. `gradient` is dE_total/dvalue: None until a backward pass has set
    it. A parameter that is not `trainable` gets a gradient all the same; only the update passes it by. A
    weight in a network also knows its two ends: `source`, whose `out` it multiplies, and `neuron`, whose
    `net` it enters. A bias has neither.
    """

    # What a pass touches stands first, together in memory.
    __slots__ = ("value", "gradient", "source", "neuron", "name", "network", "_trainable")

    def __init__(self, name, value, trainable=True):
        self.name = name
        self.value = value
        self.gradient = None
        self._trainable = trainable
        self.source = self.neuron = self.network = None

    @property
    def trainable(self):
        """Whether an update moves it; a network that it belongs to learns of a change."""
        return self._trainable

    @trainable.setter
    def trainable(self, trainable):
        self._trainable = trainable
        if self.network is not None:
            self.network.collect_trainable()

    @property
    def dnet_dw(self):
        """dnet/dw of a weight: what it multiplies, its source's output."""
        return self.source.out

    def __repr__(self):
        frozen = "" if self.trainable else " frozen"
        return f"Parameter {self.name}: value={shown(self.value)} gradient={shown(self.gradient)}{frozen}"


def shown(number):
    """A number in nine significant digits, for a repr; a type that cannot be cut to digits is shown as it
    is.
    """
    if number is None:
        return "None"
    try:
        return format(number, ".9g")
    except (TypeError, ValueError):
        return str(number)
