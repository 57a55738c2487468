"""What the options ask for: rows that cannot be told apart are refused before anything is measured."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from memcached_sessions.bench.case_results import TWIN
from memcached_sessions.bench.commands.comparing import add, plan_of
from memcached_sessions.bench.run import Plan

Install = Callable[[str, str, str], None]

SOURCE = """
from memcached_sessions.serializers import Capabilities
from memcached_sessions.serializers.formats.json import JsonSerializer

class Fast(JsonSerializer):
    name = "{name}"
    variants = {variants}
"""


@pytest.fixture
def fast(install: Install) -> None:
    """Two plug-ins, of which each has a row called fast."""
    _install(install, "one", "fast", "one-portable")
    _install(install, "two", "fast", "two-portable")


def _install(install: Install, name: str, *labels: str) -> None:
    source = SOURCE.format(name=name, variants={label: {} for label in labels})
    install(f"plugin_{name}", source, f"[memcached_sessions.serializers]\n{name} = plugin_{name}:Fast\n")


def _plan(*arguments: str) -> Plan:
    parser = ArgumentParser()
    add(parser.add_subparsers())
    options: Namespace = parser.parse_args(["run", "--workload", "login", *arguments])
    with ExitStack() as stack:
        return plan_of(parser, options, stack)


@pytest.mark.usefixtures("fast")
def test_two_rows_of_one_name_are_refused_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _plan()

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "one of plugin_one and two of plugin_two have a row of one name, 'fast'" in said
    assert "--serializer" in said


@pytest.mark.usefixtures("fast")
def test_one_of_them_can_be_chosen() -> None:
    plan = _plan("--serializer", "two")

    assert {info.name for info in plan.serializers} == {"bare-pickle", "two"}


@pytest.mark.parametrize("label", ["json-again", TWIN])
def test_a_row_called_as_the_second_time_of_another_is_refused(
    install: Install, capsys: pytest.CaptureFixture[str], label: str
) -> None:
    _install(install, "odd", label)

    with pytest.raises(SystemExit):
        _plan("--twice", "json")

    assert f"have a row of one name, {label!r}" in capsys.readouterr().err


def test_the_state_of_the_collector_is_told_only_where_it_is_unusual() -> None:
    assert _plan().collectors == (True,)
    assert "--gc" not in _plan("--gc", "enabled").command
    assert _plan("--gc", "both").collectors == (True, False)
    assert "--gc both" in _plan("--gc", "both").command
