"""What people do with the L2 term, l2/2 times the sum of the squared weights: leave it out, double it, scale it."""

from neuronnet.derivation.mistakes.mistake import Convention, Mistake


class _L2(Mistake):
    def described(self, description):
        description = super().described(description)
        self.needs(description["l2"] != 0, "there is no L2 term")
        return description


class Missing(_L2, Convention):
    id = "L2 term missing"
    sentence = "Neither the error nor the gradients have the L2 term that the network says."
    convention = "the network without its L2 term"

    def described(self, description):
        return super().described(description) | {"l2": 0}


class MissingInGradient(_L2):
    id = "L2 term missing in the gradient"
    sentence = "The error has the L2 term and the gradients lack l2*w."

    def l2_gradient(self, weight, count):
        return 0 * weight


class MissingInError(_L2):
    id = "L2 term missing in the error"
    sentence = "The gradients have l2*w and the error lacks the L2 term."

    def total_error(self, total_name, l2_name):
        l2, self.l2 = self.l2, 0
        total = super().total_error(total_name, l2_name)
        self.l2 = l2
        return total


class WithoutHalf(_L2, Convention):
    id = "L2 term without its half"
    sentence = "The L2 term is l2 times the sum of the squared weights and its slope 2*l2*w; the network's has the half."
    convention = "an L2 term without ½"

    def check(self):
        super().check()
        self.l2 = 2 * self.l2


class DoubledInGradient(_L2):
    id = "L2 gradient doubled"
    sentence = "The L2 term adds 2*l2*w to the gradient; with the half in the error it is l2*w."

    def l2_gradient(self, weight, count):
        return 2 * super().l2_gradient(weight, count)


class WithoutHalfInError(_L2):
    id = "L2 term without its half in the error only"
    sentence = "The L2 term of the error lacks its half, while its slope is l2*w; both follow from one error."

    def l2_error(self, count):
        return 2 * super().l2_error(count)


class OnBiases(_L2):
    id = "L2 term on the biases as well"
    sentence = "The L2 term counts the biases; it is made of the weights alone."

    def check(self):
        super().check()
        self.needs(any(biases is not None for biases in self.biases), "there is no bias")

    def l2_error(self, count):
        squares = sum(bias * bias for biases in self.biases if biases is not None for bias in biases)
        return super().l2_error(count) + self.l2_share(self.l2 * squares / 2, count)

    def total_bias_gradient(self, layer, b, terms):
        return super().total_bias_gradient(layer, b, terms) + self.l2_gradient(self.biases[layer][b], len(terms))


class WrongSign(_L2):
    id = "L2 gradient of the wrong sign"
    sentence = "The gradient has l2*w subtracted, so that weights grow; it is added."

    def l2_gradient(self, weight, count):
        return -super().l2_gradient(weight, count)


def other_scale(id, sentence, convention, scale):
    """The convention of an L2 term that is divided by the number of samples, or is not."""
    class OtherScale(_L2, Convention):
        def described(self, description):
            description = super().described(description)
            self.needs(description["l2_scale"] != scale and len(description["sample"]) > 1, "it makes no difference")
            return description | {"l2_scale": scale}
    OtherScale.id, OtherScale.sentence, OtherScale.convention = id, sentence, convention
    return OtherScale


MISTAKES = (
    Missing, MissingInGradient, MissingInError, WithoutHalf, DoubledInGradient, WithoutHalfInError, OnBiases, WrongSign,
    other_scale("L2 term divided by the number of samples", "The L2 term is divided by the number of samples, which the "
                "network does not say.", "an L2 term divided by the number of samples", "per sample"),
    other_scale("L2 term not divided by the number of samples", "The L2 term counts in full; the network divides it by the "
                "number of samples.", "an L2 term that is not divided by the number of samples", "as is"))
