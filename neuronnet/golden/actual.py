"""Another implementation's numbers, from the files that such programs write: name -> number or nested lists.

JSON, CSV, NumPy's npy and npz, safetensors, and PyTorch's state dicts. Nothing in a file is executed: pickled
objects are refused, and of PyTorch's files only tensors are rebuilt, by functions of this module.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import math
import pickle
import re
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from neuronnet.errors import NeuronnetError, shortened
from neuronnet.golden.rounding import float32
from neuronnet.limits import allowed, most, require

TYPES = {  # NumPy's and safetensors' words for what is read: (code of struct, bytes)
    **dict.fromkeys(("f8", "F64"), ("d", 8)),
    **dict.fromkeys(("f4", "F32"), ("f", 4)),
    **dict.fromkeys(("f2", "F16"), ("e", 2)),
    **dict.fromkeys(("i8", "I64"), ("q", 8)),
    **dict.fromkeys(("i4", "I32"), ("i", 4)),
    **dict.fromkeys(("i2", "I16"), ("h", 2)),
    **dict.fromkeys(("i1", "I8"), ("b", 1)),
    **dict.fromkeys(("u1", "U8"), ("B", 1)),
    **dict.fromkeys(("b1", "BOOL"), ("?", 1)),
}
STORAGES = {"DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "LongStorage": "I64"}
STORAGES |= {
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
}
FLOATS = {"d": "float64", "f": "float32", "e": "float16"}
PRINTED = 15  # digits from which the numbers of a text are taken to be whole floats
TELLING, MOST_TELLING = 8, 1_000  # digits from which a text tells the dtype; so many texts are asked


class Actual(NamedTuple):
    """Numbers by name, floats or nested lists, and the `dtype` they have.

    What is printed has so many significant `digits`, or so many `decimals`; `is_guess`: too few to tell the
    dtype.
    """

    values: dict
    dtype: str
    digits: int | None = None
    decimals: int | None = None
    is_guess: bool = False


def read_actual(path: str | Path) -> Actual:
    """The numbers of a file, by its suffix. Raises NeuronnetError for what cannot be read."""
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise NeuronnetError(
            f"{path}: the suffix {path.suffix or '(none)'} is not read; read are {', '.join(READERS)}"
        )
    most_bytes = _most_bytes()
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        raise NeuronnetError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > most_bytes:
        raise NeuronnetError(f"{path}: more than {most_bytes} bytes; {allowed('numbers')}")
    try:
        return reader(data)
    except NeuronnetError as error:
        raise NeuronnetError(f"{path}: {error}") from None
    except Exception as error:  # a foreign file can be wrong in any way
        kind = path.suffix.lower().lstrip(".")
        raise NeuronnetError(
            f"{path}: not a {kind} file that can be read ({shortened(str(error))})"
        ) from None


def of_values(values) -> Actual:
    """The same from a mapping in Python: numbers, lists, arrays and tensors by name, in nested mappings."""
    kinds, found = set(), {}
    for name, value in _flat(values):
        kinds.add(str(getattr(value, "dtype", "")).removeprefix("torch."))
        found[name] = _numbers(value, name)
    kinds &= set(FLOATS.values())
    return Actual(found, min(kinds) if kinds else _dtype_of(_leaves(found)))


def _from_json(data):
    texts, most_numbers = [], most("numbers")

    def number(text):
        texts.append(text)
        if len(texts) > most_numbers:
            raise NeuronnetError(f"more than {most_numbers} numbers; {allowed('numbers')}")
        return float(text)

    document = json.loads(data.decode("utf-8-sig"), parse_float=number, parse_int=number)
    if not isinstance(document, dict):
        raise NeuronnetError("a JSON object of names and numbers is needed")
    if "quantities" in document and isinstance(document["quantities"], dict):
        quantities = document["quantities"]
        values = {name: float(each["value"]) for name, each in quantities.items()}
        return Actual(values, document.get("dtype") or _dtype_of(values.values()))
    values = {name: _numbers(value, name) for name, value in _flat(document)}
    return _with_digits(values, texts)


def _from_csv(data):
    text = data.decode("utf-8-sig")
    comma = next((each for each in "\t;" if each in text.partition("\n")[0]), ",")
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=comma) if any(row)]
    columns = (0, 1)
    if rows and "value" in (head := [each.strip().lower() for each in rows[0]]):
        columns, rows = (head.index("name") if "name" in head else 0, head.index("value")), rows[1:]
    values, texts = {}, []
    for row in rows:
        if len(row) <= max(columns):
            raise NeuronnetError(
                f"found the row {shortened(comma.join(row))}; a name and a number are needed"
            )
        name, text = (row[each].strip() for each in columns)
        text = text.replace(",", ".") if comma == ";" else text
        values[name] = float(text)
        texts.append(text)
    return _with_digits(values, texts)


def _with_digits(values, texts):
    """The numbers of a text: floats in their shortest form, or printed with fewer digits or fixed decimals.

    A float64 printed with TELLING digits looks like a float32 once in ten times, with more digits less often;
    where no text has so many, either may have been printed.
    """
    digits = [_significant(text) for text in texts]
    telling = [text for text, count in zip(texts, digits) if count >= TELLING]
    telling = telling[:: 1 + len(telling) // MOST_TELLING]
    single = sum(map(_prints_single, telling)) >= len(telling) / 2
    dtype = "float32" if single else "float64"
    most = max(digits, default=0)
    decimals = {len(text.partition(".")[2]) for text in texts if "." in text and "e" not in text.lower()}
    if len(decimals) == 1 and len(texts) > 1 and min(decimals) < PRINTED:
        return Actual(values, dtype, None, min(decimals), is_guess=not telling)
    return Actual(values, dtype, most if 0 < most < PRINTED else None, is_guess=not telling)


def _significant(text):
    digits = text.lower().partition("e")[0].lstrip("+-").replace(".", "").lstrip("0")
    return len(digits) if digits.isdigit() else 0


def _prints_single(text):
    """Whether a text is that of a float32, in its shortest form or with more digits."""
    value, digits = float(text), _significant(text)
    return any(float(f"{float32(value):.{each}g}") == value for each in (digits, 9))


def _dtype_of(numbers):
    """float32 where most numbers are one exactly; numbers as short as 0.25 tell nothing."""
    numbers = [each for each in numbers if math.isfinite(each) and each != round(each, 2)]
    single = sum(float32(each) == each for each in numbers)
    return "float32" if single > len(numbers) / 2 else "float64"


def _from_npy(data):
    return _typed({"array": data}, _npy)


def _from_npz(data):
    with _archive(data) as archive:
        members = {each.removesuffix(".npy"): archive.read(each) for each in archive.namelist()}
    if {"name", "value"} <= set(members):  # a golden file
        names, (values, dtype) = _names(members["name"]), _npy(members["value"])
        return Actual(dict(zip(names, values)), dtype)
    return _typed(members, _npy)


def _from_safetensors(data):
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    header.pop("__metadata__", None)

    def tensor(described):
        start, end = described["data_offsets"]
        return _array(described["dtype"], described["shape"], body[start:end])

    return _typed(header, tensor)


def _from_torch(data):
    with _archive(data) as archive:
        names = archive.namelist()
        main = next((each for each in names if each.endswith("data.pkl")), None)
        if main is None:
            raise NeuronnetError("no state dict in it; save one with torch.save(model.state_dict(), path)")
        folder = main.removesuffix("data.pkl")
        found = _Tensors(
            io.BytesIO(archive.read(main)), lambda key: archive.read(f"{folder}data/{key}")
        ).load()
    tensors = [] if not hasattr(found, "items") else _flat(found)
    tensors = {
        _of_parameter(name, each): each
        for name, each in tensors
        if isinstance(each, _Tensor) and not name.endswith(".step")  # how often an optimiser moved
    }
    if not tensors:
        raise NeuronnetError("no tensors by name in it; save a state dict, or a dict of tensors")
    return _typed(tensors, lambda tensor: tensor)


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


def _archive(data):
    archive = zipfile.ZipFile(io.BytesIO(data))
    if sum(each.file_size for each in archive.infolist()) > _most_bytes():
        raise NeuronnetError(f"it unpacks to more than {_most_bytes()} bytes; {allowed('numbers')}")
    return archive


def _most_bytes():
    """Of a file, and of what an archive unpacks to: names and numbers of a text take as much."""
    return 25 * most("numbers")


def _header(data):
    if data[:6] != b"\x93NUMPY":
        raise NeuronnetError("not an array in NumPy's format")
    start, length = (
        (10, struct.unpack("<H", data[8:10])[0]) if data[6] == 1 else (12, struct.unpack("<I", data[8:12])[0])
    )
    return ast.literal_eval(data[start : start + length].decode("latin-1")), data[start + length :]


def _npy(data):
    header, body = _header(data)
    if header["descr"][0] not in "<|":
        raise NeuronnetError(f"an array of {header['descr']}; little-endian numbers are read")
    return _array(header["descr"][1:], header["shape"], body, header["fortran_order"])


def _names(data):
    header, body = _header(data)
    width = int(header["descr"][2:]) * 4
    return [body[k : k + width].decode("utf-32-le").rstrip("\0") for k in range(0, len(body), width)]


def _array(kind, shape, data, is_fortran=False):
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
    return (_turned(numbers) if is_fortran and len(shape) == 2 else numbers), FLOATS.get(code)


def _turned(rows):
    return [list(row) for row in zip(*rows)]


def _typed(members, read):
    """An Actual of named arrays, each read to (numbers, dtype)."""
    found = {name: read(each) for name, each in members.items()}
    kinds = {dtype for _, dtype in found.values() if dtype}
    return Actual({name: numbers for name, (numbers, _) in found.items()}, min(kinds, default="float64"))


def _flat(values, prefix=""):
    """(name, value) of nested mappings, the names joined by points."""
    for name, value in values.items():
        if hasattr(value, "items"):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _numbers(value, name):
    """Floats in nested lists, of numbers, arrays or tensors in lists; None for what is no number itself."""
    if value is None or isinstance(value, (bool, str)):
        return None
    value = value.detach().cpu() if hasattr(value, "detach") else value
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, (list, tuple)):
        found = [_numbers(each, name) for each in value]
        if None in found:
            raise NeuronnetError(f"{name}: found {shortened(value[found.index(None)])}; numbers are needed")
        return found
    if not hasattr(value, "__float__"):
        raise NeuronnetError(f"{name}: found {shortened(value)}; numbers are needed")
    return float(value)


def _leaves(value):
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, list):
            yield from _leaves(each)
        elif each is not None:
            yield each


READERS = {
    ".json": _from_json,
    ".csv": _from_csv,
    ".npz": _from_npz,
    ".npy": _from_npy,
    ".safetensors": _from_safetensors,
    **dict.fromkeys((".pt", ".pth", ".bin"), _from_torch),
}
