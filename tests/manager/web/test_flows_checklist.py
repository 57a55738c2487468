"""The tests that `CHECKLIST-flows.md` names are there."""

import re
from pathlib import Path

HERE = Path(__file__).parent
TEXT = (HERE / "CHECKLIST-flows.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| (.+) \|$", TEXT, re.MULTILINE)
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def test_every_row_names_tests_or_a_checklist_that_does() -> None:
    """One without would be a gap."""
    assert len(ROWS) > 20
    assert [what for what, tests in ROWS[1:] if not NAMED.search(tests) and "CHECKLIST.md" not in tests] == []


def test_every_test_in_a_row_is_there() -> None:
    """A test that was renamed is renamed there too."""
    named = NAMED.findall(TEXT)

    assert len(named) > 40
    assert [test for file, test in named if f"def {test}(" not in (HERE / file).read_text()] == []
