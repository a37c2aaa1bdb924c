r"""The commands of LaTeX, what each becomes in plain notation, the tokens of a formula, and macros
written out: `\pd{L}{w}` after `\newcommand{\pd}[2]{\frac{d #1}{d #2}}`.
"""

import re

from neuronnet.errors import ExpressionError
from neuronnet.formulas.tokens import DEEPEST_NESTING

_TOKEN = re.compile(
    r"\\(?P<command>[A-Za-z]+)\*?|\\(?P<sign>\\(?:\[[0-9.]{1,9} ?[a-z]{2}\])?|.)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)"
    r"|(?P<word>[^\W\d_]+\d*)|(?P<space>&|[\s~$]+|%[^\n]*)|(?P<other>.)",
    re.DOTALL,
)
ENVIRONMENT = re.compile(r"\s*\{([A-Za-z]{1,20})\*?\}(?:\{[\w|]{1,20}\})?")
BRACED = re.compile(r"\s*(?:\[[^\[\]]{0,40}\]\s*)?\{(?:[^{}]|\{[^{}]{0,200}\}){0,400}\}")
ROWS = set("vmatrix matrix bmatrix pmatrix Bmatrix smallmatrix array cases dcases rcases".split())

WRITTEN = (
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
NAMED = set(
    "alpha beta gamma epsilon varepsilon zeta theta vartheta iota kappa lambda mu nu xi pi rho tau".split()
)
NAMED |= set("upsilon phi varphi chi psi omega Gamma Theta Lambda Xi Pi Phi Psi Omega Sigma".split())
FUNCTIONS = {"exp", "ln", "log", "tanh", "max", "min", "sinh", "cosh", "sin", "cos", "tan", "arg"}
FRACTIONS = {"frac", "dfrac", "tfrac", "cfrac"}
FONTS = set("text mathrm operatorname mathit mathbf mathsf mathtt textrm textit textbf texttt".split())
FONTS |= set(
    "mathop boxed boldsymbol bm mathcal mathscr mathbb mathfrak vec overrightarrow pmb symbf".split()
)
FONTS |= set("underline cancel bcancel underbrace overbrace mathstrut mbox hbox textnormal".split())
ACCENTS = {"hat": "_hat", "widehat": "_hat", "bar": "_bar", "overline": "_bar", "tilde": "_tilde"}
ACCENTS |= {"widetilde": "_tilde", "dot": "_dot"}
SPACES = set("big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr left right middle".split())
SPACES |= set(
    "quad qquad thinspace displaystyle textstyle limits nolimits nonumber notag bf rm it cal".split()
)
DROPPED = dict.fromkeys(("begin", "end"), ENVIRONMENT)
DROPPED |= dict.fromkeys(
    "tag label intertext hspace vspace color textcolor overset underset stackrel colorbox bbox class style "
    "cssId phantom hphantom vphantom require".split(),
    BRACED,
)
WRITTEN_OUT = {"prod", "ldots", "dots", "cdots", "vdots", "ddots"}
BOLD = {"mathbf", "boldsymbol", "bm", "mathbb", "pmb", "textbf"}
# Words whose letters pages set apart, as in `n e t_{h 1}`.
_SPACED = (
    "net out target total output input error loss tanh sigmoid softmax relu exp log max min new old cost bias"
)
SPACED = re.compile(
    "|".join(
        rf"(?<![A-Za-z\\]){' '.join(word)}(?![A-Za-z])".replace(" ", r"\s{1,3}")
        for word in _SPACED.split()
        if len(word) > 2
    )
)


def tokens(text):
    """(kind, text, column) of each token; the end's kind is None."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        kind, start, position = match.lastgroup, position, match.end()
        dropped = DROPPED.get(match["command"])
        if dropped is not None:
            skipped = dropped.match(text, position)
            if skipped is None:
                raise ExpressionError(text, start + 1, f"\\{match['command']} without its argument in braces")
            position = skipped.end()
            if dropped is ENVIRONMENT and skipped[1] in ROWS:
                yield match["command"], skipped[1], start + 1
        else:
            yield kind, match[kind], start + 1
    yield None, "", len(text) + 1


# Pieces of a translation: a list of (text, column)


def bare(pieces):
    """A cell of cases without the words and commas around it; nothing for `otherwise`."""
    signs = [(sign, column) for piece, column in pieces for sign in piece]
    text = joined(signs)
    start = re.match(
        r"[\s,]*(?:(?:if|for|when|falls|wenn|si|otherwise|else|sonst)(?![\w])[\s,:]*)*", text
    ).end()
    return signs[start : max(start, len(text.rstrip(" ,;.\n")))]


def joined(pieces):
    return "".join(piece for piece, _ in pieces)


def stripped(pieces):
    while pieces and not pieces[0][0].strip():
        pieces = pieces[1:]
    while pieces and not pieces[-1][0].strip():
        pieces = pieces[:-1]
    return pieces


class Cursor:
    """A place among the tokens of a text, for a reader that goes down into what is nested."""

    def __init__(self, text):
        self.text, self.tokens = text, list(tokens(text))
        self.position = self.depth = 0

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
