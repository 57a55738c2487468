"""Every example in a docstring of the package runs and gives what it shows."""

import doctest
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import memcached_sessions

RUN_WHEN_IMPORTED = (".__main__", "memcached_sessions.setup", "_shop", ".django_settings")
ROOT = Path(memcached_sessions.__file__).parent


def _modules() -> list[str]:
    """Return the package and every module in it but those that run when they are imported."""

    def fail(name: str) -> None:
        raise ImportError(f"{name} cannot be imported")

    found = pkgutil.walk_packages(memcached_sessions.__path__, "memcached_sessions.", onerror=fail)
    return ["memcached_sessions", *(module.name for module in found if not module.name.endswith(RUN_WHEN_IMPORTED))]


MODULES = _modules()


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold_in(name: str) -> None:
    """The examples of one module."""
    assert doctest.testmod(import_module(name)).failed == 0


def test_no_module_was_overlooked() -> None:
    """The walk found what lies in the folders; bench/suite is no package, its files are tests."""
    files = {
        path
        for package in ("serializers", "manager", "bench", "examples")
        for path in (ROOT / package).rglob("*.py")
        if not f".{path.stem}".endswith(RUN_WHEN_IMPORTED) and path.parent != ROOT / "bench" / "suite"
    }

    walked = {Path(str(import_module(name).__file__)) for name in MODULES}

    assert files
    assert files <= walked


def test_the_public_functions_have_examples() -> None:
    """A docstring test that found no examples would pass just as well."""
    assert doctest.testmod(memcached_sessions).attempted > 0
    assert doctest.testmod(import_module("memcached_sessions.serializers")).attempted > 0
