"""Every space passes the exported checks."""

from rlnas.testing import check_space


def test_every_space_conforms(space):
    check_space(space)
