"""A reader's own program, as `FILE.py:NAME` or `package.module:NAME`, and the point it is checked at; nothing is judged.

What goes wrong in the program is told in one line, with the line of the program where it went wrong. What the program
prints goes to standard error, so that it never mixes with a report.
"""

import contextlib
import importlib
import importlib.util
import json
import re
import sys
import traceback
import zipfile
import zlib
from pathlib import Path

import numpy as np

from .errors import GradcheckError, UnknownName

PROGRAM = re.compile(r"(?P<place>.+\.py|[^\W\d]\w*(\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*(\.[^\W\d]\w*)*)")
OURS = str(Path(__file__).parent)


class ProgramError(GradcheckError):
    """The program failed: `place` ("model.py:12") and `error`, the exception."""

    def __init__(self, place, error):
        self.place, self.error = place, error
        said = " ".join(str(error).split())
        super().__init__(f"{place}: {type(error).__name__}{': ' if said else ''}{said}")


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
        for part in name.split("."):
            if not hasattr(value, part):
                raise UnknownName(place, part, [each for each in vars(value) if not each.startswith("_")] or ["(nothing)"])
            value = getattr(value, part)
        return value

    def function(self, argument):
        """As `value`, for what can be called; GradcheckError for anything else, too."""
        if not is_program(argument):
            raise GradcheckError(f"{argument}: expected FILE.py:FUNCTION or package.module:FUNCTION")
        value = self.value(argument)
        if not callable(value):
            raise GradcheckError(f"{argument}: expected a function, found {type(value).__name__}")
        return value

    def parameters(self, argument):
        """The point that an argument names: a .npz file, a .json file, or something in a program, called if it can be."""
        if is_program(argument):
            value = self.value(argument)
            if not callable(value):
                return value
            with self.running():
                return value()
        if Path(argument).suffix.lower() not in READERS:
            raise GradcheckError(f"{argument}: expected a file that ends in .npz or .json, or FILE.py:NAME, or "
                                 "package.module:NAME")
        self.paths.append(Path(argument))
        return READERS[Path(argument).suffix.lower()](argument)

    @contextlib.contextmanager
    def running(self):
        """While the program runs: it finds what is beside it, prints to standard error, and raises ProgramErrors."""
        added = [each for each in self._directories if each not in sys.path]
        sys.path[:0] = added
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield
        except GradcheckError:
            raise
        except SyntaxError as error:
            raise ProgramError(f"{_shown(error.filename)}:{error.lineno}", SyntaxError(error.msg)) from None
        except (Exception, SystemExit) as error:
            place = _place(error)
            if place is None:
                raise
            raise ProgramError(place, error) from None
        finally:
            for each in added:
                if each in sys.path:
                    sys.path.remove(each)

    def _file(self, path):
        if not path.is_file():
            raise GradcheckError(f"{path}: there is no such file; give FILE.py:FUNCTION or package.module:FUNCTION")
        self.paths.append(path)
        self._directories.insert(0, str(path.resolve().parent))
        name = f"{path.stem} (checked)"                 # no import statement can name it, so it hides no other module
        specification = importlib.util.spec_from_file_location(name, path)
        module = sys.modules[name] = importlib.util.module_from_spec(specification)
        with self.running():
            specification.loader.exec_module(module)
        return module

    def _module(self, name):
        try:
            with self.running():
                module = importlib.import_module(name)
            if getattr(module, "__file__", None) is not None:
                self.paths.append(Path(module.__file__))
            return module
        except ProgramError as error:
            missing = getattr(error.error, "name", None) if isinstance(error.error, ModuleNotFoundError) else None
            if missing is None or not f"{name}.".startswith(f"{missing}."):
                raise
        except ModuleNotFoundError as error:
            missing = error.name
        raise GradcheckError(f"{name}: there is no module {missing!r} here; give FILE.py:FUNCTION or "
                             "package.module:FUNCTION")


# Points in files

def _npz(path):
    """The arrays of a .npz file by name; nothing in it is executed."""
    if Path(path).is_file() and not zipfile.is_zipfile(path):
        raise GradcheckError(f"{path}: it is no .npz file; write it with numpy.savez")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        said = "an array of Python objects in it is not read" if "pickle" in str(error) else "it is no .npz file of arrays"
        raise GradcheckError(f"{path}: {said}; write it with numpy.savez") from None
    except OSError as error:
        raise GradcheckError(f"{path}: {error.strerror or error}") from None


def _json(path):
    """The numbers of a .json file, an object of names to numbers or nested lists of them; all become floats."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file, object_pairs_hook=_object, parse_constant=_no_constant)
    except GradcheckError as error:
        raise GradcheckError(f"{path}: {error}") from None
    except json.JSONDecodeError as error:
        raise GradcheckError(f"{path}: line {error.lineno}: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise GradcheckError(f"{path}: it is no JSON file") from None
    except OSError as error:
        raise GradcheckError(f"{path}: {error.strerror}") from None
    if not isinstance(found, dict) or len(found) == 0:
        raise GradcheckError(f'{path}: expected an object of names, such as {{"W": [[0.5, -1.0]]}}')
    return {name: _numbers(f"{path}: {name}", value) for name, value in found.items()}


READERS = {".npz": _npz, ".json": _json}


def _object(pairs):
    for i, (name, _) in enumerate(pairs):
        if name in [each for each, _ in pairs[:i]]:
            raise GradcheckError(f"the name {name!r} is there twice")
    return dict(pairs)


def _no_constant(name):
    raise GradcheckError(f"found {name}; every parameter must be a finite number")


def _numbers(name, value):
    """A JSON number as a float, a nested list of them as an array, an object of those as a dict."""
    if isinstance(value, dict):
        return {key: _numbers(f"{name}.{key}", each) for key, each in value.items()}
    if any(isinstance(each, (bool, str, dict, type(None))) for each in _flat(value)):
        raise GradcheckError(f"{name}: expected a number or a nested list of numbers, found something else in it")
    try:
        numbers = np.array(value, dtype=float)
    except (ValueError, OverflowError):
        raise GradcheckError(f"{name}: its rows differ in length, or a number is too large for a float") from None
    return numbers.item() if numbers.shape == () else numbers


def _flat(value):
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(each)
        else:
            yield each


# What went wrong in a program

def _place(error):
    """The last line outside gradcheck and the libraries on the way to an exception; None when all of it is ours."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if not frame.filename.startswith((OURS, "<")) and frame.filename != contextlib.__file__]
    own = [frame for frame in frames
           if "site-packages" not in frame.filename and not frame.filename.startswith(sys.base_prefix)]
    for frame in reversed(own or frames):
        return f"{_shown(frame.filename)}:{frame.lineno}"
    return None


def _shown(filename):
    """The name of a file as the reader would type it: relative to here when it is below."""
    try:
        return str(Path(filename).resolve().relative_to(Path.cwd()))
    except (ValueError, OSError, TypeError):
        return str(filename)
