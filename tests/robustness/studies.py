"""Clients of a study that are killed at random moments: nothing is lost, nothing counts twice.

``python tests/robustness/studies.py --kills 100 --clients 4 --seed 0`` lets four processes ask and
tell one study, kills one of them at a random moment by SIGKILL, starts it anew under its name, and
so on. Each client writes down what it is about to tell and what it was told to have told. In the
end every answer is there once, those that were acknowledged among them, and the search is the one
that nobody interrupted.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

SPACE, IN_FLIGHT, SECONDS = "transnas-micro", 4, 600


def score(architecture):
    """What an architecture comes to; some fail."""
    digits = architecture.rsplit("-", 1)[1]
    return None if digits.endswith("0") else digits.count("3") + 0.01 * int(digits[0])


def client(folder, name, pause):
    """Ask and tell until the study has finished, and keep a diary."""
    from rlnas.errors import AnswerError
    from rlnas.studies import open_study

    with (folder.parent / f"{name}.diary").open("a", encoding="utf-8") as diary:

        def write(what, architecture):
            diary.write(json.dumps([what, architecture]) + "\n")
            diary.flush()

        study = open_study(folder)
        while batch := study.ask(1, worker=name, wait=SECONDS):
            for architecture in batch:
                time.sleep(random.random() * pause)
                found = score(architecture)
                write("tells", architecture)
                try:
                    if found is None:
                        study.tell(architecture, failure="fails", cost=1.0)
                    else:
                        study.tell(architecture, found, cost=1.0)
                except AnswerError as error:
                    write(f"refused: {error}", architecture)
                    os._exit(3)  # it had it all the time
                write("told", architecture)


def start(folder, name, pause):
    """Return the number of a process that is such a client."""
    sys.stdout.flush()
    if (child := os.fork()) == 0:
        status = 1
        try:
            random.seed(os.getpid())
            client(folder, name, pause)
            status = 0
        finally:
            os._exit(status)
    return child


def campaign(home, *, kills, clients, queries, seed, pause=0.01):
    """Run one; return the number of kills, the moments of work lost, and what was wrong."""
    from rlnas.studies import open_study

    folder, rng, wrong = Path(home) / "study", random.Random(seed), []
    open_study(folder, SPACE, "regularised-evolution", queries, seed, in_flight=IN_FLIGHT)
    running = {start(folder, f"client-{n}", pause): f"client-{n}" for n in range(clients)}
    killed, begun = 0, time.monotonic()
    while running:
        time.sleep(rng.uniform(0.0, 0.06))
        while (ended := os.waitpid(-1, os.WNOHANG) if running else (0, 0))[0]:
            name = running.pop(ended[0])
            if (status := os.waitstatus_to_exitcode(ended[1])) != 0:
                wrong.append(f"{name} ended with status {status}")
        if time.monotonic() - begun > SECONDS:
            wrong.append(f"not finished after {SECONDS} s")
            kills = 0
        if killed < kills and running:
            pid = rng.choice(list(running))
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            name = running.pop(pid)
            # It may have ended before the signal came.
            killed += os.waitstatus_to_exitcode(status) == -signal.SIGKILL
            running[start(folder, name, pause)] = name
    torn, more = check(folder, queries, seed)
    return killed, torn, wrong + more


def check(folder, queries, seed):
    """Return how often a client that was killed had told without hearing so, and what is wrong."""
    from rlnas.search import get_searcher
    from rlnas.spaces import get_space
    from rlnas.studies import open_study
    from rlnas.tasks import Evaluation, Metric, Task

    space = get_space(SPACE)
    study, wrong = open_study(folder), []
    lines = [line.split(" ", 1)[1] for line in (folder / "journal.jsonl").read_text().splitlines()]
    told = [e["architecture"] for e in map(json.loads, lines) if e["event"] == "told"]
    if len(told) != len(set(told)) or len(told) != queries:
        wrong.append(f"{len(told)} answers to {len(set(told))} of {queries} questions")
    if not study.finished or study.waiting:
        wrong.append("not finished")
    diaries = [
        json.loads(line)
        for path in folder.parent.glob("*.diary")
        for line in path.read_text().splitlines()
    ]
    heard = [architecture for what, architecture in diaries if what == "told"]
    wrong += [what for what, _ in diaries if what.startswith("refused")]
    wrong += [f"{name} was told and is lost" for name in set(heard) - set(told)]
    if len(heard) != len(set(heard)):
        wrong.append("an architecture was told twice")

    class Scores:
        metric = Metric(name="score")
        in_flight = IN_FLIGHT

        def evaluate_many(self, vectors):
            for vector in vectors:
                found = score(space.format(vector))
                failed = Evaluation(float("nan"), 1.0, "fails")
                yield failed if found is None else Evaluation(found, 1.0)

    expected = get_searcher("regularised-evolution").search(
        Task("study", space, Scores()), queries, seed
    )
    facts = [
        [(r.architecture, repr(r.score), r.evaluation.error) for r in records]
        for records in (study.records, expected.records)
    ]
    if facts[0] != facts[1]:
        wrong.append("the search is another than without kills")
    return len(set(told)) - len(heard), wrong


def main():
    """Run a campaign; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = vars(parser.parse_args())
    home = tempfile.mkdtemp(prefix="rlnas-studies-")
    begun = time.monotonic()
    killed, unheard, wrong = campaign(home, **options)
    shutil.rmtree(home)
    print(
        f"{killed} kills among {options['clients']} clients, {options['queries']} queries in "
        f"{time.monotonic() - begun:.0f} s; {unheard} answers were kept of clients killed before "
        f"they heard so; {len(wrong)} wrong"
    )
    for line in wrong[:20]:
        print(f"  {line}")
    return int(bool(wrong) or killed < options["kills"])


if __name__ == "__main__":
    sys.exit(main())
