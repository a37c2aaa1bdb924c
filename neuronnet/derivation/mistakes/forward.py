"""What people do with the activation in the forward pass: another function, none, or a sign in its exponent."""

from neuronnet.derivation.mistakes.mistake import Convention, Mistake, each_layer

_PROBABILITIES = ("binary cross-entropy", "categorical cross-entropy")


def other_activation(id, sentence, convention, instead, concerned):
    """The convention of another activation in the layers `concerned(layer, is it the last?)`, slope included."""
    class OtherActivation(Convention):
        def described(self, description):
            description = super().described(description)
            last = len(description["layer"]) - 1
            chosen = {number for number, layer in enumerate(description["layer"])
                      if layer["activation"] != instead and concerned(layer["activation"], number == last)}
            self.needs(chosen, "no layer has such an activation")
            self.needs(last not in chosen or instead == "logistic" or description["loss"] not in _PROBABILITIES,
                       "the loss takes probabilities")
            return each_layer(description, lambda number, layer: layer | {
                "activation": instead if number in chosen else layer["activation"]})
    OtherActivation.id, OtherActivation.sentence, OtherActivation.convention = id, sentence, convention
    return OtherActivation


class ExponentSign(Mistake):
    id = "exp(net) for exp(-net)"
    sentence = "The logistic is computed as 1/(1 + exp(net)); its exponent is -net."

    def check(self):
        super().check()
        self.needs(any(each.name == "logistic" for each in self.activations), "no layer is logistic")
        self.from_nets = False

    def out(self, layer, j):
        activation = self.activations[layer]
        return activation.value(-self.nets[layer][j]) if activation.name == "logistic" else super().out(layer, j)


MISTAKES = (
    other_activation("tanh in place of the logistic", "Outputs are tanh(net); the network's activation is the logistic.",
                     "tanh in place of the logistic", "tanh", lambda activation, last: activation == "logistic"),
    other_activation("the logistic in place of tanh", "Outputs are 1/(1 + exp(-net)); the network's activation is tanh.",
                     "the logistic in place of tanh", "logistic", lambda activation, last: activation == "tanh"),
    other_activation("the logistic in place of softmax", "Every output is 1/(1 + exp(-net)) for itself; the network's is a "
                     "softmax.", "logistic outputs", "logistic", lambda activation, last: activation == "softmax"),
    other_activation("no activation at the output", "The outputs are the net inputs; the network has an activation there.",
                     "an output layer without activation", "identity", lambda activation, last: last),
    other_activation("no activation in the hidden layers", "Hidden outputs are the net inputs; the network has an "
                     "activation there.", "hidden layers without activation", "identity", lambda activation, last: not last),
    ExponentSign)
