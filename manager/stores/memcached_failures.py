"""Which `StoreError` an error of the client or of the system becomes.

Invariant: one that leaves open whether a command was carried out is a `NodeUnavailableError`, whoever caused it.
"""

from ssl import SSLEOFError, SSLError, SSLZeroReturnError

from pymemcache.exceptions import (
    MemcacheClientError,
    MemcacheError,
    MemcacheServerError,
    MemcacheUnexpectedCloseError,
)

from ..errors import NodeTimeoutError, NodeUnavailableError, StoreError, StoreProtocolError, ValueTooLargeError


def store_error(error: OSError | MemcacheError, *, node: str, key: str) -> StoreError:
    """Return the error that callers of a store see.

    Parameters
    ----------
    node, key
        Where it happened.

    >>> store_error(ConnectionRefusedError(111, "Connection refused"), node="n1", key="k")
    NodeUnavailableError('node n1, key k: [Errno 111] Connection refused: is memcached running there?')
    """
    kind, problem = _kind_and_problem(error)
    return kind(problem, node=node, key=key)


def too_large(size: int, limit: int, *, node: str, key: str) -> ValueTooLargeError:
    """Return the error for an item that the node would not take.

    >>> print(too_large(2000, 1024, node="n1", key="k"))
    node n1, key k: an item of 2000 bytes is over the limit of 1024: store less, or start memcached with a larger -I
    """
    remedy = "store less, or start memcached with a larger -I"
    return ValueTooLargeError(f"an item of {size} bytes is over the limit of {limit}: {remedy}", node=node, key=key)


def _kind_and_problem(error: OSError | MemcacheError) -> tuple[type[StoreError], str]:
    match error:
        case TimeoutError():
            return NodeTimeoutError, str(error)
        case MemcacheUnexpectedCloseError() | SSLEOFError() | SSLZeroReturnError():
            return NodeUnavailableError, f"{error}: did memcached stop?"
        case SSLError():
            return StoreProtocolError, f"TLS failed: {error}: compare both sides' certificates and settings"
        case OSError():
            return NodeUnavailableError, f"{error}: is memcached running there?"
        case MemcacheServerError() if "too large" in str(error):
            return ValueTooLargeError, f"{error}: something before the node has a lower limit than the node itself"
        case MemcacheServerError():
            # The server gave up in the middle. When it has no memory for the new item it has dropped the old one too,
            # and a proxy says so of a node that it cannot reach: nothing that a StoreProtocolError would promise.
            return NodeUnavailableError, f"the server could not do it: {error}"
        case MemcacheClientError() if "authenticat" in str(error):
            return StoreProtocolError, f"the server refused us: {error}: check username and password"
        case MemcacheClientError():
            return StoreProtocolError, f"the server does not take this command: {error}"
        case _:
            return StoreProtocolError, str(error)
