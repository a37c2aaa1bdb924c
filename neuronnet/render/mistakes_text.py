"""What each known mistake does to a network's numbers, as a table in text or Markdown."""

from neuronnet.render.text import conventions, nine_decimals


def table(description, signatures, shown):
    """The table as text: a row for each mistake, a column for each of the names `shown`; then which look alike."""
    header, rows = _cells(signatures, shown)
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [description["title"], "", "Conventions"] + [f"  {each}" for each in conventions(description)] + [""]
    for row in [header, *rows]:
        lines.append("  ".join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]))
    for heading, entries in _remarks(signatures):
        lines += ["", heading] + [f"  {each}" for each in entries]
    return "\n".join(lines)


def markdown(description, signatures, shown):
    """The same in Markdown."""
    header, rows = _cells(signatures, shown)
    lines = [f"# {description['title']}", ""] + [f"- {each}" for each in conventions(description)] + [""]
    lines += [f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows]]
    for heading, entries in _remarks(signatures):
        lines += ["", heading, ""] + [f"- {each}" for each in entries]
    return "\n".join(lines)


def _cells(signatures, shown):
    rows = [[each.id] + [nine_decimals(each.numbers[name]) if name in each.numbers else "" for name in shown]
            for each in signatures if "none" not in each.same]
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
