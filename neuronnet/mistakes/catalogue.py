"""All variations of a model by their ids, and what each of them does to its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from math import isclose, prod
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.derivation.model import Model
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import entries
from neuronnet.formulas.expressions import Expression
from neuronnet.mistakes.backward import backward
from neuronnet.mistakes.forward import forward
from neuronnet.mistakes.graph import Graph
from neuronnet.mistakes.passes import Pass, Values, changed_step
from neuronnet.mistakes.updates import updates
from neuronnet.mistakes.variation import RIGHT, Variation
from neuronnet.names import split_partial, update_of

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph


def variations(graph: Graph) -> dict[str, Variation]:
    """Every Variation that makes sense for a model, by its id, the plainest first."""
    found: dict[str, Variation] = {}
    for each in (*updates(graph), *backward(graph), *forward(graph)):
        found.setdefault(each.id, each)
    return dict(sorted(found.items(), key=lambda item: item[1].plainness))


class Signature(NamedTuple):
    """A mistake's `id`, its `sentence`, its `numbers`, and `same`, the ids that leave the same numbers.

    "none" among these stands for the right ones.
    """

    id: str
    sentence: str
    numbers: dict
    same: list


def numbers_of(values, names: Iterable[str]) -> dict:
    """The numbers and arrays that a varied pass has under some names."""
    found = {}
    for name in names:
        try:
            found[name] = values[name]
        except (NeuronnetError, ArithmeticError, KeyError):
            pass
    return found


def signatures(subject, names: list[str]) -> list[Signature]:
    """What every Variation of a Network or a sheet's model does to some of its numbers."""
    table = {"none": numbers_of(subject.replay(RIGHT), names)}
    table |= {id: numbers_of(subject.replay(each), names) for id, each in subject.variations.items()}
    flat = {id: _flat(numbers) for id, numbers in table.items()}
    return [
        Signature(
            id,
            subject.variations[id].sentence,
            numbers,
            [each for each in table if each != id and _near(flat[id], flat[each])],
        )
        for id, numbers in table.items()
        if id != "none"
    ]


def alike(numbers: dict, others: dict) -> bool:
    """Whether two replays have the same names and, to 1e-12 relative, the same numbers."""
    return _near(_flat(numbers), _flat(others))


def _flat(numbers):
    return [*numbers], [entry for value in numbers.values() for entry in entries(value)]


def _near(one, other):
    return one[0] == other[0] and all(
        left == right or isclose(left, right, rel_tol=1e-12, abs_tol=1e-300)
        for left, right in zip(one[1], other[1])
    )


RATES = ("eta", "lr", "alpha", "learning_rate", "rate", "step")


class OwnModel:
    """What the search asks of a Network, of any Model: its `variations` and their replays."""

    def __init__(self, model: Model, loss: str, asked: Iterable[Expression]):
        """`asked` are the quantities of the sheet: what they differentiate by is learned."""
        self.steps = Pass(model, {})
        moved = {name: name.partition("@")[0] for name in model.constants if update_of(name) == 1}
        moved = {later: old for later, old in moved.items() if old in model.given}
        names = [name for each in (*model.formulas.values(), *asked) for name in each.names()]
        partials = [split_partial(name)[1] for name in names if split_partial(name)]
        learned = [name for name in dict.fromkeys([*partials, *moved.values()]) if name in model.given]
        rate = next((name for name in RATES if name in model.given), None)
        self.graph = Graph(self.steps, loss, learned, moved, rate)
        self.graph.settle()

    @cached_property
    def variations(self) -> dict[str, Variation]:
        """Every Variation of this model by its id."""
        return variations(self.graph)

    @property
    def known_names(self) -> list[str]:
        """The names of all quantities that are computed, and of the derivatives of the loss by them."""
        model, loss = self.steps.model, self.graph.loss
        return [*model.formulas, *(f"d{loss}/d{name}" for name in model.uses(loss) - {loss})]

    @property
    def work(self) -> int:
        """About how much there is to compute in a pass."""
        model = self.steps.model
        return sum(prod(model.shape(name)) for name in model.names())

    def replay(self, variation: Variation = RIGHT, number: type = float, keep=None) -> Values:
        """The values of a pass with a Variation."""
        return self.steps.varied(variation).values(number, keep)

    def place(self, expression: Expression) -> int:
        """Where a quantity comes in the order of computation."""
        return max(map(self.steps.size, expression.names()), default=0)

    def instead(self, variation: Variation, expression: Expression) -> tuple[str, str, str] | None:
        """(name, formula used, right formula) of the first step on the way to a number that is another."""
        return changed_step(self.steps, self.steps.varied(variation), expression.names())
