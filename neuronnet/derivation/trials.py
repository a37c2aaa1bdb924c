"""Whether a formula is an identity where its author stands: tried on drawn numbers, in fifty digits.

    trials = Trials(model)
    trials.same(formula, Name("dL/dW1"))        Outcome(kind="same", note="as the rows of Y sum to 1", …)

Nothing is proved symbolically. Numbers are drawn near the model's own (`draws.py`); where a formula holds
only with more of these kept, the note says with what.
"""

from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from neuronnet.derivation.digits import DIGITS, fifty_digits
from neuronnet.derivation.draws import Draws, Structure, kinks, lines_of_one, same_side, value_in
from neuronnet.derivation.formula_graph import MORE_DIGITS, Values
from neuronnet.derivation.model import Model
from neuronnet.derivation.readings import readings_with_shapes
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import (
    ShapeError,
    as_vector_shape,
    entries,
    is_vector,
    mapped,
    shape,
    shape_text,
)
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Expression, Name, Number
from neuronnet.formulas.rewriting import nodes
from neuronnet.names import split_partial

COUNT = 3  # draws
CROSSED, MOST_CROSSED = 4, 16  # draws on any side of a kink
CLOSE = Decimal("1e-20")  # relative to the values compared
LOST = 10  # digits that a cancelled difference may lose of all


class Outcome(NamedTuple):
    """What a trial found of `formula = truth`.

    `kind` is "same", "here only" (with the author's numbers, but not with others near them), "different",
    "misfit" (shapes) or "no value". `note` says with what it holds ("as the rows of Y sum to 1", "where
    z1 > 0", "for y = 0") or what does not fit. `reading` is the meaning of the formula that was taken.
    `draw` has values with which the two sides differ.
    """

    kind: str
    note: str | None = None
    reading: Expression | None = None
    draw: Values | None = None


class Trials:
    """Formulas over the names of one model, compared with their true values."""

    def __init__(self, model: Model, targets_vary: bool = True):
        """`targets_vary` says that a formula of targets has to hold with 0 in place of 1, too."""
        self.model, self._targets_vary = model, targets_vary
        self._literals: dict[str, set] = {}

    @cached_property
    def draws(self) -> Draws:
        """Numbers near the model's own."""
        return Draws(self.model)

    @cached_property
    def _structure(self):
        return Structure(self.model, self.draws.given)

    def same(self, formula: Expression, truth: Expression) -> Outcome:
        """The Outcome of `formula = truth`, in the likeliest reading that holds. Raises UnknownName."""
        truth = self.model.resolved(truth)
        wanted = self.model.shape_of(truth)
        try:
            found = readings_with_shapes(formula, self.model)
        except ShapeError as error:
            return Outcome("misfit", str(error))
        fitting = [reading for reading, own in found if same_shape(own, wanted)]
        if not fitting:
            return Outcome("misfit", _misfit(found[0][1], wanted, truth), found[0][0])
        own = self.model.formula(truth.name) if isinstance(truth, Name) else None
        if own is not None and fitting[0].format() == own.format():  # nothing is to be tried
            return Outcome("same", self._turned(fitting[0], truth, wanted), fitting[0])
        claims = [_Claim(reading, truth, self) for reading in fitting]
        for note, kept, lines in self._conditions(formula, truth):
            for claim in claims:
                if claim.holds([self.draws.draw(number, kept, lines) for number in range(COUNT)]):
                    if self._targets_vary and not lines and self._is_hidden(claim, formula, kept):
                        return Outcome("here only", f"{note}, which hides a difference", claim.reading)
                    return Outcome(
                        "same",
                        note or claim.side() or self._turned(claim.reading, truth, wanted),
                        claim.reading,
                    )
        for claim in claims:
            if claim.holds([self.draws.own]):
                return Outcome("here only", self._coincidence(claim), claim.reading)
        return claims[0].difference()

    def _turned(self, reading, truth, wanted):
        """What is said of a row in the place of a column, which NumPy would broadcast in an update."""
        own = self.model.shape_of(reading)
        if len(own) < 2 or own == wanted or own != wanted[::-1]:
            return None
        quantity = split_partial(truth.name) if isinstance(truth, Name) else None
        name = quantity[1] if quantity else truth.format()
        return f"as a {'row' if own[0] == 1 else 'column'}; {name} is {shape_text(wanted)}"

    def _conditions(self, formula, truth):
        """(note, entries that are kept, lines that are kept), the fewest first."""
        yield None, frozenset(), ()
        needed = self.model.made_of([formula, truth])
        literals = _literals(formula).union(_literals(truth), *map(self._literals_of, needed)) - {0, 1, 2}
        pinned = self.draws.of_size(literals)
        if pinned:
            yield self._values_text("with", pinned, needed), pinned, ()
        for note, kept, lines in self._structure.conditions(needed):
            yield note, kept | pinned, lines

    def _literals_of(self, name):
        if name not in self._literals:
            formula = self.model.formulas.get(name)
            self._literals[name] = set() if formula is None else _literals(formula)
        return self._literals[name]

    def _is_hidden(self, claim, formula, kept):
        """Whether a formula of targets, 1 or 0, does not hold with 0 for 1, as for `(1 - t)/(1 - y)`."""
        names = {name for name, _ in kept}.intersection(formula.names())
        turned = {name: _turned_around(self.draws.given[name]) for name in names}
        if not turned or None in turned.values():
            return False
        drawn = (self.draws.draw(number, kept).given for number in range(COUNT))
        draws = [self.model.values(given={**given, **turned}) for given in drawn]
        return any(self.draws.stands(each) and claim.differs(each) for each in draws)

    def is_fixed(self, name: str) -> bool:
        """Whether a given has no value but its own: a count, or targets that are 0 and 1 or sum to 1."""
        return name in self.draws.counts or self._structure.has(name)

    def strictest(self, formula: Expression, truth: Expression) -> tuple:
        """(entries that are kept, lines that are kept) of the strongest condition they are tried under."""
        *_, (_, kept, lines) = self._conditions(formula, truth)
        return kept, lines

    def _values_text(self, word, kept, needed):
        among = needed.intersection(name for name, _ in kept)
        names = [name for name in self.draws.given if name in among]
        texts = []
        for name in names:
            places = [place for each, place in kept if each == name]
            value = self.draws.given[name]
            texts.append(f"{name} = {value}" if not shape(value) else _entries_text(name, value, places))
        return f"{word} {' and '.join(texts)}" if texts else f"{word} the numbers given"

    def _coincidence(self, claim):
        """What of the author's numbers makes a claim hold: zeros and ones of one input, or all of them."""
        needed = self.model.made_of([claim.reading, claim.truth])
        for name, value in self.draws.given.items():
            kept = frozenset((name, at) for at, entry in enumerate(entries(value)) if entry in (0, 1, -1))
            if kept and name in needed:
                if claim.holds([self.draws.draw(number, kept) for number in range(COUNT)]):
                    return self._values_text("for", kept, needed)
        return "with the numbers given"


class _Claim:
    """One reading of a formula beside the truth."""

    def __init__(self, reading, truth, trials):
        self.reading, self.truth, self.trials = reading, truth, trials
        self._sides = [evaluator(reading, Decimal), evaluator(truth, Decimal)]
        known = {kink.side.format() for kink in trials.draws.kinks}
        self._kinks = [kink for kink in kinks(reading) if kink.side.format() not in known]
        self._names = [*reading.names(), *truth.names()]

    def holds(self, draws):
        """Whether both sides agree in every draw that counts, and one counts."""
        found = [self._agrees(draw) for draw in draws if self._stands(draw)]
        return False not in found and True in found

    def differs(self, draw):
        """Whether both sides have values in a draw that are not the same."""
        return self._agrees(draw) is False

    def difference(self):
        draws = [self.trials.draws.draw(number) for number in range(COUNT)] + [self.trials.draws.own]
        for draw in draws:
            if self._stands(draw) and self.differs(draw):
                return Outcome("different", None, self.reading, draw)
        if any(map(self.differs, draws)):
            return Outcome("different", None, self.reading, self.trials.draws.own)
        return Outcome("no value", "it has no finite value with numbers near yours", self.reading)

    def _stands(self, draw):
        """Whether the kinks of the formula itself have the sides that they have with the author's numbers."""
        own = self.trials.draws.own
        return all(same_side(value_in(draw, kink.side), value_in(own, kink.side)) for kink in self._kinks)

    def _agrees(self, draw):
        """Whether both sides have the same value in a draw; None where one has no finite value."""
        found = self._compared(draw)
        return self._compared(draw.finer()) if found == "lost" else found

    def _compared(self, draw):
        try:
            left, right = (entries(draw.evaluated(side)) for side in self._sides)
        except (ArithmeticError, NeuronnetError):
            return None
        if not all(each.is_finite() for each in (*left, *right)):
            return None
        with fifty_digits() as context:
            context.prec = MORE_DIGITS
            unclear = [pair for pair in zip(left, right) if not _is_close(*pair)]
            if not unclear:
                return True
            scale = max([Decimal(1), *(abs(each) for name in self._names for each in entries(draw[name]))])
            nothing = scale.scaleb(LOST - draw.digits)
            if any(abs(one - other) > nothing for one, other in unclear):
                return False
        return True if draw.digits > DIGITS else "lost"

    def side(self):
        """On which side of its kinks a claim holds that does not hold on the other: "where z1 > 0"."""
        draws = self.trials.draws
        needed = self.trials.model.made_of([self.truth, self.reading])
        kinks = [kink for name, inside in draws.kinks_in.items() if name in needed for kink in inside]
        found = {kink.side.format(): kink for kink in kinks}
        if not found:
            return None
        held, failed, seen = set(), [], set()
        for number in range(MOST_CROSSED):
            if number >= CROSSED and len(seen) == len(found):
                break
            crossed = found.keys() & draws.crossed(number)
            seen |= crossed
            if self.differs(draws.draw(number, crossing=True)):
                failed.append(crossed)
            else:
                held |= crossed
        if not failed:
            return None
        common = set.intersection(*failed)
        guilty = (common - held) or common or set.union(*failed)
        said = [found[text].said(value_in(draws.own, found[text].side)) for text in found if text in guilty]
        return f"where {' and '.join(said)}"


def _turned_around(value):
    """Zeros for ones and ones for zeros, or minus a value of ±1; None for others and for what sums to 1."""
    found = set(entries(value))
    if lines_of_one("", value)[1] or not found <= {0, 1, -1} or {0, -1} <= found:
        return None
    return mapped(lambda entry: -entry if -1 in found else 1 - entry, value)


def same_shape(own: tuple, wanted: tuple) -> bool:
    """Whether two shapes are one; a plain vector, a column and a row are, and so are a number and (1, 1)."""
    if own == wanted:
        return True
    if as_vector_shape(own) != as_vector_shape(wanted):
        return False
    return own == () or wanted == () or (is_vector(own) and is_vector(wanted))


def _misfit(own, wanted, truth):
    quantity = split_partial(truth.name) if isinstance(truth, Name) else None
    name = quantity[1] if quantity else truth.format()
    return f"{shape_text(own)}, but {name} is {shape_text(wanted)}"


def _literals(formula):
    """The sizes of the numbers written in a formula."""
    return {abs(Decimal(node.format())) for node, *_ in nodes(formula) if isinstance(node, Number)}


def _entries_text(name, value, places):
    kept = {entries(value)[place] for place in places}
    return f"the zeros and ones of {name}" if kept <= {0, 1, -1} else f"these entries of {name}"


def _is_close(one, other):
    return abs(one - other) <= CLOSE * max(abs(one), abs(other))
