"""neuronnet: backpropagation with an object per neuron and a name for every number, in plain Python."""

from neuronnet.derivation import Derivation
from neuronnet.derivation.diagnosis import diagnose
from neuronnet.errors import NeuronnetError
from neuronnet.explanation import explain
from neuronnet.layer import NeuronLayer, SoftmaxLayer
from neuronnet.network import NeuralNetwork, load
from neuronnet.neuron import Neuron
from neuronnet.parameter import Parameter
from neuronnet.sheet.running import check_sheet

__all__ = ["Derivation", "NeuralNetwork", "Neuron", "NeuronLayer", "NeuronnetError", "Parameter", "SoftmaxLayer", "check_sheet",
           "diagnose", "explain", "load"]
__version__ = "0.1.0"
