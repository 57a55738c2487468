"""`CHECKLIST-frameworks.md` is complete, and the tests that it names are there and name the line."""

import re

from web.security_checklist import HERE, LINES, NAMED, TO_COME, claims

TEXT = (HERE / "CHECKLIST-frameworks.md").read_text()
_ROW = re.compile(r"^\| ([ST]\d+) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = {line: (flask, django) for line, flask, django in _ROW.findall(TEXT)}


def _claims(file: str) -> dict[str, set[str]]:
    return claims(file, r"Lines? ((?:[ST]\d+(?:, )?)+)")


def test_every_line_has_a_row_and_all_but_locking_have_tests_of_both() -> None:
    """S1 to S11 and T1 to T19, each once."""
    assert re.findall(r"^\| ([ST]\d+) \|", TEXT, re.MULTILINE) == LINES == list(ROWS)
    assert [line for line in LINES if not all(map(NAMED.search, ROWS[line]))] == sorted(TO_COME)


def test_every_test_in_a_row_is_there_and_names_the_line() -> None:
    """A test that was renamed is renamed there too."""
    named = [(line, *test) for line in LINES for cell in ROWS[line] for test in NAMED.findall(cell)]
    assert len(named) > 60
    assert [(line, test) for line, file, test in named if line not in _claims(file).get(test, set())] == []


def test_every_test_that_names_a_line_is_in_its_row() -> None:
    """And the other way round."""
    claimed = [
        (line, path.name, test)
        for pattern in ("test_flask*.py", "test_django*.py", "test_frameworks*.py")
        for path in HERE.glob(pattern)
        for test, lines in _claims(path.name).items()
        for line in lines
    ]
    assert len(claimed) > 50
    missing = [(line, test) for line, file, test in claimed if f"`{file}::{test}`" not in "".join(ROWS[line])]
    assert missing == []
