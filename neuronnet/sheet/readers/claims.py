"""What a sheet is made of: statements, and in them its network, definitions, claims, and what is none."""

import re
from dataclasses import dataclass, field
from functools import partial

from neuronnet.errors import ExpressionError
from neuronnet.formulas.calls import SPELLED
from neuronnet.formulas.tokens import (
    LONGEST_TEXT,
    TOO_LONG,
    TextWithColumns,
    parse_array,
    parse_number,
    without_keys,
)
from neuronnet.formulas.written_names import read_name
from neuronnet.names import split_partial
from neuronnet.sheet.readers.cutting import (
    DECLARED,
    HYPOTHESES,
    IN_PLACE,
    Claim,
    Declarations,
    Let,
    Unread,
    ended,
    is_inequality,
    pieces,
    shown,
    sides,
    without_remark,
    written_out,
)
from neuronnet.sheet.readers.latex import in_plain_notation
from neuronnet.sheet.readers.spelling import (
    JOINING,
    Vocabulary,
    heading,
    is_index_range,
    plainly,
    printed_below,
    range_behind,
    with_points,
)

MOST_STATEMENTS = 20_000
MOST_PARTS = 100

_NETWORK = re.compile(r"\s*network\s*:\s*(.*?)\s*", re.IGNORECASE)
_NO_NETWORK = re.compile(r"→|->|=|,|\A\d+(?:\s?[-–x×]\s?\d+)+|\A[^\W\d]+\s+[^\W\d]+(?!.*\.\w{3,4}\Z)")
_GENERAL = "a general formula: write it with the names of this sheet"
_STEP = re.compile(r"\A\s*[^\W\d_]{3,}\s\d{1,3}[:.]\s")
_LET = re.compile(r"\s*let\s", re.IGNORECASE)
_IS_LATEX = re.compile(r"[\\$&]|_\{")
_JOINING = re.compile(rf"\s*({'|'.join(JOINING)})\s+(?=[^\s\d=][^\s=]{{0,40}}\s*:?=(?!=))")
_OLD = re.compile(r"(?<=[\w}\]])(?:[_^](?:old|\{old\}|\(old\)))(?!\w)")
_ASSIGNS = re.compile(r":=|≔|←|<-(?!>)|\\(?:gets|leftarrow|coloneqq)\b|[-+*/]=")
_ASIDE = re.compile(r"\s*[^\W\d_][^()=:]{2,40}\(([^()=]{1,40}=[^()=]{1,40})\)\s*:(?:\s(?=.*=)|\s*\Z)")
_GIVEN = r"[^()=]{1,40}=\s*[-−]?\d[^()=]*"
_GIVENS = re.compile(  # of a title, as `One neuron (x = 2, w = 0.5), tanh`
    rf"[^()=]*(?<![\w\\])\(({_GIVEN}(?:(?:[,;]|\s(?:and|und|et|y|e)\s){_GIVEN})+)\)(?!\s*[=^*/·])[\s:]*"
)
_CONCLUDES = re.compile(r"⇒|⟹|=>|\\(?:Rightarrow|implies|Longrightarrow)\b")
_BECOMES = re.compile(r"→|->|\\(?:to|rightarrow|longrightarrow)\b")
_NUMBERS_BEFORE, _NUMBER_AFTER = (
    re.compile(r"[-−]?\d+(?:[.,]\d+)?\s*\Z"),
    re.compile(r"\s*[-−]?\d+(?:[.,]\d+)?\s*[.;]?\s*\Z"),
)
_LOOKS_LIKE_A_CLAIM = re.compile(r"[+*/^()\[\]<>]|[0-9.]\s*-\s*[0-9.]|[^\W\d]\d*\s-\s")
_REMARK = re.compile(r"(?<=[\d\])])\s+[(\[]([^\W\d_]{2,})\s[^=]*[)\]]\s*\Z")
# softmax(S) (row-wise) = ..., softmax(S) (over each row) = ...
_REMARK_WITHIN = re.compile(
    r"(?<=[\w\])])\s+[(\[]([^\W\d_]{2,20}(?:[- ][^\W\d_]{1,20})*)[)\]](?=\s*(?:=|\Z))"
)
_WISE = re.compile(r"[^\W\d_]+[- ]?wise|(?:per|by|along|over) .*")
_STATES = re.compile(r"(?<=[\d\])])\s+(\([^()]*[^\W\d_]{3}[^()]*=[^()]*\))\Z")
_PAIR = re.compile(r"\(\s*[-−]?\d+(?:\.\d+)?,[-−]?\d+(?:\.\d+)?\s*\)(?:\^T|ᵀ|\^⊤)?")
_MARK = re.compile(r"\A\W{0,3}\w{1,3}[.)]\s+(?=[^\W\d_]{2})")
_SIZES = re.compile(r"\(?(?<!\w)\d+(?:[-–x×]\d+)+(?:[- ][^\W\d_]{2,})?\)?\s*\Z")  # of a network, in a title
_IN_WORDS = re.compile(r"\s\([^\W\d_]{3,}(?:[ ,-]+[^\W\d_]+)*\)")
_COLUMN_OF_COMMAS = re.compile(r"\[\s*[-+−]?\d+(?:,\d+)?(?:\s*;\s*[-+−]?\d+(?:,\d+)?)+\s*\]\Z")
_EQUATION_NUMBER = re.compile(r"(?<!\s)(?:\s{2,}|\t)\(\d{1,3}(?:\.\d{1,3})?[a-z]?\)\s*\Z")
_TOLD = re.compile(r"(?:\(?\w{1,2}[.)]\s+)?([A-Z][a-z]{3,})\s")  # (b) Compute dL/dw.
_NO_CLAIM = re.compile(r"https?://|[∈∀∃]|\\(?:in|forall|exists)\b")
_AT = re.compile(
    r"(?:\\(?:right|[Bb]igg?r?)\s*)?(?:\||\\r?vert(?![a-z]))\s*_\s*(?:\{(?P<many>[^{}]*=[^{}]*)\}|(?P<one>\w+=[-\d.]+))"
)
_ELSEWHERE = "a derivative at {point}, where this sheet has other numbers: write it in a sheet of its own"
_INEQUALITY = re.compile(r"[<>≤≥≠]|!=")


@dataclass
class Sheet:
    """A sheet that was read. `kind` is "text", "markdown", "latex", "csv" or "json".

    `network` is None, ("name", what stands after `network:`, line) or ("toml", the text of a network file,
    its first line). `defined` are the words that it defines. `ignored` are the lines that hold formulas but
    are no claims, by their place; `headings` (line, "pass" or "sample") say where one begins.
    `vocabulary` tells names from words. Of a program, `assigned` has the claim that gave each name its value
    last, `looped` whether a loop was read; `notes` say how.
    """

    kind: str
    network: tuple | None = None
    lets: list = field(default_factory=list)
    claims: list = field(default_factory=list)
    unread: list = field(default_factory=list)
    defined: set = field(default_factory=set)
    ignored: list = field(default_factory=list)
    prose: list = field(default_factory=list)
    headings: list = field(default_factory=list)
    vocabulary: Vocabulary = field(default_factory=partial(Vocabulary, "", SPELLED))
    decimal_commas: bool = False
    assigned: dict = field(default_factory=dict)
    looped: bool = False
    notes: list = field(default_factory=list)
    declared: Declarations = field(default_factory=Declarations)
    points: list = field(default_factory=list)  # (line, `w=0.5`) of derivatives |_{w=0.5}

    def place_points(self):
        """Let derivatives be at the numbers of the sheet; those at other numbers are not read."""
        for line, point in self.points:
            for name, value in re.findall(r"([^=,]+)=([^=,]+)", re.sub(r"\\[,;: ]", "", point)):
                name, value = name.strip(), value.strip()
                given = [each for each in self.claims if each.parts[0].text == name and len(each.parts) == 2]
                numbers = [parse_number(each.parts[1].text) for each in given]
                same = [
                    each for each in numbers if each and float(each) == float(parse_number(value) or "nan")
                ]
                if same:
                    continue
                if any(numbers):
                    self.claims = [each for each in self.claims if each.line != line]
                    self.refuse(line, point, 1, _ELSEWHERE.format(point=f"{name} = {value}"))
                else:
                    self.add(point, [TextWithColumns(name), TextWithColumns(value)], [line] * 2)
        self.claims.sort(key=lambda claim: claim.line)

    def leave_out_estimates(self):
        """Let `R ≈ U Vᵀ` be prose where R has numbers of its own."""
        is_value = [
            len(each.parts) == 2
            and (parse_number(each.parts[1].text) or parse_array(each.parts[1].text)) is not None
            for each in self.claims
        ]
        given = {each.parts[0].text for each, has_value in zip(self.claims, is_value) if has_value}
        for each, has_value in zip(self.claims[:], is_value):
            is_about = len(each.parts) == 2 and re.search(r"≈|\\approx", each.text)
            if is_about and not has_value and each.parts[0].text in given:
                self.claims.remove(each)
                self.prose.append((each.line, each.text))

    def take(self, statement, latex=False):
        """Add one Statement as what it is; `latex` says that it is known to be LaTeX."""
        text = statement.text
        if len(text) > LONGEST_TEXT:
            return self._refuse(statement, 1, TOO_LONG)
        if DECLARED.match(text):
            return self._declare(statement)
        if at := _AT.search(text):
            self.points.append((statement.place(1)[0], at["many"] or at["one"]))
            return self.take(statement.without(*at.span()), latex)
        network = _NETWORK.fullmatch(text)
        if network and _NO_NETWORK.search(network[1]) is None:
            return self.use(("name", network[1].strip("`\"'"), statement.place(1)[0]), text)
        if not latex and (found := heading(text)):
            self.headings.append((statement.place(1)[0], found))
        if is_index_range(text) or _NO_CLAIM.search(text):
            return self._is_prose(statement)
        if (at := range_behind(text)) is not None:
            return self.take(statement.part(0, at), latex)
        parts = self._concluded(statement)
        if parts:
            for part in parts:
                self.take(part, latex)
            return None
        printed = None if latex else printed_below(text)
        if printed:
            return self._take_printed(statement, *printed)
        try:
            written = self.spelled(TextWithColumns(text), latex)
        except ExpressionError as error:
            return self._refuse(statement, error.column, error.reason)
        let = _LET.match(written.text)
        is_shared = re.search(r"=[^=]+=\s*[-−]?[\d.]", written.text)  # Let w1 = w2 = 0.5
        if let and not is_shared and len(list(pieces(written, set()))) == 1:
            return self._define(statement, ended(self._without_words(written[let.end() :])))
        start = 0
        for end, following, piece in pieces(written, self.vocabulary.names, self.vocabulary.joining):
            if self.is_full(statement.place(start + 1)[0]):
                return None
            number = _EQUATION_NUMBER.search(piece.text)
            bare = without_remark(ended(piece[: number.start()] if number else piece), self.defined)
            bare = bare if latex else without_remark(ended(self._without_words(bare)), self.defined)
            aside = None if latex else _STATES.search(bare.text)
            if aside and self.vocabulary.stated(aside[1]):
                self.take_from_prose(statement, bare[aside.start(1) :])
                bare = bare[: aside.start()]
            if not latex and self._is_of_prose(bare.text):
                self.take_from_prose(statement, piece)
            else:
                self._take_claim(statement, text[start:end], bare, latex)
            start = following

    def _concluded(self, statement):
        """The Statements on both sides of an arrow, or in the brackets of a label and behind it."""
        text = statement.text
        aside = _ASIDE.match(text) or _GIVENS.match(text)
        if aside:
            return [statement.part(*aside.span(1)), statement.part(aside.end())]
        for arrow in _CONCLUDES.finditer(text):
            before, after = text[: arrow.start()], text[arrow.end() :]
            if "=" in after and "=" in before:
                return [statement.part(0, arrow.start()), statement.part(arrow.end())]
            if "=" in after:
                return [statement.part(arrow.end())]
        for arrow in _BECOMES.finditer(text):
            before, after = text[: arrow.start()], text[arrow.end() :]
            if "=" in after and "=" in before:
                return [statement.part(0, arrow.start()), statement.part(arrow.end())]
            if "=" in before and _NUMBERS_BEFORE.search(before) and _NUMBER_AFTER.fullmatch(after):
                self._refuse(
                    statement, arrow.start() + 1, "does this arrow mean equals or becomes? write = or :="
                )
                return [statement.part(0, 0)]
        return []

    def _take_printed(self, statement, end, start):
        written = self.spelled(TextWithColumns(statement.text)[:end]).strip()
        value = TextWithColumns(statement.text)[start:].strip()
        text = f"{statement.text[:end].strip()} = {value.text}"
        lines = [statement.place(1)[0], statement.place(start + 1)[0]]
        self.add(text, [statement.placed(written), statement.placed(value)], lines)

    def _without_words(self, written):
        """A piece without the words that lead to its claim or follow it."""
        joining = _JOINING.match(written.text)
        written = written[joining.end() :] if joining and joining[1] not in self.vocabulary.names else written
        head, equals, _ = written.text.partition("=")
        if not equals:
            return written
        lead = self.vocabulary.lead(head)
        if lead and self.vocabulary.ends_a_phrase(head[lead:].strip()):
            return written[len(head) + 1 :] if "=" in written.text[len(head) + 1 :] else written
        remark = _REMARK.search(written.text)
        if remark and (self.vocabulary.is_word(remark[1]) or self.vocabulary.is_prose(remark.group())):
            written = written[: remark.start()]
        written = written.replace(_REMARK_WITHIN, self._unless_remark)
        last = written.text.rpartition("=")[2]
        tail = self.vocabulary.tail(last)
        return written[lead:] if tail is None else written[lead : len(written) - len(last) + tail]

    def _unless_remark(self, match):
        """What stands in brackets within a claim; nothing of words that say how it is meant."""
        is_remark = _WISE.fullmatch(match[1]) or self.vocabulary.is_prose(match[1])
        return "" if is_remark else match[0]

    def _is_prose(self, statement):
        self.prose.append((statement.place(1)[0], shown(statement.text)))

    def take_from_prose(self, statement, written):
        """Take from prose what it states of names that are used elsewhere; note the line if nothing is."""
        found = self.vocabulary.stated(written.text)
        for start, end in found:
            parts = [statement.placed(part) for part in written[start:end].split("=")]
            line = statement.place(written.column_of(start + 1))[0]
            self.add(written.text[start:end], parts, [line] * len(parts))
        if not found:
            self.ignored.append(statement.place(1)[0])

    def spelled(self, spelled, latex=False):
        """A TextWithColumns in the notation of formulas, from LaTeX too. Raises ExpressionError."""
        spelled = plainly(without_keys(plainly(spelled, "of HTML")), "of languages")
        if latex or _IS_LATEX.search(spelled.text):
            spelled = in_plain_notation(spelled)
        if _OLD.search(spelled.text) and not any(name.endswith("old") for name in self.vocabulary.names):
            spelled = spelled.replace(_OLD, "")
        return plainly(spelled, "of signs")

    def add(self, text, parts, lines):
        """Add a claim with these parts, each a TextWithColumns, that begin in these lines."""
        self.claims.append(Claim(lines[0], shown(text), parts, lines, _ASSIGNS.search(text) is not None))

    def go_on(self, place, value, line):
        """Add a part, the value in this line, to the claim in this place, unless it has one already."""
        claim = self.claims[place]
        if len(claim.parts) > 2 or parse_number(claim.parts[-1].text) or parse_array(claim.parts[-1].text):
            return self.add(
                f"{claim.parts[0].text} = {value.text}", [claim.parts[0], value], [claim.line, line]
            )
        self.claims[place] = claim._replace(
            text=shown(f"{claim.text} = {value.text}"),
            parts=[*claim.parts, value],
            lines=[*claim.lines, line],
        )

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

    def _take_claim(self, statement, text, written, latex):
        parts = sides(written)
        signs = len(parts) - 1
        if not signs and _INEQUALITY.search(written.text):
            return self.ignored.append(statement.place(1)[0])
        bare = _IN_WORDS.sub("", _SIZES.sub("", _MARK.sub("", written.text)))
        if not re.search(r"[\d=+*/^<>\[\]_\\-]", _STEP.sub("", bare)) and all(map(_is_long, bare.split())):
            bare = ""
        is_told = _TOLD.match(text) and self.vocabulary.is_word(_TOLD.match(text)[1])
        if not signs and (is_told or not _LOOKS_LIKE_A_CLAIM.search(bare) or self.vocabulary.is_prose(text)):
            return self.prose.append((statement.place(1)[0], shown(text)))
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
        if any(self._is_general(part.text) for part in parts):
            return self._refuse(statement, written.column_of(1), _GENERAL, text)
        if any(is_inequality(part.text, latex) for part in parts):
            reason = "an inequality is not read: write the equality alone"
            return self._refuse(statement, written.column_of(1), reason, text)
        if IN_PLACE.fullmatch(parts[0].text) and signs < 3:
            parts[:2] = written_out(parts[0], parts[1])
        lines = [statement.place(part.columns[0])[0] for part in parts]
        if not self.decimal_commas:
            parts = [part.replace(",", ", ") if _PAIR.fullmatch(part.text) else part for part in parts]
        else:
            parts = [
                part if parse_number(part.text) or parse_array(part.text) else with_points(part)
                for part in map(_with_decimals, parts)
            ]
        self.add(text, [statement.placed(part) for part in parts], lines)

    def _is_general(self, text):
        """Whether a sum is over words that are no names: the formula of a book, not of this sheet."""
        words = re.findall(r"(?<![\w^])[^\W\d_]{4,}(?![\w(])", text) if "Σ" in text else ()
        return any(map(self.vocabulary.is_word, words))

    def _is_of_prose(self, text):
        """Whether words of prose stand on a side of a claim, or it is conditional."""
        first = re.match(r"\s*([^\W\d_]+)\s", text)
        if first and first[1].lower() in HYPOTHESES and first[1] not in self.vocabulary.names:
            return True
        sides = text.split("=")
        return len(sides) > 1 and (
            any(map(self.vocabulary.is_prose, sides)) or self.vocabulary.tells(sides[-1])
        )

    def _define(self, statement, written):
        parts = written.split("=")
        if len(parts) != 2 or not parts[1].text:
            return self._refuse(statement, written.column_of(1), "a definition is written let name = formula")
        name = read_name(parts[0].text)
        if name is None or "@" in name or split_partial(name):
            reason = "what let defines is a single word, such as z1"
            return self._refuse(statement, written.strip().column_of(1), reason)
        self.defined.add(name)
        self.lets.append(Let(statement.place(1)[0], name, statement.placed(parts[1])))

    def _refuse(self, statement, position, reason, text=None):
        line, column = statement.place(position)
        self.refuse(line, statement.text if text is None else text, column, reason)


def _with_decimals(part):
    """A part with `[-1.3, 3.5]` for `[-1,3; 3,5]`, which is no matrix where commas are decimal."""
    if not _COLUMN_OF_COMMAS.match(part.text) or "," not in part.text:
        return part
    entries = parse_array(part.text) or [[]]
    return part.replace(",", ".").replace(";", ",") if isinstance(entries[0], list) else part


def _is_long(word):
    """Whether a word is too long for a name, or has no letters."""
    letters = sum(map(str.isalpha, word))
    return not letters or letters > 3
