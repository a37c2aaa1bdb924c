"""The sentences of words.toml: what was done and what is right, for every mistake with a name."""

import tomllib
from pathlib import Path

from neuronnet.mistakes.passes import Variation

WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
CONVENTIONS = WORDS.pop("conventions")


def known(id: str, places: dict | None = None, plainness: int = 0, **changes) -> Variation:
    """The Variation called `id` in words.toml, with `places` for the names in braces."""
    sentence, convention = WORDS[id], CONVENTIONS.get(id)
    if places:
        id, sentence = id.format(**places), sentence.format(**places)
    return Variation(id, sentence, convention, plainness=plainness, **changes)
