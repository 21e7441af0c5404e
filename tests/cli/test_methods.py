"""`rlnas methods`, and how options of methods are written."""

import pytest

from rlnas.cli.main import main
from rlnas.cli.methods import method_options
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search.registry import SEARCHERS


def test_every_method_is_listed_with_what_it_starts_from(printed_json, capsys):
    assert main(["methods", "--json"]) == 0
    found = {method["name"]: method for method in printed_json()["methods"]}
    assert tuple(found) == SEARCHERS.names()
    assert all(method["summary"].endswith(".") for method in found.values())
    assert found["random"]["takes"] == []
    assert found["policy-reuse"]["takes"] == ["one", "several"]
    assert main(["methods"]) == 0
    text = capsys.readouterr().out
    assert "weight-init" in text
    assert "one source" in text


@pytest.mark.parametrize("name", SEARCHERS.names())
def test_every_option_says_what_it_means_and_takes_its_default(name, printed_json):
    assert main(["methods", name, "--json"]) == 0
    for option in printed_json()["options"]:
        assert len(option["meaning"]) > 10, option
        assert not option["required"]
    assert main(["methods", name]) == 0


def test_options_are_shown_as_they_are_written(capsys):
    assert main(["methods", "weight-init"]) == 0
    text = capsys.readouterr().out
    assert "--option parts=encoder,policy_head" in text
    assert "--option thaw=none" in text
    assert main(["methods", "weight-innit"]) == 2
    assert "'weight-init'" in capsys.readouterr().err


def test_options_have_the_types_of_their_fields():
    given = ("weight-init.shrink=0.5", "weight-init.parts=encoder,value_head", "weight-init.thaw=3")
    found = method_options(given, ("weight-init", "scratch"))
    assert found == {"weight-init": {"shrink": 0.5, "parts": ("encoder", "value_head"), "thaw": 3}}
    assert method_options(("half-life=none",), ("kickstarting",)) == {
        "kickstarting": {"half_life": None}
    }
    for text, value in (("yes", True), ("TRUE", True), ("1", True), ("no", False), ("0", False)):
        found = method_options((f"adapters={text}",), ("shared-representation",))
        assert found["shared-representation"] == {"adapters": value}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("adapters=maybe", "adapters is 'maybe'; expected true or false"),
        ("thaw=1.5", "expected a fraction"),
        ("head=", ""),
        ("adaptors=true", "Did you mean 'adapters'"),
        ("adapters", "is no NAME=VALUE"),
        ("zero-shot.x=1", "zero-shot"),
    ],
)
def test_what_is_no_option_is_said(given, message):
    if not message:
        assert method_options((given,), ("shared-representation",))
        return
    with pytest.raises((InvalidArgumentError, UnknownNameError), match=message):
        method_options((given,), ("shared-representation",))


def test_several_methods_need_a_name_before_the_option():
    with pytest.raises(InvalidArgumentError, match=r"as in policy-reuse\.psi=1"):
        method_options(("psi=1",), ("policy-reuse", "scratch"))
    with pytest.raises(InvalidArgumentError, match="twice"):
        method_options(("psi=1", "psi=0"), ("policy-reuse",))
    assert method_options(("psi=1",), ("policy-reuse", "scratch"), "policy-reuse")
