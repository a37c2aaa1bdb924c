"""Golden values: every quantity of a network's training with its certified digits and a derived tolerance."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from neuronnet.derivation.digits import DIGITS, fifty_digits
from neuronnet.description.reading import read
from neuronnet.description.values import text_of
from neuronnet.errors import NeuronnetError, did_you_mean, nearest, shortened
from neuronnet.golden.formats import WRITERS
from neuronnet.golden.recording import batches_of, recorded, require_trainable
from neuronnet.golden.rounding import ULPS, disturbed, rounded_to, shortest, ulp_of
from neuronnet.network import NeuralNetwork
from neuronnet.output import plain, write_bytes
from neuronnet.render.text import conventions

FORMAT, VERSION = "neuronnet golden", 1
RUNS = 8  # disturbed trainings beside the exact one
FACTOR = 10.0  # times the root mean square of their deviations: Student's t has 8 in a million beyond that
REPRODUCIBLE = 0.005  # of a value: a tolerance beyond this leaves fewer than two digits
SPARE = 3  # digits fewer than fifty, less those that the measured amplification takes
MOST_CERTIFIED = 30


@dataclass(frozen=True)
class GoldenValue:
    """A quantity: `value` rounded to the file's dtype, `digits` certified ones, `tolerance` absolute."""

    name: str
    kind: str
    value: float
    digits: str
    tolerance: float

    def hex(self, dtype: str) -> str:
        """The bits of the value in a dtype, as a hexadecimal float."""
        return rounded_to(self.value, dtype).hex()

    def ulps(self, dtype: str) -> float:
        """The tolerance in units of the last place of the value in a dtype."""
        return self.tolerance / ulp_of(self.value, dtype)


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
    conventions: tuple[str, ...] = ()
    history: tuple[dict, ...] = ()

    @classmethod
    def of(
        cls, network: Any, updates: int = 1, at: Any = None, dtype: str = "float64", all_values: bool = False
    ) -> Golden:
        """The Golden of a network: a file, an example's name, a dict, a Description or a NeuralNetwork.

        `at`: the updates to record, by default before the first and after the last. `all_values` keeps those
        with fewer than two reproducible digits, too. Raises NeuronnetError.
        """
        if dtype not in ULPS:
            near = did_you_mean(nearest(str(dtype), ULPS))
            raise NeuronnetError(f"dtype: found {shortened(dtype)}; allowed are {', '.join(ULPS)}{near}")
        description = read(network.to_dict() if isinstance(network, NeuralNetwork) else network)
        at = tuple(sorted({0, updates} if at is None else set(at)))
        if not at or at[0] < 0:
            raise NeuronnetError(f"at: found {list(at)}; it is a list of numbers of updates, from 0 on")
        require_trainable(description, at[-1])
        with fifty_digits():
            exact = dict(recorded(NeuralNetwork.from_dict(description, Decimal), description, at))
        runs = [dict(disturbed(description, at, dtype, seed)) for seed in range(RUNS)]
        values, refused = {}, []
        for update in at:
            for name, kind, value in exact[update]:
                deviation = _deviation(value, [run[update].get(name, math.nan) for run in runs])
                made = _value(name, kind, value, deviation, dtype)
                if made is None and not all_values:
                    refused.append(name)
                else:
                    values[name] = made or GoldenValue(
                        name, kind, shortest(value, dtype), "", float(abs(value))
                    )
        numbers = tuple(tuple(each + 1 for each in batch) for batch in batches_of(description, at[-1]))
        known = tuple(conventions(description))
        plain_dict = json.loads(json.dumps(description.to_dict(), default=plain))
        return cls(plain_dict, dtype, at, numbers, values, tuple(refused), known)

    @classmethod
    def load(cls, path: Any) -> Golden:
        """The Golden of a JSON file that `write` made. Raises NeuronnetError for any other."""
        try:
            found = json.loads(text_of(Path(path), "a golden file"))
            if found.get("format") != FORMAT or found.get("version") != VERSION:
                raise ValueError(f"its format is {found.get('format')!r}, version {found.get('version')!r}")
            values = {
                name: GoldenValue(name, each["kind"], each["value"], each["digits"], each["tolerance"])
                for name, each in found["quantities"].items()
            }
            lists = {key: tuple(found[key]) for key in ("at", "refused", "conventions", "history")}
            batches = tuple(map(tuple, found["batches"]))
            golden = cls(found["description"], found["dtype"], values=values, batches=batches, **lists)
            digest = golden.digest
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            needed = f"a JSON file of `neuronnet golden`, version {VERSION}, is needed"
            raise NeuronnetError(f"{path}: no golden file ({shortened(str(error))}); {needed}") from None
        if digest != found.get("digest"):
            raise NeuronnetError(f"{path}: its description was changed by hand; make the file again")
        return golden

    def write(self, path: Any, reason: str | None = None) -> None:
        """Write the file, whole or not at all, in the format of its suffix: see `formats.WRITERS`.

        A file that is there is replaced only for a `reason`, which a JSON file keeps in its history with the
        digest of what it replaces. Raises NeuronnetError.
        """
        path = Path(path)
        writer = WRITERS.get(path.suffix.lower())
        if writer is None:
            known = ", ".join(WRITERS)
            raise NeuronnetError(
                f"{path}: the suffix {path.suffix or '(none)'} means no format; known are {known}"
            )
        golden = self
        if path.exists():
            if not reason:
                raise NeuronnetError(f"{path} is there; --reason TEXT replaces it, and is kept in the file")
            before = Golden.load(path) if path.suffix.lower() == ".json" else None
            if before is not None:
                entry = {
                    "reason": reason,
                    "replaced": before.digest,
                    "dtype": before.dtype,
                    "at": list(before.at),
                }
                golden = replace(self, history=(*before.history, entry))
        made = writer(golden)
        write_bytes(made if isinstance(made, bytes) else f"{made}\n".encode(), path)

    @property
    def digest(self) -> str:
        """The SHA-256 of the description, its numbers as floats."""
        text = json.dumps(self.description, sort_keys=True, default=plain, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def initial(self) -> dict[str, float]:
        """The parameters before the first update, by name."""
        layers, names = self.description["layer"], read(self.description).names
        given = [value for layer in layers for row in layer["weights"] for value in row]
        for layer in layers:
            bias = layer["bias"]
            given += [] if bias is None else bias if isinstance(bias, list) else [bias]
        return {name: shortest(value, self.dtype) for (name, _, _), value in zip(names.parameters(), given)}

    def to_dict(self) -> dict:
        """The plain dict of a golden file."""
        quantities = {
            name: {
                "kind": each.kind,
                "value": each.value,
                "hex": each.hex(self.dtype),
                "digits": each.digits,
                "tolerance": each.tolerance,
                "ulps": round(each.ulps(self.dtype), 3),
            }
            for name, each in self.values.items()
        }
        return {
            "format": FORMAT,
            "version": VERSION,
            "digest": self.digest,
            "dtype": self.dtype,
            "conventions": list(self.conventions),
            "at": list(self.at),
            "batches": [list(each) for each in self.batches],
            "initial": self.initial(),
            "order": list(self.values),
            "quantities": quantities,
            "refused": list(self.refused),
            "history": list(self.history),
            "description": self.description,
        }


def _deviation(exact, values):
    """The root mean square by which disturbed values miss the exact one, infinite where one is not finite."""
    exact = float(exact)
    squares = sum((value - exact) ** 2 for value in values)
    return math.sqrt(squares / len(values)) if math.isfinite(squares) else math.inf


def _value(name, kind, exact, deviation, dtype):
    """The GoldenValue of an exact number; None where fewer than two of its digits are reproducible."""
    value, size = shortest(exact, dtype), abs(float(exact))
    if not math.isfinite(value):
        raise NeuronnetError(f"{name} is {value} in {dtype}; no golden value can hold that")
    tolerance = FACTOR * deviation + ULPS[dtype] * size
    if tolerance > REPRODUCIBLE * size and deviation > 0.0:
        return None
    lost = math.log10(max(1.0, deviation / (size * ULPS[dtype]))) if size else 0.0
    certified = min(MOST_CERTIFIED, math.floor(DIGITS - SPARE - lost))
    return GoldenValue(name, kind, value, f"{exact:.{certified - 1}e}" if size else "0", tolerance)
