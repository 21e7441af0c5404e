"""What the journal of a study says, taken together: its questions, who has them, the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rlnas.errors import AnswerError
from rlnas.spaces import SearchSpace
from rlnas.tasks import Evaluation, QueryRecord
from rlnas.tasks.outcome import checked, number


@dataclass(frozen=True)
class Question:
    """An architecture that a searcher wants evaluated.

    Attributes:
        number: Its number among the queries of the search, from 1.
        architecture: Official string.
        worker: Who has it, empty for somebody without a name.
        asked: Time when it was last handed out, None if it never was.
        told: Time when it was answered, None if it was not.
        evaluation: The answer, or None.
    """

    number: int
    architecture: str
    worker: str = ""
    asked: float | None = None
    told: float | None = None
    evaluation: Evaluation | None = None


class Progress:
    """All questions of a study so far.

    Attributes:
        questions: In the order in which the searcher asked, by official string.
        ended: Whether the searcher wants nothing more.
        began: Time of the first question.
    """

    def __init__(self) -> None:
        self.questions: dict[str, Question] = {}
        self.ended = False
        self.began = 0.0
        self._names: list[str] = []
        self._open: dict[str, None] = {}
        self._best: Question | None = None

    # -- events ------------------------------------------------------------------------------

    @staticmethod
    def proposed(architectures: Sequence[str], now: float) -> dict[str, Any]:
        """Return the event that the searcher wants these evaluated."""
        return {"event": "proposed", "architectures": list(architectures), "time": now}

    @staticmethod
    def asked(architectures: Sequence[str], worker: str, now: float) -> dict[str, Any]:
        """Return the event that these were handed out."""
        return {
            "event": "asked",
            "architectures": list(architectures),
            "worker": worker,
            "time": now,
        }

    @staticmethod
    def answered(architecture: str, evaluation: Evaluation, now: float) -> dict[str, Any]:
        """Return the event that one was answered."""
        said: dict[str, Any] = {"cost": evaluation.cost}
        if evaluation.error is None:
            said["score"] = evaluation.score
        else:
            said["error"] = evaluation.error
        if evaluation.metrics:
            said["metrics"] = dict(evaluation.metrics)
        return {"event": "told", "architecture": architecture, **said, "time": now}

    @staticmethod
    def end(now: float) -> dict[str, Any]:
        """Return the event that the searcher wants nothing more."""
        return {"event": "ended", "time": now}

    def take(self, event: Mapping[str, Any]) -> None:
        """Take an event of the journal.

        Raises:
            Exception: If it is none, or cannot have happened.
        """
        now = number(event["time"], "time")
        kind = event["event"]
        if kind == "proposed":
            self.began = self.began if self.questions else now
            for name in event["architectures"]:
                if not isinstance(name, str) or name in self.questions:
                    raise ValueError("it asks for something twice")
                self.questions[name] = Question(len(self.questions) + 1, name)
                self._names.append(name)
                self._open[name] = None
        elif kind == "asked":
            for name in event["architectures"]:
                worker = str(event["worker"])
                self.questions[name] = replace(self.questions[name], worker=worker, asked=now)
        elif kind == "told":
            question = self.questions[event["architecture"]]
            del self._open[question.architecture]  # raises if it was told before
            question = replace(question, told=now, evaluation=_evaluation(event))
            self.questions[question.architecture] = question
            self._best = question if _better(question, self._best) else self._best
        elif kind == "ended":
            self.ended = True
        else:
            raise ValueError("it has an event of no known kind")

    # -- what it comes to --------------------------------------------------------------------

    @property
    def open(self) -> list[Question]:
        """Questions without an answer."""
        return [self.questions[name] for name in self._open]

    @property
    def answers(self) -> int:
        """Number of questions with an answer."""
        return len(self.questions) - len(self._open)

    def batch(self, first: int, count: int) -> list[Question]:
        """Return questions by their numbers, counted from 0; fewer where there are no more."""
        return [self.questions[name] for name in self._names[first : first + count]]

    def to_hand_out(
        self, count: int, worker: str, again: float | None, now: float
    ) -> list[Question]:
        """Return what somebody who asks gets.

        Args:
            count: Most of them.
            worker: Who asks; empty for somebody without a name.
            again: Seconds after which one that was handed out is handed out again; None for never.
            now: The time.
        """
        own = [q for q in self.open if q.asked is not None and worker and q.worker == worker]
        new = [q for q in self.open if q.asked is None]
        late = [
            q
            for q in self.open
            if again is not None and q.asked is not None and now - q.asked >= again and q not in own
        ]
        return [*own, *new, *late][:count]

    def to_answer(self, architecture: str) -> Question:
        """Return the question that an answer is for.

        Raises:
            AnswerError: If it was never asked, or is answered.
        """
        question = self.questions.get(architecture)
        if question is None or question.asked is None:
            waiting = [q.architecture for q in self.open if q.asked is not None]
            few = ", ".join(waiting[:3]) + (" …" if waiting[3:] else "")
            raise AnswerError(
                f"The study never asked for {architecture}; nothing was recorded. "
                + (f"It waits for {few}." if waiting else "It waits for no answer: ask first.")
            )
        if question.evaluation is not None:
            found = question.evaluation
            before = f"failed: {found.error}" if found.failed else f"score {found.score:.6g}"
            raise AnswerError(
                f"{architecture} was told before ({before}); nothing was recorded. Each is told "
                "once."
            )
        return question

    def records(self, space: SearchSpace) -> Iterator[QueryRecord]:
        """Yield a record for each answer, in the order of the questions."""
        for question in self.questions.values():
            if question.evaluation is not None:
                yield self.record(space, question)

    def record(self, space: SearchSpace, question: Question) -> QueryRecord:
        """Return the record of a question with an answer."""
        assert question.evaluation is not None and question.told is not None  # noqa: S101, PT018
        return QueryRecord(
            query=question.number,
            architecture=question.architecture,
            vector=space.parse(question.architecture),
            evaluation=question.evaluation,
            seconds=max(0.0, question.told - self.began),
        )

    @property
    def best(self) -> Question | None:
        """The first question with the highest score, None while none succeeded."""
        return self._best


def _better(one: Question, other: Question | None) -> bool:
    """Return whether a question has the higher score, or as high a one and was asked before."""
    if one.evaluation is None or one.evaluation.failed:
        return False
    if other is None or other.evaluation is None:
        return True
    scores = one.evaluation.score, other.evaluation.score
    return scores[0] > scores[1] or (scores[0] == scores[1] and one.number < other.number)


def _evaluation(event: Mapping[str, Any]) -> Evaluation:
    error = event.get("error")
    if error is not None and not isinstance(error, str):
        raise TypeError("its error is no text")
    score = float("nan") if error is not None else number(event["score"], "score")
    cost = number(event["cost"], "cost")
    found = Evaluation(score, cost, error, dict(event.get("metrics", {})))
    return checked(found, lambda: 0.0)
