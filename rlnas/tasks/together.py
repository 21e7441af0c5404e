"""Several questions to one or more ledgers at once: planned, handed out and recorded in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from rlnas.errors import BudgetExhaustedError, InvalidArchitectureError
from rlnas.spaces import Architecture
from rlnas.tasks.evaluate import evaluate_many
from rlnas.tasks.objective import Evaluation

if TYPE_CHECKING:
    from rlnas.tasks.ledger import QueryLedger

Waiting = dict[tuple[int, Hashable], tuple["QueryLedger", Architecture]]


def query_together(asked: Iterable[tuple[QueryLedger, ArrayLike]]) -> list[Evaluation]:
    """Ask several ledgers as if each were asked with `QueryLedger.query`, one after the other.

    New architectures of ledgers that share an objective are handed to it together, see
    `QueryLedger.query_many`; of different objectives, one objective works after the other.

    Args:
        asked: Which ledger is asked for which architecture.

    Returns:
        The evaluations in order.

    Raises:
        BudgetExhaustedError: If one is new and its ledger's budget is spent; those before it are
            evaluated and recorded.
        InvalidArchitectureError: If one is not an architecture of the space; likewise.
    """
    places: list[tuple[QueryLedger, Hashable]] = []
    waiting: Waiting = {}
    own: Counter[int] = Counter()  # how many of each ledger wait
    refused: BudgetExhaustedError | InvalidArchitectureError | None = None
    for ledger, architecture in asked:
        try:
            vector = ledger.space.check(architecture)
            key = ledger._key(vector)
            place = id(ledger), key
            if place not in waiting and ledger._known.get(key) is None:
                if own[id(ledger)] >= ledger._room():
                    now, waiting, own = waiting, {}, Counter()
                    _evaluate_waiting(now)
                ledger._check_budget()
                waiting[place] = ledger, vector
                own[id(ledger)] += 1
        except (BudgetExhaustedError, InvalidArchitectureError) as error:
            refused = error
            break
        places.append((ledger, key))
    _evaluate_waiting(waiting)
    if refused is not None:
        raise refused
    return [ledger._known[key].evaluation for ledger, key in places]


def _evaluate_waiting(waiting: Waiting) -> None:
    """Evaluate and record what waits, objective by objective, each in order."""
    shared: dict[int, list[tuple[Hashable, QueryLedger, Architecture]]] = {}
    for (_, key), (ledger, vector) in waiting.items():
        shared.setdefault(id(ledger._objective), []).append((key, ledger, vector))
    for group in shared.values():
        vectors = [vector for _, _, vector in group]
        with closing(evaluate_many(group[0][1]._objective, vectors)) as evaluations:
            for (key, ledger, vector), evaluation in zip(group, evaluations, strict=True):
                ledger._record(key, vector, evaluation)
