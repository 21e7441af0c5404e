"""How options are given: names in lists, options more than once."""

import sys

import pytest

from rlnas.cli.data import DataOptions
from rlnas.cli.evaluate import EvaluateOptions
from rlnas.cli.main import main
from rlnas.cli.options import gather_repeated, option_kinds, split_names
from rlnas.cli.search_options import SearchOptions
from rlnas.cli.train import TrainOptions
from rlnas.cli.transfer import TransferOptions
from rlnas.errors import InvalidArgumentError


@pytest.mark.parametrize(
    ("options", "given", "gathered"),
    [
        (EvaluateOptions, "--architecture A --architecture B", "--architecture A B"),
        (DataOptions, "import f --column a,b=c --column=d", "import f --column a,b=c d"),
        (DataOptions, "import f --option a=b --name n --option c=d", None),
        (TransferOptions, "--source a b --task t --source c", "--source a b c --task t"),
        (TrainOptions, "--task a --json --task b --json", "--task a b --json"),
        (SearchOptions, "--task=a --option x=1 --task=b", "--task a b --option x=1"),
        (SearchOptions, "--task a --seed -1", "--task a --seed -1"),
        (SearchOptions, "--nonsense 1 --nonsense 2", "--nonsense 1 --nonsense 2"),
    ],
)
def test_all_values_of_an_option_given_twice_are_taken(options, given, gathered):
    expected = gathered or "import f --option a=b c=d --name n"
    assert gather_repeated(given.split(), options) == expected.split()


@pytest.mark.parametrize("given", ["--seed 1 --seed 2", "--image-size=8 --image_size=16"])
def test_an_option_of_one_value_is_not_given_twice(given):
    with pytest.raises(InvalidArgumentError, match="given twice"):
        gather_repeated(given.split(), SearchOptions)


def test_options_of_options_have_names_too():
    assert {"json", "task", "recipe"} <= set(option_kinds(SearchOptions))
    assert {"column", "force", "names"} <= set(option_kinds(DataOptions))


def test_commas_alone_name_nothing():
    assert split_names(()) == ()
    with pytest.raises(InvalidArgumentError, match="names nothing"):
        split_names([" , "])


@pytest.mark.parametrize("given", [["--task"], ["--task", "--seed", "1"], ["--task", "--", "x"]])
def test_a_list_without_a_value_is_refused(given):
    with pytest.raises(InvalidArgumentError, match="--task is given without a value"):
        gather_repeated(["--queries", "3", *given], SearchOptions)


def test_ray_takes_an_address_or_none():
    from rlnas.cli.matrix import MatrixOptions

    for given, expected in (
        (["--ray"], ["--ray", "local"]),
        (["--ray", "--seeds", "2"], ["--ray", "local", "--seeds", "2"]),
        (["--seeds", "2", "--ray"], ["--seeds", "2", "--ray", "local"]),
        (["--ray", "auto", "--resume"], ["--ray", "auto", "--resume"]),
        (["--ray=10.0.0.5:6379"], ["--ray=10.0.0.5:6379"]),
    ):
        assert gather_repeated(given, MatrixOptions) == expected


@pytest.mark.parametrize(
    "command",
    [
        ["matrix", "--preset", "demo"],
        ["evaluate", "--architecture", "random:1", "--dataset", "digits"],
        ["search", "--dataset", "digits"],
    ],
)
def test_ray_without_its_extra_says_what_to_install(command, capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    out = tmp_path / "run"
    for asked in (["--ray"], ["--executor", "ray"]):
        assert main([*command, *asked, "--out", str(out)]) == 1
        assert "pip install 'rlnas[ray]'" in capsys.readouterr().err
    assert not out.exists()
