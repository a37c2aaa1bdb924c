"""A golden value: the certified digits of an exact number, and its tolerance from disturbed runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from neuronnet.derivation.digits import DIGITS
from neuronnet.errors import NeuronnetError
from neuronnet.golden.rounding import REPRODUCIBLE, ULPS, rounded_to, shortest, ulp_of

FACTOR = 10.0  # times the root mean square of the deviations: Student's t has 8 in a million beyond that
SPARE = 3  # digits fewer than fifty, less those that the measured amplification takes
MOST_CERTIFIED = 30


@dataclass(frozen=True)
class GoldenValue:
    """A quantity: `value` rounded to the file's dtype, `digits` certified ones, `tolerance` absolute."""

    name: str
    kind: str
    value: float
    digits: str
    tolerance: float

    @classmethod
    def read(cls, name: str, found: dict) -> GoldenValue:
        """The one that a file has under a name. Raises ValueError, KeyError or TypeError for what is none."""
        numbers = [found["value"], found["tolerance"], float(found["digits"] or 0)]
        if any(isinstance(each, bool) for each in numbers) or not all(map(math.isfinite, numbers)):
            raise ValueError(f"{name}: finite numbers are needed")
        return cls(name, str(found["kind"]), float(numbers[0]), found["digits"], float(numbers[1]))

    @classmethod
    def of(cls, name: str, kind: str, exact: Any, values: list[float], dtype: str) -> GoldenValue | None:
        """That of an exact number, from its values in disturbed runs; None for fewer than two digits."""
        value, size, deviation = shortest(exact, dtype), abs(float(exact)), _deviation(exact, values)
        if not math.isfinite(value):
            raise NeuronnetError(f"{name} is {value} in {dtype}; no golden value can hold that")
        tolerance = FACTOR * deviation + ULPS[dtype] * size
        if tolerance > REPRODUCIBLE * size and deviation > 0.0:
            return None
        digits = exact.digits() if hasattr(exact, "digits") else _certified(exact, deviation / ULPS[dtype])
        return cls(name, kind, value, digits, tolerance) if digits else None

    def hex(self, dtype: str) -> str:
        """The bits of the value in a dtype, as a hexadecimal float."""
        return rounded_to(self.value, dtype).hex()

    def ulps(self, dtype: str) -> float:
        """The tolerance in units of the last place of the value in a dtype."""
        return self.tolerance / ulp_of(self.value, dtype)


def _deviation(exact, values):
    """The root mean square by which disturbed values miss the exact one, infinite where one is not finite."""
    exact = float(exact)
    squares = sum((value - exact) * (value - exact) for value in values)  # a power would raise beyond 1e308
    return math.sqrt(squares / len(values)) if math.isfinite(squares) else math.inf


def _certified(exact, amplified):
    """The digits of a Decimal of fifty that rounding, `amplified` so many times, has left."""
    if not exact:
        return "0"
    lost = max(0.0, math.log10(amplified / abs(float(exact)))) if amplified and float(exact) else 0.0
    return f"{exact:.{min(MOST_CERTIFIED, math.floor(DIGITS - SPARE - lost)) - 1}e}"
