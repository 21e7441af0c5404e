"""Zero-cost proxies of every architecture and task of a suite, for `pack.py`.

Usage: python proxies.py micro|macro OUT [--workers 2]

The networks have the first weights that `build.py` trains with its first seed, and all see the same
training batch of a task. Resumable: an architecture is a file.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tyro
from build import SpaceName, architectures, plan
from suite_cells import PROXIES

from rlnas.atomic import write_json
from rlnas.datasets import load_task_data
from rlnas.datasets.spec import TRANSNAS_TASKS
from rlnas.datasets.task_data import TaskData
from rlnas.networks import build_network
from rlnas.processes import worker_pool
from rlnas.proxies import draw_batch, proxy_names, score_proxies
from rlnas.seeding import derive_seed

COUNTED = ("params", "flops")
"""These the table holds exactly, as counts."""
BATCH = 32
EXAMPLES = 4096
"""Training examples among which the batch is drawn."""
SEED = 0


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to compute."""

    space: SpaceName
    """Which suite."""

    out: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="OUT")]
    """Folder that build.py wrote to."""

    workers: int = 2
    """Processes."""

    limit: int | None = None
    """Stop after so many architectures; they come in the order of build.py."""


def main(options: Options) -> int:
    """Compute what is missing."""
    folder = options.out / options.space / PROXIES
    folder.mkdir(parents=True, exist_ok=True)
    wanted = architectures(options.space)[: options.limit]
    missing = [text for text in wanted if not (folder / f"{text}.json").exists()]
    start = time.perf_counter()
    work = partial(score_into, options.space, str(folder))
    with worker_pool(options.workers, ["rlnas.proxies.scoring"]) as pool:
        for done, name in enumerate(pool.map(work, missing), start=1):
            left = (time.perf_counter() - start) / done * (len(missing) - done) / 60
            print(f"{done}/{len(missing)} {name}, {left:.0f} min left", flush=True)
    return 0


_data: dict[str, list[TaskData]] = {}


def score_into(space: str, folder: str, architecture: str) -> str:
    """Score one architecture in a worker, which keeps the data for the next, and write its file."""
    made = plan(space)
    if space not in _data:
        _data[space] = [
            load_task_data(made.dataset, t, train_size=EXAMPLES, valid_size=8, test_size=8)
            for t in TRANSNAS_TASKS
        ]
    names = [name for name in proxy_names() if name not in COUNTED]
    tasks: dict[str, Any] = {}
    for data in _data[space]:
        seed = derive_seed(SEED, "tabulate", data.spec.name)
        network = build_network(made.space, architecture, data.spec, made.config, seed=seed)
        batch = draw_batch(data, BATCH, seed=SEED)
        tasks[data.spec.name] = {
            name: {
                "value": None if score.failed else score.value,
                "seconds": score.seconds,
                "failure": score.failure,
            }
            for name, score in score_proxies(network, batch, names=names, seed=SEED).items()
        }
    content = {"architecture": architecture, "seed": SEED, "tasks": tasks}
    write_json(Path(folder) / f"{architecture}.json", content, keep_nan=True)
    return architecture


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options, description=__doc__)))
