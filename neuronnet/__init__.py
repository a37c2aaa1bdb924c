"""neuronnet: backpropagation with an object per neuron and a name for every number, in plain Python."""

from neuronnet.derivation.factors import explain
from neuronnet.derivation.quantities import Derivation
from neuronnet.errors import NeuronnetError
from neuronnet.layer import NeuronLayer, SoftmaxLayer
from neuronnet.mistakes.search import diagnose
from neuronnet.network import NeuralNetwork, load
from neuronnet.neuron import Neuron
from neuronnet.parameter import Parameter
from neuronnet.sheet.check_sheet import check_sheet

__all__ = [
    "Derivation",
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
]
__version__ = "0.1.0"
