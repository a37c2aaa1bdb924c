"""The description of a network: frozen, checked once, with every convention explicit.

`read` in `reading.py` makes one; `to_dict()` is the plain dict that other programs take.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from neuronnet.names import Names


class Sample(NamedTuple):
    """One sample: a number for each input and each output, no targets where the loss takes none."""

    inputs: tuple
    targets: tuple


class Order(NamedTuple):
    """The order in which training takes the samples: "in turn", or "random" with a `seed`."""

    kind: str = "in turn"
    seed: int | None = None


class Update(NamedTuple):
    """The update rule by name, and every setting of it."""

    rule: str = "gradient descent"
    settings: Mapping = MappingProxyType({})


@dataclass(frozen=True)
class PublishedNumber:
    """A number as a source prints it, for the `quantity` of that name; all texts, so that digits survive.

    `verdict`: what is true of it; `reason`, `really`, `mistake`: why; `should_be`: the number of an erratum;
    `author_name`: what the source calls the quantity.
    """

    quantity: str
    printed: str
    verdict: str | None = None
    should_be: str | None = None
    reason: str | None = None
    really: str | None = None
    mistake: str | None = None
    author_name: str | None = None


@dataclass(frozen=True)
class LayerDescription:
    """A layer: its activation by name, and a row of weights for each neuron.

    `bias` is None, one number that all neurons share, or a tuple with a number for each neuron.
    """

    activation: str
    weights: tuple
    bias: Any = None
    train_bias: bool = False

    @property
    def neurons(self) -> int:
        """How many neurons the layer has."""
        return len(self.weights)

    @property
    def inputs(self) -> int:
        """How many inputs each neuron has."""
        return len(self.weights[0])

    @property
    def bias_kind(self) -> str:
        """ "none", "shared" (one for all neurons) or "per neuron"."""
        if self.bias is None:
            return "none"
        return "per neuron" if isinstance(self.bias, tuple) else "shared"

    @property
    def biases(self) -> tuple:
        """The biases as parameters: none, one, or one per neuron."""
        return {"none": (), "shared": (self.bias,), "per neuron": self.bias}[self.bias_kind]

    @property
    def neuron_biases(self) -> tuple:
        """The bias of each neuron, a shared one as often as it is used; empty without biases."""
        return self.biases * self.neurons if self.bias_kind == "shared" else self.biases


@dataclass(frozen=True)
class Description:
    """A network with its conventions and samples. `dataclasses.replace` makes another like it."""

    layers: tuple[LayerDescription, ...]
    title: str = "untitled network"
    loss: str = "half squared error"
    outputs: str = "sum"
    samples_combine: str = "sum"
    learning_rate: Any = None
    l2: Any = 0.0
    l2_scale: str = "as is"
    batch: str | int = "full"
    order: Order = Order()
    update: Update = Update()
    samples: tuple[Sample, ...] = ()
    held_out: tuple[Sample, ...] = ()
    renames: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    source: str | None = None
    about: str | None = None
    published: tuple[PublishedNumber, ...] = ()
    errata: tuple[PublishedNumber, ...] = ()
    run: tuple[PublishedNumber, ...] = ()

    @cached_property
    def names(self) -> Names:
        """The names of the network's parts and quantities, the author's own where `renames` has them."""
        return Names(self.layers, self.renames)

    @property
    def weight_count(self) -> int:
        """How many weights the network has."""
        return sum(layer.neurons * layer.inputs for layer in self.layers)

    def l2_share(self, term, samples):
        """What an L2 term counts in a total over so many samples."""
        return l2_share(term, self.l2_scale, samples)

    def batches(self) -> Iterator[list[int]]:
        """Without end: the positions of the samples that each update rests on."""
        return batches(len(self.samples), self.batch, self.order)

    def to_dict(self) -> dict:
        """The plain dict that `read` turns into this description again; numbers keep their text."""
        found = {
            "title": self.title,
            "loss": self.loss,
            "outputs": self.outputs,
            "samples_combine": self.samples_combine,
            "learning_rate": self.learning_rate,
            "l2": self.l2,
            "l2_scale": self.l2_scale,
            "batch": self.batch,
            "order": _without_none(self.order._asdict()),
            "update": {"rule": self.update.rule, **self.update.settings},
            "layer": [_layer_dict(layer) for layer in self.layers],
            "sample": [_sample_dict(sample) for sample in self.samples],
            "held_out": [_sample_dict(sample) for sample in self.held_out],
            "names": dict(self.renames),
        }
        found |= _without_none({"source": self.source, "about": self.about})
        for key in ("published", "errata", "run"):
            if getattr(self, key):
                found[key] = [_without_none(asdict(each)) for each in getattr(self, key)]
        return found


def l2_share(term, l2_scale, samples):
    """What an L2 term counts in a total over so many samples."""
    return term / samples if l2_scale == "per sample" else term


def batches(count, batch, order):
    """Without end: the positions, out of `count` samples, that each update rests on.

    `batch` is "full", "online" (one sample) or a number; the last batch of a round may be smaller. In random
    `order` an online update takes any sample, each as likely, and a round of batches starts from a fresh
    shuffle; both are drawn by `random.Random(seed)`.
    """
    if batch == "full":
        while True:
            yield list(range(count))
    size = 1 if batch == "online" else batch
    draw = random.Random(order.seed) if order.kind == "random" else None
    while batch == "online" and draw is not None:
        yield [draw.randrange(count)]
    while True:
        positions = list(range(count))
        if draw is not None:
            draw.shuffle(positions)
        for start in range(0, count, size):
            yield positions[start : start + size]


def _layer_dict(layer):
    return {
        "activation": layer.activation,
        "weights": [list(row) for row in layer.weights],
        "bias": list(layer.bias) if layer.bias_kind == "per neuron" else layer.bias,
        "train_bias": layer.train_bias,
    }


def _sample_dict(sample):
    return {"inputs": list(sample.inputs), "targets": list(sample.targets)}


def _without_none(entries):
    return {key: value for key, value in entries.items() if value is not None}
