"""The worked example: its true digits, what each known mistake makes of them, and every published number."""

import json
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from mistaken import MISTAKES, transposed, updated_weights, without_biases
from printed import agrees
from profiles import for_the_night

from gradcheck.numeric.dual import Dual
from neuronnet import Derivation, load
from neuronnet.description.reading import example_names, find, read

DATA = json.loads((Path(__file__).parent.parent / "data" / "worked_example.json").read_text(encoding="utf-8"))
AFTER_MANY = [name for name in DATA["values"] if name.partition("@")[2] not in ("", "1")]
AT_ONCE = [name for name in DATA["values"] if name not in AFTER_MANY]


@pytest.fixture(scope="module")
def exact():
    """name of an example -> its derivation in 50 digits, made once."""
    made = {}

    def derivation(name):
        if name not in made:
            made[name] = Derivation(name, number=Decimal)
        return made[name]

    with localcontext() as context:
        context.prec = 50
        yield derivation


@cache
def in_floats():
    """The derivation in floats, made once for all that comes after many updates."""
    return Derivation("worked-example")


def is_far(name):
    """Whether a quantity stands after some thousand updates, which take seconds in fifty digits."""
    return int(name.partition("@")[2] or 0) > 5_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[for_the_night()] * is_far(name)) for name in DATA["values"]]
)
def test_fifty_digits_give_every_true_digit(name, exact):
    assert agrees(DATA["values"][name], exact("worked-example")[name].value)


@pytest.mark.parametrize("name", AT_ONCE)
def test_floats_give_the_correct_nine_decimals(name):
    true = Decimal(DATA["values"][name])
    assert f"{Derivation('worked-example')[name].value:.9f}" == f"{true:.9f}"


@pytest.mark.slow
@pytest.mark.parametrize("name", AFTER_MANY)
def test_floats_give_the_correct_nine_decimals_after_thousands_of_updates(name):
    assert f"{in_floats()[name].value:.9f}" == f"{Decimal(DATA['values'][name]):.9f}"


@pytest.mark.parametrize("name", DATA["mistakes"])
def test_every_known_mistake_gives_its_published_signature(name):
    network = load("worked-example")
    MISTAKES[name](network)
    for quantity, printed in DATA["mistakes"][name].items():
        if quantity == "E_total":
            before = {"no biases": without_biases, "both weight matrices loaded transposed": transposed}[name]
            value = before(load("worked-example")).total_error()
        else:
            value = (
                network.total_error()
                if quantity == "E_total@1"
                else network[quantity.removesuffix("@1")].value
            )
        assert agrees(printed, value)


def test_every_mistake_is_visible_in_what_it_leaves():
    """Two mistakes that gave the same three numbers could not be told apart by them."""
    signatures = [tuple(each.values()) for each in DATA["mistakes"].values()]
    assert len(set(signatures)) == len(signatures)


# Published numbers, all examples


def published(verdicts):
    """(example, position) of every published number with one of the verdicts; the far ones for the night."""
    return [
        pytest.param(name, position, marks=[for_the_night()] * is_far(each.quantity))
        for name in example_names()
        for position, each in enumerate(read(find(name)).published)
        if each.verdict in verdicts
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name, position", published(["right"]))
def test_every_published_number_called_right_is_right_at_its_printed_digits(name, position, exact):
    record = read(find(name)).published[position]
    assert agrees(record.printed, exact(name).value_of(record.quantity))


@pytest.mark.slow
@pytest.mark.parametrize("name, position", published(["rounding", "wrong"]))
def test_every_published_number_called_wrong_differs_and_its_reason_reproduces_it(name, position, exact):
    record = read(find(name)).published[position]
    assert not agrees(record.printed, exact(name).value_of(record.quantity))
    assert record.reason
    if record.really is not None:
        assert agrees(record.printed, exact(name).value_of(record.really))
    else:
        assert agrees(record.printed, after_the_mistake(name, record.mistake, record.quantity))


def after_the_mistake(name, mistake, quantity):
    """The value of `quantity` (E_total, E_total@N or out_x@N) in a training in which every update has the
    mistake.
    """
    network = load(name)
    base, _, updates = quantity.partition("@")
    if mistake == "both weight matrices loaded transposed":
        network, update = transposed(network), MISTAKES["none"]
    elif mistake == "updated output weights used backwards":
        update = updated_weights
    else:
        update = MISTAKES[mistake]
    for _ in range(int(updates or 0)):
        update(network)
    error = network.total_error()
    return error if base == "E_total" else network[base.removeprefix("out_")].out


def test_the_examples_hold_all_published_examples():
    assert len(published(["right"])) >= 90
    assert len(published(["rounding"])) >= 5
    assert len(published(["wrong"])) >= 10


# Any type of number, through the same objects


def test_objects_in_fifty_digits_round_to_the_true_digits():
    with localcontext() as context:
        context.prec = 50
        network = load("worked-example", Decimal)
        network.fit(1)
        assert agrees(DATA["values"]["E_total@1"], network.total_error())
        assert agrees(DATA["values"]["w5@1"], network["w5"].value)


def test_a_complex_step_through_the_objects_gives_the_gradient():
    network = load("worked-example")
    network["w5"].value = complex(0.40, 1e-100)
    assert agrees("0.0821670405642308", network.total_error().imag / 1e-100)


def test_dual_numbers_through_the_objects_give_the_gradient():
    network = load("worked-example")
    network["w1"].value = Dual(0.15, 1.0)
    assert agrees("0.000438567734474347", network.total_error().derivative)


def test_fractions_are_exact_where_nothing_is_transcendental():
    network = load("hmkcode-linear", Fraction)
    inputs, targets = network.samples[0]
    network.feed_forward(inputs)
    assert network["o1"].out == Fraction(191, 1000)
    network.backpropagate(targets)
    assert network["o1"].delta == Fraction(-809, 1000)
