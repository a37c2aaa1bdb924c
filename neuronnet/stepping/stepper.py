"""The stepper: commands that walk through a training or a sheet, each answered in plain lines.

    (step) until w5
    update 1, update
    w5 = w5 - eta * dE_total/dw5 = 0.4 - 0.5 * 0.082167041 = 0.358916480

Commands come from a terminal, or through a pipe and are then shown before their answers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from neuronnet import output
from neuronnet.description.description import Description
from neuronnet.errors import NeuronnetError, UnknownName, did_you_mean, nearest, shortened
from neuronnet.stepping.in_pdb import debug
from neuronnet.stepping.steps import AtAnEnd, SheetSteps, matches, whole_number
from neuronnet.stepping.training_steps import TrainingSteps

PROMPT = "(step) "
MOST_AT_ONCE = 10_000  # steps of one command


class Command(NamedTuple):
    """A command: its name, short form, what stands behind it, what it does, and whether it needs that."""

    name: str
    short: str
    arguments: str
    purpose: str
    needed: bool = False


COMMANDS = (
    Command("next", "n", "[N]", "go on by a step, or by N; an empty line does the same"),
    Command("back", "b", "[N]", "go back by a step, or by N"),
    Command(
        "until",
        "u",
        "NAME",
        "go on to where NAME is computed: w5, delta_*, dE_total/dw5; or to backward; or to where a condition "
        "holds: the sign of w5 changes, w5 < 0.3, E_total is below 0.1, w5 turns",
        True,
    ),
    Command(
        "goto", "g", "PLACE", "go to `update 3`, to `step 12` or `w5` of this update, or to `w5@3`", True
    ),
    Command("factors", "f", "NAME", "NAME, old and new, and every factor that it is made of", True),
    Command("watch", "", "[NAME ...]", "say whenever NAME has changed; without a name, what is watched"),
    Command("unwatch", "", "[NAME ...]", "no longer"),
    Command("where", "w", "", "where this is"),
    Command("list", "l", "[all]", "the steps around this one, or all"),
    Command("set", "s", "NAME NUMBER", "give NAME another value, and see what follows", True),
    Command("draw", "d", "", "the network at this step, in characters"),
    Command("save", "", "FILE", "save this transcript; as FILE.json, the network as it stands", True),
    Command("help", "h", "[COMMAND]", "the commands"),
    Command("quit", "q", "", "end"),
)
_BY_WORD = {word: each for each in COMMANDS for word in (each.name, each.short) if word}
_BY_WORD |= {"?": COMMANDS[-2], "exit": COMMANDS[-1]}


def start(arguments: Any, subject: Any, place: Any) -> int:
    """The command `step`, for the Description of a network or the Model of a sheet, read from `place`.

    Returns the exit status. Raises NeuronnetError for options that do not go together.
    """
    is_network = isinstance(subject, Description)
    for option in () if is_network else ("sample", "update", "pdb"):
        if getattr(arguments, option):
            raise NeuronnetError(f"--{option}: a sheet has no updates, samples and objects but its own lines")
    if arguments.pdb:
        if arguments.at is None:
            raise NeuronnetError("--pdb needs --at NAME, such as --at w5")
        return debug(subject, arguments.at, 1 if arguments.update is None else arguments.update)
    first = [] if arguments.update is None else [f"goto update {arguments.update}"]
    first += [] if arguments.at is None else [f"goto {arguments.at}"]
    steps = TrainingSteps(subject, output.progress_line) if is_network else SheetSteps(subject)
    return Stepper(steps, [place]).run(first)


class Stepper:
    """A walk with its watches and its transcript. `inputs` are the files that `save` must not replace."""

    def __init__(self, steps: TrainingSteps | SheetSteps, inputs: Iterable = ()):
        self.steps, self._inputs = steps, list(inputs)
        self._watched: dict[str, str | None] = {}  # own name -> its value as it was last said
        self._transcript: list[str] = []
        self._said_last = ""  # the heading that was said last
        self.refused = False  # whether a command could not be followed

    def run(self, first: Iterable[str] = (), read: Callable[[], str | None] | None = None) -> int:
        """Follow the commands in `first`, then those that `read` gives, until quit or the end of input.

        Returns the exit status: 2 where commands through a pipe could not be followed.
        """
        interactive = read is None and sys.stdin is not None and sys.stdin.isatty()
        read = read or (self._from_terminal if interactive else _from_pipe)
        self.say(self.steps.title)
        self._say_where()
        self.say("help lists the commands")
        for line in first:
            self.say(f"{PROMPT}{line}")
            self.follow(line)
        while True:
            try:
                typed = read()
                if typed is None:
                    break
                if interactive:
                    self._transcript.append(f"{PROMPT}{typed}")
                else:
                    self.say(f"{PROMPT}{typed}".rstrip())
                if not self.follow(typed):
                    break
            except KeyboardInterrupt:
                self.say("")
                break
        return output.UNUSABLE if self.refused and not interactive else 0

    def say(self, text: str) -> None:
        """Print a text, and keep it for the transcript."""
        self._transcript.append(text)
        output.write(text)

    def follow(self, line: str) -> bool:
        """Follow one command; whether the walk goes on."""
        word, *arguments = line.split() or ["next"]
        start = self.steps.place()
        try:
            command = self._command(word.lower())
            if command.needed and not arguments:
                raise NeuronnetError(f"{command.name} needs {command.arguments}: {command.purpose}")
            if command.name == "quit":
                return False
            getattr(self, f"_{command.name}")(arguments)
        except AtAnEnd as end:
            self.say(str(end))
        except NeuronnetError as error:
            self.refused = True
            self.say(" ".join(str(error).split()))
        except (ArithmeticError, ValueError):  # a logarithm of 0 is the second
            self.refused = True
            self.say("there is no finite value further on; set eta to a smaller number, or go back")
        except KeyboardInterrupt:
            self.steps.return_to(start)
            self.say("interrupted; this is where it was before")
        return True

    def _command(self, word):
        if word in _BY_WORD:
            return _BY_WORD[word]
        try:
            hint = f"; factors {self.steps.require(word)} shows that quantity"
        except NeuronnetError:
            hint = did_you_mean(nearest(word, [each.name for each in COMMANDS]))
        raise NeuronnetError(f"unknown command {shortened(word)}{hint or '; help lists the commands'}")

    # Walking

    def _next(self, arguments):
        self._walk(self.steps.forward, arguments, "next")

    def _back(self, arguments):
        self._walk(self.steps.back, arguments, "back")

    def _walk(self, move, arguments, what):
        for _ in range(whole_number(" ".join(arguments), MOST_AT_ONCE, what) if arguments else 1):
            move()
            self._say_step()

    def _until(self, arguments):
        self.steps.until(" ".join(arguments))
        self._say_step()

    def _goto(self, arguments):
        self.steps.goto(arguments)
        self._say_step()

    def _say_step(self):
        step = self.steps.step
        if step is None:
            self._say_where()
        else:
            heading = ", ".join(filter(None, (self.steps.heading(), step.part)))
            if heading != self._said_last:
                self.say(heading)
            self._said_last = heading
            self.say(step.told(True))
        self._say_watched()

    # Telling

    def _where(self, arguments):
        self._say_where()
        if self.steps.step is not None:
            self.say(self.steps.step.told(True))

    def _say_where(self):
        step = self.steps.step
        parts = (self.steps.heading(), "" if step is None else step.part, self.steps.where())
        self.say(", ".join(filter(None, parts)))
        self._said_last = ""

    def _list(self, arguments):
        if arguments not in ([], ["all"]):
            shown = "list shows the steps around this one, list all shows all"
            raise NeuronnetError(f"list {' '.join(arguments)}: {shown}")
        for line in self.steps.listing(bool(arguments)):
            self.say(line.rstrip())

    def _factors(self, arguments):
        for line in self.steps.factors(" ".join(arguments)):
            self.say(line)

    def _draw(self, arguments):
        self.say(self.steps.picture())

    def _help(self, arguments):
        chosen = [self._command(each) for each in arguments] or COMMANDS
        for each in chosen:
            name = f"{each.name} ({each.short})" if each.short else each.name
            self.say(f"{' '.join(filter(None, (name, each.arguments)))}: {each.purpose}")

    # Watching

    def _watch(self, arguments):
        names = [name for each in arguments for name in self._matching(each, self.steps.names())]
        for name in names:
            self._watched[name] = self.steps.value(name)
        if not self._watched:
            self.say("nothing is watched; watch w5 says whenever w5 has changed")
        for name in names or self._watched:
            value = self._watched[name]
            self.say(f"watch {name}: {'not computed yet' if value is None else value}")

    def _unwatch(self, arguments):
        names = [name for each in arguments for name in self._matching(each, self._watched)]
        for name in names if arguments else list(self._watched):
            del self._watched[name]
        self.say(f"watched: {', '.join(self._watched) or 'nothing'}")

    def _matching(self, name, known):
        own = self.steps.own_name(name)
        found = [each for each in known if matches(each, own)]
        if not found:
            raise UnknownName(name, known) if known else NeuronnetError("nothing is watched")
        return found

    def _say_watched(self):
        for name, before in self._watched.items():
            value = self.steps.value(name)
            if value not in (None, before):
                self.say(f"watch {name}: was {before or 'not computed yet'}, is {value}")
                self._watched[name] = value

    # Changing and keeping

    def _set(self, arguments):
        if len(arguments) != 2:
            raise NeuronnetError("set NAME NUMBER, such as set w5 0.4")
        for line in self.steps.set(*arguments):
            self.say(line)
        self._say_watched()

    def _save(self, arguments):
        path = " ".join(arguments)
        suffix = Path(path).suffix.lower()
        if suffix == ".toml":
            raise NeuronnetError("a network file is saved as JSON: save FILE.json")
        if suffix == ".json":
            text = json.dumps(self.steps.network_file(), indent=1, default=output.plain)
        else:
            text = "\n".join(self._transcript)
        output.write(text, path, self._inputs)
        self.say(f"saved {path}: {'the network as it stands' if suffix == '.json' else 'the transcript'}")

    # Reading

    def _from_terminal(self):
        self._use_readline()
        try:
            return input(PROMPT)
        except EOFError:
            print()
            return None

    def _use_readline(self):
        """Let the line be edited, and Tab complete commands and names, where Python has readline."""
        try:
            import readline
        except ImportError:
            return
        words = [f"{each.name} " for each in COMMANDS] + self.steps.names()

        def complete(start, number):
            return next(iter([word for word in words if word.startswith(start)][number:]), None)

        readline.set_completer_delims(" ")
        readline.set_completer(complete)
        is_editline = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if is_editline else "tab: complete")


def _from_pipe():
    try:
        line = "" if sys.stdin is None else sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise NeuronnetError(f"standard input holds a byte that is not {error.encoding}") from None
    return line.rstrip("\n") if line else None
