"""What SECURITY.md promises: no module opens a connection, and what a command reads is never run."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CODE = """
import contextlib, importlib, io, pkgutil, sys

def refuse(event, arguments):
    if event.startswith(("socket.", "urllib.", "http.", "ftplib.", "smtplib.")):
        raise SystemExit(f"{event}: {arguments}")

sys.addaudithook(refuse)
import gradcheck, neuronnet

count = 0
for package in (neuronnet, gradcheck):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            count += 1
with contextlib.redirect_stdout(io.StringIO()):
    from gradcheck.cli import main as check
    from neuronnet.cli import main as derive
    assert derive(["derive", "xor", "--only", "E_total"]) == check([]) == 0
print(count)
"""


@pytest.mark.slow
def test_no_module_and_no_command_opens_a_connection():
    run = [sys.executable, "-c", CODE]
    found = subprocess.run(run, capture_output=True, text=True, cwd=ROOT)
    assert found.returncode == 0, found.stderr
    assert int(found.stdout) > 150


def test_the_guard_itself_would_see_a_connection():
    code = CODE.replace("import gradcheck, neuronnet", "import socket; socket.socket()")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert found.returncode == 1 and "socket.__new__" in found.stderr
