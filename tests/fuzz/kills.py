"""Kills writers while they write: no file is torn, and the next writer clears away what was left.

`python tests/fuzz/kills.py COUNT SEED`. Writers are slowed down, so that most kills fall between the first
byte and the moment when the new file takes the place of the old one.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SLOW = """
import os, sys, time
import neuronnet.files as files

class Slow:
    def __init__(self, descriptor, mode):
        self.file = open(descriptor, mode, buffering=0)
    def __enter__(self): return self
    def __exit__(self, *_): self.file.close()
    def flush(self): pass
    def write(self, data):
        for start in range(0, len(data), max(1, len(data) // 8)):
            self.file.write(data[start : start + max(1, len(data) // 8)])
            time.sleep(0.03)

class SlowSystem:
    fdopen = Slow
    def __getattr__(self, name): return getattr(os, name)
    def chmod(self, *arguments): time.sleep(0.05); os.chmod(*arguments); time.sleep(0.05)
    def replace(self, *arguments): time.sleep(0.05); os.replace(*arguments); time.sleep(0.05)

files.os = SlowSystem()
from PROGRAM.cli import main
sys.exit(main(sys.argv[1:]))
"""
WRITERS = """
neuronnet derive worked-example -o out.txt
neuronnet derive worked-example -o out.json
neuronnet derive worked-example -o out.html
neuronnet check published-derivation -o out.md
neuronnet golden worked-example -o out.json --reason again
neuronnet golden worked-example -o out.npz --reason again
neuronnet golden worked-example -o out.h --reason again
neuronnet draw worked-example -o out.svg
neuronnet train worked-example --updates 3 -o out.json
gradcheck check worked-example -o out.json
gradcheck twin worked-example --updates 3 --plot out.svg
""".strip().splitlines()


def main(count, seed):
    """Run the kills; 1 where a file was torn or something stayed behind."""
    draw, tally, wrong, whole = random.Random(seed), Counter(), 0, {}
    for number in range(count):
        program, *words = WRITERS[number % len(WRITERS)].split()
        name = next(each for each in words if each.startswith("out."))
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, name)
            if name not in whole.setdefault(number % len(WRITERS), {}):
                ran(program, words, folder).wait()
                whole[number % len(WRITERS)][name] = target.read_bytes()
            known = whole[number % len(WRITERS)][name]
            if draw.random() < 0.5:
                target.write_bytes(known)
            else:
                target.unlink(missing_ok=True)
            before = target.read_bytes() if target.exists() else None
            process = ran(program, words, folder, slow=True)
            while process.poll() is None and not any(
                each.startswith(".neuronnet.") for each in os.listdir(folder)
            ):
                time.sleep(0.005)
            time.sleep(draw.uniform(0, 0.45))
            process.send_signal(signal.SIGKILL)
            process.wait()
            left = [each for each in os.listdir(folder) if each.startswith(".neuronnet.")]
            after = target.read_bytes() if target.exists() else None
            is_torn = after != before and not _is_whole(after, known)
            ran("neuronnet", ["examples", "xor", "-o", "next.txt"], folder).wait()
            stays = [each for each in os.listdir(folder) if each.startswith(".neuronnet.")]
            tally["in the window" if left else "before or after"] += 1
            if is_torn or stays or not Path(folder, "next.txt").exists():
                wrong += 1
                print(
                    f"kill {number}: {program} {' '.join(words)}: torn {is_torn}, left over {stays}",
                    flush=True,
                )
    print(f"{count} kills, seed {seed}: {dict(tally)}; torn or left over: {wrong}")
    return 1 if wrong else 0


def _is_whole(found, known):
    """Whether a file is as long as one that was written in peace, but for a time or a history in it."""
    return found is not None and found[:50] == known[:50] and found[-3:] == known[-3:]


def ran(program, words, folder, slow=False):
    """The process of one command in a folder."""
    code = SLOW.replace("PROGRAM", program)
    start = [sys.executable, "-c", code] if slow else [sys.executable, "-m", program]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*start, *words], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, **quiet)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
