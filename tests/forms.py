"""One derivation in five forms: lines, Python with what it printed, LaTeX, a table of Markdown, a page."""

import re
from html import escape

from neuronnet.formulas.notation import Known
from neuronnet.names import split_partial
from neuronnet.sheet.readers.read_sheet import read_sheet
from neuronnet.sheet.statements import read_statements
from neuronnet.sheet.understood import plain_part

_NAME = re.compile(
    r"d[A-Za-z][\w@]*/d[A-Za-z]\w*(?:\^\(\w\))?|[^\W\d][\w']*(?:\^[\[(]\w[\])])?(?:_\w+)?(?:@\d)?"
)
_LOSSES = ("E_total", "Loss", "L")
_SIGNS_OF_CODE = {"·": "*", "⊙": "*", "ᵀ": ".T", "^": "**", "σ": "sigmoid"}
_PARTS = re.compile(r"([^\W\d_]+)(\d*)(_hat)?(?:\^([(\[]\w[)\]]))?(?:_(?!new)(\w+?))?(?:(@|_new)(\d?))?")
_NUMBERS = re.compile(r"-?[\d.]+|\[[-\d.\[\], ]+\]")
_SEVERITY = (
    "unreadable",
    "unknown name",
    "wrong formula",
    "wrong number",
    "undecided",
    "right by coincidence",
    "rounding",
    "right",
)


def claims_of(text):
    """(the lines of `let` of a sheet, its claims as [name or formula, formula, …, number])."""
    sheet = read_sheet(text)
    statements, _ = read_statements(sheet.claims, Known(), declared=sheet.declared)
    lets = [f"let {each.name} = {each.text.text.strip()}" for each in sheet.lets]
    return lets, [[plain_part(part) for part in each.parts] for each in statements]


def in_lines(lets, claims):
    """(the sheet in plain notation, for each claim the numbers of its lines)."""
    lines = [*lets, *(" = ".join(claim) for claim in claims)]
    return "\n".join(lines), [[len(lets) + place] for place in range(1, len(claims) + 1)]


def in_python(lets, claims):
    """A console session that shows a value behind the line that computes it; it leaves entries out."""
    lines, places = [*lets, "", "```python"], []
    for claim in claims:
        if re.search(r"@\d/|@2|\w\[", claim[0]):
            places.append([])
            continue
        first, *rest = (_in_code(part) for part in claim)
        places.append([len(lines) + 1])
        for part in rest:
            is_shown = _NUMBERS.fullmatch(part) and part is not rest[0]
            if not is_shown:
                places[-1].append(len(lines) + 1)
            lines += [f">>> {first}", part] if is_shown else [f">>> {first} = {part}"]
    return "\n".join([*lines, "```"]), places


def in_latex(lets, claims):
    """Formulas set off, with `\\frac` for derivatives and layers above names."""
    lines, places = [*lets, ""], []
    for claim in claims:
        lines += [f"$$ {' = '.join(_in_tex(part) for part in claim)} $$", ""]
        places.append([len(lines) - 1])
    return "\n".join(lines), places


def in_table(lets, claims):
    """A table with a row for each claim: its name, its formulas, its number."""
    lines, places = [*lets, "", "| quantity | formula | value |", "|---|---|---|"], []
    for first, *others, last in claims:
        cells = (
            [first, " = ".join(others), last]
            if re.fullmatch(r"[-\d.]+", last)
            else ["", "", " = ".join([first, *others, last])]
        )
        lines.append(f"| {' | '.join(cells)} |")
        places.append([len(lines)])
    return "\n".join(lines), places


def in_html(lets, claims):
    """A page with an item for each claim, names with `<sub>`."""
    lines = ["<html><body>", *(f"<p>{escape(each)}</p>" for each in lets), "<ol>"]
    places = []
    for claim in claims:
        text = escape(" = ".join(claim)).replace("·", "&middot;").replace("⊙", "&#8857;")
        text = re.sub(r"\^([(\[]\w[)\]])", r"<sup>\1</sup>", text.replace("y_hat", "ŷ"))
        lines.append("<li>" + re.sub(r"_(\w+)", r"<sub>\1</sub>", text) + "</li>")
        places.append([len(lines)])
    return "\n".join([*lines, "</ol></body></html>"]), places


FORMS = {each.__name__: each for each in (in_lines, in_python, in_latex, in_table, in_html)}


def verdicts(report, places):
    """The gravest verdict on the lines of each claim; None where nothing is judged."""
    found = {}
    for line in report.lines:
        found.setdefault(line.line, []).append(line.verdict)
    for numbers in places:
        here = [each for number in dict.fromkeys(numbers) for each in found.get(number, ())]
        yield min((each for each in here if each in _SEVERITY), key=_SEVERITY.index, default=None)


def _in_code(part):
    part = _NAME.sub(lambda match: _identifier(match[0]), part)
    return "".join(_SIGNS_OF_CODE.get(each, each) for each in part)


def _identifier(name):
    if split_partial(name):
        above, below = split_partial(name)
        name = f"d{below}" if above in _LOSSES else f"d{above}_d{below}"
    return re.sub(r"\W", "", name.replace("@1", "_new"))


def _in_tex(part):
    part = re.sub(r"\[\[(.*)\]\]", _matrix, part)
    part = _NAME.sub(lambda match: _name_in_tex(match[0]), part)
    return part.replace("·", r"\cdot ").replace("⊙", r"\odot ").replace("ᵀ", r"^\top")


def _matrix(match):
    rows = " \\\\ ".join(row.replace(",", " &") for row in match[1].split("], ["))
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _name_in_tex(name):
    if split_partial(name):
        above, below = map(_name_in_tex, split_partial(name))
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"
    if name in ("max", "exp", "tanh", "ln", "log"):
        return f"\\{name} "
    letters, digits, hat, layer, index, mark, count = _PARTS.fullmatch(name).groups(default="")
    tex = rf"\hat{{{letters}}}" if hat else letters
    tex += f"^{{{layer}}}" if layer else ""
    tex += f"_{{{digits or index}}}" if digits or index else ""
    return tex + ("^{new}" if mark == "_new" or count == "1" else mark + count)
