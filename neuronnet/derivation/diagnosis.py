"""Which known mistakes give exactly these numbers. How they are looked for stands in `search`; no sheet is known here."""

from collections.abc import Mapping
from decimal import Decimal

from neuronnet.derivation.digits import LARGEST_EXPONENT, Printed
from neuronnet.derivation.exact import Exact, fifty_digits
from neuronnet.derivation.expressions import Name
from neuronnet.derivation.parsing import parse
from neuronnet.derivation.search import Claim, explanations
from neuronnet.errors import NeuronnetError, NumberError, UnknownName, shortened
from neuronnet.names import spelled_out, split_index
from neuronnet.spec import read

CLAIMED_BY_A_FLOAT = 9


def diagnose(network, numbers, progress=None):
    """Explanations of numbers that are wrong for a network: a list of Diagnosis, best first, empty where none is known.

    `network` is a NeuralNetwork or what `neuronnet.load` takes; `numbers` maps names, such as "dE_total/dw5", or formulas
    over them to numbers. A string claims the digits it has, a float nine significant ones. Every further Diagnosis
    explains what those before it leave over. Raises UnknownName, ExpressionError and NumberError for a bad name or number.
    """
    description = read(network.to_dict() if hasattr(network, "to_dict") else network)
    if not isinstance(numbers, Mapping) or not all(isinstance(name, str) for name in numbers):
        raise NeuronnetError(f"numbers: found {shortened(numbers)}; a mapping of names such as 'dE_total/dw5' to numbers is needed")
    with fifty_digits():
        exact = Exact(description)
        claims = [_claim(name, number, exact) for name, number in numbers.items()]
        return explanations(description, claims, progress)


def _claim(name, number, exact):
    if isinstance(number, bool) or not isinstance(number, (str, int, float, Decimal)):
        raise NumberError(f"the number for {name!r}", number)
    expression = parse(spelled_out(name), exact.derivation.__contains__)
    for each in expression.names():
        if each not in exact.derivation:
            raise UnknownName(each, exact.derivation.all_names())
    if isinstance(number, int) and abs(number) >= 10**LARGEST_EXPONENT:
        raise NumberError(f"the number for {name!r}", number)
    text = f"{number:.{CLAIMED_BY_A_FLOAT - 1}e}" if isinstance(number, float) else str(number)
    return claim_of(name, expression, Printed(text), exact)


def claim_of(name, expression, printed, exact):
    """The Claim that a number was printed for an Expression over the names of `exact`, an Exact."""
    start = Decimal(0)
    if isinstance(expression, Name):
        start = exact.derivation.given.get(split_index(expression.name)[0], start)
    value = exact.value(expression)
    is_right = printed.agrees(value) or abs(printed.value - value) <= exact.rounding(expression)
    return Claim(name, expression, printed, value, start, is_right)
