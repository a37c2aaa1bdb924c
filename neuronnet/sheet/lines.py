"""Judges the lines of a sheet against its model: formulas as identities, numbers by their printed digits."""

from __future__ import annotations

from decimal import Decimal

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.derivation.trials import Trials
from neuronnet.description.values import as_number
from neuronnet.errors import NeuronnetError, UnknownName, did_you_mean, nearest, shortened
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.expressions import Expression, Name
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes
from neuronnet.sheet import report
from neuronnet.sheet.computation import Input
from neuronnet.sheet.meanings import Meanings
from neuronnet.sheet.roles import CHANGE, GIVEN, GRADIENT, HELPER, MODEL, SEED, UPDATE, VALUE, Role, Roles
from neuronnet.sheet.rounding import judged
from neuronnet.sheet.statements import Statement

MOST_REPLACED, LONGEST = 30, 300  # names replaced in a formula, parts that it may have then
PLAIN_LITERALS = {Decimal(0), Decimal(1), Decimal(2)}  # in a formula they are what they are


class Lines:
    """Judges the statements of one sheet in their order; what was printed before counts for what follows."""

    def __init__(self, statements: list[Statement], roles: Roles, meanings: Meanings):
        self.statements, self.roles, self.meanings, self.model = statements, roles, meanings, roles.model
        self.trials = Trials(self.model)
        self.printed: dict[str, tuple] = {}  # name -> (value as printed, line, is_wrong)
        self.carried: dict[str, tuple] = {}  # name -> (what its author's wrong formula gives, line)
        self.wrong: list[tuple] = []  # (report.Part, wrong formula, what it should be)

    def judged(self, wrong_in: list[bool] | None = None) -> list[report.Line] | None:
        """A report.Line for every statement; None where one is wrong before the first of `wrong_in`."""
        first = None if wrong_in is None else wrong_in.index(True)
        found = []
        with fifty_digits():
            for position, each in enumerate(self.statements):
                found.append(self._line(position, each))
                if first is not None and position < first and found[-1].is_wrong:
                    return None
        return found

    # One line

    def _line(self, position, statement):
        role = self.roles.of[position]
        line = report.Line(statement.line, statement.text)
        for part in statement.parts:
            text = part.spelled.text.strip()
            start = part.spelled.columns[0] if part.spelled.columns else 1
            shown = report.Part(text, start, line=None if part.line == statement.line else part.line)
            if part.error is not None:
                self._unread(shown, part.error)
            line.parts.append(shown)
        line.kind = "judged"
        if statement.read_errors:
            return line
        error = self.roles.errors.get(position)
        if error is not None:
            self._refuse(line, error)
            return line
        if role.kind == GIVEN:
            return self._given(line, statement, role)
        if role.kind == VALUE and role.name in self.model.given and self._is_another(statement, role):
            self._undecided(line, f"{role.name} has two values; mark the new one, as {role.name}_new")
            return line
        try:
            truth = self._truth(position, statement, role)
        except NeuronnetError as unjudged:
            self._undecided(line, str(unjudged))
            return line
        self._compare(line, statement, role, truth)
        self._keep(line, statement, role)
        return line

    def _unread(self, part, error):
        if isinstance(error, UnknownName):
            part.verdict = report.UNKNOWN_NAME
            part.note = f"nothing is called {shortened(error.name)}{did_you_mean(error.nearest)}"
        else:
            part.verdict, part.note = report.UNREADABLE, getattr(error, "reason", str(error))
        part.column = getattr(error, "column", None)

    def _refuse(self, line, error):
        """A model line whose parts do not fit, or that needs itself."""
        part = line.parts[1] if len(line.parts) > 1 else line.parts[0]
        part.verdict, part.note = report.WRONG_FORMULA, str(error)
        if isinstance(error, UnknownName):
            self._unread(part, error)

    def _undecided(self, line, note):
        line.kind = "undecided"
        part = line.parts[-1]
        part.verdict, part.note = report.UNDECIDED, note

    def _given(self, line, statement, role):
        line.kind = "given"
        self._remember(role.name, statement.number, statement.line, False)
        return line

    def _is_another(self, statement, role):
        number, given = statement.number, self.model.given[role.name]
        if number is None or statement.formulas or statement.arithmetic:
            return False
        values = [entry.value for entry in arrays.entries(number.printed)]
        return values != [as_number(entry, Decimal) for entry in arrays.entries(given)]

    # What a line is about

    def _truth(self, position, statement, role: Role) -> Expression:
        """The exact Expression of what a line is about. Raises NeuronnetError, with what would help."""
        name = role.name
        if name is None:
            return self._reference(statement)
        if role.kind in (GRADIENT, HELPER, UPDATE, CHANGE):
            reason = self.meanings.undecided.get(name)
            if reason is not None:
                raise NeuronnetError(reason)
        if name not in self.model:
            missing = name if role.kind != GRADIENT else self._missing(name)
            raise NeuronnetError(
                f"no line of this sheet connects {missing} with {self.roles.loss or 'a loss'}"
            )
        self._connected(name)
        self.model.formula(name)  # which raises where an array is differentiated
        return Name(name)

    def _missing(self, name):
        numerator, _, denominator = name[1:].partition("/d")
        return denominator if numerator in self.model else numerator

    def _connected(self, name):
        """Raise where a derivative is by something that its numerator is not computed from."""
        numerator, _, denominator = name[1:].partition("/d")
        if not denominator or numerator not in self.model or denominator not in self.model:
            return
        if denominator not in self.model.uses(numerator):
            raise NeuronnetError(f"no line of this sheet connects {denominator} with {numerator}")

    def _reference(self, statement):
        formula = next((part.formula for part in statement.parts if part.has_names), None)
        if formula is None:
            formula = next((part.formula for part in statement.parts if part.formula is not None), None)
        if formula is None:
            raise NeuronnetError("two numbers and nothing that they are about")
        return self.model.resolved(formula)

    # Comparing

    def _compare(self, line, statement, role, truth):
        own = self.roles.definitions.get(role.name) if role.kind == MODEL else None
        judged_parts = 0
        exact = self._exact(truth)
        formulas = self._ways(truth, statement, own)
        arithmetic = None
        for part, shown in zip(statement.parts, line.parts):
            if part.printed is not None:
                self._number(shown, part.printed, exact, formulas, arithmetic)
                judged_parts += 1
            elif part.formula is None or part.formula is statement.parts[0].formula:
                continue
            elif part.is_arithmetic:
                arithmetic = part.formula
            elif own is not None and part is statement.formulas[0]:
                continue  # it defines the quantity
            else:
                self._formula(shown, part.formula, truth)
                judged_parts += 1
        if arithmetic is not None and not statement.numbers:
            self._value(line, statement, exact, formulas, arithmetic)
            judged_parts += 1
        if role.kind == SEED:
            line.kind = "seed"
        elif not judged_parts:
            line.kind = "model" if role.kind == MODEL else "undecided"

    def _exact(self, truth):
        names = [name for name in truth.names() if name in self.roles.unplaced]
        if names:
            return None
        try:
            return self.model.value(truth)
        except NeuronnetError:
            return None

    def _ways(self, truth, statement, own):
        """The formulas by which an author may have computed a number: his own, then one step of the model."""
        found = [own] if own is not None else []
        for part in statement.formulas:
            try:
                found.append(self.model.resolved(part.formula))
            except NeuronnetError:
                continue
        if isinstance(truth, Name):
            step = self.model.formula(truth.name)
            found += [step] if step is not None else []
        return found + [longer for longer in map(self._in_printed, found) if longer is not None]

    def _in_printed(self, formula):
        """A formula by what its author has printed: everything else replaced by its own formula."""
        longer = formula
        for _ in range(MOST_REPLACED):
            open_names = [
                name
                for name in longer.names()
                if name not in self.printed and self._computed(name) is not None
            ]
            if not open_names or sum(1 for _ in nodes(longer)) > LONGEST:
                break
            name = open_names[0]
            longer = mapped(longer, lambda leaf, name=name: self._put(leaf, name))
        return None if longer is formula else longer

    def _put(self, leaf, name):
        return self._computed(name) if isinstance(leaf, Name) and leaf.name == name else leaf

    def _computed(self, name):
        try:
            return self.model.formula(name)
        except NeuronnetError:
            return None

    def _inputs(self, formulas):
        names = {name for formula in formulas for name in formula.names()}
        found = {}
        for name in names:
            printed, line, is_wrong = self.printed.get(name, (None, None, False))
            try:
                exact = self.model[name] if name not in self.roles.unplaced else None
            except NeuronnetError:
                exact = None
            found[name] = Input(exact, printed, line, is_wrong)
        return found

    def _number(self, shown, printed, exact, formulas, arithmetic):
        inputs = self._inputs(formulas)
        verdict = judged(_nested(printed), exact, formulas, inputs, arithmetic)
        if verdict.verdict == report.WRONG_NUMBER and verdict.follows_from is None:
            verdict = self._followed(printed, exact, formulas, inputs, verdict)
        shown.verdict = verdict.verdict
        shown.follows_from = verdict.follows_from
        place = () if verdict.entry is None else verdict.entry
        flat = _flat(place, arrays.shape(printed))
        entry = arrays.entries(printed)[flat]
        value = None if exact is None or arrays.size(exact) <= flat else arrays.entries(exact)[flat]
        shown.printed = entry.text
        if value is not None:
            shown.exact, shown.units = entry.exact_text(value), entry.units_from(value)
        if verdict.verdict not in (report.RIGHT,):
            where = f"entry {', '.join(map(str, place))}: " if place else ""
            shown.note = where + verdict.how

    def _followed(self, printed, exact, formulas, inputs, verdict):
        """The Verdict where the author went on with more digits of his wrong values than he printed."""
        carried = {
            name: each._replace(printed=self.carried[name][0], line=self.carried[name][1], is_wrong=True)
            if name in self.carried
            else each
            for name, each in inputs.items()
        }
        if carried == inputs:
            return verdict
        again = judged(_nested(printed), exact, formulas, carried)
        return again if again.follows_from is not None else verdict

    def _formula(self, shown, formula, truth):
        try:
            outcome = self.trials.same(formula, truth)
        except UnknownName as error:
            self._unread(shown, error)
            return
        except NeuronnetError as error:
            shown.verdict, shown.note = report.UNDECIDED, str(error)
            return
        if outcome.kind == "same":
            shown.note = outcome.note
        elif outcome.kind == "here only":
            shown.verdict, shown.note = report.COINCIDENCE, outcome.note
        elif outcome.kind == "no value":
            shown.verdict, shown.note = report.UNDECIDED, outcome.note
        elif outcome.kind == "different" and self._has_numbers(formula) and self._near(formula, truth):
            shown.verdict, shown.note = report.RIGHT, "judged by its numbers"
        else:
            shown.verdict, shown.note = report.WRONG_FORMULA, outcome.note
            self.wrong.append((shown, formula, truth))

    def _has_numbers(self, formula):
        """Whether literals stand in a formula that may be rounded values of quantities."""
        return any(
            not isinstance(leaf, Name) and Decimal(str(leaf.value)) not in PLAIN_LITERALS
            for leaf in leaves_of(formula)
        )

    def _near(self, formula, truth):
        """Whether a formula with numbers in it has the value, to what its numbers can stand for."""
        try:
            value, exact = self.model.value(self.model.resolved(formula)), self.model.value(truth)
        except NeuronnetError:
            return False
        digits = min(
            len(Decimal(str(getattr(leaf.value, "text", leaf.value))).normalize().as_tuple().digits)
            for leaf in leaves_of(formula)
            if not isinstance(leaf, Name) and Decimal(str(leaf.value)) not in PLAIN_LITERALS
        )
        allowed = Decimal(10) ** -digits
        pairs = zip(arrays.entries(value), arrays.entries(exact))
        return all(abs(one - other) <= allowed * max(abs(other), allowed) * 10 for one, other in pairs)

    def _value(self, line, statement, exact, formulas, arithmetic):
        """Arithmetic without a number behind it: what it gives is the number."""
        shown = line.parts[-1]
        value = arithmetic.evaluator(Decimal)({})
        entries = [_as_printed(entry, arithmetic) for entry in arrays.entries(value)]
        printed = Array(entries, value.shape) if isinstance(value, Array) else entries[0]
        self._number(shown, printed, exact, formulas, arithmetic)

    # What was printed

    def _keep(self, line, statement, role):
        if role.name is None:
            return
        verdicts = {part.verdict for part in line.parts}
        self._remember(role.name, statement.number, statement.line, report.WRONG_NUMBER in verdicts)
        if verdicts & {report.WRONG_NUMBER, report.WRONG_FORMULA} and statement.formulas:
            self._carry(role.name, statement.formulas[0].formula, statement.line)

    def _carry(self, name, formula, line):
        """Keep what a wrong line gives with the values that its author has, to all digits."""
        try:
            formula = self.model.resolved(formula)
            values = {
                each: self.carried[each][0] if each in self.carried else self.model[each]
                for each in formula.names()
            }
            value = formula.evaluator(Decimal)(values)
        except (NeuronnetError, ArithmeticError, ValueError):
            return
        self.carried.setdefault(name, (value, line))

    def _remember(self, name, part, line, is_wrong):
        if part is not None and (name not in self.printed or not self.printed[name][2]):
            printed = part.printed
            value = printed.map(lambda entry: entry.value) if isinstance(printed, Array) else printed.value
            self.printed[name] = (value, line, is_wrong)


def _nested(printed):
    return printed.nested() if isinstance(printed, Array) else printed


def _flat(place, dimensions):
    """The position, row by row, of an entry under its indices from 1."""
    if not place:
        return 0
    return place[0] - 1 if len(place) == 1 else (place[0] - 1) * dimensions[1] + place[1] - 1


def _as_printed(value, arithmetic):
    """A value as a number with as many digits as the shortest decimal in the arithmetic, at least two."""
    digits = [
        len(Decimal(str(getattr(leaf.value, "text", leaf.value))).as_tuple().digits)
        for leaf in leaves_of(arithmetic)
        if "." in str(getattr(leaf.value, "text", leaf.value))
    ]
    count = max(2, min(digits, default=12))
    return Printed(f"{value:.{count}g}") if value else Printed("0")


def unknown(name, names):
    return UnknownName(name, nearest(name, names))
