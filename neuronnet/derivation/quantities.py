"""The derivation of one pass over a network's samples: its quantities, their formulas and values.

The rows are formulas and are evaluated as formulas, apart from the neuron objects; a test demands that both
agree to the last bit. Only the state after many updates comes from training the objects.
"""

import re
from decimal import Decimal
from typing import Any

from neuronnet.derivation.digits import finite
from neuronnet.derivation.layer_formulas import starting_state
from neuronnet.derivation.passes import Pass
from neuronnet.derivation.rows import Quantity, Rows
from neuronnet.description.reading import read
from neuronnet.errors import NeuronnetError, shortened
from neuronnet.formulas.evaluating import evaluator
from neuronnet.names import after, in_sample, partial_name, split_index, update_of
from neuronnet.render import text

MOST_ROWS = 20_000
MOST_UPDATES = 10_000_000
MOST_EXACT_UPDATES = 20
ROUNDINGS = 8
_COUNT = re.compile("[1-9][0-9]{0,8}")


class Derivation(Rows):
    """The quantities of a network's pass, of the update it leads to, and of the state after that.

    `quantities` are the rows in order; `given` the numbers they start from, by name; all in the type
    `number`. `derivation["dE_total/dw5"]` is the Quantity of that name: a row, a given number, or the
    derivative of one quantity of the pass by another. `updates` adds the state after that many updates, made
    from the samples in their order.
    """

    keeps_infinite = True

    def __init__(self, description, number: type = float, updates: int = 1):
        """`description` is what `neuronnet.load` takes, or a NeuralNetwork.

        Raises SpecError for a bad description, NeuronnetError if it has no sample or too many quantities.
        """
        self.description = read(description)
        self._refuse_unsuitable(updates)
        layers = self.description.layers
        self._frozen = {
            name
            for name, layer, is_bias in self.description.names.parameters()
            if is_bias and not layers[layer].train_bias
        }
        super().__init__(self._given_numbers(), number)
        self._pass = Pass(self.description, self.given)
        self._deltas = self._names_of_deltas()
        self._trained = None  # the NeuralNetwork of a long training, and how many updates it has made
        self._made = 0
        textbook = self._pass.textbook_slopes()
        self._keep_digits(0)
        for name, expression, part in self._pass.forward():
            self.add(name, expression, part, textbook.get(name))
        first = next(self.description.batches())
        self._record_all(self._pass.backward(first))
        self._update = [] if self.description.learning_rate is None else list(self._pass.update(first))
        self._updated = {name: split_index(name)[0] for name, *_ in self._update}
        self._moved = [base for base in self._updated.values() if base in self.given]
        if updates >= 1 and self._moved:
            self._record_all(self._update)
            self._record_forward(1)
        if updates > 1:
            self._record_parameters_after(updates)
            self._record_forward(updates)

    def __getitem__(self, name: str) -> Quantity:
        own = self.own_name(name)
        if own not in self._by_name and self._is_later(own):
            updates = update_of(own)
            if updates == 1:
                self._record_all(self._update, listed=False)
            elif after(self._moved[0], updates) not in self._by_name:
                self._record_parameters_after(updates, listed=False)
            if own not in self._by_name:
                self._record_forward(updates, listed=False)
        return super().__getitem__(name)

    def __contains__(self, name: str) -> bool:
        return super().__contains__(name) or self._is_later(self.own_name(name))

    def own_name(self, name: str) -> str:
        """`name` as the rows have it: delta_x for dE_total/dnet_x, a frozen bias without its update."""
        if name in self._by_name or name in self.given:
            return name
        own = self.description.names.standard(name)
        base, index = split_index(own)
        if index.startswith("@") and base in self._frozen:
            return base
        return self._deltas.get(own, own)

    def _names_of_deltas(self):
        """dE_total/dnet_x -> delta_x, for every neuron and sample."""
        of = self._pass.names_of
        return {
            partial_name(self._pass.error_of(sample), net): delta
            for sample in self._pass.samples
            for layer in range(len(self._pass.layers))
            for net, delta in zip(of("net", layer, sample), of("delta", layer, sample))
        }

    def _is_later(self, name):
        """Whether `name` is that of a quantity after some number of updates, which can still be computed."""
        base, _, count = name.partition("@")
        if self.description.learning_rate is None or not _COUNT.fullmatch(count) or int(count) > MOST_UPDATES:
            return False
        return base in self.formulas or (name in self._updated if count == "1" else base in self._moved)

    # Rows

    def _record_all(self, rows, listed=True):
        for name, expression, part in rows:
            self.record(name, expression, part, listed)

    def _record_forward(self, updates, listed=True):
        """The forward pass with the parameters after so many updates."""
        self._keep_digits(updates)
        self._record_all(self._pass.forward(updates, _after(updates)), listed)

    def _keep_digits(self, updates):
        for formula, other in self._pass.without_cancellation(updates):
            self.evaluate_as(formula, other)

    def _record_parameters_after(self, updates, listed=True):
        """The parameters and the state of the update rule, after so many updates of the neuron objects."""
        from neuronnet.network import NeuralNetwork  # objects are loaded for a long training alone

        if self._trained is None or self._made >= updates:
            self._trained, self._made = NeuralNetwork.from_dict(self.description, self.number), 0
        self._trained.fit(updates - self._made)
        self._made = updates
        values = self._trained.update_rule.state | {
            parameter.name: parameter.value for parameter in self._trained.trainable
        }
        for base in self._moved:
            name = after(base, updates)
            self._values[name] = self._as_given[name] = values[base]
            self._keep(name, None, _after(updates), listed)

    # What a derivation starts from

    def _given_numbers(self):
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
        trained = [name for name, _, _ in names.parameters() if name not in self._frozen]
        given.update(starting_state(description.update.rule, trained), **description.update.settings)
        return given

    def _refuse_unsuitable(self, updates):
        if not isinstance(updates, int) or not 0 <= updates <= MOST_UPDATES:
            raise NeuronnetError(
                f"updates: found {shortened(updates)}; allowed are whole numbers from 0 to {MOST_UPDATES}"
            )
        if updates > 1 and self.description.learning_rate is None:
            raise NeuronnetError(f"{updates} updates: the network's description has no learning_rate")
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


class Explanation:
    """A quantity of a derivation: `name`, `formula` (None for a given number), `value`, and its `factors`.

    The value is the one that is printed, in every digit: -4.248354255291589e-18 for `out - target` where out
    is close to 1. The factors are the Quantities that the formula names; `print` shows them.
    """

    def __init__(self, derivation: Derivation, name: str):
        """Raises UnknownName, which carries the nearest names."""
        self.derivation = derivation
        self.quantity = derivation[name]
        self.name, self.formula = self.quantity.name, self.quantity.formula
        self.value = derivation.printed_value(self.quantity)
        self.factors = derivation.factors_of(self.quantity)

    def __str__(self) -> str:
        return text.explanation(self.quantity, self.factors, self.derivation)

    def __repr__(self) -> str:
        return f"Explanation {text.row(self.quantity, self.derivation)}"


def explain(network: Any, name: str) -> Explanation:
    """The Explanation of one quantity of a network's pass, or of a derivative `dA/dB` between two of them.

    `network` is a NeuralNetwork, or what `neuronnet.load` takes. Raises UnknownName, which carries the
    nearest names.
    """
    return Explanation(Derivation(network), name)


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
