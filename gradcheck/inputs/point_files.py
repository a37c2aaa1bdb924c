"""The file of a point: arrays by name in .npz, one array in .npy, nested numbers by name in .json.

Of a file nothing is executed, and more numbers than are taken on are refused before they are read.
"""

import contextlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np

from gradcheck.errors import GradcheckError
from gradcheck.inputs.point import DEEPEST, short

BYTES_OF_A_NUMBER, MOST_CHARACTERS = 8, 25  # in a file of arrays, and as it is printed
MOST_AXES = 32  # of an array, in every version of NumPy
AN_OBJECT = 'an object of names, such as {"W": [[0.5, -1.0]]}'
ARCHIVES, ARRAY = (b"PK\x03\x04", b"PK\x05\x06"), b"\x93NUMPY"  # how files of the two kinds begin


def _arrays(path, require):
    """The arrays of an untrusted file; any exception of NumPy becomes a GradcheckError about the file."""
    require(_bytes_in(path) // BYTES_OF_A_NUMBER, path)
    with open(path, "rb") as file:
        if not file.read(len(ARRAY)).startswith((*ARCHIVES, ARRAY)):
            how = "write the parameters with numpy.savez(FILE, W1=W1, ...) or numpy.save"
            raise GradcheckError(f"{path}: it is no {Path(path).suffix} file; {how}")
    try:
        with open(path, "rb") as file:
            loaded = np.load(file, allow_pickle=False)
            is_array = isinstance(loaded, np.ndarray)
            found = loaded if is_array else {name: loaded[name] for name in loaded.files}
    except MemoryError:
        why = "an array in it claims to be larger than the memory"
        raise GradcheckError(f"{path}: {why}; write it with numpy.savez") from None
    except OSError:
        raise
    except Exception as error:
        objects = "an array of Python objects in it is not read"
        said = objects if "pickle" in str(error) else "its arrays cannot be read"
        raise GradcheckError(f"{path}: {said}; write it with numpy.savez or numpy.save") from None
    require(sum(each.size for each in ([found] if is_array else found.values())), path)
    return found


def _bytes_in(path):
    """How many bytes a file holds, those of an archive unpacked."""
    if zipfile.is_zipfile(path):
        with contextlib.suppress(Exception), zipfile.ZipFile(path) as archive:
            return sum(each.file_size for each in archive.infolist())
    return os.path.getsize(path)


def _json(path, require):
    require(os.path.getsize(path) // MOST_CHARACTERS, path)
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file, object_pairs_hook=_object, parse_constant=_no_constant)
    except GradcheckError as error:
        raise GradcheckError(f"{path}: {error}") from None
    except json.JSONDecodeError as error:
        raise GradcheckError(f"{path}: line {error.lineno}: {error.msg}; {AN_OBJECT} is needed") from None
    except RecursionError:
        raise GradcheckError(f"{path}: more than {DEEPEST} objects or lists within each other") from None
    except ValueError:
        raise GradcheckError(f"{path}: it is no JSON file; {AN_OBJECT} is needed") from None
    if not isinstance(found, dict) or len(found) == 0:
        raise GradcheckError(f"{path}: expected {AN_OBJECT}")
    require(_count(found), path)
    return {name: _numbers(path, name, value) for name, value in found.items()}


def _count(value):
    """How many values that are no lists and no objects are in one."""
    waiting, count = [value], 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, (list, dict)):
            waiting.extend(each.values() if isinstance(each, dict) else each)
        else:
            count += 1
    return count


READERS = {".npz": _arrays, ".npy": _arrays, ".json": _json}


def _object(pairs):
    found = {}
    for name, value in pairs:
        if name in found:
            raise GradcheckError(f"the name {name!r} is there twice")
        found[name] = value
    return found


def _no_constant(name):
    raise GradcheckError(f"found {name}; every parameter must be a finite number")


def _numbers(path, name, value, above=1):
    """A JSON number as a float, a nested list of them as an array, an object of those as a dict."""
    where = f"{path}: {short(name)}"
    if isinstance(value, dict):
        if above == DEEPEST:
            raise GradcheckError(f"{where}: more than {DEEPEST} objects within each other")
        return {key: _numbers(path, f"{name}.{key}", each, above + 1) for key, each in value.items()}
    waiting = [(value, 0)]
    while waiting:
        each, axes = waiting.pop()
        if axes > MOST_AXES:
            raise GradcheckError(f"{where}: more than {MOST_AXES} lists within each other")
        if isinstance(each, list):
            waiting.extend((part, axes + 1) for part in each)
        elif not isinstance(each, (int, float)) or isinstance(each, bool):
            expected = "a number or a nested list of numbers"
            raise GradcheckError(f"{where}: expected {expected}, found something else in it")
    try:
        numbers = np.array(value, dtype=float)
    except (ValueError, OverflowError):
        why = "its rows differ in length, or a number is too large for a float"
        raise GradcheckError(f"{where}: {why}") from None
    return numbers.item() if numbers.shape == () else numbers
