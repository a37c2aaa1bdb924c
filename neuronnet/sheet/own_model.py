"""The model that a sheet brings: its given numbers, its forward lines and what they make of its names."""

from __future__ import annotations

from copy import copy
from itertools import product
from typing import Any

from neuronnet.derivation.digits import fifty_digits
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas.arrays import Array, entries, shape
from neuronnet.formulas.expressions import Expression
from neuronnet.formulas.notation import gradient_of, read_name
from neuronnet.names import partial_name, split_partial
from neuronnet.render.document import InNotebooks
from neuronnet.sheet.best_reading import Reading, best_reading
from neuronnet.sheet.readers.read_sheet import read_sheet


class Model(InNotebooks):
    """The model of a text that brings its own: every quantity, and the derivative of the loss by each.

    model = Model.from_text("x = 0.5\\nw = 0.4\\ny = w x\\nL = 1/2 (y - 0.3)^2")
    model["dL/dw"]              -0.05, nested lists for an array
    model.formula("dL/dw")      'dL/dy*x'

    Names are the author's, `∂L/∂W1` and `dL/dW1` alike. `loss` is the name of the loss, or None.
    """

    def __init__(self, reading: Reading, text: str = ""):
        self.text = text
        self.roles, self._model, self._known = reading.roles, reading.roles.model, reading.known
        self.spellings = reading.spellings
        self.loss = None if self.roles.loss is None else self.spellings.of(self.roles.loss)
        self._typed = {self.spellings.of(name): name for _, names in self._groups() for name in names}

    @classmethod
    def from_text(cls, text: str) -> Model:
        """The Model of a sheet. Raises NeuronnetError where a line of the model cannot be used."""
        sheet = read_sheet(text)
        if sheet.network is not None:
            raise NeuronnetError("this sheet names a network; derive that")
        with fifty_digits():
            reading = best_reading(sheet)[0]
        for position, error in reading.roles.errors.items():
            raise NeuronnetError(f"line {reading.statements[position].line}: {error}")
        if not reading.roles.model.formulas:
            raise NeuronnetError("no formula found; a model has lines such as z = w x + b")
        return cls(reading, text)

    def _document(self):
        from neuronnet.render import document

        return document.of_model(self)

    def names(self) -> list[str]:
        """Everything given and defined, then the derivatives of the loss, from the loss backwards."""
        return list(self._typed)

    def __getitem__(self, name: str) -> float | list:
        """The value of a quantity or derivative: a float, a list, or a list of rows. Raises UnknownName."""
        return self.value_in(self.canonical(name))

    def value_in(self, name: str) -> float | list:
        """The same by a name that stands in an `expression`."""
        value = self._model[name]
        return value.map(float).nested() if isinstance(value, Array) else float(value)

    def with_value(self, name: str, number: str) -> Model:
        """The same model with another given number. Raises NeuronnetError for what is no given number."""
        other = copy(self)
        other._model = self._model.with_given(self.canonical(name), number)
        return other

    def values_in(self, number: type) -> list[tuple[str, list[tuple[str, Any]]]]:
        """(name, [(name of an entry, such as `W1[2,1]`, its value)]) of everything, in a type of number."""
        values = self._model.values(number)
        return [(name, self._entries(name, values[own])) for name, own in self._typed.items()]

    def _entries(self, name, value):
        if not isinstance(value, Array):
            return [(name, value)]
        places = product(*(range(1, size + 1) for size in shape(value)))
        return [(f"{name}[{','.join(map(str, place))}]", each) for place, each in zip(places, entries(value))]

    def formula(self, name: str) -> str | None:
        """The formula of a quantity or derivative, in the author's names; None for what is given."""
        found = self._model.formula(self.canonical(name))
        return None if found is None else self.spellings.formula(found)

    def expression(self, name: str) -> Expression | None:
        """The formula as an Expression, in the names that `spellings.of` spells; None for what is given."""
        return self._model.formula(self.canonical(name))

    def in_numbers(self, name: str) -> str | None:
        """The formula with numbers of four digits in place of its names."""
        found = self._model.in_numbers(self.canonical(name))
        return None if found is None else self.spellings.text(found)

    def factors(self, name: str) -> list[str]:
        """The names in the formula of a quantity or derivative."""
        found = self._model.formula(self.canonical(name))
        return [] if found is None else [self.spellings.of(each) for each in found.names()]

    def groups(self) -> list[tuple[str, list[str]]]:
        """(title, names): what is given, the forward lines, the derivatives, and what is made from these."""
        return [(title, list(map(self.spellings.of, names))) for title, names in self._groups() if names]

    def _groups(self):
        formulas, loss = self._model.formulas, self.roles.loss
        forward = [name for name in formulas if not any(map(split_partial, self._model.uses(name)))]
        derivatives = [] if loss is None else self._derivatives(loss)
        known = {*self._model.given, *forward, *derivatives}
        made = [each for name in formulas for each in self._made_of(name, known)]
        return [
            ("Given", list(self._model.given)),
            ("Forward", forward),
            (f"Derivatives of {self.loss}", derivatives),
            ("Made from these", made),
        ]

    def _made_of(self, name, known):
        """What is not `known` yet of a name and all that its formula rests on, such as other derivatives."""
        if name not in known:
            known.add(name)
            for each in self._model.formula(name).names():
                yield from self._made_of(each, known)
            yield name

    def _derivatives(self, loss):
        """The derivatives by all that the loss is computed from, in the order of a sweep backwards."""
        reached = self._model.uses(loss) - {loss}
        names = [*self._model.formulas][::-1] + [*self._model.given]
        return [partial_name(loss, name) for name in names if name in reached]

    def canonical(self, name: str) -> str:
        """A name of the model for what a user typed: dW1 and grad_W1 are derivatives of the loss, too."""
        read = read_name(name)
        by = None if read is None else gradient_of(read, self._known)
        derivative = None if by is None else partial_name(self.roles.loss, by)
        for each in (self._typed.get(name), read, derivative):
            if each is not None and each in self._model:
                return self._connected(each)
        raise UnknownName(name, self.names())

    def _connected(self, name):
        of, by = split_partial(name) or (name, name)
        if by not in self._model.uses(of):
            raise NeuronnetError(f"{self.spellings.of(of)} is not computed from {self.spellings.of(by)}")
        return name
