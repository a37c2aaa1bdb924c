"""PyTorch's files: the tensors of a state dict, of a checkpoint, or of a dict of them.

Nothing in a file is executed: of its pickled objects only tensors are rebuilt, by functions of this module.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import struct
from collections import OrderedDict
from typing import NamedTuple

from neuronnet.errors import NeuronnetError
from neuronnet.golden.arrays import FLOATS, TYPES, archive_of
from neuronnet.limits import require

STORAGES = {"DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "LongStorage": "I64"}
STORAGES |= {
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
}


def tensors_of(data):
    """{name: (nested lists, dtype)} of the tensors in a file; those of an optimiser by their parameters."""
    with archive_of(data) as archive:
        names = archive.namelist()
        main = next((each for each in names if each.endswith("data.pkl")), None)
        if main is None:
            raise NeuronnetError("no state dict in it; save one with torch.save(model.state_dict(), path)")
        folder = main.removesuffix("data.pkl")
        found = _Tensors(
            io.BytesIO(archive.read(main)), lambda key: archive.read(f"{folder}data/{key}")
        ).load()
    tensors = [] if not hasattr(found, "items") else flat(found)
    tensors = {
        _of_parameter(name, each): each
        for name, each in tensors
        if isinstance(each, _Tensor) and not name.endswith(".step")  # how often an optimiser moved
    }
    if not tensors:
        raise NeuronnetError("no tensors by name in it; save a state dict, or a dict of tensors")
    return tensors


class _Tensor(NamedTuple):
    numbers: float | list
    dtype: str | None


def _of_parameter(name, tensor):
    """An optimiser's `state.2.exp_avg` as `2.weight.exp_avg`, where that is a matrix; other names stay."""
    is_matrix = isinstance(tensor.numbers, list) and any(isinstance(row, list) for row in tensor.numbers[:1])
    kind = "weight" if is_matrix else "bias"
    return re.sub(r"(^|\.)state\.([0-9]+)\.(exp_avg|exp_avg_sq|momentum_buffer)$", rf"\1\2.{kind}.\3", name)


class _Tensors(pickle.Unpickler):
    """Reads the tensors of a state dict: every name but those below is refused, and these are ours."""

    def __init__(self, file, storage):
        super().__init__(file)
        self._storage = storage

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _strided
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise NeuronnetError(f"it holds {module}.{name}, which is not read; save a state dict of tensors")

    def persistent_load(self, key):
        return key[1], self._storage(key[2])


def _strided(storage, offset, size, stride, *_):
    kind, data = storage
    code, width = TYPES[kind]
    require("numbers", len(data) // width, "a tensor")
    numbers = struct.unpack(f"<{len(data) // width}{code}", data)
    if math.prod(size) > len(numbers):
        raise NeuronnetError("a tensor that is larger than its data")

    def nested(depth, start):
        if depth == len(size):
            return float(numbers[start])
        return [nested(depth + 1, start + each * stride[depth]) for each in range(size[depth])]

    return _Tensor(nested(0, offset), FLOATS.get(code))


def flat(values, prefix=""):
    """(name, value) of nested mappings, the names joined by points."""
    for name, value in values.items():
        if hasattr(value, "items"):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
