"""The command line, `python -m neuronnet [COMMAND]`: the commands and their options."""

from neuronnet import __version__, commands, documents, output

OR_A_SHEET = f"{output.NETWORK_HELP}; or a sheet that brings its own model"


def main(argv=None):
    """Run one command; return the exit status: 0 agrees, 1 disagrees, 2 unusable input, 3 undecided."""
    return output.run(lambda: (arguments := _parser().parse_args(argv)).command(arguments), "neuronnet")


def _parser():
    parser = output.ArgumentParser(
        prog="neuronnet",
        description="Backpropagation with a name for every number: derive the numbers of a network, "
        "or check a derivation of your own. Without a command: the worked example to nine decimals.",
        epilog="example: python -m neuronnet derive worked-example --only dE_total/dw5",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.set_defaults(command=commands.worked_example)
    group = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command, purpose, example, formats, options in _commands():
        name = example.split()[0]
        one = group.add_parser(name, help=purpose, epilog=f"example: python -m neuronnet {example}")
        one.set_defaults(command=command)
        if formats:
            output.add_output_options(one, formats)
        for option, settings in options.items():
            one.add_argument(option, **settings)
    return parser


def _commands():
    """(function, purpose, example, formats, option -> what `add_argument` takes) of each command."""
    yield (
        commands.derive,
        "every number of a forward and a backward pass, with its formula",
        "derive worked-example --only dE_total/dw5",
        ("text", "json", "markdown", "latex", "html", "csv", "xlsx"),
        {
            "network": _option("NETWORK", f"{OR_A_SHEET}, such as lstm-step"),
            "--updates": _count(
                "N", "also the numbers after N updates (default 1); of .xlsx, its rows (100)"
            ),
            "--at": _count("K", "the pass after K updates, in place of the first"),
            "--sample": _count("S", "only sample S, counted from 1"),
            "--only": _option("NAME", "one number and its factors, such as dE_total/dw5"),
        },
    )
    yield (
        commands.check,
        "a verdict for every line of a derivation, the first wrong line, and the mistake in it",
        "check published-derivation",
        ("text", "markdown", "json", "csv"),
        {
            "sheets": _option(
                "SHEET",
                "a file of text, Markdown, LaTeX, HTML, Python, CSV or JSON, a notebook, a folder, the name "
                "of an example such as published-derivation, or - for standard input; of several, a table",
                nargs="+",
            ),
            "--network": _option(
                "NETWORK",
                "the network of the sheet, if the sheet does not name it: a TOML or JSON file, or an example",
            ),
            "--same-task": _option(
                "MODEL", "hold all sheets against the model of one sheet, or against one network"
            ),
            "--show-reading": _flag("print the sheet as it is understood, in plain notation, itself a sheet"),
        },
    )
    yield (
        commands.golden,
        "golden values: every number with certified digits and a derived tolerance, for any language",
        "golden worked-example --at 0,1,10 --dtype float32",
        ("json", "csv", "npz", "c", "rust", "go", "javascript", "python"),
        {
            "network": _option("NETWORK", OR_A_SHEET),
            "--updates": _count("N", "how many updates to train (default 1)"),
            "--at": _option("LIST", "the updates to record, as 0,1,10 (default: the first and the last)"),
            "--dtype": _option("TYPE", "float64 (default) or float32", choices=("float64", "float32")),
            "--all": _flag("keep values with fewer than two reproducible digits"),
            "--proved": _flag("digits proved by arithmetic in balls (needs the extra `certified`)"),
            "--reason": _option("TEXT", "replace a file that is there; kept in its history"),
        },
    )
    yield (
        commands.compare,
        "hold another implementation's numbers against golden values: the first difference and the mistake",
        "compare golden.json actual.json",
        ("text", "json", "junit"),
        {
            "golden": _option("GOLDEN", "a JSON file that `neuronnet golden` made"),
            "actual": _option(
                "ACTUAL",
                "the other numbers: .json, .csv, .npy, .npz, .safetensors, or a state dict of PyTorch (.pt)",
            ),
            "--dtype": _option("TYPE", "of ACTUAL (default: seen from it)", choices=("float64", "float32")),
            "--rtol": _option("X", "a relative tolerance in place of the derived ones", type=output.size),
            "--atol": _option("X", "an absolute one", type=output.size),
            "--ulps": _option("X", "a tolerance in units of the last place", type=output.size),
            "--digits": _count("N", "how many significant digits have to agree"),
        },
    )
    yield (
        documents.draw,
        "a picture of a network: its neurons, its weights with their sign and size, the numbers of a pass",
        "draw worked-example --at 3 --show values,gradients",
        ("text", "svg", "png"),
        {
            "network": _option("NETWORK", output.NETWORK_HELP),
            "--at": _count("N", "after N updates (default 0)", default=0),
            "--sample": _count("S", "the pass of sample S, counted from 1 (default 1)"),
            "--show": _option(
                "LIST",
                "what to draw beside weights and biases, of values (default), gradients, deltas, or nothing",
                default="values",
            ),
        },
    )
    yield (
        commands.step,
        "walk through a training or a sheet, one number at a time, back and forth; or start pdb at a number",
        "step worked-example --update 3 --at w5",
        (),
        {
            "network": _option(
                "NETWORK",
                "a TOML or JSON file or the name of an example; or a sheet that brings its own model",
            ),
            "--update": _count("U", "begin at update U, counted from 1"),
            "--at": _option("NAME", "begin where NAME is computed, such as w5 or delta_h1"),
            "--sample": _count("S", "train with sample S alone, counted from 1"),
            "--pdb": _flag("start pdb at the line of the objects that computes NAME"),
        },
    )
    yield (
        commands.train,
        "train a network: a table of error and accuracy",
        "train moons-tanh --updates 100",
        ("text", "json"),
        {
            "network": _option("NETWORK", output.NETWORK_HELP),
            "--updates": _count("N", "how many updates to make", required=True),
            "--every": _count("K", "a row every K updates (default: ten rows)"),
            "--plot": _option("FILE", "draw the training into FILE, .png or .svg (needs the extra `plot`)"),
        },
    )
    model = f"{output.NETWORK_HELP}, or a sheet that brings its own model (default {commands.WORKED_EXAMPLE})"
    yield (
        commands.mistakes,
        "the known mistakes, and what each does to the numbers of a network or of a sheet's model",
        "mistakes han-kamber",
        ("text", "markdown", "json"),
        {"network": _option("NETWORK", model, nargs="?", default=commands.WORKED_EXAMPLE)},
    )
    yield (
        commands.examples,
        "the examples, or one of them with its published numbers",
        "examples han-kamber",
        ("text", "json"),
        {
            "name": _option("NAME", "the example to show", nargs="?"),
            "--ledger": _flag("what each published number belongs to, with the computation that proves it"),
        },
    )


def _option(metavar, purpose, **settings):
    return {"metavar": metavar, "help": purpose, **settings}


def _flag(purpose):
    return {"action": "store_true", "help": purpose}


def _count(metavar, purpose, **settings):
    return _option(metavar, purpose, type=output.count, **settings)
