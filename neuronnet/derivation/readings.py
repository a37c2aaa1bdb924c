"""What a formula may mean: the products, axes and indices that its text leaves open.

`dZ * W` is entry by entry, a matrix product or a convolution, `sum(E)` over everything or along an axis,
`x[1]` the first entry or the second. Each reading is the formula with all of that settled.
"""

from itertools import islice, product
from math import prod

from neuronnet.errors import NeuronnetError
from neuronnet.formulas.arrays import ShapeError, as_vector_shape, shape_text
from neuronnet.formulas.evaluating import Shapes, product_meant, shape_of, shape_of_product
from neuronnet.formulas.expressions import ArrayOf, Call, Entry, Expression, Name, Product, Sum, Transpose

MOST = 24
_MOST_COMBINED = 500
MOST_TERMS = 2000  # of a convolution that is written out

# Without an axis: what is likeliest for a matrix, first to last.
_AXES = {
    "softmax": (1, 0, None),
    "lse": (1, 0, None),
    "sum": (None, 0, 1),
    "mean": (None, 0, 1),
    "amax": (None, 1, 0),
}


def resolved(formula: Expression, shapes: Shapes) -> Expression:
    """The formula with every product said to be elementwise or a matrix product, by the shapes."""
    parts = [resolved(part, shapes) for part in formula.parts()]
    if not parts:
        return formula
    copy = formula.rebuilt(parts)
    if isinstance(copy, Product):
        factors, own = copy.factors[:1], shape_of(copy.factors[0][1], shapes)
        for mark, factor in copy.factors[1:]:
            other = shape_of(factor, shapes)
            factors.append((product_meant(mark, own, other), factor))
            own = shape_of_product(factors[-1][0], own, other)
        copy = Product(factors)
    copy.column = formula.column
    return copy


def readings(formula: Expression, model) -> list[Expression]:
    """The meanings of a formula over the names of a model, the likeliest first, at most 24.

    Raises ShapeError where parts fit in no reading, UnknownName for a name that the model has not.
    """
    return [reading for reading, _ in readings_with_shapes(formula, model)]


def readings_with_shapes(formula, model) -> list[tuple[Expression, tuple]]:
    """(reading, its shape) for each."""
    return [(node, dimensions) for _, node, dimensions in _read(formula, model)]


def _read(node, model, within=False):
    """(how unlikely, reading, shape) for every meaning of a part; `within` a sum or mean of entries."""
    if isinstance(node, Name):
        own = model.shape(node.name)
        if node.name in model.diagonal:  # ∂a/∂z, the slope of each entry or the matrix of all
            return [(0, Call("diag", [node]), own[:1]), (1, node, own)]
        if node.name in model.jacobians:  # ∂z/∂x with z in the rows, or in the columns
            return [(0, node, own), (1, Transpose(node), own[::-1])]
        return [(0, node, own)]
    if not node.parts():
        return [(0, node, ())]
    if isinstance(node, Product):
        found, refusal = _of_product(node, model, within)
    else:
        found, refusal = _of_others(node, model, within)
    if not found:
        raise refusal
    found = sorted(found, key=lambda each: each[0])[:MOST]
    for _, each, _ in found:
        if each.column is None:
            each.column = node.column
    return found


def _of_others(node, model, within):
    found, refusal = [], None
    within = within or (isinstance(node, Call) and node.function in ("sum", "mean"))
    for parts in islice(product(*(_read(part, model, within) for part in node.parts())), _MOST_COMBINED):
        cost = sum(each for each, _, _ in parts)
        sizes = [dimensions for _, _, dimensions in parts]
        for extra, meaning in _meanings(node.rebuilt([part for _, part, _ in parts]), sizes, model):
            try:
                found.append((cost + extra, meaning, shape_of(meaning, model.shapes)))
            except NeuronnetError as error:
                refusal = refusal or error
    return found, refusal


def _meanings(node, sizes, model):
    """(how unlikely, meaning) for what a part leaves open, its own parts being settled."""
    if isinstance(node, Entry) and node.from_zero is None:
        yield 0, Entry(node.base, node.indices, False)
        yield 1, Entry(node.base, node.indices, True)
    elif isinstance(node, Call) and node.function in _AXES and _is_open(node, sizes):
        axes = (
            _AXES[node.function] if model.turns_vectors or None not in _AXES[node.function][:1] else (None,)
        )
        for cost, axis in enumerate(axes):
            options = node.options if axis is None else {**node.options, "axis": axis}
            yield cost, Call(node.function, node.arguments, options)
    elif isinstance(node, Sum):
        yield from _sums(node, sizes, model)
    else:
        yield 0, node
        if isinstance(node, Transpose) and len(sizes[0]) == 1 and model.has_rows:
            yield 1, Call("column", [node.inner])


def _is_open(node, sizes):
    return node.options.get("axis") is None and len(as_vector_shape(sizes[0])) == 2


def _sums(node, sizes, model):
    """A vector beside a square matrix is added to its rows, or to its columns."""
    lengths = {each[0] for each in sizes if len(each) == 2 and each[0] == each[1] > 1}
    choices = [
        _turns(term, model) if len(each) == 1 and each[0] in lengths else (0,)
        for (_, term), each in zip(node.terms, sizes)
    ]
    for turned in product(*choices):
        terms = [
            (sign, Call("column", [term]) if turn else term) for (sign, term), turn in zip(node.terms, turned)
        ]
        yield sum(turned), Sum(terms)


def _turns(vector, model):
    """Whether a vector is to stand for a column: 0, 1, or either, as the model says."""
    name = vector.name if isinstance(vector, Name) else None
    return (model.turned[name],) if name in model.turned else (0, 1) if model.turns_vectors else (0,)


def _of_product(node, model, within):
    first, refusal = node.factors[0][1], None
    states = [(cost, [("*", each)], dimensions) for cost, each, dimensions in _read(first, model, within)]
    for operator, factor in node.factors[1:]:
        options = _read(factor, model, within)
        found = []
        for (cost, factors, left), (extra, each, right) in product(states, options):
            try:
                for more, result in _products(operator, factors, left, each, right, model, within):
                    found.append((cost + extra + more, *result))
            except ShapeError as error:
                refusal = refusal or error
        states = sorted(found, key=lambda state: state[0])[:MOST]
    return [(cost, _product(factors), dimensions) for cost, factors, dimensions in states], refusal


def _product(factors):
    return factors[0][1] if len(factors) == 1 else Product(factors)


def _products(operator, factors, left, factor, right, model, within):
    """(how unlikely, (factors, shape)) for what a factor more may mean. Raises ShapeError where none fits."""
    kinds = {"*": ("⊙", "@"), "·": ("@", "⊙")}.get(operator, (operator,))
    if operator == "*" and model.turns_vectors and len(left) == len(right) == 2 and right[1] == 1 < left[1]:
        kinds = ("@", "⊙")  # W*x of a column x
    if within and operator == "·" and len(left) == len(right) == 1:  # mean(y ln p)
        kinds = ("⊙", "@")
    if len(kinds) == 2 and not (as_vector_shape(left) and as_vector_shape(right)):
        kinds = ("*",)
    found, refusal = [], None
    if model.has_rows and left[1:] == (1,) and len(right) == 1:  # xᵀ δ of two rows
        factor, right, kinds = Transpose(factor), (1, *right), ("@",)
    for kind in kinds:
        try:
            dimensions = shape_of_product(kind, left, right)
        except ShapeError as error:
            refusal = refusal or error
            continue
        found.append(([*factors, (kind, factor)], dimensions))
        if operator == "·" and kind == "@" and len(as_vector_shape(left)) != len(as_vector_shape(right)):
            break  # W x is no product entry by entry
        if kind in ("⊙", "/") and dimensions[:1] * 2 == dimensions and model.turns_vectors:
            if len(right) == 1:
                found.append(([*factors, (kind, Call("column", [factor]))], dimensions))
            elif len(left) == 1:
                whole = _product(factors)
                found.append(([("*", Call("column", [whole])), (kind, factor)], dimensions))
    if not found and operator == "*" and len(factors) == 1:
        found = list(_convolutions(factors[0][1], left, factor, right))
    if not found:
        raise _misfit(operator, factors, left, factor, right)
    return list(enumerate(found))


def _convolutions(image, left, kernel, right):
    """(factors, shape): the kernel held against each window of a matrix, as it is or turned around."""
    sizes = [one - other + 1 for one, other in zip(left, right)]
    if not len(left) == len(right) == 2 or min(sizes) < 1 or prod(sizes) * prod(right) > MOST_TERMS:
        return
    for is_turned in (False, True):

        def term(row, column, i, j, is_turned=is_turned):
            within = (right[0] - 1 - i, right[1] - 1 - j) if is_turned else (i, j)
            window = Entry(image, [row + i + 1, column + j + 1], False)
            return 1, Product([("*", window), ("*", Entry(kernel, [each + 1 for each in within], False))])

        places = [*product(range(right[0]), range(right[1]))]
        rows = [
            [Sum([term(row, column, *place) for place in places]) for column in range(sizes[1])]
            for row in range(sizes[0])
        ]
        yield [("*", ArrayOf(rows))], tuple(sizes)


def _misfit(operator, factors, left, factor, right):
    whole = _product(factors)
    how = "as a product" if operator in ("@", "·", "*") else "entry by entry"
    sides = f"{whole} is {shape_text(left)} and {factor} is {shape_text(right)}"
    return ShapeError(f"{sides}, which do not fit {how}")
