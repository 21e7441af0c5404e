"""Training many seeds at once is measured in all ways, and is faster than one after the other."""

import json

import pytest
import torch

from rlnas.bench import measure_seeds
from rlnas.bench.measures import seeds
from rlnas.errors import InvalidArgumentError


def test_a_batch_is_measured_beside_one_after_the_other(task):
    threads = torch.get_num_threads()
    result = measure_seeds(task, 10, steps=3_000, threads=[1], repeats=3)
    assert json.loads(json.dumps(result)) == result
    assert torch.get_num_threads() == threads
    assert (result["count"], result["steps"], result["device"]) == (10, 3_000, "cpu")
    (row,) = result["threads"]
    for way in ("one", "batch", "serial"):
        assert len(row[way]["repeats"]) == 3
        assert result["best"][way] == {"threads": 1, "seconds": row[way]["median"]}
    assert result["ratio"] == pytest.approx(row["batch"]["median"] / row["one"]["median"])
    assert result["speedup"] == pytest.approx(row["serial"]["median"] / row["batch"]["median"])
    # About 3 on a quiet machine (experiments/speed): others may be at work here.
    assert result["speedup"] > 0.8


class Recorder:
    """Stands for training: says which ways were run with how many threads, and takes its time."""

    def __init__(self, monkeypatch, rollout_seconds):
        self.runs = []
        self.clock = 0.0
        self.rollout_seconds = rollout_seconds
        monkeypatch.setattr(seeds.PPOController, "train", self.train)
        monkeypatch.setattr(seeds.PPOController, "train_many", self.train_many)
        monkeypatch.setattr("rlnas.bench.measures.seeds.time.perf_counter", lambda: self.clock)

    def train(self, task, steps, seed, **options):
        assert options["engine"] == "device"
        self._run((seed,), steps, 1.0)

    def train_many(self, tasks, steps, numbers, **options):
        self._run(tuple(numbers), steps, 2.0)

    def _run(self, numbers, steps, cost):
        threads = torch.get_num_threads()
        self.clock += cost * steps * self.rollout_seconds[threads]
        if steps > 1:
            self.runs.append((numbers, threads))


def test_all_seeds_are_really_trained_with_each_number_of_threads(task, monkeypatch):
    recorder = Recorder(monkeypatch, {1: 1.0, 2: 0.75})
    result = measure_seeds(task, 3, steps=10, threads=[1, 2, 1], repeats=2, seed=5)
    once = [((5,), 1), ((5, 6, 7), 1), *(((s,), 1) for s in (5, 6, 7))]
    once += [(numbers, 2) for numbers, _ in once]
    assert recorder.runs == once * 2
    assert result["best"]["one"] == {"threads": 2, "seconds": pytest.approx(7.5)}
    assert result["ratio"] == pytest.approx(2.0)
    assert result["speedup"] == pytest.approx(1.5)


def test_a_number_of_threads_that_is_far_too_slow_is_left_out(task, monkeypatch):
    recorder = Recorder(monkeypatch, {1: 1.0, 2: 20.0})
    result = measure_seeds(task, 2, steps=10, threads=[1, 2], repeats=1)
    assert {threads for _, threads in recorder.runs} == {1}
    one, two = result["threads"]
    assert one["one"]["median"] == pytest.approx(10.0)
    assert (two["threads"], two["rollout_seconds"]) == (2, pytest.approx(20.0))
    assert two["one"] == two["serial"] == {"median": None, "min": None, "max": None, "repeats": []}


@pytest.mark.parametrize(
    "options", [{"count": 0}, {"steps": 0}, {"repeats": 0}, {"threads": []}, {"threads": [0]}]
)
def test_mistakes(task, options):
    with pytest.raises(InvalidArgumentError, match="expected positive"):
        measure_seeds(task, **options)
