"""Sheets: which kind a text is, what in it is a claim, a definition or the network, and that nothing is lost
or slow.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples, for_the_night, is_thorough

from neuronnet.sheet.readers.claims import MOST_STATEMENTS
from neuronnet.sheet.readers.read_sheet import MOST_LINES, read_sheet


def claims(text):
    """(line, parts) of every claim."""
    return [(claim.line, [part.text for part in claim.parts]) for claim in read_sheet(text).claims]


def reasons(text):
    return [(unread.line, unread.reason) for unread in read_sheet(text).unread]


BLOCK = "```derivation\n{}\n```\n"


# Which kind


@pytest.mark.parametrize(
    "text, kind",
    [
        ("", "text"),
        ("net_h1 = 0.3775", "text"),
        ("only prose", "text"),
        ("{a} = b", "text"),
        ("net_h1,0.3775", "csv"),
        ("a;1\nb;2", "csv"),
        ("a\t1", "csv"),
        ("a,1\nb = 2", "text"),
        ("a,b\nc,d", "text"),
        ('{"a": 1}', "json"),
        (' {\n "a": 1}', "json"),
        ("{}", "json"),
        (BLOCK.format("a = 1"), "markdown"),
        ("text\n~~~~ derivation\na = 1", "markdown"),
        ("```python\na = 1\n```", "text"),
        ("$a = 1$", "latex"),
        ("$$\na = 1\n$$", "latex"),
        (r"\(a = 1\)", "latex"),
        (r"\[a = 1\]", "latex"),
        ("costs $5", "text"),
        ("\\begin{align*}\na &= 1\n\\end{align*}", "latex"),
        ("```math\na = 1\n```", "latex"),
        (BLOCK.format("$a = 1$"), "markdown"),
        (r"\frac{a}{b} = 1", "text"),
        ("# $5\na = 1", "text"),
        (r"\begin{document}", "text"),
    ],
)
def test_the_kind_is_told_from_the_text(text, kind):
    assert read_sheet(text).kind == kind
    assert read_sheet("\ufeff" + text).kind == kind


# Text


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a = b = 1", [(1, ["a", "b", "1"])]),
        ("# c\n\n a ≈ b  # d", [(3, ["a", "b"])]),
        ("a =\n b\n= 1", [(1, ["a", "b", "1"])]),
        ("a = b +\nc\nd = 1", [(1, ["a", "b + c"]), (3, ["d", "1"])]),
        ("a = b\n+ c\n* d\n/ e", [(1, ["a", "b + c * d / e"])]),
        ("a = (b\n- c) = 1", [(1, ["a", "(b - c)", "1"])]),
        ("a = b\n- c = 1", [(1, ["a", "b"]), (2, ["c", "1"])]),
        ("a = max(0,\nb)", [(1, ["a", "max(0, b)"])]),
        ("a = b \\\nc", [(1, ["a", "b c"])]),
        ("a = (b\nc = 1", [(1, ["a", "(b"]), (2, ["c", "1"])]),
        ("a = b *\n# note\nc", [(1, ["a", "b * c"])]),
        ("a = 1,\nb = 2", [(1, ["a", "1"]), (2, ["b", "2"])]),
        ("a = w5+\nb = 1", [(1, ["a", "w5^+"]), (2, ["b", "1"])]),
        ("a = w5 +\nb", [(1, ["a", "w5 + b"])]),
        ("w5+ = w5 - 1", [(1, ["w5^+", "w5 - 1"])]),
        ("w₅⁺ := 0.3", [(1, ["w₅^+", "0.3"])]),
        (
            "a = 1\r\nb = 2\rc = 3\nd = 4",
            [(1, ["a", "1"]), (2, ["b", "2"]), (3, ["c", "3"]), (4, ["d", "4"])],
        ),
        ("a = 1\u2028b", [(1, ["a", "1\u2028b"])]),
        (r"\frac{dE}{dw_5} &= 3 \\", [(1, ["∂E/∂w5", "3"])]),
        ("$w_5$ = 3", [(1, ["w5", "3"])]),
        ("a = 1\n&= 2", [(1, ["a", "1", "2"])]),
        ("a = b\nlet c = a\nd = 1", [(1, ["a", "b"]), (3, ["d", "1"])]),
    ],
)
def test_lines_of_text_are_claims(text, expected):
    assert claims(text) == expected


@pytest.mark.parametrize(
    "text, line, column, reason",
    [
        ("w1*i1 + b", 1, 1, "no equals sign"),
        ("a = 1\n\nf(x)", 3, 1, "no equals sign"),
        ("= 1", 1, 1, "nothing stands before the first equals sign"),
        ("a =", 1, 2, "nothing stands after the last equals sign"),
        ("a = = b", 1, 2, "nothing stands between two equals signs"),
        ("a == b =", 1, 7, "after the last"),
        (r"a = \foo", 1, 5, r"unknown command \foo"),
        (r"a = \prod_i x", 1, 5, "write the terms out"),
        ("let a", 1, 5, "let name = formula"),
        ("let a = b = c", 1, 5, "let name = formula"),
        ("let dE/dw = 1", 1, 5, "a single word"),
        ("let w@1 = 1", 1, 5, "a single word"),
        ("let = 1", 1, 5, "a single word"),
        ("let a =", 1, 5, "let name = formula"),
        ("network:", 1, 1, "needs the name"),
        ("network: xor\nnetwork: sine", 2, 1, "a second network; the one of line 1 counts"),
        ("=".join("a" * 101), 1, 1, "at most 100 parts"),
    ],
)
def test_what_is_no_claim_is_kept_with_the_reason(text, line, column, reason):
    (unread,) = read_sheet(text).unread
    assert (unread.line, unread.column) == (line, column)
    assert reason in unread.reason


def test_definitions_and_the_network_are_told_apart_from_claims():
    sheet = read_sheet("network: my file.toml\nlet z₁ = net_h1\nLet δ1 := delta_o1\nz1 = 1")
    assert sheet.network == ("name", "my file.toml", 1)
    assert [(let.line, let.name, let.text.text, let.text.column_of(1)) for let in sheet.lets] == [
        (2, "z1", "net_h1", 10),
        (3, "delta1", "delta_o1", 11),
    ]
    assert [claim.line for claim in sheet.claims] == [4]


def test_a_claim_keeps_the_author_s_text_and_columns():
    (claim,) = read_sheet("  w₅⁺  ≈ \tη·x\n  =  0.35  # done").claims
    assert claim.text == "w₅⁺ ≈ η·x = 0.35"
    assert [part.column_of(1) for part in claim.parts] == [3, 11, 6]
    assert claim.lines == [1, 1, 2]
    (claim,) = read_sheet(r"see $\frac{dE}{dw_5} &= \eta$ here").claims
    assert claim.text == r"\frac{dE}{dw_5} = \eta"
    assert [part.column_of(1) for part in claim.parts] == [12, 25]


def test_what_cannot_be_printed_is_shown_escaped():
    sheet = read_sheet("a\x1b = \ud800\n\u202eb\0(")
    assert sheet.claims[0].text == r"a\x1b = \ud800"
    assert sheet.unread[0].text == r"\u202eb\x00("


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "- a = 1\n* b = 2\n1. c = 3\n2) d = 4\na) e = 5\n(1) f = 6\n+ g = 7\n• h = 8",
            [(number, [name, str(number)]) for number, name in enumerate("abcdefgh", 1)],
        ),
        ("-a = 1", [(1, ["-a", "1"])]),
        ("a = b\n* w5\n* 0.5 = 3", [(1, ["a", "b * w5 * 0.5", "3"])]),
        ("a = b\n+ w2*i2 = 3", [(1, ["a", "b + w2*i2", "3"])]),
        ("a = b\n* dE/dw5 = 3", [(1, ["a", "b"]), (2, ["dE/dw5", "3"])]),
        ("a =\n- b = 2", [(1, ["a", "- b", "2"])]),
        ("a = (b\n- c) = 2", [(1, ["a", "(b - c)", "2"])]),
        ("- a\n- = 2", []),
    ],
)
def test_what_marks_a_claim_as_one_of_a_list_is_no_part_of_it(text, expected):
    assert claims(text) == expected


def test_marks_stand_before_definitions_and_the_network_as_well():
    sheet = read_sheet("a = 1\n* network: xor\n* let z = a")
    assert (sheet.network, [let.name for let in sheet.lets]) == (("name", "xor", 2), ["z"])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a = 1, b = 2; c = max(0, d)", [["a", "1"], ["b", "2"], ["c", "max(0, d)"]]),
        (r"$a = 1, \quad b_1 = 2$", [["a", "1"], ["b1", "2"]]),
        ("a = b, c", [["a", "b, c"]]),
        ("Batch norm (g = 2, b = 1; eps = 0)", [["g", "2"], ["b", "1"], ["eps", "0"]]),
        ("Neuron (x = 0.5 und w = -2): y = w x", [["x", "0.5"], ["w", "-2"], ["y", "w x"]]),
        ("L (x = 1, w = 2) = 3", [["L (x = 1, w = 2)", "3"]]),
        ("a = 0,5", [["a", "0,5"]]),
        ("a, b = 2", [["a, b", "2"]]),
        ("a = f(x, b = 2)", [["a", "f(x, b = 2)"]]),
    ],
)
def test_commas_and_semicolons_separate_claims(text, expected):
    assert [parts for _, parts in claims(text)] == expected


def test_claims_of_one_line_have_their_own_text_and_columns():
    first, second = read_sheet("w1 = 0.15;  w2 = 0.2").claims
    assert (first.text, second.text) == ("w1 = 0.15", "w2 = 0.2")
    assert [part.column_of(1) for part in second.parts] == [13, 18]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a = 0.3775.", [["a", "0.3775"]]),
        ("a = 3,", [["a", "3"]]),
        ("a = 0.59 (rounded)", [["a", "0.59"]]),
        ("a = 0.59 (rounded to 4 digits).", [["a", "0.59"]]),
        ("a = 0.5 (eta)", [["a", "0.5 (eta)"]]),
        ("a = 0.5 (w5)", [["a", "0.5 (w5)"]]),
        ("let rate = b\na = 0.5 (rate)", [["a", "0.5 (rate)"]]),
        ("a = b (rounded)", [["a", "b (rounded)"]]),
        ("a = 1 // b = 2", [["a", "1"]]),
        ("a = 1 % b = 2", [["a", "1"]]),
        (r"\frac12 = a% b", [["(1)/(2)", "a"]]),
        ("Hence net_h1 = 3", [["net_h1", "3"]]),
        ("So we get, E_total ~ 0.3", [["E_total", "0.3"]]),
        ("so = 3", [["so", "3"]]),
        ("thus 2 = 3", [["thus 2", "3"]]),
        ("E ≃ 3", [["E", "3"]]),
    ],
)
def test_what_people_add_to_a_claim_is_cut(text, expected):
    assert [parts for _, parts in claims(text)] == expected


@pytest.mark.parametrize("text", ["w_5 = w5'", "w5_new = w5^{new}", "δ₁ = z^{(1)}_2", "ŷ1 = w^(2)"])
def test_names_reach_the_parser_as_their_author_wrote_them(text):
    assert claims(text) == [(1, text.split(" = "))]


def test_words_between_the_claims_are_prose():
    sheet = read_sheet("Forward pass\nz = 2\n\nEpoch 2")
    assert sheet.prose == [(1, "Forward pass"), (4, "Epoch 2")]
    assert not sheet.unread


def test_several_claims_stand_in_a_line_with_two_blanks_between():
    assert claims("x = [1, 2]   t = 0.3  eta = 0.1") == [
        (1, ["x", "[1, 2]"]),
        (1, ["t", "0.3"]),
        (1, ["eta", "0.1"]),
    ]


def test_a_step_in_place_is_written_out():
    assert claims("w -= lr*dw = 3") == [(1, ["w", "w - (lr*dw)", "3"])]


def test_every_part_has_its_line_and_the_column_in_it():
    (claim,) = read_sheet("\nnet_h1 = w1*i1 +\n   w2*i2\n = 0.3").claims
    assert [(line, part.column_of(1)) for line, part in zip(claim.lines, claim.parts)] == [
        (2, 1),
        (2, 10),
        (4, 4),
    ]
    assert claim.parts[1].column_of(claim.parts[1].text.index("w2") + 1) == 4
    (claim,) = read_sheet("\\begin{align}\na &= b \\\\\n  &= c \\\\ {}&= d\n\\end{align}").claims
    assert [(line, part.column_of(1)) for line, part in zip(claim.lines, claim.parts)] == [
        (2, 1),
        (2, 6),
        (3, 6),
        (3, 16),
    ]
    (unread,) = read_sheet("a = b\n  = \\foo").unread
    assert (unread.line, unread.column) == (2, 5)


# Markdown

MARKDOWN = """# A sheet
network: worked-example
let z1 = net_h1

Prose with a = b.

```toml
title = "no network"
```
```toml
[[layer]]
weights = [[1]]
```
```python
c = d
```
   ~~~~ Derivation
net_h1 = 0.3775
~~~
z1 = 1
~~~~
network: xor

````derivation
$\\frac{dE}{dw_5}$ = 0.08
````
e = f
"""


def test_in_markdown_claims_stand_in_derivation_blocks_alone():
    sheet = read_sheet(MARKDOWN)
    assert claims(MARKDOWN) == [(18, ["net_h1", "0.3775"]), (20, ["z1", "1"]), (25, ["∂E/∂w5", "0.08"])]
    assert [let.name for let in sheet.lets] == ["z1"]
    assert sheet.network == ("name", "worked-example", 2)
    assert [(unread.line, unread.text) for unread in sheet.unread] == [(19, "~~~")]


def test_a_markdown_sheet_may_carry_its_network():
    sheet = read_sheet(MARKDOWN.replace("network: worked-example", ""))
    assert sheet.network == ("toml", "[[layer]]\nweights = [[1]]", 11)
    text = read_sheet("```toml\n[[layer]]\nbias = 1\n```\nnet_h1 = 1\n")
    assert (text.kind, text.network, text.unread) == ("text", ("toml", "[[layer]]\nbias = 1", 2), [])


def test_a_fence_that_is_not_closed_runs_to_the_end():
    assert claims("```derivation\na = 1\n\nb = 2") == [(2, ["a", "1"]), (4, ["b", "2"])]


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "| name | value |\n|---|--:|\n| net_h1 | 0.3 |\n| `w5+` | w5 - 1 | 0.5 |",
            [(3, ["net_h1", "0.3"]), (4, ["w5^+", "w5 - 1", "0.5"])],
        ),
        ("| $net_{h1}$ | $0.3$ |\nprose", [(1, ["net_h1", "0.3"])]),
        (BLOCK.format("| a | 1 |\nb = 2"), [(2, ["a", "1"]), (3, ["b", "2"])]),
        ("| step | E |\n|--|--|\n| 0 | 0.3 |\n| 10 | 0.2 |", [(3, ["E", "0.3"]), (4, ["E@10", "0.2"])]),
    ],
)
def test_tables_of_markdown_are_claims(text, expected):
    assert claims(text) == expected


def test_a_row_of_markdown_that_is_none_is_kept():
    assert [line for line, _ in reasons("| a | b |\n|---|---|\n| c | 1 |\n| d | e |\n| f |")] == [4, 5]


@pytest.mark.parametrize(
    "text, ignored",
    [
        (BLOCK.format("a = 1") + "$b = 1$\n$c$\n$$\nd = 1\n$$\nprose e = 1", [4, 7]),
        (
            BLOCK.format("a = 1")
            + "```\nb = 1\nc\n```\n```text\nd = 1\n```\n```toml\ne = 1\n```\n```python\nf = 1\n```",
            [5, 9],
        ),
        (
            (
                "$a = 1$\nthe number here = 0.5 in all\nthis and that a=1\nb = 2\nif this = that\n```\nc = "
                "1\n```"
            ),
            [2, 5],
        ),
    ],
)
def test_lines_with_formulas_that_are_not_read_are_known(text, ignored):
    assert read_sheet(text).ignored == ignored


# LaTeX

LATEX = r"""# The gradient of $w_5$
% network: worked-example
The error $E = 0.298$, and \(out_{o1} = 0.75\); that costs $5.
$$
\begin{align*}
\frac{\partial E}{\partial w_5} &= \delta_{o1}
   out_{h1} \\
 &= 0.74 * 0.18 \\
 &\approx 0.082, \\
w_5^+ &= 0.35 % comment = 3
\end{align*}
$$
E_total = 0.3
This is prose = 3. See [this](x?a=b).
\begin{equation} \label{a}
net_{h1}
 = 0.3775.
\end{equation}
```math
net_{h2} = 0.39
net_{o1} = 1.1
```
```python
c = d
```
\[ \left( a \right. \\ + b) = c \]
w2 = $2$
"""


def test_in_a_document_with_formulas_these_are_the_claims():
    sheet = read_sheet(LATEX)
    assert sheet.network == ("name", "worked-example", 2)
    assert claims(LATEX) == [
        (3, ["E", "0.298"]),
        (3, ["out_o1", "0.75"]),
        (6, ["∂E/∂w5", "δ_o1 out_h1", "0.74 * 0.18", "0.082"]),
        (10, ["w5^+", "0.35"]),
        (13, ["E_total", "0.3"]),
        (16, ["net_h1", "0.3775"]),
        (20, ["net_h2", "0.39"]),
        (21, ["net_o1", "1.1"]),
        (24, ["c", "d"]),
        (26, ["( a + b)", "c"]),
        (27, ["w2", "2"]),
    ]
    assert sheet.unread == []


@pytest.mark.parametrize(
    "text, line, column, reason",
    [
        ("x\n  \\[ a = 1\nb", 2, 3, "the formula that begins here is not closed"),
        ("$a = \\foo$", 1, 6, r"unknown command \foo"),
        ("$$ = 1 $$", 1, 3, "nothing stands before"),
        ("$a = 1$\n\nb =", 3, 2, "nothing stands after"),
    ],
)
def test_a_formula_that_cannot_be_read_is_kept(text, line, column, reason):
    (unread,) = read_sheet(text).unread
    assert (unread.line, unread.column) == (line, column)
    assert reason in unread.reason


# CSV


def test_a_table_of_names_and_numbers_is_read_as_csv():
    text = 'quantity,printed\nnet_h1,0.3775\n# note\n"W1[2,1]", 0.40 # c\n\nw₅⁺,3.5·10⁻⁵\nnetwork: xor'
    sheet = read_sheet(text)
    assert claims(text) == [(2, ["net_h1", "0.3775"]), (4, ["W1[2,1]", "0.40"]), (6, ["w₅^+", "3.5·10⁻⁵"])]
    assert sheet.claims[1].parts[1].column_of(1) == 12
    assert (sheet.network, sheet.unread) == (("name", "xor", 7), [])


@pytest.mark.parametrize(
    "row", ["w5,0,3589", "w5", "w5,", "w5,a", ",0.3", "w5;1", '"w5,1', "w5,1,2", "w5," + "1" * 30_000]
)
def test_a_row_that_is_no_pair_is_kept(row):
    sheet = read_sheet(f"a,1\nb,2\nc,3\n{row}")
    assert len(sheet.claims) == 3
    (unread,) = sheet.unread
    assert unread.line == 4


def test_the_first_row_is_a_header_only_if_it_holds_no_digit():
    assert reasons("name,value\na,1\nb,2") == []
    assert [line for line, _ in reasons("w5,value\na,1\nb,2")] == [1]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("net_h1;0,3775\nout_h1;-0,5", [["net_h1", "0.3775"], ["out_h1", "-0.5"]]),
        ('quantity,formula,value\na,"max(0, w_1)",0.3\nb,,0.4', [["a", "max(0, w_1)", "0.3"], ["b", "0.4"]]),
        ("a;b*c;0,5", [["a", "b*c", "0.5"]]),
        (
            "epoch,E_total,w_5\n0,0.3,1\n100,0.2,2",
            [["E_total", "0.3"], ["w_5", "1"], ["E_total@100", "0.2"], ["w_5@100", "2"]],
        ),
        ("w5,0,3589\nw1,0,25", []),
    ],
)
def test_tables_with_formulas_decimal_commas_and_updates(text, expected):
    assert [parts for _, parts in claims(text)] == expected


@pytest.mark.parametrize("row", ["x,1", "-1,1", "1.5,1", "2", "2,a", "2,1,1"])
def test_a_row_of_a_training_that_is_none_is_kept(row):
    sheet = read_sheet(f"n,E_total\n0,1\n1,2\n2,3\n{row}")
    assert len(sheet.claims) == 3
    assert [unread.line for unread in sheet.unread] == [5]


# JSON


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            '{"grad": {"w5": 1, "dE_total/db1": 2, "W1": [["3"]]}}',
            [["dE_total/dw5", "1"], ["dE_total/db1", "2"], ["dE_total/dW1[1,1]", "3"]],
        ),
        (
            '{"W1": [[1, 2], [3]], "dW2": [[4]]}',
            [["W1[1,1]", "1"], ["W1[1,2]", "2"], ["W1[2,1]", "3"], ["dE_total/dW2[1,1]", "4"]],
        ),
        (
            '{"quantities": [{"name": "x", "formula": null, "value": [1, 2]},\n'
            ' {"name": "z", "formula": "w*x", "value": 0.5}, {"name": "a", "formula": "z", "value": null}]}',
            [["x", "[1, 2]"], ["z", "w*x", "0.5"], ["a", "z"]],
        ),
    ],
)
def test_what_is_nested_is_read_where_it_is_certain(text, expected):
    assert [parts for _, parts in claims(text)] == expected


@pytest.mark.parametrize("value", ["[1, 2]", '{"c": 1}', "[[1]]", "[]"])
@pytest.mark.parametrize("text", ['{{"a": 1,\n "b": {}}}', '{{"a": 1, "gradients": {{\n"b": {}}}}}'])
def test_what_is_nested_otherwise_is_kept(text, value):
    text = text.format(value)
    assert len(claims(text)) == 1
    assert reasons(text) == [(2, "only name: number is read here")]


def test_the_network_and_the_loss_of_a_file_are_taken():
    sheet = read_sheet('{"loss": "J",\n "network": {"layer": [{"weights": [[1]]}]}, "a": 1}')
    assert sheet.network == ("toml", '{"layer": [{"weights": [[1]]}]}', 2)
    assert (sheet.declared.loss, len(sheet.claims), sheet.unread) == ("J", 1, [])


def test_entries_of_a_matrix_stand_where_they_were_typed():
    claim = read_sheet('{"W1": [[1, 2],\n [3, 4]]}').claims[2]
    assert (claim.lines, claim.parts[1].column_of(1)) == ([1, 2], 3)
    assert reasons('{"W1": [[]]}') == [(1, "only name: number is read here")]


def test_an_object_of_numbers_keeps_their_text_and_every_pair():
    text = '{"net_h1": 0.37750, "network": "xor",\n "w5+": "0.35",\n\n "net_h1": 1e-5}'
    sheet = read_sheet(text)
    assert claims(text) == [(1, ["net_h1", "0.37750"]), (2, ["w5^+", "0.35"]), (4, ["net_h1", "1e-5"])]
    assert (sheet.network, sheet.unread) == (("name", "xor", 1), [])
    assert [part.column_of(1) for part in sheet.claims[2].parts] == [3, 12]


@pytest.mark.parametrize("value", ["null", "true", '"x"', "NaN", "Infinity", '""', '"1/2"'])
def test_a_value_that_is_no_number_is_kept(value):
    text = f'{{"a": 1,\n "b": {value},\n "c": 2}}'
    assert [line for line, _ in claims(text)] == [1, 3]
    assert reasons(text) == [(2, "a name and one number are expected here")]


@pytest.mark.parametrize(
    "rest, line, column",
    [
        (' "b" 2}', 1, 14),
        ("", 1, 9),
        ("}", 1, 9),
        (" b: 2}", 1, 10),
        (' "b": }', 1, 15),
        ('"b": 2} x', 1, 17),
        ('\n"b": [', 2, 7),
        ('"b": ' + "[" * 200_000, 1, 14),
        ('"b', 1, 9),
    ],
)
def test_what_is_not_json_is_told_and_the_pairs_before_it_are_kept(rest, line, column):
    sheet = read_sheet('{"a": 1,' + rest)
    assert sheet.claims[0].text == "a = 1"
    (unread,) = sheet.unread
    assert unread.reason.startswith("not JSON: ")
    assert (unread.line, unread.column) == (line, column)


# Anything


@examples(400)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                [
                    "a",
                    "w5",
                    "=",
                    "\n",
                    "\n\n",
                    "+",
                    "(",
                    ")",
                    "$",
                    "$$",
                    "\\[",
                    "\\]",
                    "\\\\",
                    "```derivation\n",
                    "```\n",
                    "```math\n",
                    "\\begin{align}",
                    "\\end{align}",
                    "{",
                    "}",
                    '"a": 1',
                    ",",
                    ";1\n",
                    "let ",
                    "network: x",
                    "#",
                    "\\frac",
                    " ",
                    "\0",
                    "\ud800",
                    "\r",
                    "≈",
                    "%",
                ]
            ),
            max_size=14,
        ).map("".join),
    )
)
def test_any_text_is_read_within_its_lines(text):
    sheet = read_sheet(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    for each in (*sheet.claims, *sheet.lets, *sheet.unread):
        assert 1 <= each.line <= lines
    for claim in sheet.claims:
        assert claim.text.isprintable() and len(claim.parts) > 1 and all(part.text for part in claim.parts)
    for unread in sheet.unread:
        assert unread.text.isprintable() and unread.column >= 1 and unread.reason


@given(
    st.lists(
        st.sampled_from(["a = 1", "prose", "let b = a", "network: x", "= 2", "x = (", "c = \\foo", "d ="]),
        max_size=8,
    )
)
def test_every_line_of_text_ends_in_some_statement(lines):
    sheet = read_sheet("\n\n".join(lines))
    found = len(sheet.claims) + len(sheet.lets) + len(sheet.unread) + len(sheet.prose)
    found += sheet.network is not None
    assert found == len(lines)


# More than is read of a sheet; the thorough profile takes forty times as much.
MANY, LONG_LINES = (10**6, 500) if is_thorough() else (21_000, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a" * 10 * MANY,
        "a=b" * 3 * MANY,
        "\n" * 10 * MANY,
        pytest.param("a=b\n" * MANY, marks=for_the_night()),
        pytest.param("$\n" * MANY, marks=for_the_night()),
        '{"a":1' + ',"a":1' * MANY + "}",
        pytest.param('{"a":' * MANY, marks=for_the_night()),
        pytest.param("w5,0.4\n" * MANY, marks=for_the_night()),
        pytest.param("=a\n" * MANY, marks=for_the_night()),
        pytest.param("(\n" * MANY, marks=for_the_night()),
        ("a=b+" * 4900 + "\n") * 2 + ("a=1," * 4900 + "\n") * 2 + ("w_5" * 6000 + "\n") * 2,
        pytest.param("\\[\n" * MANY, marks=for_the_night()),
        "```derivation\n" * (MANY // 10),
        pytest.param("$a=b$ " * MANY, marks=for_the_night()),
        pytest.param(("a=b+" * 4900 + "\n") * (LONG_LINES), marks=for_the_night()),
        pytest.param(("\\frac{a}{b}=" * 1600 + "\n") * (LONG_LINES), marks=for_the_night()),
        (" " * 19000 + "=\n") * (LONG_LINES),
        "{\n" * MANY,
        pytest.param("| a | 1 |\n" * MANY, marks=for_the_night()),
        "a = 1, " * MANY,
        pytest.param(("a=1," * 4900 + "\n") * (LONG_LINES), marks=for_the_night()),
        (",;" * 9000 + "=\n") * (LONG_LINES),
        pytest.param("- a\n" * MANY, marks=for_the_night()),
        pytest.param('{"W1":[[' + "1," * MANY + "1]]}", marks=for_the_night()),
        pytest.param("n,a\n" + "1,2\n" * MANY, marks=for_the_night()),
        ("(a " * 6000 + ")\n") * (LONG_LINES),
        pytest.param(("w_5" * 6000 + "\n") * (LONG_LINES), marks=for_the_night()),
        (r"\label{" * 2800 + "$\n") * (LONG_LINES),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_no_sheet_takes_long_and_what_is_too_long_is_told(text):
    sheet = read_sheet(text)
    assert len(sheet.claims) <= MOST_STATEMENTS
    assert sheet.unread or sheet.prose or not text.strip()


def test_the_other_lines_of_a_sheet_with_an_endless_line_are_read():
    text = "a = 1\n" + "b" * 10**6 + "\nc = 3"
    assert claims(text) == [(1, ["a", "1"]), (3, ["c", "3"])]
    assert reasons(text) == [(2, "longer than 20000 characters; NEURONNET_LIMITS=letters=NUMBER raises that")]


@pytest.mark.slow
def test_a_claim_over_too_many_lines_is_refused_as_one():
    text = "a = b\n" + "+ c\n" * 6000 + "\nd = 1"
    assert claims(text) == [(6003, ["d", "1"])]
    assert reasons(text) == [(1, "longer than 20000 characters; NEURONNET_LIMITS=letters=NUMBER raises that")]


@pytest.mark.slow
def test_the_last_line_that_is_read_is_told():
    ((line, reason),) = reasons("# c\n" * MOST_LINES + "a = 1")
    assert line == MOST_LINES + 1 and "nothing is read from here on" in reason


@pytest.mark.parametrize(
    "text, parts",
    [
        (r"$$ W = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} $$", [["W", "[[1, 2], [3, 4]]"]]),
        ("$$\nW = \\begin{bmatrix}\n1 & 2 \\\\\n3 & 4\n\\end{bmatrix}\n$$", [["W", "[[1, 2], [3, 4]]"]]),
        (
            "\\begin{align}\nz &= \\begin{pmatrix} 1 \\\\ 2\\end{pmatrix} \\\\\n"
            "a &= \\begin{cases} z & z > 0 \\\\ 0 & \\text{otherwise}\\end{cases} \\\\ b &= 2\n\\end{align}",
            [["z", "[[1], [2]]"], ["a", "where(z > 0, z, 0)"], ["b", "2"]],
        ),
        (r"\[ x = \begin{bmatrix} 1 \\ 2 \end{bmatrix}, \quad y = 3 \]", [["x", "[[1], [2]]"], ["y", "3"]]),
        (r"W = \begin{bmatrix} 1 & 2 \end{bmatrix}", [["W", "[[1, 2]]"]]),
    ],
)
def test_the_rows_of_a_matrix_are_one_formula(text, parts):
    sheet = read_sheet(text)
    assert [[part.text for part in claim.parts] for claim in sheet.claims] == parts
    assert not sheet.unread
