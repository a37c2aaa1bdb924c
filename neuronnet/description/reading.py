"""Reads the description of a network: TOML, JSON or a dict in, a checked plain dict with every convention
explicit out.

What is allowed in a description is in `validation`; numbers come out as floats that remember the text they
were written as.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from neuronnet.description.description import Description
from neuronnet.description.literal import MOST_BYTES, Literal, as_number, decoded, text_of
from neuronnet.description.validation import checked
from neuronnet.errors import SpecError, did_you_mean, nearest, shortened

__all__ = [
    "EXAMPLES",
    "MOST_BYTES",
    "MOST_DIGITS",
    "Document",
    "Literal",
    "as_number",
    "checked",
    "decoded",
    "document",
    "example_names",
    "find",
    "parsed",
    "read",
]

EXAMPLES = Path(__file__).parent.parent / "examples"
MOST_DIGITS = 1000

# An object, or a list of objects: neither is the beginning of a text in TOML.
_JSON_START = re.compile(r"\s*(?:\{|\[\s*\{)")


class Document(NamedTuple):
    """A description as it is written, its `init` not yet drawn: `checked(*document)` is what `read` returns.

    `content` is a dict or a list of layers, `place` the name that errors give it, and `folder`, a Path, where
    the names of files in it start from.
    """

    content: object
    place: str
    folder: Path


def read(source):
    """The Description of a network.

    `source` is a dict, a list of layers, a path, the name of an example, a text in TOML or JSON, a
    NeuralNetwork, or a Description, which is returned as it is. Raises SpecError, which says where and what
    is allowed.
    """
    return source if isinstance(source, Description) else checked(*document(source))


def document(source):
    """The Document of what `read` takes. Raises SpecError where it cannot be found or has an error of
    syntax.
    """
    if hasattr(source, "to_dict"):
        source = source.to_dict()
    if isinstance(source, (dict, list)):
        return Document(source, "network", Path())
    if not isinstance(source, (str, Path)):
        raise SpecError(
            "network", f"a {type(source).__name__}", "allowed are a dict, a file, or the name of an example"
        )
    if isinstance(source, str) and ("\n" in source or _JSON_START.match(source)):
        return parsed(source, "network")
    path = find(source)
    return parsed(text_of(path, "a readable TOML or JSON file"), str(path), path.parent)


def find(name):
    """The file that `name` means: a file of that path, or else the example of that name."""
    path, found = Path(name), "neither a file nor the name of an example"
    try:
        if path.is_file():
            return path
        if path.exists():
            found = "something that is not a regular file"
        if (EXAMPLES / f"{name}.toml").is_file() and path.name == str(name):
            return EXAMPLES / f"{name}.toml"
    except (OSError, ValueError):
        pass
    examples = example_names()
    allowed = f"allowed are a TOML or JSON file and the examples {', '.join(examples)}"
    raise SpecError(shortened(str(name)), found, allowed + did_you_mean(nearest(name, examples)))


def example_names():
    """The names of the examples that come with neuronnet, the worked example first."""
    names = sorted(path.stem for path in EXAMPLES.glob("*.toml"))
    return sorted(names, key=lambda name: name != "worked-example")


def parsed(text, where, folder=Path()):
    """The Document that a text in TOML or JSON gives.

    `where` is the place that errors name; the names of files in the text start from `folder`, a Path.
    """
    is_json = where.lower().endswith(".json") or _JSON_START.match(text) is not None
    language = "JSON" if is_json else "TOML"
    endless = re.search(rf"(?<![0-9_.])[0-9_.]{{{MOST_DIGITS + 1}}}", text)
    if endless:
        line = text.count("\n", 0, endless.start()) + 1
        raise SpecError(
            f"{where}: line {line}",
            f"a number of more than {MOST_DIGITS} digits",
            "binary64 holds 17, a 50-digit run 50",
        )
    try:
        if is_json:
            content = json.loads(text, parse_float=Literal, object_pairs_hook=_without_duplicates)
        else:
            content = tomllib.loads(text, parse_float=Literal)
    except RecursionError:
        raise SpecError(
            where, "brackets nested too deeply", "weights are lists of lists of numbers"
        ) from None
    except _DuplicateKey as error:
        raise SpecError(
            where, f"the key {shortened(error.key)} twice in one object", "every key stands once"
        ) from None
    except ValueError as error:
        raise SpecError(where, f"a {language} syntax error: {error}", f"valid {language} is needed") from None
    return Document(content, where, folder)


class _DuplicateKey(ValueError):
    def __init__(self, key):
        super().__init__(key)
        self.key = key


def _without_duplicates(pairs):
    found = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKey(key)
        found[key] = value
    return found
