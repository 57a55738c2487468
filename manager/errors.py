"""The errors of the session manager: what happened, where (node, key, setting), and what to do.

Invariant: nothing else leaves a store. What a client library raises becomes a `StoreError`, whose ``__cause__`` it is.
"""


class ManagerError(Exception):
    """The root of this package's errors."""


class ConfigurationError(ManagerError, ValueError):
    """A setting has a value that cannot be used; the message names the setting, the value and what is allowed."""


class StoreError(ManagerError):
    """A command on a node did not end as it should.

    Parameters
    ----------
    problem
        What happened and what to do, without the place.
    node
        The name or address of the node.
    key
        The storage key, which holds a hash of the session id; empty where the command has none.

    >>> str(StoreError("no answer within 0.5 s", node="n1"))
    'node n1: no answer within 0.5 s'
    """

    def __init__(self, problem: str, *, node: str, key: str = "") -> None:
        super().__init__(f"node {node}{f', key {key}' if key else ''}: {problem}")
        self.problem = problem
        self.node = node
        self.key = key


class NodeUnavailableError(StoreError):
    """The node refused the connection, or broke it before it answered.

    Nobody knows whether the command was carried out, or will be.
    """


class NodeTimeoutError(NodeUnavailableError):
    """The node did not answer in time. A command that it has received it may carry out much later."""


class ValueTooLargeError(StoreError):
    """The value is over the item limit of the node, which keeps what it had. Says nothing about the node's health."""


class StoreProtocolError(StoreError):
    """The node answered something that the protocol does not have here: an old server, a proxy, a bad password."""


class UndecodableError(ManagerError, ValueError):
    """Stored bytes are no session of this application: damaged, signed by another key, or of an unknown format.

    Says nothing about the node that held them.
    """


class NodesDownError(ManagerError):
    """A node that could hold a session did not answer, and no other one has it; try again.

    Only `SessionManager.exists` raises it: everything else goes on without nodes.
    """
