"""What stands around a wrong formula: names it may mean, slopes of activations, parts of the true formula."""

from difflib import SequenceMatcher

from neuronnet.errors import NeuronnetError
from neuronnet.formulas import arrays
from neuronnet.formulas.expressions import (
    Call,
    Compare,
    Expression,
    Name,
    Negative,
    Number,
    Product,
    Sum,
    Transpose,
)
from neuronnet.formulas.functions import FUNCTIONS
from neuronnet.formulas.rewriting import logistic_argument, mapped, nodes, replaced
from neuronnet.names import split_partial

MOST_NAMES = 120
MOST_SLOPES = 12


class Surroundings:
    """What may be meant by a formula of which `truth` is the true value.

    `true` is the true formula in the author's names, `terms`, `factors` and `divisors` are its parts, `names`
    with their `shapes` may stand in it, `slopes` are (function, argument, slope) of the activations that it
    goes through, `softmaxes` (name, options of the sum in its slope), `derived` what derivatives are by.
    """

    def __init__(self, formula: Expression, truth: Expression, model, names=None):
        self.model = model
        inner = truth.parts()[0] if isinstance(truth, Transpose) else truth  # a Jacobian in columns
        self.own = inner.name if isinstance(inner, Name) else None
        named = None if self.own is None else model.formula(self.own)
        if isinstance(named, Name):  # the author's own word for a derivative
            named = model.formula(named.name) or named
        self.aliases = {each: helper for each, helper in _helpers(model) if self.own not in helper.names()}
        true = self._unfolded(truth if named is None else named)
        needed = model.made_of([formula, truth])
        near = {*true.names(), *formula.names()}
        slopes = list(self._slopes(needed))
        slopes.sort(key=lambda each: near.isdisjoint(each[2].names() + each[1].names()))
        self.slopes = slopes[:MOST_SLOPES]
        self.true = self._as_written(true)
        shapes = {name: self.shape(Name(name)) for name in self._names(formula, names)}
        self.shapes = {name: own for name, own in shapes.items() if own is not None}
        self.names = list(self.shapes)
        self.softmaxes = list(self._softmaxes(needed))
        products = [node for node, _, _ in nodes(self.true) if isinstance(node, Product)]
        factors = [each for node in products for each in node.factors if not isinstance(each[1], Number)]
        self.factors = [part for operator, part in factors if operator != "/" and not isinstance(part, Name)]
        self.divisors = [part for operator, part in factors if operator == "/"]
        self.terms = self._terms()
        derived = [(each, name) for name, helper in self.aliases.items() for each in helper.names()]
        derived += [(name, name) for part in (self.true, *self.terms) for name in part.names()]
        self.derived = {each: split_partial(name)[1] for each, name in derived if split_partial(name)}

    def _unfolded(self, formula):
        """A formula that is a derivative times a number, with the formula of that derivative put in."""
        names = formula.names()
        if len(names) != 1 or isinstance(formula, Name) or not split_partial(names[0]):
            return formula
        if any(not isinstance(part, (Name, Number, Negative, Product)) for part, _, _ in nodes(formula)):
            return formula
        return mapped(formula, lambda leaf: self.model.formula(leaf.name) if isinstance(leaf, Name) else leaf)

    def _as_written(self, formula):
        """A formula with the author's names for derivatives, and slopes by the outputs."""
        formula = mapped(formula, lambda leaf: self.aliases.get(getattr(leaf, "name", None), leaf))
        functions = {"tanh": "tanh'", "logistic": "logistic'", "relu": "step"}
        known = [(functions[said], *each) for said, *each in self.slopes if said in functions]
        slopes = {Call(function, [argument]).format(): slope for function, argument, slope in known}
        return replaced(formula, slopes)

    def _names(self, formula, names):
        """Names that may be meant: those given, the true formula's, and derivatives like those here."""
        known = list(self.model.names() if names is None else names)
        mentioned = [*formula.names(), *self.true.names()]
        tops = {split_partial(name)[0] for name in mentioned if split_partial(name)}
        derived = [f"d{top}/d{name}" for top in sorted(tops) for name in known if name != top]
        derived = [name for name in derived if name in self.model and name not in self.aliases]
        hidden = {name for name in known if self.own and self.model.formula(name) is not None}
        hidden = {name for name in hidden if self.own in self.model.formula(name).names()}
        found = [*self.true.names(), *known, *derived]
        return [name for name in dict.fromkeys(found) if name != self.own and name not in hidden][:MOST_NAMES]

    def _terms(self):
        """What is added up in the true formula, or in that of a derivative which is a factor in it."""
        whole = self.true.inner if isinstance(self.true, Negative) else self.true
        found = [term for _, term in whole._terms()]
        for name in self.true.names():
            inner = self.model.formula(name) if split_partial(name) else None
            if isinstance(inner, Sum):
                found += [term for _, term in self._as_written(inner).terms]
        return [_tidy(term) for term in found if self.own is None or self.own not in term.names()]

    def _slopes(self, needed):
        """(function, its argument, the slope) of every activation, nearest the end first."""
        for name in reversed(self.model.formulas):
            whole = self.model.formulas[name]
            for node, _, _ in nodes(whole) if name in needed else ():
                if isinstance(node, Call) and not FUNCTIONS[node.function].shape and node.names():
                    out = Name(name) if node is whole else node
                    said, argument = _said(node), node.arguments[-1]
                    if said == "exp" and logistic_argument(whole) is not None:
                        said, argument, node, out = "logistic", logistic_argument(whole), whole, Name(name)
                    if said is not None:
                        operator = "⊙" if self.shape(out) else "*"
                        yield said, argument, _slope(node, said, argument, out, operator)

    def _softmaxes(self, needed):
        """(name, options of the sum in its slope) of what is a softmax."""
        for name, whole in self.model.formulas.items():
            if name in needed and isinstance(whole, Call) and whole.function == "softmax":
                axis = whole.options.get("axis")
                is_matrix = axis is not None and len(arrays.as_vector_shape(self.model.shape(name))) == 2
                yield Name(name), {"axis": axis, "keepdims": True} if is_matrix else {}

    def shape(self, node: Expression):
        """The shape of a part, () where its own parts do not fit, are too many, or have no value."""
        try:
            return self.model.shape_of(node)
        except NeuronnetError:
            return ()

    def alike(self, name: str):
        """Other names, those of the same shape first, then the likeliest."""
        shape = self.shapes.get(name)
        others = [other for other in self.names if other != name]
        return sorted(others, key=lambda other: (self.shapes[other] != shape, -likeness(name, other)))


def likeness(one: str, other: str) -> float:
    """How alike two names are, 0 to 1."""
    return SequenceMatcher(None, one, other).ratio()


def _tidy(term):
    """A term with the minus sign of its first factor in front."""
    if isinstance(term, Product) and isinstance(term.factors[0][1], Negative):
        return -Product([("*", term.factors[0][1].inner), *term.factors[1:]])
    return term


def _helpers(model):
    """(derivative, what the author has for it) where a helper is a derivative or its negative."""
    for name, formula in model.formulas.items():
        inner = formula.inner if isinstance(formula, Negative) else formula
        if isinstance(inner, Name) and split_partial(inner.name):
            yield inner.name, Name(name) if inner is formula else Negative(Name(name))


def _said(node):
    if node.function in ("max", "logsumexp"):
        first, *_, last = node.arguments
        of_one = len(node.arguments) == 2 and isinstance(first, Number) and first.value == 0 and last.names()
        return {"max": "relu", "logsumexp": "softplus"}[node.function] if of_one else None
    return node.function if node.function in ("tanh", "logistic", "exp", "ln", "sqrt") else None


def _slope(node, said, argument, out, operator):
    if said == "tanh":
        return 1 - out**2
    if said == "logistic":
        return Product([("*", out), (operator, 1 - out)])
    if said == "relu":
        return Compare(argument, ">", Number(0))
    if said == "softplus":
        return Call("logistic", [argument])
    if said == "exp":
        return out
    return FUNCTIONS[node.function].slopes(argument)[0]
