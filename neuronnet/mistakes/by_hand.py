"""Slips of the pen: digits exchanged, lost or written twice, a sign or a point misplaced, a number copied."""

from collections.abc import Iterator
from decimal import Decimal

from neuronnet.derivation.digits import Printed
from neuronnet.errors import NumberError

FEWEST = 5  # digits from which a slip is told from chance


def slips(printed: Printed, exact: Decimal, others: dict[str, object]) -> Iterator[tuple[str, str, float]]:
    """(id, sentence, how often chance would do it) of every slip that makes a right number this one.

    `others` has the texts of other right numbers, and whose they are.
    """
    digits = len(printed.value.as_tuple().digits)
    text = printed.text
    if printed.value and printed.text.lstrip("-+") == text.lstrip("-+"):
        if _agrees(_with_sign(text), exact) and digits >= FEWEST - 2:
            yield "sign lost", f"{text} has the wrong sign.", 10.0 ** (1 - digits)
    if digits >= FEWEST and text in others:
        yield "copied from another line", f"{text} is the number of {others[text]}.", 10.0 ** (2 - digits)
    places = [place for place, character in enumerate(text) if character.isdigit()]
    for one, other in zip(places, places[1:]):
        if text[one] != text[other] and digits >= FEWEST:
            changed = list(text)
            changed[one], changed[other] = text[other], text[one]
            if _agrees("".join(changed), exact):
                pair = f"{text[one]} and {text[other]}"
                yield (
                    "two digits exchanged",
                    f"The digits {pair} of {text} are exchanged.",
                    10.0 ** (2 - digits),
                )
    for place in places if digits >= FEWEST else ():
        if any(_agrees(text[:place] + digit + text[place:], exact) for digit in "0123456789"):
            yield "a digit lost", f"A digit is missing in {text}.", 10.0 ** (3 - digits)
            break
    for power in (-2, -1, 1, 2):
        if digits >= FEWEST - 1 and _moved(printed, power).agrees(exact):
            yield "the point misplaced", f"The decimal point of {text} is misplaced.", 10.0 ** (1 - digits)


def _agrees(text, exact):
    try:
        return Printed(text).agrees(exact)
    except NumberError:
        return False


def _with_sign(text):
    return text[1:] if text.startswith("-") else f"-{text.lstrip('+')}"


def _moved(printed, power):
    return Printed(str(printed.value.scaleb(power)))
