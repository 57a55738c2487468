"""A format of an extra says what to install where its library is not, and disturbs nobody."""

import json
from importlib.metadata import requires

import pytest
from without_libraries import run_without_libraries

from memcached_sessions.serializers import available_serializers

OPTIONAL = {"fory": "pyfory", "msgspec": "msgspec", "ormsgpack": "ormsgpack"}

ASK = """
import json
from memcached_sessions.serializers import NotInstalledError, available_serializers, get_serializer

found = {}
for name, info in available_serializers().items():
    try:
        get_serializer(name)
    except NotInstalledError as error:
        found[name] = [info.installed, info.broken, str(error)]
    else:
        found[name] = [info.installed, info.broken]
print(json.dumps(found))
"""

CHOOSE = """
from memcached_sessions.manager import SessionManager

try:
    SessionManager("memory://", serializer="msgspec")
except ValueError as error:
    print(error)
"""


def test_without_its_library_a_format_says_what_to_install_and_the_others_work() -> None:
    found = json.loads(run_without_libraries(ASK))
    for name, library in OPTIONAL.items():
        words = f"No module named {library!r}: pip install 'memcached-sessions[{name}]'"
        assert found.pop(name) == [False, words, words]
    assert {"cbor", "compact", "json", "msgpack", "pickle"} <= set(found)
    assert all(told == [True, None] for told in found.values())


def test_a_manager_that_is_to_use_it_says_so_at_start() -> None:
    assert "pip install 'memcached-sessions[msgspec]'" in run_without_libraries(CHOOSE)


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_it_says_to_install_brings_the_library(name: str) -> None:
    asked = [each for each in requires("memcached-sessions") or () if f'extra == "{name}"' in each]
    assert [each.startswith(OPTIONAL[name]) for each in asked] == [True]


@pytest.mark.parametrize("name", OPTIONAL)
def test_with_its_library_it_says_which_release_does_the_work(name: str) -> None:
    assert available_serializers()[name].implementation.startswith(f"{OPTIONAL[name]} ")
