"""What docs/converters.md shows is what happens, and its tables have every shipped converter."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from memcached_sessions.serializers import ConverterRegistry

PAGE = Path(__file__).parents[2] / "docs" / "converters.md"
HEAD = "| class | tag | kept | not kept | when imported |"


def rows() -> list[list[str]]:
    """Return the cells of the tables of converters."""
    lines = PAGE.read_text().splitlines()
    found: list[list[str]] = []
    for start in (number for number, line in enumerate(lines) if line == HEAD):
        for line in lines[start + 2 :]:
            if not line.startswith("|"):
                break
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def test_its_examples_run() -> None:
    """In a process of their own, since they register classes."""
    command = [sys.executable, "-m", "doctest", "-v", str(PAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Trying:") > 30


def test_its_tables_have_every_converter_and_the_module_that_it_waits_for() -> None:
    """No more and no less."""
    registry = ConverterRegistry()
    registry.load("django-models")
    assert registry.converter_for(object) is None
    awaited = set(registry.awaited)
    libraries = {module.partition(".")[0] for module in awaited}
    listed = {module for row in rows() for module in re.findall(r"`([\w.]+)`", row[4])}
    assert {module for module in listed if module.partition(".")[0] in libraries} == awaited

    for module in awaited:
        pytest.importorskip(module)
    assert registry.converter_for(object) is None
    tags = {each.tag for each in registry.by_class.values() if each.tag.partition(".")[0] in libraries}
    patterns = {pattern for row in rows() for pattern in re.findall(r"`([\w.*]+)`", row[1])}
    assert {tag for tag in tags if not any(fnmatch(tag, pattern) for pattern in patterns)} == set()
    unused = {pattern for pattern in patterns if not any(fnmatch(tag, pattern) for tag in tags)}
    assert {pattern for pattern in unused if pattern.partition(".")[0] in libraries} == set()
