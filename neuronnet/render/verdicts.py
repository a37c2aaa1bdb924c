"""The report on a sheet, and the table of what each known mistake does to a network, as text and Markdown."""

from neuronnet.errors import counted
from neuronnet.render import text

RIGHT = ("right", "rounding")
LONGEST_SHOWN = 300


def report(found):
    """A SheetReport as text: conventions, a paragraph for every line, mistakes and conclusion."""
    lines = [] if found.description is None else [*text.heading(found.description), ""]
    width = max(len(str(line.line)) for line in found.lines)
    first_wrong = next((line for line in found.lines if line.is_wrong), None)
    for line in found.lines:
        mark = ">" if line is first_wrong else " "
        head = f"{mark} {str(line.line).rjust(width)}  {line.verdict}: "
        lines.append(head + _shown(line.text) + _beside(line))
        pointed = _pointed_at(line)
        if pointed is not None:
            lines.append(" " * (len(head) + pointed) + "^")
        lines += [f"{' ' * (width + 4)}{each}" for each in remarks(line)]
    if found.mistakes:
        lines += ["", "Mistakes"]
        for each in found.mistakes:
            lines += [f"  {each.id}: {each.sentence}", f"      {_reach(each)}"]
    return "\n".join(lines + ["", *conclusion(found)])


def markdown(found):
    """A SheetReport as Markdown: a row for every line, then the mistakes and the conclusion."""
    rows = [
        (
            str(line.line),
            line.verdict if line.verdict in RIGHT else f"**{line.verdict}**",
            text.code(_shown(line.text)),
            "; ".join(map(text.cell, remarks(line))),
        )
        for line in found.lines
    ]
    lines = [] if found.description is None else [*_markdown_heading(found.description), ""]
    lines += text.markdown_table(("line", "verdict", "claim", "why"), rows)
    for each in found.mistakes:
        lines += ["", f"**{text.cell(each.id)}**: {text.cell(each.sentence)} ({_reach(each)})"]
    for sentence in conclusion(found):
        lines += ["", text.cell(sentence)]
    return "\n".join(lines)


def remarks(line):
    """What there is to say about a line: printed and exact number, where it comes from, what mends it."""
    worst, number = line.worst, line.number
    if number is not None and number.verdict != "right":
        apart = f"{_units(number.units)} of the last printed digit apart"
        yield f"printed {number.printed}, exact {number.exact}, {apart}"
    for part in line.parts:
        if part.note is not None:
            where = "" if part.line is None else f"line {part.line}, "
            yield part.note if part.column is None else f"{where}column {part.column}: {part.note}"
    if worst.repair is not None:
        yield f"{_shown(worst.text)} should be {worst.repair.formula}"
    if worst.counterexample is not None:
        yield str(worst.counterexample)
    if line.inherits_from is not None:
        yield f"inherited from line {line.inherits_from}"
    if line.mistake is not None:
        yield f"mistake: {line.mistake.id}"
    if line.remark is not None:
        yield line.remark


def _beside(line):
    """What stands behind a right number: what is exact, and how far off it is."""
    number = line.number
    if number is None or line.verdict != "right":
        return ""
    return f"   (exact {number.exact}, {_units(number.units)} apart)"


def _shown(claim):
    return claim if len(claim) <= LONGEST_SHOWN else claim[:LONGEST_SHOWN] + " ..."


def _pointed_at(line):
    """Where in a claim's text the place lies that is spoken of; None where it cannot be shown."""
    part = line.worst
    start = line.text.find(part.text)
    if part.column is None or start < 0:
        return None
    inside = part.column - part.start
    return start + inside if 0 <= inside <= min(len(part.text), LONGEST_SHOWN - start) else None


def _units(count):
    size = abs(count)
    if size >= 1e6:
        return "over a million units"
    return f"{size:.1f} units" if size < 100 else f"{size:.0f} units"


def conclusion(found):
    """The last sentences of a report: counts of verdicts, the first wrong line, another convention."""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in found.counts().items())
    yield f"{counted(len(found.lines), 'line')}: {counts}."
    if found.first_wrong is not None:
        yield f"The first wrong line is line {found.first_wrong}."
    if found.ignored:
        yield f"Not judged: {_lines(found.ignored)}, with formulas outside of what is read as claims."
    if found.other_convention is not None:
        yield f"All numbers are right for {found.other_convention}."
    elif any(
        line.mistake is line.inherits_from is None and line.verdict == "wrong number" == line.number.verdict
        for line in found.lines
        if line.number is not None and found.description is not None
    ):
        yield "No known mistake explains the other wrong numbers better than chance would."


def _reach(diagnosis):
    """Which lines a mistake explains, and how sure that is."""
    against = f"; it contradicts {_lines(diagnosis.contradicts)}" if diagnosis.contradicts else ""
    same = f"; the same digits: {', '.join(diagnosis.same_as)}" if diagnosis.same_as else ""
    return f"explains {_lines(diagnosis.explains)}{against}; {diagnosis.odds}{same}"


def _lines(names):
    kind = "line " if len(names) == 1 else "lines "
    return (kind if isinstance(names[0], int) else "") + ", ".join(map(str, names))


def _markdown_heading(description):
    return [f"# {description.title}", "", *(f"- {each}" for each in text.conventions(description))]


# What each known mistake does to a network's numbers


def mistakes_text(description, signatures, right):
    """A row for each mistake, a column for each name in `right`, the right numbers; then which look alike.

    A dot stands for a number that is right all the same.
    """
    lines = [*text.heading(description), "", *text.table(_effects(signatures, right))]
    for title, entries in _alike(signatures):
        lines += ["", title, *text.indented(entries)]
    return "\n".join(lines)


def mistakes_markdown(description, signatures, right):
    header, *rows = _effects(signatures, right)
    lines = [*_markdown_heading(description), "", *text.markdown_table(header, rows)]
    for title, entries in _alike(signatures):
        lines += ["", title, ""] + [f"- {each}" for each in entries]
    return "\n".join(lines)


def _effects(signatures, right):
    right = {name: "" if value is None else text.nine_decimals(value) for name, value in right.items()}
    rows = [["mistake", *right], ["none (right)", *right.values()]]
    for each in signatures:
        if "none" not in each.same:
            cells = [text.nine_decimals(each.numbers[name]) if name in each.numbers else "" for name in right]
            rows.append(
                [each.id, *("." if one == other != "" else one for one, other in zip(cells, right.values()))]
            )
    return rows


def _alike(signatures):
    """(title, entries): the mistakes that this network cannot tell apart, and those that do nothing to it."""
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
