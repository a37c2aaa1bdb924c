"""What goes into an activation: `net_h` of `h = tanh(w x + b)`, though its author gives it no name."""

from __future__ import annotations

from neuronnet.formulas.expressions import Call, Name
from neuronnet.formulas.rewriting import with_logistics
from neuronnet.names import split_partial
from neuronnet.sheet.epochs import Epochs, rename_inside
from neuronnet.sheet.roles import derivatives_in

ACTIVATIONS = ("logistic", "tanh", "max", "softplus", "elu", "leaky_relu", "gelu")


class NetInputs(Epochs):
    """Gives what goes into the activations of one sheet a name, in all passes."""

    _first: dict[tuple, int]  # (name, pass) -> the statement that defines it

    def _name_net_inputs(self):
        """Let a name that stands in derivatives alone, as z of ∂L/∂z, be what goes into the activation."""
        heads = {each.name for each in self.statements}
        insides = {
            each.name: self._net_input(each.name, with_logistics(each.formulas[0].formula))
            for each in self.statements
            if each.name in self._defined and each.formulas
        }
        insides = {name: inner for name, inner in insides.items() if inner is not None}
        for statement in self.statements:
            for derivative in derivatives_in(statement):
                above, below = split_partial(derivative)
                if below in heads or below in self._defined:
                    continue
                inner = insides.get(above) or (next(iter(insides.values())) if len(insides) == 1 else None)
                if inner is not None:
                    for each in self.statements:
                        rename_inside(each, below, inner)

    def _net_input(self, name, formula):
        """The name of what an activation is taken of: `net_h` for `h = tanh(w x + b)`; None for a name."""
        is_activation = isinstance(formula, Call) and formula.function in ACTIVATIONS and not formula.options
        inner = formula.arguments[-1] if is_activation else None
        heads = {each.name for each in self.statements}
        if (
            inner is None
            or isinstance(inner, Name)
            or not inner.names()
            or not heads.issuperset(inner.names())
        ):
            return None
        return None if self.known.has(f"net_{name}") else f"net_{name}"

    def _with_net_inputs(self):
        """The formulas of all passes, those inside of an activation under a name of their own."""
        for (name, step), position in self._first.items():
            if not self.statements[position].formulas:
                continue
            written = self.statements[position].formulas[0].formula
            formula = with_logistics(written)
            inner = self._net_input(name, formula)
            if inner is None:
                yield (name, step), written
            else:
                yield (inner, step), formula.arguments[-1]
                yield (name, step), formula.rebuilt([*formula.arguments[:-1], Name(inner)])
