"""A sheet as it was understood, in plain notation: what `check --show-reading` prints, itself a sheet."""

from __future__ import annotations

from neuronnet.formulas.arrays import Array
from neuronnet.formulas.notation import Known
from neuronnet.sheet.declarations import declarations
from neuronnet.sheet.readers.read_sheet import Sheet, read_sheet
from neuronnet.sheet.statements import Part, Statement, read_statements


def as_read(text: str) -> str:
    """Every claim of a sheet, one a line, in the notation of formulas; what is not read stands in comments.

    Read again, it is the same claims. A line that plain notation would change stays as its author wrote it.
    """
    sheet = read_sheet(text)
    claims = _written(sheet)
    again = _written(read_sheet("\n".join(line for _, line in claims)))
    if [line for _, line in again] != [line for _, line in claims]:
        claims = _written(sheet, {line for _, line in again})
    lines = [(each.line, f"# not read: {each.text} ({each.reason})") for each in sheet.unread]
    lines += [
        (number, f"# line {number}: a formula outside of what is read as claims") for number in sheet.ignored
    ]
    samples = [line for line, kind in sheet.headings if kind == "sample"]
    lines += [(line, f"Sample {number}") for number, line in enumerate(samples, 1)]
    lines = sorted(lines + claims, key=lambda each: each[0])
    return "\n".join([*_beginning(sheet), *(line for _, line in lines), *_end(sheet)]) + "\n"


def _beginning(sheet):
    """The network, the declarations and the definitions of a sheet."""
    if sheet.network is not None:
        kind, value, _ = sheet.network
        yield from [f"network: {value}"] if kind == "name" else ["```toml", value, "```", "```derivation"]
    yield from declarations(sheet.declared)
    yield from (f"let {each.name} = {each.text.text.strip()}" for each in sheet.lets)


def _end(sheet):
    return ["```"] if sheet.network is not None and sheet.network[0] == "toml" else []


def _written(sheet: Sheet, kept: set[str] | None = None) -> list[tuple[int, str]]:
    """(line, text) of each claim in plain notation, or in its author's where that is not among the `kept`."""
    known = Known()
    statements, _ = read_statements(sheet.claims, known, declared=sheet.declared)
    found = [(each.line, _plain(each), each) for each in statements]
    lines = [(line, text if kept is None or text in kept else _as_typed(each)) for line, text, each in found]
    defined = [
        (claim.line, " = ".join(part.text for part in claim.parts))
        for claim in sheet.claims
        if (claim.line, claim.text) not in {(each.line, each.text) for each in statements}
    ]
    return sorted(defined + lines, key=lambda each: each[0])


def _plain(statement: Statement) -> str:
    first, *rest = (plain_part(each) for each in statement.parts)
    return first + (" := " if statement.assigns else " = ") + " = ".join(rest)


def _as_typed(statement):
    first, *rest = (each.spelled.text for each in statement.parts)
    return first + (" := " if statement.assigns else " = ") + " = ".join(rest)


def plain_part(part: Part) -> str:
    if isinstance(part.printed, Array):
        return str(part.printed.map(lambda each: each.text).nested()).replace("'", "")
    if part.printed is not None:
        return part.printed.text
    if part.error is not None or part.formula is None:
        return part.spelled.text.replace("\n", " ")
    return part.formula.format()
