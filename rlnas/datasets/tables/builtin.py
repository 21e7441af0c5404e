"""The tables that come with scikit-learn, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.errors import MissingDependencyError

if TYPE_CHECKING:
    import pandas as pd

# name: (scikit-learn's loader, names of the targets)
_TABLES = {
    "breast-cancer": ("load_breast_cancer", ("diagnosis",)),
    "diabetes": ("load_diabetes", ("progression",)),
    "digits-table": ("load_digits", ("digit",)),
    "iris": ("load_iris", ("species",)),
    "linnerud": ("load_linnerud", ("Weight", "Waist", "Pulse")),
    "wine": ("load_wine", ("cultivar",)),
}


def table_names() -> tuple[str, ...]:
    """Return the names of the tables that come with scikit-learn."""
    return tuple(_TABLES)


def builtin_table(name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table and the names of the columns that it is known to predict.

    Classes are words where they have names: ``malignant``, ``setosa`` …

    Args:
        name: One of `table_names`.

    Raises:
        MissingDependencyError: If scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise MissingDependencyError("scikit-learn", "datasets", f"The table {name!r}") from error
    loader, targets = _TABLES[name]
    bunch = getattr(datasets, loader)(as_frame=True)
    frame: pd.DataFrame = bunch.data.copy()
    if len(targets) > 1:
        for column in targets:
            frame[column] = bunch.target[column]
    elif "target_names" in bunch and isinstance(bunch.target_names[0], str):
        frame[targets[0]] = [str(bunch.target_names[number]) for number in bunch.target]
    else:
        frame[targets[0]] = bunch.target
    return frame, targets
