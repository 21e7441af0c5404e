"""Taskonomy's layout, on files written here in that layout."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from rlnas.datasets import TRANSNAS_TASKS, load_task_data, task_names
from rlnas.errors import DataError

BUILDINGS = ("allensville", "beechwood", "coffeen", "darden")
VIEWS = 3
SIZE = 18
SPLITS = {"train": BUILDINGS[:2], "val": BUILDINGS[2:3], "test": BUILDINGS[3:]}


def selection(total, kept):
    return np.random.default_rng(total).permutation(total) < kept


def expected_labels(root, building, view, domain, mask):
    stem = root / building / domain / f"point_{view}_view_0_domain_{domain}"
    vector = np.load(f"{stem}.npy")
    return int(np.argmax(vector[mask]))


@pytest.fixture
def root(tmp_path):
    """Return a data set of four buildings with three views each, without split lists."""
    rng = np.random.default_rng(0)
    base = tmp_path / "taskonomy"
    np.save(_made(base / "class_object_final5k.npy"), selection(1000, 75).astype(np.float64))
    np.save(base / "class_scene_final5k.npy", selection(365, 47).astype(np.float64))
    for number, building in enumerate(BUILDINGS):
        for view in range(VIEWS):

            def file(domain, ending, building=building, view=view):
                name = f"point_{view}_view_0_domain_{domain}.{ending}"
                return _made(base / building / domain / name)

            pixels = rng.integers(0, 256, size=(SIZE, SIZE, 3), dtype=np.uint8)
            pixels[..., 0], pixels[..., 1] = 50 * number, 50 * view
            Image.fromarray(pixels).save(file("rgb", "png"))
            normals = rng.integers(0, 256, size=(SIZE, SIZE, 3), dtype=np.uint8)
            Image.fromarray(normals).save(file("normal", "png"))
            segments = rng.integers(0, 18, size=(SIZE, SIZE), dtype=np.uint8)
            Image.fromarray(segments).save(file("segmentsemantic", "png"))
            np.save(file("class_object", "npy"), rng.dirichlet(np.ones(1000)))
            np.save(file("class_scene", "npy"), rng.dirichlet(np.ones(365)))
            np.save(file("room_layout", "npy"), rng.normal(size=9))
    return base


def _made(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_lists(root, folder="final5k", ending=".png"):
    for split, buildings in SPLITS.items():
        names = []
        for building in buildings:
            templates = [
                f"{building}/{{domain}}/point_{view}_view_0_domain_{{domain}}{ending}"
                for view in range(VIEWS)
            ]
            _made(root / "lists" / f"{building}.json").write_text(json.dumps(templates))
            names.append(f"lists/{building}.json")
        target = _made(root / folder / f"{split}_filenames_final5k.json")
        target.write_text(json.dumps({"filename_list": names}))


def everything(split):
    return split.batch(torch.arange(len(split)))


def views_of(data, split):
    """Return (building, view) of each image of a split, read off its colours."""
    std, mean = (torch.tensor(part)[:, None, None] for part in (data.std, data.mean))
    pixels = ((everything(split)[0] * std + mean) * 255).round().int()
    return [(int(p[0, 0, 0]) // 50, int(p[1, 0, 0]) // 50) for p in pixels]


def test_buildings_are_not_shared_between_splits(root):
    assert task_names(root) == TRANSNAS_TASKS
    found = set()
    for seed in range(4):
        data = load_task_data(root, "room_layout", image_size=SIZE, seed=seed)
        parts = [views_of(data, split) for split in (data.train, data.valid, data.test)]
        assert [len(part) for part in parts] == [6, 3, 3]
        assert len({view for part in parts for view in part}) == 12
        homes = [{building for building, _ in part} for part in parts]
        assert sum(map(len, homes)) == 4
        found.add(tuple(map(frozenset, homes)))
    assert len(found) > 1


@pytest.mark.parametrize("folder", ["final5k", "."])
@pytest.mark.parametrize("ending", ["", ".png"])
def test_split_lists_are_followed(root, folder, ending):
    write_lists(root, folder, ending)
    data = load_task_data(root, "room_layout", image_size=SIZE)
    assert sorted(views_of(data, data.train)) == [(b, v) for b in (0, 1) for v in range(VIEWS)]
    assert sorted(views_of(data, data.valid)) == [(2, v) for v in range(VIEWS)]
    assert sorted(views_of(data, data.test)) == [(3, v) for v in range(VIEWS)]


@pytest.mark.parametrize(
    ("task", "total", "kept"), [("class_object", 1000, 75), ("class_scene", 365, 47)]
)
def test_a_class_is_the_most_likely_of_the_selected(root, task, total, kept):
    data = load_task_data(root, task, image_size=SIZE)
    assert (data.spec.kind, data.spec.outputs) == ("class", kept)
    mask = selection(total, kept)
    for split in (data.train, data.valid, data.test):
        labels = everything(split)[1].tolist()
        for (building, view), label in zip(views_of(data, split), labels, strict=True):
            assert label == expected_labels(root, BUILDINGS[building], view, task, mask)


def test_layouts_normals_and_segments_belong_to_their_image(root):
    layout = load_task_data(root, "room_layout", image_size=SIZE)
    normal = load_task_data(root, "normal", image_size=SIZE)
    segment = load_task_data(root, "segmentsemantic", image_size=SIZE)
    assert (layout.spec.outputs, normal.spec.outputs, segment.spec.outputs) == (9, 3, 17)
    for place, (building, view) in enumerate(views_of(layout, layout.train)):

        def file(domain, building=building, view=view):
            stem = f"point_{view}_view_0_domain_{domain}"
            return root / BUILDINGS[building] / domain / stem

        index = torch.tensor([place])
        expected = np.load(f"{file('room_layout')}.npy").astype(np.float32)
        assert np.array_equal(layout.train.batch(index)[1][0].numpy(), expected)
        pixels = np.asarray(Image.open(f"{file('normal')}.png")).transpose(2, 0, 1)
        np.testing.assert_allclose(
            normal.train.batch(index)[1][0].numpy(), pixels / 127.5 - 1, atol=1e-6
        )
        labels = np.asarray(Image.open(f"{file('segmentsemantic')}.png")).astype(int)
        labels[labels == 0] = 1  # what is not labelled is background
        assert np.array_equal(segment.train.batch(index)[1][0].numpy(), labels - 1)


def test_files_read_batch_by_batch_give_what_memory_gives(root):
    for task in TRANSNAS_TASKS:
        options = {"image_size": SIZE, "permutations": 10}
        memory = load_task_data(root, task, **options)
        files = load_task_data(root, task, memory_limit=0, **options)
        for one, other in zip(everything(memory.train), everything(files.train), strict=True):
            assert torch.equal(one, other)


def test_the_published_size_and_puzzle_are_the_default(root):
    data = load_task_data(root, "jigsaw", train_size=1, valid_size=1, test_size=1)
    assert (data.spec.outputs, data.spec.image_size, data.spec.tiles) == (1000, 64, 9)
    data = load_task_data(root, "autoencoder", train_size=1, valid_size=1, test_size=1)
    assert everything(data.train)[1].shape == (1, 3, 256, 256)


def test_vectors_of_all_classes_need_the_selection(root):
    (root / "class_object_final5k.npy").unlink()
    with pytest.raises(DataError, match=r"selects 75 of them is missing"):
        load_task_data(root, "class_object", image_size=SIZE)
    np.save(root / "class_object_final5k.npy", np.ones(1000))
    with pytest.raises(DataError, match="marks 1000 of 1000 classes; expected 75"):
        load_task_data(root, "class_object", image_size=SIZE)


def test_vectors_that_are_selected_already_are_taken(root):
    (root / "class_scene_final5k.npy").unlink()
    for path in root.glob("*/class_scene/*.npy"):
        np.save(path, np.load(path)[:47])
    labels = everything(load_task_data(root, "class_scene", image_size=SIZE).train)[1]
    assert labels.max() < 47


@pytest.mark.parametrize(
    ("domain", "content", "message"),
    [
        ("room_layout", np.zeros(8), r"shape \(8,\); expected \(9,\)"),
        ("room_layout", np.full(9, np.nan), "not finite"),
        ("room_layout", np.full(9, 1e39), "more than 32 bits"),
        ("class_object", np.zeros(10), r"expected \(1000,\)"),
        ("room_layout", np.array([{"a": 1}], dtype=object), "no readable array"),
    ],
)
def test_a_damaged_target_is_named(root, domain, content, message):
    path = root / "beechwood" / domain / f"point_1_view_0_domain_{domain}.npy"
    np.save(path, content, allow_pickle=True)
    with pytest.raises(DataError, match=message):
        load_task_data(root, domain, image_size=SIZE)


def test_a_label_outside_the_classes_is_refused(root):
    path = root / "coffeen" / "segmentsemantic" / "point_0_view_0_domain_segmentsemantic.png"
    Image.fromarray(np.full((SIZE, SIZE), 18, dtype=np.uint8)).save(path)
    with pytest.raises(DataError, match="has the label 18; expected 0…17"):
        load_task_data(root, "segmentsemantic", image_size=SIZE)


def test_missing_files_are_listed(root):
    write_lists(root)
    (root / "coffeen" / "normal" / "point_2_view_0_domain_normal.png").unlink()
    with pytest.raises(DataError, match=r"1 files .* missing(.|\n)*point_2_view_0_domain_normal"):
        load_task_data(root, "normal", image_size=SIZE)
    assert len(load_task_data(root, "autoencoder", image_size=SIZE).valid) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no readable JSON"),
        ('{"filename_list": 3}', "no list of names under 'filename_list'"),
        ('{"filename_list": []}', "lists no views"),
        ('{"filename_list": ["../outside.json"]}', "no path inside"),
        ('{"filename_list": ["/etc/outside.json"]}', "no path inside"),
        ('{"filename_list": ["lists/missing.json"]}', "no readable JSON"),
        ('{"filename_list": ["lists/allensville.json"]}', "is listed for train and again for test"),
        ('{"filename_list": ["lists/escape.json"]}', "no path inside"),
        ('{"filename_list": ["lists/fixed.json"]}', "in place of the domain"),
    ],
)
def test_damaged_or_hostile_lists_are_refused(root, content, message):
    write_lists(root)
    (root / "lists" / "escape.json").write_text(json.dumps(["../../x/{domain}/{domain}"]))
    (root / "lists" / "fixed.json").write_text(json.dumps(["darden/rgb/point_0"]))
    (root / "final5k" / "test_filenames_final5k.json").write_text(content)
    with pytest.raises(DataError, match=message):
        load_task_data(root, "autoencoder", image_size=SIZE)


def test_every_split_needs_its_list(root):
    write_lists(root)
    (root / "final5k" / "val_filenames_final5k.json").unlink()
    with pytest.raises(DataError, match="none for valid; expected val_filenames_final5k"):
        load_task_data(root, "autoencoder", image_size=SIZE)


def test_too_few_buildings_cannot_be_split(tmp_path):
    for building in BUILDINGS[:2]:
        _made(tmp_path / "data" / building / "rgb" / "x").touch()
    with pytest.raises(DataError, match="has 2 buildings"):
        load_task_data(tmp_path / "data", "autoencoder")
