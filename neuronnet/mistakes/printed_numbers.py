"""A printed number as the search for its mistake sees it: what it claims, and whether a replayed pass gives
its digits.

The effects of mistakes on a number are spread over many orders of magnitude. So of those that move it about
as far as the printed number is off, D units of the last digit, within a factor of ten either way, one hits
the very digits by chance with a probability of 1/(D ln 100). What this says about a mistake is judged
elsewhere.
"""

from decimal import Decimal
from math import log, log10
from typing import NamedTuple

from neuronnet.derivation.digits import BINARY64_ROUNDING, Printed
from neuronnet.formulas.expressions import Expression, Name
from neuronnet.names import split_index, update_of

# --- A printed number as the search for its mistake sees it: what it claims, and whether a replayed pass
# gives its digits.


MOST_SHORT = 20  # updates that are no long training yet
_ROUNDING = float(BINARY64_ROUNDING)


class Claim(NamedTuple):
    """A printed number: the `name` it was given under, its formula, what is `printed`, what is `exact`, and
    whether it `is_right`.

    `start` is what a mistake in the number is measured from: for a parameter after an update, its value
    before, otherwise 0.
    """

    name: str
    expression: Expression
    printed: Printed
    exact: Decimal
    start: Decimal
    is_right: bool


def claim_of(name, expression, printed, exact):
    """The Claim that a number was printed for an Expression over the names of `exact`, an Exact."""
    start = Decimal(0)
    if isinstance(expression, Name):
        start = exact.derivation.given.get(split_index(expression.name)[0], start)
    value = exact.value(expression)
    is_right = printed.agrees(value) or abs(printed.value - value) <= exact.rounding(expression)
    return Claim(name, expression, printed, value, start, is_right)


class PrintedNumber:
    """A Claim in binary64."""

    def __init__(self, claim, room):
        """`room` is what rounding may take from it: digits beyond that claim nothing."""
        self.name, self.is_right = claim.name, claim.is_right
        self.key, self.expression = claim.expression.format(), claim.expression
        self.evaluate = claim.expression.evaluator(float)
        self.printed, self.exact = float(claim.printed.value), float(claim.exact)
        self.unit = max(float(claim.printed.unit), 2 * room)
        self.units = claim.printed.units_from(claim.exact) * (float(claim.printed.unit) / self.unit)
        self.step = float(claim.exact - claim.start)
        self.factor = float(claim.printed.value - claim.start) / self.step if self.step else None
        self.digits = max(
            0.0, log10(max(abs(self.units), 0.5) * log(100))
        )  # 10^-digits: the probability of a coincidence
        self.updates = max(map(update_of, claim.expression.names()), default=0)
        self.is_long = self.updates > MOST_SHORT

    def value(self, values):
        """What a replayed pass has here; None where it has nothing."""
        try:
            value = self.evaluate(values)
        except (ArithmeticError, KeyError, ValueError):
            return None
        return value if value - value == 0 else None

    def is_given_by(self, value):
        """Whether a value has the digits that are printed."""
        return value is not None and abs(value - self.printed) <= self.unit / 2 + _ROUNDING * abs(
            self.printed
        )

    def is_as_far_off(self, value):
        """Whether a value is off to the same side, and as far to within a factor of ten."""
        return value is not None and 0.1 <= (value - self.exact) / (self.unit * self.units) <= 10

    def is_in_proportion_to(self, other):
        """Whether two numbers are wrong by the same factor, as far as their digits tell."""
        if self.factor is None or other.factor is None:
            return self.factor is other.factor
        return abs(self.factor - other.factor) <= self.unit / abs(self.step) + other.unit / abs(other.step)


# --- An explanation of wrong numbers by known mistakes, as it is handed out. How it is found is not known
# here.


class Diagnosis(NamedTuple):
    """An explanation of wrong numbers.

    `mistakes` are the classes of the catalogue, one or two; `explains` the names of the wrong numbers whose
    digits they reproduce, `contradicts` those of right numbers that they would have made wrong. `digits` is
    how many digits of disagreement they get right, `chance` how many of the `tried` explanations would do so
    by coincidence; `same_as` the ids of others that give the same digits. `carried` says that the numbers are
    computed from the printed ones before.
    """

    mistakes: tuple
    explains: tuple
    contradicts: tuple
    digits: float
    chance: float
    tried: int
    same_as: tuple = ()
    carried: bool = False

    @property
    def id(self):
        """The ids of the mistakes, joined by a plus."""
        return " + ".join(each.id for each in self.mistakes)

    @property
    def sentence(self):
        """What was done, in a sentence each."""
        carried = ("The printed, rounded numbers were carried on.",) if self.carried else ()
        return " ".join([each.sentence for each in self.mistakes] + list(carried))

    @property
    def convention(self):
        """What else the numbers are right for; None for what is plainly a mistake."""
        clauses = [each.convention for each in self.mistakes if each.kind == "convention"]
        return " and ".join(clauses) if len(clauses) == len(self.mistakes) else None

    @property
    def odds(self):
        """The odds of a coincidence, in a clause."""
        number = f"{self.chance:.0e}" if self.chance < 0.001 else f"{self.chance:.2g}"
        return f"{self.digits:.0f} digits reproduced, {self.tried} explanations tried, {number} expected by chance"

    def to_dict(self):
        """The diagnosis as a plain dict."""
        return {
            "id": self.id,
            "sentence": self.sentence,
            "convention": self.convention,
            "explains": list(self.explains),
            "contradicts": list(self.contradicts),
            "digits": round(self.digits, 2),
            "tried": self.tried,
            "chance": self.chance,
            "same_as": list(self.same_as),
        }
