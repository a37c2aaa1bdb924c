"""The tables of golden values in other languages, each read by its own compiler or interpreter."""

import ast
import csv
import shutil
import subprocess
from collections import defaultdict

import numpy as np
import pytest
from ports import drawn_description

from neuronnet import Golden
from neuronnet.golden.formats import WRITERS

C = """#include <stdio.h>
#include "golden.h"
int main(void) {
    for (int k = 0; k < GOLDEN_COUNT; k++)
        printf("%s %.17g %.17g\\n", GOLDEN[k].name, GOLDEN[k].value, GOLDEN[k].tolerance);
    for (int k = 0, n = 0; k < GOLDEN_BATCH_COUNT; k++) {
        for (int j = 0; j < GOLDEN_BATCH_SIZES[k]; j++) printf("%d ", GOLDEN_BATCHES[n++]);
        printf("\\n");
    }
    return 0;
}
"""
RUST = """include!("golden.rs");
fn main() {
    for (name, value, tolerance) in GOLDEN { println!("{} {:e} {:e}", name, value, tolerance); }
    for batch in GOLDEN_BATCHES {
        println!("{}", batch.iter().map(|each| each.to_string()).collect::<Vec<_>>().join(" "));
    }
}
"""
JAVASCRIPT = """const { GOLDEN, GOLDEN_BATCHES } = require("./golden.js");
for (const [name, [value, tolerance]] of Object.entries(GOLDEN)) console.log(name, value, tolerance);
for (const batch of GOLDEN_BATCHES) console.log(batch.join(" "));
"""
LANGUAGES = {  # format: (file, program, its file, commands)
    "c": ("golden.h", C, "main.c", (["gcc", "-std=c99", "-Wall", "-Werror", "main.c"], ["./a.out"])),
    "rust": ("golden.rs", RUST, "main.rs", (["rustc", "-Copt-level=0", "main.rs"], ["./main"])),
    "javascript": ("golden.js", JAVASCRIPT, "main.js", (["node", "main.js"],)),
}


@pytest.fixture(scope="module")
def golden():
    description = drawn_description(3) | {"batch": 2}
    made = Golden.of(description, at=[0, 4], dtype="float32")
    assert len({len(each) for each in made.batches}) > 1  # the last batch of a round is smaller
    return made


def expected(golden):
    lines = [(name, each.value, each.tolerance) for name, each in golden.values.items()]
    return lines, [list(each) for each in golden.batches]


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_is_read_by_its_language(golden, language, tmp_path):
    table, program, file, commands = LANGUAGES[language]
    if shutil.which(commands[0][0]) is None:
        pytest.skip(f"{commands[0][0]} is not installed")
    (tmp_path / table).write_text(WRITERS[language](golden))
    (tmp_path / file).write_text(program)
    for command in commands:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    values, batches = expected(golden)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [(name, float(one), float(other)) for name, one, other in rows[: len(values)]] == values
    assert [list(map(int, row)) for row in rows[len(values) :]] == batches


def test_a_row_of_csv_for_each_sample_of_a_batch(golden, tmp_path):
    golden.write(tmp_path / "golden.csv")
    with (tmp_path / "golden.csv").open() as file:
        rows = list(csv.DictReader(file))
    batches = defaultdict(list)
    for row in rows:
        if row["kind"] == "batch":
            place, _, update = row["name"].partition("@")
            batches[int(update or 0)].append(int(row["value"]))
            assert place == f"batch[{len(batches[int(update or 0)])}]"
    assert list(batches.values()) == expected(golden)[1] and float(rows[-1]["value"])
    assert golden.compare(tmp_path / "golden.csv").compared == len(golden.values)


def test_pythons_table_and_numpys_archive(golden, tmp_path):
    values, batches = expected(golden)
    table = {
        each.targets[0].id: ast.literal_eval(each.value)
        for each in ast.parse(WRITERS["python"](golden)).body[1:]
    }
    assert [(name, *each) for name, each in table["GOLDEN"].items()] == values
    assert list(map(list, table["GOLDEN_BATCHES"])) == batches
    golden.write(tmp_path / "golden.npz")
    found = np.load(tmp_path / "golden.npz")
    assert list(zip(found["name"], found["tolerance"])) == [
        (name, tolerance) for name, _, tolerance in values
    ]
    assert found["value"].dtype == np.float32
    assert list(found["value"]) == [np.float32(value) for _, value, _ in values]
    parts = np.split(found["batches"], np.cumsum(found["batch_sizes"])[:-1])
    assert [each.tolist() for each in parts] == batches
