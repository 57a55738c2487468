"""The same small site by each of the adapters, for real servers behind a balancer, as the environment says.

``/visit`` counts in the session, ``/nothing`` does not look at it. ``/order`` counts too, and notes in the file
``orders`` that it was carried out; while the file ``slow`` is there it does not come to an end.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.urls import path
from web.served import PATIENT

KIND, NODES, ROUTE, FOLDER = (os.environ[name] for name in ("KIND", "NODES", "ROUTE", "FOLDER"))
SETTINGS: dict[str, Any] = PATIENT | {"route": ROUTE}
if freshness := os.environ.get("FRESHNESS"):
    SETTINGS["freshness"] = freshness
ORDERS, SLOW = Path(FOLDER, "orders"), Path(FOLDER, "slow")
WHILE_IT_IS_SLOW = 0.02
"""Seconds between two looks."""

urlpatterns: list[Any] = []


def answer(session: Any, action: str) -> bytes:
    """Do what a request asks for."""
    if action == "nothing":
        return b"{}"
    session["visits"] = session.get("visits", 0) + 1
    if action == "order":
        with ORDERS.open("a") as file:
            file.write(f"{ROUTE}\n")
    return json.dumps({"server": ROUTE, "worker": os.getpid(), "visits": session["visits"]}).encode()


def end(action: str) -> None:
    """Let an order take its time."""
    while action == "order" and SLOW.exists():
        time.sleep(WHILE_IT_IS_SLOW)


def by_wsgi() -> Any:
    """Return the site as a WSGI application."""
    from memcached_sessions.manager.settings import Settings
    from memcached_sessions.manager.web.wsgi import SessionMiddleware

    def site(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        action = environ["PATH_INFO"][1:]
        body = answer(environ["memcached_sessions.session"], action)
        end(action)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]

    return SessionMiddleware(site, nodes=Settings(memcached_nodes=NODES, **SETTINGS))


def by_asgi() -> Any:
    """Return the site as an ASGI application."""
    from memcached_sessions.manager.settings import Settings
    from memcached_sessions.manager.web.asgi import SessionMiddleware

    async def site(scope: Any, receive: Any, send: Any) -> None:
        del receive
        action = scope["path"][1:]
        body = answer(scope["session"], action)
        while action == "order" and SLOW.exists():
            await asyncio.sleep(WHILE_IT_IS_SLOW)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return SessionMiddleware(site, nodes=Settings(memcached_nodes=NODES, **SETTINGS))


def by_starlette() -> Any:
    """Return the site as a Starlette application."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from memcached_sessions.manager.settings import Settings
    from memcached_sessions.manager.web.asgi import SessionMiddleware

    async def site(request: Request) -> Response:
        return Response(answer(request.session, request.path_params["action"]))

    sessions = Middleware(SessionMiddleware, nodes=Settings(memcached_nodes=NODES, **SETTINGS))
    return Starlette(routes=[Route("/{action}", site)], middleware=[sessions])


def by_fastapi() -> Any:
    """Return the site as a FastAPI application, whose functions run in threads."""
    from fastapi import FastAPI, Request, Response

    from memcached_sessions.manager.settings import Settings
    from memcached_sessions.manager.web.asgi import SessionMiddleware

    app = FastAPI()
    app.add_middleware(SessionMiddleware, nodes=Settings(memcached_nodes=NODES, **SETTINGS))

    @app.get("/{action}")
    def site(request: Request, action: str) -> Response:
        return Response(answer(request.session, action))

    return app


def by_flask() -> Any:
    """Return the site as a Flask application."""
    from flask import Flask, session
    from web.flask_shop import SECRET_KEY

    from memcached_sessions.manager.web.flask import MemcachedSessions

    app = Flask("site")
    app.config["SECRET_KEY"] = SECRET_KEY
    app.config.update({f"MEMCACHED_SESSIONS_{name.upper()}": value for name, value in SETTINGS.items()})
    app.config["MEMCACHED_SESSIONS_NODES"] = NODES
    MemcachedSessions(app)

    @app.route("/<action>", methods=["GET", "POST"])
    def site(action: str) -> bytes:
        body = answer(session, action)
        end(action)
        return body

    return app


def by_django() -> Any:
    """Return the site as a Django project."""
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpRequest, HttpResponse
    from web import django_project

    def site(request: HttpRequest, action: str) -> HttpResponse:
        body = answer(request.session, action)
        end(action)
        return HttpResponse(body)

    urlpatterns.append(path("<action>", site))
    django_project.configure(
        NODES,
        Path(FOLDER),
        sessions=SETTINGS,
        tables=False,
        MIDDLEWARE=[django_project.MIDDLEWARE],
        INSTALLED_APPS=[django_project.ENGINE],
        ROOT_URLCONF=__name__,
    )
    return get_wsgi_application()


_BY: dict[str, Callable[[], Any]] = {
    "wsgi": by_wsgi,
    "asgi": by_asgi,
    "starlette": by_starlette,
    "fastapi": by_fastapi,
    "flask": by_flask,
    "django": by_django,
}

application = _BY[KIND]()
