"""What the lines of a sheet say: names, formulas, arithmetic and numbers, in the author's names."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import prod

from neuronnet.derivation.digits import Printed
from neuronnet.errors import ExpressionError, NeuronnetError, UnknownName
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.expressions import Call, Entry, Expression, Name, Placed
from neuronnet.formulas.notation import (
    Known,
    gradient_of,
    parse,
    parse_array,
    parse_number,
    read_name,
)
from neuronnet.formulas.rewriting import mapped, nodes, replaced, with_names
from neuronnet.formulas.tokens import WORD_HERE, TextWithColumns
from neuronnet.formulas.words import PI
from neuronnet.formulas.written_names import written_at
from neuronnet.names import split_partial, updated
from neuronnet.sheet.array_names import first_index, one_by_one, transposed, with_aliases
from neuronnet.sheet.counted_indices import counted_out
from neuronnet.sheet.free_indices import without_free_indices
from neuronnet.sheet.own_functions import (
    define_functions,
    is_of_function,
    with_activations,
    with_functions,
    with_one_parameter,
    with_primes,
    with_slopes,
    with_times,
    without_arguments,
)
from neuronnet.sheet.readers.cutting import Declarations
from neuronnet.sheet.readers.spelling import plainly
from neuronnet.sheet.roles import reach
from neuronnet.sheet.steps import general_formulas

_SLOPE_BY_ENTRY = re.compile(r"d(\w+_by_(\w+?))_?\d+/")
_MATRIX = re.compile(r"\s*\[\s*\[")
_ARRAY = re.compile(r"\[[^\[\]]*[,;\s]")
_COUNTED = re.compile(
    r"\s*(?:(?:float|int)\s*\()?\s*(?:len\(\s*(?P<measured>\w+)\s*\)"
    r"|(?P<array>\w+)\.(?:shape\[(?P<axis>[01])\]|(?P<size>size)))\s*\)?\s*"
)
_SAID_BESIDE = re.compile(r"[^\W\d]\w{0,9}\s*\([^()]{1,20}\)")
_SAID_FIRST = re.compile(r"-?\s*(?:(?:log|ln)\s*)?[^\W\d]\w{0,9}\s*(?:\([^()]{1,30}\))?")
MOST_NEW_NAMES = 6  # in one statement that no other line knows


@dataclass
class Part:
    """One side of an equals sign: a `name`, a `printed` number or array, or a `formula`.

    `printed` is a Printed or an Array of them. A formula without names is arithmetic.
    """

    spelled: TextWithColumns
    line: int
    name: str | None = None
    printed: Printed | Array | None = None
    formula: Expression | None = None
    error: NeuronnetError | None = None

    @property
    def is_arithmetic(self) -> bool:
        return self.formula is not None and not self.formula.names()

    @property
    def used(self) -> list[str]:
        """The names in its formula."""
        return [] if self.formula is None else self.formula.names()

    @property
    def has_names(self) -> bool:
        return self.formula is not None and bool(self.formula.names())


@dataclass
class Statement:
    """One claim of a sheet, read: its `name` is what the first side names, or None.

    One that `defines` a function, `f(v) = 1/(1 + e^-v)`, without a number claims nothing.
    """

    line: int
    text: str
    parts: list[Part]
    name: str | None
    assigns: bool = False
    read_errors: list[NeuronnetError] = field(default_factory=list)
    defines: bool = False

    @property
    def numbers(self) -> list[Part]:
        return [part for part in self.parts if part.printed is not None]

    @property
    def formulas(self) -> list[Part]:
        """The sides after the name that are formulas with names in them."""
        return [part for part in self._after_name() if part.has_names]

    @property
    def arithmetic(self) -> list[Part]:
        return [part for part in self._after_name() if part.is_arithmetic]

    @property
    def number(self) -> Part | None:
        """The last printed number or array, or None."""
        return self.numbers[-1] if self.numbers else None

    def rename(self, new: Callable, head: str | None = None) -> None:
        """Give all names new ones; the one that the statement makes is then `head`, if there is one."""
        for part in self.parts:
            part.name = part.name and new(part.name)
            part.formula = part.formula and with_names(part.formula, new)
        made = self.name and (head or new(self.name))
        if made is not None and made != self.name:
            self.name = made
            self.parts[0].name, self.parts[0].formula = self.name, Name(self.name)

    def _after_name(self):
        return self.parts[1:] if self.name is not None else self.parts


def read_statements(
    claims: list, known: Known, spelled: Callable = lambda text: text, declared: Declarations | None = None
) -> tuple[list[Statement], list[int]]:
    """(the Statements of some claims, the lines of those left out as general).

    `known` gets the names that the claims define, and those that they merely use. `spelled` is applied to
    every side, a TextWithColumns, before it is read; it may raise ExpressionError. Of a sheet with its
    own model comes what is `declared`.
    """
    declared = declared or Declarations()
    known.log, known.from_zero = declared.log, declared.from_zero
    claims = [each for claim in claims if claim.line not in declared.skipped for each in one_by_one(claim)]
    claims = [claim.respelled(partial(_spelled, spelled)) for claim in claims]
    claims = [each._replace(assigns=each.assigns or each.line in declared.new) for each in claims]
    claims = with_times(with_functions(with_aliases(claims)))
    claims = with_activations(with_slopes(with_one_parameter(claims)), known)
    claims, of_several = without_arguments(claims)
    start = first_index(claims, known.from_zero)
    claims, of_layers, made = counted_out(with_primes(claims), start)
    claims = [
        claim.respelled(lambda part: plainly(part, "of second derivatives"))
        for claim in without_free_indices(claims, start, made)
    ]
    heads = [None if is_of_function(claim) else read_name(claim.parts[0].text) for claim in claims]
    rooted = _with_roots(claims, heads)
    powers = [head for head, claim, other in zip(heads, claims, rooted) if claim is other]
    claims = rooted
    matrices = {head for claim, head in zip(claims, heads) if _MATRIX.match(claim.parts[-1].text)}
    products = {  # Wx beside W and x, and no other matrix Wh
        f"{one}{other}" for one in matrices - {None} for other in heads if other is not None
    }
    heads = [None if _is_power(head, powers) or head in products - matrices else head for head in heads]
    known.names.update(head for head in heads if head is not None and split_partial(head) is None)
    _find_arrays(claims, heads, known)
    claims = transposed(claims, known.arrays - {updated(head) for head in heads if head is not None})
    heads = [None if _is_by_entry(head, known) else head for head in heads]
    known.names.update(_plain_names(heads))
    if is_circle := not known.has("pi"):
        known.names.add("pi")
    defining = define_functions(claims, known, of_several)
    free: set[str] = set()
    found = [
        _statement(claim, head, known, free)
        if len(claim.parts) > 2 or not any(claim is each for each in defining)
        else _definition(claim)
        for claim, head in zip(claims, heads)
    ]
    instead: dict[str, Expression] = {"pi": PI} if is_circle else {}
    instead |= {root: Call("sqrt", [Name(square)]) for root, square in _squares(heads) if root in free}
    known.names -= instead.keys()
    free -= instead.keys()
    for part in (part for each in found for part in each.parts if instead and part.formula is not None):
        part.formula = mapped(part.formula, lambda leaf: instead.get(getattr(leaf, "name", ""), leaf))
    known.parameters = free & {each for names, _ in known.functions.values() for each in names}
    _count_entries(found)
    _read_eulers_number(found)
    general = general_formulas(found, free)
    found = [each for each in found if not any(each is one for one in general)]
    _settle_indices([part for each in found for part in each.parts if part.formula is not None], known)
    return found, [each.line for each in general] + of_layers


def _spelled(spelled, part):
    """A side as `spelled` writes it, or with the error that it raises."""
    try:
        part = plainly(part, "of derivatives")
        part = spelled(part)
    except ExpressionError as error:
        part.error = error
    return part


def _read_eulers_number(statements):
    """Let e^z be exp(z) where e is the author's error, which is computed from z."""
    formulas = {each.name: each.formulas[0].formula for each in statements if each.name and each.formulas}
    before = reach("e", formulas) - {"e"}
    parts = [(each.name in before, part) for each in statements for part in each.formulas + each.arithmetic]
    for is_before, part in parts if before else ():
        powers = [node for node, *_ in nodes(part.formula) if getattr(node, "function", "") == "power"]
        pairs = [(node, *node.arguments) for node in powers]
        instead = {
            node.format(): Call("exp", [exponent])
            for node, base, exponent in pairs
            if getattr(base, "name", "") == "e" and (is_before or not before.isdisjoint(exponent.names()))
        }
        part.formula = replaced(part.formula, instead) if instead else part.formula


def _count_entries(statements):
    """Let `m = len(y)` and `m = X.shape[0]` be a number, where the array stands in numbers before them."""
    sizes = {}
    for statement in statements:
        counted = _COUNTED.fullmatch(statement.parts[-1].spelled.text) if len(statement.parts) == 2 else None
        shape = sizes.get(counted["array"] or counted["measured"]) if counted else None
        if shape is not None and int(counted["axis"] or 0) < len(shape):
            part, axis = statement.parts[-1], counted["axis"]
            count = prod(shape) if counted["size"] else shape[int(axis or 0)]
            part.printed, part.formula, part.name = Printed(str(count)), None, None
        printed = statement.number and statement.number.printed
        sizes[statement.name] = printed.shape if isinstance(printed, Array) else None


def _settle_indices(parts, known):
    """Let all indices begin where one of them shows it, else with 1."""
    found = [node.from_zero for part in parts for node, *_ in nodes(part.formula) if isinstance(node, Entry)]
    if found and known.from_zero is None:
        known.from_zero = any(found)
        for part in parts:
            part.formula = _counted(part.formula, known.from_zero)


def _plain_names(heads):
    """The names in `heads` and those inside of derivatives and update marks."""
    known = {part for head in heads if head for part in split_partial(head) or (head,)}
    for head in heads:
        if head is None:
            continue
        parts = split_partial(head)
        if parts is not None:
            yield from parts
        else:
            yield head
            base = updated(head) or head.partition("@")[0]
            if base != head and (base in known or "@" in head):
                yield base


def _find_arrays(claims, heads, known):
    """Keep which names have an array beside them, or the name of an array."""
    words: dict[str, set] = {}  # a name -> the names in its formulas
    for claim, head in zip(claims, heads):
        texts = [] if head is None else [part.text for part in claim.parts[1:]]
        if any(_ARRAY.search(text) or (parse_number(text) is None and parse_array(text)) for text in texts):
            known.arrays.add(head)
        elif texts and split_partial(head) is None:
            ways = [written_at(text, word.start()) for text in texts for word in WORD_HERE.finditer(text)]
            words.setdefault(head, set()).update(each.name for way in ways for each in way)
    found = known.arrays
    while found:
        found = {head for head, inside in words.items() if inside & known.arrays} - known.arrays
        known.arrays |= found
    texts = [part.text for claim in claims for part in claim.parts]
    slopes = [match for text in texts for match in _SLOPE_BY_ENTRY.finditer(text)]
    known.arrays |= {match[1] for match in slopes if match[2] in known.arrays}


def _is_power(head, heads):
    """Whether a first side is a power of what has a line, as e² and e^z, and not one of several layers."""
    exponential = re.fullmatch(r"e\^\((\w+)\)", head or "")
    if exponential is not None:
        return exponential[1] in heads and "e" not in heads
    found = re.fullmatch(r"(\w+)\^(\d)(?:_?(\d+))?", head or "")
    if found is None or found[1] + (found[3] or "") not in heads:
        return False
    alike = re.compile(rf"{re.escape(found[1])}\^\(?(?!{found[2]})\d\)?{found[3] and '_?' + found[3] or ''}")
    return not any(alike.fullmatch(each or "") for each in heads)


def _squares(heads):
    """(σ, σ²) where σ² is a name, as that of a variance."""
    for match in filter(None, (re.fullmatch(r"(\w+)\^2_?(\w*)", head or "") for head in heads)):
        yield from ((f"{match[1]}{mark}{match[2]}", match[0]) for mark in ("", "_"))


def _with_roots(claims, heads):
    """Claims in which σ = 2.94, a number alone, is √(σ²) = 2.94 where a formula gives σ² before it."""
    claims, places = list(claims), {head: place for place, head in reversed(list(enumerate(heads)))}
    for root, square in _squares(heads):
        root, square = places.get(root, -1), places[square]
        if root > square and len(claims[root].parts) == 2 and parse_number(claims[root].parts[1].text):
            if any(re.search(r"[^\W\d]", part.text) for part in claims[square].parts[1:]):
                name, number = claims[root].parts
                text = f"sqrt({claims[square].parts[0].text})"
                formula = TextWithColumns(text, [name.column_of(1)] * len(text))
                claims[root] = claims[root]._replace(
                    parts=[name, formula, number], lines=[claims[root].line] * 3
                )
    return claims


def _is_by_entry(head, known):
    """Whether a derivative is of or by an entry of an array, as ∂L/∂w_1 of w = [0.1, 0.2]."""
    for name in () if head is None else split_partial(head) or ():
        with suppress(NeuronnetError):
            if not known.has(name) and isinstance(parse(name, known), Entry):
                return True
    return False


# Sides


def _definition(claim):
    parts = [Part(spelled, line) for spelled, line in zip(claim.parts, claim.lines)]
    return Statement(claim.line, claim.text, parts, None, defines=True)


def _statement(claim, head, known, free):
    parts = [Part(claim.parts[0], claim.lines[0], name=head)] if head is not None else []
    errors = []
    for spelled, line in list(zip(claim.parts, claim.lines))[len(parts) :]:
        part = _part(spelled, line, known, free)
        if _is_said_beside(part, claim, free):
            continue
        parts.append(part)
        if part.error is not None:
            errors.append(part.error)
    if head is not None:
        parts[0].formula = Name(head)
        parts[0].formula.column = 1
    return Statement(claim.line, claim.text, parts, head, claim.assigns, errors)


def _is_said_beside(part, claim, free):
    """Whether a side is a function that nobody defines, as f(s) in `y = f(s) = 1/(1 + e^-s)`.

    A first side may be its logarithm too, as in `-log p(y|x) = 1/2 (y - μ)² = 0.125`.
    """
    text = part.spelled.text.strip()
    is_first, is_last = part.spelled is claim.parts[0], part.spelled is claim.parts[-1]
    if (
        (part.error is None and free.isdisjoint(part.used))
        or is_last
        or len(claim.parts) < (3 if is_first else 4)
    ):
        return False
    return (_SAID_FIRST if is_first else _SAID_BESIDE).fullmatch(text) is not None


def _part(spelled, line, known, free):
    part = Part(spelled, line)
    if getattr(spelled, "error", None) is not None:
        part.error = spelled.error
        return part
    try:
        part.printed = _printed(spelled.text)
        if part.printed is None:
            part.formula = _parsed(spelled, known, free)
            if isinstance(part.formula, Name):
                part.name = part.formula.name
    except NeuronnetError as error:
        part.error = error
    return part


def _printed(text):
    """The Printed of a number, the Array of Printed of an array of numbers, None for anything else."""
    number = parse_number(text)
    if number is not None:
        return Printed(number)
    nested = parse_array(text)
    return None if nested is None else Array.of(nested).map(Printed)


def _parsed(spelled, known, free):
    """The formula of a side; words that nobody defines become names of quantities without a value."""
    for _ in range(MOST_NEW_NAMES):
        try:
            return _counted(parse(spelled, known), known.from_zero)
        except UnknownName as error:
            if not _may_be_a_name(error.name):
                raise
            known.names.add(error.name)
            free.add(error.name)
    raise ExpressionError(spelled.text, spelled.column_of(1), "most of its words are no names of this sheet")


def _counted(formula, from_zero):
    """A formula with its indices counted as its author declares."""
    if from_zero is None:
        return formula
    parts = [_counted(part, from_zero) for part in formula.parts()]
    copy = formula.rebuilt(parts) if parts else formula
    copy.column = formula.column
    if isinstance(copy, Placed):
        return Placed(copy.inner, copy.like, copy.indices, 0 if from_zero else 1)
    return Entry(copy.base, copy.indices, from_zero) if isinstance(copy, Entry) else copy


def _may_be_a_name(word):
    """Whether a word looks like a quantity, not like prose: w1, x_2, eta, alpha, lr."""
    parts = split_partial(word)
    if parts is not None:
        return all(map(_may_be_a_name, parts))
    letters = sum(each.isalpha() for each in word)
    return letters <= 5 or any(each.isdigit() or each in "_^" for each in word)


__all__ = ["Part", "Statement", "gradient_of", "read_statements"]
