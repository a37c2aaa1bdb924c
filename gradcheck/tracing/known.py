"""What is known of each local of a backward pass: whether it is right, by its name or by its value.

Every local is held against the derivative of the loss by the local of the forward pass that its name belongs
to, or by any other of its shape; of a name that is given several times, against each, and its parts.
"""

from itertools import combinations

import numpy as np

from gradcheck.tracing.passes import NUMBERS, is_sum_of, same_value

MOST_PATHS = 4  # uses of one quantity, whose sums are tried
SAME = 1e-5  # relative: ratios that are one
OF_FORWARD, AS_FORWARD = "a value of the forward pass", "as in the forward pass"
GIVEN = "from above, or an input"


class KnownLocals:
    """The locals of the backward pass of some Passes, by number: `known` to be right or not, and `words`.

    A value is in doubt where it is not known, where it is suspected to be none of some derivatives, or where
    what speaks for it is weak, such as a forward value of another name.
    """

    def __init__(self, passes):
        self.passes = passes
        self.known, self.words, self._suspects, self._weak, self._ratio = {}, {}, {}, set(), {}
        self._turns: set = set()  # arrays that a loop runs over, in what order is not known
        self._continued = {
            number
            for noted in passes.backward
            for number in noted.event.read
            if passes.backward[number].name == noted.name
        }
        for noted in passes.backward:
            self._look_at(noted)

    def _is_open(self, noted):
        number = noted.number
        return not self.known.get(number) or number in self._suspects or number in self._weak

    def _look_at(self, noted):
        """Notes whether a value is known to be right, or suspected to be wrong, and why."""
        value, number = noted.event.value, noted.number
        if noted.kind == "turn" or not isinstance(value, NUMBERS):
            self.known[number] = noted.kind != "made"
            if noted.kind == "turn" and isinstance(value, (float, np.ndarray)):
                self._turns.add(number)
            return
        if noted.kind == "given":
            self._know(noted, GIVEN)
        elif noted.name[0] != "[" and any(same_value(value, each) for each in self.passes.namesakes(noted)):
            self._know(noted, AS_FORWARD)
            if isinstance(value, int) and len(set(self.passes.namesakes(noted))) > 1:
                self._weak.add(number)  # a counter, of any turn
        elif np.asarray(value).dtype.kind != "f":
            self.known[number] = any(same_value(value, each) for each in self.passes.values)
            if np.ndim(value) == 0:
                self._weak.add(number)
            if self._has_namesake(noted):
                self._suspects[number], self.known[number] = [], False
                self.words[number] = f"another {noted.name} than in the forward pass"
            elif own := self.passes.named(noted.name):
                self._suspects[number] = [[each] for each in own]
        elif not np.any(value) and (number in self._continued or not self._counterparts(noted)):
            self._know(noted, "zero")
            if "zeros" not in noted.source:
                self._weak.add(number)
        else:
            self._compare(noted)

    def _compare(self, noted):
        value, number = noted.event.value, noted.number
        named = self._counterparts(noted)
        own = [each for each in named if each.is_like(value)]
        found = next((each for each in own if each.is_it(value)), None)
        if found is not None:
            self._know(noted, f"the derivative by {found.words}")
            first = next(each for each in own if each.loops == found.loops)  # of a name that is given twice
            is_last = number not in self._continued and first is not found
            if is_last or any(self._is_unchanged(noted, each) for each in noted.event.read):
                self._weak.add(number)
                self._suspects[number] = [[each] for each in own if each is not found]
            return None
        is_part = number in self._continued or len(own) == 0
        whole = own or [each for each in self.passes.kin(noted.name) if each.is_like(value)]
        for words, quantities in self._paths(whole) if is_part else ():
            if is_sum_of(value, quantities):
                return self._know(noted, words)
        self.words[number] = self._as_another(noted, own)
        if self.words[number] and own:
            self._weak.add(number)
        is_derivative = whole or named or noted.kind == "returned" or self.passes.kin(noted.name)
        self.known[number] = self.words[number] not in ("", *([OF_FORWARD] if is_derivative else []))
        if named and not own and number in self._continued:
            return
        if named and not own:
            self._suspects[number] = [[each] for each in named]
            return
        if is_part and whole:
            self._suspects[number] = [*([each] for each in whole), *(some for _, some in self._paths(whole))]
            return
        for quantity in own:
            how, ratio = quantity.compared(value)
            if how == "scaled":
                self._ratio[number] = ratio
                self.words[number] = f"{ratio:.6g} times the derivative by {quantity.words}"
                self.known[number] = True
            if how != "unknown":
                self._suspects[number] = [[each] for each in own]
        if number in self._suspects:
            self.words[number] = self.words[number] or f"not the derivative by {own[-1].words}"
        elif self._has_namesake(noted):
            self._suspects[number] = []
            self.words[number] = self.words[number] or f"another {noted.name} than in the forward pass"

    def _is_unchanged(self, noted, number):
        """Whether a value is that which the name had before."""
        before = self.passes.backward[number]
        return before.name == noted.name and same_value(before.event.value, noted.event.value)

    def _as_another(self, noted, own):
        """Words for a value that is the derivative by something else, or of the forward pass; or ""."""
        value = noted.event.value
        if any(same_value(value, each) for each in self.passes.values):
            self._weak.add(noted.number)
            return OF_FORWARD
        for each in (*self.passes.forward, *self.passes.blocks.values()):
            if each.shape == np.shape(value) and each.is_it(value):
                is_new = not any(
                    same_value(value, other.event.value) for other in self.passes.backward[: noted.number]
                )
                if is_new or own:
                    return f"the derivative by {each.words}"
        everything = [each for each in self.passes.forward if each.shape == np.shape(value)]
        for words, quantities in self._paths(everything):
            if is_sum_of(value, quantities):
                self._weak.add(noted.number)
                return words
        return ""

    def _has_namesake(self, noted):
        shapes = [np.shape(each) for each in self.passes.namesakes(noted)]
        return noted.kind != "made" and np.shape(noted.event.value) in shapes

    def _counterparts(self, noted):
        """The Quantities by which a value is the derivative, if it means what its name or place says."""
        block = self._block_of(noted.name) if noted.kind == "made" else None
        if block is not None:
            return [block]
        return self.passes.named(noted.name) or self.passes.inputs_named(noted.name)

    def _know(self, noted, words):
        self.known[noted.number], self.words[noted.number] = True, words

    def _paths(self, quantities):
        """(words, Quantities) of the uses, and sums of some uses, of each that has several."""
        for whole in quantities:
            some = [each for each in self.passes.uses if each.value is whole.value][:MOST_PATHS]
            for count in range(1, len(some)):
                for chosen in combinations(some, count):
                    words = " and ".join(f"line {each.line}" for each in chosen)
                    yield f"the part of the derivative by {whole.name} that {words} uses", list(chosen)

    def _parts_of(self, noted, value):
        """The uses of the Quantity that a local belongs to of which a value is the part of its derivative."""
        whole = [each for each in self._counterparts(noted) if each.is_like(value)]
        whole = whole or [each for each in self.passes.kin(noted.name) if each.is_like(value)]
        return next((some for _, some in self._paths(whole) if np.any(value) and is_sum_of(value, some)), [])

    def _block_of(self, name):
        """The Quantity of the input to which an element of what `backward` returns belongs."""
        blocks = self.passes.blocks
        for (parent, child), key in self.passes.layer.keys.items():
            if name in (f"[{key!r}]", "return"):
                path = parent if child is None else f"{parent}.{child}"
                return blocks.get(path, blocks.get(child or parent, next(iter(blocks.values()), None)))
        return None

    def _open_behind(self, noted):
        """The numbers of the values of which nothing is known and on which a Noted rests."""
        found, waiting, ratio = set(), list(noted.event.read), self._ratio.get(noted.number)
        while waiting:
            number = waiting.pop()
            is_scaled = number in self._ratio
            if is_scaled and ratio is not None:
                is_scaled = abs(self._ratio[number] - ratio) <= SAME * abs(ratio)
            if is_scaled:  # or what it is made of, where a line between is missing
                made_of = self.passes.backward[number].event.read
                found |= {
                    each for each in made_of if self.words.get(each, "").startswith("the derivative by")
                }
            is_sure = self.known.get(number) and number not in self._weak and not is_scaled
            each = self.passes.backward[number]
            is_start = self.words.get(number) == "zero" and number in self._continued
            is_sure = is_sure and number not in self._turns and not (is_start and each.name != noted.name)
            if number not in found and not is_sure:
                found.add(number)
                waiting += self.passes.backward[number].event.read
        return found
