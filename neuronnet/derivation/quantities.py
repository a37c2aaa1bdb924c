"""The derivation of one pass: every quantity with its formula and its value, evaluated from the formulas
alone.

It is built from the description of a network and does not look at the neuron objects; a test demands that
both agree to the last bit. What else may be asked for, the derivative of any quantity by any other, follows
from the chain rule.
"""

import re
from typing import NamedTuple

from neuronnet.derivation.graph import chain_rule, on_the_way
from neuronnet.derivation.layer_formulas import starting_state
from neuronnet.derivation.passes import Pass
from neuronnet.description.reading import as_number, read
from neuronnet.errors import NeuronnetError, UnknownName, shortened
from neuronnet.formulas.expressions import Expression
from neuronnet.formulas.parsing import parse
from neuronnet.names import after, in_sample, partial_name, spelled_out, split_index, split_partial

# --- A training by its formulas alone: update after update, only what an update needs, and the parameters it
# leaves.


class LongRun:
    """The training of one Pass from its given numbers; it goes on from where it stopped."""

    def __init__(self, rows, given, number, batches):
        """`rows` is a Pass, `given` name -> number in the type `number`, `batches` the samples of each
        update in turn.
        """
        self._pass, self._number, self._batches = rows, number, batches
        self._given = given
        self._values = dict(given)
        self._programs = {}
        self.made = 0

    def go_on_to(self, updates):
        """Make updates until there are as many in all, more than now; return {parameter: its value after
        them} in the order of the rows.
        """
        for _ in range(updates - self.made):
            batch = tuple(next(self._batches))
            if batch not in self._programs:
                self._programs[batch] = self._program(batch)
            steps, moved = self._programs[batch]
            for name, evaluate in steps:
                self._values[name] = evaluate(self._values)
            for name, new in moved:
                self._values[name] = self._values[new]
            self.made += 1
        return {name: self._values[name] for name, _ in moved}

    def _program(self, batch):
        """What one update from `batch` computes: [(name, evaluator)], and [(parameter, its name after the
        update)].
        """
        update = list(self._pass.update(batch))
        rows = list(self._pass.forward()) + list(self._pass.backward(batch)) + update
        needed, steps = {name for name, _, _ in update}, []
        for name, expression, _ in reversed(rows):
            if name in needed:
                needed.update(expression.names())
                steps.append((name, expression.evaluator(self._number)))
        moved = [(split_index(name)[0], name) for name, _, _ in update]
        return steps[::-1], [(name, new) for name, new in moved if name in self._given]


# --- The derivation of one pass: every quantity with its formula and its value, evaluated from the formulas
# alone.


MOST_ROWS = 20_000
MOST_UPDATES = 10_000_000
_COUNT = re.compile("[1-9][0-9]{0,8}")


class Quantity(NamedTuple):
    """One row: its name, its formula (None for a given number), its value, and the part of the pass it
    belongs to.
    """

    name: str
    expression: Expression | None
    value: object
    part: str

    @property
    def formula(self):
        """The formula in names, as text, or None."""
        return None if self.expression is None else self.expression.format()


class Derivation:
    """The quantities of the pass over a network's samples, of the update it leads to, and of the state after
    it.

    `quantities` are the rows in order; `given` the numbers they start from, by name; all in the type
    `number`. `derivation["dE_total/dw5"]` is the Quantity of that name: a row, a given number, or the
    derivative of one quantity of the pass by another. `updates` adds the state after that many updates, made
    from the samples in their order.
    """

    def __init__(self, description, number=float, updates=1):
        """`description` is what `spec.read` takes, or a NeuralNetwork. Raises SpecError for a bad
        description, NeuronnetError when it has no sample or too many quantities.
        """
        self.description = read(description)
        self.number = number
        self.names = self.description.names
        self._refuse_unsuitable_updates(updates)
        self.quantities = []
        self._by_name = {}
        self._refuse_unsuitable()
        self.given = self._given_numbers()
        self._values = dict(self.given)
        self._pass = Pass(self.description, self.names, self.given)
        self._partials = dict(self._pass.partials())
        self._deltas = self._names_of_deltas()
        self._run = None
        self._frozen = {
            name
            for name, layer, is_bias in self._pass.parameters()
            if is_bias and not self.description.layers[layer].train_bias
        }

        self._record(self._pass.forward())
        first = next(self.description.batches())
        self._record(self._pass.backward(first))
        if self.description.learning_rate is not None:
            if updates >= 1:
                self._record(self._pass.update(first))
                self._record(self._pass.forward(1, "after one update"))
            if updates > 1:
                self._record_state_after(updates)

    def __getitem__(self, name):
        own = self.own_name(name)
        if own in self._by_name:
            return self._by_name[own]
        if own in self.given:
            return Quantity(own, None, self.given[own], "given")
        if self._is_later(own):
            self._record_state_after(int(own.partition("@")[2]), listed=False)
            return self._by_name[own]
        if not self._is_partial(own):
            raise UnknownName(name, self.all_names())
        numerator, denominator = split_partial(own)
        for between in on_the_way(self._partials, numerator, denominator):
            self._differentiate(numerator, between)
        return self._differentiate(numerator, denominator)

    def _differentiate(self, numerator, denominator):
        """dA/dB by the chain rule, from derivatives that are known already."""
        name = self.own_name(partial_name(numerator, denominator))
        if name not in self._by_name:
            expression = chain_rule(self._partials, numerator, denominator, self.own_name)
            self._record([(name, expression, "by the chain rule")], listed=False)
        return self._by_name[name]

    def __contains__(self, name):
        own = self.own_name(name)
        return own in self._by_name or own in self.given or self._is_partial(own) or self._is_later(own)

    def all_names(self):
        """The names of all rows and of all given numbers."""
        return [*self._by_name, *self.given]

    def value_of(self, formula):
        """The value of a formula over this derivation's names, such as `-delta_o1`. Raises ExpressionError,
        UnknownName.
        """
        return self._evaluated(formula, parse(spelled_out(formula), self.__contains__))

    def evaluated(self, expression):
        """The value of an Expression over this derivation's names. Raises UnknownName; NeuronnetError for a
        division by 0.
        """
        return self._evaluated("the formula", expression)

    def factors_of(self, quantity):
        """The quantities that a formula names, in its order."""
        return [] if quantity.expression is None else [self[name] for name in quantity.expression.names()]

    # Reading names

    def own_name(self, name):
        """`name` as this derivation has it: in the network's own names, a frozen bias without its update,
        delta_x for dE_total/dnet_x.
        """
        own = self.names.standard(name)
        base, index = split_index(own)
        if index.startswith("@") and base in self._frozen:
            return base
        return self._deltas.get(own, own)

    def _names_of_deltas(self):
        """dE_total/dnet_x -> delta_x, for every neuron and sample."""
        deltas = {}
        for sample in self._pass.samples:
            for layer in range(len(self._pass.layers)):
                nets, names = (self._pass.quantities(kind, layer, sample) for kind in ("net", "delta"))
                deltas.update(
                    (partial_name(self._pass.error_of(sample), net), delta) for net, delta in zip(nets, names)
                )
        return deltas

    def _is_partial(self, name):
        parts = split_partial(name)
        return (
            parts is not None
            and parts[0] in self._partials
            and (parts[1] in self._partials or any(parts[1] in direct for direct in self._partials.values()))
        )

    def _is_later(self, name):
        """Whether `name` is that of a quantity after some number of updates, which can still be computed."""
        base, _, count = name.partition("@")
        if self.description.learning_rate is None or not _COUNT.fullmatch(count) or int(count) > MOST_UPDATES:
            return False
        return after(base, 1) in self._by_name or base in self._partials

    # Evaluating

    def _record(self, rows, listed=True):
        """Evaluate rows in their order and keep them; `listed` also puts them among `quantities`."""
        for name, expression, part in rows:
            value = self._evaluated(name, expression)
            self._values[name] = value
            self._by_name[name] = Quantity(name, expression, value, part)
            if listed:
                self.quantities.append(self._by_name[name])

    def _evaluated(self, name, expression):
        """The value of an expression; what it names and is not known yet is looked up first."""
        values = {
            needed: self._values[needed] if needed in self._values else self[needed].value
            for needed in expression.names()
        }
        try:
            return expression.evaluator(self.number)(values)
        except ZeroDivisionError:
            raise NeuronnetError(
                f"{name} = {expression.format()}: division by zero, there is no finite value"
            ) from None
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, NeuronnetError):
                raise
            raise NeuronnetError(f"{name} = {shortened(expression.format())} has no finite value") from None

    def _record_state_after(self, updates, listed=True):
        """Keep the parameters after so many updates and the forward pass with them; a run goes on from where
        the last stopped.
        """
        if self._run is None or self._run.made >= updates:
            self._run = LongRun(self._pass, self.given, self.number, self.description.batches())
        part = f"after {updates} updates"
        for name, value in self._run.go_on_to(updates).items():
            name = after(name, updates)
            self._values[name] = value
            self._by_name[name] = Quantity(name, None, value, part)
            if listed:
                self.quantities.append(self._by_name[name])
        self._record(self._pass.forward(updates, part), listed)

    # What a derivation starts from

    def _given_numbers(self):
        """Every number a pass starts from, by name."""
        description, names = self.description, self.names
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
            for name, value in zip(names.inputs + targets, sample.inputs + sample.targets):
                given[in_sample(name, index)] = value
        if description.learning_rate is not None:
            given[names.rate] = description.learning_rate
        given[names.l2] = description.l2
        trained = [
            name
            for layer, rows, biases in zip(description.layers, names.weights, names.biases)
            for name in [each for row in rows for each in row] + (biases or [] if layer.train_bias else [])
        ]
        given.update(starting_state(description.update.rule, trained), **description.update.settings)
        return {name: as_number(value, self.number) for name, value in given.items()}

    def _refuse_unsuitable_updates(self, updates):
        if not isinstance(updates, int) or not 0 <= updates <= MOST_UPDATES:
            raise NeuronnetError(
                f"updates: found {shortened(updates)}; allowed are whole numbers from 0 to {MOST_UPDATES}"
            )
        if updates > 1 and self.description.learning_rate is None:
            raise NeuronnetError(f"{updates} updates: the network's description has no learning_rate")

    def _refuse_unsuitable(self):
        samples = len(self.description.samples)
        if not samples:
            raise NeuronnetError("a derivation needs at least one [[sample]] in the network's description")
        if not is_small(self.description):
            raise NeuronnetError(
                f"a derivation of this network and {samples} samples has more than {MOST_ROWS} rows; "
                f"derive one of them (--sample 1), or describe fewer"
            )


def is_small(description):
    """Whether a derivation of this network, all its samples included, has a bearable number of rows."""
    return 0 < 2 * description.weight_count * len(description.samples) <= MOST_ROWS
