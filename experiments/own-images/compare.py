"""Compare searches with as many random architectures, and the exported models with the library's.

Usage: python compare.py OUT RESULTS
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file

from rlnas.atomic import write_text
from rlnas.datasets import load_task_data
from rlnas.statistics.proportions import proportion_difference, proportion_interval

HERE = Path(__file__).parent


def fresh_accuracy(out: Path, seed: int) -> float:
    """Return the test accuracy of an exported model in a process without rlnas."""
    data = load_task_data(
        out / "digits",
        "class",
        image_size=16,
        seed=seed,
        train_size=500,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "test.safetensors")
        everything = torch.arange(len(data.test))
        images, labels = data.test.pixels.images, data.test.batch(everything)[1]
        save_file({"images": images.contiguous(), "labels": labels}, path)
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", HERE / "fresh.py", out / f"search-{seed}" / "best", path],
            capture_output=True,
            text=True,
            check=True,
        )
    return float(done.stdout)


def main() -> None:
    """Print and write a line for each seed, and the export check."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("results", type=Path)
    options = parser.parse_args()
    lines = list(compare(options.out))
    print("\n".join(lines))
    write_text(options.results, "\n".join(lines) + "\n")


def compare(out: Path) -> Iterator[str]:
    """Yield a line for each seed, and for its exported model."""
    yield "accuracies in %; validation / test"
    gains, hits, total = [], [0, 0], 0
    for seed in range(3):
        best = json.loads((out / f"search-{seed}" / "best.json").read_text())
        random = pd.read_parquet(out / f"random-{seed}" / "evaluations.parquet")
        valid, test = best["valid"]["metric"], best["test"]["metric"]
        medians = random["valid"].median(), random["test"].median()
        size = best["test_size"]
        first = proportion_interval(round(test / 100 * size), size)
        second = proportion_interval(round(medians[1] / 100 * size), size)
        gain = proportion_difference(first, second)
        gains.append(test - medians[1])
        hits = [a + round(b / 100 * size) for a, b in zip(hits, (test, medians[1]), strict=True)]
        total += size
        as_good = int((random["test"] >= test).sum())
        yield (
            f"seed {seed}: best of 20 {best['architecture']} {valid:.1f} / {test:.1f}; "
            f"median of 20 random {medians[0]:.1f} / {medians[1]:.1f}; test difference "
            f"{100 * gain.estimate:+.1f} [{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]; "
            f"{as_good} of 20 random are as good on test"
        )
        exported = fresh_accuracy(out, seed)
        yield f"        exported model without rlnas: {exported:.4f}, in the run {test:.4f}"
        if abs(exported - test) > 1e-3:
            raise SystemExit("the exported model differs")
    pooled = proportion_difference(*(proportion_interval(count, total) for count in hits))
    yield (
        f"over the seeds: {100 * pooled.estimate:+.1f} "
        f"[{100 * pooled.low:+.1f}, {100 * pooled.high:+.1f}] on {total} test images (each seed "
        f"draws its own, so some count twice); each {np.round(gains, 1).tolist()}"
    )


if __name__ == "__main__":
    main()
