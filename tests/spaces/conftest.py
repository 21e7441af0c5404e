"""Every registered search space, a user's own, and one too large to index."""

import itertools

import pytest

from rlnas.spaces import CellSpace, get_space, space_names

USERS = {
    "user-cell": lambda: CellSpace(
        "user-cell",
        [(0, 1), (0, 2), (1, 2), (0, 3), (2, 3)],
        ["zero", "keep", "conv"],
        none="zero",
        identity="keep",
    ),
    "user-plain": lambda: CellSpace("user-plain", [(0, 1), (1, 2)], ["a", "b", "c", "d", "e"]),
    "user-large": lambda: CellSpace(
        "user-large",
        list(itertools.combinations(range(10), 2))[:40],
        ["none", "skip", "c1", "c3", "c5", "pool"],
        none="none",
        identity="skip",
        strided_inputs=True,
    ),
}
REGISTERED = list(space_names())
INDEXABLE = [name for name in REGISTERED if get_space(name).indexable]
_built = {}


def build(name):
    if name not in _built:
        _built[name] = USERS[name]() if name in USERS else get_space(name)
    return _built[name]


@pytest.fixture(scope="session", params=[*REGISTERED, *USERS])
def space(request):
    """Each space in turn."""
    return build(request.param)


@pytest.fixture(scope="session", params=[*INDEXABLE, "user-cell", "user-plain"])
def indexable_space(request):
    """Each space that is small enough to be numbered."""
    return build(request.param)
