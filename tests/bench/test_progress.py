"""The bar says how far a run is and how long the rest takes, where somebody sees it."""

import io

from memcached_sessions.bench.progress import ProgressBar


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_stages_count_by_their_weight() -> None:
    bar = ProgressBar({"verifying": 1, "timing": 3}, _Terminal())

    bar("verifying", 1, 1)
    bar("timing", 1, 2)

    assert bar.fraction == 0.25 + 0.375
    assert bar.seconds_left is not None


def test_nobody_knows_the_time_left_before_anything_is_done() -> None:
    assert ProgressBar({"timing": 3}, _Terminal()).seconds_left is None


def test_a_terminal_sees_the_stage_and_a_clean_line_afterwards() -> None:
    terminal = _Terminal()

    with ProgressBar({"timing": 3}, terminal) as bar:
        bar("timing", 3, 3)

    written = terminal.getvalue()
    assert "100%   0:00 left  timing 3/3" in written
    assert written.endswith("\r\x1b[K")


def test_a_file_sees_nothing() -> None:
    file = io.StringIO()

    with ProgressBar({"timing": 3}, file) as bar:
        bar("timing", 3, 3)

    assert file.getvalue() == ""
