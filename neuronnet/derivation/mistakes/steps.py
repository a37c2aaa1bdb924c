"""Mistakes in the step itself and in counting the steps."""

from neuronnet.derivation.mistakes.mistake import Mistake


class Assigned(Mistake):
    id = "weight assigned instead of changed"
    sentence = "The new weight is -eta * dE/dw, without the old one; the update is w - eta * dE/dw."

    def moved(self, place, value, gradient):
        return super().moved(place, value, gradient) - value


class _Miscounted(Mistake):
    is_miscount = True

    def check(self):
        super().check()
        self.needs(self.rate is not None, "it takes a learning rate")


class OneTooFew(_Miscounted):
    id = "one update too few"
    sentence = "The numbers are those of one update before."

    def updates_for(self, count):
        return super().updates_for(count) - 1


class OneTooMany(_Miscounted):
    id = "one update too many"
    sentence = "The numbers are those of one update later."

    def updates_for(self, count):
        return super().updates_for(count) + 1


MISTAKES = (Assigned, OneTooFew, OneTooMany)
