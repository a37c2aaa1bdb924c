"""The whole gallery in order, as text and as plain dicts; nothing is judged here but by Entry.judge."""

from textwrap import fill

from gradcheck.gallery import extra_column as extra_column_entries
from gradcheck.gallery import one_three_one as one_three_one_entries

WIDTH = 110


def entries():
    """All entries of the gallery, a list of Entry: each section's programs, its right program last."""
    return [*one_three_one_entries.entries(), *extra_column_entries.entries()]


def text(entries):
    """A paragraph for each entry, under the headings of their sections."""
    return listed([entry.judge() for entry in entries])


def to_dict(entries):
    """A list of plain dicts, one for each entry, ready for JSON."""
    return [entry.judge().to_dict() for entry in entries]


def listed(findings):
    """The text of findings that have been made already."""
    parts, section = [], None
    for finding in findings:
        if finding.entry.section != section:
            section = finding.entry.section
            parts.append(f"{section}\n{'-' * len(section)}")
        parts.append(_paragraph(finding))
    return "\n\n".join(parts)


def _paragraph(finding):
    entry, worst = finding.entry, finding.worst
    lines = [f"{entry.id}: {entry.title}", _indented(entry.source)]
    if entry.fixed is not None:
        lines += [f"  written: {entry.written}", f"  meant:   {entry.meant}"]
    lines.append(
        _indented(
            f"{_verdict(finding)} (worst entry {worst.name}: analytic {worst.analytic:.9g}, "
            f"numeric {worst.numeric:.9g} ± {worst.error_bar:.1e})."
        )
    )
    if finding.cause is not None:
        lines.append(_indented(f"Cause, measured: {finding.cause[0]}; {finding.cause[1]}."))
    elif finding.verdict == "wrong":
        lines.append(_indented("Cause: none of those tried, or more than one, fits."))
    if finding.shown is not None:
        lines.append(_indented(f"JudgedEntries: {finding.shown}"))
    return "\n".join(lines)


def _indented(sentence):
    return fill(
        sentence,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _verdict(finding):
    if finding.verdict == "undecided":
        return "About the gradient nothing can be told"
    if finding.verdict == "right" and finding.entry.fixed is not None:
        return f"The gradient is right; what is wrong is {finding.entry.title}"
    return f"The gradient is {finding.verdict}"
