"""What importing the package does, and what it does not."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import memcached_sessions


@pytest.mark.parametrize(
    "module",
    ["memcached_sessions.serializers", "memcached_sessions.manager", "orjson", "msgpack", "cbor2", "pymemcache"],
)
def test_importing_the_package_does_not_import(module: str) -> None:
    """A process loads what it asks for and no more."""
    code = f"import sys, memcached_sessions; sys.exit({module!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_serializers_do_not_import_pymemcache() -> None:
    """They know nothing of memcached, so using them must not load its client."""
    code = (
        "import sys; from memcached_sessions.serializers import get_serializer;"
        "get_serializer('json').dumps({'user_id': 7}); sys.exit('pymemcache' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_package_hands_out_the_serializers_own_functions() -> None:
    """The short import is the same object, not a copy."""
    from memcached_sessions import get_serializer, register, serializers

    assert get_serializer is serializers.get_serializer
    assert register is serializers.register


def test_all_public_names_are_listed_and_there() -> None:
    """`dir` and `__all__` agree with what can be had."""
    assert dir(memcached_sessions) == sorted(memcached_sessions.__all__)
    assert all(hasattr(memcached_sessions, name) for name in memcached_sessions.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A lazy `__getattr__` must not answer for names that do not exist."""
    with pytest.raises(AttributeError, match="no attribute 'sessoin'"):
        _ = memcached_sessions.sessoin


def test_the_version_is_the_installed_one() -> None:
    """Code and metadata name one version."""
    assert memcached_sessions.__version__ == version("memcached-sessions")
