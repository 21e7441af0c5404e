"""Source controllers from the folders that trainings wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.errors import CheckpointError, InvalidArgumentError, RlnasError, UnknownNameError
from rlnas.runs.cell import OTHERS
from rlnas.runs.controller_training import CHECKPOINT
from rlnas.search import Searcher, get_searcher, searcher_names

if TYPE_CHECKING:
    from rlnas.agents import ControllerConfig, PPOController, SharedController
    from rlnas.tasks import TabularTask
    from rlnas.transfer.sources import SourcePool


@dataclass(frozen=True)
class LoadedSources:
    """What searches may start from.

    Attributes:
        pools: What each search starts from, by a label: the task of a source, or `OTHERS` for all
            sources at once.
        checkpoints: Folder of each checkpoint, by label.
        tasks: Full names of the source tasks of each pool, ``suite/task``.
        config: Configuration of the first controller.
    """

    pools: dict[str, SourcePool]
    checkpoints: dict[str, str]
    tasks: dict[str, tuple[str, ...]]
    config: ControllerConfig


def load_sources(folders: Sequence[str | Path], method: str) -> LoadedSources:
    """Return the sources of a method.

    A method that starts from several sources gets all of them at once; any other is run from each.

    Args:
        folders: Folders that ``rlnas train`` wrote, or checkpoints.
        method: Name of the transfer method.

    Raises:
        CheckpointError: If a folder holds no checkpoint.
        InvalidArgumentError: If the method uses no source, or not this kind.
    """
    from rlnas.agents import SharedController
    from rlnas.transfer.registry import get_method
    from rlnas.transfer.sources import Source, SourcePool

    entry = get_method(method)
    if entry.takes == {"none"}:
        raise InvalidArgumentError(
            f"The method {method!r} uses no source. Choose one that does, or compare with it by "
            f"baselines=[{method!r}]."
        )
    if not folders:
        raise InvalidArgumentError(
            f"{method!r} needs a source; give a folder that `rlnas train` wrote by sources=…."
        )
    paths = [checkpoint_in(folder) for folder in folders]
    controllers = [_load(path) for path in paths]
    pools: dict[str, SourcePool] = {}
    checkpoints: dict[str, str] = {}
    tasks: dict[str, tuple[str, ...]] = {}
    for path, controller in zip(paths, controllers, strict=True):
        names = tuple(name.rsplit("/", 1)[-1] for name in controller.sources)
        label = _new_label(names[0] if len(names) == 1 else f"{len(names)}-tasks", pools)
        checkpoints[label], tasks[label] = str(path), tuple(controller.sources)
        if isinstance(controller, SharedController):
            if entry.trained != "shared":
                raise InvalidArgumentError(
                    f"{path} holds an encoder shared by {', '.join(names)}, which {method!r} "
                    "cannot start from; use method='shared-representation'."
                )
            pools[label] = SourcePool(shared=controller)
        elif entry.trained == "joint":
            pools[label] = SourcePool(joint=controller)
        else:
            task = _task_of(controller.sources[0]) if len(names) == 1 else None
            pools[label] = SourcePool((Source(label, controller, task),))
    together = [source for pool in pools.values() for source in pool.sources]
    if "several" in entry.takes and 1 < len(together) == len(pools):
        every = tuple(name for own in tasks.values() for name in own)
        pools, tasks = {OTHERS: SourcePool(tuple(together))}, {OTHERS: every}
        checkpoints = {OTHERS: ", ".join(checkpoints.values())}
    return LoadedSources(pools, checkpoints, tasks, controllers[0].config)


def searcher_from_folders(name: str, folders: Sequence[str | Path], **options: object) -> Searcher:
    """Return a searcher by its name, or a transfer method with its one source.

    Args:
        name: A searcher, or a transfer method.
        folders: Folders that ``rlnas train`` wrote, or checkpoints; none for a searcher.
        options: Its options.

    Raises:
        UnknownNameError: If there is no such searcher or method.
        InvalidArgumentError: If a searcher is given sources, or a method not what it needs.
        CheckpointError: If a folder holds no checkpoint.
    """
    from rlnas.transfer.registry import MethodSettings, get_method, make_method, method_names
    from rlnas.transfer.sources import SourcePool

    if name not in (*searcher_names(), *method_names()):
        raise UnknownNameError(
            "searcher or transfer method", name, (*searcher_names(), *method_names())
        )
    searches_alone = name in searcher_names()
    if folders and (searches_alone or get_method(name).takes == {"none"}):
        raise InvalidArgumentError(
            f"{name} starts from no source; leave sources=… out, or choose a transfer method, "
            "e.g. searcher='zero-shot'."
        )
    if searches_alone:
        return get_searcher(name, **options)
    if not folders:
        if get_method(name).takes == {"none"}:
            return make_method(name, SourcePool(), MethodSettings(), **options)
        raise InvalidArgumentError(
            f"{name} is a transfer method; give a folder that `rlnas train` wrote by sources=…."
        )
    sources = load_sources(folders, name)
    if len(sources.pools) > 1:
        raise InvalidArgumentError(
            f"{name} was given {len(sources.pools)} sources ({', '.join(sources.pools)}); a single "
            "search takes one."
        )
    (pool,) = sources.pools.values()
    return make_method(name, pool, MethodSettings(controller=sources.config), **options)


def _new_label(label: str, taken: Mapping[str, object]) -> str:
    """Return a label that is not taken: the same task may come twice, e.g. with two seeds."""
    number = sum(other.split("#")[0] == label for other in taken) + 1
    return label if number == 1 else f"{label}#{number}"


def checkpoint_in(folder: str | Path) -> Path:
    """Return the checkpoint of a training's run folder; a checkpoint is returned as it is.

    Raises:
        CheckpointError: If there is no such folder.
    """
    folder = Path(folder)
    inner = folder / CHECKPOINT
    path = inner if inner.is_dir() else folder
    if not path.is_dir():
        raise CheckpointError(
            f"The source {folder} does not exist; expected a folder that `rlnas train` wrote."
        )
    return path


def _load(path: Path) -> PPOController | SharedController:
    from rlnas.agents import PPOController, SharedController
    from rlnas.agents.checkpoint import read_config

    kind = SharedController if read_config(path).get("kind") == "shared" else PPOController
    return kind.load(path)


def _task_of(name: str) -> TabularTask | None:
    """Return a source task by its full name; None where its table is not at hand."""
    from rlnas.benchmarks import load_suite

    suite, _, short = name.rpartition("/")
    try:
        return load_suite(suite)[short]
    except RlnasError:
        return None
