"""Golden values: their digits are true, their tolerances fit ports that are right, and no file is lost."""

import json
import os
import re
import signal
import subprocess
import sys
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from drawn.networks import descriptions
from hypothesis import given
from ports import drawn_description
from profiles import by_day, examples, for_the_night

from neuronnet import Golden, Model, NeuralNetwork, NeuronnetError
from neuronnet.derivation.quantities import Derivation
from neuronnet.description.reading import EXAMPLES, read
from neuronnet.golden.recording import batches_of, float32, shortest

SHEETS = sorted(each for each in (EXAMPLES / "sheets").glob("*.txt") if "mistake" not in each.name)


@given(descriptions(batches=("full",)))
@examples(100)
def test_certified_digits_are_those_of_the_formulas_in_more_digits(description):
    try:
        golden, derivation = Golden.of(description), Derivation(read(description))
        exact = {name: derivation.exact(name, 60) for name in derivation.names() if name in golden.values}
    except NeuronnetError:
        return  # a loss without a finite value
    assert len(exact) > 3
    for name, value in exact.items():
        digits = Decimal(golden.values[name].digits)
        unit = Decimal(1).scaleb(digits.as_tuple().exponent)
        assert abs(digits - value) <= unit, name


@pytest.mark.parametrize("updates", [1, pytest.param(10_000, marks=for_the_night())])
def test_the_published_digits_of_the_worked_example(updates):
    golden = Golden.of("worked-example", updates)
    published = {"E_total": "0.298371109", "dE_total/dw5": "0.082167041"}
    at_the_end = {
        1: {"w5@1": "0.358916480", "E_total@1": "0.291027774"},
        10_000: {"E_total@10000": "0.0000351019"},
    }
    for name, printed in (published | at_the_end[updates]).items():
        assert f"{Decimal(golden.values[name].digits):.{len(printed) - 2}f}" == printed
    assert all(len(each.digits) > 30 for each in golden.values.values() if each.value)


def test_values_of_single_precision_are_the_nearest_and_their_text_the_shortest():
    for each in Golden.of("worked-example", dtype="float32").values.values():
        assert np.float32(each.value) == np.float32(float(each.digits))
        assert float(str(np.float32(each.value))) == each.value
        assert float.fromhex(each.hex("float32")) == float32(each.value) == np.float32(each.value)
    assert shortest(Decimal("0.15"), "float32") == 0.15


@pytest.mark.parametrize(
    "samples, batch, order",
    by_day(
        product([1, 2, 5], ["full", "online", 2, 3, 9], [{"kind": "in turn"}, {"kind": "random", "seed": 4}]),
        3,
    ),
)
def test_the_batches_are_those_that_the_updates_rest_on(samples, batch, order):
    drawn = drawn_description(1) | {"batch": batch, "order": order}
    drawn["sample"] = drawn["sample"][:samples]
    kept, endless = batches_of(read(drawn), 7), read(drawn).batches()
    assert [kept[update % len(kept)] for update in range(8)] == [next(endless) for _ in range(8)]
    named = {
        int(each[1]) for each in re.findall(r"(net_o1)\[(\d)\]@7", " ".join(Golden.of(drawn, at=[7]).values))
    }
    assert named == ({position + 1 for position in kept[7 % len(kept)]} if samples > 1 else set())


def test_a_value_that_rounding_decides_is_refused_unless_asked_for():
    layer = {"activation": "identity", "weights": [[0.1, 0.2]]}
    network = {"loss": "half squared error", "learning_rate": 0.1, "layer": [layer]}
    network["sample"] = [{"inputs": [1.0, 1.0], "targets": [0.3]}]  # net is 0.3 but for rounding
    assert "delta_o1" in Golden.of(network).refused
    assert "delta_o1" in Golden.of(network, all_values=True).values


@pytest.mark.parametrize("sheet", by_day(SHEETS, 3), ids=lambda path: path.stem)
def test_golden_values_of_a_sheet_are_its_values(sheet):
    model = Model.from_text(sheet.read_text(encoding="utf-8"))
    golden = Golden.of(model, dtype="float32")
    assert len(golden.refused) < 0.1 * len(golden.values)
    for name in model.names():
        for entry, value in zip(_entries(name, model[name]), np.ravel(model[name])):
            if entry in golden.values:
                assert golden.values[entry].value == pytest.approx(value, rel=1e-6, abs=1e-12)


def _entries(name, value):
    shape = np.shape(value)
    return (
        [f"{name}[{','.join(str(i + 1) for i in index)}]" for index in np.ndindex(*shape)]
        if shape
        else [name]
    )


def test_a_file_is_replaced_only_for_a_reason_which_it_keeps(tmp_path):
    path, first = tmp_path / "golden.json", Golden.of("worked-example")
    first.write(path)
    with pytest.raises(NeuronnetError, match="is there; --reason TEXT replaces it"):
        Golden.of("xor").write(path)
    assert Golden.load(path) == first
    Golden.of("xor").write(path, reason="another network")
    assert Golden.load(path).history == (
        {"reason": "another network", "replaced": first.digest, "dtype": "float64", "at": [0, 1]},
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: found | {"version": 2}, "version 2"),
        (lambda found: {}, "no golden file"),
        (lambda found: found | {"quantities": [1]}, "no golden file"),
        (lambda found: found | {"description": found["description"] | {"loss": "squared error"}}, "by hand"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, change, message):
    path = tmp_path / "golden.json"
    path.write_text(json.dumps(change(Golden.of("worked-example").to_dict()), default=float))
    with pytest.raises(NeuronnetError, match=message):
        Golden.load(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dtype": "float16"}, "dtype: found 'float16'; allowed are float64, float32"),
        ({"at": []}, "at: found"),
        ({"at": [-1, 3]}, "at: found"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(arguments, message):
    with pytest.raises(NeuronnetError, match=message):
        Golden.of("worked-example", **arguments)


@pytest.mark.slow
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path):
    path, program = tmp_path / "golden.json", tmp_path / "write.py"
    Golden.of("worked-example").write(path)
    before = path.read_bytes()
    program.write_text(
        "import os, sys\nfrom neuronnet import Golden, output\n"
        "made, replaced = Golden.load(sys.argv[1]), os.replace\n"
        "stop = lambda: (print('here', flush=True), sys.stdin.read(1))\n"
        "output.os.replace = lambda *paths: (stop(), replaced(*paths))\n"
        "made.write(sys.argv[1], reason='again')\n"
    )
    command, environment = [sys.executable, str(program), str(path)], os.environ | {"PYTHONPATH": os.getcwd()}
    with subprocess.Popen(command, stdin=-1, stdout=-1, env=environment) as process:
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGKILL)
    assert path.read_bytes() == before


@pytest.mark.parametrize("network", ["worked-example", "xor", "lstm-step"])
def test_digits_proved_by_balls_are_those_of_fifty_digits(network):
    pytest.importorskip("flint", reason="python-flint, the extra `certified`, is not installed")
    sheet = EXAMPLES / "sheets" / f"{network}.txt"
    subject = Model.from_text(sheet.read_text(encoding="utf-8")) if sheet.exists() else network
    some, proved = (Golden.of(subject, proved=each) for each in (False, True))
    assert (some.certified, proved.certified) == ("fifty digits", "balls")
    assert list(some.values) == list(proved.values)
    for name, each in proved.values.items():
        digits, other = Decimal(each.digits), Decimal(some.values[name].digits)
        assert abs(digits - other) <= 2 * Decimal(1).scaleb(
            max(digits.as_tuple().exponent, other.as_tuple().exponent)
        )


def test_without_the_library_proved_digits_are_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(NeuronnetError, match=r"pip install 'gradcheck\[certified\]'"):
        Golden.of("worked-example", proved=True)


def test_a_training_says_until_which_update_its_values_are_certified():
    layer = {"activation": "identity", "weights": [[0.3]]}
    network = {"loss": "half squared error", "learning_rate": 3.0, "layer": [layer]}
    network["sample"] = [{"inputs": [1.0], "targets": [0.0]}]  # w is multiplied by -2: its digits stay
    assert Golden.of(network, at=[0, 10, 60]).certified_until == 60
    network["sample"] = [{"inputs": [1.0], "targets": [0.3]}]  # at the minimum: what is left is rounding
    assert Golden.of(network, at=[0, 60]).certified_until == 0


def test_the_parameters_at_the_start_stand_by_themselves_and_sums_are_of_all_samples():
    golden = Golden.of("xor", at=[3], dtype="float32")
    network = NeuralNetwork.from_dict("xor")
    assert golden.initial() == {each.name: shortest(each.value, "float32") for each in network.parameters}
    assert "w1" not in golden.values
    network.fit(3)
    assert golden.values["E_total@3"].value == pytest.approx(network.total_error(), rel=1e-6)
    (position,) = [each for each in golden.values if each.startswith("E_total[")]
    sample = network.samples[int(position[len("E_total[")]) - 1]
    assert golden.values[position].value == pytest.approx(network.total_error([sample]), rel=1e-6)
    sheet = Golden.of(Model.from_text("x = 0.5\nw = 0.4\ny = w x\nL = 1/2 (y - 0.3)^2"))
    assert sheet.initial() == {"x": 0.5, "w": 0.4}
