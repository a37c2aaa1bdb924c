"""Words in a formula: quantities, entries of arrays, derivatives, gradients."""

import re

from neuronnet.elementary import Literal
from neuronnet.errors import UnknownName
from neuronnet.formulas.expressions import Call, Entry, Name, Number, Transpose
from neuronnet.formulas.tokens import MODULES, MOST_WORK, WORD_HERE, Scanner, unified
from neuronnet.formulas.written_names import gradient_of, known_form, read_name, spelled_like, written_at

_SELF = re.compile(r"self\.(?=[A-Za-z])")
MODULE = re.compile(rf"(?:{'|'.join(sorted(MODULES))})\.(?=[A-Za-z])")
_OVER, _OVER_D = re.compile(r"\s*/\s*∂\s*"), re.compile(r"\s*/\s*d")
_BY = re.compile(r"∇_(?:\{([^{}]{1,60})\}|(?=\w))|∇\s*")
_SAMPLE = re.compile(r"\[[0-9,]{1,20}\](?:@[0-9]{1,9})?")
PI = Number(Literal("3.14159265358979323846264338327950288419716939937510582097494"))


class Words(Scanner):
    """The part of a parser that knows words."""

    def word_or_call(self):
        start = self.at
        if self.match(_SELF):
            return self.quantity(start)
        module = MODULE.match(self.text, start)
        while module and not self.known.has(module[0][:-1]):
            self.at = module.end()
            module = MODULE.match(self.text, self.at)
        is_code = self.at > start
        word = WORD_HERE.match(self.text, self.at)
        if is_code and word and word[0] in ("pi", "e", "newaxis"):
            self.at = word.end()
            return self.placed(PI if word[0] == "pi" else Call("exp", [Number(1)]), start)
        return self.function(start, is_code) or self.quantity(start)

    def quantity(self, start, text=None):
        """The name at hand, an entry of an array whose name it begins with, or the first of several names."""
        ways = written_at(text or self.text, 0 if text else self.at, self.indices)
        if not ways:
            self.fail_here()
        for each in ways:
            by_letter = each.transposed and re.search(r"\^\{?\s*(?:\[\w+\])?T", self.text[start : each.end])
            is_array = bool({"T", each.name} & self.known.arrays)
            if by_letter and self.known.has("T") and not is_array:
                continue
            sample = None if text else self.of_sample(each)
            found = self.meaning(each.name) if sample is None else Name(sample.name)
            if found is not None:
                return self.quantity_of(found, sample or each, start)
        cut = None if text else self.split(self.at)
        if cut and cut[1] < ways[0].end:
            word = self.text[self.at : cut[1]]
            name = known_form(written_at(word, 0)[0].name, self.known)
            if name is None:  # a function, its brackets left out
                self.at = cut[1]
                return self.call(self.spelled(word), word, start, False)
            self.at = cut[1]
            return self.placed(Name(name), start)
        unknown = ways[0] if re.search(r"\^[(\[<]", ways[0].name) else ways[-1]
        self.unknown(unknown.name, start, ways[-1].end)

    def meaning(self, name):
        """The Name or Entry that a canonical name stands for; None where nothing has it."""
        form = known_form(name, self.known)
        if form is not None:
            return Name(form)
        base, digits = name.rstrip("0123456789_"), []
        for cut in range(len(name) - 1, len(base) - 1, -1):
            rest = name[cut:]
            if not rest[0].isdigit() and rest[0] != "_":
                break
            array = self.array(name[:cut].rstrip("_"))
            if array and rest.strip("_"):
                digits = rest.strip("_").split("_") if "_" in rest.strip("_") else list(rest.strip("_"))
                return Entry(Name(array), [int(each) for each in digits], True if "0" in digits else None)
        return None

    def array(self, name):
        """The known array by a name, or by it with a capital: `w_12` is an entry of W."""
        for each in (name, name[:1].upper() + name[1:], "d" + name[1:2].upper() + name[2:]):
            form = each and known_form(each, self.known)
            if form and ({form, gradient_of(form, self.known), form.removeprefix("Δ")} & self.known.arrays):
                return form
        return None

    def quantity_of(self, found, written, start):
        self.at = written.end
        for part in found.parts():
            part.column = self.column_of(start + 1)
        found = self.placed(found, start)
        if written.power is not None:
            found = self.raised(found, Number(written.power), start)
        return self.placed(Transpose(found), start) if written.transposed else found

    def split(self, start):
        """(pieces, end of the first) of the fewest known names that a word is made of; None for none."""
        if start not in self.splits:
            self.splits[start] = None
            word = WORD_HERE.match(self.text, start)
            if word and word.end() - start <= 40:
                self.splits[start] = min(self.cuts(start, word.end()), default=None)
        return self.splits[start]

    def cuts(self, start, end):
        ways = written_at(self.text, start, self.indices)
        whole = next((each.end for each in ways if self.meaning(each.name)), None)
        if whole is not None or self.calls(self.text[start:end], end):
            yield 1, whole or end
        for cut in range(end - 1, start, -1):
            self.work += 1
            word = self.text[start:cut]
            whole = [each for each in written_at(word, 0) if each.end == len(word)]
            if whole and (known_form(whole[0].name, self.known) or self.is_bare(word)):
                rest = self.split(cut)
                if rest:
                    yield 1 + rest[0], cut

    def unknown(self, name, start, end):
        if self.text[end:].lstrip()[:1] == "(" and not self.trials and not self.known.has(name):
            self.unknown_function(name, start)
        if self.work > MOST_WORK:
            self.fail("too many words that are no names")
        error = UnknownName(name, () if self.trials else sorted(self.known.names | self.known.arrays))
        error.column = self.column_of(start + 1)
        raise error

    def derivative(self):
        """`∂A/∂B`, `dA/dB` or `∇_B A`; None where none begins here."""
        start, sign = self.at, self.next()
        if sign == "∇":
            return self.gradient(start)
        above = self.text[start + 1 :]
        first = start + 1 + len(above) - len(above.lstrip()) if sign == "∂" else start + 1
        for upper in self.written(first):
            slash = (_OVER if sign == "∂" else _OVER_D).match(self.text, upper.end)
            lower = self.written(slash.end()) if slash else []
            if not lower:
                continue
            below = next((each for each in lower if self.meaning(each.name)), lower[-1])
            own = any(self.known.has("d" + each.name) for each in (upper, *lower))
            if sign == "d" and own and not (self.meaning(upper.name) and self.meaning(below.name)):
                continue  # the slash divides one name by another
            found = self.derivative_by(upper.name, below.name, first, slash.end(), start, below.end)
            is_turned = upper.transposed != below.transposed  # ∂L/∂Wᵀ is (∂L/∂W)ᵀ
            return self.placed(Transpose(found), start) if is_turned else found
        if sign == "∂":
            ways = written_at(self.text, first)
            form = ways and known_form("d" + ways[0].name, self.known)
            if not form:
                if above.lstrip()[:1] in ("²", "^"):
                    self.fail("a second derivative is written ∂²L/∂w² or ∂²L/∂v∂w", start)
                self.fail("a derivative is written ∂A/∂B", start)
            self.at = ways[0].end
            return self.placed(Name(form), start)
        return None

    def of_sample(self, written):
        """The name with the sample that stands after it, `net_h1[2]`, where that is a name; else None."""
        sample = _SAMPLE.match(self.text, written.end)
        name = written.name + sample[0] if sample else None
        return written._replace(name=name, end=sample.end()) if name and self.known.has(name) else None

    def written(self, start):
        return [self.of_sample(each) or each for each in written_at(self.text, start, self.indices)]

    def derivative_by(self, above, below, first, second, start, end):
        found = []
        for name, place in ((above, first), (below, second)):
            like = spelled_like(name, self.known)
            part = Name(like) if like else self.meaning(name)
            if part is None:
                self.unknown(name, place, end)
            found.append(part)
        names = [part.parts()[0].name if part.parts() else part.name for part in found]
        above, below = (part.indices if part.parts() else [] for part in found)
        is_row = above and not below and names[1] in self.known.arrays  # ∂p_1/∂z
        indices = [*above, *below, *[None] * bool(is_row)]
        expression = self.placed(Name(f"d{names[0]}/d{names[1]}"), start)
        self.at = end
        return self.placed(Entry(expression, indices), start) if indices else expression

    def gradient(self, start):
        by = _BY.match(self.text, start)
        if by[1] is None:
            ways = written_at(self.text, by.end(), self.indices)
            name, end = (ways[0].name, ways[0].end) if ways else (None, by.end())
        else:
            name, end = read_name(by[1]), by.end()
        if name is None:
            self.fail("a gradient is written ∇_W L", start)
        spaces = len(self.text[end:]) - len(self.text[end:].lstrip())
        loss = written_at(self.text, end + spaces) if "_" in by[0] else []
        if loss and self.known.has(loss[0].name):
            return self.derivative_by(loss[0].name, name, end + spaces, by.end(), start, loss[0].end)
        if not self.known.has(name):
            self.unknown(name, start, end)
        self.at = end
        return self.placed(Name("grad_" + name), start)


def read_function_head(text: str) -> tuple[str, list[str]] | None:
    """("f", ["v"]) for "f(v)", also for "def f(u, v):"; None for anything else."""
    if not isinstance(text, str):
        text = text.text
    match = re.fullmatch(r"\s*(?:def\s+)?([^()]{1,60}?)\s*\(([^()]{1,200})\)\s*:?\s*", unified(text))
    name = None if match is None else read_name(match[1])
    if match is None or name is None:
        return None
    parameters = [each for each in map(read_name, match[2].split(",")) if each is not None]
    return (name, parameters) if len(parameters) == match[2].count(",") + 1 else None
