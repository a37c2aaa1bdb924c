"""Pictures of networks, and derivations as documents: what `draw` does, and the formats of `derive`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from neuronnet import output
from neuronnet.errors import NeuronnetError, counted
from neuronnet.network import NeuralNetwork
from neuronnet.render import characters, document, drawing, latex, tables, web_page
from neuronnet.render.picture import Picture, picture


def draw(arguments: Any) -> int:
    """The command: a picture of a network, after some updates and a pass of one sample where it has any."""
    from neuronnet.render import figures

    if arguments.format == "png":
        if arguments.output is None:
            raise NeuronnetError("png is for files; name one with -o FILE")
        figures.require(arguments.output)
    description, place = output.source(arguments.network)
    show = tuple(each.strip() for each in arguments.show.split(",") if each.strip() not in ("", "nothing"))
    if arguments.sample is not None:
        with_one_sample(description, arguments.sample)
    progress = output.progress_line(arguments.at)
    found = picture_of(description, show, arguments.at, arguments.sample or 1, progress)
    if arguments.format == "png":
        figures.save(figures.drawing(drawing.shapes(found)), arguments.output, [place])
    else:
        drawn = characters.text(found) if arguments.format == "text" else drawing.svg(found)
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
        raise NeuronnetError(
            f"--sample {number}: the network has {counted(len(samples), 'sample')}, counted from 1"
        )
    return replace(description, samples=(samples[number - 1],))


def of_derivation(derivation: Any, only: str | None = None) -> dict[str, Callable]:
    """{format: what makes the text of a Derivation in it, or of one of its quantities with its factors}."""
    made = written(lambda: document.of_derivation(derivation, only))
    network = derivation.description
    drawn = lambda: drawing.svg(picture_of(network, ("values",), derivation.at))  # noqa: E731
    return made | {"html": lambda: web_page.page(document.of_derivation(derivation, only), drawn())}


def of_model(model: Any, only: str | None = None) -> dict[str, Callable]:
    """The same of a sheet's own Model, which has no picture."""
    return written(lambda: document.of_model(model, only))


def written(made: Callable) -> dict[str, Callable]:
    """{format: what writes the Document that is made}."""
    return {
        "markdown": lambda: latex.markdown(made()),
        "latex": lambda: latex.document(made()),
        "html": lambda: web_page.page(made()),
        "csv": lambda: tables.as_csv(made()),
    }
