"""A search that is asked what to evaluate and told what came of it, by any process, at any time."""

from __future__ import annotations

import dataclasses
import math
import os
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from rlnas.atomic import jsonable
from rlnas.damage import guarded
from rlnas.errors import InvalidArgumentError, RunError, bounded, shown
from rlnas.lock import folder_lock
from rlnas.plain import whole
from rlnas.run_folder import (
    CONFIG,
    begin_run,
    check_settings,
    holds_work,
    read_settings,
    refuse_begun,
    refuse_file,
)
from rlnas.search import Searcher, SearchResult, get_searcher, searcher_names
from rlnas.search.registry import SEARCHERS
from rlnas.spaces import SearchSpace, get_space
from rlnas.studies.asked_search import AskedSearch
from rlnas.studies.journal import Journal
from rlnas.studies.progress import Progress, Question
from rlnas.tasks import Budget, Evaluation, Metric, QueryRecord
from rlnas.tasks.outcome import checked, number
from rlnas.tasks.proxies import ProxyColumns, ProxySource

if TYPE_CHECKING:
    from typing_extensions import Self

KIND = "study"
"""What its ``config.json`` calls it."""

JOURNAL = "journal.jsonl"
"""File of what was asked and told, see `rlnas.studies.journal`."""

_OTHERS = 60.0  # seconds to wait for another process, which needs milliseconds
_LOOK = 1.0  # most seconds between two looks at whether there is something to hand out
_LONGEST_NAME = 200


def open_study(
    folder: str | Path,
    space: SearchSpace | str | None = None,
    searcher: Searcher | str | None = None,
    budget: Budget | int | None = None,
    seed: int | None = None,
    *,
    options: Mapping[str, object] | None = None,
    sources: Sequence[str | Path] | None = None,
    metric: str | None = None,
    unit: str | None = None,
    direction: Literal["max", "min"] | None = None,
    in_flight: int | None = None,
    canonical_free: bool | None = None,
    proxies: ProxySource | Mapping[str, ArrayLike] | None = None,
    command: str = "",
) -> Study:
    """Begin a study, or go on with the one in a folder.

    Any number of processes may have it open, on any machine that sees the folder. What is not given
    is as it was begun, so that ``open_study(folder)`` is enough to go on.

    Args:
        folder: Where the study is kept.
        space: What an architecture is, or the name of a registered space.
        searcher: A searcher or transfer method, or the name of one; to begin with
            ``regularised-evolution`` if not given. One that is given as an object must be given
            each time that the study is to propose something.
        budget: Number of architectures to evaluate, or a `Budget`.
        seed: Seed of all randomness: with the same seed and answers it asks the same questions, and
            those of ``searcher.search(…)``. 0 to begin with if not given.
        options: Options of a searcher given by name.
        sources: What a transfer method given by name starts from: folders of ``rlnas train``.
        metric: Name of the number that is told, ``score`` if not given.
        unit: Its unit, ``1`` for a pure number if not given.
        direction: Whether larger (``max``, if not given) or smaller (``min``) numbers are better.
        in_flight: Most architectures that a searcher proposes before it is told of them, 1 if not
            given. Which it proposes may depend on that, but not on who answers first. Searchers
            that cannot use several propose one at a time whatever this is.
        canonical_free: Whether architectures that compute the same function as one that was told
            are never asked for.
        proxies: What is known of architectures before they are evaluated, see `rlnas.make_task`; to
            be given each time that the study is to propose something.
        command: A command line that is kept in the folder of a new study.

    Raises:
        InvalidArgumentError: If something is missing to begin with, or out of range.
        UnknownNameError: If there is no such space or searcher.
        RunError: If the folder holds something else, or a study with other settings.

    Example:
        >>> import rlnas, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = rlnas.open_study(folder, "transnas-micro", "random", budget=5)
        ...     while architectures := study.ask():
        ...         for architecture in architectures:
        ...             record = study.tell(architecture, architecture.count("3"))
        ...     study.best.architecture, study.best.score
        ('64-41414-2_22_333', 3.0)
    """
    folder = Path(folder)
    refuse_file(folder)
    if budget is not None:
        budget = Budget.of(budget)
    asked: dict[str, Any] = {
        "space": space if isinstance(space, str) or space is None else space.name,
        "size": None,
        "searcher": searcher if isinstance(searcher, str) or searcher is None else searcher.name,
        "given": None if searcher is None else not isinstance(searcher, str),
        "options": None if options is None else dict(options),
        "sources": None if sources is None else [str(path) for path in sources],
        "budget": None if budget is None else dataclasses.asdict(budget),
        "seed": None if seed is None else whole(seed, "seed"),
        "metric": metric,
        "unit": unit,
        "direction": direction,
        "in_flight": None if in_flight is None else whole(in_flight, "in_flight", 1),
        "canonical_free": canonical_free,
        "proxies": None,
    }
    if isinstance(space, str):
        space = get_space(space)
    if isinstance(searcher, Searcher):
        if options or sources:
            raise InvalidArgumentError(
                "options and sources are of a searcher given by its name; leave them out."
            )
        asked["options"] = jsonable(dict(searcher.options()))
    if space is not None:
        asked["size"] = space.size
    if isinstance(proxies, Mapping):
        asked["proxies"] = _digest(proxies)
        if space is not None:
            proxies = ProxyColumns(space, proxies)
    known = {name: value for name, value in asked.items() if value is not None}
    _settings(folder, known)  # refuses, before anything is written there
    with folder_lock(folder, wait=_OTHERS):
        begun, settings = _settings(folder, known)
        study = Study(
            folder,
            settings,
            space=space,
            searcher=searcher if isinstance(searcher, Searcher) else None,
            proxies=proxies,
        )
        if not begun:
            study.check()
            begin_run(folder, KIND, settings, command=command)
    return study


def _settings(folder: Path, asked: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Return whether a study was begun, and its settings, or those that it begins with.

    Raises:
        InvalidArgumentError: If something is missing to begin with.
        RunError: If the folder holds something else, or other settings.
    """
    if (folder / CONFIG).exists():
        settings = read_settings(folder, KIND)
        check_settings(folder, {name: settings.get(name) for name in asked}, asked)
        return True, settings
    if holds_work(folder):
        refuse_begun(folder, "something that is no study")
    for name in ("space", "budget"):
        if name not in asked:
            raise InvalidArgumentError(
                f"{folder} holds no study yet, and the {name} to begin one with is missing; give "
                "space, searcher and budget."
            )
    settings = {
        "searcher": "regularised-evolution",
        "given": False,
        "options": {},
        "sources": [],
        "seed": 0,
        "metric": "score",
        "unit": "1",
        "direction": "max",
        "in_flight": 1,
        "canonical_free": False,
        "proxies": None,
        **asked,
    }
    if settings["searcher"] in SEARCHERS.names():
        settings["version"] = SEARCHERS.get(settings["searcher"]).version
    return False, settings


def _digest(columns: Mapping[str, ArrayLike]) -> str:
    digest = 0
    for name in sorted(columns):
        digest = zlib.crc32(np.asarray(columns[name], np.float64).tobytes(), digest)
        digest = zlib.crc32(name.encode(), digest)
    return f"{digest:08x}"


class Study:
    """A search that is asked and told; `open_study` makes one.

    Everything it knows is in its folder, in a journal to which one line is added for each thing
    that happens. Nothing is lost when a process is killed, and nothing counts twice. A process that
    is asked for new questions repeats the search with the answers that are there, in memory, and
    then goes on with it; so the first question after a start costs what the search has cost its
    searcher so far, and a further one in the same process only its own part.

    Attributes:
        folder: Where it is kept.
        settings: What it was begun with.
        metric: What is told.
        budget: What may be spent.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        *,
        space: SearchSpace | None = None,
        searcher: Searcher | None = None,
        proxies: ProxySource | Mapping[str, ArrayLike] | None = None,
    ) -> None:
        self.folder = folder
        self.settings = dict(settings)
        with guarded(folder / CONFIG, "description of a study", RunError):
            _check_kinds(settings)
            self.metric = Metric(
                name=settings["metric"], unit=settings["unit"], direction=settings["direction"]
            )
            self.budget = Budget(**settings["budget"])
            self._space_name = str(settings["space"])
            self._in_flight = whole(settings["in_flight"], "in_flight", 1)
        self._space = space
        self._searcher = searcher
        self._proxies = proxies
        self._journal = Journal(folder / JOURNAL)
        self._progress = Progress()
        self._search: AskedSearch | None = None
        self._fed = 0  # questions that it was given the answers of
        self._owner = os.getpid()
        self._mine = threading.RLock()

    # -- what it is made of --------------------------------------------------------------------

    @property
    def space(self) -> SearchSpace:
        """The search space."""
        if self._space is None:
            self._space = get_space(self._space_name)
            if self._space.size != self.settings["size"]:
                raise RunError(
                    f"{self.folder} was begun on another space that is called "
                    f"{self._space_name!r} too; give that one by open_study(folder, space)."
                )
        return self._space

    @property
    def searcher(self) -> Searcher:
        """The searcher.

        Raises:
            InvalidArgumentError: If it was given as an object when the study was begun, and is not
                given now.
        """
        if self._searcher is None:
            settings = self.settings
            name = str(settings["searcher"])
            if settings["given"]:
                raise InvalidArgumentError(
                    f"The searcher {name!r} of {self.folder} was given as an object; give it "
                    "again: open_study(folder, searcher=…)."
                )
            if name in searcher_names() and not settings["sources"]:
                self._searcher = get_searcher(name, **settings["options"])
            else:
                from rlnas.transfer.source_folders import searcher_from_folders

                found = searcher_from_folders(name, settings["sources"], **settings["options"])
                self._searcher = found
            if settings.get("version", self._searcher.version) != self._searcher.version:
                raise RunError(
                    f"{self.folder} was begun with version {settings['version']} of {name}, now "
                    f"{self._searcher.version}, which asks for something else. Go on with the "
                    "rlnas that its versions.json names, or choose another folder."
                )
        return self._searcher

    def check(self) -> None:
        """Make what new questions need, to see that it can be.

        Raises:
            RlnasError: If it cannot.
        """
        self._new_search_parts()

    def _new_search_parts(self) -> tuple[Searcher, SearchSpace, ProxySource | None]:
        proxies = self._proxies
        if isinstance(proxies, Mapping):
            proxies = self._proxies = ProxyColumns(self.space, proxies)
        if self.settings["proxies"] is not None and proxies is None:
            raise InvalidArgumentError(
                f"{self.folder} was begun with proxies; give them again: "
                "open_study(folder, proxies=…)."
            )
        if self.searcher.trains:
            raise InvalidArgumentError(
                f"{self.searcher.name} trains a super-network itself, so it cannot be asked and "
                "told; give it a data set (`rlnas search --dataset`), or choose another searcher."
            )
        return self.searcher, self.space, proxies

    def __repr__(self) -> str:
        self._look()
        known, best = self._progress, self.best
        found = "" if best is None else f", best={self.metric.text(best.score, 6)!r}"
        return (
            f"Study({str(self.folder)!r}, {self.settings['searcher']!r}, {known.answers} told, "
            f"{len(known.open)} open{found})"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        given = self._searcher if self.settings["given"] else None
        return _reopened, (self.folder, self.settings, self._space, given, self._proxies)

    def close(self) -> None:
        """Let go of what is in memory; what is in the folder outlives a power cut then."""
        with self._mine:
            self._forget()
            self._journal.settle()

    def _forget(self) -> None:
        if self._search is not None and self._owner == os.getpid():
            self._search.close()
        self._search, self._fed, self._owner = None, 0, os.getpid()

    # -- asking --------------------------------------------------------------------------------

    def ask(
        self,
        n: int = 1,
        *,
        worker: str = "",
        again: float | None = None,
        wait: float = 0.0,
    ) -> list[str]:
        """Return architectures to evaluate, by their official strings.

        Whoever asks gets first what it has and has not told (if it says a name), then what nobody
        has, then what others have had for too long. What is handed out is not handed out again but
        so. There are fewer than asked for, or none, where the searcher wants answers before it goes
        on, and none for ever when the study has `finished`.

        Args:
            n: Most of them, 1 or more.
            worker: Name of who asks, so that after a restart it gets what it had; each has one of
                its own.
            again: Seconds after which what somebody has and did not tell is handed out again.
                Whoever of them tells second is refused.
            wait: Seconds to wait for something to hand out, e.g. for the answers of others.

        Raises:
            InvalidArgumentError: If an argument is out of range.
            RunError: If with these answers the searcher asks for something else than it did before,
                which other versions of libraries may do.
        """
        n = whole(n, "n", 1)
        if not (isinstance(worker, str) and len(worker) <= _LONGEST_NAME and worker.isprintable()):
            raise InvalidArgumentError(
                f"worker is {shown(worker)}; expected a printable name of at most "
                f"{_LONGEST_NAME} characters."
            )
        again = None if again is None else _seconds(again, "again")
        end = time.monotonic() + _seconds(wait, "wait")
        pause = 0.01
        while True:
            with self._mine:
                found = self._ask(n, worker, again)
            left = end - time.monotonic()
            if found or self.finished or left <= 0:
                return found
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LOOK)

    def _ask(self, n: int, worker: str, again: float | None) -> list[str]:
        while True:
            with folder_lock(self.folder, wait=_OTHERS):
                self._look()
                known = self._progress
                if handed := known.to_hand_out(n, worker, again, time.time()):
                    return self._hand_out(handed, worker)
            if known.open or known.ended:
                return []
            # Outside the lock, since a searcher may think for long; others may come to the same.
            count = len(known.questions)
            batch = self._propose()
            with folder_lock(self.folder, wait=_OTHERS):
                self._look()
                if len(known.questions) > count or known.ended:
                    continue
                now = time.time()
                if not batch:
                    self._happen(known.end(now))
                    return []
                new = [Question(count + i, name) for i, name in enumerate(batch, start=1)]
                self._happen(known.proposed(batch, now), known.asked(batch[:n], worker, now))
                return [question.architecture for question in new[:n]]

    def _hand_out(self, questions: Sequence[Question], worker: str) -> list[str]:
        names = [question.architecture for question in questions]
        fresh = [q.architecture for q in questions if q.asked is None or q.worker != worker]
        if fresh:  # what it has already it still has since then
            self._happen(Progress.asked(fresh, worker, time.time()))
        return names

    def _propose(self) -> tuple[str, ...]:
        """Let the searcher go on as far as there are answers; return what it waits for then.

        Raises:
            RunError: If with the answers so far it asks for something else than before.
        """
        if self._owner != os.getpid():  # a fork has no threads
            self._forget()
        if self._search is None:
            searcher, space, proxies = self._new_search_parts()
            self._search = AskedSearch(
                searcher,
                space,
                self.metric,
                self.budget,
                self.settings["seed"],
                name=self.folder.name,
                in_flight=self._in_flight,
                canonical_free=self.settings["canonical_free"],
                proxies=proxies,
            )
        while True:
            batch = self._search.questions()
            known = self._progress.batch(self._fed, len(batch))
            if not known:
                return batch
            if not batch or tuple(question.architecture for question in known) != batch:
                before = ", ".join(question.architecture for question in known)
                self._forget()
                raise RunError(
                    f"{self.folder}: with the same answers {self.settings['searcher']} asks for "
                    f"{bounded(', '.join(batch) or 'nothing', 200)} where it asked for "
                    f"{bounded(before, 200)}. Go on with the versions that its versions.json "
                    "names, on a machine of the same kind, or begin in another folder."
                )
            answers = [q.evaluation for q in known if q.evaluation is not None]
            if len(answers) < len(batch):
                return batch
            self._search.answer(answers)
            self._fed += len(batch)

    # -- telling -------------------------------------------------------------------------------

    def tell(
        self,
        architecture: str,
        score: float | None = None,
        *,
        failure: str | None = None,
        cost: float | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> QueryRecord:
        """Say what an architecture that was asked for came to.

        Args:
            architecture: Its official string.
            score: The raw number; one that is NaN or infinite is a failure.
            failure: Instead, why there is none. It costs its query like any other.
            cost: Seconds of training; if not given those since it was handed out.
            metrics: Other numbers, by name, that are kept with it.

        Returns:
            Its record.

        Raises:
            AnswerError: If it was never asked for, or told before; nothing is recorded then, nor
                with any other error.
            InvalidArchitectureError: If it is no architecture of the space.
            InvalidArgumentError: If there is no score and no failure, or both, or an argument is no
                number.
        """
        evaluation = self._answer(score, failure, cost, metrics)
        name = self.space.format(self.space.parse(str(architecture)))
        with self._mine, folder_lock(self.folder, wait=_OTHERS):
            self._look()
            question = self._progress.to_answer(name)
            now = time.time()
            if cost is None and question.asked is not None:
                evaluation = dataclasses.replace(evaluation, cost=max(0.0, now - question.asked))
            self._happen(Progress.answered(name, evaluation, now), settle=True)
            return self._progress.record(self.space, self._progress.questions[name])

    def _answer(
        self,
        score: float | None,
        failure: str | None,
        cost: float | None,
        metrics: Mapping[str, float] | None,
    ) -> Evaluation:
        if (score is None) == (failure is None):
            both = "both" if score is not None else "neither"
            raise InvalidArgumentError(f"An answer is a score or a failure; {both} was given.")
        seconds = 0.0 if cost is None else _seconds(cost, "cost")
        raw = math.nan if score is None else number(score, "score")
        others = dict(metrics or {})
        for name, value in others.items():
            number(value, f"metrics[{shown(name)}]")
        error = None if failure is None else bounded(str(failure)) or "failed"
        found = Evaluation(self.metric.sign * raw, seconds, error, others)
        return checked(found, lambda: seconds)

    # -- what is known -------------------------------------------------------------------------

    @property
    def best(self) -> QueryRecord | None:
        """The first record with the highest score so far, None while none succeeded."""
        with self._mine:
            self._look()
            best = self._progress.best
            return None if best is None else self._progress.record(self.space, best)

    @property
    def records(self) -> list[QueryRecord]:
        """A record for each answer so far, in the order in which the searcher asked."""
        with self._mine:
            self._look()
            return list(self._progress.records(self.space))

    @property
    def told(self) -> int:
        """Number of answers so far."""
        with self._mine:
            self._look()
            return self._progress.answers

    @property
    def waiting(self) -> list[str]:
        """Architectures that were handed out and not told of yet."""
        with self._mine:
            self._look()
            return [q.architecture for q in self._progress.open if q.asked is not None]

    @property
    def finished(self) -> bool:
        """Whether the search is over and all is told; the searcher may say so when asked only."""
        with self._mine:
            self._look()
            most = self.budget.queries
            spent = most is not None and self._progress.answers >= most
            return not self._progress.open and (self._progress.ended or spent)

    def result(self) -> SearchResult:
        """Return the search so far, as ``searcher.search`` returns it.

        Where several are in flight, only whole batches count. Repeats the search in memory.

        Raises:
            RlnasError: As `ask` where it proposes.
        """
        with self._mine:
            self._look()
            self._propose()
            assert self._search is not None  # noqa: S101
            records = self._search.records
            seconds = {r.architecture: r.seconds for r in self.records}
            free = self.settings["canonical_free"]
            return SearchResult(
                task=self.folder.name,
                space=self.space.name,
                searcher=str(self.settings["searcher"]),
                seed=self.settings["seed"],
                budget=self.budget,
                metric=self.metric,
                records=tuple(
                    dataclasses.replace(r, seconds=seconds[r.architecture]) for r in records
                ),
                options={
                    **self.searcher.options(),
                    "canonical_free": free,
                    **({"in_flight": self._in_flight} if self._in_flight > 1 else {}),
                },
            )

    # -- the journal ---------------------------------------------------------------------------

    def _look(self) -> None:
        """Take what others wrote."""
        path = self._journal.path
        try:
            for event in self._journal.news():
                remedy = "Restore it from a copy, or begin in another folder."
                with guarded(path, "journal of a study", RunError, remedy):
                    self._progress.take(event)
        except RunError:  # what follows is not to be taken as if nothing had been wrong before
            self._forget()
            self._journal, self._progress = Journal(path), Progress()
            raise

    def _happen(self, *events: Mapping[str, Any], settle: bool = False) -> None:
        """Write what happens, then take it."""
        self._journal.append(*events, settle=settle)
        for event in events:
            self._progress.take(event)


_KINDS: dict[str, tuple[type, ...]] = {
    "space": (str,),
    "size": (int,),
    "searcher": (str,),
    "given": (bool,),
    "options": (dict,),
    "sources": (list,),
    "budget": (dict,),
    "seed": (int,),
    "metric": (str,),
    "unit": (str,),
    "direction": (str,),
    "in_flight": (int,),
    "canonical_free": (bool,),
    "proxies": (str, type(None)),
}
"""What each setting is."""


def _check_kinds(settings: Mapping[str, Any]) -> None:
    """Raise a `TypeError` if a setting is of another kind, a `KeyError` if it is missing."""
    for name, kinds in _KINDS.items():
        value = settings[name]
        if type(value) not in kinds or (isinstance(value, str) and len(value) > _LONGEST_NAME):
            raise TypeError(f"its {name} is {shown(settings[name])}")
    if not all(isinstance(path, str) for path in settings["sources"]):
        raise TypeError("its sources are no paths")
    whole(settings["seed"], "seed")
    whole(settings.get("version", 1), "version", 1)


def _reopened(
    folder: Path,
    settings: Mapping[str, Any],
    space: SearchSpace | None,
    searcher: Searcher | None,
    proxies: ProxySource | Mapping[str, ArrayLike] | None,
) -> Study:
    return Study(folder, settings, space=space, searcher=searcher, proxies=proxies)


def _seconds(value: float, name: str) -> float:
    found = number(value, name)
    if not 0 <= found < math.inf:
        raise InvalidArgumentError(f"{name} is {found}; expected finite seconds of 0 or more.")
    return found
