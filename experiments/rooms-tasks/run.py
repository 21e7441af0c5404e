"""What the seven tasks of rooms ask for: constant and linear answers, poor and good networks.

Resumable: each measurement is a file in OUT; what is there is not measured again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import tyro
from answers import constant, linear, measure

from rlnas.atomic import write_json, write_text
from rlnas.benchmarks import BenchmarkTable, open_table
from rlnas.benchmarks.builtin import built_in_folder
from rlnas.datasets import load_task_data
from rlnas.datasets.spec import TRANSNAS_TASKS
from rlnas.datasets.task_data import TaskData
from rlnas.networks import SkeletonConfig, build_network
from rlnas.seeding import derive_seed
from rlnas.training.presets import recipe_for
from rlnas.training.stacked import train_stacked
from rlnas.training.tabulation.plan import Tabulation

HERE = Path(__file__).parent
CHOICES = {"low": 0.05, "median": 0.5, "best": 1.0}
"""Which architectures are trained: quantiles of the table's validation scores."""
WIDE = "best, wide"
WIDTH = 32
SEEDS = 3


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure."""

    out: Path = Path("runs", "rooms-tasks")
    """Folder of the measurements."""

    table: Path | None = None
    """Folder of the table that architectures are chosen by; by default the built-in rooms-micro."""

    keep: Path = HERE
    """Folder of the summary."""


def main(options: Options) -> None:
    """Measure what is missing, then write the summary."""
    torch.set_num_threads(1)
    folder = options.table or built_in_folder("rooms-micro")
    table = open_table(folder)
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    config = Tabulation.from_description(plan).config
    rows = []
    for task in TRANSNAS_TASKS:
        data = load_task_data("rooms", task)
        for name, answers in (("constant", constant), ("linear", linear)):
            rows += _kept(
                options.out / f"{task}.{name}.json", lambda d=data, a=answers: _answer(d, a)
            )
        chosen = choose(table, task)
        for name, architecture in chosen.items():
            where = options.out / f"{task}.{architecture}.json"
            found = _kept(where, lambda d=data, a=architecture: _train(d, a, config, SEEDS))
            rows += [row | {"what": name} for row in found]
        wide = replace(config, width=WIDTH, decoder_width=WIDTH)
        best = chosen["best"]
        where = options.out / f"{task}.{best}.wide.json"
        found = _kept(where, lambda d=data, a=best, c=wide: _train(d, a, c, 1))
        rows += [row | {"what": WIDE} for row in found]
        print(task, "done", flush=True)
    frame = pd.DataFrame(rows)
    write_text(options.keep / "rows.csv", frame.to_csv(index=False))
    text = summary(frame)
    write_text(options.keep / "summary.md", text)
    print(text)


def choose(table: BenchmarkTable, task: str) -> dict[str, str]:
    """Return the architectures at the quantiles of a task's distinct validation scores."""
    rows = table.column(task).metric.sign * table.column(task).select()
    measured = np.flatnonzero(np.isfinite(rows))
    order = measured[np.argsort(rows[measured], kind="stable")]
    vectors = table.space.arrays if table.architectures is None else table.architectures
    return {
        name: table.space.format(vectors[order[round(share * (len(order) - 1))]])
        for name, share in CHOICES.items()
    }


def _kept(path: Path, make) -> list[dict]:
    if not path.exists():
        write_json(path, make())
    return json.loads(path.read_text(encoding="utf-8"))


def _answer(data: TaskData, answers) -> list[dict]:
    """Return the answer with the best validation metric and its test metric."""
    sign = data.spec.metric.sign
    best = max(answers(data), key=lambda answer: sign * measure(data, answer, "valid"))
    name = answers.__name__
    scores = {split: measure(data, best, split) for split in ("valid", "test")}
    return [{"task": data.spec.name, "what": name, "architecture": "", "seed": 0, **scores}]


def _train(data: TaskData, architecture: str, config: SkeletonConfig, seeds: int) -> list[dict]:
    networks = [
        build_network(
            "transnas-micro",
            architecture,
            data.spec,
            config,
            seed=derive_seed(seed, "rooms-tasks", data.spec.name),
        )
        for seed in range(seeds)
    ]
    recipe = recipe_for("short", data.spec.name)
    results = train_stacked(
        networks, data, recipe, seed=0, device="cpu", train_metrics=False, test_every_epoch=False
    )
    return [
        {
            "task": data.spec.name,
            "architecture": architecture,
            "seed": seed,
            "valid": result.history[-1].valid["metric"],
            "test": result.history[-1].test["metric"],
            "seconds": sum(record.cpu_seconds for record in result.history),
        }
        for seed, result in enumerate(results)
    ]


def summary(frame: pd.DataFrame) -> str:
    """Return the table of test metrics for reading: mean over seeds ± standard deviation."""
    order = ["constant", "linear", *CHOICES, WIDE]
    lines = [
        f"| task | metric | {' | '.join(order)} |",
        f"|---|---|{'---:|' * len(order)}",
    ]
    for task in TRANSNAS_TASKS:
        part = frame[frame["task"] == task]
        metric = load_task_data("rooms", task, train_size=8, valid_size=8, test_size=8).spec.metric
        digits = 1 if metric.unit == "%" else 3
        cells = []
        for what in order:
            scores = part[part["what"] == what]["test"]
            spread = f" ± {scores.std():.{digits}f}" if len(scores) > 1 else ""
            cells.append(f"{scores.mean():.{digits}f}{spread}")
        unit = f" {metric.unit}" if metric.unit != "1" else ""
        kind = metric.name.removeprefix("valid_") + unit + (" ↓" if metric.sign < 0 else "")
        lines.append(f"| `{task}` | {kind} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(tyro.cli(Options, description=__doc__))
