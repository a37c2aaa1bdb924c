"""Experiments on a wrong gradient of which nothing else is known: where it is right, and what it follows.

Each moves the parameters and compares along random directions: a gradient that is right where U is zero is
wrong in what goes through U; one that stays the same while the true one changes lost a factor. What is said
was measured at two points, or not at all.
"""

import numpy as np

from gradcheck.why.cause import listing, named_entries
from gradcheck.why.elsewhere import BEYOND, CONSTANT, POINTS, OutOfCalls

VANISHED = 2.0**-20  # of a slope: what is left of it is zero
SHRUNK = (2.0**-10, 2.0**-13)  # how small parameters are made
MOST_ENTRIES = 8  # of a block whose entries are set to zero one by one
MOST_LINES = 32  # of an array, looked at one by one
ASSIGNED = 1e-5  # of the largest share: how near to it an entry is
LIMIT = 2.0**-8  # relative: how near to its limit a ratio is there
VERY_NEGATIVE = -30.0  # of a parameter: its exponential is nothing
CHANGE = 0.01  # of the change of the slope: what differs by no more between points is the same
LIMITS = {
    1.0: "right in the limit of small parameters: wrong is a slope that is 1 at zero, as that of tanh, or "
    "what is of a higher order in them",
    4.0: "4 times the true one in the limit of small parameters: the slope of the logistic function, 1/4 "
    "there, may be left out",
    2.0: "twice the true one in the limit of small parameters: what is largest there is counted twice, or a "
    "slope of 1/2 is left out, as of softplus, or the value of the logistic function stands for its slope",
    0.0: "zero beside the true one in the limit of small parameters: the value of an activation may stand "
    "for its slope",
    -1.0: "the true one with its sign turned round in the limit of small parameters",
}

OFF_BY = {
    "constant difference": "the same at every point: a term of the loss that is linear in it, as that of the "
    "targets, is counted wrong, or a constant is added",
    "own term": "something that depends on no other parameters: a term of the loss in it alone, such as a "
    "regulariser, is counted wrong",
}


def experiments(elsewhere, wrong, right):
    """(id, sentence, whether it tells a mistake) of what other points say of the blocks named in `wrong`.

    None where they say nothing. `right`: the names of those that prove to be right.
    """
    found = None
    try:
        if elsewhere.here is not None and len(elsewhere.near) == POINTS:
            for experiment in TELLING:
                found = experiment(elsewhere, wrong, right)
                if found is not None:
                    return *found, True
            for experiment in PLACING:
                found = experiment(elsewhere, wrong, right) or found
    except OutOfCalls:
        pass
    return found and (*found, False)


def _only_here(elsewhere, wrong, right):
    """Wrong at the point, and right at others."""
    if all(elsewhere.along(at, elsewhere.direction(wrong)).agree for at in elsewhere.near):
        said = "wrong at this point, and right at points nearby: look at what is special here, zeros or ties"
        return "only here", f"the gradient of {listing(wrong)} is {said}"
    return None


def _upstream(elsewhere, wrong, right):
    """A gradient that does not grow with what comes from above."""
    functions = elsewhere.functions
    if functions.upstream is None:
        return None
    with functions.upstream.doubled():
        twice = functions.gradients_at(elsewhere.here.vector)[0]
    same = [name for name in wrong if _is_same(elsewhere, name, twice, elsewhere.here.analytic)]
    if not same:
        return None
    what = "does not change with the gradient from above, u: it is not multiplied in"
    return "upstream", f"the gradient of {listing(same)} {what}"


def _does_not_change(elsewhere, wrong, right):
    """A gradient that stays as it is while the true one changes."""
    here, stays = elsewhere.here, {}
    for name, block in elsewhere.blocks.items():
        moved = [
            elsewhere.at(elsewhere.moved(here.vector, name, block.of(at.vector))) for at in elsewhere.far
        ]
        for each in wrong if None not in moved else ():
            same = all(_is_same(elsewhere, each, at.analytic, here.analytic) for at in moved)
            if same and _changes(elsewhere, each, [here, *moved]):
                stays.setdefault(each, []).append(name)
    if not stays:
        return None
    said = [f"that of {listing(names)} not with {listing(by)}" for names, by in _grouped(stays)]
    what = (
        "; ".join(said)
        .replace("that of", "the gradient of", 1)
        .replace(" not with", " does not change with", 1)
    )
    why = "what depends on it, such as a slope or what comes from above, is left out"
    return "does not change", f"as handed in, {what}, and the true one does: {why}"


def _off_by(elsewhere, wrong, right):
    """What is too much, or too little, is the same at all points, or where a block itself is the same."""
    found = {}
    for name in wrong if len(elsewhere.far) == POINTS else ():
        kept = elsewhere.blocks[name].of(elsewhere.here.vector)
        own = [elsewhere.at(elsewhere.moved(at.vector, name, kept)) for at in elsewhere.far]
        if _is_off_by_the_same(elsewhere, name, elsewhere.far):
            found.setdefault("constant difference", []).append(name)
        elif len(elsewhere.blocks) > 1 and None not in own and _is_off_by_the_same(elsewhere, name, own):
            found.setdefault("own term", []).append(name)
    said = [f"the gradient of {listing(names)} is off by {OFF_BY[id]}" for id, names in found.items()]
    return (next(iter(found)), "; ".join(said)) if found else None


def _is_off_by_the_same(elsewhere, name, places):
    direction = elsewhere.direction([name])
    slopes = [elsewhere.along(at, direction) for at in (elsewhere.here, *places)]
    apart, bar = [each.given - each.true for each in slopes], max(each.bar for each in slopes)
    return np.ptp(apart) <= 2.0 * bar <= CHANGE * min(np.ptp([each.true for each in slopes]), abs(apart[0]))


def _through(elsewhere, wrong, right):
    """What is right where a block, or an entry, is zero; or else very negative, where its exponential is."""
    found = {}
    for value in (0.0, VERY_NEGATIVE):
        left = [name for name in wrong if not any(name in cured for cured in found.values())]
        for name, block in elsewhere.blocks.items() if left else ():
            size = len(block.positions)
            if value != 0.0 and size > 1:
                continue
            for entry in (None, *(range(size) if 1 < size <= MOST_ENTRIES else ())):
                places = (*elsewhere.near, *elsewhere.far)
                there = [elsewhere.moved(at.vector, name, value, entry) for at in places]
                cured = _cured(elsewhere, left, there)
                if cured:
                    said = name if entry is None else block.entry(block.start + entry)
                    found[f"{said} is {value:g}"] = cured
                    break
    said = [f"that of {listing(names)} is right where {' or '.join(at)}" for at, names in _grouped(found)]
    what = "; ".join(said).replace("that of", "the gradient of", 1)
    of_all = all(any(name in cured for cured in found.values()) for name in wrong)
    telling = found and (of_all or not elsewhere.behind)
    return ("through", f"{what}: what is wrong goes through there") if telling else None


def _lines(elsewhere, wrong, right):
    """The columns, or entries of a vector, that alone are wrong where another block is zero."""
    best, where = {}, None
    for zero in elsewhere.blocks:
        at = elsewhere.at(elsewhere.moved(elsewhere.near[0].vector, zero, 0.0))
        found = {name: _wrong_lines(elsewhere, name, at) for name in wrong if at is not None}
        found = {name: lines for name, lines in found.items() if lines is not None}
        best, where = (found, zero) if len(found) > len(best) else (best, where)
    if where is not None:
        other = (*elsewhere.far, elsewhere.near[1])[0]
        at = elsewhere.at(elsewhere.moved(other.vector, where, 0.0))
        again = {name: _wrong_lines(elsewhere, name, at) for name in best if at is not None}
        best = {name: lines for name, lines in again.items() if np.array_equal(lines, best[name])}
    said = [_named_lines(elsewhere.blocks[name], lines) for name, lines in best.items()]
    what = f"where {where} is zero, of {listing(best)} nothing is wrong but {listing(said)}"
    return ("some lines", what) if best else None


def _wrong_lines(elsewhere, name, at):
    """A mask of the lines along the last axis that are wrong, all others being right; None if not so."""
    block, direction = elsewhere.blocks[name], elsewhere.direction([name])
    count, slopes = block.shape[-1] if block.shape else 0, []
    for line in range(count) if 1 < count <= MOST_LINES else ():
        only = np.zeros_like(direction)
        block.of(only)[..., line] = block.of(direction)[..., line]
        slopes.append(elsewhere.along(at, only))
    largest = max((abs(each.true) for each in slopes), default=0.0)
    known = (each.differ or abs(each.given - each.true) <= each.bar <= LIMIT * largest for each in slopes)
    wrong = np.array([each.differ for each in slopes])
    return wrong if all(known) and 0 < np.sum(wrong) < count else None


def _named_lines(block, lines):
    return named_entries(block.name, lines).replace("[", "[:," if len(block.shape) == 2 else "[")


def _assigned(elsewhere, wrong, right):
    """Entries that hold the last of several shares, where all should be added: `=` for `+=`."""
    found = []
    for name in wrong if elsewhere.functions.upstream is not None else ():
        shares = elsewhere.shares(name)
        if shares is None:
            continue
        given, true = elsewhere.blocks[name].of(elsewhere.here.analytic).ravel(), shares.sum(axis=1)
        last = np.array([each[np.flatnonzero(each)[-1]] if np.any(each) else 0.0 for each in shares])
        near = ASSIGNED * np.max(np.abs(shares))
        differs = np.abs(given - true) > near
        if np.any(differs) and np.all(np.abs(given - np.where(differs, last, true)) <= near):
            found.append(named_entries(name, differs.reshape(elsewhere.blocks[name].shape)))
    if not found:
        return None
    what = "is the last of the shares that it should be the sum of: assigned, = for +="
    return "assigned", f"the gradient at {listing(found)} {what}"


def _right_in_the_limit(elsewhere, wrong, right):
    """A gradient that is right where the parameters are small."""
    return _in_the_limit(elsewhere, wrong, [1.0])


def _multiple_in_the_limit(elsewhere, wrong, right):
    """A gradient that is a well-known multiple of the true one where the parameters are small."""
    return _in_the_limit(elsewhere, wrong, [limit for limit in LIMITS if limit != 1.0])


def _in_the_limit(elsewhere, wrong, limits):
    found = {name: {_limit(elsewhere, name) for _ in range(POINTS)} for name in wrong}
    known = {name: each for name, each in found.items() if len(each) == 1 and each <= set(limits)}
    said = [f"the gradient of {listing(names)} is {LIMITS[limit]}" for names, (limit,) in _grouped(known)]
    return ("in the limit", "; ".join(said)) if said else None


def _between(elsewhere, wrong, right):
    """The right blocks with which the gradients of wrong ones vanish."""
    behind, before = elsewhere.behind, elsewhere.near[0]
    for name in right:
        moved = elsewhere.at(elsewhere.moved(before.vector, name, 0.0))
        for each in wrong if moved is not None else ():
            if _vanishes(elsewhere, before, moved, each):
                behind.setdefault(each, []).append(name)
    said = []
    for names, gates in _grouped(behind):
        theirs = f"that of {gates[0]} is" if len(gates) == 1 else f"those of {listing(gates)} are"
        where = f"vanishes where {' or '.join(gates)} is zero, and {theirs} right"
        said.append(f"that of {listing(names)} {where}: look between {listing(gates)} and {listing(names)}")
    return ("between", "; ".join(said).replace("that of", "the gradient of", 1)) if said else None


def _vanishes(elsewhere, before, moved, name):
    direction = elsewhere.direction([name])
    there, here = elsewhere.along(moved, direction), elsewhere.along(before, direction)
    return abs(there.true) + there.bar <= VANISHED * abs(here.true)


def _cured(elsewhere, wrong, vectors):
    """The names of wrong blocks right at vectors near the point, and not wrong at those farther away."""
    names = list(wrong)
    for i, vector in enumerate(vectors):
        at, is_near = elsewhere.at(vector) if names else None, i < len(elsewhere.near)
        if at is not None:
            slopes = {name: elsewhere.along(at, elsewhere.direction([name])) for name in names}
            names = [
                name for name, found in slopes.items() if found.agree or not is_near and not found.differ
            ]
        elif is_near:
            return []
    return names


def _limit(elsewhere, name):
    direction, ratios = elsewhere.direction([name]), []
    for size in SHRUNK:
        at = elsewhere.at(size * elsewhere.here.vector)
        slopes = None if at is None else elsewhere.along(at, direction)
        if slopes is None or not slopes.bar <= LIMIT * abs(slopes.true):
            return None
        ratios.append(slopes.given / slopes.true)
    near = [limit for limit in LIMITS if abs(ratios[1] - limit) <= LIMIT]
    approached = near and abs(ratios[1] - near[0]) <= max(0.5 * abs(ratios[0] - near[0]), LIMIT**2)
    return near[0] if approached else None


def _is_same(elsewhere, name, one, other):
    one, other = (elsewhere.blocks[name].of(each) for each in (one, other))
    return bool(np.any(other != 0.0)) and np.max(np.abs(one - other)) <= CONSTANT * np.max(np.abs(other))


def _changes(elsewhere, name, places):
    direction = elsewhere.direction([name])
    found = [elsewhere.along(at, direction) for at in places]
    return np.ptp([each.true for each in found]) > BEYOND * max(each.bar for each in found)


def _grouped(lists):
    """[(keys, values)] of a dict of lists, the keys that have the same list together."""
    groups = {}
    for key, values in lists.items():
        groups.setdefault(tuple(values), []).append(key)
    return [(keys, list(values)) for values, keys in groups.items()]


TELLING = (_only_here, _upstream, _assigned, _does_not_change, _off_by, _multiple_in_the_limit)
PLACING = (_right_in_the_limit, _between, _lines, _through)  # the last that says something speaks
