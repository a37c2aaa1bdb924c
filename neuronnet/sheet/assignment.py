"""What each line of a sheet is for: given, model line, derivative, helper, update, in which pass.

The forward lines of a sheet are its model. Which lines these are follows from the loss: everything that it is
computed from. What else has a name is somebody's word for a derivative, an update, or a value beside.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from neuronnet.derivation.broadcasting import require_same_in_numpy
from neuronnet.derivation.model import Model
from neuronnet.derivation.readings import readings
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import as_vector_shape, entries, shape
from neuronnet.formulas.expressions import Entry, Expression, Name, Number, Power, Product, Sum
from neuronnet.formulas.notation import gradient_of
from neuronnet.formulas.rewriting import nodes, with_names
from neuronnet.names import after, partial_name, split_partial
from neuronnet.sheet.epochs import NetInputs
from neuronnet.sheet.roles import (
    CHANGE,
    GIVEN,
    GRADIENT,
    HELPER,
    MODEL,
    UPDATE,
    VALUE,
    Role,
    Roles,
    aligned,
    errors_of,
    in_order,
    is_delta,
    is_gradient,
    loss_of,
    reach,
    texts,
)

if TYPE_CHECKING:
    from neuronnet.sheet.statements import Statement

ANY_NUMBER = (
    "0.6"  # for the parameter of a function that no line gives a value: formulas are judged, no numbers
)
TIED = 1e-9  # relative: so near are two readings of one value
ERRORS = "loss"  # of a sheet that has errors and no loss
COUNTS = {"m", "n", "N", "M", "B"}


class Assignment(NetInputs):
    """Finds the Roles of the statements of one sheet."""

    def __init__(
        self,
        statements: list[Statement],
        known,
        choices: dict[str, int] | None = None,
        loss: str | None = None,
        is_code: bool = False,
        passes: Iterable[int] = (),
    ):
        """`choices` says which reading of an open formula to take, by its name; the likeliest otherwise.

        `loss` is the name of the loss, where the author declares it; `passes` are the lines of headings.
        """
        super().__init__(statements, known, passes, choices)
        self._declared_loss, self._is_code = loss, is_code
        self._implied: dict[tuple, Expression] = {}  # formulas that no line has

    def roles(self) -> Roles:
        """The Roles, with nothing placed in the model yet."""
        steps = self._steps()
        earlier = {each.name: step for each, step in zip(self.statements, steps) if "~" in (each.name or "")}
        for statement, step in zip(self.statements, steps):
            self._unmark(statement, step, earlier)
        self._name_the_loss()
        self._name_net_inputs()
        self._restated = set(self._restated_later(steps))
        found = Roles(Model(), is_code=self._is_code, open=self.open)
        found.model.turns_vectors = not self._is_code
        self._first: dict[tuple, int] = {}  # (name, pass) -> the statement that defines it
        for position, statement in enumerate(self.statements):
            found.of[position] = self._role(position, statement, steps[position], self._first)
        self._formulas = dict(self._with_net_inputs())
        opening = {name: formula for (name, step), formula in self._formulas.items() if step == 0}
        found.loss, others = loss_of(self.statements, found, opening, self._declared_loss)
        errors = [] if found.loss or ERRORS in opening else errors_of(self.statements, found, opening)
        if errors:  # half the sum of their squares: up to a factor, deltas are derivatives of that
            squares = Sum([(1, Power(each, 2)) for each in errors])
            found.loss = ERRORS
            opening[ERRORS] = self._implied[ERRORS, 0] = Product([("*", squares), ("/", Number(2))])
            self._formulas |= self._implied
        if found.loss is not None:
            parts = [reach(name, opening) - {name} for name in (found.loss, *others)]
            found.others = [name for name in others if name != found.loss and name not in set().union(*parts)]
            losses = {found.loss, *others, *_made_of_it(found.loss, opening)}
            losses |= {name for name, _ in self._vectors() if not is_delta(name)}  # as p in p - y
            found.forward = set().union(*(reach(name, opening) for name in losses))
        else:
            found.slope = self._given_slope(found, opening)
            found.forward = found.slope and {found.slope[0]}
        if found.forward is not None:
            self._chain_updates(found)
            self._name_states(found, opening)
        self._renewed = self._renewed_names(found, opening)
        found.steps = max((_split(name)[1] for name in self._renewed), default=0)
        for role in found.of.values():
            if role.kind == GRADIENT and role.name is not None:
                role.name = self.latest(role.name, role.step)
                role.target = (split_partial(role.name) or (None, None))[1]
            elif role.kind == GRADIENT:
                role.truth = self._renamed(role.truth, role.step)
            elif role.kind == HELPER and role.target is not None:
                role.target = self.latest(role.target, role.step)
        return found

    def _given_slope(self, found, opening):
        """(the weight that is updated, its gradient), where that is given and no other line uses it."""
        roles = [(role, self.statements[position]) for position, role in found.of.items() if not role.step]
        used = {name for formula in opening.values() for name in formula.names()}
        stepped = {
            role.target
            for role, each in roles
            if role.kind == UPDATE and each.formulas and isinstance(each.formulas[0].formula, Sum)
            if any(
                sign > 0 and getattr(term, "name", None) == role.target
                for sign, term in each.formulas[0].formula.terms
            )
        }
        slopes = {
            role.name
            for role, each in roles
            if each.number is not None and not each.formulas
            if (role.kind == GIVEN and is_gradient(role.name))
            or (role.kind in (GRADIENT, HELPER) and role.target in stepped)
        }
        is_one = len(stepped) == len(slopes) == 1 and not stepped & used
        return (*stepped, *slopes) if is_one else None

    def renew(self, name: str) -> None:
        """Let a later pass have a name of its own."""
        self._renewed.add(name)

    def _name_states(self, found, opening):
        """Note what is updated before each line; a velocity or moment has its newest value from there on."""
        forward = found.forward.union(*(opening[each].names() for each in found.forward & opening.keys()))
        newest, step, used = {}, 0, set()
        for position, role in found.of.items():
            newest, step = (newest if role.step == step else {}), role.step
            states = {_split(old)[0]: new for old, new in newest.items() if _split(old)[0] not in forward}
            role.newest = {old: new for old, new in newest.items() if old in used or role.step}
            for part in self.statements[position].parts[1:] if states else ():
                if part.has_names:
                    part.formula = with_names(part.formula, lambda name, new=states: new.get(name, name))
            names = {name for part in self.statements[position].formulas for name in part.used}
            if role.kind == MODEL and not is_delta(role.name):  # a forward line; after updates, of the next
                newest = {old: new for old, new in newest.items() if _split(old)[0] not in names}
                used |= names
            if role.kind == UPDATE and self.statements[position].name == _split(role.name)[0]:
                newest[after(self.statements[position].name, role.step)] = role.name
        self._formulas = dict(self._with_net_inputs()) | self._implied

    def _chain_updates(self, found):
        """Let code that changes a name twice in a pass go on from its first new value, `w~3@1` for w."""
        latest: dict[str | None, Role] = {}
        for position, role in found.of.items() if self._is_code else ():
            statement, old = self.statements[position], role.target
            if role.kind == UPDATE and statement.name == _split(role.name)[0]:
                before = latest.get(old)
                if before is not None:
                    before.name = role.target = after(f"{statement.name}~{position}", role.step + 1)
                    new = {statement.name: role.target}
                    for part in statement.formulas:
                        part.formula = with_names(part.formula, lambda name, new=new: new.get(name, name))
                latest[old] = role

    def place(self, found: Roles, step: int) -> None:
        """Give and define what the loss of one pass is computed from; the rest are helpers.

        What cannot be placed, such as a formula whose parts do not fit, is in `found.errors`.
        """
        for (name, each), position in self._first.items():
            if each == step and (name, each) not in self._formulas:
                is_given = found.slope is not None and name == found.slope[1]
                if is_delta(name) and found.loss is not None and not (is_given or self._is_used(name, found)):
                    found.of[position].kind = HELPER
                    continue
                self._give(found, after(name, step), self.statements[position], position)
        if step == 0:
            _count_samples(found, self.statements, self._formulas)
            self._align(found)
            for name in (
                self.known.parameters - set(found.model.given) - {each.name for each in self.statements}
            ):
                found.model.give(name, ANY_NUMBER)
        definitions = self._definitions(found, step)
        for name in in_order(definitions):
            place = self._first.get(_split(name))
            if place is None or self._is_forward(found, name, definitions[name]):
                self._define(found, name, definitions[name], place)
            else:
                found.of[place].kind = HELPER

    def _is_used(self, name, found):
        """Whether a forward line uses a name, as the δ of a Huber loss, or it is a state, as Adagrad's G."""
        is_state = any(each.kind == UPDATE and each.target == name for each in found.of.values())
        return is_state or any(
            name in self._formulas[each, 0].names()
            for each in found.forward or ()
            if (each, 0) in self._formulas
        )

    def _role(self, position, statement, step, first):
        name = statement.name
        if name is None:
            entry = statement.parts[0].formula
            parts = split_partial(getattr(entry.base, "name", "")) if isinstance(entry, Entry) else None
            if parts is not None:  # ∂L/∂w_1, an entry of ∂L/∂w
                return Role(GRADIENT, None, step, parts[1], entry)
            return Role(VALUE, None, step)
        parts = split_partial(name)
        if parts is not None:
            return Role(GRADIENT, name, step, parts[1])
        base = self._base(name)
        count = name.partition("@")[2]
        next_step = int(count) if count.isdigit() else step + 1
        if base in self._defined:
            return Role(VALUE, after(base, next_step), step)
        if base is None and self._is_update(statement):
            base = name
        if base is not None:
            return Role(UPDATE, after(base, next_step), step, after(base, next_step - 1))
        if name.startswith("Δ"):
            return Role(CHANGE, after(name, step), step, name[1:])
        target = gradient_of(name, self.known)
        if target is not None and target in self.known.names:
            return Role(HELPER, after(name, step), step, target)
        key, is_number = (name, step), step and not statement.formulas and name in self._defined
        if is_number or position in self._restated:
            return Role(VALUE, after(name, step), step)
        if key not in first:
            kind = MODEL if statement.formulas or statement.arithmetic else GIVEN
            first[key] = position
            return Role(kind, after(name, step), step)
        earlier = self.statements[first[key]]
        if statement.formulas and not earlier.formulas:
            # the number came first: the formula defines, the number is a claim about it
            first[key] = position
            return Role(MODEL, after(name, step), step)
        if statement.arithmetic and not (statement.formulas or earlier.formulas) and earlier.arithmetic:
            return Role(VALUE, None, step, truth=statement.arithmetic[0].formula)  # as for another sample
        return Role(VALUE, after(name, step), step)

    def _restated_later(self, steps):
        """The lines such as `f = (x + y) z` that a later one, `f = q z`, says anew by what lines compute."""
        computed, plain = {each.name for each in self.statements if each.formulas}, {}
        for position, (statement, step) in enumerate(zip(self.statements, steps)):
            if statement.formulas and statement.name is not None:
                used, key = computed & {*statement.formulas[0].used}, (statement.name, step)
                if not used:
                    plain.setdefault(key, []).append(position)
                elif statement.name not in used:
                    yield from plain.pop(key, ())

    def _definitions(self, found, step):
        """{name in its pass: formula}: those of the sheet, and in later passes what must be computed anew."""
        own = {}
        for (name, each), formula in self._formulas.items():
            if each == step:
                newest = with_names(formula, lambda inside: inside.removesuffix("@0"))
                if newest.format() != formula.format() and (name, step) in self._first:
                    found.of[self._first[name, step]].kind = VALUE  # with the weight of the first pass
                own[after(name, step)] = self._renamed(newest, step)
        if step:
            stated = {role.name for role in found.of.values() if role.kind == VALUE}
            for name in [name for name, each in self._formulas if not each]:
                later = after(name, step)
                if (
                    (name in (found.forward or ()) or later in stated)
                    and later in self._renewed
                    and later not in own
                    and (name, step) not in self._first
                ):
                    own[later] = self._renamed(self._formulas[name, 0], step)
        return own

    def _is_forward(self, found, name, formula):
        base = _split(name)[0]
        if found.forward is not None:
            return base in found.forward
        return all(map(self._is_plain, [base, *formula.names()])) and not is_delta(name)

    def _renamed(self, formula, step):
        """A formula with its names in a pass; what is never given anew keeps its name of the first."""
        return with_names(formula, lambda name: self.latest(name, step)) if step else formula

    def latest(self, name: str, step: int) -> str:
        """A name in a pass: `w1@1` in the second if w1 was updated, else `w1`, as for `w1@0`."""
        if name.endswith("@0"):
            return name[:-2]
        parts = split_partial(name)
        if parts is not None:
            return partial_name(*(self.latest(part, step) for part in parts))
        later = (after(name, each) for each in range(step, 0, -1))
        return next((each for each in later if each in self._renewed), name)

    def _renewed_names(self, found, opening):
        """All names with a pass: updated, defined again, or computed from such."""
        renewed = {role.name for role in found.of.values() if role.kind == UPDATE}
        renewed |= {after(name, step) for name, step in self._first if step}
        for step in range(1, 1 + max((_split(name)[1] for name in renewed), default=0)):
            for name in in_order(opening):
                if any(after(each, step) in renewed for each in opening[name].names()):
                    renewed.add(after(name, step))
        return renewed

    def _give(self, found, name, statement, position):
        number, arithmetic = statement.number, statement.arithmetic
        if arithmetic and name in found.model:  # one of several values of this name: judged by itself
            found.of[position].kind, found.of[position].truth = VALUE, arithmetic[0].formula
            return
        try:
            if arithmetic:
                found.model.define(name, arithmetic[0].formula)
                found.of[position].kind = VALUE
            elif number is not None:
                found.model.give(name, texts(number.printed))
        except NeuronnetError as error:
            found.errors[position] = error

    def _define(self, found, name, formula, position):
        if position is not None:
            found.unplaced.update(each for each in formula.names() if each not in found.model)
        try:
            if position is None and split_partial(getattr(formula, "name", "")):  # of a second derivative
                formula = found.model.formula(formula.name)
            number = None if position is None else self.statements[position].number
            if number is None:
                _turn_vectors(found, formula)
            meanings = readings(formula, found.model)
            if number is None and len(meanings) > 1:
                found.open[name] = len(meanings)
            if name == found.loss:  # the loss is a single number
                single = [each for each in meanings if not as_vector_shape(found.model.shape_of(each))]
                meanings = single or meanings
            reading = meanings[min(self._choices.get(name, 0), len(meanings) - 1)]
            earlier = found.definitions.get(_split(name)[0])
            if number is None and earlier is not None:  # what it means in the first pass
                text = self._renamed(earlier, _split(name)[1]).format()
                reading = next((each for each in meanings if each.format() == text), reading)
            if number is not None and len(meanings) > 1:
                meanings = nearest(meanings, found.model, number.printed)
                found.open[name] = len(meanings)
                reading = meanings[min(self._choices.get(name, 0), len(meanings) - 1)]
            if self._is_code:
                require_same_in_numpy(found.model.resolved(reading), found.model)
            else:
                found.model.has_rows |= _takes_rows(reading, found.model)
            found.definitions[name] = found.model.define(name, reading)
        except NeuronnetError as error:
            base, step = _split(name)  # of what goes into an activation its line has the mistake
            position = self._first.get((base.removeprefix("net_"), step)) if position is None else position
            if position is not None:
                found.errors.setdefault(position, error)

    def _align(self, found):
        """Give names that no line has the number that stands for them wherever a line has both."""
        heads, bound = {each.name for each in self.statements}, {}
        for statement in self.statements:
            for formula in statement.formulas:
                for arithmetic in statement.arithmetic:
                    for name, number in aligned(formula.formula, arithmetic.formula) or ():
                        is_known = name in found.model.given or {name, _split(name)[0]} & heads
                        if not is_known and split_partial(name) is None:
                            bound.setdefault(name, set()).add(number.format())
        for name, numbers in bound.items():
            if len(numbers) == 1:
                found.model.give(name, *numbers)


def _made_of_it(loss, opening):
    """What is computed from a loss, as the sum over all samples of that in one."""
    found = {loss}
    for name in in_order(opening):
        if not is_delta(name) and not found.isdisjoint(opening[name].names()):
            found.add(name)
    return found


def nearest(meanings: list[Expression], model: Model, printed) -> list[Expression]:
    """Those of several meanings of a formula that are as near as any to the number printed for it."""
    distances = [_distance(each, model, printed) for each in meanings]
    return [each for each, far in zip(meanings, distances) if far <= min(distances) + TIED]


def _distance(reading, model, printed):
    """How far a formula is from a printed number, in its larger digits; infinite for another shape."""
    try:
        value = model.value(reading)
    except NeuronnetError:
        return float("inf")
    if as_vector_shape(shape(value)) != as_vector_shape(shape(printed)):
        return float("inf")
    pairs = list(zip(entries(value), entries(printed)))
    scale = max(abs(float(entry.value)) for _, entry in pairs) or 1.0
    return max(abs(float(one - other.value)) for one, other in pairs) / scale


def _split(name):
    base, _, count = name.partition("@")
    return base, int(count or 0)


def _count_samples(found: Roles, statements: list, formulas: dict) -> None:
    """Give m, where no line does, the length that all data have along one axis."""
    heads = {each.name for each in statements}
    used = {name for each in statements for part in each.formulas for name in part.used}
    reach = {each for name in found.forward or () for each in formulas.get((name, 0), Name(name)).names()}
    sizes = [found.model.shape(name) for name in found.model.given if name in reach - found.learnt()]
    data = [each * 2 if len(each) == 1 else each for each in sizes if each]
    along = set.intersection(*(set(enumerate(each)) for each in data)) if len(data) > 1 else set()
    lengths = {length for _, length in along if length > 1}
    for name in COUNTS & used - heads - set(found.model.given):
        if len(lengths) == 1:
            found.model.give(name, str(*lengths))


def _takes_rows(formula, model):
    """Whether a vector stands in front of a matrix, and so is a row."""
    products = [node.factors for node, *_ in nodes(formula) if isinstance(node, Product)]
    pairs = [pair for factors in products for pair in zip(factors, factors[1:])]
    sizes = [map(model.shape_of, (one, other)) for (_, one), (kind, other) in pairs if kind == "@"]
    return any(len(left) == 1 and len(right) == 2 and right[1] > 1 for left, right in sizes)


def _turn_vectors(found: Roles, formula: Expression) -> None:
    """A learnt vector is added to the rows of `X W`, to the columns of `W X`, where W alone is learnt."""
    learnt = found.learnt() & set(found.model.given)
    for node, *_ in nodes(formula):
        terms = [term for _, term in node.terms] if isinstance(node, Sum) else ()
        products = [term.factors for term in terms if isinstance(term, Product)]
        sides = [[not learnt.isdisjoint(end.names()) for _, end in (each[0], each[-1])] for each in products]
        for vector in terms if [True, False] in sides or [False, True] in sides else ():
            if isinstance(vector, Name) and vector.name in learnt:
                found.model.turned.setdefault(vector.name, int([True, False] in sides))
