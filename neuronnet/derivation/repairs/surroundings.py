"""What a quantity is made of: its own formula, and what the formulas of the names in it say, a few steps back.

Against these a change is held to be natural or far-fetched; nothing is evaluated here.
"""

from neuronnet.derivation.expressions import Call, Product, Sum
from neuronnet.derivation.repairs.places import only_name
from neuronnet.derivation.repairs.structure import nodes

STEPS = 3


class Surroundings:
    """The formulas behind a quantity, an Expression over the names of a derivation.

    `row_names` are the names in its own formula, `names` those in all of them; `factors` the sums and functions that are
    factors in one of them, such as `1 - out_o1`; `terms` what is added up in its own formula, also after multiplying out.
    """

    def __init__(self, quantity, derivation):
        """Raises UnknownName."""
        name = only_name(quantity)
        row = quantity if name is None else derivation[name].expression or quantity
        self.row_names = set(row.names())
        self.names, self.factors, texts, rows = set(), [], [], [row]
        for _ in range(STEPS):
            texts += [each.format() for each in rows]
            self.factors += [factor for each in rows for node, _, _ in nodes(each) if isinstance(node, Product)
                             for operator, factor in node.factors if operator == "*" and isinstance(factor, (Sum, Call))]
            new = {name for each in rows for name in each.names()} - self.names
            self.names |= new
            rows = [each for each in (derivation[name].expression for name in sorted(new)) if each is not None]
        self._text = "; ".join(texts)
        self.terms = list(_terms(row, derivation))

    def mention(self, text, is_name):
        """Whether a text is part of the formulas; a name as that name."""
        return text in self.names if is_name else text in self._text


def _terms(row, derivation):
    """The terms of a formula, and of it with the formula of one of its names put in and multiplied out."""
    if isinstance(row, Sum):
        yield from (term for _, term in row.terms)
    for node, rebuild, _ in nodes(row):
        name = only_name(node)
        inner = None if name is None else derivation[name].expression
        if isinstance(inner, Sum):
            yield from (each for _, term in inner.terms for each in (term, rebuild(term)))
