"""Derivations as documents: our own reader reads what is written, and judges it right line by line."""

import csv
import html.parser
import re
import shutil
import subprocess
from dataclasses import replace
from html import escape
from itertools import product

import pytest
from profiles import by_day, is_thorough

from neuronnet.cli import main
from neuronnet.derivation.quantities import Derivation
from neuronnet.description.reading import EXAMPLES, read
from neuronnet.formulas.expressions import Name
from neuronnet.formulas.notation import Known, parse
from neuronnet.render import document, latex
from neuronnet.sheet.check_sheet import check_sheet
from neuronnet.sheet.own_model import Model

ENGINE = next(filter(None, map(shutil.which, ("tectonic", "pdflatex", "xelatex", "lualatex"))), None)
HOSTILE = "\\input{/etc/passwd} $x_ & 50% #1 <script>alert('é')</script> ~^{| 中 \x00 ]]>"
# name as it is kept -> as LaTeX
NAMES = {
    "w5": "w_{5}",
    "net_h1": r"\mathrm{net}_{h1}",
    "h2_1": r"h_{2\_1}",
    "E_total": r"E_{\mathrm{total}}",
    "delta_o1": r"\delta_{o1}",
    "δ1": r"\delta_{1}",
    "eta": r"\eta",
    "beta1_t@1": r"\mathrm{beta1\_t}^{+}",
    "dE_total/dw5": r"\frac{\partial E_{\mathrm{total}}}{\partial w_{5}}",
    "∂L/∂W1": r"\frac{\partial L}{\partial W_{1}}",
    "w5@1": "w_{5}^{+}",
    "h^{<1>}": "h^{<1>}",
    "net_h1[2]@3": r"\mathrm{net}_{h1}[2]^{(3)}",
    "ŷ": r"\hat{y}",
    "y_hat1": r"\hat{y}_{1}",
    "z²": "z^{2}",
    "W^(1)": "W^{(1)}",
    "b'": "b'",
    "gewicht_ä": r"\text{gewicht\_ä}",
    "x$y": r"\text{x\$y}",
}
# formula -> as LaTeX
FORMULAS = {
    "1/(1 + exp(-x))": r"\frac{1}{1 + \exp\left(-x\right)}",
    "(t - y)^2/2": r"\frac{\left(t - y\right)^{2}}{2}",
    "a*(b + c)": r"a \cdot \left(b + c\right)",
    "a - (b - c)": r"a - \left(b - c\right)",
    "-(a + b)": r"-\left(a + b\right)",
    "a/b*c": r"\frac{a}{b} \cdot c",
    "a/(b*c)": r"\frac{a}{b \cdot c}",
    "-t*ln(y) - (1 - t)*ln(1 - y)": (
        r"-t \cdot \ln\left(y\right) - \left(1 - t\right) \cdot \ln\left(1 - y\right)"
    ),
    "(x@1)ᵀ": r"\left(x^{+}\right)^{\top}",
    "max(0, x)": r"\max\left(0, x\right)",
    "logistic(x)": r"\sigma\left(x\right)",
    "sqrt(x) + 1e-8": r"\sqrt{x} + 1 \cdot 10^{-8}",
    "(dL/dy)^2": r"\left(\frac{\partial L}{\partial y}\right)^{2}",
}


def of(name):
    """The Document of an example."""
    sheet = EXAMPLES / "sheets" / f"{name}.txt"
    if sheet.exists():
        return document.of_model(Model.from_text(sheet.read_text(encoding="utf-8")))
    return document.of_derivation(Derivation(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_latex(name):
    assert latex.name_in_latex(name) == NAMES[name]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_in_latex(formula):
    assert latex.formula_in_latex(parse(formula, Known([*"abctxyL", "x@1"]))) == FORMULAS[formula]


def test_negative_numbers_stand_in_brackets():
    values = {"a": "-2", "b": "-0.5"}
    formula = Name("a") * Name("b") - Name("b") ** 2
    written = latex.formula_in_latex(formula, lambda name: latex.number_in_latex(values[name]))
    assert written == r"-2 \cdot \left(-0.5\right) - \left(-0.5\right)^{2}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, network, write",
    [
        ("han-kamber", "han-kamber", latex.document),
        ("batch-norm", None, latex.document),
        ("lstm-step", None, latex.markdown),
        ("worked-example", "worked-example", document.page),
    ],
)
def test_what_is_written_is_read_again_and_every_line_is_right(name, network, write):
    found = of(name)
    report = check_sheet(write(found), network)
    formulas = sum(step.formula is not None for step in found.steps)
    assert report.status == 0 and len(report.lines) >= formulas > 20
    assert {line.verdict for line in report.lines} <= {"right", "rounding", "given"}


SHEETS = sorted(path.stem for path in (EXAMPLES / "sheets").glob("*.txt") if "mistake" not in path.stem)
WRITERS = [latex.document, latex.markdown, document.page]


@pytest.mark.slow
@pytest.mark.parametrize("place, name", by_day(enumerate(SHEETS), 4))
def test_what_is_written_of_a_sheet_is_right(place, name):
    found = of(name)
    report = check_sheet(WRITERS[place % 3](found))
    assert report.status == 0 and {line.verdict for line in report.lines} <= {"right", "given", "rounding"}
    assert len(report.lines) >= sum(step.formula is not None for step in found.steps) > 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "old, new, verdict",
    [("0.399 & 0.499", "0.393 & 0.499", "wrong formula"), ("= 0.44475$", "= 0.44745$", "wrong number")],
)
def test_a_wrong_entry_in_a_document_is_noticed(old, new, verdict):
    text = latex.markdown(of("convolution"))
    assert old in text
    report = check_sheet(text.replace(old, new, 1))
    wrong = [line for line in report.lines if line.is_wrong]
    assert {line.verdict for line in wrong} == {verdict}
    assert all("stands for" in str([part.note for part in line.parts]) for line in wrong[1:])


def test_what_is_written_of_one_output_is_right_without_its_network():
    report = check_sheet(latex.markdown(of("nielsen-one-neuron")))
    assert report.status == 0 and len(report.lines) == 21


TWO_SAMPLES = {
    "loss": "mse",
    "learning_rate": 0.8,
    "layer": [
        {"activation": "tanh", "weights": [[0.7], [0.2]], "bias": [0.1, -0.2]},
        {"activation": "logistic", "weights": [[0.05, -0.6]], "bias": [0.1]},
    ],
    "sample": [{"inputs": [1.0], "targets": [0.9]}, {"inputs": [-1.0], "targets": [0.2]}],
}


@pytest.mark.parametrize("name", ["worked-example", "victor-zhou", "nielsen-one-neuron", "moons-tanh"])
def test_a_derivation_as_text_is_right_when_read_again(name):
    description = read(name)
    derivation = Derivation(replace(description, samples=description.samples[:1]))
    report = check_sheet(document.derivation_as_text(derivation), derivation.description)
    assert report.status == 0 and len(report.lines) > 20


@pytest.mark.parametrize("rule", by_day(["momentum", "rmsprop", "adam", "adamw"], 2))
def test_what_is_written_of_every_rule_is_right_without_its_network(rule):
    found = document.of_derivation(Derivation(TWO_SAMPLES | {"update": rule, "l2": 0.1}))
    written = latex.markdown(found)
    report = check_sheet(written)
    assert report.status == 0 and len(report.lines) > 60
    if rule == "momentum" or is_thorough():
        assert check_sheet(written, read(TWO_SAMPLES | {"update": rule, "l2": 0.1})).status == 0
    if rule == "adam":
        wrong = written.replace(r"{1 - \mathrm{beta1\_t}^{+}}", r"{1 - \mathrm{beta2\_t}^{+}}", 1)
        assert wrong != written and check_sheet(wrong).own_mistakes


def test_a_moment_of_a_batch_is_made_of_the_sum_of_its_samples():
    samples = [*TWO_SAMPLES["sample"], {"inputs": [0.5], "targets": [0.3]}]
    description = TWO_SAMPLES | {
        "loss": "half squared error",
        "update": "adam",
        "batch": 2,
        "sample": samples,
    }
    written = document.derivation_as_text(Derivation(description))
    report = check_sheet(written)
    assert not any(line.is_wrong for line in report.lines) and len(report.lines) > 60
    until = next(line for line in written.splitlines() if line.startswith("  m_w1@1 = "))
    wrong = until.replace("(1 - beta1)*(dE_total[1]/dw1 + dE", "(1 - beta1)*(dE_total[1]/dw1 - dE", 1)
    assert wrong != until and check_sheet(written.partition(until)[0] + wrong).own_mistakes


@pytest.mark.parametrize("write, batch", by_day(product(WRITERS, [2, "online"]), 3))
def test_what_is_written_of_two_samples_is_right_without_their_network(write, batch):
    text = write(document.of_derivation(Derivation(TWO_SAMPLES | {"batch": batch})))
    report = check_sheet(text)
    assert report.status == 0 and {line.verdict for line in report.lines} <= {"right", "given", "rounding"}


def test_a_derivative_in_one_sample_is_read_again():
    derivation = Derivation("xor")
    step = document.of_quantity(derivation["dE_total[2]/dw11"], derivation)
    name = r"\frac{\partial E_{\mathrm{total}}[2]}{\partial w_{11}} = "
    assert latex.equation(step).startswith(name)
    for equation, status in ((latex.equation(step), 0), (f"{name}0.5", 1)):
        assert check_sheet(f"$w_1 = 0.8444$\n\n${equation}$", "xor").status == status


def test_a_wrong_digit_in_a_handed_in_page_is_noticed():
    text = latex.document(of("cs231n-neuron"))
    assert text.count("0.73") > 0
    wrong = re.sub(r"0\.73(\d)", lambda found: f"0.73{(int(found[1]) + 1) % 10}", text, count=1)
    assert check_sheet(wrong, "cs231n-neuron").status == 1


@pytest.mark.slow
@pytest.mark.skipif(ENGINE is None, reason="no LaTeX engine is installed")
def test_the_page_compiles_whatever_stands_in_it(tmp_path):
    found = of("lstm-step")
    strange = document.Step(HOSTILE, "1e-9", "1e-9")
    found = found._replace(title=HOSTILE, sentences=(HOSTILE,), parts=(*found.parts, (HOSTILE, (strange,))))
    compiled(found, tmp_path)


def compiled(found, folder):
    """What the engine prints when it makes a page of a Document."""
    (folder / "page.tex").write_text(latex.document(found), encoding="utf-8")
    words = [ENGINE] if "tectonic" in ENGINE else [ENGINE, "-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run([*words, "page.tex"], cwd=folder, capture_output=True, timeout=110)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (folder / "page.pdf").exists()
    return (done.stdout + done.stderr).decode(errors="replace")


@pytest.mark.slow
@pytest.mark.skipif(ENGINE is None, reason="no LaTeX engine is installed")
def test_no_formula_leaves_the_page(tmp_path):
    """Long ones are a softmax of four outputs, its errors, and the L2 term of many weights."""
    inputs, targets = [0.25, -0.5, 0.75, 0.125, 0.0625, -1.5], [0, 1, 0, 0]
    weights = [[(-1) ** (row + place) * 0.1234 * (row + place + 1) for place in range(6)] for row in range(4)]
    layer = {"activation": "softmax", "weights": weights, "bias": [0.5, -0.25, 0.75, 1.5]}
    description = {"loss": "cross-entropy", "layer": [layer], "learning_rate": 0.5, "l2": 0.01}
    sample = {"inputs": inputs, "targets": targets}
    said = compiled(document.of_derivation(Derivation(description | {"sample": [sample, sample]})), tmp_path)
    margin = 2 / 2.54 * 72.27  # of two centimetres, in points
    assert all(float(each) < margin / 2 for each in re.findall(r"Overfull .hbox .([0-9.]+)pt", said))


class Page(html.parser.HTMLParser):
    """What stands in a page: its tags, its ids, its links, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.open = set(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.add(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        self.open += [] if tag in ("meta", "rect") else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)


def test_a_page_links_every_name_to_the_line_that_defines_it(tmp_path):
    assert main(["derive", "worked-example", "-o", str(tmp_path / "page.html")]) == 0
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open and "svg" in page.tags and not page.tags & {"script", "link", "img"}
    assert len(set(page.ids)) == len(page.ids) == len(of("worked-example").steps)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    names = sum(len(step.leaves) for step in of("worked-example").steps)
    assert len(page.links) >= names
    line = re.search(r'<li id="(\w+)"><b title="0.4">w5</b>', text)
    assert f'<a href="#{line[1]}" title="0.4">w5</a>*' in text


@pytest.mark.parametrize("name", ["worked-example", "xor", "attention-head", "adam-two-steps"])
def test_every_name_of_a_formula_is_a_link(name):
    found = of(name)
    known = {step.name for step in found.steps}
    for (_, steps), part in zip(found.parts, document.fragment(found).split("<ol")[1:]):
        lines = part.split("<li ")[1:]
        for step, line in zip(steps, lines, strict=True):
            named = {name for name, _ in step.leaves.values() if name in known}
            assert set(re.findall(r"<a [^>]*>([^<]*)</a>", line)) == named, step.name


def test_hostile_titles_stay_text():
    description = replace(read("cs231n-neuron"), title=HOSTILE)
    found = document.of_derivation(Derivation(description))
    page = Page(document.page(found))
    assert "script" not in page.tags and not page.open
    assert r"\input" not in latex.document(found) and r"\textbackslash{}input" in latex.document(found)
    assert "\n# \\\\input\\{" in "\n" + latex.markdown(found)


@pytest.mark.parametrize(
    ("first", "title"),
    [("# Exercise 3, by <b>A.</b>", "Exercise 3, by <b>A.</b>"), ("# y = 2 x", None), ("z = 3 w", None)],
)
def test_a_sheet_is_called_what_its_first_line_says(first, title):
    found = document.of_model(Model.from_text(f"{first}\nw = 0.5\nL = w^2"))
    assert found.title == (title or "A derivation with its own model")
    assert f"<h1>{escape(found.title)}</h1>" in document.page(found)


def test_cells_that_look_like_formulas_are_escaped():
    steps = [document.Step(f"{sign}1+cmd", "1", "1", f"{sign}x*y", "-2 + 1") for sign in "=+-@"]
    steps.append(document.Step("w", "-0.5", "-0.5"))
    written = document.as_csv(document.Document("", (), (("Given", tuple(steps)),)))
    rows = list(csv.DictReader(written.splitlines()))
    assert written.startswith("name,part,formula,in numbers,value\n")
    assert rows[-1]["value"] == "-0.5"
    texts = [row[key] for row in rows[:-1] for key in ("name", "formula", "in numbers")]
    assert texts and all(text.startswith("'") for text in texts)


def test_one_quantity_is_a_document_of_its_own(capsys):
    for options in (["--only", "dE_total/dw5"], ["--only", "dE_total/dw5", "--at", "3"]):
        assert main(["derive", "worked-example", "--format", "csv", *options]) == 0
        rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
        assert len(rows) == 4 and rows[0]["name"].startswith("dE_total/dw5")
        assert main(["derive", "worked-example", "--format", "latex", *options]) == 0
        assert capsys.readouterr().out.count("align*") == 4


def test_the_pass_after_some_updates_starts_from_its_parameters(capsys):
    assert main(["derive", "worked-example", "--at", "3", "--format", "markdown"]) == 0
    shown = capsys.readouterr().out
    assert "$w_{5}^{(3)} = " in shown and r"$\mathrm{net}_{h1}^{(3)} = w_{1}^{(3)} \cdot i_{1}" in shown
