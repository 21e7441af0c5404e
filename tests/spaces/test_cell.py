"""A user's own cell space: what is accepted, what is refused, and spaces too large to index."""

import pickle

import numpy as np
import pytest

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError, UnknownNameError
from rlnas.spaces import CellSpace, get_space, register_space, registry, space_names

EDGES = [(0, 1), (0, 2), (1, 2)]


@pytest.mark.parametrize(
    ("edges", "operations", "roles", "message"),
    [
        ([], ["a", "b"], {}, "pairs"),
        ([(0, 1, 2)], ["a", "b"], {}, "pairs"),
        ([(1, 0)], ["a", "b"], {}, "lower to a higher"),
        ([(-1, 0)], ["a", "b"], {}, "lower to a higher"),
        ([(0, 1), (0, 1)], ["a", "b"], {}, "twice"),
        (EDGES, ["a"], {}, "2 to 127"),
        (EDGES, ["a", "a"], {}, "2 to 127"),
        (EDGES, [f"op{i}" for i in range(128)], {}, "2 to 127"),
        (EDGES, ["a,b", "c"], {}, "','"),
        (EDGES, ["a", " b"], {}, "blanks"),
        (EDGES, ["a", "b"], {"none": "zero"}, "'zero'"),
        (EDGES, ["a", "b"], {"identity": "skip"}, "'skip'"),
    ],
)
def test_wrong_definitions_are_refused(edges, operations, roles, message):
    with pytest.raises(InvalidArgumentError, match=message):
        CellSpace("mine", edges, operations, **roles)


def test_parse_says_what_is_wrong():
    space = CellSpace("mine", EDGES, ["none", "conv"])
    with pytest.raises(InvalidArchitectureError, match="names 2 operations; mine has 3"):
        space.parse("none,conv")
    with pytest.raises(InvalidArchitectureError, match="'pool'"):
        space.parse("none,conv,pool")


@pytest.mark.parametrize(
    "architecture",
    [[0, 1], [0, 1, 2], [0, -1, 1], [0.0, 1.0, 1.0], [[0, 1, 1]], [0, 1, 256], "abc", None],
)
def test_check_refuses_what_is_no_architecture(architecture):
    space = CellSpace("mine", EDGES, ["none", "conv"])
    with pytest.raises(InvalidArchitectureError, match="expected 3 integers in 0…1"):
        space.check(architecture)


def test_check_returns_a_copy():
    vector = np.array([0, 1, 1], dtype=np.int8)
    checked = CellSpace("mine", EDGES, ["none", "conv"]).check(vector)
    checked[0] = 1
    assert vector.tolist() == [0, 1, 1]


def test_large_space_is_exact_and_says_what_it_cannot_do(large_space):
    assert large_space.size == 6**40
    assert not large_space.indexable
    for table in ("arrays", "legal", "next_index", "canonical_index"):
        with pytest.raises(InvalidArgumentError, match="use edit\\(\\), action_mask"):
            getattr(large_space, table)
    with pytest.raises(InvalidArgumentError, match="index"):
        large_space.index(large_space.sample(1, np.random.default_rng(0)))
    with pytest.raises(InvalidArgumentError, match="from_index"):
        large_space.from_index([0])


def test_large_space_keys_tell_apart(large_space):
    vectors = large_space.sample(500, np.random.default_rng(0))
    assert len({large_space.key(v) for v in vectors}) == 500


def test_large_space_clears_dead_edges(large_space):
    vector = np.full(40, 2, dtype=np.int8)
    into_output = large_space.positions[:, 1] == large_space.output_node
    vector[into_output] = 0
    vector[np.flatnonzero(into_output)[0]] = 3  # only the edge from the input node is left
    cleared = large_space.canonical(vector)
    assert np.count_nonzero(cleared) == 1
    assert large_space.canonical_key(cleared) == large_space.canonical_key(vector)


def test_pickles_carry_no_tables():
    space = get_space("nasbench-201")
    assert space.next_index.nbytes > 1_000_000
    data = pickle.dumps(space)
    assert len(data) < 5_000
    twin = pickle.loads(data)
    assert twin.size == space.size
    assert (twin.legal[:100] == space.legal[:100]).all()


def test_registry_shares_one_instance_and_names_the_nearest(monkeypatch):
    assert get_space("transnas-micro") is get_space("transnas-micro")
    with pytest.raises(UnknownNameError, match="Did you mean 'transnas-micro'") as caught:
        get_space("transnas-mirco")
    assert caught.value.near[0] == "transnas-micro"
    monkeypatch.setattr(registry.SPACES, "_entries", dict(registry.SPACES._entries))
    register_space("mine", lambda: CellSpace("mine", EDGES, ["none", "conv"]))
    assert "mine" in space_names()
    assert get_space("mine").size == 8
    with pytest.raises(InvalidArgumentError, match="registered already"):
        register_space("mine", lambda: None)
    registry._instances.pop("mine")
