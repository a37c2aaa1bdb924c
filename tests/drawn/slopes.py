"""The derivatives of a drawn scalar model: a sweep backwards, as an author writes it."""

from drawn.trees import Tree, call, name, names_in, tagged, tree


def sweep(draw, model, style, short):
    """The derivative of the loss by every quantity on the way, then by every parameter."""
    inline = style.sign == -1 or draw.random() < 0.5
    written, factor = {model.loss: None}, style.sign
    pending = list(model.parameters)
    covered = {user for user, formula in model.definitions.items() if set(short) & set(names_in(formula))}
    for key in reversed([each for each in model.definitions if each != model.loss]):
        if key in covered and not _other_users(model, key):
            continue
        formula = short[key] if key in short else _derivative(model, key, written, style.sign)
        if formula is None:
            continue
        if key in short and factor == -1:
            formula = _negated(formula)
        only_step = inline and f"slope {key}" in model.names and key not in short
        if only_step:
            written[key] = formula
            continue
        written[key] = name(f"d:{key}")
        model.claims.append((f"d:{key}", formula, factor))
        if style.interleaved:
            _parameters(model, pending, written, style)
    _parameters(model, pending, written, style, at_end=True)


def slope_of(function, before, after):
    """The slope of an activation, by its argument and its value, tagged."""
    slopes = {
        "tanh": lambda: 1 - after**2,
        "logistic": lambda: after * (1 - after),
        "relu": lambda: call("positive", before),
        "softplus": lambda: call("logistic", before),
        "exp": lambda: after,
    }
    return tagged("slope", slopes[function]())


def _other_users(model, key):
    return [u for u, formula in model.definitions.items() if key in names_in(formula) and u != model.loss]


def _negated(formula):
    if formula.op == "sub":
        return formula.parts[1] - formula.parts[0]
    if formula.op == "div":
        return Tree("div", (_negated(formula.parts[0]), formula.parts[1]))
    if formula.op == "neg":
        return formula.parts[0]
    if formula.op == "mul":
        return Tree("mul", (_negated(formula.parts[0]), formula.parts[1]))
    return -formula


def _parameters(model, pending, written, style, at_end=False):
    for key in list(pending):
        users = [u for u, formula in model.definitions.items() if key in names_in(formula)]
        if users and all(u in written for u in users):
            formula = _derivative(model, key, written, style.sign)
            if formula is not None:
                model.claims.append((f"d:{key}", -formula if style.sign == -1 else formula, 1))
            pending.remove(key)


def _derivative(model, key, written, sign):
    """The sum over the users of `key`: derivative by the user times the user's slope; None without a path."""
    terms = []
    for user, formula in model.definitions.items():
        if key not in names_in(formula) or user not in written:
            continue
        slope = _slope(model, user, formula, key)
        if user == model.loss:
            terms.append(slope if sign == 1 else _negated(slope))
        elif slope is None:
            continue
        else:
            terms.append(written[user] if _is_one(slope) else written[user] * slope)
    if not terms:
        return None
    total = terms[0]
    for term in terms[1:]:
        total = total + tagged("path", term)
    return total


def _slope(model, user, formula, key):
    function = model.names.get(f"slope {user}")
    if function and formula.parts:
        argument = _argument(formula)
        return slope_of(function, argument, name(user))
    return partial(formula, key)


def _argument(formula):
    return formula.parts[0] if formula.op == "call" else formula.parts[1].parts[1].parts[0].parts[0]


def _is_one(node):
    return node.op == "num" and node.data == "1"


def partial(node, key):
    """The derivative of a scalar formula by the quantity `key`, tidied; None where it is zero."""
    if node.op == "name":
        return tree(1) if node.data == key else None
    if node.op == "num":
        return None
    slopes = [partial(part, key) for part in node.parts]
    if all(slope is None for slope in slopes):
        return None
    return RULES[node.op](node, *slopes)


def _times(left, right):
    if left is None or right is None:
        return None
    if _is_one(left):
        return right
    return left if _is_one(right) else left * right


def _of_sum(node, left, right):
    if left is None or right is None:
        return left or right
    return left + right


def _of_difference(node, left, right):
    if right is None:
        return left
    return -right if left is None else left - right


def _of_product(node, left, right):
    first, second = node.parts
    return _of_sum(None, _times(left, second), _times(first, right))


def _of_power(node, slope):
    base = node.parts[0]
    if slope.op == "neg" and base.op == "sub" and _is_one(slope.parts[0]):
        return -(tree(2) * base)
    return _times(tree(2) * base, slope)


def _of_quotient(node, above, below):
    if below is None:
        return above / node.parts[1]
    return -node.parts[0] / node.parts[1] ** 2 if above is None else None


def _of_call(node, slope):
    argument = node.parts[0]
    if node.data[0] == "ln":
        return slope / argument
    return _times(slope, call("exp", argument))


RULES = {
    "add": _of_sum,
    "sub": _of_difference,
    "mul": _of_product,
    "div": _of_quotient,
    "pow": _of_power,
    "neg": lambda node, slope: -slope,
    "call": _of_call,
}
