"""Memory is that of the run alone: what grows with it is seen, what was there before is not."""

import json

import pytest

from rlnas.bench import measure_memory
from rlnas.bench.measures import memory
from rlnas.bench.measures.memory import RUNS, Run
from rlnas.errors import InvalidArgumentError, RlnasError

pytestmark = pytest.mark.skipif(not memory._STATUS.exists(), reason="memory is read as on Linux")


def test_memory_grows_with_the_environments(task):
    runs = (RUNS[0], Run("large", "TensorImprovement, 65536 environments", "tensor", 65536))
    result = measure_memory(task, runs=runs)
    assert json.loads(json.dumps(result)) == result
    small, large = result["rows"]
    assert (small["key"], small["cuda_peak_mib"]) == ("tensor-1024", None)
    # Observations, bit sets and scores alone are 64 × 1.1 kB × 1024.
    assert large["peak_mib"] > 60
    assert small["peak_mib"] < large["peak_mib"] / 3
    assert abs(small["base_mib"] - large["base_mib"]) < 30
    assert small["base_mib"] > 100  # PyTorch is imported before the run


def test_every_kind_of_run_can_be_made(task):
    for run in RUNS:
        memory._work(run, task, "cpu", 0, 16)
    with pytest.raises(InvalidArgumentError, match="'reference'"):
        memory._work(Run("x", "x", "other"), task, "cpu", 0, None)
    assert [run.key for run in RUNS] == [
        "tensor-1024",
        "tensor-8192",
        "dummy-1024",
        "device",
        "device-many",
        "sb3",
        "reference",
    ]


def test_another_system_is_told(task, monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "status")
    with pytest.raises(RlnasError, match="Linux"):
        measure_memory(task)
    (tmp_path / "status").write_text("VmRSS:   2048 kB\n")
    assert memory._status_mib("VmRSS") == 2.0
    with pytest.raises(RlnasError, match="VmHWM"):
        memory._status_mib("VmHWM")
