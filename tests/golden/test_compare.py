"""Another implementation's numbers: right ports pass, mistakes are told where they are made, and named."""

import io
import json
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ports import MISTAKES, drawn_description, port
from profiles import by_day, examples, for_the_night

from neuronnet import Golden, Model, NeuralNetwork, NeuronnetError
from neuronnet.description.reading import read
from neuronnet.golden.formats import WRITERS
from neuronnet.golden.matching import matched
from neuronnet.mistakes.networks import network_of

AT = (0, 1, 30)
MINI_BATCHES = str(Path(__file__).parent.parent.parent / "examples" / "ports" / "mini-batches.toml")


@given(
    st.integers(0, 10_000), st.sampled_from(["float32", "float64"]), st.sampled_from([np.float32, np.float64])
)
@examples(60)
def test_a_right_port_in_either_precision_is_right(seed, dtype, of_port):
    description = drawn_description(seed)
    found = Golden.of(description, at=AT, dtype=dtype).compare(port(read(description), AT, of_port))
    assert found.verdict == "right", str(found)
    assert found.unknown == ()
    assert found.dtype == np.dtype(of_port).name


@given(st.integers(0, 10_000), st.sampled_from(MISTAKES))
@examples(100)
def test_a_mistake_in_a_port_is_wrong_from_where_it_is_made(seed, mistake):
    description = read(drawn_description(seed))
    right, wrong = (port(description, AT, np.float32, each) for each in (None, mistake))
    worst = max(
        np.max(np.abs(right[name] - wrong[name]) / (np.max(np.abs(right[name])) + 1e-6)) for name in right
    )
    if worst < 1e-3:
        return  # no such step in this network
    found = Golden.of(description, at=AT, dtype="float32").compare(wrong)
    assert found.verdict == "wrong"
    kind, update = found.first.name, found.first.name.partition("@")[2]
    if mistake in ("slope left out", "updated weights"):
        assert kind.startswith(("delta_h", "dE")) and not update
    elif mistake == "biases not trained":
        assert kind.startswith("b") and update == "1"


NAMED = {
    "slope left out": "derivative dout/dnet of the hidden layers is missing",
    "updated weights": "already updated",
    "biases not trained": "bias",
}


NAMING = {
    "loss": "half squared error",
    "learning_rate": 0.5,
    "layer": [
        {"activation": "logistic", "weights": weights, "bias": bias, "train_bias": True}
        for weights, bias in (
            ([[0.15, 0.2], [0.25, 0.3]], [0.35, 0.3]),
            ([[0.4, 0.45], [0.5, 0.55]], [0.6, 0.2]),
        )
    ],
    "sample": [{"inputs": [0.05, 0.1], "targets": [0.01, 0.99]}],
}


@pytest.mark.slow
@pytest.mark.parametrize("mistake", NAMED)
def test_the_mistake_is_named(mistake):
    found = Golden.of(NAMING, dtype="float32").compare(port(read(NAMING), (0, 1), np.float32, mistake))
    assert NAMED[mistake] in found.mistakes[0].sentence
    assert f"mistake: {found.mistakes[0].sentence}" in str(found)


def test_the_mistake_is_named_by_the_backward_pass_of_a_later_update_alone():
    for mistake in ("slope left out", "updated weights"):
        values = port(read(NAMING), (3,), np.float64, mistake)
        backward = {name: value for name, value in values.items() if name.startswith("d")}
        found = Golden.of(NAMING, at=(3,)).compare(backward)
        assert found.first.name.startswith("delta_o1@3")
        assert NAMED[mistake] in found.mistakes[0].sentence


# Files


def as_lists(values):
    return {name: np.asarray(each).tolist() for name, each in values.items()}


def safetensors(values):
    header, data = {}, b""
    for name, each in values.items():
        raw = np.ascontiguousarray(each).tobytes()
        kind = {4: "F32", 8: "F64"}[each.dtype.itemsize]
        header[name] = {
            "dtype": kind,
            "shape": list(each.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def state_dict(values, name="_rebuild_tensor_v2", module="torch._utils"):
    """The bytes that torch.save writes for a state dict of tensors."""
    fake = types.ModuleType(module)
    rebuild = types.FunctionType((lambda *_: None).__code__, {}, name)
    rebuild.__module__, rebuild.__qualname__ = module, name
    storage = type("FloatStorage", (), {"__module__": "torch"})
    torch = types.ModuleType("torch")
    setattr(fake, name, rebuild)
    torch.FloatStorage = storage

    class Tensor:
        def __init__(self, key, array):
            self.key, self.array = key, array

        def __reduce__(self):
            strides = tuple(each // 4 for each in self.array.strides)
            stored = Stored(self.key, self.array.size)
            return rebuild, (stored, 0, self.array.shape, strides, False, OrderedDict())

    class Stored:
        def __init__(self, key, size):
            self.id = ("storage", storage, key, "cpu", size)

    class Writer(pickle.Pickler):
        def persistent_id(self, each):
            return each.id if isinstance(each, Stored) else None

    file, text, before = (
        io.BytesIO(),
        io.BytesIO(),
        {each: sys.modules.get(each) for each in (module, "torch")},
    )
    sys.modules |= {module: fake, "torch": torch}
    try:
        Writer(text, 2).dump(OrderedDict((k, Tensor(str(n), v)) for n, (k, v) in enumerate(values.items())))
    finally:
        for each, was in before.items():
            sys.modules.pop(each) if was is None else sys.modules.__setitem__(each, was)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model/data.pkl", text.getvalue())
        for n, each in enumerate(values.values()):
            archive.writestr(f"model/data/{n}", each.astype(np.float32).tobytes())
    return file.getvalue()


def npz(values):
    file = io.BytesIO()
    np.savez(file, **values)
    return file.getvalue()


def flat_csv(golden):
    return "name,value\n" + "\n".join(f"{name},{each.value!r}" for name, each in golden.values.items())


@pytest.fixture(scope="module")
def task():
    description = read(drawn_description(3))
    values = port(description, (0, 1), np.float32)
    return Golden.of(description, dtype="float32"), {
        name: each for name, each in values.items() if name[0] in "Wb"
    }


FILES = {
    "nested.json": lambda golden, values: json.dumps(as_lists(values)),
    "by_update.json": lambda golden, values: json.dumps(
        {"0": as_lists({k[:-2]: v for k, v in values.items() if k.endswith("@0")})}
    ),
    "turned.json": lambda golden, values: json.dumps(as_lists({k: v.T for k, v in values.items()})),
    "flat.csv": lambda golden, values: flat_csv(golden),
    "numpy.npz": lambda golden, values: npz(values),
    "tensors.safetensors": lambda golden, values: safetensors(values),
    "model.pt": lambda golden, values: state_dict(
        {
            f"{2 * int(k[1]) - 2}.{'weight' if k[0] == 'W' else 'bias'}": v
            for k, v in values.items()
            if "@0" in k
        }
    ),
    "golden.npz": lambda golden, values: WRITERS["npz"](golden),
    "golden.csv": lambda golden, values: WRITERS["csv"](golden),
    "golden.json": lambda golden, values: WRITERS["json"](golden),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_right_numbers_is_right_and_one_changed_number_is_told(task, tmp_path, name):
    golden, values = task
    for is_wrong in (False, True):
        if is_wrong:
            values = {
                key: each * np.float32(1.001) if key == "W1@0" else each for key, each in values.items()
            }
            if name.startswith(("golden", "flat")):
                continue
        made, path = FILES[name](golden, values), tmp_path / name
        path.write_bytes(made if isinstance(made, bytes) else made.encode())
        found = golden.compare(path)
        assert found.verdict == ("wrong" if is_wrong else "right"), str(found)
        assert found.dtype == "float32"
        assert found.unknown == ()
        assert found.first is None or found.first.name == "w1"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.txt", b"", "the suffix .txt is not read; read are .json"),
        ("x.json", b"[1]", "a JSON object of names and numbers is needed"),
        ("x.json", b'{"W1": ["a"]}', "W1: found 'a'; numbers are needed"),
        ("x.json", b"{", "not a json file"),
        ("x.csv", b"W1\n", "x.csv: found the row 'W1'; a name and a number are needed"),
        ("x.csv", b"w1,one\n", "not a csv file"),
        ("x.npz", b"PK", "not a npz file"),
        ("x.safetensors", b"\xff" * 20, "not a safetensors file"),
        ("x.pt", state_dict({"a": np.ones(1)}, "system", "os"), "os.system, which is not read"),
        ("missing.json", None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_is(tmp_path, name, data, message):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(NeuronnetError, match=message):
        Golden.of("worked-example").compare(path)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({"E_total": "0.2984"}, "right"),
        ({"E_total": "0.2985"}, "wrong"),
        ({"E_total": "0.298371109", "out_o1": "0.751365070"}, "right"),
        ({"E_total": "0.298371119"}, "wrong"),
        ({"E": "0.29837110876000272"}, "right"),
        ({"nonsense": "1"}, "undecided"),
        ({"out_o1": "NaN"}, "wrong"),
    ],
)
def test_printed_digits_are_compared_as_printed(tmp_path, values, verdict):
    path = tmp_path / "printed.json"
    path.write_text("{" + ", ".join(f'"{name}": {text}' for name, text in values.items()) + "}")
    assert Golden.of("worked-example").compare(path).verdict == verdict


@pytest.mark.parametrize(
    ("override", "verdict"), [({"rtol": 1e-2}, "right"), ({"digits": 2}, "right"), ({"ulps": 4}, "wrong")]
)
def test_an_override_takes_the_place_of_the_tolerances(override, verdict):
    assert Golden.of("worked-example").compare({"E_total": 0.2984}, **override).verdict == verdict


@pytest.mark.parametrize(
    "form, of_port",
    by_day(product(["%.6f", "%.6g", "%.7g", "%.9g", "%.12g", "%.17g"], [np.float32, np.float64]), 3),
)
def test_a_right_port_is_right_in_whatever_format_it_prints(tmp_path, form, of_port):
    path, description = tmp_path / "printed.csv", read(drawn_description(3))
    golden, rows = Golden.of(description, at=AT), []
    for key, array in port(description, AT, of_port).items():
        rows += [
            f"{name},{form % value}" for name, value in matched(golden, {key: array.tolist()}).values.items()
        ]
    path.write_text("\n".join(["name,value", *rows]))
    found = golden.compare(path)
    assert (found.verdict, found.compared > 100) == ("right", True), str(found)
    if form in ("%.9g", "%.12g", "%.17g"):
        assert found.dtype == np.dtype(of_port).name
    else:
        assert "too few digits to tell" in str(found)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"W1": [[1, 2], [3]]}, "W1 (rows of different lengths, here 2×2)"),
        ({"W1": [[1, 2, 3], [3, 4, 5]]}, "W1 (of shape 2×3, here 2×2)"),
        (
            {"W3": [[1, 2], [3, 4]], "W1": [[1, 2], [3, 4]], "W2": [[1, 2], [3, 4]]},
            "W3 (there are 2 of its kind here)",
        ),
        ({"W1@7": [[1, 2], [3, 4]]}, "W1@7 (not recorded after 7 updates)"),
        ({"momentum": 1.0, "E_total": 0.3}, "momentum (no quantity here)"),
    ],
)
def test_what_is_not_compared_is_told_with_the_reason(values, said):
    found = Golden.of("worked-example").compare(values)
    assert said in found.unknown and said in str(found)


# Batches, losses, and what engineers call them


def test_gradients_of_some_samples_are_those_of_the_batch():
    golden, whole = Golden.of("xor"), NeuralNetwork.from_dict("xor")
    all_samples = whole.gradients()["w1"]
    one = whole.gradients([whole.samples[golden.batches[0][0] - 1]])["w1"]
    assert golden.values["dE_batch/dw1"].value == pytest.approx(one, rel=1e-14) != all_samples
    assert golden.compare({"dE_total/dw1": all_samples}).unknown == ("dE_total/dw1 (no quantity here)",)
    assert golden.compare({"loss": golden.values["E_total[4]"].value}).compared == 1
    assert "dE_total/dw1" in Golden.of("worked-example").values


def test_a_wrong_gradient_of_a_batch_is_named():
    golden = Golden.of(MINI_BATCHES, at=[0, 1])
    turned = {name: -each.value for name, each in golden.values.items() if each.kind == "gradients"}
    found = golden.compare(turned | {"w1@1": 2 * golden.values["w1"].value - golden.values["w1@1"].value})
    assert found.first.name == "dE_batch/dw1"
    assert "derivatives themselves have the other sign" in found.mistakes[0].sentence


def test_deltas_of_a_mean_over_the_batch_are_found_out_and_said():
    description = read(MINI_BATCHES)
    values = {name: each for name, each in port(description, (0,), np.float64).items() if "delta" in name}
    for divided in (1, 2):
        found = Golden.of(description).compare({name: each / divided for name, each in values.items()})
        assert found.verdict == "right"
        assert ("delta1@0: of the mean over the batch, so times 2" in found.said) == (divided == 2)


def test_a_single_number_is_no_matrix_of_another_update():
    description = drawn_description(2) | {"update": {"rule": "adam"}}
    found = Golden.of(description, at=[0, 1]).compare({"w1": 0.0, "m_b1": 0.0, "m_b1@7": 1.0})
    assert [each.name for each in found.differences] == ["w1"]
    assert found.unknown == tuple(
        f"m_b1{at} (not recorded after {k} updates)" for at, k in (("", 0), ("@7", 7))
    )


def test_a_mistake_in_the_numbers_of_a_sheet_is_named():
    model = Model.from_text(
        "x = [0.5, -0.3]\nW = [[0.2, 0.4], [-0.1, 0.3]]\na = tanh(W x)\nL = 1/2 sum((a - x)^2)"
    )
    golden, out = Golden.of(model), np.tanh(np.array([[0.2, 0.4], [-0.1, 0.3]]) @ [0.5, -0.3])
    wrong = np.outer((out - [0.5, -0.3]) * (1 - out), [0.5, -0.3])
    found = golden.compare({"a": out, "dL/dW": wrong})
    assert (found.compared, found.first.name) == (6, "dL/dW[1,1]")
    assert "tanh's 1 - out^2" in found.mistakes[0].sentence


@pytest.mark.parametrize("seed", [pytest.param(15, marks=for_the_night())])
def test_finer_numbers_are_undecided_where_single_precision_lost_the_training(seed):
    description = drawn_description(seed)
    golden = Golden.of(description, at=[0, 1000], dtype="float32")
    found = golden.compare(port(read(description), (0, 1000), np.float64))
    assert (golden.lost, golden.certified_until) == ({1000}, 0)
    assert found.verdict == "right" and len(found.undecided) > 100


SPELLED = {  # the first layer's matrix of a kind, as others call it
    "w{}@2": (
        "W1@2",
        "2.W1",
        "0.weight@2",
        "2.0.weight",
        "update_2.fc1.weight",
        "model.0.weight@2",
        "coefs_0@2",
    ),
    "dE_batch/dw{}@1": ("dW1@1", "1.dW1", "0.weight.grad@1", "1.0.weight.grad", "grads.W1@1", "d_kernel1@1"),
    "m_w{}@2": ("m_W1@2", "0.weight.exp_avg@2", "optimizer.0.weight.exp_avg@2", "2.m_W1"),
    "v_w{}@2": ("v_W1@2", "0.weight.exp_avg_sq@2"),
}


@pytest.mark.parametrize(("own", "key"), [(own, key) for own, keys in SPELLED.items() for key in keys])
def test_a_matrix_is_known_by_its_names_in_other_programs(mini_batches, own, key):
    rows = [[mini_batches.values[own.format(2 * j + i)].value for i in (1, 2)] for j in range(3)]
    for matrix, verdict in ((rows, "right"), ([[-each for each in row] for row in rows], "wrong")):
        found = mini_batches.compare({key: matrix})
        assert (found.verdict, found.compared, found.unknown) == (verdict, 6, ()), str(found)


@pytest.fixture(scope="module")
def mini_batches():
    return Golden.of(MINI_BATCHES, at=[0, 1, 2])


def test_a_checkpoint_of_pytorch_is_read_and_what_is_no_tensor_left_out(mini_batches, tmp_path):
    arrays = {}
    for kind, own in (("exp_avg", "m_w{}@2"), ("exp_avg_sq", "v_w{}@2")):
        values = [mini_batches.values[own.format(1 + k)].value for k in range(9)]
        arrays[f"state.0.{kind}"] = np.array(values[:6], np.float32).reshape(3, 2)
        arrays[f"state.2.{kind}"] = np.array(values[6:], np.float32).reshape(1, 3)
        arrays["state.0.step"] = np.ones(1, np.float32)
    (tmp_path / "adam.pt").write_bytes(state_dict(arrays))
    found = mini_batches.compare(tmp_path / "adam.pt")
    assert (found.verdict, found.compared, found.unknown) == ("right", 18, ()), str(found)
    (tmp_path / "none.pt").write_bytes(state_dict({}))
    with pytest.raises(NeuronnetError, match="no tensors by name in it"):
        mini_batches.compare(tmp_path / "none.pt")


def test_a_mistake_that_leaves_noughts_is_named_and_slips_by_hand_are_not():
    description = read(drawn_description(4))
    subject, golden = network_of(description), Golden.of(description, dtype="float32")
    replay = subject.replay(subject.variations["deltas summed without their weights"])
    values = {name: replay[name] for name, each in golden.values.items() if each.kind == "deltas"}
    found = golden.compare(values, dtype="float32")
    assert found.first.actual == 0.0
    assert found.mistakes[0].mistakes[0].id == "deltas summed without their weights"
    exchanged = Golden.of("worked-example").compare({"dE_total/dw5": 0.08216074056})
    assert (exchanged.verdict, exchanged.mistakes) == ("wrong", [])


W1, W2, B1, B2 = [[0.4, -0.3], [0.2, 0.6], [-0.5, 0.1]], [[0.3, -0.7, 0.5]], [0.1, -0.2, 0.05], [0.15]


@pytest.mark.parametrize(
    ("values", "compared"),
    [
        ({"weights": [W1, W2], "biases": [B1, B2]}, 13),
        ({"coefs_@0": [np.array(W1).T, np.array(W2).T]}, 9),
        ({"dense/kernel:0": np.transpose(W1), "dense_1/kernel:0": np.transpose(W2)}, 9),
        ({"params": {"Dense_1": {"bias": B2}, "Dense_0": {"bias": B1}}}, 4),
        ({"hidden1.weight": W1, "last.weight": W2, "optimiser": "adam", "note": None}, 9),
    ],
)
def test_layers_come_as_lists_and_as_frameworks_name_them(mini_batches, values, compared):
    found = mini_batches.compare(values)
    assert (found.verdict, found.compared) == ("right", compared), str(found)
    assert set(found.unknown) == {f"{name} (no number)" for name in ("optimiser", "note") if name in values}


@pytest.mark.parametrize(
    "text", ["w1\t0.4\nb2\t-0.2\n", "name;value\nw1;0,4\nb2;-0,2\n", "w1, 0.4\n\nb2, -0.2"]
)
def test_columns_are_parted_by_commas_tabs_or_semicolons(mini_batches, tmp_path, text):
    (tmp_path / "values.csv").write_text(text)
    assert (mini_batches.compare(tmp_path / "values.csv").compared) == 2
    (tmp_path / "values.csv").write_text(text.replace("4", "7"))
    assert mini_batches.compare(tmp_path / "values.csv").first.name == "w1"


def test_before_numbers_of_another_precision_are_wrong_the_values_are_made_in_it():
    description = read(drawn_description(3))
    golden, values = Golden.of(description, at=AT), port(description, AT, np.float32, "slope left out")
    assert golden.compare(port(description, AT, np.float32)).golden is golden
    found = golden.compare(values)
    assert (found.verdict, found.dtype, found.golden.dtype) == ("wrong", "float32", "float32")
    assert found.golden.batches == golden.batches and set(found.golden.values) <= set(golden.values)
