"""An application of a framework under its real server, and a browser that visits it over HTTP."""

import http.client
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path

from server_process import PATIENCE, ServerProcess

PATIENT = {"connect_timeout": 10, "operation_timeout": 10, "session_backup_timeout": 10}
"""Settings for a machine with more to do than it can: a node that is slow is not down."""

TESTS = Path(__file__).parent.parent


class Served(ServerProcess):
    """A server of one application.

    Parameters
    ----------
    command
        Its module and arguments: ``"gunicorn --workers 4"``.
    application
        ``"web.flask_server:app"``.
    environ
        Its environment, beside that of the tests.
    """

    def __init__(self, command: str, application: str, **environ: object) -> None:
        own = {"PYTHONPATH": str(TESTS)} | {name: str(value) for name, value in environ.items()}
        super().__init__(f"{command} {application}", TESTS, own)


@dataclass
class Browser:
    """A visitor of servers that share a host name; it keeps cookies."""

    cookies: dict[str, str] = field(default_factory=dict[str, str])
    workers: list[str] = field(default_factory=list[str])
    """Who has answered."""

    def get(self, server: Served, path: str) -> str:
        """Return the body of a page, which has to be there."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        try:
            header = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request("GET", path, headers={"Cookie": header} if header else {})
            response = connection.getresponse()
            body = response.read().decode()
        finally:
            connection.close()
        assert response.status == 200, f"{response.status}: {body}"
        for line in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        self.workers.append(response.headers["X-Worker"])
        return body

    @property
    def session_id(self) -> str:
        """The id in its cookie, whatever that is called."""
        return self.cookies.get("session") or self.cookies["sessionid"]
