"""Things by name: entries, import paths, what installed packages add, and what is wrong with it."""

import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.errors import InvalidArgumentError, PluginError, UnknownNameError
from rlnas.registry import Registry, load, plugins

GROUP = "rlnas.numbers"
WORDS = st.from_regex(r"\A[a-z0-9][a-z0-9_.+-]{0,15}\Z")


def numbers(**entries):
    return Registry("number", entries or {"pi": "math:pi", "two": 2.0}, group=GROUP)


def distribution(folder, name, text):
    """Write what an installed package of this name says of its entry points."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{text}\n")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install packages: their names with lines of entry points."""
    monkeypatch.syspath_prepend(str(tmp_path))
    # A command that ran before shows what is logged itself, and hands nothing on.
    monkeypatch.setattr(logging.getLogger("rlnas"), "propagate", True)

    def install(**packages):
        for name, text in packages.items():
            distribution(tmp_path, name.replace("_", "-"), text)

    return install


def test_a_path_is_imported_when_it_is_asked_for():
    registry = Registry("module", {"gone": "rlnas.no_such_module:it", "pi": "math:pi"}, group=GROUP)
    assert registry.names() == ("gone", "pi")
    assert registry.get("pi") == pytest.approx(3.14159, abs=1e-5)
    with pytest.raises(ModuleNotFoundError):
        registry.get("gone")
    assert load("os:path.sep") == "/"


def test_unknown_names_list_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Unknown number 'tow'\. Did you mean 'two'"):
        numbers().get("tow")


@given(st.lists(WORDS, min_size=1, unique=True))
def test_what_is_registered_is_found_in_order_and_never_twice(names):
    registry = numbers(one=1)
    fresh = [name for name in names if name != "one"]
    for place, name in enumerate(fresh):
        registry.register(name, place)
    assert registry.names() == ("one", *fresh)
    for place, name in enumerate(fresh):
        assert registry.get(name) == place
        with pytest.raises(InvalidArgumentError, match="registered already"):
            registry.register(name, -1)


@given(st.text(max_size=12))
def test_a_name_can_stand_in_a_list_and_name_a_folder(name):
    registry = numbers(one=1)
    try:
        registry.register(name, 0)
    except InvalidArgumentError:
        return
    assert name.strip() == name
    assert not set(name) & set(",=/\\: \n")
    assert name not in (".", "..", "")


@pytest.mark.parametrize("path", ["math", "math:", ":pi", "math.pi", "math:pi:e", "a b:c", "1:2"])
def test_a_path_is_checked_on_entry(path):
    with pytest.raises(InvalidArgumentError, match="module:attribute"):
        numbers().register("three", path)


def test_packages_add_entries_that_are_found_by_name_and_listed_last(installed):
    installed(some_package="tau = math:tau\ne = math:e")
    registry = numbers()
    assert registry.get("tau") == pytest.approx(6.28318, abs=1e-5)
    assert registry.names() == ("pi", "two", "e", "tau")
    with pytest.raises(InvalidArgumentError, match="registered already"):
        registry.register("tau", 6.0)


def test_known_names_are_found_without_looking_at_packages(monkeypatch):
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: pytest.fail("looked"))
    registry = numbers()
    registry.register("three", 3.0)
    assert registry.get("two") + registry.get("three") == 5.0


def test_a_broken_package_is_named_and_breaks_no_other(installed, caplog):
    installed(bad_package="gone = no_such_module:it", good_package="e = math:e")
    registry = numbers()
    assert registry.get("e") > 2
    with pytest.raises(PluginError, match="'gone' of the installed package 'bad-package'"):
        registry.get("gone")
    assert registry.names() == ("pi", "two", "e")
    assert "bad-package" in caplog.text
    with pytest.raises(UnknownNameError, match="'two'"):
        registry.get("tow")


def test_what_does_not_fit_is_told_by_its_package(installed):
    def positive(name, loaded):
        if not isinstance(loaded, float):
            raise TypeError(f"expected a number, got {loaded!r}")
        return loaded

    installed(odd_package="inf = math:sqrt\ne = math:e")
    registry = Registry("number", {}, group=GROUP, adapt=positive)
    assert registry.names() == ("e",)
    with pytest.raises(PluginError, match=r"odd-package.*expected a number"):
        registry.get("inf")


def test_no_package_takes_a_name_that_is_there(installed, caplog):
    installed(b_second="tau = math:pi", a_first="tau = math:tau\npi = math:e", c_odd="x y = math:e")
    registry = numbers()
    assert registry.get("pi") < 3.2
    assert registry.names() == ("pi", "two", "tau")
    assert registry.get("tau") > 6
    assert "the name is taken by rlnas" in caplog.text
    assert "the name is taken by a-first" in caplog.text
    assert "c-odd" in caplog.text
    assert set(plugins(GROUP)) == {"tau", "pi"}


def test_help_looks_at_no_package():
    code = (
        "import importlib.metadata as m, sys\n"
        "import rlnas.cli.main as cli\n"
        "m.entry_points = None\n"
        "assert cli.main(['--help']) == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
