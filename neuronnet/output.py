"""What both command lines share: reading an argument or standard input, writing a result, the exit status.

Exit status: 0 agrees, 1 disagrees, 2 unusable input, 3 undecided. `run` gives 2, and 130 for an interruption.
"""

import argparse
import os
import stat
import sys
import tempfile
import time
from argparse import ArgumentTypeError
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from neuronnet.description.reading import checked, document, find, parsed
from neuronnet.description.values import MOST_BYTES, decoded, text_of
from neuronnet.errors import NeuronnetError, shortened

UNUSABLE = 2
INTERRUPTED = 130
STANDARD_INPUT = 0
SUFFIXES = {"text": ".txt", "json": ".json", "markdown": ".md", "csv": ".csv", "junit": ".xml", "npz": ".npz"}
SUFFIXES |= {"svg": ".svg", "png": ".png", "c": ".h", "rust": ".rs", "javascript": ".js", "python": ".py"}
NETWORK_HELP = "a TOML or JSON file, the name of an example, or - for standard input"


class ArgumentParser(argparse.ArgumentParser):
    """A parser that refuses arguments in one line, like everything else that is refused."""

    def parse_args(self, *arguments, **settings):
        """The arguments, the format from `--format`, or else from the suffix of `-o FILE`, or the first."""
        found = super().parse_args(*arguments, **settings)
        if getattr(found, "formats", None) and found.format is None:
            found.format = format_of(found.output, found.formats)
        return found

    def error(self, message):
        """Raise the message as a NeuronnetError."""
        raise NeuronnetError(f"{message}; see {self.prog} --help")


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
    parser.add_argument(
        "--format", choices=formats, help=f"{formats[0]} (default), {' or '.join(formats[1:])}"
    )
    suffixes = ", ".join(SUFFIXES[each] for each in formats)
    parser.add_argument(
        "-o",
        dest="output",
        metavar="FILE",
        help=f"write to FILE instead of standard output; its suffix says the format: {suffixes}",
    )
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
    raise NeuronnetError(
        f"-o {path}: the suffix {suffix} means no format; known are {known}, or give --format"
    )


def run(command, program, errors=NeuronnetError):
    """The exit status of `command()`; errors meant for the reader become one line on stderr and status 2."""
    try:
        return _status(command)
    except errors as error:
        _complain(program, error)
        return UNUSABLE
    except BrokenPipeError:
        _discard_output()
        return 0
    except OSError as error:
        _discard_output()
        _complain(program, f"standard output: {error.strerror}")
        return UNUSABLE
    except KeyboardInterrupt:
        _complain(program, "interrupted")
        return INTERRUPTED


def _status(command):
    try:
        status = command()
    except SystemExit as stop:
        status = stop.code
    if sys.stdout is not None:
        sys.stdout.flush()
    return status


def _complain(program, message):
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(message))
    print(f"{program}: {line}", file=sys.stderr)


def _discard_output():
    """Send what Python still writes at its end nowhere: the reader has gone, or the disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
            print(
                f"\r{line}" if done < total else f"\r{' ' * len(line)}\r", end="", file=sys.stderr, flush=True
            )

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
    return decoded(sys.stdin.buffer.read(MOST_BYTES + 1), "standard input")


def write(text, path=None, inputs=()):
    """Print `text`, or write it to the file `path` whole or not at all; never over one of the `inputs`."""
    if path is None:
        _print(text)
    else:
        write_bytes((text + "\n").encode("utf-8", "backslashreplace"), path, inputs)


def write_bytes(data, path, inputs=()):
    """Write `data` to the file `path` whole or not at all; never over one of the `inputs`."""
    if any(_same_file(each, path) for each in inputs):
        raise NeuronnetError(
            f"cannot write {shortened(path)}: it would overwrite the input; choose another file"
        )
    try:
        _write_file(data, Path(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NeuronnetError(
            f"cannot write {shortened(path)}: {reason}; choose a place that can be written to"
        ) from None


def _print(text):
    if sys.stdout is None:
        raise NeuronnetError("standard output is closed; -o FILE writes to a file")
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def _same_file(one, other):
    try:
        return os.path.samestat(os.stat(one), os.stat(other))
    except (OSError, ValueError):
        return False


def _write_file(data, path):
    """A file is replaced at once and keeps its permissions; a device or a pipe is simply written to."""
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    target = Path(os.path.realpath(path))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError("it is read-only")
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".neuronnet.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(temporary, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask():
    umask = os.umask(0)
    os.umask(umask)
    return umask


def plain(value):
    """Numbers that JSON does not know, for `json.dumps(default=plain)`."""
    if isinstance(value, (Decimal, Fraction)):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
