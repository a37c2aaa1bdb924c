"""Mutants: one place of the code is changed, and the whole suite is asked whether it notices.

    python tests/fuzz/mutants.py FILES COUNT SEED [MAP]

FILES are files and folders of the packages, with commas between them. COUNT places in them are drawn at
random, and each is changed alone, in a clone of the last commit. Those tests run on it that reach the changed
lines or, of a constant outside of functions, a line with its name: first the ones that noticed most in the
same file, then in others, then the quick ones, twelve seconds of computing at most. MAP is the file of what
each test reaches, which takes minutes: it is read where it exists, and written with what it did not know.
Needs Python 3.12.
"""

import ast
import gc
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections import Counter, defaultdict
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest

MOST = 12.0  # seconds of a core, of tests for one mutant, as measured without it
COMPUTING = 150  # seconds of a core, after which a mutant is taken to have no end
PATIENCE = 1200  # seconds, the same for one that waits
MEMORY = 6 << 30  # bytes
TOOL = 2  # of sys.monitoring
ORDER = Path("chosen.json")  # the tests that a fresh Python is to run
ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = ["tests/fuzz", "tests/house/test_imports.py"]  # of the text of the code, not of what it does
PAIRS = [(ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)]
PAIRS += [(ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.Div)]
SWAPPED = dict(
    [*PAIRS, *((b, a) for a, b in PAIRS), *((op, ast.Mult) for op in (ast.Pow, ast.FloorDiv, ast.Mod))]
)


def main(files, count, seed, calls=None):
    """Print each mutant with what became of it, and the sums."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone").resolve()
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        os.chdir(clone)
        os.environ |= {"PYTHONPATH": str(clone), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        sys.path.insert(0, str(clone))
        sys.dont_write_bytecode = True
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        suite = Suite(clone, calls and Path(calls), partial(_each, files.split(","), int(count), int(seed)))
        words = ["tests", *(f"--ignore={each}" for each in LEFT_OUT), "-sq", "--no-header", "--no-summary"]
        pytest.main([*words, "-p", "no:cacheprovider", "-p", "no:xdist"], [suite])


def _each(files, count, seed, suite):
    """Draw the mutants and try them."""
    every = [(path, n) for path in sources(suite.clone, files) for n in range(len(places(read(path))))]
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    found = [_tried(suite, path, n) for path, n in chosen]
    sums = ", ".join(f"{found.count(each)} {each}" for each in ("killed", "out of time", "survived"))
    print(f"{len(found)} of {len(every)} mutants: {sums}", flush=True)


def _tried(suite, path, n):
    """What became of the mutant whose place is the n-th of this file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    node = places(tree)[n]
    is_inside = bool(function_of(tree, node))
    wanted = lines_of(node, path) if is_inside else mentions(suite.clone, tree, node, path)
    line, before, after = change(node)
    path.write_text(ast.unparse(tree), encoding="utf-8")
    started = time.monotonic()
    found, by = suite.verdict(path, wanted, is_inside, tree)
    path.write_text(text, encoding="utf-8")
    place = f"{path.relative_to(suite.clone)}:{line}"
    took = f"{time.monotonic() - started:.0f} s"
    print(f"{found:11}  {place}  {before}  ->  {after}  {by}  {took}", flush=True)
    return found


class Suite:
    """A plugin of pytest: the collected tests, the lines that each reaches, how many mutants it noticed.

    Each mutant has a process of its own, forked after the tests were collected, in which the changed function
    has another code. Of one that the import calls, too, what noticed it must notice it in a fresh Python.
    """

    def __init__(self, clone, kept, then):
        self.clone, self.kept, self.then = clone, kept, then
        self.noticed, self.failed, self.items, self.calls = defaultdict(Counter), None, {}, {}
        self.at_import = defaultdict(int)
        sys.monitoring.use_tool_id(TOOL, "mutants")
        self._watch(self.at_import)

    def pytest_runtestloop(self, session):
        """Runs in place of the tests."""
        if session.testsfailed:
            sys.exit("the tests cannot be collected")
        sys.monitoring.set_events(TOOL, 0)
        gc.unfreeze()
        self.items = {item.nodeid: item for item in session.items}
        if self._anew(list(self.items)[:9])[0] != "survived":
            sys.exit("without any change the first tests do not pass")
        if self.kept is not None and self.kept.exists():
            self.calls = json.loads(self.kept.read_text())
        if new := [name for name in self.items if name not in self.calls]:
            self.calls |= self._what_each_reaches(new)
            if self.kept:
                whole = self.kept.with_suffix(f".{os.getpid()}")
                whole.write_text(json.dumps(self.calls))
                whole.replace(self.kept)  # several may run at once
        aside = [name for name in self.items if self.calls[name] is None]
        print(
            f"{len(self.items)} tests; without any change these fail here, and are left out: {aside}",
            flush=True,
        )
        self.calls = {name: self.calls[name] for name in self.items if name not in aside}
        self.then(self)
        return True

    def pytest_runtest_logreport(self, report):
        """Notes the test that notices."""
        if report.failed:
            self.failed = report.nodeid

    def verdict(self, path, wanted, is_inside, tree):
        """("killed", "out of time" or "survived", the test that noticed) of a change in a file.

        `wanted`: file -> a mask of the lines one of which a test has to reach. `is_inside`: the change is
        one of a function, which needs no import.
        """
        wanted = {str(each.relative_to(self.clone)): mask for each, mask in wanted.items()}
        reaching = (
            name
            for name, (_, masks) in self.calls.items()
            if any(int(masks.get(each, "0"), 16) & mask for each, mask in wanted.items())
        )
        chosen = self._chosen(reaching, path)
        found, by = "survived", None
        if is_inside and chosen:
            found, by = _forked(lambda: self._swapped_and_run(path, tree, chosen))
            at_import = any(self.at_import[each] & mask for each, mask in wanted.items())
            is_inside = found != "killed" or not at_import or self._anew([by])[0] != "survived"
        if not is_inside and chosen:
            found, by = self._anew(chosen)
        for some in (path, None):
            self.noticed[some][by] += found == "killed"
        return found, by or f"({len(chosen)} tests)"

    def _chosen(self, found, path):
        """The tests to run, MOST seconds of them: first what notices most, in this file, and then in any."""
        here, anywhere = self.noticed[path], self.noticed[None]
        found = sorted(found, key=lambda name: (-here[name], -anywhere[name], self.calls[name][0]))
        total, chosen = 0.0, []
        for each in found:
            total += self.calls[each][0]
            if total > MOST:
                break
            chosen.append(each)
        return chosen

    def _swapped_and_run(self, path, tree, chosen):
        """The test that notices the mutant's code in the functions that are there, or None."""
        codes = _codes(compile(ast.fix_missing_locations(tree), str(path), "exec"))
        for each in gc.get_objects():
            if isinstance(each, types.FunctionType) and each.__code__.co_filename == str(path):
                each.__code__ = codes.get(_key(each.__code__), each.__code__)
        _forget()
        gc.freeze()
        return self._run(chosen)

    def _run(self, chosen):
        items = [self.items[name] for name in chosen]
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return self.failed
        return None

    def _anew(self, chosen):
        """What becomes of the mutant as it stands in its file, in a fresh Python, and which test notices."""
        ORDER.write_text(json.dumps(chosen), encoding="utf-8")
        words = [
            sys.executable,
            "-B",
            "-m",
            "pytest",
            "-xq",
            "--tb=no",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ]
        words += ["-p", "mutants", *sorted({name.split("::")[0] for name in chosen})]
        found = os.pathsep.join([str(self.clone), str(Path(__file__).parent)])
        run = subprocess.Popen(
            words,
            env=os.environ | {"PYTHONPATH": found},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (COMPUTING, COMPUTING + 1)),
        )
        try:
            said, _ = run.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            return "out of time", ""
        by = [
            line.split(" - ")[0].partition(" ")[2]
            for line in said.splitlines()
            if line.startswith(("FAILED ", "ERROR "))
        ]
        if run.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return "out of time", ""
        return ("killed", by[0] if by else "the import") if run.returncode else ("survived", "")

    def _what_each_reaches(self, names):
        """test -> (seconds, the lines of the packages that it reaches), or None where it fails.

        By one process for each core.
        """
        files = [list(some) for _, some in groupby(names, lambda name: name.split("::")[0])]
        shares = [files[n :: os.cpu_count()] for n in range(os.cpu_count())]
        paths = [self.clone.parent / f"calls{n}" for n in range(len(shares))]
        children = [
            _fork(lambda s=share, p=path: self._note(s, p)) for share, path in zip(shares, paths, strict=True)
        ]
        for pid, pipe in children:
            with pipe:
                pipe.read()
            os.waitpid(pid, 0)
        return {name: found for path in paths for name, found in json.loads(path.read_text()).items()}

    def _note(self, files, path):
        """Runs the tests of some files, a list of names for each, and writes what each reaches."""
        found, reached = {}, defaultdict(int)
        self._watch(reached)
        for names in files:
            _forget()
            for n, name in enumerate(names):
                reached.clear()
                sys.monitoring.restart_events()
                started = sum(os.times()[:4])
                following = self.items[names[n + 1]] if n + 1 < len(names) else None
                self.items[name].config.hook.pytest_runtest_protocol(
                    item=self.items[name], nextitem=following
                )
                masks = {file: f"{mask:x}" for file, mask in sorted(reached.items())}
                found[name] = sum(os.times()[:4]) - started, masks
                if self.failed:
                    found[name], self.failed = None, None
        path.write_text(json.dumps(found))

    def _watch(self, reached):
        """Add to `reached`, file -> a mask, every line of the packages that is reached from now on."""
        inside = tuple(str(self.clone / each) + os.sep for each in ("neuronnet", "gradcheck"))

        def starts(code, line):
            if code.co_filename.startswith(inside):
                reached[code.co_filename.removeprefix(f"{self.clone}/")] |= 1 << line
            return sys.monitoring.DISABLE

        sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, starts)
        sys.monitoring.set_events(TOOL, sys.monitoring.events.LINE)


def pytest_collection_modifyitems(items):
    """Of the tests that a fresh Python collected, the chosen ones in their order."""
    order = {name: n for n, name in enumerate(json.loads(ORDER.read_text(encoding="utf-8")))}
    items[:] = sorted((each for each in items if each.nodeid in order), key=lambda each: order[each.nodeid])


def _forget():
    """Empty every cache of functions."""
    for each in gc.get_objects():
        if type(each).__name__ == "_lru_cache_wrapper":
            each.cache_clear()


def _forked(work):
    """("killed", what `work` returns in a process of its own), or "survived" or "out of time" with None."""
    pid, pipe = _fork(work, is_bounded=True)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(pid, signal.SIGKILL))
    signal.alarm(PATIENCE)
    with pipe:
        said = pipe.read()
    signal.alarm(0)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXCPU):
        return "out of time", None
    if status and not said:
        sys.exit(f"a process of tests ended with {status}")
    return ("killed", said) if said else ("survived", None)


def _fork(work, is_bounded=False):
    """(pid, a file with what `work` returns) of a process that says nothing else."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, os.fdopen(reader, encoding="utf-8")
    status = 1
    try:
        os.setpgid(0, 0)
        if is_bounded:
            resource.setrlimit(resource.RLIMIT_CPU, (COMPUTING, COMPUTING + 1))
        silent = os.open(os.devnull, os.O_RDWR)
        for each in range(3):
            os.dup2(silent, each)
        os.write(writer, (work() or "").encode())
        status = 0
    finally:
        os._exit(status)


def _codes(code):
    """key -> code, of all that a code holds."""
    found = {}
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            found |= {_key(each): each} | _codes(each)
    return found


def _key(code):
    """What tells one function of a file from the others, two lambdas of one line from each other too."""
    return code.co_qualname, code.co_firstlineno, list(code.co_positions())[-1]


def function_of(tree, node):
    """The qualified name of the function that computes a node, "" where the import of the file does."""

    def search(here, prefix, name):
        if here is node:
            return name
        for child in ast.iter_child_nodes(here):
            inner = prefix, name
            if isinstance(here, ast.ClassDef):
                inner = f"{prefix}{here.name}.", name
            elif isinstance(here, ast.FunctionDef) and child in here.body:
                inner = f"{prefix}{here.name}.<locals>.", f"{prefix}{here.name}"
            found = search(child, *inner)
            if found is not None:
                return found
        return None

    return search(tree, "", "")


def lines_of(node, path):
    """path -> a mask of the lines of a node, of its test alone if it is an `if`."""
    shown = node.test if isinstance(node, ast.If) else node
    return {path: sum(1 << line for line in range(shown.lineno, shown.end_lineno + 1))}


def mentions(clone, tree, node, path):
    """path -> a mask of the lines with a name that is given outside of functions where a node stands.

    Of all lines of the file where no name is.
    """
    kinds = ast.Assign | ast.AnnAssign | ast.FunctionDef
    around = [each for each in ast.walk(tree) if isinstance(each, kinds) and node in ast.walk(each)]
    at = around[-1] if around else None
    if isinstance(at, ast.FunctionDef):  # a default of one of its arguments
        return lines_of(at, path)
    given = at.targets if isinstance(at, ast.Assign) else [at.target] if isinstance(at, ast.AnnAssign) else []
    names = {each.id for target in given for each in ast.walk(target) if isinstance(each, ast.Name)}
    if not names:
        return {path: -1}
    word, found = re.compile(rf"\b({'|'.join(names)})\b"), {}
    for each in sources(clone, ["neuronnet", "gradcheck"]):
        text = each.read_text(encoding="utf-8")
        if each == path or path.stem in text:
            found[each] = sum(1 << n for n, line in enumerate(text.splitlines(), 1) if word.search(line))
    return found


def sources(clone, files):
    """The Python files of these files and folders."""
    for each in (clone / name for name in files):
        yield from sorted(each.rglob("*.py")) if each.is_dir() else [each]


def read(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def places(tree):
    """The nodes that can be changed; words, annotations and decorators are left out."""
    found, open_ones = [], [tree]
    while open_ones:
        node = open_ones.pop()
        if not isinstance(node, ast.JoinedStr | ast.arg | ast.Raise | ast.pattern):
            found += [node] if can_change(node) else []
            aside = [
                *getattr(node, "decorator_list", ()),
                getattr(node, "annotation", None),
                getattr(node, "returns", None),
            ]
            open_ones += [each for each in ast.iter_child_nodes(node) if each not in aside][::-1]
    return found


def can_change(node):
    match node:
        case ast.BinOp(left=ast.Constant(value=str())) | ast.BinOp(right=ast.Constant(value=str())):
            return False
        case ast.Compare(ops=[op, *_]) | ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op):
            return type(op) in SWAPPED
        case ast.UnaryOp(op=op):
            return isinstance(op, ast.Not | ast.USub)
        case ast.Constant(value=value):
            return isinstance(value, bool | int | float)
    return isinstance(node, ast.If | ast.IfExp)


def change(node):
    """Change this node of a tree; (line, before, after)."""
    shown = node.test if isinstance(node, ast.If) else node
    before = ast.unparse(shown)
    match node:
        case ast.Compare():
            node.ops[0] = SWAPPED[type(node.ops[0])]()
        case ast.BinOp() | ast.BoolOp() | ast.AugAssign():
            node.op = SWAPPED[type(node.op)]()
        case ast.UnaryOp():
            node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
            node.operand = (
                node.operand if isinstance(node.op, ast.UAdd) else ast.UnaryOp(ast.Not(), node.operand)
            )
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant():
            node.value += 1
        case ast.If():
            node.test = shown = ast.UnaryOp(ast.Not(), node.test)
        case ast.IfExp():
            node.body, node.orelse = node.orelse, node.body
    return shown.lineno if hasattr(shown, "lineno") else node.lineno, before, ast.unparse(shown)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
