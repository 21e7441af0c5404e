"""Image files of every kind become the same square bytes."""

import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from rlnas.datasets.sources.image_files import (
    is_deep,
    is_hidden,
    is_image,
    listed,
    opened,
    pixel_digest,
    read_all,
    read_image,
    read_labels,
)
from rlnas.errors import DataError


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".ppm", ".tif"])
def test_a_picture_of_the_right_size_is_read_exactly(tmp_path, suffix):
    pixels = np.random.default_rng(0).integers(0, 256, size=(9, 9, 3), dtype=np.uint8)
    path = tmp_path / f"a{suffix}"
    Image.fromarray(pixels).save(path)
    found = read_image(path, 9)
    assert found.dtype == np.uint8
    assert np.array_equal(found, pixels.transpose(2, 0, 1))
    assert found.flags.c_contiguous


def test_the_middle_of_a_long_picture_is_taken(tmp_path):
    pixels = np.zeros((8, 24, 3), dtype=np.uint8)
    pixels[:, 8:16] = 200
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    Image.fromarray(pixels.transpose(1, 0, 2)).save(tmp_path / "tall.png")
    for name in ("wide.png", "tall.png"):
        assert (read_image(tmp_path / name, 8) == 200).all()


def test_a_picture_is_shrunk_by_averaging(tmp_path):
    checker = np.indices((64, 64)).sum(axis=0) % 2 * 255
    Image.fromarray(checker.astype(np.uint8)).save(tmp_path / "checker.png")
    assert np.abs(read_image(tmp_path / "checker.png", 8).astype(int) - 127).max() <= 2


def test_grey_palette_alpha_and_sixteen_bits_become_colour(tmp_path):
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    picture = Image.fromarray(grey)
    alpha = np.stack([grey, grey, grey, np.full_like(grey, 128)], axis=-1)
    picture.save(tmp_path / "grey.png")
    picture.convert("P").save(tmp_path / "palette.png")
    Image.fromarray(alpha).save(tmp_path / "alpha.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    for name in ("grey", "palette", "alpha", "deep"):
        found = read_image(tmp_path / f"{name}.png", 8)
        assert np.array_equal(found, np.stack([grey] * 3)), name


def test_a_picture_is_turned_upright(tmp_path):
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by half a circle
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    found = read_image(tmp_path / "turned.png", 8)
    assert (found[:, -1] == 255).all()
    assert (found[:, 0] == 0).all()


def test_labels_are_never_mixed(tmp_path):
    labels = np.random.default_rng(0).choice([0, 3, 17], size=(50, 50)).astype(np.uint8)
    Image.fromarray(labels).save(tmp_path / "labels.png")
    assert set(np.unique(read_labels(tmp_path / "labels.png", 16))) <= {0, 3, 17}
    Image.fromarray(np.zeros((4, 4, 3), dtype=np.uint8)).save(tmp_path / "colour.png")
    with pytest.raises(DataError, match="mode RGB"):
        read_labels(tmp_path / "colour.png", 4)


@pytest.mark.parametrize("kind", ["text", "truncated", "empty"])
def test_a_damaged_file_is_named(tmp_path, kind):
    path = tmp_path / "broken.png"
    noise = np.random.default_rng(0).integers(0, 256, size=(64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    path.write_bytes(
        {"text": b"no image", "truncated": whole[: len(whole) // 2], "empty": b""}[kind]
    )
    with pytest.raises(DataError, match=r"broken\.png is no readable image"):
        read_image(path, 8)


def test_reading_many_keeps_their_order_and_lists_every_failure(tmp_path):
    paths = [tmp_path / f"{i:02}.png" for i in range(30)]
    for i, path in enumerate(paths):
        Image.fromarray(np.full((4, 4, 3), i, dtype=np.uint8)).save(path)

    def read(path):
        return read_image(path, 4)

    assert read_all(read, paths)[:, 0, 0, 0].tolist() == list(range(30))
    for i in (0, 7, 29):
        paths[i].write_bytes(b"x")
    with pytest.raises(DataError, match="3 of 30 files") as caught:
        read_all(read, paths)
    assert all(f"{i:02}.png" in str(caught.value) for i in (0, 7, 29))


def test_hidden_files_and_other_endings_are_no_images(tmp_path):
    for name in (".a.png", "a.txt", "b.PNG", "c.jpeg"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert sorted(path.name for path in tmp_path.iterdir() if is_image(path)) == ["b.PNG", "c.jpeg"]


def test_a_long_list_is_cut():
    assert listed(range(12)).splitlines()[-1] == "  … and 2 more"
    assert len(listed(range(10)).splitlines()) == 10


GREY = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("a.png", GREY.astype(np.uint16) * 257),
        ("a.pgm", GREY.astype(np.uint16) * 257),
        ("a.tif", GREY.astype(np.uint16) * 257),
        ("a.tiff", GREY.astype(np.int32) << 23),
        ("b.tiff", GREY.astype(np.float32) / 255),
    ],
)
def test_deep_greys_are_scaled_by_the_range_of_their_type(tmp_path, name, numbers):
    Image.fromarray(numbers).save(tmp_path / name)
    with opened(tmp_path / name) as image:
        assert is_deep(image)
    assert np.array_equal(read_image(tmp_path / name, 8), np.stack([GREY] * 3))


def test_unsigned_numbers_of_32_bits_are_not_taken_for_signed(tmp_path):
    path = tmp_path / "a.tif"
    Image.fromarray((GREY.astype(np.uint32) << 24).view(np.int32)).save(path)
    # Pillow writes the field SampleFormat (339) as 2, signed; 1 is unsigned.
    field = struct.pack("<HHI", 339, 3, 1)
    assert field + b"\2" in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(field + b"\2", field + b"\1"))
    assert np.array_equal(read_image(tmp_path / "a.tif", 8), np.stack([GREY] * 3))


@pytest.mark.parametrize(
    ("numbers", "match"),
    [
        (GREY.astype(np.float32), "floats of 0…252; .* in 0…1"),
        (GREY.astype(np.float32) / 255 - 0.5, "in 0…1"),
        (np.full((8, 8), np.nan, dtype=np.float32), "in 0…1"),
        (GREY.astype(np.int32), "next to nothing of the 31 bits"),
        (-GREY.astype(np.int32) << 20, "negative"),
        (GREY.astype(np.uint16), "next to nothing of the 16 bits"),
    ],
)
def test_deep_greys_outside_of_their_range_are_refused_and_not_black(tmp_path, numbers, match):
    Image.fromarray(numbers).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=match):
        read_image(tmp_path / "a.tif", 8)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "animated"]
)
def test_other_modes_are_what_torchvision_makes_of_them(tmp_path, mode):
    colours = np.random.default_rng(0).integers(0, 256, size=(8, 8, 4), dtype=np.uint8)
    rgba = Image.fromarray(colours)
    if mode == "animated":
        path = tmp_path / "a.gif"
        first, second = (
            rgba.convert("RGB").quantize(16),
            rgba.rotate(90).convert("RGB").quantize(16),
        )
        first.save(path, save_all=True, append_images=[second])
    else:
        path = tmp_path / ("a.png" if mode in {"1", "L", "LA", "P", "RGB", "RGBA"} else "a.tif")
        made = (
            rgba if mode == "RGBA" else rgba.convert("RGB").convert("P" if mode == "PA" else mode)
        )
        made.save(path, **({"transparency": 3} if mode == "P" else {}))
    with Image.open(path) as image:  # torchvision.datasets.folder.pil_loader
        expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(read_image(path, 8), expected.transpose(2, 0, 1))


def test_a_picture_that_claims_to_be_huge_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (12_000, 12_000)).save(path)
    assert path.stat().st_size < 40_000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(DataError, match="12000 × 12000 pixels"):
            read_image(path, 8)


def test_only_formats_of_images_are_opened(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.eps")  # Pillow would start another program
    (tmp_path / "a.eps").rename(tmp_path / "a.png")
    with pytest.raises(DataError, match="no readable image"):
        read_image(tmp_path / "a.png", 8)


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif", ".ppm", ".webp"])
def test_equal_pixels_have_equal_digests_in_any_format(tmp_path, ending):
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8))
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / f"b{ending}", lossless=True)
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "c.png")

    def digest(path):
        with opened(path) as image, opened(path, path.read_bytes()) as again:
            digests = {pixel_digest(image, path), pixel_digest(again, path)}
        (found,) = digests
        return found

    assert digest(tmp_path / "a.png") == digest(tmp_path / f"b{ending}")
    assert digest(tmp_path / "c.png") != digest(tmp_path / "a.png")


@pytest.mark.parametrize(
    "name", [".a.png", "._a.png", ".ipynb_checkpoints", "__MACOSX", "@eaDir", "$RECYCLE.BIN"]
)
def test_what_systems_leave_is_hidden(name):
    assert is_hidden(name)


def test_lists_stay_short_whatever_their_lines():
    assert len(listed("x" * 10_000 for _ in range(50))) < 1000
