r"""Mathematics written in LaTeX, turned into the formula language: `\frac{\partial E}{\partial w_5}` becomes
`dE/dw5`.

Reads fractions, derivatives, scripts, the usual functions, Greek letters, brackets and spaces; refuses
everything else by name.
"""

import re

from neuronnet.errors import ExpressionError, shortened
from neuronnet.formulas.parsing import DEEPEST_NESTING, LONGEST_TEXT
from neuronnet.names import WORD
from neuronnet.sheet.readers.spelling import TextWithColumns, plain

_TOKEN = re.compile(
    r"\\(?P<command>[A-Za-z]+)\*?|\\(?P<sign>\\(?:\[[0-9.]{1,9} ?[a-z]{2}\])?|.)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)"
    r"|(?P<word>[^\W\d_]+\d*)|(?P<space>[\s~&$]+|%[^\n]*)|(?P<other>.)",
    re.DOTALL,
)
_ENVIRONMENT = re.compile(r"\s*\{[A-Za-z]{1,20}\*?\}(?:\{\d{1,2}\})?")
_BRACED = re.compile(r"\s*\{(?:[^{}]|\{[^{}]{0,200}\}){0,400}\}")

WRITTEN = (
    dict.fromkeys("cdot times ast".split(), "*")
    | dict.fromkeys("approx simeq cong equiv doteq coloneqq to rightarrow gets leftarrow".split(), "=")
    | dict(zip("div prime colon partial Delta delta eta sigma".split(), "/':∂Δδησ"))
    | dict(zip("lbrace rbrace lbrack rbrack lparen rparen".split(), "{}[]()"))
)
NAMED = set("alpha beta gamma epsilon varepsilon zeta theta kappa lambda mu nu xi rho tau".split())
NAMED |= {"phi", "varphi", "chi", "psi", "omega"}
FUNCTIONS = {"exp", "ln", "log", "tanh", "max"}
FRACTIONS = {"frac", "dfrac", "tfrac", "cfrac"}
FONTS = set("text mathrm operatorname mathit mathbf mathsf mathtt textrm textit textbf texttt".split())
FONTS |= {"mathop", "boxed", "boldsymbol", "bm"}
SPACES = set("big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr left right".split())
SPACES |= set("quad qquad thinspace displaystyle textstyle limits nonumber notag".split())
_DROPPED = {"begin": _ENVIRONMENT, "end": _ENVIRONMENT}
_DROPPED |= dict.fromkeys(("tag", "label", "intertext", "hspace"), _BRACED)
WRITTEN_OUT = {"sum", "prod", "Sigma", "ldots", "dots", "cdots"}
_BARE = set("+-*/=,(")  # what has no index and no power
_DERIVED = re.compile(rf"[∂d]{WORD}(?:\[\d{{1,9}}\])?(?:@\d{{1,9}})?")


def translate(source, own=()):
    r"""LaTeX mathematics, text or TextWithColumns, in the formula language; `\\` becomes a new line.

    The words in `own` stay as they are. Raises ExpressionError with the author's column.
    """
    source = source if isinstance(source, TextWithColumns) else TextWithColumns(source)
    if len(source) > LONGEST_TEXT:
        reason = f"longer than {LONGEST_TEXT} characters"
        raise ExpressionError(source.text[:40], source.column_of(LONGEST_TEXT), reason)
    try:
        pieces = _Translator(source.text).run()
    except ExpressionError as error:
        raise ExpressionError(source.text, source.column_of(error.column), error.reason) from None
    text = "".join(piece for piece, _ in pieces)
    columns = [source.column_of(column) for piece, column in pieces for _ in piece]
    spelled = plain(TextWithColumns(text, columns), own).replace(r"[^\S\n]+", " ")
    return spelled.replace("∂", "d").replace("δ", "delta").replace("η", "eta").strip()


class _Translator:
    """Recursive descent over the tokens of one text; what it gives back is a list of (text, column)."""

    def __init__(self, text):
        self.text = text
        self.tokens = list(tokens(text))
        self.position = self.depth = 0
        self.last = ""

    def run(self, opening=None):
        """Everything up to the brace that closes the one in column `opening`, or up to the end."""
        self.deeper()
        pieces = []
        while True:
            kind, value, column = self.token()
            if kind is None and opening is not None:
                self.fail("this brace is not closed", opening)
            if kind is None or (kind, value) == ("other", "}"):
                if kind is not None and opening is None:
                    self.fail("this brace closes nothing")
                self.position += kind is not None
                self.depth -= 1
                return pieces
            new = self.scripted()
            border = pieces[-1][0][-1:] + new[0][0][:1] if pieces and new else ""
            if re.fullmatch(r"[\w'][\w∂]", border) and "_" not in border:
                pieces.append((" ", column))
            pieces += new

    def scripted(self):
        """An atom with its indices and powers, in whichever order they stand."""
        pieces = self.atom()
        base, powers = _joined(pieces), []
        while base.strip() and base not in _BARE and self.following("_^"):
            _, sign, column = self.take()
            if sign == "_":
                index = "".join(_joined(self.argument(whole=True)).split())
                if not re.fullmatch(r"[\w']+", index):
                    self.fail(f"an index is a word or a number, found {shortened(index)}", column)
                short = base.removeprefix("d") in ("w", "b", "i", "h", "o", "W") and index.isdigit()
                pieces = pieces + [(index if short else "_" + index, column)]
            else:
                powers += self.raised(column)
        if powers and "/" in base and base != "/":
            pieces = [("(", pieces[0][1]), *pieces, (")", pieces[-1][1])]
        return pieces + powers

    def raised(self, column):
        """What stands above a base, as a power, a prime, or the mark of a value after an update."""
        sign = self.take()[1] if self.following("+-") else ""
        raised = [] if sign == "+" else self.argument(whole=True)
        text = sign + _joined(raised).strip()
        if text == "+":
            return [("@1", column)]
        if text and not text.strip("'"):
            return [(text, column)]
        return [("^(" + sign, column), *raised, (")", column)]

    def atom(self):
        """What the next token begins: a command with arguments, a braced group, a sign, word or number."""
        kind, value, column = self.take()
        if kind == "command":
            return self.command(value, column)
        if kind == "sign":
            return [(self.sign(value, column), column)]
        if (kind, value) == ("other", "{"):
            return self.run(column)
        if value in ("_", "^"):
            self.fail(f"nothing stands before this {value}", column)
        return self.piece(" " if kind == "space" else value, column)

    def sign(self, value, column):
        if value[0] == "\\":
            return "\n"
        if value in ",;:! ()[]\n\t":
            return " "
        if value in "{}_%#&$|":
            return value
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
        if name in FONTS:
            pieces = self.argument()
            if _joined(pieces).strip() != "d":
                return _stripped(pieces)
            name = "partial"
        if name in SPACES:
            if name in ("left", "right") and self.following("."):
                self.take()
            return [(" ", column)] if name in ("quad", "qquad", "thinspace") else []
        if name in WRITTEN_OUT:
            self.fail(f"\\{name} is not read: write the terms out", column)
        if name == "partial" and self.token()[0] == "space":
            self.take()
        if name not in WRITTEN and name not in NAMED:
            self.fail(f"unknown command \\{name[:40]}", column)
        return self.piece(WRITTEN.get(name, name), column)

    def fraction(self, column):
        divisor = self.last == "/"
        self.last = "("
        upper = _stripped(self.argument())
        self.last = "("
        lower = _stripped(self.argument())
        self.last = ")"
        if _DERIVED.fullmatch(_joined(upper)) and _DERIVED.fullmatch(_joined(lower)):
            pieces = [*upper, ("/", column), *lower]
        elif _joined(lower).startswith("∂"):
            self.fail("a derivative has what is derived in its numerator", column)
        else:
            pieces = [("(", column), *upper, (")/(", column), *lower, (")", column)]
        return [("(", column), *pieces, (")", column)] if divisor else pieces

    def function(self, name, column):
        if self.following("_^"):
            self.fail(f"{name} with an index or a power is not read: a power stands after the argument")
        while self.token()[0] == "space" or self.token()[1] in SPACES:
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
            return value not in WRITTEN or WRITTEN[value].isalpha()
        return kind in ("word", "number") or (kind, value) == ("other", "{")

    def argument(self, whole=False):
        """A braced group or the next atom: one digit, as TeX takes it, or a `whole` number."""
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
        self.deeper()
        pieces = self.atom()
        self.depth -= 1
        return pieces

    def piece(self, text, column):
        self.last = text.strip()[-1:] or self.last
        return [(text, column)]

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


def _joined(pieces):
    return "".join(piece for piece, _ in pieces)


def _stripped(pieces):
    while pieces and not pieces[0][0].strip():
        pieces = pieces[1:]
    while pieces and not pieces[-1][0].strip():
        pieces = pieces[:-1]
    return pieces


def tokens(text):
    """(kind, text, column) of each token; the end's kind is None."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        kind, start, position = match.lastgroup, position, match.end()
        dropped = _DROPPED.get(match["command"])
        if dropped is not None:
            skipped = dropped.match(text, position)
            if skipped is None:
                raise ExpressionError(text, start + 1, f"\\{match['command']} without its argument in braces")
            position = skipped.end()
        else:
            yield kind, match[kind], start + 1
    yield None, "", len(text) + 1
