"""Wrong programs that people published, re-created in a few lines each, and the judge's verdicts. Hands
names on.
"""

from gradcheck.gallery.entry import Entry, Explanation, Finding
from gradcheck.gallery.listing import entries, text, to_dict

__all__ = ["Entry", "Explanation", "Finding", "entries", "text", "to_dict"]
