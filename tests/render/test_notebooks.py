"""What notebooks show, and what is loaded for it: nothing before they ask."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from decimal import Decimal

import numpy as np
import pytest
from documents import ROOT

import gradcheck
import neuronnet
from neuronnet.derivation.quantities import Derivation, explain
from neuronnet.golden.actual import Actual
from neuronnet.golden.comparing import compared
from neuronnet.golden.golden import Golden
from neuronnet.render import document

SHEET = "x = 0.5\nw = 0.4\ny = tanh(w x)\nL = 1/2 (y - 0.3)^2"
HTML, LATEX, MARKDOWN, SVG = "_repr_html_", "_repr_latex_", "_repr_markdown_", "_repr_svg_"


def comparison():
    golden = Golden.of("worked-example", 1, None, "float64")
    return compared(golden, Actual({"w5@1": 0.41, "<b>": 1.0}, "float64"))


# what is shown -> the forms that it has, each with a part of it
SHOWN = {
    "network": (lambda: neuronnet.load("worked-example"), {SVG: "before a forward pass"}),
    "derivation": (
        lambda: Derivation("worked-example"),
        {
            HTML: 'href="#step1"',
            LATEX: r"\mathrm{net}_{h1} &= w_{1} \cdot i_{1}",
            MARKDOWN: "## Forward pass",
        },
    ),
    "one quantity and its factors": (
        lambda: explain("worked-example", "dE_total/dw5"),
        {HTML: "0.082167041", LATEX: "&= 0.082167041", MARKDOWN: "= 0.082167041$"},
    ),
    "quantity": (lambda: Derivation("worked-example")["net_h1"], {LATEX: r"= 0.377500000$", MARKDOWN: "$"}),
    "given number": (
        lambda: Derivation("worked-example")["w5"],
        {LATEX: "$w_{5} = 0.4$", MARKDOWN: "$w_{5} = 0.4$"},
    ),
    "model": (
        lambda: neuronnet.Model.from_text(SHEET),
        {HTML: "dL/dw", LATEX: r"\frac{\partial L}{\partial w}", MARKDOWN: "the loss is L"},
    ),
    "sheet": (lambda: neuronnet.check_sheet(SHEET), {HTML: "<pre>", MARKDOWN: "| line |"}),
    "gradients": (
        lambda: gradcheck.check(lambda w: w @ w, lambda w: 2 * w, np.array([0.5, 1.0])),
        {HTML: "<table>", MARKDOWN: "| array |"},
    ),
    "comparison": (comparison, {HTML: "first difference, in order of computation: w5@1", MARKDOWN: "w5@1"}),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_shows(name):
    make, forms = SHOWN[name]
    thing = make()
    assert {form for form in (HTML, LATEX, MARKDOWN, SVG) if hasattr(thing, form)} == set(forms)
    for form, part in forms.items():
        assert part in getattr(thing, form)(), form
    for form in {HTML, SVG} & set(forms):
        ElementTree.fromstring(f"<div>{getattr(thing, form)()}</div>".replace("<br>", "<br/>"))


def test_the_repr_of_a_quantity_shows_formula_numbers_and_value():
    derivation = Derivation("worked-example")
    shown = "net_h1 = w1*i1 + w2*i2 + b1 = 0.15*0.05 + 0.2*0.1 + 0.35 = 0.377500000"
    assert repr(derivation["net_h1"]) == f"Quantity {shown}"
    assert repr(derivation["w5"]) == "Quantity w5 = 0.4"
    assert repr(derivation["dE_total/dw5@3"]).startswith("Quantity dE_total/dw5@3 = dE_total/dout_o1@3 * ")
    assert repr(Derivation("worked-example", Decimal)["E_o1"]).endswith("= 0.274811083")


def test_a_large_derivation_is_cut_short_and_says_so(monkeypatch):
    shown = Derivation("worked-example")
    assert "the first" not in shown._repr_html_()
    monkeypatch.setattr(document, "MOST_STEPS", 20)
    assert "the first 20 of " in shown._repr_markdown_()
    assert "the first 20 of " in shown._repr_html_() and shown._repr_html_().count("<li id=") == 20


def test_nothing_is_loaded_before_a_notebook_asks():
    code = (
        "import sys; import neuronnet; n = neuronnet.load('worked-example'); d = neuronnet.Derivation(n);"
        "repr(d['net_h1']); names = ('drawing', 'picture', 'latex');"
        "late = {'neuronnet.render.' + each for each in names};"
        "assert not late & set(sys.modules), late & set(sys.modules);"
        "n._repr_svg_(), d._repr_html_(), d._repr_latex_(); assert late <= set(sys.modules);"
        "assert not {'IPython', 'matplotlib', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-S", "-c", code], check=True, cwd=ROOT)
