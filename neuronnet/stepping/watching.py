"""A watch on an element of an array: the debugger opens in your own frame after the line that changes it.

    with watch(W, (0, 1)):
        train(W)

This file needs nothing but Python, 3.11 or newer, and may be copied. The array is anything with elements: a
NumPy array, a tensor, a list, a dict. From Python 3.12 on, lines are followed through `sys.monitoring` (PEP
669), before through a trace function. Lines of the standard library and of installed packages are passed
over: what they change is found at your own next line.
"""

import copy
import os
import pdb
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

INSTALLED = f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}"
STANDARD = tuple(os.path.realpath(sysconfig.get_path(each)) + os.sep for each in ("stdlib", "platstdlib"))


@contextmanager
def watch(array: Any, index: Any, when: Callable | None = None) -> Iterator[None]:
    """Open the debugger whenever `array[index]` changes, inside of the `with`.

    `when(old, new)` may say which changes count. The index may pick a row or a slice. It watches one array:
    `W -= step` changes it, `W = W - step` binds the name to another; for that hand in a function, as in
    `watch(lambda: model.W, (0, 1))`. PYTHONBREAKPOINT and `sys.breakpointhook` are honoured: pdb and the
    debuggers of VS Code and PyCharm open in your own frame, any other in one that your own has called, so go
    up once.

    Raises what `array[index]` raises where there is no such element, with what there is.
    """
    frame = sys._getframe(2)
    watcher = (_Monitored if sys.version_info >= (3, 12) else _Traced)(array, index, when, frame)
    watcher.start(frame)
    try:
        yield
    finally:
        watcher.end()


class _Watcher:
    """What both ways to follow lines share: the element, and the way into the debugger."""

    def __init__(self, array, index, when, frame):
        names = [name for name, value in {**frame.f_globals, **frame.f_locals}.items() if value is array]
        places = ", ".join(map(repr, index)) if isinstance(index, tuple) else repr(index)
        self.name = f"{names[-1] if names else 'the element '}[{places}]"
        self.read, self.when = _reader(array, index, self.name), when
        self.last, self.line = self.read(), None  # the line that ran last, (file, number)
        self.is_open = False

    def look(self, frame, event, returned, new):
        """Open the debugger in a frame if the new value is another and counts; whether it was opened."""
        old, self.last = self.last, new
        is_new = new == new or old == old  # one NaN after another is no change
        if not is_new or self.is_open or not (self.when is None or self.when(old, new)):
            return False
        by = "" if self.line is None else f", by line {self.line[1]} of {os.path.basename(self.line[0])}"
        message = f"{self.name} changed from {old!r} to {new!r}{by}"
        self.is_open = True
        try:
            self.open(frame, event, returned, message)
        finally:
            self.is_open, self.last = False, self.read()
        return True

    def open(self, frame, event, returned, message):
        hook, attached = os.environ.get("PYTHONBREAKPOINT") or "pdb.set_trace", _pydevd()
        if attached is not None:
            print(message, file=sys.stderr)
            attached.set_suspend(threading.current_thread(), _BREAKPOINT)
            attached.do_wait_suspend(threading.current_thread(), frame, event, returned)
            return
        if sys.breakpointhook is not sys.__breakpointhook__ or hook != "pdb.set_trace":
            if hook != "0":
                print(message, file=sys.stderr)
            breakpoint()
            return
        debugger = pdb.Pdb(nosigint=True)
        debugger.reset()
        for each in _frames(frame):
            each.f_trace, debugger.botframe = debugger.trace_dispatch, each
        debugger.set_step()
        sys.settrace(debugger.trace_dispatch)
        debugger.message(message)
        if event == "return":
            debugger.dispatch_return(frame, returned)
        else:
            debugger.dispatch_line(frame)


class _Monitored(_Watcher):
    """Follows lines through `sys.monitoring`."""

    def start(self, frame):
        tools = sys.monitoring
        self.tool = next((each for each in (3, 4, 1, 5, 2) if tools.get_tool(each) is None), None)
        if self.tool is None:
            raise RuntimeError("all tools of sys.monitoring are in use, so that nothing more can be watched")
        tools.use_tool_id(self.tool, "watch")
        line, leave = self.callbacks()
        events = tools.events
        for event, callback in ((events.LINE, line), (events.PY_RETURN, leave), (events.PY_YIELD, leave)):
            tools.register_callback(self.tool, event, callback)
        tools.restart_events()
        tools.set_events(self.tool, events.LINE | events.PY_RETURN | events.PY_YIELD)

    def end(self):
        tools = sys.monitoring
        tools.set_events(self.tool, 0)
        for event in (tools.events.LINE, tools.events.PY_RETURN, tools.events.PY_YIELD):
            tools.register_callback(self.tool, event, None)
        tools.free_tool_id(self.tool)

    def callbacks(self):
        """What is called before each line, and where a function returns or yields."""
        own, disable, read, frame_of = _OwnFiles(), sys.monitoring.DISABLE, self.read, sys._getframe

        def line(code, number):
            if not own[code.co_filename]:
                return disable
            new = read()
            if new != self.last:
                self.look(frame_of(1), "line", None, new)
            self.line = code.co_filename, number

        def leave(code, offset, returned):
            if not own[code.co_filename]:
                return disable
            new = read()
            if new != self.last:
                self.look(frame_of(1), "return", returned, new)

        return line, leave


class _Traced(_Watcher):
    """Follows lines through a trace function that stands around those of a debugger, which see all they saw.

    Any other that was set before, such as that of a coverage tool, waits until the end.
    """

    together: list["_Traced"] = []  # all that watch at the moment; one trace function serves them
    own: dict[str, bool]
    theirs: Callable | None = None  # the debugger's
    before: tuple = ()  # the trace function that was set, and those of the frames

    def start(self, frame):
        if not self.together:
            _Traced.own, _Traced.theirs = _OwnFiles(), None
            _Traced.before = sys.gettrace(), [(each, each.f_trace) for each in _frames(frame)]
            if _pydevd() is None:
                _set_trace(None)
                for each in _frames(frame):
                    each.f_trace = None
            self.follow(frame)
        self.together.append(self)

    def end(self):
        self.together.remove(self)
        if not self.together:
            trace, of_frames = self.before
            _set_trace(trace if self.theirs is None else self.theirs)
            for frame, own_trace in of_frames:
                inner = getattr(frame.f_trace, "inner", None)
                frame.f_trace = own_trace if inner is None else inner

    @classmethod
    def follow(cls, frame):
        """Stand around whatever trace functions there are; a debugger sets others when it has stood still."""
        if sys.gettrace() != cls.call:
            cls.theirs = sys.gettrace()
            _set_trace(cls.call)
        for each in _frames(frame):
            if cls.own[each.f_code.co_filename] and not isinstance(each.f_trace, _Around):
                each.f_trace = _Around(each.f_trace)

    @classmethod
    def call(cls, frame, event, argument):
        inner = None if cls.theirs is None else cls.theirs(frame, event, argument)
        if not cls.own[frame.f_code.co_filename]:
            return inner
        return _ALONE if inner is None else _Around(inner)

    @classmethod
    def look_at_all(cls, frame, event, returned):
        """Whether a debugger was opened."""
        is_open, line = False, (frame.f_code.co_filename, frame.f_lineno)
        for each in tuple(cls.together):
            new = each.read()
            if new != each.last:
                is_open = each.look(frame, event, returned, new) or is_open
            each.line = line
        return is_open


class _Around:
    """The trace function of a frame: looks at the elements, then lets a debugger's see the same event."""

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, frame, event, argument):
        if _Traced.look_at_all(frame, event, argument):
            _Traced.follow(frame)
            return frame.f_trace
        if self.inner is None:
            return self
        inner = self.inner(frame, event, argument)
        goes_on = sys.gettrace() is None  # told to continue, a debugger that has no breakpoints
        _Traced.follow(frame.f_back)
        return _ALONE if inner is None or goes_on else _Around(inner)


_ALONE = _Around(None)


def _set_trace(function):
    """`sys.settrace`, also where pydevd has put a warning in its place."""
    holder = getattr(sys.modules.get("pydevd_tracing"), "TracingFunctionHolder", None)
    (getattr(holder, "_original_tracing", None) or sys.settrace)(function)


class _OwnFiles(dict):
    """Whether a file is the user's own, by its name: neither standard library nor an installed package."""

    def __missing__(self, filename):
        path = os.path.realpath(filename)
        is_foreign = filename.startswith("<frozen") or path.startswith(STANDARD) or path == _THIS_FILE
        self[filename] = own = not (is_foreign or any(each in path for each in INSTALLED))
        return own


_BREAKPOINT = 111  # what pydevd calls the reason to stand still


def _pydevd():
    """The debugger of VS Code or PyCharm, where it is attached to this program; else None."""
    constants = sys.modules.get("_pydevd_bundle.pydevd_constants")
    find = getattr(constants, "get_global_debugger", None)
    return None if find is None else find()


_THIS_FILE = os.path.realpath(__file__)


def _require_element(array, index, name):
    """Raise what `array[index]` raises, with the name of the element and what the array has."""
    try:
        array[index]
    except (LookupError, TypeError, ValueError) as error:
        shape = getattr(array, "shape", None)
        if shape is not None and len(shape):
            ranges = ", ".join(f"0 to {length - 1}" for length in shape)
            has = f"its shape is {tuple(shape)}, so an index is {ranges}"
        elif isinstance(array, dict):
            has = f"its keys are {', '.join(map(repr, list(array)[:8]))}"
        elif isinstance(array, (list, tuple)):
            has = f"it is a {type(array).__name__}, whose index is one number from 0 to {len(array) - 1}"
        else:
            has = f"it is a {type(array).__name__}"
        raise type(error)(f"cannot watch {name}, there is no such element: {has}") from None


def _frames(frame):
    """A frame and those that called it."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def _reader(array, index, name):
    """A function without arguments that gives the element as a number of Python, or a copy of it."""
    if callable(array) and not hasattr(array, "__getitem__"):
        _require_element(array(), index, name)
        return lambda: _reader(array(), index, name)()
    _require_element(array, index, name)
    places = index if isinstance(index, tuple) else (index,)
    whole = getattr(array, "ndim", None) == len(places)  # else `item` counts the elements of all rows
    for ways in (
        lambda: partial(array.item, *places) if whole else None,
        lambda: lambda: array[index].item(),
        lambda: lambda: array[index].tolist(),
    ):
        try:
            read = ways()
            read()
        except (TypeError, ValueError, AttributeError, RuntimeError):
            continue
        return read
    return lambda: copy.deepcopy(array[index])
