"""The samples of a description: written out as [[sample]], named under `data`, and what of them is held out.

data = {kind = "two moons", samples = 200, noise = 0.2, seed = 0}
data = {kind = "xor"}
data = {kind = "sine", samples = 61}                 also "sign" and "sine classes"
data = {kind = "csv", file = "points.csv", inputs = 2}
held_out = {fraction = 0.1, seed = 42}               or [[held_out]], samples written out
"""

from math import ceil
from pathlib import Path
from typing import NamedTuple

from neuronnet.description.data import CLASSES, exclusive_or, sign, sine, sine_classes, table_of, two_moons
from neuronnet.description.description import Sample
from neuronnet.description.initial import LegacyRandom
from neuronnet.errors import shortened

MOST_SAMPLES = 1_000_000
MOST_COLUMNS = 1_000_000
EXAMPLE = '{kind = "two moons", samples = 200, noise = 0.2, seed = 0}'


class Computed(NamedTuple):
    """A kind of data: its function, its settings with their defaults, its inputs, and how many outputs it
    can serve.
    """

    samples: object
    settings: dict
    inputs: int
    outputs: tuple


class _Ends(NamedTuple):
    """What a sample must suit."""

    inputs: int
    outputs: int
    loss: str


COMPUTED = {
    "two moons": Computed(two_moons, {"samples": 100, "noise": 0.0, "seed": 0}, 2, (1, 2)),
    "xor": Computed(exclusive_or, {}, 2, (1,)),
    "sign": Computed(sign, {"samples": 61}, 1, (1,)),
    "sine": Computed(sine, {"samples": 61}, 1, (1,)),
    "sine classes": Computed(sine_classes, {"samples": 61}, 1, (CLASSES,)),
}


def input_count(check, given):
    """How many inputs the first sample of a description has; None where there is none, or none that is a
    list.
    """
    if "data" in given:
        kind = _kind(check, given["data"])
        return COMPUTED[kind].inputs if kind in COMPUTED else _csv_inputs(check, given["data"])
    samples = check.entries(given, "sample")
    inputs = samples[0].get("inputs") if samples else None
    return len(inputs) if isinstance(inputs, (list, tuple)) else None


def samples_of(check, given, layers, loss):
    """(samples, held out) of a description, two tuples of Sample that suit the layers and the loss."""
    network = _Ends(layers[0].inputs, layers[-1].neurons, loss)
    if "data" in given and given.get("sample"):
        check.refuse("data", "samples beside it", "data stands in place of [[sample]]")
    samples = (
        _data(check, given["data"], network) if "data" in given else _written(check, given, "sample", network)
    )
    if isinstance(given.get("held_out"), dict):
        return _split(check, given["held_out"], samples)
    return tuple(samples), tuple(_written(check, given, "held_out", network))


def _written(check, given, key, network):
    samples = []
    for number, sample in enumerate(check.entries(given, key), 1):
        where = f"{key} {number}"
        check.known(sample, where, {"inputs", "targets"})
        if "inputs" not in sample:
            check.refuse(where, "no inputs", "a sample needs inputs = [...]")
        inputs = check.numbers(sample["inputs"], f"{where}, inputs")
        targets = check.numbers(sample.get("targets", []), f"{where}, targets")
        samples.append(_fitting(check, inputs, targets, where, network))
    return samples


def _data(check, given, network):
    kind = _kind(check, given)
    if kind == "csv":
        return _csv(check, given, network)
    computed = COMPUTED[kind]
    check.known(given, "data", {"kind", *computed.settings})
    checks = {
        "samples": lambda value, where: check.whole(value, where, 1, MOST_SAMPLES),
        "noise": check.not_negative,
        "seed": check.seed,
    }
    settings = {
        name: checks[name](given.get(name, default), f"data, {name}")
        for name, default in computed.settings.items()
    }
    if "noise" in settings:
        settings["noise"] = float(settings["noise"])
    outputs = _target_count(network)
    if outputs not in computed.outputs:
        takes = (
            "the loss 'output' takes no targets" if outputs == 0 else f"the last layer has {outputs} neurons"
        )
        check.refuse(
            "data, kind", repr(kind), f"{takes}; this data is for {' or '.join(map(str, computed.outputs))}"
        )
    return [
        _fitting(check, inputs, targets, f"data, sample {number}", network)
        for number, (inputs, targets) in enumerate(computed.samples(outputs=outputs, **settings), 1)
    ]


def _kind(check, given):
    check.table(given, "data", EXAMPLE)
    return check.choice(given, "data, kind", "kind", (*COMPUTED, "csv"), None)


def _csv(check, given, network):
    check.known(given, "data", {"kind", "file", "inputs"})
    inputs = _csv_inputs(check, given)
    file = given.get("file")
    if not isinstance(file, str) or not file:
        check.refuse(
            "data, file", "nothing" if file is None else shortened(file), "the name of a CSV file is needed"
        )
    where = f"data, {shortened(Path(file).name)}"
    return [
        _fitting(check, row[:inputs], row[inputs:], f"{where}, line {line}", network)
        for line, row in table_of(check, check.folder / file, where)
    ]


def _csv_inputs(check, given):
    if "inputs" not in given:
        check.refuse(
            "data",
            "no inputs",
            "inputs = ... says how many leading columns are inputs; the others are targets",
        )
    return check.whole(given["inputs"], "data, inputs", 1, MOST_COLUMNS)


def _fitting(check, inputs, targets, where, network):
    """A normalised sample, if it suits the first layer, the last layer and the loss."""
    if len(inputs) != network.inputs:
        check.refuse(f"{where}, inputs", f"{len(inputs)} numbers", f"the first layer takes {network.inputs}")
    expected = _target_count(network)
    if len(targets) != expected:
        check.refuse(
            f"{where}, targets", f"{len(targets)} numbers", f"the loss {network.loss!r} takes {expected}"
        )
    if "cross-entropy" in network.loss:
        for target in targets:
            if not 0 <= target <= 1:
                check.refuse(
                    f"{where}, targets", shortened(float(target)), "a cross-entropy takes targets from 0 to 1"
                )
    return Sample(tuple(inputs), tuple(targets))


def _target_count(network):
    return 0 if network.loss == "output" else network.outputs


def _split(check, given, samples):
    """The samples without those held out, and these, as scikit-learn's `train_test_split` draws them."""
    check.known(given, "held_out", {"fraction", "seed"})
    if "fraction" not in given:
        check.refuse("held_out", "no fraction", "fraction = 0.1 holds out a tenth of the samples")
    fraction = float(check.number(given["fraction"], "held_out, fraction"))
    count = ceil(fraction * len(samples)) if 0 < fraction < 1 else 0
    if not 0 < count < len(samples):
        check.refuse(
            "held_out, fraction",
            repr(fraction),
            "a number above 0 and below 1 is needed, which leaves some "
            f"of the {len(samples)} samples on either side",
        )
    order = LegacyRandom(check.seed(given.get("seed", 0), "held_out, seed")).permutation(len(samples))
    return tuple(samples[place] for place in order[count:]), tuple(samples[place] for place in order[:count])
