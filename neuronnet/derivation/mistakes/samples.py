"""What people do with several samples: leave some out, or update after each where the network waits for all."""

from neuronnet.derivation.mistakes.mistake import Mistake, other_convention


class _Several(Mistake):
    def check(self):
        super().check()
        self.needs(len(self.samples) > 1 and self.description["batch"] != "online", "every update rests on one sample")


class FirstSample(_Several):
    id = "gradient of the first sample only"
    sentence = "The update uses the gradient of the first sample alone; it combines those of all samples."

    def combined(self, terms):
        return super().combined(terms[:1])


class LastSample(_Several):
    id = "gradient of the last sample only"
    sentence = "Each sample's gradient replaces the one before (= in place of +=); they add up."

    def combined(self, terms):
        return super().combined([0 * term for term in terms[:-1]] + terms[-1:])


class _SeveralAveraged(_Several):
    def check(self):
        super().check()
        self.needs(self.gradient_averaged, "the samples are not averaged")


class FirstSampleOfTheMean(_SeveralAveraged):
    id = "gradient of the first sample only, divided by their number"
    sentence = "The update uses the gradient of the first sample alone, divided by the number of samples; it is the mean of all."

    def combined(self, terms):
        return super().combined(terms[:1] + [0 * term for term in terms[1:]])


class LastSampleUndivided(_SeveralAveraged):
    id = "gradient of the last sample only, not divided"
    sentence = "Each sample's gradient replaces the one before (= in place of +=) and is not divided; it is the mean of all."

    def combined(self, terms):
        return super().combined(terms[-1:])


def other_batch(id, sentence, convention, batch):
    """The convention of updates from batches of another size."""
    return other_convention(id, sentence, convention, {"batch": batch},
                            lambda network: len(network["sample"]) > 1 and network["batch"] != batch)


MISTAKES = (
    FirstSample, LastSample, FirstSampleOfTheMean, LastSampleUndivided,
    other_batch("updates sample by sample", "The parameters move after every sample; the network says that a batch is "
                "combined first.", "updates after every sample", "online"),
    other_batch("updates from all samples together", "The parameters move once for all samples; the network says that "
                "they move in smaller batches.", "updates from all samples together", "full"))
