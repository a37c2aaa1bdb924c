"""What is said of small sheets with mistakes, word by word, as `tests/data/words_of_sheets` has it.

Run as a script, this file writes the words anew; the other files of the folder say which are right.
"""

from pathlib import Path

import pytest

from neuronnet import check_sheet

FOLDER = Path(__file__).parent.parent / "data" / "words_of_sheets"


def sheets(part):
    """(sheet, what is said of it), each with its name, in a file of the folder."""
    rows = f"\n{(FOLDER / part).read_text(encoding='utf-8')}".split("\n=== ")[1:]
    cut = [(name, *rest.split("\n---\n")) for name, rest in (row.split("\n", 1) for row in rows)]
    return [pytest.param(text, said.rstrip(), id=name) for name, text, said in cut]


def words(text):
    return str(check_sheet(text)).rstrip()


@pytest.mark.parametrize(
    "text, said", [each for path in sorted(FOLDER.iterdir()) for each in sheets(path.name)]
)
def test_what_is_said_of_a_sheet_is_what_was_said(text, said):
    assert words(text) == said


if __name__ == "__main__":
    for path in FOLDER.iterdir():
        rows = [(each.id, each.values[0]) for each in sheets(path.name)]
        parts = [f"=== {name}\n{text}\n---\n{words(text)}\n" for name, text in rows]
        path.write_text("\n".join(parts), encoding="utf-8")
