"""Stopping: a debugger opens when a quantity of a network changes, whichever debugger `breakpoint()` opens.

    with network.stop_when("w5"):
        network.fit(5)

It stops in `stopped` below, where the numbers behind the change are local variables; two frames up is the
line of the pass that set the value.
"""

import re
import sys
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple

from neuronnet.errors import NeuronnetError, UnknownName, require_count, shortened
from neuronnet.stepping.events import BY_HAND, METHODS, Narrator
from neuronnet.stepping.observing import observed


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
            raise NeuronnetError(
                f"the name of a quantity: found {shortened(text)}; it is a text such as 'w5'"
            )
        rest, update = re.fullmatch(r"(.*?)(?:@(\d{1,9}))?", text.strip(), re.DOTALL).groups()
        sample = "".join(dict.fromkeys(re.findall(r"\[\d+\]", rest)))
        name = self._names.own_name(re.sub(r"\[\d+\]", "", rest))
        pattern = Pattern(name, sample, int(update) if update else None)
        samples = {f"[{number}]" for number in self._names.own_batch.numbers}
        if not any(map(pattern.fits, known)) or sample not in {"", *samples}:
            raise UnknownName(text, [*known, *self._names.attributes()])
        return pattern
