"""Files: read up to a limit, written whole or not at all, and never over an input.

A new file is made beside the old one and replaces it at once. What a writer that was killed left behind has
no owner any more, which a lock tells, and the next one to write into the same folder removes it. Beyond the
limits of MOST a command would fill 500 MB, or be silent for more than some seconds; the environment variable
NEURONNET_LIMITS raises them: `NEURONNET_LIMITS=samples=500000,weights=2000000`.
"""

import os
import re
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from neuronnet.errors import NeuronnetError, SpecError, did_you_mean, nearest, shortened

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed
    fcntl = None  # type: ignore[assignment]

PREFIX = ".neuronnet."
_LEFT_OVER = re.compile(rf"{re.escape(PREFIX)}\w{{8}}")


def require_writable(path, inputs=()):
    """Raise the NeuronnetError that `write_bytes` would, before the work; nothing stays behind."""
    with _refusals(path, inputs):
        if not _is_replaced(path):
            return
        target = _target(path)
        with tempfile.TemporaryFile(dir=target.parent, prefix=PREFIX):
            pass


def write_bytes(data, path, inputs=()):
    """Write `data` to the file `path` whole or not at all; never over one of the `inputs`.

    A file keeps its permissions; a device or a pipe is simply written to. Raises NeuronnetError.
    """
    with _refusals(path, inputs):
        if _is_replaced(path):
            _replace(_target(path), data)
        else:
            Path(path).write_bytes(data)


@contextmanager
def _refusals(path, inputs):
    if any(_same_file(each, path) for each in inputs):
        found = f"cannot write {shortened(path)}: it would overwrite the input"
        raise NeuronnetError(f"{found}; choose another file")
    try:
        yield
    except (OSError, ValueError) as error:
        remedy = "choose a place that can be written to"
        reason = "a null byte in the name" if "\0" in str(path) else getattr(error, "strerror", None) or error
        if isinstance(error, FileNotFoundError):
            remedy = f"make the folder {shortened(str(Path(path).parent))} first, or choose another place"
        raise NeuronnetError(f"cannot write {shortened(path)}: {reason}; {remedy}") from None


def _same_file(one, other):
    try:
        return os.path.samestat(os.stat(one), os.stat(other))
    except (OSError, ValueError):
        return False


def _is_replaced(path):
    """Whether a path is a file or nothing yet; False for a device or a pipe."""
    try:
        mode = os.stat(path or ".").st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(0, "Is a directory")
    return stat.S_ISREG(mode)


def _target(path):
    """The file itself where the path is a link. Raises PermissionError for one that is read-only."""
    target = Path(os.path.realpath(path))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError("it is read-only")
    return target


def _replace(target, data):
    _remove_left_overs(target.parent)
    descriptor, temporary = _locked_file(target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
            if fcntl is not None:
                os.replace(temporary, target)  # while the lock is held
        if fcntl is None:
            os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _locked_file(folder):
    """(descriptor, path) of a new file in a folder that nobody takes for a left-over."""
    while True:
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=PREFIX)
        if fcntl is None:
            return descriptor, temporary
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink > 0:  # not removed before it was locked
            return descriptor, temporary
        os.close(descriptor)


def _remove_left_overs(folder):
    """Remove the files in a folder that writers began and did not live to finish."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            if _LEFT_OVER.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove_unowned(entry.path)


def _remove_unowned(path):
    if fcntl is None:
        os.unlink(path)
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    finally:
        os.close(descriptor)


def _umask():
    umask = os.umask(0)
    os.umask(umask)
    return umask


VARIABLE = "NEURONNET_LIMITS"
MOST = {
    "bytes": 20_000_000,  # of a file of text
    "characters": 2_000_000,  # of the description of a network
    "weights": 500_000,  # of a network
    "samples": 100_000,  # of a network
    "numbers": 1_000_000,  # of all samples, of the parameters in a file, of another program's numbers
    "letters": 20_000,  # of one line of a sheet, or formula; read once, when a program starts
    "quantities": 150_000,  # of golden values
    "multiplications": 1_000_000,  # weights times samples times updates of a training in silence
}


def most(name: str, or_else: bool = False) -> int:
    """The limit of that name in MOST, or what the environment says.

    Raises NeuronnetError if that is bad, but with `or_else`, when a module is imported: others will say it.
    """
    try:
        return _raised().get(name, MOST[name])
    except NeuronnetError:
        if or_else:
            return MOST[name]
        raise


def allowed(name: str) -> str:
    """A clause that says the limit and how to raise it, for the end of a message."""
    return f"at most {most(name)} {name} are taken on; set {VARIABLE}={name}=NUMBER to raise that"


def require(name: str, count: int, where: str) -> None:
    """Raise NeuronnetError for a `count` beyond the limit."""
    if count > most(name):
        raise NeuronnetError(f"{where}: found {count} {name}; {allowed(name)}")


def _raised():
    found = {}
    for entry in filter(None, os.environ.get(VARIABLE, "").split(",")):
        name, _, number = (part.strip() for part in entry.partition("="))
        if name not in MOST:
            near = did_you_mean(nearest(name, MOST)) or f"; known are {', '.join(MOST)}"
            raise NeuronnetError(f"{VARIABLE}: unknown limit {shortened(name)}{near}")
        if not (number.isascii() and number.isdigit() and len(number) <= 12):
            raise NeuronnetError(f"{VARIABLE}: {name}: found {shortened(number)}; a whole number is needed")
        found[name] = int(number)
    return found


def text_of(path, needed, most_bytes=None):
    """The text of a file of at most so many bytes. Raises SpecError, which ends with what is `needed`."""
    most_bytes = most("bytes") if most_bytes is None else most_bytes
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        plain = {FileNotFoundError: "no such file", IsADirectoryError: "a folder"}
        found = plain.get(type(error)) or getattr(error, "strerror", None) or "an unreadable file"
        raise SpecError(str(path), found, f"{needed} is needed") from None
    return decoded(data, str(path), most_bytes)


def decoded(data, where, most_bytes=None):
    """The text that bytes stand for: UTF-8, with or without a byte order mark, and of bounded length."""
    most_bytes = most("bytes") if most_bytes is None else most_bytes
    if len(data) > most_bytes:
        raise SpecError(where, f"more than {most_bytes} bytes", allowed("bytes"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(where, f"a byte that is not UTF-8 in line {line}", "files are UTF-8") from None
