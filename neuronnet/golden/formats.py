"""Golden values as files: JSON, CSV, NumPy's npz, and constants for C, Rust, Go, JavaScript and Python."""

from __future__ import annotations

import csv
import io
import json
import struct
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from neuronnet.names import after, in_sample
from neuronnet.output import plain

if TYPE_CHECKING:
    from neuronnet.golden.golden import Golden

HEADER = ("name", "kind", "value", "hex", "digits", "tolerance")
COLUMNS = "name, value, tolerance; the samples of each batch, from 1 on"
BATCH = "batch"  # the kind of a row that holds the number of a sample


def as_json(golden):
    """The whole file, which `Golden.load` reads again."""
    return json.dumps(golden.to_dict(), indent=1, default=plain)


def as_csv(golden):
    """A row for each sample of each batch, `batch[2]@3` for its number, and a row for each value."""
    rows = [HEADER]
    for update, batch in enumerate(golden.batches):
        names = (after(in_sample(BATCH, place), update) for place, _ in enumerate(batch, 1))
        rows += [(name, BATCH, number, "", "", "") for name, number in zip(names, batch)]
    for each in golden.values.values():
        value, tolerance = repr(each.value), repr(each.tolerance)
        rows.append((each.name, each.kind, value, each.hex(golden.dtype), each.digits, tolerance))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().rstrip("\n")


class Constants(NamedTuple):
    """How a language writes GOLDEN, a `row` for each value, and the sample numbers of each `batch`.

    `begin` and `end` are templates for what `text` knows of the golden values.
    """

    begin: str
    row: str
    end: str
    batch: str = "[{}]"

    def text(self, golden: Golden) -> str:
        """The file."""
        rows = [self.row.format(each.name, each.value, each.tolerance) for each in golden.values.values()]
        batches = [", ".join(map(str, each)) for each in golden.batches]
        known = {
            "generated": "Golden values made by neuronnet; make them again, do not edit them.",
            "about": f"{golden.digest}, {golden.dtype}: {COLUMNS}",
            "count": len(rows),
            "batch_count": len(batches),
            "batches": ", ".join(map(self.batch.format, batches)),
            "tuples": golden.batches,
            "numbers": ", ".join(filter(None, batches)) or 0,
            "sizes": ", ".join(str(len(each)) for each in golden.batches) or 0,
        }
        return "\n".join([self.begin.format(**known), *rows, self.end.format(**known)])


LANGUAGES = {
    "c": Constants(
        """\
/* {generated}
   {about} */
#ifndef NEURONNET_GOLDEN_H
#define NEURONNET_GOLDEN_H
static const struct {{ const char *name; double value, tolerance; }} GOLDEN[] = {{""",
        '    {{"{}", {!r}, {!r}}},',
        """\
}};
enum {{ GOLDEN_COUNT = {count}, GOLDEN_BATCH_COUNT = {batch_count} }};
static const int GOLDEN_BATCH_SIZES[] = {{{sizes}}};
static const int GOLDEN_BATCHES[] = {{{numbers}}};
#endif""",
    ),
    "rust": Constants(
        """\
// {generated}
// {about}
pub const GOLDEN: [(&str, f64, f64); {count}] = [""",
        '    ("{}", {!r}, {!r}),',
        "];\npub const GOLDEN_BATCHES: [&[usize]; {batch_count}] = [{batches}];",
        "&[{}]",
    ),
    "go": Constants(
        """\
// {generated}
// {about}
package main

var Golden = []struct {{
	Name             string
	Value, Tolerance float64
}}{{""",
        '\t{{"{}", {!r}, {!r}}},',
        "}}\n\nvar GoldenBatches = [][]int{{{batches}}}",
        "{{{}}}",
    ),
    "javascript": Constants(
        "// {generated}\n// {about}\nconst GOLDEN = {{",
        '  "{}": [{!r}, {!r}],',
        """\
}};
const GOLDEN_BATCHES = [{batches}];
if (typeof module !== "undefined") module.exports = {{ GOLDEN, GOLDEN_BATCHES }};""",
    ),
    "python": Constants(
        '"""{generated}\n\n{about}\n"""\n\nGOLDEN = {{',
        '    "{}": ({!r}, {!r}),',
        "}}\nGOLDEN_BATCHES = {tuples}",
    ),
}


def as_npz(golden):
    """The bytes of an archive: name, kind, value (of the dtype), tolerance, digits, batch_sizes, batches."""
    values = list(golden.values.values())
    code = "f" if golden.dtype == "float32" else "d"
    arrays = {key: _texts([getattr(each, key) for each in values]) for key in ("name", "kind", "digits")}
    arrays["value"] = _numbers([each.value for each in values], code)
    arrays["tolerance"] = _numbers([each.tolerance for each in values], "d")
    arrays["batch_sizes"] = _numbers([len(each) for each in golden.batches], "q")
    arrays["batches"] = _numbers([number for each in golden.batches for number in each], "q")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), array, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def _texts(texts):
    width = max(map(len, texts), default=1) or 1
    data = b"".join(each.ljust(width, "\0").encode("utf-32-le") for each in texts)
    return _npy(f"<U{width}", len(texts), data)


def _numbers(values, code):
    kind = {"f": "<f4", "d": "<f8", "q": "<i8"}[code]
    return _npy(kind, len(values), struct.pack(f"<{len(values)}{code}", *values))


def _npy(descr, count, data):
    """A one-dimensional array in NumPy's format, version 1.0."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({count},), }}"
    header = header.ljust(-(len(header) + 11) % 64 + len(header)) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


WRITERS = {  # format: what makes the text or the bytes
    "json": as_json,
    "csv": as_csv,
    "npz": as_npz,
    **{language: constants.text for language, constants in LANGUAGES.items()},
}
