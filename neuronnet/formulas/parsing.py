"""Reads a formula from text: a small parser that knows a fixed list of functions and operators and nothing
else.

Length, nesting and powers are bounded, so that a hostile text ends in an ExpressionError and not in a wait.
"""

import re

from neuronnet.description.values import Literal
from neuronnet.errors import ExpressionError, did_you_mean, nearest, shortened
from neuronnet.formulas.expressions import Name, Number, total
from neuronnet.formulas.functions import FUNCTIONS, Call
from neuronnet.formulas.tokens import DEEPEST_NESTING, LONGEST_TEXT
from neuronnet.names import WORD, spelled_out

READ = ("exp", "ln", "tanh", "sqrt", "step", "max", "logsumexp", "logistic", "logistic'", "tanh'")
READ += ("abs", "sign", "where", "power")  # of FUNCTIONS
HIGHEST_POWER = 64
HIGHEST_TOWER = HIGHEST_POWER**2  # of a power of a power: the product of the exponents

_NAME = rf"{WORD}(?:\[[0-9]{{1,9}}\])?(?:@[0-9]{{1,9}})?"
_TOKEN = re.compile(
    rf"(?P<partial>d{_NAME}/d{_NAME})|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?)"
    rf"|(?P<name>{_NAME})|(?P<operator>\*\*|[-+*/^(),\[\]{{}}])|(?P<space>\s+)"
)
_OPERATORS = str.maketrans({"·": "*", "×": "*", "−": "-", "⋅": "*", "÷": "/", "∂": "d", "′": "'"})
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_READ_AS = {"log": "ln", "sigmoid": "logistic", "σ": "logistic", "sigmoid'": "logistic'", "σ'": "logistic'"}
_READ_AS |= {"relu": "max", "relu'": "step", "sum": "sum", "Σ": "sum"}


def parse(text, is_name=None, own_name=spelled_out):
    """The expression that `text` writes. Raises ExpressionError with the column where it stops making sense.

    `is_name(text)` tells which names there are. It settles what paper leaves to the reader: whether `dA/dB`
    is one name or a division (without `is_name` it always is one), whether `a(1 - b)` and `a b` are products
    (without it neither is), and whether the e of `e^x` is a quantity or the base of exp. A name that there is
    not stays a name. `own_name(text)` is the name that an accepted spelling stands for.
    """
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(text[:40], LONGEST_TEXT, f"longer than {LONGEST_TEXT} characters")
    return _Parser(text, is_name, own_name).whole()


class _Parser:
    """Recursive descent over the tokens of one text: sum > product > signed > power > atom."""

    def __init__(self, text, is_name, own_name):
        self.text, self.is_name = text, is_name
        self.tokens = list(_tokens(text.translate(_OPERATORS), text, is_name, own_name))
        self.position = self.depth = 0
        self.tower = 1

    def whole(self):
        expression = self.sum()
        if self.kind() is not None:
            self.fail_here()
        return expression

    def sum(self):
        self.deeper()
        expression = self.product()
        while self.kind() in ("+", "-"):
            is_added, term = self.take()[1] == "+", self.product()
            expression = expression + term if is_added else expression - term
        self.depth -= 1
        return expression

    def product(self):
        expression = self.signed()
        while True:
            if self.kind() == "*":
                self.take()
                expression = expression * self.signed()
            elif self.kind() == "/":
                self.take()
                expression = expression / self.signed()
            elif self.juxtaposed():
                expression = expression * self.power()
            else:
                return expression

    def juxtaposed(self):
        """Whether a factor follows without an operator, as in 2(a + b), w1 i1 and (a)0.5."""
        before, (kind, word, column, _) = self.tokens[self.position - 1], self.token()
        glued = before[3] == column
        if kind in _BRACKETS:
            return kind == "(" or before[0] != "name" or not glued
        if kind == "number":
            return before[0] in _BRACKETS.values()
        if kind != "name":
            return False
        next_kind = self.tokens[self.position + 1][0]
        if before[0] in _BRACKETS.values() or self.known(word) or self.is_function(word, next_kind):
            return True
        return self.meant(word) or (self.is_name is None and before[0] == "number" and not glued)

    def signed(self):
        negative = False
        while self.kind() in ("+", "-"):
            negative ^= self.take()[1] == "-"
        return -self.power() if negative else self.power()

    def power(self):
        outside, self.tower = self.tower, 1
        base = self.atom()
        if self.kind() in ("^", "**"):
            self.take()
            base = base ** self.exponent()
            if self.kind() in ("^", "**"):
                reason = f"a power is a whole number up to {HIGHEST_POWER}, towers are not read"
                self.fail(f"unexpected {self.kind()!r}: {reason}")
        self.tower = max(outside, self.tower)
        return base

    def exponent(self):
        negative = self.kind() == "-"
        if negative:
            self.take()
        word = self.token()[1]
        if self.kind() != "number" or not word.isdigit() or len(word) > 3 or int(word) > HIGHEST_POWER:
            self.fail(f"a power is a whole number up to {HIGHEST_POWER}")
        self.tower *= max(1, int(word))
        if self.tower > HIGHEST_TOWER:
            self.fail(f"a power of powers is at most {HIGHEST_TOWER}")
        self.take()
        return -int(word) if negative else int(word)

    def atom(self):
        kind, word, column, _ = self.token()
        if kind == "number":
            self.take()
            return _at(column, Number(int(word) if word.isdigit() and len(word) < 16 else Literal(word)))
        if kind in _BRACKETS:
            self.take()
            inner = self.sum()
            self.expect(_BRACKETS[kind])
            return inner
        if kind == "name":
            self.take()
            if self.is_function(word, self.kind()):
                return self.exponential(column) if word == "e" else self.call(word, column)
            if not self.known(word) and not self.meant(word):
                self.refuse_function(word)
            return _at(column, Name(word))
        if kind is None:
            self.fail("the formula ends where a number or a name should stand")
        self.fail_here()

    def is_function(self, word, following):
        """Whether a name, with the kind of token after it, is a function; an author's own name is not."""
        if word == "e":
            return following in ("^", "**") and not self.known(word)
        return following in _BRACKETS and (word in READ or (word in _READ_AS and not self.known(word)))

    def refuse_function(self, word):
        """Raises for a word that only makes sense as a function but is none, or lacks its brackets."""
        functions = [each for each in (*READ, *_READ_AS) if each.endswith("'") == word.endswith("'")]
        if self.kind() == "(":
            self.position -= 1
            allowed = ", ".join(functions) + did_you_mean(nearest(word, functions))
            self.fail(f"unknown function {shortened(word)}; allowed are {allowed}")
        if self.is_name is not None and word in functions:
            self.position -= 1
            self.fail(f"{word} is a function: its argument stands in brackets, as in {word}(x)")

    def exponential(self, column):
        self.take()
        self.deeper()
        inner = self.signed()
        self.depth -= 1
        return _at(column, Call("exp", [inner]))

    def call(self, word, column):
        closing = _BRACKETS[self.take()[0]]
        arguments = [self.sum()]
        while self.kind() == ",":
            self.take()
            arguments.append(self.sum())
        function = _READ_AS.get(word, word)
        if function == "sum":
            self.expect(closing)
            return total(arguments)
        expected, found = 1 if word == "relu" else FUNCTIONS[function][1], len(arguments)
        if expected is not None and found != expected:
            self.fail(f"{word} takes {expected} argument{'s' if expected > 1 else ''}, found {found}")
        if function == "max":
            arguments = [0, *arguments] if word == "relu" else self.zero_first(arguments)
        self.expect(closing)
        return _at(column, Call(function, arguments))

    def zero_first(self, arguments):
        for zero, other in (arguments, arguments[::-1]):
            if isinstance(zero, Number) and zero.value == 0:
                return [zero, other]
        self.fail("max is written max(0, x)")

    def known(self, word):
        return self.is_name is not None and self.is_name(word)

    def meant(self, word):
        """Whether a word that is no name looks like one, so that it is best told as an unknown name."""
        return self.is_name is not None and re.search("[0-9_]", word) is not None

    def deeper(self):
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            self.fail(f"nested deeper than {DEEPEST_NESTING}")

    def token(self):
        return self.tokens[self.position]

    def kind(self):
        return self.tokens[self.position][0]

    def take(self):
        self.position += 1
        return self.tokens[self.position - 1]

    def expect(self, kind):
        if self.kind() != kind:
            self.fail_here(f"expected {kind!r}")
        self.take()

    def fail_here(self, reason=None):
        """Refuses the token at hand; a comma between two digits gets the reason that it deserves."""
        if self.kind() == "," and self.position > 0:
            before, comma, after = self.tokens[self.position - 1 : self.position + 2]
            if before[0] == after[0] == "number" and before[3] == comma[2] and comma[3] == after[2]:
                reason = f"a decimal is written with a point, {shortened(before[1] + '.' + after[1])}"
        self.fail(reason or f"unexpected {shortened(self.token()[1])}")

    def fail(self, reason):
        raise ExpressionError(self.text, self.token()[2], reason)


def _at(column, expression):
    expression.column = column
    return expression


def _tokens(text, original, is_name, own_name):
    """(kind, text, column, column after it) of each token; an operator is its own kind, the end has None."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(original, position + 1, f"unexpected {shortened(original[position])}")
        kind, word = match.lastgroup, match.group()
        if kind == "partial" and is_name is not None and not is_name(word):
            if any(map(is_name, word.split("/"))):  # the slash divides one name by another
                match, kind = re.compile(_NAME).match(text, position), "name"
        word, place = match.group(), (position + 1, match.end() + 1)
        if kind == "operator":
            yield word, word, *place
        elif kind != "space":
            yield ("number", word, *place) if kind == "number" else ("name", own_name(word), *place)
        position = match.end()
    yield None, "", len(text) + 1, len(text) + 1
