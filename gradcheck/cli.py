"""The command line: `python -m gradcheck [COMMAND]`. It parses arguments and prints reports."""

import itertools
import json
import os
import shlex
from contextlib import contextmanager
from dataclasses import replace
from functools import partial, wraps

import numpy as np

from gradcheck import check, gallery, hunt
from gradcheck.errors import GradcheckError, Interrupted
from gradcheck.inputs.point import Point
from gradcheck.inputs.programs import Programs, is_program
from gradcheck.networks import check_network
from gradcheck.networks.figures import side_by_side_figure, stability_figure
from gradcheck.networks.side_by_side import side_by_side
from gradcheck.networks.stability import stability
from gradcheck.report import figures as plots
from gradcheck.report.report import plain
from gradcheck.twin import Twin
from neuronnet import __version__
from neuronnet.errors import A_RATE, NeuronnetError, PassOrderError
from neuronnet.files import require
from neuronnet.network import NeuralNetwork
from neuronnet.output import (
    NETWORK_HELP,
    UNUSABLE,
    ArgumentParser,
    add_output_options,
    as_far_as_made,
    count,
    ended,
    listed,
    marked,
    progress_line,
    run,
    source,
    write,
)
from neuronnet.render import figures, text

STATUS = {"right": 0, "wrong": 1, "undecided": 3}


def main(argv=None) -> int:
    """Run one command; return the exit status (0 agrees, 1 disagrees, 2 unusable input, 3 undecided)."""
    return run(lambda: _command(_parser().parse_args(argv)), "gradcheck", (NeuronnetError, GradcheckError))


def _parser():
    parser = ArgumentParser(
        prog="gradcheck",
        description="Is this gradient right? Without a command: the worked example, checked five ways. "
        "Exit status: 0 right, 1 wrong, 2 unusable input, 3 undecided.",
        epilog="example: python -m gradcheck check xor",
    )
    parser.add_argument("--version", action="version", version=f"gradcheck {__version__}")
    parser.set_defaults(command=_check, network="worked-example", format="text", output=None, seed=0)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    purpose = "check every gradient of a network five ways, or the gradients of a program of your own"
    what = (
        f"NETWORK or FILE.py:FUNCTION. A network is {NETWORK_HELP}. A function, also written "
        "package.module:FUNCTION, takes the parameters and returns the loss and its gradients"
    )
    example, formats = (
        "check model.py:loss_and_gradients --parameters point.npz",
        ("text", "json", "markdown"),
    )
    check = _add(commands, "check", _check, purpose, example, formats, metavar="WHAT", help=what)
    _add_seed(check, "N")
    program = check.add_argument_group("for FILE.py:FUNCTION only (and --format markdown)")
    _add_program(program)
    only = "check only the arrays whose names match, such as 'W*'; may be given again"
    program.add_argument("--select", action="append", metavar="GLOB", help=only)
    _add_plot(program)

    purpose = "compare the gradients of a program of your own at special points, where backward passes break"
    example = "hunt model.py:loss_and_gradients --parameters point.npz"
    what = "FILE.py:FUNCTION or package.module:FUNCTION that returns the loss and its gradients"
    hunted = _add(commands, "hunt", _hunt, purpose, example, metavar="FUNCTION", help=what)
    _add_seed(hunted, "N")
    _add_program(hunted)

    purpose = "train objects and the vectorised twin side by side: which number differs first, and why?"
    twin = _add(commands, "twin", _twin, purpose, "twin worked-example --updates 1000")
    _add_training(twin)
    twin.add_argument("--twin-only", action="store_true", help="train the twin alone, for long runs")

    purpose = "how many digits of a training are reproducible? runs that differ in their last digit, compared"
    example = "stability worked-example --updates 1000 --every 500"
    stable = _add(commands, "stability", _stability, purpose, example)
    _add_training(stable)
    stable.add_argument("--first", type=count, metavar="F", help="the first row after update 0 (default: K)")
    stable.add_argument("--runs", type=count, metavar="R", help="how many runs to compare (default 29)")
    _add_seed(stable, "S")

    purpose = "wrong backward passes that people wrote, and false alarms: what the check finds, and the cause"
    shown = _add(commands, "gallery", _gallery, purpose, "gallery softmax-diagonal", metavar=None)
    named = "what to show as a short lesson; without it all names are listed, and as JSON all are judged"
    shown.add_argument("name", nargs="?", metavar="NAME", help=named)
    return parser


def _add(commands, name, command, purpose, example, *formats, metavar="NETWORK", help=NETWORK_HELP):
    parser = commands.add_parser(name, help=purpose, epilog=f"example: python -m gradcheck {example}")
    if metavar is not None:
        parser.add_argument("network", metavar=metavar, help=help)
    add_output_options(parser, *formats)
    parser.set_defaults(command=command)
    return parser


def _add_program(parser):
    parser.add_argument(
        "--parameters",
        metavar="POINT",
        help="the parameters at which a program is checked: a .npz or .npy file, a .json file of names and "
        "nested lists, or FILE.py:NAME or package.module:NAME of a dict or a function that returns one",
    )
    returns = "FILE.py:FUNCTION that returns the gradients, where the first returns the loss alone"
    parser.add_argument("--gradients", metavar="FUNCTION", help=returns)


def _add_seed(parser, metavar):
    about = "seed of the random choices (default 0)"
    parser.add_argument("--seed", type=count, default=0, metavar=metavar, help=about)


def _add_training(parser):
    parser.add_argument("--updates", type=count, required=True, metavar="N", help="how many updates to make")
    parser.add_argument("--every", type=count, metavar="K", help="a row every K updates (default: ten rows)")
    _add_plot(parser)


def _add_plot(parser):
    about = "draw the result into FILE, .png or .svg (needs the extra `plot`)"
    parser.add_argument("--plot", metavar="FILE", help=about)


def _command(arguments):
    if getattr(arguments, "plot", None) is not None:
        figures.require(arguments.plot, arguments.output)
    return arguments.command(arguments)


def _check(arguments):
    if is_program(arguments.network) and not os.path.exists(arguments.network):
        return _check_program(arguments)
    given = arguments.network
    if given.endswith(".py"):
        such = f"{given}:FUNCTION, such as {given}:loss_and_gradients"
        raise NeuronnetError(f"{given}: which function of it? write {such}")
    is_for_programs = "is for a program, FILE.py:FUNCTION"
    for option in ("parameters", "gradients", "select", "plot"):
        if getattr(arguments, option, None) is not None:
            raise NeuronnetError(f"--{option} {is_for_programs}; {given} is read as a network")
    if arguments.format == "markdown":
        raise NeuronnetError(f"--format markdown {is_for_programs}; a network has text and json")
    description, place = source(given)
    report = check_network(NeuralNetwork.from_dict(description), seed=arguments.seed)
    _print(arguments, report, [place])
    return STATUS[report.verdict]


def _hunt(arguments):
    if not is_program(arguments.network):
        found = f"{arguments.network}: expected a function of a program"
        raise NeuronnetError(f"{found}, FILE.py:FUNCTION or package.module:FUNCTION")
    programs, loss, gradients, parameters = _program(arguments)
    with programs.running(arguments.network):
        report, until = as_far_as_made(lambda: hunt(loss, gradients, parameters, seed=arguments.seed))
    _print(arguments, report, programs.paths, until=until)
    return ended(STATUS[report.verdict], "gradcheck", until)


def _program(arguments):
    """(the Programs, loss, gradients or None, parameters) that a command names."""
    if arguments.parameters is None:
        allowed = "FILE.npz, FILE.npy, FILE.json or FILE.py:NAME"
        needed = f"--parameters is needed with {arguments.network}: the numbers at which to check it"
        raise NeuronnetError(f"{needed}, as {allowed}")
    arguments.output = _absolute(arguments.output)  # the program may change the directory
    programs = Programs(partial(require, "numbers"))
    loss = programs.function(arguments.network, ("parameters",))
    gradients = None
    if arguments.gradients is not None:
        gradients = programs.function(arguments.gradients, ("parameters",), ("parameters", "u"))
    return programs, loss, gradients, programs.parameters(arguments.parameters)


def _check_program(arguments):
    arguments.plot = _absolute(arguments.plot)  # the program may change the directory
    programs, loss, gradients, parameters = _program(arguments)
    with programs.running(arguments.parameters):
        entries = Point(parameters).vector.size
    with programs.running(arguments.network), _shown_progress(loss, entries) as watched:
        how = {"select": arguments.select, "seed": arguments.seed}
        figure, until = None, None
        try:
            report = check(watched, gradients, parameters, **how)
        except Interrupted as stop:
            report, until = stop.made, stop.until
        if arguments.plot is not None and until is None:
            figure = plots.report_figure(report, loss, gradients, parameters)
    report = replace(report, call=_command_line(arguments))
    as_text = report.markdown().rstrip("\n") if arguments.format == "markdown" else str(report)
    _print(arguments, report, programs.paths, as_text, until)
    if figure is not None:
        figures.save(figure, arguments.plot, programs.paths)
    return ended(STATUS[report.verdict], "gradcheck", until)


def _absolute(path):
    return None if path is None else os.path.abspath(path)


@contextmanager
def _shown_progress(loss, entries):
    """The loss, its calls shown on a terminal while it is in use."""
    most = 12 * entries + 60  # what a smooth loss takes
    progress = progress_line(most, "evaluations expected")
    if progress is None:
        yield loss
        return
    calls = itertools.count(1)

    @wraps(loss)
    def watched(*arguments):
        progress(min(next(calls), most - 1))
        return loss(*arguments)

    try:
        yield watched
    finally:
        progress(most)


def _command_line(arguments):
    """The command that does the same check again."""
    words = ["python", "-m", "gradcheck", "check", arguments.network, "--parameters", arguments.parameters]
    words += ["--gradients", arguments.gradients] if arguments.gradients is not None else []
    words += [word for glob in arguments.select or () for word in ("--select", glob)]
    return shlex.join([*words, "--seed", str(arguments.seed)])


def _twin(arguments):
    description, place = _trainable(arguments)
    every = _rows_every(arguments)
    progress = progress_line(arguments.updates)
    if arguments.twin_only:
        twin = Twin(description)
        with np.errstate(all="ignore"):
            training = _twin_rows(twin, arguments.updates, every, progress)
            rows, until = as_far_as_made(lambda: listed(training))
        rows, diverges = text.until_it_diverges(rows)
        as_dict = {"rows": rows} | ({} if diverges is None else {"diverges": diverges})
        _print(arguments, as_dict, [place], text.training(description, rows), until)
        _plot(arguments, lambda: figures.training(description, rows, twin.forward), place, until)
        return ended(0 if diverges is None else UNUSABLE, "gradcheck", until)
    how = description, arguments.updates, every, progress
    report, until = as_far_as_made(lambda: side_by_side(*how))
    _print(arguments, report, [place], until=until)
    _plot(arguments, lambda: side_by_side_figure(report), place, until)
    return ended(STATUS[report.verdict], "gradcheck", until)


def _twin_rows(twin, updates, every, progress):
    """Yield the rows of a training of the twin alone, as `neuronnet.training.history` has them."""
    stops = sorted({0, *range(every, updates, every), updates})
    for begin, stop in zip([0, *stops], stops):
        report = None if progress is None else lambda made, _, begin=begin: progress(begin + made)
        row = twin.train(stop - begin, progress=report)[-1]
        yield row | {"held_out_accuracy": row.get("held_out_accuracy")}


def _stability(arguments):
    description, place = _trainable(arguments)
    given = {name: getattr(arguments, name) for name in ("seed", "runs", "first")}
    given = {name: value for name, value in given.items() if value is not None}
    given |= {"every": _rows_every(arguments), "progress": progress_line(0, "runs")}
    report, until = as_far_as_made(lambda: stability(description, arguments.updates, **given))
    _print(arguments, report, [place], until=until)
    _plot(arguments, lambda: stability_figure(description.title, report), place, until)
    return ended(0, "gradcheck", until)


def _gallery(arguments):
    if arguments.name is None and arguments.format != "json":
        _print(arguments, None, [], gallery.listing())
        return 0
    shown = gallery.everything() if arguments.name is None else [gallery.find(arguments.name)]
    judged, until = as_far_as_made(lambda: listed((each.judge() for each in shown), "exhibit"))
    _print(arguments, judged, [], "\n\n".join(each.lesson() for each in judged), until)
    return ended(0, "gradcheck", until)


def _trainable(arguments):
    """(description, place) of a network that can be trained."""
    description, place = source(arguments.network)
    if description.learning_rate is None:
        raise PassOrderError(arguments.command.__name__.lstrip("_"), A_RATE)
    return description, place


def _rows_every(arguments):
    if arguments.every == 0:
        raise NeuronnetError("--every 0: at least 1 is needed")
    return max(1, arguments.updates // 10) if arguments.every is None else arguments.every


def _print(arguments, report, places, as_text=None, until=None):
    if arguments.format == "json":
        result = json.dumps(marked(plain(report), until, "json"), indent=1)
    else:
        result = marked(str(report) if as_text is None else as_text, until, arguments.format)
    write(result, arguments.output, places)


def _plot(arguments, draw, place, until=None):
    if arguments.plot is not None and until is None:
        figures.save(draw(), arguments.plot, [place])
