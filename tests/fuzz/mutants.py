"""Mutants: one place of the code is changed, and the tests are asked whether they notice.

    python tests/fuzz/mutants.py FILES TESTS COUNT SEED

FILES and TESTS are files and folders of the repository with commas between them. COUNT places are drawn at
random; each is changed alone, in a clone of the last commit, and the tests that are not slow run there until
one fails: those that call the changed function, first the ones that noticed most, then the quick ones.
"""

import ast
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

PATIENCE = 60  # seconds, and thrice what the tests take: a mutant may never end
MEMORY = 4 << 30  # bytes
PLAN = "MUTANTS_PLAN"  # the environment variable with the file that tells pytest what to do
CALLS = {}  # test -> (seconds, the functions that it calls)
ROOT = Path(__file__).resolve().parents[2]
PAIRS = [(ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)]
PAIRS += [(ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.Div)]
SWAPPED = dict(
    [*PAIRS, *((b, a) for a, b in PAIRS), *((op, ast.Mult) for op in (ast.Pow, ast.FloorDiv, ast.Mod))]
)


def main(files, tests, count, seed):
    """Print each mutant with what became of it, and the sums."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        runs = Runs(clone, tests.split(","))
        drawn = random.Random(int(seed))
        every = [
            (path, n) for path in sources(clone, files.split(",")) for n in range(len(places(read(path))))
        ]
        chosen = drawn.sample(every, min(int(count), len(every)))
        found = [tried(runs, path, n) for path, n in chosen]
    sums = ", ".join(f"{found.count(each)} {each}" for each in ("killed", "out of time", "survived"))
    print(f"{len(found)} of {len(every)} mutants: {sums}")


def tried(runs, path, n):
    """What became of the mutant whose place is the n-th of this file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    line, before, after = change(places(tree)[n])
    path.write_text(ast.unparse(tree), encoding="utf-8")
    found, by = runs.verdict(path, line, functions(ast.parse(text)))
    path.write_text(text, encoding="utf-8")
    print(f"{found:11}  {path.relative_to(runs.clone)}:{line}  {before}  ->  {after}  {by}", flush=True)
    return found


class Runs:
    """The tests of a clone, what each of them calls and how many mutants it noticed."""

    def __init__(self, clone, tests):
        self.clone, self.tests, self.noticed = clone, tests, Counter()
        self.plan, self.seen = clone.parent / "plan.json", clone.parent / "seen.json"
        started = time.monotonic()
        if status := self.run({"calls": str(clone)}, tests, None):
            sys.exit(f"without any change these tests do not pass: {status}")
        self.patience = PATIENCE + 3 * (time.monotonic() - started)
        self.calls = json.loads(self.seen.read_text())
        print(f"without any change: {time.monotonic() - started:.1f} s, {len(self.calls)} tests", flush=True)

    def verdict(self, path, line, found):
        """("killed", "out of time" or "survived", the test that noticed) of a change in a line of a file."""
        inside = [first for first, last in found if first <= line <= last]
        place = f"{path}:{inside[-1]}" if inside else None
        chosen = [name for name, (_, called) in self.calls.items() if place is None or place in called]
        chosen.sort(key=lambda name: (-self.noticed[name], self.calls[name][0]))
        self.seen.unlink(missing_ok=True)
        files = sorted({name.split("::")[0] for name in chosen})
        status = self.run({"order": chosen}, files, self.patience) if chosen else 0
        if status is None:
            return "out of time", ""
        by = self.seen.read_text() if status and self.seen.exists() else ""
        self.noticed[by] += 1
        return "killed" if status else "survived", by or f"({len(chosen)} tests)"

    def run(self, plan, tests, limit):
        """The exit status of pytest on these files, None where it takes longer."""
        self.plan.write_text(json.dumps(plan))
        words = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-m", "not slow"]
        words += ["-p", "no:cacheprovider", "-p", "mutants", *tests]
        found = os.pathsep.join([str(self.clone), str(Path(__file__).parent)])
        run = subprocess.Popen(
            words,
            cwd=self.clone,
            env={**os.environ, "PYTHONPATH": found, "OPENBLAS_NUM_THREADS": "1", PLAN: str(self.plan)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        )
        try:
            return run.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()


def pytest_collection_modifyitems(items):
    """Of the tests of one mutant, those that call it, in the order of the plan; as they are without one."""
    order = {name: n for n, name in enumerate(_plan().get("order", ()))}
    if order:
        items[:] = sorted(
            (each for each in items if each.nodeid in order), key=lambda each: order[each.nodeid]
        )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Notes what each test calls, where the plan asks for that."""
    called, clone = {}, _plan().get("calls")
    started = time.monotonic()
    if clone is not None:
        sys.settrace(lambda frame, *_: called.setdefault(id(frame.f_code), frame.f_code) and None)
    yield
    sys.settrace(None)
    if clone is not None:
        inside = [each for each in called.values() if each.co_filename.startswith(clone)]
        places = sorted({f"{each.co_filename}:{each.co_firstlineno}" for each in inside})
        CALLS[item.nodeid] = time.monotonic() - started, places


def pytest_runtest_logreport(report):
    """Notes the test that notices."""
    if report.failed:
        _seen().write_text(report.nodeid)


def pytest_sessionfinish():
    """Writes what each test calls."""
    if "calls" in _plan():
        _seen().write_text(json.dumps(CALLS))


def _plan():
    return json.loads(Path(os.environ[PLAN]).read_text())


def _seen():
    return Path(os.environ[PLAN]).with_name("seen.json")


def functions(tree):
    """(first line, last line) of each function, outer ones first."""
    found = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    lines = [
        (min([each.lineno, *(d.lineno for d in each.decorator_list)]), each.end_lineno) for each in found
    ]
    return sorted(lines)


def sources(clone, files):
    """The Python files of these files and folders."""
    for each in (clone / name for name in files):
        yield from sorted(each.rglob("*.py")) if each.is_dir() else [each]


def read(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def places(tree):
    """The nodes that can be changed, words and annotations left out."""
    found, open_ones = [], [tree]
    while open_ones:
        node = open_ones.pop()
        if not isinstance(node, ast.JoinedStr | ast.arg | ast.Raise | ast.pattern):
            found += [node] if can_change(node) else []
            open_ones += reversed(list(ast.iter_child_nodes(node)))
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
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
