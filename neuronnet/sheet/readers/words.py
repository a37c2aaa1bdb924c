"""The words around claims, in the languages of those who write them: what leads to a claim, what follows it,
what is a remark, what is prose, and what says where a pass or a sample begins.
"""

import re
from collections import Counter

from neuronnet.formulas.tokens import GREEK

# Short words; longer ones need no table.
_SHORT = set(
    "a an as at be by do if in is it of on or so to up we am zu so es an ab um im da ist wir der die das mit "
    "le la les un une et ou on de du en est par au se el los las un una es y o si no al con por lo que "
    "os as um uma e é da em na no ao à и в с на по то 是 得 令 设 有 则".split()
)
CONDITIONS = set("if when where wenn falls sobald si cuando sinon se quando если for für pour para".split())
JOINING = (
    "and with where so thus hence und mit wobei sowie et avec où donc y con donde e com onde и где".split()
)
_OF_FORMULAS = set("if else otherwise for and or mod in otherwise sonst sinon sino senão".split())
_QUANTITIES = set("net out eta lr".split()) | set(GREEK.values())  # never a word before a name
_TYPES = set("int float double str bool list tuple dict string number tensor ndarray any".split())

_LETTERS = r"[^\W\d_]"
_WORD = re.compile(rf"(?<![\w\\{{}}^.']){_LETTERS}+(?:[-'’]{_LETTERS}+)?(?![\w(\[{{^])")
_LABEL = re.compile(
    rf"\s*(?=[^:]*{_LETTERS}{{2}}|[^:]*[\u3040-\u9fff])[^=:+*/^\[\]{{}}|<>$\\]{{1,80}}?\s?:(?!=)(?:\s+|(?<=[^\x00-\u2fff]:))"
)
_STEP = re.compile(
    rf"\s*{_LETTERS}{{2,}}\s*\d{{1,3}}\s*[.)\-–—:]\s+|\s*\(?\d{{1,3}}(?:\.\d{{1,2}})?[.)]\s+(?={_LETTERS}{{2}})"
)
_TOKEN = re.compile(
    rf"\s*({_LETTERS}+(?:[-'’]{_LETTERS}+)?)(?:\s+\d{{1,3}}(?=[.):,]))?[.)]?[,;:]?\s+(?=[^\s=+*/^·×⋅∙)\]}}<>≤≥|-])"
)
_HEAD = re.compile(r"[^\W\d_]|[∂∇Δ√\\$(|‖\[]")
_NAME = re.compile(
    r"(?<![\w.\\^{])((?:∂\s?)?[^\W\d][\w']*(?:_\{[^{}]{1,20}\}|\^[({\[<][^\s]{1,9}[)}\]>])*)\s*(?::=|[-+*/]?=(?!=)|≈|←)"
)
_OPERAND = re.compile(
    r"[-+*/^·×⋅∙(@]\s*([^\W\d]\w*)(?!\w)|(?<![\w ])([^\W\d]\w*)\s*(?:[-+*/^·×⋅∙@]|\)|[:+-]?=)"
)
_NUMBER = r"[-+−]?\s?(?:\d+(?:[.,]\d+)?|\.\d+)(?:\s?%|e[-+]?\d+)?|\[[-+−\d.,;\s]*\]"
_STATED = re.compile(
    rf"(?P<before>{_LETTERS}+|[,:;(])\s*(?P<claim>(?<![\w.])(?:∂\s?)?{_LETTERS}[\w']*(?:_\{{\w{{1,20}}\}})?\s*[=≈]\s*(?:{_NUMBER}))"
    rf"(?=\s*[,;:)]|\s*\.?\s+{_LETTERS}{{2}}|\s*\.?\s*\Z)"
)
_JOINS = re.compile(rf"[=≈]\s*(?:{_NUMBER})[,;]?\s+({'|'.join(JOINING)})[ \t]+(?:{_LETTERS}+[ \t]+){{0,4}}\Z")
_AFTER_NUMBER = re.compile(
    rf"(?:(?<=[\d\])}}ᵀ])|(?<=\^T))\s*(?:,|–|-|—|\.)?\s+(?={_LETTERS}{{2,}}(?![\w(\[{{^]))"
)
_INDEX_RANGE = re.compile(r"\s*[a-zA-Z]\s*=\s*\d+\s*,?\s*(?:\d+\s*,\s*)?(?:…|\.\.\.?|\\[lc]?dots|,\\ldots).*")
_PRINTED = re.compile(
    r"\s*(?P<name>[^\W\d][\w.']{0,30}(?:\[\d[\d,\s]{0,9}\])?)\s*:\s*(?P<value>\[.*\]|[-+−]?\d+[.,]\d+(?:e[-+]?\d+)?)\s*",
    re.DOTALL,
)

# A heading that says which pass, sample or part follows.
PASSES = (
    "epoch epoche époque época эпоха iteration iteración iteração itération итерация durchgang pass 轮 迭代"
)
_PASSES = rf"(?:{'|'.join(PASSES.split())}|update|schritt der aktualisierung)s?n?"
_SAMPLES = (
    r"(?:sample|example|beispiel|muster|exemple|échantillon|ejemplo|muestra|exemplo|amostra|пример|样本)"
)
_FIRST = "first 1st erste[nr]? premi[eè]re? primera? primeir[ao] перв.."
_LATER = (
    "second 2nd zweite[nr]? deuxième seconde "
    "segund[ao] вторая второй third 3rd dritte[nr]? troisième tercera? terceir[ao] третья третий fourth 4th"
)
_HEADING = re.compile(
    rf"[\W_]*(?:(?:the|die|der|das|la|le|el|a|o)\s+)?(?:(?:{'|'.join(_FIRST.split())}|(?P<later>{'|'.join(_LATER.split())}))\s+)?"
    rf"(?:(?P<pass>{_PASSES})|(?P<sample>{_SAMPLES}))(?:\s*(?:n[o°º.]*|#|nr\.?|t\s*=)?\s*(?P<count>\d{{1,6}}))?"
    r"(?:\s*[-–—(:,].{0,80}|\s*)[\W_]*|\W*第[\d一二三四]{1,4}(?:(?P<round>轮|次迭代)|(?P<one>个样本)).*",
    re.IGNORECASE,
)


class Vocabulary:
    """Which words of a sheet are names: `names` stand before a sign of equality, `operands` beside others.

    `joining` are the words, some of them names as well, that lead from a number to a claim of a new name;
    `functions` are no words of prose either.
    """

    def __init__(self, text="", functions=()):
        found = {}
        for match in _NAME.finditer(text):
            found.setdefault(match[1].removeprefix("∂").strip(), match.start())
        self.names, self.functions = set(found), functions
        before = (_JOINS.search(text[max(0, place - 100) : place]) for place in found.values())
        self.joining = {match[1] for match in before if match}
        self.count = Counter(re.findall(r"[^\W\d]\w*", text))
        self.operands = {one or other for one, other in _OPERAND.findall(text)}

    def is_word(self, text):
        """Whether a word is one of prose: no name of the sheet, no function, no Greek letter in words."""
        if text in self.names or text in self.functions or text in _QUANTITIES:
            return False
        return (len(text) > 2 or text.lower() in _SHORT) and text not in _OF_FORMULAS or ord(text[0]) > 0x2FFF

    def is_prose(self, text):
        """Whether two words of prose stand beside one another in a text."""
        found = list(_WORD.finditer(text))
        for one, other in zip(found, found[1:]):
            if text[one.end() : other.start()].strip(" ,;:'’") == "" and len(one[0]) + len(other[0]) > 3:
                if self.is_word(one[0]) and self.is_word(other[0]):
                    return True
        return False

    def lead(self, head):
        """How many characters before a claim's first sign of equality lead to the claim."""
        at, text = 0, head
        while label := _LABEL.match(text) or _STEP.match(text):
            if not _HEAD.match(text[label.end() :]):
                break
            at, text = at + label.end(), text[label.end() :]
        if text.strip().lower() in _TYPES:
            return 0
        ends, words = [0], []
        while token := _TOKEN.match(text, ends[-1]):
            word = token[1]
            short = (
                len(word) == 1
                and word not in {"I"} - self.names
                and (word in self.names or word.lower() not in _SHORT)
            )
            if (
                short
                or not (
                    self.is_word(word)
                    or word in _QUANTITIES
                    or word == "I"
                    or (words and word == "in")
                    or (word in self.functions and "," in token.group())
                )
                or not _HEAD.match(text[token.end() :])
            ):
                break
            ends.append(token.end())
            words.append(word)
        while words and (words[-1] in _QUANTITIES or (len(words) == 1 == len(words[0]) and words[0] != "I")):
            words.pop()
            ends.pop()
        return at + ends[-1]

    def ends_a_phrase(self, name):
        """Whether what should be a name behind words is one of them: it stands beside no operator."""
        return name.isalpha() and len(name) > 3 and name not in _QUANTITIES | self.operands

    def tail(self, last):
        """Where the words begin that follow the number at the end of a claim; None where none do."""
        for match in _AFTER_NUMBER.finditer(last):
            rest = last[match.end() :]
            words = re.findall(r"[^\W\d_]+", rest)
            is_odd = rest.count("(") != rest.count(")")
            if words and self.is_word(words[0]) and not is_odd and not re.search(r"[=*/^+·×]|\s-\s", rest):
                return match.start()
        return None

    def stated(self, text):
        """(start, end) of each `name = number` inside of prose whose name is used elsewhere in the sheet."""
        found = []
        for match in _STATED.finditer(text):
            name = re.match(r"[^\W\d]\w*", match["claim"].lstrip("∂ "))
            if match["before"].lower() not in CONDITIONS and name and self.count[name[0]] > 1:
                found.append(match.span("claim"))
        return found


def is_index_range(text):
    """Whether a text only says what an index runs through: `i = 1, …, n`."""
    return _INDEX_RANGE.fullmatch(text) is not None


def printed_below(text):
    """(end of the name, start of the value) of `name: value` as programs print it; None for anything else."""
    match = _PRINTED.fullmatch(text)
    if match is None or heading(match["name"]) or heading(text) or match["name"] in _TYPES:
        return None
    return match.end("name"), match.start("value")


def heading(text):
    """What begins under a heading such as `Zweite Iteration`: "pass", "part" for the first or one without a
    number, "sample"; None for what is no heading.
    """
    match = _HEADING.fullmatch(text)
    if match is None or not (match["pass"] or match["round"]):
        return None if match is None else "sample"
    return "pass" if match["later"] or match["round"] or int(match["count"] or 0) > 1 else "part"
