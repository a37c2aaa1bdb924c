"""Slips that are one mistake and change several names of a formula: exchanged, transposed, of another neuron or sample.

Whether a renaming makes the formula right is not known here.
"""

import re
from itertools import combinations, permutations
from typing import NamedTuple

from neuronnet.names import after

_CHANGED_BY_AN_UPDATE = ("w", "b", "net", "out", "E")

SAMPLE = re.compile(r"\[\d+\]")


class Renaming(NamedTuple):
    """Names of a formula and what they should be, `renames`, with the kind of slip and a sentence for the reader."""

    kind: str
    renames: dict
    sentence: str

    def texts(self):
        """(what stands there, what should), the two names alone where they are exchanged."""
        if self.kind == "exchanged names":
            return tuple(self.renames)
        return ", ".join(self.renames), ", ".join(self.renames.values())


def renamings(formula, quantity, places):
    """The Renamings of a formula that change more than one name; the new names need not exist."""
    names = formula.names()
    kinds = {name: places.of(name).kind for name in names}
    for one, other in combinations(names, 2):
        if kinds[one] == kinds[other]:
            yield Renaming("exchanged names", {one: other, other: one}, f"{one} and {other} are exchanged")
    updated = [name for name in names if "@" not in name and kinds[name] in _CHANGED_BY_AN_UPDATE]
    yield from _several({name: places.own_name(after(name, 1)) for name in updated},
                        "the values after the update are needed: {instead}")
    yield from _several({name: name.partition("@")[0] for name in names if "@" in name},
                        "the values before the update are needed: {instead}")
    samples = {sample for name in names + quantity.names() for sample in SAMPLE.findall(name)}
    for start, end in permutations(sorted(samples), 2):
        yield from _several({name: name.replace(start, end) for name in names},
                            f"this is about sample {end[1:-1]}, not about {start[1:-1]}")
    yield from _several({name: places.transposed(name) for name in names}, "the weights are transposed")
    for layer, start in places.single(names):
        for end, neuron in enumerate(places.neurons[layer]):
            moved = {name: places.moved(name, layer, start, end) for name in names}
            yield from _several(moved, f"this is about {neuron}, not about {places.neurons[layer][start]}")
            for kind in dict.fromkeys(kinds.values()):
                yield from _several({name: other for name, other in moved.items() if kinds[name] == kind},
                                    "did you mean {instead} instead of {found}?")


def _several(renames, sentence):
    """The Renaming, if it changes more than one name."""
    renames = {name: other for name, other in renames.items() if name != other}
    if len(renames) > 1:
        renaming = Renaming("name", renames, sentence)
        found, instead = renaming.texts()
        yield renaming._replace(sentence=sentence.format(found=found, instead=instead))
