"""The ledger of published numbers: what each belongs to, the computation that proves it, what it excludes."""

from __future__ import annotations

from typing import NamedTuple

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.derivation.quantities import Exact, is_small
from neuronnet.description.description import Description
from neuronnet.errors import NeuronnetError, did_you_mean, nearest, shortened
from neuronnet.mistakes.networks import network_of
from neuronnet.mistakes.printed_numbers import PrintedNumber

LATEST = 2  # updates, up to which all known mistakes are tried on a number
AS_DESCRIBED = "the network as described"


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
        what = erratum.quantity, erratum.printed, f"a misprint of {erratum.should_be}", printed
        return Entry(*what, *values, holds=values[0] != values[1])
