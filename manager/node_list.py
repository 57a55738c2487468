"""The memcached nodes as settings name them, and the order in which a session uses them.

Invariants: what can be read in two ways is refused, never guessed; every address is there once; several nodes have
names, because the id of a session says which of them holds it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from .session_id import NODE_NAME
from .setting_rules import SettingError

DEFAULT_PORT = 11211

_SEPARATORS = re.compile(r"[\s,]+")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)|unix:(?P<path>/.*)")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_PORT = re.compile(r"[0-9]{1,5}")
_PATH = re.compile(r"/[^/].*")
_PATH_BYTES = 107  # what the operating system takes, less the zero at its end
_MEMORY_NAME = re.compile(r"[A-Za-z0-9._-]{0,63}")
_USER_INFO = re.compile(r".*@")
_ALLOWED_NODES = (
    "host:port, [ipv6]:port, tls://host:port, unix:/path, memory://name, several of them with names of 1 to 16 of the "
    "characters a-z0-9 in front (n1:host:port), separated by spaces or commas"
)
_ALLOWED_FAILOVER = "names of nodes in memcached_nodes, not all of them, separated by spaces or commas"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a node is; its text is one that `parse_node_list` reads.

    >>> print(Address("tls", host="::1", port=11211))
    tls://[::1]:11211
    """

    kind: Literal["tcp", "tls", "unix", "memory"]
    host: str = ""
    """Name or IP address, the latter without brackets; for memory a name that tells stores of one process apart."""
    port: int = 0
    path: str = ""
    """Of the UNIX socket."""

    def __str__(self) -> str:
        if self.kind == "unix":
            return f"unix:{self.path}"
        if self.kind == "memory":
            return f"memory://{self.host}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'tls://' if self.kind == 'tls' else ''}{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Node:
    """One memcached server."""

    name: str
    """What ids call it; empty when it is the only one and has no name."""
    address: Address

    @property
    def label(self) -> str:
        """What messages call it: its name, or its address."""
        return self.name or str(self.address)


@dataclass(frozen=True, slots=True)
class NodeList:
    """All nodes in the order of the settings, and which of them are for failover only.

    >>> nodes = parse_node_list("n1:10.0.0.1:11211 n2:10.0.0.2:11211 n3:10.0.0.3:11211", failover="n1")
    >>> [node.name for node in nodes.ring("n3")]
    ['n3', 'n2', 'n1']
    """

    nodes: tuple[Node, ...]
    failover: frozenset[str]
    """Names of the nodes that are used only when no primary is up."""

    @property
    def named(self) -> bool:
        """Whether the nodes have names, and ids a node part."""
        return bool(self.nodes[0].name)

    @property
    def primaries(self) -> tuple[Node, ...]:
        """The nodes that are not for failover only."""
        return tuple(node for node in self.nodes if node.name not in self.failover)

    def ring(self, home: str) -> tuple[Node, ...]:
        """Return all nodes in the order in which a session uses them.

        Parameters
        ----------
        home
            The name of the session's node; empty or unknown if it has none.

        Returns
        -------
        The home, a failover node too; then the primaries that follow it, then the failover nodes that do, each in the
        order of the settings and from the end back to the start. Without a home all primaries, then all failover nodes.
        """
        start = next((index for index, node in enumerate(self.nodes) if node.name == home), 0)
        turned = self.nodes[start:] + self.nodes[:start]
        return tuple(sorted(turned, key=lambda node: (node.name != home, node.name in self.failover)))

    def heirs(self, after: "NodeList", earlier: Mapping[str, str]) -> dict[str, str]:
        """Return to which nodes of a later list the sessions of the nodes go that are not in it.

        Parameters
        ----------
        after
            The later list.
        earlier
            What this has returned for lists before this one.

        Returns
        -------
        By name, the next node of the ring that stays; where none does they are spread. Every process that goes through
        the same lists comes to the same nodes.

        >>> before = parse_node_list("n1:10.0.0.1:11211 n2:10.0.0.2:11211 n3:10.0.0.3:11211")
        >>> before.heirs(parse_node_list("n1:10.0.0.1:11211 n3:10.0.0.3:11211"), {})
        {'n2': 'n3'}
        """
        names = {node.name for node in after.nodes}
        heirs: dict[str, str] = {}
        for position, node in enumerate(self.nodes):
            if node.name not in names:
                following = (other.name for other in self.ring(node.name) if other.name in names)
                spread = after.primaries[position % len(after.primaries)].name
                heirs[node.name] = next(following, spread)
        for name, heir in earlier.items():
            if name not in names:
                heirs.setdefault(name, heirs.get(heir, heir))
        return heirs


def parse_node_list(text: str | Sequence[str], failover: str | Sequence[str] = ()) -> NodeList:
    """Return the nodes that the settings ``memcached_nodes`` and ``failover_nodes`` name.

    Parameters
    ----------
    text
        Nodes, separated by spaces or commas, or a sequence of such texts: ``host:port``, ``[::1]:11211``,
        ``tls://host:port``, ``unix:/run/memcached.sock`` (or the path alone), ``memory://`` or ``memory://name``, each
        also with a name in front: ``n1:host:port``. The port is 11211 where none is given. A named node without scheme
        or brackets needs its port: in ``a:b`` the ``b`` is the port.
    failover
        Names of nodes, written likewise.

    Raises
    ------
    ConfigurationError
        No node, a node that is not written as above, several nodes of which one has no name, a name or an address
        twice; failover nodes that do not exist, that are all there are, or with a single node.

    >>> print(parse_node_list("n1:cache1:11211, n2:tls://cache2").nodes[1].address)
    tls://cache2:11211
    """
    nodes = tuple(map(_parse_node, _words("memcached_nodes", text, _ALLOWED_NODES)))
    if not nodes:
        raise SettingError("memcached_nodes", text, _ALLOWED_NODES, reason="it names no node")
    names: set[str] = set()
    addresses: set[Address] = set()
    for node in nodes:
        if len(nodes) > 1 and not node.name:
            raise _refused(node.label, "among several nodes each needs a name")
        if node.name in names:
            raise _refused(f"{node.name}:{node.address}", f"the name {node.name} is given twice")
        # One port speaks either TLS or not.
        address = replace(node.address, kind="tcp") if node.address.kind == "tls" else node.address
        if address in addresses:
            raise _refused(str(node.address), "the address is given twice")
        names.add(node.name)
        addresses.add(address)
    return NodeList(nodes, _parse_failover(failover, names))


def _parse_failover(failover: str | Sequence[str], names: set[str]) -> frozenset[str]:
    chosen = frozenset(_words("failover_nodes", failover, _ALLOWED_FAILOVER))
    if not chosen:
        return chosen
    if len(names) == 1:
        reason = "there is a single node, which nothing can take over from"
    elif unknown := sorted(chosen - names):
        reason = f"there is no node {' or '.join(unknown)}"
    elif len(chosen) == len(names):
        reason = "no primary is left"
    else:
        return chosen
    raise SettingError("failover_nodes", failover, _ALLOWED_FAILOVER, reason=reason)


def _words(setting: str, texts: object, allowed: str) -> list[str]:
    parts = [texts] if isinstance(texts, str) else texts
    if not isinstance(parts, Sequence) or isinstance(parts, bytes):
        raise SettingError(setting, texts, allowed)
    words: list[str] = []
    for part in parts:  # pyright: ignore[reportUnknownVariableType] - callers are not all typed
        if not isinstance(part, str):
            raise SettingError(setting, texts, allowed)
        words += filter(None, _SEPARATORS.split(part))
    return words


def _parse_node(word: str) -> Node:
    if not word.isprintable():
        raise _refused(word, "it holds a character that cannot be printed")
    if _is_ipv6(word):
        raise _refused(word, "an IPv6 address goes in brackets")
    head, colon, rest = word.partition(":")
    if not colon or _begins_an_address(word) or not (_begins_an_address(rest) or ":" in rest):
        return Node("", _parse_address(word, word))
    if not NODE_NAME.fullmatch(head):
        raise _refused(word, f"{head!r} is no name of a node")
    return Node(head, _parse_address(rest, word))


def _begins_an_address(text: str) -> bool:
    return text.startswith(("/", "[")) or _SCHEME.fullmatch(text) is not None


def _parse_address(text: str, word: str) -> Address:
    match = _SCHEME.fullmatch(text)
    if match is None:
        return _parse_path(text, word) if text.startswith("/") else _parse_host("tcp", text, word)
    if match["path"]:
        return _parse_path(match["path"], word)
    scheme, rest = match["scheme"].lower(), match["rest"]
    if scheme == "tls":
        return _parse_host("tls", rest, word)
    if scheme == "unix":
        return _parse_path(rest, word)
    if scheme != "memory":
        raise _refused(word, f"only memcached is supported, by tls:// or without a scheme, not {scheme}://")
    if not _MEMORY_NAME.fullmatch(rest):
        raise _refused(word, "the name of a store in memory has at most 63 of the characters A-Za-z0-9._-")
    return Address("memory", host=rest)


def _parse_path(path: str, word: str) -> Address:
    if not _PATH.fullmatch(path):
        raise _refused(word, "the path of a UNIX socket begins with one slash, as in unix:/run/memcached.sock")
    if len(path.encode()) > _PATH_BYTES:
        raise _refused(word, f"the path of a UNIX socket has at most {_PATH_BYTES} bytes")
    return Address("unix", path=path)


def _parse_host(kind: Literal["tcp", "tls"], text: str, word: str) -> Address:
    if "@" in text:
        raise _refused(word, "user name and password are settings of their own, username and password")
    closed = text.rfind("]") + 1  # behind the brackets of an IPv6 address, or at the start
    name, colon, port = text[closed:].partition(":")
    name = text[:closed] + name
    host = _canonical_host(name)
    if host is None:
        raise _refused(word, f"{name!r} is no host")
    if not colon:
        return Address(kind, host=host, port=DEFAULT_PORT)
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65535:
        raise _refused(word, f"{port!r} is no port from 1 to 65535")
    return Address(kind, host=host, port=int(port))


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _canonical_host(host: str) -> str | None:
    try:
        if host.startswith("[") and host.endswith("]"):
            return str(IPv6Address(host[1:-1]))
        if host.rpartition(".")[2].isdigit():
            return str(IPv4Address(host))
    except ValueError:
        return None
    host = host.lower()
    return host if _HOST_NAME.fullmatch(host) and len(host) <= 253 else None


def _refused(word: str, reason: str) -> SettingError:
    return SettingError("memcached_nodes", _USER_INFO.sub("***@", word), _ALLOWED_NODES, reason=reason)
