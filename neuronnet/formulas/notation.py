"""Reads a formula in the notation of its author: juxtaposed products, raised and lowered signs, code, sums.

What a word means depends on the quantities that the sheet has (`Known`): `wx` is w times x where these are
quantities and `wx` is none, `e^-x` is exp(-x) where e is none, `A^T` a transpose where T is none.
"""

import re

from neuronnet.elementary import Literal
from neuronnet.errors import ExpressionError
from neuronnet.formulas.brackets import Brackets
from neuronnet.formulas.calls import HIGHEST_POWER, SPELLED, Calls, called, raised
from neuronnet.formulas.expressions import (
    ArrayOf,
    Call,
    Compare,
    Expression,
    Inverse,
    Negative,
    Number,
    Product,
    Sum,
    Transpose,
)
from neuronnet.formulas.rewriting import printed, whole_number
from neuronnet.formulas.tokens import (
    DEEPEST_NESTING,
    LONGEST_TEXT,
    MOST_WORK,
    RAISED,
    TOO_LONG,
    WORD_HERE,
    matched_brackets,
    parse_array,
    parse_number,
)
from neuronnet.formulas.words import Words, read_function_head
from neuronnet.formulas.written_names import gradient_of, read_name, written_at

__all__ = [
    "Known",
    "gradient_of",
    "parse",
    "parse_array",
    "parse_number",
    "read_function_head",
    "read_name",
]
RESERVED = {"if", "else", "for", "in", "otherwise", "and", "or", "while", "return"}
HIGHEST_POWER_OF_TEN = 308  # of a number in binary64
HIGHEST_TOWER = HIGHEST_POWER**2  # of a power of a power: the product of the exponents

_PRODUCT = re.compile(r"\*(?!\*)|·|@|⊗|//?")
_COMPARED = re.compile(r"<=|>=|==|!=|[≤≥≠<>]")
_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!="}
_TURNED = re.compile(r"ᵀ|⊤|\^\s*\{?\s*⊤\s*\}?|\.T(?!\w)|\.t\(\)|\.transpose\(\)")
_TURNED_BY_T = re.compile(r"\^\s*(?:T(?!\w)|\{\s*T\s*\})")
_INVERSE_TURNED = re.compile(r"⁻(?:ᵀ|\^\s*[T⊤](?!\w))|\^\s*[{(]?\s*[-−]\s*[T⊤](?!\w)\s*[})]?")
_INDICATOR = re.compile(r"1\s?(?=[\[({][^\[\](){}]*[<>≤≥])")
_ONES = re.compile(r"1(?:ᵀ|⊤|\^\s*\{?\s*[T⊤](?!\w))")
_SMALL = re.compile(r"[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+(?:[·.][⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")
_RAISED = set("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_METHOD = re.compile(
    r"\.(sum|mean|max|min|dot|matmul|mm|exp|log|sqrt|tanh|sigmoid|relu|abs|square|pow|var|std|reshape|softmax"
    r"|flatten|ravel)\("
)
_NO_OP = re.compile(
    r"\.(?:(?:item|copy|detach|clone|numpy|squeeze|float|double)\(\)|astype\([\w.\"']{1,20}\)|data(?!\w))"
)
_SHAPE = re.compile(r"\.(?:shape\[([01])\]|size(?!\w)|numel\(\))")
_NUMBER_BEFORE = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)\s*\Z|\)\s*\Z")
_POINT = re.compile(r"\.(?=[^\W\d]\w*(?!\w*\())")
_CALLS = re.compile(r"(?<![\w.])[^\W\d_]\w*'*\Z")
_TIMES = re.compile(r"[xX](?=\s*[-\d.(])")
_SUM = re.compile(r"[Ss]um_(?:\{|[a-z](?!\w))|\\sum")
_HALVES = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4)}


class Known:
    """What a sheet has: canonical `names`, those of `arrays`, `functions` {name: ([names], Expression)}."""

    def __init__(self, names=(), functions=None, arrays=()):
        self.names, self.functions, self.arrays = set(names), dict(functions or {}), set(arrays)
        self._squeezed = (), {}
        self.log, self.from_zero = "ln", None  # what log means, whether indices begin with 0
        self.of_the_loss: set[str] = set()  # what a loss is computed from, as the distance dp: no gradients
        self.parameters: set[str] = set()  # of functions, which no line gives a value
        self.notes: list[str] = []  # what was found out while reading

    def has(self, name: str) -> bool:
        """Whether a canonical name is that of a quantity."""
        return name in self.names or name in self.arrays

    def without_low_lines(self) -> dict:
        """{a name without its low lines: the name}."""
        sizes = len(self.names), len(self.arrays)
        if self._squeezed[0] != sizes:
            self._squeezed = sizes, {name.replace("_", ""): name for name in [*self.names, *self.arrays]}
        return self._squeezed[1]


def parse(text, known: Known) -> Expression:
    """The Expression that `text`, a str or TextWithColumns, writes in terms of what is `known`.

    Raises ExpressionError with the column where it stops making sense and UnknownName with `column`.
    """
    spelled = text if isinstance(text, str) else text.text
    column_of = (lambda column: column) if isinstance(text, str) else text.column_of
    if len(spelled) > LONGEST_TEXT:
        raise ExpressionError(spelled[:40], column_of(LONGEST_TEXT), TOO_LONG)
    return _Parser(spelled, known, column_of).whole()


class _Parser(Words, Brackets, Calls):
    """Recursive descent over the text: comparison > sum > ⊙ > product > signed > power > atom."""

    def __init__(self, text, known, column_of):
        super().__init__(text, column_of)
        self.known = known
        self.work = self.bars = self.inside = self.trials = 0
        self.tower, self.as_whole = 1, False
        self.indices, self.splits, self.norms = {}, {}, {}
        self.closing = matched_brackets(self.text)

    def whole(self):
        expression = self.formula()
        if self.next():
            self.fail_here()
        return expression

    # Operators, from the loosest

    def formula(self):
        """A comparison, or `a if b else c`."""
        self.deeper()
        expression = self.comparison()
        if self.word("if"):
            condition = self.comparison()
            if not self.word("else"):
                self.fail("expected 'else'")
            expression = self.placed(Call("where", [condition, expression, self.formula()]), self.at)
        self.depth -= 1
        return expression

    def comparison(self):
        start, left = self.at, self.sum()
        sign = self.match(_COMPARED)
        if not sign:
            return left
        return self.placed(Compare(left, _SIGNS.get(sign[0], sign[0]), self.sum()), start)

    def sum(self):
        start, terms = self.at, [(1, self.elementwise())]
        while self.next() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            terms.append((sign, self.elementwise()))
        return terms[0][1] if len(terms) == 1 else self.placed(Sum(terms), start)

    def elementwise(self):
        start, factors = self.at, [("*", self.product())]
        while self.next() == "⊙":
            self.take()
            factors.append(("⊙", self.product()))
        return self.multiplied(factors, start)

    def product(self):
        start, factors = self.at, [("*", self.signed())]
        while True:
            operator = self.match(_PRODUCT) or self.times() or self.point()
            if operator:
                sign = re.sub("[xX.]", "·", operator[0])
                if sign == "//":
                    self.fail("whole division is not read", operator.start())
                factor = self.signed()
            elif self.juxtaposed():
                sign, is_digit, factor = "·", self.next() == "1", self.power()
                if is_digit and factor.format() == "1":  # nobody multiplies by 1 so
                    factor = Call("ones", [])
            else:
                return self.multiplied(factors, start)
            factors.append(("*" if self.as_whole and sign == "·" else sign, factor))

    def multiplied(self, factors, start):
        """The product of factors; one in brackets in front is taken apart where that changes nothing."""
        factors = self.summed_by_ones(factors)
        first = factors[0][1]
        if len(factors) == 1:
            return first
        if isinstance(first, Product) and (first.factors[-1][0] == "⊙") == (factors[1][0] == "⊙"):
            factors = [*first.factors, *factors[1:]]
        return self.placed(Product(factors), start)

    def summed_by_ones(self, factors):
        """Factors in which `1ᵀ A`, a row of ones times A, is the sum over the rows of A, `A 1` that over its
        columns, and `b 1ᵀ` a column for each sample.
        """
        last, is_row = factors[-1][1], _is_row_of_ones(factors[-1][1])
        if len(factors) > 1 and (is_row or last.format() == "ones()"):
            rest = self.multiplied(factors[:-1], self.at)
            return [("*", Call("column", [rest]) if is_row else Call("sum", [rest], {"axis": 1}))]
        for place, (sign, factor) in enumerate(factors[:-1]):
            if _is_row_of_ones(factor) and factors[place + 1][0] in ("·", "@", "*"):
                rest = self.multiplied([("*", factors[place + 1][1]), *factors[place + 2 :]], self.at)
                return [*factors[:place], (sign, Call("sum", [rest], {"axis": 0}))]
        return factors

    def point(self):
        """The point of `w.x + b` between two known names, which is a product."""
        found = self.match(_POINT) if self.next() == "." else None
        if found and not any(self.known.has(each.name) for each in written_at(self.text, self.at)):
            self.at = found.start()
            return None
        return found

    def times(self):
        """An x between numbers or brackets, where it is no quantity."""
        if self.next() not in ("x", "X") or not _NUMBER_BEFORE.search(
            self.text, max(0, self.at - 40), self.at
        ):
            return None
        is_entry = self.next() in self.known.arrays and self.text[self.at + 1 : self.at + 2].isdigit()
        if is_entry or any(self.known.has(each.name) for each in written_at(self.text, self.at)):
            return None
        return self.match(_TIMES)

    def juxtaposed(self):
        """Whether a factor follows without an operator, as in 2(a + b), w1 i1 and (a)0.5."""
        sign = self.next()
        if not sign or sign in "+-*/^,;:)]}=<>≤≥≠!⊙·@⊗'\".":
            return False
        if sign == "|" or sign == "‖":
            return not self.bars
        if sign == "(" and _CALLS.search(self.text, max(0, self.at - 40), self.at) and self.has_comma():
            self.fail("no line says what this function of several is")
        if sign == "𝟏":
            return True
        if sign.isdigit():
            if self.text[: self.at].rstrip()[-1:] in tuple(")]}") or sign in "⁰¹²³⁴⁵⁶⁷⁸⁹":
                return True
            is_one = _ONES.match(self.text, self.at) or _INDICATOR.match(self.text, self.at)
            if is_one or self.is_factor_of_a_name():
                return True
            self.fail("two numbers side by side: a sign is missing between them")
        word = WORD_HERE.match(self.text, self.at)
        return not (word and word[0] in RESERVED)

    def has_comma(self):
        """Whether the bracket that begins here has a comma in it that is in no other."""
        inside = self.text[self.at + 1 : self.closing.get(self.at, self.at)]
        return "," in re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", inside)

    def signed(self):
        start, negative = self.at, False
        while self.next() in ("+", "-"):
            negative ^= self.take() == "-"
        power = self.power()
        return self.placed(Negative(power), start) if negative else power

    def power(self):
        outside, self.tower = self.tower, 1
        start, base = self.at, self.postfixed()
        small = self.small()
        if small:
            base = self.raised(base, small, start)
        elif self.next() == "^" or self.text.startswith("**", self.at):
            is_code = self.next() == "*"
            self.at += 1 + is_code
            base = self.raised(base, self.exponent(), start, is_code)
        self.tower = max(outside, self.tower)
        return base

    def small(self):
        """The number that raised signs write, as in 10⁻⁵ and e⁻⁰·⁵; None where none stand next."""
        small = self.next() in _RAISED and self.match(_SMALL)
        return printed(small[0].translate(RAISED).lstrip("+").replace("·", ".")) if small else None

    def exponent(self):
        self.deeper()
        exponent = self.signed()
        self.depth -= 1
        return exponent

    def raised(self, base, exponent, start, is_code=False):
        whole = whole_number(exponent)
        if whole == -1 and not is_code:
            return self.placed(Inverse(base), start)
        if whole is not None and abs(whole) > HIGHEST_POWER:
            if getattr(base, "value", None) == 10 and abs(whole) <= HIGHEST_POWER_OF_TEN:
                return self.placed(Number(Literal(f"1e{whole}")), start)
            self.fail(f"a whole power is at most {HIGHEST_POWER}")
        self.tower *= max(1, abs(whole or 1))
        if self.tower > HIGHEST_TOWER:
            self.fail(f"a power of powers is at most {HIGHEST_TOWER}")
        if whole == 2 and id(base) in self.norms:
            return self.norms[id(base)].arguments[0]
        return self.placed(raised(base, exponent), start)

    def postfixed(self):
        """An atom with what stands after it: transposes, entries, methods."""
        start, expression = self.at, self.atom()
        for _ in range(DEEPEST_NESTING):
            if self.text[self.at : self.at + 1] == "[" and not isinstance(expression, Number):
                inside = self.text[self.at : self.closing.get(self.at, 0)]
                entry = None if self.is_factor(expression, inside) else self.entry(expression, start)
                if entry is None:
                    return expression
                expression = entry
            elif self.next() not in tuple(".^ᵀ⊤⁻"):
                return expression
            elif self.match(_INVERSE_TURNED):
                expression = self.transposed(Inverse(expression), start)
            elif self.match(_TURNED) or (not self.known.has("T") and self.match(_TURNED_BY_T)):
                expression = self.transposed(expression, start)
            elif self.glued(_NO_OP):
                pass
            else:
                shape, method = self.glued(_SHAPE), self.glued(_METHOD)
                if shape:
                    what = f"shape{shape[1]}" if shape[1] else "size"
                    expression = self.placed(called(what, [expression], {}, True), start)
                    continue
                if not method:
                    return expression
                self.at -= 1
                expression = self.call(SPELLED[method[1]], method[1], start, True, [expression])
        self.fail("too many signs after one another")

    def is_factor_of_a_name(self):
        """Whether a number goes with what follows, as in `eta 2 a`: no name, eta2 or another, is meant."""
        word = re.search(r"([^\W\d_]+) +\Z", self.text[: self.at])
        if word is None or not re.compile(r"\d+(?:\.\d+)? ?(?:[^\W\d_]|\()").match(self.text, self.at):
            return False
        numbered = re.compile(rf"{word[1]}_?\d")
        return self.known.has(word[1]) and not any(map(numbered.match, self.known.names))

    def is_factor(self, expression, inside):
        """Whether a bracket behind an array is the next factor, as in [0.1, 0.2] [3, 4], not its index."""
        if not isinstance(expression, ArrayOf) or ":" in inside:
            return False
        return not (expression.is_matrix and expression.form[1] > 1 and inside[1:].lstrip().startswith("["))

    # Atoms

    def atom(self):
        self.work += 1
        if self.work > MOST_WORK:
            self.fail(f"with its sums written out, more than {MOST_WORK} names and numbers")
        sign, start = self.next(), self.at
        if not sign:
            self.fail("the formula ends where a number or a name should stand")
        if self.match(_INDICATOR):
            return self.group(self.next())
        if sign.isascii() and (sign.isdigit() or sign == "."):
            return self.number()
        if sign in "({":
            return self.group(sign)
        if sign == "[":
            return self.square()
        if sign in "|‖":
            return self.size(start)
        if sign in _HALVES:
            self.at += 1
            upper, lower = _HALVES[sign]
            return self.placed(Product([("*", Number(upper)), ("/", Number(lower))]), start)
        if sign == "√":
            self.at += 1
            return self.placed(Call("sqrt", [self.exponent()]), start)
        if sign == "𝟏":
            self.at += 1
            if self.next() in ("(", "["):  # an indicator, 1[z > 0]
                return self.group(self.next())
            return self.placed(Call("ones", []), start)
        if sign == "Σ" or _SUM.match(self.text, start):
            return self.summed()
        if sign in "d∂∇":
            derivative = self.derivative()
            if derivative:
                return derivative
        if sign.isalpha():
            return self.word_or_call()
        self.fail_here()


def _is_row_of_ones(factor):
    """Whether a factor is 1ᵀ."""
    return isinstance(factor, Transpose) and factor.inner.format() in ("1", "ones()")
