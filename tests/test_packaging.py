"""The package as users get it: the source distribution, the wheel from it, and that wheel in a fresh environment.

Nothing here uses the checkout but the first step, which copies it. The fresh environment takes what the wheel needs
from the package index, as a user's does. Each fixture is a step that builds on the one before it.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("serializers", "manager", "bench", "examples")
NOT_SOURCE = (".*", "build", "dist", "bench-results", "*.egg-info", "__pycache__", "*.so", "*.c")
USE_EVERY_FORMAT = """
from importlib.util import find_spec
from memcached_sessions.serializers import available_serializers, get_serializer

assert find_spec("pymemcache") is None
session = {"user_id": 7, "seats": (3, 4)}
for name in sorted(available_serializers()):
    serializer = get_serializer(name)
    assert serializer.loads(serializer.dumps(session)) == session, name
    print(name)
"""

NAME_IMPLEMENTATION = """
from memcached_sessions.serializers import get_serializer

compact = get_serializer("compact")
assert compact.loads(compact.dumps({"seats": (3, 4)})) == {"seats": (3, 4)}
print(compact.implementation)
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the source tree, as a clone has it: nothing built, nothing cached."""
    copy = tmp_path_factory.mktemp("source") / "memcached-sessions"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    shutil.copytree(ROOT / ".ci", copy / ".ci")
    return copy


@pytest.fixture(scope="module")
def sdist(source: Path) -> Path:
    """Return the source distribution, unpacked."""
    _run(source, sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", "../sdist")
    (archive,) = (source.parent / "sdist").glob("memcached_sessions-*.tar.gz")
    _run(archive.parent, "tar", "--extract", "--file", archive.name)  # tarfile's filter came with 3.11.4
    (unpacked,) = (path for path in archive.parent.iterdir() if path.is_dir())
    return unpacked


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    """Return the wheel, built from the source distribution."""
    _run(sdist, sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", "../../wheel")
    (built,) = (sdist.parent.parent / "wheel").glob("memcached_sessions-*.whl")
    return built


@pytest.fixture(scope="module")
def fresh_python(wheel: Path) -> Path:
    """Return the interpreter of a new environment that holds the wheel and what it asks for."""
    environment = wheel.parent.parent / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    _run(wheel.parent, str(python), "-m", "pip", "install", "--quiet", f"{wheel}[bench]")
    return python


@pytest.fixture(scope="module")
def python_without_compiler(sdist: Path) -> Path:
    """Return the interpreter of a new environment that holds a wheel built where no C compiler works."""
    unpacked = sdist.parent.parent / "without-compiler" / "source"
    shutil.copytree(sdist, unpacked, ignore=shutil.ignore_patterns("build", "*.egg-info", "*.so", "*.c"))
    _run(unpacked, sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", "../wheel", CC="/bin/false")
    (built,) = (unpacked.parent / "wheel").glob("memcached_sessions-*.whl")
    venv.create(unpacked.parent / "environment", with_pip=True)
    python = unpacked.parent / "environment" / "bin" / "python"
    _run(unpacked.parent, str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(built))
    return python


CASES = "login or cart or population or broken"
"""Of the installed suite: some of the workloads, for each is a process's worth of work."""


@pytest.fixture(scope="module")
def installed_suite(fresh_python: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what pytest says about the installed comparison, run from an empty folder."""
    empty = tmp_path_factory.mktemp("empty")
    arguments = ("-m", "pytest", "--pyargs", "memcached_sessions.bench", "-q", "--benchmark-disable", "-k", CASES)
    return _run(empty, str(fresh_python), *arguments, "-p", "no:cacheprovider")


@pytest.fixture(scope="module")
def python_without_pymemcache(fresh_python: Path, installed_suite: str) -> Path:
    """Return the same interpreter after pymemcache was removed; the suite, which needs it, has run by then."""
    assert installed_suite
    _run(fresh_python.parent, str(fresh_python), "-m", "pip", "uninstall", "--quiet", "--yes", "pymemcache")
    return fresh_python


def test_the_source_distribution_holds_what_building_and_testing_take(sdist: Path) -> None:
    """Somebody with the archive alone can do what somebody with a clone can."""
    for name in ("LICENSE", "README.md", "CHANGELOG.md", "Makefile", "tools/prepare", ".ci/run", "py.typed"):
        assert (sdist / name).is_file(), name
    assert (sdist / "examples" / "README.md").is_file()
    assert _python_files(sdist, "tests", *PACKAGES) == _python_files(ROOT, "tests", *PACKAGES)


def test_the_wheel_holds_every_module_and_no_test(wheel: Path) -> None:
    """A package that is left out of the list in pyproject.toml would be missing only after installing."""
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {f"memcached_sessions/{path}" for path in _python_files(ROOT, *PACKAGES)}

    assert {name for name in names if name.endswith(".py")} == modules | {"memcached_sessions/__init__.py"}
    assert any(name.startswith("memcached_sessions/bench/suite/test_") for name in names)


def test_the_wheel_holds_what_the_demo_reads(wheel: Path) -> None:
    """The balancers' configurations, which users copy, and the page."""
    names = zipfile.ZipFile(wheel).namelist()

    for name in ("nginx.conf", "haproxy.cfg", "page.html"):
        assert f"memcached_sessions/manager/demo/{name}" in names


def test_the_wheel_holds_what_the_page_of_the_comparison_is_made_of(wheel: Path) -> None:
    """The template, its style and its scripts."""
    folder = ROOT / "bench" / "reports"
    parts = {path.name for path in folder.iterdir() if path.suffix in (".html", ".css", ".js")}

    assert parts
    assert {f"memcached_sessions/bench/reports/{name}" for name in parts} <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_the_license_and_the_mark_of_typed_packages(wheel: Path) -> None:
    """Type checkers read py.typed; the license asks to go along."""
    names = zipfile.ZipFile(wheel).namelist()

    assert "memcached_sessions/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_source_distribution_holds_what_the_compiled_modules_are_made_of(sdist: Path) -> None:
    """And no C code: what is compiled is what people read."""
    for folder in ("serializers/compact", "bench"):
        names = {path.name for path in (ROOT / folder).iterdir() if path.suffix in (".pyx", ".pxi")}
        assert names
        assert {path.name for path in (sdist / folder).iterdir() if path.suffix in (".pyx", ".pxi")} == names
    (archive,) = sdist.parent.glob("*.tar.gz")
    with tarfile.open(archive) as members:
        assert not [name for name in members.getnames() if name.endswith((".c", ".so"))]


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")
def test_compact_is_compiled_where_a_compiler_is(fresh_python: Path) -> None:
    """The wheel holds the compiled module."""
    assert _run(fresh_python.parent, str(fresh_python), "-c", NAME_IMPLEMENTATION).strip() == "compiled"


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")
def test_the_floor_of_the_comparison_is_built_where_a_compiler_is(fresh_python: Path) -> None:
    """The wheel holds its compiled module, too."""
    listed = _run(fresh_python.parent, str(fresh_python), "-m", "memcached_sessions.bench", "list")

    assert "construction-floor the objects alone" in listed


def test_compact_falls_back_to_python_where_no_compiler_is(python_without_compiler: Path) -> None:
    """Building goes on without the compiled module, and the wheel works."""
    python = python_without_compiler

    assert _run(python.parent, str(python), "-c", NAME_IMPLEMENTATION).strip() == "python"


def test_the_installed_comparison_runs_from_an_empty_folder(installed_suite: str) -> None:
    """`pytest --pyargs memcached_sessions.bench` needs no checkout."""
    summary = installed_suite.strip().splitlines()[-1]

    passed = re.search(r"(\d+) passed", summary)
    assert passed, installed_suite
    assert int(passed[1]) > 0


@pytest.mark.parametrize(
    ("command", "subject"),
    [
        (("session-bench",), "serializers"),
        (("python", "-m", "memcached_sessions.bench"), "serializers"),
        (("memcached-sessions",), "nodes"),
    ],
)
def test_the_installed_command_explains_itself(fresh_python: Path, command: tuple[str, ...], subject: str) -> None:
    """The console scripts and the module are there and start."""
    program, *arguments = command

    assert subject in _run(fresh_python.parent, str(fresh_python.parent / program), *arguments, "--help")


def test_the_serializers_work_without_pymemcache(python_without_pymemcache: Path) -> None:
    """They are of use to somebody who has no memcached at all."""
    formats = _run(python_without_pymemcache.parent, str(python_without_pymemcache), "-c", USE_EVERY_FORMAT).split()

    assert {"cbor", "compact", "fory", "json", "msgpack", "msgspec", "ormsgpack", "pickle"} <= set(formats)


def _run(folder: Path, *command: str, **variables: str) -> str:
    """Run a command in an environment that knows nothing of this run's, and return what it printed."""
    ours = ("PYTHON", "PYTEST", "MEMCACHED_SESSIONS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | variables
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
    return done.stdout


def _python_files(root: Path, *folders: str) -> set[str]:
    return {str(path.relative_to(root)) for folder in folders for path in (root / folder).rglob("*.py")}
