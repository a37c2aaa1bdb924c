"""Mutants: one place of the code is changed, and the tests are asked whether they notice.

    python tests/fuzz/mutants.py FILES TESTS COUNT SEED

FILES and TESTS are files and folders of the repository with commas between them. COUNT places are drawn at
random; each is changed alone, in a clone of the last commit, and the tests that are not slow run there until
one fails.
"""

import ast
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 60  # seconds: a mutant that never ends is killed too
MEMORY = 4 << 30  # bytes
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
        started = time.monotonic()
        if (found := verdict(clone, tests.split(","))) != "survived":
            sys.exit(f"without any change these tests do not pass within {LIMIT} s: {found}")
        print(f"without any change: {time.monotonic() - started:.1f} s")
        drawn = random.Random(int(seed))
        every = [
            (path, n) for path in sources(clone, files.split(",")) for n in range(len(places(read(path))))
        ]
        chosen = drawn.sample(every, min(int(count), len(every)))
        found = [tried(clone, path, n, tests.split(",")) for path, n in chosen]
    sums = ", ".join(f"{found.count(each)} {each}" for each in ("killed", "out of time", "survived"))
    print(f"{len(found)} of {len(every)} mutants: {sums}")


def tried(clone, path, n, tests):
    """What became of the mutant whose place is the n-th of this file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    line, before, after = change(places(tree)[n])
    path.write_text(ast.unparse(tree), encoding="utf-8")
    found = verdict(clone, tests)
    path.write_text(text, encoding="utf-8")
    print(f"{found:11}  {path.relative_to(clone)}:{line}  {before}  ->  {after}", flush=True)
    return found


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


def verdict(clone, tests):
    """Whether these tests notice: "killed", "out of time" or "survived"."""
    words = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-x",
        "-q",
        "-m",
        "not slow",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    settings = {**os.environ, "PYTHONPATH": str(clone), "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.Popen(
        words,
        cwd=clone,
        env=settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    try:
        return "killed" if run.wait(LIMIT) else "survived"
    except subprocess.TimeoutExpired:
        return "out of time"
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
