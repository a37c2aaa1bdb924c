"""A sheet beside a network: what its names stand for there, by what they compute and by their numbers.

`z_1 = w_1 x_1 + b_1` is `net_h1` if it has its value on drawn numbers; `v_1` the weight whose number it has;
`dW2 = [-0.185 -0.203]` is the gradient of the second layer's weights. The network's own names mean something
where the author has no meaning for them.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from math import isclose
from random import Random
from typing import NamedTuple

from neuronnet.derivation.digits import Printed
from neuronnet.derivation.network_model import NetworkModel
from neuronnet.derivation.readings import readings
from neuronnet.elementary import as_number
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array, as_vector_shape, entries, shape
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import ArrayOf, Call, Name, Sum
from neuronnet.formulas.notation import gradient_of
from neuronnet.formulas.rewriting import leaves_of
from neuronnet.names import after, split_partial
from neuronnet.sheet.network_names import NetworkNames, negative
from neuronnet.sheet.roles import (
    GRADIENT,
    HELPER,
    LOSSES,
    MODEL,
    UPDATE,
    VALUE,
    Role,
    Roles,
    aligned_value,
    is_delta,
)

SAME = 1e-9
MOST_SAMPLES = 100  # that a number without an index is looked for in
KINDS = {"inputs": "ix", "targets": "tydT", "weights": "wvuWVU", "biases": "bc"}


class NetworkAssignment(NetworkNames):
    """Finds the Roles of the statements of a sheet that names a network."""

    def __init__(self, statements: list, known, model: NetworkModel, lets: list):
        super().__init__(known, model)
        self.statements = statements
        self._draws = [model.values(float), model.values(float, given=_drawn(model))]
        for record in model.description.published:
            self._define_published(record)
        for let in lets:
            self.define_let(let)

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

    def _match_formulas(self):
        """Match definitions with the network's quantities that have the same value on drawn numbers."""
        self._open = {each.name for each in self.statements if self._is_defined(each.name)}
        self._in_gradients = {
            name
            for each in self.statements
            if gradient_of(each.name or "", self.known) or split_partial(each.name or "")
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
        if name is None or not statement.formulas or split_partial(name) is not None:
            return False
        return self._expression(name) is None and gradient_of(name, self.known) is None

    def _known_in(self, formula):
        names = [name for name in formula.names() if not _inside(formula, name)]
        return all(self._expression(name) is not None for name in names)

    def _match_formula(self, statement):
        formula = self.in_network(statement.formulas[0].formula)
        worths = self._worths(formula)
        if not worths:
            return
        dimensions = as_vector_shape(shape(worths[0][0]))
        if dimensions and is_delta(statement.name) and self._match_delta(statement.name, worths):
            return
        candidates = [Name(name) for name in self._kinds["quantities"]] if not dimensions else self._arrays()
        fitting = next((each for each in candidates if self._is_worth(each, worths)), None)
        if fitting is not None:
            self._match(statement.name, fitting)
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

    def _match_delta(self, name, worths):
        """Match an array of derivatives, of either sign: what its uses want, else what its formula gives."""
        users = [
            (part.formula, truth)
            for each in self.statements
            for part in each.formulas
            if name in part.used and (truth := self._slope_called(each.name or "")) is not None
        ]
        best, found = (0, False), None
        for option in [turned for each in self._arrays() for turned in (each, negative(each))]:
            self.meaning[name] = option
            wanted = sum(self._is_worth(truth, self._worths(self.in_network(use))) for use, truth in users)
            fitness = (wanted, self._is_worth(option, worths))
            best, found = (fitness, option) if fitness > best else (best, found)
        del self.meaning[name]
        if found is not None:
            self._match(name, found)
        return found is not None

    def _worths(self, formula):
        """What a formula over the network is worth in all draws, in each of its readings."""
        found = []
        try:
            for each in readings(formula, self.model):
                found.append([evaluator(each, float)(draw) for draw in self._draws])
        except (NeuronnetError, ArithmeticError, ValueError):
            return found
        return found

    def _is_worth(self, quantity, worths):
        """Whether a formula has the values of a quantity in one of its readings."""
        values = [evaluator(quantity, float)(draw) for draw in self._draws]
        return any(all(map(_same, each, values)) for each in worths)

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
            return Role(HELPER, name)
        if isinstance(meaning, Name):
            kind = MODEL if meaning.name in self._defined else VALUE
            kind = GRADIENT if split_partial(meaning.name) is not None else kind
            return Role(kind, meaning.name, 0, None, meaning)
        return Role(VALUE if self._slope_called(name) is None else GRADIENT, None, 0, None, meaning)

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


class _Number(NamedTuple):
    """A number that stands in a formula in numbers."""

    value: Decimal


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
