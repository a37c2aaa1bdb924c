"""Experiments on a wrong gradient of which nothing else is known: where it is right, and what it follows.

Each moves the parameters and compares along random directions: a gradient that is right where U is zero is
wrong in what goes through U; one that stays the same while the true one changes lost a factor. What is said
was measured at two points, or not at all. A cause that a shape names has to hold at other points, too.
"""

import numpy as np

from gradcheck.why.cause import listing, named_entries, number
from gradcheck.why.elsewhere import BEYOND, POINTS, SEEN, OutOfCalls

VANISHED = 2.0**-20  # of a slope: what is left of it is zero
SHRUNK = (2.0**-10, 2.0**-13)  # how small parameters are made
MOST_ENTRIES = 8  # of a block whose entries are set to zero one by one
MOST_LINES = 32  # of an array, looked at one by one
ASSIGNED = 1e-5  # of the largest share: how near to it an entry is
LIMIT = 2.0**-8  # relative: how near to its limit a ratio is there
CURL = 1e-3  # relative: how well the derivatives of a gradient are known, and differ where they do
CHANGE = 0.01  # of the change of the slope: what differs by no more between points is the same
SMALL = "in the limit of small parameters"
LIMITS = {
    1.0: f"right {SMALL}: wrong is a slope that is 1 at zero, as that of tanh, or what is of a higher "
    "order in them",
    4.0: f"4 times the true one {SMALL}: the slope of the logistic function, 1/4 there, may be left out",
    2.0: f"twice the true one {SMALL}: what is largest there is counted twice, or a slope of 1/2 is left "
    "out, as of softplus, or the value of the logistic function stands for its slope",
    0.0: f"zero beside the true one {SMALL}: the value of an activation may stand for its slope",
    -1.0: f"the true one with its sign turned round {SMALL}",
}
OFF_BY = {
    "constant difference": "off by the same at every point: a term of the loss that is linear in it, as "
    "that of the targets, is counted wrong, or a constant is added",
    "own term": "off by something that depends on no other parameters: a term of the loss in it alone, such "
    "as a regulariser, is counted wrong",
}


def try_experiments(elsewhere, wrong, right):
    """(id, sentence, whether it tells a mistake) of what other points say of the blocks named in `wrong`.

    None where they say nothing. `right`: the names of those that prove to be right.
    """
    found = None
    try:
        if elsewhere.here is not None and len(elsewhere.near) == POINTS:
            for experiment in (_only_here, _upstream, _assigned, _does_not_change, _off_by, _times):
                found = experiment(elsewhere, wrong)
                if found is not None:
                    return *found, True
            limits = {name: _limit(elsewhere, name) for name in wrong}
            multiples = {name: limit for name, limit in limits.items() if limit not in (None, 1.0)}
            if multiples:
                return *_in_the_limit(multiples), True
            found = _of_a_function(elsewhere, wrong)
            found = _in_the_limit({name: 1.0 for name in wrong if limits[name] == 1.0}) or found
            found = _between(elsewhere, wrong, right) or found
            found = _lines(elsewhere, wrong) or found
            found = _through(elsewhere, wrong) or found
    except OutOfCalls:
        pass
    return found and (*found, False)


def _of_each(said_of):
    """ "the gradient of W is ...; that of b is ...", from name -> what is said of it."""
    groups: dict = {}
    for name, said in said_of.items():
        groups.setdefault(said, []).append(name)
    parts = (f"that of {listing(names)} {said}" for said, names in groups.items())
    return "; ".join(parts).replace("that of", "the gradient of", 1)


# What tells a mistake


def _only_here(elsewhere, wrong):
    """Wrong at the point, and right at others."""
    if all(elsewhere.along(at, elsewhere.direction(wrong)).agree for at in elsewhere.near):
        said = (
            "is wrong at this point, and right at points nearby: look at what is special here, zeros or ties"
        )
        return "only here", _of_each(dict.fromkeys(wrong, said))
    return None


def _upstream(elsewhere, wrong):
    """A gradient that does not grow with what comes from above."""
    functions = elsewhere.functions
    if functions.upstream is None:
        return None
    with functions.upstream.doubled():
        twice = functions.gradients_at(elsewhere.here.vector)[0]
    same = [name for name in wrong if elsewhere.is_same(name, twice, elsewhere.here.analytic)]
    said = "does not change with the gradient from above, u: it is not multiplied in"
    return ("upstream", _of_each(dict.fromkeys(same, said))) if same else None


def _assigned(elsewhere, wrong):
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
    said = "is the last of the shares that it should be the sum of: assigned, = for +="
    return ("assigned", f"the gradient at {listing(found)} {said}") if found else None


def _does_not_change(elsewhere, wrong):
    """A gradient that stays as it is while the true one changes."""
    here, stays = elsewhere.here, {}
    for name, block in elsewhere.blocks.items():
        moved = [elsewhere.with_block(here.vector, name, block.of(at.vector)) for at in elsewhere.far]
        for each in wrong if None not in moved else ():
            same = all(elsewhere.is_same(each, at.analytic, here.analytic) for at in moved)
            if same and _true_one_changes(elsewhere, each, [here, *moved]):
                stays.setdefault(each, []).append(name)
    if not stays:
        return None
    what = _of_each({name: f"does not change with {listing(by)}" for name, by in stays.items()})
    why = "what depends on it, such as a slope or what comes from above, is left out"
    return "does not change", f"as handed in, {what}, and the true one does: {why}"


def _true_one_changes(elsewhere, name, places):
    slopes = elsewhere.slopes(name, places)
    return np.ptp([each.true for each in slopes]) > BEYOND * max(each.bar for each in slopes)


def _off_by(elsewhere, wrong):
    """What is too much, or too little, is the same at all points, or where a block itself is the same."""
    found = {}
    for name in wrong if len(elsewhere.far) == POINTS else ():
        kept = elsewhere.blocks[name].of(elsewhere.here.vector)
        own = [elsewhere.with_block(at.vector, name, kept) for at in elsewhere.far]
        if _is_off_by_the_same(elsewhere, name, elsewhere.far):
            found[name] = "constant difference"
        elif len(elsewhere.blocks) > 1 and None not in own and _is_off_by_the_same(elsewhere, name, own):
            found[name] = "own term"
    said = _of_each({name: f"is {OFF_BY[id]}" for name, id in found.items()})
    return (next(iter(found.values())), said) if found else None


def _is_off_by_the_same(elsewhere, name, places):
    slopes = elsewhere.slopes(name, [elsewhere.here, *places])
    apart, bar = [each.given - each.true for each in slopes], max(each.bar for each in slopes)
    return np.ptp(apart) <= 2.0 * bar <= CHANGE * min(np.ptp([each.true for each in slopes]), abs(apart[0]))


def _times(elsewhere, wrong):
    """A single number whose gradient is the same multiple of the true one at all points."""
    said = {}
    for name in wrong:
        if len(elsewhere.blocks[name].positions) == 1 and len(elsewhere.far) == POINTS:
            slopes = elsewhere.slopes(name, [elsewhere.here, *elsewhere.near, *elsewhere.far])
            first = max(slopes, key=lambda each: abs(each.true))
            factor = first.given / first.true if first.bar < SEEN * abs(first.true) else np.inf
            same = all(abs(e.given - factor * e.true) <= BEYOND * (1.0 + abs(factor)) * e.bar for e in slopes)
            changes = np.ptp([e.true for e in slopes]) > LIMIT * abs(first.true)
            if np.isfinite(factor) and same and changes:
                said[name] = (
                    f"is {number(factor, SEEN * abs(factor))} times the true one at every point tried"
                )
    return ("times", _of_each(said)) if said else None


def _in_the_limit(limits):
    """From name -> what a gradient is times the true one where all parameters are small."""
    said = {name: f"is {LIMITS[each]}" for name, each in limits.items()}
    return ("in the limit", _of_each(said)) if said else None


def _limit(elsewhere, name):
    """The one of LIMITS that a gradient is times the true one there, by two directions; or None."""
    found = {_limit_along(elsewhere, name, elsewhere.direction([name])) for _ in range(POINTS)}
    return found.pop() if len(found) == 1 else None


def _limit_along(elsewhere, name, direction):
    ratios = []
    for size in SHRUNK:
        at = elsewhere.at(size * elsewhere.here.vector)
        slopes = None if at is None else elsewhere.along(at, direction)
        if slopes is None or slopes.true == 0.0 or not slopes.bar <= LIMIT * abs(slopes.true):
            return None
        ratios.append(slopes.given / slopes.true)
    near = [limit for limit in LIMITS if abs(ratios[1] - limit) <= LIMIT]
    approached = near and abs(ratios[1] - near[0]) <= max(0.5 * abs(ratios[0] - near[0]), LIMIT**2)
    return near[0] if approached else None


# What tells a place


def _of_a_function(elsewhere, wrong):
    """Whether what is handed in is the gradient of anything: its derivatives along two directions agree."""
    size = sum(len(elsewhere.blocks[name].positions) for name in wrong)
    bends = [elsewhere.bend(at, wrong) for at in (elsewhere.here, *elsewhere.near)] if size > 1 else []
    if not bends or not all(bar <= CURL * scale for _, scale, bar in bends):
        return None
    if all(apart <= BEYOND * bar for apart, _, bar in bends):
        why = "of another function, as where a term of the loss is left out or counted wrong"
    elif all(apart > CURL * scale for apart, scale, _ in bends):
        why = "of no function at all, as where a path back from the loss is left out or counted wrong"
    else:
        return None
    return "another function", f"as handed in, the gradient of {listing(wrong)} is that {why}"


def _between(elsewhere, wrong, right):
    """The right blocks with which the gradients of wrong ones vanish."""
    behind, before, said = elsewhere.behind, elsewhere.near[0], {}
    for name in right:
        moved = elsewhere.with_block(before.vector, name, 0.0)
        for each in wrong if moved is not None else ():
            there, here = elsewhere.slopes(each, [moved, before])
            if abs(there.true) + there.bar <= VANISHED * abs(here.true):
                behind.setdefault(each, []).append(name)
    for gates in set(map(tuple, behind.values())):
        theirs = f"that of {gates[0]} is" if len(gates) == 1 else f"those of {listing(gates)} are"
        names = [name for name, each in behind.items() if tuple(each) == gates]
        look = f"look between {listing(gates)} and {listing(names)}"
        where = f"vanishes where {' or '.join(gates)} is zero, and {theirs} right: {look}"
        said |= dict.fromkeys(names, where)
    return ("between", _of_each({name: said[name] for name in behind})) if said else None


def _lines(elsewhere, wrong):
    """The columns, or entries of a vector, that alone are wrong where another block is zero."""
    best, where = {}, None
    for zero in elsewhere.blocks if len(elsewhere.blocks) > 1 else ():
        found = _wrong_lines(elsewhere, wrong, elsewhere.near[0], zero)
        best, where = (found, zero) if len(found) > len(best) else (best, where)
    if where is not None:
        again = _wrong_lines(elsewhere, best, (*elsewhere.far, elsewhere.near[1])[0], where)
        best = {name: lines for name, lines in again.items() if np.array_equal(lines, best[name])}
    said = [_named_lines(elsewhere.blocks[name], lines) for name, lines in best.items()]
    what = f"where {where} is zero, of {listing(best)} nothing is wrong but {listing(said)}"
    return ("some lines", what) if best else None


def _wrong_lines(elsewhere, names, at, zero):
    """Name -> a mask of the lines along the last axis that are wrong where `zero` is, the others right."""
    at, found = elsewhere.with_block(at.vector, zero, 0.0), {}
    for name in names if at is not None else ():
        block, direction = elsewhere.blocks[name], elsewhere.direction([name])
        count, slopes = block.shape[-1] if block.shape else 0, []
        for line in range(count) if 1 < count <= MOST_LINES else ():
            only = np.zeros_like(direction)
            block.of(only)[..., line] = block.of(direction)[..., line]
            slopes.append(elsewhere.along(at, only))
        largest = max((abs(each.true) for each in slopes), default=0.0)
        known = (e.differ or abs(e.given - e.true) <= e.bar <= LIMIT * largest for e in slopes)
        wrong = np.array([each.differ for each in slopes])
        if all(known) and 0 < np.sum(wrong) < count:
            found[name] = wrong
    return found


def _named_lines(block, lines):
    return named_entries(block.name, lines).replace("[", "[:," if len(block.shape) == 2 else "[")


def _through(elsewhere, wrong):
    """What is right where a block, or an entry of it, is zero."""
    found: dict = {}
    for name, block in elsewhere.blocks.items():
        size = len(block.positions)
        for entry in (None, *(range(size) if 1 < size <= MOST_ENTRIES else ())):
            cured = _cured(elsewhere, wrong, name, entry)
            said = name if entry is None else block.entry(block.start + entry)
            for each in cured:
                found.setdefault(each, []).append(f"{said} is 0")
            if cured:
                break
    telling = found and (set(wrong) <= set(found) or not elsewhere.behind)
    what = _of_each({name: f"is right where {' or '.join(at)}" for name, at in found.items()})
    return ("through", f"{what}: what is wrong goes through there") if telling else None


def _cured(elsewhere, names, block, entry):
    """The names of wrong blocks right nearby where a block or entry is zero, and not wrong farther away."""
    for i, before in enumerate((*elsewhere.near, *elsewhere.far)):
        is_near = i < POINTS
        at = elsewhere.with_block(before.vector, block, 0.0, entry) if names else None
        if at is not None:
            slopes = {name: elsewhere.along(at, elsewhere.direction([name])) for name in names}
            names = [n for n, found in slopes.items() if found.agree or not is_near and not found.differ]
        elif is_near:
            return []
    return names
