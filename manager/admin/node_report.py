"""What the nodes say of themselves, and whether sessions can be kept on them.

The fields are those of the JSON that ``memcached-sessions nodes --json`` prints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ssl import SSLSocket
from typing import Literal

from pymemcache.exceptions import MemcacheError

from ..errors import StoreError
from ..node_list import Node, NodeList
from ..settings import Settings
from ..stores.greeting import greet
from ..stores.memcached_failures import store_error
from ..stores.meta_commands import VERSION, Command
from ..stores.meta_replies import read_settings
from .asking import ReadOnlyClient, WouldWriteError, ask_all

Role = Literal["primary", "failover"]

_STATISTICS = Command(b"stats\r\n", read_settings)
_LONGEST_NUMBER = 20  # digits of 64 bits


@dataclass(frozen=True, slots=True)
class Tls:
    """What a connection is encrypted by."""

    version: str
    cipher: str


@dataclass(frozen=True, slots=True)
class NodeReport:
    """One node; None is what it did not say."""

    node: str
    """Its name, or its address if it has none."""
    role: Role
    address: str
    reachable: bool
    usable: bool
    """Whether sessions can be kept there: it is a memcached with meta commands, new enough, with CAS."""
    problem: str | None
    """Why it is not reachable or not usable, and what to do."""
    version: str | None = None
    item_limit: int | None = None
    """Bytes."""
    uptime: int | None = None
    """Seconds."""
    items: int | None = None
    memory: int | None = None
    """Bytes that items take."""
    memory_limit: int | None = None
    """Bytes that items may take."""
    evictions: int | None = None
    """Items that were removed before their time to make room, since the server started."""
    connections: int | None = None
    """Open ones; that of this command is among them."""
    max_connections: int | None = None
    tls: Tls | None = None
    generation: str | None = None
    """Of the server's life; None before an application has used it."""


def node_reports(settings: Settings) -> list[NodeReport]:
    """Ask all nodes how they do.

    Raises
    ------
    ConfigurationError
        The files for TLS cannot be used.
    """
    answers = ask_all(settings, lambda node, client, deadline: _report(settings.node_list, node, client, deadline))
    return [
        NodeReport(*place(settings.node_list, node), reachable=False, usable=False, problem=answer.problem)
        if isinstance(answer, StoreError)
        else answer
        for node, answer in answers
    ]


def place(nodes: NodeList, node: Node) -> tuple[str, Role, str]:
    """Return what a node is called, its role and its address."""
    return node.label, "failover" if node.name in nodes.failover else "primary", str(node.address)


def all_primaries_usable(reports: Sequence[NodeReport]) -> bool:
    """Whether sessions can be kept on every primary."""
    return all(report.usable for report in reports if report.role == "primary")


def _report(nodes: NodeList, node: Node, client: ReadOnlyClient, deadline: float) -> NodeReport:
    version = client.ask(VERSION, deadline)
    # Before anything goes wrong, and the connection is closed.
    tls = _tls(client)
    statistics: Mapping[str, str] = {}
    problem: str | None = None
    try:
        statistics = client.ask(_STATISTICS, deadline)
        greet(client, deadline)
    except WouldWriteError:
        pass  # the server has no generation yet, and gets none from here
    except MemcacheError as error:
        problem = store_error(error, node=node.label, key="").problem
    return NodeReport(
        *place(nodes, node),
        reachable=True,
        usable=problem is None,
        problem=problem,
        version=version,
        item_limit=client.item_limit if problem is None else None,
        uptime=_number(statistics, "uptime"),
        items=_number(statistics, "curr_items"),
        memory=_number(statistics, "bytes"),
        memory_limit=_number(statistics, "limit_maxbytes"),
        evictions=_number(statistics, "evictions"),
        connections=_number(statistics, "curr_connections"),
        max_connections=_number(statistics, "max_connections"),
        tls=tls,
        generation=client.generation or None,
    )


def _tls(client: ReadOnlyClient) -> Tls | None:
    connection = client.sock
    if not isinstance(connection, SSLSocket):
        return None
    cipher = connection.cipher()
    return Tls(connection.version() or "", cipher[0] if cipher else "")


def _number(statistics: Mapping[str, str], name: str) -> int | None:
    text = statistics.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else None
