"""How people spell: signs of equality, values after an update, percent, decimal commas; and the words around
claims, in their languages: what leads to a claim, what follows it, what is prose, where a pass begins.

What else is spelled in many ways is read by formulas/notation.py. Each character keeps its author's column.
"""

import re
from collections import Counter
from html import unescape

from neuronnet.formulas.tokens import GREEK, TextWithColumns
from neuronnet.names import WORD

ENTRY = rf"{WORD}(?:_\{{\w{{1,20}}\}})?(?:\[[\d,\s]{{1,20}}\])?(?:@\d{{1,9}}|\^?\+|⁺|\^\{{\+\}})?"
EQUALITY = r"[=≈≅≃≡≐≔≜≝→←]|<-(?!>)|\\(?:approx|simeq|cong|equiv|doteq|to|rightarrow|gets|leftarrow)\b"
EQUALS = re.compile(rf"{EQUALITY}|\s~\s")
_PLAIN = str.maketrans("：，；（）＝＋－％⁄∕。、", ":,;()=+-%//;,")
_UNSEEN = re.compile("[∴\u20d7\u200b-\u200d\u2060\ufeff\u00ad]")
_MARKUP = re.compile(
    r"(?<![\w*)\]])\*\*(?=[^\s*])(?P<bold>[^*]{1,200}?)(?<=[^\s*])\*\*(?![\w*(])|`(?P<code>[^`]{1,400})`|\A\s{0,3}>{1,2}\s+"
    r"|(?:(?<=\s)|\A)\*(?=[^\s*])(?P<italic>[^*]{1,300}=[^*]{1,300}?)(?<=[^\s*])\*(?=[\s.,;:]|\Z)"
    r"|</?(?:b|i|em|strong|u|var|code|tt|span|font|p|small|big|center)(?:\s[^<>]{0,200})?>|<br\s?/?>"
    r"|<su(?P<level>[bp])>(?P<script>[^<>]{1,40})</su[bp]>"
)
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_STATED_WITH_COMMA = re.compile(r"[=≈]\s*[-−]?[0-9]{1,15},[0-9]{1,15}\s*(?=[;=≈|(\n]|,?\s|\.?\Z|[.,;]\s)")
_POINT = re.compile(r"[0-9]\.[0-9]")
_TEX_SIGNS = dict(
    zip(
        "partial cdot times delta eta sigma approx alpha theta leftarrow odot "
        "top sum Delta lambda beta prime hat le ge".split(),
        "∂⋅×δησ≈αθ←⊙⊤∑Δλβ′^≤≥",
    )
)
_TEX_SIGNS |= dict.fromkeys(
    "quad frac dfrac tfrac left right text mathrm mathbf big Big operatorname boldsymbol".split(), ""
)
_TEX_OR_SIGN = re.compile(r"\\(?P<command>[A-Za-z]+)|\\(?P<sign>.)|(?P<dropped>[\s{}_^\u200b])|.")
_SAME_SIGN = str.maketrans("−·∙*", "-⋅⋅∗")
_BEFORE_A_COPY = " \t\xa0([:,;\"'"


def _hundredth(match):
    digits = match["whole"].zfill(3)
    return f"{digits[:-2].lstrip('0') or '0'}.{digits[-2:]}{match['part'] or ''}"


def _without_point(match):
    """`⊙` for the `.*` of Octave and Julia, `2*` for `2.*`, `exp(` for `exp.(`."""
    return (match[1] or "") + ("⊙" if match[2] == "*" and not match[1] else match[2] or "")


_PAIR = r"[^\W\d]\w*=[-−]?\d*[.,]?\d+"
_OF_IT = r"[^\W\d_]\w*(?:\(\w+\))?\s*(?:[-=+,;)]|$)"
_TYPE = r"^\s*(?:(?:const|final|static|var|val|double|float|int|auto)\s+){1,3}(?=[^\W\d]\w*\s*=)"
_BECOMES = r"^(\s*[^\W\d]\w*'?\s*)->(?=\s*[-(\d][-+*/^().\d\s=]*$)"
_IN_ENGLISH = {
    "sigmoid": r"sigmoide|sigmoïde|sigmoidal|sigmóide|сигмоида|logistique|logística",
    "sin": r"sen",
    "tanh": r"tgh|tanhip",
    "new": r"(?<=[_{(^])(?:nuev[oa]|nov[oa]?|nuov[oa]|nouve(?:au|lle)|neue?[rs]?|a[ct]ualizad[oa]|updated"
    r"|нов\w{2})",
    "old": r"(?<=[_{(^])(?:alte?[rs]?|viej[oa]|anterior|ancien|velho|antigo)",
}
_FOREIGN = "|".join(rf"(?P<{to}>(?<![^\W_]){words}(?![^\W_]))" for to, words in _IN_ENGLISH.items())
_PERCENT = r"(?<![\w.,])(?P<whole>\d{1,15})(?:[.,](?P<part>\d{1,15}))?\s?\\?%(?!\s*[\w(])"
_UPDATED = (
    rf"(?<![\w'.])({WORD}(?:_\{{\w{{1,20}}\}})?)(\[[\d,\s]{{1,20}}\])?"
    r"(?:⁺|\^(?:\+|\{\+\}|\(\+\))(?![\w(])|\+(?=\s*(?:[=*/),\]}]|$)|\s+[-+]\s))"
)
# ∂²L/∂w², d2L/dw2 and ∂²L/∂v∂w
SECOND = re.compile(
    r"(?<!\w)[d∂](?P<two>2|²|\^\{?2\}?)\s*(?P<of>[^\W\d∂][\w^]*?)\s*/\s*[d∂]\s*(?P<by>[^\W\d∂][\w^]*?)"
    r"(?:\s?(?:(?P=two)|²|\^\{?2\}?)|\s*[d∂]\s*(?P<then>[^\W\d∂]\w*))(?![\w^²])"
)
_SHOWS = (
    r"^(\s*)(?:System\.out\.print(?:ln)?|console\.log|Console\.Write(?:Line)?|fmt\.Print(?:ln)?|println|disp)"
    r"\s*\(([^()\"']+)\)\s*;?(?=\s*(?:(?://|#).*)?$)"
)


def _each_is(match):
    """`w1 = 0.5, w2 = 0.5` for "The weights w1 and w2 are 0.5"."""
    names = re.split(r",?\s(?:and|und)\s|,\s", match["names"])
    return ", ".join(f"{name} = {match['number']}" for name in names)


_ARE = (  # The weights w1 and w2 are both 0.5.
    r"(?i:(?:\A|(?<=[.,;:]\s)|(?<=\sand\s))\s?(?:(?:the|both|all|initial|our|die|beide)\s){0,3}"
    r"(?:weights?|bias(?:es)?|inputs?|targets?|gewichte?|eingaben?)\s)"
    rf"(?P<names>{WORD}(?:(?:,\s|,?\s(?:and|und)\s){WORD}){{0,8}})\s(?:is|are|ist|sind)\s(?:(?:all|both|each|beide)\s)?"
    r"(?:(?:set|equal)\sto\s)?(?P<number>[-−]?\d+(?:\.\d+)?)(?=\s*(?:[.;,]?\s*\Z|[.;,]\s|\s(?:and|und)\s))"
)
# Habits, in the order in which they are read: what must stand in a text, what is written, what it is read as.
HABITS = {
    "of lines": (
        (r"/\*", r"/\*+\s?(.*?)\s*\*+/\s*$", r"// \1"),  # a comment of C at the end of a line
        (r"\(", rf"{_SHOWS}\s*(?://|#)[\s=>-]*?(-?[\d.\[].*)$", r"\1\2 = \3"),  # console.log(y); // 0.5744
        (r"\(", _SHOWS, ""),
        (r"(?:is|are|sind|ist)\s", _ARE, _each_is),
        ("->", _BECOMES, r"\1→"),  # w -> 0.5 - 0.1*2 = 0.3
        ("=", _TYPE, ""),
        (
            "[<>≤≥]",
            rf"((?:{EQUALITY})\s*[-−]?[\d.]+)\s*(?:[<>]=?|[≤≥])\s*[-−]?[\d.]+(?=\s*(?:[;,:(]|[.]?$))",
            r"\1",
        ),
        (r"\bat\b", r"^(\s*[^\W\d]\w*\((\w+)\)\s*=[^=]*?)\s+at\s+(?=\2\s*=\s*[-−]?[\d.]+\s*$)", r"\1, "),
        (r"\blr\b", r"(?<![\w.])lr\s+(?=[αηγε]\s*=)", ""),
        ("[Gg]rad", rf"(?<![\w.])[Gg]rad(?:ient)?\s(?:of\s)?(?=(?![dgδ∂∇]){_OF_IT})", "∇"),
        ("[Hh]ess", rf"(?<![\w.])[Hh]ess(?:ian)?\s(?:of\s)?(?={_OF_IT})", "∇²"),
        (
            "with",
            r"(?<=\d)\s+with\s+(?:[^\W\d_]+\s+){0,3}(?=[^\W\d]\w*\s*=\s*[-−]?\d)",
            ", ",
        ),  # x0 = 0 with rate α = 0.1
        (rf"\A\s*{_PAIR}(?:\s+{_PAIR})+\s*\Z", r"(?<=\d)\s+(?=[^\W\d])", ", "),  # x=0.5 h=0.2
    ),
    "of HTML": (("&", r"&(?:#[0-9]{1,6}|[A-Za-z]{2,10});", lambda match: unescape(match.group())),),
    "of languages": (
        ("", _FOREIGN, lambda match: match.lastgroup),
        (r"\((?:new|old)\)", r"(?<=[\w}\]])\s?\((new|old)\)", r"_\1"),
        ("%", _PERCENT, _hundredth),
    ),
    "of signs": (
        (r"\*", r"(?<=[^\W\d])\*(?=\s*=[^=])", "^*"),
        ("", ":=|==|~=|<-(?!>)|[≈≅≃≡≐≔≜≝→←~]", "="),
        ("%", r"%\*%", "@"),  # as R writes it
        ("<", r"(?<=[^\W\d])<(\d{1,2}|t(?:[-+]1)?)>(?!\w)", r"^<\1>"),
        (r"(?<![\d.])\s?\.[*/^](?!\*)", r"(?<=[\w)\]])'(?=\s*(?:[-+*/.;,)\]]|$))", "ᵀ"),  # as Octave does
        (r"\.", r"((?<![\w.])\d+)?\.([-+*/^<>])(?!\*)|(?<=[a-z])\.(?=\()", _without_point),
        ("[+⁺]", _UPDATED, lambda match: match[1] + (f"{match[2]}@1" if match[2] else "^+")),
    ),
    "of derivatives": (
        ("KL", r"((?<!\w)(?:D_)?\{?KL\}?)\s*\(\s*\w+\s*(?:\|\||‖)\s*\w+\s*\)", r"\1"),  # KL(P||Q)
        ("d_", r"(?<!\w)d_(\w+)\s*/\s*d_(?=\w)", r"d\1/d"),  # d_error/d_output
        (r"∂\(", r"∂\(\s*([^\W\d]\w*)\s*\)", r"∂\1"),  # ∂(L)/∂(w)
    ),
    # the derivative of ∂L/∂w; ∂²L/∂v∂w is that of ∂L/∂w by v
    "of second derivatives": (
        ("", SECOND, lambda match: f"d{match['of']}_by_{match['then'] or match['by']}/d{match['by']}"),
    ),
}


def plainly(spelled, kind):
    """A TextWithColumns without the HABITS of a kind: `w^+` for `w⁺ =`, `@` for `%*%`, 0.05 for `5 %`."""
    for needed, written, read in HABITS[kind]:
        if re.search(needed, spelled.text):
            spelled = spelled.replace(written, read)
    return spelled


def has_equals(text):
    """Whether there is a sign of equality, in plain text or in LaTeX."""
    return EQUALS.search(text) is not None


def without_markup(line):
    """A line without bold letters, marks of code and quotation and inline tags, `<sub>` as an index."""
    text = line.text.translate(_PLAIN)
    line = TextWithColumns(text, line.columns)
    if len(text) < 4000 and text.count("=") > 2:
        line = _said_once(line)
    if _UNSEEN.search(text):
        line = line.replace(_UNSEEN, "")
    if not ("*" in text or "`" in text or ">" in text):
        return line

    def plain(match):
        if match["script"]:
            return ("_{" if match["level"] == "b" else "^{") + match["script"] + "}"
        return (
            match["bold"] or match["italic"] or match["code"] or (" " if match[0].startswith("<br") else "")
        )

    return line.replace(_MARKUP, plain)


def has_decimal_commas(text):
    """Whether all broken numbers of a text have commas, and one of them is what something is equal to."""
    return _STATED_WITH_COMMA.search(text) is not None and _POINT.search(text) is None


def with_points(spelled):
    """A TextWithColumns with points for decimal commas, outside of square brackets and indices."""
    closing, places = [], set()
    for place, sign in enumerate(spelled.text):
        if sign in "[{":
            closing.append(sign == "[" or spelled.text[place - 1 : place] == "_")
        elif sign in "]}" and closing:
            closing.pop()
        elif sign == "," and not any(closing):
            places.add(place)
    text = "".join(
        "." if place in places and _COMMA.match(spelled.text, place) else sign
        for place, sign in enumerate(spelled.text)
    )
    return TextWithColumns(text, spelled.columns)


def _said_once(line):
    """A line in which formulas were copied three times over, as text, TeX and text, with their TeX alone."""
    signs = []
    for match in _TEX_OR_SIGN.finditer(line.text):
        new = (
            _TEX_SIGNS.get(match["command"], match["command"])
            if match["command"]
            else match["sign"] or match[0]
        )
        if not match["dropped"]:
            signs += [(sign.translate(_SAME_SIGN), *match.span()) for sign in new.strip()]
    text, cuts, start = "".join(sign for sign, *_ in signs), [], 0
    while start < len(text) - 8:
        place = signs[start][1]
        third = _third(text, start) if place == 0 or line.text[place - 1] in _BEFORE_A_COPY else 0
        if third:
            cuts.append(
                (
                    place,
                    signs[start + third - 1][2],
                    signs[start + 2 * third - 1][2],
                    signs[start + 3 * third - 1][2],
                )
            )
        start += 3 * third or 1
    columns = list(line.columns)
    for first, begins, ends, last in reversed(cuts):
        kept, places = line.text[begins:ends], columns[begins:ends]
        if "\\" in kept and first:
            kept, places = f"${kept}$", [places[0], *places, places[-1]]
        columns[first:last] = places
        line = TextWithColumns(line.text[:first] + kept + line.text[last:], columns)
    return line


def _third(text, start):
    """How long a formula is that stands three times from a place on, the last time in another order; or 0."""
    for length in range(min((len(text) - start) // 3, 400), 2, -1):
        if text[start] == text[start + length] != "=" != text[start + length - 1]:
            one = text[start : start + length]
            if "=" in one and text.startswith(one, start + length):
                if sorted(one) == sorted(text[start + 2 * length : start + 3 * length]):
                    return length
    return 0


# The words around claims

# Short words; longer ones need no table.
_SHORT = set(
    "a an as at be by do if in is it of on or so to up we am zu so es an ab um im da ist wir der die das mit "
    "le la les un une et ou on de du en est par au se el los las un una es y o si no al con por lo que "
    "os as um uma e é da em na no ao à il lo gli è di che de het een "
    "а и в с на по то не за из её его 是 得 令 设 有 则".split()
)
CONDITIONS = set("if when where wenn falls sobald si cuando sinon se quando если for für pour para".split())
JOINING = (
    "and with where so thus hence then gives yields und mit wobei sowie dann et avec où donc puis alors "
    "y con donde luego e com onde então quindi poi и где".split()
)
_OF_FORMULAS = set("if else otherwise for and or mod in otherwise sonst sinon sino senão det tr".split())
_QUANTITIES = set("net out eta lr".split()) | set(GREEK.values())  # never a word before a name
_TYPES = set("int float double str bool list tuple dict string number tensor ndarray any".split())

_LETTERS = r"[^\W\d_]"
_WORD = re.compile(rf"(?<![\w\\{{}}^.']){_LETTERS}+(?:[-'’]{_LETTERS}+)?(?![\w(\[{{^])")
_WORDS_ALONE = re.compile(rf"\s*(?:{_LETTERS}+[ -])+({_LETTERS}{{6,}})\s*")
_LABEL = re.compile(
    rf"\s*(?=[^:]*{_LETTERS}{{2}}|[^:]*[\u3040-\u9fff])[^=:+*/^\[\]{{}}|<>$\\]{{1,80}}?\s?:(?!=)(?:\s+|(?<=[^\x00-\u2fff]:))"
)
_STEP = re.compile(
    rf"\s*{_LETTERS}{{2,}}\s*\d{{1,3}}\s*(?:\([^()=]{{1,40}}\)\s*)?[.)\-–—:]\s+|\s*\(?\d{{1,3}}(?:\.\d{{1,2}})?[.)]\s+(?={_LETTERS}{{2}})"
)
_TOKEN = re.compile(
    rf"\s*(?:\d{{1,4}}\s+(?={_LETTERS}{{3}}))?({_LETTERS}+(?:[-'’]{_LETTERS}+)?)(?:\s+\d{{1,3}}(?=[.):,]))?[.)]?[,;:]?\s+(?=[^\s=+*/^·×⋅∙)\]}}<>≤≥|-])"
)
_HEAD = re.compile(r"[^\W\d_]|[∂∇Δ√\\$(|‖\[]")
_CLAIMED = re.compile(rf"{_HEAD.pattern}|[-+−]?\s?[\d.(]+\s*[-+*/^·×⋅∙(]")  # arithmetic as well
_NAME = re.compile(
    r"(?<![\w.\\^{])((?:∂\s?)?[^\W\d][\w']{0,60}(?:_\{[^{}]{1,20}\}|\^[({\[<][^\s]{1,9}[)}\]>])*)\s*(?::=|[-+*/]?=(?!=)|≈|←)"
)
_OPERAND = re.compile(
    r"[-+*/^·×⋅∙(@]\s*([^\W\d]\w*)(?!\w)|(?<![\w ])([^\W\d]\w*)\s*(?:[-+*/^·×⋅∙@]|\)|[:+-]?=)"
    r"|=\s*([^\W\d]\w*)\s*[-+*/^·×⋅∙@]"
)
_NUMBER = r"[-+−]?\s?(?:\d+(?:[.,]\d+)?|\.\d+)(?:\s?%|e[-+]?\d+)?|\[[-+−\d.,;\s]*\]"
_STATED = re.compile(
    rf"(?P<before>{_LETTERS}+|[,:;(])\s*(?P<claim>(?<![\w.])(?:∂\s?)?{_LETTERS}[\w']*(?:_\{{\w{{1,20}}\}})?\s*[=≈]\s*(?:{_NUMBER}))"
    rf"(?=\s*[,;:)]|\s*\.?\s+{_LETTERS}{{2}}|\s*\.?\s*\Z)"
)
_JOINS = re.compile(rf"[=≈]\s*(?:{_NUMBER})[,;]?\s+({'|'.join(JOINING)})[ \t]+(?:{_LETTERS}+[ \t]+){{0,4}}\Z")
_AFTER_NUMBER = re.compile(
    rf"(?:(?<=[\d\])}}ᵀ])|(?<=\^T))\s*(?:,|;|–|-|—|\.)?\s+(?=(?:I\s+)?{_LETTERS}{{2,}}(?![\w(\[{{^])|\(\d{{1,4}}\s{_LETTERS}{{3,}}[^()=]*\)\s*$)"
)
_NUMBER_OF = re.compile(rf"{_LETTERS}{{3,}}\s+[-−]?\d[\d.,]*")  # target 0.3
_ON_A = re.compile(r"\s*[Oo]n a(?:ura)?\s+(?:donc\s+|alors\s+|ainsi\s+)?(?=[^\s=]+\s*$)")
_SENTENCE = re.compile(rf"[^=]*(?:{_LETTERS}{{2}}|\))[.!?]\s+(?=[^\W\d_])")
_AFTER_A_NUMBER = re.compile(rf"[^=]*\d[,.;]?\s+(?:{'|'.join(JOINING)})\s+(?=[^\s=]+\s*$)")
_RANGE = r"[a-zA-Z]\s?=\s?\d{1,3}\s?,?\s?(?:\d{1,3}\s?,\s?)?(?:…|\.\.\.?|\\[lc]?dots|,\\ldots).*"
_INDEX_RANGE = re.compile(rf"\s*{_RANGE}")
_EACH = r"(?:for|für|pour|para)\s{1,9}"
_FOR_EACH = re.compile(
    rf"(?:[,;(]|\\q?quad|\s\s|\s(?={_EACH}))\s{{0,9}}(?:\\q?quad\s{{0,9}})?(?:(?:{_EACH})?{_RANGE}"
    rf"|{_EACH}[a-zA-Z]\s?=\s?\d{{1,3}}(?:\s?(?:,|and|und|et|y|to|bis|:)\s?\w{{1,2}}){{1,20}}\)?)\Z"
)
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
        self.operands = {name for found in _OPERAND.findall(text) for name in found if name}

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

    def tells(self, side):
        """Whether a side is words alone, the last of prose, as in `s = log variance`."""
        last = _WORDS_ALONE.fullmatch(side)
        return last is not None and self.is_word(last[1]) and self.count[last[1]] == 1

    def lead(self, head):
        """How many characters before a claim's first sign of equality lead to the claim."""
        said = _ON_A.match(head)
        sentence = _SENTENCE.match(head)
        if sentence and (self.is_prose(sentence.group()) or sentence.group().rstrip().endswith(").")):
            said = sentence
        at, text = (said.end(), head[said.end() :]) if said else (0, head)
        while label := _LABEL.match(text) or _STEP.match(text):
            begins = _CLAIMED if label.re is _LABEL else _HEAD
            if not begins.match(text, label.end()):
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
                    or word in _TYPES
                    or (word in self.functions and not {*".,:;"}.isdisjoint(token.group()))
                )
                or not (_HEAD.match(text, token.end()) or _TOKEN.match(text, token.end()))
            ):
                break
            ends.append(token.end())
            words.append(word)
        while words and (words[-1] in _QUANTITIES or (len(words) == 1 == len(words[0]) and words[0] != "I")):
            words.pop()
            ends.pop()
        after = _AFTER_A_NUMBER.match(text, ends[-1])
        return at + (after.end() if after else ends[-1])

    def ends_a_phrase(self, name):
        """Whether what should be a name behind words is one of them: it stands beside no operator."""
        return name.isalpha() and len(name) > 3 and name not in _QUANTITIES | self.operands

    def tail(self, last):
        """Where the words begin that follow the number at the end of a claim; None where none do."""
        for match in _AFTER_NUMBER.finditer(last):
            rest = last[match.end() :]
            words = re.findall(r"[^\W\d_]+", rest.removeprefix("I "))
            is_odd = rest.count("(") != rest.count(")")
            if (
                words
                and (self.is_word(words[0]) or words[0] in JOINING or _NUMBER_OF.fullmatch(rest))
                and not is_odd
                and not re.search(r"[=*/^+·×]|\s-\s", rest)
            ):
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


def range_behind(text):
    """Where it begins that a claim is one for each index, `z_t = u x_t, t = 1, …, T`; None for others."""
    found = _FOR_EACH.search(text)
    return found.start() if found and has_equals(text[: found.start()]) else None


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
