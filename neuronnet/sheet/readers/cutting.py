"""Statements cut into claims, and claims into what stands between their signs of equality."""

import re

from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns
from neuronnet.sheet.readers.latex_words import NAMED
from neuronnet.sheet.readers.words import CONDITIONS, JOINING

_MARKUP = re.compile(
    r"\\(?:begin|end)\s*\{[A-Za-z]{1,20}\*?\}|\\\\|\$+|(?<!\\)&|\\[()\[\]]|\\(?:nonumber|notag|q?quad)\b"
)
_DOLLARS = re.compile(r"\$+|\\[()\[\]]|\\(?:nonumber|notag|q?quad)\b")
_MATRIX = re.compile(r"\\begin\s*\{(?:[bpvB]?matrix|smallmatrix|array|[dr]?cases)")
HYPOTHESES = CONDITIONS - set(JOINING)
_JOINED = re.compile(rf"\s*[,;]\s+(?:{'|'.join(JOINING)})\s*\Z")
_NEXT = r"(?=(?:[^\W\d_]+\s+){0,4}[^\s=]{1,40}\s*:?=(?!=))"
_SEPARATOR = re.compile(
    rf"(?<=[\w)\]}}'%])[,;]?\s+(?P<word>{'|'.join(JOINING)})\s+{_NEXT}"
    rf"|(?<=[\w)\]}}%])[,;]?\s+(?=(?P<condition>{'|'.join(HYPOTHESES)})\s+{_NEXT})"
    r"|[()\[\]{}]|;|(?<![0-9]),|,(?![0-9])|(?<=[\w)\]'])[ \t]{2,}(?=[^\s=]{1,40}\s*:?=(?!=))"
    rf"|(?<=[\d)\]])\s?:\s+{_NEXT}|(?<=[\w)\]}}'%])\.\s+(?:(?=[^\W\d_]{{2,}}[\s,:])|{_NEXT})"
)
_ENDS_WITH_NUMBER = re.compile(r"[=≈]\s*[-−]?[\d.,]+%?\s?\Z")
_NAMES_OF_NUMBERS = NAMED | {"eta", "delta"}
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
            not {match["word"], match["condition"]} & names
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
    joining = _JOINED.search(written.text)
    return written[: joining.start() if joining else len(written.text.rstrip(" \t\n.,;…"))].strip()


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
    if not written.text.endswith(")") or not re.search(r"[0-9.]\s", before[-2:]):
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
