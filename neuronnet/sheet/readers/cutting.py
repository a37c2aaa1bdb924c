"""From lines to claims: lines are joined to statements, statements cut into claims, claims at equalities.

A statement may be a declaration instead: `skip 12-18`, `read loss as J`, `read line 30 as new`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from neuronnet.errors import ExpressionError
from neuronnet.formulas.tokens import GREEK, LONGEST_TEXT, TextWithColumns
from neuronnet.sheet.readers.spelling import CONDITIONS, ENTRY, EQUALITY, EQUALS, JOINING, has_equals


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

    def respelled(self, change, after=0):
        """The claim with `change(part)` for each of its parts, or for those after the first ones."""
        return self._replace(parts=[*self.parts[:after], *map(change, self.parts[after:])])

    def replace(self, pattern, replacement):
        """The claim with every match of a regular expression replaced in each part."""
        return self.respelled(lambda part: part.replace(pattern, replacement))


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

    def without(self, start, end):
        """The same without the part from start to end."""
        return Statement(
            *(each[:start] + each[end:] for each in (self.text, list(self.columns), list(self.lines)))
        )

    def place(self, position):
        """(line, column) of a position from 1, which may be the one after the end."""
        if position <= len(self.text):
            return self.lines[position - 1], self.columns[position - 1]
        return (self.lines[-1], self.columns[-1] + 1) if self.text else (1, 1)

    def placed(self, spelled):
        """A TextWithColumns over positions in this text, with the author's columns instead."""
        return TextWithColumns(spelled.text, [self.columns[position - 1] for position in spelled.columns])


DECLARED = re.compile(r"\s*(?:skip\s+(?:lines?\s+)?\d|read\s+\S.*\s(?:as|from)\s)", re.IGNORECASE)
ALLOWED = (
    "a declaration is skip 12-18, read loss as J, read line 30 as new, read log as base 10 or "
    "read indices from 0"
)
_SKIP = re.compile(r"skip\s+(?:lines?\s+)?(\d{1,6})(?:\s*[-–]\s*(\d{1,6}))?")
_LOSS = re.compile(r"read\s+loss\s+as\s+(\S+)")
_NEW = re.compile(r"read\s+line\s+(\d{1,6})\s+as\s+new")
_LOG = re.compile(r"read\s+log\s+as\s+(?:base\s+)?(10|2|e)")
_INDICES = re.compile(r"read\s+ind(?:ices|exes)\s+(?:as\s+)?from\s+([01])")


@dataclass
class Declarations:
    """What is declared: `skipped` and `new` lines, the `loss`, the `log`, and where indices begin.

    `passes` are the lines of the headings of later passes; `ascends` and `descends` say that
    words speak of a maximum, of a minimum.
    """

    skipped: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)
    passes: set[int] = field(default_factory=set)
    loss: str | None = None
    log: str = "ln"
    from_zero: bool | None = None
    ascends: bool = False
    descends: bool = False

    def take(self, text: str) -> None:
        """Add one declaration. Raises ExpressionError for what is none."""
        text = text.strip().rstrip(".;")
        if match := _SKIP.fullmatch(text):
            first, last = int(match[1]), int(match[2] or match[1])
            self.skipped.update(range(first, min(last, first + 20_000) + 1))
        elif match := _NEW.fullmatch(text):
            self.new.add(int(match[1]))
        elif match := _LOSS.fullmatch(text):
            self.loss = match[1]
        elif match := _LOG.fullmatch(text):
            self.log = {"10": "log10", "2": "log2", "e": "ln"}[match[1]]
        elif match := _INDICES.fullmatch(text):
            self.from_zero = match[1] == "0"
        else:
            raise ExpressionError(text, 1, ALLOWED)


def declarations(declared: Declarations) -> list[str]:
    """The lines that declare it, for a sheet whose skipped lines are gone and whose new ones are marked."""
    lines = [f"read loss as {declared.loss}"] * (declared.loss is not None)
    lines += [f"read log as base {declared.log.removeprefix('log')}"] * (declared.log != "ln")
    if declared.from_zero is not None:
        lines.append(f"read indices from {0 if declared.from_zero else 1}")
    return lines


_MARKUP = re.compile(
    r"\\(?:begin|end)\s*\{[A-Za-z]{1,20}\*?\}|\\\\|\$+|(?<!\\)&|\\[()\[\]]|\\(?:nonumber|notag|q?quad)\b"
)
_DOLLARS = re.compile(r"\$+|\\[()\[\]]|\\(?:nonumber|notag|q?quad)\b")
_MATRIX = re.compile(r"\\begin\s*\{(?:[bpvB]?matrix|smallmatrix|array|[dr]?cases)")
ARTICLES = "the this we our its der die das den wir le les la nous el los il gli os".split()
HYPOTHESES = CONDITIONS - set(JOINING)
_END = re.compile(r"[\s.,;…]")
_JOINED = re.compile(rf"(?:(?<=\d)|(?<!\s)\s*[,;])\s+(?:{'|'.join(JOINING)})\s*\Z")
_GOES_ON = re.compile(r"(?<=\d)\s?:\s(?=.*[^\W\d_]{2})[^=]*\Z")  # `= 0.5: now two steps`
_NEXT = r"(?=(?:[^\W\d_]+\s+){0,4}[^\s=]{1,40}\s*:?=(?!=))"
_SEPARATOR = re.compile(
    rf"(?<=[\w)\]}}'%])[,;]?\s+(?P<word>{'|'.join(JOINING)})\s+{_NEXT}"
    rf"|(?<=[\w)\]}}%])[,;]?\s+(?=(?P<condition>{'|'.join(HYPOTHESES)})\s+{_NEXT})"
    rf"|(?<=\d)\s+(?=(?P<article>{'|'.join(ARTICLES)})\s+{_NEXT})"
    r"|[()\[\]{}]|;|(?<![0-9]),|,(?![0-9])|(?<=[\w)\]'])[ \t]{2,}(?=[^\s=]{1,40}\s*:?=(?!=))"
    rf"|\n|(?<=[\d)\]])\s?:\s+{_NEXT}|(?<=[\w)\]}}'%])[.?!]\s+(?:(?=(?:I\s)?[^\W\d_]{{2,}}[\s,:])|{_NEXT})"
)
_ENDS_WITH_NUMBER = re.compile(r"[=≈]\s*[-−]?[\d.,]+%?\s?\Z")
_NAMES_OF_NUMBERS = set(GREEK.values())
IN_PLACE = re.compile(r"([^=]+?)(?<!\^)\s*([-+])\Z")


def pieces(written, names, joining=()):
    """(where it ends, where the next begins, TextWithColumns) of each claim outside brackets, between
    commas, semicolons, sentences and words such as `and` that are none of the `names`; those in `joining`
    are words behind a number.
    """
    text, depth, cuts = written.text, 0, []
    for match in _SEPARATOR.finditer(text):
        if match.group() in "([{":
            depth += 1
        elif match.group() in ")]}":
            depth -= 1
        elif depth <= 0 and (
            not {match["word"], match["condition"], match["article"]} & names
            or (match["word"] in joining and _ENDS_WITH_NUMBER.search(text[: match.start() + 1]))
        ):
            cuts.append(match.span())
    start = before = 0
    claimed = False
    for (cut, end), (following, _) in zip(cuts, [*cuts[1:], (len(text), 0)]):
        claimed = claimed or "=" in text[before:cut]
        before = cut
        if claimed and "=" in text[cut:following]:
            yield written.column_of(cut + 1) - 1, written.column_of(end + 1) - 1, written[start:cut]
            start, claimed = end, False
    yield None, 0, written[start:]


def ended(written):
    """Without the word that joins a claim to the next, the sentence behind it, the signs that end it."""
    joining = _JOINED.search(written.text) or _GOES_ON.search(written.text)
    if joining:
        return written[: joining.start()].strip()
    end = len(written)
    while end and _END.match(written.text, end - 1):
        end -= 1
    has_colon = written.text[:end].endswith(":") and written.text[: end - 1].rstrip()[-1:].isdecimal()
    return written[: end - has_colon].strip()


def sides(written):
    """What stands between the equals signs that no bracket encloses; between all, where brackets are odd."""
    depth, cuts = 0, []
    for place, each in enumerate(written.text):
        depth += (each in "([{") - (each in ")]}")
        if each == "=" and depth == 0 and written.text[place - 1 : place] not in tuple("<>!"):
            cuts.append(place)
    if depth:
        return written.split("=")
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(written.text)]
    return [written[start:end].strip() for start, end in zip(starts, ends)]


def without_remark(written, names):
    """Without plain words, none of `names`, in brackets after a number, as in `= 0.5933 (rounded)`."""
    start = written.text.rfind("(")
    before = written.text[: max(start, 0)]
    if not written.text.endswith(")") or not re.search(r"[0-9.\])]\s+\Z", before):
        return written
    words = re.findall(r"[^\s.,-]+", written.text[start + 1 : -1])
    are_words = all(word.isalpha() or word.isdigit() for word in words) and words and words[0].isalpha()
    is_plain = are_words and any(
        word.isalpha() and len(word) > 3 and word not in _NAMES_OF_NUMBERS and word not in names
        for word in words
    )
    return written[:start].strip() if is_plain else written


def is_inequality(text, latex):
    """Whether a side says that a formula is more or less than a number, which is no part of an equality."""
    found = re.fullmatch(r"(.*[^<>=!\s])\s*[<>≤≥≠]=?\s*[-−]?[\d.]+\s*", text, re.DOTALL)
    if (
        found is None
        or found[1].count("(") != found[1].count(")")
        or found[1].count("[") != found[1].count("]")
    ):
        return False
    return latex or re.search(r"[-+*/·⋅^)]", found[1]) is not None


def written_out(head, step):
    """`w -= s` as w and w - (s)."""
    name, sign = IN_PLACE.fullmatch(head.text).groups()
    column, last = step.column_of(1), step.column_of(len(step))
    before = f"{name} {sign} ("
    columns = [column] * len(before) + list(step.columns) + [last]
    return head[: len(name)], TextWithColumns(f"{before}{step.text})", columns)


def shown(text, limit=LONGEST_TEXT):
    """The author's text on one printable line, without signs that only lay it out, cut where it is long."""
    if len(text) > limit:
        text = f"{text[: limit - 4]} ..."
    markup = _DOLLARS if _MATRIX.search(text) else _MARKUP
    text = " ".join(markup.sub(" ", text).split())
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


_OPERATORS = "=≈≅≃≡≐≔≜≝→←*·×⋅∗/÷+"
BEGINS = re.compile(
    r"(?:\s|&|\{\}|\\q?quad\b|\\[,;: ])*"
    rf"(?:[{_OPERATORS})\]}}]|:=|~(?!~)|<-(?!>)"
    r"|\\(?:approx|simeq|cong|equiv|doteq|gets|leftarrow|cdot|times|right)\b)"
)
_ITS_OWN = re.compile(r"(?:let\s|network\s*:)", re.IGNORECASE)
_ENDS = re.compile(rf"(?:[{_OPERATORS}\-−–]|\\(?:approx|simeq|doteq|cdot|times)|(?<!\\)\\)\Z")
_UPDATED = re.compile(r"[\w'\]]\+\Z")
OPTION = re.compile(r"\b(?:axis|dim|keepdims?|dtype|ddof)\s*=")
_QUANTITY_FIRST = re.compile(
    rf"(?:[d∂]\s?{ENTRY}\s?/\s?[d∂]\s?{ENTRY}|{ENTRY})\s*(?::=|~|{EQUALITY})|\\[dt]?frac\b|\$"
)
_MARK = re.compile(
    r"\s*(?P<sign>[-+*•–‣▪]|\d{1,3}(?:\.\d{1,2})?[.)]|[A-Za-z]\)|\(\d{1,3}\)|\([a-z]\)|\(?[ivx]{1,4}\))\s+"
)
_NAMED_ARRAY = re.compile(r"\s*[^\W\d][\w.']*\s*:\s*\Z")


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
        if parts and marked and text.startswith("[") and _NAMED_ARRAY.match(parts[-1][1].text):
            demanded = True  # an array printed below its name
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


_LEFT_OPEN = re.compile(r"=[^=]*[^=\s&][^=]*=\s*\Z")
_BEGINS_ANEW = re.compile(r"(?:[^\W\d]|∂)[\w∂/']*(?:_\{\w+\})?\s*:?=(?!=)\s*\S")


def _demands(before, text, depth):
    """Whether a statement that ends in `before`, with `depth` brackets open, must go on with `text`."""
    if _ITS_OWN.match(text):
        return False
    ending = before.text.rstrip()[-20:]
    equals = EQUALS.search(OPTION.sub("", text) if depth > 0 else text)
    if depth == 0 and _LEFT_OPEN.search(before.text) and _BEGINS_ANEW.match(text):
        return False  # z = w x = and below it L = ...: the value is left out
    if _ENDS.search(ending):
        return not (equals and _UPDATED.search(ending))
    return depth > 0 and (equals is None or depth + _depth(text[: equals.start()]) <= 0)


def _follows(parts, text, soft):
    """Whether a line goes on with a statement that could end before it."""
    if BEGINS.match(text):
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
