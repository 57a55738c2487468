"""A bar on standard error that says what is being done, how far it is, and how long the rest will take.

A run has stages of known weight; the time left is that of the weight that is left, at the pace so far. Invariant:
nothing is written where nobody sees it, and nothing stays on the line.
"""

import sys
from collections.abc import Mapping
from time import monotonic
from typing import Self, TextIO

_WIDTH = 24
_INTERVAL = 0.1
"""Seconds between two drawings at least."""


class ProgressBar:
    """The bar of one run.

    Parameters
    ----------
    weights
        How long each stage takes, in any unit: what comes of it is only how the time left is divided.
    stream
        Where to draw it; nowhere unless that is a terminal.
    """

    def __init__(self, weights: Mapping[str, float], stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._weights = dict(weights)
        self._done = dict.fromkeys(weights, 0.0)
        self._started = monotonic()
        self._drawn = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def __call__(self, stage: str, done: int, of: int) -> None:
        """Say how far a stage is.

        Parameters
        ----------
        stage
            One of those that have a weight; another has none.
        done, of
            Steps of it.
        """
        self._done[stage] = done / max(of, 1)
        now = monotonic()
        if now - self._drawn >= _INTERVAL or done == of:
            self._drawn = now
            self._write(f"{_bar(self.fraction)} {self.fraction:4.0%}  {_left(self.seconds_left)}  {stage} {done}/{of}")

    @property
    def fraction(self) -> float:
        """How much of the whole is done, from 0 to 1."""
        total = sum(self._weights.values())
        done = sum(self._weights.get(stage, 0) * part for stage, part in self._done.items())
        return done / total if total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the pace so far; None while nothing is done."""
        fraction = self.fraction
        return (monotonic() - self._started) * (1 - fraction) / fraction if fraction > 0.005 else None

    def _write(self, line: str) -> None:
        if self._shown:
            self._stream.write(f"\r\x1b[K{line}")
            self._stream.flush()


class StatusLine:
    """One line on standard error that is written anew, if somebody is there to see it."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self("")

    def __call__(self, line: str) -> None:
        """Show a line in place of the one before."""
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()


def _bar(fraction: float) -> str:
    """Draw a fraction.

    >>> _bar(0.5)
    '[############            ]'
    """
    return f"[{'#' * round(fraction * _WIDTH):<{_WIDTH}}]"


def _left(seconds: float | None) -> str:
    """Say how much time is left.

    >>> _left(None), _left(83.2)
    (' -:-- left', ' 1:23 left')
    """
    if seconds is None:
        return " -:-- left"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:2d}:{rest:02d} left"
