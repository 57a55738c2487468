"""An application of a framework under its real server, and a browser that visits it over HTTP."""

import http.client
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

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
    port
        Of the loopback; None: any that is free.
    environ
        Its environment, beside that of the tests.
    """

    def __init__(self, command: str, application: str, port: int | None = None, **environ: object) -> None:
        own = {"PYTHONPATH": str(TESTS)} | {name: str(value) for name, value in environ.items()}
        super().__init__(f"{command} {application}", TESTS, own, port)


@dataclass
class Browser:
    """A visitor of servers that share a host name; it keeps cookies."""

    cookies: dict[str, str] = field(default_factory=dict[str, str])
    workers: list[str] = field(default_factory=list[str])
    """Who has answered."""

    def get(self, server: Served, path: str) -> str:
        """Return the body of a page, which has to be there."""
        status, body = self.ask(server.port, path)
        assert status == 200, f"{status}: {body}"
        return body

    def ask(self, port: int, path: str, *, method: str = "GET", form: dict[str, str] | None = None) -> tuple[int, str]:
        """Send a request, with a form by POST if one is given; return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            header = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Cookie": header} if header else {}
            if form is None:
                connection.request(method, path, headers=headers)
            else:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                connection.request("POST", path, urlencode(form), headers)
            response = connection.getresponse()
            body = response.read().decode()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        if worker := response.headers["X-Worker"]:
            self.workers.append(worker)
        return response.status, body

    @property
    def session_id(self) -> str:
        """The id in its cookie, whatever that is called."""
        return next(self.cookies[name] for name in ("session", "sessionid", "id") if name in self.cookies)
