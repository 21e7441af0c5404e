"""Named architectures, trained on a data set and scored, in a run folder."""

from __future__ import annotations

import html
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.errors import DataError, InvalidArgumentError
from rlnas.parquet import write_frame
from rlnas.run_folder import begin_run, only_writer
from rlnas.runs.on_disk import Progress, no_progress
from rlnas.spaces import ScheduleSpace

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.datasets import DataOptions
    from rlnas.datasets.tables import TableOptions
    from rlnas.spaces import SearchSpace
    from rlnas.training.objective.task import TrainingSetup

EVALUATIONS = "evaluations.parquet"

_log = logging.getLogger("rlnas")


@dataclass(frozen=True)
class Evaluations:
    """What architectures came to.

    Attributes:
        folder: The run folder.
        setup: How they were trained.
        rows: One row an architecture: architecture, parameters, macs; where they were trained also
            valid and test (raw metrics), score, epochs, seconds, device and error; and
            ``proxy/<name>`` for each proxy, where these were asked for.
    """

    folder: Path
    setup: TrainingSetup
    rows: pd.DataFrame

    def __repr__(self) -> str:
        return f"Evaluations({str(self.folder)!r}, {self.setup.name!r}, {len(self.rows)} rows)"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the line, and the rows."""
        return f"<p>{html.escape(repr(self))}</p>{self.rows.to_html(max_rows=10)}"


def evaluate_architectures(
    architectures: Sequence[str],
    dataset: str | Path | DataOptions | TableOptions,
    task: str | None = None,
    *,
    out: str | Path,
    seed: int = 0,
    train: bool = True,
    proxies: bool = False,
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
    **training: Any,
) -> Evaluations:
    """Train architectures on a data set, or only count and estimate them.

    The validation score is what a search sees; the test score is for the final report of an
    architecture that was chosen without it.

    Args:
        architectures: Official strings; files with one a line; ``random:N`` for N drawn ones.
        dataset: ``rooms``, ``digits``, a folder of images, or `DataOptions`; of a table
            `TableOptions`.
        task: Task of the data set; None for its first.
        out: The run folder. What was trained there is not trained again.
        seed: Of the split, the first weights, the order of images and what is drawn.
        train: Whether to train; without, there are parameters, operations and proxies only.
        proxies: Whether to compute zero-cost proxies.
        resume: Go on with the run in ``out`` if there is one.
        command: The command line, kept in the folder.
        on_progress: Called as architectures are done; the stages are ``train`` and ``proxies``.
        training: Further arguments of `rlnas.training.prepare_training`.

    Raises:
        RlnasError: If an argument is wrong; nothing has been written then.
        RunError: If ``out`` holds something and ``resume`` is false, or another run.
    """
    from rlnas.training.objective.task import describe_data, prepare_training

    report = on_progress or no_progress
    setup = prepare_training(dataset, task, seed=seed, **training)
    if proxies and isinstance(setup.space, ScheduleSpace):
        raise InvalidArgumentError(
            "proxies=True: proxies are of a network before its training, and schedules train one "
            "and the same; leave it out."
        )
    names = read_architectures(architectures, setup.space, seed)
    folder = Path(out)
    with only_writer(folder):
        begin_run(folder, "evaluate", setup.settings(), resume=resume, command=command)
        for text in (describe_data(setup.data), *(f"Note: {note}" for note in setup.data.notes)):
            _log.info("%s", text)
        rows = _statistics(setup, names)
        if train:
            rows = rows.join(_train(setup, names, folder, report), on="architecture")
        if proxies:
            rows = rows.join(_proxies(setup, names, report), on="architecture")
        write_frame(folder / EVALUATIONS, rows)
    return Evaluations(folder, setup, rows)


def read_architectures(given: Sequence[str], space: SearchSpace, seed: int) -> list[str]:
    """Return distinct architectures: named, listed in files, or drawn at random.

    Args:
        given: Official strings, paths of files with one a line, ``random:N``; each may be several
            of them, separated by commas.
        space: Their space.
        seed: Of what is drawn.

    Raises:
        InvalidArchitectureError: If one is not of the space.
        InvalidArgumentError: If there are none, or ``random:N`` is no such thing.
        DataError: If a file cannot be read.
    """
    texts: list[str] = []
    for part in (p.strip() for value in given for p in value.split(",")):
        if part.startswith("random:"):
            texts += _draw(part, space, seed)
        elif part and Path(part).is_file():
            try:
                lines = Path(part).read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise DataError(f"{part} cannot be read ({error}).") from error
            texts += [line.strip() for line in lines if line.strip()]
        elif part:
            texts.append(part)
    if not texts:
        raise InvalidArgumentError(
            "There is no architecture; give official strings, a file with one a line, or random:N."
        )
    return list(dict.fromkeys(space.format(space.parse(text)) for text in texts))


def _draw(text: str, space: SearchSpace, seed: int) -> list[str]:
    from rlnas.seeding import generator

    number = text.removeprefix("random:")
    if not number.isdecimal() or not 1 <= int(number) <= space.size:
        raise InvalidArgumentError(
            f"{text!r} asks for no number of architectures; expected random:N with N from 1 to "
            f"{space.size}."
        )
    rng = generator(seed, "evaluate", "architectures")
    drawn: dict[str, None] = {}
    while len(drawn) < int(number):
        drawn[space.format(space.sample(1, rng)[0])] = None
    return list(drawn)


def _statistics(setup: TrainingSetup, architectures: list[str]) -> pd.DataFrame:
    from rlnas.networks import statistics_of_many

    space = setup.space
    vectors = [space.parse(architecture) for architecture in architectures]
    counts = statistics_of_many(space, vectors, setup.data.spec, setup.config)
    rows: pd.DataFrame = counts[["parameters", "macs"]]
    rows.insert(0, "architecture", architectures)
    return rows


def _train(
    setup: TrainingSetup, architectures: list[str], folder: Path, report: Progress
) -> pd.DataFrame:
    import pandas as pd

    objective = setup.objective(folder / "architectures")
    found = []
    report("train", 0, len(architectures))
    for record in objective.train_many(architectures):
        found.append(record)
        report("train", len(found), len(architectures))
    frame: pd.DataFrame = pd.DataFrame(
        {
            "valid": [r.valid.get("metric", float("nan")) for r in found],
            "test": [r.test.get("metric", float("nan")) for r in found],
            "score": [r.score for r in found],
            "epochs": [r.best_epoch for r in found],
            "seconds": [r.seconds for r in found],
            "device": [r.device for r in found],
            "error": pd.Series([r.error for r in found], dtype=object),
        }
    )
    frame.index = pd.Index([r.architecture for r in found])
    return frame


def _proxies(setup: TrainingSetup, architectures: list[str], report: Progress) -> pd.DataFrame:
    import pandas as pd

    from rlnas.proxies import proxy_scores

    rows = {}
    for done, name in enumerate(architectures, start=1):
        scores = proxy_scores(
            setup.space,
            name,
            setup.data,
            setup.config,
            batch_size=min(32, len(setup.data.train)),
            seed=setup.seed,
        )
        rows[name] = {f"proxy/{proxy}": score.value for proxy, score in scores.items()}
        report("proxies", done, len(architectures))
    frame: pd.DataFrame = pd.DataFrame.from_dict(rows, orient="index")
    return frame
