"""Why a gradient is wrong: the known shapes of error, fitted to each block and to the wrong blocks together.

A cause is claimed only where it leaves nothing over: with it, every entry of the block is within 4 error bars, as the
verdict has it, and it says something of more entries than it has constants to fit. Of several that do, the first, with
the fewest constants, is claimed. Where the bars are too wide to see what is wrong, nothing is.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from .cause_place import place
from .errors import GradcheckError, ShapeMismatch
from .rounding import U
from .shapes import Block, Task, listing, of_layers, shapes
from .shapes.block import WELL_BEYOND

WORTH_NAMING = 0.5          # of the squared difference, for a runner-up
MOST_RUNNERS_UP = 3
LEFT_OPEN = 0.01            # of the squared difference may lie within the error bars: a tenth of the difference itself
SHARP = 1e-3                # relative: twenty or so factors have names, so one that is known to 1e-3 hits one by chance
                            # in at most 5 % of all cases, as long as factors are spread over two powers of ten

__all__ = ["Block", "Cause", "Causes", "blocks_of", "causes"]


@dataclass(frozen=True)
class Cause:
    """What explains a wrong gradient: its `id`, and a `sentence` about `blocks`, their names.

    `explains`: the share of the squared difference that is gone with it. `kind`: "shape" for a mistake, "place" where
    all that is known is where the chain broke. `constants`: the factors found, by name. `runners_up`: other Causes
    that explain more than half, also when it is allowed for that constants were fitted; the best first.
    """

    id: str
    sentence: str
    explains: float
    blocks: tuple = ()
    kind: str = "shape"
    constants: dict = field(default_factory=dict)
    runners_up: tuple = ()

    def __str__(self):
        return self.sentence

    def to_dict(self):
        """Plain dict, ready for JSON."""
        return {"id": self.id, "sentence": self.sentence, "explains": self.explains, "blocks": list(self.blocks),
                "kind": self.kind, "constants": dict(self.constants),
                "runners_up": [each.to_dict() for each in self.runners_up]}


@dataclass(frozen=True)
class Causes:
    """`overall`: the Cause of all that is wrong, or None. `blocks`: name -> Cause or None. `wrong`: names, in order.

    `runners_up`: name -> Causes that explain more than half of what is wrong in that block, though not all of it.
    """

    overall: Cause | None
    blocks: dict
    wrong: tuple
    runners_up: dict

    def __getitem__(self, name):
        return self.blocks[name]

    def __str__(self):
        return "no cause is known" if self.overall is None else self.overall.sentence

    def to_dict(self):
        """Plain dict, ready for JSON."""
        return {"overall": None if self.overall is None else self.overall.to_dict(),
                "blocks": {name: None if each is None else each.to_dict() for name, each in self.blocks.items()},
                "wrong": list(self.wrong),
                "runners_up": {name: [each.to_dict() for each in some] for name, some in self.runners_up.items()}}


def causes(blocks, learning_rate=None, samples=None, outputs=None, *, l2=None, per_sample=None):
    """The Causes of what is visibly wrong in a list of Blocks, which stand in forward order.

    `learning_rate`, the numbers of `samples` and `outputs`, and `l2`, the factor of the parameter in the gradient of the
    L2 term, are looked for as constants. `per_sample`: for every sample a dict of names to its gradient. Raises
    ShapeMismatch where the arrays of a block differ in shape.
    """
    task = Task(learning_rate, samples, outputs, l2, tuple(per_sample or ()))
    with np.errstate(all="ignore"):
        return _causes([_checked(block, task) for block in blocks], task)


def _causes(blocks, task):
    wrong = [block for block in blocks if np.any(block.visible)]
    found = {block.name: None for block in blocks}
    runners_up = {}
    for block in wrong:
        others = [other for other in blocks if other is not block]
        if np.all(np.isfinite(block.analytic)):
            found[block.name], runners_up[block.name] = _best(block, list(shapes(block, others, task)), [block.name], [])
        else:
            sentence = f"the gradient of {block.name} has entries that are not finite numbers"
            found[block.name], runners_up[block.name] = Cause("not finite", sentence, 1.0, (block.name,)), ()
    overall = _overall(blocks, wrong, found, task) if wrong else None
    return Causes(overall, found, tuple(block.name for block in wrong), runners_up)


def blocks_of(point, analytic, numeric, bar):
    """The Blocks of a Point, from flat vectors as long as the point's own. `bar`: numerical error and analytic rounding."""
    vectors = [np.asarray(each, dtype=np.float64) for each in (analytic, numeric, bar, point.vector)]
    return [Block(part.name, *(each[part.start:part.stop].reshape(part.shape) for each in vectors)) for part in point.blocks]


def _checked(block, task):
    arrays = [np.asarray(each, dtype=np.float64) for each in (block.analytic, block.numeric, block.bar, block.parameter)]
    each_sample = [np.shape(gradient[block.name]) for gradient in task.per_sample if block.name in gradient]
    for shape in [*(array.shape for array in arrays), *each_sample]:
        if shape != arrays[3].shape:
            raise ShapeMismatch(block.name, arrays[3].shape, shape)
    if np.any(np.isnan(arrays[2])) or np.any(arrays[2] < 0.0):
        raise GradcheckError(f"{block.name}: an error bar is a number from 0 to infinity, found {block.bar!r}")
    unknown = ~np.isfinite(arrays[1])
    return Block(block.name, arrays[0], np.where(unknown, 0.0, arrays[1]), np.where(unknown, np.inf, arrays[2]), arrays[3])


# One block, or several taken as one

def _best(block, tried, wrong, right):
    """(the Cause that explains everything, or None; the runners-up)."""
    judged = [(shape, *_judged(block, shape)) for shape in tried]
    claimed, explained = next(((shape, explains) for shape, fits, explains in judged if fits), (None, 0.0))
    families, rest = {_family(claimed)} if claimed is not None else set(), []
    for shape, fits, explains in sorted(judged, key=lambda each: -each[2]):
        entries = int(np.sum(block.visible))
        beyond_chance = 1.0 - (1.0 - explains) * entries / (entries - shape.free) if entries > shape.free else 0.0
        if not fits and shape.is_plain and beyond_chance > WORTH_NAMING and _family(shape) not in families:
            families.add(_family(shape))
            rest.append(_cause(shape, explains, wrong, right))
    rest = tuple(rest[:MOST_RUNNERS_UP])
    return None if claimed is None else _cause(claimed, explained, wrong, right, rest), rest


def _family(shape):
    return shape.id.split()[0]


def _judged(block, shape):
    """(whether the Shape leaves nothing over, the share of the squared difference that it explains)."""
    known, visible, bar = np.isfinite(block.bar), block.visible, block.least_bar
    difference, residual = block.analytic - block.numeric, block.analytic - shape.predicted
    size = np.max(np.abs(difference[known]))
    left = np.sum((residual[known] / size) ** 2) / np.sum((difference[known] / size) ** 2)
    width = np.maximum(bar, bar if shape.bar is None else shape.bar) + U * np.abs(shape.predicted)
    if np.any(np.abs(residual[known]) > WELL_BEYOND * width[known]):
        fits = False
    elif np.sum((WELL_BEYOND * width[visible] / size) ** 2) > LEFT_OPEN * np.sum((difference[visible] / size) ** 2):
        fits = False
    else:
        touched = np.sum((np.abs(shape.predicted - block.numeric) > WELL_BEYOND * bar)[known])
        bars_wide = np.sqrt(np.sum((shape.predicted / np.maximum(width, U * size))[known] ** 2))
        fits = touched > shape.free and (not shape.named or WELL_BEYOND <= SHARP * bars_wide)
    return bool(fits), max(0.0, 1.0 - float(left))


def _cause(shape, explains, wrong, right, runners_up=()):
    sentence = f"the gradient of {listing(wrong)} is {shape.clause}"
    sentence += f"; that of {listing(right)} is right" if right else ""
    return Cause(shape.id, sentence, explains, tuple(wrong), shape.kind, dict(shape.constants), runners_up)


# All blocks

def _overall(blocks, wrong, found, task):
    names = [block.name for block in wrong]
    right = [block.name for block in blocks if block.name not in names]
    in_common, runners_up = _in_common(wrong, names, right, task) if len(wrong) > 1 else (None, ())
    cause = in_common or _exchanged(found, names) or _one_by_one(found, names, right)
    if cause is not None:
        return _of_biases(cause, wrong, blocks, task)
    there = place(blocks, names)
    return None if there is None else Cause(*there, 1.0, tuple(names), "place", runners_up=runners_up)


def _in_common(wrong, names, right, task):
    """One shape, with the same constants, for all that is wrong, L2 terms also for the matrices alone; and runners-up."""
    if not all(np.all(np.isfinite(block.analytic)) for block in wrong):
        return None, ()
    taken = [_joined(wrong)]
    if len({block.is_vector for block in wrong}) == 2:
        without = [Block(each.name, each.analytic, each.numeric, each.bar, np.where(each.is_vector, 0.0, each.parameter))
                   for each in wrong]
        taken.append(_joined(without))
    found = [_best(taken[0], list(of_layers(taken[0], task)), names, right)]
    if found[0][0] is None and len(taken) > 1:
        found.append(_best(taken[1], list(of_layers(taken[1], task)), names, right))
    return found[-1] if found[-1][0] is not None else found[0]


def _joined(blocks):
    """The entries of several Blocks as one, a column where there is a matrix among them."""
    shape = (-1,) if all(block.is_vector for block in blocks) else (-1, 1)
    parts = [(block.analytic, block.numeric, block.bar, block.parameter) for block in blocks]
    return Block("", *(np.concatenate([each.ravel() for each in column]).reshape(shape) for column in zip(*parts)))


def _of_biases(cause, wrong, blocks, task):
    """The Cause with its own name where only biases are averaged over the samples."""
    factor = cause.constants.get("factor")
    only_vectors = all(block.is_vector for block in wrong) and not all(block.is_vector for block in blocks)
    if only_vectors and task.samples and cause.id.startswith("factor") and factor == 1.0 / task.samples:
        sentence = cause.sentence.replace(" is the", " is averaged over the samples, that of weights summed: the", 1)
        return replace(cause, id="biases averaged", sentence=sentence)
    return cause


def _exchanged(found, names):
    """Blocks that have each other's gradients."""
    if not all(found[name] is not None and found[name].id == "another block" for name in names):
        return None
    has = {name: found[name].constants["block"] for name in names}
    if sorted(has.values()) != sorted(names):
        return None
    pairs = listing(f"{name} has that of {other}" for name, other in has.items())
    sentence = f"the gradients stand in another order: {pairs}"
    return Cause("block order", sentence, 1.0, tuple(names), constants={"order": has})


def _one_by_one(found, names, right):
    """A cause for every wrong block."""
    own = [found[name] for name in names]
    if any(each is None or each.kind == "place" and len(own) > 1 for each in own):
        return None
    also = f"; that of {listing(right)} is right" if right else ""
    if len(own) == 1:
        return replace(own[0], sentence=own[0].sentence + also)
    clauses = dict.fromkeys(each.sentence.removeprefix(f"the gradient of {name} ") for name, each in zip(names, own))
    if len(clauses) == 1:
        sentence = f"the gradient of {listing(names)} {next(iter(clauses))}"
    else:
        sentence = "; ".join(each.sentence for each in own)
    ids, explains = dict.fromkeys(each.id for each in own), min(each.explains for each in own)
    constants = {name: each.constants for name, each in zip(names, own)}
    return Cause(" + ".join(ids), sentence + also, explains, tuple(names), constants=constants)
