"""A Report as text, Markdown or HTML: the verdict, the cause, a line per block, the wrong entries."""

import math
import re
from collections import Counter
from html import escape

from gradcheck.verdict import worst_of

LISTED = 10  # entries
OF_EACH_BLOCK = 3  # of them
NONE = "none"  # in the place of a numerical derivative without a finite error bar
DIGITS = 17  # as many as a float has


def text(report):
    """The whole Report, several lines."""
    lines = [title(report), *(f"{heading}: {sentence}" for heading, sentence in reasons(report))]
    lines += [f"  {line}" for line in block_lines(report)]
    if len(report.intermediates) > 0:
        lines += ["intermediates, from the loss backwards:"]
        lines += [f"  {block_line(block)}" for block in reversed(report.intermediates)]
        if report.first_wrong_intermediate is not None:
            lines.append(f"  the first wrong one is {report.first_wrong_intermediate}")
    listed, more = listed_entries(report)
    if len(listed) > 0:
        here = any(block.verdict == report.verdict for block in (*report.blocks, *report.intermediates))
        nearby = report.nearby is not None and report.nearby.verdict == report.verdict
        where = "" if here else ", at the nearby point" if nearby else ", at the special point"
        lines.append(f"{listed[0].verdict}{where}:")
        lines += [f"  {line}" for line in entry_lines(listed)] + [f"  and {more} more"] * (more > 0)
    lines += [f"{heading}: {sentence}" for heading, sentence in remarks(report)]
    lines += [f"next: {step}" for step in [next_step(report)] if step != ""]
    return "\n".join([*lines, summary(report), f"repeat: {report.call}"])


def title(report):
    """The first line: "gradients: right, but the loss changes its parameters"."""
    beside = dict.fromkeys(finding.short for finding in report.audit if finding.effect == "right")
    joint = "but" if report.verdict == "right" else "and"
    return f"{report.subject}: {report.verdict}" + (f", {joint} {', '.join(beside)}" if beside else "")


# Blocks


def block_lines(report):
    """A line per block, and the cause of a block where it is not that of the whole."""
    whole = None if report.cause is None else report.cause.id.split(" + ")
    for block in report.blocks:
        is_own = whole is not None and block.cause is not None and block.cause.id not in whole
        yield block_line(block) + (f"; {block.cause.sentence}" if is_own else "")


def block_line(block):
    """One BlockReport: its verdict, how many entries are wrong and where, what error would have shown."""
    entries = f"{block.size} {'entry' if block.size == 1 else 'entries'}"
    both = (block.wrong, "wrong"), (block.undecided, "undecided")
    found = [(indices, said) for indices, said in both if len(indices) > 0]
    parts = []
    if block.by_directions > 0 and len(found) > 0:
        counts = " and ".join(f"{len(indices)} {said}" for indices, said in found)
        parts.append(f"{counts} of {len(block.entries)} checked one by one")
    elif len(found) > 0 and found[0][1] == block.verdict:
        entries = _counted(block, found[0][0], entries)
        parts += [f"{len(indices)} {said}" for indices, said in found[1:]]
    parts = [f"{block.name}: {block.verdict}, {entries}", *parts]
    if len(block.at_kink) > 0:
        parts.append(f"{len(block.at_kink)} at a kink")
    if block.by_directions > 0:
        together = f"{block.by_directions} judged together along random directions"
        parts.append(together + _verdicts_together(block))
    single = "" if block.precision == "float64" else f", {block.precision}"
    to = f"; right to {visible_error(block):.1e} of the largest slope{single}"
    return ", ".join(parts) + (to if math.isfinite(visible_error(block)) else "")


def visible_error(block):
    """`smallest_visible` of a BlockReport that is right; infinite for any other, and for one of 1 or more."""
    return block.smallest_visible if block.verdict == "right" and block.smallest_visible < 1.0 else math.inf


def _verdicts_together(block):
    """How many of the entries judged together are in groups of each verdict; empty where all are right."""
    sizes = Counter(verdict for group in block.groups for verdict in [group.verdict] * len(group.positions))
    if set(sizes) <= {"right"}:
        return ""
    said = {"right": "right", "undecided": "undecided", "wrong": "in groups with something wrong"}
    return ": " + " and ".join(f"{sizes[each]} {words}" for each, words in said.items() if each in sizes)


def _counted(block, indices, entries):
    """How many of the `entries` these are, and where, in a few words: "3 of 60 entries, all in row 2"."""
    if len(indices) == block.size:
        return f"all {entries}" if block.size > 1 else entries
    count = f"{len(indices)} of {entries}"
    lines = [sorted(set(axis)) for axis in zip(*indices)] if len(block.shape) == 2 else []
    for noun, hit in zip(("row", "column"), lines):
        if len(hit) == 1 and len(indices) > 1:
            return f"{count}, all in {noun} {hit[0]}"
    for noun, hit, along, across in zip(("row", "column"), lines, block.shape, block.shape[::-1]):
        if len(hit) <= 4 and len(hit) < along and len(indices) == len(hit) * across:
            return f"{count}, all of {noun}s {', '.join(map(str, hit))}"
    off = {each.name: abs(each.analytic - each.numeric) for each in block.entries if each.index in indices}
    largest = max(off, key=lambda name: off[name] if math.isfinite(off[name]) else -1.0)
    return f"{count}, the largest error in {largest}" if block.verdict == "wrong" else count


# Entries


def listed_entries(report):
    """(the entries to show, at most ten; how many more there are): the wrong ones, else the undecided ones.

    First comes the worst of every block, then the next two of each.
    """
    others = [each.blocks for each in (report.nearby, report.special) if each is not None]
    nearby = [block for blocks in others for block in blocks]
    blocks = [*report.blocks, *nearby, *reversed(report.intermediates)]
    kind = worst_of(block.verdict for block in blocks)
    told = [finding.sentence for finding in report.audit if finding.effect == kind]
    if kind == "right" or kind == "undecided" and len(told) > 0:
        return [], 0  # one reason for all of them, which is told above
    found = [[entry for entry in block.entries if entry.verdict == kind] for block in blocks]
    found = [sorted(entries, key=lambda entry: entry.badness, reverse=True) for entries in found]
    worst = [entries[0] for entries in found if len(entries) > 0]
    listed = (worst + [entry for entries in found for entry in entries[1:OF_EACH_BLOCK]])[:LISTED]
    return listed, sum(map(len, found)) - len(listed)


def entry_lines(entries):
    """A line for each entry; a reason that several have, word for word, stands once above them."""
    for reason in dict.fromkeys(entry.reason for entry in entries):
        some = [entry for entry in entries if entry.reason == reason]
        if len(some) == 1 or some[0].verdict == "wrong":
            yield from map(str, some)
        else:
            yield f"{reason}:"
            yield from (f"  {entry_text(entry)}" for entry in some)


def entry_text(entry):
    """One Entry without its reason."""
    analytic, numeric, bar, ratio = numbers(entry)
    if numeric == NONE:
        return f"{entry.name}: analytic {analytic}, no numerical derivative"
    ratio = f", ratio {ratio}" if math.isfinite(entry.ratio) else ""
    return f"{entry.name}: analytic {analytic}, numeric {numeric} ± {bar}{ratio}"


def numbers(entry):
    """(analytic, numeric, error bar, ratio) as texts; with digits enough to show what is wrong."""
    digits = max(10, _telling_digits(entry))
    analytic, numeric = (f"{each:.{digits}g}" for each in (entry.analytic, entry.numeric))
    if not (math.isfinite(entry.numeric) and math.isfinite(entry.error_bar)):
        return analytic, NONE, NONE, ""
    return analytic, numeric, f"{entry.error_bar:.1e}", ratio_text(entry)


def ratio_text(entry):
    """analytic/numeric to six digits; where the entry is wrong, to as many as show how far from 1 it is.

    Empty for a division by zero.
    """
    if not math.isfinite(entry.ratio):
        return ""
    return f"{entry.ratio + 0.0:.{max(6, _telling_digits(entry))}g}"  # 0 in place of -0


def _telling_digits(entry):
    """How many significant digits a wrong entry needs for its two derivatives to differ in the last two."""
    apart, size = abs(entry.analytic - entry.numeric), max(abs(entry.analytic), abs(entry.numeric))
    if entry.verdict != "wrong" or apart == 0.0 or not math.isfinite(apart):
        return 1
    return min(2 - math.floor(math.log10(apart / size)), DIGITS)


# The rest


def reasons(report):
    """(heading, sentence) of what explains the verdict: what the functions do, the cause, known mistakes."""
    for finding in report.audit:
        yield "warning" if finding.effect == "right" else "reason", finding.sentence
    if report.cause is not None:
        yield "cause", report.cause.sentence
    elif any(block.verdict == "wrong" and len(block.wrong) > 0 for block in report.blocks):
        right = ", ".join(block.name for block in report.blocks if block.verdict == "right")
        yield "cause", f"none of the known ones explains it{f'; that of {right} is right' if right else ''}"
    for diagnosis in report.known_mistakes:
        yield "known mistake", diagnosis.sentence


def remarks(report):
    """(heading, sentence) of what a pass is worth, and of the check at another point that this led to."""
    for note in report.notes:
        yield "note", note.sentence
    if report.nearby is not None:
        yield "checked again nearby", report.nearby.sentence
    if report.special is not None:
        yield "at special points", report.special.sentence


def next_step(report):
    """What to do now, one sentence; empty for a pass that needs nothing."""
    wrong = [block.name for block in report.blocks if block.verdict == "wrong"]
    whole = next((finding for finding in report.audit if finding.effect == report.verdict != "right"), None)
    if whole is not None:
        return f"mend the {whole.who} first, then check again"
    if report.first_wrong_intermediate is not None:
        return f"mend {report.first_wrong_intermediate} first; what is computed from it may be right then"
    if report.cause is not None and report.cause.kind != "place":
        return "mend what the cause says, then check again"
    if len(wrong) > 0:
        hint = (
            ""
            if report.intermediates
            else "; trace_backward, or intermediates=..., shows the first wrong step"
        )
        case = "; a smaller case, of one sample and few units, says more"
        smaller = "" if report.cause is not None else case
        return f"compare the line that computes {wrong[-1]} with its formula{hint}{smaller}"
    reasons = [
        entry.reason for block in report.blocks for entry in block.entries if block.verdict == "undecided"
    ]
    return next((step for word, step in STEPS if any(word in reason for reason in reasons)), "")


STEPS = (  # (word in the reason of an undecided entry, what to do)
    ("jump", "check at a point at which the loss does not jump"),
    ("edge of its domain", "check at a point inside the domain, or give bounds"),
    (
        "kinks too close",
        "give the gradients as a function, to be compared where the parameters are scaled up, too",
    ),
    ("noise", "make the loss the same in every call, and compute it in float64"),
    ("too wide", "compute the loss in float64, or check at a point with larger slopes"),
    ("kink", "check at another point, away from the kink"),
    ("error bars away", "check again with another seed or at another point"),
)


def summary(report):
    """Conventions, evaluations and seconds, one line."""
    wrong = f"wrong means more than {report.confidence:g} error bars away"
    calls = f"{report.evaluations} evaluation{'s' * (report.evaluations != 1)} in {report.seconds:.3g} s"
    return "; ".join((*report.conventions, wrong, f"seed {report.seed}", calls))


# Markdown and HTML


BLOCKS = ("array", "verdict", "entries", "wrong", "undecided", "right to, of the largest slope")
ENTRIES = ("entry", "analytic", "numeric", "error bar", "ratio", "why")


def markdown(report):
    """The Report as Markdown: a table of blocks, one of entries, and the sentences."""
    parts = [f"**{title(report)}**"]
    parts += [f"- {heading}: {_cell(sentence)}" for heading, sentence in reasons(report)]
    parts += [_markdown_table(head, rows) for head, rows in _tables(report)]
    parts += [f"- {heading}: {_cell(sentence)}" for heading, sentence in remarks(report)]
    return "\n\n".join([*parts, summary(report), f"`{report.call}`"]) + "\n"


def html(report):
    """The Report as a piece of HTML, for notebooks."""
    parts = [f"<p><strong>{escape(title(report))}</strong></p>", *_html_list(reasons(report))]
    parts += [_html_table(head, rows) for head, rows in _tables(report)]
    parts += _html_list(remarks(report))
    return "\n".join([*parts, f"<p>{escape(summary(report))}<br><code>{escape(report.call)}</code></p>"])


def _tables(report):
    rows = []
    for block in (*report.blocks, *reversed(report.intermediates)):
        counts = map(str, (block.size, len(block.wrong), len(block.undecided)))
        visible = f"{visible_error(block):.1e}" if math.isfinite(visible_error(block)) else ""
        rows.append((block.name, block.verdict, *counts, visible))
    yield BLOCKS, rows
    listed, more = listed_entries(report)
    if len(listed) > 0:
        rows = [(entry.name, *numbers(entry), entry.reason) for entry in listed]
        yield ENTRIES, rows + ([(f"and {more} more", "", "", "", "", "")] if more > 0 else [])


def _markdown_table(head, rows):
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(each) for each in line) + " |" for line in lines)


def _cell(words):
    return re.sub(r"[\\|*_]", r"\\\g<0>", words).replace("\n", " ")


def _html_list(sentences):
    said = [f"<li>{escape(heading)}: {escape(sentence)}</li>" for heading, sentence in sentences]
    return [f"<ul>{''.join(said)}</ul>"] if said else []


def _html_table(head, rows):
    lines = ["<tr>" + "".join(f"<th>{escape(each)}</th>" for each in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{escape(each)}</td>" for each in row) + "</tr>" for row in rows]
    return "<table>" + "".join(lines) + "</table>"
