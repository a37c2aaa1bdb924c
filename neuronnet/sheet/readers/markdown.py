"""Markdown and LaTeX taken apart: fenced blocks, formulas set off from their text, the lines around these."""

import re
from typing import NamedTuple

from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns

LATEX_COMMENT = re.compile(r"(?<!\\)%.*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*(.*)")
_ENVIRONMENT = (
    r"(?:(?:fl)?align|align(?:ed|at)|equation|gather(?:ed)?|eqnarray|multline|split|(?:display)?math)\*?"
)
_ARRAY = r"(?:[bBpv]?matrix|smallmatrix|array|[dr]?cases)"
_DELIMITER = re.compile(
    rf"(?P<row>\\\\(?:\[[0-9.]{{1,9}} ?[a-z]{{2}}\])?)|\\\$|\$\$|\$|\\[\[\]()]"
    rf"|\\begin\{{(?P<begin>{_ENVIRONMENT})\}}|\\end\{{{_ENVIRONMENT}\}}"
    rf"|\\(?P<array>begin|end)\{{{_ARRAY}\}}"
)
_LAYOUT = re.compile(
    rf"\s*(?:\\(?:begin|end|label)\{{(?!{_ARRAY}\}})[^{{}}]{{1,80}}\}}(?:\{{\d{{1,2}}\}})?\s*)*"
)
_CLOSED_BY = {"$": "$", "$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_ASIDE = re.compile(
    r"\\(?:(?:re)?newcommand|setlength)\*?\s?\{[^{}]{0,40}\}\{[^{}]{0,80}\}|\\(?:intertext|tag|label|vspace)\*?\s?\{[^{}]{0,200}\}|\\(?:nonumber|notag)\b"
)
_IN_BRACKETS = re.compile(
    r"(?<![\w)\]}])\((?:\s((?:[^()]|\([^()]{0,80}\)){1,200}?)\s|(?=[^()]{0,80}\\[A-Za-z])((?:[^()]|\([^()]{0,80}\)){1,200}))\)"
)
_HEAD_OF_ROWS = re.compile(r"\s*[^\W\d][^=]{0,60}=\s*")
_PRINTED = r"[-+−]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?"
_OPENS, _CLOSES = r"(\[|⎛⎜⎝⎡⎢⎣", r")\]|⎞⎟⎠⎤⎥⎦"  # what a row of a matrix may stand between
_NUMBERS = re.compile(
    rf"\s*(?:{_PRINTED}(?:\s+{_PRINTED})*|[{_OPENS}]\s*{_PRINTED}(?:\s+{_PRINTED})*\s*[{_CLOSES}])\s*"
)
_FRAME = re.compile(rf"[{_OPENS}{_CLOSES}]")
_BETWEEN_CELLS = re.compile(r"(?<=\S)\s\|(?=\s)")
_BARE_RULE = re.compile(r"\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)+")
_LEFT = re.compile(r"\s*\\left\s*(?:\\\{|[.\[(])\s*")
_COLUMNED = re.compile(
    r"(?:\\left\s*(?:\\\{|[.\[(]))?\s*\\begin\{array\}\s?\{[^{}]{0,40}\}|\\end\{array\}(?:\s*\\right\s*(?:\\\}|[.\])]))?"
    r"|\\(?:begin|end)\{(?:[bBpv]?matrix|smallmatrix|[dr]?cases)\}"
)


class FencedBlock(NamedTuple):
    """A fenced block: the first word after its fence, None for the text outside, and its lines."""

    kind: str | None
    lines: list


class Formula(NamedTuple):
    """A formula set off as LaTeX: where it opens, its lines (number, text, soft), whether it is closed."""

    line: int
    column: int
    lines: list
    closed: bool


class Around(NamedTuple):
    """A line outside formulas: its number, its whole text, and the text without the formulas in it."""

    line: int
    text: TextWithColumns
    rest: str


def with_lost_backslashes(lines):
    r"""Lines with `\[` and `\]` for the brackets that a copy left alone in them, and dollars for `( … )`."""
    restored, opened, inside = list(lines), None, set()
    for place, (number, line) in enumerate(lines):
        text = line.text.strip()
        if text == "[":
            opened = place
        elif opened is not None and re.fullmatch(r"\][.,;]?", text) and place - opened < 20:
            if any("=" in each.text for _, each in lines[opened + 1 : place]):
                restored[opened] = lines[opened][0], TextWithColumns(r"\[")
                restored[place] = number, TextWithColumns(r"\]")
                inside.update(range(opened, place + 1))
            opened = None
    return [
        (number, line.replace(_IN_BRACKETS, _in_dollars) if inside and place not in inside else line)
        for place, (number, line) in enumerate(restored)
    ]


def _in_dollars(match):
    return f"${match[1] or match[2]}$"


def with_bars(lines):
    """Lines with the bars that a table of Markdown may leave out at both ends of its rows."""
    barred, is_table = list(lines), False
    for place, (_, line) in enumerate(lines):
        begins = place and _BARE_RULE.fullmatch(line.text) and "|" in lines[place - 1][1].text
        for each in ([place - 1] if begins else []) + [place] * bool(begins or is_table):
            if "|" in lines[each][1].text:
                barred[each] = _barred(*lines[each])
        is_table = bool(begins) or (is_table and "|" in line.text)
    start = 0
    while start < len(lines):  # rows alone, as many cells in each
        end, cells = start, len(_BETWEEN_CELLS.findall(lines[start][1].text))
        while cells and end < len(lines) and len(_BETWEEN_CELLS.findall(lines[end][1].text)) == cells:
            end += 1
        for each in range(start, end) if end - start > 1 else ():
            barred[each] = _barred(*barred[each])
        start = max(end, start + 1)
    return barred


def _barred(number, row):
    if "=" in row.text or is_row(row.text):
        return number, row
    columns = [row.column_of(1), *row.columns, row.column_of(len(row) + 1)]
    return number, TextWithColumns(f"|{row.text}|", columns)


def with_arrays(lines):
    """Lines with `W = [[1, 2], [3, 4]]` for a `W =` and rows of numbers below it, as consoles print them."""
    written = list(lines)
    for place, (number, line) in enumerate(lines):
        if not _HEAD_OF_ROWS.fullmatch(line.text):
            continue
        start = place + 1 + (place + 1 < len(lines) and not lines[place + 1][1].text.strip())
        end = start
        while end < len(lines) and _NUMBERS.fullmatch(lines[end][1].text):
            end += 1
        rows = [_FRAME.sub(" ", each.text).replace(",", ".").split() for _, each in lines[start:end]]
        if rows and len({len(row) for row in rows}) == 1:
            texts = [", ".join(row) for row in rows]
            vector = f"[{', '.join(texts)}]" if rows[0][1:] or rows[1:] else texts[0]
            text = f"[[{'], ['.join(texts)}]]" if rows[0][1:] and rows[1:] else vector
            head, at = line.text.rstrip() + " ", lines[start][1].column_of(1)
            columns = [*line.columns[: len(head) - 1], line.column_of(len(head)), *[at] * len(text)]
            written[place] = number, TextWithColumns(head + text, columns)
            for each in range(place + 1, end):
                written[each] = lines[each][0], TextWithColumns("")
    return written


def is_row(text):
    """Whether a line is a row of a table of Markdown."""
    text = text.strip()
    return len(text) > 2 and text[0] == text[-1] == "|"


def blocks(lines):
    """The FencedBlocks of some lines in their order; a ```math block is a formula between $$ in the text."""
    found, fence = [FencedBlock(None, [])], None
    for number, line in lines:
        match = _FENCE.fullmatch(line.text)
        if fence is None and match and not (match[1][0] == "`" and "`" in match[2]):
            fence, kind = match[1], match[2].split(maxsplit=1)[0].lower() if match[2].strip() else ""
            kind = kind.strip("{}.")
            if kind == "math":
                found[-1].lines.append((number, TextWithColumns("$$")))
            else:
                found += [FencedBlock(kind, [])]
        elif fence is not None and match and match[1].startswith(fence) and not match[2].strip():
            if found[-1].kind is None:
                found[-1].lines.append((number, TextWithColumns("$$")))
            else:
                found.append(FencedBlock(None, []))
            fence = None
        else:
            found[-1].lines.append((number, line))
    return [each for each in found if each.kind is not None or each.lines]


def without_layout(lines):
    """Lines of LaTeX with blanks for the arrays that only lay lines of equalities out."""
    if not any(r"\begin{array}" in line.text for _, line in lines):
        return lines
    open_arrays, blanked = [], []
    for place, (_, line) in enumerate(lines):
        for match in _COLUMNED.finditer(line.text):
            if "begin" in match[0]:
                open_arrays.append((place, match, "array" in match[0]))
            elif open_arrays:
                first, opening, is_array = open_arrays.pop()
                inside = [
                    lines[first][1].text[opening.end() :],
                    *(each.text for _, each in lines[first + 1 : place]),
                ]
                inside.append(line.text[: match.start()])
                if first == place:
                    inside = [line.text[opening.end() : match.start()]]
                if (
                    is_array
                    and any("=" in each for each in inside)
                    and not any(each[2] is False for each in open_arrays)
                ):
                    blanked += [(first, opening.span()), (place, match.span())]
    kept = list(lines)
    for place, (start, _) in list(blanked):  # \left\{ may stand in the line before
        alone = (
            place and not lines[place][1].text[:start].strip() and _LEFT.fullmatch(lines[place - 1][1].text)
        )
        if alone:
            blanked.append((place - 1, alone.span()))
    for place, (start, end) in blanked:
        number, line = kept[place]
        text = line.text[:start] + " " * (end - start) + line.text[end:]
        kept[place] = number, TextWithColumns(text, line.columns)
    return kept


def formulas(lines):
    r"""Each Formula, and each line Around them, of lines outside fences, in their order.

    The rows of a formula, which `\\` ends outside of matrices, are told apart from its other lines by not
    being soft. One dollar sign opens a formula only where another in the same line closes it.
    """
    closing, arrays = None, 0
    for number, line in without_layout(lines):
        text, rest, position = line.text, [], 0
        if closing is None and (text.lstrip().startswith("%") or is_row(text)):
            yield Around(number, line, text)
            continue
        for match in _DELIMITER.finditer(text):
            sign = match.group()
            if match["array"]:
                arrays = max(0, arrays + (1 if match["array"] == "begin" else -1)) if closing else 0
            elif match["row"] and arrays:
                pass
            elif closing is None:
                closing = "\\end" + sign.removeprefix("\\begin") if match["begin"] else _CLOSED_BY.get(sign)
                if closing is not None:
                    rest.append(text[position : match.start()])
                    opened, pieces = (number, line.column_of(match.start() + 1)), []
                    soft, position, start = False, match.end(), match.start()
            elif match["row"] or sign == closing:
                _add(pieces, number, line[position : match.start()], soft)
                soft, position = False, match.end()
                if sign == closing:
                    yield Formula(*opened, pieces, True)
                    closing, arrays = None, 0
        if closing == "$":
            rest.append(text[start:])
            closing = None
        elif closing is None:
            rest.append(text[position:])
        else:
            _add(pieces, number, line[position:], soft)
            soft = True
        if closing is None:
            yield Around(number, line, "".join(rest))
    if closing is not None:
        yield Formula(*opened, pieces, False)


def _add(pieces, number, line, soft):
    comment = LATEX_COMMENT.search(line.text)
    line = line[: comment.start()] if comment else line
    text = _ASIDE.sub(lambda match: " " * len(match.group()), line.text)
    if not _LAYOUT.fullmatch(text):
        pieces.append((number, TextWithColumns(text, line.columns), soft))


# Macros written out: `\pd{L}{w}` after `\newcommand{\pd}[2]{\frac{d #1}{d #2}}`

MOST_ROUNDS = 5  # of macros in macros
LONGEST_BODY = 200
_INSIDE = r"(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*"
_ARGUMENT = rf"\s*(?:\{{({_INSIDE})\}}|(\\[A-Za-z]+|[^\s\\{{}}]))"
_MACRO = re.compile(
    r"\\(?:(?:re|provide)?newcommand\*?|DeclareMathOperator\*?|def)\s*\{?\s*\\(?P<name>[A-Za-z]+)\s*\}?\s*"
    rf"(?:\[(?P<count>\d)\]|(?P<marks>(?:#\d)+))?\s*\{{(?P<body>{_INSIDE})\}}"
)


def with_macros(lines: list) -> list:
    """Lines of (number, TextWithColumns) with the macros that they define written out."""
    found = {}
    for _, line in lines:
        for each in _MACRO.finditer(line.text) if "\\" in line.text else ():
            if len(each["body"]) > LONGEST_BODY:
                continue
            count = int(each["count"] or len(each["marks"] or "") // 2)
            call = re.compile(rf"\\{each['name']}(?![A-Za-z])" + _ARGUMENT * count)
            found[each["name"]] = call, each["body"]
    if not found:
        return lines
    return [(number, _written_out(line.replace(_MACRO, ""), found.values())) for number, line in lines]


def _written_out(line: TextWithColumns, macros) -> TextWithColumns:
    for _ in range(MOST_ROUNDS):
        before = line.text
        for call, body in macros:

            def written(match, body=body):
                arguments = [
                    one or other or "" for one, other in zip(match.groups()[::2], match.groups()[1::2])
                ]
                inside = re.sub(r"#(\d)", lambda mark: (["", *arguments, *[""] * 9])[int(mark[1])], body)
                return f"{{{inside}}}"

            line = line.replace(call, written) if len(line) < LONGEST_TEXT else line
        if line.text == before:
            break
    return line
