"""The catalogue of mistakes, a network's passes replayed with some of them, and what each does to it."""

from functools import lru_cache
from math import isclose
from typing import NamedTuple

from neuronnet.mistakes import backward, biases, forward, updates
from neuronnet.mistakes.mistaken_program import NotHere, Program

NONE = "none"
ALL = updates.UPDATE_ORDER + biases.BIASES + backward.SLOPES + backward.PATHS + backward.GRADIENTS
ALL += updates.SIGNS + updates.FACTORS + updates.SAMPLES + forward.ERRORS + biases.L2_TERMS
ALL += forward.LOADING + forward.ACTIVATIONS + updates.STEPS
CATALOGUE = {mistake.id: mistake for mistake in ALL}


@lru_cache(maxsize=8192)
def variation(mistakes):
    """The program with these mistakes, a tuple. Raises NotHere where one contains the other."""
    if not mistakes:
        return Program
    id = " and ".join(each.id for each in mistakes)
    try:
        return type("Variation", (*mistakes, Program), {"id": id})
    except TypeError:
        raise NotHere(id, "one contains the other") from None


def replay(description, mistakes=(), counts=(1,), keep=None, number=float):
    """Name -> value of all that the network's program leaves when it makes these mistakes, a tuple.

    `description` is a checked one; `counts` and the names are those of `Program.numbers`. `keep(name, value)`
    may replace a named number by what the computation goes on with. Where the arithmetic fails, what was
    computed before is returned. Raises NotHere when the mistakes make no sense for this network.
    """
    program_class, program = variation(tuple(mistakes)), None
    try:
        program = program_class(description, number)
        if keep is not None:
            program.keep = keep
        program.numbers(counts)
    except NotHere:
        raise
    except (ArithmeticError, ValueError):
        pass
    return {} if program is None else program.found


class Signature(NamedTuple):
    """A mistake's `id`, its `numbers`, and `same`, the ids that leave the same ("none": no mistake)."""

    id: str
    numbers: dict
    same: list


def signatures(description, counts=(1, 2)):
    """The Signatures of all catalogue entries that make sense for a network, in the catalogue's order."""
    found = {NONE: replay(description, (), counts)}
    for id, mistake in CATALOGUE.items():
        try:
            found[id] = replay(description, (mistake,), counts)
        except NotHere:
            pass
    return [
        Signature(id, numbers, [each for each in found if each != id and alike(numbers, found[each])])
        for id, numbers in found.items()
        if id != NONE
    ]


def alike(numbers, others):
    """Whether two replays have the same names and, to 1e-12 relative, the same numbers."""
    return numbers.keys() == others.keys() and all(
        isclose(value, others[name], rel_tol=1e-12, abs_tol=1e-300) for name, value in numbers.items()
    )
