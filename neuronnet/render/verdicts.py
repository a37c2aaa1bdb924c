"""The report on a sheet as text and as Markdown: strings from finished verdicts."""

from neuronnet.render.text import conventions, nine_decimals

# --- The report on a sheet as text and as Markdown: strings from finished verdicts.


RIGHT = ("right", "rounding")
LONGEST_SHOWN = 300


def report(found):
    """A SheetReport as text: its conventions, a paragraph for every line, the mistakes, and what it comes
    to.
    """
    lines = (
        [found.description.title, "", "Conventions"]
        + [f"  {each}" for each in conventions(found.description)]
        + [""]
    )
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
    """A SheetReport as Markdown: a table with a row for every line, then the mistakes and what it comes to."""
    lines = [f"# {found.description.title}", ""] + [f"- {each}" for each in conventions(found.description)]
    lines += ["", "| line | verdict | claim | why |", "|---|---|---|---|"]
    for line in found.lines:
        verdict = line.verdict if line.verdict in RIGHT else f"**{line.verdict}**"
        cells = (
            str(line.line),
            verdict,
            _code(_shown(line.text)),
            "; ".join(_cell(each) for each in remarks(line)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    for each in found.mistakes:
        lines += ["", f"**{_cell(each.id)}**: {_cell(each.sentence)} ({_reach(each)})"]
    for sentence in conclusion(found):
        lines += ["", _cell(sentence)]
    return "\n".join(lines)


def remarks(line):
    """What there is to say about a line: printed and exact number, where it comes from, what mends it."""
    worst, number = line.worst, line.number
    if number is not None and line.verdict != "right":
        yield f"printed {number.printed}, exact {number.exact}, {units(number.units)} of the last printed digit apart"
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
    return (
        ""
        if number is None or line.verdict != "right"
        else f"   (exact {number.exact}, {units(number.units)} apart)"
    )


def _shown(text):
    """A claim as it is shown: what is longer than any line that people write is cut."""
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + " ..."


def _pointed_at(line):
    """Where in a claim's text the place lies that is spoken of; None where it cannot be shown."""
    part = line.worst
    start = line.text.find(part.text)
    if (
        part.column is None
        or start < 0
        or not 0 <= part.column - part.start <= min(len(part.text), LONGEST_SHOWN - start)
    ):
        return None
    return start + part.column - part.start


def units(count):
    """How many units: one decimal while there are few of them."""
    size = abs(count)
    return (
        f"{size:.1f} units" if size < 100 else f"{size:.0f} units" if size < 1e6 else "over a million units"
    )


def conclusion(found):
    """The last sentences of a report: how many lines have which verdict, the first wrong one, another
    convention.
    """
    lines = "line" if len(found.lines) == 1 else "lines"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in found.counts().items())
    yield f"{len(found.lines)} {lines}: {counts}."
    if found.first_wrong is not None:
        yield f"The first wrong line is line {found.first_wrong}."
    if found.ignored:
        yield f"Not judged, because no claims are read there: {_lines(found.ignored)}."
    if found.other_convention is not None:
        yield f"All numbers are right for {found.other_convention}."
    elif any(
        line.mistake is line.inherits_from is None and line.verdict == "wrong number" == line.number.verdict
        for line in found.lines
        if line.number is not None
    ):
        yield "No known mistake gives the digits of the other wrong numbers, beyond what chance would."


def _reach(diagnosis):
    """Which lines a mistake explains, and how sure that is."""
    against = f"; it contradicts {_lines(diagnosis.contradicts)}" if diagnosis.contradicts else ""
    same = f"; the same digits: {', '.join(diagnosis.same_as)}" if diagnosis.same_as else ""
    return f"explains {_lines(diagnosis.explains)}{against}; {diagnosis.odds}{same}"


def _lines(names):
    """Claims by their names; in a sheet these are the numbers of lines."""
    kind = "line " if len(names) == 1 else "lines "
    return (kind if isinstance(names[0], int) else "") + ", ".join(map(str, names))


def _cell(text):
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _code(text):
    """A claim as code in a cell of a table."""
    ticks = "``" if "`" in text else "`"
    return f"{ticks}{text.replace('|', chr(92) + '|')}{ticks}"


# --- What each known mistake does to a network's numbers, as a table in text or Markdown.


def table(description, signatures, shown):
    """The table as text: a row for each mistake, a column for each of the names `shown`; then which look
    alike.
    """
    header, rows = _cells(signatures, shown)
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [description.title, "", "Conventions"] + [f"  {each}" for each in conventions(description)] + [""]
    for row in [header, *rows]:
        lines.append(
            "  ".join(
                [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            )
        )
    for heading, entries in _remarks(signatures):
        lines += ["", heading] + [f"  {each}" for each in entries]
    return "\n".join(lines)


def mistakes_markdown(description, signatures, shown):
    """The same in Markdown."""
    header, rows = _cells(signatures, shown)
    lines = [f"# {description.title}", ""] + [f"- {each}" for each in conventions(description)] + [""]
    lines += [f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows]]
    for heading, entries in _remarks(signatures):
        lines += ["", heading, ""] + [f"- {each}" for each in entries]
    return "\n".join(lines)


def _cells(signatures, shown):
    rows = [
        [each.id] + [nine_decimals(each.numbers[name]) if name in each.numbers else "" for name in shown]
        for each in signatures
        if "none" not in each.same
    ]
    return ["mistake", *shown], rows


def _remarks(signatures):
    """(heading, entries): the mistakes that this network cannot tell apart, and those that do nothing to it."""
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
