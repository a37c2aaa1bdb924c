"""A reader's own program, as `FILE.py:NAME` or `package.module:NAME`.

An error in the program becomes one line that names the line of the program where it happened. What the
program prints goes to standard error, so that it never mixes with a report. Its files, and those beside it,
are compiled as they stand: Python's cache takes an edit of the same size within a second for none.
"""

import atexit
import contextlib
import importlib
import importlib.util
import inspect
import os
import re
import sys
import sysconfig
import traceback
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path

import numpy as np

from gradcheck.errors import GradcheckError, UnknownName
from gradcheck.inputs.point_files import READERS

PROGRAM = re.compile(r"(?P<place>.+\.py|[^\W\d]\w*(\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*(\.[^\W\d]\w*)*)")
OURS = str(Path(__file__).parent.parent)
BESIDE_OURS = str(Path(OURS).with_name("neuronnet"))  # whose `output` runs a command
STANDARD = sysconfig.get_path("stdlib")
STANDARD_OUTPUT, STANDARD_ERROR = 1, 2
LEAVE, UNUSABLE = os._exit, 2  # what ends a process at once, and the status of what cannot be judged
LONGEST_MESSAGE = 300  # characters of what an exception says
A_FUNCTION = "FILE.py:FUNCTION or package.module:FUNCTION"


class ProgramError(GradcheckError):
    """The program failed: `place` ("model.py:12", or what was asked for) and `error`, the exception."""

    def __init__(self, place, error, caller=None):
        self.place, self.error = place, error
        notes = getattr(error, "__notes__", ())
        notes = map(_one_line, notes if isinstance(notes, (list, tuple)) else [notes])
        said = "; ".join(part for part in (_one_line(error), *notes) if part)
        said = said if len(said) <= LONGEST_MESSAGE else f"{said[:LONGEST_MESSAGE]}..."
        where = "" if caller is None else f" (in {caller})"
        super().__init__(f"{place}: {type(error).__name__}{': ' if said else ''}{said}{where}")


def is_program(argument):
    """Whether an argument of the command line names something in a program."""
    return PROGRAM.fullmatch(argument) is not None


class Programs:
    """The files and modules that one command names, each run once; `paths`: the files.

    `require(numbers, where)` raises for more numbers in a file than are taken on.
    """

    def __init__(self, require=lambda numbers, where: None):
        self.paths, self._modules, self._here = [], {}, Path.cwd()
        self._require = require
        self._directories = [str(self._here)]

    def value(self, argument, is_usable=inspect.isroutine):
        """What `FILE.py:NAME` or `package.module:NAME` names; an error lists the names that are usable.

        Raises ProgramError when running the program fails, UnknownName when it has no such name,
        GradcheckError when there is no such file or module.
        """
        place, name = PROGRAM.fullmatch(argument).group("place", "name")
        if place not in self._modules:
            self._modules[place] = self._file(Path(place)) if place.endswith(".py") else self._module(place)
        value = self._modules[place]
        with self.running(argument):
            for part in name.split("."):
                if not hasattr(value, part):
                    raise UnknownName(place, part, _usable_names(value, is_usable))
                value = getattr(value, part)
        return value

    def function(self, argument, *calls):
        """As `value`, for a function. `calls`: the names of its arguments, in each way it may be called.

        Raises GradcheckError for what is no function, and for one that can be called in none of these ways.
        """
        if not is_program(argument):
            name = f"{argument}:loss_and_gradients" if argument.endswith(".py") else "model.py:gradients"
            raise GradcheckError(f"{argument}: expected {A_FUNCTION}, such as {name}")
        value = self.value(argument)
        if isinstance(value, type):
            found = f"the class {value.__name__}; make an object of it and give one of its methods"
            raise GradcheckError(f"{argument}: expected a function, found {found}")
        if not callable(value):
            raise GradcheckError(f"{argument}: expected a function, found {type(value).__name__}")
        self._require_call(argument, value, calls)
        return value

    def parameters(self, argument):
        """The point that an argument names: a name in a program, called if it is a function, or a file.

        Of a file nothing is executed. .npz: its arrays by name. .npy: one array. .json: an object of names to
        numbers, nested lists of numbers or further objects; all numbers become floats. Raises GradcheckError.
        """
        if is_program(argument):
            value = self.value(argument, _is_point)
            if not callable(value):
                return value
            self._require_call(argument, value, [()])
            with self.running(argument):
                return value()
        suffix = Path(argument).suffix.lower()
        if suffix not in READERS:
            expected = f"a file that ends in {', '.join(READERS)}, or FILE.py:NAME, or package.module:NAME"
            raise GradcheckError(f"{argument}: expected {expected}")
        self.paths.append(self._here / argument)
        try:
            return READERS[suffix](argument, self._require)
        except OSError as error:
            why = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or error
            needed = "the parameters are needed there, as a .npz, .npy or .json file, or give FILE.py:NAME"
            raise GradcheckError(f"{argument}: {why}; {needed}") from None

    @contextlib.contextmanager
    def running(self, argument):
        """While the program runs, it finds what is beside it, prints to standard error, raises ProgramErrors.

        `argument`: what is run, which stands in the error when no line of the program was at fault. An
        interruption by the keyboard, and GradcheckErrors, are left as they are.
        """
        added = [each for each in self._directories if each not in sys.path]
        sys.path[:0] = added
        try:
            with _standard_output_kept(), self._compiled_as_they_stand(), _ends_named():
                yield
        except (GradcheckError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise self._program_error(argument, error) from None
        finally:
            for each in added:
                if each in sys.path:
                    sys.path.remove(each)

    @contextlib.contextmanager
    def _compiled_as_they_stand(self):
        """Meanwhile what lies beside the program, and is no library, is imported by AsItStands."""

        def finder(folder):
            if not self._holds(folder):
                raise ImportError
            return FileFinder(
                folder, (ExtensionFileLoader, EXTENSION_SUFFIXES), (AsItStands, SOURCE_SUFFIXES)
            )

        def forget_finders():
            for folder in filter(self._holds, list(sys.path_importer_cache)):
                del sys.path_importer_cache[folder]

        sys.path_hooks.insert(0, finder)
        forget_finders()
        try:
            yield
        finally:
            if finder in sys.path_hooks:
                sys.path_hooks.remove(finder)
            forget_finders()

    def _holds(self, folder):
        """Whether a folder on the path is one of the program's, or below one."""
        path = Path(folder)
        return not _is_library(f"{folder}{os.sep}") and any(map(path.is_relative_to, self._directories))

    def _file(self, path):
        if not os.path.isfile(path):
            raise GradcheckError(f"{path}: there is no such file; give {A_FUNCTION}")
        path = self._here / path
        self.paths.append(path)
        self._directories.insert(0, str(path.resolve().parent))
        name = f"{path.stem} (checked)"  # no import statement can name it, so it hides no other module
        loader = AsItStands(name, str(path))
        specification = importlib.util.spec_from_file_location(name, path, loader=loader)
        module = sys.modules[name] = importlib.util.module_from_spec(specification)
        with self.running(self._shown(path)):
            try:
                code = loader.get_code(name)
            except (MemoryError, RecursionError):
                why = "Python cannot read it: an expression in it is nested too deeply"
                raise GradcheckError(f"{self._shown(path)}: {why}") from None
            exec(code, vars(module))
        return module

    def _module(self, name):
        try:
            with self.running(name):
                module = importlib.import_module(name)
                if getattr(module, "__file__", None) is not None:
                    self.paths.append(self._here / module.__file__)
            return module
        except ProgramError as error:
            missing = getattr(error.error, "name", None)
            is_missing = isinstance(error.error, ModuleNotFoundError) and missing is not None
            if not is_missing or not f"{name}.".startswith(f"{missing}."):
                raise
        raise GradcheckError(f"{name}: there is no module {missing!r} here; give {A_FUNCTION}")

    def _require_call(self, argument, function, calls):
        """Raises GradcheckError for a function that can be called in none of these ways."""
        with self.running(argument):
            try:
                signature = inspect.signature(function)
            except (TypeError, ValueError):  # some built-in functions show none
                return
            misfits = []
            for names in calls:
                try:
                    signature.bind(*names)
                    return
                except TypeError as error:
                    misfits.append(str(error))
            name, (first, *_) = argument.rpartition(":")[2], calls
            wanted = f"of one argument, the {first[0]}" if first else "without arguments, or a dict"
            if "self" in signature.parameters:
                wanted += "; it is a method: make an object first and give its method"
            text = " ".join(str(signature).split())
            text = text if len(text) <= 60 else f"{text[:60]}...)"
            called = f"{name}({', '.join(first)}): {misfits[0]}; give a function {wanted}"
            raise GradcheckError(f"{argument}: it is {name}{text}, and is called {called}")

    def _program_error(self, argument, error):
        if isinstance(error, SyntaxError) and os.path.isfile(error.filename or ""):
            return ProgramError(f"{self._shown(error.filename)}:{error.lineno}", SyntaxError(error.msg))
        frames = traceback.extract_tb(error.__traceback__)
        for frame in reversed(frames):
            if self._is_own(frame.filename):
                return ProgramError(f"{self._shown(frame.filename)}:{frame.lineno}", error)
        last, caller = frames[-1], None
        if last.filename.startswith(OURS) and last.filename != __file__:
            caller = f"{Path(OURS).name}/{Path(last.filename).name}:{last.lineno}"
        return ProgramError(argument, error, caller)

    def _shown(self, filename):
        """The name of a file as the reader would type it: relative to here when it is below."""
        try:
            return str(Path(filename).resolve().relative_to(self._here))
        except (ValueError, OSError, TypeError):
            return str(filename)

    def _is_own(self, filename):
        """Whether a file belongs to the program: it lies beside one that was named, or in no library."""
        if filename.startswith((OURS, BESIDE_OURS, contextlib.__file__)) or not os.path.isfile(filename):
            return False
        beside = [path.resolve().parent for path in self.paths if path.suffix == ".py"]
        return Path(filename).resolve().parent in beside or not _is_library(filename)


@contextlib.contextmanager
def _standard_output_kept():
    """Meanwhile all that is written to standard output, by subprocesses too, goes to standard error.

    So does what the program's handlers write when Python ends.
    """
    try:
        kept = os.dup(STANDARD_OUTPUT)
    except OSError:  # it is closed
        kept = None
    _flush(sys.stdout, sys.__stdout__)
    _to_standard_error()
    try:
        with contextlib.redirect_stdout(_Kept(sys.stderr)):
            yield
    finally:
        _flush(sys.__stdout__)
        if kept is not None:
            os.dup2(kept, STANDARD_OUTPUT)
            os.close(kept)
        atexit.unregister(_end)
        atexit.register(_end)  # the last to be registered is the first to be called


@contextlib.contextmanager
def _ends_named():
    """Meanwhile, and when Python ends, a program that ends this process at once says so, and ends with 2."""
    kept = os._exit
    _name_ends()
    try:
        yield
    finally:
        os._exit = kept


def _name_ends():
    process = os.getpid()

    def end(status):
        if os.getpid() != process:  # a child of the program
            LEAVE(status)
        frame = sys._getframe(1)
        place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        said = "the program ends the whole process, which says nothing about its gradients"
        _flush(sys.stderr)
        os.write(STANDARD_ERROR, f"gradcheck: {place}: os._exit({status!r}): {said}\n".encode())
        LEAVE(UNUSABLE)

    os._exit = end


class _Kept:
    """A stream that its user cannot close."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def close(self):
        """Leave it open."""


def _end():
    _name_ends()
    _flush(sys.stdout, sys.__stdout__)
    _to_standard_error()


def _to_standard_error():
    with contextlib.suppress(OSError):
        os.dup2(STANDARD_ERROR, STANDARD_OUTPUT)


def _flush(*streams):
    for each in streams:
        with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or none
            each.flush()


class AsItStands(SourceFileLoader):
    """Compiles the source each time, and neither reads nor writes what Python keeps in `__pycache__`."""

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)


def _is_library(filename):
    installed = any(folder in filename for folder in ("site-packages", "dist-packages"))
    return filename.startswith((OURS, STANDARD)) or installed


def _usable_names(value, is_usable):
    """The public names in a module or an object whose values are usable; all public names where none is."""
    names = [each for each in (vars(value) if inspect.ismodule(value) else dir(value)) if each[:1] != "_"]
    return [each for each in names if is_usable(getattr(value, each, None))] or names or ["(nothing)"]


def _is_point(value):
    return isinstance(value, (dict, list, tuple, float, np.ndarray)) or inspect.isroutine(value)


def _one_line(error):
    try:
        return " ".join(str(error).split())
    except Exception:
        return "(it cannot say what)"
