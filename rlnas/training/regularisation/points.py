"""From a point of the space of schedules to the schedule, and to the recipe of its training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from rlnas.spaces import SearchSpace
from rlnas.spaces.schedules import RECONSTRUCTION, ScheduleSpace
from rlnas.training.recipe import Recipe
from rlnas.training.regularisation.schedule import Schedule, Term


def schedule_of(space: ScheduleSpace, architecture: str | ArrayLike) -> Schedule:
    """Return the schedule that a point stands for; what has no strength is left out.

    Args:
        space: The space.
        architecture: The official string or the encoded vector.

    Raises:
        InvalidArchitectureError: If it is none of the space.
    """
    vector = space.parse(architecture) if isinstance(architecture, str) else architecture
    times = tuple(np.linspace(0, 1, space.knots).tolist()) if space.knots > 1 else (0.0, 1.0)
    terms = []
    for own in space.part_schedules(vector):
        strengths = own.strengths if space.knots > 1 else own.strengths * 2
        # The encoder is the first layer.
        part = space.parts[0] if own.part == RECONSTRUCTION else own.part
        if any(strengths):
            terms.append(Term(own.penalty, part, times, strengths))
    return Schedule(tuple(terms))


def recipe_of(space: SearchSpace, architecture: str | ArrayLike, recipe: Recipe) -> Recipe:
    """Return how an architecture is trained: a point of a space of schedules by its schedule.

    Args:
        space: Any search space.
        architecture: The official string or the encoded vector.
        recipe: How all of them are trained.
    """
    if not isinstance(space, ScheduleSpace):
        return recipe
    return replace(recipe, regularisation=schedule_of(space, architecture))
