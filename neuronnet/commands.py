"""What each command does: it reads what the arguments name, and writes one result in the format asked for.

A command returns the exit status, and imports what it alone needs when it runs.
"""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

from neuronnet import documents, output
from neuronnet.derivation.quantities import Derivation, Explanation, is_small
from neuronnet.description.description import Description
from neuronnet.description.reading import EXAMPLES, checked, example_names, find, parsed, read
from neuronnet.errors import NeuronnetError
from neuronnet.names import after, in_sample, partial_name
from neuronnet.render import document, drawing, text

WORKED_EXAMPLE = "worked-example"


def worked_example(arguments):
    """The worked example to nine decimals, and its error after three numbers of updates."""
    derivation = Derivation(WORKED_EXAMPLE)
    lines = [document.derivation_as_text(derivation, leave_out=("after one update",)), "", "Error"]
    lines += [f"  {text.name_and_value(derivation[f'E_total@{updates}'])}" for updates in (1, 10_000, 20_000)]
    output.write("\n".join(lines))
    return 0


def derive(arguments):
    """Every quantity of a network or of a sheet's own model, or one with its factors."""
    subject, place = _subject(arguments.network)
    is_network = isinstance(subject, Description)
    for option in () if is_network else ("updates", "at", "sample"):
        if getattr(arguments, option) is not None:
            raise NeuronnetError(f"--{option}: a sheet has the updates and samples that stand in it")
    if arguments.sample is not None:
        subject = documents.with_one_sample(subject, arguments.sample)
    if arguments.at is not None and arguments.updates is not None:
        raise NeuronnetError("--at is the pass to derive, --updates adds the state after so many; give one")
    if arguments.format == "xlsx":
        return documents.write_workbook(arguments, subject, place)
    made = _derived_network if is_network else _derived_model
    return _write(arguments, [place], **made(subject, arguments))


def _derived_network(description, arguments):
    """{format: what makes it} of a derivation, or of one of its quantities."""
    only, at = arguments.only, arguments.at or 0
    updates = 0 if only is not None else 1 if arguments.updates is None else arguments.updates
    derivation = Derivation(description, updates=updates, at=at if only is None else 0)
    explained = None if only is None else Explanation(derivation, only, at)

    def numbers():
        quantities = derivation.quantities if explained is None else [explained.quantity, *explained.factors]
        values = ((each, _finite(each.name, derivation.printed_value(each))) for each in quantities)
        rows = [{"name": each.name, "formula": each.formula, "value": value} for each, value in values]
        network = replace(derivation.description, published=(), errata=())
        return {"network": network.to_dict(), "quantities": rows}

    shown = (lambda: document.derivation_as_text(derivation)) if explained is None else explained.__str__
    made = documents.written(
        lambda: document.of_derivation(derivation, explained and explained.name),
        lambda: drawing.svg(documents.picture_of(derivation.description, updates=derivation.at)),
    )
    return {"text": shown, "json": numbers, **made}


def _derived_model(model, arguments):
    only = arguments.only

    def numbers():
        names = model.names() if only is None else [only, *model.factors(only)]
        rows = [{"name": name, "formula": model.formula(name), "value": model[name]} for name in names]
        return {"loss": model.loss, "quantities": rows}

    def shown():
        if only is None:
            return document.model_as_text(model)
        return document.explained(document.of_model(model, only))

    return {"text": shown, "json": numbers, **documents.written(lambda: document.of_model(model, only))}


def _sheet_of_its_own(argument):
    """(text, place) of what may be a sheet, (None, None) where the argument can only mean a network."""
    if argument == "-":
        return output.text_source(argument, "a network")
    try:
        file = Path(_sheet_file(argument))
        is_sheet = file.suffix not in (".toml", ".json") and file.is_file()
    except (OSError, ValueError):
        is_sheet = False
    return output.text_source(str(file), "a network or a sheet") if is_sheet else (None, None)


def _subject(argument):
    """(Description, place) of a network, (Model, place) of a sheet that brings its own."""
    sheet, place = _sheet_of_its_own(argument)
    if sheet is None:
        return output.source(argument)
    if _is_network(sheet):
        return checked(*parsed(sheet, "standard input" if argument == "-" else str(place))), place
    from neuronnet.sheet.own_model import Model

    return Model.from_text(sheet), place


def _is_network(text):
    return re.search(r"^\s*(?:\{|\[\[\s*(?:layer|sample)\b|layers?\s*=)", text, re.MULTILINE) is not None


def golden(arguments):
    """Golden values of a network or of a sheet's own model."""
    from neuronnet.golden.formats import WRITERS
    from neuronnet.golden.golden import Golden

    subject, place = _subject(arguments.network)
    at = None if arguments.at is None else _counts("--at", arguments.at)
    if arguments.output is not None:
        Golden.require_replaceable(arguments.output, arguments.reason)
    elif arguments.format == "npz":
        raise NeuronnetError("npz is for files; name one with -o FILE")
    how = subject, arguments.updates, at, arguments.dtype or "float64", arguments.all, arguments.proved
    progress = output.progress_line(0)
    made, until = output.as_far_as_made(lambda: Golden.of(*how, progress))
    if arguments.output is None:
        output.write(WRITERS[arguments.format](made))
    elif until is None or not Path(arguments.output).exists():
        made.write(arguments.output, arguments.reason, arguments.format, [place])
    return output.ended(0, "neuronnet", until)


def _counts(option, argument):
    try:
        return [output.count(each.strip()) for each in argument.split(",")]
    except output.ArgumentTypeError as error:
        raise NeuronnetError(f"{option} {argument}: {error}; a list is needed, such as 0,1,10") from None


def compare(arguments):
    """Another program's numbers held against golden values."""
    from neuronnet.golden.actual import read_actual
    from neuronnet.golden.comparing import compared
    from neuronnet.golden.golden import Golden

    override = {key: getattr(arguments, key) for key in ("rtol", "atol", "ulps", "digits", "dtype")}
    found = compared(Golden.load(arguments.golden), read_actual(arguments.actual), **override)
    places = [arguments.golden, arguments.actual]
    _write(arguments, places, text=found.__str__, json=found.to_dict, junit=found.to_junit)
    return {"right": 0, "wrong": 1, "undecided": 3}[found.verdict]


def check(arguments):
    """One sheet judged line by line, or a table of several."""
    from neuronnet.sheet import many_sheets

    found = [[each] if each == "-" else many_sheets.files_in(_sheet_file(each)) for each in arguments.sheets]
    others = [row for each in arguments.sheets for row in many_sheets.left_out(each)]
    sheets = [place for places in found for place in places]
    if not sheets:
        raise NeuronnetError(f"{', '.join(arguments.sheets)}: there is no sheet in there")
    if arguments.show_reading:
        return _show_reading(arguments, sheets)
    is_table = len(sheets) > 1 or arguments.format == "csv"
    judge, judged_by = _judge(arguments, many_sheets, None if is_table else output.progress_line(1, "checks"))
    if is_table:
        progress = output.progress_line(len(sheets), "sheets")
        found = many_sheets.rows_of(sheets, judge, progress)
        rows, until = output.as_far_as_made(lambda: output.listed(found, "sheet"))
        _write(arguments, [*sheets, *judged_by], until, **many_sheets.written(rows + others))
        return output.ended(many_sheets.status(rows), "neuronnet", until)
    for row in others:
        output.complain("neuronnet", f"{row.sheet}: {row.mistake}")
    sheet, place = output.text_source(sheets[0], many_sheets.NEEDED)
    folder = None if sheets[0] == "-" else place.parent
    report, until = output.as_far_as_made(lambda: judge(sheet, folder))
    places = [place, *judged_by, *([] if report.place is None else [report.place])]
    _write(arguments, places, until, text=report.__str__, markdown=report.markdown, json=report.to_dict)
    return output.ended(report.status, "neuronnet", until)


def _judge(arguments, many_sheets, progress):
    """(a function from the text and the folder of a sheet to its report, the files that it compares with)."""
    from neuronnet.sheet.check_sheet import check_sheet, own_report

    task = arguments.same_task
    if task is not None and arguments.network is not None:
        raise NeuronnetError("--same-task and --network both say what sheets are compared with; give one")
    sheet, place = (None, None) if task is None else _sheet_of_its_own(task)
    if sheet is not None and not _is_network(sheet):
        whole = many_sheets.Task(sheet, own_report)
        return (lambda text, folder: whole.report(text)), [place]
    given = task or arguments.network
    network, place = (None, None) if given is None else output.source(given)
    places = [] if given is None else [place]
    return (lambda text, folder: check_sheet(text, network, folder, progress)), places


def _show_reading(arguments, sheets):
    from neuronnet.sheet.understood import as_read

    if len(sheets) > 1 or arguments.format == "csv":
        raise NeuronnetError("--show-reading shows a single sheet, as text")
    sheet, place = output.text_source(sheets[0], "a sheet")
    shown = as_read(sheet).rstrip()
    made = dict.fromkeys(("text", "markdown"), lambda: shown)
    return _write(arguments, [place], **made, json=lambda: {"sheet": shown})


def _sheet_file(argument):
    path = Path(argument)
    if path.name != argument or path.exists():
        return argument
    examples = (folder / f"{argument}.txt" for folder in (EXAMPLES, EXAMPLES / "sheets"))
    return next((example for example in examples if example.is_file()), argument)


def mistakes(arguments):
    """What each known mistake does to the numbers of a network or of a sheet's model."""
    from neuronnet.mistakes.networks import Network
    from neuronnet.mistakes.printed_numbers import numbers_of, signatures
    from neuronnet.render import verdicts

    subject, place = _subject(arguments.network)
    description = subject if isinstance(subject, Description) else None
    progress = output.progress_line(0, "mistakes")
    if description is not None:
        network = Network(description)
        table, until = output.as_far_as_made(lambda: signatures(network, network.known_names, progress))
    else:
        from neuronnet.sheet.causes import signatures_of

        (right, table), until = output.as_far_as_made(lambda: signatures_of(subject, progress))

    def rows():
        for each in table:
            finite = {name: value if math.isfinite(value) else None for name, value in each.numbers.items()}
            yield {"id": each.id, "sentence": each.sentence, "same": each.same, "numbers": finite}

    def rendered(render):
        def result():
            if description is None:
                return render(None, table, right)
            known = numbers_of(network.replay(), network.known_names)
            names = _telling_names(Derivation(description), known)
            return render(description, table, {name: known.get(name) for name in names})

        return result

    tables = {"text": rendered(verdicts.mistakes_text), "markdown": rendered(verdicts.mistakes_markdown)}
    _write(arguments, [place], until, **tables, json=lambda: list(rows()))
    return output.ended(0, "neuronnet", until)


def _telling_names(derivation, right):
    """The deltas of the first and last neuron, for the first sample of the update; the first and last weight
    after it, and the errors.
    """
    names, error = derivation.description.names, derivation.description.names.error
    neurons = [names.of("delta", neuron) for neuron in (names.layers[0][0], names.layers[-1][-1])]
    numbers = [None, *range(1, len(derivation.description.samples) + 1)]
    sample = next(number for number in numbers if in_sample(neurons[0], number) in right)
    deltas = dict.fromkeys(in_sample(delta, sample) for delta in neurons)
    weights = [names.weights[0][0][0], names.weights[-1][-1][-1]]
    if derivation.description.learning_rate is None:
        return [*deltas, *(partial_name(error, weight) for weight in weights), error]
    return [*deltas, *(after(weight, 1) for weight in weights), error, after(error, 1)]


def step(arguments):
    """A walk through a training or a sheet, by commands from standard input; or pdb where a number arises."""
    from neuronnet.stepping.stepper import start

    if arguments.network == "-":
        raise NeuronnetError("step reads its commands from standard input; name a file or an example")
    subject, place = _subject(arguments.network)
    if isinstance(subject, Description) and arguments.sample is not None:
        subject = documents.with_one_sample(subject, arguments.sample)
    return start(arguments, subject, place)


def train(arguments):
    """Error and accuracy over a training; status 2 where it diverges."""
    from neuronnet.network import NeuralNetwork
    from neuronnet.render import figures
    from neuronnet.training import history

    description, place = output.source(arguments.network)
    if arguments.every == 0:
        raise NeuronnetError("--every 0: at least 1 is needed")
    if arguments.plot is not None:
        figures.require(arguments.plot, arguments.output)
    network, progress = NeuralNetwork.from_dict(description), output.progress_line(arguments.updates)
    training = history(network, arguments.updates, arguments.every, progress)
    rows, until = output.as_far_as_made(lambda: output.listed(training))
    rows, diverges = text.until_it_diverges(rows)

    def as_json():
        finite = rows if diverges is None else rows[:-1]
        found = [row | {"E_total": _finite(f"E_total@{row['update']}", row["E_total"])} for row in finite]
        return {"rows": found} | ({} if diverges is None else {"diverges": diverges})

    _write(arguments, [place], until, text=lambda: text.training(description, rows), json=as_json)
    if arguments.plot is not None and until is None:
        figure = figures.training(description, rows, lambda points: list(map(network.feed_forward, points)))
        figures.save(figure, arguments.plot, [place])
    return output.ended(0 if diverges is None else output.UNUSABLE, "neuronnet", until)


def examples(arguments):
    """The list of examples, or one of them."""
    if arguments.ledger and (arguments.name is None or arguments.name in sheet_names()):
        raise NeuronnetError("--ledger: of a network with published numbers, such as worked-example")
    if arguments.name is None:
        return _list_examples(arguments)
    if arguments.name in sheet_names():
        sheet, place = _sheet_of_its_own(arguments.name)
        shown = {"name": arguments.name, "sheet": sheet}
        return _write(arguments, [place], text=lambda: sheet.rstrip(), json=lambda: shown)
    description, place = output.source(arguments.name)
    if arguments.ledger:
        return _ledger(arguments, description, place)

    def shown():
        return text.example(description, Derivation(description) if is_small(description) else None)

    return _write(arguments, [place], text=shown, json=description.to_dict)


def _ledger(arguments, description, place):
    from neuronnet.mistakes.ledger import ledger

    found = ledger(description)
    rows = [each._asdict() for each in found]
    _write(arguments, [place], text=lambda: text.ledger(description, found), json=lambda: rows)
    return int(any(each.holds is False for each in found))


def _list_examples(arguments):
    networks = {name: read(find(name)) for name in example_names()}
    sheets = {name: _first_comment(name) for name in sheet_names()}

    def rows():
        for name, each in networks.items():
            yield {"name": name, "kind": "network", "title": each.title, "source": each.source}
        for name, title in sheets.items():
            yield {"name": name, "kind": "sheet", "title": title, "source": None}

    titles = {name: each.title for name, each in networks.items()}
    right = {name: title for name, title in sheets.items() if f"{name}-mistake" in sheets}
    return _write(arguments, [], text=lambda: text.example_list(titles, right), json=lambda: list(rows()))


def sheet_names():
    """The names of the example sheets that bring their own model."""
    return sorted(path.stem for path in (EXAMPLES / "sheets").glob("*.txt"))


def _first_comment(name):
    """The first sentence of an example sheet, or what stands before its colon."""
    first = (EXAMPLES / "sheets" / f"{name}.txt").read_text(encoding="utf-8").partition("\n")[0]
    return re.split(r"[.;:](?:\s|$)", first.removeprefix("# "))[0]


def _write(arguments, places, until=None, **made):
    """Write what the function of the chosen format makes, never over one of the `places` read.

    `until` says how far it is where it is incomplete, and None where it is whole.
    """
    result = output.marked(made[arguments.format](), until, arguments.format)
    if arguments.format == "json":
        result = json.dumps(result, indent=1, default=output.plain)
    output.write(result, arguments.output, places)
    return 0


def _finite(name, value):
    """A value that JSON can hold; infinity, and what its readers would take for 0, are refused."""
    if not math.isfinite(value):
        raise NeuronnetError(f"{name} is {value}, which JSON cannot hold; --format text shows it")
    if value != 0 and float(value) == 0:
        raise NeuronnetError(f"{name} is {value:.3e}, too small for readers of JSON; --format text shows it")
    return value
