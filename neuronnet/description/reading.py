"""Reads the description of a network: from a file, a text, a dict or the name of an example."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from neuronnet.description.description import Description
from neuronnet.description.validation import checked
from neuronnet.description.values import Literal, text_of
from neuronnet.errors import SpecError, did_you_mean, nearest, shortened

EXAMPLES = Path(__file__).parent.parent / "examples"
MOST_DIGITS = 1000

# An object, or a list of objects: neither is the beginning of a text in TOML.
_JSON_START = re.compile(r"\s*(?:\{|\[\s*\{)")


class Document(NamedTuple):
    """A description as it is written: `checked(*document)` is the Description that `read` returns."""

    content: object
    place: str
    folder: Path


def read(source: Any) -> Description:
    """The Description of a network.

    `source` is a dict, a list of layers, a path, the name of an example, a text in TOML or JSON, a
    NeuralNetwork or a Description. Raises SpecError, which says where and what is allowed.
    """
    return source if isinstance(source, Description) else checked(*document(source))


def document(source):
    """The Document of what `read` takes. Raises SpecError where it is not found or has an error of syntax."""
    if hasattr(source, "to_dict"):
        source = source.to_dict()
    if isinstance(source, (dict, list)):
        return Document(source, "network", Path())
    if not isinstance(source, (str, Path)):
        allowed = "allowed are a dict, a file, or the name of an example"
        raise SpecError("network", f"a {type(source).__name__}", allowed)
    if isinstance(source, str) and ("\n" in source or _JSON_START.match(source)):
        return parsed(source, "network")
    path = find(source)
    return parsed(text_of(path, "a readable TOML or JSON file"), str(path), path.parent)


def find(name):
    """The file that `name` means: a file of that path, or else the example of that name."""
    path, where, needed, found = Path(name), shortened(str(name)), "a TOML or JSON file is needed", None
    try:
        if path.is_file():
            return path
        if (EXAMPLES / f"{name}.toml").is_file() and path.name == str(name):
            return EXAMPLES / f"{name}.toml"
        if path.exists():
            found = "a folder" if path.is_dir() else "something that is not a regular file"
    except (OSError, ValueError):
        pass
    if found is not None:
        raise SpecError(where, found, needed)
    if path.suffix or len(path.parts) > 1:
        raise SpecError(where, "no such file", needed, f"{where}: no such file")
    found = "neither a file nor an example"
    listed = f"{did_you_mean(nearest(name, example_names()))} (neuronnet examples lists them)"
    raise SpecError(where, found, needed, f"{where} is {found}{listed}")


def example_names():
    """The names of the examples that come with neuronnet, the worked example first."""
    names = (path.stem for path in EXAMPLES.glob("*.toml"))
    return sorted(names, key=lambda name: (name != "worked-example", name))


def parsed(text, where, folder=Path()):
    """The Document of a text in TOML or JSON; `where` is the place that errors name."""
    is_json = where.lower().endswith(".json") or _JSON_START.match(text) is not None
    language = "JSON" if is_json else "TOML"
    endless = re.search(rf"(?<![0-9_.])[0-9_.]{{{MOST_DIGITS + 1}}}", text)
    if endless:
        line = text.count("\n", 0, endless.start()) + 1
        found = f"a number of more than {MOST_DIGITS} digits"
        raise SpecError(f"{where}: line {line}", found, "binary64 holds 17, a 50-digit run 50")
    try:
        if is_json:
            content = json.loads(text, parse_float=Literal, object_pairs_hook=_without_duplicates)
        else:
            content = tomllib.loads(text, parse_float=Literal)
    except RecursionError:
        allowed = "weights are lists of lists of numbers"
        raise SpecError(where, "brackets nested too deeply", allowed) from None
    except _DuplicateKey as error:
        found = f"the key {shortened(error.args[0])} twice in one object"
        raise SpecError(where, found, "every key stands once") from None
    except ValueError as error:
        needed = f"valid {language} is needed" if is_json else _toml_remedy(text, str(error))
        raise SpecError(where, f"a {language} syntax error: {error}", needed) from None
    return Document(content, where, folder)


def _toml_remedy(text, error):
    """What to write in place of a bare word: `loss = mse` is `loss = "mse"`."""
    place = re.search(r"Invalid value \(at line (\d+), column (\d+)\)", error)
    if place:
        line = text.split("\n")[int(place[1]) - 1]
        word = re.match(r"[^\W\d][\w-]*(?: [\w-]+)*", line[int(place[2]) - 1 :])
        if word:
            return f'text needs quotation marks: "{word[0]}"'
    return "valid TOML is needed"


class _DuplicateKey(ValueError):
    """Carries the key."""


def _without_duplicates(pairs):
    found = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKey(key)
        found[key] = value
    return found
