"""A small web application in a process of its own: sessions on a loopback port, to be killed at any moment.

It answers lines of JSON. A request is ``{"id": the cookie or null, "do": what, ...}``, see `_act`; the reply has what
the cookie becomes, the attributes, and the process that answered, or ``{"error": ...}``. As a web server does, it
replies only after the commit. When its standard input closes it ends, and so do the processes that it forked.

    python application.py NODES ROUTE [--workers 4 [--own-managers]] [--setting name=value ...]
"""

import argparse
import json
import os
import socket
import socketserver
import sys
import threading
import time
import traceback
from functools import partial
from typing import Any

from memcached_sessions import Session, SessionManager

Cookie = dict[str, str]


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    disable_nagle_algorithm = True
    request_queue_size = 64


class _Handler(socketserver.StreamRequestHandler):
    """Answers the requests of one connection, one after another."""

    disable_nagle_algorithm = True

    def __init__(self, manager: SessionManager, *arguments: Any) -> None:
        self._manager = manager
        super().__init__(*arguments)

    def handle(self) -> None:
        for line in self.rfile:
            try:
                reply = _reply(self._manager, json.loads(line))
            except Exception:  # noqa: BLE001 - as a web server would: the test reports it
                reply = {"error": traceback.format_exc()}
            self.wfile.write(json.dumps(reply).encode() + b"\n")


def _reply(manager: SessionManager, request: dict[str, Any]) -> dict[str, Any]:
    with manager.request(request["id"]) as session:
        _act(session, request)
        attributes = json.dumps(session.copy())
    cookie = {"kind": session.cookie.kind.value, "value": session.cookie.value}
    return {"cookie": cookie, "attributes": attributes, "sid": session.sid, "process": os.getpid()}


def _act(session: Session, request: dict[str, Any]) -> None:
    """Do what is asked for: only ``read``, the next ``update`` of a customer, ``increment`` or ``set`` a name."""
    match request["do"]:
        case "update":
            update(session, request["customer"])
        case "increment":
            count = session.get(request["name"], 0)
            time.sleep(request["think"])
            session[request["name"]] = count + 1
        case "set":
            session[request["name"]] = request["value"]
        case "read":
            len(session)  # the first access is what looks for the session
        case unknown:
            raise ValueError(f"no such action: {unknown}")


def update(session: dict[str, Any], customer: int) -> None:
    """Carry out the next update of a customer's session: at the top, and deep inside."""
    if not session:
        session["customer"] = {"number": customer, "roles": ["reader", "buyer"]}
        session["cart"] = {"items": [], "sum": 0}
    step = session.get("steps", 0) + 1
    session["steps"] = step
    session["cart"]["items"].append(step)
    session["cart"]["sum"] += step
    session[f"slot {step % 3}"] = [step]


def after_updates(customer: int, count: int) -> dict[str, Any]:
    """Return what a customer's session holds after so many updates."""
    session: dict[str, Any] = {}
    for _ in range(count):
        update(session, customer)
    return session


def _serve(manager: SessionManager, listener: socket.socket) -> None:
    server = _Server(("", 0), partial(_Handler, manager), bind_and_activate=False)  # pyright: ignore[reportArgumentType]
    server.socket.close()
    server.socket = listener
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("nodes")
    parser.add_argument("route")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--own-managers", action="store_true")
    parser.add_argument("--setting", action="append", default=[])
    arguments = parser.parse_args()
    settings = {name: json.loads(value) for name, value in (setting.split("=", 1) for setting in arguments.setting)}
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(arguments.workers or 1)]
    new_manager = partial(SessionManager, arguments.nodes, route=arguments.route, **settings)
    manager = None
    if not arguments.own_managers:
        manager = new_manager()
        with manager.request(None) as session:  # its connections are open and its threads run when it forks
            session["parent"] = True
    processes = [os.getpid()]
    for number in range(arguments.workers):
        child = os.fork()
        if not child:
            _serve(manager or new_manager(), listeners[number])
        processes = [*(processes if number else []), child]
    ports = [listener.getsockname()[1] for listener in listeners]
    print(json.dumps({"ports": ports, "processes": processes}), flush=True)  # noqa: T201 - to who started it
    if arguments.workers:
        sys.stdin.buffer.read()
    else:
        _serve(manager or new_manager(), listeners[0])


if __name__ == "__main__":
    _main()
