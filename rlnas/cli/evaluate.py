"""``rlnas evaluate``: train named architectures on a data set and score them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions, Flag, Folder, Text
from rlnas.cli.training_options import TrainingOptions, describe_data, prepare
from rlnas.errors import DataError, InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.cli.screen import Screen
    from rlnas.cli.training_options import Prepared
    from rlnas.spaces import SearchSpace


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(CommonOptions):
    """Train architectures on a data set and print what each comes to.

    The validation score is what a search sees. The test score is for the final report of an
    architecture that was chosen without it.
    """

    architecture: Annotated[tuple[str, ...], tyro.conf.arg(metavar="STR[,STR…]")]
    """Official strings, separated by commas; or a file with one a line; or random:N."""

    dataset: str
    """rooms, digits, or a folder of images with a subfolder for each class."""

    task: Text = None
    """Task of the data set; by default its first, `class` for a folder."""

    seed: int = 0
    """Seed of the split, the first weights and the order of the images."""

    proxies: Flag = False
    """Also compute zero-cost proxies, before any training."""

    untrained: Flag = False
    """Train nothing: parameters, operations and, with --proxies, proxies only."""

    out: Folder = None
    """Run folder; by default runs/evaluate/DATASET/TASK."""

    resume: Flag = False
    """Go on with the run in `--out`; what is trained there is not trained again."""

    training: TrainingOptions = field(default_factory=TrainingOptions)


def run(options: EvaluateOptions, screen: Screen) -> dict[str, Any]:
    """Train what is missing, and print the table."""
    from rlnas.atomic import atomic_file
    from rlnas.run_folder import begin_run

    prepared = prepare(options.training, options.dataset, options.task, options.seed)
    architectures = read_architectures(options.architecture, prepared.space, options.seed)
    data = prepared.data
    folder = options.out or Path("runs", "evaluate", prepared.name)
    begin_run(
        folder, "evaluate", prepared.settings(), resume=options.resume, command=screen.command
    )
    screen.note(describe_data(data))
    for note in data.notes:
        screen.note(f"Note: {note}")
    rows = _statistics(prepared, architectures)
    if not options.untrained:
        rows = rows.join(_train(prepared, architectures, folder, screen), on="architecture")
    if options.proxies:
        rows = rows.join(_proxies(prepared, architectures, screen), on="architecture")
    with atomic_file(folder / "evaluations.parquet") as partial:
        rows.to_parquet(partial, index=False)
    _print(rows, prepared, options, screen)
    screen.line(f"Results: {folder / 'evaluations.parquet'}")
    return {
        "command": "evaluate",
        **prepared.settings(),
        "metric": data.spec.metric.name,
        "rows": rows.to_dict("records"),
        "out": folder,
    }


def read_architectures(given: tuple[str, ...], space: SearchSpace, seed: int) -> list[str]:
    """Return distinct architectures: named, listed in files, or drawn at random.

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


def _statistics(prepared: Prepared, architectures: list[str]) -> pd.DataFrame:
    from rlnas.networks import statistics_of_many

    space = prepared.space
    vectors = [space.parse(architecture) for architecture in architectures]
    counts = statistics_of_many(space, vectors, prepared.data.spec, prepared.config)
    rows: pd.DataFrame = counts[["parameters", "macs"]]
    rows.insert(0, "architecture", architectures)
    return rows


def _train(
    prepared: Prepared, architectures: list[str], folder: Path, screen: Screen
) -> pd.DataFrame:
    import pandas as pd

    objective = prepared.objective(folder / "architectures")
    found = []
    with screen.progress() as report:
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


def _proxies(prepared: Prepared, architectures: list[str], screen: Screen) -> pd.DataFrame:
    import pandas as pd

    from rlnas.proxies import proxy_scores

    rows = {}
    with screen.progress() as report:
        for done, name in enumerate(architectures, start=1):
            scores = proxy_scores(
                prepared.space,
                name,
                prepared.data,
                prepared.config,
                batch_size=min(32, len(prepared.data.train)),
                seed=prepared.seed,
            )
            rows[name] = {f"proxy/{proxy}": score.value for proxy, score in scores.items()}
            report("proxies", done, len(architectures))
    frame: pd.DataFrame = pd.DataFrame.from_dict(rows, orient="index")
    return frame


def _print(
    rows: pd.DataFrame, prepared: Prepared, options: EvaluateOptions, screen: Screen
) -> None:
    from rlnas.reporting.terminal.training import proxy_table, training_table

    metric = prepared.data.spec.metric
    screen.print(training_table(rows, metric, title=prepared.name))
    if not options.untrained:
        for row in rows[rows["error"].notna()].itertuples():
            screen.line(f"{row.architecture} failed: {row.error}")
    if options.proxies:
        screen.print(proxy_table(rows))
