"""A relay between an application and its memcached nodes that kills the application at a given byte of their talk.

The byte may be any: in the middle of a command, between two commands, in the middle of a reply. Invariant: after
`settle` the nodes have carried out all that was relayed, and nothing comes later.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class KillingRelay:
    """Listens on one port for each node.

    Parameters
    ----------
    targets
        Ports of the nodes.
    """

    def __init__(self, targets: list[int]) -> None:
        self._lock = threading.Lock()
        self._left = 0
        self._kill: Callable[[], object] | None = None
        self._relays: list[threading.Thread] = []
        self._listeners = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in targets]
        self.ports = [listener.getsockname()[1] for listener in self._listeners]
        self._doors = [
            threading.Thread(target=self._accept, args=(listener, target), daemon=True)
            for listener, target in zip(self._listeners, targets, strict=True)
        ]
        for door in self._doors:
            door.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.settle()

    def kill_after(self, count: int, kill: Callable[[], object]) -> None:
        """Call a function when so many bytes, at least one, have passed, those of both directions counted."""
        with self._lock:
            self._left, self._kill = count, kill

    def settle(self) -> None:
        """Take no more connections, and wait until those that there are have ended, the application being dead."""
        for listener, door in zip(self._listeners, self._doors, strict=True):
            with suppress(OSError):  # done before
                listener.shutdown(socket.SHUT_RDWR)
            door.join()
            listener.close()
        for relay in self._relays:
            relay.join()

    def _accept(self, listener: socket.socket, target: int) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed
            node = socket.create_connection(("127.0.0.1", target))
            for end in client, node:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            relay = threading.Thread(target=self._relay, args=(client, node), daemon=True)
            relay.start()
            self._relays.append(relay)

    def _relay(self, client: socket.socket, node: socket.socket) -> None:
        with client, node:
            back = threading.Thread(target=self._pass_on, args=(node, client), daemon=True)
            back.start()
            self._pass_on(client, node)
            back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        # Ends that are gone, as they should be, are no error here.
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._send(data, target):
                    break
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while source.recv(65536):  # until it has ended too: a node does so when it has done all that it was sent
                pass

    def _send(self, data: bytes, target: socket.socket) -> bool:
        """Pass data on; return False if it holds the byte at which the application dies, and send nothing behind it."""
        with self._lock:
            if self._kill is None or len(data) < self._left:
                self._left -= len(data)
                kill = None
            else:
                data, kill, self._kill = data[: self._left], self._kill, None
        target.sendall(data)
        if kill:
            kill()
        return kill is None
