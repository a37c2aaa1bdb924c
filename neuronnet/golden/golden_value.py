"""A golden value: the certified digits of an exact number, and its tolerance from disturbed runs.

Digits are proved by arithmetic in balls, those of Arb (python-flint, the extra `certified`): F. Johansson,
"Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Transactions on Computers 66
(2017).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from neuronnet.derivation.digits import DIGITS
from neuronnet.errors import NeuronnetError
from neuronnet.golden.recording import REPRODUCIBLE, ULPS, rounded_to, shortest, ulp_of

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

    def to_dict(self, dtype: str) -> dict:
        """The entry of a golden file."""
        numbers = {"value": self.value, "hex": self.hex(dtype), "digits": self.digits}
        ulps = round(self.ulps(dtype), 3)
        return {"kind": self.kind, **numbers, "tolerance": self.tolerance, "ulps": ulps}

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


BITS = 256  # of the midpoints: 77 digits, of which a training may take some
MOST_DIGITS = 30


def ball_type() -> type:
    """The type of number, for `NeuralNetwork.from_dict`. Raises NeuronnetError where Arb is not installed."""
    try:
        import flint
    except ImportError:
        message = "proved digits need python-flint: pip install 'gradcheck[certified]'"
        raise NeuronnetError(message) from None
    flint.ctx.prec = BITS
    arb: Any = flint.arb

    class Ball:
        """A number known to lie within a radius of a midpoint."""

        __slots__ = ("value",)

        def __init__(self, value):
            self.value = value if isinstance(value, arb) else arb(value)

        @classmethod
        def as_written(cls, value):
            """A given number, from its decimal text where it has one."""
            return cls(str(value.text if hasattr(value, "text") else value))

        def digits(self):
            """The decimal digits that are proved, at most MOST_DIGITS; "" where there are none."""
            text = self.value.str(MOST_DIGITS, radius=False)
            return "" if "[" in text or text == "nan" else text

        def __float__(self):
            return float(self.value.mid())

        def __neg__(self):
            return Ball(-self.value)

        def __abs__(self):
            return Ball(abs(self.value))

        def ln(self):
            return Ball(self.value.log())

    def operation(name):
        def operate(self, other):
            if not isinstance(other, (Ball, int, float)):
                return NotImplemented
            if name == "__sub__" and other is self and self.value.is_finite():
                return Ball(0)  # x - x, by which a number shows that it is finite
            return Ball(getattr(self.value, name)(arb(other.value if isinstance(other, Ball) else other)))

        return operate

    def comparison(name, opposite):
        def compare(self, other):
            other = arb(other.value if isinstance(other, Ball) else other)
            holds = getattr(self.value, name)(other)
            if not holds and not getattr(self.value, opposite)(other):
                raise NeuronnetError("a comparison that the digits left do not decide, as at a kink")
            return holds

        return compare

    for name in ("add", "sub", "mul", "truediv", "radd", "rsub", "rmul", "rtruediv"):
        setattr(Ball, f"__{name}__", operation(f"__{name}__"))
    for name, opposite in (("lt", "ge"), ("le", "gt"), ("gt", "le"), ("ge", "lt"), ("eq", "ne")):
        setattr(Ball, f"__{name}__", comparison(f"__{name}__", f"__{opposite}__"))
    for name in ("exp", "tanh", "sqrt", "log1p"):
        setattr(Ball, name, lambda self, name=name: Ball(getattr(self.value, name)()))
    return Ball
