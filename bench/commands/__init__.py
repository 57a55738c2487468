"""The commands of ``session-bench``, one a file: what it is told, and what it does."""
