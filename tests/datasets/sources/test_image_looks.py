"""Files of equal pixels are found, and few pictures are decoded for it."""

import numpy as np
import pytest
from PIL import Image

from rlnas.datasets.sources import image_looks
from rlnas.datasets.sources.image_looks import look_at_all
from rlnas.errors import DataError


@pytest.fixture
def paths(tmp_path):
    """Return ten JPEGs of 200 × 160, of which two show the picture of another."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(8):
        blocks = rng.integers(0, 256, size=(20, 25, 3), dtype=np.uint8)
        path = tmp_path / f"{number}.jpg"
        Image.fromarray(blocks).resize((200, 160)).save(path, quality=90)
        made.append(path)
    content = made[3].read_bytes()
    for name in ("mine", "ours"):  # in a comment beside the picture
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(content[:2] + b"\xff\xfe\0\6" + name.encode() + content[2:])
        made.append(path)
    return made


@pytest.fixture
def decoded(monkeypatch):
    """Return the list of files that are decoded whole."""
    found = []
    whole = image_looks._pixels
    monkeypatch.setattr(image_looks, "_pixels", lambda path: found.append(path.name) or whole(path))
    return found


def test_photos_of_one_size_are_decoded_only_where_they_look_alike(paths, decoded):
    looks = look_at_all(paths)
    assert len({look.digest for look in looks}) == 10
    assert len({look.group for look in looks}) == 8
    assert (
        looks[3].group
        == looks[8].group
        == looks[9].group
        == min(looks[i].digest for i in (3, 8, 9))
    )
    assert sorted(decoded) == ["3.jpg", "mine.jpg", "ours.jpg"]
    for look in looks[:3]:
        assert look.group == look.digest


def test_a_photo_saved_without_loss_is_found_too(paths, tmp_path, decoded):
    Image.open(paths[0]).save(tmp_path / "a.png")
    looks = look_at_all([*paths[:3], tmp_path / "a.png"])
    assert looks[0].group == looks[3].group
    assert len({look.group for look in looks}) == 3
    assert len(decoded) == 4


def test_pictures_of_other_sizes_are_not_decoded(tmp_path, decoded):
    paths = [tmp_path / f"{side}.png" for side in (150, 160, 170)]
    for path in paths:
        Image.new("RGB", (int(path.stem), 200)).save(path)
    assert len({look.group for look in look_at_all(paths)}) == 3
    assert not decoded


def test_what_is_no_image_is_named(paths, tmp_path):
    paths[1].write_bytes(b"")
    paths[4].write_bytes(b"GIF89a")
    with pytest.raises(DataError, match=r"2 of 10 files(.|\n)*1\.jpg is empty(.|\n)*4\.jpg is no"):
        look_at_all(paths)
