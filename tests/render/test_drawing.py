"""Drawings: no two texts overlap, sign and size are seen without colour, hostile names stay text."""

import random
import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from itertools import takewhile

import pytest
from documents import ROOT

from neuronnet.cli import main
from neuronnet.description.reading import example_names
from neuronnet.network import NeuralNetwork, load
from neuronnet.render import drawing, figures
from neuronnet.render.drawing import Line, Rectangle, Text
from neuronnet.render.picture import FIRST, LAST, in_characters, picture

SVG = "{http://www.w3.org/2000/svg}"
EVERYTHING = ("values", "gradients", "deltas")
SIZES = [
    [1, 1],
    [3, 3, 3, 3],
    [1, 6, 1],
    [6, 1, 6],
    [6, 6],
    [7, 6, 2],
    [12, 1],
    [2, 3, 4, 5, 4, 3, 2],
    [13, 2],
    [4, 40, 2],
    [2] * 16,
]
HOSTILE = '</text><script>alert(1)</script>&amp;"\x00\u202e' + "w" * 40


def drawn_network(sizes, seed=0, **settings):
    """A network of these sizes, with weights of every size and sign and some without connection."""
    draw = random.Random(f"{sizes}{seed}")

    def number():
        return draw.choice([0, 1, -1]) * draw.choice([0.5, 123456.789, 1e-7, 0.3333333333333333])

    layers = [
        {
            "activation": "tanh",
            "weights": [[number() for _ in range(inputs)] for _ in range(neurons)],
            "bias": [number() for _ in range(neurons)],
        }
        for inputs, neurons in zip(sizes, sizes[1:])
    ]
    sample = {"inputs": [number() for _ in range(sizes[0])], "targets": [number() for _ in range(sizes[-1])]}
    return load(
        {"loss": "squared error", "learning_rate": 0.1, "layer": layers, "sample": [sample]} | settings
    )


def after_a_pass(network):
    """(network, the targets) after both passes of its first sample."""
    inputs, targets = network.samples[0]
    network.feed_forward(inputs)
    network.error(targets)
    network.backpropagate(targets)
    return network, targets


def picture_of(network, show=EVERYTHING):
    network, targets = after_a_pass(network)
    return picture(network, show, targets)


def overlap(one, other):
    """Whether two boxes have an area in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def renamed():
    """A network whose names and title are long, and wide."""
    network = drawn_network([2, 2, 1])
    network.title = "网络 " * 40 + "x" * 300
    for part in [*network.parameters, *network.neurons, *network.inputs]:
        part.name = f"输入一_{part.name}_with_a_long_name"
    return network


@pytest.mark.parametrize(
    "case", [*example_names(), *SIZES, renamed], ids=lambda case: getattr(case, "__name__", str(case))
)
def test_no_text_overlaps_another_or_leaves_the_drawing(case):
    network = load(case) if isinstance(case, str) else case() if callable(case) else drawn_network(case)
    for found in (picture(network, EVERYTHING), picture_of(network, ("values",)), picture_of(network)):
        drawn = drawing.shapes(found)
        boxes = sorted((shape.box, shape.text) for shape in drawn.shapes if isinstance(shape, Text))
        for place, (one, text) in enumerate(boxes):
            for other, beside in takewhile(lambda each: each[0][0] < one[2], boxes[place + 1 :]):
                assert not overlap(one, other), (text, beside)
        cards = [shape for shape in drawn.shapes if isinstance(shape, Rectangle) and shape.look == "card"]
        for box, text in boxes:
            assert 0 <= min(box) and box[2] <= drawn.width and box[3] <= drawn.height, text
            for card in cards:
                if overlap(box, (card.x, card.y, card.x + card.width, card.y + card.height)):
                    assert card.x <= box[0] and box[2] <= card.x + card.width, text


def ordinary(sizes):
    """A network whose numbers are between -1 and 1, as usual."""
    draw = random.Random(1)
    layers = [
        {
            "activation": "tanh",
            "weights": [[draw.uniform(-1, 1) for _ in range(before)] for _ in range(count)],
            "bias": [draw.uniform(-1, 1) for _ in range(count)],
        }
        for before, count in zip(sizes, sizes[1:])
    ]
    inputs, targets = ([draw.uniform(-1, 1) for _ in range(count)] for count in (sizes[0], sizes[-1]))
    return load({"layer": layers, "sample": [{"inputs": inputs, "targets": targets}]})


@pytest.mark.parametrize("sizes", [[3, 3, 3, 3], [2, 2, 2], [3, 4, 1]], ids=str)
def test_digits_can_be_read_at_400_pixels(sizes):
    """Letters of 13 units are at least 9 pixels high there."""
    drawn = drawing.shapes(picture_of(ordinary(sizes), ("values",)))
    assert 9 <= drawing.SIZE * 400 / drawn.width


def test_a_line_ends_at_its_own_number():
    network = drawn_network([3, 3, 3, 3])
    _, lines = lines_of(network)
    texts = {
        shape.text: shape for shape in drawing.shapes(picture_of(network)).shapes if isinstance(shape, Text)
    }
    for weight in network.weights:
        (text,) = [each for words, each in texts.items() if words.startswith(f"{weight.name} ")]
        assert lines[weight.name].y2 == text.y and lines[weight.name].x2 < text.x


def lines_of(network):
    drawn = drawing.shapes(picture_of(network))
    found = {}
    for shape in drawn.shapes:
        if isinstance(shape, Line):
            found.setdefault(shape.title.split(" = ")[0], shape)
    return drawing.svg(picture_of(network)), found


def test_sign_and_size_of_a_weight_are_seen_without_colour():
    network = load("worked-example")
    network["w1"].value, network["w2"].value, network["w3"].value = -0.55, -0.05, 0
    svg, lines = lines_of(network)
    assert lines["w8"].width == lines["w1"].width == drawing.THICKEST
    assert lines["w7"].width > lines["w5"].width > lines["w2"].width > lines["w3"].width
    dashed = {
        each[0].text.split(" = ")[0]: each.get("stroke-dasharray")
        for each in ElementTree.fromstring(svg).iter(f"{SVG}line")
    }
    assert dashed["w1"] == dashed["w2"] == drawing.DASHES["negative"] and dashed["w5"] is None
    assert dashed["w3"] == drawing.DASHES["none"]
    assert {"positive", "negative", "neither"} <= set(dashed)
    plain = in_characters(picture_of(network))
    assert "i1 ~~~~~~ w1 -0.55" in plain and "i2 ~      w2 -0.05" in plain and "i1 .      w3 0 " in plain


def test_a_number_is_short_and_its_title_has_every_digit():
    network = drawn_network([1, 1])
    network["w1"].value = -1234567.0625
    root = ElementTree.fromstring(drawing.svg(picture_of(network)))
    (label,) = [each for each in root.iter(f"{SVG}text") if each.text == "w1 -1.235e+06"]
    assert label[0].text.startswith("w1 = -1234567.0625, gradient ")
    net = f"net_o1 = {network['o1'].net}"
    assert any(each[0].text == net for each in root.iter(f"{SVG}text") if len(each))


def test_hostile_names_stay_text():
    network = load("worked-example")
    network.title = network["w1"].name = network["h1"].name = network["i1"].name = HOSTILE
    root = ElementTree.fromstring(drawing.svg(picture_of(network)))
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        *("svg", "title", "style", "rect", "line", "text")
    }
    assert all("\x00" not in each.text and "\u202e" not in each.text for each in root.iter(f"{SVG}text"))
    assert any(each.text.startswith("</text><script>") for each in root.iter(f"{SVG}text"))
    assert HOSTILE[:10] in in_characters(picture_of(network))


def said(network, **settings):
    found = picture(network, settings.pop("show", EVERYTHING), **settings)
    shown = [shape.text for shape in drawing.shapes(found).shapes if isinstance(shape, Text)]
    assert all(word in " ".join(shown) for sentence in found.sentences for word in sentence.split())
    assert all(sentence in in_characters(found) for sentence in found.sentences)
    return found.sentences


def test_what_is_not_there_yet_is_said():
    network = load("worked-example")
    before = "before a forward pass: weights and biases alone"
    assert said(network, show=("values",)) == (before,)
    assert said(network) == (before, "before a backward pass: no gradients or deltas yet")
    network.feed_forward([0.05, 0.1])
    assert said(network, show=("values",)) == ()
    assert said(network, show=("deltas",)) == ("before a backward pass: no deltas yet",)
    after_a_pass(network)
    assert said(network, said="sample 1 of 1") == ("sample 1 of 1",)
    old = "the values are those of the pass before the last change of the weights"
    network.fit(3)
    assert said(network) == ("after 3 updates", old)
    after_a_pass(network)
    assert said(network) == ("after 3 updates",)
    network["w8"].value = 7.0
    assert said(network) == ("after 3 updates", old)


def test_a_large_network_is_folded_and_says_so():
    wide = picture_of(load("moons-relu"))
    assert wide.sentences == ("folded: 5075 weights, 19 of 153 inputs and neurons drawn",)
    assert [len(column.cards) for column in wide.columns] == [2, *[FIRST + LAST + 1] * 4, 1]
    assert [card.name for card in wide.columns[2].cards] == ["h2_1", "h2_2", "h2_3", "46 more", "h2_50"]
    assert {edge.target for edge in wide.edges if edge.column == 1} == {0, 1, 2, 4}
    deep = picture_of(drawn_network([2] * 16))
    assert [column.heading[0] for column in deep.columns][2:5] == [
        "hidden layer 2",
        "10 more",
        "hidden layer 13",
    ]
    assert len(picture_of(drawn_network([14, 13])).edges) == 4 * 4
    assert len(picture_of(drawn_network([12, 12])).edges) == 144
    assert drawing.LEFT_OUT.split()[-1] in drawing.svg(picture_of(drawn_network([12, 12])))


def test_every_type_of_number_is_drawn():
    for number in (Decimal, complex):
        network, targets = after_a_pass(NeuralNetwork.from_dict("worked-example", number))
        assert "w5 0.4" in drawing.svg(picture(network, EVERYTHING, targets))
    network["w5"].value = float("nan")
    assert "w5 nan" in drawing.svg(picture(network))


def test_a_sheet_is_no_network(capsys):
    assert main(["draw", "lstm-step"]) == 2
    assert "a sheet with its own model, which has no neurons to draw" in capsys.readouterr().err


def test_an_unknown_thing_to_show_is_refused(capsys):
    assert main(["draw", "xor", "--show", "values,slopes"]) == 2
    assert "found 'slopes'; allowed are values, gradients, deltas" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, part",
    [
        (["--sample", "5"], "the network has 4 samples"),
        (["--format", "png"], "png is for files"),
        (["-o", "net.pdf"], ".svg (svg)"),
        (["--at", "-1"], "a whole number"),
    ],
)
def test_what_cannot_be_drawn_is_refused(capsys, options, part):
    assert main(["draw", "xor", *options]) == 2
    assert part in capsys.readouterr().err


def test_the_command_draws_the_pass_after_some_updates(capsys, tmp_path):
    network = load("worked-example")
    network.fit(3)
    network, targets = after_a_pass(network)
    found = picture(network, ("values", "gradients"), targets)
    options = ["draw", "worked-example", "--at", "3", "--show", "values, gradients"]
    assert main(options) == 0
    assert capsys.readouterr().out == in_characters(found) + "\n"
    assert main([*options, "-o", str(tmp_path / "net.svg")]) == 0
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == drawing.svg(found) + "\n"
    assert main(["draw", "xor", "--show", "nothing"]) == 0
    assert "sample 1 of 4" in (out := capsys.readouterr().out) and "net" not in out


def test_the_picture_in_the_walkthrough_is_the_one_that_is_drawn(tmp_path):
    assert main(["draw", "worked-example", "-o", str(tmp_path / "net.svg")]) == 0
    kept = ROOT / "docs" / "worked_example.svg"
    assert kept.read_text(encoding="utf-8") == (tmp_path / "net.svg").read_text(encoding="utf-8")


def test_png_is_painted_from_the_same_shapes(tmp_path):
    pytest.importorskip("matplotlib")
    drawn = drawing.shapes(picture_of(load("worked-example")))
    (axes,) = figures.drawing(drawn).axes
    texts = [shape.text for shape in drawn.shapes if isinstance(shape, Text)]
    assert [each.get_text() for each in axes.texts] == texts
    assert main(["draw", "worked-example", "-o", str(tmp_path / "net.png")]) == 0
    assert (tmp_path / "net.png").read_bytes().startswith(b"\x89PNG")
