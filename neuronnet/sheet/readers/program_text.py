"""Lines that are a program in Python: whether they are, and the tree of statements, which are never run."""

import ast
import io
import re
import tokenize
import warnings

from neuronnet.formulas.tokens import LONGEST_TEXT
from neuronnet.sheet.readers.allowed_python import MODULES

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
    """A line with `one_hot(y, p)` for what picks the entry of each row: `p[range(n), y]`."""
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
