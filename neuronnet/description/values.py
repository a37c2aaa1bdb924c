"""Single values of a description: numbers that remember their text, and checks of one value at a time."""

import re
from decimal import Decimal
from fractions import Fraction
from math import isfinite

from neuronnet.elementary import Literal
from neuronnet.errors import SpecError, did_you_mean, nearest, shortened
from neuronnet.files import allowed, most

MOST_DIGITS = 1000  # of one number


def fits_a_float(value):
    """Whether a number is finite as a float, and 0 as a float only if it is 0."""
    try:
        return isfinite(value) and (float(value) != 0 or Decimal(getattr(value, "text", 0)) == value == 0)
    except (ArithmeticError, ValueError):
        return False


def folded(word):
    """A word as it is looked up: `Mean_Squared-Error` as `meansquarederror`; None where it is no text."""
    return re.sub(r"[-_ ]", "", word).casefold() if isinstance(word, str) else None


def _allowed(words, aliases, near):
    also = f" (also {', '.join(aliases)})" if aliases else ""
    return f"allowed are {', '.join(words)}{also}{did_you_mean(near)}"


class Checks:
    """Returns values of one description, and refuses what cannot be used with a SpecError.

    `place` is the description's name, which errors put before the key; the names of files in it start from
    `folder`, a Path. `where` is the key or keys that lead to a value.
    """

    def __init__(self, place, folder):
        self.place, self.folder = place, folder

    def text(self, given, key, default):
        if not isinstance(given.get(key, ""), str):
            self.refuse(key, shortened(given[key]), "a string is needed")
        return given.get(key, default)

    def required(self, given, key, where, needed):
        """The value of a key that must be there; `needed` says why."""
        if key not in given:
            self.refuse(where, f"no {key}", needed)
        return given[key]

    def choice(self, value, where, allowed, default=None, aliases=None):
        """One of the words `allowed`: `value`, what `aliases` say that it means, or for None the default.

        Upper case, spaces, hyphens and underscores make no difference: `ReLU`, `cross_entropy`.
        """
        aliases = aliases or {}
        value = default if value is None else value
        known = {folded(word): word for word in allowed} | {folded(word): aliases[word] for word in aliases}
        if not isinstance(value, str) or folded(value) not in known:
            found = "nothing" if value is None else shortened(value)
            self.refuse(where, found, _allowed(allowed, aliases, nearest(value, [*allowed, *aliases])))
        return known[folded(value)]

    def numbers(self, given, where):
        if not isinstance(given, (list, tuple)):
            self.refuse(where, shortened(given), "a list of numbers is needed")
        return [self.number(value, f"{where}, number {number}") for number, value in enumerate(given, 1)]

    def number(self, value, where):
        """A finite number as it is, an int as a Literal."""
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, Fraction)):
            self.refuse(where, shortened(value), "a number is needed")
        if not fits_a_float(value):
            needed = "a finite number is needed, 0 or from 5e-324 to 1.79e308 in size"
            self.refuse(where, shortened(getattr(value, "text", value)), needed)
        return Literal(str(value)) if isinstance(value, int) else value

    def number_where(self, value, where, suits, needed):
        value = self.number(value, where)
        if not suits(value):
            self.refuse(where, shortened(float(value)), f"a number {needed} is needed")
        return value

    def not_negative(self, value, where):
        return self.number_where(value, where, lambda value: value >= 0, "from 0 upwards")

    def below_one(self, value, where):
        return self.number_where(value, where, lambda value: 0 <= value < 1, "from 0 to below 1")

    def whole(self, value, where, least, most):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(where, shortened(value), f"a whole number from {least} to {most} is needed")
        return value

    def seed(self, value, where):
        """The seed of a generator: a whole number of 32 bits."""
        return self.whole(value, where, 0, 2**32 - 1)

    def entries(self, given, key):
        entries = given.get(key, [])
        if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, dict) for entry in entries):
            each = key if key in ("layer", "sample") else "entry"
            needed = f"write [[{key}]], with double brackets, once for each {each}"
            self.refuse(key, shortened(entries), needed)
        return list(entries)

    def table(self, given, where, allowed=None, example=None, aliases=None, alike=None):
        """A table like the `example`, its keys among those `allowed` or `aliases` of these.

        `alike` maps keys that are refused to the ones to suggest.
        """
        if not isinstance(given, dict):
            self.refuse(where, shortened(given), f"a table such as {example} is needed")
        aliases, found = aliases or {}, {}
        for key, value in given.items():
            own = aliases.get(key, key)
            if allowed is not None and own not in allowed:
                meant = (alike or {}).get(key)
                near = [meant] if meant in allowed else nearest(key, [*allowed, *aliases])
                self.refuse(where, f"the key {shortened(key)}", _allowed(sorted(allowed), aliases, near))
            if own in found:
                self.refuse(where, f"{shortened(key)} beside another {own}", f"{own} stands once")
            found[own] = value
        return found

    def within(self, name, count, where):
        """Refuse a `count` beyond the limit of that name."""
        if count > most(name):
            self.refuse(where, f"{count} {name}", allowed(name))

    def refuse(self, where, found, allowed):
        """Raise the SpecError for what was `found` at `where`."""
        raise SpecError(f"{self.place}: {where}" if where != self.place else where, found, allowed)
