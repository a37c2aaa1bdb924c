"""The derivation of one pass over a network's samples: its quantities, their formulas and values.

The rows are formulas and are evaluated as formulas, apart from the neuron objects; a test demands that both
agree to the last bit. Only the state after many updates comes from training the objects.
"""

from decimal import Decimal
from itertools import islice
from math import inf
from typing import Any

from neuronnet.derivation.digits import finite
from neuronnet.derivation.layer_formulas import starting_state
from neuronnet.derivation.passes import Pass
from neuronnet.derivation.rows import Quantity, Rows
from neuronnet.description.reading import read
from neuronnet.errors import NeuronnetError, counted, shortened
from neuronnet.files import require
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.rewriting import with_names
from neuronnet.names import (
    MOST_UPDATES,
    after,
    in_sample,
    of_one_pass,
    partial_name,
    split_partial,
    split_update,
    update_of,
)
from neuronnet.render import document

MOST_ROWS = 20_000
MOST_EXACT_UPDATES = 20
ROUNDINGS = 8


class Derivation(document.InNotebooks, Rows):
    """The quantities of a network's pass, of the update it leads to, and of the state after that.

    `quantities` are the rows in order; `given` the numbers they start from, by name; all in the type
    `number`. `derivation["dE_total/dw5"]` is the Quantity of that name: a row, a given number, or the
    derivative of one quantity of the pass by another; `derivation["dE_total/dw5@3"]` that of the pass after
    three updates. `updates` adds the state after that many updates, made from the samples in their order;
    `at` makes the rows those of the pass after so many.
    """

    keeps_infinite = True

    def __init__(self, description, number: type = float, updates: int = 1, at: int = 0):
        """`description` is what `neuronnet.load` takes, or a NeuralNetwork.

        Raises SpecError for a bad description, NeuronnetError if it has no sample or too many quantities.
        """
        self.description = read(description)
        self._refuse_unsuitable()
        self._require_updates(updates, updates not in (0, 1))
        self._require_updates(at, at != 0)
        layers = self.description.layers
        frozen = {
            name
            for name, layer, is_bias in self.description.names.parameters()
            if is_bias and not layers[layer].train_bias
        }
        super().__init__(self._given_numbers(frozen), number)
        self._pass = Pass(self.description, self.given)
        self._deltas = self._names_of_deltas()
        self._begun = {0}  # the passes whose parameters are known, by the updates before them
        self._trained, self._made = None, 0  # the NeuralNetwork of a long training, and its updates so far
        self.updated, self.moved = [], set()  # what an update makes, and what of it is the next one's start
        textbook = self._pass.textbook_slopes()
        self._keep_digits(0)
        for name, expression, part in self._pass.forward():
            self.add(name, expression, part, textbook.get(name))
        self._record_all(self._pass.backward(self.batch(0)))
        if self.description.learning_rate is not None:
            self.updated = [split_update(name)[0] for name, *_ in self._pass.update(self.batch(0))]
            self.moved = {base for base in self.updated if base in self.given}
        self.at = at
        if at:
            self._list_pass(at)
        for count in sorted({1, updates} if updates and self.moved and not at else ()):
            made = self.updated if count == 1 else [base for base in self.updated if base in self.moved]
            self._list(made, count, "update" if count == 1 else None)
            self._list(self.formulas, count)

    def __getitem__(self, name: str) -> Quantity:
        own = self.own_name(name)
        if own not in self._by_name:
            plain, count = split_update(own)
            if plain in self._positions and plain not in self._by_name:
                self._record_all(self._pass.backward([self._positions[plain]]), listed=False)
            if count and self._is_later(plain, count):
                self._record_later(own)
        return super().__getitem__(name)

    def __contains__(self, name: str) -> bool:
        own = self.own_name(name)
        return super().__contains__(own) or own in self._positions or self._is_later(*split_update(own))

    @property
    def starts_from(self) -> dict:
        """The given numbers of the pass `at`, by name: parameters after that many updates."""
        return {
            self.later_name(name, self.at): self[self.later_name(name, self.at)].value for name in self.given
        }

    def own_name(self, name: str) -> str:
        """`name` as the rows have it: delta_x for dE_total/dnet_x, dE_total/dw5@3 for dE_total@3/dw5@3.

        What no update changes, such as an input or a frozen bias, has one name for all passes.
        """
        if name in self._by_name or name in self.given:
            return name
        own = self.description.names.standard(name)
        parts = split_partial(own)
        if parts is not None:
            own = of_one_pass(*parts)
        plain, count = split_update(own)
        return self.later_name(self._deltas.get(plain, plain), count)

    def name_at(self, name: str, at: int) -> str:
        """The name of a quantity in the pass after `at` updates; of the first, `name` itself.

        Raises NeuronnetError for a name that says another number of updates itself.
        """
        self._require_updates(at, at != 0)
        if not at:
            return name
        plain, count = split_update(self.own_name(name))
        if count not in (0, at):
            found = f"{shortened(name)} is what it is after {counted(count, 'update')}"
            raise NeuronnetError(f"at {at}: {found}; give {shortened(plain)}, or leave out at")
        return self.later_name(plain, at)

    def later_name(self, name: str, updates: int) -> str:
        """The name, in the pass after so many updates, of what has it in the first pass."""
        plain, count = split_update(name)
        is_one_for_all = plain in self.given and plain not in self.moved
        return plain if is_one_for_all else after(plain, count + updates)

    def _names_of_deltas(self):
        """dE_total/dnet_x -> delta_x, for every neuron and sample; `_positions` has the sample of each."""
        of, found, self._positions = self._pass.names_of, {}, {}
        for position, sample in enumerate(self._pass.samples):
            for layer in range(len(self._pass.layers)):
                deltas = of("delta", layer, sample)
                self._positions.update(dict.fromkeys(deltas, position))
                for net, delta in zip(of("net", layer, sample), deltas):
                    found[partial_name(self._pass.error_of(sample), net)] = delta
        return found

    def _is_later(self, plain, count):
        """Whether there is such a quantity after some number of updates, which can still be computed."""
        if not 1 <= count <= MOST_UPDATES or not self.moved:
            return False
        if plain in self.updated:
            return True
        return plain in self._by_name or plain in self._positions or self._is_derivative(plain)

    def _document(self):
        return document.of_derivation(self)

    # Rows

    def _record_all(self, rows, listed=True):
        for name, expression, part in rows:
            self.record(name, expression, part, listed)

    def _list(self, names, updates, part=None):
        """Add quantities of a pass, by their names in the first, to the list."""
        for name in names:
            self.quantities.append(self[after(name, updates)]._replace(part=part or _after(updates)))

    def _list_pass(self, at):
        """Let `quantities` be those of the pass after so many updates, and of the update that it leads to."""
        self.quantities = []
        for name, _, part in [*self._pass.forward(), *self._pass.backward(self.batch(at))]:
            self._list([name], at, part)
        self._list(self.updated, at + 1, "update")
        self._list(self.formulas, at + 1)

    def _record_later(self, name):
        """Keep a quantity of a later pass, by its formula in the first, and all that it is computed from."""
        needed = [name]
        while needed:
            plain, count = split_update(needed[-1])
            self._begin(count)
            if needed[-1] not in self._by_name:
                formula = self._in_pass(self[plain].expression, count)
                missing = [
                    each for each in formula.names() if each not in self._by_name and each not in self.given
                ]
                if missing:
                    needed += missing
                    continue
                self.record(needed[-1], formula, _after(count), listed=False)
            needed.pop()

    def _begin(self, updates):
        """Keep what an update makes: of the first by its formulas, later on as the neuron objects have it."""
        if updates in self._begun:
            return
        values = {} if updates == 1 else self._trained_for(updates)  # which a limit may refuse
        self._begun.add(updates)
        self._keep_digits(updates)
        for name, first, _ in self._pass.update(self.batch(updates - 1)):
            formula, base = self._in_pass(first, updates - 1), split_update(name)[0]
            own = self.later_name(base, updates)
            if base in values:
                self._values[own] = self._as_given[own] = values[base]
                self._keep(own, formula, _after(updates), listed=False)
            else:
                self.record(own, formula, _after(updates), listed=False)

    def _in_pass(self, formula, updates):
        return with_names(formula, lambda each: self.later_name(each, updates)) if updates else formula

    def _keep_digits(self, updates):
        for formula, other in self._pass.without_cancellation():
            self.evaluate_as(self._in_pass(formula, updates), self._in_pass(other, updates))

    def batch(self, updates: int) -> list[int]:
        """The positions of the samples that the update after so many rests on."""
        return next(islice(self.description.batches(), updates, None))

    def _trained_for(self, updates):
        """The parameters and the state of the update rule, after so many updates of the neuron objects."""
        work = updates * self.description.weight_count * len(self.batch(0))
        require("multiplications", work, f"{counted(updates, 'update')} of this network")
        from neuronnet.network import NeuralNetwork  # objects are loaded for a long training alone

        if self._trained is None or self._made > updates:
            self._trained, self._made = NeuralNetwork.from_dict(self.description, self.number), 0
        self._trained.fit(updates - self._made)
        self._made = updates
        values = {parameter.name: parameter.value for parameter in self._trained.trainable}
        return self._trained.update_rule.state | values

    # What a derivation starts from

    def _given_numbers(self, frozen):
        """Every number that a pass starts from, by name, as the description has it."""
        description, names = self.description, self.description.names
        given = {}
        for layer, rows, biases in zip(description.layers, names.weights, names.biases):
            for row, row_names in zip(layer.weights, rows):
                given.update(zip(row_names, row))
            if biases is not None:
                given.update(zip(biases, layer.neuron_biases))
        samples = description.samples
        for number, sample in enumerate(samples, 1):
            index = None if len(samples) == 1 else number
            targets = [names.of("target", neuron) for neuron in names.layers[-1]]
            for name, value in zip([*names.inputs, *targets], sample.inputs + sample.targets):
                given[in_sample(name, index)] = value
        if description.learning_rate is not None:
            given[names.rate] = description.learning_rate
        given[names.l2] = description.l2
        trained = [name for name, _, _ in names.parameters() if name not in frozen]
        given.update(starting_state(description.update.rule, trained) | dict(description.state))
        given.update(description.update.settings)
        return given

    def _require_updates(self, updates, needs_rate):
        if not isinstance(updates, int) or not 0 <= updates <= MOST_UPDATES:
            raise NeuronnetError(
                f"updates: found {shortened(updates)}; allowed are whole numbers from 0 to {MOST_UPDATES}"
            )
        if needs_rate and self.description.learning_rate is None:
            found = counted(updates, "update")
            raise NeuronnetError(f"{found}: the network's description has no learning_rate")

    def _refuse_unsuitable(self):
        samples = len(self.description.samples)
        if not samples:
            raise NeuronnetError("a derivation needs at least one [[sample]] in the network's description")
        if not is_small(self.description):
            raise NeuronnetError(
                f"a derivation of this network and {samples} samples has more than {MOST_ROWS} rows; "
                f"derive one of them (--sample 1), or describe fewer"
            )


def _after(updates):
    return "after one update" if updates == 1 else f"after {updates} updates"


class Explanation(document.InNotebooks):
    """A quantity of a derivation: `name`, `formula` (None for a given number), `value`, and its `factors`.

    The value is the one that is printed, in every digit: -4.248354255291589e-18 for `out - target` where out
    is close to 1. The factors are the Quantities that the formula names; `print` shows them.
    """

    def __init__(self, derivation: Derivation, name: str, at: int = 0):
        """Raises UnknownName, which carries the nearest names."""
        self.derivation = derivation
        self.quantity = derivation[derivation.name_at(name, at)]
        self.name, self.formula = self.quantity.name, self.quantity.formula
        self.value = derivation.printed_value(self.quantity)
        self.factors = derivation.factors_of(self.quantity)

    def __str__(self) -> str:
        return document.explained(self._document(), 0, inf)

    def _document(self):
        return document.of_derivation(self.derivation, self.name)

    def __repr__(self) -> str:
        return f"Explanation {document.of_quantity(self.quantity, self.derivation)}"


def explain(network: Any, name: str, at: int = 0) -> Explanation:
    """The Explanation of one quantity of a network's pass, or of a derivative `dA/dB` between two of them.

    `network` is a NeuralNetwork, or what `neuronnet.load` takes; `at` says how many updates of it come before
    the pass: `explain(network, "dE_total/dw5", at=3)` is that of `dE_total/dw5@3`. Raises UnknownName, which
    carries the nearest names, and NeuronnetError where `at` is no number of updates.
    """
    return Explanation(Derivation(network, updates=0), name, at)


class Exact:
    """A network's derivation in Decimals; a state after more than 20 updates comes from a run in binary64."""

    def __init__(self, description):
        """Raises what Derivation raises."""
        self.derivation = Derivation(description, Decimal)
        self._binary = None

    def value(self, expression):
        """The value of an Expression over the derivation's names, a Decimal. Raises NeuronnetError."""
        return self._value(expression, self.of)

    def of(self, name):
        """The value of one quantity, a Decimal."""
        if is_late(name):
            return self._in_binary64(name)
        return finite(lambda: self.derivation[name].value, name)

    def rounding(self, expression):
        """How far from the exact value a computation in binary64 may end: eight times as far as one does."""
        return ROUNDINGS * abs(self._value(expression, self._in_binary64) - self.value(expression))

    def _value(self, expression, of):
        values = {name: of(name) for name in expression.names()}
        return finite(lambda: evaluator(expression, Decimal)(values), expression)

    def _in_binary64(self, name):
        """The value of one quantity in a run in binary64, as a Decimal."""
        if self._binary is None:
            self._binary = Derivation(self.derivation.description)
        return finite(lambda: Decimal(repr(self._binary[name].value)), name)


def is_late(name):
    """Whether a name is that of a state after more than 20 updates."""
    return update_of(name) > MOST_EXACT_UPDATES


def is_small(description):
    """Whether a derivation of this network, all its samples included, has a bearable number of rows."""
    return 0 < 2 * description.weight_count * len(description.samples) <= MOST_ROWS
