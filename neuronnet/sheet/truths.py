"""What the lines of a sheet are about: the exact quantity that each should give, or why there is none."""

from __future__ import annotations

from neuronnet.derivation.model import Model
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas.expressions import Expression, Name, Number
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.roles import CHANGE, GRADIENT, HELPER, UPDATE, Role, Roles, is_delta


class Truths:
    """The quantities of one model that its sheet speaks of."""

    roles: Roles
    meanings: Meanings
    model: Model

    def _truth(self, position, statement, role: Role) -> Expression:
        """The exact Expression of what a line is about. Raises NeuronnetError, with what would help."""
        if role.truth is not None:
            for each in () if self.roles.is_network else role.truth.names():
                self._connected(each)
            return role.truth
        name = role.name
        if name is None:
            return self._reference(statement)
        if role.kind in (GRADIENT, HELPER, UPDATE, CHANGE):
            reason = self.meanings.undecided.get(name)
            if reason is not None and self.roles.is_network and not is_delta(name):
                raise UnknownName(name, self.model.names())
            if reason is not None:
                raise NeuronnetError(reason)
        if name not in self.model and self.roles.loss is not None and self.roles.loss not in self.model:
            raise NeuronnetError(f"the line that computes {self.roles.loss} could not be used")
        if name not in self.model:
            missing = name if role.kind != GRADIENT else self._missing(name)
            raise NeuronnetError(
                f"no line of this sheet connects {missing} with {self.roles.loss or 'a loss'}"
            )
        self._connected(name)
        self.model.formula(name)  # which raises where an array is differentiated
        return Name(name)

    def _missing(self, name):
        numerator, _, denominator = name[1:].partition("/d")
        return denominator if numerator in self.model else numerator

    def _connected(self, name):
        """Raise where a derivative is by something that its numerator is not computed from."""
        numerator, _, denominator = name[1:].partition("/d")
        if not denominator or numerator not in self.model or denominator not in self.model:
            return
        if denominator not in self.model.uses(numerator):
            raise NeuronnetError(f"no line of this sheet connects {denominator} with {numerator}")

    def _reference(self, statement):
        """The first side with a name in it, else the first with arithmetic, else the first number."""
        formulas = [part.formula for part in statement.parts if part.formula is not None]
        named = [formula for formula in formulas if formula.names()]
        if not formulas and not hasattr(statement.numbers[0].printed, "value"):
            raise NeuronnetError("arrays alone, without a name or a formula, are about nothing")
        if not formulas:
            return Number(statement.numbers[0].printed.value)
        return self.model.resolved((named or formulas)[0])
