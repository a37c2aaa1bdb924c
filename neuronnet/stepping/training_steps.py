"""The steps of a network's training: the events of one update after another.

An update is traced when it is come to. Going back traces an earlier one again, from the description and from
what was set by hand since; numbers come from the objects alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from neuronnet.derivation.quantities import Derivation, is_small
from neuronnet.description.description import batches_in_a_round
from neuronnet.errors import A_SAMPLE, NeuronnetError, PassOrderError, UnknownName, counted, shown
from neuronnet.names import MOST_UPDATES, in_sample, partial_name, split_update
from neuronnet.network import NeuralNetwork
from neuronnet.render.picture import in_characters, picture
from neuronnet.render.text import as_given, equation, nine_decimals
from neuronnet.stepping.conditions import condition, refusal
from neuronnet.stepping.events import Event
from neuronnet.stepping.steps import AtAnEnd, Step, Steps, compared, finite_number, whole_number

PARTS = {"forward": "forward pass", "error": "errors", "backward": "backward pass", "update": "update"}
KEPT = 4  # updates whose events are kept
MOST_FACTORS = 40  # lines of them
MOST_AHEAD = 10_000  # updates in which a condition is waited for
NO_RATE = "the network's description has no learning_rate"
ROUNDS = 5  # in which a sample comes that is drawn at random


class Traced(NamedTuple):
    """An update: its events, the same as steps, and the numbers that it started from, by name."""

    events: list[Event]
    steps: list[Step]
    given: dict[str, Any]


class TrainingSteps(Steps):
    """A walk through the training of a network. `update` counts the updates before the present one."""

    def __init__(self, description: Any, progress: Callable | None = None):
        """`progress(total)` makes the function that is called with how many updates are made, or None."""
        super().__init__()
        if not description.samples:
            raise PassOrderError("a walk through a training", A_SAMPLE)
        if not is_small(description):
            remedy = "take one sample (--sample 1) or a smaller network"
            raise NeuronnetError(f"an update of this network has too many steps to walk through; {remedy}")
        self.description, self.title, self._progress = description, description.title, progress
        self.update = 0
        self._set_by_hand: dict[int, dict[str, float]] = {}  # by the update before which it was set
        self._traced: dict[int, Traced] = {}
        self._network: NeuralNetwork | None = None  # after `_made` updates
        self._made = 0
        self._derivation = Derivation(description, updates=0)
        names = description.names
        parameters = [name for name, _, _ in names.parameters()]
        formulas, whole = self._derivation._pass, list(range(len(description.samples)))
        found = [name for name, *_ in [*formulas.forward(), *formulas.backward(whole)]]
        found += [*(partial_name(names.error, each) for each in parameters), *self._derivation.updated]
        found += [*parameters, *_places(description)]
        found += [] if description.learning_rate is None else [names.rate]
        self._names = list(dict.fromkeys(found))

    # The training

    def traced(self, update: int) -> Traced:
        """An update, traced when it is first asked for."""
        if update not in self._traced:
            network = self._network_before(update)
            given = _given(network, self.description)
            self._network = None  # should the trace be interrupted
            events = list(network.trace())
            self._network, self._made = network, update + 1
            _set(network, self.description, self._set_by_hand.get(update + 1, {}))
            while len(self._traced) >= KEPT:
                del self._traced[next(iter(self._traced))]
            self._traced[update] = Traced(events, list(map(_step, events)), given)
        return self._traced[update]

    def _network_before(self, update):
        """The network before an update; where the one at hand is further on, it is trained anew."""
        network, made = self._network, self._made
        if network is None or made > update:
            network, made = NeuralNetwork.from_dict(self.description), 0
            _set(network, self.description, self._set_by_hand.get(0, {}))
        self._network, start = None, made
        show = self._progress(update - start) if self._progress is not None and update > start else None
        try:
            while made < update:
                network.fit(1)
                made += 1
                _set(network, self.description, self._set_by_hand.get(made, {}))
                if show is not None:
                    show(made - start)
        finally:
            if show is not None:
                show(update - start)
        return network

    def standing(self) -> NeuralNetwork:
        """A network of its own that stands at the present step."""
        network = self._network_before(self.update)
        trace = network.trace(keep=True)
        for _ in range(self.index + 1):
            next(trace)
        trace.close()
        return network

    # The walk

    def steps(self) -> list[Step]:
        return self.traced(self.update).steps

    def turn(self, by: int) -> bool:
        other = self.update + by
        if other < 0 or other >= MOST_UPDATES or (other and self.description.learning_rate is None):
            return False
        self.traced(other)
        self.update, self.index = other, -1
        return True

    def lists_in_a_round(self) -> int:
        in_turn = batches_in_a_round(len(self.description.samples), self.description.batch)
        return in_turn * (1 if self.description.order.kind == "in turn" else ROUNDS)

    def own_name(self, name: str) -> str:
        return self._derivation.own_name(name)

    def names(self) -> list[str]:
        return self._names

    def until(self, name: str) -> None:
        """Also to where a condition holds: `w5 < 0.3`, `the sign of w5 changes`."""
        asked = condition(name)
        if asked is None:
            try:
                return super().until(name)
            except UnknownName:
                if " " in name.strip():
                    raise refusal(name) from None
                raise
        own = self.require(asked.name)
        now = self._number(own)
        values: list = []
        if now is not None:
            asked.holds(values, now)
        if not self._until_in_update(own, asked, values, self.index + 1):
            update, values = self._update_where(own, asked, values)
            self.traced(update)
            self.update, self.index = update, -1
            self._until_in_update(own, asked, values, 0)

    def _until_in_update(self, own, asked, values, first):
        """Whether a condition holds at a step of this update from the `first` on, to which it goes then."""
        for index, event in enumerate(self.traced(self.update).events[first:], first):
            if event.name == own:
                if asked.holds(values, event.value):
                    self.index = index
                    return True
        return False

    def _update_where(self, own, asked, values):
        """The first update after this one in which a condition holds, and the last values before that."""
        if self.description.learning_rate is None:
            raise AtAnEnd(f"there is one pass; {NO_RATE}")
        network, most = self._network_before(self.update + 1), self.update + 1 + MOST_AHEAD
        show = None if self._progress is None else self._progress(MOST_AHEAD)
        self._network = None
        try:
            with network.history(own) as history:
                for update in range(self.update + 1, most):
                    count = len(history.get(own, ()))
                    network.fit(1)
                    for value in history.get(own, ())[count:]:
                        before = list(values)
                        if asked.holds(values, value):
                            return update + (own == self.description.names.error), before
                    _set(network, self.description, self._set_by_hand.get(update + 1, {}))
                    if show is not None:
                        show(update - self.update)
        finally:
            if show is not None:
                show(MOST_AHEAD)
        raise AtAnEnd(f"not within {MOST_AHEAD} updates; goto update {most} goes on from there")

    def goto(self, words: list[str]) -> None:
        """Also `update 3`, to before its first step, and `w5@3`, what w5 is after three updates."""
        name = " ".join(words)
        plain, count = split_update(self.own_name(name))
        if words[0] == "update":
            self._goto_update(whole_number(" ".join(words[1:]), MOST_UPDATES, "goto update"))
        elif count:
            start = self.place()
            self._goto_update(self._update_of(plain, count) + 1)
            try:
                super().goto([plain])
            except NeuronnetError:
                self.return_to(start)
                raise
        else:
            super().goto(words)

    def _goto_update(self, number):
        if number > 1 and self.description.learning_rate is None:
            raise NeuronnetError(f"there is one pass: {NO_RATE}")
        self.traced(number - 1)
        self.update, self.index = number - 1, -1

    def _update_of(self, plain, count):
        """Which update computes `plain@count`: an update makes parameters, and begins with a pass."""
        return count - (plain in self._derivation.updated)

    def place(self):
        return self.update, self.index

    def return_to(self, place) -> None:
        self.update, self.index = place

    # Telling

    def heading(self) -> str:
        return f"update {self.update + 1}"

    def factors(self, name: str) -> list[str]:
        """A quantity with its old and new value, its formula, and what that is made of, a line each."""
        plain, count = split_update(self.require(name))
        update = self._update_of(plain, count) if count else self.update
        events, _, given = self.traced(update)
        place = next((place for place, each in enumerate(events) if each.name == plain), None)
        if place is None and plain in given:
            return [f"{plain} = {as_given(given[plain])}", "given; no update changes it"]
        if place is None:
            computed = f"update {update + 1} does not compute {plain}"
            raise NeuronnetError(f"{computed}; until {plain} goes to where it is")
        found, ahead = events[place], place - self.index
        said = f", {counted(ahead, 'step')} ahead" if update == self.update and ahead > 0 else ""
        lines = [f"{plain} in update {update + 1}{said}"]
        if found.phase == "update" and found.old is not None:
            lines += [f"old {nine_decimals(found.old)}", f"new {nine_decimals(found.value)}"]
        made_of = list(_made_of(events, place))
        left = [f"  and {len(made_of) - MOST_FACTORS} more"] if len(made_of) > MOST_FACTORS else []
        return [*lines, str(found), *made_of[:MOST_FACTORS], *left]

    def value(self, name: str) -> str | None:
        """The value of an own name at the present step, as text; None where it is not computed yet."""
        value = self._number(name)
        return None if value is None else nine_decimals(value)

    def _number(self, name):
        events, _, given = self.traced(self.update)
        computed = (each.value for each in reversed(events[: self.index + 1]) if each.name == name)
        return next(computed, given.get(name))

    def set(self, name: str, text: str) -> list[str]:
        """Set what is given, before the present update; what follows in that update, before and after."""
        own, value = self.require(name), finite_number(name, text)
        given = self.traced(self.update).given
        if own not in given:
            self.refuse_computed(name, list(given))
        before, old = self._values(), self._set_by_hand.get(self.update, {})
        self._begin_anew({**old, own: value})
        try:
            after = self._values()
        except (ArithmeticError, ValueError):
            self._begin_anew(old)
            raise
        said = f"{own} was {shown(given[own])} before update {self.update + 1}, and is {shown(value)}"
        return [said, *compared(before, after)]

    def _values(self):
        return {each.name: nine_decimals(each.value) for each in self.traced(self.update).events}

    def _begin_anew(self, set_by_hand):
        """Let the training go on from the present update with other numbers."""
        self._set_by_hand[self.update] = set_by_hand
        self._network, self._traced = None, {}

    def picture(self) -> str:
        """The network as it stands, in characters."""
        shown = ("values", "gradients", "deltas")
        return in_characters(picture(self.standing(), shown, None, f"{self.heading()}, {self.where()}"))

    def network_file(self) -> dict:
        """The network as it stands, as a network file has it."""
        return self.standing().to_dict()


def _places(description):
    """{name of an input or target: (position of its sample, 0 or 1 for a target, place)}."""
    names, several = description.names, len(description.samples) > 1
    kinds = names.inputs, [names.of("target", neuron) for neuron in names.layers[-1]]
    return {
        in_sample(name, position + 1 if several else None): (position, kind, place)
        for position, sample in enumerate(description.samples)
        for kind, parts in enumerate(kinds)
        for place, (name, _) in enumerate(zip(parts, sample[kind]))
    }


def _given(network, description):
    """What the next update starts from, by name: parameters, samples, the learning rate."""
    found = {each.name: each.value for each in network.parameters}
    for name, (position, kind, place) in _places(description).items():
        found[name] = network.samples[position][kind][place]
    if network.learning_rate is not None:
        found[description.names.rate] = network.learning_rate
    return found


def _set(network, description, numbers):
    """Set some of that in a network."""
    places = _places(description) if numbers else {}
    for name, value in numbers.items():
        if name in places:
            position, kind, place = places[name]
            pair = [list(each) for each in network.samples[position]]
            pair[kind][place] = value
            network.samples[position] = tuple(pair)
        elif name == description.names.rate:
            network.learning_rate = value
        else:
            network[name].value = value


def _step(event):
    sample = "" if event.sample is None else f", sample {event.sample}"

    def told(done):
        return str(event) if done else equation(event.name, event.formula)

    return Step(event.name, (event.full_name,), f"{PARTS[event.phase]}{sample}", told)


def _made_of(events, place, depth=1):
    """A line for each factor of an event; one about the same weight is followed by its own factors."""
    found = events[place]
    for name, value in found.factors.items():
        before = (at for at in range(place - 1, -1, -1) if name in (events[at].name, events[at].full_name))
        at = next(before, None)
        told = f"{name} = {as_given(value) if name in found.written else nine_decimals(value)}"
        yield "  " * depth + (told if at is None else str(events[at]))
        if at is not None and events[at].weight == found.weight is not None and len(events[at].factors) > 1:
            yield from _made_of(events, at, depth + 1)
