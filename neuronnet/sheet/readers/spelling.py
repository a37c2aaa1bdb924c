"""What people type for a sign of equality, a value after an update, a sign of HTML and an entry of a matrix.

What else they spell in many ways is read by formulas/notation.py. Each character keeps its author's column.
"""

import re
from html import unescape

from neuronnet.errors import ExpressionError, counted
from neuronnet.formulas.tokens import LOWERED, TextWithColumns
from neuronnet.names import WORD

ENTRY = rf"{WORD}(?:_\{{\w{{1,20}}\}})?(?:\[[\d,\s]{{1,20}}\])?(?:@\d{{1,9}}|\^?\+|⁺|\^\{{\+\}})?"
EQUALITY = r"[=≈≅≃≡≐→←]|<-(?!>)|\\(?:approx|simeq|cong|equiv|doteq|to|rightarrow|gets|leftarrow)\b"
EQUALS = re.compile(rf"{EQUALITY}|\s~\s")
_EQUALITY = re.compile(":=|==|~=|<-(?!>)|[≈≅≃≡≐→←~]")
_PLAIN = str.maketrans("：，；（）＝＋－％⁄∕。、", ":,;()=+-%//;,")
_UNSEEN = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")
_MARKUP = re.compile(
    r"(?<![\w*)\]])\*\*(?=[^\s*])(?P<bold>[^*]{1,200}?)(?<=[^\s*])\*\*(?![\w*(])|`(?P<code>[^`]{1,400})`|\A\s{0,3}>\s+"
    r"|</?(?:b|i|em|strong|u|var|code|tt|span|font|p|small|big|center)(?:\s[^<>]{0,200})?>|<br\s?/?>"
    r"|<su(?P<level>[bp])>(?P<script>[^<>]{1,40})</su[bp]>"
)
_IN_ENGLISH = {
    "sigmoid": r"sigmoide|sigmoïde|sigmoidal|sigmóide|сигмоида|logistique|logística",
    "sin": r"sen",
    "tanh": r"tgh|tanhip",
    "new": r"(?<=[_{(^])(?:nuev[oa]|nov[oa]?|nouve(?:au|lle)|neue?[rs]?|a[ct]ualizad[oa]|updated|нов\w{2})",
    "old": r"(?<=[_{(^])(?:alte?[rs]?|viej[oa]|anterior|ancien|velho|antigo)",
}
_FOREIGN = re.compile(
    "|".join(rf"(?P<{to}>(?<![^\W_]){words}(?![^\W_]))" for to, words in _IN_ENGLISH.items())
)
_IN_BRACKETS = re.compile(r"(?<=[\w}\]])\s?\((new|old)\)")
_POINTED = re.compile(r"((?<![\w.])\d+)?\.([*/^])(?!\*)")
_PERCENT = re.compile(r"(?<![\w.,])(?P<whole>\d{1,15})(?:[.,](?P<part>\d{1,15}))?\s?\\?%(?!\s*[\w(])")
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_STATED_WITH_COMMA = re.compile(r"[=≈]\s*[-−]?[0-9]{1,15},[0-9]{1,15}\s*(?=[;=≈|(\n]|,?\s|\.?\Z|[.,;]\s)")
_POINT = re.compile(r"[0-9]\.[0-9]")
_TEX_SIGNS = dict(
    zip(
        "partial cdot times delta eta sigma approx alpha theta leftarrow odot "
        "top sum Delta lambda beta prime hat le ge".split(),
        "∂⋅×δησ≈αθ←⊙⊤∑Δλβ′^≤≥",
    )
)
_TEX_SIGNS |= dict.fromkeys(
    "quad frac dfrac tfrac left right text mathrm mathbf big Big operatorname boldsymbol".split(), ""
)
_TEX_OR_SIGN = re.compile(r"\\(?P<command>[A-Za-z]+)|\\(?P<sign>.)|(?P<dropped>[\s{}_^\u200b])|.")
_SAME_SIGN = str.maketrans("−·∙*", "-⋅⋅∗")
_BEFORE_A_COPY = " \t\xa0([:,;\"'"
_ENTITY = re.compile(r"&(?:#[0-9]{1,6}|[A-Za-z]{2,10});")
_UPDATED = re.compile(
    rf"(?<![\w'.])({WORD}(?:_\{{\w{{1,20}}\}})?)(\[[\d,\s]{{1,20}}\])?"
    r"(?:⁺|\^(?:\+|\{\+\}|\(\+\))(?![\w(])|\+(?=\s*(?:[=*/),\]}]|$)|\s+[-+]\s))"
)
_MATRIX_ENTRY = re.compile(r"(?<![\w'])([d∂]?)W_?(\d{1,4}|[₀-₉]{1,4})\[\s*(\d{1,4})\s*,\s*(\d{1,4})\s*\]")


def has_equals(text):
    """Whether there is a sign of equality, in plain text or in LaTeX."""
    return EQUALS.search(text) is not None


def with_equals(spelled):
    """A TextWithColumns with "=" for every sign of equality, and with one mark of a value after an update."""
    spelled = spelled.replace(_EQUALITY, "=")
    if "." in spelled.text:
        spelled = spelled.replace(_POINTED, _without_point)
    if "+" in spelled.text or "⁺" in spelled.text:
        spelled = spelled.replace(_UPDATED, lambda match: match[1] + (f"{match[2]}@1" if match[2] else "^+"))
    return spelled


def _without_point(match):
    """`⊙` for the `.*` of Octave, `2*` for `2.*`."""
    return (match[1] or "") + ("⊙" if match[2] == "*" and not match[1] else match[2])


def without_entities(spelled):
    """A TextWithColumns with the signs that entities of HTML stand for, `×` for `&times;`."""
    return spelled.replace(_ENTITY, lambda match: unescape(match.group())) if "&" in spelled.text else spelled


def without_markup(line):
    """A line without bold letters, marks of code and quotation and inline tags, `<sub>` as an index."""
    text = line.text.translate(_PLAIN)
    line = TextWithColumns(text, line.columns)
    if len(text) < 4000 and text.count("=") > 2:
        line = _said_once(line)
    if _UNSEEN.search(text):
        line = line.replace(_UNSEEN, "")
    if not ("*" in text or "`" in text or ">" in text):
        return line

    def plain(match):
        if match["script"]:
            return ("_{" if match["level"] == "b" else "^{") + match["script"] + "}"
        return match["bold"] or match["code"] or (" " if match[0].startswith("<br") else "")

    return line.replace(_MARKUP, plain)


def in_english(spelled):
    """A TextWithColumns with English words for functions and marks, and percent as a fraction."""
    if _FOREIGN.search(spelled.text):
        spelled = spelled.replace(_FOREIGN, lambda match: match.lastgroup)
    if _IN_BRACKETS.search(spelled.text):
        spelled = spelled.replace(_IN_BRACKETS, lambda match: f"_{match[1]}")
    return spelled.replace(_PERCENT, _hundredth) if "%" in spelled.text else spelled


def has_decimal_commas(text):
    """Whether all broken numbers of a text have commas, and one of them is what something is equal to."""
    return _STATED_WITH_COMMA.search(text) is not None and _POINT.search(text) is None


def with_points(spelled):
    """A TextWithColumns with points for decimal commas, outside of square brackets and indices."""
    closing, places = [], set()
    for place, sign in enumerate(spelled.text):
        if sign in "[{":
            closing.append(sign == "[" or spelled.text[place - 1 : place] == "_")
        elif sign in "]}" and closing:
            closing.pop()
        elif sign == "," and not any(closing):
            places.add(place)
    text = "".join(
        "." if place in places and _COMMA.match(spelled.text, place) else sign
        for place, sign in enumerate(spelled.text)
    )
    return TextWithColumns(text, spelled.columns)


def _hundredth(match):
    digits = match["whole"].zfill(3)
    return f"{digits[:-2].lstrip('0') or '0'}.{digits[-2:]}{match['part'] or ''}"


def _said_once(line):
    """A line in which formulas were copied three times over, as text, TeX and text, with their TeX alone."""
    signs = []
    for match in _TEX_OR_SIGN.finditer(line.text):
        new = (
            _TEX_SIGNS.get(match["command"], match["command"])
            if match["command"]
            else match["sign"] or match[0]
        )
        if not match["dropped"]:
            signs += [(sign.translate(_SAME_SIGN), *match.span()) for sign in new.strip()]
    text, cuts, start = "".join(sign for sign, *_ in signs), [], 0
    while start < len(text) - 8:
        place = signs[start][1]
        third = _third(text, start) if place == 0 or line.text[place - 1] in _BEFORE_A_COPY else 0
        if third:
            cuts.append(
                (
                    place,
                    signs[start + third - 1][2],
                    signs[start + 2 * third - 1][2],
                    signs[start + 3 * third - 1][2],
                )
            )
        start += 3 * third or 1
    columns = list(line.columns)
    for first, begins, ends, last in reversed(cuts):
        kept, places = line.text[begins:ends], columns[begins:ends]
        if "\\" in kept and first:
            kept, places = f"${kept}$", [places[0], *places, places[-1]]
        columns[first:last] = places
        line = TextWithColumns(line.text[:first] + kept + line.text[last:], columns)
    return line


def _third(text, start):
    """How long a formula is that stands three times from a place on, the last time in another order; or 0."""
    for length in range(min((len(text) - start) // 3, 400), 2, -1):
        if text[start] == text[start + length] != "=" != text[start + length - 1]:
            one = text[start : start + length]
            if "=" in one and text.startswith(one, start + length):
                if sorted(one) == sorted(text[start + 2 * length : start + 3 * length]):
                    return length
    return 0


def with_weights(spelled, names):
    """Every `W1[2,1]`, the weight of layer 1 from input 1 into neuron 2, replaced by its name in `names`.

    Raises ExpressionError, in the author's column, for a weight that the network does not have.
    """

    def name(match):
        layer, row, column = (int(number.translate(LOWERED)) for number in match.groups()[1:])
        if 1 <= layer <= len(names.weights):
            rows = names.weights[layer - 1]
            if 1 <= row <= len(rows) and 1 <= column <= len(rows[0]):
                return match[1] + rows[row - 1][column - 1]
            rows, columns = counted(len(rows), "row"), counted(len(rows[0]), "column")
            reason = f"W{layer} has {rows}, one per neuron, and {columns}"
        else:
            reason = f"the network has {counted(len(names.weights), 'layer')} of weights"
        column = spelled.column_of(match.end(1) + 1)
        raise ExpressionError(spelled.text, column, f"no weight {match.group().lstrip('d∂')}: {reason}")

    return spelled.replace(_MATRIX_ENTRY, name) if "W" in spelled.text else spelled
