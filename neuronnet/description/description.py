"""The description of a network: frozen, checked once, with every convention explicit.

`read` in `reading.py` makes one; `to_dict()` is the plain dict that other programs take.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from neuronnet.errors import counted
from neuronnet.names import Names


class FrozenMapping(Mapping):
    """A mapping that cannot be changed, and so can be hashed: `settings` and `renames` of a Description."""

    def __init__(self, entries: Mapping | None = None) -> None:
        self._entries = dict(entries or {})

    def __getitem__(self, key: str) -> Any:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        return repr(self._entries)


class Sample(NamedTuple):
    """One sample: a number for each input and each output, no targets where the loss takes none."""

    inputs: tuple
    targets: tuple


class Order(NamedTuple):
    """The order in which training takes the samples: "in turn", or "random" with a `seed`."""

    kind: str = "in turn"
    seed: int | None = None


IN_TURN = Order()


class Update(NamedTuple):
    """The update rule by name, and every setting of it."""

    rule: str = "gradient descent"
    settings: Mapping = FrozenMapping()


@dataclass(frozen=True)
class PublishedNumber:
    """A number as a source prints it, all texts, so that digits survive.

    `verdict` says what is true of it, `reason`, `really` and `mistake` why; an erratum has `should_be`;
    `author_name` is what the source calls the quantity.
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
        return len(self.weights)

    @property
    def inputs(self) -> int:
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


@dataclass(frozen=True, repr=False)
class Description:
    """A network with its conventions and samples. `dataclasses.replace` makes another like it.

    Of a training that goes on, `state` is what the update rule remembers, by name (`m_w1`, `beta1_t`), and
    `batches_taken` how many batches are through.
    """

    layers: tuple[LayerDescription, ...]
    title: str = "untitled network"
    loss: str = "half squared error"
    outputs: str = "sum"
    samples_combine: str = "sum"
    learning_rate: Any = None
    l2: Any = 0.0
    l2_scale: str = "as is"
    batch: str | int = "full"
    order: Order = IN_TURN
    update: Update = Update()
    state: Mapping[str, Any] = FrozenMapping()
    batches_taken: int = 0
    samples: tuple[Sample, ...] = ()
    held_out: tuple[Sample, ...] = ()
    renames: Mapping[str, str] = FrozenMapping()
    source: str | None = None
    about: str | None = None
    published: tuple[PublishedNumber, ...] = ()
    errata: tuple[PublishedNumber, ...] = ()
    run: tuple[PublishedNumber, ...] = ()

    @cached_property
    def names(self) -> Names:
        """The names of the network's parts and quantities, the author's own where `renames` has them."""
        return Names(self.layers, self.renames)

    def __repr__(self) -> str:
        counts = [self.layers[0].inputs, *(each.neurons for each in self.layers)]
        sizes = "-".join(map(str, counts))
        return f"Description {sizes}: {self.title}, {self.loss}, {counted(len(self.samples), 'sample')}"

    @property
    def weight_count(self) -> int:
        """How many weights the network has."""
        return sum(layer.neurons * layer.inputs for layer in self.layers)

    def l2_share(self, term: Any, samples: int) -> Any:
        """What an L2 term counts in a total over so many samples."""
        return l2_share(term, self.l2_scale, samples)

    def batches(self) -> Iterator[list[int]]:
        """Without end: the positions of the samples that each update from now on rests on."""
        return batches(len(self.samples), self.batch, self.order, self.batches_taken)

    def to_dict(self) -> dict:
        """The plain dict that `read` turns into this description again; numbers keep their text."""
        kept = "title loss outputs samples_combine learning_rate l2 l2_scale batch".split()
        optional: dict[str, Any] = {"source": self.source, "about": self.about}
        for key in ("published", "errata", "run"):
            optional[key] = [_without_none(vars(each)) for each in getattr(self, key)] or None
        return {
            **{key: getattr(self, key) for key in kept},
            "order": _without_none(self.order._asdict()),
            "update": {"rule": self.update.rule, **self.update.settings},
            **({"state": dict(self.state)} if self.state else {}),
            **({"batches_taken": self.batches_taken} if self.batches_taken else {}),
            "layer": [_with_lists(vars(layer)) for layer in self.layers],
            "sample": [_with_lists(sample._asdict()) for sample in self.samples],
            "held_out": [_with_lists(sample._asdict()) for sample in self.held_out],
            "names": dict(self.renames),
            **_without_none(optional),
        }


def l2_share(term, l2_scale, samples):
    """What an L2 term counts in a total over so many samples."""
    return term / samples if l2_scale == "per sample" else term


def batches(count, batch, order, taken=0):
    """Without end: the positions, out of `count` samples, that each update rests on, after so many `taken`.

    `batch` is "full", "online" (one sample) or a number; the last batch of a round may be smaller. In random
    `order` an online update takes any sample, each as likely, and a round of batches starts from a fresh
    shuffle; both are drawn by `random.Random(seed)`.
    """
    return islice(_all_batches(count, batch, order), taken, None)


def batches_in_a_round(count, batch):
    """In how many batches every sample comes once, in turn."""
    return 1 if batch == "full" else -(-count // (1 if batch == "online" else batch))


def _all_batches(count, batch, order):
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


def _with_lists(value):
    if isinstance(value, dict):
        return {key: _with_lists(each) for key, each in value.items()}
    return [_with_lists(each) for each in value] if isinstance(value, tuple) else value


def _without_none(entries):
    return {key: value for key, value in entries.items() if value is not None}
