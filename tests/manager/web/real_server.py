"""A real web server, and what a browser says to it."""

import http.client
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server_process import PATIENCE, ServerProcess, settings_in_environment
from web.exchanges import Answer

UVICORN = "uvicorn serving_asgi:plain"
THREADS = "gunicorn --worker-class gthread --threads 8 serving_wsgi:application"
FORKED = "gunicorn --workers 4 serving_wsgi:application"
PRELOADED = "gunicorn --workers 4 --preload serving_wsgi:application"
"""Servers of an application of this folder, and how they serve it."""


class RealServer(ServerProcess):
    """One server of an application in this folder.

    Parameters
    ----------
    command
        The server's module and its arguments, without the address: ``"gunicorn --threads 8 serving_wsgi:application"``.
    settings
        Of the manager.
    """

    def __init__(self, command: str, **settings: object) -> None:
        super().__init__(command, Path(__file__).parent, settings_in_environment(settings))


@dataclass
class Browser:
    """Sends requests, each by a connection of its own so that any process may get it, and keeps the session cookie."""

    port: int
    cookie: str | None = None

    @property
    def sid(self) -> str:
        """The constant part of its id."""
        return (self.cookie or "")[:32]

    @property
    def headers(self) -> dict[str, str]:
        """What it sends of its cookie."""
        return {"Cookie": f"id={self.cookie}"} if self.cookie else {}

    def ask(self, path: str, **headers: str) -> Answer:
        """Send a request and read the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=self.headers | headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()
        said = answer.set_cookie
        if said:
            self.cookie = said.partition(";")[0].partition("=")[2] or None
        return answer

    def json(self, path: str) -> Any:
        """Send a request, and return what the response says."""
        answer = self.ask(path)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def hang_up(self, path: str) -> bytes:
        """Send a request, and close the connection when the body has begun; return what had come."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            cookie = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.example\r\n{cookie}\r\n".encode())
            received = b""
            while b"begun" not in received:
                more = connection.recv(65536)
                assert more, received
                received += more
            return received
