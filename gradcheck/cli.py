"""The command line: `python -m gradcheck [COMMAND]`. It parses arguments and prints reports."""

import json

from neuronnet.network import NeuralNetwork
from neuronnet.output import ArgumentParser, run, source, write

from .network import check_network

STATUS = {"right": 0, "wrong": 1, "cannot tell": 3}
NETWORK_HELP = "a TOML or JSON file, the name of an example, or - for standard input"


def main(argv=None):
    """Run one command; return the exit status (0 agrees, 1 disagrees, 2 unusable input, 3 cannot tell)."""
    return run(lambda: _command(_parser().parse_args(argv)), "gradcheck")


def _parser():
    parser = ArgumentParser(
        prog="gradcheck", description="Is this gradient right? Without a command: the worked example, checked five ways.",
        epilog="example: python -m gradcheck check worked-example")
    parser.set_defaults(command=_check, network="worked-example", format="text", output=None, seed=0)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    check = commands.add_parser("check", help="every gradient of a network, five ways",
                                epilog="example: python -m gradcheck check han-kamber --format json")
    check.add_argument("network", metavar="NETWORK", help=NETWORK_HELP)
    check.add_argument("--seed", type=int, default=0, metavar="N", help="draws what of a large network is checked (default 0)")
    check.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")
    check.add_argument("-o", dest="output", metavar="FILE", help="write to FILE instead of standard output")
    check.set_defaults(command=_check)
    return parser


def _command(arguments):
    return arguments.command(arguments)


def _check(arguments):
    description, place = source(arguments.network)
    report = check_network(NeuralNetwork.from_dict(description), seed=arguments.seed)
    result = json.dumps(report.to_dict(), indent=1) if arguments.format == "json" else str(report)
    write(result, arguments.output, [place])
    return STATUS[report.verdict]
