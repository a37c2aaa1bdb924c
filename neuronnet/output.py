"""What both command lines share: reading an argument or standard input, writing a result, the exit status.

Exit status: 0 agrees, 1 disagrees, 2 unusable input, 3 undecided. `run` gives 2, 130 for an interruption, and
70 for a fault of the program itself, which is no verdict.
"""

import argparse
import os
import sys
import time
import traceback
from argparse import ArgumentTypeError
from contextlib import contextmanager, suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from neuronnet.description.reading import checked, document, find, parsed
from neuronnet.errors import Interrupted, NeuronnetError, counted
from neuronnet.files import decoded, most, require_writable, text_of, write_bytes

UNUSABLE = 2
FAULTY = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130
TRACEBACK = "NEURONNET_TRACEBACK"  # the environment variable that asks for it
STANDARD_INPUT = 0
SUFFIXES = {"text": ".txt", "json": ".json", "markdown": ".md", "csv": ".csv", "junit": ".xml", "npz": ".npz"}
SUFFIXES |= {"svg": ".svg", "png": ".png", "latex": ".tex", "html": ".html", "xlsx": ".xlsx"}
SUFFIXES |= {"c": ".h", "rust": ".rs", "go": ".go", "javascript": ".js", "python": ".py"}
NETWORK_HELP = "a TOML or JSON file, the name of an example, or - for standard input"


class ArgumentParser(argparse.ArgumentParser):
    """A parser that refuses arguments in one line, like everything else that is refused."""

    def parse_args(self, *arguments, **settings):
        """The arguments, the format from `--format`, or else from the suffix of `-o FILE`, or the first."""
        found = super().parse_args(*arguments, **settings)
        if getattr(found, "formats", None) and found.format is None:
            found.format = format_of(found.output, found.formats)
        _try_files(vars(found))
        return found

    def error(self, message):
        """Raise the message as a NeuronnetError."""
        raise NeuronnetError(f"{message}; see {self.prog} --help")


def _try_files(given):
    """Raise NeuronnetError, before the work, for `-o` or `--plot` where nothing can be written."""
    written = [given[name] for name in ("output", "plot") if given.get(name) is not None]
    read = [value for name, value in given.items() if name not in ("output", "plot")]
    read = [each for value in read for each in (value if isinstance(value, list) else [value])]
    inputs = [STANDARD_INPUT if each == "-" else each for each in read if isinstance(each, str)]
    for path in written:
        require_writable(path, inputs)


def count(argument):
    """A whole number from the command line, for `add_argument(type=count)`."""
    if not argument.isascii() or not argument.isdigit() or len(argument) > 9:
        raise ArgumentTypeError(f"expected a whole number from 0 to 999999999, found {argument[:40]!r}")
    return int(argument)


def size(argument):
    """A number from 0 on from the command line, for `add_argument(type=size)`."""
    try:
        value = float(argument)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise ArgumentTypeError(f"expected a number from 0 on, found {argument[:40]!r}")
    return value


def add_output_options(parser, formats=("text", "json")):
    """Add `--format` and `-o FILE`, whose suffix says the format where `--format` is not given."""
    others = " or ".join(formats[1:])
    parser.add_argument("--format", choices=formats, help=f"{formats[0]} (default), {others}")
    suffixes = ", ".join(SUFFIXES[each] for each in formats)
    said = f"write to FILE instead of standard output; its suffix says the format: {suffixes}"
    parser.add_argument("-o", dest="output", metavar="FILE", help=said)
    parser.set_defaults(formats=formats)


def format_of(path, formats):
    """The one of some formats that a path's suffix means, the first without a path or suffix."""
    suffix = Path(path or "").suffix.lower()
    if not suffix:
        return formats[0]
    for each in formats:
        if SUFFIXES[each] == suffix:
            return each
    known = ", ".join(f"{SUFFIXES[each]} ({each})" for each in formats)
    found = f"-o {path}: the suffix {suffix} means no format"
    raise NeuronnetError(f"{found}; known are {known}, or give --format")


def run(command, program, errors=NeuronnetError):
    """The exit status of `command()`; whatever stops it becomes one line on stderr.

    `errors` are meant for the reader, and end with 2. What nobody expected is a fault of the program, never a
    verdict, and ends with 70.
    """
    try:
        return _status(command)
    except errors as error:
        complain(program, error)
    except OSError as error:
        complain(program, _of_the_system(error))
    except MemoryError:
        complain(program, "the memory does not suffice for this; describe less at a time")
    except KeyboardInterrupt:
        complain(program, "interrupted")
        return INTERRUPTED
    except Exception as error:
        return _fault(program, error)
    return UNUSABLE


def _status(command):
    try:
        os.getcwd()
    except OSError:
        raise NeuronnetError("the working directory has been deleted; change to another one") from None
    try:
        status = command()
    except SystemExit as stop:
        status = stop.code
    if sys.stdout is not None:
        with _full_disk_said():
            sys.stdout.flush()
    return status


@contextmanager
def _full_disk_said():
    try:
        yield
    except BrokenPipeError:
        _discard_output()  # the verdict stands though nobody reads on
    except OSError as error:
        _discard_output()
        raise NeuronnetError(f"standard output: {error.strerror}") from None


def _of_the_system(error):
    """What an OSError says that nobody expected, in one line."""
    where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    return f"{where}{error.strerror or error}"


def _fault(program, error):
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    said = f"a fault of {program}, not of the input ({type(error).__name__}: {error})"
    how = f"set {TRACEBACK}=1 to see where, and report it"
    complain(program, f"{said}; it says nothing about what was checked; {how}")
    return FAULTY


def complain(program, message):
    """One line on standard error, in the name of a program."""
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(message))
    with suppress(OSError, ValueError):  # standard error is closed
        print(f"{program}: {line}", file=sys.stderr)


def _discard_output():
    """Send what Python still writes at its end nowhere: the reader has gone, or the disk is full."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def as_far_as_made(make):
    """(what `make()` gives, None), or where Ctrl-C ended it what was made until then, and how far that is."""
    try:
        return make(), None
    except KeyboardInterrupt as stop:
        if not hasattr(stop, "made"):
            raise
        return stop.made, stop.until


def listed(items, noun="row"):
    """The items in a list. Raises Interrupted with those so far."""
    found = []
    try:
        for each in items:
            found.append(each)
    except KeyboardInterrupt:
        if not found:  # an Interrupted of one item holds no list
            raise KeyboardInterrupt from None
        raise Interrupted(found, f"after {counted(len(found), noun)}") from None
    return found


def marked(result, until, form):
    """A result that says first that it is incomplete, if its format can; as it is where `until` is None."""
    if until is None:
        return result
    said = f"interrupted {until}"
    if form == "json":
        return {"incomplete": said} | (result if isinstance(result, dict) else {"rows": result})
    return f"incomplete: {said}\n\n{result}" if form in ("text", "markdown") else result


def ended(status, program, until):
    """The exit status of a command, with a line on stderr where Ctrl-C ended it."""
    if until is None:
        return status
    complain(program, f"interrupted {until}; what was made until then is incomplete")
    return INTERRUPTED


def progress_line(total, noun="updates"):
    """A callback(done, total) that keeps one line on stderr up to date; None where stderr is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    last = 0.0

    def show(done, total=total):
        nonlocal last
        now = time.monotonic()
        if now - last > 0.1 or done >= total:
            last = now
            line = f"{done} of {total} {noun}"
            shown = f"\r{line}" if done < total else f"\r{' ' * len(line)}\r"
            print(shown, end="", file=sys.stderr, flush=True)

    return show


def source(argument):
    """The description that a network argument means, and the place it is from, for `write`."""
    if argument != "-":
        path = find(argument)
        return checked(*document(path)), path
    return checked(*parsed(_standard_input("a network"), "standard input")), STANDARD_INPUT


def text_source(argument, needed):
    """(text, place) of a file or of standard input; `needed` says what it is."""
    if argument != "-":
        return text_of(Path(argument), needed), Path(argument)
    return _standard_input(needed), STANDARD_INPUT


def _standard_input(needed):
    if sys.stdin is None:
        raise NeuronnetError(f"standard input is closed; {needed} is needed there")
    return decoded(sys.stdin.buffer.read(most("bytes") + 1), "standard input")


def write(text, path=None, inputs=()):
    """Print `text`, or write it to the file `path` whole or not at all; never over one of the `inputs`."""
    if path is None:
        _print(text)
    else:
        write_bytes((text + "\n").encode("utf-8", "backslashreplace"), path, inputs)


def _print(text):
    if sys.stdout is None or sys.stdout.closed:
        raise NeuronnetError("standard output is closed; -o FILE writes to a file")
    encoding = sys.stdout.encoding or "utf-8"
    with _full_disk_said():
        print(text.encode(encoding, "backslashreplace").decode(encoding))


def plain(value):
    """Numbers that JSON does not know, for `json.dumps(default=plain)`."""
    if isinstance(value, (Decimal, Fraction)):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
