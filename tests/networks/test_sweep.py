"""A network at several sizes of its hidden layer: what changes with the size, what does not, and what is
refused.
"""

import json

import numpy as np
import pytest

from gradcheck import Twin
from gradcheck.cli import main
from gradcheck.errors import GradcheckError
from gradcheck.networks import hidden_sizes as sweeping
from gradcheck.networks.hidden_sizes import sweep, updates_of
from neuronnet.description.reading import checked, document, read
from neuronnet.errors import SpecError

SAMPLES = [
    {"inputs": [0.0, 1.0], "targets": [1.0]},
    {"inputs": [1.0, 1.0], "targets": [0.0]},
    {"inputs": [1.0, 0.0], "targets": [1.0]},
]
DRAWN = {"kind": "normal", "scale": 1.0}


def plain(hidden=(), last=(), **other):
    """A 2-3-1 network as a plain dict, with other keys in its layers or beside them."""
    return {
        "learning_rate": 0.5,
        "sample": SAMPLES,
        **other,
        "layer": [
            {
                "neurons": 3,
                "activation": "tanh",
                "init": {**DRAWN, "seed": 4},
                "bias": "zero",
                **dict(hidden),
            },
            {"neurons": 1, "activation": "logistic", "init": DRAWN, "bias": "drawn", **dict(last)},
        ],
    }


def published(size, updates):
    """(mean cross-entropy with its share of l2, accuracy) of the published program's own steps, with its own
    seeding.
    """
    network = read("moons-tanh").to_dict()
    x = np.array([sample["inputs"] for sample in network["sample"]], dtype=float)
    y = np.array([sample["targets"] for sample in network["sample"]], dtype=float)
    random = np.random.RandomState(0)
    w1, b1 = random.randn(2, size) / np.sqrt(2), np.zeros(size)
    w2, b2 = random.randn(size, 2) / np.sqrt(size), np.zeros(2)
    for update in range(updates + 1):
        hidden = np.tanh(x @ w1 + b1)
        scores = np.exp(hidden @ w2 + b2)
        out = scores / scores.sum(axis=1, keepdims=True)
        error = (-np.sum(y * np.log(out)) + 0.005 * (np.sum(w1**2) + np.sum(w2**2))) / len(x)
        if update < updates:
            delta2 = out - y
            delta1 = delta2 @ w2.T * (1 - hidden**2)
            w1, b1 = w1 - 0.01 * (x.T @ delta1 + 0.01 * w1), b1 - 0.01 * delta1.sum(axis=0)
            w2, b2 = w2 - 0.01 * (hidden.T @ delta2 + 0.01 * w2), b2 - 0.01 * delta2.sum(axis=0)
    return error, np.mean(np.argmax(out, axis=1) == np.argmax(y, axis=1))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 20, 50])
def test_every_size_starts_and_moves_as_the_published_program_does(size):
    result = sweep("moons-tanh", [size], 30).results[1]
    error, accuracy = published(size, 30)
    assert result.E_total == pytest.approx(error, rel=1e-11)
    assert result.accuracy == accuracy


def test_the_networks_own_size_is_the_network_itself():
    twin = Twin(read("moons-tanh"))
    twin.train(50)
    result = sweep("moons-tanh", [3], 50).results[1]
    assert (result.E_total, result.accuracy) == (twin.loss(), twin.accuracy())
    assert np.array_equal(result.twin.vector, twin.vector)


def test_the_baseline_is_the_straight_line_of_the_examples():
    found = document("moons-tanh")
    report = sweep(found._replace(content={**found.content, "l2": 0.0}), [1], 40)
    twin = Twin(read("moons-logistic"))
    twin.train(40)
    assert report.results[0].E_total == twin.loss()
    assert report.results[0].network == "2-2"


def test_accuracies_after_twenty_thousand_updates(monkeypatch):
    monkeypatch.setattr(sweeping, "REPLICAS", 1)
    report = sweep("moons-tanh", [1, 5, 20], 20_000)
    assert [result.accuracy for result in report.results] == [0.845, 0.865, 0.99, 0.99]
    assert all(result.digits > 12 for result in report.results)


def test_a_result_that_rounding_decides_is_told_apart():
    steady, lost = sweep("moons-tanh", [1, 2], 3000).results[1:]
    assert steady.digits > 12 and lost.digits < 4


def test_inputs_outputs_and_parameters_follow_the_size():
    report = sweep(plain(), [1, 7], 3)
    assert [(result.network, result.twin.vector.size) for result in report.results] == [
        ("2-1", 3),
        ("2-1-1", 5),
        ("2-7-1", 29),
    ]


@pytest.mark.parametrize(
    "network",
    [
        plain(last={"inputs": 3}),
        plain(names={"net_h3": "z3"}),
        plain(hidden={"bias": 0.5}),
        [
            {"input_dim": 2, "output_dim": 3, "activation": "relu"},
            {"input_dim": 3, "output_dim": 1, "activation": "sigmoid"},
        ],
    ],
    ids=["inputs written", "own names", "shared bias", "dimensions"],
)
def test_what_is_written_for_one_size_does_not_stand_in_the_way(network):
    if isinstance(network, list):
        network = {"layer": network, "sample": SAMPLES, "learning_rate": 0.5}
    assert [result.network for result in sweep(network, [2, 4], 2).results] == ["2-1", "2-2-1", "2-4-1"]


def test_the_baseline_starts_from_zero_and_keeps_the_kind_of_bias():
    for last, expected in (
        ({}, [0.0]),
        ({"bias": "zero"}, [0.0]),
        ({"bias": 0.25}, 0.25),
        ({"bias": None}, None),
    ):
        network = {
            **plain(),
            "layer": [
                plain()["layer"][0],
                {key: value for key, value in {**plain()["layer"][1], **last}.items() if value is not None},
            ],
        }
        (layer,) = sweep(network, [1], 0).results[0].description.to_dict()["layer"]
        assert (layer["weights"], layer["bias"]) == ([[0.0, 0.0]], expected)


def test_the_document_is_not_changed():
    network = plain()
    before = json.dumps(network)
    sweep(network, [1, 2], 1)
    assert json.dumps(network) == before


def test_a_replica_has_the_same_error_up_to_rounding():
    twin, replica = Twin(read("moons-tanh")), sweeping._replica(read("moons-tanh"), 0)
    assert replica.loss() == pytest.approx(twin.loss(), rel=1e-14)
    assert not np.array_equal(replica.inputs, twin.inputs)


def test_online_replicas_keep_the_order_of_the_samples():
    network = read("one-three-one")
    assert np.array_equal(sweeping._replica(network, 0).inputs, Twin(network).inputs)


def test_progress_reaches_the_announced_number_of_updates():
    seen = []
    sweep("moons-tanh", [1, 2], 10, progress=seen.append)
    assert seen[-1] == updates_of([1, 2], 10) and seen == sorted(seen)


def test_a_held_out_part_and_targets_that_are_no_classes_have_their_columns():
    held_out = str(sweep(plain(held_out=SAMPLES[:1]), [1], 1))
    assert "held out accuracy" in held_out and "of replicas" in held_out
    assert "accuracy" not in str(sweep("sine-regression", [1], 1))


@pytest.mark.parametrize(
    "network, parts",
    [
        ("worked-example", ["layer 1", "no init"]),
        ("moons-relu", ["4 hidden layers", "exactly one"]),
        ("moons-logistic", ["no hidden layers", "exactly one"]),
        ("no-such", ["no-such", "neither a file"]),
        (plain(hidden={"bias": [0.1, 0.2, 0.3]}), ["layer 1, bias", "a list of numbers"]),
        (
            {**plain(), "layer": [plain()["layer"][0], {"weights": [[1, 2, 3]], "activation": "logistic"}]},
            ["layer 2", "no init"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_networks_that_cannot_be_swept_are_refused(network, parts):
    with pytest.raises(SpecError) as caught:
        sweep(network, [1], 1)
    assert all(part in str(caught.value) for part in parts), caught.value


@pytest.mark.parametrize("sizes", [[], [0], [-1], [2, 2], [1.5]])
def test_sizes_that_are_none_are_refused(sizes):
    with pytest.raises(GradcheckError, match="sizes: found"):
        sweep("moons-tanh", sizes, 1)


def test_the_raw_document_checked_is_the_description():
    assert checked(*document("moons-tanh")) == read("moons-tanh")
    assert document("moons-tanh").content["layer"][0]["init"]["seed"] == 0
    network = plain()
    assert document(network).content is network


# Command line


def test_the_command_lists_every_size_after_the_baseline(capsys):
    assert main(["sweep", "moons-tanh", "--updates", "2", "--sizes", "1, 20"]) == 0
    rows = capsys.readouterr().out.splitlines()[-3:]
    assert [row.split()[:3] for row in rows] == [
        ["none", "2-2", "6"],
        ["1", "2-1-2", "7"],
        ["20", "2-20-2", "102"],
    ]


def test_the_command_has_the_published_sizes_by_default_and_json(capsys):
    assert main(["sweep", "moons-tanh", "--updates", "1", "--format", "json"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert [result["hidden_neurons"] for result in results] == [0, 1, 2, 3, 4, 5, 20, 50]
    assert all(0 < result["accuracy"] < 1 and result["E_total"] > 0 for result in results)


def test_an_error_that_is_not_finite_is_null_in_json(tmp_path, capsys):
    (tmp_path / "net.json").write_text(json.dumps(plain(learning_rate=1e300, loss="squared error", l2=1.0)))
    assert (
        main(["sweep", str(tmp_path / "net.json"), "--updates", "9", "--sizes", "2", "--format", "json"]) == 0
    )
    assert json.loads(capsys.readouterr().out)["results"][1]["E_total"] is None


@pytest.mark.parametrize(
    "arguments, part",
    [
        (["moons-tanh", "--sizes", "1,x"], "found 'x'"),
        (["moons-tanh", "--sizes", ""], "found ''"),
        (["moons-tanh", "--sizes", "0"], "sizes: found 0"),
        (["moons-tanh", "--sizes", "9000000"], "9000000"),
        (["worked-example"], "no init"),
        (["moons-relu"], "4 hidden layers"),
    ],
)
def test_the_command_refuses_in_one_line(capsys, arguments, part):
    assert main(["sweep", *arguments, "--updates", "1"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and part in err
