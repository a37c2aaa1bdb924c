"""Diagnoses: a planted mistake is named, one of two is as well, and nothing is named on a coincidence."""

from functools import cache
from math import isfinite

import pytest
from drawn.networks import descriptions
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from mistaken import MISTAKES
from profiles import by_day, examples, for_the_night, is_thorough, share
from replays import Numbers, alike, network_of

from neuronnet import check_sheet, diagnose, load
from neuronnet.description.reading import read
from neuronnet.errors import ExpressionError, NeuronnetError, NumberError, UnknownName
from neuronnet.mistakes.printed_numbers import numbers_of
from neuronnet.names import after, update_of

DEEP = {
    "loss": "half squared error",
    "learning_rate": 0.5,
    "sample": [{"inputs": [0.1, 0.7], "targets": [0.1, 0.9]}],
    "layer": [
        {"activation": "tanh", "weights": [[0.3, -0.2], [0.7, 0.1]], "bias": [0.1, -0.2]},
        {"activation": "logistic", "weights": [[0.2, 0.8], [-0.5, 0.6]], "bias": 0.2},
        {"activation": "logistic", "weights": [[-0.3, 0.5], [0.6, -0.4]], "bias": 0.1},
    ],
}


def printed(numbers, digits=6):
    """Numbers as somebody prints them, with so many significant digits."""
    return {
        name: f"{value:.{digits - 1}e}"
        for name, value in numbers.items()
        if isfinite(value) and (value == 0 or 1e-300 < abs(value) < 1e300)
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "numbers, expected",
    [
        ({"E_total@1": "0.291027924"}, ["updated output weights used backwards"]),
        ({"E_total@1": "0.280471447"}, ["bias per neuron, trained"]),
        pytest.param({"E_total@10000": "0.0000351085"}, ["one update too few"], marks=for_the_night()),
        ({"E_total": "0.3036583"}, ["both weight matrices loaded transposed"]),
        ({"w1@1": "0.149817639", "E_total@1": "0.291027924"}, ["updated output weights used backwards"]),
        ({"-delta_o1": "-0.069249281"}, ["an extra half"]),
        ({"E_total@1": "0.291027774", "w5@1": "0.358916480"}, []),
        ({"E_total@1": "0.291027774"}, []),
        ({"E_total@1": "0.291", "w5@1": "0.3"}, []),
        ({"E_total@1": 0.29102792390452867}, ["updated output weights used backwards"]),
        (
            {"E_total@1": "0.291027924", "E_total@100": "0.0203118271"},
            ["updated output weights used backwards", "one update too few"],
        ),
    ],
)
def test_numbers_of_the_worked_example(numbers, expected):
    assert [each.id for each in diagnose("worked-example", numbers)] == expected


@pytest.mark.slow
def test_a_diagnosis_says_what_it_explains_and_how_sure_it_is():
    (found,) = diagnose(
        "worked-example", {"E_total@1": "0.291027924", "out_o1@10000": "0.015912196", "w1@1": "0.149780716"}
    )
    assert found.explains == ("E_total@1", "out_o1@10000") and found.contradicts == ("w1@1",)
    assert repr(found) == str(found) == f"{found.id}: {found.sentence}"
    assert found.digits > 6 and found.chance < 1e-5 and found.tried > 60
    assert "7 digits reproduced" in found.odds and found.sentence in str(found.to_dict()["sentence"])


@pytest.mark.slow
@pytest.mark.parametrize("name", by_day([name for name in MISTAKES if name != "none"], 3))
def test_mistakes_planted_in_the_neurons_are_named(name):
    """The independent second way: the objects make the mistake, and the catalogue recognises the weights and
    errors it leaves.
    """
    network = load("worked-example")
    MISTAKES[name](network)
    numbers = {f"{weight.name}@1": f"{weight.value:.9f}" for weight in network.weights} | {
        "E_total@1": f"{network.total_error():.9f}"
    }
    wrong = dict(printed(Numbers(read("worked-example")), 9))
    assert any(abs(float(numbers[each]) - float(wrong[each])) > 1e-8 for each in numbers), (
        "the mistake is not visible"
    )
    found = diagnose("worked-example", numbers)[0]
    assert name in (found.id, *found.same_as)
    assert not found.contradicts


@cache
def drawn_networks(count):
    """Checked descriptions of drawn networks, always the same ones; small ones by day."""
    found, small = [], {"most_layers": 3, "most_neurons": 2, "most_samples": 2}

    @seed(3)
    @settings(max_examples=count)
    @given(descriptions(**({} if is_thorough() else small)))
    def draw(description):
        found.append(read(description))

    draw()
    return found


def of(network, diagnosis):
    """The numbers of a pass with the mistakes of a Diagnosis."""
    return Numbers(network.description, *(each.id for each in diagnosis.mistakes))


@pytest.mark.slow
def test_every_entry_is_recognised_in_98_of_100_drawn_networks(digits=6):
    """On networks of 1 to 4 layers, all activations, losses and conventions; what changes no printed digit
    is no mistake. The quick profile asks each network for every 14th entry, the thorough one 15 for all.
    """
    asked, missed, every = 0, [], 1 if is_thorough() else 14
    for start, description in enumerate(drawn_networks(share(5))):
        network, right = network_of(description), Numbers(description)
        for id in list(network.variations)[start % every :: every]:
            wrong = Numbers(description, id)
            numbers = printed({name: wrong[name] for name in right if name in wrong}, digits)
            if all(float(text) == float(f"{right[name]:.{digits - 1}e}") for name, text in numbers.items()):
                continue
            asked += 1
            found = diagnose(description, numbers)
            if not found or not (
                id in (*found[0].id.split(" + "), *found[0].same_as) or alike(wrong, of(network, found[0]))
            ):
                missed.append(id)
    assert asked > 20
    assert len(missed) <= 0.02 * asked, missed


@examples(25)
@given(descriptions(most_layers=3, most_neurons=2), st.integers(2, 12))
def test_right_numbers_are_never_diagnosed(description, digits):
    description = read(description)
    assert diagnose(description, printed(Numbers(description), digits)) == []


PAIRS = [
    ("activation derivative missing at the hidden layer", "an extra half"),
    ("only o1's path into h1 (no sum over outputs)", "sign flipped"),
    ("input not multiplied into the gradient", "learning rate missing"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "ids", [PAIRS[0], *(pytest.param(ids, marks=for_the_night()) for ids in PAIRS[1:])], ids=" + ".join
)
def test_two_mistakes_at_once_are_named(ids):
    numbers = Numbers(DEEP, *ids)
    found = diagnose(DEEP, printed(numbers, 7))[0]
    assert set(found.id.split(" + ")) == set(ids) or alike(of(network_of(DEEP), found), numbers)
    assert found.chance < 1e-20


@pytest.mark.slow
def test_a_mistake_with_carried_rounding_is_named():
    """Every number is computed from the rounded ones before, so that no exact pass has these digits."""
    id = "hidden delta from the raw output error"
    numbers = Numbers(DEEP, id, keep=lambda name, value: float(f"{value:.4f}"))
    text = {name: f"{value:.4f}" for name, value in numbers.items()}
    exact = Numbers(DEEP, id)
    assert any(f"{exact[name]:.4f}" != text[name] for name in text), "no rounding is visible"
    found = diagnose(DEEP, text)
    assert found[0].id == id


@pytest.mark.slow
@settings(max_examples=share(15, least=2))
@given(
    st.dictionaries(
        st.sampled_from(["E_total@1", "w1@1", "dE_total/dw1", "delta_h1", "out_o1"]),
        st.integers(10**8, 10**9 - 1),
        min_size=1,
        max_size=1,
    )
)
def test_a_random_number_is_seldom_given_a_cause(numbers):
    """Nine random digits: what is named all the same was expected by chance less than once in twenty."""
    for found in diagnose("worked-example", {name: f"0.{digits}" for name, digits in numbers.items()}):
        assert found.chance <= 0.05


@for_the_night()
def test_random_numbers_are_named_less_often_than_the_odds_allow():
    import random

    draw = random.Random(1)
    values = Numbers("worked-example")
    moves = [draw.choice((-1, 1)) * 10 ** draw.uniform(-8, -3) for _ in range(share(25))]
    numbers = [f"{values['E_total@1'] + move:.9f}" for move in moves]
    named = sum(bool(diagnose("worked-example", {"E_total@1": number})) for number in numbers)
    assert named <= max(1, 0.05 * len(moves))


@pytest.mark.parametrize(
    "numbers, error",
    [
        ({"foo": 1.0}, UnknownName),
        ({"E_total@1": "0.29x"}, NumberError),
        ({"E_total@1": float("nan")}, NumberError),
        ({"E_total@1": True}, NumberError),
        ({"E_total@1": None}, NumberError),
        ({"w1 +": 1.0}, ExpressionError),
        ({"E_total@1": "1e999"}, NumberError),
        ({"E_total@1": [1.0]}, NumberError),
        ({5: 0.1}, NeuronnetError),
        (["E_total@1"], NeuronnetError),
    ],
)
def test_bad_numbers_are_refused(numbers, error):
    with pytest.raises(error):
        diagnose("worked-example", numbers)


def test_a_network_may_be_an_object():
    assert (
        diagnose(load("worked-example"), {"E_total@1": "0.291027924"})[0].id
        == "updated output weights used backwards"
    )


# Slips of the pen, and a forgotten update that looks like rounding


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, number, id",
    [
        ("dE_total/dw5", "0.3589164797", "new value in the place of the gradient"),
        ("E_total", "0.29873111", "two digits exchanged"),
        ("dE_total/dw5", "-0.08216704", "sign lost"),
        ("out_o1", "0.7136507", "a digit lost"),
        ("out_o1", "7.513651", "the point misplaced"),
    ],
)
def test_slips_of_the_pen_are_named_beside_right_numbers(name, number, id):
    numbers = printed(Numbers("worked-example"), 8)
    assert [each.id for each in diagnose("worked-example", numbers | {name: number})] == [id]


@pytest.mark.slow
@pytest.mark.parametrize("biases, status", [("biases never updated", 1), ("none", 0)])
def test_a_forgotten_update_of_the_biases_is_no_rounding(biases, status):
    """The old biases agree with the new ones to the two digits printed; the error after it has six."""
    description = read("worked-example").to_dict() | {"learning_rate": 0.02}
    layers = zip(description["layer"], ([0.35, 0.2], [0.6, 0.3]))
    description["layer"] = [layer | {"bias": bias, "train_bias": True} for layer, bias in layers]
    wrong, right = Numbers(description, biases), Numbers(description)
    names = [name for name in right if "@" not in name or name[0] in "wb"]
    lines = [f"{name} = {right[name]:.2f}" for name in names] + [f"E_total@1 = {wrong['E_total@1']:.6f}"]
    report = check_sheet("\n".join(lines), description)
    assert report.status == status
    assert [each.id for each in report.mistakes] == [biases] * status


@pytest.mark.slow
@pytest.mark.parametrize(
    "id, formula",
    [
        (
            "w1 and w2 exchanged",
            "you used net_h1 = w2*i1 + w1*i2 + b1 in place of w1*i1 + w2*i2 + b1",
        ),
        (
            "learning rate missing",
            "you used w5@1 = w5 - 1 * dE_total/dw5 in place of w5 - eta * dE_total/dw5",
        ),
        ("no biases", "you used net_h1 = w1*i1 + w2*i2 in place of w1*i1 + w2*i2 + b1"),
        ("one update too many", None),
    ],
)
def test_the_step_is_shown_as_it_was_done_and_as_it_is_right(id, formula):
    network = network_of(read("worked-example"))
    names = [name for name in network.known_names if "@2" not in name]
    numbers = {
        name: float(value)
        for name, value in numbers_of(network.replay(network.variations[id]), names).items()
    }
    first, *_ = diagnose("worked-example", numbers)
    assert (first.id, first.formula) == (id, formula)


# What an update rule remembers, and what is wrong only from some update on


ADAM = DEEP | {
    "learning_rate": 0.1,
    "update": {"rule": "adamw", "weight_decay": 0.2},
    "layer": [layer | {"train_bias": True} for layer in DEEP["layer"]],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "id",
    by_day(
        [
            "bias correction missing",
            "bias correction applied twice",
            "bias correction with t counted from 0",
            "corrected means carried on",
            "beta and 1 - beta exchanged: v",
            "the two running means exchanged",
            "beta1 and beta2 exchanged",
            "weight decay added to the gradient",
            "weight decay on the biases as well",
            "parameters of before the update",
            "hidden biases never updated",
            "bias gradient without the slope",
        ],
        3,
    ),
)
def test_mistakes_of_an_update_rule_are_named(id):
    right, wrong = (Numbers(ADAM, *ids, updates=2) for ids in ((), (id,)))
    numbers = printed({name: wrong[name] for name in right if name in wrong and not right[name] == 0})
    assert any(wrong[name] != right[name] for name in numbers), "the mistake is not visible"
    found = diagnose(ADAM, numbers)
    assert id in (found[0].id, *found[0].same_as) and len(found) == 1


@pytest.mark.slow
@pytest.mark.parametrize("since", [1, 2])
@pytest.mark.parametrize(
    "id", ["bias missing in the output net input", "activation derivative missing at the hidden layer"]
)
def test_a_mistake_of_a_later_pass_alone_is_named_with_its_update(id, since):
    network, right = network_of(DEEP), Numbers(DEEP, updates=3)
    replay = network.replay(network.starting_at(network.variations[id], since))
    names = ("net_o1", "delta_h1_1", "w1", "w5", "E_total")
    numbers = {after(name, count): replay[after(name, count)] for count in range(4) for name in names}
    wrong = {name for name, number in numbers.items() if number != right[name]}
    assert wrong and all(update_of(name) >= since for name in wrong)
    assert [each.id for each in diagnose(DEEP, printed(numbers))] == [f"{id}, from @{since} on"]
