"""What is found out about a wrong gradient: a Cause, and the Causes of all its blocks; how, is not known
here.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cause:
    """What explains a wrong gradient: its `id`, and a `sentence` about `blocks`, their names.

    Where the sentence names several mistakes that cannot be told apart, the id is that of the first.
    `explains`: the share of the squared difference that is gone with it, the least of all blocks; 0 for a
    broken chain. `kind`: "shape" for a mistake, "place" where all that is known, of some blocks at least, is
    where they are wrong. `constants`: the factors found, by name; `free`: how many of them were fitted.
    `runners_up`: other Causes. First those that explain as much with as few constants, so that the point
    cannot tell them apart; then those that explain more than half, also when it is allowed for that constants
    were fitted, the best first.
    """

    id: str
    sentence: str
    explains: float
    blocks: tuple = ()
    kind: str = "shape"
    constants: dict = field(default_factory=dict)
    runners_up: tuple = ()
    free: int = 0

    def __str__(self):
        return self.sentence

    def to_dict(self):
        """Plain dict, ready for JSON."""
        return {
            "id": self.id,
            "sentence": self.sentence,
            "explains": self.explains,
            "blocks": list(self.blocks),
            "kind": self.kind,
            "constants": dict(self.constants),
            "free": self.free,
            "runners_up": [each.to_dict() for each in self.runners_up],
        }


@dataclass(frozen=True)
class Causes:
    """`overall`: the Cause of all that is wrong, or None. `blocks`: name -> Cause or None. `wrong`: names, in
    order.

    Where one Cause explains several blocks better than each its own, it is the Cause of each of them.
    `runners_up`: name -> Causes that explain more than half of what is wrong in that block, though not all of
    it.
    """

    overall: Cause | None
    blocks: dict
    wrong: tuple
    runners_up: dict

    def __getitem__(self, name):
        return self.blocks[name]

    def __str__(self):
        return "no cause is known" if self.overall is None else self.overall.sentence

    def to_dict(self):
        """Plain dict, ready for JSON."""
        return {
            "overall": None if self.overall is None else self.overall.to_dict(),
            "blocks": {name: None if each is None else each.to_dict() for name, each in self.blocks.items()},
            "wrong": list(self.wrong),
            "runners_up": {name: [each.to_dict() for each in some] for name, some in self.runners_up.items()},
        }
