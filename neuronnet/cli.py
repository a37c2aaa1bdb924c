"""The command line: `python -m neuronnet [COMMAND]`. It parses arguments and hands finished rows to the renderer."""

import json
import math

from neuronnet.derivation import Derivation
from neuronnet.derivation.quantities import is_small
from neuronnet.errors import NeuronnetError
from neuronnet.explanation import Explanation
from neuronnet.network import NeuralNetwork
from neuronnet.output import ArgumentParser, count, plain, progress_line, run, source, write
from neuronnet.render import figures, text
from neuronnet.spec import example_names, find, read
from neuronnet.training import history

WORKED_EXAMPLE = "worked-example"
NETWORK_HELP = "a TOML or JSON file, the name of an example, or - for standard input"


def main(argv=None):
    """Run one command; return the exit status (0 agrees, 1 disagrees, 2 unusable input)."""
    return run(lambda: _command(_parser().parse_args(argv)), "neuronnet")


def _parser():
    parser = ArgumentParser(
        prog="neuronnet", description="Backpropagation with a name for every number. "
        "Without a command: the worked example, every quantity to nine decimals.",
        epilog="example: python -m neuronnet derive worked-example --only dE_total/dw5")
    parser.set_defaults(command=_worked_example)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    derive = commands.add_parser("derive", help="every quantity of a network's pass, with formula and value",
                                 epilog="example: python -m neuronnet derive worked-example --updates 10000 --format json")
    derive.add_argument("network", metavar="NETWORK", help=NETWORK_HELP)
    derive.add_argument("--updates", type=count, default=1, metavar="N", help="also the state after N updates (default 1)")
    derive.add_argument("--sample", type=count, metavar="S", help="of several samples, the S-th alone")
    derive.add_argument("--only", metavar="NAME", help="one quantity with its factors, such as dE_total/dw5")
    _add_output_options(derive)
    derive.set_defaults(command=_derive)

    train = commands.add_parser("train", help="train a network's objects; a table of error and accuracy",
                                epilog="example: python -m neuronnet train xor --updates 1000 --every 100")
    train.add_argument("network", metavar="NETWORK", help=NETWORK_HELP)
    train.add_argument("--updates", type=count, required=True, metavar="N", help="how many updates to make")
    train.add_argument("--every", type=count, metavar="K", help="a row every K updates (default: ten rows)")
    train.add_argument("--plot", metavar="FILE", help="draw the training into FILE, .png or .svg (needs the extra `plot`)")
    _add_output_options(train)
    train.set_defaults(command=_train)

    examples = commands.add_parser("examples", help="list the examples, or show one with its published numbers",
                                   epilog="example: python -m neuronnet examples han-kamber")
    examples.add_argument("name", metavar="NAME", nargs="?", help="the example to show")
    _add_output_options(examples)
    examples.set_defaults(command=_examples)
    return parser


def _add_output_options(parser):
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")
    parser.add_argument("-o", dest="output", metavar="FILE", help="write to FILE instead of standard output")


def _command(arguments):
    return arguments.command(arguments)


def _worked_example(arguments):
    derivation = Derivation(WORKED_EXAMPLE)
    lines = [text.derivation(derivation, leave_out=("after one update",)), "", "Error"]
    lines += [f"  {text.name_and_value(derivation[f'E_total@{updates}'])}" for updates in (1, 10_000, 20_000)]
    write("\n".join(lines))
    return 0


def _derive(arguments):
    description, place = source(arguments.network)
    if arguments.sample is not None:
        description = _with_one_sample(description, arguments.sample)
    derivation = Derivation(description, updates=arguments.updates)
    if arguments.only is None:
        quantities = derivation.quantities
    else:
        explained = Explanation(derivation, arguments.only)
        quantities = [explained.quantity] + explained.factors
    if arguments.format == "json":
        rows = [_row(each) for each in quantities]
        result = json.dumps({"network": _network_of(derivation.description), "quantities": rows}, indent=1, default=plain)
    else:
        result = text.derivation(derivation) if arguments.only is None else str(explained)
    write(result, arguments.output, [place])
    return 0


def _with_one_sample(description, number):
    samples = description["sample"]
    if not 1 <= number <= len(samples):
        raise NeuronnetError(f"--sample {number}: the network has {len(samples)} samples, counted from 1")
    return description | {"sample": [samples[number - 1]]}


def _row(quantity):
    if not math.isfinite(quantity.value):
        raise NeuronnetError(f"{quantity.name} is {quantity.value}, which JSON cannot hold; --format text shows it")
    return {"name": quantity.name, "formula": quantity.formula, "value": quantity.value}


def _network_of(description):
    return {key: value for key, value in description.items() if key not in ("published", "errata")}


def _train(arguments):
    description, place = source(arguments.network)
    if arguments.every == 0:
        raise NeuronnetError("--every 0: at least 1 is needed")
    if arguments.plot is not None:
        figures.require(arguments.plot, arguments.output)
    network = NeuralNetwork.from_dict(description)
    rows = list(history(network, arguments.updates, arguments.every, progress_line(arguments.updates)))
    if arguments.format == "json":
        result = json.dumps({"rows": [_finite_row(each) for each in rows]}, indent=1, default=plain)
    else:
        result = text.training(description, rows)
    write(result, arguments.output, [place])
    if arguments.plot is not None:
        figure = figures.training(description, rows, lambda points: [network.feed_forward(point) for point in points])
        figures.save(figure, arguments.plot, [place])
    return 0


def _finite_row(row):
    if not math.isfinite(row["E_total"]):
        raise NeuronnetError(f"E_total@{row['update']} is {row['E_total']}, which JSON cannot hold; --format text shows it")
    return row


def _examples(arguments):
    places = []
    if arguments.name is None:
        descriptions = {name: read(find(name)) for name in example_names()}
        if arguments.format == "json":
            result = json.dumps([{"name": name, "title": each["title"], "source": each.get("source")}
                                 for name, each in descriptions.items()], indent=1)
        else:
            result = text.example_list(descriptions)
    else:
        description, place = source(arguments.name)
        places = [place]
        if arguments.format == "json":
            result = json.dumps(description, indent=1, default=plain)
        else:
            result = text.example(description, Derivation(description) if is_small(description) else None)
    write(result, arguments.output, places)
    return 0
