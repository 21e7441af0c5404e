"""Importer of the official NAS-Bench-201 files, without executing what they pickle.

A file is a dictionary with ``meta_archs`` (official strings) and ``arch2infos[index] = {"full",
"less"}``, the state of the official class ``ArchResults`` after 200 and 12 epochs; that holds
``all_results[dataset, seed]``, the state of ``ResultsCount``. Layout as written by the official
package ``nas-bench-201`` 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.importers.nasbench201_runs import Epochs, Run, runs_to_tables
from rlnas.benchmarks.importers.numbers import count, number, numbers
from rlnas.benchmarks.importers.safe_pickle import load_plain
from rlnas.benchmarks.provenance import Provenance, converter, file_sha256
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.damage import guarded
from rlnas.errors import DataError, InvalidArgumentError, MissingDependencyError, shown
from rlnas.spaces import Architecture, get_space

_RECIPES = {"200": "full", "12": "less"}
_MOST_EPOCHS = 1000


def library_runs(
    strings: Mapping[int, str], infos: Mapping[int, Mapping[str, Mapping[str, Any]]]
) -> Iterator[Run]:
    """Yield the runs that ``nas_201_api.NASBench201API`` finds in an official dictionary.

    The package's own loading is a bare ``torch.load``, which PyTorch 2.6 and later refuse for the
    NumPy scalars in the file; it is handed the dictionary instead, which was read safely.

    Raises:
        MissingDependencyError: If the package is not installed.
    """
    try:
        from nas_201_api import NASBench201API
    except ImportError as error:
        raise MissingDependencyError(
            "nas-bench-201", "nasbench201", "Reading NAS-Bench-201 with its authors' classes"
        ) from error
    content = {
        "meta_archs": [strings.get(index, "") for index in range(max(strings, default=-1) + 1)],
        "arch2infos": dict(infos),
        "evaluated_indexes": sorted(infos),
    }
    api = NASBench201API(content, verbose=False)
    for row, index in enumerate(api.evaluated_indexes):
        for epochs, recipe in _RECIPES.items():
            results = api.query_meta_info_by_index(index, epochs)
            for dataset in results.get_dataset_names():
                for seed, result in results.query(dataset).items():
                    yield _library_run(row, recipe, dataset, seed, result)


def _library_run(row: int, recipe: str, dataset: str, seed: int, result: Any) -> Run:
    epochs = range(result.get_total_epoch())
    train = [result.get_train(epoch) for epoch in epochs]
    curves = {("train", kind): np.array([t[kind] for t in train]) for kind in ("accuracy", "loss")}
    for evaluated in result.get_eval_set():
        points = [_library_evaluation(result, evaluated, epoch) for epoch in epochs]
        for kind in ("accuracy", "loss"):
            curves[evaluated, kind] = np.array([point.get(kind, np.nan) for point in points])
    seconds, latency = result.get_times()["T-train@total"], result.get_latency()
    facts = {
        "train_seconds": np.nan if seconds is None else float(seconds),
        "params": float(result.params),
        "flops": float(result.flop),
        "latency": latency if latency > 0 else np.nan,
    }
    return Run(row, recipe, dataset, int(seed), curves, facts)


def _library_evaluation(result: Any, evaluated: str, epoch: int) -> Mapping[str, float]:
    try:
        point: Mapping[str, float] = result.get_eval(evaluated, epoch)
    except KeyError:  # the published files do not hold every epoch
        return {}
    return point


Strings = Mapping[int, str]
Infos = Mapping[int, Mapping[str, Mapping[str, Any]]]
RECIPES = ("full", "less")


def read_nasbench201_official(
    path: str | Path,
    *,
    name: str | None = None,
    epochs: Epochs = "final",
    with_library: bool = False,
) -> list[BenchmarkTable]:
    """Return the tables of an official file: one of 200 epochs and one of 12.

    Validation and test numbers are kept apart: the CIFAR-10 validation accuracy is that of
    ``cifar10-valid`` and its test accuracy that of ``cifar10``. Seeds are an axis. The cost is the
    seconds of training of the run whose validation accuracy a search sees.

    The whole file is read into memory, as the official interface does: the published files of 2.2
    and 4.7 GB need several times their size. PyTorch's allow-list unpickler is written in Python
    and slow: 2.6 MB/s, measured on a file of 2 MB, would make it 15 and 30 minutes, once. The
    folder of one file for each architecture that the authors publish beside them
    (``NNNNNN-FULL.pth``) is read file by file, which spares the memory.

    Args:
        path: The ``.pth`` file, or the folder.
        name: Beginning of the tables' names, which end in ``-200`` and ``-12``; by default the
            file's name without its ending.
        epochs: Whether to keep the ``final`` epoch, or ``all``.
        with_library: Whether to read the results through the classes of the optional package
            ``nas-bench-201``, for comparison; the file itself is read the same safe way.

    Raises:
        DataError: If it is no such file, is damaged, or holds anything that could run code.
        InvalidArgumentError: If ``epochs`` is neither.
        MissingDependencyError: If ``with_library`` is set and the package is not installed.
    """
    if epochs not in {"final", "all"}:
        raise InvalidArgumentError(f"epochs is {epochs!r}; expected 'final' or 'all'.")
    path = Path(path)
    with guarded(path, "official NAS-Bench-201 file: the layout is another"):
        strings, infos = _read_folder(path) if path.is_dir() else _read_file(path)
        architectures = _architectures(strings, infos)
        runs = library_runs(strings, infos) if with_library else _runs(infos)
        source = Provenance(
            title="NAS-Bench-201, the official file",
            url="https://github.com/D-X-Y/NAS-Bench-201",
            sha256="" if path.is_dir() else file_sha256(path),
            licence="MIT",
            citation="Dong and Yang, NAS-Bench-201, ICLR 2020, arXiv:2001.00326",
            converted_by=converter(),
        )
        stem = name or path.stem
        return runs_to_tables(stem, architectures, runs, source, epochs=epochs)


def _read_file(path: Path) -> tuple[Strings, Infos]:
    content = load_plain(path)
    if not isinstance(content, Mapping) or not {"meta_archs", "arch2infos"} <= set(content):
        raise DataError(
            f"{path} is not in the layout of the official NAS-Bench-201 file: expected a "
            "dictionary with 'meta_archs' and 'arch2infos'."
        )
    infos = content["arch2infos"]
    for index in infos:
        count(index, f"{path}, 'arch2infos'")
    return dict(enumerate(content["meta_archs"])), infos


def _read_folder(path: Path) -> tuple[Strings, Infos]:
    """Read a folder of ``NNNNNN-FULL.pth``, dropping what is not needed as it goes."""
    infos: dict[int, dict[str, Mapping[str, Any]]] = {}
    strings: dict[int, str] = {}
    for file in sorted(path.glob("[0-9]*-FULL.pth")):
        content = load_plain(file)
        if not isinstance(content, Mapping):
            raise DataError(f"{file} is not in the official layout: expected 'full' and 'less'.")
        index = int(file.name.split("-", maxsplit=1)[0])
        if index >= (size := get_space("nasbench-201").size):
            raise DataError(f"{file.name} has the index {index}; there are {size} architectures.")
        infos[index] = {recipe: content[recipe] for recipe in RECIPES if recipe in content}
        for state in infos[index].values():
            strings[index] = state["arch_str"]
            for result in state["all_results"].values():
                result["net_state_dict"] = None
    if not infos:
        raise DataError(f"{path} holds no file NNNNNN-FULL.pth.")
    return strings, infos


def _architectures(strings: Strings, infos: Infos) -> list[Architecture]:
    """Return the architectures that have results, in the order of their official indices."""
    space = get_space("nasbench-201")
    for index, recipes in infos.items():
        for state in recipes.values():
            if state["arch_str"] != strings[index]:
                raise DataError(
                    f"The results of index {index} are about {shown(state['arch_str'])}, not "
                    f"about {shown(strings[index])}."
                )
    return [space.parse(strings[index]) for index in sorted(infos)]


def _runs(infos: Infos) -> Iterator[Run]:
    for row, index in enumerate(sorted(infos)):
        for recipe in RECIPES:
            results = infos[index].get(recipe, {}).get("all_results", {})
            for (dataset, seed), state in results.items():
                where = f"index {index}, {recipe}, {shown(dataset)}"
                if not isinstance(dataset, str):
                    raise DataError(f"{where}: expected the name of a data set.")
                yield _run(row, recipe, (dataset, count(seed, where)), state, where)


def _run(row: int, recipe: str, key: tuple[str, int], state: Mapping[str, Any], where: str) -> Run:
    epochs = count(state["epochs"], where)
    held = sum(len(state[name] or ()) for name in ("train_acc1es", "eval_acc1es"))
    if epochs > max(held, _MOST_EPOCHS):  # a file may hold the numbers of some epochs alone
        raise DataError(f"{where}: {epochs} epochs, but {held} numbers for all of them.")
    curves = {
        ("train", "accuracy"): _curve(state["train_acc1es"], range(epochs), where),
        ("train", "loss"): _curve(state["train_losses"], range(epochs), where),
    }
    for evaluated in state["eval_names"]:
        if not isinstance(evaluated, str):
            raise DataError(f"{where}: expected the name of a split, got {shown(evaluated)}.")
        keys = [f"{evaluated}@{epoch}" for epoch in range(epochs)]
        curves[evaluated, "accuracy"] = _curve(state["eval_acc1es"], keys, where)
        curves[evaluated, "loss"] = _curve(state["eval_losses"], keys, where)
    latency = numbers(list(state["latency"] or ()), where)
    times = state["train_times"]
    facts = {
        "train_seconds": float(_curve(times, range(epochs), where).sum()) if times else np.nan,
        "params": number(state["params"], where),
        "flops": number(state["flop"], where),
        "latency": float(np.mean(latency)) if len(latency) else np.nan,
    }
    return Run(row, recipe, *key, curves, facts)


def _curve(values: Any, keys: range | list[str], where: str) -> NDArray[np.float64]:
    """Return the numbers at the keys, NaN where the file has none."""
    held = values if isinstance(values, Mapping) else dict(enumerate(values or ()))
    return numbers([held.get(key) for key in keys], where)
