"""What third parties install is found with no edit: the honest, the broken, the lying, and two of one name.

Each test starts processes that have a folder on their path into which pip has installed what it needs of
`tests/plugins`.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

RunPython = Callable[..., subprocess.CompletedProcess[str]]

LIST_SERIALIZERS = """
import dataclasses, json
from memcached_sessions.serializers import available_serializers
print(json.dumps({name: dataclasses.asdict(info) for name, info in available_serializers().items()}))
"""
KEEP_MONEY = """
from honest_plugin import Money
from memcached_sessions.serializers import get_serializer
for name in ("json", "msgpack", "cbor", "pickle"):
    serializer = get_serializer(name)
    assert serializer.loads(serializer.dumps({"total": Money(990, "EUR")})) == {"total": Money(990, "EUR")}, name
"""
ASK_FOR = """
from memcached_sessions.serializers import PluginError, get_serializer
assert get_serializer("json").loads(b"7") == 7
try:
    get_serializer({name!r})
except PluginError as error:
    print(error)
"""
CONFORMANCE = """
from memcached_sessions.serializers.testing import SerializerConformance

class TestPlugin(SerializerConformance):
    serializer_name = {name!r}
"""


def test_an_installed_serializer_is_listed_with_where_it_comes_from(python: RunPython) -> None:
    """Nobody edits a list: the entry point is enough."""
    found = _listed(python, "honest")

    assert found["literal"]["distribution"] == "memcached-sessions-honest"
    assert found["literal"]["version"] == "1.2.0"
    assert found["literal"]["broken"] is None
    assert found["literal"]["capabilities"]["tuples"] is True


def test_an_installed_serializer_passes_the_conformance_suite_if_its_claims_are_true(
    python: RunPython, tmp_path: Path
) -> None:
    """The suite is what a third party runs in its own tests: three lines."""
    done = _conformance(python, tmp_path, "literal", "honest")

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_an_installed_serializer_is_compared_with_the_others(python: RunPython, tmp_path: Path) -> None:
    """It is verified and measured beside the built-in ones."""
    cases = _compared(python, tmp_path, "login", "honest")

    assert {"cbor", "json", "literal", "msgpack", "pickle"} <= set(cases)
    assert cases["literal"]["verified"] is True
    assert cases["literal"]["bytes"] > 0


def test_an_installed_workload_is_compared(python: RunPython, tmp_path: Path) -> None:
    """A third party's own session is measured in every serializer."""
    cases = _compared(python, tmp_path, "trail", "honest")

    assert all(cases[name]["verified"] is True for name in ("cbor", "json", "literal", "msgpack", "pickle"))


def test_an_installed_converter_works_in_every_format(python: RunPython) -> None:
    """A class of the third party is kept by formats that have never heard of it."""
    _checked(python("-c", KEEP_MONEY, plugins=("honest",)))


def test_a_broken_serializer_is_listed_with_the_reason(python: RunPython) -> None:
    """The user sees what is missing, and all others work."""
    found = _listed(python, "broken", "honest")

    assert "libbroken is not installed" in found["broken"]["broken"]
    assert found["broken"]["distribution"] == "memcached-sessions-broken"
    assert [name for name, info in found.items() if info["broken"]] == ["broken"]


def test_a_broken_serializer_is_an_error_only_for_who_asks_for_it(python: RunPython) -> None:
    """The error says why."""
    assert "libbroken is not installed" in _checked(python("-c", ASK_FOR.format(name="broken"), plugins=("broken",)))


def test_a_broken_serializer_does_not_stop_the_comparison(python: RunPython, tmp_path: Path) -> None:
    """It is no case, or one that was not verified; the others are measured."""
    cases = _compared(python, tmp_path, "login", "broken")

    assert cases["json"]["verified"] is True
    assert not cases.get("broken", {}).get("verified")


def test_a_false_claim_fails_the_conformance_suite(python: RunPython, tmp_path: Path) -> None:
    """The suite tries what is claimed."""
    done = _conformance(python, tmp_path, "lying", "lying")

    assert done.returncode == 1, done.stdout
    assert "tuple became list" in done.stdout


def test_an_unfaithful_serializer_is_never_shown_as_a_speed(python: RunPython, tmp_path: Path) -> None:
    """What does not come back as it was has no time, however short it would be."""
    case = _compared(python, tmp_path, "cart-objects", "lying")["lying"]

    assert case["verified"] is False
    assert not case.get("dumps")
    assert not case.get("loads")


def test_two_distributions_of_one_name_are_an_error_that_names_both(python: RunPython) -> None:
    """Which of them would win is nothing to leave to the order of folders."""
    message = _checked(python("-c", ASK_FOR.format(name="literal"), plugins=("honest", "rival")))

    assert "memcached-sessions-honest" in message
    assert "memcached-sessions-rival" in message


def _listed(python: RunPython, *plugins: str) -> dict[str, dict[str, Any]]:
    return json.loads(_checked(python("-W", "error", "-c", LIST_SERIALIZERS, plugins=plugins)))


def _compared(python: RunPython, folder: Path, workload: str, *plugins: str) -> dict[str, dict[str, Any]]:
    """Return the cases of one workload by the name of the serializer."""
    output = folder / "result.json"
    command = (
        "-m",
        "memcached_sessions.bench",
        "--quick",
        "--measure",
        "timing",
        "--workload",
        workload,
        "--output",
        str(output),
    )
    _checked(python(*command, plugins=plugins))
    return {case["serializer"]: case for case in json.loads(output.read_text())["cases"]}


def _conformance(python: RunPython, folder: Path, name: str, *plugins: str) -> subprocess.CompletedProcess[str]:
    """Run the conformance suite on one serializer, as its author would."""
    (folder / "test_plugin.py").write_text(CONFORMANCE.format(name=name))
    return python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plugin.py", plugins=plugins)


def _checked(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
