"""Runs a flow in two Flask applications on one node."""

from flask import Flask
from flask.testing import FlaskClient
from flows.flask_app import new_app
from flows.flow import Flow, Run

from memcached_sessions.manager.web.flask import EXTENSION

_COOKIES = ("session", "remember_token")


def run_in_flask(flow: Flow, serializer: str, nodes: str, provider: str) -> Run:
    """Run both halves of a flow; fail if the second one does not go on.

    Parameters
    ----------
    flow
        Of `flows.flask_flows`.
    serializer
        A built-in format.
    nodes
        What both applications have in common.
    provider
        The address of a `flows.openid_provider`.
    """
    run = Run.of(flow, serializer)
    apps: list[Flask] = []
    try:
        for witness, route in ((run.before, "app1"), (run.after, "app2")):
            config = {"NODES": nodes, "ROUTE": route, "SERIALIZER": witness}
            apps.append(new_app(provider, **{f"MEMCACHED_SESSIONS_{name}": value for name, value in config.items()}))
        first, second = (app.test_client() for app in apps)
        begun = flow.begin(first)
        _take_cookies(first, second)
        flow.go_on(second, begun)
    finally:
        for app in apps:
            app.extensions[EXTENSION].close()
    return run


def _take_cookies(browser: FlaskClient, other: FlaskClient) -> None:
    for name in _COOKIES:
        if cookie := browser.get_cookie(name):
            other.set_cookie(name, cookie.value)
