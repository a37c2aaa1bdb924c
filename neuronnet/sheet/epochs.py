"""The passes of a sheet: which statements are updates, and where the next pass or sample begins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from string import ascii_letters
from typing import TYPE_CHECKING

from neuronnet.derivation.digits import Printed
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import ArrayOf, Call, Name, Negative, Number, Sum
from neuronnet.formulas.notation import gradient_of
from neuronnet.formulas.rewriting import with_logistics, with_names
from neuronnet.names import after, partial_name, split_partial, updated
from neuronnet.sheet.roles import LOSSES, RATES, derivatives_in, is_delta, is_gradient, reach, texts

if TYPE_CHECKING:
    from neuronnet.sheet.statements import Statement


_CALLED = re.compile(r"\s*[^\s(=]{1,40}\([^()=]{1,60}\)\s*=")


class Epochs:
    """Puts the statements of one sheet into their passes."""

    def __init__(self, statements: list[Statement], known, passes: Iterable[int] = (), choices=None):
        """`passes` are the lines of headings under which a later pass begins; `choices` those of reading."""
        self._choices: dict[str, int] = choices or {}
        self.open: dict[str, int] = {}
        self._learnt: set | None = None
        self._passes = passes
        self.statements, self.known = statements, known
        self._defined = {
            each.name
            for each in statements
            if each.name is not None
            and any(part.name is None and each.name not in part.used for part in each.formulas)
        }
        self._defined |= set(_other_names(statements, self._defined))
        self._computed = {
            each.name for each in statements if not each.number or each.formulas or each.arithmetic
        }
        self._states = {each.name for each in statements if self._is_of_its_own(each)}
        self._numbers: dict[str, Printed | Array] = {}
        self._values: dict[str, set] = {}
        for each in statements:
            number = each.number
            if each.name is not None and number is not None and isinstance(number.printed, Printed):
                self._values.setdefault(each.name, set()).add(number.printed.value)
            if (
                each.name is not None
                and number is not None
                and number.printed is not None
                and len(each.parts) == 2
            ):
                self._numbers.setdefault(each.name, number.printed)

    def has_two_values(self, name: str) -> bool:
        """Whether lines of the sheet give a name two numbers."""
        return len(self._values.get(name, ())) > 1

    def _steps(self):
        """The pass of each statement: a definition that is repeated after an update begins the next."""
        steps, step = [], 0
        defined: dict[str, Statement] = {}
        latest: dict[str, Statement] = {}
        changed: set[str] = set()
        self._mark_new_values(self.statements)
        self._mark_new_values(self.statements[::-1])
        line = 0
        for position, statement in enumerate(self.statements):
            name = statement.name
            if changed and self._is_headed(line, statement.line):
                step, changed, defined = step + 1, set(), {}
            line = statement.line
            if self._is_update(statement):
                base = self._base(name) or name
                if base in changed and _is_the_same_rule(defined.get(base), statement):
                    step, changed, defined = step + 1, set(), {}
                changed.add(base)
                defined[base] = statement
            elif name is not None and (self._is_plain(name) or self._by(name) is not None):
                if changed and (
                    self._begins_a_pass(position, defined, changed, latest)
                    or self._is_new_sample(statement, latest.get(name))
                    or self._is_next_slope(statement, latest.get(name))
                ):
                    step, changed, defined = step + 1, set(), {}
                latest[name] = statement
                if name not in defined or not defined[name].formulas:
                    defined[name] = statement
            steps.append(step)
        return steps

    def _is_headed(self, line, following):
        """Whether the heading of a pass stands between two lines."""
        return any(line < each <= following for each in self._passes)

    def _begins_a_pass(self, position, defined, changed, latest):
        """Whether what is defined already gets its next value, now that some names are changed."""
        statement = self.statements[position]
        earlier, by = defined.get(statement.name), self._by(statement.name)
        if earlier is None:
            return False
        if len(statement.parts) == 2 and statement.number is not None and _CALLED.match(statement.text):
            return bool(earlier.formulas)  # f(x) is a number of the x that is new now
        if by is not None:
            is_computed = statement.formulas or statement.arithmetic
            return by in changed and bool(is_computed) and _defines_again(earlier, statement)
        newest = latest.get(statement.name, earlier)
        if earlier.number is None and statement.number is not None and newest.number:
            earlier = newest  # what the formula gave
        return _defines_again(earlier, statement) or self._opens_again(position, earlier, defined)

    def _by(self, name):
        """What a name is a derivative by, or None."""
        parts = split_partial(name)
        return gradient_of(name, self.known) if parts is None else parts[1]

    def _opens_again(self, position, earlier, defined):
        """Whether a number alone is followed by a formula that is written again: the next pass begins."""
        if not earlier.formulas or position + 1 == len(self.statements):
            return False
        following = self.statements[position + 1]
        before = defined.get(following.name)
        return before is not None and bool(before.formulas) and bool(following.formulas)

    def _mark_new_values(self, statements):
        """Mark numbers alone beside an update as others: `w2 = 0.49` after `w1 = w1 - …` is a new value."""
        for before, statement, behind in zip(statements, statements[1:], [*statements[2:], None]):
            given = self._numbers.get(statement.name)
            if given is None or len(statement.parts) > 2 or statement.number is None:
                continue
            if self._is_given_slope(statement.name):
                continue
            end = max(self._passes, default=-1) if behind is None else behind.line
            is_last = self._is_headed(statement.line, end) or (behind is None and statement.line > end > 0)
            if is_last or self._is_update(before) or (before.name or "").startswith("Δ"):
                is_between = behind is not None and self._is_update(behind)
                is_learnt = is_between or self._is_learnt(statement.name)
                if is_learnt and texts(statement.number.printed) != texts(given):
                    statement.assigns = True

    def _is_learnt(self, name):
        """Whether a given number is a parameter: a gradient by it or an update of it stands in the sheet."""
        if self._learnt is None:
            self._learnt = set()
            for each in self.statements:
                for inside in derivatives_in(each):
                    self._learnt.add(split_partial(inside)[1])
                by = gradient_of(each.name, self.known) if each.name is not None else None
                uses_itself = any(each.name in part.used for part in each.formulas)
                changed = each.name[1:] if (each.name or "").startswith("Δ") else by
                self._learnt |= {by, each.name if uses_itself else by, self._base(each.name or ""), changed}
        return name in self._learnt

    def _is_new_sample(self, statement, before):
        """Whether a given number that is not learnt gets another value than it had last."""
        if statement.name not in self._numbers or not self._is_plain(statement.name):
            return False
        if before is None or before.number is None:
            return False
        if len(statement.parts) > 2 or statement.number is None:
            return False
        if statement.assigns or self._is_learnt(statement.name):
            return False
        return texts(statement.number.printed) != texts(before.number.printed)

    def _is_next_slope(self, statement, before):
        """Whether a gradient that is only ever given, and not computed, gets its next number."""
        if before is None or not self._is_given_slope(statement.name):
            return False
        return texts(statement.number.printed) != texts(before.number.printed)

    def _is_given_slope(self, name):
        """Whether a name is that of a gradient that has numbers alone, in a sheet without a loss."""
        of = (split_partial(name) or (None,))[0]
        if not self._defined.isdisjoint({of, *LOSSES}):
            return False
        return name not in self._computed and (is_gradient(name) or self._by(name) is not None)

    def _is_plain(self, name):
        return self._by(name) is None and not name.startswith("Δ") and self._base(name) is None

    def _base(self, name):
        """What a name is the next value of: w1 of w1_new, w1', w1^+ or w1@1; None for another name."""
        base, _, count = name.partition("@")
        if count:
            return base
        base = updated(name)
        is_marked = base is not None and base in self.known.names and name not in {base, *self._states}
        return base if is_marked else None

    def _is_of_its_own(self, statement):
        """Whether a marked name is no next value but a quantity, as h_new for `h_new = (1 - z) n + z h`."""
        base = updated(statement.name or "")
        if base in {None, statement.name, *self._defined} or not statement.formulas:
            return False
        formula = statement.formulas[0].formula
        terms = [term for _, term in formula.terms] if isinstance(formula, Sum) else []
        others = {*formula.names()} - {base}
        is_step = any(isinstance(each, Name) and each.name == base for each in terms) or not others
        return not is_step and not any(
            split_partial(each)
            or is_delta(each)
            or each in RATES
            or gradient_of(each, self.known)
            or updated(each) not in (None, each)
            for each in others
        )

    def _is_update(self, statement):
        """Whether a statement gives a parameter its next value."""
        name = statement.name
        if name is None:
            return False
        base = self._base(name)
        if base is not None:
            return base not in self._defined
        if any(name in part.formula.names() for part in statement.formulas):
            return name not in self._defined
        if statement.assigns and name in self._numbers and statement.number is not None:
            return statement.number.printed is not self._numbers[name]
        return any(self._starts_from(part.formula, name) for part in statement.arithmetic)

    def _starts_from(self, arithmetic, name):
        """Whether arithmetic is a number that a name has had, plus or minus a step: 0.4 - 0.1*(-0.027)."""
        if not isinstance(arithmetic, Sum) or len(arithmetic.terms) < 2 or name not in self._numbers:
            return False
        first = arithmetic.terms[0][1]
        literal = first.inner if isinstance(first, Negative) else first
        return isinstance(literal, Number) and evaluator(first, Decimal)({}) in self._values.get(name, ())

    def _unmark(self, statement, step, earlier):
        """Put names in their pass in the place of those with a mark: w' and w_new are w@1.

        What was assigned in an earlier pass, as AdaGrad's G, has its value of there.
        """

        def unmarked(name):
            if earlier.get(name, step) < step:
                return f"{name}@{earlier[name]}"
            base = self._base(name) if "@" not in name else None
            return name if base is None else after(base, step + 1)

        for part in statement.parts[1 if statement.name is not None else 0 :]:
            if part.has_names:
                part.formula = with_names(part.formula, unmarked)


def _other_names(statements, computed):
    """The names that are given no number and stand for a computed one, as L for `L = E1`."""
    given = {each.name for each in statements if not each.formulas}
    formulas = {
        each.name: each.formulas[0].formula for each in statements if each.formulas and each.name in computed
    }
    for each in statements:
        used = {part.name for part in each.formulas if part.name in formulas and updated(part.name) is None}
        if each.name not in {None, *given, *formulas} and split_partial(each.name) is None:
            if any(each.name not in reach(name, formulas) for name in used):
                formulas[each.name] = each.formulas[0].formula
                yield each.name


def _defines_again(before, statement):
    """Whether a statement is a definition of the next pass and not a second claim about this one."""
    if not (before.formulas or before.arithmetic):
        return False
    if not statement.formulas and not statement.numbers and not statement.arithmetic:
        return False
    number, earlier = statement.number, before.number
    if number is None or earlier is None:
        return bool(statement.formulas) and bool(before.formulas)
    return texts(number.printed) != texts(earlier.printed)


def _is_the_same_rule(before, statement):
    """Whether an update is written with the same formula as before, and another number."""
    if before is None or not before.formulas or not statement.formulas:
        return False
    rules = [each.formulas[0].formula.format() for each in (before, statement)]
    return rules[0] == rules[1] and _defines_again(before, statement)


def _inside(old, new, name):
    """The name of a derivative with another name for one of its quantities."""
    parts = split_partial(name)
    return name if parts is None else partial_name(*(new if part == old else part for part in parts))


def _unit_of(name, insides):
    """The output that a name without a line belongs to: the only one, or the one like it; or None.

    insides: output -> its net input; like a2 and z_h2 is the output h2.
    """
    like = [out for out in insides if name.endswith(f"_{out}") or _index(name) == _index(out) != ""]
    units = like if len(insides) > 1 else [*insides]
    return units[0] if len(units) == 1 else None


def _uses(statement, derivative):
    return any(derivative in part.used for part in statement.formulas)


def _index(name):
    """What follows the word that a name begins with: `2` of `a2`, `z_2`, and `h_2`."""
    return name.lstrip(ascii_letters).lstrip("_")


OUTPUTS = ("a", "A", "o", "O", "h", "H", "y", "Y", "out")  # that some authors call the output of a neuron
UNWRITTEN = "names in derivatives alone"  # a choice of reading: whether they are outputs, not net inputs
ACTIVATIONS = ("logistic", "tanh", "max", "softplus", "elu", "leaky_relu", "gelu")


class NetInputs(Epochs):
    """Gives what goes into the activations of one sheet a name, in all passes."""

    _first: dict[tuple, int]  # (name, pass) -> the statement that defines it

    def _name_the_loss(self):
        """Let the L of ∂L/∂w be the only loss that has a line, as `loss = (y - t)^2`, where L has none."""
        heads = {each.name for each in self.statements}
        own = [name for name in LOSSES if name in heads]
        above = {split_partial(each)[0] for one in self.statements for each in derivatives_in(one)}
        for name in above & {*LOSSES} - heads if len(own) == 1 else ():
            self.known.notes.append(f"{name} is {own[0]}")
            for each in self.statements:
                each.rename(partial(_inside, name, own[0]))

    def _name_net_inputs(self):
        """Let a name that stands in derivatives alone, as z of ∂L/∂z, be what goes into the activation.

        By another choice it is what comes out, where no derivative is by that, and a line uses the one by it.
        """
        heads = {each.name for each in self.statements}
        insides = {
            each.name: self._net_input(each.name, with_logistics(each.formulas[0].formula), heads)
            for each in self.statements
            if each.name in self._defined and each.formulas
        }
        insides = {name: inner for name, inner in insides.items() if inner is not None}
        written = {each for statement in self.statements for each in derivatives_in(statement)}
        by = {split_partial(derivative)[1] for derivative in written}
        for statement in self.statements:
            for derivative in derivatives_in(statement):
                above, below = split_partial(derivative)
                if below in heads or below in self._defined or below in insides.values():
                    continue
                out = above if above in insides else _unit_of(below, insides)
                is_certain = above == out or out in by
                is_used = not is_certain and any(_uses(each, derivative) for each in self.statements)
                is_either = below.removesuffix(_index(below)).rstrip("_") in OUTPUTS
                if out is None or (is_either and not (is_certain or is_used)):
                    continue
                self.open |= {UNWRITTEN: 2} if is_used else {}
                is_output = is_used and self._choices.get(UNWRITTEN)
                said = f"{below} is {out}" if is_output else f"{below} is what goes into {out}"
                self.known.notes += [said] if said not in self.known.notes else []
                for each in self.statements:
                    each.rename(partial(_inside, below, out if is_output else insides[out]))

    def _net_input(self, name, formula, heads):
        """The name of what an activation is taken of: `net_h` for `h = tanh(w x + b)`; None for a name."""
        is_activation = isinstance(formula, Call) and formula.function in ACTIVATIONS and not formula.options
        inner = formula.arguments[-1] if is_activation else None
        used = [] if inner is None or isinstance(inner, Name) else inner.names()
        if not used or not heads.issuperset(used):
            return None
        return None if self.known.has(f"net_{name}") else f"net_{name}"

    def _with_net_inputs(self):
        """The formulas of all passes; of names without a line those in activations, vectors, slopes."""
        yield from (((name, 0), formula) for name, formula in [*self._vectors(), *self._slopes()])
        heads = {each.name for each in self.statements}
        for (name, step), position in self._first.items():
            if not self.statements[position].formulas:
                continue
            written = self.statements[position].formulas[0].formula
            formula = with_logistics(written)
            inner = self._net_input(name, formula, heads)
            if inner is None:
                yield (name, step), written
            else:
                yield (inner, step), formula.arguments[-1]
                yield (name, step), formula.rebuilt([*formula.arguments[:-1], Name(inner)])

    def _vectors(self):
        """The vectors without a line whose entries have lines, as s of `softmax(s)` beside s_1 and s_2."""
        heads = {each.name for each in self.statements} - {None}
        free = {name for each in self.statements for part in each.formulas for name in part.used} - heads
        for name in sorted(free - self._defined):
            entries = {
                int(each.removeprefix(name).lstrip("_")): each for each in heads if _is_entry(each, name)
            }
            if len(entries) > 1 and sorted(entries) == [*range(min(*entries, 1), max(entries) + 1)]:
                yield name, ArrayOf([Name(entries[index]) for index in sorted(entries)])

    def _slopes(self):
        """The derivatives that second ones are of: L_by_w, which is ∂L/∂w, for ∂²L/∂w²."""
        heads = {each.name for each in self.statements}
        names = {name for each in self.statements for part in each.parts for name in (part.name, *part.used)}
        for name in sorted(
            {split_partial(each)[0] for each in names - {None} if split_partial(each)} - heads
        ):
            above, _, below = name.partition("_by_")
            if above in heads and below in self.known.names:
                yield name, Name(partial_name(above, below))


def _is_entry(name, vector):
    return re.fullmatch(re.escape(vector) + r"_?\d", name) is not None
