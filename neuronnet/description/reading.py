"""Reads the description of a network, from a file, a text, a dict or the name of an example, checks it and
makes every convention in it explicit.

The names that people use are accepted beside ours: `sigmoid`, `mse`, `sgd`, `lr` ... (docs/network_file.md).
"""

import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from neuronnet.description.description import Description, FrozenMapping, Order, PublishedNumber, Update
from neuronnet.description.layers import LayerReader
from neuronnet.description.samples import SampleReader, input_count
from neuronnet.description.values import MOST_DIGITS, Checks, folded
from neuronnet.elementary import Literal
from neuronnet.errors import SpecError, did_you_mean, nearest, shortened
from neuronnet.files import allowed, most, text_of
from neuronnet.losses import LOSSES
from neuronnet.names import WORD, Names

EXAMPLES = Path(__file__).parent.parent / "examples"

# An object, or a list of objects: neither is the beginning of a text in TOML.
_JSON_START = re.compile(r"\s*(?:\{|\[\s*\{)")
KEYS = set("title source about loss outputs samples_combine learning_rate l2 l2_scale batch order".split())
KEYS |= set("update state batches_taken names layer sample data held_out published errata run".split())
SAME_KEY = {"lr": "learning_rate", "eta": "learning_rate", "layers": "layer", "samples": "sample"}
SAME_KEY |= {"batch_size": "batch", "optimizer": "update"}
SAME_LOSS = {"mse": "squared error", "mean squared error": "squared error", "sse": "squared error"}
SAME_LOSS |= {"bce": "binary cross-entropy", "cce": "categorical cross-entropy"}
SAME_CROSS_ENTROPY = {"logistic": "binary cross-entropy", "softmax": "categorical cross-entropy"}
COMBINED = ("sum", "mean")
MOST_IN_A_BATCH = 10**9
MEANS = ("mse", "mean squared error")  # over outputs and samples
SAME_RULE = {"sgd": "gradient descent", "gd": "gradient descent"}
LIKE_SETTING = {"rho": "beta", "alpha": "beta"}  # what other libraries call it
RULE_SETTINGS = {
    "gradient descent": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "rmsprop": {"beta": 0.9, "epsilon": 1e-8},
    "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "adamw": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
}
REMEMBERED = dict.fromkeys(("momentum", "nesterov", "rmsprop"), "v") | dict.fromkeys(("adam", "adamw"), "mv")
POWERS = ("beta1_t", "beta2_t")  # which rules that remember m have, too
ORDERS = {"in turn": {}, "random": {"seed": 0}}
_RECORDS: dict[str, tuple[str, ...]] = dict.fromkeys(("published", "run"), ("quantity", "printed", "verdict"))
_RECORDS |= {"errata": ("quantity", "printed", "should_be", "reason")}


def read(source: Any) -> Description:
    """The Description of a network.

    `source` is a dict, a list of layers, a path, the name of an example, a text in TOML or JSON, a
    NeuralNetwork or a Description. Raises SpecError, which says where and what is allowed.
    """
    return source if isinstance(source, Description) else checked(*document(source))


def document(source):
    """What `read` takes, as `checked` takes it. Raises SpecError for no file, or an error of syntax."""
    if hasattr(source, "to_dict"):
        source = source.to_dict()
    if isinstance(source, (dict, list)):
        return source, "network", Path()
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
        if path.name == str(name) and (EXAMPLES / f"{name}.toml").is_file():
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
    """A text in TOML or JSON, as `checked` takes it; `where` is the place that errors name."""
    is_json = where.lower().endswith(".json") or _JSON_START.match(text) is not None
    language = "JSON" if is_json else "TOML"
    endless = re.search(rf"(?<![0-9_.])[0-9_.]{{{MOST_DIGITS + 1}}}", text)
    if endless:
        line = text.count("\n", 0, endless.start()) + 1
        found = f"a number of more than {MOST_DIGITS} digits"
        raise SpecError(f"{where}: line {line}", found, "binary64 holds 17, a 50-digit run 50")
    if len(text) > most("characters"):
        raise SpecError(where, f"{len(text)} characters", allowed("characters"))
    try:
        if is_json:
            content = json.loads(text, parse_float=Literal, object_pairs_hook=_without_duplicates)
        else:
            content = tomllib.loads(text, parse_float=Literal)
    except RecursionError:
        needed = "weights are lists of lists of numbers"
        raise SpecError(where, "brackets nested too deeply", needed) from None
    except _DuplicateKey as error:
        found = f"the key {shortened(error.args[0])} twice in one object"
        raise SpecError(where, found, "every key stands once") from None
    except ValueError as error:
        needed = f"valid {language} is needed" if is_json else _toml_remedy(text, str(error))
        raise SpecError(where, f"a {language} syntax error: {error}", needed) from None
    return content, where, folder


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


def checked(given, place, folder):
    """The Description of `given`, a dict or a list of layers. Raises SpecError.

    `place` is the name that errors give it; `folder`, a Path, is where the names of files in it start from.
    """
    return _Network(place, folder).network(given)


class _Network(Checks):
    """Checks one description."""

    def network(self, given):
        if isinstance(given, list) and given and all(isinstance(layer, dict) for layer in given):
            given = {"layer": given}
        if not isinstance(given, dict):
            needed = 'an object such as {"layer": [...], "sample": [...]} is needed'
            self.refuse("network", shortened(given), needed)
        given = self.table(given, "network", KEYS, aliases=SAME_KEY)
        layers = LayerReader(self, lambda: input_count(self, given)).read(given)
        loss, combined = self.loss(given, layers)
        samples, held_out = SampleReader(self, layers, loss).read(given)
        rate, renames = given.get("learning_rate"), self.names(given.get("names", {}), layers)
        update = self.update(given.get("update", {"rule": "gradient descent"}))
        return Description(
            layers=layers,
            title=self.text(given, "title", "untitled network"),
            loss=loss,
            outputs=self.choice(given.get("outputs"), "outputs", COMBINED, combined),
            samples_combine=self.choice(given.get("samples_combine"), "samples_combine", COMBINED, combined),
            learning_rate=None if rate is None else self.number(rate, "learning_rate"),
            l2=self.number(given.get("l2", 0.0), "l2"),
            l2_scale=self.choice(given.get("l2_scale"), "l2_scale", ("as is", "per sample"), "as is"),
            batch=self.batch(given.get("batch", "full")),
            order=self.order(given.get("order", {"kind": "in turn"})),
            update=update,
            state=self.state(given.get("state", {}), update.rule, Names(layers, renames), layers),
            batches_taken=self.whole(given.get("batches_taken", 0), "batches_taken", 0, MOST_IN_A_BATCH),
            samples=samples,
            held_out=held_out,
            renames=renames,
            source=self.text(given, "source", None),
            about=self.text(given, "about", None),
            **{key: self.records(given, key, needed) for key, needed in _RECORDS.items()},
        )

    def loss(self, given, layers):
        """(the loss, "sum" or "mean": how outputs and samples are combined unless something else is said)."""
        word, last = given.get("loss"), layers[-1].activation
        if folded(word) == folded("cross-entropy") and last not in SAME_CROSS_ENTROPY:
            choices = "allowed there are binary cross-entropy and categorical cross-entropy"
            self.refuse("loss", f"'cross-entropy' after {last} outputs", choices)
        known = {"cross-entropy": SAME_CROSS_ENTROPY[last]} if last in SAME_CROSS_ENTROPY else {}
        loss = self.choice(word, "loss", LOSSES, "half squared error", SAME_LOSS | known)
        mean = "mean" if folded(word) in map(folded, MEANS) else "sum"
        for key in ("outputs", "samples_combine"):
            if mean == "mean" and given.get(key, mean) != mean:
                needed = "it is the mean over outputs and samples; loss = 'squared error' leaves both open"
                self.refuse("loss", f"{word!r} beside {key} = {shortened(given[key])}", needed)
        return loss, mean

    def batch(self, given):
        if folded(given) in ("online", "full"):
            return folded(given)
        if type(given) is int and 0 < given <= MOST_IN_A_BATCH:
            return given
        numbers = f"a number of samples up to {MOST_IN_A_BATCH}"
        self.refuse("batch", shortened(given), f'allowed are "online", "full" and {numbers}')

    def order(self, given):
        given = self.table(given, "order", example='{kind = "random", seed = 0}')
        kind = self.choice(given.get("kind"), "order, kind", ORDERS)
        given = self.table(given, "order", {"kind", *ORDERS[kind]})
        return Order(kind, **{name: self.seed(given.get(name, 0), "order, seed") for name in ORDERS[kind]})

    def update(self, given):
        if isinstance(given, str):
            given = {"rule": given}
        given = self.table(given, "update", example='{rule = "momentum", momentum = 0.9}')
        rule = self.choice(given.get("rule"), "update, rule", RULE_SETTINGS, aliases=SAME_RULE)
        for key in set(given) - {"rule", *RULE_SETTINGS[rule]}:
            takes = [f'rule = "{each}"' for each in RULE_SETTINGS if key in RULE_SETTINGS[each]]
            if takes:
                found = f'the key {shortened(key)} with rule = "{rule}"'
                self.refuse("update", found, f"{key} belongs to {' or '.join(takes)}")
        given = self.table(given, "update", {"rule", *RULE_SETTINGS[rule]}, alike=LIKE_SETTING)
        given = RULE_SETTINGS[rule] | given
        settings = {name: self.setting(name, given[name]) for name in RULE_SETTINGS[rule]}
        return Update(rule, FrozenMapping(settings))

    def setting(self, name, value):
        if name == "weight_decay":
            return self.not_negative(value, f"update, {name}")
        if name == "epsilon":
            return self.number_where(value, f"update, {name}", lambda value: value > 0, "above 0")
        return self.below_one(value, f"update, {name}")

    def state(self, given, rule, names, layers):
        """What the rule remembers of each parameter that it moves, and of the network."""
        moments, parameters = REMEMBERED.get(rule, ""), names.parameters()
        moved = [name for name, at, is_bias in parameters if not is_bias or layers[at].train_bias]
        known = [f"{moment}_{name}" for moment in moments for name in moved] + list(POWERS) * ("m" in moments)
        given = self.table(given, "state", example="{v_w1 = 0.1}")
        if given and not known:
            self.refuse("state", f"the key {shortened(next(iter(given)))}", f"{rule} remembers nothing")
        given = self.table(given, "state", known)
        is_square = rule in ("rmsprop", "adam", "adamw")
        for name, value in given.items():
            is_from_zero = is_square and name.startswith("v_")
            check = self.below_one if name in POWERS else self.not_negative if is_from_zero else self.number
            check(value, f"state, {name}")
        return FrozenMapping(given)

    def names(self, given, layers):
        if not isinstance(given, dict) or not all(isinstance(name, str) for name in given.values()):
            self.refuse("names", shortened(given), 'a table such as {net_h1 = "z1"} is needed')
        for standard, own in given.items():
            if re.fullmatch(WORD, own) is None:
                needed = "a name is made of letters, digits, _ and ', and does not start with a digit"
                self.refuse(f"names, {shortened(standard)}", shortened(own), needed)
        if given:
            try:
                Names(layers, given)
            except SpecError as error:
                self.refuse(error.where, error.found, error.allowed)
        return FrozenMapping(given)

    def records(self, given, key, needed):
        records = self.entries(given, key)
        for number, record in enumerate(records, 1):
            where = f"{key} {number}"
            self.table(record, where, [field.name for field in fields(PublishedNumber)])
            for name in record:
                if not isinstance(record[name], str):
                    kept = "a string is needed, so that its digits survive"
                    self.refuse(f"{where}, {name}", shortened(record[name]), kept)
            for name in needed:
                self.required(record, name, where, f"needed are {', '.join(needed)}")
        return tuple(PublishedNumber(**record) for record in records)
