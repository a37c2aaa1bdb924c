"""Arrays in the files of other programs: NumPy's, those of safetensors, and archives of them."""

from __future__ import annotations

import ast
import io
import math
import struct
import zipfile

from neuronnet.errors import NeuronnetError
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
    return (_turned(numbers) if is_fortran and len(shape) == 2 else numbers), FLOATS.get(code)


def _turned(rows):
    return [list(row) for row in zip(*rows)]


def _header(data):
    if data[:6] != b"\x93NUMPY":
        raise NeuronnetError("not an array in NumPy's format")
    start, length = (
        (10, struct.unpack("<H", data[8:10])[0]) if data[6] == 1 else (12, struct.unpack("<I", data[8:12])[0])
    )
    return ast.literal_eval(data[start : start + length].decode("latin-1")), data[start + length :]
