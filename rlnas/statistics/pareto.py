"""Fronts of several objectives: which points no other beats, and how much they dominate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError


def non_dominated(points: ArrayLike) -> NDArray[np.bool_]:
    """Return which points no other beats.

    One point beats another if it is nowhere larger and somewhere smaller; of equal points the first
    is kept. A point with a NaN beats nothing and is never kept.

    Args:
        points: ``(n, d)``, less is better in every column.

    Returns:
        ``(n,)`` booleans.

    Example:
        >>> non_dominated([[1, 5], [2, 2], [3, 3], [2, 2]]).tolist()
        [True, True, False, False]
    """
    values = _matrix(points)
    kept: list[int] = []
    # Whoever beats a point stands before it in this order.
    for row in np.lexsort(values.T[::-1]).tolist():
        if np.isnan(values[row]).any():
            continue
        if not (values[kept] <= values[row]).all(axis=1).any():
            kept.append(row)
    front = np.zeros(len(values), dtype=np.bool_)
    front[kept] = True
    return front


def hypervolume(points: ArrayLike, reference: ArrayLike) -> float:
    """Return the volume between a front and a reference point, larger is better.

    The union of the boxes that the points span to the reference (Zitzler & Thiele 1998), computed
    exactly by the library moocore (Fonseca, Paquete & López-Ibáñez 2006 beyond three dimensions).

    Args:
        points: ``(n, d)``, less is better in every column; those with a NaN count nothing.
        reference: ``(d,)``, what is no better than the worst point worth speaking of. A point
            beyond it counts nothing.

    Raises:
        InvalidArgumentError: If moocore is not installed, or the shapes do not fit.

    Example:
        >>> hypervolume([[1, 2], [2, 1]], reference=[3, 3])  # doctest: +SKIP
        3.0
    """
    values, corner = _matrix(points), np.asarray(reference, dtype=np.float64)
    if corner.shape != values.shape[1:] or not np.isfinite(corner).all():
        raise InvalidArgumentError(
            f"The reference of {values.shape[1]} objectives is {corner.tolist()}; expected as many "
            "finite numbers."
        )
    values = values[np.isfinite(values).all(axis=1)]
    if not len(values):
        return 0.0
    try:
        import moocore
    except ImportError as error:
        raise InvalidArgumentError(
            "Hypervolumes need the library moocore; install it by pip install 'rlnas[pareto]'."
        ) from error
    return float(moocore.hypervolume(values, ref=corner))


def _matrix(points: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(points, dtype=np.float64)
    if values.ndim != 2 or not values.shape[1]:
        raise InvalidArgumentError(
            f"Points have the shape {values.shape}; expected (points, objectives)."
        )
    return values
