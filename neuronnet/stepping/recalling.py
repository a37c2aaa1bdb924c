"""History: lists of what quantities of a network were, from update to update, while it trains.

with network.history("w5", "E_total") as history:
    network.fit(5)
history["w5"]                 w5 before the first update, after it, ..., after the fifth
"""

from neuronnet.errors import UnknownName, require_count
from neuronnet.stepping.events import METHODS, OF_A_PASS, Narrator
from neuronnet.stepping.observing import observed
from neuronnet.stepping.stopping import Wanted


class History(dict):
    """Lists by name: `history["w5"]` holds `w5`, `w5@1`, `w5@2` ..., `history["delta_o1"]` likewise.

    Parameters and E_total, that of all samples, are also known after the last update, so that their lists are
    longer by one than those of a pass. It records until `stop()`, or the end of its `with`.
    """

    def __init__(self, network, names, every):
        """Raises UnknownName, and PassOrderError for the E_total of a network without samples."""
        super().__init__()
        self._recorder = _Recorder(network, self, names, require_count(every, "every"))
        self._around = observed([network, *self._recorder.wanted.objects], self._recorder, METHODS)
        self._around.__enter__()

    def stop(self) -> None:
        """End the recording; the lists stay."""
        if self._around is not None:
            self._around.__exit__(None, None, None)
            self._around = None

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *raised) -> None:
        self.stop()

    def __missing__(self, name):
        own = self._recorder.places.own_name(name) if isinstance(name, str) else name
        if own not in self:
            raise UnknownName(name, self)
        return self[own]


class _Recorder(Narrator):
    """Listens for what is wanted, and appends it to the lists."""

    def __init__(self, network, lists, names, every):
        super().__init__(network, self._note)
        self.wanted = Wanted(self.places, names)
        self._want(self.wanted, self.wanted.places)
        self._with_errors = bool(self.wanted.errors - {self.places.error})
        self._lists, self._every, self._start = lists, every, network._update_count
        self._measuring = False
        for name, parameter in self.places.parameters.items():
            if self.wanted(name):
                lists[name] = [parameter.value]
        self._measure()

    def entered(self, method, arguments):
        if not self._measuring:
            super().entered(method, arguments)

    def changed(self, thing, attribute, old, new):
        if not self._measuring:
            super().changed(thing, attribute, old, new)

    def left(self, method):
        if not self._measuring:
            super().left(method)
            if method == "_move":
                self._measure()

    def counts(self, name, old, new, update):
        return (update - self._start) % self._every == 0 and self.wanted.at(name, update)

    def _note(self, event):
        if event.name != self.places.error:
            self._lists.setdefault(event.name, []).append(event.value)

    def _measure(self):
        """Append E_total as the network stands, and leave the neurons as they were."""
        network, error = self.network, self.places.error
        if not self.wanted(error) or (network._update_count - self._start) % self._every:
            return
        self._measuring = True
        neurons = network.inputs + network.neurons
        before = [(each, name, getattr(each, name)) for each in neurons for name in OF_A_PASS]
        try:
            self._lists.setdefault(error, []).append(network.total_error())
        finally:
            for each, name, value in before:
                setattr(each, name, value)
            self._measuring = False
