"""What `build.py` leaves is what `pack.py` puts into a table, and what `compare.py` shows."""

import importlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlnas.benchmarks import open_table
from rlnas.benchmarks.builtin import built_in_folder
from rlnas.datasets.spec import TRANSNAS_TASKS as TASKS
from rlnas.errors import DataError
from rlnas.sealed_json import read_sealed_json, write_sealed_json
from rlnas.spaces import get_space
from rlnas.training.tabulation.plan import TabulationCell, keep_plan, missing_cells, write_cell

MICRO = get_space("transnas-micro")
FORMS = ["64-41414-0_00_300", "64-41414-1_30_132", "64-41414-3_13_333"]


def finished(plan, row, seed, task):
    """A training whose epochs' numbers say what they are of."""
    number = 10 * row + seed + 0.1 * TASKS.index(task)
    epochs = []
    count = plan.recipe(task).epochs
    for epoch in range(1, count + 1):
        record = {"epoch": epoch, "cpu_seconds": 1.5, "train_loss": 5 - epoch, "seconds": 9.0}
        record |= {"valid_metric": number + epoch / count / 2, "valid_loss": number + 100}
        if task == "segmentsemantic":
            record["valid_miou"] = 7.0
        epochs.append(record)
    epochs[-1] |= {"test_metric": number + 1000, "test_loss": number + 2000}
    if task == "segmentsemantic":
        epochs[-1]["test_miou"] = 8.0
    return {"error": None, "device": "cpu", "history": epochs}


@pytest.fixture(scope="module")
def module(experiments):
    """Import a script of the folder."""
    folder = experiments / "rooms-suite"
    names = {path.stem for path in folder.glob("*.py")}
    sys.path.insert(0, str(folder))
    yield importlib.import_module
    sys.path.remove(str(folder))
    for name in names & set(sys.modules):
        del sys.modules[name]


@pytest.fixture(scope="module")
def plan(module):
    """What is trained in rooms-micro."""
    return module("build").plan("micro")


@pytest.fixture(scope="module")
def cells(plan, tmp_path_factory):
    """Three architectures with two seeds; the last one failed on one task with one seed."""
    folder = tmp_path_factory.mktemp("suite") / "micro"
    (folder / "proxies").mkdir(parents=True)
    for name, part in plan.parts.items():
        keep_plan(part, folder / name)
        for row, architecture in enumerate(FORMS):
            for seed in (0, 1):
                found = {t: finished(plan, row, seed, t) for t in part.tasks}
                if (row, seed) == (2, 1) and "room_layout" in found:
                    found["room_layout"]["error"] = "the loss is not finite"
                write_cell(TabulationCell(architecture, seed), found, folder / name)
    score = {"synflow": {"value": 3.5}, "zen": {"value": None}}
    proxies = {"architecture": FORMS[1], "tasks": dict.fromkeys(TASKS, score)}
    (folder / "proxies" / f"{FORMS[1]}.json").write_text(json.dumps(proxies))
    return folder


@pytest.fixture(scope="module")
def script(experiments, environment):
    """Run a script of the folder; return the completed process."""

    def run(name, *arguments, **variables):
        command = [sys.executable, experiments / "rooms-suite" / name, *map(str, arguments)]
        return subprocess.run(
            command,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    return run


@pytest.fixture(scope="module")
def packed(script, cells, tmp_path_factory):
    """The packed tables' folder, and what was printed."""
    out = tmp_path_factory.mktemp("packed")
    done = script("pack.py", cells, "--out", out, "--seeds", 0, 1)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_the_packed_numbers_are_those_of_the_cells(packed, plan, module):
    out, printed = packed
    table = open_table(out / "rooms-micro", verify=True)
    assert table.num_rows == 1376
    assert "'class_scene': 2746" in printed  # of two seeds
    where = MICRO.index(np.stack([MICRO.parse(text) for text in FORMS]))
    scene = table.column("class_scene")
    assert (scene.seeds, scene.metric.name, scene.metric.epoch_policy) == (
        (0, 1),
        "valid_top1",
        "all",
    )
    np.testing.assert_allclose(table.scores("class_scene", seed=1)[where], [1.6, 11.6, 21.6])
    first = table.scores("class_scene", epoch=0)[where]  # the mean over the seeds
    np.testing.assert_allclose(first, [0.725, 10.725, 20.725])
    assert np.isfinite(table.scores("class_scene")).sum() == 3
    # A loss is minimised; it is the primary metric, so there is no second column of it.
    np.testing.assert_allclose(
        table.scores("room_layout", seed=0)[where], [-0.7, -10.7, -20.7], rtol=1e-6
    )
    assert table.metrics("room_layout")[:3] == ("valid_loss", "test_loss", "train_loss")
    # The one that failed counts as not measured, and the other seed stands alone.
    assert np.isnan(table.scores("room_layout", seed=1)[where[2]])
    assert table.scores("room_layout")[where[2]] == np.float32(-20.7)
    task = table.task("class_scene", seed=1)
    np.testing.assert_allclose(task.test_scores[where], [1001.1, 1011.1, 1021.1])
    np.testing.assert_allclose(task.costs[where], 1.5 * plan.recipe("class_scene").epochs)
    assert table.task("class_scene", epoch=0).costs[where[0]] == 1.5
    assert table.scores("segmentsemantic", "valid_mIoU")[where[0]] == 7
    assert table.scores("segmentsemantic", "test_mIoU")[where[0]] == 8
    synflow = table.scores("segmentsemantic", "synflow")[where]
    np.testing.assert_array_equal(synflow, [np.nan, 3.5, np.nan])
    assert "zen" not in table.metrics("segmentsemantic")  # it has no score for any of them
    assert "build.py micro OUT --seeds 0 1" in table.source.made_by
    assert table.tasks == TASKS
    told = json.loads((out / "rooms-micro" / "plan.json").read_text())
    assert module("suite_plan").SuitePlan.from_description(told).recipe("jigsaw") == plan.recipe(
        "jigsaw"
    )


def test_without_proxies_the_table_keeps_those_that_the_package_has(cells, script, tmp_path):
    """First weights know nothing of recipes."""
    folder = shutil.copytree(cells, tmp_path / "micro")
    shutil.rmtree(folder / "proxies")
    done = script("pack.py", folder, "--out", tmp_path, "--seeds", 0)
    assert done.returncode == 0, done.stderr
    table, shipped = (
        open_table(tmp_path / "rooms-micro"),
        open_table(built_in_folder("rooms-micro")),
    )
    for name in ("synflow", "epe_nas", "parameters"):
        np.testing.assert_array_equal(
            table.column("class_scene", name).values, shipped.column("class_scene", name).values
        )


def test_the_comparison_counts_each_network_once(packed, script, tmp_path):
    folder, _ = packed
    nothing = {"RLNAS_OFFLINE": "1", "RLNAS_DATA_MIRROR": "", "RLNAS_CACHE": str(tmp_path / "no")}
    done = script("compare.py", "--tables", folder, "--keep", tmp_path, **nothing)
    assert done.returncode == 0, done.stderr
    assert "Without transnas-micro" in done.stdout
    for name in ("correlations", "scores-rooms-micro"):
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    rows = pd.read_csv(tmp_path / "rooms-micro-score.csv").set_index("task")
    assert (rows["n"] == len(FORMS)).all()
    assert rows.loc["class_scene", "best architecture"] == FORMS[2]
    assert rows.loc["class_scene", "best"] == pytest.approx(21.1)
    assert rows.loc["room_layout", "best"] == pytest.approx(-1.2)
    correlations = pd.read_csv(tmp_path / "correlations.csv").set_index("task")
    assert correlations.loc["class_scene", "room_layout"] == -1


@pytest.mark.parametrize("differs", [False, True])
def test_training_again_has_to_give_the_table(differs, packed, cells, script, tmp_path):
    """The trainings are there, so none is made; one of them may differ from the table."""
    shutil.copytree(cells, tmp_path / "micro")
    if differs:
        path = tmp_path / "micro" / "jigsaw" / f"{FORMS[1]}.seed0.json"
        content = read_sealed_json(path, "training")
        content["tasks"]["jigsaw"]["history"][-1]["valid_metric"] += 0.001
        write_sealed_json(path, content, keep_nan=True)
    options = ["--table", packed[0] / "rooms-micro", "--out", tmp_path, "--keep", tmp_path]
    done = script("reproduce.py", "micro", *options)
    assert done.returncode == (1 if differs else 0), done.stderr
    assert ".seed" not in done.stdout  # what it says of each training
    page = (tmp_path / "reproduced-micro.md").read_text()
    jigsaw = next(line for line in page.splitlines() if "`jigsaw`" in line)
    assert f"| {2 if differs else 3} of 3 |" in jigsaw
    scene = next(line for line in page.splitlines() if "`class_scene`" in line)
    # The other seed is higher by 1 for all alike: a shift, and no noise in the ranking.
    shift, noise, *_, alike = (float(cell) for cell in scene.split("|")[5:-1])
    assert (shift, alike) == (pytest.approx(1), 1)
    assert noise == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: [path.unlink() for path in f.glob("*/plan.json")], "no part with a plan.json"),
        (lambda f: (f / "jigsaw" / "plan.json").write_text("{}"), "is no plan"),
        (lambda f: (f / "jigsaw" / f"{FORMS[0]}.seed0.json").write_text("{"), "is damaged"),
        (
            lambda f: (f / "jigsaw" / f"{FORMS[0]}.seed0.json").rename(
                f / "jigsaw" / "64-41414-0_00_310.seed0.json"
            ),
            "is not what its name",
        ),
        (
            lambda f: shutil.copy(
                f / "jigsaw" / f"{FORMS[0]}.seed0.json", f / "object" / f"{FORMS[0]}.seed0.json"
            ),
            "is not what its name",
        ),
    ],
)
def test_what_is_damaged_is_not_packed(change, message, cells, module, tmp_path):
    copy = shutil.copytree(cells, tmp_path / "micro")
    change(copy)
    with pytest.raises(DataError, match=message):
        module("suite_cells").read_cells(copy, (0, 1))


@pytest.mark.slow
def test_a_build_goes_on_where_it_was_and_from_what_is_kept(module, monkeypatch, tmp_path, capsys):
    """Real trainings of one step; those that are kept are not made again elsewhere."""
    build, collect, pieces = map(module, ("build", "collect", "suite_pieces"))
    recipe = replace(build.RECIPE, epochs=1, epoch_examples=32)
    sizes = (32, 16, 16)
    small = {"a": (("class_object",), recipe, sizes), "b": (("jigsaw",), recipe, sizes)}
    monkeypatch.setattr(build, "PARTS", small)
    for script in (build, collect):
        monkeypatch.setattr(script, "architectures", lambda space: FORMS[:2])

    def train(out, parts):
        options = {"space": "micro", "seeds": (0, 1), "workers": 1, "trained": tmp_path / "kept"}
        build.main(build.Options(out=tmp_path / out, parts=parts, **options))
        return capsys.readouterr().out.count("h left")

    assert train("here", ("a",)) == 4
    assert train("here", ("a", "b")) == 4
    collect.main(collect.Options(space="micro", out=tmp_path / "here", keep=tmp_path / "kept"))
    capsys.readouterr()
    pieces.piece_path(tmp_path / "kept", "micro", "b", 1).unlink()
    assert train("there", ("a", "b")) == 2
    # The same numbers come out there, bit for bit.
    found = [
        module("suite_cells").read_cells(tmp_path / w / "micro", (1,)) for w in ("here", "there")
    ]
    values = [
        module("suite_cells").curve(c, FORMS[:2], (1,), "jigsaw", "valid_loss") for c in found
    ]
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(*values)


@pytest.fixture(scope="module")
def kept(script, cells, tmp_path_factory):
    """The folder of collected pieces, and what was printed."""
    folder = tmp_path_factory.mktemp("kept")
    done = script("collect.py", "micro", cells.parent, "--keep", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture
def collect(module):
    """Collect pieces of a folder of trainings in another, in this process."""
    made = module("collect")
    return lambda out, keep: made.main(made.Options(space="micro", out=out, keep=keep))


def test_another_machine_goes_on_where_the_pieces_end(kept, cells, module, tmp_path):
    """What is unpacked there counts as trained, and gives the same table."""
    build, suite_cells = module("build"), module("suite_cells")
    out = tmp_path / "elsewhere"
    made = build.prepare(build.Options(space="micro", out=out, trained=kept[0]))
    for name, part in made.parts.items():
        missing = list(missing_cells(out / "micro" / name, FORMS, (0, 1), part.tasks))
        assert not missing
        # It is the folder of this plan: training goes on in it.
        keep_plan(part, out / "micro" / name)
    before, after = (suite_cells.read_cells(f, (0, 1)) for f in (cells, out / "micro"))
    assert after.machines == [build.machine()]
    assert after.devices == before.devices
    for task in TASKS:
        for key in ("valid_metric", "test_loss", "cpu_seconds", "train_loss", "valid_miou"):
            np.testing.assert_array_equal(
                *(suite_cells.curve(c, FORMS, (0, 1), task, key) for c in (before, after))
            )


def test_pieces_grow_and_are_the_same_whoever_merges_them(kept, cells, collect, module, tmp_path):
    """Half of the cells were trained here, half there."""
    out, merged = tmp_path / "other", tmp_path / "merged"
    for half, architectures in enumerate((FORMS[:1], FORMS[1:])):
        shutil.copytree(cells, out / str(half) / "micro")
        for path in (out / str(half) / "micro").glob("*/*.seed*.json"):
            if path.name.split(".seed")[0] not in architectures:
                path.unlink()
        assert collect(out / str(half), merged) == 0
        files = {path.name: path.read_bytes() for path in merged.glob("*.parquet")}
        whole = {path.name: path.read_bytes() for path in kept[0].glob("*.parquet")}
        assert files.keys() == whole.keys()
        assert (files == whole) == bool(half)
    assert len(whole) == 2 * len(module("build").PARTS)


def test_what_is_collected_says_how_far_it_is(kept):
    page = (kept[0] / "progress-micro.md").read_text()
    assert page.strip() == kept[1].strip()
    pixels = next(line for line in page.splitlines() if line.startswith("| pixels"))
    # Three tasks of three epochs of 1.5 s, with three architectures and two seeds.
    assert "| 3 of 1376 | 3 of 1376 | 0 of 1376 | 0.02 |" in pixels
    # Architectures are apart by 10, the seeds by 1 for all alike.
    rows = [line for line in page.splitlines() if line.startswith("| `class_scene` | all 3")]
    within, between, share, alike = (cell.split()[0] for cell in rows[0].split("|")[4:8])
    assert float(within) == pytest.approx(0, abs=1e-5)
    assert (between, share, alike) == ("10", "1.00", "1.00")


def test_pieces_of_another_plan_are_refused(kept, cells, collect, module, tmp_path):
    build, pieces = module("build"), module("suite_pieces")
    folder = shutil.copytree(kept[0], tmp_path / "kept")
    path = pieces.piece_path(folder, "micro", "jigsaw", 0)
    piece = pieces.read_piece(path)
    pieces.write_piece(path, replace(piece, plan=replace(piece.plan, sizes=(8, 8, 8))))
    with pytest.raises(DataError, match="another plan"):
        build.prepare(build.Options(space="micro", out=tmp_path / "out", trained=folder))
    with pytest.raises(DataError, match="another plan"):
        collect(cells.parent, folder)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="damaged"):
        pieces.read_piece(path)


def test_the_first_get_all_seeds_and_all_get_each_once(module):
    build = module("build")
    wanted = [str(number) for number in range(build.FIRST + build.LATE + 1)]
    made = list(build.chunks(wanted, (0, 1)))
    found = [(text, seed) for some, seeds in made for seed in seeds for text in some]
    first = {(text, seed) for text in wanted[: build.FIRST] for seed in (0, 1)}
    assert set(found[: len(first)]) == first
    assert sorted(found) == sorted((text, seed) for text in wanted for seed in (0, 1))
    # Then seed by seed.
    rest = [seed for text, seed in found if text not in wanted[: build.FIRST]]
    assert rest == sorted(rest)


def test_candidates_are_measured_on_other_cells_than_those_that_report(module):
    build, recipes = module("build"), module("recipes")
    options = recipes.Options(out=Path())
    assert options.count + build.FIRST < len(build.architectures("micro"))


def test_candidates_are_summed_up(module, tmp_path):
    recipes = module("recipes")
    made = recipes.CANDIDATES["jigsaw-512"].plan()
    folder = tmp_path / "jigsaw-512" / recipes.PART
    keep_plan(made.parts[recipes.PART], folder)
    for row, architecture in enumerate(FORMS):
        for seed in (0, 1):
            found = {"jigsaw": finished(made, row, seed, "jigsaw")}
            write_cell(TabulationCell(architecture, seed), found, folder)
    rows = pd.DataFrame(recipes.summary(tmp_path, (0, 1)))
    assert set(rows["recipe"]) == {"jigsaw-512"}
    assert (rows["cpu_seconds"] == 1.5 * made.recipe("jigsaw").epochs).all()
    assert rows["sd_between"].to_numpy() == pytest.approx(10)
    assert rows["spearman"].to_numpy() == pytest.approx(1)
    assert recipes.table(rows).count("\n") == 2 + len(rows)


def test_reliability_is_the_share_of_variance_that_is_the_architecture_s(module):
    """Known spreads; what a seed does to all alike is not noise."""
    rng = np.random.default_rng(0)
    architectures, noise = rng.normal(0, 3, (20_000, 1)), rng.normal(0, 2, (20_000, 2))
    found = module("suite_reliability").reliability((architectures + noise + [0, 50])[:4000])
    assert found.sd_between == pytest.approx(3, rel=0.05)
    assert found.sd_within == pytest.approx(2, rel=0.05)
    assert found.reliability == pytest.approx(9 / 13, abs=0.03)
    assert found.spearman_low < found.spearman < found.spearman_high


def test_reliability_knows_ties_and_what_is_missing(module):
    reliability = module("suite_reliability").reliability
    scores = np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [3.0, 1.5], [np.nan, 9.0]])
    found = reliability(scores)
    assert found.cells == 4
    assert found.spearman == pytest.approx(stats.spearmanr(*scores[:4].T).statistic)
    assert found.sd_within == pytest.approx(np.std(np.diff(scores[:4]), ddof=1) / np.sqrt(2))
    assert np.isnan(reliability(scores[:2]).spearman)
