"""What the command lines share: exit status, one line for an error, files written whole or not at all."""

import errno
import io
import json
import os
import stat
import sys
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest

from gradcheck.cli import main as gradcheck_main
from neuronnet.description.reading import find, read
from neuronnet.errors import NeuronnetError, SpecError
from neuronnet.files import MOST
from neuronnet.output import STANDARD_INPUT, ArgumentParser, plain, progress_line, run, source, write

TOML = '[[layer]]\nactivation = "tanh"\nweights = [[0.5]]\n'


def raising(error):
    """A command that does nothing but raise."""

    def command():
        raise error

    return command


# Exit status and error line


@pytest.mark.parametrize(
    "command, status, line",
    [
        (lambda: 0, 0, ""),
        (lambda: 1, 1, ""),
        (lambda: 3, 3, ""),
        (raising(SystemExit(0)), 0, ""),
        (raising(NeuronnetError("no such thing")), 2, "test: no such thing\n"),
        (
            raising(SpecError("net.toml: loss", "3", "allowed are 4")),
            2,
            "test: net.toml: loss: found 3; allowed are 4\n",
        ),
        (raising(NeuronnetError("a\nb\r\x1b[31m\ud800 ∂")), 2, "test: a\\nb\\r\\x1b[31m\\ud800 ∂\n"),
        (raising(KeyboardInterrupt()), 130, "test: interrupted\n"),
    ],
)
def test_the_exit_status_and_the_line_on_stderr(capsys, command, status, line):
    assert run(command, "test") == status
    assert capsys.readouterr() == ("", line)


def test_wrong_arguments_are_refused_in_one_line(capsys):
    parser = ArgumentParser(prog="test")
    parser.add_argument("--count", type=int)
    assert run(lambda: parser.parse_args(["--count", "x\ny"]), "test") == 2
    assert capsys.readouterr().err == "test: argument --count: invalid int value: 'x\\ny'; see test --help\n"


# Printing


def replaced_stdout(monkeypatch, encoding):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    return raw


@pytest.mark.parametrize(
    "encoding, expected",
    [
        ("utf-8", "∂ é \\ud800\n".encode()),
        ("ascii", b"\\u2202 \\xe9 \\ud800\n"),
        ("cp1252", "\\u2202 é \\ud800\n".encode("cp1252")),
    ],
)
def test_what_the_terminal_cannot_show_is_spelled_out(monkeypatch, encoding, expected):
    raw = replaced_stdout(monkeypatch, encoding)
    write("∂ é \ud800")
    sys.stdout.flush()
    assert raw.getvalue() == expected


def test_a_closed_standard_output_is_an_error_not_a_traceback(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", None)
    assert run(lambda: write("text"), "test") == 2
    assert "standard output is closed" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["text", "text" * 9999])
def test_a_reader_that_has_gone_leaves_the_status(monkeypatch, capsys, text):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert run(lambda: write(text) or 1, "test") == 1
    assert capsys.readouterr().err == ""


# Writing files


def written(path, text="new", inputs=()):
    write(text, str(path), inputs)
    return path.read_text(encoding="utf-8")


def test_a_new_file_ends_with_a_line_break_and_has_ordinary_permissions(tmp_path):
    assert written(tmp_path / "out.txt", "∂") == "∂\n"
    (tmp_path / "ordinary").touch()
    assert (tmp_path / "out.txt").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path):
    out = tmp_path / "out.txt"
    out.write_text("old")
    out.chmod(0o640)
    assert written(out) == "new\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    assert written(tmp_path / "link.txt") == "new\n"
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new\n"


def test_a_pipe_or_device_is_written_to_and_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    try:
        write("new", str(tmp_path / "pipe"))
        assert os.read(reader, 100) == b"new\n"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_half_pair_of_surrogates_does_not_stop_the_writing(tmp_path):
    assert written(tmp_path / "out.txt", "\ud800") == "\\ud800\n"


@pytest.mark.parametrize("failing", ["replace", "chmod", "fdopen"])
def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch, failing):
    out = tmp_path / "out.txt"
    out.write_text("old")

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(NeuronnetError, match="cannot write .*No space left on device"):
        write("new", str(out))
    assert out.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.txt"]


@pytest.mark.parametrize(
    "name, reason",
    [
        ("", "Is a directory"),
        (".", "Is a directory"),
        ("missing/out.txt", "No such file"),
        ("file/out.txt", "Not a directory"),
        ("a\0b", "null byte"),
        ("x" * 300, "name too long"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch, name, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("old")
    with pytest.raises(NeuronnetError) as caught:
        write("new", name)
    assert str(caught.value).startswith("cannot write '") and reason in str(caught.value)
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_read_only_file_is_not_replaced(tmp_path, monkeypatch):
    out = tmp_path / "out.txt"
    out.write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everything
    with pytest.raises(NeuronnetError, match="read-only"):
        write("new", str(out))
    assert out.read_text() == "old"


@pytest.mark.parametrize("spelling", ["in.toml", "./in.toml", "hard.toml", "soft.toml"])
def test_the_input_is_never_overwritten_whatever_it_is_called(tmp_path, monkeypatch, spelling):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.toml").write_text("input")
    os.link("in.toml", "hard.toml")
    os.symlink("in.toml", "soft.toml")
    with pytest.raises(NeuronnetError, match="overwrite the input"):
        write("new", spelling, ["in.toml"])
    assert (tmp_path / "in.toml").read_text() == "input"
    assert written(tmp_path / "other.toml", inputs=["in.toml"]) == "new\n"


# Reading arguments


def given_stdin(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))


@pytest.mark.parametrize(
    "data",
    [
        TOML.encode(),
        b"\xef\xbb\xbf" + TOML.encode(),
        json.dumps(read(TOML).to_dict()).encode(),
        b"\xef\xbb\xbf" + json.dumps(read(TOML).to_dict()).encode(),
    ],
    ids=["toml", "toml bom", "json", "json bom"],
)
def test_a_dash_reads_standard_input(monkeypatch, data):
    given_stdin(monkeypatch, data)
    assert source("-") == (read(TOML), STANDARD_INPUT)


@pytest.mark.parametrize(
    "data, parts",
    [
        (b"", ["standard input: layer", "none"]),
        (b"\xff", ["standard input", "not UTF-8 in line 1"]),
        (b"x = ", ["standard input", "TOML syntax error"]),
        (b"{", ["standard input", "JSON syntax error"]),
        (b"[]", ["standard input", "TOML syntax error"]),
        (bytes(MOST["bytes"] + 1), ["standard input", f"more than {MOST['bytes']} bytes"]),
        (
            TOML.replace("0.5", "nan").encode(),
            ["standard input: layer 1, weights, row 1, number 1", "found 'nan'"],
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_unusable_standard_input_is_refused_by_that_name(monkeypatch, data, parts):
    given_stdin(monkeypatch, data)
    with pytest.raises(SpecError) as caught:
        source("-")
    assert all(part in str(caught.value) for part in parts), caught.value


def test_a_closed_standard_input_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(NeuronnetError, match="standard input is closed"):
        source("-")


def test_a_file_or_example_gives_its_description_and_its_place(tmp_path):
    (tmp_path / "net.toml").write_text(TOML)
    assert source(str(tmp_path / "net.toml")) == (read(TOML), tmp_path / "net.toml")
    assert source("xor") == (read("xor"), find("xor"))


@pytest.mark.parametrize("value, expected", [(Decimal("0.5"), "0.5"), (Fraction(1, 4), "0.25"), (0.1, "0.1")])
def test_every_real_number_has_a_json_form(value, expected):
    assert json.dumps(value, default=plain) == expected


def test_what_is_no_number_has_no_json_form():
    with pytest.raises(TypeError, match="complex has no JSON form"):
        json.dumps(1j, default=plain)


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self):
        return True


def test_progress_is_one_line_that_goes_away(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    show = progress_line(3, "runs")
    show(1)
    show(3)
    assert sys.stderr.getvalue().startswith("\r1 of 3 runs\r")
    assert sys.stderr.getvalue().endswith("\r")
    assert sys.stderr.getvalue().split("\r")[-2].isspace()


def test_progress_takes_a_total_that_is_known_late(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress_line(0, "runs")(1, 30)
    assert sys.stderr.getvalue() == "\r1 of 30 runs"


def test_progress_is_silent_where_stderr_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert progress_line(3) is None


@pytest.mark.parametrize(
    "command",
    [
        ["twin", "worked-example", "--updates", "3"],
        ["twin", "xor", "--updates", "3", "--twin-only"],
        ["stability", "worked-example", "--updates", "2"],
    ],
)
def test_every_long_command_runs_on_a_terminal(monkeypatch, capsys, command):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert gradcheck_main(command) == 0
