"""The causes of what a check found wrong, from its measurements, a described network and intermediates;
nothing is measured.
"""

from dataclasses import replace
from numbers import Integral

from gradcheck.errors import GradcheckError
from gradcheck.report.report import Note
from gradcheck.why.cause import Cause, listing
from gradcheck.why.causes import causes_of  # noqa: F401


def constants_of(network, samples, learning_rate):
    """What is known of the task, as `causes` takes it. Raises what `explain` does for a network or samples
    of no use.
    """
    if network is None and not isinstance(samples, (Integral, type(None))):
        raise GradcheckError(
            f"samples: found a {type(samples).__name__}; without a network give their number"
        )
    found = {"learning_rate": learning_rate, "samples": samples}
    if network is not None:
        from gradcheck.why.known_mistakes import described

        description = described(network, samples)
        number = len(description.samples)
        l2 = description.l2_share(description.l2, number)
        found |= {"samples": number, "outputs": description.layers[-1].neurons, "l2": l2 or None}
    return found


def known_mistakes_in(network, samples, measured):
    """(the known mistakes that give exactly these gradients, Notes on why none could be looked for)."""
    from gradcheck.why.known_mistakes import known_mistakes

    found, why_not = known_mistakes(network, samples, measured.point, measured.analytic)
    return tuple(found), [] if why_not is None else [Note("network", why_not, ())]


def seen_in(taps, cause):
    """The Cause in the light of the taps: where the chain broke need not be guessed when its links were
    looked at.
    """
    wrong = [block for block in taps if block.verdict == "wrong"]
    if cause is not None and cause.kind != "place" or len(taps) == 0:
        return cause
    if len(wrong) > 0:
        first = wrong[-1]
        why = "" if first.cause is None else f": {first.cause.sentence}"
        return Cause(
            "intermediate",
            f"{first.name} is the first wrong intermediate, from the loss backwards{why}",
            0.0,
            (first.name,),
            "place",
        )
    if cause is not None and all(block.verdict == "right" for block in taps):
        return replace(
            cause,
            id="after the intermediates",
            sentence=f"the intermediates are right; what is made of them for {listing(cause.blocks)} is not",
        )
    return cause
