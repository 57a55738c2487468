"""Sessions, the nodes that back them up, and what happens when a process or a node dies.

>>> from memcached_sessions.manager import SessionManager
>>> with SessionManager("memory://") as manager:
...     with manager.request(None) as session:
...         session["user"] = 7
...     print(manager.health().sessions, manager.health().unbacked)
1 0
"""

from .cookie import CookieAction, CookieKind
from .dry_run_report import DryRunReport
from .errors import (
    ConfigurationError,
    ManagerError,
    NodesDownError,
    NodeTimeoutError,
    NodeUnavailableError,
    StoreError,
    StoreProtocolError,
    UndecodableError,
    ValueTooLargeError,
)
from .events import Event, EventKind
from .health import Health, NodeHealth
from .manager import SessionManager
from .session import Session
from .settings import Settings
from .settings_sources import settings_from_environment, settings_from_toml
from .statistics import Statistics
from .stores.store import Cas, Item, Outcome, Store, Written

__all__ = [
    "Cas",
    "ConfigurationError",
    "CookieAction",
    "CookieKind",
    "DryRunReport",
    "Event",
    "EventKind",
    "Health",
    "Item",
    "ManagerError",
    "NodeHealth",
    "NodeTimeoutError",
    "NodeUnavailableError",
    "NodesDownError",
    "Outcome",
    "Session",
    "SessionManager",
    "Settings",
    "Statistics",
    "Store",
    "StoreError",
    "StoreProtocolError",
    "UndecodableError",
    "ValueTooLargeError",
    "Written",
    "settings_from_environment",
    "settings_from_toml",
]
