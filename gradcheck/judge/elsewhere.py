"""Does a verdict hold at another point? The entries in question are judged there as they are here."""

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.judge.entries import JudgedEntries
from gradcheck.judge.gradient import gradient_there
from gradcheck.judge.other_points import SIZES, SPREADS, Place, nearby_point
from gradcheck.verdict import SMALL_ERRORS, Judgement

TOGETHER = 512  # entries; with more they are judged along directions first
ASKED = 4  # wrong entries that are asked about elsewhere
BENT = Judgement("undecided", "so near that dense kinks may explain it")


def judged_at(functions, vector, confidence, positions=None, one_by_one=TOGETHER):
    """The JudgedEntries at another vector, of the entries at `positions` or of all; None for no values there.

    Whatever the functions raise there, they need not be made for it.
    """
    try:
        at = gradient_there(functions, vector)
        if at is None:
            return None
        chosen = None if positions is None else np.isin(np.arange(vector.size), positions)
        return JudgedEntries(functions, functions.point.blocks, at, confidence, one_by_one, chosen)
    except GradcheckError:
        raise
    except Exception:
        return None


def clearest(judged, positions):
    """A few of the positions of wrong entries, those that are furthest outside their bars."""
    away = np.abs(judged.analytic[positions] - judged.numeric[positions]) / judged.bar[positions]
    known = np.flatnonzero(np.isfinite(away))
    return positions if len(known) == 0 else positions[known[np.argsort(away[known])[-ASKED:]]]


def confirmed(functions, judged):
    """The JudgedEntries, in which what dense kinks may bend is wrong only where it is at two other points.

    Small parameters are scaled up there. A mistake stays, and what kinks do to a slope does not. Of ready
    numbers, which cannot be asked, only what is large beside the slopes of the block stays wrong.
    """
    draw = np.random.default_rng([functions.seed, 10])
    apart = np.abs(judged.analytic - judged.numeric)
    for block in judged.blocks if judged.doubtful else ():
        least = SMALL_ERRORS["float32"] * np.max(block.of(judged.scale), initial=0.0)
        bent = [i for i in sorted(judged.doubtful) if i in block.positions and judged.is_marginally_wrong(i)]
        bent = np.array([i for i in bent if functions.is_callable or apart[i] <= least], dtype=int)
        some = clearest(judged, bent) if functions.is_callable else bent[:0]
        for size in SIZES:
            if len(some) > 0:
                vector = nearby_point(functions, Place(SPREADS[0], size=size), draw)
                there = judged_at(functions, vector, judged.confidence, some)
                some = bent[:0] if there is None else there.positions_of("wrong")
        if len(some) == 0:
            judged.judgements |= dict.fromkeys(bent.tolist(), BENT)
    return judged
