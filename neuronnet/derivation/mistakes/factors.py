"""Mistakes of a factor: halves, numbers of outputs and samples, the learning rate, gradients that add up."""

from neuronnet.derivation.mistakes.mistake import Mistake


class HalfDropped(Mistake):
    id = "half dropped in the gradient (or rate 1)"
    sentence = "The slope dE/dout is 2*(out - target), as if E had no 1/2; with the half it is out - target."

    def check(self):
        super().check()
        self.needs(self.loss.name == "half squared error", "the loss has no half")

    def shared(self, slope):
        return 2 * super().shared(slope)


class ExtraHalf(Mistake):
    id = "an extra half"
    sentence = "The slope dE/dout is halved, which nothing in the error does."

    def shared(self, slope):
        return super().shared(slope) / 2


class _SeveralOutputs(Mistake):
    def check(self):
        super().check()
        self.needs(self.sizes[-1] > 1, "there is one output only")


class OutputsInGradientOnly(_SeveralOutputs):
    id = "outputs averaged in the gradient only"
    sentence = "The gradient is divided by the number of outputs and the error is not; both follow from one error."

    def check(self):
        super().check()
        self.error_outputs, self.gradient_outputs = 1, self.sizes[-1]


class OutputsInErrorOnly(_SeveralOutputs):
    id = "outputs averaged in the error only"
    sentence = "The error is divided by the number of outputs and the gradient is not; both follow from one error."

    def check(self):
        super().check()
        self.error_outputs, self.gradient_outputs = self.sizes[-1], 1


class TimesOutputs(_SeveralOutputs):
    id = "gradient multiplied by the number of outputs"
    sentence = "The gradient is multiplied by the number of outputs, which nothing in the error does."

    def shared(self, slope):
        return self.sizes[-1] * super().shared(slope)


class _SeveralSamples(Mistake):
    def check(self):
        super().check()
        self.needs(len(self.samples) > 1, "there is one sample only")


class SamplesInGradientOnly(_SeveralSamples):
    id = "samples averaged in the gradient only"
    sentence = "The gradient is averaged over the samples and the error is summed; both follow from one error."

    def check(self):
        super().check()
        self.error_averaged, self.gradient_averaged = False, True


class SamplesInErrorOnly(_SeveralSamples):
    id = "samples averaged in the error only"
    sentence = "The error is averaged over the samples and the gradient is summed; both follow from one error."

    def check(self):
        super().check()
        self.error_averaged, self.gradient_averaged = True, False


class DividedTwice(_SeveralSamples):
    id = "gradient divided by the number of samples twice"
    sentence = "The gradient is divided by the number of samples twice; a mean divides once."

    def check(self):
        super().check()
        self.needs(self.gradient_averaged, "the samples are not averaged")

    def combined(self, terms):
        return super().combined(terms) / len(terms)


def other_rate(id, sentence, rate):
    """The mistake of another learning rate, `rate(the right one)`."""
    class OtherRate(Mistake):
        def check(self):
            super().check()
            self.needs(self.rate is not None, "it takes a learning rate")
            self.rate = rate(self.rate)
    OtherRate.id, OtherRate.sentence = id, sentence
    return OtherRate


class AddedUp(Mistake):
    id = "gradients added up from update to update"
    sentence = "The gradients of earlier updates are never set back to 0 and add up; every update uses its own."

    def check(self):
        super().check()
        self.earlier = {}

    def moved(self, place, value, gradient):
        self.earlier[place] = self.earlier.get(place, 0) + gradient
        return super().moved(place, value, self.earlier[place])


class BackwardTwice(Mistake):
    id = "backward pass run twice, gradients doubled"
    sentence = "The gradients of two backward passes are added, so that each is doubled; a backward pass sets them."

    def total_weight_gradient(self, layer, j, i, terms):
        return 2 * super().total_weight_gradient(layer, j, i, terms)

    def total_bias_gradient(self, layer, b, terms):
        return 2 * super().total_bias_gradient(layer, b, terms)


MISTAKES = (
    HalfDropped, ExtraHalf, OutputsInGradientOnly, OutputsInErrorOnly, TimesOutputs, SamplesInGradientOnly,
    SamplesInErrorOnly, DividedTwice,
    other_rate("learning rate missing", "The step is the gradient itself; it is the learning rate times the gradient.",
               lambda rate: type(rate)(1)),
    other_rate("learning rate multiplied in twice", "The learning rate is multiplied in twice; the step has it once.",
               lambda rate: rate * rate),
    other_rate("learning rate doubled", "The step is twice the learning rate times the gradient; it is once.",
               lambda rate: rate + rate),
    other_rate("learning rate halved", "The step is half the learning rate times the gradient; it is the whole.",
               lambda rate: rate / 2),
    AddedUp, BackwardTwice)
