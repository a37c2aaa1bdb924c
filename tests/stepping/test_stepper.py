"""The stepper: what it says is what a derivation and trained objects say, forth and back, typed or piped."""

import io
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from neuronnet import Derivation, Model, load
from neuronnet.cli import main
from neuronnet.description.reading import read
from neuronnet.errors import NeuronnetError, UnknownName
from neuronnet.names import split_update
from neuronnet.stepping.stepper import COMMANDS, Stepper
from neuronnet.stepping.steps import AtAnEnd, SheetSteps
from neuronnet.stepping.training_steps import TrainingSteps

ROOT = Path(__file__).parent.parent.parent
SHEET = """x = 0.5   t = 0.8   w1 = 0.4   w2 = -0.6   eta = 0.1
z = w1 x
a = tanh(z)
y = w2 a
L = 1/2 (y - t)^2
δ = dL/dz
w1_new = w1 - eta dL/dw1"""


ONE = {
    "loss": "squared error",
    "learning_rate": 0.5,
    "layer": [{"activation": "identity", "weights": [[0.5]]}],
    "sample": [{"inputs": [1.0], "targets": [2.0]}],
}


@pytest.fixture
def piped(capsys):
    """Runs the stepper with commands through a pipe; gives the exit status and the lines."""

    def run(arguments, *commands):
        with patch("sys.stdin", io.StringIO("".join(f"{each}\n" for each in commands))):
            status = main(["step", *shlex.split(arguments)])
        captured = capsys.readouterr()
        assert captured.err == "" and "Traceback" not in captured.out
        return status, captured.out.splitlines()

    return run


def answer(lines, command):
    """The lines between a command and the next."""
    start = lines.index(f"(step) {command}") + 1
    following = (at for at in range(start, len(lines)) if lines[at].startswith("(step)"))
    return lines[start : next(following, len(lines))]


def number(line):
    return float(line.split()[-1])


def online():
    return read(load("xor").to_dict() | {"batch": "online", "order": {"kind": "in turn"}})


# What it says


def test_two_commands_from_the_shell_to_the_factors_of_a_weight(piped):
    status, lines = piped("worked-example", "goto update 3", "factors w5")
    said = answer(lines, "factors w5")
    derivation = Derivation("worked-example")
    assert status == 0
    assert said[1] == f"old {derivation['w5@2'].value:.9f}"
    assert said[2] == f"new {derivation['w5@3'].value:.9f}"
    for name in ("dE_total/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw5"):
        (line,) = [each.strip() for each in said if each.strip().startswith(f"{name} = ")]
        assert line.endswith(f" = {derivation[f'{name}@2'].value:.9f}")
        assert derivation[f"{name}@2"].value != derivation[name].value


@pytest.mark.parametrize("network", ["worked-example", "han-kamber", "moons-logistic"])
def test_every_step_of_an_update_is_a_row_of_the_derivation(network):
    description = load(network).to_dict()
    description["sample"] = description["sample"][:2]
    steps, derivation = TrainingSteps(read(description)), Derivation(description)
    steps.goto(["update", "3"])
    for event in steps.traced(2).events:
        plain, count = split_update(event.full_name)
        assert count == 3 if event.phase == "update" else count == 2
        assert event.value == pytest.approx(derivation[event.full_name].value, rel=1e-12, abs=1e-15)


def test_back_says_what_next_said_across_updates():
    steps, told = TrainingSteps(read("worked-example")), []
    for _ in range(130):
        steps.forward()
        told.append((steps.heading(), steps.where(), steps.step.told(True)))
    assert len({heading for heading, _, _ in told}) == 3
    for expected in told[-2::-1]:
        steps.back()
        assert (steps.heading(), steps.where(), steps.step.told(True)) == expected
    steps.back()
    assert steps.step is None
    with pytest.raises(AtAnEnd):
        steps.back()


def test_until_stops_at_the_next_of_a_name_a_pattern_and_a_part(piped):
    _, lines = piped(
        "worked-example", "until delta_*", "u delta_*", "until backward", "until update", "until w5"
    )
    assert answer(lines, "until delta_*")[-1].startswith("delta_o1 = ")
    assert answer(lines, "u delta_*")[-1].startswith("delta_o2 = ")
    assert answer(lines, "until backward")[-1].startswith("dnet_o2/dw7 = ")
    assert answer(lines, "until update") == ["update 1, update", lines[lines.index("update 1, update") + 1]]
    assert answer(lines, "until w5")[-1].startswith("w5 = w5 - eta")


def first_where(holds, values):
    """The place of the first value that holds beside those before it."""
    return next(k for k in range(1, len(values)) if holds(values[: k + 1]))


def turned(v):
    return len(v) > 2 and (v[-1] - v[-2]) * (v[-2] - v[-3]) < 0


CONDITIONS = [  # what is said, the quantity, and the same as a function of its values so far
    ("the sign of w5 changes", "w5", lambda v: v[-1] * v[-2] < 0),
    ("w5 changes sign", "w5", lambda v: v[-1] * v[-2] < 0),
    ("w5 is negative", "w5", lambda v: v[-1] < 0),
    ("w5<0.2", "w5", lambda v: v[-1] < 0.2),
    ("w5 falls below 0.2", "w5", lambda v: v[-1] < 0.2),
    ("|w5| < 0.05", "w5", lambda v: abs(v[-1]) < 0.05),
    ("the size of w5 is above 0.6", "w5", lambda v: abs(v[-1]) > 0.6),
    ("w5 reaches 0.1", "w5", lambda v: (v[-1] - 0.1) * (v[-2] - 0.1) <= 0),
    ("w5 falls", "w5", lambda v: v[-1] < v[-2]),
    ("w7 changes by less than 0.01", "w7", lambda v: abs(v[-1] - v[-2]) < 0.01),
    ("the error is at most 0.1", "E_total", lambda v: v[-1] <= 0.1),
    ("E_total < 0.1", "E_total", lambda v: v[-1] < 0.1),
    ("w1 rises", "w1", lambda v: v[-1] > v[-2]),
    (
        "the gradient of w5 turns",
        "dE_total/dw5",
        lambda v: len(v) > 2 and (v[-1] - v[-2]) * (v[-2] - v[-3]) < 0,
    ),
    ("delta_o1 turns", "delta_o1", turned),
]


@pytest.mark.parametrize(("said", "name", "holds"), CONDITIONS, ids=[each[0] for each in CONDITIONS])
def test_until_a_condition_holds(said, name, holds):
    steps, network = TrainingSteps(read("worked-example")), load("worked-example")
    with network.history(name) as history:
        network.fit(80)
    place = first_where(holds, history[name])
    steps.until(said)
    made_by_updates = name.startswith("w")
    assert (steps.step.name, steps.update + made_by_updates) == (name, place)
    assert steps.value(name) == f"{history[name][place]:.9f}"


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("w5 gets sad", "what can be said of a quantity is, for example, the sign of w5 changes"),
        ("w5 < x", "what can be said of a quantity"),
        ("w55 < 3", "unknown name 'w55'; did you mean w5"),
        ("w5 > 9", "not within 10 updates; goto update 11 goes on from there"),
    ],
)
def test_a_condition_that_is_none_or_never_holds_is_said(said, part, monkeypatch):
    monkeypatch.setattr("neuronnet.stepping.training_steps.MOST_AHEAD", 10)
    steps = TrainingSteps(read("worked-example"))
    with pytest.raises(NeuronnetError) as refused:
        steps.until(said)
    assert part in str(refused.value) and steps.place() == (0, -1)


def test_a_condition_may_hold_at_the_first_value_of_all():
    steps = TrainingSteps(read("worked-example"))
    steps.until("net_h1 > 0.3")
    assert (steps.update, steps.index) == (0, 0)


def test_what_is_set_by_hand_is_seen_by_a_condition():
    steps = TrainingSteps(read("worked-example"))
    steps.goto(["update", "4"])
    steps.set("eta", "5")
    steps.goto(["update", "1"])
    steps.until("w5 is negative")
    assert steps.update + 1 == 4


def test_until_waits_for_the_sample_whose_turn_it_is():
    steps = TrainingSteps(online())
    steps.until("delta_o1[3]")
    assert steps.heading() == "update 3" and steps.step.name == "delta_o1[3]"
    with pytest.raises(UnknownName):
        steps.until("delta_o1[5]")
    assert steps.heading() == "update 3"


@pytest.mark.parametrize(
    "place, heading, name",
    [
        ("update 2", "update 2", None),
        ("step 5", "update 1", "net_o1"),
        ("w5@3", "update 3", "w5"),
        ("delta_h1@3", "update 4", "delta_h1"),
        ("∂E/∂w5@1", "update 2", "dE_total/dw5"),
        ("out_o1", "update 1", "out_o1"),
    ],
)
def test_goto_finds_updates_steps_and_names(place, heading, name):
    steps = TrainingSteps(read("worked-example"))
    steps.goto(place.split())
    assert steps.heading() == heading
    assert (None if steps.step is None else steps.step.name) == name


def test_watched_numbers_are_told_when_they_change(piped):
    _, lines = piped(
        "worked-example", "watch w5 delta_o*", "until delta_o1", "until w4", "n", "n", "unwatch w5", "unwatch"
    )
    assert answer(lines, "watch w5 delta_o*") == [
        "watch w5: 0.400000000",
        "watch delta_o1: not computed yet",
        "watch delta_o2: not computed yet",
    ]
    assert [line for line in lines if "watch delta_o1: was" in line] == [
        "watch delta_o1: was not computed yet, is 0.138498562"
    ]
    assert [line for line in lines if "watch w5: was" in line] == [
        "watch w5: was 0.400000000, is 0.358916480"
    ]
    assert answer(lines, "unwatch w5") == ["watched: delta_o1, delta_o2"]
    assert answer(lines, "unwatch") == ["watched: nothing"]


def test_a_list_keeps_what_is_ahead_to_its_formula(piped):
    _, lines = piped("worked-example", "until delta_o1", "list", "list all")
    marked = [line for line in answer(lines, "list") if line.startswith(">")]
    assert marked == [
        "> 14  delta_o1 = dE_total/dout_o1 * dout_o1/dnet_o1 = 0.741365070 * 0.186815602 = 0.138498562"
    ]
    assert "  15  dnet_o1/dw5 = out_h1" in answer(lines, "list")
    assert len(answer(lines, "list all")) == 59


def test_a_weight_under_adam_is_traced_back_to_its_gradient(piped, tmp_path):
    file = tmp_path / "adam.json"
    file.write_text(json.dumps(load("worked-example").to_dict() | {"update": {"rule": "adam"}}))
    _, lines = piped(str(file), "goto update 2", "factors w5")
    begun = [line.split(" = ")[0].strip() for line in answer(lines, "factors w5")]
    assert {"mhat_w5", "vhat_w5", "m_w5", "v_w5", "dE_total/dw5", "dE_total/dout_o1"} <= set(begun)


# Setting


def test_set_gives_what_objects_give_that_are_set_alike():
    steps = TrainingSteps(read("worked-example"))
    steps.goto(["update", "4"])
    said, _, *lines = steps.set("w5", "0.4")
    changed = dict(re.fullmatch(r"(\S+): before (\S+), after (\S+)", line).group(1, 3) for line in lines)
    network, plain = load("worked-example"), load("worked-example")
    network.fit(3)
    network["w5"].value = 0.4
    network.fit(1)
    plain.fit(4)
    for each in network.parameters:
        moved = f"{each.value:.9f}" != f"{plain[each.name].value:.9f}"
        assert changed.get(each.name) == (f"{each.value:.9f}" if moved else None)
    assert changed["delta_o1"] == f"{network['o1'].delta:.9f}"
    assert "net_h1" not in changed and "0.275360214 before update 4" in said


@pytest.mark.parametrize(
    "name, change",
    [
        ("i1", lambda network: network.samples.__setitem__(0, ([0.3, 0.1], [0.01, 0.99]))),
        ("target_o2", lambda network: network.samples.__setitem__(0, ([0.05, 0.1], [0.01, 0.3]))),
        ("eta", lambda network: setattr(network, "learning_rate", 0.3)),
        ("b1", lambda network: setattr(network["b1"], "value", 0.3)),
    ],
)
def test_everything_given_can_be_set_and_stays_set(name, change):
    steps, network = TrainingSteps(read("worked-example")), load("worked-example")
    steps.goto(["update", "2"])
    steps.set(name, "0.3")
    steps.goto(["w8@5"])
    network.fit(1)
    change(network)
    network.fit(4)
    assert (
        steps.value("w8")
        == f"{network['w8'].value:.9f}"
        != f"{Derivation('worked-example')['w8@5'].value:.9f}"
    )
    steps.goto(["w8@1"])
    assert steps.value("w8") == f"{Derivation('worked-example')['w8@1'].value:.9f}"


@pytest.mark.parametrize(
    "name, text", [("net_h1", "3"), ("w9", "3"), ("w5", "nan"), ("w5", "0,4"), ("w5", "1e999")]
)
def test_what_cannot_be_set_leaves_the_training_as_it_was(name, text):
    steps = TrainingSteps(read("worked-example"))
    before = steps.traced(0)
    with pytest.raises(NeuronnetError):
        steps.set(name, text)
    assert steps.traced(0) is before


def test_a_number_that_leads_nowhere_is_taken_back():
    steps = TrainingSteps(
        read(ONE | {"loss": "binary cross-entropy", "sample": [{"inputs": [1.0], "targets": [1.0]}]})
    )
    before = steps.set("w1", "0.4")[-1]
    with pytest.raises(NeuronnetError, match="logarithm"):
        steps.set("w1", "-0.4")
    assert steps.value("w1") == "0.400000000" and before.endswith(f"after {steps._values()['w1']}")


# Keeping


def test_the_network_is_drawn_and_saved_as_it_stands(piped, tmp_path):
    state, transcript = tmp_path / "state.json", tmp_path / "walk.txt"
    status, lines = piped("worked-example --update 2 --at w5", "draw", f"save {state}", f"save {transcript}")
    drawn = "\n".join(answer(lines, "draw"))
    saved, derivation = load(str(state)), Derivation("worked-example")
    assert status == 0
    assert saved["w5"].value == derivation["w5@2"].value and saved["w6"].value == derivation["w6@1"].value
    assert "w5 0.3174" in drawn and "w6 0.4087" in drawn and "update 2" in drawn
    assert (
        transcript.read_text(encoding="utf-8").splitlines()
        == lines[: lines.index(f"saved {transcript}: the transcript")]
    )


def test_a_walk_goes_on_where_another_was_saved(piped, tmp_path):
    """By Adam over mini-batches: moments, powers and the order of the samples go on, too."""
    path = shlex.quote(str(ROOT / "examples" / "ports" / "mini-batches.toml"))
    _, whole = piped(path, "goto update 5", "until w2", "factors w2")
    piped(path, "goto update 4", f"save {tmp_path / 'here.json'}")
    _, rest = piped(str(tmp_path / "here.json"), "goto update 2", "until w2", "factors w2")
    wanted, found = (answer(lines, "factors w2")[1:] for lines in (whole, rest))
    assert "dE" in " ".join(found) and found[:2] == wanted[:2]
    numbers = [[line.split()[-1] for line in lines] for lines in (wanted, found)]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("path", ["nowhere/x.json", "x.toml", "net.json"])
def test_what_cannot_be_saved_is_said(piped, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.json").write_text(json.dumps(load("worked-example").to_dict()))
    before = (tmp_path / "net.json").read_text()
    status, lines = piped("net.json", f"save {path}")
    assert status == 2 and len(answer(lines, f"save {path}")) == 1
    assert (tmp_path / "net.json").read_text() == before


# Sheets


def test_a_sheet_is_walked_through_in_its_authors_names(piped, tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(SHEET, encoding="utf-8")
    status, lines = piped(
        str(file), "until δ", "back", "factors w1_new", "watch z", "set w1 0.5", "goto update 2", "draw"
    )
    model, changed = Model.from_text(SHEET), Model.from_text(SHEET.replace("w1 = 0.4", "w1 = 0.5"))
    assert status == 2  # neither updates nor drawings
    assert number(answer(lines, "until δ")[-1]) == pytest.approx(model["δ"], rel=1e-8)
    assert answer(lines, "factors w1_new")[0].startswith("w1_new = w1 - eta * dL/dw1 = ")
    assert [line.split(" = ")[0] for line in answer(lines, "factors w1_new")[1:]] == [
        "  w1",
        "  eta",
        "  dL/dw1",
    ]
    for line in answer(lines, "set w1 0.5")[2:-1]:
        name, before, after = re.fullmatch(r"(\S+): before (\S+), after (\S+)", line).groups()
        assert float(before) == pytest.approx(model[name], rel=1e-8)
        assert float(after) == pytest.approx(changed[name], rel=1e-8)
    assert answer(lines, "set w1 0.5")[-1] == "watch z: was 0.2, is 0.25"


@pytest.mark.parametrize("name, text", [("a", "1"), ("w1", "inf"), ("nothing", "1")])
def test_what_a_sheet_computes_cannot_be_set(name, text):
    with pytest.raises(NeuronnetError):
        SheetSteps(Model.from_text(SHEET)).set(name, text)


# Commands


@pytest.mark.parametrize(
    "command, said",
    [
        ("nxt", "unknown command 'nxt'; did you mean next?"),
        ("factor w5", "did you mean factors?"),
        ("w5", "factors w5 shows that quantity"),
        ("xyzzy", "help lists the commands"),
        ("until", "until needs NAME"),
        ("until w55", "unknown name 'w55'"),
        ("goto update nought", "a whole number from 1"),
        ("goto update 0", "a whole number from 1"),
        ("goto step 60", "a whole number from 1 to 59"),
        ("goto w9", "unknown name 'w9'"),
        ("until b1", "no step computes b1 here; factors b1 tells more"),
        ("goto b1", "no step computes b1 here"),
        ("goto nothing@3", "unknown name 'nothing'"),
        ("next many", "a whole number"),
        ("watch w5 w9", "unknown name 'w9'"),
        ("unwatch w5", "nothing is watched"),
        ("set w5", "set NAME NUMBER"),
        ("list some", "list all shows all"),
        ("help nothing", "unknown command 'nothing'"),
        ("factors dE_total/dw5@0", "unknown name"),
    ],
)
def test_a_command_that_cannot_be_followed_says_so_in_a_line(piped, command, said):
    status, lines = piped("worked-example", command, "where")
    (line,) = answer(lines, command)
    assert said in line and status == 2
    assert answer(lines, "where") == ["update 1, before the first of 59 steps"]


def test_every_command_has_a_line_of_help(piped):
    _, lines = piped("worked-example", "help", "? goto")
    assert [line.split(" ")[0].rstrip(":") for line in answer(lines, "help")] == [
        each.name for each in COMMANDS
    ]
    assert answer(lines, "? goto")[0].startswith("goto (g) PLACE: ")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["-"], "standard input"),
        (["nowhere"], "nowhere"),
        (["worked-example", "--pdb"], "--at"),
        (["worked-example", "--pdb", "--at", "w9"], "unknown name 'w9'"),
        (["lstm-step", "--pdb", "--at", "h"], "--pdb"),
        (["lstm-step", "--update", "2"], "--update"),
        (["xor", "--sample", "5"], "--sample 5"),
        (["published-derivation"], "names a network"),
    ],
)
def test_unusable_arguments_are_refused_in_one_line(capsys, arguments, said):
    assert main(["step", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and said in captured.err


def test_without_a_learning_rate_there_is_one_pass():
    steps = TrainingSteps(read(load("worked-example").to_dict() | {"learning_rate": None}))
    steps.goto(["step", str(len(steps.steps()))])
    with pytest.raises(AtAnEnd):
        steps.forward()
    with pytest.raises(NeuronnetError, match="learning_rate"):
        steps.goto(["update", "2"])


WORDS = [*(each.name for each in COMMANDS if each.name not in ("save", "quit")), *"nbuglwsd?"]
ARGUMENTS = [
    "",
    "w1",
    "o1",
    "delta_*",
    "update 3",
    "step 2",
    "w1@2",
    "eta 1e200",
    "w1 -1e308",
    "[",
    "@",
    "*",
    "-1",
    "²",
    "all",
]


@examples(60)
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(ARGUMENTS)), max_size=8))
def test_whatever_is_typed_is_answered(commands):
    with patch("sys.stdout", io.StringIO()):
        stepper = Stepper(TrainingSteps(read(ONE)))
        for words in commands:
            assert stepper.follow(" ".join(words))
            stepper.follow("where")


# At a terminal and through a real pipe


def test_a_script_of_commands_gives_a_transcript():
    done = subprocess.run(
        [sys.executable, "-m", "neuronnet", "step", "worked-example"],
        input="until w5\n\nquit\nback\n",
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.splitlines()[-3:] == [
        "(step)",
        "w6 = w6 - eta * dE_total/dw6 = 0.45 - 0.5 * 0.082667628 = 0.408666186",
        "(step) quit",
    ]


def test_at_a_terminal_interruptions_end_a_command_and_the_end_of_input_the_walk():
    leader, follower = pty.openpty()
    walk = subprocess.Popen(
        [sys.executable, "-m", "neuronnet", "step", "worked-example"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # a shell's background job ignores it
        env=os.environ | {"TERM": "dumb"},
    )
    os.close(follower)
    seen = ""

    def wait_for(text):
        nonlocal seen
        until = time.monotonic() + 30
        while text not in seen and time.monotonic() < until:
            if select.select([leader], [], [], 1)[0]:
                seen += os.read(leader, 10_000).decode()
        assert text in seen, seen
        seen = seen.partition(text)[2]

    try:
        wait_for("(step) ")
        os.write(leader, b"goto update 9000000\n")
        wait_for("of 8999998 updates")
        walk.send_signal(signal.SIGINT)
        wait_for("interrupted; this is where it was before")
        wait_for("(step) ")
        os.write(leader, b"goto update 3\nfactors w5\n")
        wait_for("new 0.275360214")
        wait_for("(step) ")  # before that the terminal itself might swallow the end of input
        os.write(leader, b"\x04")
        assert walk.wait(30) == 0
    finally:
        walk.kill()
        walk.wait()
        os.close(leader)
