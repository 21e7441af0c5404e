"""A whole scene is traced as marching along the rays finds it."""

import numpy as np

from rlnas.datasets.rooms.camera import CENTRE
from rlnas.datasets.rooms.draws import uniform_rows
from rlnas.datasets.rooms.scene import draw_scenes
from rlnas.datasets.rooms.tracing import trace


def test_the_traced_scene_is_the_marched_scene(inside):
    scenes = draw_scenes(uniform_rows(3, "march", np.arange(4), np.zeros(4, dtype=int)))
    size = 12
    hits = trace(scenes, size, CENTRE)
    parts = scenes.parts
    agree = []
    for image in range(len(scenes)):
        own = np.flatnonzero(parts.image == image)
        eye = scenes.camera.position[image]
        direction = np.stack([d[image, :, 0] for d in hits.direction], axis=1).astype(float)
        share = np.arange(1, 2501) * 0.004
        path = eye + share[:, None, None] * direction
        first = np.full(size * size, -1)
        reached = np.full(size * size, np.inf)
        for number in own:
            local = (path - parts.centre[number]) @ parts.frame[number].T
            within = inside(parts.round[number], parts.profile[number], *np.moveaxis(local, -1, 0))
            depth = np.where(within.any(axis=0), share[within.argmax(axis=0)], np.inf)
            first = np.where(depth < reached, number, first)
            reached = np.minimum(depth, reached)
        beyond = ((path < 0) | (path > scenes.room[image])).any(axis=-1)
        wall = np.where(beyond.any(axis=0), share[beyond.argmax(axis=0)], 10.0)
        first = np.where(reached < wall, first, -1)
        seen = hits.part[image, :, 0]
        agree.append(first == seen)
        depth = np.minimum(reached, wall)
        same = (first == seen) & (depth < 9.9)
        assert np.abs(depth - hits.depth[image, :, 0])[same].max() < 0.01
    assert np.mean(agree) > 0.97
    assert np.mean(hits.part >= 0) > 0.05
