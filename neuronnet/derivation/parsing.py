"""Reads a formula from text: a small parser that knows a fixed list of functions and operators and nothing else.

Length, nesting and powers are bounded, so that a hostile text ends in an ExpressionError and not in a wait.
"""

import re

from neuronnet.derivation.expressions import FUNCTIONS, Call, Name, Number
from neuronnet.errors import ExpressionError, did_you_mean, nearest, shortened
from neuronnet.names import WORD, spelled_out
from neuronnet.spec import Literal

LONGEST_TEXT = 20_000
DEEPEST_NESTING = 50
HIGHEST_POWER = 64

_NAME = rf"{WORD}(?:\[\d{{1,9}}\])?(?:@\d{{1,9}})?"
_TOKEN = re.compile(rf"(?P<partial>d{_NAME}/d{_NAME})|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{{1,3}})?)"
                    rf"|(?P<name>{_NAME})|(?P<operator>\*\*|[-+*/^(),])|(?P<space>\s+)")
_OPERATORS = str.maketrans({"·": "*", "×": "*", "−": "-", "⋅": "*", "÷": "/", "∂": "d"})


def parse(text, is_name=None):
    """The expression that `text` writes. Raises ExpressionError with the column where it stops making sense.

    `is_name(text)` tells whether the derivative `dA/dB` is a name; without it every `dA/dB` is one. Where it is not,
    the slash divides.
    """
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(text[:40], LONGEST_TEXT, f"longer than {LONGEST_TEXT} characters")
    return _Parser(text, is_name).whole()


class _Parser:
    """Recursive descent over the tokens of one text: sum > product > signed > power > atom."""

    def __init__(self, text, is_name):
        self.text = text
        self.tokens = list(_tokens(text.translate(_OPERATORS), text, is_name))
        self.position = self.depth = 0

    def whole(self):
        expression = self.sum()
        if self.kind() is not None:
            self.fail(f"unexpected {shortened(self.token()[1])}")
        return expression

    def sum(self):
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            self.fail(f"nested deeper than {DEEPEST_NESTING}")
        expression = self.product()
        while self.kind() in ("+", "-"):
            if self.take()[1] == "+":
                expression = expression + self.product()
            else:
                expression = expression - self.product()
        self.depth -= 1
        return expression

    def product(self):
        expression = self.signed()
        while self.kind() in ("*", "/"):
            if self.take()[1] == "*":
                expression = expression * self.signed()
            else:
                expression = expression / self.signed()
        return expression

    def signed(self):
        negative = False
        while self.kind() in ("+", "-"):
            negative ^= self.take()[1] == "-"
        return -self.power() if negative else self.power()

    def power(self):
        base = self.atom()
        if self.kind() not in ("^", "**"):
            return base
        self.take()
        negative = self.kind() == "-"
        if negative:
            self.take()
        if self.kind() != "number" or not self.token()[1].isdigit() or len(self.token()[1]) > 3 \
                or int(self.token()[1]) > HIGHEST_POWER:
            self.fail(f"a power is a whole number up to {HIGHEST_POWER}")
        exponent = int(self.take()[1])
        return base ** (-exponent if negative else exponent)

    def atom(self):
        kind = self.kind()
        if kind == "number":
            text = self.take()[1]
            return Number(int(text) if text.isdigit() and len(text) < 16 else Literal(text))
        if kind == "(":
            self.take()
            inner = self.sum()
            self.expect(")")
            return inner
        if kind == "name":
            name = self.take()[1]
            return self.call(name) if self.kind() == "(" else Name(name)
        if kind is None:
            self.fail("the formula ends where a number or a name should stand")
        self.fail(f"unexpected {shortened(self.token()[1])}")

    def call(self, function):
        if function not in FUNCTIONS:
            self.position -= 1
            self.fail(f"unknown function {shortened(function)}; allowed are {', '.join(FUNCTIONS)}"
                      f"{did_you_mean(nearest(function, FUNCTIONS))}")
        self.expect("(")
        arguments = [self.sum()]
        while self.kind() == ",":
            self.take()
            arguments.append(self.sum())
        expected = FUNCTIONS[function][1]
        if expected is not None and len(arguments) != expected:
            self.fail(f"{function} takes {expected} argument{'s' if expected > 1 else ''}, found {len(arguments)}")
        if function == "max" and not (isinstance(arguments[0], Number) and arguments[0].value == 0):
            self.fail("max is written max(0, x)")
        self.expect(")")
        return Call(function, arguments)

    def token(self):
        return self.tokens[self.position]

    def kind(self):
        return self.tokens[self.position][0]

    def take(self):
        self.position += 1
        return self.tokens[self.position - 1]

    def expect(self, kind):
        if self.kind() != kind:
            self.fail(f"expected {kind!r}")
        self.take()

    def fail(self, reason):
        raise ExpressionError(self.text, self.token()[2], reason)


def _tokens(text, original, is_name):
    """(kind, text, column) of each token; an operator's kind is itself, the end's is None."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(original, position + 1, f"unexpected {shortened(original[position])}")
        kind = match.lastgroup
        if kind == "partial" and is_name is not None and not is_name(match.group()):
            match = re.compile(_NAME).match(text, position)
            kind = "name"
        if kind == "operator":
            yield match.group(), match.group(), position + 1
        elif kind != "space":
            word = match.group()
            yield ("number", word, position + 1) if kind == "number" else ("name", spelled_out(word), position + 1)
        position = match.end()
    yield None, "", len(text) + 1
