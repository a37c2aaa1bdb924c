"""neuronnet: backpropagation with an object per neuron and a name for every number, in plain Python.

Every name is loaded from its module when it is first asked for (PEP 562).
"""

from importlib import import_module

TYPE_CHECKING = False  # that of `typing`, which takes longer to import than all the rest here
if TYPE_CHECKING:
    from neuronnet.derivation.quantities import Derivation, explain
    from neuronnet.description.description import Description
    from neuronnet.description.reading import read
    from neuronnet.errors import NeuronnetError
    from neuronnet.golden.golden import Golden
    from neuronnet.layer import NeuronLayer, SoftmaxLayer
    from neuronnet.network import NeuralNetwork, load
    from neuronnet.neuron import Neuron, Parameter
    from neuronnet.sheet.check_sheet import check_sheet
    from neuronnet.sheet.own_model import Model
    from neuronnet.stepping.watching import watch

__version__ = "0.1.0"
__all__ = [
    "Derivation",
    "Description",
    "Golden",
    "Model",
    "NeuralNetwork",
    "Neuron",
    "NeuronLayer",
    "NeuronnetError",
    "Parameter",
    "SoftmaxLayer",
    "check_sheet",
    "diagnose",
    "explain",
    "load",
    "read",
    "watch",
]
_MODULES = {
    "Derivation": "derivation.quantities",
    "Description": "description.description",
    "Golden": "golden.golden",
    "Model": "sheet.own_model",
    "NeuralNetwork": "network",
    "Neuron": "neuron",
    "NeuronLayer": "layer",
    "NeuronnetError": "errors",
    "Parameter": "neuron",
    "SoftmaxLayer": "layer",
    "check_sheet": "sheet.check_sheet",
    "diagnose": "sheet.causes",
    "explain": "derivation.quantities",
    "load": "network",
    "read": "description.reading",
    "watch": "stepping.watching",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
