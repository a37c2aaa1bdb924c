"""Ctrl-C at any moment of long commands: answered within a second, quietly, with status 130.

`python tests/fuzz/interrupts.py COUNT SEED`. A signal while Python starts, and finds the package, is
answered by a traceback of its own, so a child says by a byte over a pipe when that is done.
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
import time
import numpy as np

def start():
    return {"W": np.linspace(0.1, 1, 3000)}

def f(p):
    time.sleep(0.002)
    return np.sum(np.sin(p["W"])), {"W": np.cos(p["W"])}
"""
STARTED = """
import os, runpy, sys, neuronnet
sys.argv[:] = sys.argv[1:]
os.write(1, b"!")
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
COMMANDS = f"""
neuronnet train moons-relu-small --updates 100000 --every 5
neuronnet train xor --updates 10000000 --every 100 --format json
gradcheck twin moons-relu-small --updates 100000 --every 5
gradcheck twin xor --updates 90000000 --twin-only --every 1000
gradcheck stability xor --updates 200000 --every 1000 --runs 290
neuronnet golden xor --at 0,1,2,5,10,20,50,100,200,500,1000,2000,4000,10000
neuronnet check {ROOT}/neuronnet/examples/sheets {ROOT}/neuronnet/examples/sheets
gradcheck check slow.py:f --parameters slow.py:start
neuronnet check published-derivation
neuronnet mistakes sine-regression
""".strip().splitlines()


def main(count, seed):
    """Send the signals; 1 where one was not answered as it should be."""
    draw, tally, slowest, wrong = random.Random(seed), Counter(), 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "slow.py").write_text(SLOW, encoding="utf-8")
        sent = 0
        while sent < count:
            command = COMMANDS[draw.randrange(len(COMMANDS))].split()
            process = subprocess.Popen(
                [sys.executable, "-c", STARTED, *command],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
            process.stdout.read(1)
            time.sleep(draw.uniform(0.0, 0.5) if draw.random() < 0.5 else draw.uniform(0.5, 4.0))
            if process.poll() is not None:
                process.communicate()
                continue
            sent, began = sent + 1, time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            took = time.monotonic() - began
            slowest = max(slowest, took)
            # A shell says 130 for a process that the signal itself ended, too.
            status = 130 if process.returncode == -signal.SIGINT else process.returncode
            tally[f"{status}, {'with' if out else 'without'} a result"] += 1
            if status != 130 or took > 1 or err.count(b"\n") != 1:
                wrong += 1
                print(f"{' '.join(command)}: {status} after {took:.2f} s\n{err.decode()}", flush=True)
    print(f"{count} interruptions, seed {seed}: {dict(tally)}; slowest {slowest:.2f} s; wrong: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
