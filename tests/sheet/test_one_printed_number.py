"""One printed number: every honest way to it is recognised, every slip that none of them reaches is wrong."""

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from functools import partial
from itertools import product
from struct import pack, unpack

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from profiles import examples

from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.formulas.arrays import Array
from neuronnet.formulas.evaluating import evaluator
from neuronnet.formulas.expressions import Call, Name, Power, Product, Sum
from neuronnet.formulas.notation import Known, parse
from neuronnet.sheet.computation import Input
from neuronnet.sheet.literals import Literals, false_step
from neuronnet.sheet.rounding import Verdict, judged

NOT_WRONG = ("right", "rounding")


def formula(text):
    return parse(text, Known(set(re.findall(r"[^\W\d]\w*", text)) - {"e"}))


def value(text, **values):
    """The value of a formula in fifty digits."""
    with fifty_digits():
        return evaluator(formula(text), Decimal)({name: Decimal(each) for name, each in values.items()})


def number(text):
    return None if text is None else Decimal(text)


def inputs(**rows):
    """Inputs from texts: (exact, printed, line, is_wrong), the later ones left out or not."""
    return {name: Input(number(row[0]), *map(number, row[1:2]), *row[2:]) for name, row in rows.items()}


def verdict(printed, exact, formulas=(), arithmetic=None, **rows):
    found = inputs(**rows)
    steps = [] if arithmetic is None else [partial(Literals, formula(arithmetic), inputs=found)]
    return judged(Printed(printed), number(exact), [*map(formula, formulas)], found, *steps)


# A number beside its exact value

BY_ITSELF = [
    ("0.535", "0.53455", "right", "rounded"),
    ("0.5", "0.5", "right", "exact"),
    ("0.5", "0.53455", "right", "to the digit printed"),
    ("0.534", "0.53455", "rounding", "cut off"),
    ("-0.534", "-0.53455", "rounding", "cut off"),
    ("0.533", "0.53455", "wrong number", "no rounding explains it"),
    ("0.536", "0.53455", "wrong number", "no rounding explains it"),
    ("-0.535", "0.53455", "wrong number", "no rounding explains it"),
    ("0.6", "0.53455", "wrong number", "no rounding explains it"),
    ("5.35e-1", "0.53455", "right", "rounded"),
    ("0.000", "0.0004", "rounding", "no significant digit is left"),
    ("0.000", "-0.0009", "rounding", "no significant digit is left"),
    ("0.000", "0.0011", "wrong number", "no rounding explains it"),
    ("0", "0.0004", "wrong number", "it is not 0"),
    ("0", "0", "right", "exact"),
    ("0", "1e-48", "right", "to the digit printed"),
    ("0.593269992107187", "0.5932699921071872", "right", "rounded"),
    ("0.5932699921071870", "0.59326999210718724", "rounding", "computed in binary64"),
    ("0.5932699921071640", "0.59326999210718724", "wrong number", "no rounding explains it"),
]


@pytest.mark.parametrize("printed, exact, word, how", BY_ITSELF)
def test_a_number_beside_its_exact_value(printed, exact, word, how):
    assert verdict(printed, exact) == Verdict(word, how)


@pytest.mark.parametrize("style", ["{:.8e}", "{!r}", "{:.12f}"])
def test_the_digits_of_a_float_of_32_bits_are_not_slips(style):
    exact = Decimal("0.59326999210718723783")
    single = unpack("f", pack("f", float(exact) * (1 + 1e-7)))[0]
    found = verdict(style.format(single), str(exact))
    assert found == Verdict("rounding", "computed in binary32")


@pytest.mark.parametrize("printed", ["0.593270145", "0.59327005147", "0.5932703"])
def test_digits_that_no_float_of_32_bits_has_are_a_slip(printed):
    assert verdict(printed, "0.593269992107").verdict == "wrong number"


def test_what_cancels_in_binary_is_a_rounding_of_the_difference():
    exact = value("a - b", a="0.7", b="0.69")
    printed = repr(0.7 - 0.69)
    assert printed == "0.010000000000000009"
    rows = {"a": ("0.7",), "b": ("0.69",)}
    assert verdict(printed, str(exact)).verdict == "wrong number"
    assert verdict(printed, str(exact), ["a - b"], **rows) == Verdict("rounding", "computed in binary64")


# Numbers that were computed from printed ones

OUT = ("0.53455", "0.535", 1)
ERROR = str(value("(out - 1)^2", out=OUT[0]))
DELTA, H1 = ("0.04059", "0.0406", 3), ("0.6757", "0.68", 2)
STEP = str(value("w - delta*h", w="0.3", delta=DELTA[0], h=H1[0]))
UPDATE = {"w": ("0.3",), "delta": DELTA, "h": H1}

CARRIED = [
    ("0.2162", ERROR, ["(out - 1)^2"], None, {"out": OUT}),
    ("0.21622", ERROR, ["(out - 1)^2"], None, {"out": OUT}),
    ("0.2162", ERROR, ["(out - 1)^2"], "(0.535 - 1)^2", {"out": OUT}),
    ("0.272392", STEP, ["w - delta*h"], None, UPDATE),
    ("0.272392", STEP, ["w - delta*h"], "0.3 - 0.0406*0.68", UPDATE),
    ("0.272392", STEP, [], "0.3 - 0.0406*0.68", UPDATE),
    ("0.272567", STEP, ["w - delta*h"], None, UPDATE),  # delta as printed, h exact
    ("0.272398", STEP, ["w - delta*h"], None, UPDATE),  # delta exact, h as printed
    ("0.2356", "0.23449975", ["a*(1 - a)"], "0.38*0.62", {"a": ("0.3755", "0.38", 1)}),
    ("0.186999", "0.186815636775", ["o*(1 - o)"], "0.751*(1 - 0.751)", {"o": ("0.751365",)}),
    ("0.186999", "0.186815636775", ["o*(1 - o)"], "0.751*0.249", {"o": ("0.751365",)}),
    ("-0.4040", "-0.40467", ["0*a + 1*d"], "0*0.674 + 1*(-0.404)", {"a": ("0.6741",), "d": ("-0.40467",)}),
]


@pytest.mark.parametrize("printed, exact, formulas, arithmetic, rows", CARRIED)
def test_what_the_printed_numbers_give_is_rounding(printed, exact, formulas, arithmetic, rows):
    assert verdict(printed, exact).verdict == "wrong number"  # on its own it would be
    assert verdict(printed, exact, formulas, arithmetic, **rows).verdict == "rounding"


NOT_EXPLAINED = [
    ("0.2170", ERROR, ["(out - 1)^2"], None, {"out": OUT}),
    ("0.2158", ERROR, ["(out - 1)^2"], None, {"out": OUT}),
    ("0.216225", ERROR, ["(out - 1)^2"], None, {"out": ("0.53455", "0.5346", 1)}),
    ("0.216225", ERROR, ["out^2 - 2*out"], None, {"out": OUT}),  # not the formula of it
    ("0.216225", ERROR, ["(other - 1)^2"], None, {"out": OUT}),  # a name without a number
    ("0.216225", ERROR, [], "(0.535 - 1)^2", {}),  # 0.535 is nothing that was printed
    ("0.3", "0.15", ["a*b"], "2*0.5*0.3", {"a": ("0.3",), "b": ("0.5",)}),
    ("0.2842", STEP, ["w - delta*h"], "0.3 - 0.0406*0.39", UPDATE),
    ("0", "0.0004", ["a - b"], None, {"a": ("0.2504", "0.2504"), "b": ("0.25", "0.25")}),
    ("0.25", "0.2345", ["a*(1 - a)"], "0.38*0.62", {"a": ("0.3755", "0.38", 1)}),
]


@pytest.mark.parametrize("printed, exact, formulas, arithmetic, rows", NOT_EXPLAINED)
def test_what_they_do_not_give_is_wrong(printed, exact, formulas, arithmetic, rows):
    found = verdict(printed, exact, formulas, arithmetic, **rows)
    assert (found.verdict, found.follows_from) == ("wrong number", None)


def test_nothing_is_left_of_two_numbers_that_are_printed_alike():
    rows = {"a": ("0.2504", "0.25", 1), "b": ("0.2496", "0.25", 2)}
    assert verdict("0", "0.0008", ["a - b"], **rows).verdict == "rounding"


MANY = {f"x{k}": (f"0.{k + 11}37", f"0.{k + 11}4", k) for k in range(12)}
SUM_OF_MANY = " + ".join(MANY)


MANY_SUMS = [
    ("2.0262", "rounding"),
    ("2.0265", "rounding"),
    ("2.0280", "rounding"),
    ("2.0240", "wrong number"),
    ("2.0284", "wrong number"),
]


@pytest.mark.parametrize("printed, word", MANY_SUMS)
def test_of_twelve_inputs_some_may_be_as_they_are_printed(printed, word):
    exact = value(SUM_OF_MANY, **{name: row[0] for name, row in MANY.items()})
    assert exact == Decimal("2.0244")
    assert verdict(printed, "2.0244", [SUM_OF_MANY], **MANY).verdict == word


# What follows from a wrong number

SIGMOID = "1/(1 + e^(-z))"
Y = str(value(SIGMOID, z="0.47"))
WRONG_Z = {"z": ("0.47", "0.46", 7, True)}

FOLLOWS = [
    ("0.613", [SIGMOID], "1/(1 + e^(-0.46))", 7),
    ("0.613", [SIGMOID], None, 7),
    ("0.61301", [SIGMOID], None, 7),
    ("0.61301", [], "1/(1 + e^(-0.46))", 7),
    ("0.631", [SIGMOID], "1/(1 + e^(-0.46))", None),
    ("0.631", [SIGMOID], None, None),
    ("0.6106", [SIGMOID], "1/(1 + e^(-0.45))", None),
]


@pytest.mark.parametrize("printed, formulas, arithmetic, line", FOLLOWS)
def test_what_a_wrong_number_gives_follows_from_its_line(printed, formulas, arithmetic, line):
    found = verdict(printed, Y, formulas, arithmetic, **WRONG_Z)
    assert (found.verdict, found.follows_from) == ("wrong number", line)


def test_a_right_number_is_right_behind_a_wrong_one():
    assert verdict("0.6154", Y, [SIGMOID], **WRONG_Z) == Verdict("right", "rounded")


def test_the_first_of_two_wrong_lines_is_told():
    rows = {"a": ("0.5", "0.7", 9, True), "b": ("0.4", "0.3", 4, True), "c": ("0.1234", "0.12", 2)}
    exact = str(value("a*b + c", a="0.5", b="0.4", c="0.1234"))
    assert verdict("0.3334", exact, ["a*b + c"], **rows).follows_from == 4
    assert verdict("0.33", exact, ["a*b + c"], **rows).follows_from == 4
    assert verdict("0.4000", exact, ["a*b + c"], **rows).follows_from == 9  # a as printed, b exact, c printed
    assert verdict("0.4100", exact, ["a*b + c"], **rows).follows_from is None


# An old value printed again

BIAS = ["b - 0.5*g"]
UNCHANGED = [
    ("0.15", "0.1523", ("-0.0046123", "-0.00461"), "wrong number"),
    ("0.15", "0.1523", ("-0.0046123", "-0.0046"), "right"),  # its author prints two digits of everything
    ("0.15", "0.1523", ("-0.0046123",), "right"),
    ("0.1523", "0.1523", ("-0.0046123", "-0.00461"), "right"),
    ("0.15", "0.150002", ("-0.000004123", "-0.00000412"), "right"),
]


@pytest.mark.parametrize("printed, exact, gradient, word", UNCHANGED)
def test_a_parameter_that_did_not_move_is_wrong_where_its_author_prints_more_digits(
    printed, exact, gradient, word
):
    gradient = (str(2 * (Decimal("0.15") - Decimal(exact))), *gradient[1:])
    found = verdict(printed, exact, BIAS, b=("0.15",), g=gradient)
    assert found.verdict == word
    assert (found.how == "it is b, unchanged") == (word == "wrong number")


def test_a_step_that_is_written_out_is_no_old_value():
    found = verdict("0.15", "0.1523", BIAS, "0.15 - 0.5*(-0.00461)", b=("0.15",), g=("-0.0046", "-0.004600"))
    assert found.verdict == "right"


# Where no line computes a quantity

UNSURE = [
    ("0.2356", "right"),
    ("0.235", "rounding"),
    ("0.2345", "undecided"),
    ("0.2390", "undecided"),
    ("0.25", "wrong number"),
    ("0.2200", "wrong number"),
]


@pytest.mark.parametrize("printed, word", UNSURE)
def test_numbers_that_are_known_only_as_printed_stand_for_half_a_unit_more(printed, word):
    found = verdict(printed, None, arithmetic="0.38*0.62")
    assert found.verdict == word
    assert (found.how == "the arithmetic is right") == (word == "right")


@pytest.mark.parametrize("printed, word", [("0.2345", "undecided"), ("0.2390", "wrong number")])
def test_a_formula_uses_such_a_number_twice(printed, word):
    assert verdict(printed, "0.2356", ["a*(1 - a)"], a=(None, "0.38", 1)).verdict == word


def test_without_a_formula_or_arithmetic_nothing_is_decided():
    assert verdict("0.25", None) == Verdict("undecided", "no line computes it")
    assert verdict("0.25", None, arithmetic="ln(0 - 0.3)").verdict == "undecided"


def test_given_numbers_have_no_slack():
    assert verdict("0.2345", None, arithmetic="0.38*0.62").verdict == "undecided"
    assert verdict("0.2345", None, arithmetic="0.38*0.62", a=("0.38",), b=("0.62",)).verdict == "wrong number"
    assert verdict("0.31", None, arithmetic="0.5*0.6", a=("0.6",)).verdict == "wrong number"


# Whether a step on a line is false

STEPS = [
    ("0.2345", "0.38*0.62", {"a": ("0.3755", "0.38", 1)}, None),
    ("0.2345", "0.38*0.26", {"a": ("0.3755", "0.38", 1)}, "0.0988"),
    ("0.23450", "0.3755*0.6245", {"a": ("0.3755", "0.38", 1)}, None),
    ("0.56026", "1/(1 + e^0.43)", {"z": ("0.2422",)}, "0.39413"),
    ("0.56026", "1/(1 + e^(-0.242))", {"z": ("0.2422",)}, None),
    ("0.56026", "1/(1 + e^(-0.244))", {"z": ("0.2422",)}, "0.56070"),
    ("0.56026", "1/(1 + e^(-0.242))", {"z": ("0.242",)}, "0.56021"),
    ("-0.1295", "1.7054*(-0.0762)*0.9987*0.9987", {}, None),
    ("0.849", "(0.375^2 + 0.626^2 + 0.408^2 + 0.999^2)/2", {}, None),
    ("0.1870", "ln(0 - 0.751)", {"o": ("0.751365",)}, None),
    ("0.00503351", "-0.00870275 + (-0.07025220) + 0.08398851", {}, "0.00503356"),
    ("1.31285", "(0.72 + 0.900)^2/2", {"a": ("0.9004", "0.900", 8), "t": ("0.9",), "u": ("0.72",)}, None),
    ("1.31285", "(0.72 + 0.9)^2/2", {"a": ("0.9004", "0.900", 8), "t": ("0.9",), "u": ("0.72",)}, "1.3122"),
]


@pytest.mark.parametrize("printed, arithmetic, rows, gives", STEPS)
def test_a_step_is_false_if_no_rounding_of_its_numbers_gives_the_result(printed, arithmetic, rows, gives):
    found = false_step(Printed(printed), formula(arithmetic), inputs(**rows))
    assert found is None if gives is None else Printed(gives).agrees(found)


@pytest.mark.parametrize(
    "printed, line", [("0.10063", 4), ("0.10069", 4), ("0.10072", None), ("0.10080", None)]
)
def test_what_follows_from_a_mistaken_formula_is_carried_like_any_other_number(printed, line):
    rows = {"d": ("0.12", "0.25157484", 4, True, None, formula("g*h")), "x": ("0.4",)}
    found = verdict(printed, "0.048", ["d*x"], **rows, g=("0.6666", "0.667", 2), h=("0.3774",))
    assert (found.verdict, found.follows_from) == ("wrong number", line)


# Arrays

W = Array([Decimal(each) for each in ("0.12345", "-0.5", "0.33333", "0.25")], (2, 2))
X = Array([Decimal("0.71828"), Decimal("-0.14159")])
WX = Product([("*", Name("W")), ("@", Name("x"))])


def array_inputs(printed_x, is_wrong=False):
    return {"W": Input(W), "x": Input(X, Array([*map(Decimal, printed_x)]), 3, is_wrong)}


ARRAYS = [
    (["0.1595", "0.2040"], ["0.71828", "-0.14159"], False, Verdict("right", "rounded")),
    (["0.1594", "0.2040"], ["0.71828", "-0.14159"], False, Verdict("rounding", "cut off", None, (1,))),
    (["0.1595", "0.2050"], ["0.71828", "-0.14159"], False, ("wrong number", None, (2,))),
    (
        ["0.1589", "0.2050"],
        ["0.72", "-0.14"],
        False,
        Verdict("rounding", "computed from rounded numbers", None, (1,)),
    ),
    (["0.1589", "0.2070"], ["0.72", "-0.14"], False, ("wrong number", None, (2,))),
    (["0.2080", "0.1798"], ["0.71828", "-0.23868"], True, ("wrong number", 3, (1,))),
    (["0.2080", "0.1900"], ["0.71828", "-0.23868"], True, ("wrong number", None, (2,))),
]


@pytest.mark.parametrize("printed, x, is_wrong, expected", ARRAYS)
def test_an_array_is_as_right_as_its_worst_entry(printed, x, is_wrong, expected):
    exact = evaluator(WX, Decimal)({"W": W, "x": X})
    found = judged([*map(Printed, printed)], exact, [WX], array_inputs(x, is_wrong))
    if not isinstance(expected, Verdict):
        found = (found.verdict, found.follows_from, found.entry)
    assert found == expected


def test_an_array_of_another_shape_is_told():
    found = judged([[Printed("0.1"), Printed("0.2")]], W, [WX], {})
    assert found == Verdict("wrong number", "its shape is 1×2, not 2×2")


def test_the_entry_of_a_matrix_has_two_indices():
    printed = [[Printed("0.12345"), Printed("-0.5")], [Printed("0.33335"), Printed("0.25")]]
    assert judged(printed, W, [], {}).entry == (2, 1)


def vector(*texts):
    return Array([*map(Decimal, texts)])


@pytest.mark.parametrize(
    "printed, word", [("0.5451", "right"), ("0.5450", "rounding"), ("0.5449", "wrong number")]
)
def test_the_products_in_a_matrix_product_may_be_rounded_each(printed, word):
    rows = {
        "w": Input(vector("0.8067", "0.1024", "0.4462")),
        "x": Input(vector("0.3148", "0.9272", "0.4398")),
    }
    exact = Decimal("0.54513320")
    assert Decimal("0.2539") + Decimal("0.0949") + Decimal("0.1962") == Decimal("0.5450")  # the products
    way = Product([("*", Name("w")), ("·", Name("x"))])
    assert judged(Printed(printed), exact, [way], rows).verdict == word


SOFTMAX = [
    (["0.690", "0.310"], "right"),
    (["0.694", "0.306"], "rounding"),  # 0.050/0.072 and 0.022/0.072
    (["0.697", "0.303"], "wrong number"),
    (["0.694", "0.300"], "wrong number"),
]


@pytest.mark.parametrize("printed, word", SOFTMAX)
def test_softmax_may_be_computed_from_powers_that_are_written_down(printed, word):
    z, way = vector("-3", "-3.8"), Call("softmax", [Name("z")])
    with fifty_digits():
        exact = evaluator(way, Decimal)({"z": z})
    assert judged([*map(Printed, printed)], exact, [way], {"z": Input(z)}).verdict == word


@pytest.mark.parametrize("printed, word", [("0.3600", "rounding"), ("0.3590", "wrong number")])
def test_what_is_not_printed_is_computed_from_what_is(printed, word):
    rows = inputs(a=("0.5955", "0.6", 1)) | {"b": Input(Decimal("0.5955"), formula=formula("a + 0*a"))}
    assert judged(
        Printed(printed), Decimal("0.35462025"), [formula("b^2")], inputs(b=("0.5955",))
    ).verdict == ("wrong number")
    assert judged(Printed(printed), Decimal("0.35462025"), [formula("b^2")], rows).verdict == word


def test_an_unrounded_number_may_come_from_a_rounded_one():
    rows = inputs(a=("0.5955", "0.6", 1)) | {
        "b": Input(Decimal("0.35462025"), Decimal("0.35"), 2, formula=formula("a^2"))
    }
    assert judged(Printed("0.720"), Decimal("0.7092405"), [formula("2*b")], rows).verdict == "rounding"
    assert judged(Printed("0.724"), Decimal("0.7092405"), [formula("2*b")], rows).verdict == "wrong number"


@pytest.mark.parametrize("neighbour, word", [("0.250", "rounding"), ("1", "wrong number")])
def test_a_whole_0_in_an_array_has_the_decimals_of_its_neighbours(neighbour, word):
    exact = vector(neighbour, "0.0004")
    assert judged([Printed(neighbour), Printed("0")], exact, [], {}).verdict == word


def test_steps_may_be_cut_off():
    rows = {"a": ("0.7777",), "b": ("0.7777",), "c": ("0.7777",)}
    exact = str(value("a*b*c", a="0.7777", b="0.7777", c="0.7777"))  # 0.4703
    assert verdict("0.469", exact, ["a*b*c"], **rows).verdict == "rounding"  # 0.604*0.7777 = 0.4697
    assert verdict("0.468", exact, ["a*b*c"], **rows).verdict == "wrong number"


# Drawn formulas: what is done honestly is never wrong, what no honest way reaches always is


NAMES = "abcd"
STEPS = ("all", "products", "inside")


def trees(depth=3):
    """Formulas as nested tuples, of which the tests make an Expression and, on their own, numbers."""
    leaves = st.sampled_from(NAMES)

    def larger(inner):
        pairs = st.tuples(st.sampled_from("+-*"), inner, inner)
        return pairs | st.tuples(st.sampled_from(["exp", "logistic", "square"]), inner)

    return st.recursive(leaves, larger, max_leaves=5).filter(lambda tree: isinstance(tree, tuple))


def expression(tree):
    if isinstance(tree, str):
        return Name(tree)
    parts = [expression(part) for part in tree[1:]]
    if tree[0] in "+-":
        return Sum([(1, parts[0]), (1 if tree[0] == "+" else -1, parts[1])])
    if tree[0] == "*":
        return Product([("*", parts[0]), ("*", parts[1])])
    return Power(parts[0], 2) if tree[0] == "square" else Call(tree[0], parts)


def computed(tree, values, rounded=lambda number: number, steps="all"):
    """The number that a tree gives, its steps rounded; independent of the code under test.

    `steps` are "all", "products" and functions only, or those "inside" of logistic too.
    """
    if isinstance(tree, str):
        return values[tree]
    parts = [computed(part, values, rounded, steps) for part in tree[1:]]
    if tree[0] in "+-":
        found = parts[0] + parts[1] if tree[0] == "+" else parts[0] - parts[1]
        return found if steps == "products" else rounded(found)
    if tree[0] == "*":
        return rounded(parts[0] * parts[1])
    if tree[0] == "square":
        return rounded(parts[0] * parts[0])
    if tree[0] == "logistic" and steps == "inside":
        return rounded(1 / rounded(1 + rounded((-parts[0]).exp())))
    return rounded(parts[0].exp() if tree[0] == "exp" else 1 / (1 + (-parts[0]).exp()))


def to_decimals(count, mode=ROUND_HALF_UP):
    return lambda number: number.quantize(Decimal(1).scaleb(-count), mode)


def to_digits(count, mode=ROUND_HALF_UP):
    return lambda number: Context(prec=count, rounding=mode).plus(number)


numbers = st.integers(10**11, 2 * 10**12).map(lambda n: Decimal(n).scaleb(-12))


@st.composite
def drawn(draw):
    """(tree, {name: exact}, {name: printed}, how the author rounds)."""
    tree = draw(trees())
    exact = {name: draw(numbers) for name in NAMES}
    rounded = draw(st.sampled_from([to_decimals, to_digits]))(draw(st.integers(3, 7)))
    printed = {name: rounded(each) for name, each in exact.items()}
    with fifty_digits():
        assume(abs(computed(tree, exact)) < 1000)
    return tree, exact, printed, rounded


@given(drawn(), st.sets(st.sampled_from(NAMES)), st.sampled_from(["carried", "cut", *STEPS]))
@examples(400)
def test_no_honest_number_is_wrong(case, as_printed, way):
    tree, exact, printed, rounded = case
    with fifty_digits():
        if way in STEPS:
            start = printed if as_printed else exact
            found = rounded(computed(tree, start, rounded, way))
        else:
            start = exact | {name: printed[name] for name in as_printed}
            found = computed(tree, start)
            unit = Decimal(1).scaleb(rounded(found).as_tuple().exponent)
            found = found.quantize(unit, ROUND_DOWN) if way == "cut" else rounded(found)
        truth = computed(tree, exact)
    rows = {name: Input(exact[name], printed[name], 1) for name in NAMES}
    assert judged(Printed(str(found)), truth, [expression(tree)], rows).verdict in NOT_WRONG


@given(drawn(), st.sampled_from(NAMES), st.sampled_from([-70, -20, 20, 70]), st.sets(st.sampled_from(NAMES)))
@examples(200)
def test_what_is_computed_from_a_wrong_number_is_no_mistake_of_its_own(case, wrong, units, as_printed):
    tree, exact, printed, rounded = case
    unit = Decimal(1).scaleb(printed[wrong].as_tuple().exponent)
    printed = printed | {wrong: printed[wrong] + units * unit}
    with fifty_digits():
        truth = computed(tree, exact)
        carried = {name: printed[name] for name in {*as_printed, wrong}}
        found = Printed(str(rounded(computed(tree, exact | carried))))
    rows = {name: Input(exact[name], printed[name], 8, name == wrong) for name in NAMES}
    verdict = judged(found, truth, [expression(tree)], rows)
    assert verdict.verdict in NOT_WRONG or verdict.follows_from == 8


@given(drawn(), st.integers(3, 5), st.booleans(), st.integers(3, 6))
@examples(400)
def test_no_slip_of_three_to_five_units_is_excused(case, units, upwards, decimals):
    tree, exact, printed, _ = case
    with fifty_digits():
        truth = computed(tree, exact)
        corners = [
            computed(tree, dict(zip(NAMES, chosen)))
            for chosen in product(*zip(exact.values(), printed.values()))
        ]
        digits = truth.adjusted() + 1 + decimals
        steps = [
            computed(tree, start, rounded, every)
            for start in (exact, printed)
            for mode in (ROUND_HALF_UP, ROUND_DOWN)
            for more in (0, 1)
            for rounded in (
                to_decimals(decimals + more, mode),
                *(to_digits(max(1, digits + off + more), mode) for off in (-1, 0, 1)),
            )
            for every in STEPS
        ]
        reached = [truth, *corners, *steps]
        unit = Decimal(1).scaleb(-decimals)
        edge = max(reached) if upwards else min(reached)
        slip = to_decimals(decimals)(edge) + (units if upwards else -units) * unit
    assume(slip != 0)
    rows = {name: Input(exact[name], printed[name], 1) for name in NAMES}
    assert judged(Printed(f"{slip:f}"), truth, [expression(tree)], rows).verdict == "wrong number"
