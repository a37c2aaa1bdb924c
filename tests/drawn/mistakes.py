"""One mistake planted in a line of a drawn derivation: which lines can have it, and what they become."""

from decimal import Decimal

import numpy as np

from drawn.trees import Tree, call, in_decimals, name, names_in, nodes, replaced, tree

IN_FORMULAS = ("shape", "transpose", "missing slope", "missing path", "sign", "factor", "mean for sum")
BY_NUMBER = ("stale number", "digits swapped", "wrong arithmetic", "wrong forward number")
KINDS = IN_FORMULAS + BY_NUMBER


def candidates(kind, sheet):
    """What the mistake can be planted in, as (line, formula or None, formula of the numbers or None).

    Both formulas are None where only the printed result is another.
    """
    found = []
    for line in sheet.lines:
        if line.formula is None:
            continue
        if kind in BY_NUMBER:
            found += [(line, None, formula) for formula in _by_number(kind, line, sheet)]
        elif line.role == "claim" and "names" in line.parts and not _second_pass(line, sheet):
            found += [(line, formula, None) for formula in MUTATIONS[kind](line, sheet)]
    return found


def slipped(kind, value, draw):
    """The printed array with a slip in one number: two digits swapped, or a digit that is another."""
    result = np.array(value, dtype=object)
    index = draw.choice(list(np.ndindex(result.shape)))
    number = result[index]
    digits, exponent = list(number.as_tuple().digits), number.as_tuple().exponent
    places = range(max(0, len(digits) - 4), len(digits))
    if kind == "digits swapped":
        pairs = [k for k in places if k and digits[k] != digits[k - 1]]
        if pairs:
            k = draw.choice(pairs)
            digits[k], digits[k - 1] = digits[k - 1], digits[k]
    else:
        k = draw.choice(list(places))
        digits[k] = (digits[k] + draw.randint(1, 9)) % 10
    result[index] = Decimal((number.as_tuple().sign, tuple(digits), exponent))
    return result


def _second_pass(line, sheet):
    return "@" in line.key and line.key.split("@")[0] in sheet.model.definitions


def _by_number(kind, line, sheet):
    if "result" not in line.parts:
        return []
    if kind == "digits swapped":
        return [None]
    if kind == "wrong arithmetic":
        return [None] if "numbers" in line.parts else []
    if kind == "wrong forward number":
        if line.role != "model":
            return []
        terms = [node for node in nodes(line.formula) if node.op == "add" and not sheet.style.matrices]
        return [None] + [replaced(line.formula, node, part) for node in terms for part in node.parts]
    return list(_stale(line, sheet))


def _stale(line, sheet):
    """The line with the number of another quantity: before an activation or an update, of a neighbour."""
    if "numbers" not in line.parts and not sheet.style.matrices:
        return
    for node in nodes(line.formula):
        if node.op != "name":
            continue
        key = node.data
        for other in _confused_with(key, sheet):
            if other in sheet.exact and sheet.exact[other].shape == sheet.exact[key].shape:
                if _stands_before(other, line, sheet) and other not in names_in(line.formula):
                    yield replaced(line.formula, node, name(other))


def _confused_with(key, sheet):
    if "@" in key:
        return [key.split("@")[0]]
    base, number = key.rstrip("0123456789"), key[len(key.rstrip("0123456789")) :]
    others = {"a": ["z"], "z": ["a"], "d:a": ["d:z"], "d:z": ["d:a"]}.get(base, [])
    found = [f"{each}{number}" for each in others]
    if number.isdigit():
        found += [f"{base}{int(number) - 1}", f"{base}{int(number) + 1}"]
    return found


def _stands_before(key, line, sheet):
    for each in sheet.lines:
        if each is line:
            return False
        if each.key == key:
            return each.role == "given" or "result" in each.parts
    return False


def _tagged(tag):
    def mutations(line, sheet):
        for node in nodes(line.formula):
            for part in node.parts:
                if part.op == "tag" and part.data == tag:
                    other = next(each for each in node.parts if each is not part)
                    changed = replaced(line.formula, node, other)
                    if tag != "slope" or not _says_what_it_is(changed, sheet):
                        yield changed

    return mutations


def _says_what_it_is(formula, sheet):
    """Whether a line such as δ1 = ∂L/∂a1 only tells what its author means by δ1."""
    return sheet.style.kind == "delta" and formula.op == "name"


def _sign(line, sheet):
    if _is_settled_by_others(line, sheet):
        return
    formula = line.formula
    if "@" in line.key:
        opposite = {"add": "sub", "sub": "add"}[formula.op]
        yield Tree(opposite, formula.parts)
        return
    if formula.op == "sub":
        yield formula.parts[1] - formula.parts[0]
    else:
        yield formula.parts[0] if formula.op == "neg" else -formula
    for node in nodes(formula):
        if node.op == "add":
            yield replaced(formula, node, node.parts[0] - node.parts[1])
        if node.op == "sub" and node is not formula:
            yield replaced(formula, node, node.parts[0] + node.parts[1])


def _factor(line, sheet):
    if _is_settled_by_others(line, sheet) or "@" in line.key or _may_be_a_sum(line, sheet):
        return
    formula = line.formula
    if formula.op in ("mul", "name", "pow"):
        yield tree(2) * formula
        yield tree("0.5") * formula
    for node in nodes(formula):
        if node.op == "mul" and not any(part.op == "tag" for part in node.parts):
            for part, other in (node.parts, node.parts[::-1]):
                if part.op in ("num", "name") and sheet.exact.get(part.data, np.asarray(0)).shape == ():
                    yield replaced(formula, node, other)


def _mean(line, sheet):
    if _is_settled_by_others(line, sheet) or "@" in line.key or _may_be_a_sum(line, sheet):
        return
    formula = line.formula
    for node in nodes(formula):
        if node.op == "tag" and node.data == "mean":
            yield replaced(formula, node, node.parts[0].parts[0])
        if node.op == "call" and node.data[0] == "sum" and node.data[1] is not None:
            yield replaced(formula, node, call("mean", *node.parts, node.data[1]))
        if node.op == "div" and sheet.model.family == "regression" and node.parts[1].op == "num":
            yield replaced(formula, node, node.parts[0])
    samples = _samples(sheet)
    if samples > 1 and line.key[2:] in sheet.model.parameters and formula.op in ("matmul", "call"):
        yield formula / samples


def _samples(sheet):
    if sheet.model.family not in ("columns", "rows"):
        return 1
    return sheet.model.givens["x"].shape[1 if sheet.model.family == "columns" else 0]


def _may_be_a_sum(line, sheet):
    """Whether the mistake could be read as gradients of the sum over the samples, or of another delta."""
    return (
        sheet.style.kind != "fraction"
        and sheet.model.samples > 1
        and line.key[2:] not in sheet.model.parameters
    )


def _is_settled_by_others(line, sheet):
    """Whether another sign or factor of a delta would put the blame on the delta and not on its only user."""
    if sheet.style.kind == "fraction":
        return False
    deltas = [key for key in names_in(line.formula) if key.startswith("d:")]
    deltas = [key for key in deltas if key[2:] not in sheet.model.parameters]
    users = [
        sum(key in names_in(each.formula) for each in sheet.lines if each.formula is not None)
        for key in deltas
    ]
    return any(count < 3 for count in users)


def _transposed(line, sheet):
    for node in nodes(line.formula):
        if node.op == "matmul":
            left, right = node.parts
            for pair in (
                (_turned(left), right),
                (left, _turned(right)),
                (right, left),
                (_turned(right), _turned(left)),
            ):
                yield replaced(line.formula, node, pair[0] @ pair[1])
        if node.op == "T" and not any(
            node in each.parts for each in nodes(line.formula) if each.op == "matmul"
        ):
            yield replaced(line.formula, node, node.parts[0])


def _turned(node):
    return node.parts[0] if node.op == "T" else node.T


def _shape(line, sheet):
    true = sheet.exact[line.key]
    for formula in _transposed(line, sheet):
        if not _fits(formula, sheet.exact, true):
            yield formula


def _fits(formula, values, true):
    """Whether a reader could pass it to whom arrays of one entry are scalars, and vectors rows or columns."""
    for node in nodes(formula):
        if node.op == "matmul":
            sides = [_value(part, values) for part in node.parts]
            if any(side is None for side in sides):
                return False
            if any(side.size == 1 for side in sides):
                return True
            if _squeezed(sides[0]) == _squeezed(sides[1]) == _squeezed(true):
                return True
    value = _value(formula, values)
    return value is not None and _squeezed(value) == _squeezed(true)


def _value(node, values):
    try:
        return in_decimals(node, values)
    except ValueError:
        return None


def _squeezed(array):
    return tuple(size for size in array.shape if size > 1)


MUTATIONS = {
    "shape": _shape,
    "transpose": _transposed,
    "missing slope": _tagged("slope"),
    "missing path": _tagged("path"),
    "sign": _sign,
    "factor": _factor,
    "mean for sum": _mean,
}
