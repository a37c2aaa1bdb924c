r"""Macros of an author's own, written out: `\pd{L}{w}` after `\newcommand{\pd}[2]{\frac{d #1}{d #2}}`."""

import re

from neuronnet.formulas.tokens import LONGEST_TEXT, TextWithColumns

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
