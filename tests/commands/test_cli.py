"""`python -m neuronnet`: what it prints, and that nothing that a user types ends in a traceback."""

import io
import json
import os
import resource
import shlex
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import by_day, examples, is_thorough

import neuronnet
from neuronnet import Derivation, cli
from neuronnet.cli import main
from neuronnet.commands import sheet_names
from neuronnet.description.reading import EXAMPLES, example_names, find, read

ROOT = Path(__file__).parent.parent.parent
WORKED = json.loads(
    (Path(__file__).parent.parent / "data" / "worked_example.json").read_text(encoding="utf-8")
)["values"]

TOML = """
learning_rate = 0.5
[[layer]]
activation = "tanh"
weights = [[0.1, 0.2]]
bias = 0.5
[[sample]]
inputs = [1, 2]
targets = [0.9]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with one network file in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.toml").write_text(TOML, encoding="utf-8")
    return tmp_path


@pytest.fixture
def said(capsys):
    """Runs a command line that must succeed in silence on stderr; gives what it printed."""

    def run(*arguments):
        assert main(list(arguments)) == (1 if arguments == ("check", "published-derivation") else 0)
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return run


@pytest.fixture
def refused(capsys):
    """Runs a command line that must be refused within ten seconds; gives the one line it says."""

    def run(*arguments):
        start = time.process_time()
        assert main(list(arguments)) == 2
        assert time.process_time() - start < 10
        captured = capsys.readouterr()
        assert captured.out == ""
        assert (
            captured.err.startswith("neuronnet: ")
            and captured.err.count("\n") == 1
            and len(captured.err) < 600
        )
        return captured.err

    return run


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# What is printed


def test_without_a_command_the_worked_example_has_nine_decimals_and_ends_with_the_errors_after_training(said):
    lines = [line.strip() for line in said().splitlines()]
    for name in (
        "net_h1",
        "out_h1",
        "net_o1",
        "out_o1",
        "out_o2",
        "E_o1",
        "E_total",
        "delta_o1",
        "dE_total/dw5",
        "dE_o1/dout_h1",
        "dE_total/dout_h1",
        "delta_h1",
        "dE_total/dw1",
        "w5@1",
        "w1@1",
    ):
        line = next(line for line in lines if line.startswith(f"{name} = "))
        assert line.endswith(f" = {Decimal(WORKED[name]):.9f}")
    errors = [Decimal(WORKED[f"E_total@{updates}"]) for updates in (1, 10_000, 20_000)]
    assert lines[-3:] == [
        f"E_total@1 = {errors[0]:.9f}",
        f"E_total@10000 = {errors[1]:.9f}   ({errors[1]:.9e})".replace("e-5", "e-05"),
        f"E_total@20000 = {errors[2]:.9f}   ({errors[2]:.9e})".replace("e-6", "e-06"),
    ]


def test_json_has_exactly_the_rows_of_the_derivation(said):
    document = json.loads(said("derive", "worked-example", "--format", "json"))
    derivation = Derivation("worked-example")
    assert list(document) == ["network", "quantities"]
    assert document["quantities"] == [
        {"name": each.name, "formula": each.formula, "value": each.value} for each in derivation.quantities
    ]
    assert all(list(row) == ["name", "formula", "value"] for row in document["quantities"])


def test_the_network_in_the_json_is_the_network(said):
    network = json.loads(said("derive", "worked-example", "--format", "json"))["network"]
    described = read("worked-example").to_dict()
    assert network == {key: value for key, value in described.items() if key not in ("published", "errata")}
    assert read(network).to_dict() == network


def test_one_quantity_comes_with_its_factors(said):
    text = said("derive", "worked-example", "--only", "∂E/∂w5")
    assert text.splitlines()[0] == "dE_total/dw5 = dE_total/dout_o1 * dout_o1/dnet_o1 * dnet_o1/dw5"
    assert [line.split(" = ")[0].strip() for line in text.splitlines()[4:]] == [
        "dE_total/dout_o1",
        "dout_o1/dnet_o1",
        "dnet_o1/dw5",
    ]
    rows = json.loads(said("derive", "worked-example", "--only", "dE_total/dw5", "--format", "json"))[
        "quantities"
    ]
    assert [row["name"] for row in rows] == [
        "dE_total/dw5",
        "dE_total/dout_o1",
        "dout_o1/dnet_o1",
        "dnet_o1/dw5",
    ]


@pytest.mark.parametrize(
    "updates, last", [("0", "dE_total/db1"), ("1", "E_total@1"), ("2", "E_total@2"), ("0003", "E_total@3")]
)
def test_the_state_after_some_updates_comes_last(said, updates, last):
    rows = json.loads(said("derive", "worked-example", "--updates", updates, "--format", "json"))[
        "quantities"
    ]
    assert rows[-1]["name"] == last


def test_any_pass_is_derived_whole_or_in_one_number(said):
    whole = said("derive", "worked-example", "--at", "3").splitlines()
    one = said("derive", "worked-example", "--at", "3", "--only", "dE_total/dw5").splitlines()
    formula = "dE_total/dw5@3 = dE_total/dout_o1@3 * dout_o1/dnet_o1@3 * dnet_o1/dw5@3"
    value = f"{Derivation('worked-example')['dE_total/dw5@3'].value:.9f}"
    assert one[0] == formula and one[2].split() == ["=", value]
    assert [line for line in whole if line.startswith(f"  {formula} = ") and line.endswith(f" = {value}")]
    assert one == said("derive", "worked-example", "--only", "dE_total/dw5@3").splitlines()
    assert any(line.startswith("  w1@3 = 0.149437455 ") for line in whole)
    rows = json.loads(said("derive", "worked-example", "--at", "3", "--format", "json"))["quantities"]
    assert [each["name"] for each in rows][:2] == ["net_h1@3", "out_h1@3"]


@pytest.mark.parametrize("only", ["E_total@7", "E_total@007", "w5@7", "w5@1", "net_h1@3"])
def test_any_number_of_updates_may_be_asked_for(said, only):
    name, _, count = only.partition("@")
    assert said("derive", "worked-example", "--only", only).startswith(f"{name}@{int(count)} = ")


def test_the_examples_are_listed_and_shown(said):
    networks, sheets = said("examples").split("\n\nSheets that bring their own model")
    assert [line.split()[0] for line in networks.splitlines()] == example_names()
    right = [line.split()[0] for line in sheets.splitlines()[1:]]
    assert right == [name for name in sheet_names() if not name.endswith("-mistake")]
    listed = json.loads(said("examples", "--format", "json"))
    assert [each["name"] for each in listed] == [*example_names(), *sheet_names()]
    assert [each["kind"] for each in listed] == ["network"] * len(example_names()) + ["sheet"] * 26
    assert all(list(each) == ["name", "kind", "title", "source"] for each in listed)


def test_an_example_sheet_is_shown_as_it_stands(said):
    shown = said("examples", "lstm-step")
    assert shown == (EXAMPLES / "sheets" / "lstm-step.txt").read_text(encoding="utf-8")
    assert json.loads(said("examples", "lstm-step", "--format", "json"))["sheet"] == shown


def test_an_example_begins_with_how_many_published_numbers_are_right(said):
    assert said("examples", "worked-example").splitlines()[1] == (
        "39 published numbers: 30 right, 1 rounding, 8 wrong"
    )
    assert said("examples", "xor").splitlines()[1].startswith("the classic exclusive-or")


@pytest.mark.slow
@pytest.mark.parametrize("name", by_day(example_names(), 3))
def test_every_example_is_shown_and_derived_in_both_formats(said, name):
    assert read(name).title in said("examples", name)
    assert json.loads(said("examples", name, "--format", "json")) == read(name).to_dict()
    one = ("--sample", "1") if len(read(name).samples) > 25 else ()  # all samples take seconds
    if name in ("moons-relu", "moons-tanh", "sine-classes") and not is_thorough():
        one += ("--only", "E_total")  # so do all rows of one
    assert said("derive", name, *one).startswith(("E_total", read(name).title)["--only" not in one])
    assert json.loads(said("derive", name, *one, "--format", "json"))["quantities"]


def test_a_network_too_large_to_derive_whole_says_how_to(refused):
    assert "--sample 1" in refused("derive", "moons-relu")


def test_one_sample_of_several_is_derived_alone(said):
    alone = json.loads(said("derive", "xor", "--sample", "2", "--format", "json"))
    assert alone["network"]["sample"] == read("xor").to_dict()["sample"][1:2]
    assert alone["quantities"][0]["name"] == "net_h1"


@pytest.mark.parametrize("number", ["0", "5"])
def test_a_sample_that_is_not_there_is_refused(refused, number):
    assert "4 samples" in refused("derive", "xor", "--sample", number)


def test_a_result_goes_to_a_file_whole(said, folder):
    printed = said("derive", "net.toml")
    (folder / "out.txt").write_text("x" * 100_000)
    assert said("derive", "net.toml", "-o", "out.txt") == ""
    assert (folder / "out.txt").read_text(encoding="utf-8") == printed
    assert sorted(os.listdir(folder)) == ["net.toml", "out.txt"]


@pytest.mark.parametrize(
    "command, suffix, start",
    [
        (["derive", "net.toml"], "json", "{"),
        (["derive", "net.toml"], "TXT", "untitled"),
        (["mistakes", "net.toml"], "md", "# untitled"),
        (["mistakes", "net.toml"], "json", "["),
        (["check", "sheet.txt"], "md", "1 line judged"),
        (["check", "sheet.txt"], "json", "{"),
        (["train", "net.toml", "--updates", "1"], "json", "{"),
        (["examples"], "json", "["),
    ],
)
def test_the_suffix_of_the_file_says_the_format(folder, command, suffix, start):
    (folder / "sheet.txt").write_text("network: net.toml\nw1 = 0.1\n", encoding="utf-8")
    assert main([*command, "-o", f"out.{suffix}"]) in (0, 1)
    assert (folder / f"out.{suffix}").read_text(encoding="utf-8").startswith(start)


def test_a_format_that_is_given_counts_more_than_the_suffix(said, folder):
    assert said("derive", "net.toml", "--format", "json", "-o", "out.xyz") == ""
    assert json.loads((folder / "out.xyz").read_text(encoding="utf-8"))


# Help


def parsers(parser, words=()):
    """(command words, parser) of the whole command line, the live one."""
    yield words, parser
    for action in parser._actions:
        if hasattr(action, "_name_parser_map"):
            for name, inner in action.choices.items():
                yield from parsers(inner, (*words, name))


COMMANDS = list(parsers(cli._parser()))


def test_the_walk_finds_the_commands():
    assert {words for words, _ in COMMANDS} >= {(), ("derive",), ("examples",)}


@pytest.mark.slow
@pytest.mark.parametrize(
    "words, parser", COMMANDS, ids=[" ".join(words) or "neuronnet" for words, _ in COMMANDS]
)
def test_every_help_has_an_example_that_runs(said, words, parser, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())  # step reads commands
    monkeypatch.chdir(tmp_path)
    if words == ("compare",):  # the one that needs files
        for name in ("golden.json", "actual.json"):
            (tmp_path / name).write_text(said("golden", "worked-example"))
    shown = said(*words, "--help")
    assert parser.epilog.startswith("example: python -m neuronnet")
    example = shlex.split(parser.epilog.removeprefix("example: python -m neuronnet"))
    assert " ".join(shown.split()).endswith(" ".join(parser.epilog.split()))
    assert example[: len(words)] == list(words)
    if words == ("check",):  # takes seconds, and the walkthrough shows what it prints
        assert example == ["check", "published-derivation"]
    else:
        assert said(*example)


@pytest.mark.parametrize(
    "words, parser", COMMANDS, ids=[" ".join(words) or "neuronnet" for words, _ in COMMANDS]
)
def test_every_option_has_a_help_text(words, parser):
    assert [
        action.dest
        for action in parser._actions
        if not action.help and not hasattr(action, "_name_parser_map")
    ] == []


# Refused arguments: the command line, and what the line on stderr must say

REFUSED = [
    (["bogus"], ["'bogus'", "derive", "--help"]),
    (["derive"], ["NETWORK", "neuronnet derive --help"]),
    ([""], ["''"]),
    (["derive", "net.toml", "--bogus"], ["--bogus"]),
    (["derive", "net.toml", "a\nb"], [r"a\nb"]),
    (["derive", "net.toml", "--format", "yaml"], ["--format", "'yaml'", "text", "json"]),
    (["derive", "net.toml", "--updates"], ["--updates"]),
    *[
        (
            ["derive", "net.toml", f"--updates={count}"],
            ["--updates", "whole number from 0 to 999999999", repr(count)],
        )
        for count in (
            "-1",
            "1000000000",
            "9" * 30,
            "1.5",
            "1e3",
            "ten",
            "",
            "٣",
            "²",
            "0x10",
            " 1",
            "inf",
            "nan",
            "+1",
        )
    ],
    (["derive", "net.toml", "--only", "w9"], ["'w9'", "known are net_o1, out_o1"]),
    (["derive", "net.toml", "--at", "2", "--updates", "3"], ["--at", "--updates", "give one"]),
    (["derive", "net.toml", "--at", "2", "--only", "w1@3"], ["'w1@3'", "3 updates", "give 'w1'"]),
    (["derive", "lstm-step", "--at", "2"], ["--at", "a sheet has the updates"]),
    (["derive", "net.toml", "--only", "net_h1"], ["'net_h1'", "did you mean net_o1"]),
    *[
        (["derive", "net.toml", "--only", name], ["unknown name", repr(name)])
        for name in (
            "",
            " ",
            "bogus",
            "dE_total/dbogus",
            "dbogus/dw1",
            "d/d",
            "w1@",
            "w1@x",
            "w1@0",
            "E_total@0",
            "net_o1[1]",
            "net_o1[2]",
            "a\nb",
            "\0",
            "w1 + w2",
            "dE_total",
            "/",
            "x" * 50,
            "∂",
            "E++",
        )
    ],
    (["derive", "missing.toml"], ["neuronnet: 'missing.toml': no such file"]),
    (["derive", ""], ["''", "found a folder"]),
    (["derive", "."], ["'.'", "found a folder"]),
    (["derive", "/dev/zero"], ["'/dev/zero'", "not a regular file"]),
    (["derive", "a\0b"], [r"'a\x00b'", "neither"]),
    (["derive", "worked-exampel"], ["did you mean worked-example?"]),
    (["derive", "x" * 100_000], ["'xxx", "neither"]),
    (["derive", '{"layer": []}'], ["neither a file"]),
    (["derive", "net.toml", "-o", "."], ["cannot write '.'", "Is a directory"]),
    (["derive", "net.toml", "-o", ""], ["cannot write ''", "Is a directory"]),
    (["derive", "net.toml", "-o", "missing/out"], ["cannot write 'missing/out'", "No such file"]),
    (["derive", "net.toml", "-o", "net.toml/out"], ["cannot write 'net.toml/out'", "Not a directory"]),
    (["derive", "net.toml", "-o", "a\0b"], ["cannot write", "null byte"]),
    (["derive", "net.toml", "-o", "/proc/out"], ["cannot write '/proc/out'"]),
    (["derive", "net.toml", "-o", "net.toml", "--format", "text"], ["'net.toml'", "overwrite the input"]),
    (
        ["derive", "net.toml", "-o", "out.xyz"],
        ["-o out.xyz", "known are .txt (text), .json (json)", "--format"],
    ),
    (["derive", "net.toml", "-o", "out.pdf"], ["the suffix .pdf", "known are .txt (text), .json (json)"]),
    (["mistakes", "net.toml", "-o", "out.xyz"], ["known are .txt (text), .md (markdown), .json (json)"]),
    (["derive", "net.toml", "-o", "./net.toml", "--format", "json"], ["overwrite the input"]),
    (["examples", "net.toml", "-o", "net.toml", "--format", "json"], ["overwrite the input"]),
    (["examples", "bogus"], ["'bogus' is neither a file nor an example"]),
    (["examples", ""], ["''"]),
    (["examples", "."], ["found a folder"]),
]


@pytest.mark.parametrize(
    "arguments, parts", REFUSED, ids=[" ".join(arguments)[:40] for arguments, _ in REFUSED]
)
def test_unusable_arguments_are_refused_in_one_line_and_nothing_is_changed(refused, folder, arguments, parts):
    before = contents(folder)
    line = refused(*arguments)
    for part in parts:
        assert part in line, line
    assert contents(folder) == before


def test_an_example_is_not_overwritten_under_another_name(refused, folder):
    # Through a link, so that a failure of this test cannot damage the example itself.
    os.symlink(EXAMPLES / "xor.toml", "mine.toml")
    before = find("xor").read_bytes()
    assert "overwrite the input" in refused("derive", "xor", "-o", "mine.toml", "--format", "text")
    assert find("xor").read_bytes() == before


NETWORKS = [
    ("empty.toml", "", "empty.toml: layer: found none"),
    ("bad.toml", "x = ", "bad.toml: found a TOML syntax error"),
    (
        "bad.json",
        "{",
        (
            "bad.json: found a JSON syntax error: Expecting property name enclosed in double quotes: line 1 "
            "column 2"
        ),
    ),
    ("nan.toml", TOML.replace("0.1", "nan"), "nan.toml: layer 1, weights, row 1, number 1: found 'nan'"),
    ("word.toml", TOML.replace("0.1", '"0.1"'), "row 1, number 1: found '0.1'; a number is needed"),
    ("none.toml", TOML.partition("[[sample]]")[0], "at least one [[sample]]"),
    ("rename.toml", TOML + "[names]\nw1 = 'w2'", "rename.toml: names: found 'w2' for w1 and w2"),
    (
        "log.toml",
        'loss = "binary cross-entropy"' + TOML.replace("0.5\n[[sample", "-5\n[[sample"),
        "a logarithm is taken of positive numbers",
    ),
    (
        "flat.toml",
        'loss = "binary cross-entropy"'
        + TOML.replace("tanh", "relu").replace("0.5\n[[sample", "-5\n[[sample"),
        "division by zero",
    ),
]


@pytest.mark.parametrize("name, text, line", NETWORKS, ids=[name for name, _, _ in NETWORKS])
def test_an_unusable_network_is_refused_in_one_line_that_names_the_place(refused, folder, name, text, line):
    (folder / name).write_text(text, encoding="utf-8")
    assert line in refused("derive", name)
    assert line in refused("derive", str(folder / name), "--format", "json")
    assert (folder / name).read_text(encoding="utf-8") == text


def test_updates_without_a_learning_rate_are_refused_rather_than_left_out(refused, said, folder):
    (folder / "still.toml").write_text(TOML.replace("learning_rate = 0.5", ""), encoding="utf-8")
    assert "5 updates" in refused("derive", "still.toml", "--updates", "5")
    assert "E_total = " in said("derive", "still.toml")


def test_an_infinite_value_is_shown_as_text_and_refused_as_json(refused, said, folder):
    (folder / "big.toml").write_text(
        TOML.replace("tanh", "identity").replace("[1, 2]", "[1e308, 2]").replace("0.1", "20"),
        encoding="utf-8",
    )
    assert "inf" in said("derive", "big.toml")
    assert "net_o1 is inf, which JSON cannot hold" in refused("derive", "big.toml", "--format", "json")


SATURATED = """
learning_rate = 0.5
[[layer]]
activation = "tanh"
weights = [[20]]
[[layer]]
activation = "logistic"
weights = [[NET]]
[[sample]]
inputs = [1]
targets = [1]
"""


def test_json_never_gives_a_0_that_is_none(said, folder):
    """Where out is 1 - 4e-18, out - target is 0.0 in floats; with half a squared error all gradients are."""
    (folder / "net.toml").write_text(SATURATED.replace("NET", "40"), encoding="utf-8")
    assert Derivation("net.toml")["dE_total/dout_o1"].value == 0.0
    rows = json.loads(said("derive", "net.toml", "--format", "json"))["quantities"]
    values = {row["name"]: row["value"] for row in rows}
    assert all(values.values())
    assert values["dout_o1/dnet_o1"] == pytest.approx(4.248354255291589e-18, rel=1e-15)
    assert values["dE_total/dout_o1"] == pytest.approx(-4.248354255291589e-18, rel=1e-15)
    assert values["E_total"] == pytest.approx(9.024256939e-36, rel=1e-9)
    assert "dE_total/dout_o1 = out_o1 - target_o1 = 1.000000000 - 1 = -4.248354255e-18" in said(
        "derive", "net.toml"
    )


def test_what_is_too_small_for_a_float_is_shown_as_text_and_refused_as_json(refused, said, folder):
    (folder / "net.toml").write_text(SATURATED.replace("NET", "400"), encoding="utf-8")
    assert "E_total = E_o1 = 1.833937292e-348" in said("derive", "net.toml")
    assert "E_o1 is 1.834e-348, too small" in refused("derive", "net.toml", "--format", "json")


def test_a_0_that_is_one_stays(said):
    rows = json.loads(said("derive", "worked-example", "--only", "dE_o2/dw5", "--format", "json"))
    assert rows["quantities"][0]["value"] == 0.0


def test_the_version_is_that_of_the_package(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"neuronnet {neuronnet.__version__}\n"


def test_a_title_with_half_a_character_is_printed(said, folder):
    (folder / "title.json").write_text(
        json.dumps({"title": "\ud800"} | read(TOML).to_dict() | {"title": "\ud800"}), encoding="utf-8"
    )
    assert said("derive", "title.json").startswith("\\ud800\n")
    assert said("derive", "title.json", "-o", "out.txt") == ""


ARGUMENTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "derive",
                "examples",
                "xor",
                "net.toml",
                "--only",
                "--updates",
                "--format",
                "json",
                "text",
                "-o",
                "--help",
                "-h",
                "--",
                "0",
                "1",
                "2",
                "E_total",
                "dE_total/dw1",
                "w1@2",
                "--up=1",
            ]
        ),
        st.text(max_size=8),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@examples(80)
@given(ARGUMENTS)
def test_main_returns_a_status_whatever_the_arguments(arguments):
    # Where a file would be written, its name leads nowhere.
    arguments = [
        "missing/out" if before == "-o" else argument for before, argument in zip([""] + arguments, arguments)
    ]
    arguments = [argument for argument in arguments if not argument.startswith("-o") or argument == "-o"]
    arguments = ["examples" if argument == "-" else argument for argument in arguments]
    assert main(arguments) in (0, 2)


def test_a_published_formula_that_divides_by_zero_is_refused(refused, folder):
    (folder / "zero.toml").write_text(
        TOML + "[[published]]\nquantity='1/0'\nprinted='1'\nverdict='right'\n", encoding="utf-8"
    )
    assert "division by zero" in refused("examples", "zero.toml")


def test_a_superscript_is_no_count_of_updates(refused):
    assert "unknown name" in refused("derive", "worked-example", "--only", "E_total@²")


def test_a_count_of_updates_has_a_bound():
    assert "E_total@99999999999" not in Derivation("worked-example")


@pytest.mark.slow
def test_a_derivative_through_many_layers_is_computed(said, folder):
    layer = '[[layer]]\nactivation = "tanh"\nweights = [[0.9]]\n'
    (folder / "deep.toml").write_text(
        layer * 400 + "[[sample]]\ninputs = [1]\ntargets = [0]\n", encoding="utf-8"
    )
    assert said("derive", "deep.toml", "--only", "dout_o1/dw1")


# In a process of its own

CODE = "import sys; sys.path.insert(0, {!r}); from neuronnet.cli import main; sys.exit(main())"


def started(*arguments, isolated=True, **options):
    """A run without any third-party package by default, within twenty seconds of computing and 400 MB."""
    program = ["-I", "-S", "-c", CODE.format(str(ROOT))] if isolated else ["-m", "neuronnet"]
    options = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "timeout": 60,
        **options,
    }

    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    return subprocess.run([sys.executable, *program, *arguments], preexec_fn=limited, **options)


def test_the_reference_runs_without_any_third_party_package():
    finished = started("derive", "worked-example", "--only", "E_total")
    assert (finished.returncode, finished.stderr) == (0, b"")
    assert finished.stdout.splitlines()[2].endswith(b" = 0.298371109")


def test_python_m_neuronnet_is_the_same_command():
    finished = started(isolated=False, cwd=ROOT)
    assert (finished.returncode, finished.stderr) == (0, b"")
    assert finished.stdout.startswith(b"A step by step backpropagation example\n")
    finished = started("bogus", isolated=False, cwd=ROOT)
    assert finished.returncode == 2 and finished.stdout == b""
    assert finished.stderr.startswith(b"neuronnet: ") and finished.stderr.count(b"\n") == 1


def test_a_dash_reads_standard_input_and_does_not_overwrite_it(folder):
    expected = started("derive", "net.toml").stdout
    finished = started("derive", "-", stdin=None, input=TOML.encode())
    assert (finished.returncode, finished.stdout) == (0, expected)
    with open("net.toml", "rb") as file:
        finished = started("derive", "-", "-o", "net.toml", "--format", "text", stdin=file)
    assert finished.returncode == 2 and b"overwrite the input" in finished.stderr
    assert (folder / "net.toml").read_text(encoding="utf-8") == TOML


@pytest.mark.parametrize("arguments", [["derive", "-"], ["examples", "-"]])
def test_an_endless_standard_input_is_refused(arguments):
    with open("/dev/zero", "rb") as zeros:
        finished = started(*arguments, stdin=zeros)
    assert finished.returncode == 2 and finished.stdout == b""
    assert finished.stderr.startswith(b"neuronnet: standard input: found more than 20000000 bytes")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["derive", "xor"], ["derive", "xor", "--format", "json"], ["--help"], []]
)
def test_a_reader_that_stops_early_ends_the_program_quietly(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        finished = started(*arguments, stdout=writer)
    finally:
        os.close(writer)
    assert (finished.returncode, finished.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [["derive", "xor"], ["--help"]])
def test_a_full_disk_is_said(arguments):
    with open("/dev/full", "wb") as full:
        finished = started(*arguments, stdout=full)
    assert (finished.returncode, finished.stderr) == (
        2,
        b"neuronnet: standard output: No space left on device\n",
    )


def test_closed_standard_streams_are_errors_not_tracebacks():
    command = f"exec {shlex.quote(sys.executable)} -I -S -c {shlex.quote(CODE.format(str(ROOT)))} derive"
    for arguments, line in (
        ("xor >&-", b"standard output is closed"),
        ("- <&-", b"standard input is closed"),
    ):
        finished = subprocess.run(["sh", "-c", f"{command} {arguments}"], capture_output=True, timeout=60)
        assert finished.returncode == 2 and line in finished.stderr and finished.stderr.count(b"\n") == 1


def test_a_pipe_as_network_is_refused_and_not_waited_for(folder):
    os.mkfifo("pipe")
    finished = started("derive", "pipe")
    assert (
        finished.returncode == 2 and b"'pipe': found something that is not a regular file" in finished.stderr
    )


def test_a_gigantic_file_is_refused_in_modest_memory(folder):
    (folder / "huge.toml").write_text("l2 = 1")
    os.truncate("huge.toml", 800_000_000)
    finished = started("derive", "huge.toml")
    assert finished.returncode == 2 and b"huge.toml: found more than 20000000 bytes" in finished.stderr


def test_a_file_name_that_is_not_utf8_is_shown_escaped(folder):
    finished = started("derive", b"\xff\n.toml")
    assert finished.returncode == 2 and finished.stderr.startswith(
        b"neuronnet: '\\udcff\\n.toml': no such file"
    )
    (folder / os.fsdecode(b"\xff\n.toml")).write_text("x = ")
    finished = started("derive", b"\xff\n.toml")
    assert finished.returncode == 2 and finished.stderr.startswith(
        b"neuronnet: \\udcff\\n.toml: found a TOML syntax error"
    )


def test_a_terminal_that_knows_no_greek_is_written_to(folder):
    (folder / "greek.toml").write_text("title = '∂E/∂w'\n" + TOML, encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "neuronnet", "derive", "greek.toml"],
        capture_output=True,
        timeout=60,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)},
    )
    assert finished.returncode == 0 and finished.stdout.startswith(b"\\u2202E/\\u2202w\n")


@pytest.mark.slow
@pytest.mark.parametrize("network, delta", [("xor", "delta_h1[4]"), ("worked-example", "delta_h1")])
def test_the_table_of_mistakes_has_a_number_in_every_right_column(said, network, delta):
    """The deltas are those of a sample that the first update rests on; xor draws its fourth."""
    lines = said("mistakes", network).splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("mistake "))
    assert lines[start].split()[1] == delta
    assert len(lines[start].split()) - 1 == len(lines[start + 1].removeprefix("none (right)").split())
