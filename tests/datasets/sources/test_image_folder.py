"""A user's folder of images: both layouts, splits without leaks, and errors that help."""

import itertools
import os
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from rlnas.datasets import load_task_data, task_names
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError


def picture(path, seed, size=10):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, size=(size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def folder(tmp_path):
    """Return a folder of two classes with 20 and 12 images; red tells the class, blue the file."""
    root = tmp_path / "animals"
    for label, (name, count) in enumerate((("cat", 20), ("dog", 12))):
        for i in range(count):
            path = root / name / f"{i:02}.png"
            pixels = picture(path, seed=100 * label + i)
            pixels[..., 0] = 100 * label
            pixels[..., 2] = i
            Image.fromarray(pixels).save(path)
    return root


def everything(split, **options):
    return split.batch(torch.arange(len(split)), **options)


def bytes_of(data, inputs):
    """Return the bytes behind normalised inputs."""
    std, mean = torch.tensor(data.std), torch.tensor(data.mean)
    return ((inputs * std[:, None, None] + mean[:, None, None]) * 255).round().int()


def files_of(data, split):
    """Return (class, file) of each image of a split, read off its colours."""
    pixels = bytes_of(data, everything(split)[0])
    return list(zip((pixels[:, 0, 0, 0] // 100).tolist(), pixels[:, 2, 0, 0].tolist(), strict=True))


def test_a_folder_is_split_by_class_and_every_file_is_used_once(folder):
    data = load_task_data(folder, "class", image_size=10)
    assert data.spec.classes == ("cat", "dog")
    assert data.spec.outputs == 2
    parts = [files_of(data, split) for split in (data.train, data.valid, data.test)]
    assert sorted(itertools.chain(*parts)) == [(0, i) for i in range(20)] + [
        (1, i) for i in range(12)
    ]
    assert [sum(label == 1 for label, _ in part) for part in parts] == [8, 2, 2]
    for split, part in zip((data.train, data.valid, data.test), parts, strict=True):
        assert everything(split)[1].tolist() == [label for label, _ in part]
    assert parts[0] != sorted(parts[0])  # the classes are mixed


def test_the_seed_decides_the_split(folder):
    one, same, other = (
        load_task_data(str(folder), "class", seed=seed, image_size=10) for seed in (0, 0, 1)
    )
    assert torch.equal(everything(one.valid)[0], everything(same.valid)[0])
    assert one.fingerprint == same.fingerprint
    assert files_of(one, one.valid) != files_of(other, other.valid)
    assert one.fingerprint != other.fingerprint


def test_the_fingerprint_follows_the_content_and_not_the_place(folder):
    before = load_task_data(folder, "class").fingerprint
    moved = folder.rename(folder.with_name("moved"))
    assert load_task_data(moved, "class").fingerprint == before
    picture(moved / "cat" / "00.png", seed=999)
    assert load_task_data(moved, "class").fingerprint != before


def test_equal_files_never_fall_into_two_splits(folder):
    for i in range(20):
        copy = (folder / "cat" / f"{i % 4:02}.png").read_bytes()
        (folder / "cat" / f"copy{i}.png").write_bytes(copy)
    (folder / "dog" / "mislabelled.png").write_bytes((folder / "cat" / "05.png").read_bytes())
    for seed in range(5):
        data = load_task_data(folder, "class", seed=seed, image_size=10)
        contents = [
            {image.numpy().tobytes() for image in bytes_of(data, everything(split)[0])}
            for split in (data.train, data.valid, data.test)
        ]
        assert sum(map(len, contents)) == 32
        assert len(set.union(*contents)) == 32
    assert data.notes == (
        "21 of 53 files repeat the content of another.",
        "1 contents stand under more than one class.",
    )


def test_given_splits_are_kept(folder):
    for number, (split, names) in enumerate(
        {"train": ("cat", "dog"), "val": ("cat", "dog"), "test": ("dog",)}.items()
    ):
        for name in names:
            for i in range(3):
                picture(folder / split / name / f"{i}.png", seed=1000 + 10 * number + i)
    for name in ("cat", "dog"):
        (folder / name).rename(folder.parent / name)
    (folder / "test" / "dog" / "leak.png").write_bytes(
        (folder / "train" / "dog" / "0.png").read_bytes()
    )
    data = load_task_data(folder, "class")
    assert [len(split) for split in (data.train, data.valid, data.test)] == [6, 6, 4]
    assert everything(data.test)[1].tolist() == [1] * 4
    assert any("1 files of the split 'test' are also training files" in note for note in data.notes)


def test_what_is_missing_of_the_splits_is_drawn_from_the_training_images(folder):
    whole = folder.with_name("whole")
    whole.mkdir()
    folder.rename(whole / "train")
    data = load_task_data(whole, "class")
    assert [len(split) for split in (data.train, data.valid, data.test)] == [22, 5, 5]
    for i in range(4):
        picture(whole / "valid" / "cat" / f"{i}.png", seed=500 + i)
    data = load_task_data(whole, "class")
    assert [len(split) for split in (data.train, data.valid, data.test)] == [27, 4, 5]


def test_a_class_may_be_called_like_a_split(folder):
    for i in range(5):
        picture(folder / "train" / f"{i}.png", seed=700 + i)
    assert load_task_data(folder, "class").spec.classes == ("cat", "dog", "train")


def test_files_read_batch_by_batch_give_what_memory_gives(folder):
    for task in task_names(folder):
        memory = load_task_data(folder, task, image_size=12)
        files = load_task_data(folder, task, image_size=12, memory_limit=0)
        assert type(memory.train.pixels) is not type(files.train.pixels)
        assert memory.fingerprint == files.fingerprint
        for indices in (torch.tensor([4, 0, 4]), torch.arange(len(memory.train))):
            for training in (False, True):
                generators = [torch.Generator().manual_seed(5) if training else None for _ in "ab"]
                one = memory.train.batch(indices, generators[0])
                other = files.train.batch(indices, generators[1])
                assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_tasks_without_labels_come_from_the_same_folder(folder):
    assert task_names(folder) == ("class", "jigsaw", "autoencoder")
    jigsaw = load_task_data(folder, "jigsaw", permutations=12)
    assert (jigsaw.spec.outputs, jigsaw.spec.tiles, jigsaw.spec.image_size) == (12, 9, 8)
    assert everything(jigsaw.valid)[0].shape[1:] == (9, 3, 8, 8)
    auto = load_task_data(folder, "autoencoder", image_size=10)
    assert auto.spec.outputs == 3
    inputs, targets = everything(auto.valid)
    torch.testing.assert_close(
        targets, bytes_of(auto, inputs).float() / 127.5 - 1, rtol=0, atol=2e-6
    )


def test_normalisation_sees_training_images_alone(folder):
    for split in ("train", "val", "test"):
        for name in ("cat", "dog"):
            for i in range(3):
                picture(
                    folder / split / name / f"{i}.png",
                    seed=50 * len(split) + 10 * (name == "dog") + i,
                )
    for name in ("cat", "dog"):
        (folder / name).rename(folder.parent / name)
    before = load_task_data(folder, "class")
    for path in (*folder.glob("val/*/*.png"), *folder.glob("test/*/*.png")):
        Image.fromarray(np.full((10, 10, 3), 255, dtype=np.uint8)).save(path)
    after = load_task_data(folder, "class")
    assert (after.mean, after.std) == (before.mean, before.std)


@pytest.mark.parametrize("limit", [0, 2**30])
def test_data_can_be_sent_to_a_worker(folder, limit):
    for task in task_names(folder):
        data = load_task_data(folder, task, memory_limit=limit)
        received = pickle.loads(pickle.dumps(data))
        for one, other in zip(everything(data.valid), everything(received.valid), strict=True):
            assert torch.equal(one, other)


def test_sizes_are_kept(folder):
    data = load_task_data(folder, "class", train_size=9, valid_size=3, test_size=2)
    assert [len(split) for split in (data.train, data.valid, data.test)] == [9, 3, 2]
    with pytest.raises(InvalidArgumentError, match="train_size is 99"):
        load_task_data(folder, "class", train_size=99)


def test_one_class_does_for_tasks_without_labels_only(folder):
    for path in (folder / "dog").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="one class only, 'cat'"):
        load_task_data(folder, "class")
    assert len(load_task_data(folder, "jigsaw").train) == 14


def test_a_class_that_is_too_small_is_named(folder):
    for i in range(2):
        picture(folder / "eel" / f"{i}.png", seed=800 + i)
    (folder / "eel" / "again.png").write_bytes((folder / "eel" / "0.png").read_bytes())
    with pytest.raises(DataError, match=r"fewer than 3 different images(.|\n)*eel: 2"):
        load_task_data(folder, "class")


def test_layouts_that_mix_are_refused(folder):
    picture(folder / "loose.png", seed=0)
    with pytest.raises(DataError, match=r"beside its folders(.|\n)*loose\.png"):
        load_task_data(folder, "class")
    (folder / "loose.png").unlink()
    for i in range(3):
        picture(folder / "train" / "cat" / f"{i}.png", seed=i)
    with pytest.raises(DataError, match=r"mixed layout(.|\n)*cat\n  dog"):
        load_task_data(folder, "class")


def test_splits_must_agree_on_names_and_classes(tmp_path):
    for split in ("train", "val"):
        for i in range(3):
            picture(tmp_path / "data" / split / "cat" / f"{i}.png", seed=i)
    picture(tmp_path / "data" / "val" / "eel" / "0.png", seed=0)
    with pytest.raises(DataError, match=r"lacks:\n  eel"):
        load_task_data(tmp_path / "data", "jigsaw")
    (tmp_path / "data" / "valid").mkdir()
    with pytest.raises(DataError, match="two folders for one split: val, valid"):
        load_task_data(tmp_path / "data", "jigsaw")


def test_images_must_lie_in_the_folder_of_a_class(tmp_path):
    picture(tmp_path / "data" / "train" / "0.png", seed=0)
    with pytest.raises(DataError, match="beside its folders"):
        load_task_data(tmp_path / "data", "class")


def test_a_folder_without_images_says_what_it_should_hold(tmp_path):
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "notes.txt").write_text("none")
    with pytest.raises(DataError, match="holds no images; expected one subfolder a class"):
        load_task_data(tmp_path / "data", "class")


def test_empty_and_damaged_files_are_named(folder):
    (folder / "cat" / "03.png").write_bytes(b"damaged")
    (folder / "dog" / "04.png").write_bytes(b"damaged too")
    with pytest.raises(DataError, match=r"2 of 32 files(.|\n)*03\.png(.|\n)*04\.png"):
        load_task_data(folder, "class")
    (folder / "cat" / "03.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"03\.png is empty"):
        load_task_data(folder, "class")


def test_a_damaged_file_read_late_is_named_too(folder):
    data = load_task_data(folder, "class", memory_limit=0)
    for path in folder.rglob("*.png"):
        path.write_bytes(b"damaged")
    with pytest.raises(DataError, match="2 of 2 files cannot be used"):
        data.train.batch(torch.tensor([0, 1]))


def test_an_unknown_task_or_folder_is_an_error_with_names(folder):
    with pytest.raises(UnknownNameError, match="Did you mean 'class'"):
        load_task_data(folder, "clas")
    with pytest.raises(DataError, match="There is no folder"):
        load_task_data(folder / "missing", "class")


@pytest.mark.parametrize(
    "names",
    [("train", "val", "test"), ("Training", "Validation", "Testing"), ("TRAIN", "Valid", "Test")],
)
def test_splits_are_known_by_any_usual_name(tmp_path, names):
    for number, split in enumerate(names):
        for name in ("cat", "dog"):
            for i in range(3):
                seed = 100 * number + 10 * (name == "cat") + i
                picture(tmp_path / "data" / split / name / f"{i}.png", seed=seed)
    data = load_task_data(tmp_path / "data", "class")
    assert data.spec.classes == ("cat", "dog")
    assert [len(split) for split in (data.train, data.valid, data.test)] == [6, 6, 6]
    (tmp_path / "data" / names[0]).rename(tmp_path / "train")
    with pytest.raises(DataError, match="none to train on; expected a folder called train"):
        load_task_data(tmp_path / "data", "class")


def test_hidden_folders_and_other_files_are_left_out_with_a_note(folder):
    plain = load_task_data(folder, "class")
    picture(folder / "cat" / ".ipynb_checkpoints" / "00-checkpoint.png", seed=1)
    picture(folder / "cat" / "more" / "@eaDir" / "thumb.jpg", seed=2)
    picture(folder / "__MACOSX" / "cat" / "00.png", seed=3)
    for name in ("._00.png", "Thumbs.db", "notes.txt"):
        (folder / "dog" / name).write_bytes(b"x")
    (folder / "eel").mkdir()
    (folder / "frog").mkdir()
    for i in range(3):
        (folder / "frog" / f"{i}.heic").write_bytes(b"x")
    data = load_task_data(folder, "class")
    assert data.fingerprint == plain.fingerprint
    assert data.spec.classes == ("cat", "dog")
    assert data.notes == (
        "The class 'eel' was left out: it has no files.",
        "The class 'frog' was left out: it has 3 files, no image: .heic (3).",
        "2 files beside images were left out: .db (1), .txt (1).",
        "3 hidden files and folders, or the system's, were left out: .ipynb_checkpoints (1), "
        "@eaDir (1), ._00.png (1).",
    )


def test_a_class_lost_is_named_where_another_is_too_few(tmp_path):
    for i in range(4):
        picture(tmp_path / "data" / "cat" / f"{i}.png", seed=i)
    (tmp_path / "data" / "dog").mkdir()
    (tmp_path / "data" / "dog" / "0.heic").write_bytes(b"x")
    with pytest.raises(DataError, match=r"one class only, 'cat'.*'dog' was left out.*\.heic \(1\)"):
        load_task_data(tmp_path / "data", "class")


def test_deep_images_are_scaled_with_a_note(folder):
    grey = np.random.default_rng(9).integers(1 << 16, size=(10, 10), dtype=np.uint16)
    Image.fromarray(grey).save(folder / "cat" / "deep.png")
    note = "1 of 33 images have more than 8 bits a channel"
    assert any(note in found for found in load_task_data(folder, "class").notes)


@pytest.mark.parametrize("ending", [".bmp", ".tif", ".ppm", ".png"])
def test_pictures_saved_anew_never_fall_into_two_splits(folder, ending):
    for path in sorted(folder.rglob("0*.png")):
        # Other bytes of the same pixels: another format, or another effort of compression.
        Image.open(path).save(path.with_name(f"again{path.stem}{ending}"), compress_level=1)
    for seed in range(5):
        data = load_task_data(folder, "class", seed=seed, image_size=10)
        parts = [
            {image.numpy().tobytes() for image in bytes_of(data, everything(split)[0])}
            for split in (data.train, data.valid, data.test)
        ]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 32
    assert data.notes == (
        "20 of 52 files repeat the content of another.",
        "20 of these were saved anew: the pixels are equal, the bytes are not.",
    )


def test_a_split_that_repeats_training_pixels_is_told(tmp_path):
    for number, split in enumerate(("train", "val", "test")):
        for name in ("cat", "dog"):
            for i in range(3):
                path = tmp_path / split / name / f"{i}.png"
                picture(path, seed=100 * number + 10 * (name == "cat") + i)
    Image.open(tmp_path / "train" / "cat" / "0.png").save(tmp_path / "test" / "cat" / "0.bmp")
    notes = load_task_data(tmp_path, "class").notes
    assert any("1 files of the split 'test' are also training files" in note for note in notes)


@pytest.mark.parametrize("name", ["$\\frac$", "a\nb", "x" * 120, b"\xff\xfe"])
def test_classes_have_names_that_can_be_printed(folder, name):
    (folder / "dog").rename(os.fsdecode(os.fsencode(folder / "dog")[:-3] + os.fsencode(name)))
    with pytest.raises(DataError, match="The class name ") as caught:
        load_task_data(folder, "class")
    str(caught.value).encode()


def test_a_folder_that_cannot_be_listed_is_an_error_of_ours(folder, monkeypatch):
    def refuse(*_):
        raise PermissionError("no")

    monkeypatch.setattr(os, "walk", refuse)
    with pytest.raises(DataError, match="no readable folder of images"):
        load_task_data(folder, "class")
