"""What a mistake is: a variation of the plain program, with a sentence for the reader. Which ones there are
is not here.
"""

from neuronnet.errors import NeuronnetError


class NotHere(NeuronnetError):
    """A mistake that makes no sense for a network. Carries `mistake`, its id, and `reason`."""

    def __init__(self, mistake, reason):
        self.mistake, self.reason = mistake, reason
        super().__init__(f"{mistake}: {reason}")


class Mistake:
    """A variation of `Program`, to be combined with it: it overrides the steps that somebody takes in another
    way.

    `id` names it, `sentence` says what was done and what is right. `kind` is "mistake", or "convention" for
    another choice that is as legitimate; then `convention` completes "all numbers are right for ...".
    """

    id = sentence = convention = None
    kind = "mistake"
    is_miscount = False  # whether it concerns each number by itself, and says nothing of its neighbours

    @classmethod
    def needs(cls, condition, reason):
        """Raises NotHere with the reason unless the condition holds."""
        if not condition:
            raise NotHere(cls.id, reason)


class Convention(Mistake):
    """Another legitimate choice."""

    kind = "convention"


class TakesHidden(Mistake):
    """A mistake that takes a hidden layer."""

    def check(self):
        super().check()
        self.needs(self.depth > 1, "it takes a hidden layer")


def other_convention(id, sentence, convention, changes, suits):
    """The convention of a network with other entries, `changes`; `suits(description)` tells where it is
    another one.
    """

    class Other(Convention):
        def described(self, description):
            description = super().described(description)
            self.needs(suits(description), "it makes no difference, or no sense")
            return description | changes

    Other.id, Other.sentence, Other.convention = id, sentence, convention
    return Other


def is_square(matrix):
    """Whether a matrix, a list of rows, can be transposed and still fits."""
    return len(matrix) == len(matrix[0]) > 1


def each_layer(description, change):
    """A copy of a description whose layers are `change(number, layer)`, number from 0."""
    return description | {
        "layer": [change(number, layer) for number, layer in enumerate(description["layer"])]
    }
