"""Text files of bounded length, read whole; what stands in them is not known here."""

from neuronnet.errors import SpecError

MOST_BYTES = 20_000_000


def text_of(path, needed):
    """The text of a file, a Path. Raises SpecError, which ends with what is `needed`, where it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SpecError(str(path), getattr(error, "strerror", None) or "an unreadable file", f"{needed} is needed") from None
    return decoded(data, str(path))


def decoded(data, where):
    """The text that bytes stand for: UTF-8, with or without a byte order mark, and of bounded length."""
    if len(data) > MOST_BYTES:
        raise SpecError(where, f"more than {MOST_BYTES} bytes", f"a file has at most {MOST_BYTES}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(where, f"a byte that is not UTF-8 in line {line}", "files are UTF-8") from None
