"""Pages of HTML as lines of Markdown: paragraphs, lists, tables, code, and their mathematics as TeX.

What a page says twice, for those who see it and for programs, is taken once.
"""

import re
from html import unescape
from html.parser import HTMLParser

from neuronnet.formulas.tokens import TextWithColumns

_TAGS = (
    "html|body|head|p|div|span|table|tr|t[dh]|su[bp]|br|[uod]l|li|dd|h[1-6]|math|pre|code|em|strong|script"
)
_TAG = re.compile(rf"<(?:!doctype html|/?(?:{_TAGS})(?:\s[^<>]*)?/?)>", re.IGNORECASE)
_BLOCKS = set(
    "p div ul ol li dl dt dd h1 h2 h3 h4 h5 h6 section article blockquote body table tbody thead tfoot "
    "header footer main figure form hr center".split()
)
_TIGHT = set("br li dd div thead tbody tfoot".split())  # no blank line around them
_SKIPPED = set(
    "script style head title svg template noscript textarea select button mjx-math iframe object".split()
)
_TWICE = re.compile(
    r"\b(?:katex-html|MathJax_Preview|MathJax_Display|MathJax_SVG|MathJax_CHTML|mwe-math-fallback)"
)
_CALLED_MATHJAX = re.compile(r"(?:^|\s)MathJax(?:\s|$)")
_PYTHON = re.compile(r"python|\bpy\b|ipython|highlight-source", re.IGNORECASE)
_RAISED = re.compile(r"vertical-align:\s*(super|sub)")
_VOID = set("br img hr input meta link wbr col area base source".split())
FENCE = "~" * 12


def is_page(text):
    """Whether a text is HTML: two tags that pages have, and none of the fences of Markdown."""
    return len(_TAG.findall(text, 0, 200_000)) > 1 and "```" not in text


def lines_of_page(text):
    """(lines of (number, TextWithColumns) in Markdown, what was skipped to the end: number, text, reason)."""
    page = _Page()
    page.has_pictures = "<math" not in text  # else a picture repeats what stands beside it
    page.feed(text)
    page.close()
    page.end_line()
    refused = []
    if page.skipping is not None:
        tag, number = page.skipping[0], page.skipping[2]
        refused.append((number, f"<{tag}>", "this is not closed; what follows in it is not read"))
    return page.lines, refused


class _Page(HTMLParser):
    """Collects the lines of a page; each character keeps its line and column."""

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.lines = []
        self.line = []  # (character, number of its line, column)
        self.skipping = None  # tag, how many are open, line
        self.has_pictures = True  # of formulas, told in words of TeX
        self.math = None  # the MathML elements that are open
        self.raised, self.cells, self.code, self.tex = [], None, 0, None
        self.spans = []  # the tags that the spans open that are open

    # What the parser calls

    def parse_marked_section(self, i, report=1):
        """`<![` without a name is a comment, as in browsers."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if self.skipping is not None:
            if tag == self.skipping[0] and tag not in _VOID:
                self.skipping[1] += 1
        elif self.math is not None:
            self.math.append((tag, found, []))
        elif tag == "math":
            self.math = [(tag, found, [])]
        elif tag == "script" and str(found.get("type", "")).startswith("math/tex"):
            self.tex = "display" if "display" in found["type"] else "inline"
            self.put("$$" if self.tex == "display" else "$", own_line=self.tex == "display")
        elif tag in _SKIPPED or (tag not in _VOID and self.is_said_twice(tag, found)):
            self.skipping = [tag, 1, self.getpos()[0]]
        else:
            if tag == "span":
                style = _RAISED.search(str(found.get("style") or ""))
                tag = {"super": "sup", "sub": "sub"}[style[1]] if style else tag
                self.spans.append(tag)
            self.open(tag, found)

    def handle_startendtag(self, tag, attributes):
        if self.skipping is None and self.math is None:
            self.open(tag, dict(attributes))
        elif self.math is not None and self.skipping is None:
            self.math[-1][2].append((tag, dict(attributes), []))

    def handle_endtag(self, tag):
        if self.skipping is not None:
            self.skipping[1] -= tag == self.skipping[0]
            if not self.skipping[1]:
                self.skipping = None
        elif self.math is not None:
            self.close_math(tag)
        elif self.tex is not None and tag == "script":
            self.put("$$" if self.tex == "display" else "$", own_line=self.tex == "display")
            self.tex = None
        else:
            self.shut(self.spans.pop() if tag == "span" and self.spans else tag)

    def handle_data(self, data):
        if self.skipping is None:
            number, offset = self.getpos()
            for part in re.split(r"(\n)", data):
                if part == "\n":
                    self.character(part, number, offset + 1)
                    number, offset = number + 1, 0
                else:
                    for sign in part:
                        offset += 1
                        self.character(sign, number, offset)

    def handle_entityref(self, name):
        self.entity(f"&{name};")

    def handle_charref(self, name):
        self.entity(f"&#{name};")

    def entity(self, text):
        if self.skipping is None:
            number, offset = self.getpos()
            for sign in unescape(text):
                self.character(sign, number, offset + 1)

    # Lines

    def character(self, sign, number, column):
        if self.math is not None:
            self.math[-1][2].append((sign, number, column))
        elif sign == "\n" and (self.code or self.tex == "display"):
            self.end_line(number)
        else:
            self.line.append((" " if sign in "\n\r\t" and not self.code else sign, number, column))

    def put(self, text, own_line=False):
        number, offset = self.getpos()
        if own_line:
            self.end_line()
        self.line += [(sign, number, offset + 1) for sign in text]
        if own_line:
            self.end_line()

    def end_line(self, number=None):
        """End the line that is being collected; in code, one that is empty as well."""
        signs = self.line if self.code else _trimmed(self.line)
        if signs or self.code:
            at = signs[0][1] if signs else number or self.getpos()[0]
            self.lines.append(
                (at, TextWithColumns("".join(each[0] for each in signs), [each[2] for each in signs]))
            )
        self.line = []

    def open(self, tag, found):
        if tag in ("sub", "sup"):
            while self.line and self.line[-1][0] == " ":
                self.line.pop()
            self.raised.append(tag)
            self.put("_{" if tag == "sub" else "^{")
        elif tag == "pre":
            self.end_line()
            self.put(FENCE + ("python" if _PYTHON.search(_classes(found)) else ""), own_line=True)
            self.code += 1
        elif tag == "code" and self.code and _PYTHON.search(_classes(found)) and not self.line:
            number, line = self.lines[-1]
            self.lines[-1] = (
                number,
                line if line.text.endswith("python") else TextWithColumns(FENCE + "python"),
            )
        elif tag == "tr":
            self.end_line()
            self.cells = 0
        elif tag in ("td", "th") and self.cells is not None:
            self.cells += 1
            self.put("| " if self.cells == 1 else " | ")
        elif (tag in _BLOCKS or tag in ("br", "td", "th")) and not self.code:
            if self.cells:
                self.put(" ")
            else:
                self.end_line()
                if tag not in _TIGHT:
                    self.blank()
        elif tag == "br":
            self.end_line()
        elif tag == "img" and self.has_pictures and "=" in str(found.get("alt", "")):
            self.put(f"${found['alt']}$")

    def shut(self, tag):
        if tag in ("sub", "sup") and self.raised:
            self.raised.pop()
            self.put("}")
        elif tag == "pre" and self.code:
            if self.line:
                self.end_line()
            self.code -= 1
            self.put(FENCE, own_line=True)
        elif tag in ("tr", "table") and self.cells is not None:
            if self.cells == 1:
                self.line = [each for each in self.line if each[0] != "|"]
            elif self.cells:
                self.put(" |")
            self.cells = None
            self.end_line()
            if tag == "table":
                self.blank()
        elif tag in _BLOCKS and not self.cells and not self.code:
            self.end_line()
            if tag not in _TIGHT:
                self.blank()

    def blank(self):
        self.lines.append((self.getpos()[0], TextWithColumns("")))

    # What stands twice

    def is_said_twice(self, tag, found):
        classes = _classes(found)
        hidden = found.get("aria-hidden") == "true" and "katex" in classes
        return (
            hidden
            or bool(_TWICE.search(classes))
            or (tag != "mjx-container" and bool(_CALLED_MATHJAX.search(classes)))
        )

    def close_math(self, tag):
        """Close a MathML element; the outermost becomes TeX between dollar signs."""
        while len(self.math) > 1 and self.math[-1][0] != tag and any(each[0] == tag for each in self.math):
            self.math[-2][2].append(self.math.pop())
        if self.math[-1][0] != tag:
            return
        element = self.math.pop()
        if self.math:
            self.math[-1][2].append(element)
            return
        self.math = None
        display = element[1].get("display") == "block"
        signs = in_tex(element, self.getpos())
        if display and not self.cells:
            self.end_line()
        self.put("$")
        self.line += [(" " if sign in "\n\r\t" else sign, number, column) for sign, number, column in signs]
        self.put("$")
        if display and not self.cells:
            self.end_line()


def _classes(found):
    return str(found.get("class") or "") + " " + str(found.get("data-lang") or found.get("lang") or "")


def _trimmed(signs):
    """Without blanks at both ends, and with one for many in between."""
    kept = []
    for each in signs:
        if not each[0].isspace() or (kept and not kept[-1][0].isspace()):
            kept.append(each)
    while kept and kept[-1][0].isspace():
        kept.pop()
    return kept


# MathML as TeX. An element is (tag, attributes, children), a child an element or (character, line, column).

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
