"""All settings of a session manager, with their defaults and what they may be.

Invariant: `Settings` that exist can be used: every value, and what values mean together, was checked when they were
made. No password and no key is in their ``repr`` or in an error.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from ..serializers import Serializer
from . import setting_rules as rules
from .entry import touch_interval
from .node_list import NodeList, parse_node_list
from .session_id import ROUTE
from .settings_checks import check_together

_DECADE = 3650 * 24 * 3600
_DAY = 24 * 3600
_LARGEST_PAYLOAD = 64 * 2**20
_SHORTEST_TOMBSTONE = 10 * 60
_REQUEST_MARGIN = 60  # a request takes at most the quiet window
_BUILT_IN_SAFE_SERIALIZERS = ("compact", "json", "msgpack", "cbor")
_COOKIE_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 6265 section 4.1.1, RFC 2616 section 2.2
_CREDENTIAL = r"[^\s\x00-\x1f\x7f\ud800-\udfff{}]{{1,250}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a session manager; None means none, and for limits no limit. Lists become tuples.

    Raises
    ------
    ConfigurationError
        A name or a value is wrong; with the name, the value and what is allowed.

    >>> settings = Settings(memcached_nodes="n1:10.0.0.1:11211 n2:10.0.0.2:11211", route="app1")
    >>> settings.touch_interval
    450
    >>> Settings(memcached_nodes="memory://", max_inactive_interval=0)
    Traceback (most recent call last):
        ...
    memcached_sessions.manager.setting_rules.SettingError: max_inactive_interval cannot be 0; allowed: seconds, a \
whole number from 1 to 315360000, or None
    """

    memcached_nodes: Annotated[str | Sequence[str], rules.nodes()]
    """Where sessions are backed up, as `parse_node_list` reads it: ``"n1:10.0.0.1:11211 n2:10.0.0.2:11211"``.
    `SessionManager.reconfigure` changes them while it runs."""
    failover_nodes: Annotated[str | Sequence[str] | None, rules.node_names()] = None
    """Names of nodes that are used only when no other one is up, such as the one on the application's own machine.
    `SessionManager.reconfigure` changes them while it runs."""
    sticky: Annotated[bool, rules.choice((True,), allowed="true (false comes with non-sticky mode)")] = True
    """The process that served a session last holds it, and memcached a backup."""
    enabled: Annotated[bool, rules.flag()] = True
    """Use memcached. Without it sessions live in the process alone, and die with it. `SessionManager.reconfigure`
    switches it while it runs."""
    dry_run: Annotated[bool, rules.flag()] = False
    """Try each session that passes and log what could not be kept, without any node: ``enabled`` becomes False. No
    request fails for a value that cannot be kept. See `SessionManager.dry_run_report`."""

    serializer: Annotated[str | Serializer, rules.serializer()] = "compact"
    """What makes bytes of sessions: the name of an installed serializer, or one."""
    custom_converters: Annotated[tuple[str, ...], rules.converters()] = ()
    """Functions that are called with the registry of converters, as ``"module:function"``, or names of converters that
    are installed to be chosen, such as ``"django-models"``."""
    accept_serializers: Annotated[tuple[str, ...] | None, rules.serializers()] = None
    """Serializers whose bytes are read too; None: the built-in ones that hostile bytes cannot make run code."""
    on_undecodable: Annotated[Literal["new", "raise", "keep"], rules.choice(("new", "raise", "keep"))] = "new"
    """What to do with stored bytes that cannot be read: begin a new session (and keep the bytes until they are
    overwritten), raise `UndecodableError`, or serve the request without touching them."""
    signing_keys: Annotated[tuple[bytes | str, ...], rules.keys()] = field(default=(), repr=False)
    """Keys that sign what is stored: the first one signs, all of them are accepted."""
    compression: Annotated[Literal["zlib", "zstd"] | None, rules.choice(("zlib", "zstd"), optional=True)] = None
    """What makes large sessions smaller; None: nothing does."""
    max_session_bytes: Annotated[int | None, rules.number(1, 2**30, "bytes", optional=True)] = None
    """Largest stored session; None: what the server takes for one item."""
    session_attribute_filter: Annotated[str | None, rules.regex()] = None
    """A regular expression; attributes whose whole name it matches are backed up, others stay in the process."""
    storage_key_prefix: Annotated[
        str, rules.text("[!-~]{0,200}", "at most 200 printable ASCII characters, no spaces")
    ] = ""
    """What storage keys begin with, so that applications can share nodes."""

    session_backup_async: Annotated[bool, rules.flag()] = False
    """Send responses without waiting for the backup. What a process has not stored when it is killed is lost."""
    session_backup_timeout: Annotated[float, rules.number(0.001, 60, "seconds", whole=False)] = 0.25
    """Seconds after which a backup counts as failed; it is tried again in the background. Also how long a request waits
    for room in the queue of asynchronous backups."""
    operation_timeout: Annotated[float, rules.number(0.001, 60, "seconds", whole=False)] = 0.5
    """Seconds that a command waits for the answer of a node."""
    connect_timeout: Annotated[float, rules.number(0.001, 60, "seconds", whole=False)] = 0.25
    """Seconds that a connection to a node may take."""
    max_pool_size: Annotated[int, rules.number(1, 10_000, "connections")] = 64
    """Connections of this process to one node."""
    backup_thread_count: Annotated[int | None, rules.number(1, 1024, "threads", optional=True)] = None
    """Threads that back sessions up asynchronously; None: one for each CPU."""
    backup_queue_size: Annotated[int, rules.number(1, 10_000_000, "sessions")] = 10_000
    """Sessions that may wait for an asynchronous backup, each with its newest state; a request that finds no room waits
    for it."""
    copies: Annotated[int, rules.choice((1,), allowed="1 (more come with non-sticky mode)")] = 1
    """Nodes that hold a session at the same time."""
    on_conflict: Annotated[
        Literal["merge"], rules.choice(("merge",), allowed="'merge' (others come with non-sticky mode)")
    ] = "merge"
    """What to do when two processes have changed a session: keep what each of them changed."""
    locking_mode: Annotated[
        Literal["none"] | None,
        rules.choice(
            ("none",),
            optional=True,
            allowed="'none' ('auto', 'all' and 'uri_pattern:<regex>' come with non-sticky mode)",
        ),
    ] = None
    """Which requests have a session for themselves; ``none`` becomes None."""
    lock_expiration: Annotated[float, rules.number(0.001, 3600, "seconds", whole=False)] = 5
    """Seconds after which a lock is free although nobody released it. No effect until non-sticky mode is there."""

    max_inactive_interval: Annotated[int | None, rules.number(1, _DECADE, "seconds", optional=True)] = 1800
    """Seconds without a request after which a session ends; None: never."""
    absolute_timeout: Annotated[int | None, rules.number(1, _DECADE, "seconds", optional=True)] = None
    """Seconds after which a session ends however much it is used; None: never."""
    max_local_sessions: Annotated[int, rules.number(1, 2**31, "sessions")] = 100_000
    """Sessions in this process; those that were used least recently and are backed up leave first, and with
    ``enabled=False``, when none is, they end. No bound while no node is up: a session that is not backed up stays until
    it is or expires, so new ones take memory beyond this and `max_local_bytes`; see ``health().unbacked``."""
    max_local_bytes: Annotated[int | None, rules.number(1, 2**63, "bytes", optional=True)] = None
    """Serialized size of all sessions in this process."""

    route: Annotated[str | None, rules.text(ROUTE.pattern, "1 to 63 of A-Za-z0-9_-", optional=True)] = None
    """What the load balancer calls this server; None: ids name no server."""
    freshness: Annotated[Literal["auto", "trust", "revalidate"], rules.choice(("auto", "trust", "revalidate"))] = "auto"
    """Whether a session of this process is used without asking its node if it is the newest: always (``trust``: only
    where one process serves the route), never, or as long as sessions are seen to stay with one process."""
    local_trust: Annotated[float | None, rules.number(0, _DAY, "seconds", whole=False, optional=True)] = None
    """Longest time in seconds for which a node is not asked; None: the touch interval."""
    quiet_window: Annotated[float, rules.number(0.001, _DAY, "seconds", whole=False)] = 60
    """Seconds for which a process asks the node at each request after it took a session over; at least as long as the
    longest request, which another process may still be serving."""
    request_uri_ignore_pattern: Annotated[str | None, rules.regex()] = None
    """A regular expression; requests whose whole path it matches neither load nor back up a session."""
    enable_statistics: Annotated[bool, rules.flag()] = True
    """Count and time what the manager does, for `SessionManager.statistics`. Without it all counts stay zero, and cost
    nothing."""

    cookie_name: Annotated[str, rules.text(_COOKIE_NAME, "letters, digits and any of !#$%&'*+-.^_`|~")] = "id"
    """Name of the cookie that holds the id (as all of ``cookie_...``: WSGI and ASGI only)."""
    cookie_domain: Annotated[
        str | None, rules.text(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", "a domain name", optional=True)
    ] = None
    """Domain whose hosts get the cookie; None: the host that set it."""
    cookie_path: Annotated[str, rules.text(r"/[!-:<-~]*", "a path that begins with / and holds no ; or space")] = "/"
    """Path under which the cookie is sent."""
    cookie_httponly: Annotated[bool, rules.flag()] = True
    """Keep the cookie from scripts."""
    cookie_samesite: Annotated[Literal["Lax", "Strict", "None"], rules.choice(("Lax", "Strict", "None"))] = "Lax"
    """Whether requests from other sites carry the cookie."""
    cookie_secure: Annotated[bool | Literal["auto"], rules.choice((True, False, "auto"))] = "auto"
    """Send the cookie by https only; auto: if the request that sets it came by https."""
    cookie_partitioned: Annotated[bool, rules.flag()] = False
    """Keep a cookie of its own for each site that embeds this one."""

    username: Annotated[
        str | None, rules.text(_CREDENTIAL.format(":"), "1 to 250 characters without spaces and colons", optional=True)
    ] = None
    """Name to authenticate with at all nodes."""
    password: Annotated[
        str | None, rules.text(_CREDENTIAL.format(""), "1 to 250 characters without spaces", optional=True, secret=True)
    ] = field(default=None, repr=False)
    """Password to authenticate with."""
    tls_ca_file: Annotated[str | Path | None, rules.file()] = None
    """Certificates that sign those of ``tls://`` nodes; None: those of the system."""
    tls_certificate_file: Annotated[str | Path | None, rules.file()] = None
    """Certificate of this client."""
    tls_key_file: Annotated[str | Path | None, rules.file()] = None
    """Its key; None: it is in the file of the certificate."""
    tls_check_hostname: Annotated[bool, rules.flag()] = True
    """Refuse a node whose certificate is for another host."""
    warn_without_tls: Annotated[bool, rules.flag()] = True
    """Log at start which nodes on other hosts are reached without TLS."""

    node_list: NodeList = field(init=False, repr=False, compare=False)
    """What `memcached_nodes` and `failover_nodes` name."""
    mac_keys: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    """The `signing_keys`, as bytes."""

    def __new__(cls, /, **values: object) -> Self:
        """Refuse unknown names, with the one that was probably meant."""
        known = cls.rules_by_name()
        for name in values:
            if name not in known:
                raise rules.unknown_setting(name, known)
        return object.__new__(cls)

    def __post_init__(self) -> None:
        for name, rule in self.rules_by_name().items():
            value = getattr(self, name)
            if isinstance(value, list):
                self._set(name, value := tuple(cast("list[object]", value)))
            rule.check(name, value)
        if self.locking_mode == "none":
            self._set("locking_mode", None)
        if self.dry_run:
            self._set("enabled", value=False)
        failover = () if self.failover_nodes is None else self.failover_nodes
        self._set("node_list", parse_node_list(self.memcached_nodes, failover))
        self._set("mac_keys", tuple(key.encode() if isinstance(key, str) else key for key in self.signing_keys))
        check_together(self)

    @classmethod
    def rules_by_name(cls) -> dict[str, rules.Rule]:
        """Return what each setting may be, in the order of the settings."""
        return {setting.name: cast("Any", setting.type).__metadata__[0] for setting in fields(cls) if setting.init}

    @property
    def accepted_serializers(self) -> tuple[str, ...]:
        """Names of the serializers whose bytes are read, the one that writes first.

        >>> Settings(memcached_nodes="memory://", serializer="json").accepted_serializers
        ('json', 'compact', 'msgpack', 'cbor')
        """
        chosen = self.serializer if isinstance(self.serializer, str) else self.serializer.name
        accepted = _BUILT_IN_SAFE_SERIALIZERS if self.accept_serializers is None else self.accept_serializers
        return tuple(dict.fromkeys((chosen, *accepted)))

    @property
    def kept_attribute(self) -> Callable[[str], bool] | None:
        """What says whether an attribute of a name is backed up; None: all are.

        >>> kept = Settings(memcached_nodes="memory://", session_attribute_filter="cart|user").kept_attribute
        >>> kept("cart"), kept("cart_view")
        (True, False)
        """
        return _in_full(self.session_attribute_filter)

    @property
    def ignored_path(self) -> Callable[[str], bool] | None:
        """What says whether requests to a path go without their session; None: none do."""
        return _in_full(self.request_uri_ignore_pattern)

    @property
    def max_payload_bytes(self) -> int:
        """Largest session before it is compressed and after it was decompressed, which an attacker could make huge."""
        return max(_LARGEST_PAYLOAD, self.max_session_bytes or 0)

    @property
    def touch_interval(self) -> int:
        """Seconds after which a node that was not asked for so long is told that the session lives (rule T1)."""
        return touch_interval(self.max_inactive_interval)

    @property
    def tombstone_ttl(self) -> int:
        """Seconds for which nodes remember a destroyed session: longer than a copy goes unchecked (rule R18)."""
        return max(2 * self.touch_interval, ceil(self.quiet_window) + _REQUEST_MARGIN, _SHORTEST_TOMBSTONE)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


def _in_full(pattern: str | None) -> Callable[[str], bool] | None:
    if pattern is None:
        return None
    fullmatch = re.compile(pattern).fullmatch
    return lambda text: fullmatch(text) is not None
