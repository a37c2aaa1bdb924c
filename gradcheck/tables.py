"""One entry of a table of named things, or a refusal that says which names there are."""

from .errors import UnknownName


def named(kind, table, name):
    """table[name]. Raises UnknownName with the names that are allowed."""
    if name not in table:
        raise UnknownName(kind, name, table)
    return table[name]
