"""Who may import whom: imports point one way, and the reference needs nothing but the standard library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# The reading order of neuronnet; a module imports only from modules before it.
ORDER = ["errors", "elementary", "activations", "losses", "names", "literal", "files", "checks", "legacy_random",
         "initial", "data", "csv_table", "sampling", "settings", "validation", "spec", "parameter", "neuron", "layer",
         "updates", "order", "building", "network", "training", "derivation.bias_kinds", "derivation.functions",
         "derivation.expressions", "derivation.parsing", "derivation.formulas", "derivation.update_formulas", "derivation.chain", "derivation.pass_names", "derivation.passes",
         "derivation.rewriting", "derivation.long_run", "derivation.quantities", "derivation.digits", "derivation.interval", "derivation.exact",
         "derivation.identity", *(f"derivation.repairs.{name}" for name in ("places", "structure", "wholes", "surroundings", "brackets",
                                                                            "changes", "derivatives", "renamings", "slips", "pairs", "repairing")), "derivation.repairs",
         "derivation.freedom", "derivation.counterexample", "derivation.program_names", "derivation.program_steps", "derivation.program",
         *(f"derivation.mistakes.{name}" for name in ("mistake", "update_order", "biases", "slopes", "paths", "gradients", "signs",
                                                      "factors", "samples", "errors_of_outputs", "l2_terms", "loading", "forward",
                                                      "steps", "catalogue")), "derivation.mistakes",
         "derivation.claimed", "derivation.explained", "derivation.search", "derivation.diagnosis", "derivation",
         "render.text", "render.sheet_text", "render.mistakes_text", "render",
         "explanation", *(f"sheet.{name}" for name in ("spelling", "latex_tokens", "latex", "claims", "tables", "json_object", "lines", "blocks",
                                                       "reading", "notation", "alignment", "author", "report", "arithmetic", "judging", "running")), "sheet",
         "__init__", "output", "render.boundary", "render.figures", "cli", "__main__"]

# What only the bridge to neuronnet and the command line of gradcheck may import.
BRIDGE = {"network", "lockstep", "sweep", "explanation", "cli", "__main__"}


def modules(package):
    """Dotted name within the package -> path."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT / package).with_suffix("").parts
        name = ".".join(parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imported(path, package):
    """The absolute names of all modules that a file imports, at its top or anywhere inside."""
    here = (package, *path.relative_to(ROOT / package).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[:len(here) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", modules("neuronnet"))
def test_neuronnet_imports_only_the_standard_library_and_itself(name):
    for module in imported(modules("neuronnet")[name], "neuronnet"):
        top = module.partition(".")[0]
        allowed = {"neuronnet", "matplotlib"} if name == "render.figures" else {"neuronnet"}
        assert top in allowed or top in sys.stdlib_module_names, f"{name} imports {module}"


def test_matplotlib_is_imported_in_one_function_alone():
    tree = ast.parse(modules("neuronnet")["render.figures"].read_text(encoding="utf-8"))
    def of(node):
        return [each for each in ast.walk(node) if isinstance(each, ast.Import) and each.names[0].name.startswith("matplotlib")]
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and of(node)]
    assert functions == ["_matplotlib"]
    assert len(of(tree)) == sum(len(of(node)) for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("name", modules("neuronnet"))
def test_imports_inside_neuronnet_point_one_way(name):
    assert name in ORDER, f"{name} has no place in the reading order"
    known = {f"neuronnet.{each}": each for each in ORDER}
    for module in imported(modules("neuronnet")[name], "neuronnet"):
        if module in known:
            assert ORDER.index(known[module]) < ORDER.index(name), f"{name} imports {module}, which comes after it"


@pytest.mark.parametrize("name", modules("gradcheck"))
def test_only_the_bridge_of_gradcheck_imports_neuronnet(name):
    if name not in BRIDGE:
        assert not [module for module in imported(modules("gradcheck")[name], "gradcheck") if module.startswith("neuronnet")]


@pytest.mark.parametrize("name", modules("gradcheck"))
def test_gradcheck_needs_numpy_alone(name):
    """But for the drawing, which is an extra, and the door for pytest, which only pytest opens."""
    own = {"plots": {"matplotlib"}, "plugin": {"pytest"}}.get(name, set())
    for module in imported(modules("gradcheck")[name], "gradcheck"):
        top = module.partition(".")[0]
        assert top in {"gradcheck", "neuronnet", "numpy"} | own or top in sys.stdlib_module_names, f"{name} imports {module}"


def test_no_module_is_named_like_one_of_the_standard_library():
    names = {name.rpartition(".")[2] for package in ("neuronnet", "gradcheck") for name in modules(package)}
    assert not (names - {"__init__", "__main__"}) & sys.stdlib_module_names


def test_importing_neuronnet_loads_nothing_from_elsewhere():
    code = ("import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); import neuronnet, neuronnet.cli; "
            "print('\\n'.join(sorted(name.partition('.')[0] for name in set(sys.modules) - before)))")
    loaded = subprocess.run([sys.executable, "-I", "-S", "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    foreign = set(loaded.stdout.split()) - sys.stdlib_module_names - {"neuronnet"}
    assert not foreign


def test_the_core_files_can_be_read_in_one_sitting():
    core = ("activations", "losses", "parameter", "neuron", "layer", "network")
    lines = sum(len(modules("neuronnet")[name].read_text(encoding="utf-8").splitlines()) for name in core)
    assert lines <= 705


def test_imports_inside_gradcheck_make_no_circle():
    """They point one way: the modules can be put in an order in which each imports only earlier ones."""
    names = {f"gradcheck.{name}".removesuffix(".__init__"): name for name in modules("gradcheck")}
    needs = {name: {names[module] for module in imported(path, "gradcheck") if module in names} - {name, name.rpartition(".")[0]}
             for name, path in modules("gradcheck").items()}
    while needs:
        free = {name for name, needed in needs.items() if not needed}
        assert free, f"these import each other: {needs}"
        needs = {name: needed - free for name, needed in needs.items() if name not in free}
