"""What the lines of a sheet are for: the role of each beside the loss, which is found here."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.expressions import Call, Entry, Expression, Name, Negative, Number, Power, Sum
from neuronnet.formulas.rewriting import leaves_of, nodes
from neuronnet.names import split_partial, updated

if TYPE_CHECKING:
    from neuronnet.derivation.model import Model

GIVEN, MODEL, GRADIENT, HELPER, UPDATE, CHANGE, VALUE, SEED = (
    "given model gradient helper update change value seed".split()
)
THE_SEED = "the seed"
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
    others: list[str] = field(default_factory=list)  # what else is differentiated and part of no other loss
    of: dict[int, Role] = field(default_factory=dict)
    definitions: dict[str, Expression] = field(default_factory=dict)
    forward: set[str] | None = None
    steps: int = 0
    is_code: bool = False  # whether its lines have their order, and a name is what was assigned last
    is_network: bool = False  # whether the model is a network's, and not the sheet's own
    may_ascend: bool = False  # whether words of the sheet speak of a maximum
    astray: dict[int, tuple[str, bool]] = field(default_factory=dict)  # steps: a note, whether that is wrong
    slope: tuple[str, str] | None = None  # (a weight, its gradient), where the gradient is given, and no loss
    helpers: dict[str, list[int]] = field(default_factory=dict)
    unplaced: set[str] = field(default_factory=set)
    errors: dict[int, NeuronnetError] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)  # formulas with several readings -> how many

    def learnt(self) -> set[str]:
        """What there is a gradient by, or an update of."""
        roles = [role for role in self.of.values() if role.kind in (GRADIENT, HELPER, UPDATE)]
        return {role.target for role in roles if role.target is not None}


def is_delta(name: str) -> bool:
    """Whether a name is one that people give to a derivative: delta2, grad_h, err."""
    base = name.partition("@")[0]
    low = base.lower()
    is_called_so = low.startswith(("delta", "grad", "err")) or low.endswith(("_delta", "_error", "_err"))
    return is_called_so or base == "g"


def is_gradient(name: str) -> bool:
    """Whether a name is that of a gradient with its sign, g or grad, and not of a delta."""
    base = name.partition("@")[0].lower()
    return is_delta(name) and base.startswith("g")


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


MEASURES = ("ln", "lse", "logsumexp", "abs", "max", "mean", "sum")
LOSSES = "L J E E_total Loss loss C cost Cost l MSE mse BCE SSE".split()


def loss_of(
    statements: list, found: Roles, definitions: dict, declared: str | None
) -> tuple[str | None, list[str]]:
    """(the scalar that is differentiated or None, all numerators of the sheet's derivatives).

    It is what is `declared`, else the numerator of most steps, else the one end of the forward lines that
    measures an error.
    """
    if declared in definitions:
        return declared, []
    inside = (name for each in statements for part in each.formulas for name in part.used)
    stated = [name for statement in statements for name in derivatives_in(statement)]
    tops = [split_partial(name)[0] for name in stated or filter(split_partial, inside)]
    tops += [top.partition("_by_")[0] for top in tops]  # of a second derivative
    numerators = [name for name in dict.fromkeys(tops) if name in definitions]
    if any(_is_upstream(each, definitions) for each in statements):
        return None, []
    if numerators:
        reached = {name: reach(name, definitions) for name in numerators}
        own = [name for name in numerators if "_by_" not in name]
        most = max(own, key=lambda name: (len(reached[name] & set(numerators)), len(reached[name])))
        return most, numerators
    seeded = [found.of[at].target for at, each in enumerate(statements) if is_one(each) and at in found.of]
    seeded = [each for each in seeded if each in definitions]
    named = [name for name in LOSSES if name in definitions]
    if named or seeded:
        return (named or seeded)[0], []
    used = {each for formula in definitions.values() for each in formula.names()}
    updates = [statements[at] for at, role in found.of.items() if role.kind == UPDATE]
    used.update(name for each in updates for part in each.formulas for name in part.used)  # as Newton's H
    ends = [name for name in definitions if name not in used and "@" not in name]
    ends = [name for name in ends if not is_delta(name) and measures(definitions[name])]
    changed = [role.target for role in found.of.values() if role.kind in (HELPER, UPDATE) and role.target]
    targets = {target.partition("@")[0] for target in changed}
    made_of = {name: targets & _made_of(name, definitions) for name in ends}
    fitting = [name for name in ends if targets and made_of[name] == targets]
    fitting = fitting or [name for name in ends if made_of[name]]  # beside velocities and moments
    return (fitting[0] if len(fitting) == 1 else None), []


def errors_of(statements: list, found: Roles, definitions: dict) -> list[Expression]:
    """The errors `e = t - y`, of what is given and what is computed, that deltas of a sheet are made of.

    Where none has a name, those of deltas that have the slope beside them, `δ = y (1 - y) (t - y)`.
    """
    given = {role.name for role in found.of.values() if role.kind == GIVEN}
    deltas = [part.used for each in statements if is_delta(each.name or "") for part in each.formulas]
    used = {name for names in deltas for name in names}
    errors: list[Expression] = []
    for name, formula in definitions.items():
        terms = formula.terms if isinstance(formula, Sum) and name in used and not is_delta(name) else []
        signs, names = {sign for sign, _ in terms}, {getattr(term, "name", None) for _, term in terms}
        is_given = given & names or any(isinstance(term, Number) for _, term in terms)
        if len(terms) == len(signs) == 2 and is_given and definitions.keys() & names:
            errors.append(Name(name))
    return errors or [*_errors_within(statements, given, definitions)]


def _errors_within(statements, given, definitions):
    forward = {name for key, formula in definitions.items() if not is_delta(key) for name in formula.names()}
    seen = set()
    for statement in statements:
        for part in statement.formulas if is_delta(statement.name or "") else ():
            for node, *_ in nodes(part.formula):
                terms = node.terms if isinstance(node, Sum) else []
                names = [getattr(term, "name", None) for _, term in terms]
                numbers = {term.value for _, term in terms if isinstance(term, Number)} - {1}
                if (
                    len(names) != 2
                    or terms[0][0] == terms[1][0]
                    or not (numbers or given.intersection(names))
                ):
                    continue
                computed = next((each for each in names if each in definitions.keys() - forward), None)
                mentions = [leaf for leaf in leaves_of(part.formula) if getattr(leaf, "name", "") == computed]
                if computed is not None and len(mentions) > 1 and computed not in seen:
                    seen.add(computed)
                    yield node


def _is_upstream(statement, definitions):
    """Whether a line gives the derivative of what has no line by what has one, as numbers."""
    top, by = split_partial(statement.name or "") or (None, None)
    is_given = statement.number is not None and not statement.formulas
    return is_given and by in definitions and top not in definitions


def of_the_loss(statements: list) -> set[str]:
    """All names that the losses of a sheet are computed from; a line that makes a step leads no further."""
    lines: dict[str, Expression] = {}
    for each in statements:
        formula = each.formulas[0].formula if each.name and each.formulas else Name(each.name or "")
        own = {each.name, updated(each.name or "")}
        if own.isdisjoint(formula.names()) and not any(_is_step(node) for node, *_ in nodes(formula)):
            lines.setdefault(each.name, formula)
    numerators = {split_partial(name)[0] for each in statements for name in derivatives_in(each)}
    return set().union(*(_made_of(name, lines) for name in {*numerators, *LOSSES} & lines.keys()))


def _is_step(node):
    """Whether a sum has a term w, and another with dw."""
    terms = [term for _, term in node.terms] if isinstance(node, Sum) else []
    steps = {
        f"{mark}{each.name}" for each in terms if isinstance(each, Name) for mark in ("d", "d_", "grad_")
    }
    return any(not steps.isdisjoint(term.names()) for term in terms)


def by_entry(quantity: Expression, dimensions: tuple) -> list[Expression]:
    """What a quantity is made of, row by row: itself, or the entries of a vector or matrix."""
    if not dimensions:
        return [quantity]
    places = product(*(range(1, length + 1) for length in dimensions))
    return [Entry(quantity, place, False) for place in places]


def is_one(statement):
    """Whether a statement gives its name the number 1 alone, as `o.grad = 1` does."""
    printed = statement.number and statement.number.printed
    return len(statement.parts) == 2 and not isinstance(printed, (Array, type(None))) and printed.value == 1


def in_order(definitions: dict) -> list[str]:
    """The definitions, each after those that it needs; a circle is cut where the text comes to it first."""
    order: dict[str, None] = {}
    seen: set[str] = set()
    for first in definitions:
        waiting = [first]
        while waiting:
            name = waiting[-1]
            seen.add(name)
            needed = [each for each in _needed(definitions[name]) if each in definitions and each not in seen]
            if needed:
                waiting += needed[::-1]
            else:
                order.setdefault(waiting.pop())
    return list(order)


def reach(name: str, definitions: dict) -> set[str]:
    """The definitions that a name is computed from, itself included."""
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each in definitions and each not in found:
            found.add(each)
            waiting.extend(_needed(definitions[each]))
    return found


def derivatives_in(statement):
    names = [part.name or _of_entry(part.formula) for part in statement.parts]
    return [name for name in names if name is not None and split_partial(name) is not None]


def _of_entry(formula):
    """The name of the array that a formula is an entry of, as ∂p/∂z for ∂p_1/∂z_1, or None."""
    return getattr(formula.base, "name", None) if isinstance(formula, Entry) else None


def _made_of(name, definitions):
    """All that a name is computed from, given numbers included."""
    reached = reach(name, definitions)
    return reached.union(*(definitions[each].names() for each in reached))


def _needed(formula):
    """The names in a formula, and those inside of the derivatives in it."""
    return [part for name in formula.names() for part in split_partial(name) or (name,)]


def measures(formula):
    """Whether a formula measures an error: it has a square, a logarithm, a size or a maximum in it."""
    return any(
        isinstance(node, Power) or (isinstance(node, Call) and node.function in MEASURES)
        for node, *_ in nodes(formula)
    )
