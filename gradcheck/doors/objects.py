"""Parameters and gradients that stand in objects: where, how they are set, and all put back at the end."""

import random
import types
from collections import deque
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from numbers import Number

import numpy as np

from gradcheck.inputs.point import AFFIXES, as_numpy, library_of, longest_match

OPTIONS = (
    "select seed confidence bounds one_by_one most_calls intermediates special_points".split()
)  # of check

PARAMETERS = ("params", "parameters", "weights", "_params")
GRADIENTS = ("grads", "gradients", "grad", "dparams", "_grads", "dweights")
OWN = [(value, slope) for value in ("data", "value", "val") for slope in ("grad", "gradient")]
LEAVES = (str, bytes, Number, np.ndarray, types.ModuleType, type, types.FunctionType, types.MethodType)


class Place:
    """A parameter in an object: its `name`, its `value` at first; `slope(returned)` is its gradient.

    `holder`, `key`: the container and the item, or the object and the attribute, where it stands.
    """

    def __init__(self, name, holder, key, slope):
        self.name, self.slope, self._holder, self._key = name, slope, holder, key
        self.array = self.read()
        is_float = np.asarray(self.array).dtype.kind == "f"
        self.value = np.array(self.array, dtype=np.float64) if is_float else np.array(self.array)

    def read(self):
        """What stands there now."""
        if isinstance(self._holder, (dict, list, tuple)):
            return self._holder[self._key]
        return getattr(self._holder, self._key)

    def write(self, value):
        """Puts a value into the array that stood there at first, for others may refer to it."""
        if isinstance(self.array, np.ndarray) and self.array.flags.writeable:
            self.array[...] = value
            new = self.array
        else:
            new = float(value) if np.ndim(value) == 0 else np.array(value)
        if self.read() is not new and isinstance(self._holder, (dict, list)):
            self._holder[self._key] = new
        elif self.read() is not new:
            setattr(self._holder, self._key, new)


def places_of(net, returned):
    """(the Places of all parameters that have a gradient, names of those without, of gradients of nothing).

    The gradients are in what was `returned`, else in the object and all that it holds.
    """
    if isinstance(returned, (dict, list, tuple)):
        holders = [(net, attributes_of(net))] if isinstance(returned, dict) else []
        for holder, found in [*((each, each) for each in _containers(net)), *holders]:
            arrays = {name: each for name, each in _items(found) if is_array(each)}
            places = list(_beside(found, returned, lambda given: given, ""))
            if places and holder is net:
                return [Place(each.name, net, each.name, each.slope) for each in places], [], []
            if places:
                met = {id(place.array) for place in places}
                left = [str(name) for name, each in arrays.items() if id(each) not in met]
                used = {id(place.slope(returned)) for place in places}
                keys = _items(returned) if isinstance(returned, dict) else []
                others = [str(key) for key, each in keys if id(each) not in used and is_array(each)]
                return places, left, others
        places = list(_lists_of_shapes(attributes_of(net), returned))
        if places:
            return places, [], []
    return _once(_places_in(net, "", set())), [], []


def attributes_of(node):
    """Name -> value of the attributes of an object, those in __slots__ as well."""
    found = dict(getattr(node, "__dict__", {}))
    for kind in type(node).__mro__:
        slots = getattr(kind, "__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(node, name):
                found[name] = getattr(node, name)
    return found


def is_array(value):
    """Whether a value is an array of numbers, or a number."""
    return (
        isinstance(value, np.ndarray) and value.dtype.kind in "fiu" or isinstance(value, (float, np.floating))
    )


def _lists_of_shapes(found, returned):
    """The Places of attributes that are lists of arrays, of the shapes of lists that were returned."""
    for i, slopes in _items(returned):
        shapes = [np.shape(each) for each in slopes] if isinstance(slopes, list) else []
        fit = [
            name
            for name, each in found.items()
            if isinstance(each, list) and list(map(np.shape, each)) == shapes
        ]
        if len(fit) == 1 and shapes:
            yield from _beside(found[fit[0]], slopes, partial(_item, i), fit[0])


def _item(key, returned):
    return returned[key]


def _containers(net):
    """The containers of parameters that an object has, as attributes or as what a method returns."""
    for name in PARAMETERS:
        found = getattr(net, name, None)
        if isinstance(found, types.MethodType):
            try:
                found = found()
            except Exception:
                continue
        if isinstance(found, (dict, list, tuple)) and len(found) > 0:
            yield found


def _items(container):
    return container.items() if isinstance(container, dict) else enumerate(container)


def _places_in(node, path, seen):
    """The Places in an object and all that it holds, in order."""
    if id(node) in seen or isinstance(node, LEAVES) or node is None or library_of(node) is not None:
        return
    seen.add(id(node))
    if isinstance(node, (list, tuple, dict)):
        for key, each in _items(node):
            name = _joined(path, key) if isinstance(node, dict) else f"{path}[{key}]"
            yield from _places_in(each, name, seen)
        return
    found, used = attributes_of(node), set()
    for mine, slope in [(mine, slope) for mine in PARAMETERS for slope in GRADIENTS]:
        if all(isinstance(found.get(name), (list, tuple, dict)) for name in (mine, slope)):
            here = list(_beside(found[mine], found[slope], partial(_attribute, node, slope), path))
            if here and mine not in used:
                yield from here
                used |= {mine, slope}
    for mine, slope in OWN:
        if is_array(found.get(mine)) and found.get(slope) is not None and mine not in used:
            yield Place(path or mine, node, mine, partial(_attribute, node, slope))
            used |= {mine, slope}
    for mine in [name for name in found if name not in used]:
        slopes = [f"{before}{mine}{behind}" for before, behind in sorted(AFFIXES)]
        for slope in [name for name in slopes if found.get(name) is not None and name not in used]:
            read = partial(_attribute, node, slope)
            if is_array(found[mine]) and np.shape(found[slope]) == np.shape(found[mine]):
                yield Place(_joined(path, mine), node, mine, read)
            elif isinstance(found[mine], (list, dict)) and isinstance(found[slope], (list, tuple, dict)):
                yield from _beside(found[mine], found[slope], read, _joined(path, mine))
            else:
                continue
            used |= {mine, slope}
            break
    for name in [name for name in found if name not in used]:
        yield from _places_in(found[name], _joined(path, name), seen)


def _beside(holder, now, slopes, path):
    """The Places of a container of parameters beside one of gradients, which `slopes(returned)` reads."""
    if isinstance(now, dict):
        matched = longest_match([str(key) for key in holder], now) if isinstance(holder, dict) else {}
    else:
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        matched = dict(zip(keys, range(len(now)))) if len(keys) == len(now) else {}
    for key, other in matched.items():
        name = _joined(path, key) if isinstance(holder, dict) else f"{path or 'params'}[{key}]"
        read = partial(lambda slopes, other, returned: slopes(returned)[other], slopes, other)
        if is_array(holder[key]) and not isinstance(now[other], (list, tuple, dict)):
            yield Place(name, holder, key, read)
        elif isinstance(holder[key], (list, dict)) and isinstance(now[other], (list, tuple, dict)):
            yield from _beside(holder[key], now[other], read, name)


def _once(places):
    """The Places without those of an array that has been met; where its gradients differ, they are added."""
    found: dict = {}
    for place in places:
        first = found.setdefault(
            id(place.array) if isinstance(place.array, np.ndarray) else place.name, place
        )
        if first is not place and first.slope(None) is not place.slope(None):
            first.slope = partial(lambda one, other, _: one(None) + other(None), first.slope, place.slope)
    return list(found.values())


def _attribute(node, name, returned):
    return getattr(node, name)


def _joined(path, name):
    return f"{path}.{name}" if path else str(name)


def is_random(state):
    """Whether NumPy's global random state has changed since it was `state`."""
    return any(not np.array_equal(one, other) for one, other in zip(state, np.random.get_state()))


def as_called(report, call, said):
    """The Report with the line that makes it again through another door, and what is to be said of that."""
    more = report.call.partition("parameters")[2]
    return replace(report, call=f"gradcheck.{call}{more}", conventions=(*report.conventions, *said))


@contextmanager
def objects_kept(objects):
    """Puts everything that the objects hold back at the end, also after an exception."""
    put_back = list(_restorers(list(objects)))
    try:
        yield
    finally:
        for restore in put_back:
            restore()


def _restorers(waiting):
    """Functions that restore all that is within reach: containers, arrays, attributes, random generators."""
    seen: dict = {}
    while waiting:
        node = waiting.pop()
        if node is None or isinstance(node, (str, bytes, Number, types.ModuleType, type)) or id(node) in seen:
            continue
        seen[id(node)] = node
        if isinstance(node, np.ndarray):
            yield partial(_put_into_array, node, node.copy())
            waiting += node.ravel().tolist() if node.dtype.kind == "O" else []
        elif isinstance(node, (list, deque)):
            yield partial(_put_into_list, node, list(node))
            waiting += list(node)
        elif isinstance(node, (dict, set)):
            yield partial(_put_into_dict, node, dict(node) if isinstance(node, dict) else set(node))
            waiting += list(node.values()) if isinstance(node, dict) else []
        elif isinstance(node, np.random.Generator):
            yield partial(setattr, node.bit_generator, "state", node.bit_generator.state)
        elif isinstance(node, np.random.RandomState):
            yield partial(node.set_state, node.get_state())
        elif isinstance(node, random.Random):
            yield partial(node.setstate, node.getstate())
        elif isinstance(node, (tuple, frozenset)):
            waiting += list(node)
        elif isinstance(node, partial):
            waiting += [node.func, node.args, node.keywords]
        elif isinstance(node, types.MethodType):
            waiting += [node.__self__, node.__func__]
        elif isinstance(node, types.FunctionType):
            waiting += [cell.cell_contents for cell in node.__closure__ or () if cell != types.CellType()]
            waiting += list(node.__defaults__ or ())
        else:
            own = getattr(node, "__dict__", None)
            attributes = attributes_of(node)
            waiting += [*attributes.values(), *([own] if isinstance(own, dict) else [])]
            for name in attributes.keys() - (own or {}).keys():
                yield partial(object.__setattr__, node, name, attributes[name])


def _put_into_array(array, values):
    if array.flags.writeable:
        array[...] = values


def _put_into_list(items, values):
    items.clear()
    items.extend(values)


def _put_into_dict(items, values):
    items.clear()
    items.update(values)


def has_floats(value):
    """Whether a value is an array of real or complex numbers, of NumPy or another library."""
    if library_of(value) is None and not isinstance(value, np.ndarray):
        return False
    return np.dtype(as_numpy(value).dtype).kind in "fc"
