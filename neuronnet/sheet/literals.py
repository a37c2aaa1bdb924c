"""The arithmetic on a line: what its numbers may stand for, and whether it gives what stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.derivation.model import Model
from neuronnet.elementary import as_number
from neuronnet.errors import NeuronnetError, NumberError
from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, entries
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Expression, Name, Negative, Number, Sum
from neuronnet.formulas.rewriting import leaves_of, mapped, nodes
from neuronnet.sheet.computation import (
    SHORTENED,
    Computation,
    Input,
    by_itself,
    digits_of,
    gives,
    reaches,
    ways_of,
)
from neuronnet.sheet.roles import aligned

CONSTANTS = {Decimal("0.5"), Decimal("0.25")}  # decimals that stand for themselves


def false_step(
    printed: Printed,
    arithmetic: Expression,
    inputs: dict[str, Input],
    formulas: Sequence[Expression] = (),
    exact: Decimal | None = None,
) -> Decimal | None:
    """What arithmetic gives, where no rounding of its numbers or steps gives the number behind it; else None.

    They may stand for what the `formulas` of the `exact` value give on the way. A number has no slack if it
    is whole, or equal to one of the `inputs`: `0.751*(1 - 0.751)` may stand before 0.18682, and
    `1/(1 + e^0.43)` not before 0.56026.
    """
    with fifty_digits():
        ways = [] if exact is None else ways_of(formulas, inputs, (exact,))
        literals = Literals(arithmetic, ways, inputs)
        base = literals.base
        if base is None or len(base) != 1 or by_itself(printed, base[0]) is not None:
            return None
        steps = literals.by_steps([], -printed.value.as_tuple().exponent, digits_of(printed.value))
        if any(gives(found[0], printed) for found in steps):
            return None
        for shortened in SHORTENED:
            box = literals.box(literals.meant(shortened))
            if reaches(box, 0, printed, shortened):
                return None
        return base[0]


class Literals(Computation):
    """The arithmetic on a line: every number in it that is not whole is an input of its own.

    `ways` are Computations of the quantity; their intermediate results may stand there as numbers, and so may
    what `inputs` were printed as.
    """

    def __init__(self, arithmetic: Expression, ways: list[Computation], inputs: dict[str, Input]):
        self.literals: dict[str, Printed] = {}
        self.ways, self.known = ways, inputs
        opened = mapped(arithmetic, self._opened)
        super().__init__(opened, inputs | {name: Input(each.value) for name, each in self.literals.items()})

    @cached_property
    def _given(self):
        known = [each.exact for each in self.known.values() if each.exact is not None]
        return CONSTANTS.union(abs(exact) for value in known for exact in entries(value))

    def unsure(self) -> list[str]:
        """The names of the numbers that may stand for what they round."""
        return [
            name
            for name, each in self.literals.items()
            if abs(each.value) not in self._given or any(self._printed_as(abs(each.value)))
        ]

    def _opened(self, leaf):
        if not isinstance(leaf, Number) or isinstance(leaf.value, int):
            return leaf
        try:
            printed = Printed(leaf.format())
        except NumberError:
            return leaf
        if printed.is_whole:
            return leaf
        name = f"number {len(self.literals)}"
        self.literals[name] = printed
        return Name(name)

    def by_steps(self, names: list[str], decimals: int, significant: int) -> Iterator[tuple]:
        """The same; sums of written numbers have no steps that are rounded."""
        kinds = (Sum, Negative, Name, Number)
        if not all(isinstance(node, kinds) for node, *_ in nodes(self.formula)):
            yield from super().by_steps(names, decimals, significant)

    def blamed(self, place: int, printed: Printed, exact: Decimal) -> list[Input] | None:
        """The wrong Inputs because of which the line does not give the exact value; None for no reason.

        [] where its numbers may stand for ones that give it.
        """
        if self.base is not None and abs(self.base[place] - exact) <= printed.half_unit:
            return []
        right, both, wrong = [], [], []
        for name, literal in self.literals.items():
            stand_ins = [(meant.copy_sign(literal.value), each) for meant, each in self._meant(literal)]
            values = [(self.value(self.start | {name: meant}), each) for meant, each in stand_ins]
            right.append([value for value, each in values if each is None])
            both.append([value for value, _ in values])
            wrong += [each for _, each in values if each is not None]
        if self._reaches(right, place, printed, exact):
            return []
        return wrong if wrong and self._reaches(both, place, printed, exact) else None

    def may_be(self, exact: tuple) -> bool:
        """Whether it gives exact values, each input exact, printed or between, each number rounded."""
        if not self.has(len(exact)):
            return False
        as_printed = [[self.at([name])] for name in self.moved()]
        boxes = [zip(*self.box([*as_printed, *self.meant(each)]), exact) for each in SHORTENED]
        return any(all(low <= value <= high for low, high, value in each) for each in boxes)

    def _reaches(self, alternatives, place, printed, exact):
        low, high = self.box(alternatives)
        return low[place] - printed.half_unit <= exact <= high[place] + printed.half_unit

    def meant(self, shortened: Callable, used: list[str] | None = None) -> list[list]:
        """The same; a number that is printed for a quantity may stand for the exact value as well."""
        found = super().meant(shortened, used)
        for name, results in zip(self.unsure(), found):
            literal = self.literals[name]
            stand_ins = [exact for exact, wrong in self._meant(literal) if wrong is None]
            results += [
                self.value(self.start | {name: exact.copy_sign(literal.value)}) for exact in stand_ins
            ]
        return found

    def _printed_as(self, size):
        """(exact value, the wrong Input behind it or None) of every quantity that is printed of this size.

        0.900 is the printed one, where 0.9 is given.
        """
        for each in self.known.values():
            for exact, shown in each.pairs() if each.is_moved else ():
                is_given = size in self._given and not size.same_quantum(shown)
                if abs(shown) == size and (each.is_wrong or not is_given):
                    yield exact, each if each.is_wrong else None

    def _meant(self, printed):
        """(exact value, the wrong Input behind it or None) of all that a literal may stand for."""
        size = abs(printed.value)
        yield from self._printed_as(size)
        if size in self._given:
            return
        # 0.6 may be short for 0.6000, and for no 0.62
        shown_as = Printed(f"{size:f}000" if digits_of(size) < 2 else str(size))
        for way in self.ways:
            exact = way.results([])
            wrong = way.wrong()
            for names in ([], way.moved(), way.moved() + wrong):
                blamed = way.inputs[wrong[0]] if wrong and wrong[0] in names else None
                pairs = zip(exact, way.results(names) if names else exact)
                yield from ((value, blamed) for value, seen in pairs if gives(abs(seen), shown_as))


def what_it_gives(arithmetic: Expression) -> Printed | Array | None:
    """The value of arithmetic with the digits of the shortest decimal in it, at least two; or None."""
    try:
        value = evaluator(arithmetic, Decimal)({})
        texts = [str(getattr(leaf.value, "text", leaf.value)) for leaf in leaves_of(arithmetic)]
        digits = [digits_of(Decimal(text)) for text in texts if "." in text]
        count = max(2, min(digits, default=12))
        return arrays.mapped(lambda each: Printed(f"{each:.{count}g}") if each else Printed("0"), value)
    except (NeuronnetError, ArithmeticError, ValueError):
        return None


def stray(formulas: Sequence[Expression], arithmetic: Expression, inputs: dict[str, Input]) -> tuple | None:
    """(name, number) of the one number that stands for a name, and differs from what is printed for that.

    It has no more decimals than the printed one, so that both may be cut or rounded from one value; and it
    is printed for no other name.
    """
    printed = {
        name: each.exact if each.printed is None and each.formula is None else each.printed
        for name, each in inputs.items()
    }
    known = [abs(value) for each in printed.values() if each is not None for value in entries(each)]
    shown = {name: each for name, each in printed.items() if isinstance(each, Decimal)}
    for formula in formulas:
        pairs = [
            (name, leaf.inner if isinstance(leaf, Negative) else leaf)
            for name, leaf in aligned(formula, arithmetic) or ()
            if name in shown
        ]
        sizes = [Printed(leaf.format().lstrip("-")) for _, leaf in pairs]
        found = [
            pair
            for pair, size in zip(pairs, sizes)
            if int(size.value.as_tuple().exponent) >= int(shown[pair[0]].as_tuple().exponent)
            and not any(abs(each - size.value) <= 2 * size.half_unit for each in known)
        ]
        if len(found) == 1 and len(pairs) > 1:
            return found[0]
    return None


def in_place_of_given(model: Model, formula: Expression, arithmetic: Expression) -> list[tuple]:
    """(name, number) where a given number stands in a formula, and another one in its arithmetic."""
    pairs = [
        (name, leaf, model.given.get(name))
        for name, leaf in aligned(formula, arithmetic) or ()
        if isinstance(leaf, Number)
    ]
    return [
        (name, leaf)
        for name, leaf, given in pairs
        if not (given is None or isinstance(given, Array))
        and as_number(given, Decimal) != as_number(leaf.value, Decimal)
    ]
