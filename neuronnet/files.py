"""Files that are written whole or not at all, tried before long work begins, and never over an input.

A new file is made beside the old one and replaces it at once. What a writer that was killed left behind has
no owner any more, which a lock tells, and the next one to write into the same folder removes it.
"""

import os
import re
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from neuronnet.errors import NeuronnetError, shortened

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
