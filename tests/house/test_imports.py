"""The two lists of folders: a folder imports only folders above it, and only what it needs from elsewhere."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

# Files and folders in reading order. Each imports only what stands before it.
ORDER = {
    "neuronnet": [
        "errors",
        "files",
        "elementary",
        "names",
        "activations",
        "losses",
        "description",
        "output",
        "neuron",
        "layer",
        "training",
        "building",
        "inspecting",
        "network",
        "formulas",
        "render",
        "derivation",
        "mistakes",
        "repairs",
        "sheet",
        "golden",
        "stepping",
        "__init__",
        "testing",
        "plugin",
        "documents",
        "commands",
        "cli",
        "__main__",
    ],
    "gradcheck": [
        "errors",
        "numeric",
        "verdict",
        "inputs",
        "report",
        "judge",
        "why",
        "checking",
        "hunting",
        "strategies",
        "doors",
        "tracing",
        "__init__",
        "testing",
        "plugin",
        "twin",
        "networks",
        "gallery",
        "cli",
        "__main__",
    ],
}
# Hands on to what stands below it: its methods import that when they are called.
HANDS_ON = "neuronnet/inspecting.py"
# What a file needs beside Python, its own package and, in gradcheck, NumPy.
NEEDS = {
    "neuronnet/render/figures.py": {"matplotlib"},
    "gradcheck/report/figures.py": {"matplotlib"},
    "gradcheck/plugin.py": {"pytest"},
    "gradcheck/strategies.py": {"hypothesis"},
    "neuronnet/plugin.py": {"pytest"},
    "neuronnet/golden/golden_value.py": {"flint"},
    "gradcheck/why/known_mistakes.py": {"neuronnet"},
    **{
        f"gradcheck/networks/{path.name}": {"neuronnet"}
        for path in (ROOT / "gradcheck" / "networks").glob("*.py")
    },
    "gradcheck/cli.py": {"neuronnet"},
    "gradcheck/__main__.py": {"neuronnet"},
}
FILES = sorted(
    path.relative_to(ROOT).as_posix() for package in ORDER for path in (ROOT / package).rglob("*.py")
)


@cache
def parsed(file):
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def imported(file, at_the_top=False):
    """The absolute names of what a file imports, anywhere or only at its top."""
    for node in parsed(file).body if at_the_top else ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports from dots; name the module"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place(order, name):
    """Where a module stands in the list; a public name of the package stands where its `__init__` does."""
    part = (name.split(".") + ["__init__"])[1]
    return order.index(part if part in order else "__init__")


@pytest.mark.slow
def test_a_folder_imports_only_folders_above_it():
    for file in FILES:
        package, own = Path(file).with_suffix("").parts[:2]
        order = ORDER[package]
        assert own in order, f"{file} has no place in the list of {package}"
        for name in imported(file, at_the_top=file == HANDS_ON):
            if name.partition(".")[0] == package:
                assert place(order, name) <= order.index(own), f"{file} imports {name}, which stands below it"


def test_neuronnet_needs_python_alone_and_gradcheck_numpy():
    for file in FILES:
        package = file.partition("/")[0]
        allowed = {package, *(["numpy"] if package == "gradcheck" else []), *NEEDS.get(file, ())}
        for name in imported(file):
            top = name.partition(".")[0]
            assert top in allowed or top in sys.stdlib_module_names, f"{file} imports {name}"


def test_the_files_of_a_folder_import_each_other_in_one_direction():
    modules = {file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file for file in FILES}
    needs = {}
    for module, file in modules.items():
        found = {
            name if name in modules else name.rpartition(".")[0] for name in imported(file, at_the_top=True)
        }
        needs[module] = (found & set(modules)) - {module}
    while needs:
        free = {module for module, needed in needs.items() if not needed}
        assert free, f"these import each other: {needs}"
        needs = {module: needed - free for module, needed in needs.items() if module not in free}


def test_no_file_is_named_like_one_of_the_standard_library():
    names = {Path(file).stem for file in FILES} - {"__init__", "__main__"}
    assert not names & sys.stdlib_module_names


def test_importing_neuronnet_loads_nothing_from_elsewhere():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); import neuronnet, "
        "neuronnet.cli; "
        "print('\\n'.join(sorted(name.partition('.')[0] for name in set(sys.modules) - before)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)], capture_output=True, text=True, check=True
    )
    foreign = set(loaded.stdout.split()) - sys.stdlib_module_names - {"neuronnet"}
    assert not foreign


@pytest.mark.parametrize("file", ["neuronnet/render/figures.py", "gradcheck/report/figures.py"])
def test_matplotlib_is_imported_in_one_function_alone(file):
    tree = parsed(file)

    def of(node):
        return [
            each
            for each in ast.walk(node)
            if isinstance(each, ast.Import) and each.names[0].name.startswith("matplotlib")
        ]

    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and of(node)]
    assert functions == ["_matplotlib"]
    assert len(of(tree)) == sum(len(of(node)) for node in tree.body if isinstance(node, ast.FunctionDef))


def test_the_core_files_can_be_read_in_one_sitting():
    core = ("activations", "losses", "neuron", "layer", "network")
    lines = sum(
        len((ROOT / "neuronnet" / f"{name}.py").read_text(encoding="utf-8").splitlines()) for name in core
    )
    assert lines <= 650


@pytest.mark.parametrize("package", ORDER)
def test_the_page_of_the_architecture_has_the_same_lists(package):
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = page.split(f"## {package}:")[1].split("\n## ")[0]
    entries = re.findall(r"^- (`[^:]*):", section, re.M)
    assert [name for entry in entries for name in re.findall(r"`(\w+)`", entry)] == ORDER[package]


def test_every_file_that_the_architecture_names_exists():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for name in re.findall(r"`([\w/]+\.py)`", page):
        assert any(file.endswith(name) for file in FILES), name
