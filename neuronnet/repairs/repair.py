"""The smallest repair of a wrong formula: the change after which it is the quantity in every network of its
shape.

One change is looked for first, then two of the commonest ones; more slips in one formula are beyond it,
except those that come as one: names exchanged, weights transposed, a neuron or a sample mistaken throughout.
"""

import re
from typing import NamedTuple

from neuronnet.formulas.rewriting import nodes
from neuronnet.repairs.identity import LATEST, update_counts
from neuronnet.repairs.pairs import two_changes
from neuronnet.repairs.slips import Slips

LARGEST_FORMULA = 150  # parts
MOST_TRIED = 200  # slips that explain the formula in one network and are put to all trials
_KINDS = {"other name": "name", "extra factors": "extra factor"}


class Repair(NamedTuple):
    """What to change in a formula: `found` stands there, `instead` should.

    One of them is empty where something is missing, or too much.

    `column` is where, from 1, in the text that was parsed, None where that is not known; `formula` is the
    repaired one.
    """

    kind: str
    found: str
    instead: str
    column: int | None
    formula: str
    sentence: str


def repair(formula, quantity, trials, text=None):
    """The Repair of `formula`, an Expression that is not the `quantity`, an Expression too.

    None when neither one change nor two of the commonest ones make it so.
    `text` is what the author wrote; it helps to find the column. Raises UnknownName.
    """
    parts = sum(1 for _ in nodes(formula))
    counts = update_counts([formula, quantity])
    if parts > LARGEST_FORMULA or max(counts, default=0) > LATEST:
        return None
    slips = Slips(formula, quantity, trials, bool(counts))
    for candidates in (lambda: sorted(slips.candidates(), key=slips.size), lambda: two_changes(slips)):
        for change, repaired in candidates()[:MOST_TRIED]:
            if trials.same(repaired, quantity):
                kind = _KINDS.get(change.kind, change.kind)
                column = column_of(change, text)
                return Repair(kind, change.found, change.instead, column, repaired.format(), change.sentence)
    return None


def column_of(change, text):
    """The column of what a change is about: of its first atom, or of the only place in `text` where it
    stands.
    """
    for part, _, _ in nodes(change.at):
        if part.column is not None:
            return part.column
    if text and change.found:
        places = [
            match.start() + 1 for match in re.finditer(rf"(?<!\w){re.escape(change.found)}(?!\w)", text)
        ]
        if len(places) == 1:
            return places[0]
    return None
