"""Tests of Django run in a process of their own: its settings, once made, are those of the process.

Invariant: the process is this module's alone, and has ended when the tests of the module have.
"""

import functools
import importlib.util
import inspect
import multiprocessing
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from memcached_process import MemcachedProcess

PATIENCE = 60.0
"""Seconds after which a test hangs."""

Test = Callable[..., None]


class DjangoProcess:
    """A process with Django, configured by `web.django_project`, for tests to run in.

    Parameters
    ----------
    nodes
        Where its sessions are backed up.
    folder
        For its database.
    settings
        More of Django.
    """

    def __init__(self, nodes: str, folder: Path, **settings: Any) -> None:
        self._pool = ProcessPoolExecutor(
            1,
            multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(sys.path, nodes, folder, settings),
        )

    def run(self, file: str, name: str, arguments: dict[str, Any]) -> None:
        """Run a test there; what it raises is raised here, with its traceback."""
        try:
            self._pool.submit(_run, file, name, arguments).result(PATIENCE)
        except TimeoutError:
            for process in self._pool._processes.values():  # noqa: SLF001 - else the pool waits for it for ever
                process.kill()
            raise

    def end(self) -> None:
        """Have the process end."""
        self._pool.shutdown()


@pytest.fixture(scope="module")
def django_process(
    request: pytest.FixtureRequest, shared_memcached: MemcachedProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DjangoProcess]:
    """The process of the tests of a module, whose ``DJANGO_SETTINGS`` are added to those of the project."""
    process = DjangoProcess(
        f"n1:127.0.0.1:{shared_memcached.port}",
        tmp_path_factory.mktemp("django"),
        **getattr(request.module, "DJANGO_SETTINGS", {}),
    )
    yield process
    process.end()


def in_django(test: Test) -> Test:
    """Have a test run in the process with Django; its module imports `django_process`. It may be parametrized."""

    @functools.wraps(test)
    def run(django_process: DjangoProcess, **arguments: Any) -> None:
        django_process.run(inspect.getfile(test), test.__name__, arguments)

    parameters = list(inspect.signature(test).parameters.values())
    process = inspect.Parameter("django_process", inspect.Parameter.KEYWORD_ONLY)
    run.__signature__ = inspect.Signature([*parameters, process])  # type: ignore[attr-defined]
    return run


def _begin(path: list[str], nodes: str, folder: Path, settings: dict[str, Any]) -> None:
    warnings.simplefilter("error")
    sys.path[:] = path
    from web import django_project

    django_project.configure(nodes, folder, **settings)


_modules: dict[str, Any] = {}
"""Of the child, by file: pytest imports test files without names that an import statement could use."""


def _run(file: str, name: str, arguments: dict[str, Any]) -> None:
    if file not in _modules:
        spec = importlib.util.spec_from_file_location(Path(file).stem, file)
        assert spec
        assert spec.loader
        _modules[file] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(_modules[file])
    test = getattr(_modules[file], name).__wrapped__
    outcome = test(**arguments)
    assert outcome is None, "a test in Django is a plain function"
