r"""Mathematics written in LaTeX, turned into plain notation: `\frac{\partial E}{\partial w_5}` becomes
`∂E/∂w5`, `\begin{bmatrix} a & b \\ c & d \end{bmatrix}` becomes `[[a, b], [c, d]]`.

Reads fractions, derivatives, scripts, accents, matrices, cases, sums, the usual functions, Greek letters,
brackets and spaces; refuses everything else by name.
"""

import re

from neuronnet.errors import ExpressionError, shortened
from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns
from neuronnet.formulas.written_names import above_a_name, read_name
from neuronnet.sheet.readers.latex_words import (
    ACCENTS,
    BOLD,
    FONTS,
    FRACTIONS,
    FUNCTIONS,
    NAMED,
    SPACED,
    SPACES,
    WRITTEN,
    WRITTEN_OUT,
    Cursor,
    bare,
    joined,
    stripped,
    tokens,
)

_BARE = set("+-*/=,(·⊙<>|;")  # what has no index and no power
# What sets two claims in one line apart: blanks wider than those inside of a formula, and columns.
_APART = re.compile(r"\\hspace\*?\s?\{[^{}]{0,20}\}|(?:(?:\\[;: ]|~)\s*){2,}")
_NEXT_COLUMN = re.compile(
    r"(?<!\\)&+\s*(?=[A-Za-z\\])"
    r"(?!\\(?:approx|simeq|equiv|to|leq?|geq?|ne|neq|gets|coloneqq|[;:, ])(?![A-Za-z]))"
)
_CELLS = re.compile(r"\\begin\s*\{(?:[bpvB]?matrix|smallmatrix|array|[dr]?cases)")
_DECIMAL_COMMA = re.compile(r"(?<=\d)\{,\}(?=\d)(?!(?<![\d.]0\{,\})\d{3}(?!\d))")
_IN_A_SAMPLE = re.compile(r"\[\d{1,9}\](?=$|@)")
_OF_A_SUM = re.compile(r"[\w=,.:+\-]{1,30}")
_INDEX = re.compile(r"[\w'*+\-]{1,40}(?:,[\w'*+\-]{1,40}){0,3}")


def in_plain_notation(source):
    r"""LaTeX mathematics, text or TextWithColumns, in the notation of formulas/notation.py, with its columns.

    `\\` becomes a new line. Raises ExpressionError with the author's column.
    """
    source = source if isinstance(source, TextWithColumns) else TextWithColumns(source)
    if len(source) > LONGEST_TEXT:
        reason = f"longer than {LONGEST_TEXT} characters"
        raise ExpressionError(source.text[:40], source.column_of(LONGEST_TEXT), reason)
    if "{,}" in source.text:
        source = source.replace(_DECIMAL_COMMA, ".")
    source = source.replace(_APART, r"\\quad ")
    if not _CELLS.search(source.text):
        source = source.replace(_NEXT_COLUMN, r"\\quad ")
    if SPACED.search(source.text):
        source = source.replace(SPACED, lambda match: "".join(match[0].split()))
    try:
        pieces = _Translator(source.text).run()
    except ExpressionError as error:
        raise ExpressionError(source.text, source.column_of(error.column), error.reason) from None
    text = "".join(piece for piece, _ in pieces)
    columns = [source.column_of(column) for piece, column in pieces for _ in piece]
    spelled = TextWithColumns(text, columns).replace(r"[^\S\n\u2003]+", " ")
    return spelled.replace(r" ?(?:\u2003 ?)+", "  ").strip()


class _Translator(Cursor):
    """Recursive descent over the tokens of one text; what it gives back is a list of (text, column)."""

    def __init__(self, text):
        super().__init__(text)
        self.last = ""

    def run(self, opening=None, cell=False):
        """Everything up to the brace that closes the one in column `opening`, or up to the end.

        In a `cell` of a matrix it ends before what ends the cell.
        """
        self.deeper()
        pieces = []
        while True:
            kind, value, column = self.token()
            if cell and (
                (kind, value) == ("space", "&") or kind == "end" or (kind == "sign" and value[0] == "\\")
            ):
                self.depth -= 1
                return pieces
            if kind is None and opening is not None:
                self.fail("this brace is not closed", opening)
            if kind is None or (kind, value) == ("other", "}"):
                if kind is not None and opening is None:
                    self.fail("this brace closes nothing")
                self.position += kind is not None
                self.depth -= 1
                return pieces
            if (kind, value) == ("command", "over") and pieces:
                self.take()
                self.depth -= 1
                return self.ratio(stripped(pieces), stripped(self.run(opening, cell)), column)
            new = self.scripted()
            if new and new[0][0] == "𝟏" and re.search(r"[\w)\]]\s*\Z", joined(pieces)):
                pieces.append(("·", column))
            border = pieces[-1][0][-1:] + new[0][0][:1] if pieces and new else ""
            is_split = re.fullmatch(r"[\w'][\w∂]", border) and "_" not in border
            if is_split or (pieces and pieces[-1][0] == "^+" and re.match(r"[\w(]", border[1:])):
                pieces.append((" ", column))
            pieces += new

    def scripted(self):
        """An atom with its indices and powers, in whichever order they stand."""
        pieces = self.atom()
        base, powers = joined(pieces), []
        while base.strip() and base not in _BARE and self.following("_^"):
            _, sign, column = self.take()
            if sign == "_":
                pieces = pieces + self.lowered(base, column)
            else:
                powers += self.raised(base, column)
        if powers and "/" in base and base != "/":
            pieces = [("(", pieces[0][1]), *pieces, (")", pieces[-1][1])]
        return pieces + powers

    def lowered(self, base, column):
        """An index: glued to the letters whose indices are numbers, set off by a low line elsewhere."""
        pieces = self.argument(whole=True)
        index = "".join(joined(pieces).split()).replace("{", "").replace("}", "")
        if base == "𝟏":
            return [("(", column), *pieces, (")", column)]
        if base == "Σ" and _OF_A_SUM.fullmatch(index):
            return [("_{" + index + "}", column)]
        if base == "∇" and read_name(index):
            return [("_{" + index + "}", column)]
        if not _INDEX.fullmatch(index):
            self.fail(f"an index is a word or a number, found {shortened(index)}", column)
        if base.removeprefix("d") in ("w", "b", "i", "h", "o", "W") and index.isdigit():
            return [(index, column)]
        return [("_" + index if re.fullmatch(r"[\w']+", index) else "_{" + index + "}", column)]

    def raised(self, base, column):
        """What stands above a base: a power, a prime, T, a layer, or the mark of a value after an update."""
        sign = self.take()[1] if self.following("+-") else ""
        raised = [] if sign == "+" else self.argument(whole=True, letter="T")
        text = sign + joined(raised).strip()
        if text and not text.strip("'"):
            return [(text, column)]
        if base == "Σ":
            return [("^{" + text + "}", column)]
        packed = "".join(text.split())
        items = above_a_name(packed)
        if packed.isdigit() or packed in ("+", "T"):
            return [("^" + packed, column)]
        if packed == "⊤":
            return [("ᵀ", column)]
        if items and not packed.isalpha() and not re.search(r"\d[-+]\d", packed):
            return [("^{" + packed + "}", column)]
        return [("^(" + sign, column), *raised, (")", column)]

    def atom(self):
        """What the next token begins: a command with arguments, a braced group, a sign, word or number."""
        kind, value, column = self.take()
        if kind == "command":
            return self.command(value, column)
        if kind == "sign":
            return [(self.sign(value, column), column)]
        if kind == "begin":
            return self.cases(column) if value.endswith("cases") else self.matrix(value, column)
        if kind == "end":
            self.fail(f"\\end{{{value}}} ends nothing", column)
        if (kind, value) == ("other", "{"):
            pieces = self.run(column)
            return stripped(pieces) if self.following("_^") else pieces
        if value in ("_", "^"):
            self.fail(f"nothing stands before this {value}", column)
        return self.piece(" " if kind == "space" else value, column)

    def sign(self, value, column):
        if value[0] == "\\":
            return "\n"
        if value in ",;:! ()[]\n\t":
            return " "
        if value in "{}_%#&$|":
            return "‖" if value == "|" else value
        self.fail(f"unknown command {shortened(chr(92) + value)}", column)

    def command(self, name, column):
        if name in FRACTIONS:
            return self.fraction(column)
        if name in FUNCTIONS:
            return self.function(name, column)
        if name == "sqrt":
            if self.following("["):
                self.fail("only the square root is read")
            return [("sqrt(", column), *self.argument(), (")", column)]
        if name in ACCENTS:
            return [*stripped(self.argument()), (ACCENTS[name], column)]
        if name in FONTS:
            pieces = stripped(self.argument())
            if name.endswith("brace") and self.following("_^"):
                self.take()
                self.argument()
            if joined(pieces) == "1" and name in BOLD:
                return self.piece("𝟏", column)
            if joined(pieces) != "d":
                return pieces
            name = "partial"
        if name in SPACES:
            if name in ("left", "right") and self.following("."):
                self.take()
            apart = {"quad": "\u2003", "qquad": "\u2003", "thinspace": " "}.get(name)
            return [(apart, column)] if apart else []
        if name in WRITTEN_OUT:
            self.fail(f"\\{name} is not read: write the terms out", column)
        if name == "partial" and self.token()[0] == "space":
            self.take()
        if name not in WRITTEN and name not in NAMED:
            self.fail(f"unknown command \\{name[:40]}", column)
        return self.piece(WRITTEN.get(name, name.removeprefix("var")), column)

    def matrix(self, name, column):
        r"""`[[a, b], [c, d]]`; without the outer brackets where brackets stand around an array."""
        if name == "vmatrix":
            self.fail("a determinant is not read", column)
        inside = self.last in "[(" and name in ("array", "matrix", "smallmatrix")
        rows = [row for row in self.rows(name, column) if any(joined(cell).strip() for cell in row)]
        pieces = []
        for row in rows:
            pieces.append((", [" if pieces else "[", column))
            for number, cell in enumerate(row):
                pieces += ([(", ", column)] if number else []) + stripped(cell)
            pieces.append(("]", column))
        self.last = "]"
        return pieces if inside else [("[", column), *pieces, ("]", column)]

    def cases(self, column):
        """`where(z > 0, z, 0)` for the values and conditions of cases; the last one stands for all else."""
        rows = [row for row in self.rows("cases", column) if any(joined(cell).strip() for cell in row)]
        pairs = [(bare(row[0]), bare([piece for cell in row[1:] for piece in cell])) for row in rows]
        if len(pairs) < 2 or not all(condition for _, condition in pairs[:-1]):
            self.fail("cases are written value & condition, two rows or more", column)
        pieces = []
        for value, condition in pairs[:-1]:
            pieces += [("where(", column), *condition, (", ", column), *value, (", ", column)]
        return [*pieces, *pairs[-1][0], (")" * (len(pairs) - 1), column)]

    def rows(self, name, column):
        """The rows of an environment, each a list of cells, up to its end, which is taken."""
        rows, row = [], []
        while True:
            self.last = "["
            row.append(self.run(cell=True))
            kind, value, _ = self.take()
            if kind is None:
                self.position -= 1
                self.fail(f"\\begin{{{name}}} is not closed", column)
            if kind != "space":
                rows, row = [*rows, row], []
            if kind == "end":
                return rows

    def fraction(self, column):
        divisor = self.last == "/"
        self.last = "("
        upper = stripped(self.argument())
        self.last = "("
        lower = stripped(self.argument())
        self.last = ")"
        pieces = self.ratio(upper, lower, column)
        return [("(", column), *pieces, (")", column)] if divisor else pieces

    def ratio(self, upper, lower, column):
        """A fraction in pieces: a derivative as ∂E/∂w, the others in brackets."""
        if _is_derived(joined(upper)) and _is_derived(joined(lower)):
            return [*_with_sign(upper), ("/", column), *_with_sign(lower)]
        if joined(lower).startswith("∂"):
            self.fail("a derivative has what is derived in its numerator", column)
        return [("(", column), *upper, (")/(", column), *lower, (")", column)]

    def function(self, name, column):
        if self.following("_^"):
            sign = self.take()[1]
            above = joined(self.argument(whole=True)).strip()
            if not re.fullmatch(r"\d{1,2}", above) or (sign == "_" and name != "log"):
                self.fail(f"{name} with this index or power is not read: a power stands after the argument")
            name += sign + above
        while self.token()[0] == "space" or self.token()[1] in SPACES:
            self.take()
        has_bracket = self.following("([") or self.token()[:2] == ("sign", "{")
        if has_bracket or self.following("'") or not self.begins_an_argument():
            return self.piece(name, column)
        self.deeper()
        argument = stripped(self.scripted())
        self.depth -= 1
        return [(name + "(", column), *argument, (")", column)]

    def begins_an_argument(self):
        kind, value, _ = self.token()
        if kind == "command":
            return value not in WRITTEN or WRITTEN[value].isalpha()
        return kind in ("word", "number") or (kind, value) == ("other", "{")

    def argument(self, whole=False, letter=""):
        """A braced group or the next atom: one digit or letter, as TeX takes it, or a `whole` number or word.

        `letter` stands for itself even where a whole word is taken: `W^Tx` is Wᵀ x.
        """
        while self.token()[0] == "space":
            self.take()
        kind, value, column = self.token()
        if kind is None:
            self.fail("the formula ends where an argument should stand")
        if kind == "number":
            length = len(re.match(r"\.?\d+(?:\.\d+)?" if whole else ".", value).group())
            self.tokens[self.position] = "number", value[:length], column
            rest = [(kind, text, column + length - 1 + at) for kind, text, at in tokens(value[length:])]
            self.tokens[self.position + 1 : self.position + 1] = rest[:-1]
        if kind == "word" and len(value) > 1 and (value[0] == letter or not whole):
            self.tokens[self.position : self.position + 1] = [
                ("word", value[0], column),
                *((kind, text, column + at) for kind, text, at in list(tokens(value[1:]))[:-1]),
            ]
        self.deeper()
        pieces = self.atom()
        self.depth -= 1
        return pieces

    def piece(self, text, column):
        self.last = text.strip()[-1:] or self.last
        return [(text, column)]


def _with_sign(pieces):
    """The ∂ or d of a derivative as ∂."""
    (text, column), *rest = pieces
    return [("∂" + text[1:], column), *rest]


def _is_derived(text):
    """Whether a text is what is derived, or by what, perhaps in one sample: ∂E[2]."""
    return text[:1] in ("∂", "d") and read_name(_IN_A_SAMPLE.sub("", text[1:])) is not None
