"""What the names of a sheet stand for in a network: by what was matched, by its names, by convention.

`W1` is the matrix of the first layer, `z1` the net inputs of its neurons, `x_1` the first input, `w1'` what
an update makes of a weight.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from neuronnet.derivation.network_model import NetworkModel
from neuronnet.errors import ExpressionError, NeuronnetError, counted
from neuronnet.formulas.expressions import ArrayOf, Entry, Expression, Name, Negative
from neuronnet.formulas.notation import Known, gradient_of, parse
from neuronnet.formulas.tokens import LOWERED
from neuronnet.names import (
    MOST_UPDATES,
    after,
    in_later_pass,
    partial_name,
    spelled_out,
    split_index,
    split_partial,
    update_of,
    updated,
)

_WEIGHT = re.compile(r"(?<![\w'])([d∂]?)W_?(\d{1,4}|[₀-₉]{1,4})\[\s*(\d{1,4})\s*,\s*(\d{1,4})\s*\]")


class KnownBesideNetwork(Known):
    """The names of a network and its parts, those of samples after updates (`E_o1[2]@1`) included."""

    def __init__(self, model: NetworkModel):
        super().__init__({*model.names(), *parts_of(model)[1]})
        self._model = model

    def has(self, name: str) -> bool:
        return super().has(name) or ("]@" in name and name in self._model)

    def too_late(self, name: str) -> str | None:
        """Why a quantity of the network is not known after so many updates; None where it is."""
        own, count = self._model.own_name(name), update_of(name)
        if not count or own in self._model or own.replace(f"@{count}", "") not in self._model:
            return None
        if count > MOST_UPDATES:
            return f"at most {MOST_UPDATES:,} updates are followed"
        try:
            self._model.exact.of(own)
        except NeuronnetError as error:
            return str(error)
        return None


class NetworkNames:
    """The names of one sheet beside a network: their meaning, as formulas of the network's quantities."""

    def __init__(self, known: Known, model: NetworkModel):
        self.known, self.model = known, model
        self.meaning: dict[str, Expression] = {}  # what was matched
        self.matched: dict[str, str] = {}  # the author's names -> the network's, where these differ
        self._defined: set[str] = set()  # quantities that the sheet has and the network has not
        self._kinds, self._parts = parts_of(model)
        self._has_arrays = False
        self._scalars: set[str] = set()
        self._open: set[str] = set()  # names with formulas that are not matched yet
        self._sample, self._is_of_each = 0, False  # which one names without an index are of; if there are any

    def notes(self, spelled: Callable) -> list[str]:
        """What the author's names are in the network, and of which samples those without an index are."""
        pairs = [
            f"{spelled(name)} is {own}" for name, own in self.matched.items() if split_index(own)[0] != name
        ]
        found = [f"in the network {', '.join(pairs)}"] if pairs else []
        if self._is_of_each:
            which = f"sample {self._sample}, as the numbers show" if self._sample > 1 else "each sample"
            found.append(f"names without an index are of {which}")
        return found

    def in_network(self, formula: Expression) -> Expression:
        """A formula with the network's names; what has no meaning there stays."""
        if isinstance(formula, Entry) and isinstance(formula.base, Name):
            found = self._entry(formula)
            if found is not None:
                return _placed(found, formula)
        parts = formula.parts()
        if parts:
            copy = formula.rebuilt([self.in_network(part) for part in parts])
            return _placed(copy, formula)
        if isinstance(formula, Name):
            found = self._expression(formula.name)
            return formula if found is None else _placed(_copied(found), formula)
        return formula

    def _expression(self, name) -> Expression | None:
        """What a name stands for, or None."""
        if name in self.meaning:
            return self.meaning[name]
        parts = split_partial(name)
        if parts is not None:
            above, below = map(self._expression, in_later_pass(*parts))
            if isinstance(above, Name) and isinstance(below, Name):
                return Name(self.model.own_name(partial_name(above.name, below.name)))
            return None if above is None or below is None else derivative_of(above, below)
        part = None if name in self._open else self._parts.get(name)
        part = None if name in self._scalars and isinstance(part, ArrayOf) else part
        if self._has_arrays and part is not None:
            return part
        own = self.model.own_name(name)
        of_sample = f"{name}[{self._sample}]"
        if self._sample and name.isidentifier() and own not in self.model and of_sample in self.model:
            own, self._is_of_each = of_sample, True
        if own in self.model and name.partition("@")[0] not in self.meaning:
            return Name(own)
        if name.startswith("Δ"):
            return self._change(name[1:])
        base, _, count = name.partition("@")
        base, count = (base, count) if count.isdigit() else (updated(name), "1")
        if base is not None and base != name:
            before = self._expression(base)
            later = self.model.own_name(after(before.name, int(count))) if isinstance(before, Name) else None
            return Name(later) if later is not None and later in self.model else None
        found = part or (self._by_convention(name) if self._sample and name not in self._open else None)
        return found or self._slope_called(name)

    def _slope_called(self, name) -> Expression | None:
        """The derivative that a name says it is, as dE/dW1, dW1 or grad_W1."""
        if split_partial(name) is not None:
            return self._expression(name)
        target = gradient_of(name, self.known)
        below = None if target is None else self._expression(target)
        return None if below is None else self._slope(below)

    def _by_convention(self, name):
        """x_1, t_1, the only b, w_21 and v_2 as people call them; None for other names."""
        letters = name.rstrip("0123456789")
        places = [int(each) for each in name[len(letters) :]]
        rows, weights = self._parts.get(letters), self.model.names_of_network.weights
        if isinstance(rows, ArrayOf) and not rows.is_matrix:
            found = {(place,): each for place, each in enumerate(rows.rows, 1)}
        elif letters in ("b", "c"):
            biases = [[*dict.fromkeys(filter(None, row or ()))] for row in self.model.names_of_network.biases]
            of_layer = biases[-1] if letters == "c" and len(biases) == 2 else sum(biases, [])
            found = {(): Name(of_layer[0])} if len(of_layer) == 1 else {}
        elif (letters == "w" and len(places) == 2) or (letters in ("v", "u") and len(weights) == 2):
            layer = weights[0 if letters == "w" else -1]
            found = {(j, k): Name(each) for j, row in enumerate(layer, 1) for k, each in enumerate(row, 1)}
            places = [1, *places] if len(layer) == 1 and len(places) == 1 else places
        else:
            return None
        return found.get(tuple(places))

    def _entry(self, entry):
        """`net_h1[2]`, a quantity in a sample, `W1[2,1]`, a weight, its gradient or next value; or None."""
        base, indices = entry.base.name, entry.indices
        if not all(isinstance(index, int) for index in indices):
            return None
        if len(indices) == 1:
            own = self.model.own_name(f"{base}[{indices[0]}]")
            return Name(own) if own in self.model else None
        for name in (base, gradient_of(base, self.known), updated(base)):
            rows = self._parts.get(name)
            if len(indices) == 2 and isinstance(rows, ArrayOf) and rows.is_matrix:
                row, column = indices
                if not (1 <= row <= len(rows.rows) and 1 <= column <= len(rows.rows[0])):
                    return None
                weight = rows.rows[row - 1][column - 1]
                if name == base:
                    return Name(weight.name)
                later = name == updated(base)
                return self._expression(after(weight.name, 1)) if later else self._slope(weight)
        return None

    def _slope(self, quantity):
        return derivative_of(Name(self.model.loss), quantity)

    def _arrays(self):
        return [each for each in self._each_part() if isinstance(each, ArrayOf)]

    def _each_part(self):
        """The parts of the network, and the gradients by them, each once."""
        parts = list({id(each): each for each in self._parts.values()}.values())
        slopes = [derivative_of(Name(self.model.loss), each) for each in parts]
        return [*parts, *(each for each in slopes if each is not None)]

    def _change(self, name):
        old, new = self._expression(name), self._expression(after(name, 1))
        return None if old is None or new is None else new - old

    # Names of the author's own

    def _define_published(self, record):
        """The name under which a number was published stands for its quantity."""
        if record.author_name is None or record.author_name in self.meaning:
            return
        try:
            formula = self.in_network(parse(spelled_out(record.quantity), self.known))
            self.model.resolved(formula)
        except NeuronnetError:
            return
        self.meaning[record.author_name] = formula
        self.known.names.add(record.author_name)

    def define_let(self, let):
        """Keep what an author's own name stands for, in the network's names."""
        if let.name in self.meaning:
            raise ExpressionError(let.name, 1, f"{let.name} is defined already; let defines new names")
        formula = self.in_network(parse(with_weights(let.text, self.model.names_of_network), self.known))
        self.known.names.add(let.name)
        self.model.resolved(formula)
        if isinstance(formula, Negative) and isinstance(formula.inner, Name):
            self.meaning[let.name] = formula
        elif isinstance(formula, Name):
            self._match(let.name, formula)
        else:
            self._define(let.name, formula)

    def _match(self, name, meaning):
        self.meaning[name] = meaning
        self.known.names.add(name)
        if isinstance(meaning, Name) and meaning.name != name:
            self.matched[name] = meaning.name

    def _define(self, name, formula):
        """Keep what the network has not; where its name is taken there, under `name~`."""
        own = name if name not in self.model else f"{name}~"
        self.model.define(own, formula)
        self.meaning[name] = Name(own)
        self._defined.add(own)


def parts_of(model):
    """(names of the given by kind, the network's parts by the names that people give them)."""
    names, layers = model.names_of_network, model.names_of_network.layers
    given = set(model.given)
    targets = [names.of("target", neuron) for neuron in layers[-1]]
    kinds = {
        "inputs": [each for each in names.inputs if each in given],
        "targets": [each for each in targets if each in model],
        "weights": [name for rows in names.weights for row in rows for name in row],
        "biases": list(dict.fromkeys(name for row in names.biases for name in row or ())),
        "quantities": [*model.formulas],
    }
    found: dict = {}
    if not kinds["inputs"]:
        return kinds, found
    vectors = {("x", "X", "i"): kinds["inputs"], ("t", "y", "d", "target"): kinds["targets"]}
    for number, (neurons, rows) in enumerate(zip(layers, names.weights), 1):
        matrix = ArrayOf([[Name(name) for name in row] for row in rows])
        _add(found, (f"W{number}", f"W_{number}", f"W^[{number}]", f"W^({number})"), matrix)
        for kind, letters in (("net", "zZnu"), ("out", "aAhs"), ("delta", ("delta",))):
            spellings = tuple(f"{letter}{number}" for letter in letters)
            vectors[spellings] = [names.of(kind, each) for each in neurons]
        if names.biases[number - 1]:
            vectors[f"b{number}", f"b^[{number}]", f"b_{number}"] = names.biases[number - 1]
        if number == len(layers):
            vectors[("y_hat", "yhat", "o", "y_pred")] = [names.of("out", each) for each in neurons]
    for spellings, parts in vectors.items():
        if not parts:
            continue
        _add(found, spellings, ArrayOf([Name(name) for name in parts]) if len(parts) > 1 else Name(parts[0]))
    return kinds, found


def _add(found, spellings, array):
    for spelling in spellings:
        found.setdefault(spelling, array)


def derivative_of(above, below):
    """d above/d below, entry by entry where below is an array of names; None where one is no name."""
    if isinstance(below, ArrayOf):
        entries = [derivative_of(above, entry) for entry in below.parts()]
        return None if None in entries else below.rebuilt(entries)
    if isinstance(above, Negative) and isinstance(above.inner, Name):
        inner = derivative_of(above.inner, below)
        return None if inner is None else Negative(inner)
    if isinstance(above, Name) and isinstance(below, Name):
        return Name(partial_name(above.name, below.name))
    return None


def negative(array):
    """An array of names with a minus before each."""
    return array.rebuilt([negative(part) for part in array.parts()]) if array.parts() else Negative(array)


def _placed(copy, formula):
    if copy is not formula and copy.column is None:
        copy.column = formula.column
    return copy


def _copied(expression):
    copy = expression.rebuilt(expression.parts()) if expression.parts() else Name(expression.name)
    copy.column = None
    return copy


def with_weights(spelled, names):
    """Every `W1[2,1]`, the weight of layer 1 from input 1 into neuron 2, replaced by its name in `names`.

    Raises ExpressionError, in the author's column, for a weight that the network does not have.
    """

    def name(match):
        layer, row, column = (int(number.translate(LOWERED)) for number in match.groups()[1:])
        if 1 <= layer <= len(names.weights):
            rows = names.weights[layer - 1]
            if 1 <= row <= len(rows) and 1 <= column <= len(rows[0]):
                return match[1] + rows[row - 1][column - 1]
            rows, columns = counted(len(rows), "row"), counted(len(rows[0]), "column")
            reason = f"W{layer} has {rows}, one per neuron, and {columns}"
        else:
            reason = f"the network has {counted(len(names.weights), 'layer')} of weights"
        column = spelled.column_of(match.end(1) + 1)
        raise ExpressionError(spelled.text, column, f"no weight {match.group().lstrip('d∂')}: {reason}")

    return spelled.replace(_WEIGHT, name) if "W" in spelled.text else spelled
