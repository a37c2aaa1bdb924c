"""Trains a network with its hidden layer at several sizes, beside the straight line without one.

Run: python benchmarks/hidden_sizes.py moons-tanh --updates 1000 --sizes 1,3 [--plot FILE]

Every size starts from weights drawn anew as the network's own `init` says, its seed included; the baseline is
the output layer alone, from weights of zero. A long training can amplify rounding until that decides what is
reached, so each has a few runs that differ in their last digit (see `gradcheck stability`).
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from gradcheck import Twin
from gradcheck.networks.stability import general_digits, moved_by_ulps
from neuronnet.description.description import Description
from neuronnet.description.reading import checked, document, read
from neuronnet.render import text

SIZES = (1, 2, 3, 4, 5, 20, 50)
RUNS = 4  # of each size: of two equally likely ends both are seen 15 times in 16
COLUMNS = (
    "hidden neurons",
    "network",
    "parameters",
    "E_total",
    "digits",
    "accuracy",
    "in all runs",
    "held out",
)


class Trained(NamedTuple):
    """A network after its training; `digits` of E_total and `accuracies` are those of the runs beside it."""

    size: int
    description: Description
    twin: Twin
    E_total: float
    accuracy: float | None
    held_out: float | None
    digits: float
    accuracies: list

    def cells(self):
        """What the table shows of it."""
        layers = self.twin.layers
        shares = ["" if share is None else f"{share:.4f}" for share in (self.accuracy, self.held_out)]
        between = f"{min(self.accuracies):.4f} to {max(self.accuracies):.4f}" if shares[0] else ""
        network = "-".join(map(str, [layers[0].inputs, *(layer.neurons for layer in layers)]))
        size, parameters = str(self.size or "none"), str(self.twin.vector.size)
        return (
            size,
            network,
            parameters,
            f"{self.E_total:.9f}",
            f"{self.digits:.1f}",
            shares[0],
            between,
            shares[1],
        )


def sized(source, size):
    """The Description of `source` with `size` hidden neurons, 0 for no hidden layer, weights drawn anew."""
    content, place, folder = document(source)
    layers = read(source).layers
    if len(layers) != 2 or any("weights" in layer for layer in content["layer"]):
        raise SystemExit(f"{place}: one hidden layer is needed, and layers whose weights are drawn by `init`")
    hidden, last = content["layer"]
    if size > 0:
        chosen = [_shaped(hidden, layers[0].inputs, size), _shaped(last, size, layers[1].neurons)]
    else:
        start = {"init": {"kind": "constant", "scale": 0.0}}
        start |= {"bias": "zero"} if layers[1].bias_kind == "per neuron" else {}
        chosen = [_shaped(last, layers[0].inputs, layers[1].neurons) | start]
    return checked({**content, "layer": chosen, "names": {}}, place, folder)


def _shaped(layer, inputs, neurons):
    keys = ("input_dim", "output_dim") if "output_dim" in layer else ("inputs", "neurons")
    return {**layer, **dict(zip(keys, (inputs, neurons)))}


def trained(source, size, updates):
    """The network of that size after its training, and the runs beside it. Returns a Trained."""
    description = sized(source, size)
    twin, *others = [Twin(description), *(_disturbed(description, seed) for seed in range(RUNS))]
    with np.errstate(all="ignore"):
        for each in (twin, *others):
            last = each.train(updates)[-1]
        last = twin.train(0)[-1]
        digits = general_digits([each.loss() for each in others], last["E_total"])
    accuracies = [each.accuracy() for each in others]
    held_out = last.get("held_out_accuracy")
    return Trained(size, description, twin, last["E_total"], last["accuracy"], held_out, digits, accuracies)


def _disturbed(description, seed):
    """A twin that differs by rounding alone: parameters moved by an ulp, and the order of the sums."""
    random, network = np.random.default_rng(seed), description.to_dict()
    if network["batch"] == "full":
        network["sample"] = [network["sample"][i] for i in random.permutation(len(network["sample"]))]
    twin = Twin(network)
    twin.vector = moved_by_ulps(twin.vector, random)
    return twin


def table(results):
    """The results as lines of text, without the columns in which nothing stands."""
    rows = [COLUMNS, *(result.cells() for result in results)]
    shown = [column for column in zip(*rows) if any(column[1:])]
    return "\n".join(text.table([*zip(*shown)], left=0))


def drawing(title, results):
    """The decision boundaries beside each other, on the same samples."""
    from neuronnet.render.figures import draw_boundary, explain_colours, new_figure, styled

    @styled
    def draw():
        columns = min(4, len(results))
        lines = -(-len(results) // columns)
        figure = new_figure(title, max(3.1 * columns + 0.8, 7), 2.9 * lines + 1.2)
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel().tolist()
        for axes, result in zip(panels, results):
            filled = draw_boundary(axes, result.description, result.twin.forward)
            axes.set_title(f"{result.size} hidden neurons, accuracy {result.accuracy:.3f}")
        for axes in panels[len(results) :]:
            axes.remove()
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        explain_colours(figure, panels[: len(results)], filled, results[0].description)
        return figure

    return draw()


def main(argv=None):
    """Print the table, and draw the boundaries if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", help="a TOML or JSON file, or the name of an example")
    parser.add_argument("--updates", type=int, required=True)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of hidden neurons")
    parser.add_argument("--plot", help="a .png or .svg file; needs two inputs and classes as targets")
    arguments = parser.parse_args(argv)
    sizes = [0, *map(int, arguments.sizes.split(","))]
    results = [trained(arguments.network, size, arguments.updates) for size in sizes]
    print(f"after {arguments.updates} updates; digits: those of E_total that {RUNS} runs beside it have too")
    print(table(results))
    if arguments.plot:
        from neuronnet.render.figures import save

        save(drawing(read(arguments.network).title, results), arguments.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
