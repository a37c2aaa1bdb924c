"""Runs a document: computes every number in it again, and complains about what is wrong or cannot be
computed.

What is understood, apart from prose:

    ```derivation        claims, one per line: name = formula = the same in numbers = number
    ```pycon ```python   console sessions (>>>), and code that is run, in one namespace per document; a block
                         that opens with `# name.py`, or of ```text with `# name.txt`, is a file for the
                         commands below
    ```console           `$ python ...` and what it prints; a line of three dots stands for any lines; what
                         stands behind (step) is what it reads
    ```pdb               `$ python -m pdb name.py`, `$ python name.py` of a file that stops by itself, or a
                         step with --pdb; the commands behind (Pdb), and what the debugger prints
    ```toml              the description of a network, which is loaded
    `net_h1 = 0.3775`    a claim in the prose
    `0.291027924`        a wrong number among those published of the worked example, which have their own test
    Python 3.11 or newer the version that setup.cfg requires
    | `net_h1` | 0.3775  a claim in a table
    | quantity | printed | right | really |    wrong published numbers, and the expression they come from

Outside of these no digit may stand, save in a name such as `w5`. Nothing has a tolerance: a printed number
must be right to its last digit, and a formula that of the quantity in every network of the shape.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tokenize
import traceback
from decimal import Decimal
from doctest import DocTestParser
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from printed import agrees

import neuronnet
from gradcheck.__main__ import main as gradcheck_main
from neuronnet.__main__ import main as neuronnet_main
from neuronnet.derivation.digits import Printed, fifty_digits
from neuronnet.derivation.network_model import NetworkModel
from neuronnet.derivation.quantities import Exact
from neuronnet.description.reading import read
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.rewriting import leaves_of
from neuronnet.names import spelled_out
from neuronnet.render.verdicts import remarks
from neuronnet.sheet.check_sheet import judged_beside
from neuronnet.sheet.readers.read_sheet import read_sheet

ROOT = Path(__file__).parent.parent
PROMPT, STEP = "(Pdb) ", "(step) "
SURROUNDINGS = {"NO_COLOR": "1", "COLUMNS": "120"}

NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_WORD = r"[^\W\d]\w*(?:\[\d+(?:,\d+)?\])?(?:@\d+)?"
_NAME = rf"(?:d{_WORD}/d{_WORD}|{_WORD})"
_LIKE_A_NAME = re.compile(
    r"(?<![\w/])(?:d\w+_\w+/d\w+|[biwho]\d+(?:@\d+)?|(?:net|out|target|E|delta)_[ho]\w+(?:@\d+)?)"
    r"(?![\w/])"
)


class Block(NamedTuple):
    """Lines of one kind: the word behind the fence, `table`, or `prose`. `line` is the number of the first,
    from 1.
    """

    kind: str
    line: int
    lines: list


def complaints(text):
    """Everything in a document that is wrong, a line each; an empty list for a document in which all is
    right.

    A table that another program makes is left to a test of its own.
    """
    blocks = list(blocks_of(without_made_parts(text)))
    scripts = {name: source for name, source in map(_script, blocks) if name}
    sources = tuple(source for block in blocks for source in _sources(block))
    outputs, namespace = run_python(sources)
    outputs = iter(outputs)
    found = []
    for block in blocks:
        if block.kind == "derivation":
            wrong = _in_lines(block, check_claim)
        elif _script(block)[0]:
            wrong = _comments("\n".join(block.lines)) if block.kind == "python" else []
        elif block.kind in ("pycon", "python"):
            wrong = _python_block(block, outputs)
        elif block.kind == "console":
            wrong = _commands(block, scripts)
        elif block.kind == "pdb":
            wrong = _debugger_session(block, scripts)
        elif block.kind == "table":
            wrong = _table(block, namespace)
        elif block.kind == "toml":
            wrong = _network("\n".join(block.lines))
        else:
            wrong = _in_lines(block, check_prose if block.kind == "prose" else check_code)
        found += [f"line {block.line}, {block.kind}: {each}" for each in wrong]
    return found


def made_parts(text):
    """What stands between `<!-- made by: ... -->` and `<!-- end -->`, each with the command that made it."""
    return re.findall(r"<!-- made by: (.*?) -->\n(.*?)<!-- end -->", text, re.DOTALL)


def without_made_parts(text):
    """A document with blank lines in the place of such parts."""
    return re.sub(
        r"<!-- made by: .*? -->\n.*?<!-- end -->",
        lambda part: "\n" * part[0].count("\n"),
        text,
        flags=re.DOTALL,
    )


def blocks_of(text):
    """The blocks of a document in their order; fences themselves belong to none."""
    kind, start, lines = "prose", 1, []
    for number, line in enumerate(text.splitlines() + ["\0"], 1):
        fenced = kind not in ("prose", "table")
        if line.startswith("```"):
            following = "prose" if fenced else line.strip("` ") or "text"
        elif fenced:
            following = kind
        else:
            following = "table" if line.startswith("|") else "prose"
        if following != kind or line.startswith("```") or line == "\0":
            if line == "\0" and fenced:
                raise ValueError(f"line {start}: the fence of this {kind} block is never closed")
            if lines:
                yield Block(kind, start, lines)
            kind, start, lines = following, number, []
        if not line.startswith("```"):
            if not lines:
                start = number
            lines.append(line)


def _in_lines(block, check):
    return [each for line in block.lines if line.strip() for each in check(line)]


# Claims


@cache
def check_claim(claim):
    """What is wrong with `name = formula = the same in numbers = number`, judged like a line of a sheet."""
    sheet = read_sheet(claim)
    if not (sheet.claims or sheet.unread):
        return [f"{claim!r} claims nothing: it has no equals sign"]
    with fifty_digits():
        lines, _ = judged_beside(sheet, _model())
    wrong = [line for line in lines if line.verdict != "right"]
    found = [f"{claim!r}: {line.verdict}: {'; '.join(remarks(line))}" for line in wrong]
    sides = claim.split(" = ")
    return found or [each for pair in zip(sides, sides[1:]) for each in _out_of_place(*pair)]


@cache
def _model():
    """The worked example with its exact values, computed once."""
    return NetworkModel(Exact(read("worked-example")))


def _out_of_place(formula, arithmetic):
    """Complaints about numbers that are those of no name in the formula beside them, to the last digit."""
    if re.fullmatch(NUMBER, arithmetic):
        return []
    names, numbers = (leaves_of(worked_example().read(side)) for side in (formula, arithmetic))
    if len(names) < 2 or any(isinstance(leaf, Name) for leaf in numbers):
        return []
    if len(names) != len(numbers):
        return [f"{arithmetic!r} has other numbers than {formula!r} has names"]
    places = [abs(exactly(name.format())) for name in names]
    return [
        f"{number.format()} stands for {names[place].format()}, which is {places[place]:.11g}"
        for place, number in enumerate(numbers)
        if not any(map(Printed(number.format()).agrees, places))
    ]


def _without_exponents(formula):
    return re.sub(r"(?<=\d)[eE](?=[+-]?\d)", "", formula)


@cache
def worked_example():
    """The worked example in fifty digits."""
    with fifty_digits():
        derivation = _model().exact.derivation
        derivation["E_total@9999"]  # before E_total@10000, which one update more gives
        return derivation


@cache
def exactly(formula):
    """The value of a formula in names, or in numbers as they are printed, to fifty digits."""
    with fifty_digits():
        return Decimal(worked_example().value_of(formula))


# Prose and tables


@cache
def check_prose(line):
    """What is wrong with a line of prose: in its code, see `check_code`; outside of it, every digit."""
    wrong = [each for code in re.findall(r"`([^`]+)`", line) for each in check_code(code)]
    rest = re.sub(rf"`[^`]+`|Python,? {re.escape(_oldest_python())} or newer", " ", line)
    return wrong + [
        f"{number} stands in the prose, where nothing computes it"
        for number in re.findall(r"\w*\d[\w.,]*", rest)
    ]


def check_code(code):
    """What is wrong with a piece of code in the prose: an unknown name, a wrong claim, a number that claims
    nothing.
    """
    wrong = [f"unknown name {name}" for name in _LIKE_A_NAME.findall(code) if not _is_known(name)]
    if " = " in code and (_has_digit(code) or all(map(_is_readable, code.split(" = ")))):
        wrong += check_claim(code)
    elif _has_digit(code) and code not in _published():
        wrong.append(f"{code!r} holds a number that nothing computes")
    return wrong


@cache
def _published():
    return {each.printed for each in read("worked-example").published if each.verdict == "wrong"}


@cache
def _oldest_python():
    return re.search(r"python_requires = >=([\d.]+)", (ROOT / "setup.cfg").read_text(encoding="utf-8"))[1]


def _has_digit(code):
    """Whether a digit is left when the names are taken out."""
    return re.search(r"\d", re.sub(_NAME, " ", _without_exponents(code))) is not None


@cache
def _is_known(name):
    neurons = [neuron for layer in worked_example().description.names.layers for neuron in layer]
    return name in neurons or spelled_out(name) in worked_example()


@cache
def _is_readable(formula):
    try:
        exactly(formula)
    except neuronnet.NeuronnetError:
        return False
    return True


def _table(block, namespace):
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in block.lines]
    header, wrong = rows[0], []
    for row in rows[2:]:
        if len(row) != len(header):
            wrong.append(f"{len(row)} cells under {len(header)} headings: {' | '.join(row)}")
            continue
        named = re.fullmatch(r"`([^`]+)`", row[0])
        cells = dict(zip(header, row))
        if {"printed", "right", "really"} <= set(header):
            wrong += _erratum(row[0].strip("`"), cells, namespace)
            row = [cell for name, cell in cells.items() if name not in ("printed", "really")]
        for cell in row:
            if not re.fullmatch(NUMBER, cell):
                wrong += check_prose(cell)
            elif named is None:
                wrong.append(f"{cell} stands in a row without a name")
            else:
                wrong += check_claim(f"{named[1]} = {cell}")
    return wrong + check_prose(" ".join(header))


def _erratum(quantity, cells, namespace):
    """Complaints about a published number: it must be wrong for its quantity, and what `really` computes."""
    printed, source = cells["printed"], cells["really"].strip("`")
    if not re.fullmatch(NUMBER, printed):
        return [f"{printed!r} is not a number"]
    try:
        really = _really(source, namespace)
    except Exception as error:
        return [f"{source} cannot be computed: {error!r}"]
    wrong = [] if agrees(printed, really) else [f"{source} is {really:.15g}, not {printed}"]
    if agrees(printed, exactly(quantity)):
        wrong.append(f"{printed} is no erratum: {quantity} is {exactly(quantity):.15g}")
    return wrong


def _really(source, namespace):
    return exactly(source) if _is_readable(source) else eval(source, dict(namespace))


@cache
def _network(description):
    try:
        neuronnet.load(description + "\n").total_error()
    except neuronnet.NeuronnetError as error:
        return [str(error)]
    return [each for comment in re.findall("#.*", description) for each in check_prose(comment)]


# Python


def _script(block):
    """(file name, source) of a block that opens with `# name.py` or `# name.txt`; (None, None) of others."""
    suffix = {"python": "py", "text": "txt"}.get(block.kind)
    name = re.fullmatch(rf"# (\w+\.{suffix})", block.lines[0].strip())
    return (name[1], "\n".join(block.lines) + "\n") if name else (None, None)


def _is_session(block):
    return any(line.startswith(">>> ") for line in block.lines)


def _examples(block):
    return DocTestParser().get_examples("\n".join(block.lines) + "\n")


def _sources(block):
    """The pieces of Python that a block adds to its document's namespace, as (source, mode)."""
    if block.kind not in ("pycon", "python") or _script(block)[0]:
        return []
    if _is_session(block):
        return [(example.source, "single") for example in _examples(block)]
    return [("\n".join(block.lines), "exec")]


@cache
def run_python(sources):
    """Run pieces of source in one namespace; return what each printed, and the namespace."""
    namespace, outputs = {"__name__": "__main__"}, []
    for source, mode in sources:
        with contextlib.redirect_stdout(io.StringIO()) as output:
            try:
                exec(compile(source, "<document>", mode, dont_inherit=True), namespace)
            except Exception as error:
                print("".join(traceback.format_exception_only(error)).strip())
        outputs.append(output.getvalue())
    return outputs, namespace


def _python_block(block, outputs):
    if not _is_session(block):
        source = "\n".join(block.lines)
        return [f"printed {output!r}" for output in [next(outputs)] if output] + _comments(source)
    wrong = []
    for example in _examples(block):
        output = next(outputs)
        if example.want.replace("<BLANKLINE>\n", "\n") != output:
            wrong.append(f"{example.source.strip()} gives {output!r}, not {example.want!r}")
        wrong += _comments(example.source)
    return wrong


@cache
def _comments(source):
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        each
        for token in tokens
        if token.type == tokenize.COMMENT and not token.string.endswith(".py")
        for each in check_prose(token.string)
    ]


# Commands and the debugger


def _commands(block, scripts):
    """Complaints about a console block: each `$ command` runs, and prints exactly the lines under it."""
    wrong, command, expected = [], None, []
    for line in block.lines + ["$ "]:
        if not line.startswith("$ "):
            expected.append(line)
            continue
        if command is not None:
            wrong += _command(command, expected, scripts)
        elif expected:
            wrong.append("output without a command")
        command, expected = line[2:], []
    return wrong


def _command(command, expected, scripts):
    words = shlex.split(command)
    if words[0] not in ("python", "python3") or words[1:3] == ["-m", "pip"]:
        return [f"{command!r} is not run here: only python is, and not to install"]
    needed = tuple((name, source) for name, source in scripts.items() if name in command)
    run = run_main if words[1:3] in (["-m", "neuronnet"], ["-m", "gradcheck"]) else run_command
    given = "".join(f"{line.removeprefix(STEP)}\n" for line in expected if line.startswith(STEP.strip()))
    output, errors, status = run(tuple(words[1:]), needed, given)
    if status not in (0, 1, 3) or "Traceback" in errors:
        return [f"{command!r} ends with status {status}: {errors.strip()}"]
    return _compare(command, expected, output)


def _debugger_session(block, scripts):
    """Complaints about a pdb block: the commands go to the debugger, and the whole exchange is compared."""
    words = shlex.split(block.lines[0])
    is_step = words[:5] == ["$", "python", "-m", "neuronnet", "step"] and "--pdb" in words
    script = words[-1]
    opens_file = words[:-1] in (["$", "python", "-m", "pdb"], ["$", "python"]) and script in scripts
    if not is_step and not opens_file:
        return [
            "opens with `$ python` or `$ python -m pdb` and a file of an earlier block, or a step with --pdb"
        ]
    commands = tuple(line.removeprefix(PROMPT) for line in block.lines if line.startswith(PROMPT))
    files = () if is_step else ((script, scripts[script]),)
    output, errors, _ = run_command(tuple(words[2:]), files, "\n".join(commands) + "\n")
    first, *answers = output.split(PROMPT)
    exchange = first + "".join(f"{PROMPT}{command}\n{answer}" for command, answer in zip(commands, answers))
    return _compare(script, block.lines[1:], _as_shown(exchange) + errors)


def _as_shown(output):
    """A debugger's output without directories and line numbers, which differ from reader to reader."""
    output = re.sub(r"(?m)^> (?:\S*/)?(\w+\.py)\(\d+\)", r"> \1 ", output)
    return re.sub(
        r"(?m)^((?:Breakpoint|Deleted breakpoint) \d+) at (?:\S*/)?(\w+\.py):\d+$", r"\1 at \2", output
    )


@cache
def run_command(words, scripts, given=""):
    """(stdout, stderr, exit status) of a Python command, run in the root of the repository, or beside its
    scripts.
    """
    environment = os.environ | SURROUNDINGS | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    with _folder_of(scripts) as folder:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env=environment,
            input=given,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
    return done.stdout, done.stderr, done.returncode


@cache
def run_main(words, scripts, given=""):
    """What `run_command` gives for `-m neuronnet ...` and `-m gradcheck ...`, without another process."""
    main = {"neuronnet": neuronnet_main, "gradcheck": gradcheck_main}[words[1]]
    with (
        _folder_of(scripts, "-o" in words or "--plot" in words) as folder,
        contextlib.chdir(folder),
        patch.dict(os.environ, SURROUNDINGS),
        patch("sys.stdin", io.StringIO(given)),
        contextlib.redirect_stdout(io.StringIO()) as output,
        contextlib.redirect_stderr(io.StringIO()) as errors,
    ):
        status = main(list(words[2:]))
    return output.getvalue(), errors.getvalue(), status


@contextlib.contextmanager
def _folder_of(scripts, writes=False):
    """The root of the repository, or a folder with the scripts, in which a command may also write."""
    with tempfile.TemporaryDirectory() as folder:
        for name, source in scripts:
            Path(folder, name).write_text(source, encoding="utf-8")
        yield folder if scripts or writes else ROOT


def _compare(command, expected, output):
    expected = [line.rstrip() for line in "\n".join(expected).strip("\n").split("\n")]
    actual = "".join(f"{line.rstrip()}\n" for line in output.strip("\n").split("\n"))
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(f"{line}\n") for line in expected)
    if re.fullmatch(pattern, actual):
        return []
    missing = [line for line in expected if line != "..." and line not in actual.split("\n")]
    reason = f"{missing[0]!r} is not in what it prints" if missing else "prints more, or in another order"
    return [f"{command}: {reason}"]


# Numbers to spoil


def spoiled_copies(text):
    """(places, copy): the document with the last digit of one number in each of its blocks changed, until
    every number has had its turn. A place is (line of the block, line, number).

    Left out are commands, code, descriptions of networks, addresses, and the digits in names.
    """
    blocks = [list(_numbers_of(block)) for block in blocks_of(without_made_parts(text))]
    for turn in range(max(map(len, blocks))):
        lines, places = text.splitlines(), []
        for block in blocks:
            for start, line, match in block[turn : turn + 1]:
                places.append((start, line, match[0]))
                old, last = lines[line - 1], match.end() - 1
                lines[line - 1] = f"{old[:last]}{(int(old[last]) + 1) % 10}{old[last + 1 :]}"
        yield places, "\n".join(lines) + "\n"


def _numbers_of(block):
    for number, line in enumerate(block.lines, block.line):
        if not _is_command(block, line):
            without_links = re.sub(r"\]\([^)]*\)", lambda link: "_" * len(link[0]), line)
            for match in re.finditer(rf"(?<![\w.@\[]){NUMBER}", without_links):
                yield block.line, number, match


def _is_command(block, line):
    if block.kind in ("pycon", "python"):
        return line.startswith((">>> ", "... ", "...")) or not _is_session(block)
    return (
        block.kind == "toml"
        or _script(block)[0] is not None
        or block.kind in ("console", "pdb")
        and line.startswith(("$ ", PROMPT))
    )
