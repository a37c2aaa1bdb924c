"""The model that a sheet brings, as a graph to vary."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from math import prod

from neuronnet.derivation.model import Model
from neuronnet.formulas.expressions import Expression
from neuronnet.mistakes.catalogue import variations
from neuronnet.mistakes.graph import Graph
from neuronnet.mistakes.passes import Pass, Values, changed_step
from neuronnet.mistakes.variation import RIGHT, Variation
from neuronnet.names import split_partial, update_of

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
