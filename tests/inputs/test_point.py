"""Point: every number has a name, structures and shapes are strict, nothing of the caller is aliased."""

from collections import namedtuple
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck.errors import (
    DuplicateName,
    GradcheckError,
    NotFinite,
    NotRealNumbers,
    ShapeMismatch,
    StructureMismatch,
    UnknownName,
)
from gradcheck.inputs.point import Point

W1 = np.arange(6.0).reshape(3, 2)
Layer = namedtuple("Layer", "weights bias")


@dataclass(frozen=True)
class Net:
    W: np.ndarray
    b: float
    total: float = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "total", np.sum(self.W) + self.b)


@dataclass
class Deep:
    net: Net
    slopes: list


NAMED = [
    ({"W1": W1[:1], "w5": 0.4}, ["W1[0,0]", "W1[0,1]", "w5"]),
    (np.zeros(2), ["x[0]", "x[1]"]),
    ([0.1, 0.2], ["x[0]", "x[1]"]),
    ((0.1,), ["x[0]"]),
    (0.5, ["x"]),
    (np.float64(0.5), ["x"]),
    ([np.zeros(1), np.zeros((1, 2))], ["x[0][0]", "x[1][0,0]", "x[1][0,1]"]),
    ({"layer": [{"weights": np.zeros((1, 1)), "bias": 0.0}]}, ["layer[0].weights[0,0]", "layer[0].bias"]),
    ([{"weights": np.zeros(1), "bias": None}], ["x[0].weights[0]"]),
    (Layer(np.zeros(1), 0.5), ["weights[0]", "bias"]),
    ({"h": Layer(1.0, 2.0)}, ["h.weights", "h.bias"]),
    ({"rows": [[1.0, 2.0], [3.0]]}, ["rows[0][0]", "rows[0][1]", "rows[1][0]"]),
    (Net(np.zeros(2), 0.5), ["W[0]", "W[1]", "b"]),
    (Deep(Net(np.zeros(1), 0.5), [np.zeros(1)]), ["net.W[0]", "net.b", "slopes[0][0]"]),
    (SimpleNamespace(W=np.zeros(1), rest={"b": 1.0}), ["W[0]", "rest.b"]),
]


@pytest.mark.parametrize("parameters, names", NAMED)
def test_every_entry_has_a_name(parameters, names):
    assert Point(parameters).names == names


@pytest.mark.parametrize("parameters", [case[0] for case in NAMED])
def test_restore_gives_back_the_structure_and_the_numbers(parameters):
    point = Point(parameters)
    restored = point.restore(point.vector + 1.0)
    assert type(restored) is (float if isinstance(parameters, float) else type(parameters))
    assert np.array_equal(Point(restored).vector, point.vector + 1.0)
    assert Point(restored).names == point.names


def test_blocks_know_their_place():
    point = Point({"a": 1.0, "W1": W1})
    assert [(block.name, block.shape, block.start, block.stop) for block in point.blocks] == [
        ("a", (), 0, 1),
        ("W1", (3, 2), 1, 7),
    ]
    assert point.blocks[1].index(5) == (2, 0)
    assert point.blocks[1].entry(5) == "W1[2,0]"


def test_nothing_is_aliased():
    mine = W1.copy()
    point = Point({"W1": mine})
    point.vector[0] = 99.0
    first, second = point.restore(point.vector), point.restore(point.vector)
    first["W1"][0, 0] = 99.0
    mine[1, 1] = 99.0
    assert np.array_equal(second["W1"], W1)
    assert np.array_equal(point.vector, W1.ravel())


def test_float32_and_transposed_arrays_become_float64_with_the_same_entries():
    point = Point({"W": np.float32(W1).T})
    assert point.vector.dtype == np.float64
    assert np.array_equal(point.restore(point.vector)["W"], W1.T)


def test_complex_vectors_give_complex_parameters():
    restored = Point({"W": W1, "b": 1.0}).restore(np.full(7, 1.0 + 2.0j))
    assert restored["b"] == 1.0 + 2.0j
    assert np.array_equal(restored["W"], np.full((3, 2), 1.0 + 2.0j))


@pytest.mark.parametrize("whole", [3, [1, 2], np.array([1, 2]), {"a": np.uint8([1]), "b": 2}, [[1], (2, 3)]])
def test_whole_numbers_alone_are_taken_as_floats(whole):
    point = Point(whole)
    assert len(point.whole_numbers) == len(point.blocks)
    restored = Point(point.restore(point.vector + 0.25))
    assert restored.whole_numbers == [] and np.array_equal(restored.vector, point.vector + 0.25)


def test_gradients_are_flattened_in_the_order_of_the_parameters():
    point = Point({"a": 1.0, "W1": W1, "none": None})
    assert np.array_equal(point.flatten_like({"none": None, "W1": -W1, "a": 7}), [7.0, *(-W1).ravel()])


@pytest.mark.parametrize(
    "parameters, refusal, words",
    [
        (
            {"W": 0.5, "n": 3},
            NotRealNumbers,
            "n: .*integers.*use floats.*if it is a setting and no parameter, leave it out",
        ),
        ({"W": 0.5, "n": np.array([1, 2])}, NotRealNumbers, "use floats"),
        ({"n": True}, NotRealNumbers, "n: expected real numbers, found booleans"),
        ({"lr": "adam"}, NotRealNumbers, r"lr: .*found str \('adam'\).*leave it out: .*closure"),
        ({"f": np.sin}, NotRealNumbers, "f: .*found ufunc.*leave it out"),
        ({"n": Fraction(1, 3)}, NotRealNumbers, "Fraction"),
        ({"n": "0.5"}, NotRealNumbers, "str"),
        ({"W": np.array([[1.0, np.nan]])}, NotFinite, r"W\[0,1\].*nan"),
        ([1.0, float("inf")], NotFinite, r"x\[1\].*inf"),
        ({"a": {"b": 1.0}, "a.b": 2.0}, DuplicateName, "a.b: found two parameters"),
        ({1: 1.0, "1": 2.0}, DuplicateName, "1: found two"),
        (
            {"a": [np.longdouble("1e4000")]},
            NotFinite,
            r"a\[0\].*found 1e\+4000; a float holds no number of that size",
        ),
        ({}, GradcheckError, "no number"),
        (None, GradcheckError, "no number"),
    ],
)
def test_parameters_that_cannot_be_varied_are_refused(parameters, refusal, words):
    with pytest.raises(refusal, match=words):
        Point(parameters)


@pytest.mark.parametrize(
    "gradients, refusal, words",
    [
        (
            {"W": np.zeros(1), "b": 0.0},
            ShapeMismatch,
            r"W: the gradient has shape \(1,\), the parameter \(2,\)",
        ),
        ({"W": 0.0, "b": 0.0}, ShapeMismatch, "W"),
        ({"W": np.zeros((2, 1)), "b": 0.0}, ShapeMismatch, "W"),
        ({"W": np.zeros(2), "b": np.zeros(1)}, ShapeMismatch, "b"),
        (
            {"W": np.zeros(2)},
            StructureMismatch,
            r"^gradients: expected the keys \['W', 'b'\], found \['W'\]; give",
        ),
        ({"W": np.zeros(2), "b": 0.0, "c": 0.0}, StructureMismatch, "c"),
        ({"W": np.zeros(2), "b": None}, StructureMismatch, "b"),
        ({"W": np.zeros(2), "b": {}}, StructureMismatch, "b"),
        ({"W": np.zeros(2, dtype=bool), "b": 0.0}, NotRealNumbers, "W"),
        (np.zeros(3), StructureMismatch, r"^gradients: expected a dict with \['W', 'b'\], found ndarray"),
        (0.0, StructureMismatch, "dict"),
        (None, StructureMismatch, "^gradients: .*found None; is a `return` missing"),
    ],
)
def test_gradients_of_another_form_are_refused_by_name(gradients, refusal, words):
    with pytest.raises(refusal, match=words):
        Point({"W": np.ones(2), "b": 1.0}).flatten_like(gradients)


@pytest.mark.parametrize(
    "before, behind, others",
    [
        ("d", "", []),
        ("grad_", "", []),
        ("", "_grad", []),
        ("", ".grad", []),
        ("g", "", []),
        ("nabla_", "", []),
        ("dL_d", "", []),
        ("∂L/∂", "", []),
        ("mine_", "", []),
        ("d", "", ["dZ1", "dA1"]),
        ("d", "", ["W", "b"]),
        ("d", "", ["m_W", "m_b"]),
    ],
)
def test_gradients_whose_names_all_have_the_same_before_or_behind_them_are_matched(before, behind, others):
    point = Point({"W": 0.5, "b": 0.5})
    others = dict.fromkeys(others, 9.0)
    assert point.flatten_like(others | {f"{before}b{behind}": 2.0, f"{before}W{behind}": 1.0}).tolist() == [
        1,
        2,
    ]
    assert [key for key, name in point.noted.items() if name is None] == list(others)


AMBIGUOUS = ["m_W", "m_b", "v_W", "v_b"]


@pytest.mark.parametrize(
    "names", [["dW", "b"], ["dW", "dc"], ["dW"], ["V", "c"], [], AMBIGUOUS, ["W", "b", "c"]]
)
def test_gradients_of_other_names_are_refused(names):
    with pytest.raises(StructureMismatch, match="; give the structure of the parameters"):
        Point({"W": 1.0, "b": 1.0}).flatten_like(dict.fromkeys(names, 0.0))


def test_the_root_is_called_what_it_is():
    with pytest.raises(StructureMismatch, match="^bounds: expected a dict"):
        Point({"W": 1.0}).flatten_like([0.0], "bounds")


ROWS = [[1.0, 2.0], [3.0, 4.0]]

MATCHING = [
    (ROWS, np.array(ROWS)),
    (tuple(ROWS), ROWS),
    (ROWS, tuple(map(tuple, ROWS))),
    (np.array(ROWS), ROWS),
    ({"W": ROWS}, {"W": np.array(ROWS)}),
    ([np.array(ROWS), 1.0], (np.array(ROWS), 1.0)),
    ([[1.0], [1.0, 1.0]], [np.ones(1), np.ones(2)]),
    (Layer(np.array(ROWS), 1.0), {"bias": 1.0, "weights": ROWS}),
    (Layer(1.0, 2.0), np.array([1.0, 2.0])),
    (Net(np.ones(2), 1.0), {"b": 1.0, "W": np.ones(2)}),
    ({"b": 1.0, "W": np.ones(2)}, SimpleNamespace(W=np.ones(2), b=1.0)),
    (SimpleNamespace(W=np.ones(2), b=1.0), Net(np.ones(2), 1.0)),
]


@pytest.mark.parametrize("parameters, gradients", MATCHING)
def test_containers_match_by_names_or_by_order_whatever_their_kind(parameters, gradients):
    point = Point(parameters)
    assert point.flatten_like(gradients).tolist() == point.vector.tolist()


def test_an_array_matches_a_list_row_by_row():
    assert Point(ROWS).flatten_like(10.0 * np.array(ROWS)).tolist() == [10.0, 20.0, 30.0, 40.0]
    with pytest.raises(StructureMismatch, match="^gradients: expected 2 items, found 3 items"):
        Point(ROWS).flatten_like(np.zeros((3, 2)))
    with pytest.raises(ShapeMismatch, match=r"x\[0\]: the gradient has shape \(3,\), the parameter \(2,\)"):
        Point(ROWS).flatten_like(np.zeros((2, 3)))


def test_what_a_dataclass_computes_itself_is_computed_anew_and_no_parameter():
    restored = Point(Net(np.ones(2), 1.0)).restore(np.array([1.0, 2.0, 4.0]))
    assert (restored.b, restored.total) == (4.0, 7.0)


def test_what_a_class_raises_when_it_is_made_of_other_numbers_says_who_made_it():
    @dataclass
    class Positive:
        a: float

        def __post_init__(self):
            if self.a < 0.0:
                raise ValueError("negative")

    with pytest.raises(ValueError, match="negative") as caught:
        Point(Positive(1.0)).restore(np.array([-1.0]))
    assert caught.value.__notes__ == ["raised while gradcheck made a Positive of other numbers, Positive(a)"]


def nested(depth, around=lambda each: [each]):
    found = 1.0
    for _ in range(depth):
        found = around(found)
    return found


def in_a_circle(container, key):
    container[key] = {"deep": container}
    return container


@pytest.mark.parametrize(
    "parameters, words",
    [
        (in_a_circle([0.5], 0), r"x\[0\].deep: this list is one of those that it lies in"),
        (in_a_circle({"W": 1.0}, "a"), "a.deep: this dict is one of those that it lies in"),
        (nested(3000), r"x\[0\].*\.\.\.: more than 64 containers within each other"),
        (nested(3000, lambda each: {"a": each}), r"a\.a.*\.\.\.: more than 64 containers"),
    ],
)
def test_parameters_without_an_end_are_refused_where_it_shows(parameters, words):
    with pytest.raises(GradcheckError, match=words):
        Point(parameters)


def test_the_same_list_twice_is_no_circle():
    row = [np.ones(1)]
    assert Point([row, row]).names == ["x[0][0][0]", "x[1][0][0]"]


def test_gradients_without_an_end_are_refused():
    with pytest.raises(NotRealNumbers, match="W: .*without an end"):
        Point({"W": 1.0}).flatten_like({"W": nested(3000)})


def test_what_an_array_like_object_raises_says_which_it_was():
    class Closed:
        def __array__(self, *arguments, **options):
            raise RuntimeError("detach it first")

    with pytest.raises(RuntimeError, match="detach") as caught:
        Point({"W": Closed()})
    assert caught.value.__notes__ == ["raised while gradcheck read W as an array"]


@pytest.mark.parametrize(
    "gradients", [[np.zeros(1)], [np.zeros(1), np.zeros(1), np.zeros(1)], {"0": np.zeros(1)}]
)
def test_lists_of_another_length_are_refused(gradients):
    with pytest.raises(StructureMismatch, match="2 items"):
        Point([np.ones(1), np.ones(1)]).flatten_like(gradients)


def test_a_gradient_where_there_is_no_parameter_is_refused():
    with pytest.raises(StructureMismatch, match=r"x\[1\].*None"):
        Point([np.ones(1), None]).flatten_like([np.ones(1), np.ones(1)])


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(ShapeMismatch, match="vector"):
        Point([1.0, 2.0]).restore(np.zeros(3))


def test_errors_carry_their_data():
    with pytest.raises(ShapeMismatch) as caught:
        Point({"W": W1}).flatten_like({"W": W1.T})
    assert (caught.value.name, caught.value.expected, caught.value.found) == ("W", (3, 2), (2, 3))
    assert isinstance(caught.value, ValueError)


def test_rounding_of_a_float32_gradient_is_that_of_float32():
    _, rounding = Point({"a": 1.0, "b": np.ones(1)}).with_rounding(
        {"a": 1.0, "b": np.ones(1, dtype=np.float32)}
    )
    assert rounding.tolist() == [2.0**-53, 2.0**-24]


def test_a_gradient_that_is_not_finite_is_kept_to_be_judged():
    found = Point({"W": np.ones(2), "b": 1.0}).flatten_like({"W": np.array([0.0, np.nan]), "b": np.inf})
    assert np.array_equal(found, [0.0, np.nan, np.inf], equal_nan=True)


NAMES = Point({"W1": 1.0, "b1": 1.0, "W2": 1.0, "layer": [{"W": 1.0}, {"W": 1.0}]})


@pytest.mark.parametrize(
    "globs, names",
    [
        (None, ["W1", "b1", "W2", "layer[0].W", "layer[1].W"]),
        ("W*", ["W1", "W2"]),
        ("?1", ["W1", "b1"]),
        (["b1", "W*"], ["W1", "b1", "W2"]),
        ("layer[1].W", ["layer[1].W"]),
        ("layer[?].*", ["layer[0].W", "layer[1].W"]),
    ],
)
def test_blocks_are_selected_by_globs(globs, names):
    assert [block.name for block in NAMES.selected(globs)] == names


@pytest.mark.parametrize("globs", ["w*", ["W*", "b2"], "layer[01].W", ""])
def test_a_glob_that_matches_nothing_is_refused(globs):
    with pytest.raises(UnknownName, match="select.*allowed are 'W1', 'b1'"):
        NAMES.selected(globs)


def test_float32_parameters_are_told():
    assert Point({"W": np.float32(W1), "b": 1.0, "c": np.float32(2.0)}).single_precision == ["W", "c"]
