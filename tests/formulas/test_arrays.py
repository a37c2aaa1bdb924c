"""What two arrays make together: shapes and values as on paper, and as in NumPy where it means the same."""

from fractions import Fraction

import numpy as np
import pytest

from neuronnet.formulas import arrays
from neuronnet.formulas.arrays import Array, ShapeError, placed, shape, taken
from neuronnet.formulas.calls import call, names
from neuronnet.formulas.evaluating import product_meant
from neuronnet.formulas.functions import FUNCTIONS

SIGNS = {"+": lambda a, b: a + b, "*": lambda a, b: a * b, "·": arrays.dot, "@": arrays.matmul}
SIGNS |= {"⊙": arrays.hadamard, "⊗": arrays.outer, "/": lambda a, b: a / b}


def numbered(dimensions, start=1):
    """Fractions 1, 2, 3, ... in a shape."""
    if not dimensions:
        return Fraction(start)
    return Array([Fraction(start + k) for k in range(int(np.prod(dimensions)))], dimensions)


def in_numpy(value):
    return np.array(value.nested() if isinstance(value, Array) else value, dtype=float)


# left, sign, right, the shape that comes out or the beginning of the error; n: NumPy gives the same.
TABLE = """
3 + 3 -> 3 n
3 + 3x1 -> 3x1
3x1 + 3 -> 3x1
3 + 1x3 -> 1x3 n
3x1 + 1x3 -> 3x1
1x3 + 3x1 -> 1x3
3 + 2x3 -> 2x3 n
2 + 2x3 -> 2x3
2x1 + 2x3 -> 2x3 n
1x3 + 2x3 -> 2x3 n
3 + 3x3 -> 3x3 n
3x1 + 3x3 -> 3x3 n
1x3 + 3x3 -> 3x3 n
1x1 + 3x2 -> 3x2 n
1 + 3 -> 3 n
1 + 1x1 -> 1
0 + 3x2 -> 3x2 n
1x1 + 0 -> 1x1 n
3x2 + 2x3 -> 3×2 and 2×3 do not fit entry by entry
3x2 + 2x2 -> 3×2 and 2×2 do not fit entry by entry
4 + 2x3 -> 4 and 2×3 do not fit entry by entry
1x2 + 2x3 -> 1×2 and 2×3 do not fit entry by entry
2 + 3 -> 2 and 3 do not fit entry by entry
2x3 * 3 -> 2x3 n
2x3 * 3x1 -> 2x1
3x2 * 3 -> 3x2
2x3 * 3x4 -> 2x4
3x3 * 3x3 -> 3x3 n
3x1 * 1x4 -> 3x4 n
3x1 * 1x3 -> 3x1
2x3 * 2 -> 2x3
2x3 * 4x5 -> (2×3)(4×5) does not fit as a product
2x3 · 3 -> 2
3x3 · 3x3 -> 3x3
3 · 3 -> 0
3x1 · 3x1 -> 3x1
2x3 · 2x3 -> 2x3
2x3 · 4 -> (2×3)(4) does not fit as a product
2x3 @ 3 -> 2 n
3 @ 3x2 -> 2 n
3 @ 3 -> 0 n
3 @ 3x1 -> 0
3 @ 1x3 -> 3x3
3 @ 1x2 -> 3x2
1x3 @ 3x1 -> 0
1x3 @ 3 -> 0
3x1 @ 1x3 -> 3x3 n
2x3 @ 3x4 -> 2x4 n
1x1 @ 3 -> 3
0 @ 3 -> 3
1x1 @ 1x1 -> 0
3x1 @ 1x1 -> 3x1 n
3x1 @ 3 -> (3×1)(3) does not fit as a product
3x1 @ 3x1 -> (3×1)(3×1) does not fit as a product
2x3 @ 2x3 -> (2×3)(2×3) does not fit as a product
2x3 @ 2 -> (2×3)(2) does not fit as a product
3x3 ⊙ 3 -> 3x3 n
3 ⊙ 3 -> 3 n
2x3 ⊙ 3x2 -> 2×3 and 3×2 do not fit entry by entry
2 ⊗ 3 -> 2x3
2x1 ⊗ 1x3 -> 2x3
1x3 ⊗ 2x1 -> 3x2
0 ⊗ 3 -> 1x3
2x2 ⊗ 2 -> an outer product is of two vectors, not of 2×2 and 2
2x3 / 3 -> 2x3 n
2x3 / 2x1 -> 2x3 n
0 / 2x3 -> 2x3 n
2x3 / 4 -> 2×3 and 4 do not fit entry by entry
"""
ROWS = [line.replace("->", "").split(maxsplit=3) for line in TABLE.strip().splitlines()]


def dimensions(text):
    return () if text == "0" else tuple(map(int, text.split("x")))


@pytest.mark.parametrize("left, sign, right, expected", ROWS)
def test_two_values_together(left, sign, right, expected):
    one, other = numbered(dimensions(left)), numbered(dimensions(right), 5)
    if not expected.replace("x", "").replace(" n", "").isdigit():
        with pytest.raises(ShapeError, match="^" + expected.replace("(", r"\(").replace(")", r"\)")):
            SIGNS[sign](one, other)
        return
    found = SIGNS[sign](one, other)
    assert shape(found) == dimensions(expected.removesuffix(" n"))
    if expected.endswith(" n"):
        by_name = {"⊙": "*", "·": "@"}.get(sign, sign)
        inside = {"a": in_numpy(one), "b": in_numpy(other)}
        assert np.allclose(in_numpy(found), eval(f"a {by_name} b", inside), rtol=1e-12)


@pytest.mark.parametrize(
    "left, sign, right, expected",
    [
        ([1, 2], "+", [[3], [4]], [[4], [6]]),
        ([[1], [2]], "*", [[3, 4]], [[3], [8]]),  # the same vector twice, never 2×2
        ([1, 2], "+", [[1, 2, 3], [4, 5, 6]], [[2, 3, 4], [6, 7, 8]]),
        ([1, 2], "·", [3, 4], 11),
        ([[1, 2]], "·", [[3, 4]], [[3, 8]]),
        ([1, 2], "@", [[3, 4, 5]], [[3, 4, 5], [6, 8, 10]]),
        ([1, 2], "⊗", [3, 4], [[3, 4], [6, 8]]),
        ([[2]], "@", [[3, 4], [5, 6]], [[6, 8], [10, 12]]),
        ([[1, 2], [3, 4]], "/", [[2], [4]], [[0.5, 1.0], [0.75, 1.0]]),
    ],
)
def test_values_where_numpy_has_no_say(left, sign, right, expected):
    assert SIGNS[sign](Array.of(left), Array.of(right)) == Array.of(expected)


@pytest.mark.parametrize(
    "size, expected", [((3,), (1, 3)), ((1, 3), (3, 1)), ((2, 3), (3, 2)), ((1, 1), (1, 1))]
)
def test_a_transpose(size, expected):
    value = numbered(size)
    assert value.T.shape == expected
    assert len(size) == 1 or value.T.T == value


@pytest.mark.parametrize("size", [(3,), (1, 3), (3, 1), (2, 3), (3, 3), (1, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("function", ["sum", "mean", "amax"])
def test_what_is_combined_along_an_axis(size, axis, keepdims, function):
    """As NumPy; only that a plain vector has one axis, and all entries together give a number."""
    found = FUNCTIONS[function].value(numbered(size), axis=axis, keepdims=keepdims)
    own = None if len(size) == 1 else axis
    expected = getattr(np, function)(
        in_numpy(numbered(size)), axis=own, keepdims=keepdims and own is not None
    )
    assert shape(found) == expected.shape
    assert np.array_equal(in_numpy(found), expected)


@pytest.mark.parametrize(
    "left, right, product",
    [
        ((), (2, 3), (2, 3)),
        ((2, 3), (), (2, 3)),
        ((1, 1), (2, 3), (2, 3)),
        ((), (), ()),
        ((2, 3), (3, 4), (2, 4)),
    ],
)
def test_a_matrix_product_by_a_number_has_the_shape_of_the_other(left, right, product):
    assert arrays.product_shape(left, right) == product


def test_a_sum_along_an_axis_keeps_no_dimension_unless_that_is_said():
    assert arrays.reduced_shape((2, 3), 0) == (3,) and arrays.reduced_shape((2, 3), 1) == (2,)
    assert arrays.reduced(sum, numbered((2, 3)), 0) == Array.of([5, 7, 9])


@pytest.mark.parametrize(
    "mark, left, right, meant",
    [
        ("*", (), (3,), "*"),
        ("*", (3,), (), "*"),
        ("·", (), (2, 3), "*"),
        ("*", (2, 3), (2, 3), "⊙"),
        ("*", (2, 3), (3, 2), "@"),
        ("*", (2, 2), (2, 2), "⊙"),
        ("*", (2, 3), (4, 5), "⊙"),
        ("·", (2, 2), (2, 2), "@"),
        ("·", (2, 3), (2, 3), "⊙"),
        ("·", (2, 3), (4, 5), "@"),
        ("@", (2, 3), (3,), "@"),
        ("⊗", (2,), (3,), "⊗"),
    ],
)
def test_what_a_sign_means_between_two_shapes(mark, left, right, meant):
    assert product_meant(mark, left, right) == meant


@pytest.mark.parametrize("size", [(3,), (1, 3), (3, 1), (2, 3)])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_softmax_adds_up_to_one_along_its_axis(size, axis):
    value = Array([float(entry) for entry in numbered(size).entries], size)
    found = FUNCTIONS["softmax"].value(value, axis=axis)
    powers = np.exp(in_numpy(value))
    total = powers.sum() if axis is None or len(size) == 1 else powers.sum(axis=axis, keepdims=True)
    assert found.shape == size
    assert np.allclose(in_numpy(found), powers / total, rtol=1e-12)


M, V = [[1, 2, 3], [4, 5, 6]], [1, 2, 3, 4]


@pytest.mark.parametrize(
    "value, indices, first, expected",
    [
        (V, [1], 1, 1),
        (V, [-1], 0, 4),
        (V, [(2, 3)], 1, [2, 3]),
        (V, [(1, 3)], 0, [2, 3]),
        (V, [(None, -1)], 0, [1, 2, 3]),
        (V, [(-2, None)], 0, [3, 4]),
        (V, [[2, 1, 2]], 1, [2, 1, 2]),
        (V, [2, 1], 1, 2),
        (M, [2], 1, [4, 5, 6]),
        (M, [0, 2], 0, 3),
        (M, [None, 2], 1, [2, 5]),
        (M, [None, (2, 3)], 1, [[2, 3], [5, 6]]),
        (M, [(1, 1), None], 1, [[1, 2, 3]]),
        (M, [[2, 1, 2]], 1, [[4, 5, 6], [1, 2, 3], [4, 5, 6]]),
        ([[7, 8, 9]], [2], 1, 8),  # of a vector, its entry
        ([[7, 8, 9]], [0], 0, [7, 8, 9]),  # in code, the row
        ([[7], [8]], [1], 0, 8),
        (5, [1], 1, 5),
        (5, [None, None], 0, 5),
        (V, [5], 1, "there is no entry 5 of 4, counted from 1"),
        (V, [0], 1, "there is no entry 0 of 4, counted from 1"),
        (V, [4], 0, "there is no entry 4 of 4, counted from 0"),
        (V, [(3, 2)], 1, "there is no part 3:2 of 4"),
        (V, [(2, 9)], 0, "there is no part 2:9 of 4"),
        (V, [2, 2], 1, "there is no entry 2 of 1"),
        (V, [[]], 1, "an array needs an entry"),
        (M, [1, 1, 1], 1, "2×3 has no entry under 3 indices"),
        (M, [[1] * 100_000], 1, "an array of more than 250000 entries"),
        (5, [2], 1, "a number has no entry under 1 indices"),
    ],
)
def test_an_entry_or_a_part(value, indices, first, expected):
    if isinstance(expected, str):
        with pytest.raises(ShapeError, match=expected):
            taken(Array.of(value), indices, first)
    else:
        assert taken(Array.of(value), indices, first) == Array.of(expected)


def test_what_is_placed_stands_where_it_is_taken_and_counts_from_1():
    assert placed(5, Array.of([1, 2, 3]), [2], 1) == Array.of([0, 5, 0])
    assert placed(5, Array.of([1, 2, 3]), [2], 0) == Array.of([0, 0, 5])


@pytest.mark.parametrize(
    "nested, reason",
    [
        ([], "an array needs an entry"),
        ([[1, 2], [3]], "the rows have 2, 1 entries"),
        ([[1], 2], "the rows have 1, 0 entries"),
        ([[[1]]], "an array has one or two dimensions"),
        ([[], []], "the rows have 0, 0 entries"),
    ],
)
def test_what_is_no_array(nested, reason):
    with pytest.raises(ShapeError, match=reason):
        Array.of(nested)


@pytest.mark.parametrize(
    "function, arguments, expected",
    [
        ("ones", [3], [1, 1, 1]),
        ("ones", [2, 3], [[1, 1, 1], [1, 1, 1]]),
        ("ones", [[1, 2]], [[1, 1]]),
        ("zeros", [2], [0, 0]),
        ("eye", [2], [[1, 0], [0, 1]]),
        ("diag", [[1, 2]], [[1, 0], [0, 2]]),
        ("diag", [[[1, 2], [3, 4]]], [1, 4]),
        ("det", [[[0, 2, 0], [4, 0, 0], [0, 0, 3]]], -24),
        ("det", [[[1, 2], [2, 4]]], 0),
        ("det", [[1, 2]], "a determinant is of a square matrix, not 2"),
        ("reshape", [[1, 2, 3, 4], 2, -1], [[1, 2], [3, 4]]),
        ("reshape", [[[1, 2], [3, 4]], -1], [1, 2, 3, 4]),
        ("ones_like", [[[5, 6]]], [[1, 1]]),
        ("row", [[1, 2]], [[1, 2]]),
        ("column", [[1, 2]], [[1], [2]]),
        ("is_greatest", [[1, 3, 3]], [0, 1, 0]),
        ("ones", [2.5], "the lengths of an array are whole numbers"),
        ("ones", [0], "an array has one or two lengths"),
        ("ones", [1, 2, 3], "an array has one or two lengths"),
        ("ones", [1000, 1000], "an array of more than 250000 entries"),
        ("outer", [[1] * 501, [1] * 500], "an array of more than 250000 entries"),
        ("diag", [[[1, 2, 3], [4, 5, 6]]], "diag takes a vector or a square matrix, not 2×3"),
        ("reshape", [[1, 2, 3], 2, -1], "3 entries do not become 2×1"),
    ],
)
def test_a_function_of_whole_arrays(function, arguments, expected):
    arguments = [Array.of(argument) for argument in arguments]
    if isinstance(expected, str):
        with pytest.raises(ShapeError, match=expected):
            FUNCTIONS[function].value(*arguments)
    else:
        assert FUNCTIONS[function].value(*arguments) == Array.of(expected)


@pytest.mark.parametrize(
    "function, arguments, options",
    [
        ("exp", [1, 2], {}),
        ("exp", [1], {"axis": 0}),
        ("sum", [1, 2], {"axis": 0}),
        ("mean", [1, 2], {"axis": 0}),
        ("is_greatest", [1], {"keepdims": True}),
        ("outer", [1], {}),
        ("max", [1, 2], {"axis": 0}),
        ("tanh", [], {}),
    ],
)
def test_a_wrong_number_of_arguments_is_refused(function, arguments, options):
    assert function in names()
    with pytest.raises(TypeError):
        call(function, arguments, options)


def test_an_unknown_function_is_refused():
    with pytest.raises(KeyError):
        call("frobnicate", [1])
