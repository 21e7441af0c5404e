"""Proxies computed while a search runs, on the images of its task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.spec import TaskSpec
from rlnas.datasets.task_data import TaskData
from rlnas.networks import SkeletonConfig
from rlnas.proxies.registry import PROXIES
from rlnas.proxies.scoring import proxy_scores
from rlnas.spaces import Architecture, SearchSpace


class LiveProxies:
    """The registered proxies of networks built for a task, as a search's `ProxySource`.

    What was computed is kept; a ledger counts the seconds of the rest as cost. Give it to a task of
    your own by ``task.proxies = LiveProxies(…)``.

    Args:
        space: The search space.
        task: The data of the task, of which a training batch is drawn; or only its specification,
            for proxies that need no data.
        config: The skeleton; None: the published one of the space.
        batch_size: Examples in the batch, at most those of the training split.
        seed: Of the first weights, the batch, and the proxies that draw.
    """

    free = False

    def __init__(
        self,
        space: SearchSpace,
        task: TaskData | TaskSpec,
        config: SkeletonConfig | None = None,
        *,
        batch_size: int = 32,
        seed: int = 0,
    ) -> None:
        self._space = space
        self._task = task
        self._config = config
        most = batch_size if isinstance(task, TaskSpec) else len(task.train)
        self._batch_size = min(batch_size, most)
        self._seed = seed
        self._known: dict[tuple[str, str], float] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """See `ProxySource.names`."""
        known = map(PROXIES.get, PROXIES.names())
        return tuple(
            p.name for p in known if not (p.needs_data and isinstance(self._task, TaskSpec))
        )

    def values(self, names: Sequence[str], vectors: Architecture) -> NDArray[np.float64]:
        """See `ProxySource.values`; NaN where a score is undefined."""
        texts = [self._space.format(vector) for vector in vectors]
        for text in texts:
            missing = [name for name in names if (name, text) not in self._known]
            if not missing:
                continue
            found = proxy_scores(
                self._space,
                text,
                self._task,
                self._config,
                names=missing,
                batch_size=self._batch_size,
                seed=self._seed,
            )
            self._known.update(((name, text), score.value) for name, score in found.items())
        values = [[self._known[name, text] for text in texts] for name in names]
        return np.array(values, dtype=np.float64).reshape(len(names), len(texts))
