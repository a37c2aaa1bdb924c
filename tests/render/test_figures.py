"""Figures: what is drawn and how it is labelled, files written whole or not at all, and the message where
matplotlib is not.
"""

import sys
from dataclasses import replace

import pytest

from gradcheck.cli import main as gradcheck
from gradcheck.twin import Twin
from neuronnet.cli import main as neuronnet
from neuronnet.description.reading import read
from neuronnet.errors import NeuronnetError
from neuronnet.render import figures

NAMES = ["figure.png", "figure.svg", "FIGURE.PNG"]
COMMANDS = [
    (neuronnet, ["train", "moons-tanh", "--updates", "2"]),
    (gradcheck, ["twin", "moons-tanh", "--updates", "2"]),
    (gradcheck, ["twin", "moons-tanh", "--updates", "2", "--twin-only"]),
    (gradcheck, ["stability", "worked-example", "--updates", "4", "--runs", "2"]),
]


@pytest.fixture(scope="module")
def matplotlib():
    return pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def trained(matplotlib):
    """(description, rows, twin) of a short training with held out samples."""
    description = read("moons-relu-small")
    twin = Twin(description)
    return description, twin.train(20, every=5), twin


def labels(axes):
    return axes.get_xlabel(), axes.get_ylabel()


def legend(axes):
    return (
        [each.get_text() for each in axes.get_legend().get_texts()] if axes.get_legend() is not None else []
    )


def line(axes, label):
    (found,) = [each for each in axes.get_lines() if each.get_label() == label]
    return list(found.get_xdata()), list(found.get_ydata())


def panels(figure):
    """The axes without those of colour bars."""
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


# What is drawn


def test_a_training_shows_error_accuracies_and_the_boundary(trained):
    description, rows, twin = trained
    figure = figures.training(description, rows, twin.forward)
    error, share, boundary = panels(figure)
    assert figure.get_suptitle().startswith(f"{description.title}\nE_total stays at 0.694 in 20 updates")
    assert (labels(error)[1], labels(share), labels(boundary)) == (
        "error, E_total",
        ("number of updates", "share classified right"),
        ("input i1", "input i2"),
    )
    assert line(error, "E_total") == ([0, 5, 10, 15, 20], [row["E_total"] for row in rows])
    assert line(share, "samples held out")[1] == [row["held_out_accuracy"] for row in rows]
    assert legend(share) == ["the samples trained on", "samples held out"]
    drawn = {
        each.get_label(): len(each.get_offsets())
        for each in boundary.collections
        if each.get_label().startswith("target")
    }
    assert sum(drawn.values()) == 1000 and set(drawn) == {
        "target 0",
        "target 1",
        "target 0, held out",
        "target 1, held out",
    }


def test_the_boundary_passes_where_both_classes_are_equally_likely(matplotlib):
    description = read(
        {
            "loss": "binary cross-entropy",
            "learning_rate": 1.0,
            "layer": [{"activation": "logistic", "weights": [[2.0, 0.0]], "bias": [-1.0]}],
            "sample": [{"inputs": [0, 0], "targets": [0]}, {"inputs": [1, 1], "targets": [1]}],
        }
    )
    twin = Twin(description)
    boundary = panels(figures.training(description, twin.train(0), twin.forward))[2]
    found = [
        path
        for each in boundary.collections
        if list(getattr(each, "levels", [])) == [0.5]
        for path in each.get_paths()
    ]
    assert found and all(x == pytest.approx(0.5) for path in found for x, _ in path.vertices)


def test_the_classes_differ_in_marker_and_in_colour(trained):
    description, rows, twin = trained
    boundary = panels(figures.training(description, rows, twin.forward))[2]
    one, other = (each for each in boundary.collections if each.get_label() in ("target 0", "target 1"))
    assert one.get_facecolor().tolist() != other.get_facecolor().tolist()
    assert len(one.get_paths()[0].vertices) != len(other.get_paths()[0].vertices)


def test_many_classes_are_all_drawn(matplotlib):
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    sample = [
        {"inputs": list(corner), "targets": [float(each == corner) for each in corners]} for corner in corners
    ]
    description = read(
        {
            "loss": "categorical cross-entropy",
            "learning_rate": 1.0,
            "sample": sample,
            "layer": [
                {
                    "neurons": 4,
                    "activation": "softmax",
                    "init": {"kind": "normal", "scale": 1.0},
                    "bias": "zero",
                }
            ],
        }
    )
    twin = Twin(description)
    figure = figures.training(description, twin.train(50), twin.forward)
    texts = [
        each.get_text()
        for part in figure.subfigs
        for each in (part.legends[0].get_texts() if part.legends else [])
    ]
    assert texts == [
        "decision boundary",
        "stronger: larger lead",
        "class o1",
        "class o2",
        "class o3",
        "class o4",
    ]
    assert len(panels(figure)) == len(figure.axes) == 3


@pytest.mark.parametrize(
    "name, axes",
    [
        ("worked-example", ["error, E_total"]),
        ("one-three-one", ["error, E_total", "share classified right"]),
    ],
)
def test_without_two_inputs_and_classes_there_is_no_boundary(matplotlib, name, axes):
    twin = Twin(read(name))
    figure = figures.training(read(name), twin.train(3, every=1), twin.forward)
    assert [each.get_ylabel() for each in figure.axes] == axes


@pytest.mark.parametrize(
    "values, scale",
    [
        ([1.0, 0.02], "linear"),
        ([1.0, 0.005], "log"),
        ([1.0, 0.0], "linear"),
        ([-1.0, 500.0], "linear"),
        ([1.0, float("inf")], "linear"),
        ([float("nan")], "linear"),
    ],
)
def test_the_error_is_logarithmic_above_two_decades(matplotlib, values, scale):
    rows = [{"update": update, "E_total": value, "accuracy": None} for update, value in enumerate(values)]
    assert figures.training(read("worked-example"), rows, None).axes[0].get_yscale() == scale


@pytest.mark.parametrize(
    "errors, accuracies, said",
    [
        ([0.5, 0.7, 0.25], [None] * 3, "E_total falls from 0.5 to 0.25 in 2 updates"),
        ([0.25, 0.5], [0.5, 0.75], "E_total rises from 0.25 to 0.5 in 1 update, and the accuracy goes"),
        ([0.25, 0.25], [None] * 2, "E_total stays at 0.25 in 1 update"),
        ([0.25, float("inf")], [0.5, 0.75], "the training diverges within 1 update"),
    ],
)
def test_the_title_says_what_was_learnt(errors, accuracies, said):
    rows = [
        {"update": update, "E_total": error, "accuracy": accuracy}
        for update, (error, accuracy) in enumerate(zip(errors, accuracies))
    ]
    assert figures.learnt(rows).startswith(said)


def test_a_title_is_taken_as_it_is_and_kept_short(matplotlib):
    description = replace(read("worked-example"), title="costs $5 and $\\frac$ \n\x00 " + "x " * 500)
    figure = figures.training(description, [{"update": 0, "E_total": 1.0}], None)
    assert figure.get_suptitle().startswith("costs $5 and $\\frac$") and len(figure.get_suptitle()) < 200
    figure.canvas.draw()


def test_outputs_that_are_no_numbers_leave_the_samples_alone(matplotlib):
    description = read("moons-tanh")
    nothing = [[float("nan")] * 2] * figures.POINTS**2
    figure = figures.training(
        description, [{"update": 0, "E_total": float("nan"), "accuracy": 0.5}], lambda points: nothing
    )
    figure.canvas.draw()
    assert {"class o1", "class o2"} <= {each.get_label() for each in panels(figure)[2].collections}


# Files


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_saved_in_the_format_of_its_name(matplotlib, tmp_path, name):
    figure = figures.training(read("worked-example"), [{"update": 0, "E_total": 1.0}], None)
    figures.save(figure, str(tmp_path / name))
    start = (tmp_path / name).read_bytes()[:100]
    assert start.startswith(b"<?xml") if name.endswith("svg") else start.startswith(b"\x89PNG")


@pytest.mark.slow
def test_what_is_drawn_anew_has_the_same_bytes(trained, tmp_path):
    description, rows, twin = trained
    for name in ("one.svg", "two.svg"):
        figures.save(figures.training(description, rows, twin.forward), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_the_readers_own_settings_are_neither_used_nor_changed(matplotlib):
    with matplotlib.rc_context({"lines.linewidth": 9.0}):
        figure = figures.training(read("worked-example"), [{"update": 0, "E_total": 1.0}], None)
        assert matplotlib.rcParams["lines.linewidth"] == 9.0
    assert figure.axes[0].get_lines()[0].get_linewidth() == 1.6


def test_no_state_of_pyplot_is_used():
    assert "matplotlib.pyplot" not in sys.modules


def test_a_drawing_that_fails_leaves_the_file_as_it_was(matplotlib, tmp_path):
    class Failing:
        def savefig(self, file, **_):
            file.write(b"half a figure")
            raise RuntimeError("no more")

    (tmp_path / "figure.png").write_bytes(b"old")
    with pytest.raises(RuntimeError):
        figures.save(Failing(), tmp_path / "figure.png")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("figure.png", b"old")]


def test_the_input_is_never_overwritten_by_a_figure(matplotlib, tmp_path):
    (tmp_path / "net.svg").write_text("input")
    figure = figures.training(read("worked-example"), [{"update": 0, "E_total": 1.0}], None)
    with pytest.raises(NeuronnetError, match="overwrite the input"):
        figures.save(figure, tmp_path / "net.svg", [tmp_path / "net.svg"])


@pytest.mark.parametrize("name", ["figure", "figure.pdf", "", ".png", "figure.png.gz"])
def test_other_formats_are_refused(name):
    with pytest.raises(NeuronnetError, match="a name that ends in .png or .svg is needed"):
        figures.require(name)


# Command lines


@pytest.mark.slow
@pytest.mark.parametrize(
    "main, arguments", COMMANDS, ids=lambda value: "-".join(value[:1]) if isinstance(value, list) else ""
)
def test_every_command_that_trains_can_draw(matplotlib, tmp_path, capsys, main, arguments):
    assert main([*arguments, "--plot", str(tmp_path / "figure.png")]) == 0
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out != ""


@pytest.mark.parametrize(
    "main, arguments", COMMANDS, ids=lambda value: "-".join(value[:1]) if isinstance(value, list) else ""
)
@pytest.mark.parametrize(
    "options, part",
    [
        (["--plot", "figure.pdf"], "ends in .png or .svg"),
        (["--plot", "a.svg", "-o", "./a.svg", "--format", "text"], "-o and --plot name the same file"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_before_the_training(
    tmp_path, monkeypatch, capsys, main, arguments, options, part
):
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and part in err and err.count("\n") == 1 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "main, arguments", COMMANDS, ids=lambda value: "-".join(value[:1]) if isinstance(value, list) else ""
)
def test_where_matplotlib_is_missing_the_extra_is_named(monkeypatch, tmp_path, capsys, main, arguments):
    for name in [each for each in sys.modules if each.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([*arguments, "--plot", str(tmp_path / "figure.png")]) == 2
    out, err = capsys.readouterr()
    assert (
        out == ""
        and "drawing needs matplotlib: python -m pip install matplotlib" in err
        and err.count("\n") == 1
    )
    assert list(tmp_path.iterdir()) == []
