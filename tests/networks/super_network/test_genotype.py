"""Genotypes: several operations on an edge, what leads to the output, and the nearest cell."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.networks import Genotype
from rlnas.networks.super_network.genotype import reaching
from rlnas.spaces import CellSpace, get_space

MICRO = get_space("transnas-micro")


def test_a_mask_and_a_genotype_say_the_same():
    mask = np.random.default_rng(0).random((6, 4)) < 0.5
    genotype = Genotype.of(MICRO, mask)
    np.testing.assert_array_equal(genotype.mask, mask)
    assert genotype.several == (mask.sum(axis=1) > 1).sum()
    assert genotype.to_list() == [list(own) for own in genotype.kept]


def test_an_architecture_is_projected_onto_itself():
    for vector in MICRO.sample(20, np.random.default_rng(0)):
        genotype = Genotype.of_architecture(MICRO, vector)
        assert genotype.several == 0
        np.testing.assert_array_equal(genotype.project(np.zeros((6, 4))), vector)


def test_the_heaviest_of_those_that_are_there_is_taken():
    mask = np.zeros((6, 4), dtype=bool)
    mask[0, [1, 2]] = mask[3, 3] = True
    weights = np.tile([9.0, 1.0, 2.0, 8.0], (6, 1))
    assert Genotype.of(MICRO, mask).project(weights).tolist() == [2, 0, 0, 3, 0, 0]
    assert str(Genotype.of(MICRO, mask)) == "skip_connect+nor_conv_1x1|-|-|nor_conv_3x3|-|-"


def test_without_an_operation_that_passes_nothing_no_edge_can_be_empty():
    space = CellSpace("two", [(0, 1)], ["a", "b"])
    with pytest.raises(InvalidArgumentError, match="no operation for that"):
        Genotype.of(space, [[False, False]]).project(np.zeros((1, 2)))


def test_what_leads_nowhere_is_no_way():
    mask = np.zeros((6, 4), dtype=bool)
    heads = {tuple(pair): e for e, pair in enumerate(MICRO.positions.tolist())}
    mask[heads[0, 3], 1] = mask[heads[0, 1], 3] = mask[heads[2, 3], 2] = True
    mask[heads[0, 2], 0] = True  # none
    left = reaching(MICRO, mask)
    assert np.argwhere(left).tolist() == [[heads[0, 3], 1]]


@pytest.mark.parametrize("kept", [(("skip_connect",),), (("best",), *[()] * 5)])
def test_genotypes_of_no_space_are_refused(kept):
    with pytest.raises(InvalidArgumentError):
        Genotype(MICRO, kept)
