"""What a sheet is made of: statements joined from its lines, and in them network, definitions, claims."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from neuronnet.errors import ExpressionError
from neuronnet.formulas.notation import read_name, split_derivative
from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns
from neuronnet.names import WORD
from neuronnet.sheet.declarations import DECLARED, Declarations
from neuronnet.sheet.readers.latex import NAMED, in_plain_notation
from neuronnet.sheet.readers.spelling import EQUALITY, with_equals, without_entities

MOST_STATEMENTS = 20_000
MOST_PARTS = 100

_NETWORK = re.compile(r"\s*network\s*:\s*(.*?)\s*", re.IGNORECASE)
_LET = re.compile(r"\s*let\s", re.IGNORECASE)
_MARKUP = re.compile(
    r"\\(?:begin|end)\s*\{[A-Za-z]{1,20}\*?\}|\\\\|\$+|(?<!\\)&|\\[()\[\]]|\\(?:nonumber|notag|q?quad)\b"
)
_IS_LATEX = re.compile(r"[\\$&]|_\{")
_ENTRY = rf"{WORD}(?:_\{{\w{{1,20}}\}})?(?:\[[\d,\s]{{1,20}}\])?(?:@\d{{1,9}}|\^?\+|⁺|\^\{{\+\}})?"
_QUANTITY = rf"(?:[d∂]\s?{_ENTRY}\s?/\s?[d∂]\s?{_ENTRY}|{_ENTRY})\s*(?::=|~|{EQUALITY})|\\[dt]?frac\b|\$"
_QUANTITY_FIRST = re.compile(_QUANTITY)
_LEAD = re.compile(
    rf"\s*(?:(?:hence|so|thus|then|therefore|also|we get|with)[,:]?\s+){{1,3}}(?={_QUANTITY})", re.IGNORECASE
)
_LABEL = re.compile(r"\s*[^\W\d_][^\W_]*(?:\s+[^\W_]+){0,3}:\s+(?=\S+\s*=(?!=))")
_WORDS = re.compile(r"(?<![\w\\{_^])[^\W\d_]{3,}(?![\w(\[{])(?=\s+[^\W\d_]|\s*[,;:])")
_SEPARATOR = re.compile(
    r"[()\[\]{}]|;|(?<![0-9]),|,(?![0-9])|(?<=[\w)\]'])[ \t]{2,}(?=[^\s=]{1,40}\s*:?=(?!=))"
)
_ASSIGNS = re.compile(r":=|←|<-(?!>)|\\(?:gets|leftarrow|coloneqq)\b|[-+]=")
_CONCLUDES = re.compile(r"⇒|⟹|=>|\\(?:Rightarrow|implies|Longrightarrow)\b")
_IN_PLACE = re.compile(r"([^=]*?)(?<!\^)\s*([-+])\Z")
_NAMES_OF_NUMBERS = NAMED | {"eta", "delta"}
_OPERATORS = "=≈≅≃≡≐→←*·×⋅∗/÷+"
_BEGINS = re.compile(
    r"(?:\s|&|\{\}|\\q?quad\b|\\[,;: ])*"
    rf"(?:[{_OPERATORS})\]}}]|:=|~(?!~)|<-(?!>)"
    r"|\\(?:approx|simeq|cong|equiv|doteq|gets|leftarrow|cdot|times|right)\b)"
)
_LOOKS_LIKE_A_CLAIM = re.compile(r"[+*/^()\[\]<>]|[0-9.]\s*-\s*[0-9.]|[^\W\d]\d*\s-\s")
_ITS_OWN = re.compile(r"(?:let\s|network\s*:)", re.IGNORECASE)
_ENDS = re.compile(rf"(?:[{_OPERATORS}\-−–]|\\(?:approx|simeq|doteq|cdot|times)|(?<!\\)\\)\Z")
_UPDATED = re.compile(r"[\w'\]]\+\Z")
_EQUALS = re.compile(rf"{EQUALITY}|\s~\s")
_MARK = re.compile(r"\s*(?P<sign>[-+*•]|\d{1,3}[.)]|[A-Za-z]\)|\(\d{1,3}\))\s+")


class Let(NamedTuple):
    """`let name = formula`: a name of the author's own."""

    line: int
    name: str
    text: TextWithColumns


class Claim(NamedTuple):
    """`A = B = C`: its first line, its text, and its parts with the `lines` in which they begin.

    `assigns` says that its sign gives a new value, as := and ← do.
    """

    line: int
    text: str
    parts: list
    lines: list
    assigns: bool = False


class Unread(NamedTuple):
    """What cannot be read, and why."""

    line: int
    text: str
    column: int
    reason: str


class Statement(NamedTuple):
    """A statement as it stands in a sheet: its text, and the column and the line of each character."""

    text: str
    columns: list
    lines: list

    @classmethod
    def of(cls, line, text):
        """A statement, a TextWithColumns or a str, that stands in one line."""
        spelled = text if isinstance(text, TextWithColumns) else TextWithColumns(text)
        return cls(spelled.text, spelled.columns, (line,) * len(spelled))

    def part(self, start, end=None):
        return Statement(self.text[start:end], self.columns[start:end], self.lines[start:end])

    def place(self, position):
        """(line, column) of a position from 1, which may be the one after the end."""
        if position <= len(self.text):
            return self.lines[position - 1], self.columns[position - 1]
        return (self.lines[-1], self.columns[-1] + 1) if self.text else (1, 1)

    def placed(self, spelled):
        """A TextWithColumns over positions in this text, with the author's columns instead."""
        return TextWithColumns(spelled.text, [self.columns[position - 1] for position in spelled.columns])


@dataclass
class Sheet:
    """A sheet that was read. `kind` is "text", "markdown", "latex", "csv" or "json".

    `network` is None, ("name", what stands after `network:`, line) or ("toml", the text of a block, its first
    line). `own` are the words that it defines. `ignored` are the lines that hold formulas but are no
    claims, by their place.
    """

    kind: str
    network: tuple | None = None
    lets: list = field(default_factory=list)
    claims: list = field(default_factory=list)
    unread: list = field(default_factory=list)
    defined: set = field(default_factory=set)
    ignored: list = field(default_factory=list)
    prose: list = field(default_factory=list)
    declared: Declarations = field(default_factory=Declarations)

    def take(self, statement, latex=False):
        """Add one Statement as what it is; `latex` says that it is known to be LaTeX."""
        text = statement.text
        if len(text) > LONGEST_TEXT:
            return self._refuse(statement, 1, f"longer than {LONGEST_TEXT} characters")
        if DECLARED.match(text):
            return self._declare(statement)
        network = _NETWORK.fullmatch(text)
        if network:
            return self.use(("name", network[1].strip("`\"'"), statement.place(1)[0]), text)
        conclusion = _CONCLUDES.search(text)
        if conclusion and has_equals(text[: conclusion.start()]) and has_equals(text[conclusion.end() :]):
            self.take(statement.part(0, conclusion.start()), latex)
            return self.take(statement.part(conclusion.end()), latex)
        lead = _LEAD.match(text) or (None if _ITS_OWN.match(text) else _LABEL.match(text))
        try:
            written = self.spelled(TextWithColumns(text)[lead.end() if lead else 0 :], latex)
        except ExpressionError as error:
            return self._refuse(statement, error.column, error.reason)
        let = _LET.match(written.text)
        if let:
            return self._define(statement, _ended(written[let.end() :]))
        start = 0
        for end, piece in _pieces(written):
            if self.is_full(statement.place(start + 1)[0]):
                return None
            self._take_claim(statement, text[start:end], _without_remark(_ended(piece), self.defined))
            start = 0 if end is None else end + 1

    def spelled(self, spelled, latex=False):
        """A TextWithColumns in the notation of formulas, from LaTeX too. Raises ExpressionError."""
        spelled = without_entities(spelled)
        if latex or _IS_LATEX.search(spelled.text):
            spelled = in_plain_notation(spelled)
        return with_equals(spelled)

    def add(self, text, parts, lines):
        """Add a claim with these parts, each a TextWithColumns, that begin in these lines."""
        self.claims.append(Claim(lines[0], shown(text), parts, lines, _ASSIGNS.search(text) is not None))

    def use(self, network, text):
        """Take a network; a second one is refused, as is one without a name."""
        if self.network is not None:
            reason = f"a second network; the one of line {self.network[2]} counts"
            return self.refuse(network[2], text, 1, reason)
        if not network[1]:
            return self.refuse(network[2], text, 1, "network: needs the name of a file or of an example")
        self.network = network

    def refuse(self, line, text, column, reason):
        self.unread.append(Unread(line, shown(text, 60), column, reason))

    def is_full(self, line):
        """Whether it holds as many statements as a sheet may; the first that is too much is refused."""
        statements = len(self.claims) + len(self.lets) + len(self.unread)
        if statements == MOST_STATEMENTS:
            self.refuse(line, "", 1, f"more than {MOST_STATEMENTS} statements: nothing is read from here on")
        return statements >= MOST_STATEMENTS

    def _declare(self, statement):
        try:
            self.declared.take(statement.text)
        except ExpressionError as error:
            self._refuse(statement, error.column, error.reason)

    def _take_claim(self, statement, text, written):
        parts = _sides(written)
        signs = len(parts) - 1
        if signs and len(_WORDS.findall(parts[0].text)) > 2:
            self.ignored.append(statement.place(1)[0])
            return None
        if not signs and not _LOOKS_LIKE_A_CLAIM.search(written.text):
            self.prose.append((statement.place(1)[0], text))
            return None
        if not signs:
            reason = "there is no equals sign; a claim is written name = formula = number"
            return self._refuse(statement, written.column_of(1), reason, text)
        if signs >= MOST_PARTS:
            reason = f"a claim has at most {MOST_PARTS} parts"
            return self._refuse(statement, written.column_of(1), reason, text)
        for number, part in enumerate(parts):
            if not part.text:
                position = parts[number - 1].column_of(len(parts[number - 1]) + 1) if number else 1
                where = {0: "before the first equals sign", signs: "after the last equals sign"}
                reason = f"nothing stands {where.get(number, 'between two equals signs')}"
                return self._refuse(statement, position, reason, text)
        if _IN_PLACE.fullmatch(parts[0].text) and signs < 3:
            parts[:2] = _written_out(parts[0], parts[1])
        lines = [statement.place(part.columns[0])[0] for part in parts]
        self.add(text, [statement.placed(part) for part in parts], lines)

    def _define(self, statement, written):
        parts = written.split("=")
        if len(parts) != 2 or not parts[1].text:
            return self._refuse(statement, written.column_of(1), "a definition is written let name = formula")
        name = read_name(parts[0].text)
        if name is None or "@" in name or split_derivative(name):
            reason = "what let defines is a single word, such as z1"
            return self._refuse(statement, written.strip().column_of(1), reason)
        self.defined.add(name)
        self.lets.append(Let(statement.place(1)[0], name, statement.placed(parts[1])))

    def _refuse(self, statement, position, reason, text=None):
        line, column = statement.place(position)
        self.refuse(line, statement.text if text is None else text, column, reason)


def _without_remark(written, names):
    """Without plain words, none of `names`, in brackets after a number, as in `= 0.5933 (rounded)`."""
    start = written.text.rfind("(")
    before = written.text[: max(start, 0)]
    if not written.text.endswith(")") or not re.search(r"[0-9.]\s", before[-2:]):
        return written
    words = re.findall(r"[^\s.,-]+", written.text[start + 1 : -1])
    are_words = all(word.isalpha() or word.isdigit() for word in words) and words and words[0].isalpha()
    is_plain = are_words and any(
        word.isalpha() and len(word) > 3 and word not in _NAMES_OF_NUMBERS and word not in names
        for word in words
    )
    return written[:start].strip() if is_plain else written


def _sides(written):
    """What stands between the equals signs that no bracket encloses; between all, where brackets are odd."""
    depth, cuts = 0, []
    for place, each in enumerate(written.text):
        depth += (each in "([{") - (each in ")]}")
        if each == "=" and depth == 0:
            cuts.append(place)
    if depth or not cuts:
        return written.split("=")
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(written.text)]
    return [written[start:end].strip() for start, end in zip(starts, ends)]


def _written_out(head, step):
    """`w -= s` as w and w - (s)."""
    name, sign = _IN_PLACE.fullmatch(head.text).groups()
    column, last = step.column_of(1), step.column_of(len(step))
    before = f"{name} {sign} ("
    columns = [column] * len(before) + list(step.columns) + [last]
    return head[: len(name)], TextWithColumns(f"{before}{step.text})", columns)


def shown(text, limit=LONGEST_TEXT):
    """The author's text on one printable line, without signs that only lay it out, cut where it is long."""
    if len(text) > limit:
        text = f"{text[: limit - 4]} ..."
    text = " ".join(_MARKUP.sub(" ", text).split())
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _pieces(written):
    """(where it ends, TextWithColumns) of each claim between commas and semicolons, outside brackets."""
    text, depth, cuts = written.text, 0, []
    for match in _SEPARATOR.finditer(text):
        if match.group() in "([{":
            depth += 1
        elif match.group() in ")]}":
            depth -= 1
        elif depth <= 0:
            cuts.append(match.start())
    start = before = 0
    claimed = False
    for cut, following in zip(cuts, [*cuts[1:], len(text)]):
        claimed = claimed or "=" in text[before:cut]
        before = cut
        if claimed and "=" in text[cut:following]:
            yield written.column_of(cut + 1) - 1, written[start:cut]
            start, claimed = cut + 1, False
    yield None, written[start:]


def _ended(written):
    return written[: len(written.text.rstrip(" \t\n.,;…"))].strip()


# Lines joined where a statement goes on in the next


def has_equals(text):
    """Whether there is a sign of equality, in plain text or in LaTeX."""
    return _EQUALS.search(text) is not None


def joined(lines, marked=False):
    """The Statements in lines of (number, TextWithColumns, soft).

    A line goes on after an operator, a comma, a backslash or inside brackets, and before a line that begins
    with a sign of equality or an operator other than minus; before a soft one, in LaTeX, also where one of
    the two has no sign of equality yet. A blank line ends a statement. Of one that is too long, enough is
    kept to see that it is. Where lines may be `marked`, the sign or number that makes a claim one of a list
    is taken from it.
    """
    parts, size, depth = [], 0, 0
    for number, spelled, soft in lines:
        text = spelled.text.strip()
        demanded = bool(parts) and _demands(parts[-1][1], text, depth)
        mark = _MARK.match(spelled.text) if marked and not demanded else None
        if mark and _marks(mark, spelled.text[mark.end() :], bool(parts)):
            spelled = spelled[mark.end() :]
            text, follows = spelled.text.strip(), False
        else:
            follows = demanded or (bool(parts) and _follows(parts, text, soft))
        if parts and not (text and follows):
            yield _together(parts)
            parts, size, depth = [], 0, 0
        if text:
            if size <= LONGEST_TEXT:
                parts.append((number, spelled))
            size += len(spelled)
            depth = max(0, depth + _depth(text))
    if parts:
        yield _together(parts)


def _demands(before, text, depth):
    """Whether a statement that ends in `before`, with `depth` brackets open, must go on with `text`."""
    if _ITS_OWN.match(text):
        return False
    ending = before.text.rstrip()[-20:]
    equals = _EQUALS.search(text)
    if _ENDS.search(ending):
        return not (equals and _UPDATED.search(ending))
    return depth > 0 and (equals is None or depth + _depth(text[: equals.start()]) <= 0)


def _follows(parts, text, soft):
    """Whether a line goes on with a statement that could end before it."""
    if _BEGINS.match(text):
        return True
    if _ITS_OWN.match(text):
        return False
    if not has_equals(text):
        return soft or parts[-1][1].text.rstrip().endswith(",")
    return soft and not any(has_equals(part.text) for _, part in parts)


def _marks(mark, rest, may_be_operator):
    """Whether a mark makes the `rest` of its line one of a list; * and + may be operators instead."""
    if _ITS_OWN.match(rest):
        return True
    is_operator = mark["sign"] in "*+" and may_be_operator and not _QUANTITY_FIRST.match(rest)
    return has_equals(rest) and not is_operator


def _depth(text):
    return sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))


def _together(parts):
    if len(parts) == 1:
        return Statement.of(*parts[0])
    texts, columns, lines = [], [], []
    for number, spelled in parts:
        text = re.sub(r"(?<!\\)\\\Z", "", spelled.text.rstrip()).rstrip()
        start = len(text) - len(text.lstrip()) if texts else 0
        texts.append(text[start:])
        columns += [*spelled.columns[start : len(text)], spelled.column_of(len(text) + 1)]
        lines += [number] * (len(text) - start + 1)
    return Statement(" ".join(texts), columns[:-1], lines[:-1])
