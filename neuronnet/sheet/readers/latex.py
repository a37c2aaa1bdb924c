r"""Mathematics written in LaTeX, turned into plain notation: `\frac{\partial E}{\partial w_5}` becomes
`∂E/∂w5`, `\begin{bmatrix} a & b \\ c & d \end{bmatrix}` becomes `[[a, b], [c, d]]`.

Reads fractions, derivatives, scripts, accents, matrices, cases, sums, the usual functions, Greek letters,
brackets and spaces; refuses everything else by name.
"""

import re

from neuronnet.errors import ExpressionError, shortened
from neuronnet.formulas.tokens import DEEPEST_NESTING, GREEK, LONGEST_TEXT, TOO_LONG, TextWithColumns, by_word
from neuronnet.formulas.written_names import above_a_name, read_name
from neuronnet.sheet.readers.spelling import SECOND

_TOKEN = re.compile(
    r"\\(?P<command>[A-Za-z]+)\*?|\\(?P<sign>\\(?:\[[0-9.]{1,9} ?[a-z]{2}\])?|.)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)"
    r"|(?P<word>[^\W\d_]+\d*)|(?P<space>&|[\s~$]+|%[^\n]*)|(?P<other>.)",
    re.DOTALL,
)
_ENVIRONMENT = re.compile(r"\s*\{([A-Za-z]{1,20})\*?\}(?:\{[\w|]{1,20}\})?")
_BRACED = re.compile(r"\s*(?:\[[^\[\]]{0,40}\]\s*)?\{(?:[^{}]|\{[^{}]{0,200}\}){0,400}\}")
_ROWS = set("vmatrix matrix bmatrix pmatrix Bmatrix smallmatrix array cases dcases rcases".split())

_WRITTEN = (
    dict.fromkeys("cdot times".split(), "·")
    | dict.fromkeys("approx simeq cong equiv doteq coloneqq to rightarrow gets leftarrow".split(), "=")
    | dict.fromkeys("Rightarrow implies Longrightarrow iff therefore".split(), ";")
    | dict(
        zip(
            "div prime colon partial Delta delta eta sigma ast star ell nabla sum top intercal".split(),
            "/':∂Δδησ**l∇Σ⊤⊤",
        )
    )
    | dict(zip("odot circ otimes le leq ge geq ne neq lt gt".split(), "⊙⊙⊗≤≤≥≥≠≠<>"))
    | dict(zip("lbrace rbrace lbrack rbrack lparen rparen langle rangle".split(), "{}[]()<>"))
    | dict(zip("lvert rvert vert mid lVert rVert Vert".split(), "||||‖‖‖"))
)
_NAMED = {*GREEK.values(), "varepsilon", "vartheta", "varphi"}
_KIND = by_word("""\
fraction: frac dfrac tfrac cfrac
derivative: pdv dv odv diffp diff
function: exp ln log tanh max min sinh cosh sin cos tan arg det
bold: mathbf boldsymbol bm mathbb pmb textbf
font: text mathrm operatorname mathit mathsf mathtt textrm textit texttt mathop boxed mathcal mathscr mathfrak
font: vec overrightarrow symbf underline cancel bcancel mathstrut mbox hbox textnormal underbrace overbrace
hat: hat widehat
bar: bar overline
tilde: tilde widetilde
dot: dot
space: big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr left right middle quad qquad thinspace
space: displaystyle textstyle nonumber notag bf rm it cal
refused: prod ldots dots cdots vdots ddots""")
_DROPPED = dict.fromkeys(("begin", "end"), _ENVIRONMENT)
_DROPPED |= dict.fromkeys(
    "tag label intertext hspace vspace color textcolor overset underset stackrel colorbox bbox class style "
    "cssId phantom hphantom vphantom require".split(),
    _BRACED,
)
# Words whose letters pages set apart, as in `n e t_{h 1}`.
_WORDS = (
    "net out target total output input error loss tanh sigmoid softmax relu exp log max min new old cost bias"
)
_BLANKS = r"\s{1,3}"
_SPACED = re.compile("|".join(rf"(?<![A-Za-z\\]){_BLANKS.join(word)}(?![A-Za-z])" for word in _WORDS.split()))
_BARE = set("+-*/=,(·⊙<>|;")  # what has no index and no power
# What sets two claims in one line apart: blanks wider than those inside of a formula, and columns.
_APART = re.compile(r"\\hspace\*?\s?\{[^{}]{0,20}\}|(?:(?:\\[;: ]|~)\s*){2,}")
_NEXT_COLUMN = re.compile(
    r"(?<!\\)&+\s*(?=[A-Za-z\\])"
    r"(?!\\(?:approx|simeq|equiv|to|leq?|geq?|ne|neq|gets|coloneqq|[;:, ])(?![A-Za-z]))"
)
_CELLS = re.compile(r"\\begin\s*\{(?:[bpvB]?matrix|smallmatrix|array|[dr]?cases)")
_DECIMAL_COMMA = re.compile(r"(?<=\d)\{,\}(?=\d)(?!(?<![\d.]0\{,\})\d{3}(?!\d))")
_DIGITS_APART = re.compile(r"(?<![\w.])\d(?: \d)* \. \d(?: \d)*(?![\w.])")
_IN_A_SAMPLE = re.compile(r"\[\d{1,9}\](?=$|@)")
_OF_A_SUM = re.compile(r"[\w=,.:+\-]{1,30}")
_INDEX = re.compile(r"[\w'*+\-]{1,40}(?:,[\w'*+\-]{1,40}){0,3}")


def in_plain_notation(source):
    r"""LaTeX mathematics, text or TextWithColumns, in the notation of formulas/notation.py, with its columns.

    `\\` becomes a new line. Raises ExpressionError with the author's column.
    """
    source = source if isinstance(source, TextWithColumns) else TextWithColumns(source)
    if len(source) > LONGEST_TEXT:
        raise ExpressionError(source.text[:40], source.column_of(LONGEST_TEXT), TOO_LONG)
    if _DIGITS_APART.search(source.text):
        source = source.replace(_DIGITS_APART, lambda match: "".join(match[0].split()))
    if "{,}" in source.text:
        source = source.replace(_DECIMAL_COMMA, ".")
    source = source.replace(_APART, r"\\quad ")
    if not _CELLS.search(source.text):
        source = source.replace(_NEXT_COLUMN, r"\\quad ")
    if _SPACED.search(source.text):
        source = source.replace(_SPACED, lambda match: "".join(match[0].split()))
    try:
        pieces = _Translator(source.text).run()
    except ExpressionError as error:
        raise ExpressionError(source.text, source.column_of(error.column), error.reason) from None
    text = "".join(piece for piece, _ in pieces)
    columns = [source.column_of(column) for piece, column in pieces for _ in piece]
    spelled = TextWithColumns(text, columns).replace(r"[^\S\n\u2003]+", " ")
    return spelled.replace(r" ?(?:\u2003 ?)+", "  ").strip()


class _Translator:
    """Recursive descent over the tokens of one text; what it gives back is a list of (text, column)."""

    def __init__(self, text):
        self.text, self.tokens = text, list(_tokens(text))
        self.position = self.depth = 0
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
                return self.ratio(_stripped(pieces), _stripped(self.run(opening, cell)), column)
            new = self.scripted()
            if new and new[0][0] == "𝟏" and re.search(r"[\w)\]]\s*\Z", _joined(pieces)):
                pieces.append(("·", column))
            border = pieces[-1][0][-1:] + new[0][0][:1] if pieces and new else ""
            is_split = re.fullmatch(r"[\w'][\w∂]", border) and "_" not in border
            if is_split or (pieces and pieces[-1][0] == "^+" and re.match(r"[\w(]", border[1:])):
                pieces.append((" ", column))
            pieces += new

    def scripted(self):
        """An atom with its indices and powers, in whichever order they stand."""
        pieces = self.atom()
        base, powers = _joined(pieces), []
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
        index = "".join(_joined(pieces).split()).replace("{", "").replace("}", "")
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
        text = sign + _joined(raised).strip()
        if text and not text.strip("'"):
            return [(text, column)]
        if base == "Σ":
            return [("^{" + text + "}", column)]
        packed = "".join(text.split())
        items = above_a_name(packed)
        if packed.isdigit() or packed in ("+", "T", "-1"):
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
            return _stripped(pieces) if self.following("_^") else pieces
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
        kind = _KIND.get(name)
        if kind in ("fraction", "derivative"):
            return self.fraction(column, "∂" * (kind == "derivative"))
        if kind == "function":
            return self.function(name, column)
        if name == "sqrt":
            if self.following("["):
                self.fail("only the square root is read")
            return [("sqrt(", column), *self.argument(), (")", column)]
        if kind in ("hat", "bar", "tilde", "dot"):
            return [*_stripped(self.argument()), ("_" + kind, column)]
        if kind in ("font", "bold"):
            pieces = _stripped(self.argument())
            if name.endswith("brace") and self.following("_^"):
                self.take()
                self.argument()
            if _joined(pieces) == "1" and kind == "bold":
                return self.piece("𝟏", column)
            if _joined(pieces) != "d":
                return pieces
            name = "partial"
        if kind == "space":
            if name in ("left", "right") and self.following("."):
                self.take()
            apart = {"quad": "\u2003", "qquad": "\u2003", "thinspace": " "}.get(name)
            return [(apart, column)] if apart else []
        if kind == "refused":
            self.fail(f"\\{name} is not read: write the terms out", column)
        if name == "partial" and self.token()[0] == "space":
            self.take()
        if name not in _WRITTEN and name not in _NAMED:
            self.fail(f"unknown command \\{name[:40]}", column)
        return self.piece(_WRITTEN.get(name, name.removeprefix("var")), column)

    def matrix(self, name, column):
        r"""`[[a, b], [c, d]]`; without the outer brackets where brackets stand around an array."""
        if name == "vmatrix":
            self.fail("a determinant is not read", column)
        inside = self.last in "[(" and name in ("array", "matrix", "smallmatrix")
        rows = [row for row in self.rows(name, column) if any(_joined(cell).strip() for cell in row)]
        pieces = []
        for row in rows:
            pieces.append((", [" if pieces else "[", column))
            for number, cell in enumerate(row):
                pieces += ([(", ", column)] if number else []) + _stripped(cell)
            pieces.append(("]", column))
        self.last = "]"
        return pieces if inside else [("[", column), *pieces, ("]", column)]

    def cases(self, column):
        """`where(z > 0, z, 0)` for the values and conditions of cases; the last one stands for all else."""
        rows = [row for row in self.rows("cases", column) if any(_joined(cell).strip() for cell in row)]
        pairs = [(_bare(row[0]), _bare([piece for cell in row[1:] for piece in cell])) for row in rows]
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

    def fraction(self, column, sign=""):
        divisor = self.last == "/"
        self.last = "("
        upper = _stripped(self.argument())
        self.last = "("
        lower = _stripped(self.argument())
        self.last = ")"
        if sign:
            upper, lower = [(sign, column), *upper], [(sign, column), *lower]
        pieces = self.ratio(upper, lower, column)
        return [("(", column), *pieces, (")", column)] if divisor else pieces

    def ratio(self, upper, lower, column):
        """A fraction in pieces: a derivative as ∂E/∂w, the others in brackets."""
        if _is_derived(_joined(upper)) and _is_derived(_joined(lower)):
            return [*_with_sign(upper), ("/", column), *_with_sign(lower)]
        if SECOND.fullmatch(f"{_joined(upper)}/{_joined(lower)}"):
            return [*upper, ("/", column), *lower]
        if _joined(lower).startswith("∂"):
            if _is_derived(_joined(upper)):  # by log σ², say, which a line may give a number
                by = [(lower[0][0][1:], lower[0][1]), *lower[1:]]
                return [*_with_sign(upper), ("/∂(", column), *_stripped(by), (")", column)]
            self.fail("a derivative has what is derived in its numerator", column)
        return [("(", column), *upper, (")/(", column), *lower, (")", column)]

    def function(self, name, column):
        if self.following("_^"):
            sign = self.take()[1]
            above = _joined(self.argument(whole=True)).strip()
            if not re.fullmatch(r"\d{1,2}", above) or (sign == "_" and name != "log"):
                self.fail(f"{name} with this index or power is not read: a power stands after the argument")
            name += sign + above
        while self.token()[0] == "space" or _KIND.get(self.token()[1]) == "space":
            self.take()
        has_bracket = self.following("([") or self.token()[:2] == ("sign", "{")
        if has_bracket or self.following("'") or not self.begins_an_argument():
            return self.piece(name, column)
        self.deeper()
        argument = _stripped(self.scripted())
        self.depth -= 1
        return [(name + "(", column), *argument, (")", column)]

    def begins_an_argument(self):
        kind, value, _ = self.token()
        if kind == "command":
            return value not in _WRITTEN or _WRITTEN[value].isalpha()
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
            rest = [(kind, text, column + length - 1 + at) for kind, text, at in _tokens(value[length:])]
            self.tokens[self.position + 1 : self.position + 1] = rest[:-1]
        if kind == "word" and len(value) > 1 and (value[0] == letter or not whole):
            self.tokens[self.position : self.position + 1] = [
                ("word", value[0], column),
                *((kind, text, column + at) for kind, text, at in list(_tokens(value[1:]))[:-1]),
            ]
        self.deeper()
        pieces = self.atom()
        self.depth -= 1
        return pieces

    def piece(self, text, column):
        self.last = text.strip()[-1:] or self.last
        return [(text, column)]

    # The place among the tokens

    def token(self):
        return self.tokens[self.position]

    def take(self):
        self.position += 1
        return self.tokens[self.position - 1]

    def following(self, signs):
        """Whether one of these signs stands next, white space apart, which is then taken."""
        ahead = self.position
        while self.tokens[ahead][0] == "space":
            ahead += 1
        kind, value, _ = self.tokens[ahead]
        if kind == "other" and value in signs:
            self.position = ahead
            return True
        return False

    def deeper(self):
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            self.fail(f"nested deeper than {DEEPEST_NESTING}")

    def fail(self, reason, column=None):
        raise ExpressionError(self.text, self.token()[2] if column is None else column, reason)


def _tokens(text):
    """(kind, text, column) of each token; the end's kind is None."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        kind, start, position = match.lastgroup, position, match.end()
        if match["command"] in ("limits", "nolimits"):
            continue
        dropped = _DROPPED.get(match["command"])
        if dropped is not None:
            skipped = dropped.match(text, position)
            if skipped is None:
                raise ExpressionError(text, start + 1, f"\\{match['command']} without its argument in braces")
            position = skipped.end()
            if dropped is _ENVIRONMENT and skipped[1] in _ROWS:
                yield match["command"], skipped[1], start + 1
        else:
            yield kind, match[kind], start + 1
    yield None, "", len(text) + 1


# Pieces of a translation: a list of (text, column)


def _bare(pieces):
    """A cell of cases without the words and commas around it; nothing for `otherwise`."""
    signs = [(sign, column) for piece, column in pieces for sign in piece]
    text = _joined(signs)
    start = re.match(
        r"[\s,]*(?:(?:if|for|when|falls|wenn|si|otherwise|else|sonst)(?![\w])[\s,:]*)*", text
    ).end()
    return signs[start : max(start, len(text.rstrip(" ,;.\n")))]


def _joined(pieces):
    return "".join(piece for piece, _ in pieces)


def _stripped(pieces):
    while pieces and not pieces[0][0].strip():
        pieces = pieces[1:]
    while pieces and not pieces[-1][0].strip():
        pieces = pieces[:-1]
    return pieces


def _with_sign(pieces):
    """The ∂ or d of a derivative as ∂."""
    (text, column), *rest = pieces
    return [("∂" + text[1:], column), *rest]


def _is_derived(text):
    """Whether a text is what is derived, or by what, perhaps in one sample: ∂E[2]."""
    return text[:1] in ("∂", "d") and read_name(_IN_A_SAMPLE.sub("", text[1:])) is not None
