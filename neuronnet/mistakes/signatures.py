"""What each mistake does to the numbers of a model, and which published numbers it gives or excludes."""

from __future__ import annotations

from collections.abc import Iterable
from math import isclose
from typing import NamedTuple

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.derivation.quantities import Exact, is_small
from neuronnet.description.description import Description
from neuronnet.errors import Interrupted, NeuronnetError, counted, did_you_mean, nearest, shortened
from neuronnet.formulas.arrays import entries
from neuronnet.mistakes.networks import network_of
from neuronnet.mistakes.printed_numbers import PrintedNumber
from neuronnet.mistakes.variation import RIGHT

LATEST = 2  # updates, up to which all known mistakes are tried on a number
AS_DESCRIBED = "the network as described"


class Signature(NamedTuple):
    """A mistake's `id`, its `sentence`, its `numbers`, and `same`, the ids that leave the same numbers.

    "none" among these stands for the right ones.
    """

    id: str
    sentence: str
    numbers: dict
    same: list


def signatures(subject, names: list[str]) -> list[Signature]:
    """What every Variation of a Network or a sheet's model does to some of its numbers.

    Raises Interrupted with those so far.
    """
    table = {"none": numbers_of(subject.replay(RIGHT), names)}
    until = None
    try:
        for id, each in subject.variations.items():
            table[id] = numbers_of(subject.replay(each), names)
    except KeyboardInterrupt:
        if len(table) == 1:
            raise
        until = f"after {counted(len(table) - 1, 'mistake')}"
    flat = {id: _flat(numbers) for id, numbers in table.items()}
    found = [
        Signature(
            id,
            subject.variations[id].sentence,
            numbers,
            [each for each in table if each != id and _near(flat[id], flat[each])],
        )
        for id, numbers in table.items()
        if id != "none"
    ]
    if until is not None:
        raise Interrupted(found, until)
    return found


def numbers_of(values, names: Iterable[str]) -> dict:
    """The numbers and arrays that a varied pass has under some names."""
    found = {}
    for name in names:
        try:
            found[name] = values[name]
        except (NeuronnetError, ArithmeticError, KeyError):
            pass
    return found


def alike(numbers: dict, others: dict) -> bool:
    """Whether two replays have the same names and, to 1e-12 relative, the same numbers."""
    return _near(_flat(numbers), _flat(others))


def _flat(numbers):
    return [*numbers], [entry for value in numbers.values() for entry in entries(value)]


def _near(one, other):
    return one[0] == other[0] and all(
        left == right or isclose(left, right, rel_tol=1e-12, abs_tol=1e-300)
        for left, right in zip(one[1], other[1])
    )


class Entry(NamedTuple):
    """A published number: what it `belongs_to`, and `proof`, a computation whose `value` has its digits.

    `own` is what the network as described has there. Of the `tried` known mistakes and conventions
    `excluded` would print other digits. `holds`: whether the proof does; None where nothing is computed.
    """

    quantity: str
    printed: str
    belongs_to: str
    proof: str | None = None
    value: float | None = None
    own: float | None = None
    tried: int = 0
    excluded: int = 0
    holds: bool | None = None


def ledger(description: Description) -> list[Entry]:
    """An Entry for every published number, every one of a long run, and every erratum."""
    records = (*description.published, *description.run)
    if not is_small(description) or not description.published:
        return [_long_run(each) for each in records]
    with fifty_digits():
        found = _Ledger(description)
        numbers, errata = (
            map(found.of_number, description.published),
            map(found.of_erratum, description.errata),
        )
        return [*numbers, *errata, *map(_long_run, description.run)]


def _long_run(each):
    is_right = each.verdict == "right"
    return Entry(each.quantity, each.printed, AS_DESCRIBED if is_right else each.reason or each.verdict)


class _Ledger:
    """The network as described, and a replay with each known mistake."""

    def __init__(self, description):
        self.exact, self.subject = Exact(description), network_of(description)
        self.replays = {id: self.subject.replay(each) for id, each in self.subject.variations.items()}

    def value(self, formula):
        return self.exact.value(self.exact.derivation.read(formula))

    def of_number(self, published):
        quantity, printed = published.quantity, Printed(published.printed)
        own = self.value(quantity)
        number = PrintedNumber(quantity, self.exact.derivation.read(quantity), printed, own)
        belongs_to, proof, value = AS_DESCRIBED, quantity, own
        if published.mistake is not None:
            if published.mistake not in self.replays:
                near = did_you_mean(nearest(published.mistake, self.replays))
                found = f"published {quantity}: found the mistake {shortened(published.mistake)}"
                raise NeuronnetError(f"{found}; `neuronnet mistakes` lists those of this network{near}")
            variation = self.subject.variations[published.mistake]
            belongs_to = variation.sentence if variation.convention is None else variation.convention
            proof, value = published.mistake, number.value(self.replays[published.mistake])
        elif published.really is not None:
            rounded = published.verdict == "rounding"
            belongs_to = "numbers that were rounded before" if rounded else "another quantity"
            proof, value = published.really, self.value(published.really)
        tried = [] if number.updates > LATEST else [id for id in self.replays if id != published.mistake]
        given = [id for id in tried if number.is_given_by(number.value(self.replays[id]))]
        holds = number.is_given_by(float(value)) and number.is_right == (published.verdict == "right")
        counts = len(tried), len(tried) - len(given)
        return Entry(quantity, published.printed, belongs_to, proof, float(value), float(own), *counts, holds)

    def of_erratum(self, erratum):
        printed, right = (each.rpartition("=")[2].strip() for each in (erratum.printed, erratum.should_be))
        values = float(self.value(printed)), float(self.value(right))
        belongs_to = f"a misprint of {erratum.should_be}"
        return Entry(
            erratum.quantity, erratum.printed, belongs_to, printed, *values, holds=values[0] != values[1]
        )
