"""The report on a sheet, and the table of what each known mistake does to a network, as text and Markdown."""

import re
import textwrap

from neuronnet.errors import counted
from neuronnet.render import text

RIGHT = ("right", "rounding")
COUNTED = ("right", "rounding", "right by coincidence", "undecided")  # the others are mistakes
UNREAD = ("unreadable", "unknown name")
LONGEST_SHOWN, SHORT = 300, 120
WIDTH = 110
ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304"}
_ACCENTED = re.compile(rf"(?<![^\W_d])([^\W\d_])_({'|'.join(ACCENTS)})(?![^\W_])")
MOST_TOLD, MOST_NAMED = 3, 4  # mistakes at the top, names of model lines


def report(found):
    """A SheetReport as text: the verdict, a paragraph for every line, mistakes, what was understood."""
    lines = [*_folded(verdict(found)), ""]
    width = max((len(str(line.line)) for line in found.lines), default=0)
    first_wrong = next((line for line in found.lines if line.is_wrong), None)
    for line in found.lines:
        mark = ">" if line is first_wrong else " "
        head = f"{mark} {str(line.line).rjust(width)}  {line.verdict}: "
        lines.append(head + _shown(line.text))
        pointed = _pointed_at(line)
        if pointed is not None:
            lines.append(" " * (len(head) + pointed) + "^")
        lines += [f"{' ' * (width + 4)}{each}" for each in remarks(line)]
    if found.mistakes:
        lines += ["", "Mistakes"]
        for each in found.mistakes:
            lines += [f"  {each.id}: {each.sentence}", f"      {_reach(each)}"]
    for title, sentences in _understood(found):
        lines += ["", title, *text.indented(_folded(sentences))]
    return _accented(found, "\n".join(lines))


def markdown(found):
    """A SheetReport as Markdown: the verdict, a row for every line, mistakes, what was understood."""
    rows = []
    for line in found.lines:
        said = f"**{line.verdict}**" if line.kind == "judged" and line.verdict not in RIGHT else line.verdict
        why = "; ".join(map(text.cell, remarks(line)))
        rows.append((str(line.line), said, text.code(_shown(line.text)), why))
    lines = []
    for sentence in verdict(found):
        lines += [text.cell(sentence), ""]
    lines += text.markdown_table(("line", "verdict", "claim", "why"), rows)
    for each in found.mistakes:
        lines += ["", f"**{text.cell(each.id)}**: {text.cell(each.sentence)} ({_reach(each)})"]
    for title, sentences in _understood(found):
        lines += ["", text.cell(title), "", *text.bullets(map(text.cell, sentences))]
    return _accented(found, "\n".join(lines))


def _understood(found):
    """(title, sentences): how the sheet was read, and the conventions that a claim in it depends on."""
    if found.reading is not None:
        yield "As I read it", found.reading.sentences()
    if found.description is not None:
        updated = any(line.quantity is not None and "@" in line.quantity.format() for line in found.lines)
        sentences = text.conventions(found.description)
        matter = [each for each in sentences if updated or not each.startswith("update:")]
        yield f"The network: {found.description.title}", matter


def _accented(found, report):
    """A report with ŷ for y_hat, unless the author writes it so."""
    if found.description is not None or any(_ACCENTED.search(line.text) for line in found.lines):
        return report
    return _ACCENTED.sub(lambda match: match[1] + ACCENTS[match[2]], report)


# The verdict


def verdict(found):
    """The sentences that a report begins with: the counts, what is wrong first, what was not judged."""
    yield f"{_counts(found)}."
    yield from (_accusation(line) for line in found.own_mistakes[:MOST_TOLD])
    if len(found.own_mistakes) > MOST_TOLD:
        yield f"Wrong too: {text.line_numbers(line.line for line in found.own_mistakes[MOST_TOLD:])}."
    for line in [line for line in found.lines if line.is_needed][:MOST_TOLD]:
        yield f"Line {line.line} cannot be used: {line.worst.note}."
    undecided = {}
    for line in found.lines:
        if line.verdict == "undecided":
            undecided.setdefault(line.worst.note, []).append(line.line)
    for why, numbers in [*undecided.items()][:MOST_TOLD]:
        which = text.line_numbers(numbers)
        yield f"{which[0].upper()}{which[1:]} {'are' if len({*numbers}) > 1 else 'is'} undecided: {why}."
    yield from _not_judged(found)
    if found.other_convention is not None:
        yield f"All numbers are right for {found.other_convention}."
    elif any(
        line.mistake is line.follows_from is None and line.verdict == "wrong number" == line.number.verdict
        for line in found.lines
        if line.number is not None and found.description is not None
    ):
        yield "No known mistake explains the other wrong numbers better than chance would."


def _accusation(line):
    worst, first = line.worst, line.parts[0]
    is_own = first.text in line.text or "\\" in line.text
    name = first.text if is_own else re.split(r"\s*:?=", line.text)[0]
    claim = worst.text if worst is first else f"{name} = {worst.text}"
    why = next(iter(causes(line)), "")
    said = f"Line {line.line} is wrong: {_shown(claim, SHORT)}"
    if why[:1].isupper():
        return f"{said}. {why}."
    return f"{said}: {why}".removesuffix(": ") + ("" if why.endswith("?") else ".")


def causes(line):
    """What there is to say of a wrong line, the most telling first."""
    worst = line.worst
    if worst.repair is not None:
        yield worst.repair.sentence
    if line.mistake is not None:
        yield line.mistake.sentence.removesuffix(".")
    if worst.printed is not None and worst.exact is not None:
        yield f"exact is {worst.exact}" + (f" in {_entry(worst)}" if _entry(worst) else "")
    if worst.note is not None:
        yield worst.note


def _counts(found):
    judged = [line for line in found.lines if line.is_judged]
    follow = len(found.followers)
    parts = [f"{count} {each}" for each, count in found.counts().items() if each in COUNTED]
    own = len(found.own_mistakes)
    parts += [counted(own, "mistake")] if own else []
    if follow:
        them = "it" if own == 1 else "them"
        parts.append(f"{counted(follow, 'line')} only follow{'s' if follow == 1 else ''} from {them}")
    unread = sum(line.verdict in UNREAD for line in found.lines)
    said = f"{counted(len(judged), 'line')} judged" + (f": {', '.join(parts)}" if parts else "")
    is_taken = any(line.kind == "seed" and len(line.parts) > 2 for line in found.lines)
    lost = "; no line was read as the loss" if is_taken and found.reading and not found.reading.loss else ""
    return said + (f"; {unread} not read" if unread else "") + lost


def _not_judged(found):
    unread = {kind: [line.line for line in found.lines if line.verdict == kind] for kind in UNREAD}
    named = [f"{text.line_numbers(lines)} ({kind})" for kind, lines in unread.items() if lines]
    if named:
        yield f"Not read: {', '.join(named)}."
    parts = []
    for kind, noun in (("given", "given"), ("model", "model line"), ("seed", "seed")):
        lines = [line for line in found.lines if line.kind == kind]
        if lines:
            names = ", ".join(dict.fromkeys(line.parts[0].text for line in lines))
            named = f" ({names})" if kind != "given" and len(lines) <= MOST_NAMED else ""
            number = f"{len(lines)} given" if kind == "given" else counted(len(lines), noun)
            parts.append(number + named)
    if found.reading is not None and found.reading.prose:
        parts.append(f"prose in {text.line_numbers(found.reading.prose)}")
    if found.ignored:
        parts.append(f"{text.line_numbers(found.ignored)}, with formulas outside of what is read as claims")
    if parts:
        yield f"Not judged: {', '.join(parts)}."


def _folded(sentences):
    for each in sentences:
        yield from textwrap.wrap(each, WIDTH, subsequent_indent="  ", break_long_words=False) or [""]


# Lines


def remarks(line):
    """What there is to say about a line: printed and exact number, where it comes from, what mends it."""
    worst, number = line.worst, line.number
    for part in line.parts:
        where = "" if part.line is None else f"line {part.line}, "
        column = "" if part.column is None else f"{where}column {part.column}: "
        if part is number and part.verdict not in ("right", "undecided") and part.exact is not None:
            place, _, how = (part.note or "").rpartition(": ")
            how = part.note if not place.startswith("entry") else f"{place}: {how}"
            yield f"{column}printed {part.printed}, exact {part.exact}" + (f" ({how})" if how else "")
        elif part.repair is not None:
            yield f"{column}{part.repair.sentence}"
        elif part.note is not None:
            yield f"{column}{part.note}"
    if worst.repair is not None:
        yield f"{_shown(worst.text)} should be {worst.repair.formula}"
    if worst.counterexample is not None:
        yield worst.counterexample
    if line.follows_from is not None:
        yield f"follows from line {line.follows_from}"
    if line.mistake is not None:
        yield f"mistake: {line.mistake.id}"
    if line.remark is not None:
        yield line.remark


def _entry(part):
    found = re.match(r"entry [\d, ]+(?=:)", part.note or "")
    return found[0] if found else None


def _shown(claim, longest=LONGEST_SHOWN):
    return claim if len(claim) <= longest else claim[:longest] + " ..."


def _pointed_at(line):
    """Where in a claim's text the place lies that is spoken of; None where it cannot be shown."""
    part = line.worst
    start = line.text.find(part.text)
    if part.column is None or start < 0:
        return None
    inside = part.column - part.start
    return start + inside if 0 <= inside <= min(len(part.text), LONGEST_SHOWN - start) else None


def _reach(diagnosis):
    """Which lines a mistake explains, and how sure that is."""
    against = f"; it contradicts {_lines(diagnosis.contradicts)}" if diagnosis.contradicts else ""
    same = f"; {diagnosis.equals}" if diagnosis.same_as else ""
    return f"explains {_lines(diagnosis.explains)}{against}; {diagnosis.odds}{same}"


def _lines(names):
    kind = "line " if len(names) == 1 else "lines "
    return (kind if isinstance(names[0], int) else "") + ", ".join(map(str, names))


# What each known mistake does to a network's numbers


def mistakes_text(description, signatures, right):
    """A row for each mistake, a column for each name in `right`, the right numbers; then which look alike.

    A dot stands for a number that is right all the same. `description` is None for the model of a sheet.
    """
    lines = [] if description is None else [*text.heading(description), ""]
    lines += text.table(_effects(signatures, right))
    for title, entries in _alike(signatures):
        lines += ["", title, *text.indented(entries)]
    return "\n".join(lines)


def mistakes_markdown(description, signatures, right):
    """The same in Markdown."""
    lines = []
    if description is not None:
        lines = [f"# {description.title}", "", *text.bullets(text.conventions(description)), ""]
    header, *rows = _effects(signatures, right)
    lines += text.markdown_table(header, rows)
    for title, entries in _alike(signatures):
        lines += ["", title, "", *text.bullets(entries)]
    return "\n".join(lines)


def _effects(signatures, right):
    right = {name: "" if value is None else text.nine_decimals(value) for name, value in right.items()}
    rows = [["mistake", *right], ["none (right)", *right.values()]]
    for each in signatures:
        if "none" not in each.same:
            cells = [text.nine_decimals(each.numbers[name]) if name in each.numbers else "" for name in right]
            same = [cell == known != "" for cell, known in zip(cells, right.values())]
            rows.append([each.id, *("." if is_same else cell for cell, is_same in zip(cells, same))])
    return rows


def _alike(signatures):
    """(title, entries): the mistakes that a model cannot tell apart, and those that do nothing to it."""
    silent = [each.id for each in signatures if "none" in each.same]
    groups, seen = [], set(silent)
    for each in signatures:
        if each.same and each.id not in seen:
            groups.append(" = ".join([each.id, *each.same]))
            seen.update([each.id, *each.same])
    if groups:
        yield "This network cannot tell apart", groups
    if silent:
        yield "Without effect on this network", silent
