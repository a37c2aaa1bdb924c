"""Pictures of networks, and derivations as documents: what `draw` does, and the formats of `derive`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from neuronnet import output
from neuronnet.description.description import Description
from neuronnet.description.reading import EXAMPLES
from neuronnet.errors import NeuronnetError, counted
from neuronnet.network import NeuralNetwork
from neuronnet.render import document, drawing, latex
from neuronnet.render.picture import Picture, in_characters, picture

ROWS = 100  # updates in a spreadsheet, where none are asked for


def draw(arguments: Any) -> int:
    """The command: a picture of a network, after some updates and a pass of one sample where it has any."""
    from neuronnet.render import figures

    if arguments.format == "png":
        if arguments.output is None:
            raise NeuronnetError("png is for files; name one with -o FILE")
        figures.require(arguments.output)
    if (EXAMPLES / "sheets" / f"{arguments.network}.txt").is_file():
        named = f"{arguments.network} is a sheet with its own model, which has no neurons to draw"
        raise NeuronnetError(f"{named}; derive it, as text or with -o page.html")
    description, place = output.source(arguments.network)
    show = tuple(each.strip() for each in arguments.show.split(",") if each.strip() not in ("", "nothing"))
    if arguments.sample is not None:
        with_one_sample(description, arguments.sample)
    progress = output.progress_line(arguments.at)
    found = picture_of(description, show, arguments.at, arguments.sample or 1, progress)
    if arguments.format == "png":
        figures.save(figures.drawing(drawing.shapes(found)), arguments.output, [place])
    else:
        drawn = in_characters(found) if arguments.format == "text" else drawing.svg(found)
        output.write(drawn, arguments.output, [place])
    return 0


def picture_of(
    description: Any,
    show: tuple[str, ...] = ("values",),
    updates: int = 0,
    sample: int = 1,
    progress: Callable | None = None,
) -> Picture:
    """The Picture of a network of its own after some updates and the passes of one sample, from 1 on."""
    network, targets, said = NeuralNetwork.from_dict(description), None, None
    for update in range(1, updates + 1):
        network.fit(1)
        if progress is not None:
            progress(update)
    if network.samples:
        inputs, targets = network.samples[sample - 1]
        network.feed_forward(inputs)
        network.error(targets)
        network.backpropagate(targets)
        said = f"sample {sample} of {len(network.samples)}" if len(network.samples) > 1 else None
    return picture(network, show, targets, said)


def with_one_sample(description: Any, number: int) -> Any:
    """The description with one of its samples alone. Raises NeuronnetError where it has no such sample."""
    samples = description.samples
    if not 1 <= number <= len(samples):
        has = f"the network has {counted(len(samples), 'sample')}, counted from 1"
        raise NeuronnetError(f"--sample {number}: {has}")
    return replace(description, samples=(samples[number - 1],))


def workbook(subject: Any, updates: int | None = None) -> bytes:
    """A spreadsheet, its formulas live: a row for each of a network's first updates, or a Model's steps.

    Without a number of updates it has a hundred of them, of a network without a learning rate none.
    """
    from neuronnet.derivation.quantities import Derivation
    from neuronnet.derivation.training_rows import training_rows
    from neuronnet.render import spreadsheet

    if not isinstance(subject, Description):
        return spreadsheet.workbook_of_steps(document.of_model(subject))
    if updates is None:
        updates = 0 if subject.learning_rate is None else ROWS
    first_pass = document.of_derivation(Derivation(subject))
    rows = training_rows(subject, updates, output.progress_line(updates))
    return spreadsheet.workbook(rows, first_pass)


def write_workbook(arguments: Any, subject: Any, place: Any) -> int:
    """Write the spreadsheet of a network or Model, with all quantities, to the file asked for."""
    for option in ("only", "at"):
        if getattr(arguments, option) is not None:
            found = f"--{option}: a spreadsheet has a row for every update, each with all quantities"
            raise NeuronnetError(f"{found}; --updates says how many")
    if arguments.output is None:
        raise NeuronnetError("xlsx is for files; name one with -o FILE")
    output.write_bytes(workbook(subject, arguments.updates), arguments.output, [place])
    return 0


def written(made: Callable, drawn: Callable | None = None) -> dict[str, Callable]:
    """{format: what writes the Document that is made}; `drawn()` is the SVG on a page."""
    return {
        "markdown": lambda: latex.markdown(made()),
        "latex": lambda: latex.document(made()),
        "html": lambda: document.page(made(), drawn and drawn()),
        "csv": lambda: document.as_csv(made()),
    }
