"""The ports of examples/ports: right ones pass in every language, planted mistakes are found and named."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from profiles import is_thorough

from neuronnet import Golden

PORTS = Path(__file__).parent.parent.parent / "examples" / "ports"
NETWORKS = {"WORKED_EXAMPLE": "worked-example", "MINI_BATCHES": str(PORTS / "mini-batches.toml")}
TABLE = "-I{case} -DNETWORK={network} -DGOLDEN_FILE=<{stem}.h> -o {case}/test {case}"


class Language(NamedTuple):
    """A folder and the port in it; what builds a case, or all of them; what runs one; the table it reads."""

    port: str
    build: str
    run: str
    table: str
    dtype: str = "float64"


LANGUAGES = {
    "C": Language("c/port.c", f"gcc -Wall -Werror {TABLE}/test.c -lm", "{case}/test", ".h", "float32"),
    "C, fast mathematics": Language(
        "c/port.c", f"gcc -O3 -ffast-math {TABLE}/test.c -lm", "{case}/test", ".h", "float32"
    ),
    "C++": Language("cpp/port.hpp", f"g++ -Wall -Werror {TABLE}/test.cpp", "{case}/test", ".h"),
    "Rust": Language("rust/port.rs", "rustc -o {case}/test {case}/test.rs", "{case}/test {network}", ".rs"),
    "JavaScript": Language("javascript/port.js", "", "node {case}/test.js {network} {case}/{stem}.js", ".js"),
    "Java": Language(
        "java/Port.java",
        "javac {files}",
        "java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC {case}.Test {network} {case}/{stem}.csv",
        ".csv",
    ),
    "Go": Language("go/port.go", "go build -o bin/ ./...", "bin/{case} {network}", ".go"),
}
PATH = "delta[2][k] * p[w(2, k, j)]"  # from an output neuron to a hidden one
NEW = "delta[2][k] * (p[w(2, k, j)] - n.rate * delta[2][k] * out[1][j])"
LOW = "(l == 2 ? slope : 1)"
MISTAKES = {  # the network, the first difference, what its sentence says, and the edit in each language
    "updated_weights": (
        "WORKED_EXAMPLE",
        "delta_h1",
        "when these are already updated",
        {
            "c": ("p[w(2, k, j)].value;", "(p[w(2, k, j)].value - n->rate * delta[2][k] * out[1][j]);"),
            "cpp": (PATH, NEW),
            "rust": ("delta[k] * p[w(2, k, j)]", "delta[k] * (p[w(2, k, j)] - n.rate * delta[k] * a)"),
            "javascript": (PATH, NEW),
            "java": (PATH, NEW.replace("n.", "")),
            "go": ("n.p[w(2, k, j)]", "(n.p[w(2, k, j)] - n.rate*delta[2][k]*a)"),
        },
    ),
    "no_slope": (
        "MINI_BATCHES",
        "delta_h1[5]",
        "derivative dout/dnet of the hidden layer",
        {
            "c": ("dE_dout * slope", f"dE_dout * {LOW}"),
            "cpp": ("dE_dout * slope", f"dE_dout * {LOW}"),
            "rust": ("to_out * slope", "to_out * if l == 2 { slope } else { 1.0 }"),
            "javascript": ("dEdout * slope", f"dEdout * {LOW.replace('==', '===')}"),
            "java": ("dEdout * slope", f"dEdout * {LOW}"),
            "go": ("n.p[w(2, k, j)] * n.slope(a)", "n.p[w(2, k, j)] * n.slope(0*a)"),
        },
    ),
    "frozen_biases": (
        "MINI_BATCHES",
        "b1@1",
        "The biases were left as they were",
        {
            "c": ("trained = n->own_biases ? all : weights", "trained = weights"),
            "rust": ("i < weights || n.own_biases", "i < weights"),
            "go": ("i < n.trained", "i < n.weights"),
        },
    ),
    "no_rate": (
        "WORKED_EXAMPLE",
        "w1@1",
        "learning rate",
        {
            "cpp": ("n.rate * (n.is_adam", "(n.is_adam"),
            "javascript": ("n.rate * (n.isAdam", "(n.isAdam"),
            "java": ("rate * (isAdam", "(isAdam"),
        },
    ),
}


def test_a_port_has_at_most_80_lines_and_its_test_20():
    for path in PORTS.glob("*/*.*"):
        lines = len(path.read_text().splitlines())
        assert lines <= (20 if path.stem.lower() == "test" else 80), path


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_port_passes_and_its_mistakes_are_found_and_named(language, tmp_path):
    port, build, run, table, dtype = LANGUAGES[language]
    for program in (build.split() or [None])[0], run.split()[0]:
        if program and "{" not in program and shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    goldens = {key: Golden.of(source, at=[0, 1, 2, 20], dtype=dtype) for key, source in NETWORKS.items()}
    cases = {f"right_{network.lower()}": (network, None) for network in NETWORKS}
    folder = port.partition("/")[0]
    mistakes = [each for each, (*_, edits) in MISTAKES.items() if folder in edits and "fast" not in language]
    # C and JavaScript have all four mistakes; what is dear to build is by day right, in the harder network.
    if language not in ("C", "JavaScript") and not is_thorough():
        cases, mistakes = {"right_mini_batches": ("MINI_BATCHES", None)}, []
    for mistake in mistakes:
        network, _, _, edits = MISTAKES[mistake]
        cases[mistake] = (network, edits[folder])
    for case, (own, edit) in cases.items():
        _write_port(tmp_path / case, PORTS / port, edit)
        for network in [own] if language == "Go" else goldens:  # a table of Go is part of the program
            goldens[network].write(tmp_path / case / f"{network.lower()}{table}")
    files = " ".join(str(each.relative_to(tmp_path)) for each in tmp_path.glob("*/*.java"))
    commands = []
    for case, (network, _) in cases.items():
        words = {"case": case, "network": network, "stem": network.lower(), "files": files}
        commands.append([each.format(**words).split() for each in (build, run)])
    for command in dict.fromkeys(tuple(build) for build, _ in commands if build):
        _run(command, tmp_path, 0)
    for (case, (network, edit)), (_, command) in zip(cases.items(), commands):
        done = _run(command, tmp_path, 0 if edit is None else 1)
        values = tmp_path / case / "values.csv"
        values.write_text(done.stdout)
        found = goldens[network].compare(values)
        if edit is None:
            assert (found.verdict, done.stderr) == ("right", ""), str(found)
            assert found.compared > 0.85 * len(goldens[network].values)
            continue
        _, first, words, _ = MISTAKES[case]
        assert (found.first.name, done.stderr.partition(": ")[0]) == (first, first)
        assert words in found.mistakes[0].sentence


def _write_port(folder, port, edit):
    """The files of a port in a folder, which to Java is a package, with an edit."""
    shutil.copytree(port.parent, folder)
    source = port.read_text()
    if edit is not None:
        assert source.count(edit[0]) == 1
        (folder / port.name).write_text(source.replace(*edit))
    for each in folder.glob("*.java"):
        each.write_text(f"package {folder.name};\n{each.read_text()}")
    for each in folder.glob("go.mod"):
        each.replace(folder.parent / each.name)


def _run(command, folder, status):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done
