"""Command lines made at random: done or refused in seconds, in words, and only in their folder.

``python tests/robustness/commands.py --count 2000 --seed 0`` takes the options of every command
from its dataclass and gives them values that are right, wrong, missing, huge or odd. Each runs
through the real entry point; what would take long is kept from starting: budgets are small, the
suite is synthetic, and the rooms that search and train on images are not entered.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import functools
import importlib
import io
import os
import shutil
import sys
import tempfile
import types
import typing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import files

SUITE = "synthetic-micro"
ODD = (
    *("", " ", ",", ",,", "-", "--", "-1", "0", "1", "2", "nan", "inf", "-inf", "1e400", "0x10"),
    *(
        "9" * 30,
        str(10**18),
        "1.5",
        "None",
        "null",
        "true",
        "[]",
        "{}",
        "x" * 3000,
        "ü",
        "\U0001f600",
    ),
    *("a=b", "=", "local.x=1", "../../victim", "/dev/null", "/", ".", "..", "a\nb", "\x1b[31m"),
    *(os.fsdecode(b"\xff\xfe"), "$HOME", "%s", "{0}", "\\", "random", "all", SUITE, "synthetic-0"),
)
RIGHT = {
    "suite": (SUITE,),
    "task": ("synthetic-0", "synthetic-0,synthetic-1"),
    "tasks": ("synthetic-0,synthetic-1",),
    "source_suite": (SUITE,),
    "methods": ("random", "zero-shot,random"),
    "algorithm": ("random", "local"),
    "method": ("zero-shot", "weight-init"),
    "baselines": ("random",),
    "seeds": ("1",),
    "queries": ("3",),
    "steps": ("1",),
    "probes": ("3",),
    "workers": ("1",),
    "device": ("cpu",),
    "dataset": ("digits",),
    "source": ("source", "missing"),
    "target": ("synthetic-1",),
    "architecture": ("64-41414-3_33_132",),
    "image_size": ("8",),
    "format": ("tabular",),
    "space": ("transnas-micro",),
    "column": ("acc,task=mine",),
    "path": ("file.csv",),
    "name": ("mine", "random", "digits"),
    "names": (SUITE, "rooms-micro"),
    "folder": ("run", "missing"),
    "check_queries": ("0",),
    "option": ("regularised-evolution.population=5", "local.improvement=best"),
}
"""Values that end soon; a field that is not here has those of its type."""
SMALL = ("suite", "tasks", "task", "methods", "algorithm", "seeds", "queries", "steps", "workers")
NEVER = ("bench",)
"""Commands that measure for minutes and take no input worth damaging."""


class TooLong(Exception):
    """What is kept from starting was reached: the command line was accepted."""


def too_long(*arguments, **options):
    raise TooLong


def kinds_of(annotation):
    """Return the plain types in an annotation."""
    if typing.get_origin(annotation) is typing.Annotated:
        return kinds_of(annotation.__args__[0] if hasattr(annotation, "__args__") else str)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [kind for item in typing.get_args(annotation) for kind in kinds_of(item)]
    if typing.get_origin(annotation) is typing.Literal:
        return [("literal", typing.get_args(annotation))]
    return [annotation]


@dataclasses.dataclass(frozen=True)
class Option:
    """What a field of a command's dataclass takes."""

    name: str
    kinds: list
    positional: bool
    required: bool


@functools.cache
def options_of(*words):
    """Return the options of a command, or of one of its own commands."""
    from rlnas.cli.main import COMMANDS

    module, name = COMMANDS[words[0]]
    cls = getattr(importlib.import_module(module), name)
    if len(words) > 1:
        inner = {k.__name__: k for k in kinds_of(typing.get_type_hints(cls)["action"])}
        cls = inner[f"{words[1].title()}Options"]
    hints = typing.get_type_hints(cls, include_extras=True)
    return [
        Option(
            field.name,
            kinds_of(hints[field.name]),
            "POSITIONAL" in repr(hints[field.name]).upper(),
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(cls)
        if field.name != "debug"  # it is there to show tracebacks
    ]


def value(rng, name, kinds, root):
    """Return a value of an option, right or not."""
    if name == "out":  # what a user names is the user's to choose
        return str(root / str(rng.choice(["out", "file.csv", "x" * 300, "a\nb", "\udcff"])))
    if rng.random() < 0.07:
        return ODD[int(rng.integers(len(ODD)))]
    if name in RIGHT:
        found = str(rng.choice(RIGHT[name]))
        made = {"source": source, "run": finished_run}
        return str(made[found]()) if found in made else found
    for kind in kinds:
        if isinstance(kind, tuple):
            return str(rng.choice([str(item) for item in kind[1]]))
        if kind is Path:
            return str(root / str(rng.choice(["out", "missing", "file.csv"])))
        if kind in (int, float):
            return str(rng.choice(["1", "2", "3"]))
    return str(rng.choice(["mine", "synthetic-0"]))


def line(rng, root):
    """Return a command line."""
    from rlnas.cli.main import COMMANDS

    words = [str(rng.choice([name for name in COMMANDS if name not in NEVER]))]
    if rng.random() < 0.03:
        return [str(rng.choice([*ODD, "serach", "--help", "--version"])), *words]
    if words == ["data"]:
        words.append(str(rng.choice(["list", "info", "fetch", "import", "preview"])))
    options = options_of(*words)
    chosen = [
        option
        for option in options
        if (option.required or option.name in SMALL or option.name == "out") and rng.random() < 0.98
    ]
    chosen += [options[int(n)] for n in rng.integers(len(options), size=int(rng.integers(4)))]
    for option in chosen:
        given = value(rng, option.name, option.kinds, root)
        if option.positional:
            words.append(given)
            continue
        flag = f"--{option.name.replace('_', '-')}"
        words.append(flag[:-1] if rng.random() < 0.005 else flag)
        if (bool not in option.kinds) == (rng.random() < 0.99):
            words.append(given)
    if rng.random() < 0.05:
        words.insert(int(rng.integers(len(words) + 1)), str(rng.choice(ODD)))
    return words


@functools.cache
def guarded_home():
    """Keep what takes long, and what is not the fuzzer's, from being reached."""
    path = tempfile.TemporaryDirectory(prefix="rlnas-commands-")
    atexit.register(path.cleanup)
    os.environ.update(RLNAS_CACHE=f"{path.name}/cache", RLNAS_OFFLINE="1")
    os.environ.pop("RLNAS_DATA_MIRROR", None)
    import rlnas.cli.matrix
    import rlnas.processes.executor
    import rlnas.reporting.figures
    import rlnas.runs.dataset_search
    import rlnas.runs.evaluation
    import rlnas.search.base
    import rlnas.training.objective.task
    import rlnas.transfer.matrix.run
    from rlnas.agents import PPOController, SharedController

    for owner in (PPOController, SharedController):
        for name in ("train", "train_many", "train_jointly", "continue_training"):
            if hasattr(owner, name):
                setattr(owner, name, too_long)
    rlnas.training.objective.task.TrainingSetup.objective = too_long
    rlnas.cli.matrix.prepare_workers = lambda _: None
    rlnas.processes.executor.worker_pool = too_long


@functools.cache
def finished_run():
    """Return the folder of a search, made once a process."""
    from rlnas.runs.search_run import search_suite

    path = Path(tempfile.mkdtemp(prefix="rlnas-commands-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    search_suite(SUITE, ["synthetic-0"], ["random"], out=path / "run", queries=3, seeds=[0])
    return path / "run"


@functools.cache
def source():
    """Return a controller's checkpoint, untrained."""
    from rlnas.agents import PPOController
    from rlnas.benchmarks import load_suite

    task = load_suite(SUITE)["synthetic-0"]
    controller = PPOController(task.space)
    controller.sources = (task.name,)
    return controller.save(finished_run().parent / "source")


def command_line(rng, folder):
    """Run a random command line in its own folder."""
    from rlnas.cli.main import main
    from rlnas.errors import RlnasError

    guarded_home()
    words = line(rng, folder)
    (folder / "file.csv").write_text("architecture,acc\n000000,1\n")
    before = Path.cwd()
    os.chdir(folder)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            status = main(words)
    except TooLong:
        return
    except Exception as error:
        raise AssertionError(f"{words}: {type(error).__name__}: {str(error)[:200]}") from error
    finally:
        os.chdir(before)
    said.flush()
    text = said.buffer.getvalue().decode()
    if status not in (0, 1, 2) or "Traceback" in text:
        raise AssertionError(f"{words}: status {status}: {text[-200:]}")
    if status:
        if status == 1 and len(text) >= files.MESSAGE:
            raise AssertionError(f"{words}: {len(text)} characters: {text[:200]}")
        raise RlnasError("refused")


KINDS = (command_line,)


def prepare():
    """Make the folders that commands name, and load what commands need."""
    from rlnas.cli.main import COMMANDS, main

    guarded_home()
    source()
    for module, _ in COMMANDS.values():
        importlib.import_module(module)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        main(["report", str(finished_run())])


if __name__ == "__main__":
    sys.exit(files.main(KINDS, __file__, 2_000, prepare))
