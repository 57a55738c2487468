"""What both security checklists have: their lines, and how a test says that it shows one."""

import re
from pathlib import Path

HERE = Path(__file__).parent
NAMED = re.compile(r"`((?:\.\./)?test_\w+\.py)::(test_\w+)`")
LINES = [*(f"S{number}" for number in range(1, 12)), *(f"T{number}" for number in range(1, 20))]
TO_COME = {"S8"}


def claims(file: str, beginning: str) -> dict[str, set[str]]:
    """Return the lines that each test of a file says it shows, at the beginning of its docstring.

    Parameters
    ----------
    file
        Seen from this folder.
    beginning
        A regular expression: how docstrings of this checklist begin, with the lines as a group.
    """
    found = re.findall(rf'def (test_\w+)\([^"]*?"""{beginning}', (HERE / file).read_text())
    return {test: set(re.findall(r"[ST]\d+", lines)) for test, lines in found}
