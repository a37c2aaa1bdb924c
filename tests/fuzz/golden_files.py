"""Hostile golden files, and another program's numbers in every format, with changes in texts and bytes."""

import copy
import io
import json
import struct
import sys
import zipfile
from functools import cache

import numpy as np
from fuzzing import NUMBERS, mutated, mutated_bytes, run, with_other_numbers

from neuronnet.golden.formats import as_csv, as_json, as_npz
from neuronnet.golden.golden import Golden

VALUES = [
    None,
    True,
    [],
    {},
    "",
    "1",
    0,
    -1,
    1e308,
    float("nan"),
    float("inf"),
    [1],
    [[1]],
    "\ud800",
    10**400,
    "float16",
]
OPTIONS = [
    [],
    [],
    [],
    ["--format", "json"],
    ["--format", "junit"],
    ["--rtol", "1e-3"],
    ["--atol", "inf"],
    ["--ulps", "2"],
]
OPTIONS += [
    ["--digits", "3"],
    ["--digits", "0"],
    ["--dtype", "float32"],
    ["--ulps", "1e400"],
    ["--rtol", "-1"],
]


@cache
def golden(name="worked-example"):
    """Golden values of an example."""
    return Golden.of(name, 1)


def make(draw):
    """(files, program, words) of one case."""
    files = {"golden.json": as_json(golden())}
    kind = draw.randrange(6)
    if kind == 2:
        files["golden.json"] = with_other_numbers(files["golden.json"], draw)
    elif kind == 0:
        files["golden.json"] = mutated(files["golden.json"], draw)
    elif kind == 1:
        files["golden.json"] = json.dumps(_changed(json.loads(files["golden.json"]), draw))
    suffix = draw.choice(["json", "csv", "npz", "npy", "safetensors", "pt", "bin", "txt"])
    content = _written(suffix, draw)
    if isinstance(content, str) and draw.random() < 0.5:
        content = with_other_numbers(content, draw)
    elif draw.random() < 0.7:
        content = mutated(content, draw) if isinstance(content, str) else mutated_bytes(content, draw)
    files[f"actual.{suffix}"] = content
    return files, "neuronnet", ["compare", "golden.json", f"actual.{suffix}", *draw.choice(OPTIONS)]


def _written(suffix, draw):
    values = {name: each.value for name, each in golden().values.items()}
    if suffix in ("json", "txt"):
        nested = {"layer": {"weights": [[1, 2], [3, 4]], "bias": [draw.choice(NUMBERS)]}}
        return draw.choice(
            [as_json(golden()), json.dumps(values), json.dumps(values | nested), json.dumps(nested)]
        )
    if suffix == "csv":
        return draw.choice([as_csv(golden()), "\n".join(f"{name},{value}" for name, value in values.items())])
    arrays = {
        "W1": np.ones((2, 2)),
        "b": np.zeros(2, np.float32),
        "h": np.ones(3, np.float16),
        "c": np.ones(2, complex),
    }
    file = io.BytesIO()
    if suffix == "npy":
        np.save(file, draw.choice([*arrays.values(), np.array("x"), np.array(3.0), np.zeros((2, 0))]))
    elif suffix == "npz":
        np.savez(file, **dict(list(arrays.items())[: draw.choice([1, 3, 4])]))
        return draw.choice([as_npz(golden()), file.getvalue()])
    elif suffix == "safetensors":
        header = {
            "W1": {
                "dtype": draw.choice(["F64", "F32", "I8", "BF16", 3]),
                "shape": draw.choice([[2, 2], [4], [-1], [10**9], "x"]),
                "data_offsets": [0, 32],
            }
        }
        text = json.dumps(header).encode()
        return struct.pack("<Q", draw.choice([len(text), len(text), 2**63])) + text + bytes(32)
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(
                "a/data.pkl", draw.choice([b"\x80\x02}q\x00.", b"cos\nsystem\n(S'true'\ntR.", b"\x80\x02]."])
            )
            archive.writestr("a/data/0", bytes(32))
    return file.getvalue()


def _changed(found, draw):
    for _ in range(draw.choice([1, 1, 2])):
        here = found
        while draw.random() < 0.7:
            inner = [
                each
                for each in (here.values() if isinstance(here, dict) else here)
                if isinstance(each, (dict, list)) and each
            ]
            if not inner:
                break
            here = draw.choice(inner)
        if not here:
            return found
        key = draw.choice(list(here)) if isinstance(here, dict) else draw.randrange(len(here))
        if draw.random() < 0.2:
            del here[key]
        else:
            here[key] = copy.deepcopy(draw.choice(VALUES))
    if draw.random() < 0.7 and isinstance(
        found.get("description"), dict
    ):  # so that what is inside is looked at
        found["digest"] = Golden.digest_of(found["description"])
    return found


if __name__ == "__main__":
    sys.exit(run(make, sys.argv[1:]))
