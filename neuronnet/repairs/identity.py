"""Whether two formulas have the same value in every network of one shape, and which quantities determine
others: tried on a few drawn networks, in fifty digits.

The drawn networks keep the shape and every convention of the description; nothing is proved symbolically.
"""

import re
from dataclasses import replace
from decimal import Decimal
from random import Random

from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.quantities import Derivation
from neuronnet.description.description import Sample
from neuronnet.description.reading import read
from neuronnet.description.values import Literal
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.formulas.rewriting import with_names
from neuronnet.repairs.places import Places

CLOSE = Decimal("1e-20")  # relative to the values compared
NOTHING = Decimal("1e-40")  # relative to the quantities they are made of: what fifty digits leave of a 0
LARGEST_FORMULA = 150  # parts
LATEST = 3  # a later update is tried as an earlier one: drawn networks are not trained for long
DRAWS = 12
MANY_SAMPLES = 8
STEPS = 1000  # drawn numbers are so many parts of 1
DIRECTIONS = 14
STEP = Decimal("1e-20")  # with fifty digits a response keeps twenty
DEPENDENT = 1e-9  # what is left of a unit vector that the others span, divisions by small numbers included

_COUNT = re.compile(r"@(\d+)")


class Trials:
    """Drawn networks of the shape and conventions of a description, and what formulas are worth in them.

    `derivations[k]` is the Derivation of the k-th in fifty digits, made when it is first asked for. Read it
    within `fifty_digits()`.
    """

    def __init__(self, description, count=3, seed=1):
        """`description` is what `read` takes; relu, with its two pieces, takes twice the `count`.

        Raises SpecError for a bad description, NeuronnetError where none can be derived.
        """
        self.description = read(description)
        self._has_relu = any(layer.activation == "relu" for layer in self.description.layers)
        self.count = 2 * count if self._has_relu else count
        self._random = Random(seed)
        self._made = []
        self._values = {}
        self._histories = {}
        self.derivation(0)

    @property
    def derivations(self):
        return [self.derivation(number) for number in range(self.count)]

    def derivation(self, number):
        while len(self._made) <= number:
            drawn = self._draw(first=not self._made)
            with fifty_digits():
                self._made.append(Derivation(drawn, number=Decimal))
        return self._made[number]

    def same(self, one, other):
        """Whether two Expressions have the same value in all trials, to a relative 1e-20. Raises UnknownName.

        Trials where one has no value, as in a division by zero, do not count; one that counts is needed.
        """
        one, other = _brought_forward([one, other])
        counted = False
        for number in range(self.count):
            pair = [self.value(number, expression) for expression in (one, other)]
            if None not in pair:
                counted = True
                if not self._close(number, *pair, one.names() + other.names()):
                    return False
        return counted

    def _close(self, number, left, right, names):
        with fifty_digits():
            difference = abs(left - right)
            if difference <= CLOSE * max(abs(left), abs(right)):
                return True
            derivation = self.derivation(number)
            return difference <= NOTHING * max([Decimal(1), *(abs(derivation[name].value) for name in names)])

    def value(self, number, expression):
        """The value of an Expression in one trial, a Decimal; None where it has none. Raises UnknownName."""
        key = number, expression.format()
        if key not in self._values:
            with fifty_digits():
                try:
                    value = self.derivation(number).evaluated(expression)
                    self._values[key] = value if value.is_finite() else None
                except UnknownName:
                    raise
                except (ArithmeticError, NeuronnetError):
                    self._values[key] = None
        return self._values[key]

    # Drawing

    def _draw(self, first):
        """A drawn description; of relu neurons one in which they show other sides than in those before.

        First all of them are switched on. Then the draw counts that tells most of them apart by when each was
        off, so that no formula passes because two neurons went on and off together, or one was never off.
        """
        if not self._has_relu:
            return drawn_like(self.description, self._random)
        best = None
        for _ in range(1 if first or len(self.description.samples) > MANY_SAMPLES else DRAWS):
            drawn = drawn_like(self.description, self._random, signs=(1,) if first else (1, -1))
            nets = _relu_nets(drawn)
            histories = {name: (*self._histories.get(name, ()), value > 0) for name, value in nets.items()}
            were_off = sum(not all(each) for each in histories.values())
            rank = 0 not in nets.values(), len(set(histories.values())), were_off
            if best is None or rank > best[0]:
                best = rank, histories, drawn
        self._histories = best[1]
        return best[2]


def drawn_like(description, random, signs=(1, -1)):
    """`description` with every number of the network drawn anew, 0.1 to 1.2 in size, in steps of 1/1000.

    A target of a cross-entropy stays a probability, and the same one where it is 0 or 1: formulas depend on
    these. The strength 0 of an L2 term stays too, and the settings of the update rule.
    """

    def number(signs=signs):
        size = random.choice(signs) * random.randint(STEPS // 10, STEPS + STEPS // 5)
        return Literal(str(Decimal(size) / STEPS))

    def bias(given):
        if isinstance(given, tuple):
            return tuple(number() for _ in given)
        return None if given is None else number()

    def targets(given):
        if "cross-entropy" not in description.loss:
            return tuple(number() for _ in given)
        return tuple(_probabilities(given, random))

    def layer_like(layer):
        weights = tuple(tuple(number() for _ in row) for row in layer.weights)
        return replace(layer, weights=weights, bias=bias(layer.bias))

    return replace(
        description,
        learning_rate=None if description.learning_rate is None else number(signs=(1,)),
        l2=description.l2 if description.l2 == 0 else number(signs=(1,)),
        layers=tuple(map(layer_like, description.layers)),
        samples=tuple(
            Sample(tuple(number() for _ in sample.inputs), targets(sample.targets))
            for sample in description.samples
        ),
        held_out=(),
    )


def _probabilities(given, random):
    """Drawn probabilities for those strictly between 0 and 1; those that sum to 1 still do.

    What is lost beside a 1, as 7e-201 is, stays: anything larger would change the sum.
    """
    lost = 1 in given and sum(given) == 1
    soft = [place for place, value in enumerate(given) if value not in (0, 1) and not lost]
    found = [Literal(str(int(value))) if value in (0, 1) else value for value in given]
    if len(soft) > 1 and abs(sum(given) - 1) < 1e-9 and len(soft) <= STEPS // 2:
        cuts = [0, *sorted(random.sample(range(1, STEPS), len(soft) - 1)), STEPS]
        parts = [after - before for before, after in zip(cuts, cuts[1:])]
    else:
        parts = [random.randint(1, STEPS - 1) for _ in soft]
    for place, part in zip(soft, parts):
        found[place] = Literal(str(Decimal(part) / STEPS))
    return found


def _relu_nets(description):
    derivation = Derivation(replace(description, learning_rate=None))
    layers = zip(description.layers, derivation.names.layers)
    relu = [name for layer, neurons in layers if layer.activation == "relu" for name in neurons]
    nets = {derivation.names.of("net", name) for name in relu}
    return {row.name: row.value for row in derivation.quantities if row.name.partition("[")[0] in nets}


# Later updates


def update_counts(expressions):
    names = (name for expression in expressions for name in expression.names())
    return {int(count) for name in names for count in _COUNT.findall(name)}


def _brought_forward(expressions):
    """The expressions with counts of updates beyond LATEST replaced by the next ones, in their order."""
    counts = sorted(count for count in update_counts(expressions) if count > LATEST)
    if not counts:
        return expressions
    sooner = {count: LATEST + place for place, count in enumerate(counts, 1)}

    def renamed(name):
        return _COUNT.sub(lambda found: f"@{sooner.get(int(found[1]), found[1])}", name)

    return [with_names(expression, renamed) for expression in expressions]


class Freedom:
    """The responses of one network's quantities to its weights, biases, inputs and targets.

    The targets of a cross-entropy, the learning rate, the L2 term's strength and the update rule's settings
    do not move; a parameter after several updates, which has no formula, moves by itself. Only what is asked
    for is evaluated.
    """

    def __init__(self, description, seed=1):
        """`description` is a checked one."""
        self._random = Random(seed)
        with fifty_digits():
            self._derivation = Derivation(drawn_like(description, self._random, signs=(1,)), number=Decimal)
        self._kind = Places(self._derivation).of
        self._moving = {"w", "b", "i"}
        if "cross-entropy" not in description.loss:
            self._moving.add("target")
        self._values = [{} for _ in range(DIRECTIONS + 1)]
        self._responses = {}

    def determined_by_the_others(self, names):
        """Those of `names` that follow from the names before them, in their order."""
        spanned, found = [], []
        for name in names:
            rest = self._response(name)
            for unit in spanned:
                along = sum(a * b for a, b in zip(rest, unit))
                rest = [a - along * b for a, b in zip(rest, unit)]
            length = sum(a * a for a in rest) ** 0.5
            if length < DEPENDENT:
                found.append(name)
            else:
                spanned.append([a / length for a in rest])
        return found

    def _response(self, name):
        """How a quantity changes along each direction, as a vector of length 1, or 0."""
        if name not in self._responses:
            with fifty_digits():
                self._evaluate(name)
                start, *moved = [values[name] for values in self._values]
                changes = [float((value - start) / STEP) for value in moved]
            length = sum(change * change for change in changes) ** 0.5
            self._responses[name] = [change / length for change in changes] if length > 0 else changes
        return self._responses[name]

    def _evaluate(self, name):
        if name in self._values[0]:
            return
        row = self._derivation[name]
        if row.expression is None:
            moves = row.part != "given" or self._kind(row.name).kind in self._moving
            for number, values in enumerate(self._values):
                step = STEP * self._random.randint(-1000, 1000) / 1000 if number and moves else 0
                values[name] = row.value + step
            return
        for needed in row.expression.names():
            self._evaluate(needed)
        evaluate = row.expression.evaluator(Decimal)
        for values in self._values:
            values[name] = evaluate(values)
