"""A run of the study on disk: finished, interrupted, begun with other settings."""

import pandas as pd
import pytest
from reference_study.config import StudyConfig
from reference_study.run import StudyRun, run_study

from rlnas.errors import RunError

TASKS = ("synthetic-0", "synthetic-1")


def test_a_finished_run_is_read_again_and_not_measured_again(finished_run):
    assert StudyRun.open(finished_run.folder).config == finished_run.config
    assert not finished_run.missing()
    groups = [path for path in finished_run.folder.rglob("*.parquet") if "groups" in str(path)]
    before = {path: path.stat().st_mtime_ns for path in groups}
    run_study(finished_run.config, finished_run.folder, workers=1, resume=True)
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())


def test_an_interrupted_run_goes_on_to_the_same_result(finished_run):
    group = finished_run.config.groups()[-1]
    before = pd.read_parquet(finished_run.folder / "curves.parquet")
    finished_run.path(group, "rows").unlink()
    assert finished_run.missing() == [group]
    with pytest.raises(RunError, match="lacks 1"):
        finished_run.write_tables()
    finished_run.measure(group)
    _, after = finished_run.write_tables()
    pd.testing.assert_frame_equal(before, after)


def test_other_settings_are_another_run(finished_run):
    other = StudyConfig(**{**vars(finished_run.config), "seeds": 3})
    with pytest.raises(RunError, match="seeds"):
        run_study(other, finished_run.folder, resume=True)
    with pytest.raises(RunError, match="already"):
        run_study(finished_run.config, finished_run.folder)
