"""How a shop gets its settings, and how ``python -m`` starts it: gunicorn with threads, or uvicorn, on the loopback."""

import argparse
import os
from typing import Any

from memcached_sessions import SessionManager

os.environ.setdefault("MEMCACHED_SESSIONS_NODES", "127.0.0.1:11211")
SECRET = os.environ.get("SHOP_SECRET", "for development only: change me")
"""What sessions are signed with."""


def manager_of_the_environment() -> SessionManager:
    """Return a manager whose settings are the variables ``MEMCACHED_SESSIONS_...``."""
    os.environ.setdefault("MEMCACHED_SESSIONS_SIGNING_KEYS", SECRET)
    return SessionManager.from_env()


def serve_wsgi(application: Any) -> None:
    """Serve a WSGI application by gunicorn, on the port of ``--port``, until the process is told to end."""
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - whoever imports a shop needs no server

    options = {"bind": f"127.0.0.1:{_port()}", "threads": 8, "accesslog": "-"}

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return application

    Server().run()


def serve_asgi(application: Any) -> None:
    """Serve an ASGI application by uvicorn, on the port of ``--port``, until the process is told to end."""
    import uvicorn  # noqa: PLC0415 - whoever imports a shop needs no server

    uvicorn.run(application, port=_port())


def _port() -> int:
    parser = argparse.ArgumentParser(description="Serves a small shop on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8000, help="where it listens (8000)")
    port: int = parser.parse_args().port
    return port
