"""The point of a check, read from a file: .npz, .npy or .json; nothing in the file is executed."""

import json
from pathlib import Path

import numpy as np

from .errors import GradcheckError
from .structure import DEEPEST, short

MOST_AXES = 32              # of an array, in every version of NumPy
ARCHIVES, ARRAY = (b"PK\x03\x04", b"PK\x05\x06"), b"\x93NUMPY"     # how files of the two kinds begin


def is_point_file(path):
    """Whether the name of a file says that it can be read here."""
    return Path(path).suffix.lower() in READERS


def read_point(path):
    """The parameters in a file. Raises GradcheckError, one line that names the file, for whatever is wrong with it.

    .npz: its arrays by name. .npy: one array. .json: an object of names to numbers, nested lists of numbers or further
    objects; all numbers become floats.
    """
    try:
        return READERS[Path(path).suffix.lower()](path)
    except OSError as error:
        raise GradcheckError(f"{path}: {error.strerror or error}") from None


def _arrays(path):
    """An .npz or .npy file is untrusted: whatever NumPy stumbles over in it, the file is what is wrong."""
    with open(path, "rb") as file:
        if not file.read(len(ARRAY)).startswith((*ARCHIVES, ARRAY)):
            raise GradcheckError(f"{path}: it is no {Path(path).suffix} file; write it with numpy.savez or numpy.save")
    try:
        with open(path, "rb") as file:
            loaded = np.load(file, allow_pickle=False)
            return loaded if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}
    except MemoryError:
        raise GradcheckError(f"{path}: an array in it claims to be larger than the memory; write it with numpy.savez") from None
    except OSError:
        raise
    except Exception as error:
        said = "an array of Python objects in it is not read" if "pickle" in str(error) else "its arrays cannot be read"
        raise GradcheckError(f"{path}: {said}; write it with numpy.savez or numpy.save") from None


def _json(path):
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file, object_pairs_hook=_object, parse_constant=_no_constant)
    except GradcheckError as error:
        raise GradcheckError(f"{path}: {error}") from None
    except json.JSONDecodeError as error:
        raise GradcheckError(f"{path}: line {error.lineno}: {error.msg}") from None
    except RecursionError:
        raise GradcheckError(f"{path}: more than {DEEPEST} objects or lists within each other") from None
    except ValueError:
        raise GradcheckError(f"{path}: it is no JSON file") from None
    if not isinstance(found, dict) or len(found) == 0:
        raise GradcheckError(f'{path}: expected an object of names, such as {{"W": [[0.5, -1.0]]}}')
    return {name: _numbers(path, name, value) for name, value in found.items()}


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
    for each, axes in _flat(value):
        if axes > MOST_AXES:
            raise GradcheckError(f"{where}: more than {MOST_AXES} lists within each other")
        if isinstance(each, (bool, str, dict, type(None))):
            raise GradcheckError(f"{where}: expected a number or a nested list of numbers, found something else in it")
    try:
        numbers = np.array(value, dtype=float)
    except (ValueError, OverflowError):
        raise GradcheckError(f"{where}: its rows differ in length, or a number is too large for a float") from None
    return numbers.item() if numbers.shape == () else numbers


def _flat(value):
    """(each, how many lists it lies in) of all that is in nested lists, and of an empty list."""
    waiting = [(value, 0)]
    while waiting:
        each, axes = waiting.pop()
        if isinstance(each, list) and len(each) > 0:
            waiting.extend((part, axes + 1) for part in each)
        else:
            yield each, axes
