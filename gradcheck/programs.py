"""A reader's own program, as `FILE.py:NAME` or `package.module:NAME`, and the point it is checked at; nothing is judged.

What goes wrong in the program is told in one line, with the line of the program where it went wrong. What the program
prints goes to standard error, so that it never mixes with a report.
"""

import contextlib
import importlib
import importlib.util
import inspect
import os
import re
import sys
import sysconfig
import traceback
from pathlib import Path

from .errors import GradcheckError, UnknownName
from .point_files import READERS, is_point_file, read_point

PROGRAM = re.compile(r"(?P<place>.+\.py|[^\W\d]\w*(\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*(\.[^\W\d]\w*)*)")
OURS = str(Path(__file__).parent)
STANDARD = sysconfig.get_path("stdlib")
LONGEST = 300               # characters of what an exception says


class ProgramError(GradcheckError):
    """The program failed: `place` ("model.py:12", or what was asked for) and `error`, the exception."""

    def __init__(self, place, error, caller=None):
        self.place, self.error = place, error
        said = "; ".join(part for part in (_said(error), *getattr(error, "__notes__", ())) if part)
        said = said if len(said) <= LONGEST else f"{said[:LONGEST]}..."
        super().__init__(f"{place}: {type(error).__name__}{': ' if said else ''}{said}"
                         f"{'' if caller is None else f' (in {caller})'}")


def is_program(argument):
    """Whether an argument of the command line names something in a program."""
    return PROGRAM.fullmatch(argument) is not None


class Programs:
    """The files and modules that one command names, each run once. `paths`: the files, which nothing may overwrite."""

    def __init__(self):
        self.paths, self._modules, self._directories = [], {}, [str(Path.cwd())]

    def value(self, argument):
        """What `FILE.py:NAME` or `package.module:NAME` names.

        Raises ProgramError when running the program fails, UnknownName when it has no such name, GradcheckError when there
        is no such file or module.
        """
        place, name = PROGRAM.fullmatch(argument).group("place", "name")
        if place not in self._modules:
            self._modules[place] = self._file(Path(place)) if place.endswith(".py") else self._module(place)
        value = self._modules[place]
        with self.running(argument):
            for part in name.split("."):
                if not hasattr(value, part):
                    names = vars(value) if inspect.ismodule(value) else dir(value)
                    raise UnknownName(place, part, [each for each in names if not each.startswith("_")] or ["(nothing)"])
                value = getattr(value, part)
        return value

    def function(self, argument, *calls):
        """As `value`, for a function. `calls`: the ways in which it may be called, each the names of what it is handed.

        Raises GradcheckError for what is no function, and for one that can be called in none of these ways.
        """
        if not is_program(argument):
            raise GradcheckError(f"{argument}: expected FILE.py:FUNCTION or package.module:FUNCTION")
        value = self.value(argument)
        if isinstance(value, type):
            raise GradcheckError(f"{argument}: expected a function, found the class {value.__name__}; make an object of it "
                                 "and give one of its methods")
        if not callable(value):
            raise GradcheckError(f"{argument}: expected a function, found {type(value).__name__}")
        self._require_call(argument, value, calls)
        return value

    def parameters(self, argument):
        """The point that an argument names: a file, or something in a program, called without arguments if it can be."""
        if is_program(argument):
            value = self.value(argument)
            if not callable(value):
                return value
            self._require_call(argument, value, [()])
            with self.running(argument):
                return value()
        if not is_point_file(argument):
            raise GradcheckError(f"{argument}: expected a file that ends in {', '.join(READERS)}, or FILE.py:NAME, or "
                                 "package.module:NAME")
        self.paths.append(Path(argument))
        return read_point(argument)

    @contextlib.contextmanager
    def running(self, argument):
        """While the program runs: it finds what is beside it, prints to standard error, and raises ProgramErrors.

        `argument`: what is run, which stands in the error when no line of the program was at fault. An interruption by
        the keyboard, and GradcheckErrors, are left as they are.
        """
        added = [each for each in self._directories if each not in sys.path]
        sys.path[:0] = added
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield
        except (GradcheckError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise self._told(argument, error) from None
        finally:
            for each in added:
                if each in sys.path:
                    sys.path.remove(each)

    def _file(self, path):
        if not os.path.isfile(path):
            raise GradcheckError(f"{path}: there is no such file; give FILE.py:FUNCTION or package.module:FUNCTION")
        self.paths.append(path)
        self._directories.insert(0, str(path.resolve().parent))
        name = f"{path.stem} (checked)"                 # no import statement can name it, so it hides no other module
        specification = importlib.util.spec_from_file_location(name, path)
        module = sys.modules[name] = importlib.util.module_from_spec(specification)
        with self.running(path):
            try:
                code = specification.loader.get_code(name)
            except (MemoryError, RecursionError):
                raise GradcheckError(f"{path}: Python cannot read it: an expression in it is nested too deeply") from None
            exec(code, vars(module))
        return module

    def _module(self, name):
        try:
            with self.running(name):
                module = importlib.import_module(name)
                if getattr(module, "__file__", None) is not None:
                    self.paths.append(Path(module.__file__))
            return module
        except ProgramError as error:
            missing = getattr(error.error, "name", None) if isinstance(error.error, ModuleNotFoundError) else None
            if missing is None or not f"{name}.".startswith(f"{missing}."):
                raise
        raise GradcheckError(f"{name}: there is no module {missing!r} here; give FILE.py:FUNCTION or "
                             "package.module:FUNCTION")

    def _require_call(self, argument, function, calls):
        """Refuse a function that can be called in none of these ways; about some built-in ones nobody knows."""
        with self.running(argument):
            try:
                signature = inspect.signature(function)
            except (TypeError, ValueError):
                return
            said = [_misfit(signature, names) for names in calls]
            if None in said:
                return
            name = argument.rpartition(":")[2]
            wanted = "without arguments, or a dict" if calls[0] == () else f"of one argument, the {calls[0][0]}"
            bound = "; it is a method: make an object first and give its method" if "self" in signature.parameters else ""
            raise GradcheckError(f"{argument}: it is {name}{_shortened(signature)}, and is called {name}({', '.join(calls[0])}): "
                                 f"{said[0]}; give a function {wanted}{bound}")

    # What went wrong in a program

    def _told(self, argument, error):
        """The ProgramError of an exception."""
        if isinstance(error, SyntaxError) and os.path.isfile(error.filename or ""):
            return ProgramError(f"{_shown(error.filename)}:{error.lineno}", SyntaxError(error.msg))
        frames = traceback.extract_tb(error.__traceback__)
        for frame in reversed(frames):
            if self._is_own(frame.filename):
                return ProgramError(f"{_shown(frame.filename)}:{frame.lineno}", error)
        last = frames[-1]
        ours = last.filename.startswith(OURS) and last.filename != __file__
        return ProgramError(argument, error, f"{Path(OURS).name}/{Path(last.filename).name}:{last.lineno}" if ours else None)

    def _is_own(self, filename):
        """Whether a file belongs to the program: it lies beside one that was named, or at least in no library."""
        if filename.startswith((OURS, contextlib.__file__)) or not os.path.isfile(filename):
            return False
        beside = [str(path.resolve().parent) for path in self.paths if path.suffix == ".py"]
        return str(Path(filename).resolve().parent) in beside or not (
            filename.startswith(STANDARD) or "site-packages" in filename or "dist-packages" in filename)


def _misfit(signature, names):
    """Why a function cannot be called with so many arguments; None where it can."""
    try:
        signature.bind(*names)
    except TypeError as error:
        return str(error)
    return None


def _shortened(signature):
    text = " ".join(str(signature).split())
    return text if len(text) <= 60 else f"{text[:60]}...)"


def _said(error):
    """What an exception says, on one line."""
    try:
        return " ".join(str(error).split())
    except Exception:
        return "(it cannot say what)"


def _shown(filename):
    """The name of a file as the reader would type it: relative to here when it is below."""
    try:
        return str(Path(filename).resolve().relative_to(Path.cwd()))
    except (ValueError, OSError, TypeError):
        return str(filename)
