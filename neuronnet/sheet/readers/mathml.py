r"""MathML as TeX: the annotation that most pages carry, or the elements, `<msub>` as `_{…}`.

An element is (tag, attributes, children); a child is an element or (character, line, column).
"""

_ACCENTS = dict.fromkeys("^ˆ\u0302", "hat") | dict.fromkeys("¯‾_\u0305", "bar") | dict.fromkeys("~˜", "tilde")
_ACCENTS |= {"→": "vec", "⃗": "vec", ".": "dot", "˙": "dot"}
_INVISIBLE = {"\u2061": "", "\u2062": " ", "\u2063": ",", "\u2064": " ", "\u200b": ""}
_GROUPS: dict[str, tuple[str, ...]] = {"msub": ("", "_"), "msup": ("", "^"), "munder": ("", "_")}
_GROUPS |= dict.fromkeys(("msubsup", "munderover", "mmultiscripts"), ("", "_", "^"))
_SPACED = {"mtext", "mspace"}


def in_tex(element, place):
    """The characters of a `math` element as TeX, (character, line, column) each."""
    number, column = place[0], place[1] + 1
    annotation = _annotation(element)
    if annotation is not None:
        return [
            each for each in annotation if len(each) == 3 and isinstance(each[0], str) and len(each[0]) == 1
        ]
    return _Writer(number, column).written(element)


def _annotation(element):
    """The children of the TeX annotation in an element, or None."""
    waiting = [element]
    while waiting:
        tag, attributes, children = waiting.pop()
        if tag == "annotation" and "tex" in str(attributes.get("encoding", "")).lower():
            return children
        waiting += [each for each in children if _is_element(each)]
    return None


def _is_element(each):
    return isinstance(each[2], list)


class _Writer:
    """Writes elements as TeX; signs that it adds stand where the last character stood."""

    def __init__(self, number, column):
        self.place = number, column

    def written(self, element):
        """Everything in an element."""
        tag, attributes, children = element
        inside = [each for each in children if _is_element(each)]
        if tag in _GROUPS and len(inside) >= len(_GROUPS[tag]):
            return self.scripts(inside, _GROUPS[tag])
        if tag == "mover" and len(inside) == 2:
            return self.accent(inside)
        if tag == "mfrac" and len(inside) == 2:
            return [*self.signs(r"\frac"), *self.group(inside[0]), *self.group(inside[1])]
        if tag == "msqrt":
            return [*self.signs(r"\sqrt{"), *self.all(inside), *self.signs("}")]
        if tag == "mroot":
            return self.signs(r"\root ")
        if tag == "mtable":
            return self.table(inside)
        if tag == "mfenced":
            opened, closed = attributes.get("open", "("), attributes.get("close", ")")
            parts = [self.written(each) for each in inside]
            commas = [sign for part in parts[:-1] for sign in [*part, *self.signs(",")]]
            return [*self.signs(opened), *commas, *(parts[-1] if parts else []), *self.signs(closed)]
        if tag in ("annotation", "annotation-xml"):
            return []
        if not inside:
            return self.leaf(tag, children)
        return self.all(inside)

    def all(self, elements):
        return [sign for each in elements for sign in self.written(each)]

    def leaf(self, tag, children):
        """A name, number or sign; names of several letters in braces, what is invisible as a blank."""
        kept = [each for each in children if not each[0].isspace()] if tag not in _SPACED else children
        if kept:
            self.place = kept[-1][1:]
        signs = [(new, *place) for sign, *place in kept for new in _INVISIBLE.get(sign, _escaped(sign))]
        if tag in _SPACED:
            return [*self.signs(" "), *signs, *self.signs(" ")]
        return [*self.signs("{"), *signs, *self.signs("}")] if tag == "mi" and len(kept) > 1 else signs

    def scripts(self, inside, signs):
        pieces = self.written(inside[0])
        if len(pieces) > 1 and inside[0][0] != "mi":
            pieces = [*self.signs("{"), *pieces, *self.signs("}")]
        for sign, each in zip(signs[1:], inside[1:]):
            pieces += [*self.signs(sign), *self.group(each)]
        return pieces

    def accent(self, inside):
        above = "".join(sign for sign, *_ in self.written(inside[1])).strip()
        if above in _ACCENTS:
            return [*self.signs(f"\\{_ACCENTS[above]}"), *self.group(inside[0])]
        return [*self.written(inside[0]), *self.signs("^"), *self.group(inside[1])]

    def table(self, rows):
        pieces = self.signs(r"\begin{matrix}")
        for row in rows:
            cells = [each for each in row[2] if _is_element(each)]
            for number, cell in enumerate(cells):
                pieces += [*(self.signs("&") if number else []), *self.written(cell)]
            pieces += self.signs(r"\\")
        return [*pieces, *self.signs(r"\end{matrix}")]

    def group(self, element):
        return [*self.signs("{"), *self.written(element), *self.signs("}")]

    def signs(self, text):
        return [(sign, *self.place) for sign in text]


def _escaped(sign):
    return f"\\{sign}" if sign in "%#&{}$_" else "\\backslash" if sign == "\\" else sign
