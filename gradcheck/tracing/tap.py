"""What a tap does with the values that pass through it: nothing, note them, or change some."""

import linecache
import sys
from collections import Counter
from typing import NamedTuple

import numpy as np


class Place(NamedTuple):
    """Where a value is tapped: a `name`, its `line` in the file, the `source` of that line, what is `read`.

    `kind`: "assigned", "changed" (a part of it, or in place), "stored" (under a key, or as a part), "given"
    (an argument), "made" (an element of what is returned, or of a dict), "passed" and "returned" (the same of
    a function that is called), "inner" (a formula that a function is called with), "loop", "turn" (what it
    runs over), or "used". `scope`: the name of the function.
    """

    kind: str
    name: str
    line: int
    source: str
    read: tuple
    scope: str


class Event(NamedTuple):
    """A value at a Place (its number), the `turn`-th time, and its `name`; the values of the loops around it.

    `value`: a copy; `read`: the numbers of the Events that last gave what the line reads; `around`: the
    Places of those loops, the outermost first; `line` and `source`: those of the Place, or of the call that
    passes an argument.
    """

    place: int
    turn: int
    loops: tuple
    value: object
    read: tuple
    name: str
    around: tuple
    line: int
    source: str


class Tap:
    """What the taps of rewritten functions do with the values: nothing, note them, or change some.

    `changes`: (place, count) -> function of the value. `events`: what was noted; `uses`: (place, count,
    number of the Event that gave the value).
    """

    def __init__(self):
        self.places = []
        self.start()

    def start(self, changes=None, is_noting=False):
        """For the next call."""
        self.events, self.uses, self.changes = [] if is_noting else None, [], changes or {}
        self._counts, self._writers, self._loops = Counter(), {}, []
        self._makers = {}  # id of an object -> (itself, the Event that gave it)

    def enter(self, place, turns=()):
        """A loop begins; returns what it runs over."""
        self._loops.append((place, {}))
        change = self.changes.get((place, 0))
        return turns if change is None else change(list(turns))

    def turn(self, **values):
        """Its next turn, with these values."""
        self._loops[-1] = self._loops[-1][0], values

    def leave(self):
        """It ends."""
        self._loops.pop()

    def __call__(self, place, value, *key):
        if self.events is None and not self.changes:
            return value
        if key and (isinstance(value, dict) or isinstance(value, list) and isinstance(key[0], int)):
            value[key[0]] = self._passed(place, value[key[0]], f"{self.places[place].name}[{key[0]!r}]")
            return value
        return self._passed(place, value, self.places[place].name)

    def _passed(self, place, value, name):
        count = self._counts[place]
        self._counts[place] += 1
        change = self.changes.get((place, count))
        if change is not None:
            value = change(value)
        if self.events is not None and self.places[place].kind == "used":
            key = self.places[place].scope, self.places[place].name
            given = [number for number in self._writers.get(key, ()) if self._gave(number, value)]
            self.uses += [(place, count, number) for number in given]
        elif self.events is not None:
            self._note(place, count, value, name)
        return value

    def _gave(self, number, value):
        """Whether a value may be that of an Event, and no container of it."""
        before = self.events[number].value
        return type(before) is type(value) and getattr(before, "shape", ()) == getattr(value, "shape", ())

    def _note(self, place, count, value, name):
        at, number = self.places[place], len(self.events)
        keys = [key for name in at.read for key in ((at.scope, name), (None, f"{name}()"))]
        read = [event for key in keys for event in self._writers.get(key, ())]
        read += [self._makers[id(value)][1]] if id(value) in self._makers else []
        loops = [pair for _, turn in self._loops for pair in turn.items()]
        loops = tuple((of, each) for of, each in loops if isinstance(each, (int, np.integer)))
        around = tuple(place for place, _ in self._loops)
        kept = value.copy() if isinstance(value, np.ndarray) else value
        line, source = at.line, at.source
        if at.kind == "passed":
            caller = sys._getframe(4)
            line, source = (
                caller.f_lineno,
                linecache.getline(caller.f_code.co_filename, caller.f_lineno).strip(),
            )
        read = tuple(dict.fromkeys(read))
        self.events.append(Event(place, count, loops, kept, read, name, around, line, source))
        if isinstance(value, (np.ndarray, tuple, list, dict)):
            self._makers[id(value)] = value, number
        scope = None if at.kind == "returned" else at.scope
        if "[" in name:  # grads["dW"], a part of grads
            self._writers.setdefault((scope, name.split("[")[0]), []).append(number)
        self._writers[scope, name] = [number]
