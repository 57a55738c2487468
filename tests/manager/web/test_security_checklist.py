"""`CHECKLIST.md` is complete, and the tests that it names are there and name the line."""

import re

from web.security_checklist import HERE, LINES, NAMED, TO_COME, claims

TEXT = (HERE / "CHECKLIST.md").read_text()
ROWS = dict(re.findall(r"^\| ([ST]\d+) \| [^|]+ \| (.+) \|$", TEXT, re.MULTILINE))


def _claims(file: str) -> dict[str, set[str]]:
    return claims(file, r"((?:[ST]\d+(?:, |: ))*)")


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
    claimed = [
        (line, path.name, test)
        for path in HERE.glob("test_*.py")
        for test, lines in _claims(path.name).items()
        for line in lines
    ]

    assert len(claimed) > 35
    assert [(line, test) for line, file, test in claimed if f"`{file}::{test}`" not in ROWS[line]] == []
