"""What NumPy makes of a formula where paper is more lenient: vectors spread, products that do not fit."""

from math import prod

from neuronnet.formulas.arrays import ShapeError, common_shape, shape_text
from neuronnet.formulas.evaluating import shape_of_product
from neuronnet.formulas.expressions import Call, Entry, Expression, Name, Product, Sum
from neuronnet.formulas.functions import FUNCTIONS
from neuronnet.formulas.rewriting import nodes
from neuronnet.names import split_partial


def require_same_in_numpy(formula: Expression, model) -> None:
    """Raises ShapeError where a formula, its products resolved, is something else in NumPy, or nothing.

    There a plain vector of n numbers is a row: beside a column it is spread to n×n. A single number is a 1×1
    matrix where two matrices give it, and has inner dimensions that have to fit.
    """
    for node, *_ in nodes(formula):
        parts = getattr(node, "terms", ()) if isinstance(node, Sum) else getattr(node, "factors", ())
        left: tuple = ()
        for place, (mark, part) in enumerate(parts):
            right = model.shape_of(part)
            if place and mark == "@":
                one, two = (
                    (1, 1) if prod(each) == 1 and _is_matrix(side, model) else each
                    for each, side in ((left, _product(parts[:place])), (right, part))
                )
                if one and two and one[-1] != two[-2:][0]:
                    raise ShapeError(f"({shape_text(one)})({shape_text(two)}) does not fit as a product")
            elif place and mark != "⊗":
                one, two = ((1, 1, *each)[-2:] for each in (left, right))
                spread = tuple(map(max, zip(one, two)))
                if any(i != j and 1 not in (i, j) for i, j in zip(one, two)):
                    raise ShapeError(f"{shape_text(left)} and {shape_text(right)} do not fit, in NumPy")
                if spread not in (one, two):
                    sides = f"{shape_text(left)} and {shape_text(right)}"
                    raise ShapeError(f"{sides} are spread to {shape_text(spread)}, in NumPy")
            left = common_shape(left, right) if isinstance(node, Sum) else shape_of_product(mark, left, right)


def _product(factors):
    return factors[0][1] if len(factors) == 1 else Product(factors)


def _is_matrix(node, model):
    """Whether a single number is a 1×1 matrix in NumPy, for it comes from a product of matrices."""
    if isinstance(node, Name):
        formula = model.formulas.get((split_partial(node.name) or ("", node.name))[1])
        shape = model.shape(node.name)
        return len(shape) == 2 if formula is None else _is_matrix(formula, model)
    if isinstance(node, Entry) or (isinstance(node, Call) and FUNCTIONS[node.function].shape is not None):
        return False
    if isinstance(node, Product) and any(mark == "@" for mark, _ in node.factors):
        return all(len(model.shape_of(each)) == 2 for _, each in node.factors)
    return any(_is_matrix(part, model) for part in node.parts())
