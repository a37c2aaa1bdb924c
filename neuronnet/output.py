"""What both command lines share: reading an argument or standard input, writing a result, and ending with a status.

Exit status: 0 agrees, 1 disagrees, 2 unusable input, 3 cannot tell. Only 2 and an interruption are decided here.
"""

import os
import sys
import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from neuronnet.errors import NeuronnetError
from neuronnet.spec import MOST_BYTES

UNUSABLE = 2
INTERRUPTED = 130


def run(command, program):
    """The exit status of `command()`; errors meant for the reader become one line on stderr and status 2."""
    try:
        status = command()
        sys.stdout.flush()
        return status
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else UNUSABLE
    except NeuronnetError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return INTERRUPTED


def source(argument):
    """A network argument as something to read: `-` is the text on standard input, all else stays as it is."""
    if argument != "-":
        return argument
    text = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        return text.decode("utf-8") + "\n"
    except UnicodeDecodeError as error:
        raise NeuronnetError(f"standard input: a byte that is not UTF-8 at position {error.start}") from None


def write(text, path=None, inputs=()):
    """Print `text`, or write it to the file `path` whole or not at all; never over one of the `inputs`."""
    if path is None:
        print(text)
        return
    target = Path(path)
    if any(Path(each).exists() and target.exists() and target.samefile(each) for each in inputs if each != "-"):
        raise NeuronnetError(f"{path}: the output would overwrite the input; choose another file")
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, target)
    except OSError as error:
        raise NeuronnetError(f"{path}: {error.strerror or error}; choose a place that can be written to") from None


def plain(value):
    """Numbers that JSON does not know, for `json.dumps(default=plain)`."""
    if isinstance(value, (Decimal, Fraction)):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
