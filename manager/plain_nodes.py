"""Nodes whose traffic others may read, for it leaves the host without TLS, and what the log says of them.

Invariant: only what an address says is judged. No name is resolved, for an answer would hold for this moment alone.
"""

import logging
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from .node_list import Node

_logger = logging.getLogger("memcached_sessions")

_PRIVATE_NAMES = ("local", "internal", "home.arpa")
"""Ends of names that the public DNS does not have: RFC 6762, ICANN (July 2024), RFC 8375. Those of
services in Kubernetes (``.svc.cluster.local``) are among them."""


def log_plain_nodes(nodes: Iterable[Node]) -> None:
    """Log which nodes are reached over a network without TLS, in one record; none if there are none.

    It is a warning if the address of one of them may be reached through a public network. Others, as containers have
    them, are mostly in a network of their own: INFO.

    Parameters
    ----------
    nodes
        Those that are used from now on.
    """
    plain = [node for node in nodes if is_remote_without_tls(node)]
    if not plain:
        return
    private = all(is_private(node.address.host) for node in plain)
    _logger.log(
        logging.INFO if private else logging.WARNING,
        "memcached_nodes: %s: reached over the network without TLS, so whoever can listen there reads the sessions, "
        "and can change those that are not signed. Give tls://host:port (memcached has to be started with TLS), or, if "
        "nobody else is in that network, set warn_without_tls=False",
        ", ".join(f"{node.name} {node.address}".lstrip() for node in plain),
    )


def is_remote_without_tls(node: Node) -> bool:
    """Return whether a node is on another host, and what is sent to it is not encrypted.

    >>> from .node_list import parse_node_list
    >>> nodes = parse_node_list("n1:127.0.0.1:11211 n2:10.0.0.2:11211 n3:tls://10.0.0.3 n4:unix:/run/memcached.sock")
    >>> [node.name for node in nodes.nodes if is_remote_without_tls(node)]
    ['n2']
    """
    if node.address.kind != "tcp":
        return False
    host = node.address.host.rstrip(".")
    address = _address(host)
    if address is None:
        return host.rpartition(".")[2] != "localhost"  # RFC 6761 section 6.3
    return not (address.is_loopback or address.is_unspecified)


def is_private(host: str) -> bool:
    """Return whether a host is one that the public network does not know.

    That is an address of a private range, a name without a dot, as Docker Compose gives them, or a name of which the
    public DNS has none.

    >>> [is_private(host) for host in ("10.0.0.1", "memcached", "cache.shop.svc.cluster.local", "cache.example.com")]
    [True, True, True, False]
    """
    host = host.rstrip(".")
    address = _address(host)
    if address is not None:
        return not address.is_global
    return "." not in host or host.endswith(tuple(f".{name}" for name in _PRIVATE_NAMES))


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
