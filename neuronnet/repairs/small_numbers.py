"""Small numbers for which a wrong formula over a model and the truth differ, to be checked by hand.

Numbers are chosen for the names in the two formulas where these can have any values at the same time; a name
that follows from others is computed from its formula.
"""

from decimal import Decimal
from itertools import count
from random import Random

from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.draws import kinks, like, same_side
from neuronnet.derivation.trials import Trials
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array, entries, shape
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Expression
from neuronnet.repairs.surroundings import Surroundings

MOST_ENTRIES = 12  # nobody checks more by hand
MOST_SHOWN = 4  # entries of a result
ATTEMPTS = 10
CLEAR = Decimal("0.05")  # relative
STEP = Decimal("1e-20")  # with fifty digits a response keeps thirty
DEPENDENT = 1e-9

_TENTHS = [Decimal(tenth).scaleb(-1) for tenth in (2, 6, 4, 3, 5, 7, 1, 8, 9)]


def counterexample(formula: Expression, truth: Expression, trials: Trials) -> str | None:
    """`with x = 0.2, w = 0.6: dL/dw is 0.12, the formula gives 0.3`; None where nothing small is found."""
    outcome = trials.same(formula, truth)
    if outcome.kind != "different":
        return None
    true = Surroundings(formula, truth, trials.model).true
    chosen = _chosen(outcome.reading, true, trials)
    if chosen is None or outcome.reading is None:
        return None
    random = Random(1)
    for attempt in range(ATTEMPTS):
        values = _values(trials, chosen, _TENTHS if attempt == 0 else random.sample(_TENTHS, len(_TENTHS)))
        found = _sides(values, outcome.reading, true, trials)
        if found is not None:
            used = dict.fromkeys([*outcome.reading.names(), *true.names(), *chosen])
            numbers = ", ".join(f"{name} = {_text(values[name])}" for name in used if name in values)
            return f"with {numbers}: {_said(truth.format(), *found)}"
    return None


def _sides(values, formula, true, trials):
    """(truth, what the formula gives), if both have a value on the author's sides and differ clearly."""
    own = trials.draws.own
    with fifty_digits():
        try:
            for kink in [*kinks(formula), *kinks(true)]:
                if not same_side(evaluator(kink.side, Decimal)(values), own.of(kink.side)):
                    return None
            right, left = (evaluator(each, Decimal)(values) for each in (formula, true))
        except (ArithmeticError, NeuronnetError):
            return None
        pairs = zip(entries(left), entries(right))
        clear = any(abs(one - other) > CLEAR * max(abs(one), abs(other)) for one, other in pairs)
    return (left, right) if clear else None


def _values(trials, chosen, tenths):
    """The model's values with numbers for the chosen names, which have the signs that the author's have."""
    values, numbers = trials.model.values(), (tenth + whole for whole in count() for tenth in tenths)
    for name in chosen:
        values[name] = own = trials.draws.own[name]
        if not trials.is_fixed(name):
            found = [-number if entry < 0 else number for entry, number in zip(entries(own), numbers)]
            values[name] = like(own, found)
    return values


# Which names can have any values


def _chosen(formula, true, trials):
    """The names to choose numbers for, None if they are too many."""
    model, responses = trials.model, _Responses(trials)
    names = list(dict.fromkeys([*formula.names(), *true.names()]))
    order = {name: place for place, name in enumerate(model.names())}
    computed = set()
    while True:
        names.sort(key=lambda name: order.get(name, len(order)))
        if sum(len(entries(trials.draws.own[name])) for name in names) > MOST_ENTRIES:
            return None
        dependent = responses.determined_by_the_others(names)
        if dependent is None:
            return names
        formula = model.formula(dependent)
        if formula is None:
            return None
        computed.add(dependent)
        names = [name for name in names if name != dependent]
        names += [name for name in formula.names() if name not in names and name not in computed]


class _Responses:
    """How quantities change when the given numbers do, along a few random directions."""

    def __init__(self, trials):
        random = Random(2)
        self._own, self._draws = trials.draws.own, []
        self._fixed = set(filter(trials.is_fixed, trials.draws.given))
        with fifty_digits():
            for _ in range(MOST_ENTRIES + 2):
                moved = {}
                for name, value in trials.draws.given.items():
                    if name not in self._fixed:
                        found = [each + STEP * random.randint(-1000, 1000) / 1000 for each in entries(value)]
                        moved[name] = like(value, found)
                self._draws.append(trials.model.values(given=moved))

    def determined_by_the_others(self, names):
        """The last name that follows from those before it; None where all are free."""
        spanned, found = [], None
        for name in names:
            for place in range(len(entries(self._own[name]))) if name not in self._fixed else ():
                rest = self._of(name, place)
                for unit in spanned:
                    along = sum(a * b for a, b in zip(rest, unit))
                    rest = [a - along * b for a, b in zip(rest, unit)]
                length = sum(each * each for each in rest) ** 0.5
                if length < DEPENDENT:
                    found = name
                else:
                    spanned.append([each / length for each in rest])
        return found

    def _of(self, name, place):
        start = entries(self._own[name])[place]
        with fifty_digits():
            changes = [float((entries(draw[name])[place] - start) / STEP) for draw in self._draws]
        length = sum(each * each for each in changes) ** 0.5
        return [each / length for each in changes] if length > 0 else changes


# Text


def _said(quantity, left, right):
    if len(entries(left)) <= MOST_SHOWN or shape(left) != shape(right):
        return f"{quantity} is {_text(left)}, the formula gives {_text(right)}"
    pairs = list(zip(entries(left), entries(right)))
    place = max(range(len(pairs)), key=lambda at: abs(pairs[at][0] - pairs[at][1]))
    columns = shape(left)[-1]
    index = f"{place + 1}" if len(shape(left)) == 1 else f"{place // columns + 1}, {place % columns + 1}"
    one, other = pairs[place]
    return f"entry {index} of {quantity} is {_text(one)}, the formula gives {_text(other)}"


def _text(value):
    if isinstance(value, Array):
        texts = value.map(_text).nested()
        return str(texts).replace("'", "")
    return "0" if abs(value) < Decimal("1e-30") else f"{float(value):.4g}"
