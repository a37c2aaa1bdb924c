"""The samples of a description: computed, from a CSV file, held out; and what is refused."""

import os
import time
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet import load
from neuronnet.description.reading import read
from neuronnet.description.samples import exclusive_or, sign, sine, sine_classes, two_moons
from neuronnet.elementary import as_number
from neuronnet.errors import SpecError
from neuronnet.files import MOST


def plain(source):
    """The plain dict of a description."""
    return read(source).to_dict()


def network(data=None, neurons=1, **others):
    init = {"kind": "normal", "scale": 0.1}
    data = {} if data is None else {"data": data}
    return {"layer": [{"activation": "tanh", "neurons": neurons, "init": init}], **data, **others}


def samples_of(pairs):
    return [{"inputs": inputs, "targets": targets} for inputs, targets in pairs]


def refused(description, parts):
    start = time.process_time()
    with pytest.raises(SpecError) as caught:
        plain(description)
    assert time.process_time() - start < 10
    message, position = str(caught.value), 0
    assert "\n" not in message
    for part in parts:
        assert part in message[position:], f"{part!r} is missing, or stands too early, in: {message}"
        position = message.index(part, position)


# Computed


@pytest.mark.parametrize(
    "data, neurons, expected",
    [
        ({"kind": "two moons"}, 2, two_moons(100, 0.0, 0, 2)),
        ({"kind": "two moons", "samples": 30, "noise": 0.2, "seed": 7}, 1, two_moons(30, 0.2, 7, 1)),
        ({"kind": "xor"}, 1, exclusive_or(1)),
        ({"kind": "sign"}, 1, sign(61, 1)),
        ({"kind": "sign", "samples": 5}, 1, sign(5, 1)),
        ({"kind": "sine"}, 1, sine(61, 1)),
        ({"kind": "sine classes", "samples": 11}, 21, sine_classes(11, 21)),
    ],
    ids=str,
)
def test_data_stands_in_place_of_samples(data, neurons, expected):
    description = plain(network(data, neurons))
    assert description["sample"] == samples_of(expected) and description["held_out"] == []
    assert "data" not in description and plain(description) == description


def test_a_network_trains_on_computed_samples():
    net = load(network({"kind": "xor"}, learning_rate=0.5))
    before = net.total_error()
    net.fit(10)
    assert net.total_error() < before


REFUSED = [
    (network("two moons"), ["data", "found 'two moons'", "a table such as {kind"]),
    (
        network({"kind": "moons"}),
        ["data, kind", "found 'moons'", "two moons, xor, sign, sine, sine classes, csv"],
    ),
    (network({"kind": "sin"}), ["data, kind", "did you mean sine"]),
    (network({"samples": 3}), ["data, kind", "found nothing"]),
    (network({"kind": "xor", "samples": 4}), ["data", "the key 'samples'", "allowed are kind"]),
    (network({"kind": "two moons", "sample": 4}), ["data", "the key 'sample'", "did you mean samples?"]),
    (network({"kind": "two moons", "samples": 0}), ["data, samples", "found 0", "from 1 to 1000000000"]),
    (
        network({"kind": "two moons", "samples": 1_000_001}),
        ["data, samples", "found 1000001", "at most 100000 samples", "NEURONNET_LIMITS"],
    ),
    (network({"kind": "sine", "samples": 10.0}), ["data, samples", "found 10.0", "a whole number"]),
    (network({"kind": "sine", "samples": True}), ["data, samples", "found True"]),
    (network({"kind": "two moons", "noise": -1}), ["data, noise", "found -1.0", "from 0 upwards"]),
    (network({"kind": "two moons", "noise": "0.2"}), ["data, noise", "found '0.2'", "a number"]),
    (network({"kind": "two moons", "seed": -1}), ["data, seed", "found -1", "from 0 to 4294967295"]),
    (
        network({"kind": "two moons"}, neurons=3),
        ["data, kind", "found 'two moons'", "has 3 neurons", "for 1 or 2"],
    ),
    (
        network({"kind": "sine classes"}, neurons=20),
        ["data, kind", "'sine classes'", "has 20 neurons", "for 21"],
    ),
    (network({"kind": "xor"}, loss="output"), ["data, kind", "found 'xor'", "takes no targets"]),
    (network({"kind": "sine"}, loss="binary cross-entropy"), ["data, sample 1, targets", "from 0 to 1"]),
    (network({"kind": "xor"}, sample=[{"inputs": [1, 2], "targets": [1]}]), ["data", "samples beside it"]),
    (
        {"layer": [{"activation": "tanh", "weights": [[1]]}], "data": {"kind": "xor"}},
        ["data, sample 1, inputs", "found 2 numbers", "takes 1"],
    ),
]


@pytest.mark.parametrize("description, parts", REFUSED, ids=[" / ".join(parts)[:60] for _, parts in REFUSED])
def test_unusable_data_is_refused(description, parts):
    refused(description, parts)


# CSV


def csv_network(tmp_path, text, inputs=2, neurons=1, **others):
    (tmp_path / "points.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return network({"kind": "csv", "file": str(tmp_path / "points.csv"), "inputs": inputs}, neurons, **others)


@pytest.mark.parametrize(
    "text",
    [
        "1,2.5,0\n-3,4e-1,1\n",
        "1,2.5,0\n-3,4e-1,1",
        "x,y,class\n1,2.5,0\n-3,4e-1,1\n",
        "\n\nx,y,class\n\n1,2.5,0\n\n-3,4e-1,1\n",
        "1,2.5,0\r\n-3,4e-1,1\r\n",
        ' 1 , 2.5 ,0\n"-3","4e-1",1\n',
        "\ufeff1,2.5,0\n-3,4e-1,1\n",
        ",,\n1,2.5,0\n-3,4e-1,1\n",
        '"x,1\n2",y,class\n1,2.5,0\n-3,4e-1,1\n',
    ],
    ids=repr,
)
def test_a_csv_file_is_read(tmp_path, text):
    description = plain(csv_network(tmp_path, text))
    assert description["sample"] == [
        {"inputs": [1, 2.5], "targets": [0]},
        {"inputs": [-3, 0.4], "targets": [1]},
    ]
    assert plain(description) == description


def test_numbers_of_a_csv_file_keep_every_digit(tmp_path):
    (sample,) = plain(csv_network(tmp_path, "0.10000000000000000000000000001,2,3\n"))["sample"]
    assert as_number(sample["inputs"][0], Decimal) == Decimal("0.10000000000000000000000000001")


def test_a_csv_file_is_looked_for_beside_the_network_file(tmp_path, monkeypatch):
    text = (
        'data = {kind = "csv", file = "points.csv", inputs = 1}\n[[layer]]\nactivation = "tanh"\nneurons '
        "= 1\n"
        'init = {kind = "constant", scale = 1}\n'
    )
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "net.toml").write_text(text, encoding="utf-8")
    (tmp_path / "net" / "points.csv").write_text("1,0\n", encoding="utf-8")
    (tmp_path / "points.csv").write_text("2,0\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert plain(tmp_path / "net" / "net.toml")["sample"][0]["inputs"] == [1]
    assert plain(text)["sample"][0]["inputs"] == [2]


def test_all_columns_may_be_inputs_where_the_loss_takes_no_targets(tmp_path):
    description = plain(csv_network(tmp_path, "1,2\n", loss="output"))
    assert description["sample"] == [{"inputs": [1, 2], "targets": []}]


@pytest.mark.parametrize(
    "text, parts",
    [
        ("1,2,3\n1,x,3\n", ["points.csv', line 2, column 2", "found 'x'", "a finite number"]),
        ("a,b,c\n1,2,3\n1,,3\n", ["points.csv', line 3, column 2", "found ''", "a finite number"]),
        ("a,b,c\nd,e,f\n", ["line 2, column 1", "found 'd'"]),
        ("1,b,3\n", ["line 1, column 2", "found 'b'"]),
        ("1;2;3\n4;5;6\n", ["line 2, column 1", "found '4;5;6'", "separated by commas"]),
        ("1,2,3\n1,2\n", ["line 2", "found 2 columns", "line 1 has 3"]),
        ("\nx,y,z\n1,2,3\n1,2,3,4\n", ["line 4", "found 4 columns", "line 3 has 3"]),
        ("1,2,nan\n", ["line 1, column 3", "found 'nan'", "a finite number"]),
        ("1,2,1e999\n", ["line 1, column 3", "found '1e999'", "a finite number"]),
        ("1,2,1_0\n", ["line 1, column 3", "found '1_0'", "a finite number"]),
        ("1,2,0." + "1" * 2000 + "\n", ["line 1, column 3", "at most 1000 digits"]),
        ("1,2\n", ["line 1, targets", "found 0 numbers", "takes 1"]),
        ("1,2,3,4\n", ["line 1, targets", "found 2 numbers", "takes 1"]),
        ("1\n", ["line 1, inputs", "found 1 number", "takes 2"]),
        ("", ["points.csv'", "found no line of numbers"]),
        ("a,b,c\n\n", ["points.csv'", "found no line of numbers"]),
        ("1,2," + "3" * 200_000, ["line 1", "a CSV error"]),
        (b"1,2,\xff\n", ["points.csv", "a byte that is not UTF-8 in line 1"]),
        (b"1,2,3\0\n", ["line 1"]),
    ],
    ids=lambda value: None if isinstance(value, list) else repr(value)[:30],
)
def test_unusable_csv_files_are_refused_with_their_line(tmp_path, text, parts):
    refused(csv_network(tmp_path, text), parts)


@pytest.mark.parametrize(
    "data, parts",
    [
        ({"kind": "csv", "file": "a.csv"}, ["data", "found no inputs", "leading columns"]),
        ({"kind": "csv", "inputs": 2}, ["data, file", "found nothing", "the name of a CSV file"]),
        ({"kind": "csv", "file": "", "inputs": 2}, ["data, file", "found ''"]),
        ({"kind": "csv", "file": 3, "inputs": 2}, ["data, file", "found 3"]),
        ({"kind": "csv", "file": "a.csv", "inputs": 0}, ["data, inputs", "found 0"]),
        ({"kind": "csv", "file": "a.csv", "inputs": 2, "sep": ";"}, ["data", "the key 'sep'"]),
        (
            {"kind": "csv", "file": "missing.csv", "inputs": 2},
            ["data, 'missing.csv'", "found no file 'missing.csv'"],
        ),
        ({"kind": "csv", "file": ".", "inputs": 2}, ["data, ''", "found no file '.'"]),
        ({"kind": "csv", "file": "a\0b", "inputs": 2}, ["found no file"]),
        ({"kind": "csv", "file": "x" * 5000, "inputs": 2}, ["found no file"]),
        ({"kind": "csv", "file": "/dev/zero", "inputs": 2}, ["found no file"]),
    ],
    ids=str,
)
def test_what_is_no_csv_file_is_refused(tmp_path, monkeypatch, data, parts):
    monkeypatch.chdir(tmp_path)
    refused(network(data), parts)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refused(network({"kind": "csv", "file": str(tmp_path / "pipe"), "inputs": 1}), ["found no file"])


def test_a_gigantic_csv_file_is_refused(tmp_path):
    description = csv_network(tmp_path, "1,2,3\n")
    os.truncate(tmp_path / "points.csv", 500_000_000)
    refused(description, ["points.csv", f"more than {MOST['bytes']} bytes"])


def test_too_many_lines_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONNET_LIMITS", "samples=3")
    assert len(plain(csv_network(tmp_path, "1,2,3\n" * 3))["sample"]) == 3
    refused(
        csv_network(tmp_path, "1,2,3\n" * 4),
        ["found 4 samples", "at most 3", "NEURONNET_LIMITS=samples=NUMBER"],
    )


# Held out

WRITTEN = [{"inputs": [number, 0], "targets": [1]} for number in range(40)]


@examples(60)
@given(st.integers(2, 200), st.integers(1, 99), st.integers(0, 2**32 - 1))
def test_the_held_out_samples_are_those_of_numpys_permutation(count, percent, seed):
    fraction = percent / 100
    test_count = int(np.ceil(fraction * count))
    description = network({"kind": "sine", "samples": count}, held_out={"fraction": fraction, "seed": seed})
    if test_count == count:
        refused(description, ["held_out, fraction", f"the {count} samples"])
        return
    whole, split = plain(network({"kind": "sine", "samples": count}))["sample"], plain(description)
    order = np.random.RandomState(seed).permutation(count)
    assert split["held_out"] == [whole[place] for place in order[:test_count]]
    assert split["sample"] == [whole[place] for place in order[test_count:]]


@pytest.mark.parametrize("count, fraction, seed", [(1000, 0.1, 42), (7, 0.5, 0), (40, 0.33, 3)])
def test_the_held_out_samples_are_those_of_scikit_learn(count, fraction, seed):
    selection = pytest.importorskip("sklearn.model_selection")
    train, test = selection.train_test_split(list(range(count)), test_size=fraction, random_state=seed)
    samples = [{"inputs": [number, 0], "targets": [1]} for number in range(count)]
    split = plain(network(sample=samples, held_out={"fraction": fraction, "seed": seed}))
    assert [sample["inputs"][0] for sample in split["sample"]] == train
    assert [sample["inputs"][0] for sample in split["held_out"]] == test


def test_samples_may_be_held_out_by_hand():
    description = plain(network(sample=WRITTEN[:3], held_out=WRITTEN[3:5]))
    assert [sample["inputs"][0] for sample in description["held_out"]] == [3, 4]
    assert plain(description) == description


def test_without_a_seed_the_split_is_that_of_seed_0():
    held_out = [
        plain(network(sample=WRITTEN, held_out=each))["held_out"]
        for each in ({"fraction": 0.5}, {"fraction": 0.5, "seed": 0}, {"fraction": 0.5, "seed": 1})
    ]
    assert held_out[0] == held_out[1] != held_out[2]


@pytest.mark.parametrize(
    "held_out, parts",
    [
        (3, ["held_out", "found 3", "write [[held_out]], with double brackets"]),
        ({}, ["held_out", "found no fraction"]),
        ({"fraction": 0}, ["held_out, fraction", "found 0.0", "above 0 and below 1"]),
        ({"fraction": 1}, ["held_out, fraction", "found 1.0"]),
        ({"fraction": 0.99}, ["held_out, fraction", "found 0.99", "the 40 samples"]),
        ({"fraction": -0.5}, ["held_out, fraction", "found -0.5"]),
        ({"fraction": 1e308}, ["held_out, fraction", "found 1e+308"]),
        ({"fraction": "a tenth"}, ["held_out, fraction", "found 'a tenth'"]),
        ({"fraction": 0.1, "seed": 0.5}, ["held_out, seed", "found 0.5"]),
        ({"fraction": 0.1, "sed": 1}, ["held_out", "the key 'sed'", "did you mean seed?"]),
        ([{"inputs": [1], "targets": [1]}], ["held_out 1, inputs", "found 1 number", "takes 2"]),
        ([{"inputs": [1, 2], "target": [1]}], ["held_out 1", "the key 'target'", "did you mean targets?"]),
    ],
    ids=str,
)
def test_unusable_held_out_samples_are_refused(held_out, parts):
    refused(network(sample=WRITTEN, held_out=held_out), parts)


def test_nothing_is_held_out_of_nothing():
    layer = {"activation": "tanh", "weights": [[1]]}
    refused({"layer": [layer], "held_out": {"fraction": 0.5}}, ["held_out, fraction", "the 0 samples"])
