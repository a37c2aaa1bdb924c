"""Objects and twin side by side: rounding is told from a mistake, and the first quantity that differs is
named.
"""

import json

import pytest
from drawn.networks import descriptions
from hypothesis import given
from hypothesis import strategies as st
from profiles import by_day, examples
from update_rules import RULES

from gradcheck import gallery
from gradcheck.cli import main
from gradcheck.errors import GradcheckError
from gradcheck.networks.side_by_side import side_by_side, ulps
from gradcheck.networks.stability import stability
from neuronnet import NeuralNetwork, load
from neuronnet.training import Adam, GradientDescent


@examples(60)
@given(
    descriptions(most_layers=3, hidden=("logistic", "tanh", "identity")),
    st.sampled_from(RULES),
    st.sampled_from(({"kind": "in turn"}, {"kind": "random", "seed": 3})),
)
def test_nothing_but_rounding_sets_them_apart(description, rule, order):
    report = side_by_side(load(description | {"update": rule, "order": order}).to_dict(), 3)
    assert report.verdict == "right", str(report)


def test_a_training_that_goes_on_is_refused():
    network = load(load("worked-example").to_dict() | {"update": "adam"})
    network.fit(1)
    for check in (side_by_side, stability):
        with pytest.raises(GradcheckError, match="state: a twin begins a training"):
            check(network.to_dict(), 3, 1)


@pytest.fixture
def mistaken_update(monkeypatch):
    """The objects' update takes a step that is too long by one part in a billion."""
    right = GradientDescent.move
    monkeypatch.setattr(
        GradientDescent, "move", lambda self, parameters, eta: right(self, parameters, eta * (1 + 1e-9))
    )


def test_a_mistaken_update_is_named_and_not_put_down_to_rounding(mistaken_update):
    report = side_by_side(load("worked-example").to_dict(), 5)
    assert report.parting.name == "w1@1"
    assert not report.parting.by_rounding
    assert report.verdict == "wrong"


def adam(name):
    """An example under Adam."""
    return load(name).to_dict() | {"update": RULES[3]}


def test_a_step_of_adam_that_is_too_long_is_wrong(monkeypatch):
    right = Adam.step
    monkeypatch.setattr(
        Adam, "step", lambda self, parameter, gradient, eta: 1.01 * right(self, parameter, gradient, eta)
    )
    report = side_by_side(adam("moons-tanh"), 2)
    assert report.verdict == "wrong"
    assert report.parting.name == "w1@1"


@pytest.mark.parametrize("first", [1, 6])
@pytest.mark.parametrize("name", ["moons-tanh", "xor", "worked-example"])
def test_a_wrong_gradient_of_the_last_weight_is_named_whenever_it_begins(monkeypatch, name, first):
    """Whatever rounding has parted by then: every parameter of every update is judged."""
    right = NeuralNetwork.update

    def update(self, learning_rate=None):
        if self._update_count + 1 >= first:
            self.weights[-1].gradient *= 1.5
        right(self, learning_rate)

    monkeypatch.setattr(NeuralNetwork, "update", update)
    network = load(name)
    report = side_by_side(network.to_dict(), 8)
    assert report.verdict == "wrong"
    assert report.parting.name == f"{network.weights[-1].name}@{first}"


def test_a_training_that_diverges_is_unusable_and_not_wrong(tmp_path, capsys):
    (tmp_path / "far.toml").write_text("""loss = "squared error"
learning_rate = 1000
[[layer]]
activation = "identity"
weights = [[0.5]]
[[sample]]
inputs = [1.0]
targets = [3.0]
""")
    assert main(["twin", str(tmp_path / "far.toml"), "--updates", "300"]) == 2
    assert "the training diverges" in capsys.readouterr().err
    command = ["twin", str(tmp_path / "far.toml"), "--updates", "300", "--twin-only", "--format", "json"]
    assert main(command) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["rows"][-1]["E_total"] is None and "the training diverges: E_total is " in found["diverges"]
    assert main(["stability", str(tmp_path / "far.toml"), "--updates", "300"]) == 2
    assert "the training diverges: E_total is " in capsys.readouterr().err


def test_a_mistaken_update_exits_1(mistaken_update, capsys):
    assert main(["twin", "worked-example", "--updates", "5"]) == 1
    assert "w1@1" in capsys.readouterr().out


def test_the_command_reports_the_parting_in_json(capsys):
    assert main(["twin", "worked-example", "--updates", "300", "--every", "100", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["update"] for row in report["rows"]] == [0, 100, 200, 300]
    assert report["parting"]["by_rounding"]


def test_the_twin_alone_prints_the_table_of_a_training(capsys):
    assert main(["twin", "moons-tanh", "--updates", "1", "--twin-only"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[:2] == ["1", "0.432386632"]


def test_the_stability_command_gives_rows(capsys):
    assert main(["stability", "worked-example", "--updates", "20", "--every", "10", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["update"] for row in rows] == [0, 10, 20]
    assert rows[0].keys() >= {"update", "value", "digits", "spread"}


@pytest.mark.slow
def test_the_gallery_command_runs(capsys, monkeypatch):
    shown = by_day(gallery.everything(), 9)
    monkeypatch.setattr(gallery, "everything", lambda: shown)
    assert main(["gallery", "--format", "json"]) == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == [each.id for each in shown]


@pytest.mark.parametrize(
    "one, other, expected",
    [(1.0, 1.0, 0), (1.0, 1.0 + 2**-52, 1), (0.0, -0.0, 0), (1.0, float("nan"), float("inf"))],
)
def test_ulps_count_the_last_place(one, other, expected):
    assert ulps(one, other) == expected
