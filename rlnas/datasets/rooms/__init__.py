"""Rooms: rendered indoor scenes with exact ground truth for the seven tasks of TransNAS-Bench."""

from rlnas.datasets.rooms.cache import load_rooms
from rlnas.datasets.rooms.names import (
    LAYOUT_NAMES,
    OBJECT_CLASSES,
    ROOMS_VERSION,
    SCENE_CLASSES,
    SEGMENT_CLASSES,
)
from rlnas.datasets.rooms.render import Rooms, generate_rooms

__all__ = [
    "LAYOUT_NAMES",
    "OBJECT_CLASSES",
    "ROOMS_VERSION",
    "SCENE_CLASSES",
    "SEGMENT_CLASSES",
    "Rooms",
    "generate_rooms",
    "load_rooms",
]
