"""Starlette, FastAPI and authlib with the ASGI middleware: ``request.session`` is what they expect."""

import asyncio
from contextlib import suppress
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Request
from memcached_process import MemcachedProcess
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware as StarlettesMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from web.exchanges import Server, Visitor, scope_of
from web.real_server import Browser, RealServer
from web.stored import stored

from memcached_sessions import SessionManager
from memcached_sessions.manager.web.asgi import SessionMiddleware


def starlette_app(manager: SessionManager, **more: Any) -> Any:
    """Return a Starlette application that has all kinds of views."""

    async def add(request: Request) -> Response:
        request.session.setdefault("cart", []).append(request.path_params["item"])
        return JSONResponse(request.session)

    async def cart(request: Request) -> Response:
        return JSONResponse(request.session.get("cart", []))

    async def static(request: Request) -> Response:
        del request
        return PlainTextResponse("the same for all")

    async def fail(request: Request) -> Response:
        raise LookupError(request.session.get("cart"))

    async def stream(request: Request) -> Response:
        async def body() -> Any:
            for letter in "abc":
                request.session["streamed"] = letter
                yield letter

        return StreamingResponse(body(), background=BackgroundTask(request.session.update, background=True))

    async def say_error(request: Request, error: Exception) -> Response:
        del error
        return JSONResponse({"cart": request.session.get("cart")}, 500)

    return Starlette(
        routes=[
            Route("/add/{item}", add),
            Route("/cart", cart),
            Route("/static", static),
            Route("/fail", fail),
            Route("/stream", stream),
            Mount("/sub", routes=[Route("/cart", cart)]),
        ],
        middleware=[Middleware(SessionMiddleware, manager=manager), *more.pop("middleware", [])],
        exception_handlers={Exception: say_error},
    )


@pytest.mark.parametrize("around", [True, False])
def test_a_middleware_around_starlette_tells_of_a_new_id_in_spite_of_an_error(
    around: bool, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """Starlette's response to an error is made outside of the middleware that it has: then the session is lost."""

    async def begin(request: Request) -> Response:
        request.session["cart"] = ["apple"]
        return PlainTextResponse("begun")

    async def fail(request: Request) -> Response:
        await request.session.arotate()  # type: ignore[attr-defined]
        raise LookupError("after the rotation")

    routes = [Route("/", begin), Route("/fail", fail)]
    if around:
        app: Any = SessionMiddleware(Starlette(routes=routes), manager=manager)
    else:
        app = Starlette(routes=routes, middleware=[Middleware(SessionMiddleware, manager=manager)])
    visitor, server = Visitor(app), Server()
    visitor.ask()
    with pytest.raises(LookupError):
        asyncio.run(app(scope_of("/fail", header=visitor.header), server.receive, server.send))

    answer = visitor.take(server.answer())

    assert answer.status == 500
    assert bool(answer.set_cookie) is around
    assert stored(shared_memcached, visitor.cookie) == ({"cart": ["apple"]} if around else {})


def test_a_replaced_session_is_seen_in_views_but_not_in_mounts(manager: SessionManager) -> None:
    """A view has the scope of the middleware; in a mount there may be a session middleware of its own."""

    async def replace(request: Request) -> Response:
        request.scope["session"] = {"user": 7}
        return PlainTextResponse("replaced")

    async def show(request: Request) -> Response:
        return JSONResponse(request.session)

    app = Starlette(
        routes=[Route("/", replace), Route("/show", show), Mount("/sub", routes=[Route("/", replace)])],
        middleware=[Middleware(SessionMiddleware, manager=manager)],
    )
    visitor, in_mount = Visitor(app), Visitor(app)
    visitor.ask()
    in_mount.ask("/sub/")

    assert visitor.ask("/show").body == b'{"user":7}'
    assert in_mount.cookie is None


def test_the_session_of_starlettes_middleware_in_a_mount_stays_apart(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """As the administration pages have one that are mounted in many applications."""

    async def begin(request: Request) -> Response:
        request.session["user"] = 7
        return PlainTextResponse("begun")

    async def log_out(request: Request) -> Response:
        request.session.clear()
        return PlainTextResponse("ended")

    theirs = [Middleware(StarlettesMiddleware, secret_key="of the tests")]  # noqa: S106
    app = Starlette(
        routes=[Route("/", begin), Mount("/admin", routes=[Route("/", log_out)], middleware=theirs)],
        middleware=[Middleware(SessionMiddleware, manager=manager)],
    )
    visitor = Visitor(app)
    visitor.ask()

    assert visitor.ask("/admin/").set_cookie == ""
    assert stored(shared_memcached, visitor.cookie) == {"user": 7}


def test_starlette_has_its_session(manager: SessionManager) -> None:
    """Nested changes are kept, which Starlette's own middleware does not notice; mounts have it too."""
    visitor = Visitor(starlette_app(manager))

    added = visitor.ask("/add/apple")
    again = visitor.ask("/add/pear")

    assert added.body == b'{"cart":["apple"]}'
    assert added.all("Vary") == again.all("Vary") == ["Cookie"]
    assert again.set_cookie == ""
    assert visitor.ask("/cart").body == visitor.ask("/sub/cart").body == b'["apple","pear"]'
    assert visitor.ask("/static").all("Vary") == []


def test_a_middleware_inside_that_runs_the_view_in_a_task_changes_nothing(manager: SessionManager) -> None:
    """Starlette's base class for middleware runs the rest of the application in another task."""

    class Inside(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Response:
            request.session["seen"] = request.session.get("seen", 0) + 1
            return await call_next(request)

    visitor = Visitor(starlette_app(manager, middleware=[Middleware(Inside)]))
    visitor.ask("/add/apple")

    assert visitor.ask("/add/pear").body == b'{"seen":2,"cart":["apple","pear"]}'


def test_starlette_streams_and_works_in_the_background(
    manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """What they change is committed when all is over."""
    visitor = Visitor(starlette_app(manager))
    visitor.ask("/add/apple")

    assert visitor.ask("/stream").body == b"abc"
    assert stored(shared_memcached, visitor.cookie) == {"cart": ["apple"], "streamed": "c", "background": True}


def test_starlettes_handler_of_errors_has_the_session(manager: SessionManager) -> None:
    """It answers outside of all middleware, and the exception goes on to the server."""
    visitor = Visitor(starlette_app(manager))
    visitor.ask("/add/apple")
    server = Server()

    with pytest.raises(LookupError, match="apple"):
        asyncio.run(visitor.app(scope_of("/fail", header=visitor.header), server.receive, server.send))
    assert server.answer().body == b'{"cart":["apple"]}'


def test_a_session_that_only_starlette_looked_at_varies_by_cookie(manager: SessionManager) -> None:
    """Its ``request.session`` says so, as to its own middleware."""

    async def look(request: Request) -> Response:
        assert request.session.accessed  # type: ignore[attr-defined]
        request.session.mark_modified()  # type: ignore[attr-defined]
        assert request.session.modified  # type: ignore[attr-defined]
        return PlainTextResponse("looked")

    answer = Visitor(SessionMiddleware(Starlette(routes=[Route("/", look)]), manager=manager)).ask()

    assert answer.all("Vary") == ["Cookie"]
    assert answer.set_cookie == ""


def test_fastapi_has_its_session(manager: SessionManager) -> None:
    """In coroutines and in functions, which run in threads; in dependencies too."""
    app = FastAPI()
    app.add_middleware(SessionMiddleware, manager=manager)

    def user(request: Request) -> str:
        return request.session.setdefault("user", "ann")

    @app.get("/thread/{item}")
    def in_a_thread(request: Request, item: str, name: Annotated[str, Depends(user)]) -> dict[str, Any]:
        request.session.setdefault("cart", []).append(item)
        return {"user": name, **request.session}

    @app.get("/loop/{item}")
    async def in_the_loop(request: Request, item: str, name: Annotated[str, Depends(user)]) -> dict[str, Any]:
        return in_a_thread(request, item, name)

    visitor = Visitor(app)
    visitor.ask("/thread/apple")

    assert visitor.ask("/loop/pear").body == b'{"user":"ann","cart":["apple","pear"]}'


def test_a_starlette_websocket_has_its_session(manager: SessionManager, shared_memcached: MemcachedProcess) -> None:
    """Also if nobody catches that the client has left."""

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        while True:
            text = await websocket.receive_text()
            websocket.session.setdefault("said", []).append(text)

    visitor = Visitor(starlette_app(manager))
    visitor.ask("/add/apple")
    app = Starlette(routes=[WebSocketRoute("/live", live)], middleware=[Middleware(SessionMiddleware, manager=manager)])
    texts = [{"type": "websocket.receive", "text": text} for text in ("a", "b")]
    server = Server([{"type": "websocket.connect"}, *texts, {"type": "websocket.disconnect", "code": 1001}])

    with suppress(WebSocketDisconnect):
        asyncio.run(app(scope_of("/live", header=visitor.header, kind="websocket"), server.receive, server.send))

    assert stored(shared_memcached, visitor.cookie) == {"cart": ["apple"], "said": ["a", "b"]}


def test_the_state_of_an_oauth_login_is_kept_in_the_session(shared_memcached: MemcachedProcess) -> None:
    """authlib's flow under uvicorn: only the visitor who began it can end it, and only once."""
    with RealServer("uvicorn serving_oauth:app", memcached_nodes=f"n1:127.0.0.1:{shared_memcached.port}") as server:
        visitor, other = Browser(server.port), Browser(server.port)

        to_provider = follow(visitor.ask("/login"))
        before = visitor.sid
        back = follow(Browser(server.port).ask(to_provider))
        stranger = other.ask(back)
        logged_in = visitor.ask(back)
        again = visitor.ask(back)

        assert to_provider.startswith("/provider/authorize?")
        assert (stranger.status, logged_in.status, again.status) == (400, 307, 400)
        assert b"mismatching_state" in stranger.body
        assert visitor.json("/whoami") == {"user": "ann"}
        assert visitor.sid != before
        assert other.json("/whoami") == {}


def follow(answer: Any) -> str:
    """Return where a response sends its reader."""
    (location,) = answer.all("Location")
    return "/" + location.split("/", 3)[3]
