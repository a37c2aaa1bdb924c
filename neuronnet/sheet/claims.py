"""What a sheet is made of: its network, its definitions, its claims, and whatever could not be read.

Knows how one statement is written, not how a document is cut into statements.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from neuronnet.derivation.parsing import LONGEST_TEXT
from neuronnet.errors import ExpressionError
from neuronnet.names import WORD, spelled_out
from neuronnet.sheet.latex import translate
from neuronnet.sheet.spelling import Spelled, plain

MOST_STATEMENTS = 20_000
MOST_PARTS = 100

_NETWORK = re.compile(r"\s*network\s*:\s*(.*?)\s*", re.IGNORECASE)
_LET = re.compile(r"\s*let\s", re.IGNORECASE)
_MARKUP = re.compile(r"\\(?:begin|end)\s*\{[A-Za-z]{1,20}\*?\}|\\\\|\$+|(?<!\\)&|\\[()\[\]]|\\(?:nonumber|notag)\b")


class Let(NamedTuple):
    """`let name = formula`: a name of the author's own."""

    line: int
    name: str
    text: Spelled


class Claim(NamedTuple):
    """`A = B = C`: the number of its first line, the text as the author wrote it, and the parts, at least two."""

    line: int
    text: str
    parts: list


class Unread(NamedTuple):
    """What is neither a claim nor anything else, and why."""

    line: int
    text: str
    column: int
    reason: str


@dataclass
class Sheet:
    """A sheet that was read. `kind` is "text", "markdown", "latex", "csv" or "json".

    `network` is None, ("name", what stands after `network:`, line) or ("toml", the text of a block, its first line).
    """

    kind: str
    network: tuple | None = None
    lets: list = field(default_factory=list)
    claims: list = field(default_factory=list)
    unread: list = field(default_factory=list)

    def take(self, line, spelled, latex=False):
        """Add one statement, a Spelled that begins in `line`, as what it is; `latex` says that it is known to be LaTeX."""
        text = spelled.text
        if len(text) > LONGEST_TEXT:
            return self.refuse(line, text, spelled.column_of(LONGEST_TEXT), f"longer than {LONGEST_TEXT} characters")
        network = _NETWORK.fullmatch(text)
        if network:
            return self.use(("name", network[1].strip("`\"'"), line), text)
        try:
            written = translate(spelled) if latex or re.search(r"[\\$&]", text) else plain(spelled)
        except ExpressionError as error:
            return self.refuse(line, text, error.column, error.reason)
        let = _LET.match(written.text)
        if let:
            return self.define(line, text, written[let.end():])
        if written.text.count("=") >= MOST_PARTS:
            return self.refuse(line, text, 1, f"a claim has at most {MOST_PARTS} parts")
        self.claim(line, text, written.split("="))

    def claim(self, line, text, parts):
        """Add a claim with these parts, each a Spelled; one with an empty part, or with one alone, is refused."""
        if len(parts) < 2:
            return self.refuse(line, text, 1, "no = here: a claim is written name = formula = number")
        for number, part in enumerate(parts):
            if not part.text:
                column = next((each.column_of(len(each) + 1) for each in parts[number - 1::-1] if number and each.text), 1)
                where = "before the first =" if number == 0 else "after the last =" if number == len(parts) - 1 \
                    else "between two ="
                return self.refuse(line, text, column, f"nothing stands {where}")
        self.claims.append(Claim(line, shown(text), parts))

    def define(self, line, text, written):
        """Add a definition, of which `written` is what follows `let`."""
        parts = written.split("=")
        if len(parts) != 2 or not parts[1].text:
            return self.refuse(line, text, written.column_of(1), "a definition is written let name = formula")
        name = spelled_out(parts[0].text)
        if not re.fullmatch(WORD, name):
            return self.refuse(line, text, written.strip().column_of(1), "what let defines is a single word, such as z1")
        self.lets.append(Let(line, name, parts[1]))

    def use(self, network, text):
        """Take a network; a second one is refused, as is one without a name."""
        if self.network is not None:
            return self.refuse(network[2], text, 1, f"a second network; the one of line {self.network[2]} counts")
        if not network[1]:
            return self.refuse(network[2], text, 1, "network: needs the name of a file or of an example")
        self.network = network

    def refuse(self, line, text, column, reason):
        """Add what cannot be read."""
        self.unread.append(Unread(line, shown(text, 60), column, reason))

    def is_full(self, line):
        """Whether it holds as many statements as a sheet may; from then on the rest is refused, which is said once."""
        if len(self.claims) + len(self.lets) + len(self.unread) < MOST_STATEMENTS:
            return False
        self.refuse(line, "", 1, f"more than {MOST_STATEMENTS} statements: nothing is read from here on")
        return True


def shown(text, limit=LONGEST_TEXT):
    """The author's text on one printable line, without the signs that only lay it out, cut where it is long."""
    if len(text) > limit:
        text = f"{text[:limit - 4]} ..."
    text = " ".join(_MARKUP.sub(" ", text).split())
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
