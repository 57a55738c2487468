"""The tables of a page ``docs/types-*.md``, and whether they say what the flows put into sessions.

A row is: the key, or a statement that sets it; the class of the value; the classes of what is in it; who puts it there;
what it is kept as.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from flows.flow import Run
from flows.kinds import Kind

DOCS = Path(__file__).parents[3] / "docs"
HEAD = "| key | class | in it | who puts it there | kept as |"


@dataclass(frozen=True)
class Row:
    """One kind of value."""

    key: str
    outer: set[str]
    inner: set[str]
    kept: str

    @classmethod
    def of(cls, line: str) -> "Row":
        """Return the row of a line."""
        key, outer, inner, _, kept = (cell.strip() for cell in line.strip().strip("|").split("|"))
        (name,) = re.findall(r'^`(?:\w+\.)*session\["(\S+)"\] = ', key) or re.findall(r"^`(\S+)`", key)
        return cls(name, set(re.findall(r"`(\w+)`", outer)), set(re.findall(r"`(\w+)`", inner)), kept)


def check_page(page: str, runs: Iterable[Run]) -> None:
    """Fail unless the tables of a page have a row for all that was in the sessions of these runs, and nothing else."""
    lines = (DOCS / page).read_text().splitlines()
    starts = [number for number, line in enumerate(lines) if line == HEAD]
    assert starts, f"no table begins with {HEAD}"
    rows: list[Row] = []
    for start in starts:
        for line in lines[start + 2 :]:
            if not line.startswith("|"):
                break
            rows.append(Row.of(line))
    found = _found(rows, runs)
    assert set(found) == {row.key for row in rows}, "the keys"
    for row in rows:
        kind = found[row.key]
        assert (row.key, row.outer, row.inner) == (row.key, kind.outer, kind.inner)
        kept_as_text = {name for name in kind.changed if f"`{name}` as `str`" in row.kept}
        assert kept_as_text == kind.changed, row
        assert kind.changed or row.kept == "itself", row


def _found(rows: list[Row], runs: Iterable[Run]) -> Mapping[str, Kind]:
    """Return what was found, by the keys of the rows; by its own where no row has it."""
    found: dict[str, Kind] = {}
    for run in runs:
        for key, kind in (*run.before.kinds.items(), *run.after.kinds.items()):
            name = next((row.key for row in rows if fnmatch(key, row.key)), key)
            found.setdefault(name, Kind()).add(kind)
    return found
