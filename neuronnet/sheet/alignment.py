"""Which name each number of an arithmetic expression stands for: `0.15*0.05 + 0.35` beside `w1*i1 + b1`.

Only the shape is compared; whether a number is that of its name is judged elsewhere.
"""

from typing import NamedTuple

from neuronnet.derivation.digits import Printed
from neuronnet.derivation.expressions import Call, Name, Negative, Number, Power, Product, Sum


class Literal(NamedTuple):
    """A number in the place of a name: what is `printed` there, its sign included, the `name`, and the author's `column`."""

    printed: Printed
    name: str
    column: int


def aligned(part, model, agrees=lambda literal: True):
    """The Literals of `part`, a formula of the same shape as `model`; None where the shapes differ.

    Terms and factors may stand in another order, and what is squared with another sign, if the Literals then all agree, by
    `agrees(literal)`.
    """
    return _Alignment(agrees).of(part, model, 1)


class _Alignment:
    """The comparison of one part with one model, node by node."""

    def __init__(self, agrees):
        self.agrees = agrees

    def of(self, part, model, sign):
        """The Literals of a part; the sign that stands before it belongs to its number."""
        if isinstance(model, Name):
            return _in_place_of(part, model.name, sign)
        if isinstance(model, Sum) and isinstance(part, Sum):
            return self.together(part.terms, model.terms, lambda a, b: a * b * sign)
        if sign < 0:
            return None
        if isinstance(part, Number) and isinstance(model, Number):
            return [] if float(part.value) == float(model.value) else None
        if isinstance(model, Negative):
            if isinstance(part, Negative):
                return self.of(part.inner, model.inner, 1)
            return self.of(part, model.inner, -1) if isinstance(part, Number) else None
        if type(part) is not type(model):
            return None
        if isinstance(model, Product):
            return self.together(part.factors, model.factors, lambda a, b: 1 if a == b else None)
        if isinstance(model, Power):
            return self.power(part, model) if part.exponent == model.exponent else None
        if isinstance(model, Call) and part.function == model.function:
            return self.in_order([(1, each) for each in part.arguments], [(1, each) for each in model.arguments], lambda a, b: 1)
        return None

    def power(self, part, model):
        """The Literals of a base; that of an even power may have the other sign."""
        found = self.of(part.base, model.base, 1)
        if model.exponent % 2 == 0 and not (found is not None and all(map(self.agrees, found))):
            turned = self.of(part.base, model.base, -1)
            if turned is not None and all(map(self.agrees, turned)):
                return turned
        return found

    def together(self, parts, models, sign):
        """The Literals of terms or factors: side by side, or in another order where that makes them all agree."""
        found = self.in_order(parts, models, sign)
        if found is not None and all(map(self.agrees, found)) or len(parts) != len(models):
            return found
        reordered, left = [], list(models)
        for part in parts:
            for model in left:
                literals = self.pair(part, model, sign)
                if literals is not None and all(map(self.agrees, literals)):
                    reordered += literals
                    left.remove(model)
                    break
        return found if left else reordered

    def in_order(self, parts, models, sign):
        """The Literals of pairs side by side; None where one does not fit."""
        if len(parts) != len(models):
            return None
        found = [self.pair(part, model, sign) for part, model in zip(parts, models)]
        return None if None in found else [literal for literals in found for literal in literals]

    def pair(self, part, model, sign):
        """The Literals of one term or factor; `sign(a, b)` of the two marks is the sign of its number, None for a clash."""
        turned = sign(part[0], model[0])
        return None if turned is None else self.of(part[1], model[1], turned)


def _in_place_of(part, name, sign):
    if isinstance(part, Name):
        return [] if part.name == name and sign > 0 else None
    if isinstance(part, Negative):
        return _in_place_of(part.inner, name, -sign)
    if not isinstance(part, Number):
        return None
    return [Literal(printed_literal(part, sign), name, part.column)]


def printed_literal(number, sign=1):
    """The Printed of a Number of a formula, with a sign that stands before it."""
    text = getattr(number.value, "text", None) or repr(number.value)
    return Printed("-" + text if sign < 0 else text)
