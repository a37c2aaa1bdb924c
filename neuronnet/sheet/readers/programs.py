"""Lines that are a program in Python: whether they are, the tree of statements, which are never run, and the
expressions, functions and methods that have formulas.
"""

import ast
import io
import re
import tokenize
import warnings
from typing import NamedTuple

from neuronnet.formulas.tokens import LONGEST_TEXT, MODULES, TextWithColumns, without_keys

_MARKED = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.ClassDef,
    ast.For,
    ast.While,
    ast.AugAssign,
    ast.With,
)
_EACH_ROW = r"(\w+)\[\s*(?:range|\w+\.arange)\((?:[^()]|\([^()]*\))*\)\s*,\s*(\w+)\s*\]"
_PICKED = re.compile(_EACH_ROW)
_PICKED_STEP = re.compile(rf"^(\s*){_EACH_ROW}\s*([-+])=\s*([\w.]+)\s*$")
_EYE = re.compile(r"(\w+\.eye\(\w+\))\[(\w+)\]")


def is_code(lines):
    """Whether lines of (number, TextWithColumns) are a program, and not formulas that could be one."""
    tree = parsed(source_of(lines))
    if tree is None:
        return False
    return any(isinstance(node, _MARKED) or _is_of_a_program(node) for node in ast.walk(tree))


def in_arrays(line):
    """A line with `W1` for `params["W1"]`, and with `one_hot(y, p)` for what picks the entry of each row,
    `p[range(n), y]`.
    """
    line = without_keys(line)
    if not _PICKED.search(line.text) and "eye(" not in line.text:
        return line
    line = line.replace(_PICKED_STEP, r"\1\2 = \2 \4 \5*one_hot(\3, \2)").replace(r"(?<= )1\*(?=one_hot)", "")
    return line.replace(_PICKED, r"np.sum(\1 * one_hot(\2, \1), axis=1)").replace(_EYE, r"one_hot(\2, \1)")


def _is_of_a_program(node):
    """Whether a node is what a hand derivation does not have: a lambda, `np.exp`, a call of print."""
    if isinstance(node, ast.Lambda):
        return True
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return called.value.id in MODULES
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
        return isinstance(node.value, ast.Tuple)
    return isinstance(called, ast.Name) and called.id in ("print", "open", "eval", "exec", "__import__")


def source_of(lines):
    """The text of some lines, with blanks for its comments."""
    text = "\n".join(line.text for _, line in lines)
    if "#" not in text:
        return text
    rows = text.split("\n")
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                rows[row - 1] = (
                    rows[row - 1][:column] + " " * len(token.string) + rows[row - 1][token.end[1] :]
                )
    except (tokenize.TokenError, SyntaxError, ValueError, IndexError):
        return text
    return "\n".join(rows)


def parsed(text):
    """The module of a program, None for what is none.

    It is parsed as one statement: of a whole file, Python looks for the lines with errors on the disk.
    """
    if not text.strip() or "\0" in text or len(text) > 50 * LONGEST_TEXT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (whole,) = ast.parse(as_one_statement(text), mode="single").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(whole):
        if isinstance(node, (ast.stmt, ast.expr, ast.arg, ast.keyword)):
            node.lineno, node.end_lineno = node.lineno - 1, node.end_lineno - 1
            node.col_offset, node.end_col_offset = node.col_offset - 1, node.end_col_offset - 1
    return ast.Module(whole.body, [])


def as_one_statement(text):
    return "if 1:\n" + "".join(f" {row}\n" for row in text.split("\n"))


_REFUSED = {
    ast.ListComp: "a comprehension is not read: write the entries out",
    ast.GeneratorExp: "a comprehension is not read: write the terms out",
    ast.Slice: "slices are not read: give the part a name and its numbers",
    ast.JoinedStr: "a string is no quantity",
    ast.FloorDiv: "whole division is not read",
    ast.Mod: "a remainder is not read",
    ast.BitXor: "^ is no power in Python: write **",
}


class Refused(Exception):
    """A node that is not read, and why."""

    def __init__(self, node, reason):
        super().__init__(reason)
        self.node, self.reason = node, reason


def check(expression):
    """Raise Refused for an expression that formulas do not have; what they have is read by their parser."""
    for node in ast.walk(expression):
        for kind, reason in _REFUSED.items():
            if isinstance(node, kind):
                raise Refused(node if hasattr(node, "lineno") else expression, reason)
        if isinstance(node, ast.Constant) and (isinstance(node.value, (str, bytes)) or node.value is ...):
            raise Refused(node, "a text is no quantity")


def has_counted_entries(expression):
    """Whether an entry of an array is called by its number in an expression, the sizes of a shape apart."""
    entries = [node for node in ast.walk(expression) if isinstance(node, ast.Subscript)]
    return any(
        getattr(node.value, "attr", "") != "shape"
        and any(isinstance(each, ast.Constant) for each in ast.walk(node.slice))
        for node in entries
    )


def called_name(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)


def is_of_self(node):
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def filled(value):
    """`[[0], [0]]` for `np.zeros((2, 1))`, likewise for ones; None for anything else and for large arrays."""
    name = called_name(value) if isinstance(value, ast.Call) and len(value.args) == 1 else None
    if name not in ("zeros", "ones"):
        return None
    try:
        sizes = ast.literal_eval(value.args[0])
    except ValueError:
        return None
    sizes = sizes if isinstance(sizes, tuple) else (sizes,)
    if not all(type(each) is int and 0 < each < 20 for each in sizes) or not 0 < len(sizes) < 3:
        return None
    row = "[" + ", ".join(["01"[name == "ones"]] * sizes[-1]) + "]"
    return row if len(sizes) == 1 else "[" + ", ".join([row] * sizes[0]) + "]"


# What a program printed, matched with the expressions that its lines show

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
_ARRAY = (
    r"\[(?:[^\[\]A-DF-Za-df-z]|\[(?:[^\[\]A-DF-Za-df-z]|\[[^\[\]A-DF-Za-df-z]{0,2000}\]){0,2000}\]){0,2000}\]"
)
_VALUE = rf"(?:[A-Za-z][\w.]{{0,20}}\(\s*)?({_ARRAY}|{_NUMBER})(?:,[^()\n]{{0,60}}(?:\([^()]{{0,40}}\))?)?\)?"
_LEADS = re.compile(r"#+\s?(?:\s*(?:->|=>|→|>>>|=|≈|(?:prints?|outputs?|gives|out)\b:?)\s*)?", re.IGNORECASE)
_STATED = re.compile(rf"#+\s*([^\W\d]\w*)\s*[=:≈]\s*({_ARRAY}|{_NUMBER})\s*")
_CONSTANTS = {"np", "numpy", "torch", "math", "jnp"}
_LABEL = re.compile(r"(?<!\w)([^\W\d]\w{0,30})\s*[:=]\s*\Z")
_ROUNDED = set("round around float item tolist numpy".split())
_FORMAT = re.compile(r"%[-+#0 ]*\d*(?:\.\d+)?[a-zA-Z]|\{[^{}]{0,20}\}")


class Printed(NamedTuple):
    """An expression of a program, and the number or array that was printed for it, with its line.

    `label` is the name that was printed before the value of what is none: `dw` for `print("dw =", x*dz)`.
    """

    node: ast.expr
    line: int
    value: TextWithColumns
    label: str | None


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


_PLACES = (ast.Name, ast.Subscript)


def in_comments(tree, comments):
    """The Printed values in comments behind and below what prints them, and behind assignments.

    `comments` has (line, TextWithColumns, whether it stands alone) by row.
    """
    found, waiting, last, assigned = [], [], None, {}
    for node in tree.body:
        stores = (each for each in ast.walk(node) if isinstance(each, ast.Name))
        assigned |= {each.id: each for each in stores if isinstance(each.ctx, ast.Store)}
        found += [] if _is_print(node) else _stated_below(node, comments, assigned)
        behind = [comments[node.end_lineno]] if node.end_lineno in comments else []
        place = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(node, (ast.Assign, ast.AugAssign)) and behind and isinstance(place, _PLACES):
            value = _said(behind)[0][1].text
            kinds = {type(each) for each in ast.walk(node.value)}
            is_computed = ast.BinOp in kinds or (ast.Call in kinds and not _CONSTANTS >= _names(node.value))
            if (is_computed or isinstance(node, ast.AugAssign)) and ("." in value or value.startswith("[")):
                target = ast.copy_location(ast.parse(ast.unparse(place), mode="eval").body, place)
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


def _stated_below(node, comments, assigned):
    """The Printed values of comments that stand alone below a statement, as `# dz = -0.65`."""
    row, found = node.end_lineno, []
    while (row := row + 1) in comments and comments[row][2]:
        number, text, _ = comments[row]
        match = _STATED.fullmatch(text.text)
        if match and match[1] in assigned:
            target = ast.copy_location(ast.Name(match[1], ast.Load()), assigned[match[1]])
            found += matched([[target]], [(number, text[match.start(2) :])])[0]
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
        labels = [None, *(_LABEL.search(each) if isinstance(each, str) else None for each in pieces)]
        labels = [label for label, each in zip(labels, pieces) if not isinstance(each, str)]
        for number, (node, label) in enumerate(zip(nodes, labels), 1):
            start, end = match.span(number)
            value = TextWithColumns(
                " ".join(match[number].split("\n")), [column for _, column in places[start:end]]
            )
            name = label[1] if label and not isinstance(node, ast.Name) else None
            found.append(Printed(_unrounded(node), places[start][0], value, name))
        first, last = text.count("\n", 0, match.start(1)), text.count("\n", 0, match.end())
        taken.update(range(first, last + 1))
        position = match.end()
    return found, [each for place, each in enumerate(lines) if place not in taken and each[1].text.strip()]


def _unrounded(node):
    """`x` for `round(x, 4)` and for `x.item()`."""
    while isinstance(node, ast.Call) and called_name(node) in _ROUNDED:
        is_method = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") not in MODULES
        node = node.func.value if is_method else node.args[0] if node.args else node.func
    return node


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
