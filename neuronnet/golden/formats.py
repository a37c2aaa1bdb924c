"""Golden values as files: JSON, CSV, NumPy's npz, and constants for C, Rust, JavaScript and Python."""

import csv
import io
import json
import struct
import zipfile

from neuronnet.output import plain

GENERATED = "Golden values made by neuronnet; make them again, do not edit them."


def as_json(golden):
    """The whole file, which `Golden.load` reads again."""
    return json.dumps(golden.to_dict(), indent=1, default=plain)


def as_csv(golden):
    """A row for each value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "kind", "value", "hex", "digits", "tolerance"))
    for each in golden.values.values():
        writer.writerow(
            (
                each.name,
                each.kind,
                repr(each.value),
                each.hex(golden.dtype),
                each.digits,
                repr(each.tolerance),
            )
        )
    return text.getvalue().rstrip("\n")


def as_c(golden):
    """A header: GOLDEN, and the sample numbers of each batch, one batch after another, with their sizes."""
    sizes = [len(each) for each in golden.batches] or [0]
    numbers = [number for each in golden.batches for number in each] or [0]
    lines = [
        f"/* {GENERATED}",
        f"   {_about(golden)} */",
        "#ifndef NEURONNET_GOLDEN_H",
        "#define NEURONNET_GOLDEN_H",
        "static const struct { const char *name; double value, tolerance; } GOLDEN[] = {",
        *_rows(golden, '    {{"{}", {!r}, {!r}}},'),
        "};",
        f"enum {{ GOLDEN_COUNT = {len(golden.values)}, GOLDEN_BATCH_COUNT = {len(golden.batches)} }};",
        f"static const int GOLDEN_BATCH_SIZES[] = {{{', '.join(map(str, sizes))}}};",
        f"static const int GOLDEN_BATCHES[] = {{{', '.join(map(str, numbers))}}};",
        "#endif",
    ]
    return "\n".join(lines)


def as_rust(golden):
    """GOLDEN and GOLDEN_BATCHES, for `include!`."""
    batches = ", ".join(f"&{list(each)}" for each in golden.batches)
    lines = [
        f"// {GENERATED}",
        f"// {_about(golden)}",
        f"pub const GOLDEN: [(&str, f64, f64); {len(golden.values)}] = [",
        *_rows(golden, '    ("{}", {!r}, {!r}),'),
        "];",
        f"pub const GOLDEN_BATCHES: [&[usize]; {len(golden.batches)}] = [{batches}];",
    ]
    return "\n".join(lines)


def as_javascript(golden):
    """GOLDEN and GOLDEN_BATCHES, for `require` or a script of a page."""
    lines = [
        f"// {GENERATED}",
        f"// {_about(golden)}",
        "const GOLDEN = {",
        *_rows(golden, '  "{}": [{!r}, {!r}],'),
        "};",
        f"const GOLDEN_BATCHES = {json.dumps(golden.batches)};",
        'if (typeof module !== "undefined") module.exports = { GOLDEN, GOLDEN_BATCHES };',
    ]
    return "\n".join(lines)


def as_python(golden):
    """GOLDEN and GOLDEN_BATCHES, a module."""
    head = [f'"""{GENERATED}', "", _about(golden), '"""', "", "GOLDEN = {"]
    return "\n".join(
        [*head, *_rows(golden, '    "{}": ({!r}, {!r}),'), "}", f"GOLDEN_BATCHES = {golden.batches}"]
    )


def _about(golden):
    return f"{golden.digest}, {golden.dtype}: name, value, tolerance; the samples of each batch, from 1 on"


def _rows(golden, row):
    return [row.format(each.name, each.value, each.tolerance) for each in golden.values.values()]


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
    "c": as_c,
    "rust": as_rust,
    "javascript": as_javascript,
    "python": as_python,
}
