"""What a manager counts and times: the figures, their snapshot, and their way to Prometheus.

>>> from memcached_sessions import SessionManager
>>> with SessionManager("memory://") as manager:
...     with manager.request(None) as session:
...         session["user"] = 7
...     statistics = manager.statistics()
>>> statistics.counters.created, statistics.backup.count
(1, 1)
"""

from .counters import Counters
from .histogram import Histogram
from .snapshot import Command, Failure, NodeStatistics, Statistics

__all__ = ["Command", "Counters", "Failure", "Histogram", "NodeStatistics", "Statistics"]
