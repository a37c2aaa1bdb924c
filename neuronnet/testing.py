"""Golden values inside tests: `assert_golden`, and what the pytest fixture `golden` gives."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from neuronnet.description.reading import read
from neuronnet.errors import NeuronnetError
from neuronnet.golden.comparing import Comparison
from neuronnet.golden.golden import Golden

__unittest = True  # unittest leaves the frames of such a module out of its tracebacks


def assert_golden(values: Any, golden: Any, **override: Any) -> Comparison:
    """Return the Comparison of values with golden ones where all agree; raise AssertionError otherwise.

    `values`: names to numbers, lists, arrays or tensors, nested or flat, or the path of a file of them.
    `golden`: a Golden, or the path of its JSON file. `override`: `dtype`, `rtol`, `atol`, `ulps`, `digits`.
    The message of the error is the report. Raises NeuronnetError for what cannot be read.
    """
    __tracebackhide__ = True
    golden = golden if isinstance(golden, Golden) else Golden.load(golden)
    found = golden.compare(values, **override)
    if found.verdict != "right":
        raise AssertionError(str(found))
    return found


class GoldenTest:
    """Golden values of a network for a test; `check(values)` fails with the report where values differ.

    They come from the JSON file `golden/NETWORK-UPDATES-DTYPE.json` in `folder`, where it is there and made
    from the same network; otherwise they are made anew, and written only where an update is asked for.
    """

    def __init__(
        self,
        network: Any,
        updates: int = 1,
        at: Iterable[int] | None = None,
        dtype: str = "float64",
        *,
        folder: Path,
        reason: str | None = None,
        is_update: bool = False,
    ) -> None:
        named = folder / str(network) if isinstance(network, str) else None
        source = str(named) if named is not None and named.exists() else network
        stem = Path(network).stem if isinstance(network, str) else "network"
        self.path = folder / "golden" / f"{stem}-{updates}-{dtype}.json"
        if self.path.exists() and not is_update:
            self.golden = Golden.load(self.path)
            wanted = Golden.digest_of(read(source).to_dict())
            if wanted != self.golden.digest:
                again = "--golden-update --golden-reason TEXT makes it anew"
                raise NeuronnetError(f"{self.path}: made from another network; {again}")
            return
        self.golden = Golden.of(source, at=sorted({0, updates, *(at or ())}), dtype=dtype)
        if is_update:
            self.path.parent.mkdir(exist_ok=True)
            self.golden.write(self.path, reason)

    def check(self, values: Any, **override: Any) -> Comparison:
        """The Comparison of values as `assert_golden` takes them; AssertionError where they differ."""
        __tracebackhide__ = True
        return assert_golden(values, self.golden, **override)
