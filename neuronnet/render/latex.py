r"""Names, formulas and documents in LaTeX: `dE_total/dw5` as \frac{\partial E_{total}}{\partial w_{5}}.

The same formulas stand between dollar signs in Markdown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from neuronnet.formulas.expressions import (
    ArrayOf,
    Call,
    Compare,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
)
from neuronnet.formulas.tokens import GREEK
from neuronnet.names import split_partial
from neuronnet.render.document import Document, Step

LONGEST = 90  # letters of a formula that stands on one line
TOGETHER = 25  # quantities aligned with each other
SIZES = ((140, r"\tiny"), (80, r"\footnotesize"))  # of those whose widest line has so many letters
_TO_SEE = re.compile(r"\\(?:left|right|frac|mathrm|text|partial|quad)|\\\\.*|[{}_^& ]")
OPERATORS = {"*": r" \cdot ", "@": r" \, ", "·": r" \cdot ", "⊙": r" \odot ", "⊗": r" \otimes "}
FUNCTIONS = {each: rf"\{each}" for each in "exp ln max min tanh sin cos sinh cosh".split()}
FUNCTIONS |= {"logistic": r"\sigma", "logistic'": r"\sigma'"}
SIGNS = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}
ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}
LETTERS = {letter: f"\\{word}" for letter, word in GREEK.items()} | {"∂": r"\partial", "ε": r"\varepsilon"}
WORDS = {word: f"\\{word}" for word in GREEK.values()}
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾", "0123456789+-()")
SPECIAL = {each: f"\\{each}" for each in "{}$&#_%"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{each: rf"\ensuremath{{{each}}}" for each in "<>|"},
}
_NAME = re.compile(
    r"(?P<head>[^\W\d_⁰¹²³⁴-⁹⁺⁻⁽⁾]+)(?P<accent>_hat|_bar|_tilde|[\u0302\u0303\u0304\u0307])?(?P<below>_?(?:(?![⁰¹²³⁴-⁹⁺⁻⁽⁾])[\w,])*?)"
    r"(?P<prime>'*)(?P<above>(?:\^[\w()+\[\]]+|\^\{?<\w+>\}?|[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾]+)?)(?P<sample>(?:\[\d+(?:,\d+)*\])?)(?:@(?P<update>\d+))?"
)


def name_in_latex(name: str) -> str:
    """A name as LaTeX; what has no form of its own is set as text."""
    parts = split_partial(name.replace("∂", "d"))
    if parts is not None:
        return rf"\frac{{\partial {name_in_latex(parts[0])}}}{{\partial {name_in_latex(parts[1])}}}"
    found = _NAME.fullmatch(unicodedata.normalize("NFD", name).translate(SUBSCRIPTS))
    head = _head(found) if found else None
    if found is None or head is None:
        return rf"\text{{{escaped(name)}}}"
    below = found["below"].removeprefix("_")
    if found["head"] in WORDS and re.search(r"\d_", below):  # beta1_t is a name of its own
        head, below = rf"\mathrm{{{escaped(found['head'] + found['below'])}}}", ""
    above = found["above"].lstrip("^{").rstrip("}").translate(SUPERSCRIPTS)
    if found["update"]:
        above += "+" if found["update"] == "1" else f"({found['update']})"
    head += f"_{{{_word(below)}}}" if below else ""
    return head + found["prime"] + found["sample"] + (f"^{{{above}}}" if above else "")


def _head(found):
    word, accent = found["head"], found["accent"]
    if len(word) > 1 and word not in WORDS:
        head = rf"\mathrm{{{word}}}" if word.isascii() else None
    else:
        head = WORDS.get(word) or LETTERS.get(word) or (word if word.isascii() else None)
    if head is None or not accent:
        return head
    return rf"\{ACCENTS.get(accent, accent[1:])}{{{head}}}"


def _word(below):
    word = "".join(LETTERS.get(each, each) for each in below).replace("_", r"\_")
    return rf"\mathrm{{{word}}}" if re.fullmatch("[A-Za-z]{2,}", word) else word


def escaped(text: str) -> str:
    """A text as LaTeX prints it; what its usual fonts lack becomes a question mark."""
    return "".join(map(_escaped, unicodedata.normalize("NFC", text)))


def _escaped(letter):
    if letter in LETTERS:
        return rf"\ensuremath{{{LETTERS[letter]}}}"
    is_known = " " <= letter <= "~" or ("À" <= letter <= "ÿ" and letter not in "×÷ÐðÞþ")
    return SPECIAL.get(letter, letter if is_known else "?")


def number_in_latex(value: Any) -> str:
    """The text of a number, or nested lists of them as a matrix."""
    if isinstance(value, list):
        if isinstance(value[0], list):
            return _matrix([[number_in_latex(each) for each in row] for row in value])
        return rf"\left[{', '.join(map(number_in_latex, value))}\right]"
    mantissa, e, exponent = value.lower().partition("e")
    if e and exponent.lstrip("+-").isdigit():
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{nan}"}.get(value, value)


def _matrix(rows):
    lines = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{pmatrix}} {lines} \end{{pmatrix}}"


def formula_in_latex(formula: Expression, leaf: Callable[[str], str] = name_in_latex) -> str:
    """A formula as LaTeX; `leaf(name)` gives what to write for a name."""
    return _Writer(leaf).text(formula)


class _Writer:
    """Writes the kinds of formulas, each as part of a larger one in brackets where it would be misread."""

    def __init__(self, leaf):
        self.leaf = leaf

    def text(self, part):
        writers = {
            Number: lambda: number_in_latex(part.format()),
            Name: lambda: self.leaf(part.name),
            Sum: lambda: "".join(self.terms(part)),
            Product: lambda: self.product(part.factors),
            Power: lambda: f"{self.inside(part.base, 4, True)}^{{{part.exponent}}}",
            Negative: lambda: f"-{self.inside(part.inner, 2)}",
            Call: lambda: self.call(part),
            Transpose: lambda: rf"{self.inside(part.inner, 4, True)}^{{\top}}",
            ArrayOf: lambda: self.array(part),
            Compare: lambda: self.compare(part),
        }
        write = writers.get(Power if isinstance(part, Power) else type(part))
        return rf"\text{{{escaped(part.format())}}}" if write is None else write()

    def inside(self, part, binds, is_base=False, is_first=False):
        """A part in brackets where it binds less; as a base also where something is raised already."""
        text = self.text(part)
        own = 2 if " \\cdot 10^" in text and isinstance(part, Name) else part.binds
        is_raised = is_base and isinstance(part, Name) and ("^" in text or text.startswith("\\frac"))
        has_sign = text.startswith("-") and not is_first
        return rf"\left({text}\right)" if own < binds or has_sign or is_raised else text

    def terms(self, part):
        """The terms of a sum, each with its sign."""
        for place, (sign, term) in enumerate(part.terms):
            text = self.inside(term, 1.5) if place else self.text(term)
            yield ("" if not place else " + " if sign > 0 else " - ") + text

    def product(self, factors):
        """Factors from left to right; a division makes a fraction of what stands before it."""
        text, is_fraction = "", False
        for place, (operator, factor) in enumerate(factors):
            if operator == "/":
                text, is_fraction = rf"\frac{{{text}}}{{{self.text(factor)}}}", True
                continue
            following = factors[place + 1][0] if place + 1 < len(factors) else None
            alone = not place and following == "/"
            binds = 2 if isinstance(factor, Name) or not place else 3
            own = self.text(factor) if alone else self.inside(factor, binds, is_first=not place)
            is_other = place > 1 and operator in "@·⊗⊙" and factors[place - 1][0] != operator
            if is_other and not is_fraction:
                text = rf"\left({text}\right)"
            text = own if not place else text + OPERATORS[operator] + own
        return text

    def call(self, part):
        function = FUNCTIONS.get(part.function) or rf"\mathrm{{{escaped(part.function)}}}"
        arguments = [self.text(each) for each in part.arguments]
        if part.function == "sqrt":
            return rf"\sqrt{{{arguments[0]}}}"
        options = [rf"\mathrm{{{name}}}={value}" for name, value in part.options.items()]
        return rf"{function}\left({', '.join(arguments + options)}\right)"

    def array(self, part):
        if part.is_matrix:
            return _matrix([[self.text(each) for each in row] for row in part.rows])
        return rf"\left[{', '.join(map(self.text, part.rows))}\right]"

    def compare(self, part):
        return f"{self.inside(part.left, 1)} {SIGNS.get(part.sign, part.sign)} {self.inside(part.right, 1)}"


# Documents


def sides_in_latex(step: Step) -> list[str]:
    """What stands between equals signs after the name of a Step: in names, in numbers, the value."""
    value = number_in_latex(step.value)
    if step.expression is None:
        return [value]
    names = formula_in_latex(step.expression, lambda name: name_in_latex(step.leaves[name][0]))
    numbers = formula_in_latex(step.expression, lambda name: _number_or_name(*step.leaves[name]))
    sides = [names, numbers, value]
    return [side for before, side in zip([None, *sides], sides) if side != before]


def _number_or_name(name, number):
    return name_in_latex(name) if number is None else number_in_latex(number)


def equation(step: Step) -> str:
    """A Step on one line."""
    return " = ".join([name_in_latex(step.name), *sides_in_latex(step)])


def aligned(steps: list[Step] | tuple[Step, ...]) -> str:
    """Steps below each other, every side on a line of its own, as the inside of an `align*`."""
    sides = [[f"&= {_folded(side)}" for side in sides_in_latex(step)] for step in steps]
    named = zip(steps, map(" \\\\\n".join, sides))
    return " \\\\[1ex]\n".join(f"{name_in_latex(step.name)} {lines}" for step, lines in named)


def _folded(side):
    """A long sum with its terms on several lines, also one that a number divides."""
    fraction = re.fullmatch(r"\\frac\{(.*)\}\{(\d+)\}", side)
    is_long = fraction is not None and _letters(side) >= SIZES[-1][0] and _is_closed(fraction[1])
    if is_long:
        side = f"{fraction[1]} / {fraction[2]}".replace(r"\left(", "(").replace(r"\right)", ")")
    lines, depth, start = [], 0, 0
    for sign in re.finditer(r"[{}]| [+-] " if is_long else r"[{}()]| [+-] ", side):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(sign[0], 0)
        is_between = depth == 0 and len(sign[0]) == 3
        if is_between and sign.start() - start > LONGEST and "=" not in side:
            lines.append(side[start : sign.start()])
            start = sign.start()
    return " \\\\\n&\\quad".join([*lines, side[start:]])


def _is_closed(text):
    """Whether every brace of a text is closed in it."""
    return min(accumulate((each == "{") - (each == "}") for each in f"{text} ")) >= 0


def _letters(line):
    """About how many letters wide a line is."""
    return len(_TO_SEE.sub("", line))


def displayed(found: Document) -> str:
    """All steps of a Document as one displayed formula."""
    return f"\\begin{{align*}}\n{aligned(found.steps)}\n\\end{{align*}}"


def document(found: Document) -> str:
    """A Document as a standalone LaTeX file, which needs amsmath and geometry alone."""
    lines = [
        r"\documentclass{article}",
        r"\usepackage[margin=2cm]{geometry}",
        r"\usepackage{amsmath}",
        r"\allowdisplaybreaks",
        r"\setlength{\parindent}{0pt}",
        r"\begin{document}",
        rf"\section*{{{escaped(found.title)}}}",
    ]
    if found.sentences:
        items = [rf"\item {escaped(each)}" for each in found.sentences]
        lines += [r"\begin{itemize}", *items, r"\end{itemize}"]
    for heading, steps in found.parts:
        lines += [rf"\subsection*{{{escaped(heading)}}}"] if heading else []
        if all(step.expression is None for step in steps):
            lines += [f"${equation(step)}$\\quad" for step in steps]
            continue
        for start in range(0, len(steps), TOGETHER):
            together = aligned(steps[start : start + TOGETHER])
            widest = max(map(_letters, together.split("\n")))
            size = next((size for least, size in SIZES if widest >= least), "")
            lines += [size] * bool(size) + [r"\begin{align*}", together, r"\end{align*}"]
            lines += [r"\normalsize"] * bool(size)
    return "\n".join([*lines, r"\end{document}"])


def markdown(found: Document) -> str:
    """A Document as Markdown, every step between dollar signs."""
    lines = [f"# {_plain(found.title)}", "", *(f"- {_plain(each)}" for each in found.sentences)]
    for heading, steps in found.parts:
        lines += ["", f"## {_plain(heading)}" if heading else ""]
        lines += [line for step in steps for line in ("", f"${equation(step)}$")]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).rstrip()


def _plain(words):
    """A sentence in Markdown, its special characters escaped."""
    return re.sub(r"[\\`*_{}\[\]<>#$|]", r"\\\g<0>", " ".join(words.split()))
