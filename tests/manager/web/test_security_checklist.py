"""`CHECKLIST.md` is complete, and the tests that it names are there and name the line."""

import re
from pathlib import Path

HERE = Path(__file__).parent
TEXT = (HERE / "CHECKLIST.md").read_text()
ROWS = dict(re.findall(r"^\| ([ST]\d+) \| [^|]+ \| (.+) \|$", TEXT, re.MULTILINE))
NAMED = re.compile(r"`((?:\.\./)?test_\w+\.py)::(test_\w+)`")
LINES = [*(f"S{number}" for number in range(1, 12)), *(f"T{number}" for number in range(1, 20))]
TO_COME = {"S8"}


def _claims(file: str) -> dict[str, set[str]]:
    """Return the lines that each test of a file says it shows, at the beginning of its docstring."""
    found = re.findall(r'def (test_\w+)\([^"]*"""((?:[ST]\d+(?:, |: ))*)', (HERE / file).read_text())
    return {test: set(re.findall(r"[ST]\d+", lines)) for test, lines in found}


def test_every_line_has_a_row_and_all_but_locking_have_tests() -> None:
    """S1 to S11 and T1 to T19, each once."""
    assert re.findall(r"^\| ([ST]\d+) \|", TEXT, re.MULTILINE) == LINES
    assert [line for line in LINES if not NAMED.search(ROWS[line])] == sorted(TO_COME)


def test_every_test_in_a_row_is_there_and_names_the_line() -> None:
    """A test that was renamed is renamed there too."""
    named = [(line, file, test) for line in LINES for file, test in NAMED.findall(ROWS[line])]

    assert len(named) > 40
    assert [(line, test) for line, file, test in named if line not in _claims(file).get(test, set())] == []


def test_every_test_that_names_a_line_is_in_its_row() -> None:
    """Of this folder."""
    claims = [
        (line, path.name, test)
        for path in HERE.glob("test_*.py")
        for test, lines in _claims(path.name).items()
        for line in lines
    ]

    assert len(claims) > 35
    assert [(line, test) for line, file, test in claims if f"`{file}::{test}`" not in ROWS[line]] == []
