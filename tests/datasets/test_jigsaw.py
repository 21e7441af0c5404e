"""Puzzles: the permutations are far apart, and a tile is the piece of the image it should be."""

import pytest
import torch

from rlnas.datasets import (
    Augmentation,
    JigsawOptions,
    JigsawSplit,
    MemoryPixels,
    Normalisation,
    permutation_set,
)
from rlnas.errors import InvalidArgumentError

IDENTITY = Normalisation((0.0,) * 3, (1 / 255,) * 3)  # inputs are the bytes themselves


def coordinate_images(count, size):
    """Return images whose channels hold row, column and number of the image."""
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return torch.stack(
        [torch.stack([rows, columns, torch.full_like(rows, i)]) for i in range(count)]
    ).to(torch.uint8)


def puzzle(count=30, size=32, permutations=24, tile=None, name="valid", seed=0, **options):
    return JigsawSplit(
        MemoryPixels(coordinate_images(count, size), IDENTITY),
        JigsawOptions(permutations=permutations, tile_size=tile),
        size,
        seed=seed,
        name=name,
        **options,
    )


@pytest.mark.parametrize(
    ("size", "tile", "expected"),
    [(255, None, 64), (256, None, 64), (32, None, 8), (32, 10, 10), (17, 3, 3), (12, None, 3)],
)
@pytest.mark.parametrize("training", [False, True])
def test_a_tile_is_cut_from_the_cell_that_its_permutation_names(size, tile, expected, training):
    split = puzzle(size=size, tile=tile, count=30)
    generator = torch.Generator().manual_seed(0) if training else None
    indices = torch.tensor([7, 0, 29, 7])
    tiles, labels = split.batch(indices, generator)
    assert tiles.shape == (4, 9, 3, expected, expected)
    assert tiles.dtype == torch.float32
    assert labels.dtype == torch.int64
    starts = [0, size // 3, 2 * size // 3]
    cell = size // 3
    for example, label, index in zip(tiles, labels, indices, strict=True):
        for tile, cell_number in zip(example, permutation_set(24)[int(label)], strict=True):
            rows, columns, numbers = tile.round().int()
            assert (numbers == index).all()
            assert (rows.diff(dim=0) == 1).all()
            assert (columns.diff(dim=1) == 1).all()
            top, left = starts[cell_number // 3], starts[cell_number % 3]
            assert top <= rows.min() <= rows.max() < top + cell
            assert left <= columns.min() <= columns.max() < left + cell


def test_puzzles_without_a_generator_are_fixed_and_differ_between_splits_and_seeds():
    indices = torch.arange(30)
    tiles, labels = puzzle().batch(indices)
    again, same = puzzle().batch(indices)
    assert torch.equal(tiles, again)
    assert torch.equal(labels, same)
    one_by_one = torch.cat([puzzle().batch(indices[i : i + 1])[0] for i in (3, 8)])
    assert torch.equal(one_by_one, tiles[[3, 8]])
    assert not torch.equal(puzzle(name="test").batch(indices)[1], labels)
    assert not torch.equal(puzzle(seed=1).batch(indices)[1], labels)


def test_training_puzzles_follow_the_generator_alone():
    indices = torch.arange(30)

    def draw(seed):
        return puzzle().batch(indices, torch.Generator().manual_seed(seed))

    state = torch.random.get_rng_state()
    assert torch.equal(draw(3)[0], draw(3)[0])
    assert not torch.equal(draw(3)[1], draw(4)[1])
    assert torch.equal(torch.random.get_rng_state(), state)


def test_every_permutation_and_every_place_is_drawn():
    split = puzzle(count=300)
    generator = torch.Generator().manual_seed(0)
    tiles, labels = split.batch(torch.arange(250), generator)
    assert set(labels.tolist()) == set(range(24))
    # Tiles of 8 in cells of 10 can begin at three places along each side of the first cell.
    corners = tiles[:, :, :2, 0, 0].reshape(-1, 2).round().int()
    first = corners[(corners < 10).all(dim=1)]
    assert {tuple(corner) for corner in first.tolist()} == {
        (r, c) for r in range(3) for c in range(3)
    }


def test_an_image_is_mirrored_before_it_is_cut():
    split = puzzle(count=200, augmentation=Augmentation(flip=True))
    tiles, _ = split.batch(torch.arange(200), torch.Generator().manual_seed(0))
    steps = tiles[:, :, 1].diff(dim=-1)
    mirrored = (steps.round() == -1).flatten(1).all(dim=1)
    upright = (steps.round() == 1).flatten(1).all(dim=1)
    assert (mirrored | upright).all()
    assert 60 < mirrored.sum() < 140
    fixed, _ = split.batch(torch.arange(200))
    assert (fixed[:, :, 1].diff(dim=-1).round() == 1).all()


def test_a_tile_that_does_not_fit_is_refused():
    with pytest.raises(InvalidArgumentError, match="tile_size is 11; expected 1…10"):
        puzzle(tile=11)
    with pytest.raises(InvalidArgumentError, match="too small for a jigsaw"):
        puzzle(size=11)
