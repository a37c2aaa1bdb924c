"""Observing: for as long as a `with` lasts, objects report what is set on them and which methods they enter.

    class Printer:
        def changed(self, thing, attribute, old, new): print(thing.name, attribute, old, new)
        def entered(self, method, arguments): ...
        def left(self, method): ...

    with observed(network.parameters, Printer()):
        network.fit(1)

An observed object has another class for that time, a subclass with the same slots whose `__setattr__`
reports. Every number comes from the same methods as ever, and an object that nobody observes pays nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def observed(objects, listener, methods=()):
    """Let every object report to a listener, and the calls of the `methods` that it has by name.

    `changed(object, attribute, old, new)` follows each attribute that is set; what it returns, functions, is
    called in the frame next to the one that set it. `entered(method, arguments)` and `left(method)` stand
    around each call. Observers may overlap and end in any order.
    """
    made = {}
    try:
        for each in objects:
            _change_class(each, made, methods, lambda listeners: (*listeners, listener))
        yield
    finally:
        made = {}
        for each in objects:
            _change_class(each, made, methods, lambda listeners: _without(listeners, listener))


def _change_class(each, made, methods, changed):
    """Give an object the class for its changed listeners; `made` holds the classes made so far."""
    old = type(each)
    if old not in made:
        base, listeners, reported = vars(old).get("_observed", (old, (), ()))
        listeners = changed(listeners)
        reported = tuple(dict.fromkeys((*reported, *(name for name in methods if hasattr(base, name)))))
        made[old] = _observing(base, listeners, reported) if listeners else base
    object.__setattr__(each, "__class__", made[old])


def _without(listeners, listener):
    return tuple(each for each in listeners if each is not listener)


def _observing(base, listeners, methods):
    """A class like `base` whose objects report to listeners."""

    def set_and_report(self, attribute, value):
        old = getattr(self, attribute, None)
        base.__setattr__(self, attribute, value)
        for listener in listeners:
            for function in listener.changed(self, attribute, old, value) or ():
                function()

    def copied(self, protocol):
        _, _, *rest = base.__reduce_ex__(self, protocol)
        return (object.__new__, (base,), *rest)  # a copy is observed by nobody

    namespace = {
        "__slots__": (),
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": base.__doc__,
        "__setattr__": set_and_report,
        "__reduce_ex__": copied,
        "_observed": (base, listeners, methods),
    }
    namespace |= {name: _reporting(getattr(base, name), name, listeners) for name in methods}
    return type(base.__name__, (base,), namespace)


def _reporting(method, name, listeners):
    def call(self, *arguments, **options):
        arguments = [list(each) if isinstance(each, Iterator) else each for each in arguments]  # read twice
        for listener in listeners:
            listener.entered(name, (*arguments, *options.values()))
        try:
            return method(self, *arguments, **options)
        finally:
            for listener in listeners:
                listener.left(name)

    return call
