"""Golden values as files: JSON, CSV, NumPy's npz, and constants for C, Rust, JavaScript and Python."""

import csv
import io
import json
import struct
import zipfile

from neuronnet.output import plain

GENERATED = "Golden values made by neuronnet; make them again, do not edit them."


def as_json(golden):
    return json.dumps(golden.to_dict(), indent=1, default=plain)


def as_csv(golden):
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
    rows = [f'    {{"{each.name}", {each.value!r}, {each.tolerance!r}}},' for each in golden.values.values()]
    head = [
        f"/* {GENERATED}",
        f"   {golden.digest}, {golden.dtype} */",
        "#ifndef NEURONNET_GOLDEN_H",
        "#define NEURONNET_GOLDEN_H",
    ]
    kind = "static const struct { const char *name; double value, tolerance; } GOLDEN[] = {"
    end = ["};", f"enum {{ GOLDEN_COUNT = {len(rows)} }};", "#endif"]
    return "\n".join([*head, kind, *rows, *end])


def as_rust(golden):
    rows = [f'    ("{each.name}", {each.value!r}, {each.tolerance!r}),' for each in golden.values.values()]
    head = [f"// {GENERATED}", f"// {golden.digest}, {golden.dtype}: (name, value, tolerance)"]
    return "\n".join([*head, f"pub const GOLDEN: [(&str, f64, f64); {len(rows)}] = [", *rows, "];"])


def as_javascript(golden):
    rows = [f'  "{each.name}": [{each.value!r}, {each.tolerance!r}],' for each in golden.values.values()]
    head = [f"// {GENERATED}", f"// {golden.digest}, {golden.dtype}: name: [value, tolerance]"]
    end = ["};", 'if (typeof module !== "undefined") module.exports = GOLDEN;']
    return "\n".join([*head, "const GOLDEN = {", *rows, *end])


def as_python(golden):
    rows = [f'    "{each.name}": ({each.value!r}, {each.tolerance!r}),' for each in golden.values.values()]
    head = [f'"""{GENERATED}', "", f"{golden.digest}, {golden.dtype}: name: (value, tolerance)", '"""', ""]
    return "\n".join([*head, "GOLDEN = {", *rows, "}"])


def as_npz(golden):
    """The bytes of an archive with the arrays name, kind, value (of the dtype), tolerance and digits."""
    values = list(golden.values.values())
    code = "f" if golden.dtype == "float32" else "d"
    arrays = {key: _texts([getattr(each, key) for each in values]) for key in ("name", "kind", "digits")}
    arrays["value"] = _floats([each.value for each in values], code)
    arrays["tolerance"] = _floats([each.tolerance for each in values], "d")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), array, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def _texts(texts):
    width = max(map(len, texts), default=1) or 1
    data = b"".join(each.ljust(width, "\0").encode("utf-32-le") for each in texts)
    return _npy(f"<U{width}", len(texts), data)


def _floats(values, code):
    return _npy("<f4" if code == "f" else "<f8", len(values), struct.pack(f"<{len(values)}{code}", *values))


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
