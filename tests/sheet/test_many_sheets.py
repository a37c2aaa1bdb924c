"""Many sheets checked at once, one task for all of them, and a sheet shown as it was read."""

import csv
import io
import json

import pytest
from pasted import UNREADABLE, claims_in, snippets

from neuronnet import check_sheet
from neuronnet.cli import main
from neuronnet.sheet.many_sheets import NEEDED
from neuronnet.sheet.understood import as_read

TASK = (
    "x = 0.5  w = 0.4  b = 0.1  t = 0.8  η = 0.5\nz = w x + b = 0.3\ny = σ(z)\nL = 1/2 (y - t)²\n∂L/∂w = 7\n"
)
SHEETS = {
    "a.txt": "x = 0.5, w = 0.4\nz = w x + b = 0.3\n∂L/∂w = (y - t) y (1 - y) x = -0.0276\n",
    "b.md": "We get\n\n$$\\frac{\\partial L}{\\partial w} = (y - t) x = -0.1128$$\n",
    "c.txt": "w = 0.5\n∂L/∂b = (y - t) y (1 - y)\n",
    "d.txt": "nothing is claimed here\n",
    "notes.doc": "z = 1\n",
}


@pytest.fixture
def folder(tmp_path):
    """A folder with the task beside the sheets."""
    (tmp_path / "sheets" / ".hidden").mkdir(parents=True)
    (tmp_path / "sheets" / ".hidden" / "e.txt").write_text("z = 1\n", encoding="utf-8")
    (tmp_path / "task.txt").write_text(TASK, encoding="utf-8")
    for name, text in SHEETS.items():
        (tmp_path / "sheets" / name).write_text(text, encoding="utf-8")
    return tmp_path


def rows(folder, capsys, *arguments):
    status = main(["check", str(folder / "sheets"), "--format", "json", *arguments])
    found = json.loads(capsys.readouterr().out)
    return status, {each["sheet"].rpartition("/")[2]: each for each in found}


def test_a_folder_becomes_a_table_in_the_order_of_its_names(folder, capsys):
    assert main(["check", str(folder / "sheets"), "--same-task", str(folder / "task.txt")]) == 1
    head, blank, columns, *lines = capsys.readouterr().out.splitlines()
    assert head == "4 sheets: 1 right, 1 wrong, 2 neither. 1 left out." and not blank
    assert columns.split() == "sheet judged right wrong not read first wrong line mistake".split()
    assert [
        line.split()[0].rpartition("/")[2] for line in lines
    ] == "a.txt b.md c.txt d.txt notes.doc".split()
    assert lines[1].endswith("the slope of logistic is missing: * y*(1 - y)")


@pytest.mark.parametrize(
    "name, judged, wrong, first, status",
    [("a.txt", 2, 0, None, 0), ("b.md", 1, 1, 3, 1), ("c.txt", 2, 0, None, 3), ("d.txt", 0, 0, None, 3)],
)
def test_all_sheets_are_held_against_the_forward_lines_of_a_task(
    folder, capsys, name, judged, wrong, first, status
):
    total, found = rows(folder, capsys, "--same-task", str(folder / "task.txt"))
    row = found[name]
    assert total == 1
    assert (row["judged"], row["wrong"], row["first_wrong"], row["status"]) == (judged, wrong, first, status)


def test_files_in_a_folder_that_are_no_sheets_stand_in_the_table(folder, capsys):
    (folder / "sheets" / "eve.docx").write_bytes(b"PK")
    _, found = rows(folder, capsys, "--same-task", str(folder / "task.txt"))
    left = {name: row for name, row in found.items() if row["status"] is None}
    assert left.keys() == {"eve.docx", "notes.doc"}
    assert {row["mistake"] for row in left.values()} == {f"left out: not {NEEDED}"}


def test_beside_a_single_sheet_files_that_are_none_are_told(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("x = 2\ny = 3 x = 6\n", encoding="utf-8")
    (tmp_path / "eve.docx").write_bytes(b"PK")
    main(["check", str(tmp_path)])
    assert capsys.readouterr().err.endswith(f"eve.docx: left out: not {NEEDED}\n")


def test_a_sheet_of_which_nothing_is_judged_says_why(folder, capsys):
    (folder / "sheets" / "empty.txt").write_text("", encoding="utf-8")
    (folder / "sheets" / "unknown.txt").write_text("dL/dw = delta x\n", encoding="utf-8")
    _, found = rows(folder, capsys, "--same-task", str(folder / "task.txt"))
    assert found["empty.txt"]["mistake"].startswith("no claim found")
    assert found["unknown.txt"]["mistake"].startswith("line 1: nothing is called 'delta'")


def test_without_a_task_each_sheet_brings_its_own_model(folder, capsys):
    status, found = rows(folder, capsys)
    assert [each["right"] for each in found.values()] == [0] * 5 and status == 2


def test_a_given_number_that_is_not_the_task_s_is_told_and_not_accused(folder, capsys):
    main(["check", str(folder / "sheets" / "c.txt"), "--same-task", str(folder / "task.txt")])
    assert "the task has w = 0.4; mark an updated value as new" in capsys.readouterr().out


def test_one_network_is_a_task_too(tmp_path, capsys):
    for name, number in (("a", "0.3775"), ("b", "0.3875")):
        (tmp_path / f"{name}.txt").write_text(f"net_h1 = {number}\n", encoding="utf-8")
    assert main(["check", str(tmp_path), "--same-task", "worked-example", "--format", "csv"]) == 1
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["right"], row["wrong"], row["first wrong line"]) for row in table] == [
        ("1", "0", ""),
        ("0", "1", "1"),
    ]


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["a.txt", "--network", "xor", "--same-task", "xor"], "give one"),
        (["a.txt", "b.md", "--show-reading"], "a single sheet"),
        ([".hidden/empty"], "no sheet in there"),
    ],
)
def test_what_does_not_go_together_is_refused(folder, capsys, arguments, reason):
    (folder / "sheets" / ".hidden" / "empty").mkdir()
    paths = [each if each[0] == "-" or each == "xor" else str(folder / "sheets" / each) for each in arguments]
    assert main(["check", *paths]) == 2
    assert reason in capsys.readouterr().err


def test_a_sheet_is_shown_as_it_is_understood(tmp_path, capsys):
    path = tmp_path / "sheet.md"
    text = "With $x = 0.5$, $w = 0.4$:\n\n$$n e t = w x = 0.2$$\n\n$$L = \\frac{1}{2} net^2$$\n\n"
    text += "$$q = \\prod_i x$$\n"
    path.write_text(text, encoding="utf-8")
    assert main(["check", str(path), "--show-reading"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "x = 0.5",
        "w = 0.4",
        "net = w · x = 0.2",
        "L = 1/2 · net^2",
        "# not read: q = \\prod_i x (\\prod is not read: write the terms out)",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for number, name in enumerate(snippets()) if number % 3 == 0])
def test_what_is_shown_is_read_as_the_same_and_judged_the_same(name):
    text = snippets()[name]["text"]
    again = as_read(text)
    assert read_in(again) == read_in(text)
    if read_in(text):
        assert verdicts(again) == verdicts(text)


def read_in(text):
    return sorted(claim for claim in claims_in(text) if UNREADABLE not in claim)


def verdicts(text):
    return sorted(line.verdict for line in check_sheet(text).lines if line.verdict != "unreadable")


@pytest.mark.parametrize(
    "line, meant",
    [
        ("dETotal/dW5 = 0.0822", "dE_total/dw5"),
        ("W5_new = 0.3589", "w5_new"),
        ("W5+ = 0.3589", "w5^+"),
        ("dE_total/dOutO1 = 0.7414", "dE_total/dout_o1"),
    ],
)
def test_a_name_that_is_only_written_otherwise_is_offered_as_it_is_known(tmp_path, capsys, line, meant):
    (tmp_path / "a.txt").write_text(f"net_h1 = 0.3775\n{line}\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("net_h1 = 0.3775\n", encoding="utf-8")
    main(["check", str(tmp_path), "--same-task", "worked-example", "--format", "json"])
    row, _ = json.loads(capsys.readouterr().out)
    assert row["mistake"].startswith("line 2: nothing is called")
    assert row["mistake"].endswith(f"; did you mean {meant}?")
