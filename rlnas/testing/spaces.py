"""The contract of a search space."""

from __future__ import annotations

import pickle

import numpy as np

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces import Architecture, ArchitectureGraph, SearchSpace
from rlnas.testing.conformance import must_raise, require


def check_space(space: SearchSpace, *, samples: int = 64, seed: int = 0) -> None:
    """Check that a search space keeps its contract.

    Args:
        space: The space, indexable or not.
        samples: Random architectures on which it is checked, 1 or more.
        seed: Seed of their choice.

    Raises:
        ConformanceError: If it does not; the message says what is expected.
    """
    require(samples >= 1, f"check_space got samples={samples}; expected 1 or more.")
    _check_shape(space)
    batch = _check_sampling(space, samples, seed)
    _check_strings(space, batch)
    _check_edits(space, batch, seed)
    _check_construction(space, batch, seed)
    _check_identity(space, batch)
    if space.indexable:
        _check_tables(space, batch)
    else:
        for table in ("arrays", "legal", "next_index", "canonical_index"):
            with must_raise(InvalidArgumentError, f"{space.name}: `{table}` of {space.size}"):
                getattr(space, table)


def _check_shape(space: SearchSpace) -> None:
    require(isinstance(space.name, str) and space.name, "A space needs a name.")
    require(
        len(set(space.operations)) == len(space.operations) <= 127,
        f"{space.name}: expected at most 127 distinct operations, got {space.operations}.",
    )
    require(
        space.positions.shape == (space.num_positions, 2) and space.positions.dtype == np.int64,
        f"{space.name}: positions must be int64 (num_positions, 2), got "
        f"{space.positions.dtype} {space.positions.shape}.",
    )
    require(
        type(space.size) is int and space.size >= 1,
        f"{space.name}: size must be a Python integer of 1 or more, got {space.size!r}.",
    )


def _check_sampling(space: SearchSpace, samples: int, seed: int) -> Architecture:
    batch = space.sample(samples, np.random.default_rng(seed))
    require(
        batch.shape == (samples, space.num_positions) and batch.dtype == np.int8,
        f"{space.name}: sample({samples}) gave {batch.dtype} {batch.shape}; expected int8 "
        f"({samples}, {space.num_positions}).",
    )
    require(space.is_valid(batch).all(), f"{space.name}: sample() drew an invalid architecture.")
    again = space.sample(samples, np.random.default_rng(seed))
    require(
        (batch == again).all(),
        f"{space.name}: sample() depends on more than its generator.",
    )
    empty = space.sample(0, np.random.default_rng(seed))
    require(
        empty.shape == (0, space.num_positions),
        f"{space.name}: sample(0) has shape {empty.shape}; expected (0, {space.num_positions}).",
    )
    wrong = np.full(space.num_positions, space.num_operations, dtype=np.int64)
    for bad in (wrong, batch[0][:-1], batch[0].astype(float), batch[0] - 100, batch):
        with must_raise(InvalidArchitectureError, f"{space.name}: check({bad!r})"):
            space.check(bad)
    return batch


def _check_strings(space: SearchSpace, batch: Architecture) -> None:
    texts = [space.format(vector) for vector in batch]
    for vector, text in zip(batch, texts, strict=True):
        back = space.parse(text)
        require(
            back.dtype == np.int8 and np.array_equal(back, vector),
            f"{space.name}: parse(format({vector.tolist()})) = {back.tolist()} by way of {text!r}.",
        )
    require(
        len(set(texts)) == len({vector.tobytes() for vector in batch}),
        f"{space.name}: two architectures share an official string.",
    )
    for nonsense in ("", "no architecture", texts[0] + "#"):
        with must_raise(InvalidArchitectureError, f"{space.name}: parse({nonsense!r})"):
            space.parse(nonsense)


def _check_edits(space: SearchSpace, batch: Architecture, seed: int) -> None:
    mask = space.action_mask(batch)
    shape = (len(batch), space.num_actions)
    require(
        mask.shape == shape and mask.dtype == np.bool_,
        f"{space.name}: action_mask() gave {mask.dtype} {mask.shape}; expected bool {shape}.",
    )
    untouched = batch.copy()
    for action in range(space.num_actions):
        position, operation = divmod(action, space.num_operations)
        edited = space.edit(batch, np.full(len(batch), action))
        require((batch == untouched).all(), f"{space.name}: edit() changed its argument.")
        wanted = batch.copy()
        wanted[:, position] = operation
        legal = space.is_valid(wanted) & (wanted != batch).any(axis=1)
        require(
            (mask[:, action] == legal).all(),
            f"{space.name}: action_mask() is wrong for action {action} (position {position} to "
            f"{space.operations[operation]!r}): legal is what is valid and changes something.",
        )
        require(
            (edited == np.where(legal[:, None], wanted, batch)).all(),
            f"{space.name}: edit() with action {action} must set position {position} to "
            f"{space.operations[operation]!r} where that is legal, else change nothing.",
        )
    mutated = space.mutate(batch, np.random.default_rng(seed))
    for vector, child, row in zip(batch, mutated, mask, strict=True):
        neighbours = space.neighbours(vector)
        require(
            len(np.unique(neighbours, axis=0)) == row.sum(),
            f"{space.name}: neighbours({vector.tolist()}) are not the {row.sum()} legal edits.",
        )
        expected = neighbours if len(neighbours) else vector[None]
        require(
            (expected == child).all(axis=1).any(),
            f"{space.name}: mutate({vector.tolist()}) gave {child.tolist()}, no neighbour.",
        )


def _check_construction(space: SearchSpace, batch: Architecture, seed: int) -> None:
    rng = np.random.default_rng(seed)
    built = np.zeros_like(batch)
    for position in range(space.num_positions):
        mask = space.construction_mask(batch, position)
        require(
            mask[np.arange(len(batch)), batch[:, position]].all(),
            f"{space.name}: construction_mask() forbids a step on the way to an architecture.",
        )
        mask = space.construction_mask(built, position)
        require(
            mask.any(axis=1).all(),
            f"{space.name}: construction_mask() led to a prefix without a next operation.",
        )
        built[:, position] = np.where(mask, rng.random(mask.shape), -1.0).argmax(axis=1)
    require(
        space.is_valid(built).all(),
        f"{space.name}: construction_mask() led to an invalid architecture.",
    )


def _check_identity(space: SearchSpace, batch: Architecture) -> None:
    for vector in batch:
        canonical = space.canonical(vector)
        require(
            space.canonical_key(canonical) == space.canonical_key(vector),
            f"{space.name}: canonical({vector.tolist()}) = {canonical.tolist()} has another "
            "canonical_key.",
        )
        require(
            np.array_equal(space.canonical(canonical), canonical),
            f"{space.name}: canonical() is not idempotent at {vector.tolist()}.",
        )
        graph = space.graph(vector)
        require(
            isinstance(graph, ArchitectureGraph)
            and len(graph.operations) == len(graph.edges)
            and (graph.edges[:, 0] < graph.edges[:, 1]).all()
            and (graph.edges < graph.num_nodes).all(),
            f"{space.name}: graph({vector.tolist()}) is no acyclic graph with one operation an "
            "edge.",
        )
    keys = {space.key(vector) for vector in batch}
    require(
        len(keys) == len({vector.tobytes() for vector in batch}),
        f"{space.name}: key() does not tell architectures apart.",
    )
    twin = pickle.loads(pickle.dumps(space))  # noqa: S301  (our own bytes)
    require(
        [twin.format(vector) for vector in batch] == [space.format(vector) for vector in batch],
        f"{space.name}: a pickled and unpickled space writes other strings.",
    )


def _check_tables(space: SearchSpace, batch: Architecture) -> None:
    everything = space.arrays
    require(
        everything.shape == (space.size, space.num_positions)
        and len(np.unique(everything, axis=0)) == space.size
        and space.is_valid(everything).all(),
        f"{space.name}: from_index() does not give {space.size} distinct valid architectures.",
    )
    require(
        (space.index(everything) == np.arange(space.size)).all(),
        f"{space.name}: index() does not undo from_index().",
    )
    for outside in (-1, space.size):
        with must_raise(InvalidArchitectureError, f"{space.name}: from_index([{outside}])"):
            space.from_index([outside])
    rows = space.index(batch)
    for action in range(space.num_actions):
        require(
            (
                space.next_index[rows, action]
                == space.index(space.edit(batch, np.full(len(batch), action)))
            ).all(),
            f"{space.name}: next_index and edit() differ at action {action}.",
        )
    canonical = space.canonical_index
    require(
        (canonical <= np.arange(space.size)).all() and (canonical[canonical] == canonical).all(),
        f"{space.name}: canonical_index must be the lowest index of each class.",
    )
