"""What numbers of an author say about names: what he wrote in the place of some, which he exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice, product

from neuronnet.derivation.digits import Printed
from neuronnet.derivation.model import Model
from neuronnet.description.values import as_number
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.expressions import Expression, Name, Negative, Number
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes
from neuronnet.names import partial_name
from neuronnet.sheet.computation import digits_of, gives
from neuronnet.sheet.roles import aligned

PROOF = 4  # digits of a number that prove a formula wrong
MOST_CHOICES = 50  # of what the numbers in a formula may stand for
FEWEST_DIGITS = 3  # of a rounded number that stands for a quantity


class NumbersForNames:
    """What the numbers in a formula may stand for: given ones, quantities, derivatives of the `loss`."""

    def __init__(self, model: Model, loss: str | None):
        self.model, self.loss = model, loss
        self._values: dict[str, Decimal] = {}

    def named(self, formula: Expression) -> Iterator[Expression]:
        """The formula with names for one or more of its numbers, in all ways, of many the first."""
        names = {leaf: self._names(leaf) for leaf in leaves_of(formula) if isinstance(leaf, Number)}
        for choice in islice(product(*([leaf, *names[leaf]] for leaf in names)), 1, MOST_CHOICES):
            meant = dict(zip(names, choice))
            yield mapped(formula, lambda leaf, meant=meant: meant.get(leaf, leaf))

    def exchanged(self, formula: Expression, printed) -> list[tuple[str, str]]:
        """(a name in a formula, another one that gives the printed number in its place), all of them."""
        if isinstance(printed, Array) or digits_of(printed.value) < PROOF:
            return []
        inside = formula.names()
        others = [name for name in self.model.names() if name not in inside and not self.model.shape(name)]
        pairs = product(inside, others + inside)
        return [pair for pair in pairs if len({*pair}) == 2 and self._gives(formula, *pair, printed)]

    def _gives(self, formula, name, other, printed):
        """Whether a formula with one of its names exchanged, in one place, gives a printed number."""
        for node, rebuild, _ in nodes(formula):
            if isinstance(node, Name) and node.name == name:
                try:
                    value = self.model.value(rebuild(Name(other)))
                except NeuronnetError:
                    continue
                if not isinstance(value, Array) and gives(value, printed):
                    return True
        return False

    def in_place_of_given(self, formula: Expression, arithmetic: Expression) -> list[tuple]:
        """(name, number) where a given number stands in a formula, and another one in its arithmetic."""
        given = {name: each for name, each in self.model.given.items() if not isinstance(each, Array)}
        pairs = [
            pair
            for pair in aligned(formula, arithmetic) or ()
            if pair[0] in given and isinstance(pair[1], Number)
        ]
        return [(name, leaf) for name, leaf in pairs if not _is(given[name], as_number(leaf.value, Decimal))]

    def _names(self, number):
        value = as_number(number.value, Decimal)
        given = self.model.given.items()
        found = [name for name, each in given if not isinstance(each, Array) and _is(each, value)]
        text = getattr(number.value, "text", None)
        if text is not None and "." in text:
            printed = Printed(text)
            has_digits = digits_of(printed.value) >= FEWEST_DIGITS
            for name, exact in self._computed().items():
                if printed.value == abs(exact) or (has_digits and printed.agrees(abs(exact))):
                    found.append(name if exact > 0 else f"-{name}")
        return [Negative(Name(name[1:])) if name[0] == "-" else Name(name) for name in found]

    def _computed(self):
        """{name: value} of the quantities that are numbers, and of the derivatives of the loss by them."""
        if not self._values:
            names = [*self.model.formulas]
            if self.loss is not None:
                names += [partial_name(self.loss, name) for name in [*self.model.formulas, *self.model.given]]
            for name in names:
                try:
                    value = self.model[name]
                except NeuronnetError:
                    continue
                if not isinstance(value, Array):
                    self._values[name] = value
        return self._values


def _is(given, value):
    return as_number(given, Decimal) == value
