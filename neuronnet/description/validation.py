"""Checks the description of a network, a plain dict, and makes every convention in it explicit; it knows no
neuron.
"""

import re
from dataclasses import fields
from types import MappingProxyType

from neuronnet.activations import ACTIVATIONS, SAME_ACTIVATION
from neuronnet.description.checks import Checks
from neuronnet.description.description import Description, LayerDescription, PublishedNumber
from neuronnet.description.initial import BIASES, MOST_DRAWN, InitialWeights
from neuronnet.description.samples import input_count, samples_of
from neuronnet.description.settings import batch_of, order_of, update_of
from neuronnet.errors import SpecError, did_you_mean, nearest, shortened
from neuronnet.losses import LOSSES
from neuronnet.names import WORD, Names

MOST_WEIGHTS = 5_000_000
KEYS = {
    "title",
    "source",
    "about",
    "loss",
    "outputs",
    "samples_combine",
    "learning_rate",
    "l2",
    "l2_scale",
    "batch",
    "order",
    "update",
    "names",
    "layer",
    "sample",
    "data",
    "held_out",
    "published",
    "errata",
    "run",
}
LAYER_KEYS = {
    "activation",
    "weights",
    "bias",
    "train_bias",
    "inputs",
    "neurons",
    "init",
    "input_dim",
    "output_dim",
}
# What a layer of {"input_dim", "output_dim", "activation"} starts from, where it says nothing else.
DIMENSIONS_INIT = {"kind": "normal", "scale": 0.1}
DIMENSIONS_SEED = 99

_RECORDS = {
    "published": ("quantity", "printed", "verdict"),
    "errata": ("quantity", "printed", "should_be", "reason"),
    "run": ("quantity", "printed", "verdict"),
}


def checked(given, place, folder):
    """The description `given`, a dict or a list of layers, with every convention explicit. Raises SpecError.

    `place` is the name that errors give it; `folder`, a Path, is where the names of files in it start from.
    """
    return _Network(place, folder).network(given)


class _Network(Checks):
    """Checks one description."""

    def network(self, given):
        if isinstance(given, list) and given and all(isinstance(layer, dict) for layer in given):
            given = {"layer": given}
        if not isinstance(given, dict):
            self.refuse(
                "network", shortened(given), 'an object such as {"layer": [...], "sample": [...]} is needed'
            )
        self.known(given, "network", KEYS)
        layers = self.entries(given, "layer")
        if not layers:
            self.refuse("layer", "none", "a network has at least one [[layer]]")
        loss = self.choice(given, "loss", "loss", LOSSES, "half squared error")
        layers = self.layers(layers, given)
        self.fits(loss, layers)
        samples, held_out = samples_of(self, given, layers, loss)
        rate = given.get("learning_rate")
        return Description(
            layers=layers,
            title=self.text(given, "title", "untitled network"),
            loss=loss,
            outputs=self.choice(given, "outputs", "outputs", ("sum", "mean"), "sum"),
            samples_combine=self.choice(given, "samples_combine", "samples_combine", ("sum", "mean"), "sum"),
            learning_rate=None if rate is None else self.number(rate, "learning_rate"),
            l2=self.number(given.get("l2", 0.0), "l2"),
            l2_scale=self.choice(given, "l2_scale", "l2_scale", ("as is", "per sample"), "as is"),
            batch=batch_of(self, given),
            order=order_of(self, given),
            update=update_of(self, given),
            samples=samples,
            held_out=held_out,
            renames=self.names(given.get("names", {}), layers),
            source=self.text(given, "source", None),
            about=self.text(given, "about", None),
            **{key: self.records(given, key, needed) for key, needed in _RECORDS.items()},
        )

    def layers(self, layers, given):
        initial = InitialWeights(self)
        found = []
        for number, layer in enumerate(layers, 1):
            if found:
                before = found[-1].neurons
                who = f"layer {number - 1} has {before} neurons"
            else:
                before = None if "weights" in layer else input_count(self, given)
                who = f"the first sample has {before} inputs"
            found.append(self.layer(layer, number, len(layers), (before, who), initial))
        return tuple(found)

    def layer(self, given, number, count, before, initial):
        """One layer; `before` is how many inputs it has, None if that is open, and a clause that says why."""
        where = f"layer {number}"
        self.known(given, where, LAYER_KEYS)
        activation = given.get("activation")
        if isinstance(activation, str):
            activation = SAME_ACTIVATION.get(activation, activation)
        activation = self.choice(
            {"activation": activation}, f"{where}, activation", "activation", ACTIVATIONS, None
        )
        if ACTIVATIONS[activation].whole_layer and number < count:
            self.refuse(f"{where}, activation", "softmax", "softmax is allowed in the last layer only")
        if "weights" in given:
            weights, bias = self.written(given, where, before), given.get("bias")
        else:
            weights, bias = self.drawn(given, where, before, initial)
        bias = self.bias(bias, weights, where)
        train_bias = given.get("train_bias", bias is not None)
        if not isinstance(train_bias, bool):
            self.refuse(f"{where}, train_bias", shortened(train_bias), "allowed are true and false")
        if train_bias and bias is None:
            self.refuse(f"{where}, train_bias", "true", "the layer has no bias; bias = 0 gives it one")
        return LayerDescription(activation, tuple(map(tuple, weights)), bias, train_bias)

    def written(self, given, where, before):
        """The weights of a layer that gives them as numbers."""
        for key in ("neurons", "init", "input_dim", "output_dim"):
            if key in given:
                self.refuse(where, f"weights and {key}", "weights are given as numbers, or drawn, not both")
        weights = self.weights(given["weights"], f"{where}, weights")
        expected, who = before
        if expected is not None and len(weights[0]) != expected:
            self.refuse(
                f"{where}, weights",
                f"{len(weights[0])} numbers in a row",
                f"{who}, a weight is needed for each",
            )
        if "inputs" in given and self.size(given, where, "inputs") != len(weights[0]):
            self.refuse(
                f"{where}, inputs", str(given["inputs"]), f"a row of weights has {len(weights[0])} numbers"
            )
        return weights

    def drawn(self, given, where, before, initial):
        """The weights of a layer that says how they are drawn, and its bias, drawn or as it is given."""
        inputs_key, neurons_key, init, bias = "inputs", "neurons", given.get("init"), given.get("bias")
        if "input_dim" in given or "output_dim" in given:
            self.known(given, where, LAYER_KEYS - {"weights", "inputs", "neurons"})
            inputs_key, neurons_key, bias = "input_dim", "output_dim", given.get("bias", "drawn")
            if init is None:
                init = (
                    DIMENSIONS_INIT
                    if initial.stream is not None
                    else {**DIMENSIONS_INIT, "seed": DIMENSIONS_SEED}
                )
        elif init is None and "neurons" not in given:
            self.refuse(
                where,
                "no weights",
                "a layer needs weights = [[...], ...], a row per neuron, or neurons and init",
            )
        elif init is None:
            self.refuse(
                where, "no init", 'init = {kind = "normal", scale = 0.1} says how its weights are drawn'
            )
        neurons = self.size(given, where, neurons_key)
        inputs, who = before
        if inputs_key in given:
            own = self.size(given, where, inputs_key)
            if inputs not in (None, own):
                self.refuse(f"{where}, {inputs_key}", str(own), who)
            inputs = own
        if inputs is None or (inputs_key == "input_dim" and inputs_key not in given):
            self.refuse(
                where,
                f"no {inputs_key}",
                f"{inputs_key} = ... says how many there are, or in layer 1 a sample does",
            )
        weights, biases = initial.layer(init, bias, inputs, neurons, where)
        return weights, bias if biases is None else biases

    def size(self, given, where, key):
        if key not in given:
            self.refuse(where, f"no {key}", "a whole number is needed")
        return self.whole(given[key], f"{where}, {key}", 1, MOST_DRAWN)

    def bias(self, given, weights, where):
        where = f"{where}, bias"
        if isinstance(given, (list, tuple)):
            bias = self.numbers(given, where)
            if len(bias) != len(weights):
                self.refuse(
                    where,
                    f"{len(bias)} numbers",
                    f"a list gives one for each of the {len(weights)} neurons; a single number is shared by all",
                )
            return tuple(bias)
        if isinstance(given, str):
            self.refuse(
                where,
                shortened(given),
                "a number is needed, a list of numbers, or with init "
                f"one of {', '.join(BIASES)}{did_you_mean(nearest(given, BIASES))}",
            )
        return None if given is None else self.number(given, where)

    def weights(self, given, where):
        if not isinstance(given, (list, tuple)) or not given:
            self.refuse(
                where,
                "an empty layer" if given == [] else shortened(given),
                "a row of numbers per neuron is needed",
            )
        rows = [self.numbers(row, f"{where}, row {number}") for number, row in enumerate(given, 1)]
        for number, row in enumerate(rows, 1):
            if len(row) != len(rows[0]) or not row:
                self.refuse(
                    f"{where}, row {number}",
                    f"{len(row)} numbers",
                    f"every row has one number per input, and row 1 has {len(rows[0])}",
                )
        if len(rows) * len(rows[0]) > MOST_WEIGHTS:
            self.refuse(where, f"{len(rows) * len(rows[0])} weights", f"at most {MOST_WEIGHTS} in a layer")
        return rows

    def fits(self, loss, layers):
        """Loss and last layer must suit each other."""
        if loss == "binary cross-entropy" and layers[-1].activation == "softmax":
            self.refuse(
                "loss", repr(loss), "with a softmax layer, use categorical cross-entropy or a squared error"
            )

    def names(self, given, layers):
        if not isinstance(given, dict) or not all(isinstance(name, str) for name in given.values()):
            self.refuse("names", shortened(given), 'a table such as {net_h1 = "z1"} is needed')
        for standard, own in given.items():
            if re.fullmatch(WORD, own) is None:
                self.refuse(
                    f"names, {shortened(standard)}",
                    shortened(own),
                    "a name is made of letters, digits, _ and ', and does not start with a digit",
                )
        if given:
            try:
                Names(layers, given)
            except SpecError as error:
                self.refuse(error.where, error.found, error.allowed)
        return MappingProxyType(dict(given))

    def records(self, given, key, needed):
        records = self.entries(given, key)
        for number, record in enumerate(records, 1):
            self.known(record, f"{key} {number}", [field.name for field in fields(PublishedNumber)])
            for name, value in record.items():
                if not isinstance(value, str):
                    self.refuse(
                        f"{key} {number}, {name}",
                        shortened(value),
                        "a string is needed, so that its digits survive",
                    )
            for name in needed:
                if name not in record:
                    self.refuse(f"{key} {number}", f"no {name}", f"needed are {', '.join(needed)}")
        return tuple(PublishedNumber(**record) for record in records)
