"""What was understood of a sheet that brings its own model, in the spelling of its author; and a sheet as
it was understood, in plain notation: what `check --show-reading` prints, itself a sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import Array, as_vector_shape
from neuronnet.formulas.expressions import Expression, Product, Transpose
from neuronnet.formulas.notation import Known, gradient_of, read_name
from neuronnet.formulas.rewriting import nodes
from neuronnet.formulas.tokens import GREEK
from neuronnet.names import partial_name, split_partial, updated
from neuronnet.render.text import line_numbers
from neuronnet.sheet.readers.claims import Sheet
from neuronnet.sheet.readers.cutting import declarations
from neuronnet.sheet.readers.read_sheet import read_sheet
from neuronnet.sheet.roles import GIVEN, MODEL, SEED, THE_SEED, UPDATE, Roles
from neuronnet.sheet.statements import Part, Statement, read_statements

_LETTERS = {word: letter for letter, word in GREEK.items()}
_LETTER = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(_LETTERS)})(?![^\W\d_])")
_DERIVATIVE = re.compile(r"[d∂](\S+)/[d∂](\S+)")
_LOGISTIC = re.compile(r"σ|\\sigma|sigmoid|logistic")
_SLOPE = re.compile(r"d\w+_by_\w+/d\w+|(?<!\w)[^\W\d]\w*_by_\w+")
_EARLIER = re.compile(r"(?<=\w)~\d+")
_INDEX = re.compile(r"(.*\D)(\d)(\D?)")  # L_0 for L, where indices count steps
_NET_INPUT = re.compile(r"(?<![\w/'])'?(net_([^\W_]\w*))'?(?!\w)")
_COUNTED = re.compile(r"\w@\d")
_NAMED = re.compile(r"(?<!\w)([^\W\d][\w^{}()\[\].']*?)(@(\d+))?(?![\w@]|'+@)")
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_EQUALS = re.compile(r"\s*(?::=|[-+*/]?=|[≈≅≃≡←→])")


@dataclass(frozen=True)
class Understood:
    """How a sheet was read: which names are `given`, the lines of its `model`, its `loss`.

    `meanings` says what each helper is ("δ1 is ∂L/∂z1"), `notes` what else was found out; `without_value`
    are names that no line gives a number, `prose` the numbers of lines that claim nothing.
    """

    given: tuple[str, ...]
    model_lines: tuple[int, ...]
    loss: str | None
    meanings: tuple[str, ...]
    notes: tuple[str, ...]
    without_value: tuple[str, ...]
    prose: tuple[int, ...] = ()

    def sentences(self) -> list[str]:
        """The reading in a few lines, each a clause."""
        found = [f"given: {', '.join(self.given)}"] if self.given else []
        loss = "no loss was found" if self.loss is None else f"the loss is {self.loss}"
        found.append(f"model: {line_numbers(self.model_lines)}; {loss}" if self.model_lines else loss)
        if self.meanings:
            found.append(", ".join(self.meanings))
        found += self.notes
        if self.without_value:
            found.append(f"no line gives a value to {', '.join(self.without_value)}")
        return found

    def to_dict(self) -> dict:
        """The reading as a plain dict, for JSON."""
        return {key: list(each) if isinstance(each, tuple) else each for key, each in asdict(self).items()}


class Spellings:
    """Names as their author spells them: δ1 for `delta1`, ∂L/∂z1 for `dL/dz1`."""

    def __init__(self, statements: Iterable, roles):
        self._own: dict[str, str] = {}
        self._sign, self._logistic = "d", "logistic"
        self._counts_itself = roles.is_network or any(_COUNTED.search(each.text) for each in statements)
        for position, statement in sorted(enumerate(statements), key=lambda each: _is_let(each[1])):
            if any("∂" in part.spelled.text for part in statement.parts):
                self._sign = "∂"
            called = _LOGISTIC.search(statement.text)
            if called is not None:
                self._logistic = called[0].replace("\\sigma", "σ")
            if statement.name is None:
                continue
            if "_by_" in statement.name:  # of a first derivative
                continue
            spelled, role = _as_typed(statement), roles.of[position]
            self._own.setdefault(statement.name, spelled)
            parts, typed = split_partial(statement.name), _DERIVATIVE.fullmatch(spelled)
            if parts is not None and typed is not None:
                self._own = dict(zip(parts, typed.groups())) | self._own
            if role.kind == UPDATE and statement.name != role.target or spelled != self._own[statement.name]:
                self._own.setdefault(role.name, spelled)
        differing = [name for name, spelled in self._own.items() if spelled != name and len(name) > 1]
        words = "|".join(map(re.escape, sorted(differing, key=len, reverse=True)))
        self._differing = re.compile(rf"(?<![\w^])([d∂]?)({words})(?![^\Wᵀ]|['^])") if words else None

    def of(self, name: str) -> str:
        """A name in its author's spelling."""
        if name in self._own:
            return self._own[name]
        parts = split_partial(name)
        above, _, below = (parts or (name,))[0].partition("_by_")
        if below and name not in self._own:
            second = f"{self._sign}{self.of(parts[1])}" if parts else ""
            power, above, below = "²" * bool(parts), self.of(above), f"{self._sign}{self.of(below)}"
            return f"{self._sign}{power}{above}/{second + below if second != below else below + power}"
        if parts is not None:
            return "/".join(f"{self._sign}{self.of(part)}" for part in parts)
        base, mark, count = name.partition("@")
        if mark:
            own = self.of(base)
            index = _INDEX.fullmatch(own) if count.isdigit() and read_name(own) != base else None
            return f"{own}@{count}" if index is None else f"{index[1]}{int(index[2]) + int(count)}{index[3]}"
        return self.of(base.partition("~")[0]) if "~" in base else name

    def has(self, name: str) -> bool:
        """Whether a line of the sheet begins with a name."""
        return name in self._own

    def formula(self, formula: Expression) -> str:
        """A formula with its names in their author's spelling."""
        return self._with_logistic(formula.format(self.of))

    def text(self, sentence: str) -> str:
        """A sentence about names, with these in their author's spelling."""
        sentence = _SLOPE.sub(lambda found: self.of(found[0]), _EARLIER.sub("", sentence))
        if self._differing is not None:
            sentence = self._differing.sub(lambda found: found[1] + self._own[found[2]], sentence)
        return self._with_logistic(sentence if self._counts_itself else _in_passes(sentence))

    def note(self, sentence: str) -> str:
        """The same, with words for what has no name in the sheet, as what goes into an activation."""
        return _NET_INPUT.sub(self._inside, self.text(sentence))

    def _inside(self, found):
        return found[0] if found[1] in self._own else f"what goes into {found[2]}"

    def _with_logistic(self, text):
        return re.sub(r"\blogistic(?='?\()", self._logistic, text)


def _in_passes(sentence):
    """A sentence without our marks of passes: `w@1` is w, beside another w "w after the first update"."""
    counts: dict[str, set] = {}
    for word, _, count in _NAMED.findall(sentence):
        counts.setdefault(word, set()).add(count)

    def named(found):
        word, _, count = found.groups()
        if count is None or len(counts[word]) == 1:
            return word
        which = _ORDINALS[int(count) - 1] if int(count) <= len(_ORDINALS) else f"{count}th"
        return f"{word} after the {which} update"

    return _NAMED.sub(named, sentence)


def _is_let(statement):
    return statement.text.startswith("let ")


def _as_typed(statement):
    """The first side of a statement as it stands in the sheet, in plain notation where that is LaTeX."""
    typed = _EQUALS.split(statement.text, maxsplit=1)[0].strip()
    try:
        read = read_name(typed)
    except NeuronnetError:
        read = None
    is_it = read is not None and _without_mark(read) == _without_mark(statement.name)
    if is_it and "\\" not in typed:
        return typed
    return _LETTER.sub(lambda word: _LETTERS[word[0]], statement.parts[0].spelled.text.strip())


def _without_mark(name):
    """w1 of w1', w1_new and w1@1."""
    return updated(name) or name.partition("@")[0]


def understood(statements: list, roles, meanings, spellings: Spellings, prose: tuple = ()) -> Understood:
    """The Understood of a sheet whose roles and meanings are settled."""
    own, model = {role.name for role in roles.of.values() if role.kind == GIVEN}, roles.model
    lines = {
        statement.line
        for position, statement in enumerate(statements)
        if statement.defines
        or (roles.of[position].kind == MODEL and roles.of[position].name in model.formulas)
    }
    aligned = [
        f"{spellings.of(name)} = {value}{_place(name, statements)}"
        for name, value in model.given.items()
        if name.partition("@")[0] not in {*own, *meanings.known.parameters, "seed"}
        if not isinstance(value, Array)
    ]
    seeds = [
        f"{_as_typed(statements[position])} in line {statements[position].line} is taken as given"
        for position, role in roles.of.items()
        if role.kind == SEED
    ]
    return Understood(
        given=tuple(spellings.of(name) for name in model.given if name in own and "@" not in name),
        model_lines=tuple(sorted(lines)),
        loss=None if seeds or roles.slope or not _is_number(roles.loss, model) else _loss(roles, spellings),
        meanings=tuple(_meanings(roles, meanings, spellings)),
        notes=(
            *seeds,
            *map(spellings.text, [*meanings.known.notes, *meanings.notes]),
            *which_are_samples(roles),
            *_summing_to_one(roles, spellings),
            *aligned,
        ),
        without_value=tuple(
            spellings.of(name)
            for name in sorted(roles.unplaced - {each.name for each in statements if each.formulas})
            if spellings.has(name) or not name.startswith("net_")
        ),
        prose=prose,
    )


def _loss(roles, spellings):
    """The name of the loss, or its formula where no line has one."""
    return (
        spellings.of(roles.loss)
        if spellings.has(roles.loss)
        else spellings.formula(roles.model.formula(roles.loss))
    )


def _is_number(name, model):
    return name is not None and not (name in model and as_vector_shape(model.shape(name)))


def understood_beside(roles, meanings, spellings: Spellings, notes: list[str]) -> Understood | None:
    """The Understood of a sheet beside a network; None where its names are the network's."""
    found = tuple(_meanings(roles, meanings, spellings))
    return Understood((), (), roles.loss, found, tuple(notes), ()) if found or notes else None


def _meanings(roles, meanings, spellings):
    """What each helper is; of those that are what their names say, the first one alone."""
    plain = []
    for name, meaning in meanings.settled.items():
        if "@" in name:
            continue
        by = spellings.of(partial_name(roles.loss, meaning.target))
        is_ours = not roles.is_network and not spellings.has(meaning.target)
        if meaning.target.startswith("net_") and is_ours:
            inside = roles.model.formula(meaning.target)
            by = by.removesuffix(meaning.target) + f"({spellings.formula(inside)})" if inside else by
        factor = Fraction(meaning.factor).limit_denominator(10**6)
        times = {1: "", -1: "-"}.get(factor, f"{factor} ")
        found = f"{spellings.of(name)} is {times}{by}"
        if "seed" in roles.model:
            if meaning.because != THE_SEED and meaning.target not in roles.model.given:
                yield f"{spellings.of(name)} is the derivative by {spellings.of(meaning.target)}"
            continue
        if factor == 1 and gradient_of(name, meanings.known) == meaning.target:
            plain.append(found)
        else:
            yield found
    if plain:
        yield plain[0] + (f" and {len(plain) - 1} more of that form" if len(plain) > 1 else "")


def _place(name, statements):
    """` from line 83`, where numbers stand for names; else it is a count that no line gives."""
    for statement in statements:
        if statement.arithmetic and any(name in part.formula.names() for part in statement.formulas):
            return f" from line {statement.line}"
    return ", the number of samples"


def as_read(text: str) -> str:
    """Every claim of a sheet, one a line, in the notation of formulas; what is not read stands in comments.

    Read again, it is the same claims. A line that plain notation would change stays as its author wrote it.
    """
    sheet = read_sheet(text)
    claims = _written(sheet)
    again = _written(read_sheet("\n".join(line for _, line in claims)))
    if [line for _, line in again] != [line for _, line in claims]:
        claims = _written(sheet, {line for _, line in again})
    lines = [(each.line, f"# not read: {each.text} ({each.reason})") for each in sheet.unread]
    lines += [
        (number, f"# line {number}: a formula outside of what is read as claims") for number in sheet.ignored
    ]
    samples = [line for line, kind in sheet.headings if kind == "sample"]
    lines += [(line, f"Sample {number}") for number, line in enumerate(samples, 1)]
    lines = sorted(lines + claims, key=lambda each: each[0])
    return "\n".join([*_beginning(sheet), *(line for _, line in lines), *_end(sheet)]) + "\n"


def _beginning(sheet):
    """The network, the declarations and the definitions of a sheet."""
    if sheet.network is not None:
        kind, value, _ = sheet.network
        yield from [f"network: {value}"] if kind == "name" else ["```toml", value, "```", "```derivation"]
    yield from declarations(sheet.declared)
    yield from (f"let {each.name} = {each.text.text.strip()}" for each in sheet.lets)


def _end(sheet):
    return ["```"] if sheet.network is not None and sheet.network[0] == "toml" else []


def _written(sheet: Sheet, kept: set[str] | None = None) -> list[tuple[int, str]]:
    """(line, text) of each claim in plain notation, or in its author's where that is not among the `kept`."""
    known = Known()
    statements, _ = read_statements(sheet.claims, known, declared=sheet.declared)
    found = [(each.line, _plain(each), each) for each in statements]
    lines = [
        (line, text if kept is None or text in kept else _in_plain_notation(each))
        for line, text, each in found
    ]
    defined = [
        (claim.line, " = ".join(part.text for part in claim.parts))
        for claim in sheet.claims
        if (claim.line, claim.text) not in {(each.line, each.text) for each in statements}
    ]
    return sorted(defined + lines, key=lambda each: each[0])


def _plain(statement: Statement) -> str:
    first, *rest = (plain_part(each) for each in statement.parts)
    return first + (" := " if statement.assigns else " = ") + " = ".join(rest)


def _in_plain_notation(statement):
    first, *rest = (each.spelled.text for each in statement.parts)
    return first + (" := " if statement.assigns else " = ") + " = ".join(rest)


def plain_part(part: Part) -> str:
    if isinstance(part.printed, Array):
        return str(part.printed.map(lambda each: each.text).nested()).replace("'", "")
    if part.printed is not None:
        return part.printed.text
    if part.error is not None or part.formula is None:
        return part.spelled.text.replace("\n", " ")
    return part.formula.format()


def which_are_samples(roles: Roles) -> list[str]:
    """Whether rows or columns are samples: by the side of the data on which what is learnt stands."""
    learnt = {name.partition("@")[0] for name in roles.learnt()}
    for formula in roles.model.formulas.values():
        for node, _, _ in nodes(formula):
            if isinstance(node, Product) and [operator for operator, _ in node.factors[1:2]] == ["@"]:
                (_, left), (_, right) = node.factors[:2]
                which = _samples_of(left, right, learnt, roles.model)
                if which is not None:
                    return [f"{which} are samples"]
    return []


def _summing_to_one(roles, spellings):
    """What is a softmax of each column, where its author names no axis."""
    for name, formula in roles.definitions.items():
        axes = {getattr(node, "options", {}).get("axis") for node, *_ in nodes(formula) if _is_softmax(node)}
        if axes == {0} and not roles.is_code:
            yield f"the columns of {spellings.of(name)} sum to 1"


def _is_softmax(node):
    return getattr(node, "function", "") == "softmax"


def _samples_of(left, right, learnt, model):
    names = [left.names(), right.names()]
    if any(len(each) != 1 for each in names):
        return None
    (one,), (other,) = names
    if any(name not in model.given or len(model.shape(name)) != 2 for name in (one, other)):
        return None
    if (one in learnt) == (other in learnt):
        return None
    data, dimensions = (left, model.shape(one)) if other in learnt else (right, model.shape(other))
    along = int((data is right) != isinstance(data, Transpose))
    return ("rows", "columns")[along] if dimensions[along] > 1 else None
