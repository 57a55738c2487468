"""A report goes into a Markdown file, and never over what somebody wrote."""

import argparse
from pathlib import Path

import pytest

from memcached_sessions.bench.request_path.command import add_arguments, report
from memcached_sessions.bench.request_path.page import MARK, write_page


def test_a_report_replaces_the_one_below_the_mark_of_a_file(tmp_path: Path) -> None:
    """So the page that explains the figures and the figures can be one file."""
    page, fresh = tmp_path / "page.md", tmp_path / "new" / "fresh.md"
    page.write_text(f"Explained, down to `{MARK}`.\n\n{MARK}\nold figures\n")

    for figures in ("first figures\n", "new figures\n"):  # the second ones find a report of ours
        for file in (page, fresh):
            write_page(file, figures)

    assert fresh.read_text() == f"{MARK}\n\nnew figures\n"
    assert page.read_text() == f"Explained, down to `{MARK}`.\n\n{MARK}\n\nnew figures\n"


@pytest.mark.parametrize("content", [b"", b"# Notes\n", b"\xff\xfe binary", f"not alone: {MARK}\n".encode()])
def test_a_file_that_is_no_report_is_refused_before_anything_is_done(content: bytes, tmp_path: Path) -> None:
    """It holds what somebody wrote; the result to report is not even looked for."""
    page = tmp_path / "notes.md"
    page.write_bytes(content)

    with pytest.raises(FileExistsError, match=r"notes\.md is there already and has no line <!-- report -->"):
        report(_options(["--report", str(tmp_path / "missing.json"), "--markdown", str(page)]), {}, lambda _: None)

    assert page.read_bytes() == content


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)
