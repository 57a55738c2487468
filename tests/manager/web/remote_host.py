"""A host of a name that is not ours, which is this machine."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def remote_host(*names: str) -> Generator[None]:
    """Let names, or addresses, lead to the loopback, as long as the block lasts."""
    look_up = socket.getaddrinfo

    def found(host: Any, *arguments: Any, **options: Any) -> Any:
        return look_up("127.0.0.1" if host in names else host, *arguments, **options)

    with patch.object(socket, "getaddrinfo", found):
        yield
