"""The Flask application and the Django project in this process, visited alike: what both must do is tested on both."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

from memcached_process import MemcachedProcess

from memcached_sessions import SessionManager

KINDS = ("flask", "django")


class Site:
    """One of them, as one process of a server has it.

    Parameters
    ----------
    kind
        Of `KINDS`.
    application
        Of Flask; None: Django's, as it is configured.
    manager
        Its own.
    """

    def __init__(self, kind: str, application: Any, manager: SessionManager) -> None:
        self._kind = kind
        self._application = application
        self.manager = manager

    def ask(self, path: str, cookie: str | None = None) -> tuple[Any, str | None]:
        """Return what a page says to a visitor with a session id, and the id that the visitor has then."""
        if self._kind == "flask":
            client = self._application.test_client()
            if cookie is not None:
                client.set_cookie("session", cookie)
            response = client.get(path)
            kept = client.get_cookie("session")
            return response.json if response.is_json else response.text, kept and kept.value
        from django.test import Client

        client = Client()
        if cookie is not None:
            client.cookies["sessionid"] = cookie
        response = client.get(path)
        is_json = response.headers["Content-Type"] == "application/json"
        kept = client.cookies.get("sessionid")
        return response.json() if is_json else response.content.decode(), kept and kept.value


@contextmanager
def served(kind: str, **sessions: Any) -> Generator[Site]:
    """Serve a site with more settings of its sessions, after which it has ended; in the process with Django."""
    from django.conf import settings
    from django.test import override_settings

    sessions = settings.MEMCACHED_SESSIONS | sessions
    with ExitStack() as ends:
        if kind == "flask":
            from web.flask_shop import new_shop

            from memcached_sessions.manager.web.flask import EXTENSION

            config = {f"MEMCACHED_SESSIONS_{name.upper()}": value for name, value in sessions.items()}
            application = new_shop(config.pop("MEMCACHED_SESSIONS_NODES"), **config)
            yield Site(kind, application, ends.enter_context(application.extensions[EXTENSION]))
        else:
            from memcached_sessions.manager.web.django import session_manager

            ends.enter_context(override_settings(MEMCACHED_SESSIONS=sessions))
            yield Site(kind, None, session_manager())


def node() -> MemcachedProcess:
    """Return the memcached of the sites, to talk to; it runs elsewhere."""
    from django.conf import settings

    process = MemcachedProcess()
    process.address = ("127.0.0.1", int(settings.MEMCACHED_SESSIONS["nodes"].rpartition(":")[2]))
    return process
