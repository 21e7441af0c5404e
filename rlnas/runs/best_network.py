"""The best network of a search on a user's data: trained longer, tested, exported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.errors import RunError, shown
from rlnas.formats import format_score
from rlnas.plain import whole
from rlnas.training.regularisation.schedule import Schedule

if TYPE_CHECKING:
    from rlnas.networks.network import TaskNetwork
    from rlnas.search import SearchResult
    from rlnas.training import TrainingResult
    from rlnas.training.objective.objective import TrainingObjective
    from rlnas.training.objective.task import TrainingSetup


def keep_best(
    result: SearchResult,
    objective: TrainingObjective,
    setup: TrainingSetup,
    folder: Path,
    *,
    final_epochs: int | None,
) -> dict[str, Any]:
    """Export the best network, trained longer if asked, and return what is known of it.

    Its test metrics are the only ones that a report of the search sees.

    Args:
        result: The search; at least one query did not fail.
        objective: What trained.
        setup: Data, recipe and skeleton.
        folder: The run folder; the model goes to its subfolder ``best``.
        final_epochs: Epochs of a new training of the best, or None for the search's own.
    """
    from rlnas.export import export_model, export_table_model
    from rlnas.networks import DenseNetwork, SearchedNetwork, network_statistics
    from rlnas.networks.cutting import cut_network
    from rlnas.networks.parts import network_parts
    from rlnas.training import choose_device
    from rlnas.training.metrics import confusion_matrix, metric_interval
    from rlnas.training.objective.task import describe_data
    from rlnas.training.regularisation.points import recipe_of

    data, spec = setup.data, setup.data.spec
    chosen = result.best
    record = objective.record(chosen.architecture)
    if record is None:
        raise RunError(
            f"The record of {chosen.architecture} is gone; go on with the run by resume=True "
            "to train it again."
        )
    network = objective.network(chosen.architecture)
    about: dict[str, Any] = {
        "architecture": chosen.architecture,
        "query": chosen.query,
        "valid": dict(record.valid),
        "test": dict(record.test),
        "epochs": record.best_epoch,
        "valid_size": len(data.valid),
        "test_size": len(data.test),
        "train_size": len(data.train),
        "data": describe_data(data),
        "notes": list(data.notes),
        "classes": list(spec.classes),
        **({} if spec.examples == "images" else {"examples": spec.examples}),
        "counts_examples": spec.kind in ("class", "jigsaw") and spec.metric.name == "valid_top1",
        "device": record.device,
        **vars(network_statistics(setup.space, chosen.architecture, spec, setup.config)),
    }
    if final_epochs is not None:
        final = _train_longer(network, chosen.architecture, setup, final_epochs, folder)
        kept = final.history[final.best_epoch - 1]
        about["search_valid"] = about["valid"]
        about |= {"valid": kept.valid, "test": kept.test, "epochs": final.best_epoch}
        about |= {"final_seconds": final.seconds, "final_history": final.rows()}
    if spec.features and not about["counts_examples"]:
        found = metric_interval(network, data.test, spec)
        about["test_interval"] = [found.low, found.high]
    if spec.kind == "class":
        device = choose_device(setup.device)
        test = data.to(device).test
        about["confusion"] = confusion_matrix(network.to(device), test, spec.outputs).tolist()
    metric, unit = spec.metric, spec.metric.suffix
    said = (
        f"The best of {len(result.records)} architectures that {result.searcher} trained on "
        f"{data.dataset}, task {spec.name}.\n"
        f"{metric.name} {format_score(about['valid']['metric'])}{unit} on validation, "
        f"{format_score(about['test']['metric'])}{unit} on test {spec.examples}."
    )
    if regularisation := recipe_of(setup.space, chosen.architecture, setup.recipe).regularisation:
        parts = tuple(network_parts(network))
        about["schedule"] = {"parts": list(parts), **regularisation.on(parts).to_dict()}
    if isinstance(network, DenseNetwork):
        before = network.parameters_in_use
        network = cut_network(network)  # what a penalty or chance left without use
        if network.parameters_in_use < before:
            about["parameters_before_cutting"] = before
        about["live_parameters"] = network.parameters_in_use
        about["macs"] = sum(step.macs for step in network.steps) + network.head.weight.numel()
    if data.preparation is not None and isinstance(network, DenseNetwork):
        export_table_model(network, folder / "best", data.preparation, about=said)
        about["preparation"] = data.preparation.to_dict()
    elif isinstance(network, SearchedNetwork):
        export_model(network, folder / "best", mean=data.mean, std=data.std, about=said)
    return about


def check_best(best: Mapping[str, Any]) -> None:
    """Make sure that what is known of a network, read from a file, is what `keep_best` returned.

    Args:
        best: It; empty where every query failed.

    Raises:
        TypeError, ValueError, KeyError: If it is not.
    """
    if not best:
        return
    for name in ("architecture", "data"):
        _are(str, name, [best[name]])
    for name in ("notes", "classes"):
        _are(str, name, best[name])
    for name in ("valid", "test"):
        _are(int | float, name, [best[name]["metric"]])
    for name in ("valid_size", "test_size"):
        whole(best[name], name)
    _are(int | float, "costs", [best["live_parameters"], best["macs"]])
    _are(int | float, "final_seconds", [best.get("final_seconds", 0.0)])
    for row in best.get("final_history") or ():
        whole(row["epoch"], "epoch")
        _are(int | float | None, "final_history", row.values())
    _are(int | float | None, "test_interval", best.get("test_interval") or ())
    if schedule := best.get("schedule"):
        _are(str, "schedule", schedule["parts"])
        Schedule.from_dict({"terms": schedule["terms"]})
    if counts := best.get("confusion"):
        _are(list, "confusion", counts)
        if {len(row) for row in counts} != {len(counts)} or len(best["classes"] or counts) != len(
            counts
        ):
            raise ValueError("its confusion matrix is not square, or of other classes")
        for row in counts:
            for number in row:
                whole(number, "confusion")


def _are(kinds: Any, name: str, values: Iterable[object]) -> None:
    if isinstance(values, str) or not all(isinstance(value, kinds) for value in values):
        raise TypeError(f"its {name} is {shown(values)}")


def _train_longer(
    network: TaskNetwork, architecture: str, setup: TrainingSetup, epochs: int, folder: Path
) -> TrainingResult:
    """Train the best architecture anew for more epochs; the network gets the weights."""
    from rlnas.networks import build_task_network
    from rlnas.training import train_network
    from rlnas.training.regularisation.points import recipe_of

    fresh = build_task_network(
        setup.space,
        architecture,
        setup.data.spec,
        setup.config,
        seed=setup.seed,
    )
    network.load_state_dict(fresh.state_dict())
    return train_network(
        network,
        setup.data,
        replace(recipe_of(setup.space, architecture, setup.recipe), epochs=epochs),
        seed=setup.seed,
        device=setup.device,
        folder=folder / f"final-{epochs}-epochs",
        resume=True,
    )
