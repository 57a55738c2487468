"""Puts a report into a Markdown file, below a line that says where.

Invariant: what people wrote is never replaced. A file is written to only if it is new or has the line, which every
report also begins with; what stands above the line stays as it is.
"""

from pathlib import Path

MARK = "<!-- report -->"
"""The line that a report replaces everything below of."""


def above_the_mark(file: Path) -> str:
    """Return what a file has down to and with the line `MARK`; that line alone for a file that is not there.

    Raises
    ------
    FileExistsError
        The file is there and has no such line: it is no report, and has no place for one.
    OSError
        It cannot be read.
    """
    if not file.exists():
        return f"{MARK}\n"
    try:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    except UnicodeDecodeError:
        lines = []
    for number, line in enumerate(lines):
        if line.rstrip() == MARK:
            return "".join([*lines[:number], f"{MARK}\n"])
    raise FileExistsError(
        f"{file} is there already and has no line {MARK}, below which a report goes: "
        "put that line into it, or name another file"
    )


def write_page(file: Path, report: str) -> None:
    """Put a report into a file; missing folders are made.

    Raises
    ------
    FileExistsError
        As `above_the_mark` does.
    OSError
        The file cannot be read or written.
    """
    above = above_the_mark(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{above}\n{report}", encoding="utf-8")
