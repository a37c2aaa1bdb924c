"""The derivative of an activation mixed up in a formula: another activation's, or the right one with net in
place of out.

It is found by its value, however it is written. Whether the right one makes the formula right is not known
here.
"""

from itertools import combinations
from math import isclose
from typing import NamedTuple

from neuronnet.formulas.expressions import Call, Name, Number, Product
from neuronnet.formulas.rewriting import nodes, product_of, with_names
from neuronnet.repairs.changes import Change

SAME = 1e-9
MOST_PLACES = 20
_BY_OUT = {"logistic": lambda out: out * (1 - out), "tanh": lambda out: 1 - out**2}
_OWNER = {"logistic": "the logistic", "tanh": "tanh"}
_GIVEN_NET = "net"


class _Unit(NamedTuple):
    """A neuron in one sample: its activation, and its net and out by name."""

    activation: str
    net: str
    out: str

    def slope(self):
        """dout/dnet as it is usually written, an Expression."""
        if self.activation in _BY_OUT:
            return _BY_OUT[self.activation](Name(self.out))
        return Call("step", [Name(self.net)]) if self.activation == "relu" else Number(1)

    def wrong(self, slip):
        """What the slip takes for the slope; None where the slip is none here."""
        if slip == _GIVEN_NET:
            return _BY_OUT[self.activation](Name(self.net)) if self.activation in _BY_OUT else None
        return None if slip == self.activation else _BY_OUT[slip](Name(self.out))


def mixed_up_derivatives(formula, places, worth):
    """The Changes of a formula, with the whole formula as their replacement; `worth(expression)` is a float
    or None.
    """
    units = _units(formula, places)
    for slip in (*_BY_OUT, _GIVEN_NET):
        found = [unit for unit in units if _put_right(formula, [unit], slip, worth)]
        for group in ([found] if len(found) > 1 else []) + [[unit] for unit in found]:
            at, repaired = _put_right(formula, group, slip, worth)
            wrong, right = ([unit.wrong(slip) for unit in group], [unit.slope() for unit in group])
            yield Change(
                "derivative",
                *(" and ".join(map(str, each)) for each in (wrong, right)),
                at,
                repaired,
                _sentence(slip, group, wrong, right),
            )
    outs = {unit.net: unit.out for unit in units}
    for renames in [outs, *({net: out} for net, out in outs.items())]:
        places_at = [node for node, _, _ in nodes(formula) if isinstance(node, Name) and node.name in renames]
        if len(places_at) > 1:
            nets = dict.fromkeys(node.name for node in places_at)
            net, out = ", ".join(nets), ", ".join(renames[name] for name in nets)
            yield Change(
                "derivative",
                net,
                out,
                places_at[0],
                with_names(formula, lambda name: renames.get(name, name)),
                f"{out}, not {net}",
            )


def _sentence(slip, group, wrong, right):
    wrong, right = (" and ".join(map(str, each)) for each in (wrong, right))
    several = len(group) > 1
    if slip == _GIVEN_NET:
        outs, nets = (" and ".join(getattr(unit, kind) for unit in group) for kind in ("out", "net"))
        return f"{outs}, not {nets}: the derivative{'s are' if several else ' is'} {right}"
    begins = f"{wrong} {'are derivatives' if several else 'is the derivative'} of {_OWNER[slip]}"
    own = group[0].activation
    if own == "identity":
        return f"{begins}; without an activation it is 1"
    return f"{begins}; {_OWNER.get(own, own)}'s {'are' if several else 'is'} {right}"


def _units(formula, places):
    """The neurons whose net or out the formula names, each once; those of a softmax have no slope of their
    own.
    """
    found = {}
    for name in formula.names():
        if places.of(name).kind in ("net", "out"):
            activation = places.activation(name)
            if activation != "softmax":
                found[_Unit(activation, *(places.beside(name, kind) for kind in ("net", "out")))] = None
    return list(found)


def _put_right(formula, units, slip, worth):
    """(where the first is, the formula) with the slopes of some neurons put right; None where nothing is
    wrong.
    """
    first = None
    for unit in units:
        wrong, right = unit.wrong(slip), unit.slope()
        value = None if wrong is None else worth(wrong)
        for _ in range(MOST_PLACES if value is not None else 0):
            step = _one_put_right(formula, wrong.names(), value, right, worth)
            if step is None:
                break
            at, formula = step
            first = at if first is None else first
    return None if first is None else (first, formula)


def _one_put_right(formula, names, value, right, worth):
    def is_it(expression):
        found = worth(expression) if expression.names() == names else None
        return found is not None and isclose(found, value, rel_tol=SAME)

    for node, rebuild, parent in nodes(formula):
        if isinstance(node, Product):
            factors = node.factors
            at_hand = [
                place
                for place, (operator, factor) in enumerate(factors)
                if operator == "*" and factor.names() == names
            ]
            for places in [*combinations(at_hand, 1), *combinations(at_hand, 2)]:
                part = product_of([factors[place] for place in places])
                if is_it(part):
                    return factors[places[0]][1], rebuild(_with_factors(factors, places, right))
        elif not isinstance(parent, Product) and is_it(node):
            return node, rebuild(right)
    return None


def _with_factors(factors, places, right):
    """The product with `right` in place of the factors at some places; a factor 1 is left out."""
    own = [] if isinstance(right, Number) else right._factors()
    first = places[0]
    after = [each for place, each in enumerate(factors[first + 1 :], first + 1) if place not in places]
    return product_of([*factors[:first], *own, *after] or [("*", Number(1))])
