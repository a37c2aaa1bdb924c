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


def aligned(part, model):
    """The Literals of `part`, a formula of the same shape as `model`; None where the shapes differ."""
    return _aligned(part, model, 1)


def _aligned(part, model, sign):
    if isinstance(model, Name):
        return _in_place_of(part, model.name, sign)
    if sign < 0:
        return None
    if isinstance(part, Number) and isinstance(model, Number):
        return [] if float(part.value) == float(model.value) else None
    if isinstance(model, Negative):
        if isinstance(part, Negative):
            return _aligned(part.inner, model.inner, 1)
        return _aligned(part, model.inner, -1) if isinstance(part, Number) else None
    if type(part) is not type(model):
        return None
    if isinstance(model, Sum):
        return _together(part.terms, model.terms, lambda a, b: a * b)
    if isinstance(model, Product):
        return _together(part.factors, model.factors, lambda a, b: 1 if a == b else None)
    if isinstance(model, Power):
        return _aligned(part.base, model.base, 1) if part.exponent == model.exponent else None
    if isinstance(model, Call) and part.function == model.function:
        return _together([(1, each) for each in part.arguments], [(1, each) for each in model.arguments], lambda a, b: 1)
    return None


def _in_place_of(part, name, sign):
    if isinstance(part, Name):
        return [] if part.name == name and sign > 0 else None
    if isinstance(part, Negative):
        return _in_place_of(part.inner, name, -sign)
    if not isinstance(part, Number):
        return None
    return [Literal(printed_literal(part, sign), name, part.column)]


def _together(parts, models, sign):
    """The Literals of pairs side by side; `sign(a, b)` of their marks is the sign of the number, None where they clash."""
    if len(parts) != len(models):
        return None
    found = []
    for (mark, part), (model_mark, model) in zip(parts, models):
        turned = sign(mark, model_mark)
        literals = None if turned is None else _aligned(part, model, turned)
        if literals is None:
            return None
        found += literals
    return found


def printed_literal(number, sign=1):
    """The Printed of a Number of a formula, with a sign that stands before it."""
    text = getattr(number.value, "text", None) or repr(number.value)
    return Printed("-" + text if sign < 0 else text)
