"""A sheet beside a network: what its names stand for there, by what they compute and by their numbers.

`z_1 = w_1 x_1 + b_1` is `net_h1` if it has its value on drawn numbers; `v_1` the weight whose number it has;
`dW2 = [-0.185 -0.203]` is the gradient of the second layer's weights. The network's own names mean something
where the author has no meaning for them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from math import isclose
from random import Random

from neuronnet.derivation.digits import Printed
from neuronnet.derivation.network_model import NetworkModel
from neuronnet.description.values import as_number
from neuronnet.errors import ExpressionError, NeuronnetError
from neuronnet.formulas.arrays import Array, as_vector_shape, entries, shape
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import ArrayOf, Call, Entry, Expression, Name, Negative, Sum
from neuronnet.formulas.notation import Known, gradient_of, parse, split_derivative, updated
from neuronnet.formulas.rewriting import leaves_of
from neuronnet.names import after, partial_name, spelled_out, split_index
from neuronnet.sheet.assignment import LOSSES
from neuronnet.sheet.readers.spelling import with_weights
from neuronnet.sheet.roles import GRADIENT, HELPER, MODEL, UPDATE, VALUE, Role, Roles, aligned_value, is_delta

SAME = 1e-9
MOST_SAMPLES = 100  # that a number without an index is looked for in
KINDS = {"inputs": "ix", "targets": "tydT", "weights": "wvuWVU", "biases": "bc"}


class KnownBesideNetwork(Known):
    """The names of a network and its parts, those of samples after updates (`E_o1[2]@1`) included."""

    def __init__(self, model: NetworkModel):
        super().__init__({*model.names(), *parts_of(model)[1]})
        self._model = model

    def has(self, name: str) -> bool:
        return super().has(name) or ("]@" in name and name in self._model)


class NetworkAssignment:
    """Finds the Roles of the statements of a sheet that names a network."""

    def __init__(self, statements: list, known, model: NetworkModel, lets: list):
        self.statements, self.known, self.model = statements, known, model
        self.meaning: dict[str, Expression] = {}
        self.matched: dict[str, str] = {}  # the author's names -> the network's, where these differ
        self._defined: set[str] = set()
        self._open: set[str] = set()  # names with formulas that are not matched yet
        self._sample, self._is_of_each = 0, False  # which one names without an index are of; if there are any
        self._has_arrays = False
        self._scalars: set[str] = set()
        self._kinds, self._parts = parts_of(model)
        self._draws = [model.values(float), model.values(float, given=_drawn(model))]
        for record in model.description.published:
            self._define_published(record)
        for let in lets:
            self.define_let(let)

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

    def roles(self) -> Roles:
        """The Roles; names that stand for nothing here stay unknown."""
        found = Roles(self.model, self.model.loss, is_network=True)
        printed = [(each.name, part.printed) for each in self.statements for part in each.numbers]
        self._has_arrays = any(isinstance(each, Array) for _, each in printed)
        self._scalars = {name for name, each in printed if not isinstance(each, Array)}
        self._match_numbers()
        self._sample = self._likeliest_sample()
        self._match_formulas()
        for statement in self.statements:
            for part in statement.parts[1 if statement.name is not None else 0 :]:
                if part.has_names:
                    part.formula = self.in_network(part.formula)
        for position, statement in enumerate(self.statements):
            found.of[position] = self._role(statement)
        return found

    def place(self, found: Roles, step: int) -> None:
        """Nothing is left to place: the network is there."""

    def latest(self, name: str, step: int) -> str:
        return name

    # Lets

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

    # Names

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
        parts = split_derivative(name)
        if parts is not None:
            above, below = map(self._expression, parts)
            if isinstance(above, Name) and isinstance(below, Name):
                return Name(self.model.own_name(partial_name(above.name, below.name)))
            return None if above is None or below is None else _derivative(above, below)
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
        return part or (self._by_convention(name) if self._sample and name not in self._open else None)

    def _by_convention(self, name):
        """x_1, t_1, the only b, w_21 and v_2 as people call them; None for other names."""
        letters = name.rstrip("0123456789")
        places = [int(each) for each in name[len(letters) :]]
        rows, weights = self._parts.get(letters), self.model.names_of_network.weights
        if isinstance(rows, ArrayOf) and not rows.is_matrix:
            found = {(place,): each for place, each in enumerate(rows.rows, 1)}
        elif letters in ("b", "c"):
            biases = [
                [each for each in dict.fromkeys(row or ()) if each]
                for row in self.model.names_of_network.biases
            ]
            of_layer = biases[-1] if letters == "c" and len(biases) == 2 else sum(biases, [])
            found = {(): Name(each) for each in of_layer if len(of_layer) == 1}
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
        return _derivative(Name(self.model.loss), quantity)

    def _change(self, name):
        old, new = self._expression(name), self._expression(after(name, 1))
        return None if old is None or new is None else new - old

    # Matching

    def _likeliest_sample(self):
        """The sample that most numbers of names without an index are of; the first where they are of none."""
        votes: Counter = Counter()
        for statement in self.statements:
            number = statement.number and statement.number.printed
            is_name = isinstance(number, Printed) and (statement.name or "").isidentifier()
            if is_name and f"{statement.name}[1]" in self.model:
                for sample in range(1, 1 + min(len(self.model.description.samples), MOST_SAMPLES)):
                    votes[sample] += number.agrees(self.model[f"{statement.name}[{sample}]"])
        self._is_of_each = bool(votes)
        return max(votes, key=votes.__getitem__, default=1)

    def _match_numbers(self):
        """Match what is merely given a number: by the network's name, else by value and letter."""
        numbers = {}
        for statement in self.statements:
            if statement.name is not None and statement.number is not None and not statement.formulas:
                numbers.setdefault(statement.name, statement.number.printed)
        for statement in self.statements:
            for formula in statement.formulas:
                for arithmetic in statement.arithmetic:
                    for name in formula.formula.names():
                        value = aligned_value(formula.formula, arithmetic.formula, name)
                        if value is not None and name not in numbers and self._is_unknown(name):
                            numbers[name] = _Number(Decimal(value))
        others = [name for name in numbers if self._is_given(name) and not self._agrees(name, numbers[name])]
        renumbered = {name: self._by_value(name, numbers[name]) for name in others}
        if len(others) > 1 and all(renumbered.values()):
            for name, own in renumbered.items():
                self._match(name, Name(own))
        for name, printed in numbers.items():
            if self._is_unknown(name):
                is_array = isinstance(printed, Array)
                found = self._array_by_value(printed) if is_array else self._scalar(name, printed)
                if found is not None:
                    self._match(name, found)

    def _is_unknown(self, name):
        return self._expression(name) is None and not self._is_defined(name)

    def _is_given(self, name):
        return self.model.own_name(name) in self.model.given

    def _is_defined(self, name):
        return any(each.name == name and each.formulas for each in self.statements)

    def _agrees(self, name, printed):
        value = as_number(self.model.given[self.model.own_name(name)], Decimal)
        return not isinstance(printed, Array) and printed.value == value

    def _scalar(self, name, printed):
        """The given number that a name is, else the quantity that alone has the printed digits."""
        own = self._by_value(name, printed)
        if own is None and isinstance(printed, Printed) and len(printed.value.as_tuple().digits) > 1:
            fitting = [each for each in self._kinds["quantities"] if printed.agrees(self.model[each])]
            alike = [each for each in fitting if _digits(each) == _digits(name)]
            own = fitting[0] if len(fitting) == 1 else alike[0] if len(alike) == 1 else None
        return None if own is None else Name(own)

    def _by_value(self, name, printed):
        """The given number of the network that a name with this number is, if only one of its kind is."""
        if isinstance(printed, Array):
            return None
        kinds = [kind for kind, letters in KINDS.items() if name[0] in letters]
        taken = {each.name for each in self.meaning.values() if isinstance(each, Name)}
        for kind in kinds:
            fitting = [
                own for own in self._kinds[kind] if own not in taken and self.model[own] == printed.value
            ]
            alike = [own for own in fitting if _digits(own) == _digits(name)]
            if len(fitting) == 1 or alike:
                return (alike or fitting)[0]
        return None

    def _array_by_value(self, printed):
        """The array of the network whose values are printed, if only one is."""
        found = [each for each in self._each_part() if _printed_as(printed, self.model, each)]
        return found[0] if len(found) == 1 else None

    def _match(self, name, meaning):
        self.meaning[name] = meaning
        self.known.names.add(name)
        if isinstance(meaning, Name) and meaning.name != name:
            self.matched[name] = meaning.name

    def _match_formulas(self):
        """Match definitions with the network's quantities that have the same value on drawn numbers."""
        self._open = {each.name for each in self.statements if self._is_defined(each.name)}
        self._in_gradients = {
            name
            for each in self.statements
            if gradient_of(each.name or "", self.known) or split_derivative(each.name or "")
            for part in each.formulas
            for name in part.used
        }
        waiting = [each for each in self.statements if self._is_open(each)]
        while waiting:
            ready = [each for each in waiting if self._known_in(each.formulas[0].formula)]
            if not ready:
                break
            for statement in ready:
                waiting.remove(statement)
                if self._is_open(statement):
                    self._match_formula(statement)
                self._open.discard(statement.name)
        self._open = set()

    def _is_open(self, statement):
        name = statement.name
        if name is None or not statement.formulas or split_derivative(name) is not None:
            return False
        return self._expression(name) is None and gradient_of(name, self.known) is None

    def _known_in(self, formula):
        names = [name for name in formula.names() if not _inside(formula, name)]
        return all(self._expression(name) is not None for name in names)

    def _match_formula(self, statement):
        formula = self.in_network(statement.formulas[0].formula)
        try:
            worth = [evaluator(formula, float)(draw) for draw in self._draws]
        except (NeuronnetError, ArithmeticError, ValueError, KeyError):
            return
        dimensions = as_vector_shape(shape(worth[0]))
        candidates = [Name(name) for name in self._kinds["quantities"]] if not dimensions else self._arrays()
        for each in candidates:
            values = [evaluator(each, float)(draw) for draw in self._draws]
            if all(map(_same, worth, values)):
                self._match(statement.name, each)
                return
        part = self._parts.get(statement.name)
        by_name = part is not None and isinstance(part, ArrayOf) == bool(dimensions)
        if not dimensions:
            self._scalars.add(statement.name)
        near = None if dimensions or is_delta(statement.name) else self._nearest(statement.name, formula)
        if near is not None:
            self._match(statement.name, Name(near))
        elif not by_name and not is_delta(statement.name) and statement.name not in self._in_gradients:
            self._define(statement.name, formula)

    def _nearest(self, name, formula):
        """What a wrong formula must be: the loss by its name, else the quantity with most of its terms."""
        if name in LOSSES:
            return self.model.loss
        taken = {each.name for each in self.meaning.values() if isinstance(each, Name)}
        shared = {
            own: len(_terms(formula, self.model) & _terms(each, self.model))
            for own, each in self.model.formulas.items()
            if own not in taken and "@" not in own and type(each) is type(formula)
        }
        most = max(shared.values(), default=0)
        found = [own for own, count in shared.items() if count == most > 0]
        return found[0] if len(found) == 1 else None

    def _define(self, name, formula):
        """Keep what the network has not; where its name is taken there, under `name~`."""
        own = name if name not in self.model else f"{name}~"
        self.model.define(own, formula)
        self.meaning[name] = Name(own)
        self._defined.add(own)

    def _arrays(self):
        return [each for each in self._each_part() if isinstance(each, ArrayOf)]

    def _each_part(self):
        """The parts of the network, and the gradients by them, each once."""
        parts = list({id(each): each for each in self._parts.values()}.values())
        slopes = [_derivative(Name(self.model.loss), each) for each in parts]
        return [*parts, *(each for each in slopes if each is not None)]

    # Roles

    def _role(self, statement):
        name = statement.name
        if name is None:
            first = statement.parts[0].formula
            truth = first if first is not None and all(each in self.model for each in first.names()) else None
            return Role(VALUE, truth=truth if truth is not None and truth.names() else None)
        if self._is_step(statement):
            later = self.model.own_name(after(self.meaning_name(name), 1))
            return Role(UPDATE, later, 0, self.meaning_name(name), Name(later))
        meaning = self._expression(name)
        if meaning is None:
            target = gradient_of(name, self.known)
            below = None if target is None else self._expression(target)
            if below is not None:
                truth = _derivative(Name(self.model.loss), below)
                return Role(GRADIENT, None, 0, None, truth)
            return Role(HELPER, name)
        if isinstance(meaning, Name):
            kind = MODEL if meaning.name in self._defined else VALUE
            kind = GRADIENT if split_derivative(meaning.name) is not None else kind
            return Role(kind, meaning.name, 0, None, meaning)
        return Role(VALUE, None, 0, None, meaning)

    def meaning_name(self, name):
        """The network's name of a quantity that an author calls so."""
        meaning = self._expression(name)
        return meaning.name if isinstance(meaning, Name) else name

    def _is_step(self, statement):
        """Whether a statement gives a parameter its next value, as in w5 = w5 - eta*dE_total/dw5."""
        own = self.meaning_name(statement.name)
        later = self.model.own_name(after(own, 1)) if "@" not in own else own
        if "@" in own or own not in self.model.given or later not in self.model:
            return False
        if any(own in part.formula.names() for part in statement.formulas):
            return True
        number = statement.number
        if statement.formulas or number is None or isinstance(number.printed, Array):
            return False
        steps = [each.formula for each in statement.arithmetic if isinstance(each.formula, Sum)]
        given = as_number(self.model.given[own], Decimal)
        starts = [each.terms[0][1] for each in steps]
        return (statement.assigns and number.printed.value != given) or any(
            not start.names() and evaluator(start, Decimal)({}) == given for start in starts
        )


class _Number:
    """A number that stands in a formula in numbers."""

    def __init__(self, value):
        self.value = value


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


def _derivative(above, below):
    """d above/d below, entry by entry where below is an array of names."""
    if isinstance(below, ArrayOf):
        return below.rebuilt([_derivative(above, entry) for entry in below.parts()])
    if isinstance(above, Negative) and isinstance(above.inner, Name):
        inner = _derivative(above.inner, below)
        return None if inner is None else Negative(inner)
    if isinstance(above, Name) and isinstance(below, Name):
        return Name(partial_name(above.name, below.name))
    return None


def _placed(copy, formula):
    if copy is not formula and copy.column is None:
        copy.column = formula.column
    return copy


def _copied(expression):
    copy = expression.rebuilt(expression.parts()) if expression.parts() else Name(expression.name)
    copy.column = None
    return copy


def _inside(formula, name):
    """Whether a name stands in a formula only under an index, which gives it a meaning."""
    return not any(isinstance(leaf, Name) and leaf.name == name for leaf in leaves_of(formula))


def _terms(formula, model):
    """What a sum adds up, or one inside of a function, each as the names in it."""
    if isinstance(formula, Call):
        inner = formula.arguments[-1]
        own = model.formulas.get(inner.name) if isinstance(inner, Name) else inner
        return {frozenset(inner.names()), *_terms(own, model)}
    return {frozenset(term.names()) for _, term in formula.terms} if isinstance(formula, Sum) else set()


def _digits(name):
    return re.findall(r"\d+", name)


def _drawn(model):
    random = Random(1)
    return {name: float(value) * (1 + random.uniform(0.02, 0.08)) for name, value in model.given.items()}


def _same(one, other):
    pairs = list(zip(entries(one), entries(other)))
    same_shape = as_vector_shape(shape(one)) == as_vector_shape(shape(other))
    return same_shape and all(isclose(left, right, rel_tol=SAME, abs_tol=1e-14) for left, right in pairs)


def _printed_as(printed, model, array):
    """Whether an array of the network has the printed digits, as it stands or turned."""
    try:
        value = model.value(array)
    except NeuronnetError:
        return False
    if as_vector_shape(shape(value)) != as_vector_shape(shape(printed)):
        return False
    return all(entry.agrees(exact) for entry, exact in zip(entries(printed), entries(value)))
