"""The mistakes behind wrong numbers: those handed in, and those of a sheet, with its network or model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from math import isclose, isfinite
from typing import TYPE_CHECKING, Any

from neuronnet.derivation.digits import LARGEST_EXPONENT, Printed, fifty_digits
from neuronnet.derivation.quantities import Exact
from neuronnet.description.reading import read
from neuronnet.errors import Interrupted, NeuronnetError, NumberError, shortened
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import ArrayOf, Name
from neuronnet.mistakes.graph import OwnModel
from neuronnet.mistakes.networks import network_of
from neuronnet.mistakes.printed_numbers import Diagnosis, PrintedNumber, Signature, numbers_of, signatures
from neuronnet.mistakes.search import explanations
from neuronnet.mistakes.variation import RIGHT
from neuronnet.names import split_index
from neuronnet.sheet import report
from neuronnet.sheet.rounding import CARRIED
from neuronnet.sheet.understood import Spellings

if TYPE_CHECKING:
    from neuronnet.sheet.statements import Statement

CLAIMED_BY_A_FLOAT = 9  # digits
TELLING, MOST_CHANCE = 5, 0.001  # digits, and odds, at which a mistake goes before a rounding


def diagnose(
    network: Any,
    numbers: Mapping[str, str | int | float | Decimal],
    progress: Callable[[int, int], None] | None = None,
    bounded: type | None = None,
    one_program: bool = False,
) -> list[Diagnosis]:
    """Explanations of numbers that are wrong for a network, best first: `[]` where none is known.

    `network` is a NeuralNetwork, what `neuronnet.load` takes, or the Model of a sheet. `numbers` maps names,
    such as "dE_total/dw5", or formulas over them (of a Model, names alone, also of arrays) to numbers; a
    string claims the digits it has, a float nine significant ones, a float32 of NumPy's seven. Every
    further Diagnosis explains what those before it leave over. `progress(done, total)` is called while
    mistakes are tried. `one_program`: one program computed the numbers, so no mistake is named that
    contradicts more of them than it explains. `bounded` is for such numbers in binary64: a type of number
    with a bound on its own rounding as `error`, by which a number may miss what it is. Raises UnknownName,
    ExpressionError and NumberError for a bad name or number.
    """
    if not isinstance(numbers, Mapping) or not all(isinstance(name, str) for name in numbers):
        needed = "a mapping of names such as 'dE_total/dw5' to numbers is needed"
        raise NeuronnetError(f"numbers: found {shortened(numbers)}; {needed}")
    numbers = {name: _without_numpy(number) for name, number in numbers.items()}
    if hasattr(network, "canonical"):
        return _of_own_numbers(network, numbers)
    description = read(network)
    with fifty_digits():
        exact = Exact(description)
        read_numbers = [(name, *_read(name, number, exact)) for name, number in numbers.items()]
        found = [_of_network(name, expression, text, exact) for name, expression, text in read_numbers]
        subject = network_of(description)
        if bounded is None:
            return explanations(subject, found, progress, _no_rounding if one_program else None)
        rounding = _Rounding(subject, bounded)
        for each in found:
            room = rounding.room(RIGHT, each)
            each.is_right = each.is_right or abs(each.off) <= room
            each.allow(room)
        return explanations(subject, found, progress, rounding.room)


def _no_rounding(variation, number):
    return 0.0


def beside_network(lines: list, exact, description, progress) -> list[Diagnosis]:
    """Diagnoses of all the wrong numbers together; a line gets the first one that explains it."""
    rounded = [place for place, line in enumerate(lines) if _is_rounded_alone(line)]
    if not _has_wrong_numbers(lines) and not rounded:
        return []
    subject = network_of(description)
    numbers = {
        place: _of_network((place, None), line.quantity, Printed(line.number.printed), exact)
        for place, line in enumerate(lines)
        if (_may_be_explained(line) or place in rounded) and _is_of_network(line.quantity, exact)
    }
    _accuse_rounded(lines, rounded, numbers, subject)
    if not _has_wrong_numbers(lines):
        return []
    told = [each for place, each in numbers.items() if _may_be_explained(lines[place])]
    bounds: list[str] = []
    return _explained(lines, explanations(subject, told, progress, bounds=bounds), bounds)


def _is_rounded_alone(line):
    """Whether five or more digits count as computed from rounded numbers, and nothing on the line says so."""
    if line.number is None or line.number.verdict != report.ROUNDING or line.number.note != CARRIED:
        return False
    return (
        len(line.parts) == 2
        and line.quantity is not None
        and len(Printed(line.number.printed).value.as_tuple().digits) >= TELLING
    )


def _accuse_rounded(lines, rounded, numbers, subject):
    """A mistake that gives the very digits goes before a rounding that merely could, at odds of 1000 to 1."""
    rounded = [place for place in rounded if place in numbers]
    replays = [subject.replay(each) for each in subject.variations.values()] if rounded else []
    for place in rounded:
        number = numbers[place]
        if not any(number.is_given_by(number.value(replay)) for replay in replays):
            continue
        others = [each for other, each in numbers.items() if other == place or each.is_right]
        for each in explanations(subject, others, may_contradict=False):
            if len(each.mistakes) > 1 or each.carried or each.mistakes[0].later:
                continue
            if each.chance <= MOST_CHANCE or _leaves_what_is_unmoved(each.mistakes[0], others, subject):
                lines[place].number.verdict = report.WRONG_NUMBER


def _leaves_what_is_unmoved(mistake, numbers, subject):
    """Whether a parameter that learns is printed as it was before its update, as a mistake leaves it."""
    replayed = subject.replay(mistake)
    starts = [(each, each.exact - each.step) for each in numbers if each.updates == 1 and each.step]
    unmoved = [(each, start) for each, start in starts if isclose(each.printed, start)]
    return any(isclose(each.value(replayed) or 0, start) for each, start in unmoved)


def of_own_model(
    lines: list, statements: list[Statement], roles, spellings: Spellings, progress: Callable | None = None
) -> list[Diagnosis]:
    """The same for a sheet that brings its own model; `lines` and `statements` belong together."""
    if roles.loss is None or not _has_wrong_numbers(lines):
        return []
    numbers = [
        each
        for place, (line, statement) in enumerate(zip(lines, statements))
        if _may_be_explained(line) and statement.number is not None
        for each in _entries(place, line, statement.number.printed, roles.model)
    ]
    own = OwnModel(roles.model, roles.loss, [each.expression for each in numbers])
    bounds: list[str] = []
    found = explanations(own, numbers, progress, may_contradict=False, bounds=bounds)
    return _explained(lines, [_in_names(each, spellings) for each in found], bounds)


def signatures_of(own_model, progress=None) -> tuple[dict[str, float], list[Signature]]:
    """(the loss, the gradients and the new values of a Model by name, a Signature for each mistake in these).

    Of an array it is the first entry. Raises NeuronnetError where the sheet has no loss.
    """
    roles, spellings = own_model.roles, own_model.spellings
    if roles.loss is None:
        raise NeuronnetError("a mistake shows in a loss and its derivatives; no line is a loss")
    own = OwnModel(roles.model, roles.loss, [])
    names = [*own.new_values, roles.loss]
    names += [f"d{roles.loss}/d{name}" for name in own.graph.parameters or own.graph.inner]

    def shown(numbers):
        return {spellings.of(name): float(entries(value)[0]) for name, value in numbers.items()}

    def in_its_names(each):
        id, sentence, *same = map(spellings.text, (each.id, each.sentence, *each.same))
        return Signature(id, sentence, shown(each.numbers), same)

    right = shown(numbers_of(own.replay(), names))
    try:
        return right, list(map(in_its_names, signatures(own, names, progress)))
    except Interrupted as stop:
        raise Interrupted((right, list(map(in_its_names, stop.made))), stop.until) from None


def _of_own_numbers(own, numbers):
    """Diagnoses of numbers and arrays of the Model of a sheet: arrays are nested lists or of NumPy."""
    roles, spellings = own.roles, own.spellings
    with fifty_digits():
        found = []
        for name, number in numbers.items():
            quantity = Name(own.canonical(name))
            exact = roles.model.value(quantity)
            given = Array.of(number.tolist() if hasattr(number, "tolist") else number)
            if len(entries(given)) != len(entries(exact)):
                raise NeuronnetError(f"{name}: {len(entries(exact))} numbers are needed")
            for entry, (each, value) in enumerate(zip(entries(given), entries(exact))):
                text = _claimed(name, each, lambda value=value: value)
                own_entry = entry if isinstance(exact, Array) else None
                found.append(PrintedNumber(name, quantity, text, value, entry=own_entry))
        model = OwnModel(roles.model, roles.loss, [each.expression for each in found])
        diagnoses = explanations(model, found, may_contradict=False)
        return [
            _in_names(each._replace(explains=tuple(dict.fromkeys(each.explains))), spellings)
            for each in diagnoses
        ]


def _read(name, number, exact):
    expression = exact.derivation.read(name)
    return expression, _claimed(name, number, lambda: exact.value(expression))


def _without_numpy(number):
    """A number of NumPy's or an array as Python's own; one of single precision claims seven digits."""
    if getattr(number, "dtype", None) == "float32" and number.size == 1:
        return f"{float(number):.6e}"
    return number.tolist() if hasattr(number, "tolist") else number


def _claimed(name, number, exact):
    """The digits that a number claims; of a float that is 0 those of what it should be, `exact()`."""
    if isinstance(number, bool) or not isinstance(number, (str, int, float, Decimal)):
        raise NumberError(f"the number for {name!r}", number)
    if isinstance(number, int) and abs(number) >= 10**LARGEST_EXPONENT:
        raise NumberError(f"the number for {name!r}", number)
    text = str(number)
    if isinstance(number, float):
        value = exact() if number == 0 else Decimal(0)
        text = f"{number:.{CLAIMED_BY_A_FLOAT - 1}e}"
        text = f"0e{value.adjusted() - CLAIMED_BY_A_FLOAT + 1}" if value else text
    return Printed(text)


def _of_network(name, expression, printed, exact):
    """A number printed for an expression over the names of a network."""
    start = Decimal(0)
    if isinstance(expression, Name):
        start = exact.derivation.given.get(split_index(expression.name)[0], start)
    return PrintedNumber(
        name, expression, printed, exact.value(expression), start, exact.rounding(expression)
    )


class _Rounding:
    """By how much two computations of a number in binary64 may differ: by the bounds of both."""

    def __init__(self, network, bounded):
        self.network, self.bounded, self._replayed = network, bounded, {}

    def room(self, variation, number):
        """Twice the bound that a replay carries, which is one for each computation; 0 where none is known."""
        if variation.id not in self._replayed:
            self._replayed[variation.id] = self.network.replay(variation, number=self.bounded)
        try:
            evaluate = evaluator(number.expression, self.bounded)
            error = getattr(evaluate(self._replayed[variation.id]), "error", 0.0)
        except (ArithmeticError, KeyError, ValueError, TypeError, NeuronnetError):
            return 0.0  # TypeError: a function that the bounded numbers lack, as adam's square root
        return 2 * error if isfinite(error) else 0.0


def _has_wrong_numbers(lines):
    follow = _follow_a_wrong_formula(lines)
    return any(
        line.is_wrong and line.number is not None and place not in follow for place, line in enumerate(lines)
    )


def _may_be_explained(line):
    return line.quantity is not None and line.number is not None and line.number.verdict != report.ROUNDING


def _entries(place, line, printed, model):
    """A PrintedNumber for every entry of what a line says."""
    try:
        exact = model.value(line.quantity)
    except NeuronnetError:
        return
    texts = entries(printed)
    if len(texts) == len(entries(exact)):
        for entry, (each, value) in enumerate(zip(texts, entries(exact))):
            own = entry if isinstance(exact, Array) else None
            yield PrintedNumber((place, own), line.quantity, each, value, entry=own)


def _in_names(diagnosis, spellings):
    """A Diagnosis in the author's names."""
    mistakes = tuple(
        replace(each, id=spellings.text(each.id), sentence=spellings.text(each.sentence))
        for each in diagnosis.mistakes
    )
    instead = diagnosis.instead and tuple(map(spellings.text, diagnosis.instead))
    same = tuple(map(spellings.text, diagnosis.same_as))
    return diagnosis._replace(mistakes=mistakes, instead=instead, same_as=same)


def _explained(lines, diagnoses, bounds):
    """The Diagnoses that say which lines they explain; `bounds` are said at the first line that none does.

    A wrong formula that is mended by its repair needs no cause beside it, nor what follows from it.
    """
    follow, found = _follow_a_wrong_formula(lines), []
    for each in diagnoses:
        places = list(dict.fromkeys(place for place, _ in each.explains))
        if not follow.issuperset(places):
            explains = tuple(dict.fromkeys(lines[place].line for place in places))
            contradicts = tuple(dict.fromkeys(lines[place].line for place, _ in each.contradicts))
            found.append(each._replace(explains=explains, contradicts=contradicts))
            for place in places:
                lines[place].mistake = lines[place].mistake or found[-1]
    left = [line for place, line in enumerate(lines) if _is_wrong_number(line) and place not in follow]
    for line in [each for each in left if each.mistake is None][:1] if bounds else ():
        said = f"no known mistake gives it; not searched: {'; '.join(bounds)}"
        line.number.note = f"{line.number.note}; {said}" if line.number.note else said
    return found


def _is_wrong_number(line):
    return line.is_wrong and line.number is not None and line.follows_from is None


def _is_of_network(quantity, exact):
    """Whether a quantity is a number made of what a known mistake can change."""
    if isinstance(quantity, ArrayOf):
        return False
    try:
        exact.value(quantity)
    except NeuronnetError:
        return False
    return True


def _follow_a_wrong_formula(lines):
    follow, numbers = set(), set()
    for place, line in enumerate(lines):
        is_mended = line.verdict == report.WRONG_FORMULA and line.worst.repair is not None
        if is_mended or line.follows_from in numbers:
            follow.add(place)
            numbers.add(line.line)
    return follow
