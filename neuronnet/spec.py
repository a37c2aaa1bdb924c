"""Reads the description of a network: TOML, JSON or a dict in, a checked plain dict with every convention explicit out.

It knows no neuron. Numbers come out as floats that remember the text they were written as, so that a computation with
fifty digits can start from the text and not from its nearest binary float.
"""

import json
import re
import tomllib
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from pathlib import Path

from neuronnet.activations import ACTIVATIONS, SAME_ACTIVATION
from neuronnet.errors import SpecError, did_you_mean, nearest, shortened
from neuronnet.losses import LOSSES
from neuronnet.names import WORD, Names

EXAMPLES = Path(__file__).parent / "examples"
MOST_BYTES = 20_000_000
MOST_WEIGHTS = 5_000_000
MOST_DIGITS = 1000

_RECORDS = {"published": ("quantity", "printed", "verdict"), "errata": ("quantity", "printed", "should_be", "reason")}


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
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return parsed(source, "network")
    path = find(source)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SpecError(str(path), error.strerror or "an unreadable file", "a readable TOML or JSON file is needed") from None
    return parsed(decoded(data, str(path)), str(path))


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


def decoded(data, where):
    """The text of a network file, from its bytes: UTF-8, with or without a byte order mark, and of bounded length."""
    if len(data) > MOST_BYTES:
        raise SpecError(where, f"more than {MOST_BYTES} bytes", f"a network file has at most {MOST_BYTES}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(where, f"a byte that is not UTF-8 at position {error.start}", "network files are UTF-8") from None


def parsed(text, where):
    """The description that a text in TOML or JSON gives, as `read` returns it; `where` is the place that errors name."""
    is_json = where.lower().endswith(".json") or text.lstrip().startswith("{")
    language = "JSON" if is_json else "TOML"
    endless = re.search(rf"(?<![0-9_.])[0-9_.]{{{MOST_DIGITS + 1}}}", text)
    if endless:
        line = text.count("\n", 0, endless.start()) + 1
        raise SpecError(f"{where}: line {line}", f"a number of more than {MOST_DIGITS} digits",
                        "binary64 holds 17, a 50-digit run 50")
    try:
        document = (json if is_json else tomllib).loads(text, parse_float=Literal)
    except RecursionError:
        raise SpecError(where, "brackets nested too deeply", "weights are lists of lists of numbers") from None
    except ValueError as error:
        raise SpecError(where, f"a {language} syntax error: {error}", f"valid {language} is needed") from None
    return _Reader(where).network(document)


def _fits_a_float(value):
    """Whether a number is finite as a float, and 0 as a float only if it is 0."""
    try:
        return isfinite(value) and (float(value) != 0 or Decimal(getattr(value, "text", 0)) == value == 0)
    except (ArithmeticError, ValueError):
        return False


class _Reader:
    """Checks one description. `where` is the file's name; every error adds the key to it."""

    def __init__(self, where):
        self.where = where

    def network(self, given):
        if not isinstance(given, dict):
            self.refuse("network", shortened(given), 'an object such as {"layer": [...], "sample": [...]} is needed')
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
        result["names"] = self.names(given.get("names", {}), result["layer"])
        for key in ("source", "about"):
            if key in given:
                result[key] = self.text(given, key, "")
        for key, needed in _RECORDS.items():
            if key in given:
                result[key] = self.records(given, key, needed)
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

    def names(self, given, layers):
        if not isinstance(given, dict) or not all(isinstance(name, str) for name in given.values()):
            self.refuse("names", shortened(given), 'a table such as {net_h1 = "z1"} is needed')
        for standard, own in given.items():
            if re.fullmatch(WORD, own) is None:
                self.refuse(f"names, {shortened(standard)}", shortened(own),
                            "a name is made of letters, digits, _ and ', and does not start with a digit")
        if given:
            try:
                Names(layers, given)
            except SpecError as error:
                self.refuse(error.where, error.found, error.allowed)
        return dict(given)

    def records(self, given, key, needed):
        records = self.entries(given, key)
        for number, record in enumerate(records, 1):
            for name, value in record.items():
                if not isinstance(value, str):
                    self.refuse(f"{key} {number}, {name}", shortened(value), "a string is needed, so that its digits survive")
            for name in needed:
                if name not in record:
                    self.refuse(f"{key} {number}", f"no {name}", f"needed are {', '.join(needed)}")
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
        if not _fits_a_float(value):
            self.refuse(where, shortened(getattr(value, "text", value)),
                        "a finite number is needed, 0 or from 5e-324 to 1.79e308 in size")
        return Literal(str(value)) if isinstance(value, int) else value

    def known(self, given, where, allowed):
        for key in given:
            if key not in allowed:
                self.refuse(where, f"the key {shortened(key)}",
                            f"allowed are {', '.join(sorted(allowed))}{did_you_mean(nearest(key, allowed))}")

    def refuse(self, where, found, allowed):
        raise SpecError(f"{self.where}: {where}" if where != self.where else where, found, allowed)
