"""The reference study on our tables: run it, check its claims, write its tables and figure."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from reference_study.claims import study_text
from reference_study.config import StudyConfig
from reference_study.figure import write_study_figure
from reference_study.retraining import RetrainingConfig
from reference_study.run import run_study

from rlnas.agents import ControllerConfig
from rlnas.atomic import write_text
from rlnas.envs import ImprovementConfig

# The paradigm of the study: an episode never goes back by itself, the agent must learn to.
CONTROLLER = ControllerConfig(environment=ImprovementConfig(backtrack=None))

VARIANTS = {
    # All weights go along and the policy head is shrunk: chosen on synthetic tasks and
    # NAS-Bench-201, see README.md.
    "shrunk": RetrainingConfig(parts=("encoder", "policy_head", "value_head"), policy_scale=0.2),
    # Weights go along as they are, the value head begins anew.
    "plain": RetrainingConfig(),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", choices=VARIANTS)
    parser.add_argument("--suite", default="transnas-micro")
    parser.add_argument("--tasks", type=lambda text: tuple(text.split(",")))
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", type=Path, help="also copy the results there")
    options = parser.parse_args()
    tasks = {"tasks": options.tasks} if options.tasks else {}
    config = StudyConfig(
        suite=options.suite,
        seeds=options.seeds,
        searches=3,
        controller=CONTROLLER,
        retraining=VARIANTS[options.variant],
        **tasks,
    )
    run = run_study(
        config,
        options.out,
        workers=options.workers,
        resume=True,
        command=" ".join(["python", *sys.argv]),
        on_progress=lambda stage, done, total: print(f"{stage} {done}/{total}", file=sys.stderr),
    )
    rows, curves = run.write_tables()
    text = study_text(curves, rows, config, run.suite)
    write_text(run.folder / "table.txt", text)
    figures = write_study_figure(curves, config, run.suite, run.folder)
    print(text, end="")
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        names = ("config.json", "command.txt", "versions.json", "rows.parquet", "curves.parquet")
        for path in [*(run.folder / name for name in names), run.folder / "table.txt", *figures]:
            shutil.copy(path, options.keep / path.name)


if __name__ == "__main__":
    main()
