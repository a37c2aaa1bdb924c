"""The mistakes behind the wrong numbers of a judged sheet, beside a network or on the sheet's own model."""

from __future__ import annotations

from dataclasses import replace
from math import isclose

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.expressions import ArrayOf
from neuronnet.mistakes.catalogue import Signature, numbers_of, signatures
from neuronnet.mistakes.networks import Network
from neuronnet.mistakes.own_models import OwnModel
from neuronnet.mistakes.printed_numbers import Diagnosis, PrintedNumber
from neuronnet.mistakes.search import claimed, explanations, of_network
from neuronnet.sheet import report
from neuronnet.sheet.rounding import CARRIED
from neuronnet.sheet.statements import Statement
from neuronnet.sheet.understood import Spellings

TELLING, MOST_CHANCE = 5, 0.001  # digits, and odds, at which a mistake goes before a rounding


def beside_network(lines: list, exact, description, progress) -> list[Diagnosis]:
    """Diagnoses of all the wrong numbers together; a line gets the first one that explains it."""
    rounded = [place for place, line in enumerate(lines) if _is_rounded_alone(line)]
    if not _has_wrong_numbers(lines) and not rounded:
        return []
    subject = Network(description)
    numbers = {
        place: of_network((place, None), line.quantity, Printed(line.number.printed), exact)
        for place, line in enumerate(lines)
        if (_may_be_explained(line) or place in rounded) and _is_of_network(line.quantity, exact)
    }
    _accuse_rounded(lines, rounded, numbers, subject)
    if not _has_wrong_numbers(lines):
        return []
    told = [each for place, each in numbers.items() if _may_be_explained(lines[place])]
    return _explained(lines, explanations(subject, told, progress))


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
    for place in rounded if any(place in numbers for place in rounded) else ():
        others = [each for other, each in numbers.items() if other == place or each.is_right]
        for each in explanations(subject, others, may_contradict=False) if place in numbers else ():
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


def of_own_model(lines: list, statements: list[Statement], roles, spellings: Spellings) -> list[Diagnosis]:
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
    found = explanations(own, numbers, may_contradict=False)
    return _explained(lines, [_in_names(each, spellings) for each in found])


def of_numbers(by_name: dict, roles, spellings: Spellings) -> list[Diagnosis]:
    """Diagnoses of numbers and arrays, {name: (quantity, numbers)}, of a sheet's own model."""
    with fifty_digits():
        found = []
        for name, (quantity, number) in by_name.items():
            exact = roles.model.value(quantity)
            given = Array.of(number.tolist() if hasattr(number, "tolist") else number)
            if len(entries(given)) != len(entries(exact)):
                raise NeuronnetError(f"{name}: {len(entries(exact))} numbers are needed")
            for entry, (each, value) in enumerate(zip(entries(given), entries(exact))):
                text, own = claimed(name, each, lambda value=value: value), isinstance(exact, Array)
                found.append(PrintedNumber(name, quantity, text, value, entry=entry if own else None))
        own_model = OwnModel(roles.model, roles.loss, [quantity for quantity, _ in by_name.values()])
        diagnoses = explanations(own_model, found, may_contradict=False)
        return [
            _in_names(each._replace(explains=tuple(dict.fromkeys(each.explains))), spellings)
            for each in diagnoses
        ]


def signatures_of(roles, spellings: Spellings) -> tuple[dict[str, float], list[Signature]]:
    """(the numbers of a sheet's own model by the author's names, what each mistake makes of them)."""
    own = OwnModel(roles.model, roles.loss, [])
    names = [*own.graph.updates, roles.loss]
    names += [f"d{roles.loss}/d{name}" for name in own.graph.parameters or own.graph.inner]

    def shown(numbers):
        return {spellings.of(name): float(entries(value)[0]) for name, value in numbers.items()}

    table = [
        Signature(
            spellings.text(each.id),
            spellings.text(each.sentence),
            shown(each.numbers),
            [spellings.text(id) for id in each.same],
        )
        for each in signatures(own, names)
    ]
    return shown(numbers_of(own.replay(), names)), table


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


def _explained(lines, diagnoses):
    """The Diagnoses that say which lines they explain.

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
    return found


def _is_of_network(quantity, exact):
    """Whether a quantity is a number made of what a known mistake can change."""
    if isinstance(quantity, ArrayOf) or any("@" in name and "/" in name for name in quantity.names()):
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
