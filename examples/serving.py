"""How a shop gets its settings, and how ``python -m`` starts it: gunicorn with threads, or uvicorn, on the loopback."""

import argparse
import os
from dataclasses import fields
from typing import Any

from memcached_sessions import SessionManager
from memcached_sessions.manager.settings_sources import settings_from_environment

SECRET = os.environ.get("SHOP_SECRET", "for development only: change me")
"""What sessions are signed with, and Flask's and Django's forms."""

_NODES = {"MEMCACHED_SESSIONS_NODES", "MEMCACHED_SESSIONS_MEMCACHED_NODES"}


def settings_of_the_environment() -> dict[str, Any]:
    """Return what the variables ``MEMCACHED_SESSIONS_...`` say that is not so by default, by the names of settings."""
    local = {} if _NODES & os.environ.keys() else {"MEMCACHED_SESSIONS_NODES": "127.0.0.1:11211"}
    settings = settings_from_environment(dict(os.environ) | local)
    values = {field.name: (getattr(settings, field.name), field.default) for field in fields(settings) if field.init}
    return {name: value for name, (value, default) in values.items() if value != default}


def manager_of_the_environment() -> SessionManager:
    """Return a manager with these settings."""
    return SessionManager(**({"signing_keys": (SECRET,)} | settings_of_the_environment()))


def serve_wsgi(application: Any) -> None:
    """Serve a WSGI application by gunicorn, on the port of ``--port``, until the process is told to end."""
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - whoever imports a shop needs no server

    options: dict[str, Any] = {
        "bind": f"127.0.0.1:{_port()}",
        "threads": 8,
        "accesslog": "-",
        "control_socket_disable": True,
    }

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
