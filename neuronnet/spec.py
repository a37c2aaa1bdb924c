"""Reads the description of a network: TOML, JSON or a dict in, a checked plain dict with every convention explicit out.

It knows no neuron. Numbers come out as floats that remember the text they were written as, so that a computation with
fifty digits can start from the text and not from its nearest binary float.
"""

import json
import tomllib
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from pathlib import Path

from neuronnet.activations import ACTIVATIONS, SAME_ACTIVATION
from neuronnet.errors import SpecError, did_you_mean, nearest, shortened
from neuronnet.losses import LOSSES

EXAMPLES = Path(__file__).parent / "examples"
MOST_BYTES = 20_000_000
MOST_WEIGHTS = 5_000_000


class Literal(float):
    """A float that remembers the text it was read from, as `text`."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self):
        return Literal, (self.text,)


def as_number(value, number=float):
    """`value` in another type of number: the decimal text where that type can hold it, else the nearest float."""
    if number in (Decimal, Fraction):
        if isinstance(value, (Decimal, Fraction, int)):
            return number(value)
        return number(getattr(value, "text", None) or repr(float(value)))
    return number(float(value))


def read(source):
    """The description of a network as a checked dict with every convention explicit.

    `source` is a dict, a path, the name of an example, or a text in TOML or JSON. Raises SpecError, which says where
    and what is allowed.
    """
    if isinstance(source, dict):
        return _Reader("network").network(source)
    if not isinstance(source, (str, Path)):
        raise SpecError("network", f"a {type(source).__name__}", "allowed are a dict, a file, or the name of an example")
    text = str(source)
    if "\n" in text or text.lstrip().startswith("{"):
        return _parsed(text, "network", text.lstrip().startswith("{"))
    path = find(text)
    return _parsed(_text_of(path), path.name, path.suffix.lower() == ".json")


def find(name):
    """The file that `name` means: a file of that path, or else the example of that name."""
    path = Path(name)
    try:
        if path.is_file():
            return path
        if (EXAMPLES / f"{name}.toml").is_file() and path.name == str(name):
            return EXAMPLES / f"{name}.toml"
    except (OSError, ValueError):
        pass
    examples = example_names()
    raise SpecError(shortened(name), "neither a file nor the name of an example",
                    f"the examples are {', '.join(examples)}{did_you_mean(nearest(name, examples))}")


def example_names():
    """The names of the examples that come with neuronnet, the worked example first."""
    names = sorted(path.stem for path in EXAMPLES.glob("*.toml"))
    return sorted(names, key=lambda name: name != "worked-example")


def _text_of(path):
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise SpecError(str(path), f"{size} bytes", f"a network file has at most {MOST_BYTES}")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(str(path), f"a byte that is not UTF-8 at position {error.start}", "network files are UTF-8") from None
    except OSError as error:
        raise SpecError(str(path), error.strerror or "an unreadable file", "a readable TOML or JSON file is needed") from None


def _parsed(text, where, is_json):
    if len(text) > MOST_BYTES:
        raise SpecError(where, f"{len(text)} characters", f"a network file has at most {MOST_BYTES}")
    try:
        if is_json:
            document = json.loads(text, parse_float=Literal)
        else:
            document = tomllib.loads(text, parse_float=Literal)
    except RecursionError:
        raise SpecError(where, "brackets nested too deeply", "weights are lists of lists of numbers") from None
    except ValueError as error:
        language = "JSON" if is_json else "TOML"
        raise SpecError(where, f"a {language} syntax error: {error}", f"valid {language} is needed") from None
    return _Reader(where).network(document)


class _Reader:
    """Checks one description. `where` is the file's name; every error adds the key to it."""

    def __init__(self, where):
        self.where = where

    def network(self, given):
        self.known(given, "network", {"title", "source", "about", "loss", "outputs", "samples_combine", "learning_rate",
                                      "l2", "l2_scale", "batch", "names", "layer", "sample", "published", "errata"})
        layers = self.entries(given, "layer")
        if not layers:
            self.refuse("layer", "none", "a network has at least one [[layer]]")
        result = {
            "title": self.text(given, "title", "untitled network"),
            "loss": self.choice(given, "loss", "loss", LOSSES, "half squared error"),
            "outputs": self.choice(given, "outputs", "outputs", ("sum", "mean"), "sum"),
            "samples_combine": self.choice(given, "samples_combine", "samples_combine", ("sum", "mean"), "sum"),
            "learning_rate": None if given.get("learning_rate") is None else
                             self.number(given["learning_rate"], "learning_rate"),
            "l2": self.number(given.get("l2", 0.0), "l2"),
            "l2_scale": self.choice(given, "l2_scale", "l2_scale", ("as is", "per sample"), "as is"),
            "batch": self.batch(given.get("batch", "full")),
            "layer": [],
            "sample": [],
        }
        for number, layer in enumerate(layers, 1):
            result["layer"].append(self.layer(layer, number, len(layers), result["layer"]))
        self.fits(result)
        for number, sample in enumerate(self.entries(given, "sample"), 1):
            result["sample"].append(self.sample(sample, number, result))
        result["names"] = self.names(given.get("names", {}))
        for key in ("source", "about"):
            if key in given:
                result[key] = self.text(given, key, "")
        for key in ("published", "errata"):
            if key in given:
                result[key] = self.records(given, key)
        return result

    def layer(self, given, number, count, before):
        where = f"layer {number}"
        self.known(given, where, {"activation", "weights", "bias", "train_bias"})
        activation = given.get("activation")
        if isinstance(activation, str):
            activation = SAME_ACTIVATION.get(activation, activation)
        activation = self.choice({"activation": activation}, f"{where}, activation", "activation", ACTIVATIONS, None)
        if ACTIVATIONS[activation].whole_layer and number < count:
            self.refuse(f"{where}, activation", "softmax", "softmax is allowed in the last layer only")
        if "weights" not in given:
            self.refuse(where, "no weights", "a layer needs weights = [[...], ...], a row per neuron")
        weights = self.weights(given["weights"], f"{where}, weights")
        if before and len(weights[0]) != len(before[-1]["weights"]):
            self.refuse(f"{where}, weights", f"{len(weights[0])} numbers in a row",
                        f"layer {number - 1} has {len(before[-1]['weights'])} neurons, a weight is needed for each")
        bias = given.get("bias")
        if isinstance(bias, (list, tuple)):
            bias = self.numbers(bias, f"{where}, bias")
            if len(bias) != len(weights):
                self.refuse(f"{where}, bias", f"{len(bias)} numbers",
                            f"a list gives one for each of the {len(weights)} neurons; a single number is shared by all")
        elif bias is not None:
            bias = self.number(bias, f"{where}, bias")
        train_bias = given.get("train_bias", bias is not None)
        if not isinstance(train_bias, bool):
            self.refuse(f"{where}, train_bias", shortened(train_bias), "allowed are true and false")
        return {"activation": activation, "weights": weights, "bias": bias, "train_bias": train_bias}

    def weights(self, given, where):
        if not isinstance(given, (list, tuple)) or not given:
            self.refuse(where, "an empty layer" if given == [] else shortened(given), "a row of numbers per neuron is needed")
        rows = [self.numbers(row, f"{where}, row {number}") for number, row in enumerate(given, 1)]
        for number, row in enumerate(rows, 1):
            if len(row) != len(rows[0]) or not row:
                self.refuse(f"{where}, row {number}", f"{len(row)} numbers",
                            f"every row has one number per input, and row 1 has {len(rows[0])}")
        if len(rows) * len(rows[0]) > MOST_WEIGHTS:
            self.refuse(where, f"{len(rows) * len(rows[0])} weights", f"at most {MOST_WEIGHTS} in a layer")
        return rows

    def fits(self, network):
        """Loss and last layer must suit each other."""
        loss, activation = network["loss"], network["layer"][-1]["activation"]
        if loss == "binary cross-entropy" and activation == "softmax":
            self.refuse("loss", repr(loss), "with a softmax layer, use categorical cross-entropy or a squared error")

    def sample(self, given, number, network):
        where = f"sample {number}"
        self.known(given, where, {"inputs", "targets"})
        if "inputs" not in given:
            self.refuse(where, "no inputs", "a sample needs inputs = [...]")
        inputs = self.numbers(given["inputs"], f"{where}, inputs")
        expected = len(network["layer"][0]["weights"][0])
        if len(inputs) != expected:
            self.refuse(f"{where}, inputs", f"{len(inputs)} numbers", f"the first layer takes {expected}")
        targets = self.numbers(given.get("targets", []), f"{where}, targets")
        expected = 0 if network["loss"] == "output" else len(network["layer"][-1]["weights"])
        if len(targets) != expected:
            self.refuse(f"{where}, targets", f"{len(targets)} numbers", f"the loss {network['loss']!r} takes {expected}")
        if "cross-entropy" in network["loss"]:
            for target in targets:
                if not 0 <= target <= 1:
                    self.refuse(f"{where}, targets", shortened(float(target)), "a cross-entropy takes targets from 0 to 1")
        return {"inputs": inputs, "targets": targets}

    def batch(self, given):
        if given in ("online", "full") or (isinstance(given, int) and not isinstance(given, bool) and given > 0):
            return given
        self.refuse("batch", shortened(given), 'allowed are "online", "full" and a number of samples')

    def names(self, given):
        if not isinstance(given, dict) or not all(isinstance(name, str) for name in given.values()):
            self.refuse("names", shortened(given), 'a table such as {net_h1 = "z1"} is needed')
        for standard, own in given.items():
            if not own or not all(character.isalnum() or character in "_'" for character in own):
                self.refuse(f"names, {standard}", shortened(own), "a name is made of letters, digits, _ and '")
        return dict(given)

    def records(self, given, key):
        records = self.entries(given, key)
        for number, record in enumerate(records, 1):
            for name, value in record.items():
                if not isinstance(value, str):
                    self.refuse(f"{key} {number}, {name}", shortened(value), "a string is needed, so that its digits survive")
        return records

    def entries(self, given, key):
        entries = given.get(key, [])
        if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, dict) for entry in entries):
            self.refuse(key, shortened(entries), f"[[{key}]] tables are needed")
        return list(entries)

    def text(self, given, key, default):
        value = given.get(key, default)
        if not isinstance(value, str):
            self.refuse(key, shortened(value), "a string is needed")
        return value

    def choice(self, given, where, key, allowed, default):
        value = given.get(key)
        if value is None:
            value = default
        if not isinstance(value, str) or value not in allowed:
            found = "nothing" if value is None else shortened(value)
            self.refuse(where, found, f"allowed are {', '.join(allowed)}{did_you_mean(nearest(value, allowed))}")
        return value

    def numbers(self, given, where):
        if not isinstance(given, (list, tuple)):
            self.refuse(where, shortened(given), "a list of numbers is needed")
        return [self.number(value, f"{where}, number {number}") for number, value in enumerate(given, 1)]

    def number(self, value, where):
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, Fraction)):
            self.refuse(where, shortened(value), "a number is needed")
        try:
            finite = isfinite(value)
        except OverflowError:
            finite = False
        if not finite:
            text = getattr(value, "text", None)
            self.refuse(where, shortened(value) if text is None else shortened(text), "a finite number is needed")
        return Literal(str(value)) if isinstance(value, int) else value

    def known(self, given, where, allowed):
        for key in given:
            if key not in allowed:
                self.refuse(where, f"the key {shortened(key)}",
                            f"allowed are {', '.join(sorted(allowed))}{did_you_mean(nearest(key, allowed))}")

    def refuse(self, where, found, allowed):
        raise SpecError(f"{self.where}: {where}" if where != self.where else where, found, allowed)
