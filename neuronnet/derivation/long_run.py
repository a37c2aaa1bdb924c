"""A training by its formulas alone: update after update, only what an update needs, and the parameters it leaves."""

from neuronnet.names import split_index


class LongRun:
    """The training of one Pass from its given numbers; it goes on from where it stopped."""

    def __init__(self, rows, given, number, batches):
        """`rows` is a Pass, `given` name -> number in the type `number`, `batches` the samples of each update in turn."""
        self._pass, self._number, self._batches = rows, number, batches
        self._given = given
        self._values = dict(given)
        self._programs = {}
        self.made = 0

    def go_on_to(self, updates):
        """Make updates until there are as many in all, more than now; return {parameter: its value after them} in the order of the rows."""
        for _ in range(updates - self.made):
            batch = tuple(next(self._batches))
            if batch not in self._programs:
                self._programs[batch] = self._program(batch)
            steps, moved = self._programs[batch]
            for name, evaluate in steps:
                self._values[name] = evaluate(self._values)
            for name, new in moved:
                self._values[name] = self._values[new]
            self.made += 1
        return {name: self._values[name] for name, _ in moved}

    def _program(self, batch):
        """What one update from `batch` computes: [(name, evaluator)], and [(parameter, its name after the update)]."""
        update = list(self._pass.update(batch))
        rows = list(self._pass.forward()) + list(self._pass.backward(batch)) + update
        needed, steps = {name for name, _, _ in update}, []
        for name, expression, _ in reversed(rows):
            if name in needed:
                needed.update(expression.names())
                steps.append((name, expression.evaluator(self._number)))
        moved = [(split_index(name)[0], name) for name, _, _ in update]
        return steps[::-1], [(name, new) for name, new in moved if name in self._given]
