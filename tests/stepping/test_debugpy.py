"""The debugger of VS Code, driven over its protocol as VS Code does, with the settings of the documents."""

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest
from profiles import for_the_night
from terminal import ROOT

from neuronnet import Derivation

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("debugpy") is None, reason="debugpy is not installed"
)

STOP = """
import neuronnet

network = neuronnet.load("worked-example")
with network.stop_when("w5@3"):
    network.fit(5)
print("trained")
"""
WATCH = """
from neuronnet import watch

W = [0.5, 0.25]

def step(x):
    W[1] -= x
    return x

with watch(W, 1):
    step(2)
print("trained")
"""
OTHER = """def other():
    return 1

with watch"""


class Client:
    """What an editor says to debugpy: requests, whose answers and events are waited for in turn."""

    def __init__(self, program, path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-Xfrozen_modules=off", "-m", "debugpy", "--listen", str(port)]
        surroundings = {"PYTHONPATH": str(path), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        self.said = program.with_suffix(".stderr")
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [*command, "--wait-for-client", str(program)],
                cwd=program.parent,
                env=os.environ | surroundings,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
        self.port, self.requests = port, 0

    def connect(self, **settings):
        deadline = time.monotonic() + 20
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=20)
                break
            except OSError:
                assert time.monotonic() < deadline, "debugpy does not listen"
                time.sleep(0.05)
        self.answers = self.socket.makefile("rb")
        self.ask("initialize", adapterID="tests", pathFormat="path")
        self.send("attach", **settings)
        self.wait("initialized")
        self.send("configurationDone")

    def send(self, command, **arguments):
        self.requests += 1
        message = {"seq": self.requests, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self.requests

    def wait(self, *events, answer_to=None):
        """The body of the next of these events, with its name, or of the answer to a request."""
        while True:
            while line := self.answers.readline().strip():
                key, _, length = line.partition(b":")
            message = json.loads(self.answers.read(int(length)))
            if message.get("event") in events or message.get("request_seq") == answer_to is not None:
                return message.get("event"), message.get("body", {})

    def ask(self, command, **arguments):
        return self.wait(answer_to=self.send(command, **arguments))[1]

    def frames(self, stopped):
        return self.ask("stackTrace", threadId=stopped["threadId"])["stackFrames"]

    def variables(self, frame):
        (local, *_) = self.ask("scopes", frameId=frame["id"])["scopes"]
        found = self.ask("variables", variablesReference=local["variablesReference"])["variables"]
        return {each["name"]: each["value"] for each in found}

    def close(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()
        self.answers.close()
        return self.said.read_text()


@pytest.fixture
def debugged(tmp_path):
    """Starts a program under debugpy, with neuronnet installed as a package; all ends with the test."""
    clients = []

    def start(program, **settings):
        installed = tmp_path / "site-packages"
        shutil.copytree(
            ROOT / "neuronnet", installed / "neuronnet", ignore=shutil.ignore_patterns("__pycache__")
        )
        (tmp_path / "mine.py").write_text(program)
        client = Client(tmp_path / "mine.py", installed)
        clients.append(client)
        client.connect(**settings)
        return client

    yield start
    for each in clients:
        each.close()


def documented_settings():
    page = (ROOT / "docs" / "stepping.md").read_text(encoding="utf-8")
    configuration = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])
    return {"justMyCode": configuration["justMyCode"]}


@pytest.mark.slow
def test_with_the_documented_settings_it_stops_where_the_factors_are_variables(debugged):
    client = debugged(STOP, **documented_settings())
    _, stopped = client.wait("stopped")
    frames, derivation = client.frames(stopped), Derivation("worked-example")
    assert [frame["name"] for frame in frames[:3]] == ["stopped", "set_and_report", "move"]
    variables = client.variables(frames[0])
    assert variables["new"] == repr(derivation["w5@3"].value)
    for name in ("dE_total/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw5"):
        assert variables[name.replace("/", "_")] == repr(derivation[f"{name}@2"].value)


@for_the_night()
def test_without_them_no_variable_of_an_installed_package_is_seen(debugged):
    client = debugged(STOP, justMyCode=True)
    event, stopped = client.wait("stopped", "terminated")
    assert event == "terminated" or client.frames(stopped)[0]["name"] == "<module>"


@for_the_night()
def test_a_watch_stops_in_the_users_own_frame_and_goes_on_from_there(debugged):
    client = debugged(WATCH, justMyCode=True)
    for name, line in (("step", 8), ("<module>", 11)):
        _, stopped = client.wait("stopped")
        (frame, *_) = client.frames(stopped)
        assert (frame["name"], frame["line"]) == (name, line)
        client.send("stepOut", threadId=stopped["threadId"])


@for_the_night()
def test_beside_a_watch_breakpoints_and_steps_go_on_as_ever(debugged):
    client = debugged(
        WATCH.replace("    step(2)", "    step(2)\n    step(3)\n    other()").replace("with watch", OTHER),
        justMyCode=True,
    )
    source = {"path": str(client.said.with_suffix(".py"))}

    def place(reason):
        _, stopped = client.wait("stopped")
        assert stopped["reason"] == reason, stopped
        (frame, *_) = client.frames(stopped)
        return (frame["name"], frame["line"]), stopped["threadId"]

    found, thread = place("breakpoint")
    assert found == ("step", 8)
    client.ask("setBreakpoints", source=source, breakpoints=[{"line": 11}])
    client.send("next", threadId=thread)
    called, following = 14, 15
    assert place("step")[0] == ("<module>", called if sys.version_info >= (3, 12) else following)
    client.send("continue", threadId=thread)
    assert place("breakpoint")[0] == ("step", 8)
    client.send("continue", threadId=thread)
    assert place("breakpoint")[0] == ("other", 11)
    client.send("continue", threadId=thread)
    assert client.wait("stopped", "terminated")[0] == "terminated"
