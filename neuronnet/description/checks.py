"""Elementary checks: a number, a whole number, one of the allowed words; what a network is made of is not
known here.
"""

from decimal import Decimal
from fractions import Fraction

from neuronnet.description.literal import Literal, fits_a_float
from neuronnet.errors import SpecError, did_you_mean, nearest, shortened

LARGEST_SEED = 2**32 - 1


class Checks:
    """Checks what one description holds, and refuses what cannot be used with a SpecError.

    `place` is the description's own name, which every error puts before the key; `folder`, a Path, is where
    the names of files in it start from.
    """

    def __init__(self, place, folder):
        self.place, self.folder = place, folder

    def text(self, given, key, default):
        """The string under `key`."""
        if key not in given:
            return default
        value = given[key]
        if not isinstance(value, str):
            self.refuse(key, shortened(value), "a string is needed")
        return value

    def choice(self, given, where, key, allowed, default):
        """The word under `key`, one of those `allowed`."""
        value = given.get(key)
        if value is None:
            value = default
        if not isinstance(value, str) or value not in allowed:
            found = "nothing" if value is None else shortened(value)
            self.refuse(
                where, found, f"allowed are {', '.join(allowed)}{did_you_mean(nearest(value, allowed))}"
            )
        return value

    def numbers(self, given, where):
        """A list of numbers, each as `number` returns it."""
        if not isinstance(given, (list, tuple)):
            self.refuse(where, shortened(given), "a list of numbers is needed")
        return [self.number(value, f"{where}, number {number}") for number, value in enumerate(given, 1)]

    def number(self, value, where):
        """A finite number as it is, an int as a Literal."""
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, Fraction)):
            self.refuse(where, shortened(value), "a number is needed")
        if not fits_a_float(value):
            self.refuse(
                where,
                shortened(getattr(value, "text", value)),
                "a finite number is needed, 0 or from 5e-324 to 1.79e308 in size",
            )
        return Literal(str(value)) if isinstance(value, int) else value

    def not_negative(self, value, where):
        """A finite number from 0 upwards."""
        value = self.number(value, where)
        if value < 0:
            self.refuse(where, shortened(float(value)), "a number from 0 upwards is needed")
        return value

    def whole(self, value, where, least, most):
        """An int from `least` to `most`."""
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(where, shortened(value), f"a whole number from {least} to {most} is needed")
        return value

    def seed(self, value, where):
        """The seed of a generator: a whole number of 32 bits."""
        return self.whole(value, where, 0, LARGEST_SEED)

    def entries(self, given, key):
        """The list of tables under `key`."""
        entries = given.get(key, [])
        if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, dict) for entry in entries):
            self.refuse(key, shortened(entries), f"[[{key}]] tables are needed")
        return list(entries)

    def table(self, given, where, example):
        """A table, which is to look like the `example`."""
        if not isinstance(given, dict):
            self.refuse(where, shortened(given), f"a table such as {example} is needed")
        return given

    def known(self, given, where, allowed):
        """Refuse a table with a key that is not among those `allowed`."""
        for key in given:
            if key not in allowed:
                self.refuse(
                    where,
                    f"the key {shortened(key)}",
                    f"allowed are {', '.join(sorted(allowed))}{did_you_mean(nearest(key, allowed))}",
                )

    def refuse(self, where, found, allowed):
        """Raise the SpecError for what was `found` at `where`, the key or keys that lead to it."""
        raise SpecError(f"{self.place}: {where}" if where != self.place else where, found, allowed)
