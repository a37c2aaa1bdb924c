"""The Model of a network: its forward pass and its updates, written as formulas, with our names.

A derivation that names a network is held against this model, as one that brings its own is held against that.
"""

from __future__ import annotations

from copy import copy

from neuronnet.derivation.model import Model
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.rewriting import with_names
from neuronnet.names import after, partial_name, split_index, split_partial, update_of

LATEST = 3  # updates up to which every pass is written as formulas of the given numbers


class NetworkModel(Model):
    """A Model that a network wrote; `own_name(text)` is the name under which it keeps a quantity.

    `exact` is the Exact of the network. A pass after many updates starts from numbers, those of its training
    one update before.
    """

    def __init__(self, exact):
        super().__init__()
        self.exact, derivation = exact, exact.derivation
        self.description = derivation.description
        self.names_of_network, self._pass = self.description.names, copy(derivation._pass)
        self._pass.given = {}  # formulas hold for all targets, not for zeros alone
        self.loss, self.listed = self.description.names.error, derivation.derivatives
        self._written = {0}  # the passes that stand here as formulas
        for name, value in derivation.given.items():
            self.give(name, value)
        weights = {name for rows in self.names_of_network.weights for row in rows for name in row}
        self.kept = {name for name in weights if not self.given[name]}  # no connection
        self._forward(0)

    def __contains__(self, name: str) -> bool:
        return super().__contains__(name) or self._make(name)

    def own_name(self, text: str) -> str:
        """The name of a quantity from any accepted spelling; `text` itself where there is none."""
        own = self.exact.derivation.own_name(text)
        parts = split_partial(own)
        if parts is not None:
            count = update_of(own)
            return partial_name(
                *(self._at(each.partition("@")[0], update_of(each) or count) for each in parts)
            )
        return own

    def is_from_training(self, name: str) -> bool:
        return update_of(name) > LATEST

    def _at(self, name, count):
        later = after(name, count)
        return later if later in self else name

    def _make(self, name):
        """Write what is needed for a name after updates; whether there is such a quantity."""
        parts = split_partial(name)
        if parts is not None:
            return all(part in self for part in parts) and super().__contains__(name)
        count = update_of(name)
        if not count or name not in self.exact.derivation:
            return False
        try:
            self._write(count)
        except NeuronnetError:  # the training has no finite value there
            return False
        return super().__contains__(name)

    def _write(self, count):
        """The formulas of the pass after so many updates, and of what it comes from."""
        if count in self._written:
            return
        if count <= LATEST:
            self._write(count - 1)
        elif count - 1 not in self._written:
            names = [after(base, count - 1) for base in self.exact.derivation.moved]
            for name, value in [(name, self.exact.of(name)) for name in names]:
                self.give(name, value)
            self._forward(count - 1)
        self._update(count)
        self._forward(count)

    def _passes_on(self, user, numerator):
        """Derivatives stay in their pass: b1 is one number for all, and moves that pass alone."""
        return update_of(user) == update_of(numerator)

    def _forward(self, update):
        self._written.add(update)
        for name, formula, _ in self._pass.forward():
            self.define(after(name, update), with_names(formula, lambda each: self._later(each, update)))
        for partial, delta in self.exact.derivation._deltas.items():
            self.define(after(delta, update), Name(self._later(partial, update)))

    def _update(self, update):
        before = update - 1
        for name, formula, _ in self._pass.update(self.exact.derivation.batch(before)):
            base = split_index(name)[0]
            self.define(after(base, update), with_names(formula, lambda each: self._later(each, before)))

    def _later(self, name, update):
        """A name of the first pass in the one after some updates; what no update changes keeps its name."""
        parts = split_partial(name)
        if parts is not None:
            return partial_name(*(self._later(part, update) for part in parts))
        return self.exact.derivation.later_name(name, update)
