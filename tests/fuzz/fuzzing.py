"""What the fuzz scripts share: inputs are drawn, each goes through a command line, and every answer is one.

`python tests/fuzz/NAME.py COUNT SEED [FIRST]` runs COUNT cases from case FIRST on. A case depends on the seed
and its number alone, so `NAME.py 1 SEED FIRST` repeats one. The exit status is 1 where one broke a command.
"""

import contextlib
import io
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT)]

from gradcheck.cli import main as gradcheck_main  # noqa: E402
from neuronnet import output  # noqa: E402
from neuronnet.cli import main as neuronnet_main  # noqa: E402

MAINS = {"neuronnet": neuronnet_main, "gradcheck": gradcheck_main}
ALLOWED = {0, 1, 2, 3}
LONGEST = 20.0  # seconds of computing; a case that takes more counts as a hang
# fmt: off
NUMBERS = [
    "0", "1", "-1", "0.5", "1e308", "-1e308", "5e-324", "1e-400", "1e400", "nan", "inf", "-inf",
    "0x" + "f" * 40, "1e", "1e999999999", "9" * 40, "0.1" + "0" * 1100, "1_000", "٣", "½", "1/3",
    "0.30000000000000004", "-0.0",
]
ODD = [
    "", " ", "\t", "\0", "\ufeff", "\u202e", "é", "∂", "𝛿", "\ud800", "\r", "\n", "\x1b[31m", '"', "'", "[[",
    "]]", "{", "}", "=", "==", ":", "#", "$", "\\", "\\frac{", "^", "^^", "**", "_", "__", "@", "@1", "//",
    "%", ";", ",", "(", ")" * 9, "(" * 99,
]
PLAIN = ["0", "0.0", "1", "-1", "2", "3.5", "100", "1e-8", "1e8", "1e200", "-1e308", "1e308", "5e-324", "0.1"]
# fmt: on


class Hang(BaseException):
    """A case takes longer than LONGEST."""


def run(make, arguments):
    """Run the cases that `make(draw)` gives as (files, program, command line); return 1 where one broke.

    The file of the name `-` is what stands in standard input.
    """
    count, seed, *first = map(int, arguments or ["100", "1"])
    tally, broken, slowest, started = Counter(), [], (0.0, 0), time.monotonic()
    for number in range(first[0] if first else 0, (first[0] if first else 0) + count):
        files, program, words = make(random.Random(f"{seed} {number}"))
        status, seconds, said = outcome(files, program, words)
        tally[status] += 1
        slowest = max(slowest, (seconds, number))
        if status not in ALLOWED:
            broken.append(number)
            shown = {name: content[:2000] for name, content in files.items()}
            print(f"case {number}: {program} {words!r}: {status}\n{said}\n{shown!a}", flush=True)
    found = ", ".join(f"{status}: {times}" for status, times in sorted(tally.items(), key=str))
    print(
        f"{count} cases, seed {seed}, {time.monotonic() - started:.0f} s; status {found}; "
        f"slowest {slowest[0]:.1f} s (case {slowest[1]}); broken: {broken or 'none'}",
        flush=True,
    )
    return 1 if broken else 0


def outcome(files, program, words):
    """(status or what happened, seconds, the end of a traceback) of one command in a folder of its own."""
    here, out, err = os.getcwd(), io.StringIO(), io.StringIO()
    fault, output._fault = output._fault, _raised
    with tempfile.TemporaryDirectory() as outer:  # `..` is a folder of the case's own, too
        folder = os.path.join(outer, "case")
        os.mkdir(folder)
        contents = {
            name: each if isinstance(each, bytes) else each.encode("utf-8", "surrogatepass")
            for name, each in files.items()
        }
        stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(contents.pop("-", b"")))
        for name, content in contents.items():
            Path(folder, name).write_bytes(content)
        os.chdir(folder)
        signal.signal(signal.SIGPROF, _hang)
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        kept, started, said = _kept(), time.process_time(), ""
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = MAINS[program](words)
        except BaseException as error:
            status, said = type(error).__name__, "".join(traceback.format_exception(error)[-8:])
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            sys.stdin, output._fault = stdin, fault
            os.chdir(here)
            _restore(kept, folder)
        seconds = time.process_time() - started
        if "Traceback (most" in err.getvalue() + out.getvalue():
            status, said = "traceback", err.getvalue()
        left = [name for name in os.listdir(folder) if name.startswith(".neuronnet.")]
        if left:
            status, said = "left over", str(left)
    return status, seconds, said


def _kept():
    """What a program of a case may change in this process."""
    return dict(sys.modules), list(sys.path), sys.getrecursionlimit(), np.geterr(), list(warnings.filters)


def _restore(kept, folder):
    modules, path, limit, errors, filters = kept
    sys.modules.update(modules)
    for name in set(sys.modules) - set(modules):
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(folder):
            del sys.modules[name]
    sys.path[:], warnings.filters[:] = path, filters
    sys.setrecursionlimit(limit)
    np.seterr(**errors)


def _raised(program, error):
    raise error


def _hang(*_):
    raise Hang


def mutated(text, draw, times=None, words=()):
    """A text with some small changes: characters, words, lines."""
    for _ in range(draw.choice([1, 1, 1, 2, 3, 8]) if times is None else times):
        place = draw.randrange(len(text) + 1)
        kind = draw.randrange(10)
        if kind == 0:
            text = text[:place] + draw.choice(ODD) + text[place:]
        elif kind == 1:
            text = text[:place] + text[place + draw.choice([1, 1, 2, 5, 40]) :]
        elif kind == 2:
            text = text[:place] + draw.choice(NUMBERS) + text[place:]
        elif kind in (3, 4):
            text = _word_changed(text, draw, [*NUMBERS, *words])
        elif kind == 5 and words:
            text = text[:place] + draw.choice(list(words)) + text[place:]
        elif kind == 6:
            end = min(len(text), place + draw.choice([1, 3, 20, 200]))
            text = text[:end] + text[place:end] * draw.choice([1, 2, 20]) + text[end:]
        else:
            text = _line_changed(text, draw)
    return text[:200_000]


def with_other_numbers(text, draw):
    """A text with plain but extreme numbers in place of one to four of its own: it stays what it was."""
    places = list(re.finditer(r"(?<![\w.])-?\d+\.?\d*(?:e-?\d+)?(?![\w.])", text))
    for place in sorted(
        draw.sample(places, min(len(places), draw.randrange(1, 5))), key=lambda each: -each.start()
    ):
        text = text[: place.start()] + draw.choice(PLAIN) + text[place.end() :]
    return text


def _word_changed(text, draw, words):
    parts = text.split(" ")
    parts[draw.randrange(len(parts))] = draw.choice([*words, draw.choice(parts)])
    return " ".join(parts)


def _line_changed(text, draw):
    lines = text.split("\n")
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    kind = draw.randrange(4)
    if kind == 0:
        del lines[one]
    elif kind == 1:
        lines.insert(other, lines[one])
    elif kind == 2:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines[one] = draw.choice(["  ", "\t", "> ", "- ", "# ", "% ", "1. ", "$$", "```"]) + lines[one]
    return "\n".join(lines)


def mutated_bytes(data, draw):
    """Bytes with some changed, cut off, or put in."""
    data = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 4, 16])):
        place, kind = draw.randrange(len(data) + 1), draw.randrange(5)
        if kind == 0:
            del data[place:]
        elif kind == 1:
            data[place:place] = draw.randbytes(draw.choice([1, 4, 100]))
        elif kind == 2:
            del data[place : place + draw.choice([1, 8, 100])]
        elif place < len(data):
            data[place] = draw.choice([0, 1, 127, 128, 255, draw.randrange(256)])
    return bytes(data)
