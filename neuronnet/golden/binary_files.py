"""Arrays in the binary files of other programs: NumPy's, those of safetensors, and PyTorch's state dicts.

Nothing in a file is executed: of PyTorch's pickled objects only tensors are rebuilt, by functions below.
"""

from __future__ import annotations

import ast
import io
import math
import pickle
import re
import struct
import zipfile
from collections import OrderedDict
from typing import NamedTuple

from neuronnet.errors import NeuronnetError
from neuronnet.files import allowed, most, require

_CODES = {"f8 F64": "d", "f4 F32": "f", "f2 F16": "e", "i8 I64": "q", "i4 I32": "i", "i2 I16": "h"}
_CODES |= {"i1 I8": "b", "u1 U8": "B", "b1 BOOL": "?"}
# NumPy's and safetensors' words for what is read: (code of struct, bytes).
TYPES = {word: (code, int(words[1])) for words, code in _CODES.items() for word in words.split()}
FLOATS = {"d": "float64", "f": "float32", "e": "float16"}


def archive_of(data):
    """The zip archive of some bytes. Raises NeuronnetError for one that unpacks to too much."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    if sum(each.file_size for each in archive.infolist()) > most_bytes():
        raise NeuronnetError(f"it unpacks to more than {most_bytes()} bytes; {allowed('numbers')}")
    return archive


def most_bytes():
    """Of a file, and of what an archive unpacks to: names and numbers of a text take as much."""
    return 25 * most("numbers")


def npy(data):
    """(nested lists, dtype) of an array in NumPy's format."""
    header, body = _header(data)
    if header["descr"][0] not in "<|":
        raise NeuronnetError(f"an array of {header['descr']}; little-endian numbers are read")
    return array(header["descr"][1:], header["shape"], body, header["fortran_order"])


def names_of(data):
    """The texts of an array of them in NumPy's format."""
    header, body = _header(data)
    width = int(header["descr"][2:]) * 4
    return [body[k : k + width].decode("utf-32-le").rstrip("\0") for k in range(0, len(body), width)]


def array(kind, shape, data, is_fortran=False):
    """(nested lists, dtype) of an array."""
    if kind not in TYPES:
        raise NeuronnetError(f"an array of {kind}, which is not read; numbers are")
    code, width = TYPES[kind]
    count = math.prod(shape)
    require("numbers", count, "an array")
    numbers = list(map(float, struct.unpack(f"<{count}{code}", data[: count * width])))
    sizes = shape[::-1] if is_fortran else shape
    for size in list(sizes)[:0:-1]:
        numbers = [numbers[k : k + size] for k in range(0, len(numbers), size)]
    numbers = numbers if len(shape) else numbers[0]
    is_turned = is_fortran and len(shape) == 2
    return (list(map(list, zip(*numbers))) if is_turned else numbers), FLOATS.get(code)


def _header(data):
    if data[:6] != b"\x93NUMPY":
        raise NeuronnetError("not an array in NumPy's format")
    start, code = (10, "<H") if data[6] == 1 else (12, "<I")
    (length,) = struct.unpack(code, data[8:start])
    return ast.literal_eval(data[start : start + length].decode("latin-1")), data[start + length :]


STORAGES = {"DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "LongStorage": "I64"}
STORAGES |= {"IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8"}
STORAGES["BoolStorage"] = "BOOL"


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
