"""The training loop of the twin: updates on buffers made before, stopped at any time without harm; no formulas."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from .buffers import State
from .order import positions
from .updates import RULES, moving

SECONDS_BETWEEN_REPORTS = 0.1


@dataclass
class Course:
    """What successive calls of train() hand on: parameters, how many updates were made, the rule's memory, the order.

    `vector` is Twin.vector; `update` and `order` are explicit dicts; `batch` is "online", "full" or a number; `samples`
    is N; `positions` gives the samples of the next update.
    """

    vector: np.ndarray
    update: dict
    order: dict
    batch: str | int
    samples: int
    made: int = 0
    memory: np.ndarray | None = None

    def __post_init__(self):
        self.place_order()

    def place_order(self):
        """Put the order where it stands after the updates that were made."""
        self.positions = positions(self.order, self.samples, self.batch, self.made)


class Run:
    """One call of train(): the buffers, and the loop.

    `inputs` (N, m) and `targets` (N, K) are all samples; `new_pass(state, samples)` gives a Pass over so many of them.
    """

    def __init__(self, course, layers, inputs, targets, learning_rate, new_pass):
        self.course = course
        self.state = State(layers, course.vector, RULES[course.update["rule"]].memory_rows)
        memory = self.state.kept[1:]
        if course.memory is not None:
            np.copyto(memory, course.memory)
        course.memory = memory
        self.saved = np.stack([self.state.kept, self.state.kept])
        rates = self.state.spread(learning_rate, lambda layer: learning_rate if layer.train_bias else 0.0)
        self.rule = moving(course.update, self.state, rates)
        self.trained = self.state.collect(self.state.spread(1.0, lambda layer: layer.train_bias)) == 1.0
        self.inputs, self.targets = np.ascontiguousarray(inputs.T), np.ascontiguousarray(targets.T)
        self.new_pass, self.passes, self.whole = new_pass, {}, None

    def advance(self, count):
        """Make `count` updates. Whatever stops it early, all is left as after the last update that was finished.

        What an update changes is copied, to one of two places in turn, before the update counts as finished.
        """
        kept, saved, move = self.state.kept, self.saved, self.rule.move
        made, last = self.course.made, self.course.made + count
        np.copyto(saved[made % 2], kept)
        try:
            for update in range(made + 1, last + 1):
                for step in self._loaded_pass().steps:
                    step()
                move(update)
                np.copyto(saved[update % 2], kept)
                made = update
        finally:
            try:
                self._go_back(made, last)
            except KeyboardInterrupt:
                self._go_back(made, last)       # interrupted even here: the same again
                raise

    def _go_back(self, made, last):
        """To the state after `made` updates, of the buffers and of the course; harmless when already there."""
        np.copyto(self.state.kept, self.saved[made % 2])
        vector = self.state.collect(self.state.parameters)
        self.course.vector = np.where(self.trained, vector, self.course.vector)
        self.course.made = made
        if made < last:
            self.course.place_order()

    def _loaded_pass(self):
        """A Pass that holds the samples of the next update."""
        if self.whole is not None:
            return self.whole
        chosen = next(self.course.positions)
        if len(chosen) not in self.passes:
            self.passes[len(chosen)] = self.new_pass(self.state, len(chosen))
        loaded = self.passes[len(chosen)]
        loaded.load(self.inputs, self.targets, chosen)
        if self.course.positions.always_the_same:
            self.whole = loaded
        return loaded


class Pace:
    """Calls progress(made, updates) at most ten times a second, and looks at the clock once in `stride` updates only.

    The stride is doubled until it takes about a twentieth of a second. Without `progress` the clock is not looked at.
    """

    def __init__(self, progress, updates):
        self.progress, self.updates = progress, updates
        self.stride = updates if progress is None else 1
        self.looked_at, self.looked = 0, perf_counter()
        self.reported = self.looked

    def left(self, made):
        """How many updates may follow before the next call of `see`."""
        return self.looked_at + self.stride - made

    def see(self, made):
        """Take note that `made` updates are made; look at the clock if a stride is over."""
        if self.progress is None or self.left(made) > 0:
            return
        now = perf_counter()
        seconds = now - self.looked
        if seconds < SECONDS_BETWEEN_REPORTS / 2:
            self.stride *= 2
        elif seconds > SECONDS_BETWEEN_REPORTS:
            self.stride = max(1, self.stride // 2)
        self.looked_at, self.looked = made, now
        if now - self.reported >= SECONDS_BETWEEN_REPORTS:
            self.reported = now
            self.progress(made, self.updates)
