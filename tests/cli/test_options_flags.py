"""Messages of the library are turned into the words of the command line."""

import pytest

from rlnas.cli.options import option_kinds, with_flags
from rlnas.cli.transfer import TransferOptions

KINDS = {"resume": "switch", "seeds": "one", "source": "several", "column": "several"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("seeds is 0; expected 1 or more.", "--seeds is 0; expected 1 or more."),
        ("sources is missing.", "--source is missing."),
        ("Go on by resume=True, or not.", "Go on by --resume, or not."),
        ("Leave sources=… out.", "Leave --source … out."),
        ("Give sources=['runs/a', 'b'].", "Give --source runs/a b."),
        ("Use Config(seeds=3).", "Use --seeds 3."),
        (
            "e.g. columns={'acc': {'task': 'mine', 'unit': '%'}}. Known: x",
            "e.g. --column acc,task=mine,unit=%. Known: x",
        ),
    ],
)
def test_arguments_are_called_as_flags(message, expected):
    assert with_flags(message, KINDS) == expected


@pytest.mark.parametrize(
    "message",
    [
        "resume=False",  # there is no flag for what is so anyway
        "runs/seeds=3 is no folder, 'seeds=3' neither.",
        "width=3 and depth is 4",  # no options of the command
        "The seeds are 0.",
    ],
)
def test_what_is_no_argument_of_the_command_stays(message):
    assert with_flags(message, KINDS) == message


def test_arguments_of_a_command_are_those_of_its_options():
    found = with_flags("use method='shared-representation'.", option_kinds(TransferOptions))
    assert found == "use --method shared-representation."
