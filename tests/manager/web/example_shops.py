"""The shops of `memcached_sessions.examples`, and what serves them."""

from collections.abc import Mapping
from pathlib import Path

from server_process import ServerProcess, settings_in_environment
from web.served import PATIENT

GUNICORN, UVICORN = "gunicorn --threads 8", "uvicorn"
SERVED = {
    "wsgi": (GUNICORN, "wsgi_shop:application"),
    "fastapi": (UVICORN, "fastapi_shop:application"),
    "flask": (GUNICORN, "flask_shop:application"),
    "django": (GUNICORN, "django_shop:application"),
    "django-async": (UVICORN, "django_shop:asgi_application"),
}
"""Each shop under the server that suits it."""


def serve_shop(name: str, node_port: int, folder: Path, route: str = "app1", **environ: str) -> ServerProcess:
    """Start the server of a shop, whose accounts are kept in a folder."""
    command, application = SERVED[name]
    return _start(f"{command} memcached_sessions.examples.{application}", node_port, folder, route, environ)


def start_shop(module: str, node_port: int, folder: Path) -> ServerProcess:
    """Start a shop by the one command that its docstring names."""
    return _start(f"memcached_sessions.examples.{module}", node_port, folder, "app1", {})


def _start(command: str, node_port: int, folder: Path, route: str, environ: Mapping[str, str]) -> ServerProcess:
    settings = {"nodes": f"n1:127.0.0.1:{node_port}", "route": route, **PATIENT}
    of_the_shop = {
        "SHOP_DATABASE": str(folder / "accounts.sqlite"),
        "SHOP_SECRET": "a secret of the tests, long enough",
    }
    return ServerProcess(command, folder, settings_in_environment(settings) | of_the_shop | environ)
