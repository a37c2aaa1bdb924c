"""The slips that would explain a wrong formula: changes that make it right in one drawn network."""

from collections import Counter
from decimal import Decimal
from functools import partial
from itertools import permutations
from math import isfinite

from neuronnet.derivation.digits import fifty_digits
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.expressions import Name, Number, Product, Sum, total
from neuronnet.formulas.functions import Call
from neuronnet.formulas.rewriting import nodes, with_names
from neuronnet.repairs.changes import change, changes
from neuronnet.repairs.places import SAMPLE, Places, Renaming, mixed_up_derivatives, only_name, renamings

MOST_NAMES = 500
CLOSE = 1e-8  # fifty digits rounded to floats, and a few operations on them
STEPS_BACK = 3
SMALL = 1e-6  # what a quantity that is 0 is compared with
HOLE = "?"

# From the smallest slip to the largest.
_ORDER = "derivative, name, exchanged names, sign, brackets, extra factor, number, extra term".split(", ")
_ORDER += "missing factor, missing term, extra factors, operation, other name, function".split(", ")


class Slips:
    """The changes of one formula that make it right in one network."""

    def __init__(self, formula, quantity, trials, updates):
        value = trials.value
        differing = (k for k in range(trials.count) if _differ(value(k, formula), value(k, quantity)))
        number = next(differing, 0)
        self.derivation = derivation = trials.derivation(number)
        self.places = Places(derivation)
        with fifty_digits():
            own_name = derivation.own_name
            self.formula, self.quantity = (with_names(each, own_name) for each in (formula, quantity))
            self.true = NearbyFormulas(self.quantity, derivation)
            self.values = self._pool(updates)
        self.known = set(self.values)
        target = trials.value(number, quantity)
        self.target = None if target is None else float(target)
        self.touched = self.places.touched([*self.true.row_names, *self.formula.names()])
        layers, samples = derivation.description.layers, derivation.description.samples
        self.counts = sorted({layers[-1].neurons, len(samples)} - {1, 2})
        self.names = self._names_that_may_be_meant()

    def candidates(self):
        """(change, repaired formula) of every change that fits in this network."""
        if self.target is None:
            return
        for slip in mixed_up_derivatives(self.formula, self.places, self.worth):
            repaired = slip.replacement
            if self.known.issuperset(repaired.names()) and self.is_target(self.worth(repaired)):
                yield slip, repaired
        yield from self._throughout()
        for node, rebuild, parent in nodes(self.formula):
            fits = self.test(rebuild)
            value = self.worth(node)
            found = [*self._other_names(node, parent, fits)]
            found += self._missing_factors(node, parent, value, fits)
            found += self._missing_terms(node, parent, value, fits)
            possible = changes(node, parent, self.counts)
            found += [slip for slip in possible if fits(self.worth(slip.replacement))]
            for slip in found:
                repaired = rebuild(slip.replacement)
                if not self.is_trivial(repaired):
                    yield slip, repaired

    def size(self, candidate):
        """What candidates are ordered by, the smallest and most natural change first."""
        slip, repaired = candidate
        mentioned = [self.true.mention(text, text in self.values) for text in (slip.found, slip.instead)]
        unlikely = mentioned[0] + (not mentioned[1])
        new = [name for name in repaired.names() if name not in self.formula.names()]
        foreign = len(self.places.touched(new) - self.touched)
        found = only_name(slip.at)
        distances = [self.places.distance(name, found) for name in new] if found else []
        similar = len(set(repaired.names()) ^ self.true.row_names)
        derivatives = any("/" in name for name in self.formula.names())
        strange = any("/" in name for name in new) and not derivatives or slip.instead.startswith("-(")
        kind, innocence = _ORDER.index(slip.kind), self._innocence(slip, mentioned)
        distance, length = min(distances, default=(0, 0)), len(repaired.format())
        return kind, innocence, strange, unlikely, foreign, distance, similar, length

    def _innocence(self, slip, mentioned):
        """0 where turning a sign restores what is natural, 1 for a target's difference, else 2."""
        is_step = slip.found.startswith("+ ") and self.derivation.names.rate in slip.at.names()
        if slip.kind != "sign" or mentioned == [False, True] or is_step:
            return 0
        return 1 if self.is_an_error(slip.at) else 2

    def is_an_error(self, part):
        if not isinstance(part, Sum) or len(part.terms) != 2 or part.terms[1][0] > 0:
            return False
        names = [only_name(term) for _, term in part.terms]
        return any(name is not None and self.places.of(name).kind == "target" for name in names)

    # Names

    def _other_names(self, node, parent, fits):
        name = only_name(node)
        if name is None:
            return
        for other in self.names:
            if other != name and fits(self.values[other]):
                alike = self.places.of(other).kind == self.places.of(name).kind
                if parent is not None or alike or other in self.true.row_names:
                    kind = "name" if alike else "other name"
                    yield change(kind, node, Name(other), f"did you mean {other}?")

    def _throughout(self):
        """One name replaced wherever it stands, and what else is one slip but changes several names."""
        kinds = {name: self.places.of(name).kind for name in self.formula.names()}
        for name, count in Counter(self.formula._all_names()).items():
            for other in self.names if count > 1 else ():
                if self.places.of(other).kind == kinds[name]:
                    said = f"did you mean {other}, everywhere?"
                    yield from self._renamed(Renaming("name", {name: other}, said))
        for renaming in renamings(self.formula, self.quantity, self.places):
            if self.known.issuperset(renaming.renames.values()):
                yield from self._renamed(renaming)

    def _renamed(self, renaming):
        renames = renaming.renames
        values = self.values | {name: self.values[other] for name, other in renames.items()}
        if self.is_target(self.worth(self.formula, values)):
            repaired = with_names(self.formula, lambda name: renames.get(name, name))
            at = next(node for node, _, _ in nodes(self.formula) if only_name(node) in renames)
            found, instead = renaming.texts()
            yield change(renaming.kind, at, repaired, renaming.sentence, found, instead), repaired

    def _names_that_may_be_meant(self):
        own = set(self.quantity.names())

        def means_something(name, value):
            if name in self.true.row_names:
                return True
            says_something = value != 0 or name in self.true.names
            return says_something and not self.is_target(value) and not self.is_target(-value)

        return [name for name, each in self.values.items() if name not in own and means_something(name, each)]

    # What is missing

    def _missing_factors(self, node, parent, value, fits):
        if isinstance(parent, Product) or value is None:
            return
        if isinstance(node, Number) and node.value == 1:
            for name in self.names:
                if fits(self.values[name]):
                    yield change("number", node, Name(name), f"did you mean {name} instead of {node}?")
            return
        named = [Name(name) for name in self.names if name != only_name(node)]
        for factor in [*self.true.factors, *named]:
            worth = self.worth(factor)
            if worth is not None and fits(value * worth):
                said = f"the factor {factor} is missing"
                yield change("missing factor", node, node * factor, said, "", factor.format())
        for above, below in permutations((1, 2, *self.counts), 2):
            if fits(value * above / below):
                factor = str(above) if below == 1 else f"{above}/{below}"
                multiple = node if above == 1 else above * node
                multiple = multiple if below == 1 else multiple / below
                yield change("missing factor", node, multiple, f"the factor {factor} is missing", "", factor)

    def _missing_terms(self, node, parent, value, fits):
        if isinstance(parent, Sum) or value is None:
            return
        for terms in self.terms_beside(node):
            worth = self.worth(total(terms))
            if worth is None:
                continue
            text = " and ".join(term.format() for term in terms)
            are = f"term {text} is" if len(terms) == 1 else f"terms {text} are"
            for sign in (1, -1):
                if value + sign * worth != 0 and fits(value + sign * worth):
                    whole = Sum([*node._terms(), *((sign, term) for term in terms)])
                    yield change("missing term", node, whole, f"the {are} missing", "", text)
            if len(terms) == 1 and worth != value and fits(worth - value):
                whole = terms[0] - node
                said = f"the term {text} is missing, this is subtracted from it: {whole}"
                yield change("missing term", node, whole, said, "", text)

    def terms_beside(self, node):
        """Lists of terms that may be missing: of the true formula, 1, and the same for neurons nearby."""
        yield from ([term] for term in self.true.terms)
        yield [Number(1)]
        terms = [term for _, term in node._terms()]
        for term in dict.fromkeys([*terms, node]):
            for layer, start in self.places.single(term.names()):
                moved = partial(self.places.moved, layer=layer, start=start)
                others = [end for end in range(len(self.places.neurons[layer])) if end != start]
                beside = [with_names(term, partial(moved, end=end)) for end in others]
                beside = [each for each in beside if self.known.issuperset(each.names())]
                yield from ([each] for each in beside)
                if len(beside) > 1:
                    yield beside

    def is_trivial(self, repaired):
        """Whether a formula says nothing: the quantity itself, or what names it."""
        own = set(self.quantity.names())
        return not own.isdisjoint(repaired.names()) and own.isdisjoint(self.formula.names())

    # Numbers

    def _pool(self, updates):
        """The values, as floats, of names within reach: of the samples at hand, before or after an update."""
        used = [*self.formula.names(), *self.quantity.names(), *self.true.row_names]
        used += [name for part in (*self.true.factors, *self.true.terms) for name in part.names()]
        samples = {sample for name in used for sample in SAMPLE.findall(name)}
        rows = {row.name: row.value for row in self.derivation.quantities} | self.derivation.given
        alike = [name for name in rows if samples.issuperset(SAMPLE.findall(name))]
        pool = {name: rows[name] for name in alike if updates or "@" not in name}
        if len(pool) > MOST_NAMES:
            near = self.places.touched(used)
            nearest = sorted(pool.items(), key=lambda each: len(self.places.touched([each[0]]) - near))
            pool = dict(nearest[:MOST_NAMES])
        pool |= {name: self.derivation[name].value for name in used}
        return {name: float(value) for name, value in pool.items()}

    def worth(self, expression, values=None):
        try:
            return expression.evaluator(float)(self.values if values is None else values)
        except (ArithmeticError, NeuronnetError, ValueError):
            return None

    def test(self, rebuild):
        """Whether a value, put in the place of one part, makes the formula right: a function."""
        evaluate, values = rebuild(Name(HOLE)).evaluator(float), dict(self.values)

        def fits(value):
            if value is None:
                return False
            values[HOLE] = value
            try:
                return self.is_target(evaluate(values))
            except (ArithmeticError, NeuronnetError, ValueError):
                return False

        return fits

    def is_target(self, value):
        if value is None or not isfinite(value):
            return False
        return abs(value - self.target) <= CLOSE * max(abs(value), abs(self.target), SMALL)


def _differ(one, other):
    return None not in (one, other) and abs(one - other) > Decimal(CLOSE) * max(abs(one), abs(other))


class NearbyFormulas:
    """The formulas behind a quantity, an Expression over the names of a derivation.

    `row_names` are the names in its own formula, `names` those in all of them; `factors` the sums and
    functions that are factors in one of them, such as `1 - out_o1`; `terms` what is added up in its own
    formula, also after multiplying out.
    """

    def __init__(self, quantity, derivation):
        """Raises UnknownName."""
        name = only_name(quantity)
        row = quantity if name is None else derivation[name].expression or quantity
        self.row_names = set(row.names())
        self.names, self.factors, texts, rows = set(), [], [], [row]
        for _ in range(STEPS_BACK):
            texts += [each.format() for each in rows]
            products = [node for each in rows for node, _, _ in nodes(each) if isinstance(node, Product)]
            factors = [factor for node in products for operator, factor in node.factors if operator == "*"]
            self.factors += [factor for factor in factors if isinstance(factor, (Sum, Call))]
            new = {name for each in rows for name in each.names()} - self.names
            self.names |= new
            expressions = (derivation[name].expression for name in sorted(new))
            rows = [each for each in expressions if each is not None]
        self._text = "; ".join(texts)
        self.terms = list(_terms(row, derivation))

    def mention(self, text, is_name):
        """Whether a text is part of the formulas; a name as that name."""
        return text in self.names if is_name else text in self._text


def _terms(row, derivation):
    if isinstance(row, Sum):
        yield from (term for _, term in row.terms)
    for node, rebuild, _ in nodes(row):
        name = only_name(node)
        inner = None if name is None else derivation[name].expression
        if isinstance(inner, Sum):
            yield from (each for _, term in inner.terms for each in (term, rebuild(term)))
