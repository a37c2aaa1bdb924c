"""Mistakes in signs, and the convention that turns two of them around at once."""

from neuronnet.derivation.mistakes.mistake import Convention, Mistake


class Ascent(Mistake):
    id = "sign flipped"
    sentence = "The parameters move along the gradient and not against it; the update is w - eta * dE/dw."

    def moved(self, place, value, gradient):
        return value + value - super().moved(place, value, gradient)


class TargetMinusOut(Mistake):
    id = "target - out taken for out - target"
    sentence = "The slope of the error has the wrong sign (target - out); dE/dout is out - target."

    def check(self):
        super().check()
        self.needs(self.loss.takes_targets, "the loss takes no targets")

    def shared(self, slope):
        return -super().shared(slope)


class NegativeDeltas(Convention):
    id = "deltas of the opposite sign, added in the update"
    sentence = "The deltas start from target - out and the update adds; the derivatives themselves have the other sign."
    convention = "deltas that start from target - out, and an update that adds"

    def check(self):
        super().check()
        self.needs(self.loss.takes_targets, "the loss takes no targets")

    def shared(self, slope):
        return -super().shared(slope)

    def l2_gradient(self, weight, count):
        return -super().l2_gradient(weight, count)

    def moved(self, place, value, gradient):
        return super().moved(place, value, -gradient)


class AbsoluteValue(Mistake):
    id = "absolute value instead of sign"
    sentence = "The slope of the error is taken without its sign (|out - target|); dE/dout is out - target."

    def shared(self, slope):
        return abs(super().shared(slope))


class WeightTurned(Mistake):
    id = "the weight's own sign turned in the update"
    sentence = "The update is written -w - eta * dE/dw; it is w - eta * dE/dw."

    def moved(self, place, value, gradient):
        moved = super().moved(place, value, gradient)
        return moved - value - value if len(place) == 3 else moved


MISTAKES = (Ascent, TargetMinusOut, NegativeDeltas, AbsoluteValue, WeightTurned)
