"""What stands in brackets or under a sign of summation: vectors, matrices, entries, norms, sums."""

import re

from neuronnet.elementary import Literal
from neuronnet.errors import UnknownName
from neuronnet.formulas.expressions import ArrayOf, Call, Entry, Number, Power, Transpose, total
from neuronnet.formulas.rewriting import printed
from neuronnet.formulas.tokens import BRACKETS, Scanner, matched_brackets, parse_array

MOST_TERMS = 100  # of a sum over an index
NO_INDEX = "97"  # a number that no written-out name has, but that every array may have
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3}(?![\w.]))?")
_ITEM = re.compile(
    r"\s*(?:-?[0-9]{1,6}(?![.0-9])|-?[0-9]{0,6}:-?[0-9]{0,6}"
    r"|\[[0-9, -]{1,200}\]|None|(?:np\.)?newaxis|[a-z](?!\w)"
    r")\s*(?:,|\Z)"
)
_SUMMED = re.compile(
    r"(?:Σ|[Ss]um|\\sum)(?:_(?:\{(?P<below>[^{}]{1,30})\}|(?P<letter>[a-z](?![\w=]))|(?P<range>[a-z]=\d{1,3}))"
    r"|\^(?:\{(?P<above>[^{}]{1,30})\}|(?P<end>\w{1,3}))){0,2}"
)
_RANGE = re.compile(r"\s*([a-z])\s*(?:=\s*(\d{1,3}|\w+)\s*(?:(?:\.\.+|…|,\s*…\s*,|:|to)\s*(\w{1,3}))?)?\s*")
_LETTERS = re.compile(r"\s*([a-z])\s*,?\s*([a-z])\s*")
_SIZES = re.compile(r"(?:_\{?[2F]\}?|₂)")


def terms_from(text: str, start: int) -> tuple[list[int], int]:
    """(the positions of + and - between the terms that begin at a position, where the last of them ends)."""
    closing, signs, at = matched_brackets(text), [], start
    while at < len(text) and text[at] not in ")]}":
        signs += [at] if text[at - 1 : at + 2] in (" + ", " - ", " − ") else []
        at = closing.get(at, at) + 1
    return signs, at


class Brackets(Scanner):
    """The part of a parser that knows brackets and sums."""

    def number(self):
        start, match = self.at, _NUMBER.match(self.text, self.at)
        if match is None:
            self.fail_here()
        word = match[0]
        if re.fullmatch(r"\d+e\d+", word) and self.known.has(word[word.index("e") :]):
            word = word[: word.index("e")]
        self.at += len(word)
        comma = re.compile(r",\d+(?![\d.,])").match(self.text, self.at)
        if comma and word.isdigit() and not self.inside:
            word, self.at = f"{word}.{comma[0][1:]}", comma.end()
        if re.match(r"\.\d", self.text[self.at : self.at + 2]) or (word.endswith(".") and self.next() == "."):
            self.fail("a number with two points")
        is_whole = word.isdigit() and len(word) < 16
        return self.placed(Number(int(word) if is_whole else Literal(word)), start)

    def group(self, opening):
        """What stands in brackets; with commas, the entries of a vector."""
        start = self.at
        bars, self.bars = self.bars, 0
        items = self.items(BRACKETS[opening])
        self.bars = bars
        if len(items) == 1:
            return items[0]
        text = self.text[start + 1 : self.at - 1]
        if re.search(r"[^.\d]\d+,\d+[^.\d]", f" {text} ") and parse_array(f"({text})") is None:
            number = re.search(r"\d+,\d+", text)[0]
            self.fail(f"is {number} one number? write ; between entries and . in numbers", start)
        return self.placed(ArrayOf(items), start)

    def items(self, closing):
        """The formulas between commas up to a bracket."""
        self.at += 1
        self.inside += 1
        found = [self.formula()]
        while self.next() in (",", ";"):
            self.take()
            if self.next() != closing:
                found.append(self.formula())
        self.inside -= 1
        self.expect(closing)
        return found

    def square(self, is_row=False):
        """`[a, b]`, `[[a, b], [c, d]]`, `[0.1 -0.2]` and `[a, b; c, d]`; `[a + b]` alone is a + b."""
        start, end = self.at, self.closing.get(self.at)
        if end is None:
            self.fail("this bracket is not closed")
        numbers = None if is_row else parse_array(self.text[start : end + 1])
        if numbers is not None and (len(numbers) > 1 or isinstance(numbers[0], list)):
            self.at = end + 1
            self.work += len(numbers)
            rows = [list(map(printed, row)) if isinstance(row, list) else printed(row) for row in numbers]
            return self.placed(ArrayOf(rows), start)
        self.at += 1
        self.inside += 1
        rows, row = [], []
        while self.next() != "]":
            inner = self.closing.get(self.at) if self.next() == "[" else None
            after = self.text[inner + 1 : end + 1].lstrip()[:1] if inner is not None else ""
            is_list = after and after in ",;][" and not is_row
            row.append(self.square(True) if is_list else self.formula())
            sign = self.next()
            if sign in (",", ";"):
                self.take()
            elif sign != "]" and not (sign == "[" and isinstance(row[-1], list)):
                self.fail_here("expected ',' or ']'")
            if sign == ";" or (sign == "]" and rows):
                rows, row = [*rows, row], []
        self.inside -= 1
        self.at += 1
        if is_row:
            return row
        rows = row if not rows else rows if len(rows) > 1 else rows[0]
        if not rows:
            self.fail("an array without entries", start)
        lists = [each for each in rows if isinstance(each, list)]
        if not lists and len(rows) == 1:
            return rows[0]
        if lists and (len(lists) < len(rows) or len({len(each) for each in lists}) > 1 or not lists[0]):
            self.fail("the rows of a matrix have the same number of entries", start)
        return self.placed(ArrayOf(rows), start)

    def size(self, start):
        """`|x|`, and `‖x‖` or `||x||`, the length of a vector."""
        sign = "||" if self.text.startswith("||", self.at) else self.next()
        self.at += len(sign)
        self.deeper()
        bars, self.bars = self.bars, 1
        inner = self.sum()
        self.bars = bars
        self.depth -= 1
        self.next()
        if not self.text.startswith(sign, self.at):
            self.fail_here(f"expected {sign!r}")
        self.at += len(sign)
        if sign == "|":
            return self.placed(Call("abs", [inner]), start)
        self.glued(_SIZES)
        norm = Call("sqrt", [Call("sum", [Power(inner, 2)])])
        self.norms[id(norm)] = norm
        return self.placed(norm, start)

    def entry(self, base, start):
        """`base[1, 2]`; None where what stands in the brackets is no index."""
        end = self.closing.get(self.at, 0)
        inside, indices, position, zero = self.text[self.at + 1 : end], [], 0, None
        while position < len(inside):
            match = _ITEM.match(inside, position)
            item = match and match[0].strip(" ,")
            if match is None or (item.isalpha() and item not in (*self.indices, "None", "newaxis")):
                return None
            zero = True if ":" in item and item != ":" or item[0] in "-0" else zero
            indices.append(self.index(item))
            position = match.end()
        if not 1 <= len(indices) <= 2:
            return None
        self.at = end + 1
        if "new" in indices:
            form = "column" if indices[-1] == "new" and len(indices) > 1 else "row"
            return self.placed(Call(form, [base]), start)
        return self.placed(Entry(base, indices, zero), start)

    def index(self, item):
        if item == ":":
            return None
        if ":" in item:
            return tuple(int(each) if each else None for each in item.split(":"))
        if item[0] == "[":
            return [int(each) for each in re.findall(r"-?\d+", item)]
        if item in self.indices:
            return int(self.indices[item])
        return "new" if item.isalpha() or "." in item else int(item)

    def transposed(self, expression, start):
        """A row that is written out and transposed is a column; everything else is turned."""
        rows = expression.rows if isinstance(expression, ArrayOf) and not expression.is_matrix else ()
        if rows and not any(getattr(each, "name", None) in self.known.arrays for each in rows):
            return self.placed(ArrayOf([[entry] for entry in rows]), start)
        return self.placed(Transpose(expression), start)

    def summed(self):
        """`Σ_k w_k x_k`: written out where the bounds or the names show the index, else of whole arrays."""
        start, match = self.at, self.match(_SUMMED)
        below = match["below"] or match["letter"] or match["range"] or self.index_left_out()
        if below is None:
            return self.placed(Call("sum", [self.elementwise()]), start)
        bounds, letters = _RANGE.fullmatch(below), _LETTERS.fullmatch(below)
        if bounds is None and letters is None:
            self.fail("a sum is written Σ_{k=1}^{3} or Σ_{i,j}", start)
        found = bounds[1] if bounds else letters[1] + letters[2]
        if set(found) & set(self.indices) or len(set(found)) < len(found):
            self.fail("two sums over the same index", start)
        first, last = (bounds[2] or "", bounds[3]) if bounds else ("", "")
        last = last or match["above"] or match["end"] or ""
        self.deeper()
        outer = self.indices
        if first.isdigit() and last.isdigit():
            terms = self.terms(found, range(int(first), int(last) + 1), start)
        else:
            terms = self.open_terms(found, int(first) if first.isdigit() else None)
        self.indices, self.splits = outer, {}
        self.depth -= 1
        return total(terms)

    def index_left_out(self):
        """The index of `Σ (y_i - ŷ_i)²`: a letter below a name that is unknown with it."""
        if self.trials:
            return None  # within another trial each level would double the work
        before = self.at, self.depth, self.inside, self.bars, self.tower
        self.trials += 1
        try:
            self.elementwise()
        except UnknownName as error:
            letter = error.name.rpartition("_")[2]
            return letter if len(letter) == 1 and letter.isalpha() else None
        finally:
            self.trials -= 1
            self.at, self.depth, self.inside, self.bars, self.tower = before

    def terms(self, letter, values, start):
        if not 1 <= len(values) <= MOST_TERMS:
            self.fail(f"a sum has 1 to {MOST_TERMS} terms", start)
        body, outer = self.at, self.indices
        return [self.term(body, outer, letter, str(value)) for value in values]

    def term(self, body, outer, letters, value):
        """The product that begins at `body`, with a value for the first index; summed over a second one."""
        self.at, self.splits, self.indices = body, {}, {**outer, letters[0]: value}
        if len(letters) == 1:
            return self.elementwise()
        if value == "":
            self.indices = {**self.indices, letters[1]: ""}
            return self.elementwise()
        return total(self.open_terms(letters[1], None))

    def open_terms(self, letters, first):
        """Terms for as many values of an index as there are names; of arrays, one sum over their entries."""
        body, outer, found, end = self.at, self.indices, [], self.at
        is_open = self.tried(body, outer, letters, NO_INDEX) is not None
        for value in () if is_open else (0, 1) if first is None else (first,):
            while len(found) < MOST_TERMS:
                term = self.tried(body, outer, letters, str(value))
                if term is None:
                    break
                found, end, value = [*found, term], self.at, value + 1
            if found:
                self.at = end
                return found
        return [Call("sum", [self.whole_term(body, outer, letters)])]

    def whole_term(self, body, outer, letters):
        """A term with whole arrays in place of their entries, all of which have the same indices."""
        before, self.as_whole = self.as_whole, True
        left_out = outer.get("", set())
        term = self.tried(body, {**outer, "": left_out}, letters, "")
        self.as_whole = before
        if term is None:
            self.at, self.splits, self.indices = body, {}, outer
            self.elementwise()  # raises for the name as it stands
        if term is None or len(left_out) > 1:
            self.fail(
                "this sum is over arrays with different indices: write it as a product or its terms", body
            )
        return term

    def tried(self, body, outer, letters, value):
        """A term, or None where one of its names is unknown."""
        before = self.depth, self.inside, self.bars, self.tower
        self.trials += 1
        left_out = set(outer.get("", ()))
        try:
            return self.term(body, outer, letters, value)
        except UnknownName:
            self.depth, self.inside, self.bars, self.tower = before
            return None
        finally:
            self.trials -= 1
            if value and "" in outer:
                outer[""].clear()
                outer[""].update(left_out)
