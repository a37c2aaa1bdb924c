"""The published long runs: what their programs printed, and what trainings of the same networks give here."""

import pytest
from printed import agrees
from profiles import for_the_night

from gradcheck import Twin
from neuronnet import load
from neuronnet.description.reading import example_names, find, read

RUNS = {name: read(find(name)).run for name in example_names()}


@pytest.fixture(scope="module")
def moons():
    """E_total of moons-tanh after each of the published updates up to 2,001, by a single run of the twin."""
    twin = Twin(read(find("moons-tanh")))
    values = {}
    for update in (1, 1001, 2001):
        twin.train(update - max(values, default=0))
        values[update] = twin.loss()
    return values


def test_the_published_run_has_all_its_rows():
    assert [record.quantity for record in RUNS["moons-tanh"]] == [
        f"E_total@{update}" for update in (1, 1001, 2001, 3001, 5001, 19001)
    ]


@pytest.mark.parametrize(
    "record",
    [each for each in RUNS["moons-tanh"] if each.verdict == "right"],
    ids=lambda record: record.quantity,
)
def test_rows_called_right_are_what_the_twin_gives(record, moons):
    assert agrees(record.printed, moons[int(record.quantity.partition("@")[2])])


def test_the_first_row_is_what_the_objects_give():
    network = load("moons-tanh")
    network.fit(1)
    assert agrees("0.432387", network.total_error())


def test_a_step_on_the_mean_alone_would_be_seen(moons):
    """What the first row is worth: the published step taken on the mean and not on the sum gives another
    number.
    """
    twin = Twin(read(find("moons-tanh")))
    twin.train(1, learning_rate=0.01)
    assert not agrees("0.432387", twin.loss())


@for_the_night()
def test_the_small_relu_network_does_not_learn_as_its_file_says():
    last = Twin(read(find("moons-relu-small"))).train(10_000)[-1]
    assert agrees("0.693108", last["E_total"])
    ones = [sample.targets[0] for sample in read(find("moons-relu-small")).samples]
    assert last["accuracy"] == max(sum(ones), len(ones) - sum(ones)) / len(ones)


@pytest.mark.slow
def test_one_three_one_classifies_signs():
    twin = Twin(read(find("one-three-one")))
    assert twin.train(20_000)[-1]["accuracy"] >= 60 / 61


def test_bias_column_fits_exclusive_or_to_an_error_below_a_hundredth():
    twin = Twin(read(find("bias-column")))
    assert twin.train(20_000)[-1]["E_total"] < 0.01


def test_xor_learns():
    description = read(find("xor"))
    assert Twin(description).train(10_000)[-1]["accuracy"] == 1.0


def test_the_sine_is_learned_as_classes_and_as_a_regression():
    classes = Twin(read(find("sine-classes"))).train(2_000)
    assert classes[-1]["E_total"] < classes[0]["E_total"] / 2
    regression = Twin(read(find("sine-regression"))).train(5_000)
    assert regression[-1]["E_total"] < 0.01


def test_the_straight_line_is_beaten_by_the_hidden_layer():
    line = Twin(read(find("moons-logistic"))).train(1_000)[-1]["accuracy"]
    curve = Twin(read(find("moons-tanh"))).train(1_000)[-1]["accuracy"]
    assert line < 0.9 < curve
