"""What the labels of `rooms` mean, and the version of the generator."""

from __future__ import annotations

ROOMS_VERSION = 1
"""Raised with every change that alters a pixel or a label of any seed."""

OBJECT_CLASSES = (
    "box",
    "ball",
    "cylinder",
    "cone",
    "pyramid",
    "table",
    "chair",
    "sofa",
    "plant",
)
"""Classes of the main object, in the order of the labels of ``class_object``."""

SCENE_CLASSES = (
    "corridor",
    "bathroom",
    "bedroom",
    "kitchen",
    "living room",
    "office",
    "storeroom",
    "hall",
)
"""Kinds of room, in the order of the labels of ``class_scene``."""

STRUCTURE_CLASSES = ("floor", "ceiling", "wall", "door", "window", "picture", "rug", "lamp")

SEGMENT_CLASSES = STRUCTURE_CLASSES + OBJECT_CLASSES
"""Classes of a pixel, in the order of the labels of ``segmentsemantic``."""

LAYOUT_NAMES = (
    "distance to left wall (m)",
    "distance to right wall (m)",
    "distance to front wall (m)",
    "distance to floor (m)",
    "distance to ceiling (m)",
    "yaw (degrees)",
    "pitch (degrees)",
    "roll (degrees)",
    "field of view (degrees)",
)
"""The nine numbers of ``room_layout`` and their units before they are standardised."""
