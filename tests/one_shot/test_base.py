"""A teacher in the search loss: who can have one, and that a search with one resumes exactly."""

import dataclasses

import pandas as pd
import pytest

from rlnas.errors import InvalidArgumentError, RunError
from rlnas.networks import build_network
from rlnas.search import get_searcher
from rlnas.training import Distillation

OPTIONS = {"steps": 8, "batch_size": 16, "save_every": 3}


@pytest.fixture
def taught(kept):
    """Return the examples with a teacher and a folder of its own for each name."""

    def make(name, **options):
        examples = kept(name)
        teacher = build_network(
            "transnas-micro", "64-41414-3_33_333", examples.spec, examples.config, seed=1
        )
        return dataclasses.replace(examples, distillation=Distillation(teacher=teacher, **options))

    return make


@pytest.mark.parametrize("name", ["snps", "random-deletion"])
def test_a_shrinking_network_learns_from_a_teacher(name, make_searched, taught, kept):
    searcher = get_searcher(name, **OPTIONS)
    searcher.search(make_searched(taught("taught")), 1)
    searcher.search(make_searched(kept("alone")), 1)
    first, second = (
        pd.read_parquet(kept(n).folder / "trace.parquet")["loss"] for n in ("taught", "alone")
    )
    assert first[0] > second[0]  # the same first weights, and more to learn
    with pytest.raises(RunError, match="distillation"):
        searcher.search(make_searched(taught("taught", temperature=2.0)), 1)


def test_an_interrupted_search_with_a_teacher_comes_to_the_same(make_searched, taught):
    get_searcher("snps", **OPTIONS).search(make_searched(taught("one")), 1)
    get_searcher("snps", **{**OPTIONS, "steps": 4}).search(make_searched(taught("two")), 1)
    get_searcher("snps", **OPTIONS).search(make_searched(taught("two")), 1)
    one, two = (pd.read_parquet(taught(n).folder / "trace.parquet") for n in ("one", "two"))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_others_learn_from_no_teacher(make_searched, taught):
    with pytest.raises(InvalidArgumentError, match="darts learns from no teacher"):
        get_searcher("darts", **OPTIONS).search(make_searched(taught("run")), 1)
