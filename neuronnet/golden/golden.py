"""Golden values: every quantity of a network's training with its certified digits and a derived tolerance."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from neuronnet.derivation.digits import fifty_digits
from neuronnet.description.reading import read
from neuronnet.errors import Interrupted, NeuronnetError, did_you_mean, nearest, shortened
from neuronnet.files import most, require, text_of, write_bytes
from neuronnet.golden.formats import WRITERS
from neuronnet.golden.golden_value import GoldenValue, ball_type
from neuronnet.golden.recording import (
    ULPS,
    Recorded,
    batches_of,
    disturbed,
    disturbed_number,
    quantities_of,
    recorded,
    require_trainable,
    shortest,
)
from neuronnet.names import update_of
from neuronnet.network import NeuralNetwork
from neuronnet.output import format_of, plain
from neuronnet.render.text import conventions

FORMAT, VERSION = "neuronnet golden", 1
BYTES = 400  # of a value in a file
RUNS = 8  # disturbed trainings beside the exact one


@dataclass(frozen=True)
class Golden:
    """Golden values in order of computation, `values` by name, with all that is needed to make them again.

    `description` is the network as a dict, `digest` of it; `at` the updates that are recorded; `batches` the
    sample numbers, from 1 on, of each update's batch, used again from the first when they are through.
    `refused` names quantities whose digits are decided by rounding.
    """

    description: dict
    dtype: str
    at: tuple[int, ...]
    batches: tuple[tuple[int, ...], ...]
    values: dict[str, GoldenValue]
    refused: tuple[str, ...] = ()
    certified: str = "fifty digits"
    conventions: tuple[str, ...] = ()
    history: tuple[dict, ...] = ()

    @classmethod
    def of(
        cls,
        network: Any,
        updates: int | None = None,
        at: Iterable[int] | None = None,
        dtype: str = "float64",
        all_values: bool = False,
        proved: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Golden:
        """The Golden of a network (a file, an example's name, a dict, a NeuralNetwork) or of a Model.

        `at`: the updates to record, by default before the first and after the last of `updates` (1); a Model
        has those that stand in its text. `all_values` keeps those with fewer than two reproducible digits,
        too. `proved`: the digits come from arithmetic in balls (the extra `certified`), not from fifty
        digits less what rounding was seen to take. `progress(made, all)` hears of updates. Raises
        NeuronnetError.
        """
        if dtype not in ULPS:
            near = did_you_mean(nearest(str(dtype), ULPS))
            raise NeuronnetError(f"dtype: found {shortened(dtype)}; allowed are {', '.join(ULPS)}{near}")
        number = ball_type() if proved else Decimal
        if hasattr(network, "values_in"):
            if updates is not None or at is not None:
                raise NeuronnetError("updates: a sheet has the updates that stand in it")
            exact, runs, about = _of_model(network, dtype, number)
            until = None
        else:
            last = 1 if updates is None else updates
            recorded_at = {0, last} if at is None else {*at, *([] if updates is None else [updates])}
            at = tuple(sorted(recorded_at))
            if not at or at[0] < 0:
                raise NeuronnetError(f"at: found {list(at)}; it is a list of numbers of updates, from 0 on")
            exact, runs, about, until = _of_network(network, at, dtype, number, progress)
        values, refused = {}, []
        for name, kind, value in exact:
            made = GoldenValue.of(name, kind, value, [run.get(name, math.nan) for run in runs], dtype)
            if made is None and not all_values:
                refused.append(name)
            else:
                values[name] = made or GoldenValue(name, kind, shortest(value, dtype), "", float(abs(value)))
        about["certified"] = "balls" if proved else "fifty digits"
        golden = cls(dtype=dtype, values=values, refused=tuple(refused), **about)
        if until is not None:
            raise Interrupted(golden, until)
        return golden

    @classmethod
    def load(cls, path: Any) -> Golden:
        """The Golden of a JSON file that `write` made. Raises NeuronnetError for any other."""
        try:
            found = json.loads(text_of(Path(path), "a golden file", BYTES * most("numbers")))
            if found.get("format") != FORMAT or found.get("version") != VERSION:
                raise ValueError(f"its format is {found.get('format')!r}, version {found.get('version')!r}")
            values = {name: GoldenValue.read(name, each) for name, each in found["quantities"].items()}
            _require_readable(found)
            fields = {key: found[key] for key in ("description", "dtype", "certified")}
            fields |= {key: tuple(found[key]) for key in ("at", "refused", "conventions", "history")}
            golden = cls(values=values, batches=tuple(map(tuple, found["batches"])), **fields)
            digest = golden.digest
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            needed = f"a JSON file of `neuronnet golden`, version {VERSION}, is needed"
            raise NeuronnetError(f"{path}: no golden file ({shortened(str(error))}); {needed}") from None
        if digest != found.get("digest"):
            raise NeuronnetError(f"{path}: its description was changed by hand; make the file again")
        return golden

    def write(
        self, path: Any, reason: str | None = None, form: str | None = None, inputs: Iterable = ()
    ) -> None:
        """Write the file, whole or not at all, in a format of WRITERS, by default that of its suffix.

        A file that is there is replaced only for a `reason`, which a JSON file keeps in its history with the
        digest of what it replaces; none of the `inputs` is replaced. Raises NeuronnetError.
        """
        path, golden = Path(path), self
        form = format_of(path, tuple(WRITERS)) if form is None else form
        self.require_replaceable(path, reason)
        if path.exists() and form == "json":
            before = Golden.load(path)
            entry = {"reason": str(reason), "replaced": before.digest, "dtype": before.dtype}
            golden = replace(self, history=(*before.history, entry | {"at": list(before.at)}))
        made = WRITERS[form](golden)
        write_bytes(made if isinstance(made, bytes) else f"{made}\n".encode(), path, inputs)

    @staticmethod
    def require_replaceable(path: Any, reason: str | None) -> None:
        """Raise NeuronnetError for a file that is there, where no reason is given to replace it."""
        if Path(path).exists() and not reason:
            raise NeuronnetError(f"{path} is there; --reason TEXT replaces it; a JSON file keeps the reason")

    @property
    def digest(self) -> str:
        """The SHA-256 of the description, its numbers as floats."""
        return self.digest_of(self.description)

    @staticmethod
    def digest_of(description: dict) -> str:
        """The SHA-256 of a description as a dict, its numbers as floats."""
        text = json.dumps(description, sort_keys=True, default=plain, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def compare(self, values: Any, **override: Any) -> Any:
        """The Comparison of another implementation's numbers, a mapping or a file, with these.

        `override`: the `dtype` of the numbers; `rtol`, `atol`, `ulps` or `digits` for the derived tolerances.
        """
        from neuronnet.golden.actual import of_values, read_actual
        from neuronnet.golden.comparing import compared

        actual = of_values(values) if hasattr(values, "items") else read_actual(values)
        return compared(self, actual, **override)

    @property
    def lost(self) -> set[int]:
        """The recorded updates after which rounding leaves most parameters fewer than two digits."""
        parameters = self.initial()
        refused = Counter(update_of(name) for name in self.refused if name.partition("@")[0] in parameters)
        return {update for update, count in refused.items() if 2 * count > len(parameters)}

    @property
    def certified_until(self) -> int:
        """The last recorded update before the first that is `lost`; or -1."""
        first = min(self.lost, default=math.inf)
        return max((each for each in self.at if each < first), default=-1)

    def initial(self) -> dict[str, float]:
        """The parameters before the first update, by name."""
        if "layer" not in self.description:
            return {name: each.value for name, each in self.values.items() if each.kind == "parameters"}
        layers, names = self.description["layer"], read(self.description).names
        given = [value for layer in layers for row in layer["weights"] for value in row]
        for layer in layers:
            bias = layer["bias"]
            given += [] if bias is None else bias if isinstance(bias, list) else [bias]
        return {name: shortest(value, self.dtype) for (name, _, _), value in zip(names.parameters(), given)}

    def to_dict(self) -> dict:
        """The plain dict of a golden file."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "digest": self.digest,
            "dtype": self.dtype,
            "conventions": list(self.conventions),
            "at": list(self.at),
            "batches": [list(each) for each in self.batches],
            "initial": self.initial(),
            "certified": self.certified,
            "certified_until": self.certified_until,
            "order": list(self.values),
            "quantities": {name: each.to_dict(self.dtype) for name, each in self.values.items()},
            "refused": list(self.refused),
            "history": list(self.history),
            "description": self.description,
        }


def _require_readable(found):
    """Raise for the content of a golden file that could not be compared with."""
    if found["dtype"] not in ULPS:
        raise ValueError(f"dtype {shortened(found['dtype'])}")
    whole = [*found["at"], *(number for batch in found["batches"] for number in batch)]
    if not found["at"] or not all(type(each) is int and each >= 0 for each in whole):
        raise ValueError("at and batches hold whole numbers")
    if not all(isinstance(each, str) for key in ("refused", "conventions") for each in found[key]):
        raise ValueError("refused and conventions hold texts")
    if "layer" in found["description"]:
        samples, batches = len(read(found["description"]).samples), found["batches"]
        if not batches or not all(batch and min(batch) >= 1 and max(batch) <= samples for batch in batches):
            raise ValueError("each batch holds numbers of samples")
    elif not isinstance(found["description"]["sheet"], str):
        raise ValueError("its sheet is no text")


def _of_network(network, at, dtype, number, progress):
    """(exact Recorded quantities, {name: value} of each disturbed run, fields of the Golden)."""
    description = read(network.to_dict() if isinstance(network, NeuralNetwork) else network)
    require_trainable(description, at[-1])
    require("quantities", quantities_of(description, len(at)), "golden values")
    passes = recorded(NeuralNetwork.from_dict(description, number), description, at, progress)
    others = [disturbed(NeuralNetwork.from_dict, description, at, dtype, seed) for seed in range(RUNS)]
    exact, runs, made, until = [], [{} for _ in others], 0, None
    try:
        for _ in at:
            with fifty_digits():
                _, rows = next(passes)
            values = [next(each)[1] for each in others]
            exact += rows
            for run, found in zip(runs, values):
                run |= found
            made += 1
    except KeyboardInterrupt:
        if made == 0:
            raise
        at, until = at[:made], f"after update {at[made - 1]}, which is the last that is recorded"
    about = {
        "description": json.loads(json.dumps(description.to_dict(), default=plain)),
        "at": at,
        "batches": tuple(tuple(each + 1 for each in batch) for batch in batches_of(description, at[-1])),
        "conventions": tuple(conventions(description)),
    }
    return exact, runs, about, until


def _of_model(model, dtype, number):
    """The same of a Model; each entry of an array is a quantity of its own, as W1[2,1]."""
    kinds = dict(zip(("Given", "Forward"), ("parameters", "forward")))
    kind_of = {name: kinds.get(title, "gradients") for title, names in model.groups() for name in names}
    with fifty_digits():
        values = [(name, *each) for name, values in model.values_in(number) for each in values]
        exact = [Recorded(entry, kind_of[name], value) for name, entry, value in values]
    runs = []
    for seed in range(RUNS):
        values = model.values_in(disturbed_number(ULPS[dtype], random.Random(seed)))
        runs.append({entry: float(value) for _, entries in values for entry, value in entries})
    about = {"description": {"title": "a sheet", "sheet": model.text}, "at": (0,), "batches": ()}
    return exact, runs, about
