"""Which known mistakes give exactly these numbers. How they are looked for stands in `search`; no sheet is known here."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from neuronnet.derivation.claimed import claim_of
from neuronnet.derivation.digits import LARGEST_EXPONENT, Printed
from neuronnet.derivation.exact import Exact, fifty_digits
from neuronnet.derivation.mistakes import replay
from neuronnet.derivation.parsing import parse
from neuronnet.derivation.search import explanations
from neuronnet.errors import NeuronnetError, NumberError, UnknownName, shortened
from neuronnet.names import spelled_out, update_of
from neuronnet.spec import read

CLAIMED_BY_A_FLOAT = 9


def diagnose(network, numbers, progress=None, bounded=None):
    """Explanations of numbers that are wrong for a network: a list of Diagnosis, best first, empty where none is known.

    `network` is a NeuralNetwork or what `neuronnet.load` takes; `numbers` maps names, such as "dE_total/dw5", or formulas
    over them to numbers. A string claims the digits it has, a float nine significant ones. Every further Diagnosis
    explains what those before it leave over. `bounded`: for numbers that one program computed in binary64, a type
    of number that has the bound on its own rounding as `error`; then a number may miss what it is by what rounding does,
    were it 0 but for that, and no mistake is named that contradicts more of the numbers than it explains.
    Raises UnknownName, ExpressionError and NumberError for a bad name or number.
    """
    description = read(network.to_dict() if hasattr(network, "to_dict") else network)
    if not isinstance(numbers, Mapping) or not all(isinstance(name, str) for name in numbers):
        raise NeuronnetError(f"numbers: found {shortened(numbers)}; a mapping of names such as 'dE_total/dw5' to numbers is needed")
    with fifty_digits():
        exact = Exact(description)
        claims = [_claim(name, number, exact) for name, number in numbers.items()]
        if bounded is None:
            return explanations(description, claims, progress)
        rounding = _Rounding(description, claims, bounded)
        claims = [each._replace(is_right=each.is_right or rounding.agrees(each)) for each in claims]
        return explanations(description, claims, progress, rounding.room)


class _Rounding:
    """By how much two computations of a number in binary64 may differ: by the bounds of both."""

    def __init__(self, description, claims, bounded):
        self.description, self.bounded, self._replayed = description, bounded, {}
        self.counts = {update_of(name) for claim in claims for name in claim.expression.names()}

    def room(self, mistakes, expression):
        """Twice the bound that a replay carries, which is one for each computation; 0 where none is known."""
        if mistakes not in self._replayed:
            self._replayed[mistakes] = self._replay(mistakes)
        try:
            error = getattr(expression.evaluator(self.bounded)(self._replayed[mistakes]), "error", 0.0)
        except (ArithmeticError, KeyError, ValueError):
            return 0.0
        return 2 * error if isfinite(error) else 0.0

    def agrees(self, claim):
        """Whether a Claim is the right number but for rounding."""
        return abs(float(claim.printed.value - claim.exact)) <= self.room((), claim.expression)

    def _replay(self, mistakes):
        try:
            return replay(self.description, mistakes, self.counts, number=self.bounded)
        except TypeError:       # a function that the bounded numbers lack, as adam's square root
            return {}


def _claim(name, number, exact):
    if isinstance(number, bool) or not isinstance(number, (str, int, float, Decimal)):
        raise NumberError(f"the number for {name!r}", number)
    expression = parse(spelled_out(name), exact.derivation.__contains__)
    for each in expression.names():
        if each not in exact.derivation:
            raise UnknownName(each, exact.derivation.all_names())
    if isinstance(number, int) and abs(number) >= 10**LARGEST_EXPONENT:
        raise NumberError(f"the number for {name!r}", number)
    return claim_of(name, expression, Printed(_text(number, expression, exact)), exact)


def _text(number, expression, exact):
    """The digits that a number claims; a float that is 0 has those of what it should be."""
    if not isinstance(number, float):
        return str(number)
    value = exact.value(expression) if number == 0 else 0
    return f"0e{value.adjusted() - CLAIMED_BY_A_FLOAT + 1}" if value else f"{number:.{CLAIMED_BY_A_FLOAT - 1}e}"
