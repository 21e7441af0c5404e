"""The front of a search: what nothing beats in score and cost at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.pareto import hypervolume, non_dominated
from rlnas.tasks import Metric, QueryRecord

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ParetoFront:
    """Queries that no other of their search beats in score and costs at once, cheapest first.

    Attributes:
        metric: What the scores mean.
        records: The queries.
        costs: What each costs ``(len(records),)``, by name.
    """

    metric: Metric
    records: tuple[QueryRecord, ...]
    costs: Mapping[str, Floats]

    @property
    def scores(self) -> Floats:
        """Scores ``(len(records),)``, larger is better."""
        return np.array([record.score for record in self.records], dtype=np.float64)

    def __len__(self) -> int:
        return len(self.records)

    def hypervolume(self, reference: Mapping[str, float]) -> float:
        """Return the volume that the front dominates, larger is better.

        Only volumes with one reference can be compared, so there is no default. Of costs that span
        orders of magnitude give the front logarithms, or the dearest decides alone.

        Args:
            reference: The worst value worth speaking of: of each cost by its name, and under
                ``score`` of the score, as it is maximised.

        Raises:
            InvalidArgumentError: If other names are given, or moocore is not installed.
        """
        if set(reference) != {"score", *self.costs}:
            raise InvalidArgumentError(
                f"The reference names {', '.join(sorted(reference)) or 'nothing'}; expected score, "
                f"{', '.join(self.costs)}."
            )
        corner = [-reference["score"], *(reference[name] for name in self.costs)]
        return hypervolume(np.stack([-self.scores, *self.costs.values()], axis=1), corner)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each query: architecture, query, score, value (raw), and its costs."""
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(
            {
                "architecture": [record.architecture for record in self.records],
                "query": [record.query for record in self.records],
                "score": self.scores,
                "value": self.metric.raw(self.scores),
                **self.costs,
            }
        )
        return frame


def pareto_front(
    records: Sequence[QueryRecord], metric: Metric, costs: Mapping[str, ArrayLike]
) -> ParetoFront:
    """Return the front of queries; failed ones, and those with an unknown cost, are not on it.

    Args:
        records: The queries.
        metric: What their scores mean.
        costs: What each costs ``(len(records),)``, by name; less is better.

    Raises:
        InvalidArgumentError: If there is no cost, one is called ``score``, or one has another
            length.
    """
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in costs.items()}
    if not columns or "score" in columns:
        raise InvalidArgumentError("A front needs a cost by its name, e.g. macs; score is none.")
    for name, values in columns.items():
        if values.shape != (len(records),):
            raise InvalidArgumentError(
                f"The cost {name!r} has the shape {values.shape}; expected ({len(records)},), a "
                "number for each query."
            )
    scores = np.array([record.score for record in records], dtype=np.float64)
    kept = np.flatnonzero(non_dominated(np.stack([*columns.values(), -scores], axis=1)))
    order = kept[np.lexsort([values[kept] for values in reversed(columns.values())])]
    return ParetoFront(
        metric,
        tuple(records[row] for row in order.tolist()),
        {name: values[order] for name, values in columns.items()},
    )
