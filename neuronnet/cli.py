"""The command line: `python -m neuronnet [COMMAND]`."""

import json
import math
from dataclasses import replace
from pathlib import Path

from neuronnet import __version__
from neuronnet.derivation.factors import Explanation
from neuronnet.derivation.quantities import Derivation, is_small
from neuronnet.description.reading import EXAMPLES, example_names, find, read
from neuronnet.errors import NeuronnetError, counted
from neuronnet.mistakes.catalogue import CATALOGUE, signatures
from neuronnet.names import after, in_sample, partial_name
from neuronnet.network import NeuralNetwork
from neuronnet.output import (
    NETWORK_HELP,
    ArgumentParser,
    add_output_options,
    count,
    plain,
    progress_line,
    run,
    source,
    text_source,
    write,
)
from neuronnet.render import figures, text, verdicts
from neuronnet.sheet.check_sheet import check_sheet
from neuronnet.training import history

WORKED_EXAMPLE = "worked-example"


def main(argv=None):
    """Run one command; return the exit status: 0 agrees, 1 disagrees, 2 unusable input, 3 undecided."""
    return run(lambda: (arguments := _parser().parse_args(argv)).command(arguments), "neuronnet")


def _parser():
    parser = ArgumentParser(
        prog="neuronnet",
        description="Backpropagation with a name for every number: derive the numbers of a network, "
        "or check a derivation of your own. Without a command: the worked example to nine decimals.",
        epilog="example: python -m neuronnet derive worked-example --only dE_total/dw5",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.set_defaults(command=_worked_example)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    derive = _add(
        commands,
        "derive",
        _derive,
        "every number of a forward and a backward pass, with its formula",
        "derive worked-example --only dE_total/dw5",
    )
    derive.add_argument("network", metavar="NETWORK", help=NETWORK_HELP)
    derive.add_argument(
        "--updates", type=count, default=1, metavar="N", help="also the numbers after N updates (default 1)"
    )
    derive.add_argument("--sample", type=count, metavar="S", help="only sample S, counted from 1")
    derive.add_argument("--only", metavar="NAME", help="one number and its factors, such as dE_total/dw5")

    check = _add(
        commands,
        "check",
        _check,
        "a verdict for every line of a derivation, the first wrong line, and the mistake in it",
        "check published-derivation",
        ("text", "markdown", "json"),
    )
    check.add_argument(
        "sheet",
        metavar="SHEET",
        help="a file of text, Markdown, LaTeX, CSV or JSON, the name of an example "
        "such as published-derivation, or - for standard input",
    )
    check.add_argument(
        "--network",
        metavar="NETWORK",
        help="the network of the sheet, if the sheet does not name it: a TOML or JSON file, or an example",
    )

    train = _add(
        commands,
        "train",
        _train,
        "train a network: a table of error and accuracy",
        "train xor --updates 1000 --every 100",
    )
    train.add_argument("network", metavar="NETWORK", help=NETWORK_HELP)
    train.add_argument("--updates", type=count, required=True, metavar="N", help="how many updates to make")
    train.add_argument("--every", type=count, metavar="K", help="a row every K updates (default: ten rows)")
    train.add_argument(
        "--plot", metavar="FILE", help="draw the training into FILE, .png or .svg (needs the extra `plot`)"
    )

    mistakes = _add(
        commands,
        "mistakes",
        _mistakes,
        "the known mistakes, and what each does to a network's numbers",
        "mistakes han-kamber",
        ("text", "markdown", "json"),
    )
    mistakes.add_argument(
        "network",
        metavar="NETWORK",
        nargs="?",
        default=WORKED_EXAMPLE,
        help=f"{NETWORK_HELP} (default {WORKED_EXAMPLE})",
    )

    examples = _add(
        commands,
        "examples",
        _examples,
        "the examples, or one of them with its published numbers",
        "examples han-kamber",
    )
    examples.add_argument("name", metavar="NAME", nargs="?", help="the example to show")
    return parser


def _add(commands, name, command, purpose, example, formats=("text", "json")):
    parser = commands.add_parser(name, help=purpose, epilog=f"example: python -m neuronnet {example}")
    parser.set_defaults(command=command)
    add_output_options(parser, formats)
    return parser


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
    derivation = Derivation(description, updates=arguments.updates if arguments.only is None else 0)
    if arguments.only is None:
        quantities = derivation.quantities
    else:
        explained = Explanation(derivation, arguments.only)
        quantities = [explained.quantity] + explained.factors
    if arguments.format == "json":
        rows = [
            {
                "name": each.name,
                "formula": each.formula,
                "value": _finite(each.name, derivation.printed_value(each)),
            }
            for each in quantities
        ]
        result = _json({"network": _network_of(derivation.description), "quantities": rows})
    else:
        result = text.derivation(derivation) if arguments.only is None else str(explained)
    write(result, arguments.output, [place])
    return 0


def _with_one_sample(description, number):
    samples = description.samples
    if not 1 <= number <= len(samples):
        raise NeuronnetError(
            f"--sample {number}: the network has {counted(len(samples), 'sample')}, counted from 1"
        )
    return replace(description, samples=(samples[number - 1],))


def _network_of(description):
    return replace(description, published=(), errata=()).to_dict()


def _check(arguments):
    sheet, place = text_source(_sheet_file(arguments.sheet), "a sheet of text, Markdown, LaTeX, CSV or JSON")
    network, network_place = (None, None) if arguments.network is None else source(arguments.network)
    folder = None if arguments.sheet == "-" else place.parent
    report = check_sheet(sheet, network, folder, progress_line(1, "trainings with a mistake"))
    if arguments.format == "json":
        result = _json(report.to_dict())
    else:
        result = report.markdown() if arguments.format == "markdown" else str(report)
    write(
        result, arguments.output, [each for each in (place, network_place, report.place) if each is not None]
    )
    return report.status


def _sheet_file(argument):
    """The file that a sheet's argument means: one of that path, or else the example sheet of that name."""
    example = EXAMPLES / f"{argument}.txt"
    return (
        example
        if Path(argument).name == argument and not Path(argument).exists() and example.is_file()
        else argument
    )


def _mistakes(arguments):
    description, place = source(arguments.network)
    table = signatures(description)
    if arguments.format == "json":
        result = _json(
            [
                {
                    "id": each.id,
                    "sentence": CATALOGUE[each.id].sentence,
                    "same": each.same,
                    "numbers": {name: _or_none(value) for name, value in each.numbers.items()},
                }
                for each in table
            ]
        )
    else:
        shown = _telling_names(Derivation(description))
        render = verdicts.mistakes_markdown if arguments.format == "markdown" else verdicts.mistakes_text
        result = render(description, table, shown)
    write(result, arguments.output, [place])
    return 0


def _telling_names(derivation):
    """The deltas of the first and the last neuron, the first and the last weight after an update, and the
    errors.
    """
    names, error = derivation.names, derivation.names.error
    sample = None if len(derivation.description.samples) == 1 else 1
    deltas = [
        in_sample(names.of("delta", neuron), sample) for neuron in (names.layers[0][0], names.layers[-1][-1])
    ]
    weights = [names.weights[0][0][0], names.weights[-1][-1][-1]]
    if derivation.description.learning_rate is None:
        return [*dict.fromkeys(deltas), *(partial_name(error, weight) for weight in weights), error]
    return [*dict.fromkeys(deltas), *(after(weight, 1) for weight in weights), error, after(error, 1)]


def _or_none(value):
    return value if math.isfinite(value) else None


def _train(arguments):
    description, place = source(arguments.network)
    if arguments.every == 0:
        raise NeuronnetError("--every 0: at least 1 is needed")
    if arguments.plot is not None:
        figures.require(arguments.plot, arguments.output)
    network = NeuralNetwork.from_dict(description)
    rows = list(history(network, arguments.updates, arguments.every, progress_line(arguments.updates)))
    if arguments.format == "json":
        result = _json(
            {
                "rows": [
                    each | {"E_total": _finite(f"E_total@{each['update']}", each["E_total"])} for each in rows
                ]
            }
        )
    else:
        result = text.training(description, rows)
    write(result, arguments.output, [place])
    if arguments.plot is not None:
        figure = figures.training(
            description, rows, lambda points: [network.feed_forward(point) for point in points]
        )
        figures.save(figure, arguments.plot, [place])
    return 0


def _examples(arguments):
    places = []
    if arguments.name is None:
        descriptions = {name: read(find(name)) for name in example_names()}
        if arguments.format == "json":
            result = _json(
                [
                    {"name": name, "title": each.title, "source": each.source}
                    for name, each in descriptions.items()
                ]
            )
        else:
            result = text.example_list(descriptions)
    else:
        description, place = source(arguments.name)
        places = [place]
        if arguments.format == "json":
            result = _json(description.to_dict())
        else:
            result = text.example(description, Derivation(description) if is_small(description) else None)
    write(result, arguments.output, places)
    return 0


def _json(value):
    return json.dumps(value, indent=1, default=plain)


def _finite(name, value):
    """A value that JSON can hold; infinity, and what its readers would take for 0, are refused."""
    if not math.isfinite(value):
        raise NeuronnetError(f"{name} is {value}, which JSON cannot hold; --format text shows it")
    if value != 0 and float(value) == 0:
        raise NeuronnetError(f"{name} is {value:.3e}, too small for readers of JSON; --format text shows it")
    return value
