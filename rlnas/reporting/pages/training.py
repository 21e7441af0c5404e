"""The page of a search that trained its architectures on a user's images."""

from __future__ import annotations

import html
import math
from pathlib import Path

import numpy as np

from rlnas.formats import format_amount, format_score, format_seconds
from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.figures.schedule import draw_schedule
from rlnas.reporting.figures.training import training_figures
from rlnas.reporting.pages.page import write_page
from rlnas.reporting.pages.parts import TableCell, drawn_figure, folded, heading, note, table
from rlnas.runs.dataset_search import KIND, TrainingSearchRun
from rlnas.statistics.bootstrap import Interval
from rlnas.statistics.proportions import proportion_difference, proportion_interval
from rlnas.training.regularisation.schedule import Schedule

_FULL_MATRIX = 30  # classes up to which the whole matrix is shown


def classes_section(run: TrainingSearchRun) -> str:
    """Return the accuracy of each class and what it was taken for; empty without classes."""
    if not run.best.get("confusion"):
        return ""
    counts = np.array(run.best["confusion"], dtype=np.int64)
    names = run.best["classes"] or [str(number) for number in range(len(counts))]
    head = ["class", _examples(run), "right", "accuracy", "[95 %]", "most often taken for"]
    lines: list[list[str | TableCell]] = []
    for number, row in enumerate(counts):
        total, right = int(row.sum()), int(row[number])
        found = proportion_interval(right, total)
        wrong = row.copy()
        wrong[number] = 0
        mistaken = ""
        if wrong.any():
            mistaken = f"{names[int(wrong.argmax())]} ({int(wrong.max())})"
        lines.append(
            [
                str(names[number]),
                str(total),
                str(right),
                f"{100 * found.estimate:.1f} %" if total else "–",
                f"[{100 * found.low:.1f}, {100 * found.high:.1f}]" if total else "",
                TableCell(mistaken, "text"),
            ]
        )
    parts = [heading("Classes"), table(head, lines)]
    parts.append(note(f"On the test {_examples(run)}, by the best network. Wilson's intervals."))
    if len(counts) <= _FULL_MATRIX:
        cells: list[list[str | TableCell]] = [
            [
                str(names[i]),
                *(
                    TableCell(str(n) if n else "·", "better" if i == j else "")
                    for j, n in enumerate(row)
                ),
            ]
            for i, row in enumerate(counts.tolist())
        ]
        about = note("A row for each true class, a column for what it was taken for.")
        parts.append(folded("Confusion matrix", table(["", *map(str, names)], cells) + about))
    return "\n".join(parts)


def write_training_page(run: TrainingSearchRun) -> Path:
    """Write the page and the figures of a finished search, and return the page's path.

    Of all test metrics only the best network's is on it.
    """
    result, epochs = run.result, int(run.settings["recipe"]["epochs"])
    parts = [_headline(run), _certainty(run)]
    figures = training_figures(run)
    progress = drawn_figure(
        Drawing(figures["progress"](), "progress"),
        run.folder,
        "Validation metric of each query and the best so far",
        f"What each query came to on the validation {_examples(run)}, in the order of the search.",
    )
    parts += [heading("Progress of the search"), progress, _trained(run)]
    if draw := figures.get("learning"):
        parts += [
            heading("Learning curves"),
            drawn_figure(
                Drawing(draw(), "learning"),
                run.folder,
                "Validation metric by epoch",
                f"On the validation {_examples(run)} after each epoch.",
            ),
        ]
    parts += [_schedule(run), classes_section(run), _cost(run), _model(run)]
    network = run.settings.get("network")
    what = f"schedules of {network}" if network else f"architectures of {result.space}"
    subtitle = (
        f"{len(result.records)} {what}, chosen by {result.searcher} and "
        f"trained for {epochs} epoch{'' if epochs == 1 else 's'} each."
    )
    return write_page(
        run.folder,
        KIND,
        title=f"Search: {result.task}",
        subtitle=subtitle,
        body="\n".join(part for part in parts if part),
        missing=0,
        seeds=(result.seed,),
    )


def _examples(run: TrainingSearchRun) -> str:
    """Return what the examples are, ``images`` or ``rows`` of a table."""
    return str(run.best.get("examples", "images"))


def _headline(run: TrainingSearchRun) -> str:
    if not run.best:
        return f"<p class='headline'>All {len(run.rows)} queries failed.</p>"
    best, unit = run.best, run.unit
    text = (
        f"The best of {len(run.rows)}: {best['architecture']}. "
        f"{format_score(best['valid']['metric'])}{unit} on validation {_examples(run)}, "
        f"{format_score(best['test']['metric'])}{unit}{_test_interval(run)} on test "
        f"{_examples(run)}."
    )
    # A long architecture must break somewhere on a narrow screen.
    line = f"<p class='headline' style='overflow-wrap:anywhere'>{html.escape(text)}</p>"
    parts = [line, note(best["data"])]
    parts += [f"<p class='notice'>{html.escape(line)}</p>" for line in best["notes"]]
    return "\n".join(parts)


def _interval(run: TrainingSearchRun, value: float, size: int) -> Interval:
    return proportion_interval(round(value / 100 * size), size)


def _percent(interval: Interval) -> str:
    return f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]".replace("-", "−")


def _test_interval(run: TrainingSearchRun) -> str:
    ends = [end for end in run.best.get("test_interval") or () if isinstance(end, float | int)]
    if len(ends) == 2 and all(map(math.isfinite, ends)):
        return f" [{', '.join(map(format_score, ends))}]".replace("-", "−")
    if not run.is_accuracy:
        return ""
    return " " + _percent(_interval(run, run.best["test"]["metric"], run.best["test_size"]))


def _certainty(run: TrainingSearchRun) -> str:
    """Return how sure the headline is."""
    scores = run.result.scores
    if not run.best:
        return ""
    best, raw, unit = run.best, run.result.metric.raw, run.unit
    count = int(np.isfinite(scores).sum())
    median = raw(float(np.nanmedian(scores)))
    lines = []
    if run.is_accuracy:
        size = best["valid_size"]
        top = _interval(run, raw(float(np.nanmax(scores))), size)
        gain = proportion_difference(top, _interval(run, median, size))
        verdict = (
            "The interval excludes 0."
            if gain.excludes_zero
            else f"The interval includes 0: with so few validation {_examples(run)}, or so small a "
            "difference, the best may be no better than the median."
        )
        lines.append(
            f"On the {size:,} validation {_examples(run)} the best is {100 * gain.estimate:.1f} "
            f"points above the median of the {count} trained ({format_score(median)}{unit}), 95 % "
            "interval "
            f"{_percent(gain)} by Newcombe's method for independent samples. {verdict}"
        )
        lines.append(
            f"The test accuracy was measured once, on {best['test_size']:,} {_examples(run)} that "
            "no search saw; its brackets are Wilson's 95 % interval."
        )
    elif _test_interval(run):
        lines.append(
            f"The median of the {count} trained is {format_score(median)}{unit} on the validation "
            f"{_examples(run)}."
        )
        lines.append(
            f"The test metric was measured once, on {best['test_size']:,} {_examples(run)} that no "
            "search saw; its brackets are a 95 % interval, by resampling these "
            f"{_examples(run)} (Student's, with a bootstrap standard error)."
        )
    else:
        lines.append(
            f"The median of the {count} trained is {format_score(median)}{unit} on the validation "
            f"{_examples(run)}. There is no interval: one needs examples that are right or wrong "
            "each."
        )
    lines.append(
        "The best validation score was chosen for being the highest, so it flatters; the test "
        "score does not. Another seed of the training would move both: one seed was trained."
    )
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return heading("How sure this is") + f"<ul>{items}</ul>"


def _trained(run: TrainingSearchRun) -> str:
    """Return the table of everything that was trained, best first."""
    metric = run.result.metric
    what = "schedule" if run.settings.get("network") else "architecture"
    # What it came to stands first: names are long, and a phone is narrow.
    head = ["query", _column(run), what, "epochs", "parameters", "MACs", "time", "remark"]
    lines: list[list[str | TableCell]] = []
    ordered = run.rows.sort_values("score", ascending=False, na_position="last", kind="stable")
    for row in ordered.to_dict("records"):
        failed = math.isnan(row["score"])
        is_best = row["architecture"] == run.best.get("architecture")
        value = "–" if failed else format_score(float(row["valid"]))
        remark = str(row["error"]) if failed else "exported" if is_best else ""
        lines.append(
            [
                str(row["query"]),
                TableCell(value, "better" if is_best else ""),
                TableCell(str(row["architecture"]), "text"),
                "–" if failed else str(row["epochs"]),
                format_amount(row["parameters"]),
                format_amount(row["macs"]),
                format_seconds(row["seconds"]),
                TableCell(remark, "text"),
            ]
        )
    failures = int(run.rows["error"].notna().sum())
    said = f" {failures} failed; each spent its query." if failures else ""
    better = "Higher" if metric.sign > 0 else "Lower"
    about = note(f"On validation {_examples(run)}. {better} is better.{said}")
    shown = 20
    inner = table(head, lines[:shown]) + about
    if len(lines) > shown:
        inner += folded(f"The other {len(lines) - shown}", table(head, lines[shown:]))
    return heading("Everything that was trained") + inner


def _column(run: TrainingSearchRun) -> str:
    metric = run.result.metric
    return metric.name if metric.unit == "1" else f"{metric.name} ({metric.unit})"


def _schedule(run: TrainingSearchRun) -> str:
    """Return the schedule of the best network's training; empty without one."""
    if not (kept := run.best.get("schedule")):
        return ""
    record = run.records.get(run.best["architecture"])
    history = run.best.get("final_history") or (record.history if record else ())
    figure = draw_schedule(Schedule.from_dict({"terms": kept["terms"]}), kept["parts"], history)
    caption = (
        "How strongly each term acts on each part of the best network, over its training (grey: "
        "not at all); below, what the terms times their strength, and the task's loss, came to."
    )
    drawing = Drawing(figure, "schedule")
    drawing.log(run.folder / "tensorboard" / "schedule", len(run.result.records))
    drawn = drawn_figure(drawing, run.folder, "Schedule", caption)
    return heading("Schedule of regularisation") + drawn


def _cost(run: TrainingSearchRun) -> str:
    costs = [record.evaluation.cost for record in run.result.records]
    final = float(run.best.get("final_seconds", 0.0))
    longer = f" Training the best longer took {format_seconds(final)}." if final else ""
    devices = sorted({record.device for record in run.records.values() if record.device})
    workers = int(run.settings["workers"])
    text = (
        f"{format_seconds(sum(costs))} of training and evaluation for {len(costs)} architectures, "
        f"{format_seconds(float(np.median(costs)))} each (median), on {', '.join(devices) or '–'}"
        f"{f', {workers} at once' if workers > 1 else ''}.{longer}"
    )
    return heading("What it cost") + f"<p>{html.escape(text)}</p>"


def _model(run: TrainingSearchRun) -> str:
    if not run.best:
        return ""
    best = run.best
    less = ""
    if before := best.get("parameters_before_cutting"):
        less = f" (of {format_amount(before)}; the others did nothing and are cut out)"
    text = (
        f"The folder best holds the network with {format_amount(best['live_parameters'])} "
        f"parameters{less} and {format_amount(best['macs'])} multiply-accumulates an example: "
        "model.safetensors (weights), model.py (its definition; needs torch and safetensors "
        "only) and README.txt."
    )
    usage = "import model\nimages = model.read(path)[None]\nmodel.predict(images)"
    if run.settings["task"] == "jigsaw":
        usage = "import model\nmodel.predict(puzzles)"
    if "preparation" in best:
        usage = 'import model\nmodel.predict(model.read("rows.csv"))'
    return heading("The model") + f"<p>{html.escape(text)}</p>" + f"<pre>{html.escape(usage)}</pre>"
