"""Steps: where a walk stands, and how it goes on, back and to a place; a step is a quantity that is computed.

The steps come in lists: those of a sheet in one, those of a training (`training_steps.py`) in one per update.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from math import isfinite, nan
from typing import Any, NamedTuple

from neuronnet.errors import NeuronnetError, NumberError, UnknownName, counted, shortened
from neuronnet.render import document, text

AROUND = 4  # steps before and after the present one in a listing


class AtAnEnd(NeuronnetError):
    """There is no step further on, or further back."""


class Step(NamedTuple):
    """One quantity: its `name` and what else it is called, and the part of the walk that it is in.

    `told(True)` is name = formula = the same in numbers = value, `told(False)` what is known before.
    """

    name: str
    others: tuple[str, ...]
    part: str
    told: Callable[[bool], str]

    def is_called(self, pattern: str) -> bool:
        return any(matches(each, pattern) for each in (self.name, *self.others))

    def is_in(self, part: str) -> bool:
        """Whether it is in a part, which may be called by its first word: `backward` for a backward pass."""
        return any(f"{each} ".startswith(f"{part} ") for each in self.part.split(", "))


class Steps:
    """A walk. `index` is that of the present step in its list, -1 before the first."""

    title = ""

    def __init__(self):
        self.index = -1

    # What each kind of walk has for itself

    def steps(self) -> list[Step]:
        """The present list."""
        raise NotImplementedError

    def turn(self, by: int) -> bool:
        """Take the next list, or the one before; whether there is one."""
        return False

    def lists_in_a_round(self) -> int:
        """In how many lists everything comes that comes at all."""
        return 1

    def own_name(self, name: str) -> str:
        """A name as the steps have it."""
        return name

    def names(self) -> list[str]:
        """Everything that has a value here."""
        return [each.name for each in self.steps()]

    # Moving

    def heading(self) -> str:
        """What the present list is, if there are several."""
        return ""

    @property
    def step(self) -> Step | None:
        return self.steps()[self.index] if self.index >= 0 else None

    def forward(self) -> None:
        """Go on by a step. Raises AtAnEnd."""
        if self.index + 1 < len(self.steps()):
            self.index += 1
        elif self.turn(1):
            self.index = 0
        else:
            raise AtAnEnd("this was the last step; back goes back")

    def back(self) -> None:
        """Go back by a step, in the end to before the first. Raises AtAnEnd."""
        if self.index > 0:
            self.index -= 1
        elif self.turn(-1):
            self.index = len(self.steps()) - 1
        elif self.index == 0:
            self.index = -1
        else:
            raise AtAnEnd("this is the beginning; next goes on")

    def until(self, name: str) -> None:
        """Go on to the next step of a name, a pattern such as `delta_*`, or a part such as `backward pass`.

        Raises UnknownName where none comes; then it stays where it is.
        """
        pattern, start = self.own_name(name), self.place()
        seen: dict[str, None] = {}
        first = self.index + 1
        for _ in range(self.lists_in_a_round() + 1):
            for index, step in enumerate(self.steps()[first:], first):
                if step.is_called(pattern) or step.is_in(name):
                    self.index = index
                    return
            seen.update((step.name, None) for step in self.steps())
            first = 0
            if not self.turn(1):
                break
        self.return_to(start)
        if pattern in seen:
            raise AtAnEnd(f"{name} does not come again; back goes back")
        self._refuse(name, pattern, list(seen))

    def goto(self, words: list[str]) -> None:
        """Go to `step 12` or to the step of a name, here in the present list. Raises NeuronnetError."""
        steps = self.steps()
        if words[0] == "step" and len(words) == 2:
            self.index = whole_number(words[1], len(steps), "step") - 1
            return
        pattern = self.own_name(" ".join(words))
        for index, step in enumerate(steps):
            if step.is_called(pattern):
                self.index = index
                return
        self._refuse(" ".join(words), pattern, [step.name for step in steps])

    def _refuse(self, name, own, known):
        """Raise the NeuronnetError for a name that no step has."""
        if own in self.names():
            raise NeuronnetError(f"no step computes {name} here; factors {name} tells more")
        raise UnknownName(name, known)

    def place(self):
        """Where this stands, for `return_to`."""
        return self.index

    def return_to(self, place) -> None:
        self.index = place

    # Telling

    def where(self) -> str:
        """The number of the present step, and in what it is."""
        count = counted(len(self.steps()), "step")
        return f"before the first of {count}" if self.step is None else f"step {self.index + 1} of {count}"

    def listing(self, whole: bool) -> list[str]:
        """The steps around the present one, which is marked, or all; of those ahead the formulas alone."""
        steps, wide = self.steps(), len(str(len(self.steps())))
        first = 0 if whole else max(0, self.index - AROUND)
        last = len(steps) if whole else self.index + AROUND + 1
        lines = []
        for index, each in enumerate(steps[first:last], first):
            mark = ">" if index == self.index else " "
            lines.append(f"{mark} {index + 1:>{wide}}  {each.told(index <= self.index)}")
        return lines

    def require(self, name: str) -> str:
        """The own name of what has a value here. Raises UnknownName."""
        own = self.own_name(name)
        if own not in self.names():
            raise UnknownName(name, self.names())
        return own

    def refuse_computed(self, name: str, given: list[str]) -> None:
        """Raise NeuronnetError for what is computed and so cannot be set, with what can be."""
        some = f"{', '.join(given[:8])}{' and others' if len(given) > 8 else ''}"
        raise NeuronnetError(f"{shortened(name)} is computed; what can be set is given: {some}")


def matches(name: str, pattern: str) -> bool:
    """Whether a name is one or fits a pattern with stars; brackets are part of names, as in `net_h1[2]`."""
    return name == pattern or ("*" in pattern and fnmatchcase(name, pattern.replace("[", "[[]")))


def whole_number(text: str, most: int, what: str) -> int:
    """A whole number from 1 to `most`. Raises NeuronnetError."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= most):
        raise NeuronnetError(f"{what} {shortened(text)}: a whole number from 1 to {most} is needed")
    return int(text)


def finite_number(name: str, text: str) -> float:
    """The number that something is set to. Raises NumberError."""
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise NumberError(f"the number for {name}", text)
    return value


def compared(before: dict[str, str], after: dict[str, str], most: int = 60) -> list[str]:
    """What differs between two tables of values as text, a line each, and how many do."""
    changed = [name for name, value in after.items() if before.get(name, value) != value]
    lines = [f"{name}: before {before[name]}, after {after[name]}" for name in changed[:most]]
    left = [f"and {len(changed) - most} more"] if len(changed) > most else []
    return [f"{len(changed)} of {counted(len(after), 'number')} changed", *lines, *left]


A_NETWORK = "this is a sheet's own model, which has no neurons and layers"


class SheetSteps(Steps):
    """A walk through a Model: what is given, its forward lines, the derivatives of its loss, what is made."""

    title = "A sheet's own model"

    def __init__(self, model: Any):
        super().__init__()
        self.model = model
        self._given = dict(model.groups()).get("Given", [])
        self._own = {model.canonical(name): name for name in model.names()}
        self._steps = [self._step(name, title) for title, names in model.groups() for name in names]

    def _step(self, name, title):
        def told(done):
            return "\n".join(self._lines(name)) if done else text.equation(name, self.model.formula(name))

        return Step(name, (), title, told)

    def _lines(self, name):
        return document.of_name(name, self.model).lines()

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
        factors = [line for each in self.model.factors(own) for line in self._lines(each)]
        return [*self._lines(own), *text.indented(factors)]

    def goto(self, words: list[str]) -> None:
        if words[0] == "update":
            raise NeuronnetError("a sheet has the steps that stand in it; goto NAME, or goto step 12")
        super().goto(words)

    def value(self, name: str) -> str | None:
        """The value of an own name at the present step, as text; None where it is not computed yet."""
        done = [step.name for step in self._steps[: self.index + 1]]
        return self._value(name) if name in done or name in self._given else None

    def _value(self, name):
        return document.flat(document.of_name(name, self.model).value)

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
        return {name: self._value(name) for name in self.model.names()}

    def picture(self) -> str:
        raise NeuronnetError(f"{A_NETWORK}; list shows its rows")

    def network_file(self) -> dict:
        raise NeuronnetError(f"{A_NETWORK}; save FILE.txt saves the transcript")
