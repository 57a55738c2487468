"""A server that says what a test tells it to: for faults that a real memcached does not have.

On a new connection it answers as a memcached does, so that a store takes it for one.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

GENERATION = b"0123456789abcdef"
SETTINGS = b"STAT maxbytes 67108864\r\nSTAT item_size_max 1048576\r\nSTAT cas_enabled yes\r\nEND\r\n"

VERSION_COMMAND = b"version"
SETTINGS_COMMAND = b"stats settings"
GENERATION_COMMAND = b"mg memcached-sessions:generation v c f t"

Step = bytes | float | None
"""Bytes to send, seconds to wait, or None: to close the connection."""


class ScriptedServer:
    """Answers the first commands by their name, all others by the next line of a script.

    Parameters
    ----------
    script
        The answers, each of them a sequence of steps. After the last one it is silent.
    version, settings, generation
        What is answered to ``version``, to ``stats settings``, and to ``mg`` of the generation's key; None: the next
        line of the script.
    """

    def __init__(
        self,
        *script: Sequence[Step],
        version: Sequence[Step] | None = (b"VERSION 1.6.18\r\n",),
        settings: Sequence[Step] | None = (SETTINGS,),
        generation: Sequence[Step] | None = (b"VA 16 c1 f0 t-1\r\n" + GENERATION + b"\r\n",),
    ) -> None:
        self.script = deque(script)
        self.greeting = {VERSION_COMMAND: version, SETTINGS_COMMAND: settings, GENERATION_COMMAND: generation}
        """What is answered by name; a test may change it, as a restart does."""
        self.requests: list[bytes] = []
        """The first lines of all commands that came, without those of the greeting."""
        self.connections = 0
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection.makefile("rb") as stream:
                for line in stream:
                    request = line.rstrip(b"\r\n")
                    words = request.split(b" ")
                    if words[0] == b"ms":
                        stream.read(int(words[2]) + 2)
                    steps = self.greeting.get(request)
                    if steps is None:
                        self.requests.append(request)
                        steps = self.script.popleft() if self.script else ()
                    for step in steps:
                        if step is None:
                            connection.shutdown(socket.SHUT_RDWR)
                            return
                        if isinstance(step, float):
                            time.sleep(step)
                        else:
                            connection.sendall(step)
        except (OSError, ValueError):
            return  # the client, or the end of the test, has closed the connection
