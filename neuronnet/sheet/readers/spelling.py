"""What people type for a sign of equality, a value after an update, a sign of HTML and an entry of a matrix.

What else they spell in many ways is read by formulas/notation.py. Each character keeps its author's column.
"""

import re
from html import unescape

from neuronnet.errors import ExpressionError, counted
from neuronnet.formulas.tokens import LOWERED
from neuronnet.names import WORD

EQUALITY = r"[=≈≅≃≡≐→←]|<-(?!>)|\\(?:approx|simeq|cong|equiv|doteq|to|rightarrow|gets|leftarrow)\b"
_EQUALITY = re.compile(":=|==|~=|<-(?!>)|[≈≅≃≡≐→←~]")
_ENTITY = re.compile(r"&(?:#[0-9]{1,6}|[A-Za-z]{2,10});")
_UPDATED = re.compile(
    rf"(?<![\w'.])({WORD}(?:_\{{\w{{1,20}}\}})?)(\[[\d,\s]{{1,20}}\])?"
    r"(?:⁺|\^(?:\+|\{\+\}|\(\+\))(?![\w(])|\+(?=\s*(?:[=*/),\]}]|$)|\s+[-+]\s))"
)
_MATRIX_ENTRY = re.compile(r"(?<![\w'])([d∂]?)W_?(\d{1,4}|[₀-₉]{1,4})\[\s*(\d{1,4})\s*,\s*(\d{1,4})\s*\]")


def with_equals(spelled):
    """A TextWithColumns with "=" for every sign of equality, and with one mark of a value after an update."""
    spelled = spelled.replace(_EQUALITY, "=")
    if "+" in spelled.text or "⁺" in spelled.text:
        spelled = spelled.replace(_UPDATED, lambda match: match[1] + (f"{match[2]}@1" if match[2] else "^+"))
    return spelled


def without_entities(spelled):
    """A TextWithColumns with the signs that entities of HTML stand for, `×` for `&times;`."""
    return spelled.replace(_ENTITY, lambda match: unescape(match.group())) if "&" in spelled.text else spelled


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
