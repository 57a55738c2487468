"""``python -m memcached_sessions.bench`` is the same as ``session-bench``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
