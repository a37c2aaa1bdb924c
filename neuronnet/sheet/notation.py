"""The author's notation: formulas in names of a sheet's own, read as formulas over the network's names.

`let z1 = net_h1` gives a quantity another name, `let Err6 = -delta_o1` one to any formula; `W1[2,1]` is a
weight. The names under which a network's numbers were published are known as well.
"""

from typing import NamedTuple

from neuronnet.derivation.digits import Printed
from neuronnet.errors import ExpressionError, UnknownName, shortened
from neuronnet.formulas.expressions import Call, Name, Negative, Number, Power, Product, Sum
from neuronnet.formulas.parsing import parse
from neuronnet.formulas.rewriting import mapped, parts_of
from neuronnet.names import partial_name, spelled_out, split_index, split_partial
from neuronnet.sheet.readers.spelling import plain, with_weights

# --- The author's notation: formulas in names of a sheet's own, read as formulas over the network's names.


LONGEST_FORMULA = 10_000  # names and numbers, as many as the longest line has
MOST_LEAVES, MOST_HEIGHT = 1_000, 60  # of what `let` defines


class Notation:
    """Reads formulas over the quantities of one derivation, and over the names that `define` adds."""

    def __init__(self, derivation):
        """`derivation` is a Derivation; the names that its network's published numbers stand under are read
        as well.
        """
        self._derivation = derivation
        self._own = {}
        self._known, self._sizes = {}, {}
        self._published = _published_names(derivation.description)

    def define(self, name, spelled):
        """From now on `name` stands for the formula `spelled`. Raises ExpressionError, UnknownName like
        `read`.
        """
        name = spelled_out(name)
        if name in self._own or name in self._derivation:
            raise ExpressionError(name, 1, f"{shortened(name)} is a name already; let defines new ones")
        own = self.read(spelled)
        leaves, height = _size(own, {})
        if leaves > MOST_LEAVES or height > MOST_HEIGHT:
            raise ExpressionError(
                spelled.text, spelled.column_of(1), "too long a formula for a name of its own"
            )
        self._own[name], self._sizes[name] = own, (leaves, height)

    def read(self, spelled):
        """The Expression that a TextWithColumns text writes, in the network's names. Raises ExpressionError,
        and UnknownName with a `column`.
        """
        spelled = with_weights(spelled, self._derivation.names)
        try:
            written = parse(spelled.text, self._is_name)
        except ExpressionError as error:
            raise ExpressionError(spelled.text, spelled.column_of(error.column), error.reason) from None
        if _size(written, self._sizes)[0] > LONGEST_FORMULA:
            raise ExpressionError(
                spelled.text,
                spelled.column_of(1),
                f"with what let defines put in, more than {LONGEST_FORMULA} names and numbers",
            )
        return mapped(written, lambda leaf: self._meaning(leaf, spelled))

    def _meaning(self, leaf, spelled):
        """What a leaf of a formula stands for; it keeps the column where the author wrote it."""
        column = None if leaf.column is None else spelled.column_of(leaf.column)
        if isinstance(leaf, Name):
            own = self._formula(leaf.name)
            if own is None:
                error = UnknownName(leaf.name, [*self._own, *self._derivation.all_names()])
                error.column = column
                raise error
            leaf = (
                own
                if not isinstance(own, (Name, Number))
                else type(own)(own.name if isinstance(own, Name) else own.value)
            )
        leaf.column = column
        return leaf

    def _is_name(self, text):
        return self._formula(spelled_out(text)) is not None

    def _formula(self, name):
        """The formula that a name stands for, in the network's names; None for a name that nothing has."""
        if name not in self._known or name in self._own:
            self._known[name] = self._looked_up(name)
        return self._known[name]

    def _looked_up(self, name):
        if name in self._own:
            return self._own[name]
        parts = split_partial(name)
        if parts is not None:
            names = [self._formula(part) for part in parts]
            if not all(isinstance(each, Name) for each in names):
                return None
            name = partial_name(*(each.name for each in names))
        else:
            base, index = split_index(name)
            if index and isinstance(self._own.get(base), Name):
                name = self._own[base].name + index
        if name not in self._derivation:
            return self.read(plain(self._published[name])) if name in self._published else None
        own, standard = self._derivation.own_name(name), self._derivation.names.standard(name)
        return Name(
            standard if "@" in standard and "@" not in own else own
        )  # b1@1 is said of a bias even where it is frozen


def _size(expression, known):
    """(names and numbers, height) of a formula; `known` has them for names that stand for formulas."""
    if isinstance(expression, (Name, Number)):
        return known.get(expression.name, (1, 1)) if isinstance(expression, Name) else (1, 1)
    sizes = [_size(part, known) for part in parts_of(expression)]
    return sum(leaves for leaves, _ in sizes), 1 + max(height for _, height in sizes)


def _published_names(description):
    """{the name that an author gave a number: the quantity}, without names that stand for several."""
    found = {}
    for record in description.published:
        if record.author_name is not None:
            found.setdefault(record.author_name, set()).add(record.quantity)
    return {name: quantities.pop() for name, quantities in found.items() if len(quantities) == 1}


# --- Which name each number of an arithmetic expression stands for: `0.15*0.05 + 0.35` beside `w1*i1 + b1`.


class Literal(NamedTuple):
    """A number in the place of a name: what is `printed` there, its sign included, the `name`, and the
    author's `column`.
    """

    printed: Printed
    name: str
    column: int


def aligned(part, model, agrees=lambda literal: True):
    """The Literals of `part`, a formula of the same shape as `model`; None where the shapes differ.

    Terms and factors may stand in another order, and what is squared with another sign, if the Literals then
    all agree, by `agrees(literal)`.
    """
    return _Alignment(agrees).of(part, model, 1)


class _Alignment:
    """The comparison of one part with one model, node by node."""

    def __init__(self, agrees):
        self.agrees = agrees

    def of(self, part, model, sign):
        """The Literals of a part; the sign that stands before it belongs to its number."""
        if isinstance(model, Name):
            return _in_place_of(part, model.name, sign)
        if isinstance(model, Sum) and isinstance(part, Sum):
            return self.together(part.terms, model.terms, lambda a, b: a * b * sign)
        if sign < 0:
            return None
        if isinstance(part, Number) and isinstance(model, Number):
            return [] if float(part.value) == float(model.value) else None
        if isinstance(model, Negative):
            if isinstance(part, Negative):
                return self.of(part.inner, model.inner, 1)
            return self.of(part, model.inner, -1) if isinstance(part, Number) else None
        if type(part) is not type(model):
            return None
        if isinstance(model, Product):
            return self.together(part.factors, model.factors, lambda a, b: 1 if a == b else None)
        if isinstance(model, Power):
            return self.power(part, model) if part.exponent == model.exponent else None
        if isinstance(model, Call) and part.function == model.function:
            return self.in_order(
                [(1, each) for each in part.arguments],
                [(1, each) for each in model.arguments],
                lambda a, b: 1,
            )
        return None

    def power(self, part, model):
        """The Literals of a base; that of an even power may have the other sign."""
        found = self.of(part.base, model.base, 1)
        if model.exponent % 2 == 0 and not (found is not None and all(map(self.agrees, found))):
            turned = self.of(part.base, model.base, -1)
            if turned is not None and all(map(self.agrees, turned)):
                return turned
        return found

    def together(self, parts, models, sign):
        """The Literals of terms or factors: side by side, or in another order where that makes them all
        agree.
        """
        found = self.in_order(parts, models, sign)
        if found is not None and all(map(self.agrees, found)) or len(parts) != len(models):
            return found
        reordered, left = [], list(models)
        for part in parts:
            for model in left:
                literals = self.pair(part, model, sign)
                if literals is not None and all(map(self.agrees, literals)):
                    reordered += literals
                    left.remove(model)
                    break
        return found if left else reordered

    def in_order(self, parts, models, sign):
        """The Literals of pairs side by side; None where one does not fit."""
        if len(parts) != len(models):
            return None
        found = [self.pair(part, model, sign) for part, model in zip(parts, models)]
        return None if None in found else [literal for literals in found for literal in literals]

    def pair(self, part, model, sign):
        """The Literals of one term or factor; `sign(a, b)` of the two marks is the sign of its number, None
        for a clash.
        """
        turned = sign(part[0], model[0])
        return None if turned is None else self.of(part[1], model[1], turned)


def _in_place_of(part, name, sign):
    if isinstance(part, Name):
        return [] if part.name == name and sign > 0 else None
    if isinstance(part, Negative):
        return _in_place_of(part.inner, name, -sign)
    if not isinstance(part, Number):
        return None
    return [Literal(printed_literal(part, sign), name, part.column)]


def printed_literal(number, sign=1):
    """The Printed of a Number of a formula, with a sign that stands before it."""
    text = getattr(number.value, "text", None) or repr(number.value)
    return Printed("-" + text if sign < 0 else text)
