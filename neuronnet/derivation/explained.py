"""An explanation of wrong numbers by known mistakes, as it is handed out. How it is found is not known here."""

from typing import NamedTuple


class Diagnosis(NamedTuple):
    """An explanation of wrong numbers.

    `mistakes` are the classes of the catalogue, one or two; `explains` the names of the wrong numbers whose digits they
    reproduce, `contradicts` those of right numbers that they would have made wrong. `digits` is how many digits of
    disagreement they get right, `chance` how many of the `tried` explanations would do so by coincidence; `same_as` the
    ids of others that give the same digits. `carried` says that the numbers are computed from the printed ones before.
    """

    mistakes: tuple
    explains: tuple
    contradicts: tuple
    digits: float
    chance: float
    tried: int
    same_as: tuple = ()
    carried: bool = False

    @property
    def id(self):
        """The ids of the mistakes, joined by a plus."""
        return " + ".join(each.id for each in self.mistakes)

    @property
    def sentence(self):
        """What was done, in a sentence each."""
        carried = ("The printed, rounded numbers were carried on.",) if self.carried else ()
        return " ".join([each.sentence for each in self.mistakes] + list(carried))

    @property
    def convention(self):
        """What else the numbers are right for; None for what is plainly a mistake."""
        clauses = [each.convention for each in self.mistakes if each.kind == "convention"]
        return " and ".join(clauses) if len(clauses) == len(self.mistakes) else None

    @property
    def odds(self):
        """The odds of a coincidence, in a clause."""
        number = f"{self.chance:.0e}" if self.chance < 0.001 else f"{self.chance:.2g}"
        return f"{self.digits:.0f} digits reproduced, {self.tried} explanations tried, {number} expected by chance"

    def to_dict(self):
        """The diagnosis as a plain dict."""
        return {"id": self.id, "sentence": self.sentence, "convention": self.convention, "explains": list(self.explains),
                "contradicts": list(self.contradicts), "digits": round(self.digits, 2), "tried": self.tried,
                "chance": self.chance, "same_as": list(self.same_as)}
