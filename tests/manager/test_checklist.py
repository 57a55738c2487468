"""`CHECKLIST.md` is complete, and the tests that it names are there and name the line."""

import re
from pathlib import Path

HERE = Path(__file__).parent
TEXT = (HERE / "CHECKLIST.md").read_text()
ROWS = dict(re.findall(r"^\| (Q?\d+) \| [^|]+ \| (.+) \|$", TEXT, re.MULTILINE))
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def _docstring(file: str, test: str) -> str | None:
    """Return what stands at the beginning of a test, None if there is no such test."""
    path = HERE / file
    found = re.search(rf'def {test}\([^"]*"""(.*?)"""', path.read_text(), re.DOTALL) if path.exists() else None
    return found and found[1]


def test_every_line_and_every_defect_has_a_row() -> None:
    """1 to 59, and Q1 to Q17, each once."""
    expected = [str(line) for line in range(1, 60)] + [f"Q{defect}" for defect in range(1, 18)]
    assert re.findall(r"^\| (Q?\d+) \|", TEXT, re.MULTILINE) == expected
    assert list(ROWS) == expected


def test_every_test_that_the_checklist_names_exists() -> None:
    """A test that was renamed is renamed there too."""
    named = NAMED.findall(TEXT)
    assert len(named) > 80
    assert [f"{file}::{test}" for file, test in named if _docstring(file, test) is None] == []


def test_every_row_has_a_test_or_a_reason() -> None:
    """Of some words."""
    assert [line for line, row in ROWS.items() if not NAMED.search(row) and len(row.split()) < 3] == []


def test_every_test_that_says_that_it_shows_a_line_is_in_its_row() -> None:
    """And the other way round, nobody looks for a line in a test that does not mention it."""
    claims = [
        (line, path.name, test)
        for path in HERE.glob("test_*.py")
        for test, docstring in re.findall(r'def (test_\w+)\([^"]*"""(.*?)"""', path.read_text(), re.DOTALL)
        for line in _lines(docstring)
    ]
    assert len(claims) > 60
    missing = [f"{line}: {file}::{test}" for line, file, test in claims if f"`{file}::{test}`" not in ROWS[line]]
    assert missing == []


def _lines(docstring: str) -> list[str]:
    """Return the lines and defects that a docstring says the test shows, without those it shows in part or adapts."""
    lines: list[str] = []
    for kind, numbers in re.findall(
        r"([Cc]hecklist lines?|[Dd]efects?) ([Q\d]+(?:(?:, | and )[Q\d]+)*)(?=[:.,])", docstring
    ):
        assert ("Q" in numbers) is ("efect" in kind)
        lines += re.findall(r"Q?\d+", numbers)
    return lines
