"""The demo in a browser: one page that updates itself, by server-sent events.

The source of the format: https://html.spec.whatwg.org/multipage/server-sent-events.html. Each event has the number of
its entry, so a browser that lost its connection goes on where it was.
"""

import time
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

from .child import PATIENCE, DemoError
from .free_ports import free_ports
from .journal import Journal
from .telling import json_line

PAGE = Path(__file__).with_name("page.html")
_WAKE_EVERY = 0.5
"""Seconds after which a stream looks whether the demo has ended."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:",
}


class PageServer:
    """The page of a journal, on the loopback, while its block lasts.

    Parameters
    ----------
    journal
        What it shows.
    shop
        The address of the shop, for a link.
    port
        Where it is; 0 for any free port.

    Raises
    ------
    DemoError
        A library is not installed, or the port is not free.
    """

    def __init__(self, journal: Journal, shop: str, port: int = 0) -> None:
        self._journal = journal
        self._shop = shop
        self._ended = False
        self.port = port or free_ports(1)[0]
        try:
            uvicorn: Any = import_module("uvicorn")
            application = self._application()
        except ImportError as error:
            raise DemoError(f"not installed ({error}): install the extra `demo`: pip install '.[demo]'") from error
        self._server = uvicorn.Server(
            uvicorn.Config(application, port=self.port, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        )
        self._thread = Thread(target=self._server.run, name="memcached-sessions-demo-page", daemon=True)

    @property
    def url(self) -> str:
        """Of the page."""
        return f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + PATIENCE
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise DemoError(f"the page cannot be served on 127.0.0.1:{self.port}: is the port in use?")
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended = True
        self._server.should_exit = True
        self._thread.join(PATIENCE)

    def _application(self) -> Any:
        starlette: Any = import_module("starlette.applications")
        routing: Any = import_module("starlette.routing")
        responses: Any = import_module("starlette.responses")

        async def page(_: Any) -> Any:
            return responses.HTMLResponse(
                PAGE.read_text(encoding="utf-8").replace("__SHOP__", self._shop), headers=_HEADERS
            )

        async def events(request: Any) -> Any:
            seen: str = request.headers.get("last-event-id", "")
            first = int(seen) + 1 if seen.isascii() and seen.isdigit() else 0
            return responses.StreamingResponse(
                self._events(first), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
            )

        return starlette.Starlette(routes=[routing.Route("/", page), routing.Route("/events", events)])

    async def _events(self, number: int) -> AsyncIterator[str]:
        concurrency: Any = import_module("starlette.concurrency")
        while not self._ended:
            entries = await concurrency.run_in_threadpool(self._journal.wait_for, number, _WAKE_EVERY)
            for entry in entries:
                yield f"id: {number}\ndata: {json_line(entry)}\n\n"
                number += 1
            if not entries:
                yield ": still here\n\n"  # or nobody would notice that the browser has left
