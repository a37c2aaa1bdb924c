"""Round numbers for which a wrong formula and the quantity differ, few and small enough to check by hand.

Numbers are chosen for as few names as possible, and only for names that can have any values at the same time;
all else is computed from its formula.
"""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import NamedTuple

from neuronnet.derivation.digits import fifty_digits
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.expressions import Name, Product, Sum, product_of
from neuronnet.formulas.rewriting import nodes, with_names
from neuronnet.names import split_index, split_partial
from neuronnet.repairs.identity import LARGEST_FORMULA, LATEST, Freedom, update_counts
from neuronnet.repairs.places import Places

LONGEST_PART = 60  # characters; a longer one is spoken of by its name alone
MOST_FACTORS = 8
FEWEST_NAMES = 3  # in what is worth a name
MOST_CHOSEN = 40  # names; nobody checks more by hand
MOST_ROWS = 500
FEW = 12
MANY = 8  # names; with more, parts that equal a quantity stand by its name
ATTEMPTS = 40
CLEAR = Fraction(1, 20)  # relative: seen in the second digit at the latest
SHORT = 8  # digits of an exact number; longer ones are rounded to six

_TENTHS = [Fraction(tenth, 10) for tenth in (2, 6, 4, 3, 5, 7, 1, 8, 9)]


class Counterexample(NamedTuple):
    """Numbers for some names, `values`, with which `quantity` is `left` and the formula gives `right`."""

    quantity: str
    values: dict
    left: str
    right: str

    def __str__(self):
        numbers = ", ".join(f"{name} = {text}" for name, text in self.values.items())
        sides = f"{self.quantity} is {self.left}, the formula gives {self.right}"
        return f"with {numbers}: {sides}" if numbers else sides


def counterexample(formula, quantity, trials):
    """The Counterexample to `formula` = `quantity`, two Expressions; None where none small enough is found.

    `trials` are Trials of the network's shape. Raises UnknownName.
    """
    derivation = trials.derivation(0)
    if len(derivation.quantities) > MOST_ROWS or max(update_counts([formula, quantity]), default=0) > LATEST:
        return None
    with fifty_digits():
        view = _View(formula, quantity, derivation)
        if view.chosen is None or len(view.chosen) > MANY:
            named, parts = named_parts(formula, quantity, derivation)
            short = _View(named, quantity, derivation)
            if short.chosen is not None and (view.chosen is None or len(short.chosen) < len(view.chosen)):
                found = short.differing()
                values = found and {parts.get(name, name): text for name, text in found.values.items()}
                return found and found._replace(values=values)
        return None if view.chosen is None else view.differing()


@lru_cache(maxsize=4)
def _freedom(derivation):
    return Freedom(derivation.description)


class _View:
    """The names that two formulas need: those `chosen`, None if too many, and `computed`, name -> formula."""

    def __init__(self, formula, quantity, derivation):
        self.derivation, self.places = derivation, Places(derivation)
        self.freedom = _freedom(derivation)
        self.formula, self.quantity = (with_names(each, derivation.own_name) for each in (formula, quantity))
        self.order = {row.name: place for place, row in enumerate(derivation.quantities)}
        self.probabilities = "cross-entropy" in derivation.description.loss
        self.rates = {derivation.names.rate, derivation.names.l2}
        self.fixed = self._fixed()
        self.computed = {}
        for name in self.quantity.names():
            self._compute(name)
        self.chosen = self._choose()

    def differing(self):
        """The first Counterexample that is clear, else the clearest; None where both sides always agree."""
        random, best = Random(1), (0, None)
        for attempt in range(ATTEMPTS):
            values = self._values(random, attempt)
            left, right = self._sides(values)
            if None not in (left, right) and _text(left) != _text(right):
                difference = abs(left - right) / max(abs(left), abs(right))
                if difference > best[0]:
                    best = difference, self._described(values, left, right)
                if difference > CLEAR:
                    break
        return best[1]

    # What is chosen and what is computed

    def _fixed(self):
        """Given numbers that stay: settings of the update rule, and targets of a cross-entropy."""
        derivation = self.derivation
        free = self.rates if derivation.description.l2 != 0 else {derivation.names.rate}
        kinds = {"w", "b", "i"} if self.probabilities else {"w", "b", "i", "target"}
        kind = self.places.of
        return {name for name in derivation.given if name not in free and kind(name).kind not in kinds}

    def _choose(self):
        while True:
            others = self.fixed.union(self.computed)
            free = [name for name in self._names_in_use() if name not in others]
            if len(free) > MOST_CHOSEN:
                return None
            must = [name for name in free if self._has_bounds(name)]
            if not must:
                in_order = sorted((name for name in free if name not in self.rates), key=self._place)
                must = self.freedom.determined_by_the_others(in_order)
            if not must:
                own = self.formula.names()
                must = [name for name in free if name not in own and self._is_spelled_out(name, free)]
            if not must:
                return free
            if not self._compute(max(must, key=self._place), free):
                return None

    def _place(self, name):
        """Where a name comes in the pass: the given numbers first, derivatives that have no row last."""
        return -1 if name in self.derivation.given else self.order.get(name, len(self.order))

    def _names_in_use(self):
        names = self.quantity.names() + self.formula.names()
        for name in names:
            if name in self.computed:
                names += [other for other in self.computed[name].names() if other not in names]
        return list(dict.fromkeys(names))

    def _compute(self, name, free=()):
        """Have a name computed, or taken over from a free one with its formula; whether it has a formula."""
        expression = self.derivation[name].expression
        for other in free:
            row = self.derivation[other].expression
            if other != name and None not in (row, expression) and row.format() == expression.format():
                expression = Name(other)
        if expression is not None:
            self.computed[name] = expression
        return expression is not None

    def _is_spelled_out(self, name, free):
        others = set(free) - {name}
        rows = {self.derivation[other].formula for other in others} - {None}
        leaves = self._leaves(name, others, rows)
        return None not in leaves and not leaves <= set(self.derivation.given)

    def _leaves(self, name, known, rows):
        """The known and given names that a name's formula comes down to, and None for others."""
        found = set()
        expression = self.derivation[name].expression
        for part in [None] if expression is None else expression.names():
            row = part and self.derivation[part].formula
            if part is None or part in known or part in self.derivation.given or row in rows:
                found.add(part)
            else:
                is_forward = self.places.of(part).kind in ("net", "out")
                found |= {None} if is_forward else self._leaves(part, known, rows)
        return found

    def _has_bounds(self, name):
        """Whether a name must be computed: it is another name for a thing, or cannot have any value."""
        expression = self.derivation[name].expression
        if expression is None or isinstance(expression, Name):
            return expression is not None
        top = (split_partial(name) or (name,))[0]
        kind = self.places.of(top).kind
        if top != name and kind == "out":
            return self._activation(top) in ("relu", "softmax")
        if self.probabilities and kind in ("E", self.derivation.names.error, "delta"):
            return True
        return kind == "E" and top == name

    # Numbers

    def _values(self, random, attempt):
        values, whole = {}, 0
        tenths = _TENTHS if attempt == 0 else random.sample(_TENTHS, len(_TENTHS))
        shares = [name for name in self.chosen if self._is_out_of(name, "softmax")]
        for place, name in enumerate(self.chosen):
            if name in shares:
                values[name] = Fraction(shares.index(name) + 2, 10 if len(shares) < 4 else 100)
            elif self._is_a_share(name):
                values[name] = tenths[place % len(tenths)]
            else:
                whole += 1
                size = whole + attempt if attempt < 2 else random.randint(1, 9)
                values[name] = Fraction(size, 1 if len(self.chosen) <= FEW else 10)
                if attempt > 2 and not self._is_positive(name):
                    values[name] *= random.choice((1, -1))
        return values

    def _is_a_share(self, name):
        """Whether a name stands for a number between 0 and 1, and not just for a factor."""
        if name in self.rates:
            return True
        if not self._is_out_of(name, "logistic", "tanh"):
            return False
        layer, _ = self.places.of(name).touches[0]
        is_hidden = layer < len(self.derivation.description.layers)
        formulas = [self.formula, self.quantity, *self.computed.values()]
        stands_alone = all(list(each._all_names()).count(name) <= 1 for each in formulas)
        return not (is_hidden and stands_alone)

    def _is_positive(self, name):
        names = self.derivation.names
        is_positive = self.places.of(name).kind in (names.error, names.error_l2, "dout/dnet")
        return is_positive or self._is_out_of(name, "relu")

    def _is_out_of(self, name, *activations):
        return self.places.of(name).kind == "out" and self._activation(name) in activations

    def _activation(self, name):
        layer, _ = self.places.of(split_index((split_partial(name) or (name,))[0])[0]).touches[0]
        return self.derivation.description.layers[layer - 1].activation

    def _sides(self, values):
        """(quantity, what the formula gives) as Fractions, else Decimals; None for what has no value."""
        for number in (Fraction, Decimal):
            self.known = {name: number(each.numerator) / each.denominator for name, each in values.items()}
            self.known |= {name: number(str(self.derivation.given[name])) for name in self.fixed}
            try:
                return self._evaluated(self.quantity, number), self._evaluated(self.formula, number)
            except TypeError:
                continue
            except (ArithmeticError, NeuronnetError):
                break
        return None, None

    def _evaluated(self, expression, number):
        """The value of an expression, None if it is infinite; computes the names in it first."""
        for name in expression.names():
            if name not in self.known:
                self.known[name] = self._evaluated(self.computed[name], number)
        value = expression.evaluator(number)(self.known)
        return value if number is Fraction or value.is_finite() else None

    def _described(self, values, left, right):
        named = [name for name in self.formula.names() if name not in self.quantity.names()]
        used = [name for name in self._names_in_use() if name in values or name in self.fixed]
        used += [name for name in named if name in self.computed]
        shown = {name: _text(self.known[name]) for name in dict.fromkeys(used)}
        return Counterexample(self.quantity.format(), shown, _text(left), _text(right))


def _text(value):
    """A number as a reader wants it: exact where it is short, otherwise to six digits."""
    for digits in (SHORT, 6):
        text = f"{float(value):.{digits}g}"
        if isinstance(value, Fraction) and Fraction(text) == value:
            return text
    return "0" if abs(value) < 1e-30 else text


# Parts that equal a named quantity


def named_parts(formula, quantity, derivation):
    """(formula, parts): sub-expressions that equal a named quantity replaced by its name.

    `out_o1*(1 - out_o1)` becomes `dout_o1/dnet_o1`, which `parts` maps to "dout_o1/dnet_o1 = out_o1*(1 -
    out_o1)". The `quantity` itself is never put in. `derivation` is that of a drawn network, where nothing is
    equal by chance, in fifty digits.
    """
    parts = {}
    relu = any(layer.activation == "relu" for layer in derivation.description.layers)
    if relu or sum(1 for _ in nodes(formula)) > LARGEST_FORMULA:
        return formula, parts  # a relu that is on is its net input, by chance
    others = [row for row in reversed(derivation.quantities) if row.name not in quantity.names()]
    computed = [row for row in others if not (row.expression is None or isinstance(row.expression, Name))]
    rows = {f"{row.value:.30e}": row.name for row in computed}
    while step := _first_named(formula, derivation, rows):
        name, part, formula = step
        parts[name] = f"{name} = {part}" if len(part.format()) <= LONGEST_PART else name
    return formula, parts


def _first_named(formula, derivation, rows):
    for node, rebuild, _ in nodes(formula):
        for start, end, part in _candidates(node):
            name = _name_of(part, derivation, rows)
            if name is not None:
                named = Name(name)
                if start is not None:
                    named = product_of([*node.factors[:start], ("*", named), *node.factors[end:]])
                return name, part, rebuild(named)
    return None


def _candidates(node):
    """(start, end, part) for a sum as a whole, and every run of factors of a product, the longest first."""
    if isinstance(node, Sum):
        yield None, None, node
    if isinstance(node, Product):
        count = len(node.factors)
        for length in range(min(count, MOST_FACTORS), 1, -1):
            for start in range(count - length + 1):
                run = node.factors[start : start + length]
                if all(operator == "*" for operator, _ in run):
                    yield start, start + length, product_of(run)


def _name_of(part, derivation, rows):
    if len(part.names()) < FEWEST_NAMES:
        return None
    try:
        return rows.get(f"{derivation.evaluated(part):.30e}")
    except (ArithmeticError, NeuronnetError):
        return None
