"""Wrong programs that people published, re-created in a few lines each, and the judge's verdicts."""

from gradcheck.gallery import extra_column, one_three_one
from gradcheck.gallery.program import CandidateCause, GalleryProgram, JudgedProgram, text

__all__ = ["CandidateCause", "GalleryProgram", "JudgedProgram", "programs", "text"]


def programs() -> list[GalleryProgram]:
    """All programs of the gallery, section by section, the right program of each last."""
    return [*one_three_one.programs(), *extra_column.programs()]
