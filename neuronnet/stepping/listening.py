"""What listens to a training: a debugger that opens where a quantity changes, a history, a trace.

    with network.stop_when("w5"):
        network.fit(5)

It stops in `stopped` below, where the numbers behind the change are local variables; two frames up is the
line of the pass that set the value.
"""

import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from itertools import tee
from typing import NamedTuple

from neuronnet.errors import NeuronnetError, UnknownName, require_count, shortened
from neuronnet.stepping.events import BY_HAND, METHODS, OF_A_PASS, Event, Narrator, observed


def stop_when(network, names, when, every):
    """See `NeuralNetwork.stop_when`."""
    stops = _Stops(network, names, when, require_count(every, "every"))
    return observed([network, *stops.wanted.objects], stops, METHODS)


class _Stops(Narrator):
    """Opens the debugger where something changes that is wanted."""

    def __init__(self, network, names, when, every):
        super().__init__(network, self._note)
        self.wanted = Wanted(self.places, names)
        self._want(self.wanted, self.wanted.places)
        self._with_errors, self._when, self._every = bool(self.wanted.errors), when, every
        self._changes, self._waiting = {}, []

    def changed(self, thing, attribute, old, new):
        super().changed(thing, attribute, old, new)
        return self._due()

    def left(self, method):
        super().left(method)
        for stop in self._due():
            stop()

    def _due(self):
        due, self._waiting = self._waiting, []
        return due

    def counts(self, name, old, new, update):
        if old == new or not self.wanted.at(name, update):
            return False
        if self._when is not None and not self._when(new if old is None else old, new):
            return False
        self._changes[name] = self._changes.get(name, 0) + 1
        return self._changes[name] % self._every == 0

    def _note(self, event):
        why = f"{event}, set by hand" if event.phase == BY_HAND else str(event)
        factors = event.factors | self.factors_of_gradient(event)
        here = (event.name, event.old, event.value, why, self.network, event.update, factors)
        self._waiting.append(partial(stopped, *here))


def stopped(name, old, new, why, network, update, factors):
    """Where a debugger stands: every factor that has an identifier for a name is a local variable, too."""
    sys._getframe().f_locals.update(_by_identifier(factors))
    breakpoint()  # p why: the formula in names and in numbers; p factors: its numbers by name
    return  # up, up: the line that set the value; c: go on


def _by_identifier(factors):
    """{dE_total_dout_o1: the value of dE_total/dout_o1, ...}, without what would hide another variable."""
    found = {re.sub(r"\W", "_", name): value for name, value in factors.items()}
    return {name: value for name, value in found.items() if name not in stopped.__code__.co_varnames}


class Pattern(NamedTuple):
    """What is asked for: a name, perhaps with * and ?, of any sample or of one, at any update or at one."""

    name: str
    sample: str
    update: int | None

    def fits(self, base):
        """Whether it means a quantity, leaving aside sample and update."""
        return fnmatchcase(base, self.name)

    @property
    def is_wild(self):
        return "*" in self.name or "?" in self.name


class Wanted:
    """The quantities that are asked for: `w5`, `delta_*`, `w5.gradient`, `net_h1[2]`, `w5@3`.

    `objects` are those to be observed for them, `errors` the names for which a pass must compute its error. A
    name without a sample means that of all samples together, such as `dE_total/dw5`, or else each sample's.
    """

    def __init__(self, places, names):
        """Raises UnknownName, which carries the nearest names, for what is no quantity of the network."""
        self._names = places
        if not names:
            raise NeuronnetError("no name of a quantity, such as 'w5', 'w5.gradient', 'delta_*' or 'E_total'")
        values = [(each, "value") for each in places.parameters.values()]
        groups = [*places.alone.rows.items(), *((each, places.own_batch.rows_at(each)) for each in values)]
        of_places = [(place, {row.base for row in rows}) for place, rows in groups]
        known = dict.fromkeys(name for _, found in of_places for name in sorted(found))
        self.patterns = [self._pattern(each, known) for each in names]
        self._has_updates = any(each.update is not None for each in self.patterns)
        wanted = {name for name in known if any(each.fits(name) for each in self.patterns)}
        self.places = {place for place, found in of_places if found & wanted}
        self.objects = list(dict.fromkeys(place[0] for place in self.places))
        errors = {row.name for row in places.alone.in_order if row.phase == "error"}
        self.errors = errors & wanted
        self._totals = set()
        if len(places.own_batch.numbers) > 1 and places.network.batch == "full":
            self._totals |= {places.error, *places.gradients}
        self._found = {}

    def __call__(self, name):
        """Whether a quantity of this name, or one of its values, is asked for."""
        if name not in self._found:
            self._found[name] = any(self._means(each, name) for each in self.patterns)
        return self._found[name]

    def at(self, name, update):
        """Whether a quantity is asked for as it is after so many updates."""
        if not self._has_updates:
            return self(name)
        means = (each for each in self.patterns if self._means(each, name))
        return any(each.update in (None, update) for each in means)

    def _means(self, pattern, name):
        base = re.sub(r"\[\d+\]", "", name)
        if pattern.sample:
            return pattern.sample in name and pattern.fits(base)
        is_total = base == name or base not in self._totals
        return pattern.fits(base) and (is_total or pattern.is_wild)

    def _pattern(self, text, known):
        """The Pattern that a text means, in the names of the network."""
        if not isinstance(text, str):
            found = f"the name of a quantity: found {shortened(text)}"
            raise NeuronnetError(f"{found}; it is a text such as 'w5'")
        rest, update = re.fullmatch(r"(.*?)(?:@(\d{1,9}))?", text.strip(), re.DOTALL).groups()
        sample = "".join(dict.fromkeys(re.findall(r"\[\d+\]", rest)))
        name = self._names.own_name(re.sub(r"\[\d+\]", "", rest))
        pattern = Pattern(name, sample, int(update) if update else None)
        samples = {f"[{number}]" for number in self._names.own_batch.numbers}
        if not any(map(pattern.fits, known)) or sample not in {"", *samples}:
            raise UnknownName(text, [*known, *self._names.attributes()])
        return pattern


class History(dict):
    """Lists by name: `history["w5"]` holds `w5`, `w5@1`, `w5@2` ..., `history["delta_o1"]` likewise.

    Parameters and E_total, that of all samples, are also known after the last update, so that their lists are
    longer by one than those of a pass. It records until `stop()`, or the end of its `with`.
    """

    def __init__(self, network, names, every):
        """Raises UnknownName, and PassOrderError for the E_total of a network without samples."""
        super().__init__()
        self._recorder = _Recorder(network, self, names, require_count(every, "every"))
        self._around = observed([network, *self._recorder.wanted.objects], self._recorder, METHODS)
        self._around.__enter__()

    def stop(self) -> None:
        """End the recording; the lists stay."""
        if self._around is not None:
            self._around.__exit__(None, None, None)
            self._around = None

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *raised) -> None:
        self.stop()

    def __missing__(self, name):
        own = self._recorder.places.own_name(name) if isinstance(name, str) else name
        if own not in self:
            raise UnknownName(name, self)
        return self[own]


class _Recorder(Narrator):
    """Listens for what is wanted, and appends it to the lists."""

    def __init__(self, network, lists, names, every):
        super().__init__(network, self._note)
        self.wanted = Wanted(self.places, names)
        self._want(self.wanted, self.wanted.places)
        self._with_errors = bool(self.wanted.errors - {self.places.error})
        self._lists, self._every, self._start = lists, every, network._update_count
        self._measuring = False
        for name, parameter in self.places.parameters.items():
            if self.wanted(name):
                lists[name] = [parameter.value]
        self._measure()

    def entered(self, method, arguments):
        if not self._measuring:
            super().entered(method, arguments)

    def changed(self, thing, attribute, old, new):
        if not self._measuring:
            super().changed(thing, attribute, old, new)

    def left(self, method):
        if not self._measuring:
            super().left(method)
            if method == "_move":
                self._measure()

    def counts(self, name, old, new, update):
        return (update - self._start) % self._every == 0 and self.wanted.at(name, update)

    def _note(self, event):
        if event.name != self.places.error:
            self._lists.setdefault(event.name, []).append(event.value)

    def _measure(self):
        """Append E_total as the network stands, and leave the neurons as they were."""
        network, error = self.network, self.places.error
        if not self.wanted(error) or (network._update_count - self._start) % self._every:
            return
        self._measuring = True
        neurons = network.inputs + network.neurons
        before = [(each, name, getattr(each, name)) for each in neurons for name in OF_A_PASS]
        try:
            self._lists.setdefault(error, []).append(network.total_error())
        finally:
            for each, name, value in before:
                setattr(each, name, value)
            self._measuring = False


# A training told


def trace(network, inputs, targets, updates, keep) -> Iterator[Event]:
    """See `NeuralNetwork.trace`."""
    if (inputs is None) != (targets is None):  # what is missing is refused, as too few numbers
        inputs, targets = ([] if each is None else each for each in (inputs, targets))
    return _told(network, inputs, targets, require_count(updates, "updates"), keep)


def _told(network, inputs, targets, updates, keep):
    told: list = []  # of one update: Events, and what was set as (object, attribute, old, new)
    narrator = Narrator(network, told.append, seen=lambda *change: told.append(change))
    before, is_over = _state(network), False
    try:
        for _ in range(updates):
            failure = _update_once(network, inputs, targets, narrator, told)
            for thing, attribute, old, _ in (each for each in reversed(told) if isinstance(each, tuple)):
                setattr(thing, attribute, old)
            for each in told:
                if isinstance(each, Event):
                    yield each
                else:
                    thing, attribute, _, new = each
                    setattr(thing, attribute, new)
            told.clear()
            if failure is not None:
                raise failure
        is_over = True
    finally:
        if not (is_over or keep):
            for thing, attribute, value in before:
                setattr(thing, attribute, value)


def _update_once(network, inputs, targets, narrator, told):
    """Make one update while the narrator listens; return the exception that ended it, or None."""
    rule, state = network.update_rule, dict(network.update_rule.state)
    objects = [network, *network.inputs, *network.neurons, *network.parameters]
    try:
        with observed(objects, narrator, METHODS):
            if inputs is None:
                network.gradients(network.next_batch())
            else:
                network.feed_forward(inputs)
                network.backpropagate(targets)
            if network.learning_rate is not None:
                network._move(None)
    except Exception as raised:
        return raised
    finally:
        told.append((rule, "state", state, dict(rule.state)))
    return None


def _state(network):
    """Everything that a training changes, as (object, attribute, value)."""
    batches = network._batches
    if batches is not None:
        network._batches, batches = tee(batches)
    kept = [(network, "_batches", batches), (network.update_rule, "state", dict(network.update_rule.state))]
    counted = ("_update_count", "batches_taken", "_gradients_of_one_sample")
    kept += [(network, each, getattr(network, each)) for each in counted]
    kept += [(each, "out", each.out) for each in network.inputs]
    places = [(each, name) for each in network.neurons for name in OF_A_PASS]
    places += [(each, name) for each in network.parameters for name in ("value", "gradient")]
    return kept + [(each, name, getattr(each, name)) for each, name in places]
