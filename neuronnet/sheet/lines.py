"""Judges the lines of a sheet against its model: formulas as identities, numbers by their printed digits."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache, partial

from neuronnet.derivation.broadcasting import require_same_in_numpy
from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.trials import Outcome, Trials
from neuronnet.elementary import as_number
from neuronnet.errors import NeuronnetError, UnknownName, did_you_mean, shortened
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, ShapeError
from neuronnet.formulas.expressions import ArrayOf, Name, Transpose
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes, with_names
from neuronnet.names import split_partial
from neuronnet.sheet import report
from neuronnet.sheet.carried import Carried
from neuronnet.sheet.literals import Literals, false_step, in_place_of_given, stray, what_it_gives
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.numbers_named import NumbersForNames, has_numbers
from neuronnet.sheet.roles import CHANGE, GIVEN, GRADIENT, HELPER, MODEL, SEED, UPDATE, VALUE, Roles
from neuronnet.sheet.rounding import INHERITED, NOT_IT, judged
from neuronnet.sheet.statements import Statement

NO_VALUE, BESIDE = "it has no finite value", "the formula beside it gives this"


class Lines:
    """Judges the statements of one sheet in their order; what was printed before counts for what follows."""

    def __init__(self, statements: list[Statement], roles: Roles, meanings: Meanings):
        self.statements, self.roles, self.meanings, self.model = statements, roles, meanings, roles.model
        self.trials, self.numbers = (
            Trials(self.model, not roles.is_network),
            NumbersForNames(self.model, roles.loss),
        )
        formulas = [part.formula for each in statements for part in each.formulas if part.formula is not None]
        self.carried = Carried(self.model, roles.unplaced, formulas)
        self.unclear: dict[str, str] = {}  # what has no certain value -> what is said of it
        self.unread = dict(self._given_beside_unread())
        self.wrong: list[tuple] = []  # (report.Part, wrong formula, what it should be)
        self._accused: dict[tuple, Statement] = {}  # wrong formulas -> the first that says so
        self._turned: set[str] = set()  # derivatives that their author has as rows

    def judged(self, progress: Callable[[int, int], None] | None = None) -> list[report.Line]:
        """A report.Line for every statement; `progress(done, total)` is called after each."""
        found: list[report.Line] = []
        with fifty_digits():
            for position, each in enumerate(self.statements):
                found.append(self._line(position, each))
                if progress is not None:
                    progress(len(found), len(self.statements))
        return found

    def judged_until(self, first: int) -> list[report.Line] | None:
        """The same; None where a statement before the position `first` is wrong."""
        found = []
        with fifty_digits():
            for position, each in enumerate(self.statements):
                found.append(self._line(position, each))
                if position < first and found[-1].is_wrong:
                    return None
        return found

    # One line

    def _line(self, position, statement):
        role = self.roles.of[position]
        line = report.Line(statement.line, statement.text)
        for part in statement.parts:
            start = part.spelled.columns[0] if part.spelled.columns else 1
            shown = report.Part(part.spelled.text.strip(), start)
            shown.line = None if part.line == statement.line else part.line
            if part.error is not None:
                self._unread(shown, part.error)
            line.parts.append(shown)
        if statement.read_errors:
            return line
        if statement.defines:
            line.kind = "model"
            return line
        error = self.roles.errors.get(position)
        if error is not None:
            self._refuse(line, error)
            return line
        if role.kind == GIVEN:
            line.kind = "given"
            if statement.number is not None:
                self.carried.remember(role.name, statement.number.printed, statement.line, False)
            return line
        if role.kind == VALUE and role.truth is None and self._is_another(statement, role):
            two = f"{role.name.partition('@')[0]} has two values"
            self._undecided(line, f"{two}; mark the new one: read line {statement.line} as new")
            self.unclear[role.name] = f"which value of {role.name} is meant is not said"
            return line
        try:
            truth = self.meanings.truth(statement, role)
        except UnknownName as unknown:
            self._unread(line.parts[0], unknown, statement.parts[0].formula)
            return line
        except NeuronnetError as unjudged:
            if not self._contradicts_itself(line, statement, role):
                self._undecided(line, str(unjudged))
            return line
        line.quantity = truth
        try:
            self._compare(line, statement, role, truth, position)
            if line.is_wrong:
                self._excuse(line, statement, role)
        except ArithmeticError:
            self._undecided(line, "a number in it is too large or too small to compute with")
            return line
        except NeuronnetError as error:
            self._undecided(line, str(error))
            return line
        self._keep(line, statement, role)
        return line

    def _unread(self, part, error, formula=None):
        part.column = getattr(error, "column", None)
        if isinstance(error, UnknownName):
            part.verdict = report.UNKNOWN_NAME
            part.note = f"nothing is called {shortened(error.name)}{did_you_mean(error.nearest)}"
            leaves = [] if formula is None else leaves_of(formula)
            named = [leaf.column for leaf in leaves if getattr(leaf, "name", None) == error.name]
            part.column = part.column or next(iter(named), None)
        else:
            part.verdict, part.note = report.UNREADABLE, getattr(error, "reason", str(error))

    def _refuse(self, line, error):
        """A model line whose parts do not fit, or that needs a name without a value, or itself."""
        part = line.parts[min(1, len(line.parts) - 1)]
        part.verdict, part.note = report.WRONG_FORMULA, str(error)
        if isinstance(error, UnknownName) and any(each.name == error.name for each in self.statements):
            self._undecided(line, f"the line that computes {error.name} could not be used")
        elif isinstance(error, UnknownName):
            self._unread(part, error)
            part.note += f"; add a line such as {error.name} = 1"
            line.is_needed = True

    def _undecided(self, line, note):
        line.kind = "undecided"
        wrong = [part for part in line.parts if part.verdict in (report.WRONG_NUMBER, report.WRONG_FORMULA)]
        for part in wrong or line.parts[-1:]:
            part.verdict, part.note, part.column = report.UNDECIDED, note, None
            part.follows_from = part.repair = part.counterexample = part.exact = part.units = None

    def _excuse(self, line, statement, role):
        """Undecide what may be wrong by a derivative without a path alone, or by an old value."""
        try:
            for name in {each for part in statement.formulas for each in part.formula.names()}:
                self.meanings.connected(name)
        except NeuronnetError as unconnected:
            self._undecided(line, str(unconnected))
        beside = {name for part in statement.formulas for name in part.used}
        used = [self.model.uses(name) for name in {*beside, role.name or ""} if name in self.model]
        unsure = self.unclear | (self.unread if line.verdict == report.WRONG_NUMBER else {})
        names = sorted(unsure.keys() & beside.union(*used) - {role.name})
        if not names and role.kind == VALUE and statement.arithmetic and role.truth is None:
            names = sorted(self.unclear)  # the name again, of which values is not said
            if names and role.name is not None:
                self.unclear[role.name] = f"which value of {role.name} is meant is not said"
        if names:
            self._undecided(line, unsure[names[0]])

    def _given_beside_unread(self):
        """(name, what is said of it) of what has a number here, and a formula that could not be read."""
        for statement in self.statements:
            head = statement.parts[0].spelled.text if statement.read_errors else ""
            found = re.match(r"\s*([^\W\d_]\w*?)(?:_\{?\w+\}?)?\s*\Z", head)
            if found and found[1] in self.model.given:
                line = statement.line
                yield (
                    found[1],
                    f"{found[1]} may be rounded: line {line}, which computes it, could not be read",
                )

    def _is_another(self, statement, role):
        number, given = statement.number, self.model.given.get(role.name)
        if number is None or given is None or statement.formulas or statement.arithmetic:
            return False
        values = [entry.value for entry in arrays.entries(number.printed)]
        return values != [as_number(entry, Decimal) for entry in arrays.entries(given)]

    # Comparing

    def _contradicts_itself(self, line, statement, role):
        """Judge a number, whatever its name means, by the formula beside it; whether it is wrong."""
        number, own = (
            statement.number,
            [each for each in statement.formulas if each is not statement.parts[0]],
        )
        if self.roles.is_network or not own or number is None or isinstance(number.printed, Array):
            return False
        formula = self.meanings.in_pass(own[-1].formula, role.step)
        exact = None if any(map(split_partial, formula.names())) else self._exact(formula)
        used = {*formula.names()}.union(
            *(self.model.uses(name) for name in formula.names() if name in self.model)
        )
        if (
            exact is None
            or isinstance(exact, Array)
            or any(map(self.meanings.assignment.has_two_values, used))
        ):
            return False
        shown = line.parts[statement.parts.index(number)]
        self._number(shown, number.printed, exact, lambda: self._at_hand([formula]), [])
        if shown.verdict != report.WRONG_NUMBER or shown.follows_from is not None:
            shown.exact = shown.units = shown.follows_from = None
            return False
        shown.note = BESIDE
        return True

    def _compare(self, line, statement, role, truth, position):
        own = self.roles.definitions.get(role.name) if role.kind == MODEL else None
        judged_parts = 0
        exact = self._exact(truth)
        ways = cache(lambda: self._at_hand(self._ways(truth, statement, own)))
        is_update = role.kind == UPDATE or "@" in (role.name or "")
        arithmetic, beside = [], None  # the last step on the line first
        for part, shown in zip(statement.parts, line.parts):
            if part.printed is not None:
                is_bare = arithmetic and statement.name is None and not truth.names()
                if is_bare:  # its numbers may be rounded ones, whatever they are of
                    self._number(shown, part.printed, None, ways, arithmetic)
                if not is_bare or shown.verdict == report.WRONG_NUMBER:
                    self._number(shown, part.printed, exact, ways, arithmetic, is_update)
                if own is not None and shown.verdict == report.WRONG_NUMBER and shown.follows_from is None:
                    self._another_formula(line, shown, part.printed, own)
                if shown.verdict == report.WRONG_NUMBER and shown.follows_from is None and exact is not None:
                    self._at_a_kink(shown, part.printed, truth)
                    if not statement.formulas:
                        self._follow(shown, part.printed, role.name, statement.line)
                    self._say_stale(shown, part.printed, role)
                if arithmetic and exact is not None:
                    self._step(beside, shown, part.printed, exact, *ways(), arithmetic[0])
                judged_parts += 1
            elif part.formula is None:
                continue
            elif part.is_arithmetic:
                arithmetic, beside = [part.formula, *arithmetic], shown
            elif part is statement.parts[0] or (role.kind == SEED and part is statement.formulas[0]):
                continue
            elif own is not None and part is statement.formulas[0]:  # it defines the quantity
                shown.note, is_astray = self.roles.astray.get(position, (None, False))
                if is_astray:
                    shown.verdict = report.WRONG_FORMULA
                    judged_parts += 1
                if exact is None and all(self._exact(Name(name)) is not None for name in own.names()):
                    shown.verdict, shown.note = report.UNREADABLE, NO_VALUE
                    judged_parts += 1
            else:
                self._formula(shown, part.formula, truth, statement, role)
                if role.kind in (GRADIENT, HELPER, UPDATE, CHANGE) and shown.verdict == report.RIGHT:
                    self._in_order(shown, statement, role, part.formula, truth)
                judged_parts += 1
        if (
            role.kind == UPDATE
            and line.number is not None
            and line.number.verdict in (report.RIGHT, report.ROUNDING)
        ):
            self._excuse_numbers(line, statement, role)
        if arithmetic and not statement.numbers:
            self._value(line, exact, ways, arithmetic)
            judged_parts += 1
        if role.kind == SEED and not (line.number and line.number.verdict == report.WRONG_NUMBER):
            line.kind = "seed"
        elif not judged_parts:
            line.kind = "model" if role.kind == MODEL else "undecided"

    def _excuse_numbers(self, line, statement, role):
        """Do not accuse `w - 0.1*(-1.3162)`, an update with its step in numbers, if that gives its result."""
        printed = statement.number.printed
        for part, shown in zip(statement.parts, line.parts):
            is_accused = shown.verdict in (report.WRONG_FORMULA, report.COINCIDENCE)
            if is_accused and part.formula.names() == [role.target] and not isinstance(printed, Array):
                if abs(self.model.value(part.formula) - printed.value) <= 10 * printed.half_unit:
                    shown.verdict, shown.note = report.RIGHT, None
                    self.wrong = [each for each in self.wrong if each[0] is not shown]

    def _another_formula(self, line, shown, printed, own):
        """Accuse a forward formula where another name in it gives the number that its author has."""
        found = self.numbers.exchanged(own, printed)
        if len(found) == 1:
            name, other = found[0]
            shown.verdict, formula = report.RIGHT, line.parts[1]
            formula.verdict = report.WRONG_FORMULA
            formula.note = f"{other}, not {name}: the number is that of {other}"

    def _exact(self, truth):
        names = [name for name in truth.names() if name in self.roles.unplaced]
        if names:
            return None
        try:
            return self.model.value(truth)
        except NeuronnetError:
            return None

    def _ways(self, truth, statement, own):
        """The formulas by which an author may have computed a number, his own first."""
        own = [own] if own is not None else []
        return self.carried.ways(truth, own + [part.formula for part in statement.formulas])

    def _at_hand(self, formulas):
        """Formulas, and the Input of every name that they need."""
        return formulas, self.carried.inputs(formulas)

    def _number(self, shown, printed, exact, ways, arithmetic, is_update=False):
        verdict = None if arithmetic or exact is None else judged(_nested(printed), exact, [], {})
        if verdict is None or verdict.verdict != report.RIGHT or is_update:
            formulas, inputs = ways()
            on_line = [partial(Literals, each, inputs=inputs) for each in arithmetic]
            verdict = judged(_nested(printed), exact, formulas, inputs, *on_line)
        shown.verdict = verdict.verdict
        shown.follows_from = verdict.follows_from
        place = () if verdict.entry is None else verdict.entry
        flat = _flat(place, arrays.shape(printed))
        entry = arrays.entries(printed)[flat]
        value = None if exact is None or arrays.size(exact) <= flat else arrays.entries(exact)[flat]
        shown.printed = entry.text
        if value is not None:
            shown.exact, shown.units = entry.exact_text(value), entry.units_from(value)
        where = f"entry {', '.join(map(str, place))}: " if place else ""
        if verdict.verdict != report.RIGHT and (place or verdict.how != NOT_IT):
            shown.note = where + verdict.how

    def _at_a_kink(self, shown, printed, truth):
        """Take a number for right that holds on one side of a relu, say, whose input is 0."""
        for kink, value in self.trials.draws.beside_kinks(truth):
            if judged(_nested(printed), value, [], {}).verdict == report.RIGHT:
                shown.verdict, shown.note = (
                    report.RIGHT,
                    f"{kink.left.format()} is at a kink, with either slope",
                )

    def _step(self, beside, shown, printed, exact, formulas, inputs, arithmetic):
        """Accuse arithmetic that does not give the right number behind it, by any honest reading."""
        if shown.verdict in (report.RIGHT, report.ROUNDING) and not isinstance(printed, Array):
            value = false_step(printed, arithmetic, inputs, formulas, exact)
            found = stray(formulas, arithmetic, inputs) if value is None else None
            if found is not None:
                name, leaf = found
                beside.verdict, beside.column = report.WRONG_NUMBER, leaf.column
                near = inputs[name].start if inputs[name].printed is None else inputs[name].printed
                beside.note = f"{leaf} stands for {name}, which is {near:.6g}"
            if value is not None:
                beside.verdict = report.WRONG_NUMBER
                beside.note = f"the step is false, it gives {value:.6g}; the result is right"
                others = [in_place_of_given(self.model, each, arithmetic) for each in formulas]
                for name, leaf in (each[0] for each in others if len(each) == 1):
                    beside.note = f"{leaf} stands for {name}, which is {self.model.given[name]}"
                    beside.column = leaf.column

    def _follow(self, shown, printed, name, line):
        """Let a number follow from the earlier line that gives its quantity this wrong value."""
        value, before, is_wrong = self.carried.printed.get(name, (None, line, False))
        if is_wrong and before != line:
            formulas = [self.carried.mistaken[name]] if name in self.carried.mistaken else []
            verdict = judged(_nested(printed), value, formulas, self.carried.inputs(formulas)).verdict
            if verdict in (report.RIGHT, report.ROUNDING):
                shown.follows_from, shown.note = before, INHERITED

    def _say_stale(self, shown, printed, role):
        """Note at a wrong number that it is the one of the pass before."""
        before = re.sub(r"@(\d+)", lambda count: f"@{int(count[1]) - 1}".replace("@0", ""), role.name or "")
        value, line, _ = self.carried.printed.get(before, (None, None, False))
        is_same = value is not None and arrays.shape(value) == arrays.shape(printed)
        if role.step and before != role.name and is_same and any(arrays.entries(value)):
            pairs = zip(arrays.entries(value), arrays.entries(printed))
            if all(one == other.value for one, other in pairs):
                shown.note = f"the number of line {line}, of the pass before"

    def _formula(self, shown, formula, truth, statement, role):
        try:
            outcome = self.trials.same(formula, truth)
            is_turned = not self._turned.isdisjoint(formula.names())
            if is_turned and (outcome.kind == "misfit" or self.roles.is_code):
                formula = mapped(
                    formula,
                    lambda leaf: Transpose(leaf) if getattr(leaf, "name", None) in self._turned else leaf,
                )
                outcome = self.trials.same(formula, truth)
            if self.roles.is_code and outcome.kind == "same":
                outcome = self._in_numpy(outcome)
        except NeuronnetError as error:
            reason = self.meanings.undecided.get(getattr(error, "name", ""))
            shown.verdict, shown.note = report.UNDECIDED, reason or str(error)
            if isinstance(error, UnknownName) and reason is None:
                self._unread(shown, error, formula)
            return
        if outcome.kind == "same":
            shown.note = outcome.note
            if outcome.note and outcome.note.startswith("as a ") and statement.name is not None:
                self._turned.add(statement.name)
            self._fits_its_update(shown, outcome.reading, statement, role)
        elif outcome.kind != "misfit" and self._holds_in_names(formula, truth):
            return
        elif outcome.kind != "misfit" and self._holds_by_value(formula, truth):
            shown.note = "by its value: not all numbers in it are those of quantities of this sheet"
        elif outcome.kind == "here only":
            shown.verdict, shown.note = report.COINCIDENCE, outcome.note
            self.wrong.append((shown, formula, truth))
        elif outcome.kind == "no value":
            shown.verdict, shown.note = report.UNDECIDED, outcome.note
        else:
            shown.verdict, shown.note = report.WRONG_FORMULA, outcome.note
            first = self._accused.setdefault((formula.format(), truth.format()), statement)
            same = self._accused.setdefault(
                (statement.line, with_names(formula, lambda _: "q").format()), first
            )
            if same is not statement:  # said again, or of another index
                shown.follows_from = same.line
            elif not (is_turned and outcome.kind == "misfit"):
                self.wrong.append((shown, formula, truth))

    def _in_numpy(self, outcome):
        """The Outcome of what holds on paper; a misfit where NumPy makes something else of it."""
        try:
            require_same_in_numpy(outcome.reading, self.model)
        except ShapeError as error:
            return Outcome("misfit", str(error), outcome.reading)
        return outcome

    def _fits_its_update(self, shown, formula, statement, role):
        """Accuse a gradient of another shape than its parameter: in code, or where an update subtracts it."""
        if role.target not in self.model.given or statement.name is None:
            return
        own, wanted = self.model.shape_of(formula), self.model.shape(role.target)
        is_turned = len(own) == len(wanted) == 2 and own == wanted[::-1] != wanted
        is_plain = self.roles.is_code and len(own) == 1 and wanted == (*own, 1) != (1, 1)
        shape, target = arrays.shape_text(own), arrays.shape_text(wanted)
        later = [each for each in self.statements if each.line > statement.line]
        is_used = any(statement.name in part.used for each in later for part in each.formulas)
        if is_turned and self.roles.is_code and not is_used:
            shown.verdict = report.WRONG_FORMULA
            shown.note = f"{shape}, but {role.target} is {target}: transpose it"
        for position, other in self.roles.of.items() if is_turned or is_plain else ():
            each = self.statements[position]
            if other.kind == UPDATE and other.target == role.target and each.line > statement.line:
                inside = (node.parts()[0].names() for part in each.formulas for node in _transposes(part))
                if any(statement.name in part.used for part in each.formulas):
                    if not any(statement.name in names for names in inside):
                        mend = "transpose it" if is_turned else "keepdims=True is missing"
                        shown.verdict = report.WRONG_FORMULA
                        shown.note = f"{shape}, but {role.target} of line {each.line} is {target}: {mend}"
                        return

    def _in_order(self, shown, statement, role, formula, truth):
        """Accuse code of a value that is updated too early; say of a text which value is meant."""
        changed = [old for old in role.newest if old in formula.names()]
        if not changed:
            return
        names = " and ".join(old.partition("@")[0] for old in changed)
        newest = with_names(formula, lambda name: role.newest.get(name, name))
        if self.roles.is_code and self.trials.same(newest, truth).kind in ("different", "here only"):
            shown.verdict, shown.note = report.WRONG_FORMULA, f"{names} has its new value here already"
        elif not (self.roles.is_code or statement.numbers or statement.arithmetic):
            shown.note = shown.note or f"with {names} as before the update"

    def _holds_in_names(self, formula, truth):
        """Whether a formula holds with names in the place of its numbers: `-0.18 h1` for `dL/dy h1`."""
        return any(self.trials.same(each, truth).kind == "same" for each in self.numbers.named(formula))

    def _holds_by_value(self, formula, truth):
        """Whether a formula with numbers that no name has gives the true value by the numbers at hand."""
        formula = self.numbers.with_others(formula) or self._with_arithmetic(formula)
        if formula is None:
            return False
        formula = self.model.resolved(formula)
        literals = Literals(formula, [], self.carried.inputs([formula]))
        return literals.may_be(arrays.entries(self.model.value(truth)))

    def _with_arithmetic(self, formula):
        """A formula with what is computed from bare numbers, as p in `p - y`, written out; else None."""
        reached = set().union(*(self.model.uses(name) for name in formula.names() if name in self.model))
        own = {name: self.model.formulas[name] for name in reached & self.model.formulas.keys()}
        alone = {name for name, each in own.items() if not each.names() or has_numbers(each)}
        own = {name: each for name, each in own.items() if not alone.isdisjoint(self.model.uses(name))}
        for _ in own:
            formula = mapped(formula, lambda leaf: own.get(getattr(leaf, "name", None), leaf))
        return formula if alone else None

    def _value(self, line, exact, ways, arithmetic):
        """Arithmetic without a number behind it: what it gives is the number."""
        shown = line.parts[-1]
        printed = what_it_gives(arithmetic[0])
        if printed is None:
            shown.verdict, shown.note, shown.column = report.UNREADABLE, NO_VALUE, shown.start
            return
        self._number(shown, printed, exact, ways, arithmetic)

    # What was printed

    def _keep(self, line, statement, role):
        if role.name is None:
            printed = statement.number and statement.number.printed
            if printed is not None and isinstance(role.truth, ArrayOf):
                self.carried.remember_entries(role.truth, printed, statement.line, line.is_wrong)
            elif printed is not None and isinstance(role.truth, Name):  # such as net_h1[2]@1
                self.carried.remember(role.truth.name, printed, statement.line, line.is_wrong)
            return
        verdicts = {part.verdict for part in line.parts}
        if statement.number is not None:
            if line.number is not None and line.number.verdict == report.UNDECIDED:
                self.unclear[role.name] = f"computed from {role.name}, which is undecided"
            is_wrong = report.WRONG_NUMBER in verdicts or (line.is_wrong and role.kind == MODEL)
            self.carried.remember(role.name, statement.number.printed, statement.line, is_wrong)
        formula = statement.formulas[0].formula if statement.formulas else None
        self.carried.write(role.name, formula, line.is_wrong)
        if line.is_wrong and statement.number is None and statement.formulas:
            self.carried.go_on(role.name, statement.formulas[0].formula, statement.line)


def _transposes(part):
    return [node for node, *_ in nodes(part.formula) if isinstance(node, Transpose)]


def _nested(printed):
    return printed.nested() if isinstance(printed, Array) else printed


def _flat(place, dimensions):
    """The position, row by row, of an entry under its indices from 1."""
    if not place:
        return 0
    return place[0] - 1 if len(place) == 1 else (place[0] - 1) * dimensions[1] + place[1] - 1
