"""What similarity could tell of gains with the target's whole table known: a bound, no method."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import tyro

from rlnas.agents import PPOController
from rlnas.reporting.matrix.selection import selection_summary
from rlnas.transfer import MatrixRun, Source
from rlnas.transfer.similarity.calibration import head_results
from rlnas.transfer.similarity.evidence import gaussian_scores
from rlnas.transfer.similarity.policy_preference import policy_preferences

COLUMNS = ["estimator", "spearman", "spearman_within", "mean_rank", "regret", "top2"]


def main(run: Annotated[Path, tyro.conf.arg(help="A folder that `rlnas matrix` wrote.")]) -> None:
    """Print each measure's correlation with the gains and the regret of its choice."""
    torch.set_num_threads(1)
    matrix = MatrixRun.open(run)
    suite, names = matrix.suite, list(matrix.config.tasks)
    sources = [
        Source(name, PPOController.load(run / "sources" / name), suite[name]) for name in names
    ]
    scores = gaussian_scores(sources, suite.space)
    preferences = policy_preferences(sources, suite.space)
    start, action = np.nonzero(suite.space.legal)
    gains = scores[:, suite.space.next_index[start, action]] - scores[:, start]
    measures = {
        "correlation of scores": np.corrcoef(scores),
        "correlation of edit gains": np.corrcoef(gains),
        "policy agreement": np.corrcoef(preferences, scores)[: len(names), len(names) :],
        "best of the policy's head": head_results(sources, suite.space),
    }
    rows = [
        (measure, names[target], names[source], 0, values[source, target], 0)
        for measure, values in measures.items()
        for source in range(len(names))
        for target in range(len(names))
        if source != target
    ]
    columns = ["estimator", "target", "source", "seed", "similarity", "queries"]
    summary = selection_summary(pd.DataFrame(rows, columns=columns), matrix.rows())
    print(summary[COLUMNS].to_string(index=False, float_format="{:.2f}".format))


if __name__ == "__main__":
    tyro.cli(main)
