"""The size and the depth of both packages: files, lines, chains of imports, and the files that a call runs
through.

`python benchmarks/house.py` prints each figure beside what it was before the folders were made, and the goal.
"""

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import gradcheck  # noqa: E402
import neuronnet  # noqa: E402

PACKAGES = {"neuronnet": neuronnet, "gradcheck": gradcheck}
# What is counted: (before, goal).
BEFORE_AND_GOAL = {
    "modules of both packages": (189, 115),
    "source lines of both packages": (25_600, 22_000),
    "import depth of neuronnet": (18, 10),
    "import depth of gradcheck": (20, 10),
    "check of two numbers: files": (24, 15),
    "check of two numbers: moves between files": (816, 400),
    "one right line of a sheet: files": (59, 35),
    "one weight, both passes: files": (7, 7),
    "public names without a docstring": (0, 0),
}
RIGHT_LINE = "network: worked-example\nnet_h1 = w1*i1 + w2*i2 + b1 = 0.3775\n"


def main():
    figures = measured()
    print(f"{'':44}{'before':>8}{'goal':>8}{'now':>8}")
    for name, (before, goal) in BEFORE_AND_GOAL.items():
        print(
            f"{name:44}{before:>8,}{goal:>8,}{figures[name]:>8,}{'' if figures[name] <= goal else '  missed'}"
        )
    print("\nlongest chains of imports")
    for package in PACKAGES:
        print("  " + " > ".join(import_chain(package)))
    print("\nlines by folder")
    for folder, (files, lines) in by_folder().items():
        print(f"  {folder:30}{files:>4} files{lines:>8,}")


def measured():
    """The figures by their names."""
    check, sheet, weight = trace(check_two_numbers), trace(check_a_right_line), trace(*both_passes())
    return {
        "modules of both packages": len(files()),
        "source lines of both packages": sum(map(lines_of, files())),
        "import depth of neuronnet": len(import_chain("neuronnet")),
        "import depth of gradcheck": len(import_chain("gradcheck")),
        "check of two numbers: files": len(files_of(check, "gradcheck")),
        "check of two numbers: moves between files": moves_of(check, "gradcheck"),
        "one right line of a sheet: files": len(files_of(sheet, "neuronnet")),
        "one weight, both passes: files": len(files_of(weight, "neuronnet")),
        "public names without a docstring": len(undocumented()),
    }


# What is on the disk


def files():
    """Every Python file of both packages."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@cache
def lines_of(path):
    """The number of lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def by_folder():
    """{folder: (files, lines)}; the files at the top of a package count as one folder."""
    found = {}
    for path in files():
        folder = path.relative_to(ROOT).parent.as_posix()
        count, lines = found.get(folder, (0, 0))
        found[folder] = count + 1, lines + lines_of(path)
    return found


@cache
def import_chain(package):
    """The longest chain of files of a package in which each imports the next when it is loaded."""
    needs = {module_of(path): imports_of(path) for path in files() if package in path.relative_to(ROOT).parts}

    @cache
    def chain_from(module):
        return (module, *max(map(chain_from, needs[module] & set(needs)), key=len, default=()))

    return max(map(chain_from, needs), key=len)


def module_of(path):
    """neuronnet/sheet/report.py -> neuronnet.sheet.report"""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path):
    """The modules that a file imports at its top, `from package import module` included."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inside & {module_of(path) for path in files()} or {node.module}
    return found - {module_of(path)}


def undocumented():
    """The public names, and the public methods of public classes, that have no docstring."""
    found = []
    for package, module in PACKAGES.items():
        for name in module.__all__:
            thing = getattr(module, name)
            found += [f"{package}.{name}"] if not inspect.getdoc(thing) else []
            if inspect.isclass(thing):
                methods = {key: each for key, each in vars(thing).items() if not key.startswith("_")}
                found += [
                    f"{package}.{name}.{key}"
                    for key, each in methods.items()
                    if (callable(each) or isinstance(each, property)) and not inspect.getdoc(each)
                ]
    return found


# What a call runs through


def check_two_numbers():
    """A right gradient of two numbers, checked."""

    def loss(w):
        return 0.5 * np.sum(np.tanh(w) ** 2)

    def gradients(w):
        return np.tanh(w) * (1 - np.tanh(w) ** 2)

    assert gradcheck.check(loss, gradients, np.array([0.5, -1.0])).verdict == "right"


def check_a_right_line():
    """A sheet of one line, which is right."""
    assert neuronnet.check_sheet(RIGHT_LINE).first_wrong is None


def both_passes():
    """The forward and the backward pass of the worked example, its network loaded before."""
    network = neuronnet.load("worked-example")
    ((inputs, targets),) = network.samples
    return (lambda: network.feed_forward(inputs), lambda: network.backpropagate(targets))


def trace(*functions):
    """The files of all Python functions called in the second run of `functions` in this process, in order."""
    called = []

    def note(frame, event, _):
        if event == "call":
            called.append(frame.f_code.co_filename)

    for function in functions:
        function()
    sys.setprofile(note)
    try:
        for function in functions:
            function()
    finally:
        sys.setprofile(None)
    return called


def files_of(called, package):
    """The files of a package in which a function was called."""
    return {file for file in called if in_package(file, package)}


def moves_of(called, package):
    """How many calls of functions of the package are in another file than the call before."""
    inside = [file for file in called if in_package(file, package)]
    return sum(before != after for before, after in pairwise(inside))


@cache
def in_package(file, package):
    """Whether a file lies in a package."""
    return Path(file).is_relative_to(ROOT / package)


if __name__ == "__main__":
    main()
