"""Which shops there are, and what serves them in the demo."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class ServerPlan:
    """What an application server is to be.

    Parameters
    ----------
    name
        Its name, and the route of its sessions: ``"app1"`` or ``"app2"``.
    shop
        The shop of `memcached_sessions.examples` that it serves: ``"wsgi"``, ``"fastapi"``, ``"flask"``, ``"django"``.
    kind
        What serves it: ``"gunicorn"`` or ``"uvicorn"``.
    """

    name: str
    shop: str
    kind: str

    def command(self, port: int) -> list[str]:
        """Return what starts it."""
        module = f"{__package__}.served"
        if self.kind == "uvicorn":
            return [
                *(sys.executable, "-m", "uvicorn", "--host=127.0.0.1", f"--port={port}", "--log-level=warning"),
                *("--no-access-log", "--lifespan=auto", f"{module}:asgi_application"),
            ]
        return [
            *(sys.executable, "-m", "gunicorn", "--workers=1", "--threads=16", f"--bind=127.0.0.1:{port}"),
            *("--log-level=warning", "--no-control-socket", f"{module}:application"),
        ]


SHOPS = {
    "wsgi": ("gunicorn", "gunicorn"),
    "fastapi": ("uvicorn", "uvicorn"),
    "flask": ("gunicorn", "gunicorn"),
    "django": ("gunicorn", "gunicorn"),
}
"""The shops, and what serves each."""

STORY = (ServerPlan("app1", "wsgi", "gunicorn"), ServerPlan("app2", "fastapi", "uvicorn"))
"""Two servers of two kinds, whose shops share their sessions."""
