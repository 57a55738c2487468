"""Runs a flow in two FastAPI applications on one node."""

import asyncio
from typing import Any

import httpx
from flows.flow import Flow, Run
from flows.starlette_app import new_app

from memcached_sessions import SessionManager

_KEYS = ("a secret of the tests, long enough",)


class Browser:
    """A client of an application in this process, which keeps cookies and follows no redirect."""

    def __init__(self, app: Any, cookies: httpx.Cookies) -> None:
        self._app = app
        self.cookies = cookies

    def get(self, path: str) -> httpx.Response:
        """Send a request."""
        return asyncio.run(self._ask("GET", path))

    def post(self, path: str, *, json: Any) -> httpx.Response:
        """Send JSON."""
        return asyncio.run(self._ask("POST", path, json=json))

    async def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        url = "http://shop.example"
        async with httpx.AsyncClient(transport=transport, base_url=url, cookies=self.cookies) as client:
            response = await client.request(method, path, **options)
            self.cookies = client.cookies
            return response


def run_in_starlette(flow: Flow, serializer: str, nodes: str, provider: str) -> Run:
    """Run both halves of a flow; fail if the second one does not go on.

    Parameters
    ----------
    flow
        Of `flows.starlette_flows`.
    serializer
        A built-in format.
    nodes
        What both applications have in common.
    provider
        The address of a `flows.openid_provider`.
    """
    run = Run.of(flow, serializer)
    with SessionManager(nodes, route="app1", serializer=run.before, signing_keys=_KEYS) as manager:
        browser = Browser(new_app(manager, provider), httpx.Cookies())
        begun = flow.begin(browser)
    with SessionManager(nodes, route="app2", serializer=run.after, signing_keys=_KEYS) as manager:
        flow.go_on(Browser(new_app(manager, provider), browser.cookies), begun)
    return run
