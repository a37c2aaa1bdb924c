"""What a program printed, matched with the expressions that its lines show."""

import ast
import re
from typing import NamedTuple

from neuronnet.formulas.tokens import TextWithColumns

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
_ARRAY = (
    r"\[(?:[^\[\]A-DF-Za-df-z]|\[(?:[^\[\]A-DF-Za-df-z]|\[[^\[\]A-DF-Za-df-z]{0,2000}\]){0,2000}\]){0,2000}\]"
)
_VALUE = rf"(?:[A-Za-z][\w.]{{0,20}}\(\s*)?({_ARRAY}|{_NUMBER})(?:,[^()\n]{{0,60}}(?:\([^()]{{0,40}}\))?)?\)?"
_LEADS = re.compile(r"#+\s?(?:\s*(?:->|=>|→|>>>|=|≈|(?:prints?|outputs?|gives|out)\b:?)\s*)?", re.IGNORECASE)
_CONSTANTS = {"np", "numpy", "torch", "math", "jnp"}
_FORMAT = re.compile(r"%[-+#0 ]*\d*(?:\.\d+)?[a-zA-Z]|\{[^{}]{0,20}\}")


class Printed(NamedTuple):
    """An expression of a program, and the number or array that was printed for it, with its line."""

    node: ast.expr
    line: int
    value: TextWithColumns


def shown_by(tree):
    """The texts and expressions that the lines of a module show, a list of them for each line.

    An expression alone is shown if it is the last statement.
    """
    shown = []
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "print":
            shown.append((node.lineno, [piece for each in value.args for piece in _pieces(each)]))
        elif value is not None and node is tree.body[-1] and not isinstance(value, ast.Constant):
            shown.append((node.lineno, [value]))
    return [pieces for _, pieces in sorted(shown, key=lambda each: each[0])]


def in_comments(tree, comments):
    """The Printed values in comments behind and below what prints them, and behind assignments.

    `comments` has (line, TextWithColumns, whether it stands alone) by row.
    """
    found, waiting, last = [], [], None
    for node in tree.body:
        behind = [comments[node.end_lineno]] if node.end_lineno in comments else []
        if isinstance(node, ast.Assign) and behind and isinstance(node.targets[0], ast.Name):
            value = _said(behind)[0][1].text
            is_computed = any(isinstance(each, (ast.BinOp, ast.Call)) for each in ast.walk(node.value))
            if is_computed and "." in value and not _CONSTANTS.issuperset(_names(node.value)):
                target = ast.copy_location(ast.Name(node.targets[0].id, ast.Load()), node.targets[0])
                found += matched([[target]], _said(behind))[0]
        shown = shown_by(ast.Module([node], [])) if _is_print(node) else []
        if not shown:
            continue
        waiting = [*waiting, *shown] if last == node.lineno - 1 and not behind else shown
        last = row = node.end_lineno
        while (row := row + 1) in comments and comments[row][2]:
            behind.append(comments[row])
        if behind:
            values = matched(waiting, _said(behind))[0]
            if len(values) < sum(not isinstance(each, str) for pieces in waiting for each in pieces):
                values = matched(waiting[-1:], _said(behind))[0]
            found, waiting, last = found + values, [], None
    return found


def _names(node):
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _is_print(node):
    value = getattr(node, "value", None) if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Call) and getattr(value.func, "id", "") == "print"


def _said(comments):
    """(line, TextWithColumns) of comments, without the signs that lead to what was printed."""
    return [(number, text[_LEADS.match(text.text).end() :]) for number, text, _ in comments]


def matched(shown, lines):
    """(the Printed values, the lines without) of lines, (number, TextWithColumns), that were printed."""
    text = "\n".join(line.text for _, line in lines)
    places = [
        (number, column)
        for number, line in lines
        for column in [*line.columns, line.column_of(len(line) + 1)]
    ]
    found, taken, position = [], set(), 0
    for pieces in shown:
        nodes = [each for each in pieces if not isinstance(each, str)]
        match = _pattern(pieces).search(text, position) if nodes else None
        is_bare = len(nodes) == len(pieces)
        if match is None or (is_bare and text[position : match.start()].strip()):
            continue
        for number, node in enumerate(nodes, 1):
            start, end = match.span(number)
            value = TextWithColumns(
                " ".join(match[number].split("\n")), [column for _, column in places[start:end]]
            )
            found.append(Printed(node, places[start][0], value))
        first, last = text.count("\n", 0, match.start(1)), text.count("\n", 0, match.end())
        taken.update(range(first, last + 1))
        position = match.end()
    return found, [each for place, each in enumerate(lines) if place not in taken and each[1].text.strip()]


def _pieces(argument):
    """The texts and expressions in an argument of print, in their order."""
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    if isinstance(argument, ast.JoinedStr):
        return [piece for each in argument.values for piece in _pieces(each)]
    if isinstance(argument, ast.FormattedValue):
        return [argument.value]
    function, values = getattr(argument, "func", None), getattr(argument, "args", [])
    text = function.value if isinstance(function, ast.Attribute) and function.attr == "format" else None
    if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Mod):
        text, values = (
            argument.left,
            argument.right.elts if isinstance(argument.right, ast.Tuple) else [argument.right],
        )
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        texts = _FORMAT.split(text.value)
        return [piece for pair in zip(texts, [*values, ""]) for piece in pair if piece != ""]
    return [argument]


def _pattern(pieces):
    """What a line that shows these pieces looks like, with a group for each value."""
    parts = [
        _VALUE if not isinstance(each, str) else r"\s+".join(map(re.escape, each.split())) for each in pieces
    ]
    between = r"[^\S\n]*\n?[^\S\n]*"
    return re.compile(rf"^\s*{between.join(filter(None, parts))}[^\S\n]*[.,;]?$", re.MULTILINE)
