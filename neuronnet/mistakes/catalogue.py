"""All variations of a model by their ids, and what each of them does to its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from math import isclose
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import entries
from neuronnet.mistakes.backward import backward
from neuronnet.mistakes.forward import forward
from neuronnet.mistakes.updates import updates
from neuronnet.mistakes.variation import RIGHT, Variation

if TYPE_CHECKING:
    from neuronnet.mistakes.graph import Graph


def variations(graph: Graph) -> dict[str, Variation]:
    """Every Variation that makes sense for a model, by its id, the plainest first."""
    found: dict[str, Variation] = {}
    for each in (*updates(graph), *backward(graph), *forward(graph)):
        found.setdefault(each.id, each)
    return dict(sorted(found.items(), key=lambda item: item[1].plainness))


class Signature(NamedTuple):
    """A mistake's `id`, its `sentence`, its `numbers`, and `same`, the ids that leave the same numbers.

    "none" among these stands for the right ones.
    """

    id: str
    sentence: str
    numbers: dict
    same: list


def numbers_of(values, names: Iterable[str]) -> dict:
    """The numbers and arrays that a varied pass has under some names."""
    found = {}
    for name in names:
        try:
            found[name] = values[name]
        except (NeuronnetError, ArithmeticError, KeyError):
            pass
    return found


def signatures(subject, names: list[str]) -> list[Signature]:
    """What every Variation of a Network or a sheet's model does to some of its numbers."""
    table = {"none": numbers_of(subject.replay(RIGHT), names)}
    table |= {id: numbers_of(subject.replay(each), names) for id, each in subject.variations.items()}
    flat = {id: _flat(numbers) for id, numbers in table.items()}
    return [
        Signature(
            id,
            subject.variations[id].sentence,
            numbers,
            [each for each in table if each != id and _near(flat[id], flat[each])],
        )
        for id, numbers in table.items()
        if id != "none"
    ]


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
