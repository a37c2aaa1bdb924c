"""Code in Python as claims: assignments, steps in place, functions of one line, and what was printed.

The code is parsed by `ast`, never run. What is not among the few kinds of nodes below is refused by its line.
"""

import ast
import re
import warnings

from neuronnet.formulas.tokens import LONGEST_TEXT, TOO_LONG, TextWithColumns, parse_array
from neuronnet.sheet.readers.programs import (
    Refused,
    as_one_statement,
    called_name,
    check,
    filled,
    has_counted_entries,
    in_arrays,
    in_comments,
    is_code,
    is_of_self,
    matched,
    parsed,
    shown_by,
    source_of,
)

MOST_LOOPS = 3  # one in another
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@"}
_WRAPPERS = set("array asarray tensor Tensor float32 float64 Parameter Variable constant".split())
_PROMPT = re.compile(r"\s*(?:>>> ?|\.\.\.: ?|\.\.\. ?|In \[\d*\]:[ ]?)")
_RESULT = re.compile(r"Out\[\d*\]:\s*")
_PRINTS = re.compile(r"\s*print\s*\(")
_ZERO = re.compile(r"0(?:\.0*)?|[\w.]*zeros(?:_like)?\(.*\)|[\[\]0., ]+")
_EMPTY = ("{}", "[]", "dict()", "list()")  # what a program keeps its arrays in
_MAGIC = re.compile(r"\s*[%!?]")
_OPENS = re.compile(r"(?:(?:async )?def|class|for|while|if|with|try|import|from)\b.*(?::|import\b.*)\s*\Z")


def is_console(lines):
    """Whether a console session or the numbered cells of one stand in some lines."""
    return any(re.match(r"\s*(?:>>> |In \[\d+\]: )", line.text) for _, line in lines)


def opens_block(line):
    """Whether a line opens a function, a loop or another block of code."""
    return _OPENS.match(line.text) is not None


def take_code(sheet, lines, printed=(), again=None):
    """Add the claims of a program's lines to a sheet, and those of what it `printed`, lines as well.

    Where the lines are none of Python, `again` is called with them; it reads them as text.
    """
    lines = [(number, in_arrays(line)) for number, line in lines if not _MAGIC.match(line.text)]
    text = source_of(lines)
    tree = parsed(text)
    if tree is None:
        again(lines)
    else:
        _Program(sheet, text, lines).read(tree, printed, again)


def code_before(lines):
    """How many lines, before the first that is none of Python, are a program that prints something."""
    if not any(_PRINTS.match(line.text) for _, line in lines):
        return 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(as_one_statement(source_of(lines)), mode="single")
    except SyntaxError as error:
        end = max(min((error.lineno or 0) - 2, len(lines)), 0)
        prints = any(_PRINTS.match(line.text) for _, line in lines[:end])
        return end if prints and is_code(lines[:end]) else 0
    except (ValueError, RecursionError, MemoryError):
        return 0
    return 0


def take_console(sheet, lines, again):
    """Add the claims of a console session: what stands after prompts, and what the console answers."""
    code, printed = [], []
    for number, line in lines:
        prompt = _PROMPT.match(line.text)
        if prompt and ("..." not in prompt[0]) and printed:
            take_code(sheet, code, printed, again)
            code, printed = [], []
        if prompt:
            code.append((number, line[prompt.end() :]))
        elif code or line.text.strip():
            result = _RESULT.match(line.text)
            printed.append((number, line[result.end() :] if result else line))
    take_code(sheet, code, printed, again)


class _Program:
    """The statements of one program, each added to a sheet as what it is."""

    def __init__(self, sheet, text, places):
        self.sheet, self.places, self.rows = sheet, places, text.split("\n")
        self.loops = 0
        self.before, self.places_of = dict(sheet.assigned), []

    def read(self, tree, printed, again):
        """Add the claims of a module; then those of what it printed."""
        for node in tree.body:
            self.statement(node)
        found, others = matched(shown_by(tree) if printed else [], list(printed))
        self.printed([*in_comments(tree, self.comments()), *found])
        if others:
            again(others)

    def comments(self):
        """The comments by their rows: (number, text, whether nothing else stands there)."""
        found = {}
        for row, (text, (number, line)) in enumerate(zip(self.rows, self.places), 1):
            start = len(text.rstrip())
            comment = line[start:].strip()
            if comment.text.startswith("#"):
                found[row] = number, comment, start == 0
        return found

    def statement(self, node):
        """Add one statement."""
        if self.sheet.is_full(self.line(node)):
            return
        try:
            self.known(node)
        except Refused as refused:
            first = self.text_of(node, first_line=True)
            column = (
                self.text_of(refused.node).column_of(1) if refused.node is not node else first.column_of(1)
            )
            self.sheet.refuse(self.line(refused.node), first.text, column, refused.reason)

    def known(self, node):
        if isinstance(node, ast.Assign):
            self.assigned(node.targets, node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self.assigned([node.target], node.value)
        elif isinstance(node, ast.AugAssign):
            self.stepped(node)
        elif isinstance(node, ast.FunctionDef):
            self.function(node.name, node.args, self.returned(node), node)
        elif isinstance(node, (ast.For, ast.While)):
            self.loop(node)
        elif isinstance(node, ast.With) or (isinstance(node, ast.If) and _is_main(node.test)):
            for each in node.body:
                self.statement(each)
        elif isinstance(node, ast.If):
            if any(isinstance(each, (ast.Assign, ast.AugAssign)) for each in ast.walk(node)):
                raise Refused(node, "a branch is not read: write what happens, or where(condition, a, b)")
        elif isinstance(node, ast.ClassDef):
            raise Refused(node, "a class is not read: paste the lines of its methods with numbers")
        elif isinstance(node, (ast.Try, ast.AsyncFunctionDef, ast.Match)):
            raise Refused(node, "only assignments, functions of one line and loops are read")

    def assigned(self, targets, value):
        if ast.unparse(value) in _EMPTY:
            return
        if all(isinstance(each, ast.Tuple) for each in targets) and len(targets) == 1:
            names = targets[0].elts
            values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            if len(names) != len(values):
                raise Refused(value, "as many values as names are needed")
            for name, each in zip(names, values):
                self.assigned([name], each)
            return
        for target in targets:
            if isinstance(target, ast.Subscript):
                raise Refused(target, "an entry changed in place is not read: write the whole array")
            if not isinstance(target, ast.Name) and not is_of_self(target):
                raise Refused(target, "only a name can get a value")
        if isinstance(value, ast.Lambda):
            return self.function(targets[0].id, value.args, value.body, value)
        self.check(value)
        is_made = (
            isinstance(value, ast.Call) and value.keywords and value.args and called_name(value) in _WRAPPERS
        )
        self.add([*targets, value.args[0] if is_made else value], targets[0], filled(value))

    def stepped(self, node):
        sign = _OPERATORS.get(type(node.op))
        is_name = isinstance(node.target, ast.Name) or is_of_self(node.target) or self.is_entry(node.target)
        if sign is None or not is_name:
            raise Refused(
                node, "a step in place is name += step, or with -, *, /; entries are of given arrays"
            )
        self.check(node.value)
        name, step = self.text_of(node.target), self.text_of(node.value)
        written = f"{name.text} {sign} ({step.text})"
        columns = [step.column_of(1)] * (len(written) - len(step) - 1) + list(step.columns)
        after = TextWithColumns(written, [*columns, step.column_of(len(step))])
        text = f"{name.text} {sign}= {step.text}"
        self.sheet.add(text, [name, after], [self.line(node.target), self.line(node.value)])
        self.keep_place(name.text, node)

    def is_entry(self, node):
        """Whether a place is one of a given array, as w[0] and W[0, 1]."""
        given = {each.parts[0].text for each in self.sheet.claims if parse_array(each.parts[-1].text)}
        found = re.fullmatch(r"(\w+)(?:\[\d+\]|\[\d+\]\[\d+\]|\[\d+, \d+\])", ast.unparse(node))
        return found is not None and found[1] in given

    def function(self, name, arguments, body, node):
        """Add `f(v) = …` for a function that is a single formula."""
        others = [*arguments.posonlyargs, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        if body is None or any(others) or arguments.defaults or not arguments.args:
            raise Refused(node, "a function is read if it is one return, of a formula in its arguments")
        self.check(body)
        head = TextWithColumns(f"{name}({', '.join(each.arg for each in arguments.args)})")
        column = self.text_of(node, first_line=True).column_of(1)
        head = TextWithColumns(head.text, [column] * len(head))
        lines = [self.line(node), self.line(body)]
        self.sheet.add(f"{head.text} = {self.text_of(body).text}", [head, self.text_of(body)], lines)

    def returned(self, node):
        body = [each for each in node.body if not _is_text(each)]
        is_return = len(body) == 1 and isinstance(body[0], ast.Return) and not node.decorator_list
        return body[0].value if is_return else None

    def loop(self, node):
        """Read the body of a loop once, if it does the same each time; say that it is one in any case."""
        target = node.target if isinstance(node, ast.For) else ast.Tuple([])
        steps = [
            each for each in node.body if isinstance(each, (ast.Assign, ast.AugAssign, ast.For, ast.While))
        ]
        counted, used = (
            {each.id for part in parts for each in ast.walk(part) if isinstance(each, ast.Name)}
            for parts in ([target], steps)
        )
        if not steps:
            return
        if counted & used or self.loops >= MOST_LOOPS:
            raise Refused(node, "a loop is not read: write what it does out, or with arrays")
        self.loops += 1
        if not _runs_once(node):
            self.sheet.looped = True
            self.sheet.notes.append(f"of the loop in line {self.line(node)} one pass was read")
        for each in node.body:
            self.statement(each)
        self.loops -= 1

    def printed(self, found):
        """Add what was printed to the line that computes it."""
        for node, number, value, label in found:
            text, reason = self.text_of(node), None
            if self.sheet.looped:
                reason = "printed after a loop, whose passes are not written out"
            else:
                try:
                    self.check(node)
                except Refused as refused:
                    reason = str(refused)
            if reason is not None:
                self.sheet.refuse(number, f"{text.text} = {value.text}", value.column_of(1), reason)
            elif (place := self.place_of(text.text, node)) is not None:
                self.sheet.go_on(place, value, number)
            else:
                name = [TextWithColumns(label, [text.column_of(1)] * len(label))] if label else []
                lines = [self.line(node)] * (len(name) + 1)
                parts = [*name, text, value]
                self.sheet.add(" = ".join(part.text for part in parts), parts, [*lines, number])

    def keep_place(self, name, node):
        self.places_of.append((node.lineno, name, len(self.sheet.claims) - 1))
        self.sheet.assigned[name] = len(self.sheet.claims) - 1

    def place_of(self, name, node):
        """The claim that gave a name its value last before a node."""
        here = [place for line, each, place in self.places_of if each == name and line <= node.lineno]
        return here[-1] if here else self.before.get(name)

    def check(self, expression):
        """Raise Refused for an expression with anything in it that is not read."""
        check(expression)
        if self.sheet.declared.from_zero is None and has_counted_entries(expression):
            self.sheet.declared.from_zero = True

    def add(self, nodes, first, value=None):
        """Add the claim that some nodes are equal; `value` is the text for the last one, if not its own."""
        parts = [self.text_of(node) for node in nodes]
        text = " = ".join(part.text for part in parts)
        if value is not None:
            parts[-1] = TextWithColumns(value, [parts[-1].column_of(1)] * len(value))
        if len(text) > LONGEST_TEXT:
            raise Refused(first, TOO_LONG)
        self.sheet.add(text, parts, [self.line(node) for node in nodes])
        for part, node in zip(parts[:-1], nodes):
            self.skip_unused_zero(part.text)
            self.keep_place(part.text, node)
            if self.steps_from_another(part.text, nodes[-1]):  # else it would define what was given
                claim = self.sheet.claims[-1]
                marked = TextWithColumns(f"{part.text}_new", [*part.columns, *[part.columns[-1]] * 4])
                self.sheet.claims[-1] = claim._replace(parts=[marked, *claim.parts[1:]], assigns=True)

    def skip_unused_zero(self, name):
        """Skip `dw = 0` where the name gets another value before anything uses it."""
        place = next((place for _, each, place in self.places_of[::-1] if each == name), None)
        if place is not None and _ZERO.fullmatch(self.sheet.claims[place].parts[-1].text):
            word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
            later = [part for claim in self.sheet.claims[place + 1 :] for part in claim.parts[1:]]
            if not any(word.search(part.text) for part in later):
                self.sheet.declared.skipped.add(self.sheet.claims[place].line)

    def steps_from_another(self, name, value):
        """Whether `W1 = W2 - lr*dW1` gives W1 a new value, for it moves by what is called after it."""
        words = {each.id for each in ast.walk(value) if isinstance(each, ast.Name)}
        is_step = isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Sub))
        is_said = name in self.before or sum(each == name for _, each, _ in self.places_of) > 1
        return is_step and is_said and name not in words and any(each.endswith(name) for each in words)

    # Places

    def line(self, node):
        return self.places[node.lineno - 1][0]

    def text_of(self, node, first_line=False):
        """The author's text of a node in one line, brackets around it included, with its columns."""
        pieces, columns = [], []
        end = node.lineno if first_line else node.end_lineno
        for row in range(node.lineno, end + 1):
            text, line = self.rows[row - 1], self.places[row - 1][1]
            start = (
                _characters(text, node.col_offset) if row == node.lineno else len(text) - len(text.lstrip())
            )
            stop = _characters(text, node.end_col_offset) if row == node.end_lineno else len(text)
            stop = max(start, len(text[:stop].rstrip(" \t\\")))
            if pieces and start < stop:
                pieces.append(" ")
                columns.append(line.column_of(start + 1))
            pieces.append(text[start:stop])
            columns += line.columns[start:stop]
        return TextWithColumns("".join(pieces), columns)


def _characters(text, offset):
    """How many characters the first `offset` bytes of a text are."""
    return (
        offset
        if text.isascii()
        else len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore"))
    )


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _runs_once(loop):
    counted = getattr(loop, "iter", None)
    is_range = isinstance(counted, ast.Call) and called_name(counted) == "range" and len(counted.args) == 1
    return is_range and getattr(counted.args[0], "value", None) == 1


def _is_main(test):
    return isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__"
