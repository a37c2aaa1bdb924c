"""The steps of a sheet that brings its own model: its rows in order, in its author's names."""

from __future__ import annotations

from functools import partial

from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.render import text
from neuronnet.sheet.own_model import Model
from neuronnet.stepping.steps import Step, Steps, compared, finite_number

A_NETWORK = "this is a sheet's own model, which has no neurons and layers"


class SheetSteps(Steps):
    """A walk through a Model: what is given, its forward lines, the derivatives of its loss, what is made."""

    title = "A sheet's own model"

    def __init__(self, model: Model):
        super().__init__()
        self.model = model
        self._given = dict(model.groups()).get("Given", [])
        self._own = {model.canonical(name): name for name in model.names()}
        self._steps = [
            Step(name, (), title, partial(self._told, name))
            for title, names in model.groups()
            for name in names
        ]

    def _told(self, name, done):
        return text.model_row(self.model, name) if done else text.equation(name, self.model.formula(name))

    def steps(self) -> list[Step]:
        return self._steps

    def own_name(self, name: str) -> str:
        try:
            canonical = self.model.canonical(name)
        except UnknownName:
            return name
        return self._own.get(canonical, name)

    def factors(self, name: str) -> list[str]:
        """The row of a quantity or derivative, and a row for each name in its formula."""
        own = self.own_name(name)
        rows = [text.model_row(self.model, each).split("\n") for each in (own, *self.model.factors(own))]
        return rows[0] + [line for row in rows[1:] for line in text.indented(row)]

    def goto(self, words: list[str]) -> None:
        if words[0] == "update":
            raise NeuronnetError("a sheet has the steps that stand in it; goto NAME, or goto step 12")
        super().goto(words)

    def value(self, name: str) -> str | None:
        """The value of an own name at the present step, as text; None where it is not computed yet."""
        done = [step.name for step in self._steps[: self.index + 1]]
        return text.nested(self.model[name]) if name in done or name in self._given else None

    def set(self, name: str, number: str) -> list[str]:
        """Set a given number; every number that follows from it, before and after."""
        own = self.require(name)
        finite_number(own, number)
        if own not in self._given:
            self.refuse_computed(name, self._given)
        before, model = self._values(), self.model
        self.model = model.with_value(own, number)
        try:
            after = self._values()
        except NeuronnetError:
            self.model = model
            raise
        said = f"{own} was {before.pop(own)}, and is {after.pop(own)}"
        return [said, *compared(before, after)]

    def _values(self):
        return {name: text.nested(self.model[name]) for name in self.model.names()}

    def picture(self) -> str:
        raise NeuronnetError(f"{A_NETWORK}; list shows its rows")

    def network_file(self) -> dict:
        raise NeuronnetError(f"{A_NETWORK}; save FILE.txt saves the transcript")
