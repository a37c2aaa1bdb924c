"""Spreadsheets: every formula is evaluated again, apart from what wrote it, and gives the value beside it."""

import csv
import io
import math
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from functools import cache

import pytest
from profiles import for_the_night

from neuronnet.cli import main
from neuronnet.derivation.quantities import Derivation
from neuronnet.derivation.training_rows import training_rows
from neuronnet.description.reading import read
from neuronnet.documents import workbook
from neuronnet.errors import NeuronnetError
from neuronnet.formulas.notation import Known, parse
from neuronnet.network import load
from neuronnet.render import document, spreadsheet
from neuronnet.render.cells import formulas_of, written

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FUNCTIONS = {"EXP": math.exp, "LN": math.log, "TANH": math.tanh, "MAX": max, "SQRT": math.sqrt, "ABS": abs}
FUNCTIONS |= {"SIN": math.sin, "COS": math.cos, "ERF": math.erf, "POWER": math.pow}
FUNCTIONS |= {"IF": lambda condition, yes, no: yes if condition else no, "PI": lambda: math.pi}
FUNCTIONS |= {"SIGN": lambda x: (x > 0) - (x < 0), "AND": lambda *conditions: all(conditions)}
FUNCTIONS |= {"NORMSDIST": lambda x: math.erfc(-x / math.sqrt(2)) / 2}
ROUNDINGS = 1e-9  # relative: a formula may cancel digits that its cached value keeps
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
CASES = [("worked-example", 3), ("xor", 2), ("han-kamber", 2), ("victor-zhou", 0), ("cs231n-neuron", 0)]
RULES = [
    {"rule": "momentum", "momentum": 0.9},
    {"rule": "nesterov", "momentum": 0.9},
    {"rule": "rmsprop"},
    {"rule": "adam"},
    {"rule": "adamw", "weight_decay": 0.1},
]


def made(network, updates):
    return zipfile.ZipFile(io.BytesIO(workbook(read(network), updates)))


def cells_of(file, number):
    """{place: (formula or None, value)} of a sheet."""
    root = ElementTree.fromstring(file.read(f"xl/worksheets/sheet{number}.xml"))
    found = {}
    for cell in root.iter(f"{MAIN}c"):
        formula, value, text = (cell.find(f".//{MAIN}{tag}") for tag in "fvt")
        number = text.text if value is None else float(value.text)
        found[cell.get("r")] = (None if formula is None else formula.text, number)
    return found


class Evaluated:
    """The cells of the sheets as Python evaluates their formulas; cached values are used for none."""

    def __init__(self, file, changes=(), number=2):
        self.given, self.rows = cells_of(file, 1), cells_of(file, number)
        self.given |= {place: (None, value) for place, value in dict(changes).items()}
        self.of = cache(self.of)

    def of(self, place):
        formula, value = self.rows[place]
        if formula is None:
            return value
        formula = re.sub(r"(?<!!)\$([A-Z]+)\$(\d+)", r"\1\2", formula)
        code = re.sub(r"Network!\$B\$(\d+)", r"given(\1)", formula)
        code = re.sub(r"(?<![\w(])([A-Z]+\d+)\b|(?<=\()([A-Z]+\d+)\b", r"at('\1\2')", code)
        code = re.sub(r"(?<![<>=])=", "==", code.replace("^", "**")).replace("<>", "!=")
        given = lambda row: self.given[f"B{row}"][1]  # noqa: E731
        return float(eval(code, FUNCTIONS | {"given": given, "at": self.of}))


def close(one, other):
    return math.isclose(one, other, rel_tol=ROUNDINGS, abs_tol=1e-13)


def described(rule=None, **settings):
    """A network of three layers with every activation, L2 and one sample that is not learnt yet."""
    layers = [
        {"activation": "relu", "weights": [[0.5, -0.4], [-0.3, 0.2]], "bias": [0.1, 0.2]},
        {"activation": "tanh", "weights": [[0.5, -0.4], [-0.3, 0.2]], "bias": [0.1, 0.2]},
        {"activation": "softmax", "weights": [[0.5, -0.4], [-0.3, 0.2]], "bias": [0.3, 0.1]},
    ]
    samples = [{"inputs": [0.3, -0.7], "targets": [1, 0]}, {"inputs": [-0.3, 0.6], "targets": [0, 1]}]
    found = {"loss": "categorical cross-entropy", "learning_rate": 0.1, "l2": 0.01, "layer": layers}
    found |= {"sample": samples} | settings
    return found if rule is None else found | {"update": rule}


@pytest.mark.parametrize("network, updates", CASES, ids=str)
def test_every_formula_gives_the_value_beside_it(network, updates):
    evaluated = Evaluated(made(network, updates))
    live = [place for place, (formula, _) in evaluated.rows.items() if formula is not None]
    assert len(live) > 4 * (updates + 1)
    for place in live:
        assert close(evaluated.of(place), evaluated.rows[place][1]), (place, evaluated.rows[place])


@pytest.mark.parametrize("network", [*map(described, RULES), described(batch="online")], ids=range(6))
def test_every_rule_and_layer_and_batches_in_turn(network):
    evaluated = Evaluated(made(network, 2))
    for place, (formula, value) in evaluated.rows.items():
        assert formula is None or close(evaluated.of(place), value), (place, formula)


def test_the_values_are_those_of_the_objects_in_every_digit():
    rows = training_rows("worked-example", 5).rows
    network = load("worked-example")
    for row in rows:
        gradients = network.gradients()
        found = {name: row[f"dE_total/d{name}"].value for name in gradients}
        assert found == gradients and row["E_total"].value == network.total_error()
        assert row["w5"].value == network["w5"].value and row["delta_h1"].value == network["h1"].delta
        network.update()


def test_the_learning_rate_is_a_cell_that_everything_follows():
    file = made("worked-example", 4)
    assert cells_of(file, 1)["A3"] == (None, "eta, the learning rate")
    evaluated, network = Evaluated(file, {"B3": 0.25}), load("worked-example")
    network.learning_rate = 0.25
    network.fit(4)
    heads = {text: place for place, (_, text) in evaluated.rows.items() if place.endswith("2") and text}
    column = heads["w5"].removesuffix("2")
    assert close(evaluated.of(f"{column}7"), network["w5"].value)
    assert close(evaluated.of("B7"), network.total_error())


def test_the_error_curve_is_a_chart_of_the_column():
    file = made("worked-example", 4)
    chart = file.read("xl/charts/chart1.xml").decode()
    assert "Training!$A$3:$A$7" in chart and "Training!$B$3:$B$7" in chart
    errors = [row["E_total"].value for row in training_rows("worked-example", 4).rows]
    assert [float(each) for each in re.findall(r"<c:v>([\d.]+)</c:v>", chart)[5:]] == errors
    for name in file.namelist():
        ElementTree.fromstring(file.read(name))


def test_texts_stay_texts():
    hostile = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "<script>&\x00"]
    steps = tuple(document.Step(name, "1", "1", "=2+2", "1") for name in hostile)
    data = spreadsheet.workbook_of_steps(document.Document(hostile[0], (), (("", steps),)))
    file = zipfile.ZipFile(io.BytesIO(data))
    root = ElementTree.fromstring(file.read("xl/worksheets/sheet1.xml"))
    assert root.find(f".//{MAIN}f") is None
    texts = [cell for cell in root.iter(f"{MAIN}c") if cell.get("t") == "inlineStr"]
    risky = [cell for cell in texts if cell.find(f".//{MAIN}t").text[0] in "=+-@"]
    assert len(risky) == 1 + 4 + 5 and {cell.get("s") for cell in risky[1:]} == {str(spreadsheet.QUOTED)}


def test_the_model_of_a_sheet_lives_where_it_is_of_numbers(tmp_path):
    (tmp_path / "own.txt").write_text(
        "x = 0.5\nw = 0.4\nz = w x\ny = tanh(z)\nL = 1/2 (y - 0.3)^2\n", encoding="utf-8"
    )
    assert main(["derive", str(tmp_path / "own.txt"), "-o", str(tmp_path / "own.xlsx")]) == 0
    cells = cells_of(zipfile.ZipFile(tmp_path / "own.xlsx"), 1)
    assert cells["A6"][1] == "y" and cells["C6"][0] == "TANH($C$5)" and cells["C5"][0] == "$C$4*$C$3"
    assert close(cells["C6"][1], math.tanh(0.2))


@pytest.mark.parametrize(
    "options, part",
    [
        (["--format", "xlsx"], "xlsx is for files"),
        (["-o", "a.xlsx", "--only", "w5"], "--only: a spreadsheet has a row for every update"),
        (["-o", "a.xlsx", "--at", "3"], "--at: a spreadsheet has a row"),
        (["-o", "a.xlsx", "--updates", "1000000"], "too many for a spreadsheet"),
    ],
)
def test_what_no_spreadsheet_holds_is_refused(capsys, tmp_path, monkeypatch, options, part):
    monkeypatch.chdir(tmp_path)
    assert main(["derive", "worked-example", *options]) == 2
    assert part in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_a_training_that_diverges_is_refused():
    with pytest.raises(NeuronnetError, match="diverges: .* is not finite; take a smaller learning rate"):
        workbook(read(read("hmkcode-linear").to_dict() | {"learning_rate": 50.0}), 400)


@for_the_night()
@pytest.mark.parametrize("network, updates", CASES[:3], ids=str)
def test_the_package_formulas_agrees(tmp_path, network, updates):
    formulas = pytest.importorskip("formulas")
    (tmp_path / "x.xlsx").write_bytes(workbook(read(network), updates))
    solved = formulas.ExcelModel().loads(str(tmp_path / "x.xlsx")).finish().calculate()
    for place, (formula, value) in cells_of(zipfile.ZipFile(tmp_path / "x.xlsx"), 2).items():
        assert formula is None or close(float(solved[f"'[x.xlsx]TRAINING'!{place}"].value[0, 0]), value)


def recomputed(file, folder, sheet):
    """{place: number} as LibreOffice computes them from a file without the cached values."""
    with zipfile.ZipFile(folder / "bare.xlsx", "w") as bare:
        for name in file.namelist():
            bare.writestr(name, re.sub(rb"</f><v>[^<]*</v>", b"</f>", file.read(name)))
    number = 2 if sheet == "Training" else 1
    as_csv = f"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,{number}"
    command = [OFFICE, "--headless", "--convert-to", as_csv, "bare.xlsx"]
    subprocess.run(command, cwd=folder, timeout=110, check=True)
    lines = (folder / f"bare-{sheet}.csv").read_text(encoding="utf-8").splitlines()
    found = {}
    for row, texts in enumerate(csv.reader(lines), 1):
        for place, text in enumerate(texts):
            if text.lstrip("-")[:1].isdigit():
                found[f"{spreadsheet.column(place)}{row}"] = float(text)
    return found


@for_the_night()
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_computes_the_same_where_no_value_is_cached(tmp_path):
    file = made("worked-example", 3)
    computed = recomputed(file, tmp_path, "Training")
    for place, (formula, value) in cells_of(file, 2).items():
        assert formula is None or close(computed[place], value)


WITH_ALL_FUNCTIONS = """
x = [[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]]
c = 0.3
W = [[0.4, -0.2], [0.7, 0.1], [-0.3, 0.8]]
z = x W
a = relu(z)
b = max(z, c)
d = abs(z) + sign(z)
e = (z > c) * z
f = leaky_relu(z, 0.1) + elu(z) + gelu(z) + softplus(z) + sigmoid(z)
g = sin(z) + cos(z) + erf(z)
m = max(x, axis=1)
s = softmax(z)
p = where(z > 0, z, c)
h = clip(z, -0.5, 0.5)
q = min(z, c) - z^3
u = a + b + d + e + f + g + s + p + h + q
L = sum(u*u) + sum(m)
"""


@cache
def sheet_file(name, folder):
    """The file of an example, or of WITH_ALL_FUNCTIONS."""
    path = folder / "all.txt"
    path.write_text(WITH_ALL_FUNCTIONS, encoding="utf-8")
    assert main(["derive", str(path) if name == "all" else name, "-o", str(folder / "x.xlsx")]) == 0
    return zipfile.ZipFile(folder / "x.xlsx")


def live(cells):
    """(place, formula, value) of every number that is computed in the file of a sheet."""
    given = {place[1:] for place, (_, text) in cells.items() if place[0] == "B"}
    assert given
    for place, (formula, value) in cells.items():
        if isinstance(value, float) and place[1:] in given:
            assert formula is not None, place
            yield place, formula, value


@pytest.mark.parametrize(
    "name", ["attention-head", "batch-norm", "softmax-one-row", "embedding", "adam-two-steps", "all"]
)
def test_every_entry_of_a_matrix_lives(name, tmp_path):
    evaluated = Evaluated(sheet_file(name, tmp_path), number=1)
    for place, formula, value in live(evaluated.rows):
        assert close(evaluated.of(place), value), (place, formula)


def test_other_givens_take_another_branch(tmp_path):
    """Every sign turned: what a max or step chose, its formula chooses again."""
    file = sheet_file("all", tmp_path)
    turned = WITH_ALL_FUNCTIONS.replace(
        "x = [[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]]", "x = [[-0.5, 1.5, -2.0], [-1.0, -0.25, 0.75]]"
    )
    (tmp_path / "turned.txt").write_text(turned, encoding="utf-8")
    assert main(["derive", str(tmp_path / "turned.txt"), "-o", str(tmp_path / "turned.xlsx")]) == 0
    wanted = cells_of(zipfile.ZipFile(tmp_path / "turned.xlsx"), 1)
    evaluated = Evaluated(file, number=1)
    evaluated.rows |= {place: cell for place, cell in wanted.items() if cell[0] is None}
    for place, formula, _ in live(wanted):
        assert close(evaluated.of(place), wanted[place][1]), (place, formula)


@pytest.mark.parametrize(
    "formula, text",
    [
        ("a - (b - c)", "$A$1-($B$1-$C$1)"),
        ("a - b - c", "$A$1-$B$1-$C$1"),
        ("a/(b*c)", "$A$1/($B$1*$C$1)"),
        ("a*-b", "$A$1*(-$B$1)"),
        ("2*-a", "2*(-$A$1)"),
        ("(a + b)*c", "($A$1+$B$1)*$C$1"),
        ("(-a)^2", "(-$A$1)^2"),
        ("-a^2", "-($A$1^2)"),
        ("1 - a - b^2", "1-$A$1-$B$1^2"),
        ("exp(-a)/(b - c)", "EXP(-$A$1)/($B$1-$C$1)"),
        ("max(a, b)", "MAX($A$1,$B$1)"),
        ("max(0, a + b)*c", "MAX(0,$A$1+$B$1)*$C$1"),
        ("step(a)", "IF($A$1>0,1,0)"),
    ],
)
def test_a_number_writes_down_how_it_is_computed(formula, text):
    cells = {name: written(value, f"${name.upper()}$1") for name, value in zip("abc", (0.5, 2.0, 0.25))}
    found = formulas_of(parse(formula, Known([*"abc"])), cells)
    assert found == [text]


@for_the_night()
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_knows_every_function(tmp_path):
    cells = cells_of(sheet_file("all", tmp_path), 1)
    computed = recomputed(zipfile.ZipFile(tmp_path / "x.xlsx"), tmp_path, "Derivation")
    for place, formula, value in live(cells):
        assert close(computed[place], value), (place, formula)


def test_the_formulas_stand_there_as_text():
    cells = cells_of(made("worked-example", 0), 3)
    texts = {text for _, text in cells.values()}
    assert Derivation("worked-example")["net_h1"].formula in texts
