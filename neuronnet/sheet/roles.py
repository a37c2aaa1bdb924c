"""What a line of a sheet may be for, and what is known of each line once that is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.expressions import Expression, Name, Negative, Number

if TYPE_CHECKING:
    from neuronnet.derivation.model import Model

GIVEN, MODEL, GRADIENT, HELPER, UPDATE, CHANGE, VALUE, SEED = (
    "given model gradient helper update change value seed".split()
)
RATES = ("eta", "lr", "alpha", "learning_rate", "rate", "epsilon", "gamma", "step", "lambda")


@dataclass
class Role:
    """What a statement is: its `kind`, its quantity by `name` in the model, and its pass, from 0."""

    kind: str
    name: str | None = None
    step: int = 0
    target: str | None = None  # of a gradient or update, what it is the gradient or next value of
    truth: Expression | None = None  # what it is, where that is more than its name
    newest: dict[str, str] = field(default_factory=dict)  # names updated before in its pass: their new ones


@dataclass
class Roles:
    """The model of a sheet, and the Role of each statement by its position.

    `loss` is the name of the scalar that is differentiated, or None; `unplaced` are the names that are used
    but have no value.
    """

    model: Model
    loss: str | None = None
    of: dict[int, Role] = field(default_factory=dict)
    definitions: dict[str, Expression] = field(default_factory=dict)
    forward: set[str] | None = None
    steps: int = 0
    is_code: bool = False  # whether its lines have their order, and a name is what was assigned last
    is_network: bool = False  # whether the model is a network's, and not the sheet's own
    helpers: dict[str, list[int]] = field(default_factory=dict)
    unplaced: set[str] = field(default_factory=set)
    errors: dict[int, NeuronnetError] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)  # formulas with several readings -> how many


def is_delta(name: str) -> bool:
    """Whether a name is one that people give to a derivative: delta2, grad_h, err."""
    low = name.lower().partition("@")[0]
    return (
        low == "g" or low.startswith(("delta", "grad", "err")) or low.endswith(("_delta", "_error", "_err"))
    )


def aligned(formula, arithmetic) -> list[tuple] | None:
    """(name, the Number in its place, or its negative) for every name, of the same tree; else None."""
    if isinstance(formula, Name):
        number = arithmetic.inner if isinstance(arithmetic, Negative) else arithmetic
        return [(formula.name, arithmetic)] if isinstance(number, Number) else None
    parts, others = formula.parts(), arithmetic.parts()
    if type(formula) is not type(arithmetic) or len(parts) != len(others):
        return None
    found = [aligned(part, other) for part, other in zip(parts, others)]
    return None if None in found else [pair for each in found for pair in each or ()]


def aligned_value(formula, arithmetic, name):
    """The literal that stands in `arithmetic` where `formula`, of the same tree, has a name; or None."""
    for each, number in aligned(formula, arithmetic) or ():
        if each == name:
            return number.format()
    return None


def texts(printed):
    """A Printed as its text, an Array of them as an Array of texts."""
    return printed.map(lambda entry: entry.text) if isinstance(printed, Array) else printed.text
