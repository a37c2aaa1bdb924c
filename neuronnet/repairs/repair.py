"""The smallest change that makes a wrong formula the quantity: one slip, or two of the commonest."""

from itertools import combinations, product
from typing import NamedTuple

from neuronnet.formulas.expressions import Name, Number, Product, Sum, total
from neuronnet.formulas.rewriting import mapped, nodes
from neuronnet.repairs.changes import change, signs_of_sum
from neuronnet.repairs.identity import LARGEST_FORMULA, LATEST, update_counts
from neuronnet.repairs.slips import Slips

MOST_TRIED = 200  # slips that explain the formula in one network and are put to all trials
LARGEST_FOR_TWO = 70
MOST_WORK = 120_000  # parts evaluated for each kind of pair: a few hundredths of a second
COST_OF_A_TERM = 4  # what is missing is built, not only evaluated
MOST_MEANT = 8  # names that may be meant by one
_KINDS = {"other name": "name", "extra factors": "extra factor"}


class Repair(NamedTuple):
    """What to change in a formula: `found` stands there, `instead` should; one of them may be empty.

    `column` is where, from 1, in the text that was parsed, or None; `formula` is the repaired one.
    """

    kind: str
    found: str
    instead: str
    column: int | None
    formula: str
    sentence: str


def repair(formula, quantity, trials):
    """The Repair of `formula`, an Expression that is not the `quantity`, an Expression too.

    None when neither one change nor two of the commonest ones make it so. Raises UnknownName.
    """
    parts = sum(1 for _ in nodes(formula))
    counts = update_counts([formula, quantity])
    if parts > LARGEST_FORMULA or max(counts, default=0) > LATEST:
        return None
    slips = Slips(formula, quantity, trials, bool(counts))
    for candidates in (lambda: sorted(slips.candidates(), key=slips.size), lambda: _two_changes(slips)):
        for slip, repaired in candidates()[:MOST_TRIED]:
            if trials.same(repaired, quantity):
                kind = _KINDS.get(slip.kind, slip.kind)
                columns = (part.column for part, _, _ in nodes(slip.at) if part.column is not None)
                column = next(columns, None)
                return Repair(kind, slip.found, slip.instead, column, repaired.format(), slip.sentence)
    return None


# Two changes: of two names, or of a name or a factor and a sign or a term


def _two_changes(slips):
    if slips.target is None or sum(1 for _ in nodes(slips.formula)) > LARGEST_FOR_TWO:
        return []
    meant, signs = _Meant(slips), _turned_signs(slips)
    found = [*_two_names(slips, meant), *_name_and_sign(slips, meant, signs)]
    found += [*_name_and_term(slips, meant), *_factor_and_sign(slips, signs)]
    kept = [each for each in found if not slips.is_trivial(each[1])]
    return sorted(kept, key=lambda each: _size(slips, *each))


def _pair(at, sentence, found, instead):
    return change("two changes", at, at, sentence, found, instead)


def _size(slips, slip, repaired):
    new = [name for name in repaired.names() if name not in slips.formula.names()]
    foreign = len(slips.places.touched(new) - slips.touched)
    similar = len(set(repaired.names()) ^ slips.true.row_names)
    strange = any("/" in name for name in new) and not any("/" in name for name in slips.formula.names())
    return strange, foreign, similar, not slips.is_an_error(slip.at), len(repaired.format())


class _Formula:
    """A formula whose names can be replaced one by one without building it anew."""

    def __init__(self, formula, slips):
        self.slips, self.leaves = slips, []
        marked = mapped(formula, self._marked)
        self._evaluate = marked.evaluator(float)
        self._values = {place: slips.values[leaf.name] for place, leaf in self.leaves}
        self._formula = formula
        self.size = sum(1 for _ in nodes(formula))

    def _marked(self, leaf):
        if not isinstance(leaf, Name):
            return leaf
        self.leaves.append((len(self.leaves), leaf))
        return Name(len(self.leaves) - 1)

    def slots(self):
        """(name, places replaced together): each place alone, and all places of a name."""
        places = {}
        for place, leaf in self.leaves:
            places.setdefault(leaf.name, []).append(place)
        singles = [(leaf.name, (place,)) for place, leaf in self.leaves]
        return singles + [(name, tuple(each)) for name, each in places.items() if len(each) > 1]

    def fits(self, swaps):
        """Whether the formula is right with other names, `swaps` (places, name), in some places."""
        values = dict(self._values)
        for places, name in swaps:
            for place in places:
                values[place] = self.slips.values[name]
        try:
            return self.slips.is_target(self._evaluate(values))
        except (ArithmeticError, ValueError, TypeError):
            return False

    def swapped(self, swaps):
        names = {place: name for places, name in swaps for place in places}
        count = iter(range(len(self.leaves)))

        def renamed(leaf):
            other = names.get(next(count)) if isinstance(leaf, Name) else None
            return leaf if other is None else Name(other)

        return mapped(self._formula, renamed)

    def at(self, places):
        return self.leaves[places[0]][1]


class _Meant:
    """The names that may be meant by another: of its kind, sample and update, the nearest first."""

    def __init__(self, slips):
        self._slips, self._alike, self._found = slips, {}, {}
        own = set(slips.quantity.names())
        for name in slips.values:
            if name not in own:
                self._alike.setdefault(self._kind(name), []).append(name)

    def _kind(self, name):
        place = self._slips.places.of(name)
        return place.kind, place.mark

    def by(self, name):
        if name not in self._found:
            distance, natural = self._slips.places.distance, self._slips.true.names
            alike = [other for other in self._alike.get(self._kind(name), ()) if other != name]
            alike.sort(key=lambda other: (other not in natural, distance(other, name)))
            self._found[name] = alike[:MOST_MEANT]
        return self._found[name]


def _two_names(slips, meant):
    whole = _Formula(slips.formula, slips)
    pairs = [(one, other) for one, other in combinations(whole.slots(), 2) if not set(one[1]) & set(other[1])]
    most = int((MOST_WORK / whole.size / max(1, len(pairs))) ** 0.5)
    for (one, here), (other, there) in pairs:
        for names in product(meant.by(one)[:most], meant.by(other)[:most]):
            swaps = [*zip((here, there), names)]
            if whole.fits(swaps):
                said = f"{one} should be {names[0]} and {other} should be {names[1]}"
                at, texts = whole.at(min(here, there)), (f"{one}, {other}", ", ".join(names))
                yield _pair(at, said, *texts), whole.swapped(swaps)


def _name_and_sign(slips, meant, signs):
    work = MOST_WORK
    for slip, formula in signs:
        whole = _Formula(formula, slips)
        for name, places in whole.slots():
            for other in meant.by(name):
                work -= whole.size
                if work < 0:
                    return
                if whole.fits([(places, other)]):
                    said = f"{name} should be {other} and {slip.sentence}"
                    texts = f"{name}, {slip.found}", f"{other}, {slip.instead}"
                    yield _pair(whole.at(places), said, *texts), whole.swapped([(places, other)])


def _name_and_term(slips, meant):
    whole, work = _Formula(slips.formula, slips), MOST_WORK / COST_OF_A_TERM
    swaps = [(name, places, other) for name, places in whole.slots() for other in meant.by(name)]
    for name, places, other in sorted(swaps, key=lambda each: each[2] not in slips.true.names):
        formula = whole.swapped([(places, other)])
        for node, rebuild, parent in nodes(formula):
            work -= whole.size
            if work < 0:
                return
            if parent is not None and not isinstance(node, Sum):
                continue
            value, fits = slips.worth(node), slips.test(rebuild)
            for terms in slips.terms_beside(node) if value is not None else ():
                worth = slips.worth(total(terms))
                work -= whole.size
                if worth is not None and value + worth != 0 and fits(value + worth):
                    text = " and ".join(map(str, terms))
                    missing = f"the term {text} is" if len(terms) == 1 else f"the terms {text} are"
                    said = f"{name} should be {other} and {missing} missing"
                    repaired = rebuild(Sum([*node._terms(), *((1, term) for term in terms)]))
                    yield _pair(whole.at(places), said, name, f"{other}, {text}"), repaired


def _turned_signs(slips):
    """(change, formula after it) for every sign of a sum or the whole, the most natural for each value."""
    whole = slips.formula
    sums = [(node, rebuild) for node, rebuild, _ in nodes(whole) if isinstance(node, Sum)]
    changed = [(slip, rebuild(slip.replacement)) for node, rebuild in sums for slip in signs_of_sum(node)]
    if not isinstance(whole, Sum):
        changed.append((change("sign", whole, -whole, f"the sign of {whole} is turned around"), -whole))
    found = {}
    for slip, repaired in changed:
        value = slips.worth(repaired)
        if value is not None:
            found.setdefault(f"{value:.12g}", []).append((slip, repaired))
    return [min(each, key=slips.size) for each in found.values()]


def _factor_and_sign(slips, signs):
    factors = [*slips.true.factors, *(Name(name) for name in slips.true.row_names), Number(2), Number(1) / 2]
    worths = [(factor, slips.worth(factor)) for factor in factors]
    work = MOST_WORK
    for slip, formula in signs:
        size = sum(1 for _ in nodes(formula))
        for node, rebuild, parent in nodes(formula):
            if isinstance(parent, Product):
                continue
            value, fits = slips.worth(node), slips.test(rebuild)
            for factor, worth in worths:
                work -= size
                if work < 0:
                    return
                if None not in (value, worth) and fits(value * worth):
                    said = f"the factor {factor} is missing and {slip.sentence}"
                    texts = slip.found, f"{slip.instead}, {factor}"
                    yield _pair(slip.at, said, *texts), rebuild(node * factor)
