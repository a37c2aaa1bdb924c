"""Conditions in plain words: `the sign of w5 changes`, `E_total is below 0.1`, `dE_total/dw5 turns`.

A condition is a name, and a test of the values that it has had so far, the last one last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from neuronnet.errors import NeuronnetError, shortened

_NUMBER = r"(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)"
_BECOMES = "(?:is|gets|becomes|goes|falls|rises|grows|drops)"
_LESS = rf"(?:< ?|{_BECOMES} (?:below|under|less than|smaller than) )"
_MORE = rf"(?:> ?|{_BECOMES} (?:above|over|more than|greater than|larger than|bigger than) )"
_STEP = "(?:changes|moves) by"


def _changes_sign(values, number):
    before = next((each for each in reversed(values[:-1]) if each != 0), 0)
    return before * values[-1] < 0


def _turns(values, number):
    steps = [after - before for before, after in zip(values, values[1:]) if after != before]
    return len(steps) > 1 and values[-1] != values[-2] and steps[-2] * steps[-1] < 0


# What is said of a quantity: whether it holds, from its last values and the number that is said.
TESTS: dict[str, Callable] = {
    "changes? sign": _changes_sign,
    "turns?(?: (?:around|back))?": _turns,
    "changes?|moves?": lambda values, number: values[-1] != values[-2],
    "rises?|grows?|increases?|goes up": lambda values, number: values[-1] > values[-2],
    "falls?|shrinks?|decreases?|drops?|goes down": lambda values, number: values[-1] < values[-2],
    f"{_BECOMES} negative": lambda values, number: values[-1] < 0,
    f"{_BECOMES} positive": lambda values, number: values[-1] > 0,
    f"{_BECOMES} (?:zero|nought)|vanishes": lambda values, number: values[-1] == 0,
    f"{_LESS}{_NUMBER}": lambda values, number: values[-1] < number,
    f"{_MORE}{_NUMBER}": lambda values, number: values[-1] > number,
    f"(?:<= ?|is at most ){_NUMBER}": lambda values, number: values[-1] <= number,
    f"(?:>= ?|is at least ){_NUMBER}": lambda values, number: values[-1] >= number,
    f"(?:==? ?|is |equals |reaches |crosses |passes |hits ){_NUMBER}": lambda values, number: (
        values[-1] == number or (values[-2] - number) * (values[-1] - number) < 0
    ),
    f"{_STEP} (?:less|no more) than {_NUMBER}": lambda values, number: abs(values[-1] - values[-2]) < number,
    f"{_STEP} (?:more than |at least )?{_NUMBER}": lambda values, number: (
        abs(values[-1] - values[-2]) >= number
    ),
}
EXAMPLES = (
    "the sign of w5 changes, w5 turns, w5 rises, w5 falls, w5 is negative, w5 < 0.3, w5 reaches 0.4, "
    "the error is below 0.1, w5 changes by less than 0.001, the size of the gradient of w5 is below 0.01"
)
_NAME = (
    r"(?P<size>(?:the )?size of )?(?P<gradient>(?:the )?gradient of )?"
    r"(?P<bar>\|)?(?:(?P<error>(?:the )?error)|(?P<name>[^\s|]+))(?(bar)\|)"
)
_LIKE_ONE = re.compile(r"[<>=|]| (?:is|by|than|of|sign|when|reaches|changes|turns|rises|falls) | of |sign$")


class Condition(NamedTuple):
    """A `test` of the values that a quantity, or its size, has had; `name` is as it was said."""

    name: str
    test: Callable
    number: float | None
    is_size: bool

    def holds(self, values: list, value: Any) -> bool:
        """Whether it holds now that a quantity has another value; `values` are its last distinct ones."""
        value = abs(value) if self.is_size else value
        try:
            found = bool(self.test([*values, value], self.number))
        except IndexError:  # the first value of all, beside none before it
            found = False
        if not values or value != values[-1]:
            values[:] = [*values[-2:], value]
        return found


def condition(text: str) -> Condition | None:
    """The Condition that a text says, None for a name alone. Raises NeuronnetError for other words."""
    said = " ".join(re.sub("(<=|>=|==|<|>|=)", r" \1 ", text).split())
    of_sign = re.fullmatch("(?:the )?sign of (.+) (?:changes|turns|flips)", said)
    said = f"{of_sign[1]} changes sign" if of_sign else said
    for words, test in TESTS.items():
        found = re.fullmatch(f"{_NAME} (?:{words})", said)
        if found:
            number = found.groupdict().get("number")
            name, is_size = found["name"], bool(found["size"] or found["bar"])
            name = "E_total" if found["error"] else f"dE_total/d{name}" if found["gradient"] else name
            return Condition(name, test, None if number is None else float(number), is_size)
    if _LIKE_ONE.search(said):
        raise refusal(text)
    return None


def refusal(text: str) -> NeuronnetError:
    """The error for a text that is no condition, with some that are."""
    return NeuronnetError(f"{shortened(text)}: what can be said of a quantity is, for example, {EXAMPLES}")
