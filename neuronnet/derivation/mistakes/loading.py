"""Mistakes made before the first sum: numbers of the network that were read in into the wrong places."""

from neuronnet.derivation.bias_kinds import is_shared
from neuronnet.derivation.mistakes.mistake import Mistake, each_layer, is_square


def loaded_transposed(id, sentence, which):
    """The mistake of loading square matrices transposed, those of the layers `which(number, count)`."""
    class LoadedTransposed(Mistake):
        def described(self, description):
            description = super().described(description)
            count = len(description["layer"])
            chosen = {number for number, layer in enumerate(description["layer"])
                      if which(number, count) and is_square(layer["weights"])}
            self.needs(chosen, "it takes a square matrix of weights")
            return each_layer(description, lambda number, layer: layer | {
                "weights": [list(column) for column in zip(*layer["weights"])] if number in chosen else layer["weights"]})
    LoadedTransposed.id, LoadedTransposed.sentence = id, sentence
    return LoadedTransposed


class BiasesSwapped(Mistake):
    id = "biases of the layers swapped"
    sentence = "The layers' biases were read in reverse order, the output layer's into the first layer."

    def described(self, description):
        description = super().described(description)
        biases = [layer["bias"] for layer in description["layer"]][::-1]
        self.needs(len(biases) > 1 and all(is_shared(layer) for layer in description["layer"]),
                   "it takes several layers with a shared bias each")
        return each_layer(description, lambda number, layer: layer | {"bias": biases[number]})


def _reversed(id, key, sentence):
    class Reversed(Mistake):
        def described(self, description):
            description = super().described(description)
            self.needs(any(len(sample[key]) > 1 for sample in description["sample"]), f"there are no {key} to exchange")
            return description | {"sample": [sample | {key: sample[key][::-1]} for sample in description["sample"]]}
    Reversed.id, Reversed.sentence = id, sentence
    return Reversed


MISTAKES = (
    loaded_transposed("both weight matrices loaded transposed", "Every square matrix of weights was loaded transposed; a "
                      "row has the weights of one neuron.", lambda number, count: True),
    loaded_transposed("first weight matrix loaded transposed", "The first matrix of weights was loaded transposed; a row "
                      "has the weights of one neuron.", lambda number, count: number == 0 < count - 1),
    loaded_transposed("last weight matrix loaded transposed", "The last matrix of weights was loaded transposed; a row has "
                      "the weights of one neuron.", lambda number, count: number == count - 1 > 0),
    BiasesSwapped,
    _reversed("inputs in reverse order", "inputs", "The inputs were read in reverse order, the last one into i1."),
    _reversed("targets in reverse order", "targets", "The targets were read in reverse order, the last one for o1."))
