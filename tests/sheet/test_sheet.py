"""Sheets: every verdict, its reasons, and the mistakes behind wrong numbers."""

import json
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import pytest
from drawn.networks import descriptions
from hypothesis import example, given
from hypothesis import strategies as st
from profiles import examples, is_thorough

from neuronnet import NeuronnetError, check_sheet
from neuronnet.derivation.digits import fifty_digits
from neuronnet.derivation.quantities import Derivation
from neuronnet.description.reading import EXAMPLES, example_names, find, read
from neuronnet.formulas.evaluating import evaluator
from neuronnet.sheet.report import VERDICTS


def checked(*lines, network="worked-example"):
    return check_sheet("\n".join(lines), network)


def only(*lines, network="worked-example"):
    """The report's last line."""
    return checked(*lines, network=network).lines[-1]


# Numbers


@pytest.mark.slow
@pytest.mark.parametrize(
    "claim, verdict, note",
    [
        ("net_h1 = 0.3775", "right", None),
        ("net_h1 = 0.37750", "right", None),
        ("net_h1 = 0.38", "right", None),
        ("net_h1 = 0,3775", "right", None),
        ("net_h1 = 0,3785", "wrong number", None),
        ("net_h1 = 0.3776", "wrong number", None),
        ("net_h1 = 0.377501", "wrong number", None),
        ("out_h1 = 0.593269992", "right", None),
        ("out_h1 = 0.593269993", "rounding", "every step is rounded"),
        ("out_h1 = 0.593269997", "wrong number", None),
        ("out_h1 = 0.5932", "rounding", "cut off"),
        ("out_h1 = 0.5933", "right", None),
        ("out_h1 = 0.5927", "wrong number", None),
        ("delta_o2 = -0.0380982", "right", None),
        ("delta_o2 = -0.0380983", "rounding", "every step is rounded"),
        ("delta_o2 = -0.0380988", "wrong number", None),
        ("delta_o2 = 0.0380982", "wrong number", None),
        ("delta_o2 = -0.03809823", "rounding", "cut off"),
        ("out_h1 = 0.593269992107187255173654561579", "right", None),
        ("out_h1 = 0.593269992107187255173654561571", "wrong number", None),
        ("out_h1 = 0.59326999210718734", "rounding", "computed in binary64"),
        ("out_h1 = 0.5932699921071900", "wrong number", None),
        ("E_total@10000 = 3.5102e-05", "right", None),
        ("E_total@10000 = 3.5102*10^-5", "right", None),
        ("E_total@10000 = 0.0000351019", "right", None),
        ("E_total@10000 = 0.0000351018", "rounding", "cut off"),
        ("0.3775 = net_h1", "right", None),
        ("-delta_o1 = -0.138498562", "right", None),
        ("w1 = 0.15", "right", None),
        ("w1 = 0.16", "wrong number", None),
        ("0.6*0.7 = 0.42", "right", None),
        ("0.6*0.7 = 0.43", "wrong number", None),
        ("1/2 = 0.5", "right", None),
        ("2 = 2", "right", None),
        ("2 = 3", "wrong number", None),
    ],
)
def test_a_number_is_judged_by_its_digits(claim, verdict, note):
    line = only(claim)
    assert (line.verdict, line.worst.note) == (verdict, note)


@pytest.mark.slow
@pytest.mark.parametrize(
    "claim, printed, exact, units",
    [
        ("E_total@1 = 0.291027924", "0.291027924", "0.29102777369", 150.3),
        ("net_h1 = 0.3775", "0.3775", "0.377500", 0.0),
        ("out_h1 = 0.5927", "0.5927", "0.593270", -5.7),
    ],
)
def test_a_verdict_shows_what_is_printed_what_is_exact_and_how_far_apart(claim, printed, exact, units):
    report = checked(claim)
    number = report.lines[0].number
    assert (number.printed, number.exact, round(number.units, 1)) == (printed, exact, units)
    assert (f"printed {printed}, exact {exact}\n" in str(report)) == (abs(units) > 0.5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "lines, verdict",
    [
        (["out_o1 = 0.7514", "delta_o1 = (out_o1 - target_o1)*out_o1*(1 - out_o1) = 0.1383"], "wrong number"),
        (["out_o1 = 0.751", "delta_o1 = (0.751 - 0.01)*0.751*(1 - 0.751) = 0.13857"], "rounding"),
        (["out_o1 = 0.751", "delta_o1 = 0.13857"], "rounding"),
        (["out_o1 = 0.751", "delta_o1 = (0.751 - 0.01)*0.751*(1 - 0.751) = 0.1395"], "wrong number"),
        (["dE_total/dw5 = 0.741*0.187*0.593 = 0.082170"], "rounding"),
        (["dE_total/dw5 = 0.741*0.187*0.593 = 0.0831"], "wrong number"),
        (["dE_total/dw5 = 0.741*0.187*0.593 = 0.0822"], "right"),
        (["w5@1 = w5 - eta*dE_total/dw5 = 0.4 - 0.5*0.082 = 0.359"], "right"),
        (["w5@1 = w5 - eta*dE_total/dw5 = 0.4 - 0.5*0.082 = 0.3590"], "rounding"),
        (["w5@1 = w5 - eta*dE_total/dw5 = 0.4 - 0.5*0.082 = 0.3490"], "wrong number"),
        (
            ["dE_o1/dout_h1 = 0.055399425", "dE_total/dout_h1 = 0.036350306", "dE_o2/dout_h1 = -0.019049119"],
            "rounding",
        ),
        (
            ["dE_o1/dout_h1 = 0.055399425", "dE_total/dout_h1 = 0.036350306", "dE_o2/dout_h1 = -0.019049125"],
            "wrong number",
        ),
        (["dE_o2/dout_h1 = -0.019049119"], "rounding"),
        (["dE_o2/dout_h1 = -0.019049125"], "wrong number"),
    ],
)
def test_rounding_is_what_the_printed_numbers_give(lines, verdict):
    assert only(*lines).verdict == verdict


@pytest.mark.parametrize(
    "claim, verdict",
    [
        ("w5 = 0.40", "right"),
        ("w5 = 0.8/2 = 0.40", "right"),
        ("w5 = 2*0.2", "right"),
        ("w5 = 0.8/2 = 0.45", "wrong number"),
        ("w5 = 0.9/2 = 0.40", "wrong number"),
        ("w5 = 0.9/2 = 0.45", "wrong number"),
    ],
)
def test_a_given_parameter_may_be_worked_out_but_keeps_its_value(claim, verdict):
    assert only(claim).verdict == verdict


def test_a_number_of_rounded_steps_is_excused_and_so_is_what_uses_it():
    report = checked(
        "dE_o1/dout_h1 = 0.055399425",
        "dE_o2/dout_h1 = -0.019049119",
        "dE_total/dout_h1 = dE_o1/dout_h1 + dE_o2/dout_h1 = 0.055399425 + -0.019049119 = 0.036350306",
    )
    assert [line.verdict for line in report.lines] == ["right", "rounding", "right"]
    assert report.status == 0


def test_a_wrong_number_in_the_place_of_a_name_is_found_though_the_result_is_right():
    line = only("net_h1 = w1*i1 + w2*i2 + b1 = 0.15*0.05 + 0.3*0.10 + 0.35 = 0.3775")
    assert line.verdict == "wrong number"
    assert line.worst.note == "0.3 stands for w2, which is 0.20"
    assert line.text[line.worst.column - 1 :].startswith("0.3*0.10")


# Formulas


@pytest.mark.parametrize(
    "claim",
    [
        "net_h1 = w1*i1 + w2*i2 + b1",
        "net_h1 = b1*1 + i2 w2 + i1 × w1",
        "out_h1 = 1/(1 + e^-net_h1)",
        "out_h1 = σ(net_h1)",
        "out_h1 = sigmoid(w1 i1 + w2 i2 + b1)",
        "dout_o1/dnet_o1 = exp(-net_o1)/(1 + exp(-net_o1))^2 = out_o1(1 - out_o1)",
        "∂E/∂w5 = δ_o1·out_h1",
        "E_total = 1/2(target_o1 - out_o1)^2 + 1/2(target_o2 - out_o2)**2",
        "delta_h1 = (delta_o1*w5 + delta_o2*w7) out_h1 (1 - out_h1)",
        "w1+ = w1 − η·∂E_total/∂w1",
        "dE_total/dw2 = 2*dE_total/dw2/2",
        "E_total@1 = 1/2(target_o1 - out_o1@1)^2 + E_o2@1",
        "dE_total/dout_h1 = dE_o1/dout_h1 + dE_o2/dout_h1",
        "w5 = w5 - eta*dE_total/dw5 = 0.35891648",
        "w5 := w5 - 0.5*0.082167041 = 0.35891648",
        (
            r"$\frac{\partial E_{total}}{\partial w_5} = -(target_{o1} - out_{o1})\cdot "
            r"out_{o1}(1-out_{o1})\cdot out_{h1}$"
        ),
    ],
)
def test_a_right_formula_is_right_in_any_form(claim):
    assert checked(claim).counts() == {"right": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    "claim, repaired",
    [
        ("net_h1 = w1*i1 + w3*i2 + b1", "w1*i1 + w2*i2 + b1"),
        ("dE_total/dout_o1 = target_o1 - out_o1", None),
        ("dE_total/dw5 = dE_total/dout_o1 * dnet_o1/dw5", None),
        ("dout_o1/dnet_o1 = out_o1*1 - out_o1", None),
        ("dE_total/dout_h1 = delta_o1*w5 + delta_o2*w6", None),
        ("w5@1 = w5 + eta*dE_total/dw5", None),
        ("dE_total/dout_h1 = delta_o1*w5@1 + delta_o2*w7", None),
        ("out_h1 = 1/(1 + exp(net_h1))", None),
        ("w5@1 = w5 - dE_total/dw5", None),
    ],
)
def test_a_wrong_formula_is_mended_and_refuted(claim, repaired):
    line = only(claim)
    assert line.verdict == "wrong formula"
    assert line.worst.repair is not None and line.worst.counterexample is not None
    assert repaired is None or line.worst.repair.formula == repaired
    quantity = claim.partition(" = ")[0]
    assert checked(f"{quantity} = {line.worst.repair.formula}").counts() == {"right": 1}


def test_the_wrong_name_is_shown_in_its_column():
    line = only("net_h1 = w1*i1 + w3*i2 + b1")
    assert line.worst.repair.sentence == "w2, not w3"
    assert line.text[line.worst.column - 1 :].startswith("w3")


@pytest.mark.parametrize(
    "claim",
    [
        "dE_total/dw1 = delta_h1*i2/2",
        "E_o1 = eta*(target_o1 - out_o1)^2",
        "net_o1 = w5*out_h1 + w6*out_h2 + 4*w1",
    ],
)
def test_a_formula_that_is_right_for_these_numbers_alone_is_called_so(claim):
    line = only(claim)
    assert (line.verdict, line.worst.note) == ("right by coincidence", "with the numbers given")


def test_the_number_of_a_wrong_formula_is_its_own():
    line = only("net_h1 = w1*i1 + w3*i2 + b1 = 0.15*0.05 + 0.25*0.10 + 0.35 = 0.3825")
    assert (line.verdict, line.worst.repair.instead, line.mistake) == ("wrong formula", "w2", None)


@pytest.mark.parametrize(
    "claim",
    [
        "out_h1 = sigmoid(0.3775) = 0.593269992",
        "out_h2 = σ(0.3925)",
        "E_o2 = (0.772928-0.99)^2/2 = 0.02356",
        "E_o1 = 1/2*(0.751365-0.01)^2 = 0.27481",
        "dE_total/dw5 = 0.1384986*0.593270 = 0.082167",
        "dE_total/dw5 = out_h1*0.1384986 = 0.082167",
        "w5 = 0.4 - 0.5*0.082167 = 0.35892",
        "w7 := 0.5113",
        "net_h1 = 0.35 + 0.1*0.2 + 0.05*0.15 = 0.3775",
        "delta_o1 = 0.186815602*0.741365070 = 0.138498562",
    ],
)
def test_numbers_in_the_place_of_names_may_stand_in_any_order(claim):
    assert checked(claim).counts() == {"right": 1}


@pytest.mark.parametrize(
    "claim",
    [
        "E_o2 = (0.772928+0.99)^2/2 = 0.02356",
        "dE_total/dw5 = 0.1384986*0.596884 = 0.082167",
        "w5 = 0.4 + 0.5*0.082167 = 0.35892",
        "delta_o1 = 0.186815602*0.741365079 = 0.138498562",
        "dE_total/dw5 = 0.1384986*0.593375 = 0.082167",
        "out_o1 = 1/(1 + e^(1.105906)) = 0.751365",
    ],
)
def test_any_order_lets_no_wrong_number_pass(claim):
    assert only(claim).verdict == "wrong number"


@pytest.mark.parametrize(
    "claim",
    [
        "Err6 = O6(1-O6)(1-O6) = 0.1312",
        "w14+ = w14 - eta*delta_h1*1 = 0.192",
        "I4 = w14*1 + w24*0 + w34*1 + theta4",
    ],
)
def test_whole_inputs_and_targets_may_stand_in_a_formula(claim):
    assert checked(claim, network="han-kamber").counts() == {"right": 1}


@pytest.mark.slow
def test_a_bias_that_is_frozen_is_said_to_be():
    report = checked("b1+ = 0.340637195", "E_total@1 = 0.285750887", "b1@2 = 0.34", "b1@1 = 0.35")
    assert "b1 is frozen in this network" in report.lines[0].remark
    assert ["frozen" in (each.remark or "") for each in report.lines] == [True, False, True, False]
    assert report.mistakes[0].explains == (1, 2) and report.mistakes[0].id == "shared bias trained: summed"


def test_numbers_of_a_program_in_binary32_are_rounding():
    from struct import pack, unpack

    value = unpack("f", pack("f", 0.593269992))[0]
    assert (only(f"out_h1 = {value!r}").verdict, only(f"out_h1 = {value!r}").worst.note) == (
        "rounding",
        "computed in binary32",
    )
    wrong = unpack("f", pack("f", 0.5932705))[0]
    assert only(f"out_h1 = {wrong!r}").verdict == "wrong number"


# What follows from what


@pytest.mark.slow
def test_a_line_that_goes_on_with_a_wrong_number_says_from_where():
    report = checked(
        "net_h1 = 0.3825",
        "out_h1 = 1/(1 + e^(-net_h1)) = 1/(1 + e^(-0.3825)) = 0.594476",
        "out_h2 = 0.596884378",
        "net_o1 = 1.106388",
        "out_o1 = 0.751455",
        "out_o2 = 0.6",
    )
    assert [line.follows_from for line in report.lines] == [None, 1, None, 2, 4, None]
    assert [line.verdict for line in report.lines] == ["wrong number"] * 2 + ["right"] + ["wrong number"] * 3
    assert report.first_wrong == 1


def test_a_slip_of_its_own_is_not_inherited():
    report = checked("out_h1 = 0.60", "net_o1 = w5*out_h1 + w6*out_h2 + b2 = 1.2")
    assert report.lines[1].follows_from is None


# Notation


@pytest.mark.parametrize(
    "lines",
    [
        ["let z1 = net_h1", "z1 = 0.3775"],
        ["let Err6 = -delta_o1", "Err6 = -0.138498562"],
        ["let z1 = net_h1", "let a1 = sigmoid(z1)", "a1 = 0.593269992"],
        ["let z1 = net_h1", "dE_total/dz1 = delta_h1"],
        ["W1[1,1]*i1 + W1[1,2]*i2 + b1 = net_h1 = 0.3775"],
        ["dE_total/dW1[2,1] = 0.000497713"],
        ["W2[1,1]@1 = w5+ = 0.35891648"],
        ["let step = eta*dE_total/dw5", "w5@1 = w5 - step"],
        ["let a = w5", "a@1 = 0.35891648"],
    ],
)
def test_the_authors_own_notation_is_understood(lines):
    assert set(checked(*lines).counts()) == {"right"}


def test_a_textbooks_names_are_understood():
    report = checked(
        "I4 = w14*1 + w24*0 + w34*1 + theta4 = 0.2 - 0.5 - 0.4 = -0.7",
        "O4 = 0.332",
        "O6 = 1/(1 + e^0.105) = 0.474",
        "Err6 = (0.474)(1 - 0.474)(1 - 0.474) = 0.1311",
        network="han-kamber",
    )
    assert [line.verdict for line in report.lines] == ["right", "right", "right", "rounding"]


@pytest.mark.parametrize(
    "line, verdict, column, found",
    [
        ("foo = 3", "unknown name", 1, "foo"),
        ("net_h3 = 2", "unknown name", 1, "net_h2"),
        ("net_h1 = w1*q1", "unknown name", 13, "q1"),
        ("net_h1 = w1*i1) = 3", "unreadable", 15, "unexpected"),
        ("net_h1 = = 3", "unreadable", None, ""),
        ("net_h1 = 1/0", "unreadable", None, ""),
        ("E_total = 1e400", "unreadable", None, "1e308"),
        ("W1[3,1] = 2", "unreadable", 1, "2"),
        ("net_h1 = 9**9**9**9", "unreadable", 10, "no finite value"),
        ("net_h1 = -ln(0)", "unreadable", 10, "no finite value"),
        ("net_h1 = __import__('os')", "unreadable", None, ""),
        ("let w = foo", "unknown name", None, "foo"),
        ("let z = w1 +", "unreadable", None, ""),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(line, verdict, column, found):
    report = checked("# a comment", "net_h1 = 0.3775", line)
    assert report.lines[-1].verdict == verdict and report.lines[-1].line == 3
    assert column is None or report.lines[-1].worst.column == column
    assert found in (report.lines[-1].worst.note or "")
    assert report.status == 2
    assert report.first_wrong is None


@pytest.mark.parametrize(
    "text, network, complaint",
    [
        ("", "worked-example", "no claim"),
        ("# only a comment\n", "worked-example", "no claim"),
        ("network: no-such-example\nnet_h1 = 1", None, "line 1"),
        ("net_h1 = 1", {"layer": []}, "layer"),
    ],
)
def test_a_sheet_without_a_network_or_a_claim_is_refused(text, network, complaint):
    with pytest.raises(NeuronnetError, match=complaint):
        check_sheet(text, network)


# Conventions and causes


@pytest.mark.slow
@pytest.mark.parametrize(
    "lines, convention",
    [
        (
            [
                "E_o1 = 0.549622166",
                "E_total = 0.596742",
                "delta_o1 = 0.276997123",
                "dE_total/dw5 = 0.164334081",
            ],
            "the loss without ½",
        ),
        (["w5@1 = 0.358916480", "E_total@1 = 0.280471447"], "one bias per neuron, trained"),
        (["dE_total/dw5 = 0.082167041", "E_total@1 = 0.285750887"], None),
    ],
)
def test_numbers_that_are_right_for_another_convention_are_told_so(lines, convention):
    report = checked(*lines)
    assert report.status == 1
    if convention is None:
        assert report.other_convention is not None
    else:
        assert report.other_convention == convention
    assert f"All numbers are right for {report.other_convention}." in str(report)


def test_no_convention_is_offered_when_another_number_contradicts_it():
    assert checked("E_o1 = 0.549622166", "E_o2 = 0.023560026").other_convention is None


@pytest.mark.slow
def test_nothing_is_named_on_a_coincidence():
    report = checked("E_total@1 = 0.29", "dE_total/dw1 = 0.0008")
    assert report.mistakes == []
    assert "No known mistake" in str(report)


def test_a_number_that_is_right_where_the_published_one_is_not():
    assert "the published 0.291027924 is not" in only("E_total@1 = 0.291027774").remark
    assert only("out_h1 = 0.593269992").remark is None


# Published examples


@pytest.fixture(scope="module")
def published():
    """The report on the published derivation, made once."""
    return check_sheet((EXAMPLES / "published-derivation.txt").read_text(encoding="utf-8"))


def sheet_of(published):
    return "\n".join(f"{each.quantity} = {each.printed}" for each in published)


def is_quick(record):
    """Whether a published number is judged within a second; test_the_published_derivation has others, too."""
    return int(record.quantity.partition("@")[2] or 0) <= 20


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in example_names() if read(find(name)).published])
def test_every_published_number_gets_the_verdict_and_the_cause_on_record(name):
    description = read(find(name))
    published = [each for each in description.published if is_thorough() or is_quick(each)]
    report = check_sheet(sheet_of(published), description)
    for record, line in zip(published, report.lines, strict=True):
        expected = {"wrong": "wrong number"}.get(record.verdict, record.verdict)
        assert (record.quantity, record.printed, line.verdict) == (
            record.quantity,
            record.printed,
            expected,
        )
        if record.verdict == "wrong":
            assert line.mistake.id == (record.mistake or "one update too few")


@pytest.mark.slow
def test_the_published_derivation(published):
    """Everything in it is right or rounding, but for one name, one mistaken program and one count."""
    report = published
    wrong = {line.text: line for line in report.lines if line.verdict not in ("right", "rounding")}
    assert {text: line.mistake and line.mistake.id for text, line in wrong.items()} == {
        "net_h1 = w1*i1 + w3*i2 + b1*1": None,
        "E_total@1 = 0.291027924": "updated output weights used backwards",
        "out_o1@10000 = 0.015912196": "updated output weights used backwards",
        "out_o2@10000 = 0.984065734": "updated output weights used backwards",
        "E_total@10000 = 0.0000351085": "one update too few",
    }
    misprint = wrong["net_h1 = w1*i1 + w3*i2 + b1*1"]
    assert (misprint.verdict, misprint.worst.repair.found, misprint.worst.repair.instead) == (
        "wrong formula",
        "w3",
        "w2",
    )
    assert report.first_wrong == misprint.line
    assert [line.text for line in report.lines if line.verdict == "rounding"][
        0
    ] == "∂E_o2/∂out_h1 = -0.019049119"
    assert report.status == 1


# Right sheets are never called wrong

# In fifty digits these targets sum to 1, so that delta is out - target.
LOST_BESIDE_ONE = {
    "loss": "categorical cross-entropy",
    "layer": [{"activation": "softmax", "weights": [[0.0], [0.0]]}],
    "sample": [{"inputs": [0.0], "targets": [1.0, 7e-201]}],
}


def without_relu(description):
    return all(layer["activation"] != "relu" for layer in description["layer"])


NO_TARGET = {
    "loss": "categorical cross-entropy",
    "layer": [{"activation": "softmax", "weights": [[0.5]]}],
    "sample": [{"inputs": [0.3], "targets": [0.0]}],
    "learning_rate": 0.5,
}


@pytest.mark.slow
@examples(60)
@given(descriptions(most_layers=3, most_neurons=2, most_samples=2), st.integers(3, 14))
@example(LOST_BESIDE_ONE, 3)
@example(LOST_BESIDE_ONE | {"sample": [{"inputs": [0.0], "targets": [7e-201, 1.0]}]}, 14)
@example(NO_TARGET, 3)
def test_a_right_sheet_is_right_in_every_line(description, places):
    description = read(description)
    with fifty_digits():
        rows = Derivation(description, Decimal).quantities
        lines = [f"{row.name} = {row.formula} = {row.value:.{places}f}" for row in rows]
    report = check_sheet("\n".join(lines), description)
    noughts = ("rounding", "no significant digit is left")
    assert [
        line.text
        for line in report.lines
        if (line.verdict, line.worst.note) not in (("right", None), noughts)
    ] == []
    assert report.status == 0 and report.mistakes == []


TWO_OF_SOFTMAX = {
    "loss": "binary cross-entropy",
    "layer": [
        {"activation": "logistic", "weights": [[-0.98]]},
        {"activation": "identity", "weights": [[-0.57]]},
        {"activation": "softmax", "weights": [[0.76], [1.37]]},
    ],
    "sample": [{"inputs": [0.61], "targets": [0.25, 0.75]}],
}


@pytest.mark.slow
@examples(40)
@given(
    descriptions(most_layers=3, most_neurons=2, most_samples=1).filter(without_relu),
    st.integers(3, 6),
    st.sampled_from((ROUND_HALF_EVEN, ROUND_DOWN)),
)
@example(TWO_OF_SOFTMAX, 3, ROUND_DOWN)  # dout_o2/dnet_o1 is -out_o2*out_o1, as well as -out_o1*(1 - out_o1)
def test_rounded_numbers_carried_on_are_never_called_wrong(description, places, rounding):
    """Every row computed from the printed numbers of the rows before, then rounded, or cut off.

    Without relu: a net that is rounded to 0 puts a neuron out, and that is no rounding any more.
    """
    description = read(description)
    with fifty_digits():
        derivation = Derivation(description, Decimal)
        values, lines = dict(derivation.given), []
        for row in derivation.quantities:
            value = evaluator(row.expression, Decimal)(
                {name: values.get(name, Decimal(0)) for name in row.expression.names()}
            )
            values[row.name] = value.quantize(Decimal(1).scaleb(-places), rounding)
            lines.append(f"{row.name} = {values[row.name]}")
    report = check_sheet("\n".join(lines), description)
    assert {line.verdict for line in report.lines} <= {"right", "rounding"}, str(report)


@pytest.mark.slow
@examples(25)
@given(descriptions(most_layers=2, most_neurons=2, most_samples=1), st.data())
def test_a_wrong_digit_is_never_passed(description, data):
    """One number of a right sheet is moved by twenty units of its last digit; its neighbours are there to
    excuse it.
    """
    description = read(description)
    with fifty_digits():
        rows = Derivation(description, Decimal).quantities
        lines = [f"{row.name} = {row.value:.9f}" for row in rows]
        position = data.draw(st.integers(0, len(rows) - 1))
        lines[position] = f"{rows[position].name} = {rows[position].value + 20 * Decimal('1e-9'):.9f}"
    report = check_sheet("\n".join(lines), description)
    assert report.lines[position].verdict == "wrong number"
    assert report.first_wrong == position + 1


# Reports


@pytest.mark.slow
def test_the_report_as_a_dict_has_what_is_promised(published):
    report = published.to_dict()
    assert report["first_wrong"] == 49 and report["status"] == 1
    wrong = next(line for line in report["lines"] if line["line"] == 59)
    assert {key: wrong[key] for key in ("text", "verdict", "printed", "exact", "follows_from")} == {
        "text": "E_total@1 = 0.291027924",
        "verdict": "wrong number",
        "printed": "0.291027924",
        "exact": "0.29102777369",
        "follows_from": None,
    }
    assert wrong["mistake"]["id"] == "updated output weights used backwards" and wrong["mistake"][
        "sentence"
    ].endswith(".")
    assert next(line for line in report["lines"] if line["line"] == 49)["repair"]["instead"] == "w2"
    assert [each["id"] for each in report["mistakes"]] == [
        "updated output weights used backwards",
        "one update too few",
    ]
    assert report["conventions"]["loss"] == "half squared error"
    assert {line["verdict"] for line in report["lines"]} <= set(VERDICTS)
    json.dumps(report, allow_nan=False)


def test_markdown_has_a_row_for_every_line():
    report = checked("net_h1 = 0.3775", "net_h1 = w1*i1 + w3*i2 + b1", "foo | bar = 3")
    rows = [line for line in report.markdown().splitlines() if line.startswith("| ")][1:]
    assert [row.split(" | ")[1] for row in rows] == ["right", "**wrong formula**", "**unreadable**"]
