"""Models and formulas over them, written as their author would."""

from neuronnet.derivation.model import Model
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.notation import Known, parse


def formula(text, model):
    """The Expression of a text over the names of a model."""
    arrays = [name for name in model.names() if model.shape(name)]
    return parse(text, Known(model.names(), arrays=arrays))


def model(given, **formulas):
    """A Model of given values and definitions as texts, in order."""
    made = Model({name: Array.of(value) for name, value in given.items()})
    for name, text in formulas.items():
        made.define(name, formula(text, made))
    return made
