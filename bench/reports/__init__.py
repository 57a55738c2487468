"""Reports of a comparison: for a terminal, as Markdown, as CSV, and as one page with charts and a calculator.

Invariant: all of them are made of a `Result` and of nothing else, so each can be made again from its file at any time.
"""

from .charts import charts
from .comma_separated import csv_report
from .page import html_report
from .reading import limited_to
from .text import markdown_report, terminal_report
from .vega import ChartsMissingError, svg

__all__ = [
    "ChartsMissingError",
    "charts",
    "csv_report",
    "html_report",
    "limited_to",
    "markdown_report",
    "svg",
    "terminal_report",
]
