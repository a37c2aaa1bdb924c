"""A report as text: a line per block, the wrong entries by name, the cause, and how to do it again."""

import math

from .verdict import worst_of

LISTED = 10


def text(report):
    """The whole Report, several lines."""
    lines = [f"{report.subject}: {report.verdict}"]
    lines += [f"  {line}" for line in block_lines(report)]
    if len(report.intermediates) > 0:
        lines += ["intermediates, from the loss backwards:"]
        lines += [f"  {block_line(block)}" for block in reversed(report.intermediates)]
        if report.first_wrong_intermediate is not None:
            lines.append(f"  the first wrong one is {report.first_wrong_intermediate}")
    listed, more = listed_entries(report)
    if len(listed) > 0:
        lines += [f"{listed[0].verdict}:"] + [f"  {entry}" for entry in listed]
        lines += [f"  and {more} more"] if more > 0 else []
    lines += [f"{heading}: {sentence}" for heading, sentence in sentences(report)]
    return "\n".join([*lines, summary(report), f"again: {report.call}"])


def block_lines(report):
    """A line per block, and the cause of a block where it is not that of the whole."""
    for block in report.blocks:
        line = block_line(block)
        if block.cause is not None and report.cause is not None and block.cause.id != report.cause.id:
            line += f"; {block.cause.sentence}"
        yield line


def block_line(block):
    """One BlockReport: its verdict, how many entries are wrong and where, the smallest error that would have shown."""
    parts = [f"{block.name}: {block.verdict}, {_count(block.size, 'entry', 'entries')}"]
    if len(block.wrong) > 0:
        parts.append(f"{len(block.wrong)} wrong{_where(block.wrong, block.shape)}")
    if len(block.unclear) > 0:
        parts.append(f"{len(block.unclear)} not to be told{_where(block.unclear, block.shape)}")
    if len(block.at_kink) > 0:
        parts.append(f"{len(block.at_kink)} at a kink")
    if block.by_directions > 0:
        parts.append(f"{block.by_directions} judged together along random directions")
    if math.isfinite(block.smallest_visible):
        parts.append(f"an error of {block.smallest_visible:.1e} of the largest would show")
    return ", ".join(parts)


def listed_entries(report):
    """(the entries to show, at most ten: the wrong ones, else those not to be told; how many more there are)."""
    blocks = [*report.blocks, *(report.again.blocks if report.again is not None else ()), *reversed(report.intermediates)]
    kind = worst_of(block.verdict for block in blocks)
    found = [entry for block in blocks for entry in block.entries if entry.verdict == kind] if kind != "right" else []
    return found[:LISTED], max(len(found) - LISTED, 0)


def sentences(report):
    """(heading, sentence) of all that is said in words."""
    for finding in report.audit:
        yield "audit", finding.sentence
    if report.cause is not None:
        yield "cause", report.cause.sentence
    for diagnosis in report.explanations:
        yield "known mistake", diagnosis.sentence
    for note in report.notes:
        yield "a pass means little", note.sentence
    if report.again is not None:
        yield "checked again", report.again.sentence


def summary(report):
    """Conventions, evaluations and seconds, one line."""
    return (f"{'; '.join((*report.conventions, f'confidence {report.confidence:g}', f'seed {report.seed}'))}; "
            f"{_count(report.evaluations, 'evaluation', 'evaluations')} in {report.seconds:.3g} s")


def _where(indices, shape):
    """Where in a block the entries are, if that can be said in a few words."""
    if len(indices) == math.prod(shape):
        return " (all)" if len(indices) > 1 else ""
    for axis, noun in enumerate(("row", "column")) if len(shape) == 2 else ():
        lines = sorted({index[axis] for index in indices})
        if len(lines) == 1 and len(indices) > 1:
            return f", all in {noun} {lines[0]}"
    for axis, noun in enumerate(("row", "column")) if len(shape) == 2 else ():
        lines = sorted({index[axis] for index in indices})
        if len(lines) <= 4 and len(lines) < shape[axis] and len(indices) == len(lines) * shape[1 - axis]:
            return f", all of {noun}s {', '.join(map(str, lines))}"
    return ""


def _count(number, one, many):
    return f"{number} {one if number == 1 else many}"
