"""The public interface: every name has a short docstring and type hints; documents keep to their length."""

import inspect
import re
from dataclasses import fields

import pytest
from documents import ROOT, run_main

import gradcheck
import neuronnet
from neuronnet.description.description import PublishedNumber
from neuronnet.description.layers import KINDS, LAYER_KEYS
from neuronnet.description.reading import KEYS, RULE_SETTINGS
from neuronnet.description.samples import DATA_KINDS


def public_things():
    """(name, thing) of every public name, and of every public method of a public class."""
    for package in (neuronnet, gradcheck):
        for name in package.__all__:
            thing = getattr(package, name)
            yield f"{package.__name__}.{name}", thing
            if inspect.isclass(thing):
                for key, each in vars(thing).items():
                    if not key.startswith("_") and (inspect.isfunction(each) or isinstance(each, property)):
                        yield f"{package.__name__}.{name}.{key}", each


THINGS = dict(public_things())
FUNCTIONS = {name: each for name, each in THINGS.items() if inspect.isfunction(each)}


def test_a_public_name_has_a_docstring_of_at_most_150_words():
    for name, thing in THINGS.items():
        assert 0 < len((inspect.getdoc(thing) or "").split()) <= 150, name


def test_a_public_function_has_type_hints():
    for name, function in FUNCTIONS.items():
        needed = {*inspect.signature(function).parameters, "return"} - {"self", "cls"}
        assert needed <= set(function.__annotations__), name


@pytest.mark.parametrize(("document", "most"), [("README.md", 120), ("ARCHITECTURE.md", 60)])
def test_a_document_keeps_to_its_length(document, most):
    assert len((ROOT / document).read_text(encoding="utf-8").splitlines()) <= most


def test_every_link_between_documents_leads_somewhere():
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^):#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path.name} links to {link}"


@pytest.mark.parametrize("package", ["neuronnet", "gradcheck"])
def test_the_table_of_commands_knows_every_command(package):
    table = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    _, errors, _ = run_main(("-m", package, "nonsense"), ())
    commands = re.findall(r"\w+", re.search(r"choose from ([^)]*)", errors)[1])
    assert len(commands) >= 4
    assert [each for each in commands if f"`{package} {each}" not in table] == []


def test_the_tables_of_the_network_file_have_every_key_that_is_read():
    page = (ROOT / "docs" / "network_file.md").read_text(encoding="utf-8")
    columns = {}
    for table in re.findall(r"(?:^\|.*\n)+", page, re.M):
        heading, _, *rows = [[cell.strip() for cell in row.split("|")[1:3]] for row in table.splitlines()]
        columns[heading[0]] = {key: cell for first, cell in rows for key in re.findall(r"`(\w+)`", first)}
    assert set(columns["key of the file"]) == KEYS
    assert set(columns["key of a layer"]) == LAYER_KEYS
    nested = columns["key of the file"] | columns["key of a layer"] | columns["table"]
    nested["data"] += columns["key of the file"]["data"]
    for key, wanted in {
        "sample": {"inputs", "targets"},
        "data": {"file", "inputs"}.union(*({kind, *DATA_KINDS[kind].settings} for kind in DATA_KINDS)),
        "held_out": {"fraction", "seed"},
        "order": {"in turn", "random", "seed"},
        "init": {"kind", "scale", "seed", "order", *KINDS},
        "update": {"rule"}.union(*RULE_SETTINGS.values()),
        "published": {field.name for field in fields(PublishedNumber)},
    }.items():
        assert wanted <= set(re.findall(r"`([^`]+)`", nested[key])), key
