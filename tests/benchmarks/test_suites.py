"""Suites by name: those of the user's tables, and the nearest to an unknown one."""

import pytest

from rlnas.benchmarks import (
    install_table,
    load_suite,
    load_table,
    suite_names,
)
from rlnas.errors import (
    InvalidArgumentError,
    UnknownNameError,
)

# -- tables of the user's ----------------------------------------------------------------------


def test_a_users_table_is_a_suite_by_its_name(cache, own_table):
    install_table(own_table())
    assert "mine" in suite_names()
    assert load_suite("mine")["t"].name == "mine/t"
    with pytest.raises(InvalidArgumentError, match="replace=True"):
        install_table(own_table(value=1.0))
    assert load_suite("mine")["t"].best()[1] == 0.0
    install_table(own_table(value=1.0), replace=True)
    assert load_suite("mine")["t"].best()[1] == 1.0


def test_unknown_suites_list_the_nearest(cache):
    with pytest.raises(UnknownNameError, match="Did you mean 'transnas-micro'"):
        load_suite("transnas-mircro")
    with pytest.raises(UnknownNameError, match="Known: "):
        load_table("nothing-like-it")
