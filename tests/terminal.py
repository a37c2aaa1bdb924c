"""Programs driven in a pseudo-terminal, as a user would at the keyboard, with every Python that is found."""

import os
import pty
import select
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent


@cache
def pythons():
    """This Python, and every later one that is found on the path or by pyenv."""
    found = {sys.version_info[:2]: sys.executable}
    for minor in (12, 13, 14):
        candidates = [
            shutil.which(f"python3.{minor}"),
            *Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"),
        ]
        for path in filter(None, candidates):
            if (3, minor) not in found and subprocess.run(
                [path, "-c", ""], capture_output=True
            ).returncode == 0:
                found[3, minor] = str(path)
    return list(found.values())


def in_a_terminal(command, answers, prompt="(Pdb) ", environment=None):
    """What a program prints into a terminal in which `answers` are typed, one at each prompt."""
    ours, its = pty.openpty()
    surroundings = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "dumb", "PYTHON_COLORS": "0"}
    process = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, env=surroundings | (environment or {})
    )
    os.close(its)
    printed, waiting = "", list(answers)
    try:
        while select.select([ours], [], [], 60)[0]:
            try:
                printed += os.read(ours, 4096).decode()
            except OSError:  # the program has ended
                break
            if printed.endswith(prompt) and waiting:
                os.write(ours, (waiting.pop(0) + "\n").encode())
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return printed.replace("\r\n", "\n")
