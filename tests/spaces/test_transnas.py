"""The two spaces of TransNAS-Bench-101: strings, enumeration, connection, construction."""

import itertools
from collections import deque

import numpy as np
import pytest

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces import TransNASMacroSpace, get_space

MICRO = get_space("transnas-micro")
MACRO = get_space("transnas-macro")
FOUR = get_space("transnas-macro-4")


def rule_holds(digits):
    """The published rules, counted from the digits alone."""
    doublings = digits.count("2") + digits.count("4")
    halvings = digits.count("3") + digits.count("4")
    return 1 <= doublings <= 3 and 1 <= halvings <= 4


PUBLISHED_MACRO = {
    "".join(digits)
    for length in (4, 5, 6)
    for digits in itertools.product("1234", repeat=length)
    if rule_holds(digits)
}


def test_micro_digits_are_the_edges_in_official_order():
    vector = MICRO.parse("64-41414-3_02_132")
    edges = dict(zip(map(tuple, MICRO.positions.tolist()), vector.tolist(), strict=True))
    assert edges == {(0, 1): 3, (0, 2): 0, (1, 2): 2, (0, 3): 1, (1, 3): 3, (2, 3): 2}
    assert MICRO.operations == ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")


def test_micro_has_4096_architectures_numbered_by_their_digits():
    assert MICRO.size == 4096
    assert MICRO.format(MICRO.from_index([0])[0]) == "64-41414-0_00_000"
    assert MICRO.format(MICRO.from_index([27])[0]) == "64-41414-0_00_123"
    assert MICRO.format(MICRO.from_index([4095])[0]) == "64-41414-3_33_333"


def test_macro_enumerates_exactly_the_published_networks():
    assert len(PUBLISHED_MACRO) == MACRO.size == 3256
    assert {MACRO.format(v) for v in MACRO.arrays} == {f"64-{d}-basic" for d in PUBLISHED_MACRO}


@pytest.mark.parametrize("space", [MACRO, FOUR], ids=lambda space: space.name)
def test_macro_is_connected_by_edits(space):
    reached, queue = {0}, deque([0])
    while queue:
        for row in set(space.next_index[queue.popleft()].tolist()) - reached:
            reached.add(row)
            queue.append(row)
    assert len(reached) == space.size


@pytest.mark.parametrize(("longest", "size"), [(4, 210), (5, 960), (6, 3256)])
def test_a_part_of_macro_is_the_published_networks_up_to_a_length(longest, size):
    part = TransNASMacroSpace(longest)
    assert part.name == (f"transnas-macro-{longest}" if longest < 6 else "transnas-macro")
    names = {part.format(v) for v in part.arrays}
    assert len(names) == part.size == size
    assert names == {f"64-{d}-basic" for d in PUBLISHED_MACRO if len(d) <= longest}
    for name in sorted(names)[::17]:
        padded = np.pad(part.parse(name), (0, 6 - longest))
        assert padded.tolist() == MACRO.parse(name).tolist()


def test_a_part_of_macro_refuses_what_is_longer():
    with pytest.raises(InvalidArchitectureError, match=r"transnas-macro-4.*'64-<4 digits>-basic'"):
        FOUR.parse("64-22431-basic")
    for wrong in (3, 7):
        with pytest.raises(InvalidArgumentError, match="expected 4…6"):
            TransNASMacroSpace(wrong)


def test_macro_neighbourhoods():
    assert MACRO.legal.sum(axis=1).mean() == pytest.approx(14.9, abs=0.05)
    four = MACRO.parse("64-2243-basic")
    neighbours = {MACRO.format(v) for v in MACRO.neighbours(four)}
    assert "64-22431-basic" in neighbours, "an edit appends a module"
    assert "64-224-basic" not in neighbours, "four modules are the least"
    six = MACRO.parse("64-224131-basic")
    assert "64-22413-basic" in {MACRO.format(v) for v in MACRO.neighbours(six)}


@pytest.mark.parametrize("space", [MICRO, MACRO, FOUR], ids=lambda space: space.name)
def test_construction_mask_is_exactly_the_completable_prefixes(space):
    complete = {tuple(vector) for vector in space.arrays.tolist()}
    for position in range(space.num_positions):
        completable = {vector[: position + 1] for vector in complete}
        prefixes = sorted({vector[:position] for vector in complete})
        batch = np.zeros((len(prefixes), space.num_positions), dtype=np.int8)
        # What follows the prefix must not matter, so it is filled with another operation.
        batch[:, position:] = space.num_operations - 1
        batch[:, :position] = np.array(prefixes, dtype=np.int8).reshape(len(prefixes), position)
        expected = [[(*p, o) in completable for o in range(space.num_operations)] for p in prefixes]
        assert space.construction_mask(batch, position).tolist() == expected


@pytest.mark.parametrize(
    "text",
    [
        "64-1111-basic",  # neither a doubling nor a halving
        "64-2211-basic",  # no halving
        "64-222231-basic",  # four doublings
        "64-333332-basic",  # five halvings
        "64-223-basic",  # three modules
        "64-2231111-basic",  # seven modules
        "64-224300-basic",  # the padding is no digit of the string
        "64-22431-bottleneck",
        "64-41414-3_02_132",
        "",
    ],
)
def test_macro_refuses_what_it_does_not_hold(text):
    with pytest.raises(InvalidArchitectureError, match="64-224131-basic"):
        MACRO.parse(text)


@pytest.mark.parametrize(
    "text",
    ["64-41414-4_02_132", "64-41414-3_02_13", "64-41414-302132", "32-41414-3_02_132", "3_02_132"],
)
def test_micro_refuses_what_it_does_not_hold(text):
    with pytest.raises(InvalidArchitectureError, match="64-41414-a_bc_def"):
        MICRO.parse(text)


def test_macro_refuses_holes():
    with pytest.raises(InvalidArchitectureError):
        MACRO.check([2, 2, 4, 3, 0, 1])


def test_macro_graph_is_the_chain_of_its_modules():
    graph = MACRO.graph(MACRO.parse("64-2243-basic"))
    assert graph.edges.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4]]
    assert graph.operations == ("channels", "channels", "channels_resolution", "resolution")


def test_micro_graph_leaves_out_none_and_knows_dead_edges():
    graph = MICRO.graph(MICRO.parse("64-41414-3_00_130"))
    assert graph.edges.tolist() == [[0, 1], [0, 3], [1, 3]]
    dead = MICRO.graph(MICRO.parse("64-41414-3_02_100"))  # nodes 1 and 2 lead nowhere
    assert dead.live_edges().tolist() == [False, False, True]
