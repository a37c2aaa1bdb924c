"""Events: a training told quantity by quantity, each with its formula, as the objects compute it.

    for event in network.trace():
        print(event)              net_h1 = w1*i1 + w2*i2 + b1 = 0.15*0.05 + 0.2*0.1 + 0.35 = 0.377500000

A Narrator listens to an observed network. The formulas are the rows of a derivation; the values are those
that the objects keep, and a quantity that no object keeps is evaluated from its formula.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Expression
from neuronnet.formulas.rewriting import with_names
from neuronnet.names import BATCH_ERROR, after, partial_name, split_index
from neuronnet.render.text import as_given, equation, nine_decimals
from neuronnet.stepping.places import Places

# The methods of a network in which something is computed.
METHODS = "gradients total_error _run_forward error _backpropagate_sample _add_l2_gradients _move".split()
BY_HAND = "by hand"  # the phase of what is set outside of them
OF_A_PASS = ("net", "out", "E", "dE_dout", "dout_dnet", "delta")


@dataclass(frozen=True)
class Event:
    """A quantity just computed; `str` of it is name = formula = the same in numbers = value.

    `name` and `formula` are in the network's names, `net_h1[2]` in sample 2; `factors` holds the value of
    each name in the formula. `phase` is "forward", "error", "backward" or "update", or "by hand" for what is
    set outside of a pass, which has no formula. `update` counts updates, so that `full_name` is the name in a
    derivation: `w5@3` is set by the third update, and `dE_total/dw5@3` belongs to the pass after it. `neuron`
    and `weight` (also a bias) name what the quantity is about, or are None.
    """

    name: str
    value: Any
    old: Any
    phase: str
    update: int
    sample: int | None = None
    neuron: str | None = None
    weight: str | None = None
    expression: Expression | None = field(default=None, repr=False)
    factors: dict[str, Any] = field(default_factory=dict, repr=False)
    written: frozenset = field(default=frozenset(), repr=False)

    @property
    def full_name(self) -> str:
        """The name of the value in the derivation of a whole training, such as `w5@3`."""
        return after(self.name, self.update)

    @property
    def formula(self) -> str | None:
        """The formula in names, as text."""
        return None if self.expression is None else self.expression.format()

    @property
    def numbers(self) -> str | None:
        """The formula in numbers: given ones as they were written, others with nine decimals."""
        return None if self.expression is None else self.expression.format(self._number)

    def _number(self, name):
        return (as_given if name in self.written else nine_decimals)(self.factors[name])

    def __str__(self) -> str:
        return equation(self.name, self.formula, self.numbers, nine_decimals(self.value))


class Narrator:
    """Makes Events of what an observed network reports, and hands each to `tell`.

    It tells every quantity, if not wanted otherwise. `seen` is called with every attribute that is set.
    `with_errors` has each backward pass compute its error first, which a training itself does not need.
    """

    def __init__(self, network, tell, with_errors=True, seen=None):
        self.network, self.places = network, Places(network)
        self._tell, self._with_errors, self._seen = tell, with_errors, seen
        self._want(lambda name: True, self.places.all())
        self._number = type(network.weights[0].value)
        self._running: list[str] = []  # methods, the innermost last
        self._times: dict[tuple, int] = {}  # how often a place was set since a method began or ended
        self._batch, self._turn = self.places.own_batch, 0
        self._sample = self.places.single
        self._eta, self._state = network.learning_rate, {}
        self._of_samples: dict[str, Any] = {}  # errors and gradients of single samples, for their totals
        self._last: dict[str, Any] = {}  # what was told before

    def _want(self, wanted, places):
        """Tell what `wanted(name)` says, which comes with what is set in these places."""
        self._wanted, self._at = wanted, frozenset(places)
        things = {thing for thing, _ in self._at}
        self._parameters = [each for each in self.network.parameters if each in things]

    # What the network reports

    def entered(self, method, arguments):
        network, first = self.network, arguments[0] if arguments else None
        self._running.append(method)
        self._times.clear()
        if method in ("gradients", "total_error"):
            self._of_samples.clear()
            self._batch, self._turn = self.places.batch(network.samples if first is None else list(first)), 0
        elif method == "_run_forward":
            together = "gradients" in self._running or "total_error" in self._running
            number = self._batch.numbers[self._turn] if together else None
            self._sample = self.places.sample(number)
            self._turn += together
        elif method in ("error", "_backpropagate_sample"):
            self._sample = self.places.sample(self._sample.number, network._checked_targets(first))
            if method == "_backpropagate_sample" and self._with_errors:
                network.error(first)
        elif method == "_move":
            self._eta = network.learning_rate if first is None else first
            self._state = dict(network.update_rule.state)
            if network._gradients_of_one_sample:
                self._batch = self.places.single_batch

    def left(self, method):
        self._running.pop()
        self._times.clear()
        sample, batch = self._sample, self._batch
        if sample.number is None:
            return
        if method == "_backpropagate_sample":
            for parameter in self._parameters:
                self._of_samples[partial_name(sample.error, parameter.name)] = parameter.gradient
        elif method == "error" and batch.is_whole and self._wanted(self.places.error):
            self._of_samples[sample.error] = _Values(self)[sample.error]
            if self._turn == len(batch.numbers):
                self._tell_all(batch.total_error_rows, _Values(self))

    def changed(self, thing, attribute, old, new):
        if self._seen is not None:
            self._seen(thing, attribute, old, new)
        place, method = (thing, attribute), self._running[-1] if self._running else None
        if new is None or place not in self._at:
            return
        self._times[place] = self._times.get(place, 0) + 1
        if attribute == "value":
            self._last[thing.name] = old
        if method is None:
            self._tell_by_hand(place, old, new)
        elif self._times[place] == self.places.times(place, method):
            rows = self._rows_of(place, method)
            if any(self._wanted(row.base) for row in rows):
                own = {f"{thing.name}@1": new, thing.name: old} if method == "_move" else {}
                self._tell_all(rows, _Values(self, own))

    def _rows_of(self, place, method):
        """The rows that are told when a method sets a place; a gradient is told by whoever sets it last."""
        thing, attribute = place
        if attribute != "gradient":
            return (self._batch if method == "_move" else self._sample).rows_at(place)
        one, with_l2 = self._sample.number is None, self.places.has_l2 and thing.neuron is not None
        last = {
            "_backpropagate_sample": not (one and with_l2),
            "gradients": not (one or with_l2),
            "_add_l2_gradients": True,
        }.get(method, False)
        if not last:
            return ()
        if one or method == "_backpropagate_sample":
            return self._sample.rows_at(place)
        return self._batch.rows_at(place) if self._batch.is_whole else ()

    # Telling

    def _tell_all(self, rows, values):
        for row in rows:
            value = values.of(row)
            name = row.base
            if self._wanted(name):
                old, self._last[name] = self._last.get(name), value
                update = self.network._update_count + (row.phase == "update")
                if self.counts(name, old, value, update):
                    self._tell(self._event(name, row, values, old, update))

    def counts(self, name, old, new, update):
        """Whether to make an Event of a quantity that is wanted."""
        return True

    def _event(self, name, row, values, old, update):
        made, formula = self.network._update_count, row.formula
        factors = {each: values[each] for each in formula.names()}
        written = frozenset(each for each in factors if self._is_written(each, made, values))
        if row.phase == "update" and any(each.endswith("@1") for each in factors):
            formula = with_names(formula, lambda each: _later(each, update))
            factors = {_later(each, update): value for each, value in factors.items()}
        sample = self._sample.number if f"[{self._sample.number}]" in name else None
        about, value = self.places.about(name), values[row.name]
        return Event(name, value, old, row.phase, update, sample, *about, formula, factors, written)

    def factors_of_gradient(self, event):
        """Of an update, the gradient that it uses, by the error of its samples, and each factor of that; else
        nothing.
        """
        if event.phase != "update" or event.weight is None:
            return {}
        place = (self.places.parameters[event.weight], "gradient")
        of_sample = self._sample.number is None
        row = (self._sample if of_sample else self._batch).rows_at(place)[-1]
        values, is_whole = _Values(self), of_sample or self._batch.is_whole
        name = partial_name(self.places.error if is_whole else BATCH_ERROR, event.weight)
        return {name: place[0].gradient} | {each: values[each] for each in row.formula.names()}

    def _tell_by_hand(self, place, old, new):
        name = self.places.name_of(place)
        update = self.network._update_count
        if self._wanted(name):
            self._last[name] = new
            if self.counts(name, old, new, update):
                self._tell(Event(name, new, old, BY_HAND, update, None, *self.places.about(name)))

    def _is_written(self, name, made, values):
        """Whether a value is a given number, to be shown as it was written."""
        parameter = self.places.parameters.get(name)
        if parameter is not None:
            return made == 0 or not parameter.trainable
        return name in values.given or name in self._sample.inputs


def _later(name, update):
    return after(split_index(name)[0], update) if name.endswith("@1") else name


class _Values(dict):
    """The values at one moment, name -> value, each found when it is asked for; `own` are known before."""

    def __init__(self, narrator, own=()):
        super().__init__(own)
        self._narrator = narrator

    def __missing__(self, name):
        narrator, sample = self._narrator, self._narrator._sample
        place = sample.places.get(name) or narrator.places.gradients.get(name)
        if name in narrator._of_samples:
            value = narrator._of_samples[name]
        elif place is not None:
            value = getattr(*place)
        elif name in narrator.places.parameters:
            value = narrator.places.parameters[name].value
        elif name in sample.inputs:
            value = sample.inputs[name].out
        elif name in self.given:
            value = self.given[name]
        elif name.endswith("@1") and name[:-2] in narrator.network.update_rule.state:
            value = narrator.network.update_rule.state[name[:-2]]
        elif (row := sample.by_name.get(name)) is not None:
            value = self.of(row)
        else:
            value = narrator._state.get(name, narrator.places.start[name])
        self[name] = value
        return value

    @cached_property
    def given(self):
        """What is neither computed nor an input: targets, rates and the settings of the update rule."""
        narrator, names = self._narrator, self._narrator.places.names
        rates = {names.rate: narrator._eta, names.l2: narrator.network.l2}
        return narrator._sample.given | rates | narrator.network.update_rule.settings

    def of(self, row):
        """The value of a row, as an object keeps it or else from its formula."""
        narrator = self._narrator
        is_kept = row.name in self or row.name in narrator._sample.places
        if not is_kept and not (row.phase == "update" and row.base in narrator.network.update_rule.state):
            self[row.name] = evaluator(row.evaluated, narrator._number)(self)
        return self[row.name]


@contextmanager
def observed(objects, listener, methods=()):
    """Let every object report to a listener, and the calls of the `methods` that it has by name.

    `changed(object, attribute, old, new)` follows each attribute that is set; what it returns, functions, is
    called in the frame next to the one that set it. `entered(method, arguments)` and `left(method)` stand
    around each call. Observers may overlap and end in any order.
    """
    made = {}
    try:
        for each in objects:
            _change_class(each, made, methods, lambda listeners: [*listeners, listener])
        yield
    finally:
        made = {}
        for each in objects:
            _change_class(
                each, made, methods, lambda listeners: [one for one in listeners if one is not listener]
            )


def _change_class(each, made, methods, changed):
    """Give an object the class for its changed listeners; `made` holds the classes made so far."""
    old = type(each)
    if old not in made:
        base, listeners, reported = vars(old).get("_observed", (old, (), ()))
        listeners = tuple(changed(listeners))
        reported = tuple(dict.fromkeys((*reported, *(name for name in methods if hasattr(base, name)))))
        made[old] = _observing(base, listeners, reported) if listeners else base
    object.__setattr__(each, "__class__", made[old])


def _observing(base, listeners, methods):
    """A class like `base` whose objects report to listeners."""

    def set_and_report(self, attribute, value):
        old = getattr(self, attribute, None)
        base.__setattr__(self, attribute, value)
        for listener in listeners:
            for function in listener.changed(self, attribute, old, value) or ():
                function()

    def copied(self, protocol):
        _, _, *rest = base.__reduce_ex__(self, protocol)
        return (object.__new__, (base,), *rest)  # a copy is observed by nobody

    namespace = {
        "__slots__": (),
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": base.__doc__,
        "__setattr__": set_and_report,
        "__reduce_ex__": copied,
        "_observed": (base, listeners, methods),
    }
    namespace |= {name: _reporting(getattr(base, name), name, listeners) for name in methods}
    return type(base.__name__, (base,), namespace)


def _reporting(method, name, listeners):
    def call(self, *arguments, **options):
        arguments = [list(each) if isinstance(each, Iterator) else each for each in arguments]  # read twice
        for listener in listeners:
            listener.entered(name, (*arguments, *options.values()))
        try:
            return method(self, *arguments, **options)
        finally:
            for listener in listeners:
                listener.left(name)

    return call
