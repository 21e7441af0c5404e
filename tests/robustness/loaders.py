"""Damaged folders of work into every loader, through calls and commands: read or refused.

``python tests/robustness/loaders.py --count 3000 --seed 0`` makes small runs, checkpoints,
trainings and tables of every kind once, damages a file of a copy as ``files.py`` does, and goes on
with it as a user would.
"""

from __future__ import annotations

import atexit
import concurrent.futures
import contextlib
import functools
import io
import json
import os
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import files

SUITE = "synthetic-micro"
STEPS = 128


# -- damage ----------------------------------------------------------------------------------


def damaged_frame(rng, frame):
    """Return a table with a column renamed, lost, retyped, or with other values or rows."""
    name = frame.columns[int(rng.integers(len(frame.columns)))]
    odd = (None, float("nan"), -1, 10**18, 1e308, "x" * 3000, "../../victim", b"\xff", [1], True)
    value = odd[int(rng.integers(len(odd)))]
    kind = int(rng.integers(6))
    if kind == 0:
        return frame.drop(columns=name)
    if kind == 1:
        return frame.rename(columns={name: files._NAMES[int(rng.integers(8))]})
    if kind == 2:
        return frame.assign(**{name: [value] * len(frame)})
    if kind == 3:
        return frame.iloc[: int(rng.integers(len(frame) + 1))]
    if kind == 4:
        return frame.assign(**{name: frame[name].sample(frac=1, random_state=1).to_numpy()})
    return frame.iloc[rng.integers(len(frame), size=2 * len(frame))]


def damage_tensors(rng, path):
    """Change shape, type, values or names of tensors."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(path, "pt") as stored:
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        about = stored.metadata()
    for _ in range(int(rng.integers(1, 3))):
        if not tensors:
            break
        name = sorted(tensors)[int(rng.integers(len(tensors)))]
        tensor = tensors[name]
        kind = int(rng.integers(8))
        if kind == 0:
            del tensors[name]
        elif kind == 1:
            tensors[name] = torch.zeros((3, 2))
        elif kind == 2:
            tensors[name] = tensor.double() if rng.random() < 0.5 else tensor.to(torch.int8)
        elif kind == 3:
            odd = (-1, 127, 0) if tensor.dtype == torch.uint8 else (-1, 100, float("nan"), 1e30)
            value = odd[int(rng.integers(len(odd)))]
            if not tensor.is_floating_point() and value != value:
                value = -1
            with contextlib.suppress(RuntimeError):
                tensors[name] = torch.full_like(tensor, value)
        elif kind == 4:
            tensors["x" * 3000] = tensors.pop(name)
        elif kind == 5:
            tensors[name] = tensor.reshape(-1)
        elif kind == 6:
            tensors[f"{name}.1"] = torch.zeros(())
        elif about:
            about = {
                n: json.dumps(files.damaged_values(rng, json.loads(t))) if t[:1] in '[{"' else t[1:]
                for n, t in about.items()  # a checksum is no JSON
            }
    save_file({n: t.contiguous() for n, t in tensors.items()}, path, metadata=about)


def damage(rng, path):
    """Damage a file by what it is, or its bytes, or lose it."""
    rest = rng.random()
    if rest < 0.03:
        path.unlink()
    elif rest < 0.06:
        path.unlink()
        path.mkdir()
    elif path.suffix == ".json":
        files.write_json(rng, path, json.loads(path.read_text()))
    elif rest < 0.4:
        path.write_bytes(files.damaged_bytes(rng, path.read_bytes()))
    elif path.suffix == ".parquet":
        damage_parquet(rng, path)
    elif path.suffix == ".safetensors":
        damage_tensors(rng, path)
    else:
        path.write_bytes(files.damaged_bytes(rng, path.read_bytes()))


def damage_parquet(rng, path):
    """Change the table, or what its file says beside it."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    about = dict(table.schema.metadata or {})
    own = about.pop(b"rlnas.search", None)
    with contextlib.suppress(pa.ArrowException, TypeError, ValueError, OverflowError):
        frame = table.to_pandas()
        if rng.random() < 0.6:
            frame = damaged_frame(rng, frame)
        elif own is not None:
            value = files.damaged_values(rng, json.loads(own))
            own = json.dumps(value).encode()
        made = pa.Table.from_pandas(pd.DataFrame(frame), preserve_index=False)
        if own is not None:
            made = made.replace_schema_metadata({b"rlnas.search": own})
        pq.write_table(made, path)


def victim(rng, root, *patterns):
    """Damage one of the files in a folder."""
    found = sorted({p for pattern in patterns or ("**/*",) for p in root.glob(pattern)})
    found = [p for p in found if p.is_file() and "tensorboard" not in p.parts]
    damage(rng, found[int(rng.integers(len(found)))])


# -- folders that are whole, made once a process ------------------------------------------------


@functools.cache
def home():
    path = tempfile.mkdtemp(prefix="rlnas-whole-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    os.environ["RLNAS_CACHE"] = str(Path(path) / "cache")
    return Path(path)


def copy_of(made, folder):
    return Path(shutil.copytree(made, folder / "it"))


def command(*arguments):
    """Run a command line; what it says goes nowhere, what it refuses is raised."""
    from rlnas.cli.main import main
    from rlnas.errors import RlnasError

    out, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        status = main([str(part) for part in arguments])
    if status:
        if status not in (1, 2):
            raise AssertionError(f"status {status}: {said.getvalue()[-300:]}")
        told = said.getvalue().strip()
        # Progress and tables come before the message.
        raise RlnasError(told[told.rfind("\nrlnas ") + 1 :])


@functools.cache
def checkpoint(kind):
    from rlnas.agents import ControllerConfig, PolicyConfig, PPOController, SharedController
    from rlnas.agents.config import PPOConfig
    from rlnas.benchmarks import load_suite
    from rlnas.envs import ConstructionConfig, ImprovementConfig

    suite = load_suite(SUITE)
    network = PolicyConfig(kind="transformer" if kind == "transformer" else "mlp", width=8)
    ppo = PPOConfig(num_envs=8, n_steps=8, batch_size=32)
    environment = ConstructionConfig() if kind == "construction" else ImprovementConfig(horizon=5)
    config = ControllerConfig(network=network, ppo=ppo, environment=environment)
    path = home() / f"checkpoint-{kind}"
    if kind == "shared":
        made = SharedController.train(list(suite.values())[:2], STEPS, config=config, device="cpu")
    else:
        engine = "sb3" if kind == "sb3" else "device"
        task = suite["synthetic-0"]
        made = PPOController(task.space, config)
        made.continue_training(task, STEPS, engine=engine, device="cpu")
    made.save(path)
    return path


def load_and_use(rng, folder, kind):
    from rlnas.agents import PPOController, SharedController
    from rlnas.benchmarks import load_suite

    root = copy_of(checkpoint(kind), folder)
    victim(rng, root)
    suite = load_suite(SUITE)
    if kind == "shared":
        controller = SharedController.load(root)
        controller.controller_for(controller.sources[0]).search(suite["synthetic-1"], 3)
        return
    controller = PPOController.load(root)
    controller.search(suite["synthetic-1"], 3)
    if rng.random() < 0.7 and controller.steps <= STEPS:
        engine = "sb3" if kind == "sb3" else "device"
        task = suite["synthetic-0"]
        controller.continue_training(task, STEPS + 64, engine=engine, device="cpu")


def checkpoint_mlp(rng, folder):
    load_and_use(rng, folder, "mlp")


def checkpoint_construction(rng, folder):
    load_and_use(rng, folder, "construction")


def checkpoint_transformer(rng, folder):
    load_and_use(rng, folder, "transformer")


def checkpoint_shared(rng, folder):
    load_and_use(rng, folder, "shared")


def checkpoint_sb3(rng, folder):
    load_and_use(rng, folder, "sb3")


@contextlib.contextmanager
def one_process():
    """Run the parts of a matrix here: what its workers do, without starting them."""
    import rlnas.processes.executor as executor
    import rlnas.transfer.matrix.run as matrix

    pool, stop = executor.worker_pool, matrix.stop_pool
    executor.worker_pool = lambda *_: Here()
    matrix.stop_pool = lambda *_, **__: None
    try:
        yield
    finally:
        executor.worker_pool, matrix.stop_pool = pool, stop


class Here(concurrent.futures.Executor):
    """An executor that calls at once."""

    def submit(self, function, /, *arguments, **options):
        future = concurrent.futures.Future()
        try:
            future.set_result(function(*arguments, **options))
        except Exception as error:
            future.set_exception(error)
        return future


@functools.cache
def result_file():
    from rlnas.benchmarks import load_suite
    from rlnas.search import get_searcher

    result = get_searcher("random").search(load_suite(SUITE)["synthetic-0"], 12, seed=0)
    return result.save(home() / "result" / "result.parquet").parent


def search_result(rng, folder):
    from rlnas.search import SearchResult

    root = copy_of(result_file(), folder)
    victim(rng, root)
    result = SearchResult.load(root / "result.parquet")
    result.to_frame()
    assert len(result.best_so_far) == len(result.records)
    result.save(folder / "again.parquet")
    assert str(result.records[:3])


MATRIX = (
    *("matrix", "--suite", SUITE, "--tasks", "synthetic-0,synthetic-1", "--seeds", "1"),
    *("--queries", "5", "--steps", "1280", "--workers", "1", "--device", "cpu"),
    *("--methods", "zero-shot,random", "--json", "--out"),
)
SEARCH = ("search", "--suite", SUITE, "--task", "synthetic-0", "--algorithm", "random,local")
SEARCH += ("--seeds", "2", "--queries", "6", "--json", "--out")
TRAIN = ("train", "--suite", SUITE, "--task", "synthetic-0", "--steps", "1280", "--device", "cpu")
TRAIN += ("--check-queries", "3", "--json", "--out")


@functools.cache
def run_of(*line):
    path = home() / line[0]
    command(*line, path)
    return path


def look(rng, root):
    """Open a run and look at it, rarely at its page, whose figures take long."""
    from rich.console import Console

    from rlnas.reporting import load_results

    if rng.random() < 0.04:
        command("report", root, "--json")
        return
    results = load_results(root)
    Console(file=io.StringIO()).print(results.table())
    for name in ("missing", "methods"):
        if callable(getattr(results, name, None)):
            getattr(results, name)()


def matrix_run(rng, folder):
    root = copy_of(run_of(*MATRIX), folder)
    victim(rng, root)
    look(rng, root)


def search_run(rng, folder):
    root = copy_of(run_of(*SEARCH), folder)
    victim(rng, root)
    look(rng, root)


def unfinished_run(rng, folder):
    """A run whose tables are to be made from its cells."""
    root = copy_of(run_of(*(SEARCH if rng.random() < 0.5 else MATRIX)), folder)
    for path in root.glob("*.parquet"):
        path.unlink()
    victim(rng, root, "config.json", "versions.json", "cells/**/*")
    look(rng, root)


def search_resumed(rng, folder):
    root = copy_of(run_of(*SEARCH), folder)
    victim(rng, root)
    command(*SEARCH, root, "--resume")


def matrix_resumed(rng, folder):
    root = copy_of(run_of(*MATRIX), folder)
    victim(rng, root, "*.json", "*.txt", "*.parquet", "cells/**/*", "controllers/**/*")
    from rlnas.transfer.matrix.folder import MatrixRun
    from rlnas.transfer.matrix.run import run_matrix

    plan = MatrixRun.open(run_of(*MATRIX)).plan
    with one_process():
        run_matrix(plan, root, workers=1, device="cpu", resume=True)


def train_resumed(rng, folder):
    root = copy_of(run_of(*TRAIN), folder)
    victim(rng, root)
    command(*TRAIN, root, "--resume")


def transfer_source(rng, folder):
    root = copy_of(run_of(*TRAIN), folder)
    victim(rng, root, "checkpoint/*")
    line = ("transfer", "--source", root, "--suite", SUITE, "--task", "synthetic-1")
    command(
        *line,
        "--queries",
        "4",
        "--seeds",
        "1",
        "--baselines",
        "random",
        "--json",
        "--out",
        folder / "out",
    )


def tiny_data():
    from rlnas.datasets import load_task_data

    return load_task_data("digits", "class", train_size=32, valid_size=16, test_size=16)


@functools.cache
def training():
    import torch
    from torch import nn

    from rlnas.training import Recipe, train_network

    torch.manual_seed(0)
    data = tiny_data()
    recipe = Recipe(epochs=2, batch_size=16, optimizer="adam", learning_rate=0.01, patience=5)

    def network():
        return nn.Sequential(nn.Flatten(), nn.Linear(768, 10))

    path = home() / "training"
    train_network(network(), data, recipe, folder=path / "whole", device="cpu")

    def stop(record):
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        train_network(network(), data, recipe, folder=path / "half", device="cpu", on_epoch=stop)
    return path, data, recipe, network


def training_folder(rng, folder):
    from rlnas.training import train_network

    path, data, recipe, network = training()
    root = copy_of(path / ("whole" if rng.random() < 0.4 else "half"), folder)
    victim(rng, root, "*.json", "*.safetensors")
    result = train_network(network(), data, recipe, folder=root, device="cpu", resume=True)
    result.to_frame()
    assert isinstance(result.seconds, float)


@functools.cache
def dataset_run():
    from rlnas.runs.dataset_search import search_dataset

    path = home() / "dataset"
    sizes = {"train_size": 32, "valid_size": 16, "test_size": 16}
    network = {"width": 4, "modules": "4", "cells": 1}
    search_dataset(
        "digits", "random", 2, out=path, epochs=1, device="cpu", workers=1, **sizes, **network
    )
    return path


def dataset_search(rng, folder):
    from rlnas.runs.dataset_search import TrainingSearchRun

    root = copy_of(dataset_run(), folder)
    victim(rng, root, "*.json", "*.txt", "*.parquet", "architectures/**/*.json")
    run = TrainingSearchRun.open(root)
    assert len(run.records) <= len(run.result.records)
    look(rng, root)


def tabulation_plan(rng, folder):
    from rlnas.networks import SkeletonConfig
    from rlnas.training import Recipe
    from rlnas.training.tabulation.plan import (
        Tabulation,
        TabulationCell,
        keep_plan,
        missing_cells,
        write_cell,
    )

    plan = Tabulation(
        space="transnas-micro",
        dataset="digits",
        tasks=("class",),
        config=SkeletonConfig(width=8),
        recipes=(Recipe(epochs=1),),
    )
    keep_plan(plan, folder)
    write_cell(
        TabulationCell("64-41414-3_33_132", 0),
        {"class": {"error": None, "device": "cpu", "history": []}},
        folder,
    )
    victim(rng, folder, "*.json")
    keep_plan(plan, folder)
    assert len(list(missing_cells(folder, ["64-41414-3_33_132"], [0], ["class"]))) <= 1


def table_in_cache(rng, folder):
    from rlnas.benchmarks import BenchmarkTable, Column, Provenance, install_table
    from rlnas.spaces import get_space
    from rlnas.tasks import Metric

    home()
    before = os.environ["RLNAS_CACHE"]
    os.environ["RLNAS_CACHE"] = str(folder / "cache")
    try:
        space = get_space("transnas-micro")
        rows = space.from_index(np.arange(10))
        columns = [Column("t", Metric(name="acc"), rng.random(10))]
        table = BenchmarkTable(
            "mine", space, columns, primary={"t": "acc"}, source=Provenance(title=""),
            architectures=rows,
        )  # fmt: skip
        install_table(table)
        victim(rng, folder / "cache", "**/*.json", "**/*.npy", "**/*.bin")
        if rng.random() < 0.3:
            command("data", "list", "--json")
        else:
            line = ("search", "--suite", "mine", "--task", "t", "--algorithm", "random")
            command(*line, "--queries", "3", "--seeds", "1", "--json", "--out", folder / "out")
    finally:
        os.environ["RLNAS_CACHE"] = before


@functools.cache
def begun_study():
    """Return the folder of a study, with answers, a failure and something open."""
    from rlnas.studies import open_study

    folder = Path(tempfile.mkdtemp(prefix="rlnas-loaders-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    study = open_study(folder / "s", "transnas-micro", budget=8, in_flight=2)
    for number, architecture in enumerate(study.ask(8)[:-1]):
        said = {"failure": "fails"} if number == 3 else {"score": float(number)}
        study.tell(architecture, cost=1.0, **said)
    return folder / "s"


def study_folder(rng, folder):
    """Open a damaged study, ask it, and tell it what it waits for."""
    from rlnas.studies import open_study

    target = copy_of(begun_study(), folder)
    path = target / str(rng.choice(["config.json", "journal.jsonl", "journal.jsonl"]))
    if path.suffix == ".jsonl" and rng.random() < 0.6:
        lines = path.read_bytes().splitlines()
        at = int(rng.integers(len(lines)))
        event = files.damaged_values(rng, json.loads(lines[at][9:]))
        text = json.dumps(event).encode()
        lines[at] = b"%08x %b" % (zlib.crc32(text), text)  # of a writer that errs
        path.write_bytes(b"".join(line + b"\n" for line in lines))
    else:
        damage(rng, path)
    study = open_study(target)
    architectures = study.waiting or study.ask()
    repr(study)
    if architectures:
        study.tell(architectures[0], 1.0)
    assert study.told == len(study.records)
    study.ask()
    study.result().save(folder / "result.parquet")


KINDS = (
    study_folder,
    search_result,
    checkpoint_mlp,
    checkpoint_construction,
    checkpoint_transformer,
    checkpoint_shared,
    checkpoint_sb3,
    training_folder,
    matrix_run,
    search_run,
    unfinished_run,
    dataset_search,
    search_resumed,
    matrix_resumed,
    train_resumed,
    transfer_source,
    tabulation_plan,
    table_in_cache,
)


def prepare():
    """Make all that is damaged, once for all cases, and load what opens it."""
    for kind in ("mlp", "construction", "transformer", "shared", "sb3"):
        checkpoint(kind)
    for line in (MATRIX, SEARCH, TRAIN):
        run_of(*line)
    result_file()
    begun_study()
    training()
    dataset_run()
    command("report", run_of(*SEARCH), "--json")
    command("report", run_of(*MATRIX), "--json")


if __name__ == "__main__":
    sys.exit(files.main(KINDS, __file__, 3_000, prepare))
