"""Numbers with a proved radius: arithmetic in balls, by Arb (python-flint, the extra `certified`).

Source: F. Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic",
IEEE Transactions on Computers 66 (2017).
"""

from __future__ import annotations

from typing import Any

from neuronnet.errors import NeuronnetError

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
