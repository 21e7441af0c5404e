"""Kills and full disks at every step by which a file takes its place.

A layer over the calls that change a file system counts them and, at number k, ends the process at
once, as ``kill -9`` does, or fails from there on as a full disk does. The campaign runs tiny
commands in forks of one process, kills each at every rename, write and removal in turn, fills the
disk at every write and rename, sends SIGKILL at random moments, goes on with ``--resume`` each
time, and compares what it comes to with a run that was never interrupted:

    python tests/robustness/faults.py --random 100 --seed 0

What the commands do in processes of their own is done in the forked one here, so that every rename
of a run is one of those that are counted; figures are a few letters instead of drawings.
"""

import argparse
import builtins
import collections
import concurrent.futures
import contextlib
import errno
import io
import json
import logging
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

REAL_WRITE = os.write
KILLED = 86
"""Exit status of a process that the layer ended."""
SECONDS = 60
"""Longest that a run may take, of processor time."""


class Faults:
    """Counts operations on files below a folder and lets one of them fail or kill.

    Args:
        root: Operations outside are neither counted nor touched.
        kind: ``rename`` (renames and exchanges), ``write`` (writes, syncs, new files and folders),
            ``remove`` or ``any``.
        number: Which one, from 1; 0 for none.
        kill: Whether it ends the process, or fails as on a full disk. A disk that is full stays
            full: all later writes fail too.
    """

    def __init__(self, root, kind, number, *, kill):
        self.root, self.kind, self.number, self.kill = Path(root).resolve(), kind, number, kill
        self.kinds, self._undo = [], []

    @property
    def count(self):
        """How many there were of its kind."""
        return len(self.kinds) if self.kind == "any" else self.kinds.count(self.kind)

    def _hit(self, kind, path):
        if not self._inside(path):
            return
        self.kinds.append(kind)
        if self.kind not in (kind, "any"):
            return
        if not self.number or self.count < self.number:
            return
        if self.kill and self.count == self.number:
            os._exit(KILLED)
        if not self.kill and kind != "remove":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _inside(self, path):
        if isinstance(path, int):
            try:
                path = os.readlink(f"/proc/self/fd/{path}")  # noqa: PTH115
            except OSError:
                return False
        path = Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100  # follows no link
        return path.is_relative_to(self.root) and path.name != ".lock"

    def _wrap(self, module, name, kind, at=0):
        real = getattr(module, name)

        def call(*args, **kwargs):
            self._hit(kind, args[at])
            return real(*args, **kwargs)

        self._undo.append((module, name, real))
        setattr(module, name, call)

    def __enter__(self):
        import rlnas.atomic as atomic

        for name in ("rename", "replace"):
            self._wrap(os, name, "rename")
        self._wrap(atomic, "exchange", "rename")
        for name, kind in (("fsync", "write"), ("mkdir", "write"), ("write", "write")):
            self._wrap(os, name, kind)
        for name in ("unlink", "rmdir"):
            self._wrap(os, name, "remove")
        real_open, faults = io.open, self

        def opened(file, mode="r", *args, **kwargs):
            if any(sign in mode for sign in "wxa+") and not isinstance(file, int):
                faults._hit("write", file)
                return Watched(real_open(file, mode, *args, **kwargs), faults, file)
            return real_open(file, mode, *args, **kwargs)

        for module in (io, builtins):
            self._undo.append((module, "open", real_open))
            module.open = opened
        return self

    def __exit__(self, *error):
        for module, name, real in reversed(self._undo):
            setattr(module, name, real)
        self._undo.clear()


class Watched:
    """An open file whose writes are counted; half of what the fatal one says is written."""

    def __init__(self, file, faults, path):
        self._file, self._faults, self._path = file, faults, path

    def write(self, content):
        before = self._faults
        will = before.count + 1 == before.number and before.kill and before.kind != "rename"
        if will and before._inside(self._path):
            self._file.write(content[: len(content) // 2])
            self._file.flush()
        before._hit("write", self._path)
        return self._file.write(content)

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        self._file.__enter__()
        return self

    def __exit__(self, *error):
        return self._file.__exit__(*error)

    def __iter__(self):
        return iter(self._file)


# -- what is written, and how it is read again -----------------------------------------------------


def _file(folder, version):
    from rlnas.atomic import write_text

    write_text(folder / "a" / "file.txt", f"version {version}\n" * 50)


def _read_file(folder):
    return int((folder / "a" / "file.txt").read_text().split()[1])


def _checkpoint(folder, version):
    import torch

    from rlnas.checkpoints import write_checkpoint

    layer = torch.nn.Linear(2, 2)
    torch.nn.init.constant_(layer.weight, version)
    state = ({"moment": torch.full((3,), float(version))}, {"steps": version})
    write_checkpoint(folder / "c", {"steps": version}, layer, state)


def _read_checkpoint(folder):
    from rlnas.checkpoints import read_config, read_training_state, read_weights

    versions = {
        read_config(folder / "c", "it")["steps"],
        int(read_weights(folder / "c")["weight"][0, 0]),
        read_training_state(folder / "c")[1]["steps"],
    }
    (version,) = versions  # of one moment, all of it
    return version


def _frame(folder, version):
    import pandas as pd

    from rlnas.parquet import write_frame

    write_frame(folder / "rows.parquet", pd.DataFrame({"version": [version] * 9}))


def _read_frame(folder):
    from rlnas.parquet import read_frame

    return int(read_frame(folder / "rows.parquet")["version"][8])


def _result(folder, version):
    from rlnas.search import RandomSearch
    from rlnas.spaces import CellSpace
    from rlnas.tasks import make_task

    space = CellSpace("tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"])
    task = make_task(space, lambda text: float(len(text)))
    RandomSearch().search(task, 4, seed=version).save(folder / "cells" / "seed.parquet")


def _read_result(folder):
    from rlnas.search import SearchResult

    return SearchResult.load(folder / "cells" / "seed.parquet").seed


def _training(folder, version):
    import torch

    from rlnas.training.folder import TrainingFolder

    kept = TrainingFolder(folder / "training")
    kept.begin({"kind": "training", "recipe": {}}, resume=True)
    kept.save_state(({"weight": torch.full((3,), float(version))}, {"number": version}), [])


def _read_training(folder):
    from rlnas.training.folder import TrainingFolder

    return TrainingFolder(folder / "training").load_state()[0][1]["number"]


PLACES = {
    "file": (_file, _read_file),
    "checkpoint": (_checkpoint, _read_checkpoint),
    "frame": (_frame, _read_frame),
    "result": (_result, _read_result),
    "training": (_training, _read_training),
}
"""What is written by version, and what reads the version again."""


def check_place(name, folder, kind, *, kill, exchange=True, numbers=None):
    """Interrupt a write at each of its steps; return how often, and what was wrong.

    Version 1 is there and version 2 is being written: afterwards one of the two is, whole; then
    version 3 can be written, and nothing is left beside it.
    """
    import rlnas.atomic as atomic

    write, read = PLACES[name]
    times, wrong = 0, []
    for number in numbers or range(1, 1000):
        home = Path(folder, f"{name}-{kind}-{number}")
        home.mkdir(parents=True)
        write(home, 1)

        def interrupted(home=home, number=number):
            if not exchange:
                atomic.exchange = lambda one, other: False
            with Faults(home, kind, number, kill=kill):
                write(home, 2)
            return 0

        status, said = in_fork(interrupted)
        times += status != 0
        expected = (0, KILLED) if kill else (0, "UnwritableError")
        if status not in expected:
            wrong.append(f"{home.name}: {status} {said[-300:]}")
        try:
            if (version := read(home)) not in (1, 2):
                wrong.append(f"{home.name}: version {version}")
            if status == 0 and version != 2:
                wrong.append(f"{home.name}: version {version} after a write that succeeded")
            write(home, 3)
            atomic.sweep(home)
            if read(home) != 3:
                wrong.append(f"{home.name}: version {read(home)}, not 3")
        except Exception as error:
            wrong.append(f"{home.name}: {type(error).__name__}: {error}")
        if left := leftovers(home):
            wrong.append(f"{home.name}: left {left}")
        shutil.rmtree(home)
        if status == 0:
            break
    return times, wrong


def leftovers(folder):
    """Return temporary files and locks below a folder."""
    from rlnas.atomic import is_leftover

    return [str(p) for p in Path(folder).rglob("*") if is_leftover(p.name) or p.name == ".lock"]


def in_fork(function, after=None):
    """Call a function in a fork; return its status, or the name of its error, and what it said.

    Args:
        function: Returns the status.
        after: Seconds after which it gets a SIGKILL.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    if (child := os.fork()) == 0:
        status = 1
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        if after is not None:  # a fork of its own, for signals wait for what is not Python
            parent = os.getpid()
            if os.fork() == 0:
                time.sleep(after)
                if os.getppid() == parent:
                    os.kill(parent, signal.SIGKILL)
                os._exit(0)
        try:
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            sys.stdout, sys.stderr = (open(f, "w", closefd=False) for f in (1, 2))  # noqa: SIM115
            try:
                status = function()
            except BaseException as error:
                sys.stdout.write(f"ERROR {type(error).__name__}: {error}")
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status or 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    _, code = os.waitpid(child, 0)
    status = os.waitstatus_to_exitcode(code)
    if found := re.search(r"ERROR (\w+): ", said):
        return found[1], said
    return status, said


# -- whole commands --------------------------------------------------------------------------------

COMMANDS = {
    "search": [
        *("search", "--suite", "synthetic-micro", "--task", "synthetic-0", "--queries", "3"),
        *("--algorithm", "random,local", "--seeds", "1", "--tensorboard"),
    ],
    "train": [
        *("train", "--suite", "synthetic-micro", "--task", "synthetic-0"),
        *("--steps", "2000", "--check-queries", "2", "--device", "cpu"),
    ],
    "matrix": [
        *("matrix", "--suite", "synthetic-micro", "--tasks", "synthetic-0,synthetic-1"),
        *("--methods", "scratch,weight-init", "--seeds", "1", "--queries", "3"),
        *("--steps", "1000", "--workers", "1", "--device", "cpu"),
    ],
    "evaluate": [
        *("evaluate", "--architecture", "random:2", "--dataset", "digits", "--epochs", "1"),
        *("--device", "cpu", "--train-size", "32", "--width", "4", "--valid-size", "32"),
        *("--test-size", "32"),
    ],
}


def prepare():
    """Load what commands need once, and do in this process what they do in others."""
    import torch
    from matplotlib.figure import Figure

    from rlnas.cli import matrix
    from rlnas.cli.main import main
    from rlnas.processes import Isolated, executor
    from rlnas.runs import controller_training
    from rlnas.transfer.matrix import run

    torch.set_num_threads(1)
    controller_training._CHUNK = 1000  # several checkpoints in a short training
    executor.worker_pool, run.stop_pool = (lambda *_: InProcess()), (lambda _: None)
    matrix.prepare_workers = lambda _: None
    Isolated.calls = lambda self, arguments, **_: (
        (number, self._function(argument)) for number, argument in enumerate(arguments)
    )

    def savefig(self, file, **_):
        if isinstance(file, io.StringIO):
            file.write("<svg></svg>")
        else:
            Path(file).write_bytes(b"PNG")

    Figure.savefig = savefig
    nowhere = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        for name, arguments in COMMANDS.items():  # the forks find their modules loaded
            main([*arguments, "--out", f"{folder}/{name}"])
            outcome(Path(folder, name))


class InProcess:
    """A pool of processes that is none."""

    def submit(self, function, *args):
        from concurrent.futures import Future

        done = Future()
        done.set_result(function(*args))
        return done

    def shutdown(self, **_):
        """Do nothing."""


def run_command(name, root, *, resume=False, kind="any", number=0, kill=False, after=None):
    """Run a command in a fork; return its status, what it said and its operations by kind.

    Args:
        name: Which of `COMMANDS`.
        root: Its run is ``run`` in here.
        resume: Whether it goes on with that.
        kind: See `Faults`.
        number: Likewise.
        kill: Likewise.
        after: Seconds after which it gets a SIGKILL.
    """

    def command():
        from rlnas.cli.main import main

        arguments = [*COMMANDS[name], "--out", str(root / "run"), *["--resume"] * resume]
        with Faults(root, kind, number, kill=kill) as faults:
            status = main(arguments)
        print(f"KINDS {json.dumps(faults.kinds)}")
        return status

    status, said = in_fork(command, after)
    found = re.search(r"KINDS (.*)\n", said)
    kinds = json.loads(found[1]) if found else None
    return status, said.replace(found[0], "") if found else said, kinds


def outcome(run):
    """Return what a run came to, without times: its files, and what is in those that count."""
    from rlnas.checkpoints import read_weights
    from rlnas.parquet import read_parquet

    found = {}
    for path in sorted(p for p in run.rglob("*") if p.is_file()):
        name = path.relative_to(run).as_posix()
        if "tfevents" in name:
            found[str(Path(name).parent)] = scalars(path.parent)
        elif path.suffix == ".parquet":
            columns = read_parquet(path).to_pydict()
            found[name] = repr({k: v for k, v in columns.items() if "seconds" not in k})
        elif path.name == "weights.safetensors":
            found[name] = {k: v.tolist() for k, v in read_weights(path.parent).items()}
        elif path.suffix == ".json" and path.name != "versions.json":
            found[name] = without_times(json.loads(path.read_text()))
        else:
            found[name] = "there"
    return found


def without_times(tree):
    """Return a JSON tree without what depends on the clock."""
    if isinstance(tree, dict):
        timed = {k for k in tree if "seconds" in k or k in ("cost", "checksum")}
        return {k: without_times(v) for k, v in tree.items() if k not in timed}
    return [without_times(item) for item in tree] if isinstance(tree, list) else tree


def scalars(folder):
    """Return the steps and values that TensorBoard shows of a folder, without times."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    shown = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {
        tag: [(e.step, e.value) for e in shown.Scalars(tag)]
        for tag in shown.Tags()["scalars"]
        if not tag.startswith("time/")
    }


class Campaign:
    """Interrupts commands, resumes them, and says what was wrong."""

    def __init__(self, folder):
        self.folder, self.kinds, self._expected, self._seconds = Path(folder), {}, {}, {}

    def reference(self, name):
        """Run a command to its end, and learn the steps that it takes."""
        root, began = self._root(), time.perf_counter()
        status, said, self.kinds[name] = run_command(name, root)
        if status != 0:
            raise SystemExit(f"{name} fails without faults: {status} {said[-2000:]}")
        self._seconds[name] = time.perf_counter() - began
        self._expected[name] = outcome(root / "run")
        shutil.rmtree(root)

    def plan(self, names, times, rng):
        """Return every step of the commands, killed and on a full disk, and kills at random.

        Kills at renames come first, for the case that there is no time for all.
        """
        every = [
            (kind, (name, "any", number, kill))
            for name in names
            for kill in (True, False)
            for number, kind in enumerate(self.kinds[name], 1)
            if kill or kind != "remove"  # which a full disk lets happen
        ]
        first = [case for kind, case in every if kind == "rename" and case[-1]]
        rest = [case for _, case in every if case not in first]
        for _ in range(times):
            name = rng.choice(names)
            rest.append((name, "time", rng.random() * self._seconds[name], True))
        rng.shuffle(first)
        rng.shuffle(rest)
        return first + rest

    def interrupt(self, name, kind, number, kill):
        """Interrupt a command once, resume it, and return what was wrong."""
        root, how = self._root(), "killed" if kill else "full"
        label = f"{name} {kind} {number:.4g} {how}"
        if kind == "time":
            status, said, _ = run_command(name, root, after=number)
            allowed = (-signal.SIGKILL, 0)
        else:
            status, said, _ = run_command(name, root, kind=kind, number=number, kill=kill)
            allowed = (KILLED,) if kill else (1, 0)
        wrong = [] if status in allowed else [f"{label}: status {status}: {said[-400:]}"]
        if "Traceback" in said or "ERROR" in said:
            wrong.append(f"{label}: {said[-600:]}")
        if (
            not kill
            and status == 1
            and not re.search(rf"^rlnas {name}: .*{root}.*\n\Z", said, re.M)
        ):
            wrong.append(f"{label}: no line that says what: {said[-600:]}")
        status, said, _ = run_command(name, root, resume=True)
        if status != 0:
            wrong.append(f"{label}, resumed: status {status}: {said[-600:]}")
        else:
            wrong += self._differences(name, label, root)
        shutil.rmtree(root)
        return wrong

    def _root(self):
        root = Path(tempfile.mkdtemp(dir=self.folder))
        (root / "victim").mkdir()
        (root / "victim" / "thesis.tex").write_text("years of work")
        return root

    def _differences(self, name, label, root):
        if sorted(p.name for p in root.iterdir()) != ["run", "victim"]:
            yield f"{label}: outside: {sorted(root.iterdir())}"
        if (root / "victim" / "thesis.tex").read_text() != "years of work":
            yield f"{label}: the victim is gone"
        if left := leftovers(root):
            yield f"{label}: left {left}"
        expected, found = self._expected[name], outcome(root / "run")
        for file in sorted({*expected, *found}):
            if expected.get(file) != found.get(file):
                yield (
                    f"{label}: {file} differs: {str(expected.get(file))[:150]} / "
                    f"{str(found.get(file))[:150]}"
                )


def check_places(folder):
    """Interrupt every kind of write at each of its steps; return how often, and what was wrong."""
    times, wrong = 0, []
    for name in PLACES:
        for kind, kill in (("any", True), ("write", False), ("rename", False)):
            for exchange in (True, False) if name == "checkpoint" else (True,):
                home = Path(folder, f"{name}-{kind}-{kill}-{exchange}")
                more, found = check_place(name, home, kind, kill=kill, exchange=exchange)
                times, wrong = times + more, wrong + found
    return times, wrong


def main(arguments=None):
    """Run the campaign; return the status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--random", type=int, default=100, help="kills of commands at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--minutes", type=float, default=60, help="when to stop")
    options = parser.parse_args(arguments)
    began, done = time.monotonic(), collections.Counter()
    prepare()
    names, rng = options.commands.split(","), random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        places, wrong = check_places(folder)
        print(f"single writes: {places} interruptions, {len(wrong)} wrong", flush=True)
        campaign = Campaign(folder)
        for name in names:
            campaign.reference(name)
            print(name, dict(collections.Counter(campaign.kinds[name])), flush=True)
        plan = campaign.plan(names, options.random, rng)
        forks = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(options.jobs, forks) as pool:
            cases = {pool.submit(campaign.interrupt, *case): case for case in plan}
            for future in concurrent.futures.as_completed(cases):
                name, kind, number, kill = cases[future]
                at = "at random" if kind == "time" else f"at a {campaign.kinds[name][number - 1]}"
                done[name, "killed" if kill else "full", at] += 1
                for line in (found := future.result()):
                    print(line, flush=True)
                wrong += found
                if time.monotonic() - began > 60 * options.minutes:
                    pool.shutdown(cancel_futures=True)
                    break
    for key, times in sorted(done.items()):
        print(*key, times)
    print(
        f"{places} interruptions of single writes, {done.total()} of {len(plan)} of commands; "
        f"{len(wrong)} wrong; {time.monotonic() - began:.0f} s"
    )
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
