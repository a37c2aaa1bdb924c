"""ipdb, and PyCharm's debugger over its protocol, each where it is installed: `stop_when` and `watch`."""

import importlib.util
import os
import re
import socket
import subprocess
import sys
from urllib.parse import unquote_plus

import pytest
from terminal import ROOT, in_a_terminal

from neuronnet import Derivation

STOP = """
import neuronnet

network = neuronnet.load("worked-example")
with network.stop_when("w5@3"):
    network.fit(5)
print("trained", type(network["w5"]).__name__)
"""
WATCH = """
from neuronnet import watch

W = [0.5, 0.25]

def step(x):
    W[1] -= x
    return x

with watch(W, 1):
    step(2)
    step(0)
    step(1)
print("trained")
"""
SETTRACE = "import pydevd_pycharm\npydevd_pycharm.settrace('127.0.0.1', port={}, suspend=False)\n"
BEGIN, RUN, SUSPENDED, GET_FRAME, VERSION = "101", "106", "105", "114", "501"
FACTORS = ("dE_total/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw5")


def needs(package):
    return pytest.mark.skipif(importlib.util.find_spec(package) is None, reason=f"{package} is not installed")


def in_ipdb(program, tmp_path, answers):
    (tmp_path / "mine.py").write_text(program)
    settings = {"PYTHONBREAKPOINT": "ipdb.set_trace", "IPY_TEST_SIMPLE_PROMPT": "1", "HOME": str(tmp_path)}
    command = [sys.executable, str(tmp_path / "mine.py")]
    printed = in_a_terminal(command, answers, "ipdb> ", settings)
    return re.sub(r"\x1b\[[0-9;]*m", "", printed).split("ipdb> ")


@needs("ipdb")
@pytest.mark.slow
def test_ipdb_stands_where_the_factors_are_variables(tmp_path):
    answers = ["p old, new", f"p {', '.join(each.replace('/', '_') for each in FACTORS)}", "up", "up", "c"]
    said = in_ipdb(STOP, tmp_path, answers)
    derivation = Derivation("worked-example")
    assert "stopped()" in said[0]
    assert f"({derivation['w5@2'].value!r}, {derivation['w5@3'].value!r})" in said[1]
    assert str(tuple(derivation[f"{each}@2"].value for each in FACTORS)) in said[2]
    assert "parameter.value = parameter.value - eta * parameter.gradient" in said[4]
    assert said[5].endswith("trained Parameter\n")


@needs("ipdb")
@pytest.mark.slow
def test_ipdb_opens_where_an_element_changed(tmp_path):
    said = in_ipdb(WATCH, tmp_path, ["p x, W", "c", "p x, W", "c"])
    assert "W[1] changed from 0.25 to -1.75, by line 7 of mine.py" in said[0] and "step()" in said[0]
    assert "(2, [0.5, -1.75])" in said[1]
    assert "W[1] changed from -1.75 to -2.75, by line 7 of mine.py" in said[2]
    assert "(1, [0.5, -2.75])" in said[3] and said[4].endswith("trained\n")


class PyCharm:
    """What PyCharm says to its debugger: it listens, and answers what a program that connects tells it."""

    def __init__(self, program, path):
        server = socket.create_server(("127.0.0.1", 0))
        (path / "mine.py").write_text(SETTRACE.format(server.getsockname()[1]) + program)
        command = [sys.executable, "-Xfrozen_modules=off", str(path / "mine.py")]
        surroundings = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        self.process = subprocess.Popen(
            command, env=surroundings, cwd=path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        server.settimeout(30)
        self.socket, _ = server.accept()
        server.close()
        self.socket.settimeout(30)
        self.answers = self.socket.makefile("r")
        self.sent = 1
        self.send(VERSION, "1.0", "UNIX")
        self.send(BEGIN, "")

    def send(self, command, *words):
        self.sent += 2
        self.socket.sendall(("\t".join([command, str(self.sent), *words]) + "\n").encode())

    def wait(self, wanted):
        """The text of the next message of a kind; None where the program ends first."""
        for line in self.answers:
            command, _, text = line.rstrip("\n").split("\t", 2)
            if command == wanted:
                return unquote_plus(text)
        return None

    def stop(self):
        """(thread, the frames) of the next stop, each frame a dict of its id, name, file and line."""
        text = self.wait(SUSPENDED)
        if text is None:
            return None, []
        frames = [dict(re.findall(r'(\w+)="([^"]*)"', each)) for each in re.findall("<frame [^>]*>", text)]
        return re.search('<thread id="([^"]*)"', text)[1], frames

    def variables(self, thread, frame):
        self.send(GET_FRAME, thread, frame["id"], "FRAME", "0")
        found = re.findall(r'<var name="([^"]*)"[^>]*? value="([^"]*)"', self.wait(GET_FRAME))
        return {name: unquote_plus(value) for name, value in found}

    def close(self):
        self.process.kill()
        self.process.wait()
        for each in (self.process.stdout, self.socket, self.answers):
            each.close()


@pytest.fixture
def pycharm(tmp_path):
    started = []

    def start(program):
        started.append(PyCharm(program, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.close()


@needs("pydevd_pycharm")
@pytest.mark.slow
def test_pycharm_stands_where_the_factors_are_variables(pycharm):
    client = pycharm(STOP)
    thread, frames = client.stop()
    assert [each["name"] for each in frames[:3]] == ["stopped", "set_and_report", "move"]
    variables, derivation = client.variables(thread, frames[0]), Derivation("worked-example")
    assert float(variables["new"]) == derivation["w5@3"].value
    for name in FACTORS:
        assert float(variables[name.replace("/", "_")]) == derivation[f"{name}@2"].value
    client.send(RUN, thread)
    assert client.stop() == (None, []) and client.process.stdout.read() == "trained Parameter\n"


@needs("pydevd_pycharm")
@pytest.mark.slow
def test_pycharm_stops_in_the_users_own_frame_where_an_element_changed(pycharm):
    client = pycharm(WATCH)
    for x in ("2", "1"):
        thread, frames = client.stop()
        assert frames[0]["name"] == "step" and client.variables(thread, frames[0])["x"] == x
        client.send(RUN, thread)
    assert client.stop() == (None, []) and client.process.stdout.read() == "trained\n"
