"""How many biases a described layer has: none, one that its neurons share, or one each. Their names are not known here."""


def bias_kind(layer):
    """Which of the three it is: "none", "shared" or "per neuron"."""
    if layer["bias"] is None:
        return "none"
    return "per neuron" if isinstance(layer["bias"], (list, tuple)) else "shared"


def is_shared(layer):
    """Whether the neurons of a layer share one bias."""
    return bias_kind(layer) == "shared"


def biases_given(layer):
    """The biases as a list, of one where it is shared; None where there are none."""
    return [layer["bias"]] if is_shared(layer) else layer["bias"]


def biases_of_neurons(layer):
    """The bias of every neuron in a list, a shared one as often as it is used; None where there are none."""
    return [layer["bias"]] * len(layer["weights"]) if is_shared(layer) else layer["bias"]
