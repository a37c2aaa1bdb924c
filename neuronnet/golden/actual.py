"""Another implementation's numbers, from the files that such programs write: name -> number or nested lists.

JSON, CSV, NumPy's npy and npz, safetensors, and PyTorch's state dicts.
"""

from __future__ import annotations

import csv
import io
import json
import math
import struct
from pathlib import Path
from typing import NamedTuple

from neuronnet.errors import NeuronnetError, shortened
from neuronnet.files import allowed, most
from neuronnet.golden.binary_files import (
    FLOATS,
    archive_of,
    array,
    flat,
    most_bytes,
    names_of,
    npy,
    tensors_of,
)
from neuronnet.golden.formats import BATCH
from neuronnet.golden.recording import float32

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
        found = f"{path}: the suffix {path.suffix or '(none)'} is not read"
        raise NeuronnetError(f"{found}; read are {', '.join(READERS)}")
    limit = most_bytes()
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise NeuronnetError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > limit:
        raise NeuronnetError(f"{path}: more than {limit} bytes; {allowed('numbers')}")
    try:
        return reader(data)
    except NeuronnetError as error:
        raise NeuronnetError(f"{path}: {error}") from None
    except Exception as error:  # a foreign file can be wrong in any way
        found = f"not a {path.suffix.lower().lstrip('.')} file that can be read"
        raise NeuronnetError(f"{path}: {found} ({shortened(str(error))})") from None


def of_values(values) -> Actual:
    """The same from a mapping in Python: numbers, lists, arrays and tensors by name, in nested mappings."""
    kinds, found = set(), {}
    for name, value in flat(values):
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
    values = {name: _numbers(value, name) for name, value in flat(document)}
    return _with_digits(values, texts)


def _from_csv(data):
    text = data.decode("utf-8-sig")
    comma = next((each for each in "\t;" if each in text.partition("\n")[0]), ",")
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=comma) if any(row)]
    columns = (0, 1)
    if rows and "value" in (head := [each.strip().lower() for each in rows[0]]):
        columns, rows = (head.index("name") if "name" in head else 0, head.index("value")), rows[1:]
        if "kind" in head:  # a golden file, whose batches are no values
            rows = [row for row in rows if row[head.index("kind") :][:1] != [BATCH]]
    values, texts = {}, []
    for row in rows:
        if len(row) <= max(columns):
            found = f"found the row {shortened(comma.join(row))}"
            raise NeuronnetError(f"{found}; a name and a number are needed")
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


def _from_npz(data):
    with archive_of(data) as archive:
        members = {each.removesuffix(".npy"): archive.read(each) for each in archive.namelist()}
    if {"name", "value"} <= set(members):  # a golden file
        names, (values, dtype) = names_of(members["name"]), npy(members["value"])
        return Actual(dict(zip(names, values)), dtype)
    return _typed(members, npy)


def _from_safetensors(data):
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    header.pop("__metadata__", None)

    def tensor(described):
        start, end = described["data_offsets"]
        return array(described["dtype"], described["shape"], body[start:end])

    return _typed(header, tensor)


def _typed(members, read):
    """An Actual of named arrays, each read to (numbers, dtype)."""
    found = {name: read(each) for name, each in members.items()}
    kinds = {dtype for _, dtype in found.values() if dtype}
    return Actual({name: numbers for name, (numbers, _) in found.items()}, min(kinds, default="float64"))


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
    ".npy": lambda data: _typed({"array": data}, npy),
    ".safetensors": _from_safetensors,
    **dict.fromkeys((".pt", ".pth", ".bin"), lambda data: _typed(tensors_of(data), lambda tensor: tensor)),
}
