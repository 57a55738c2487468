"""A Flask application: accounts, flash messages, forms, and views that show what its sessions hold."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, flash, get_flashed_messages, jsonify, request, session, stream_with_context
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    fresh_login_required,
    login_required,
    login_user,
    logout_user,
)
from flask_wtf.csrf import CSRFProtect, generate_csrf
from markupsafe import Markup

from memcached_sessions.manager.web.flask import MemcachedSessions

SECRET_KEY = "a secret of the tests, long enough"  # noqa: S105


class User(UserMixin):
    """Whoever says a name."""

    def __init__(self, name: str) -> None:
        self.id = name


def new_shop(nodes: str, *, accounts: bool = False, csrf: bool = False, **config: Any) -> Flask:
    """Return an application whose sessions are backed up on nodes.

    Parameters
    ----------
    nodes
        Where.
    accounts
        Whether visitors can log in; Flask-Login looks at the session of every request.
    csrf
        Whether forms are protected.
    config
        More of Flask.
    """
    app = Flask("shop")
    app.config.update(
        SECRET_KEY=SECRET_KEY,
        MEMCACHED_SESSIONS_NODES=nodes,
        MEMCACHED_SESSIONS_ROUTE="app1",
        TESTING=True,
        WTF_CSRF_ENABLED=csrf,
    )
    app.config.update(config)
    MemcachedSessions(app)
    CSRFProtect(app)
    add_views(app)
    if accounts:
        LoginManager(app).user_loader(User)
        add_accounts(app)
    return app


def add_views(app: Flask) -> None:
    """Add what shows and changes the session."""

    @app.get("/plain")
    def plain() -> str:
        return "the same for all"

    @app.get("/show")
    def show() -> Response:
        return jsonify(dict(session))

    @app.get("/put")
    def put() -> str:
        session.update(request.args.to_dict())
        return ""

    @app.get("/append")
    def append() -> str:
        session.setdefault("cart", []).append(request.args["item"])
        return ""

    @app.get("/clear")
    def clear() -> str:
        session.clear()
        return ""

    @app.get("/rotate")
    def rotate() -> str:
        session.rotate()
        return ""

    @app.get("/permanent/<int:value>")
    def permanent(value: int) -> str:
        session.permanent = bool(value)
        return ""

    @app.get("/fail")
    def fail() -> str:
        session["kept"] = "no"
        raise RuntimeError("the view fails")

    @app.get("/stream")
    def stream() -> Response:
        def body() -> Iterator[str]:
            for number in range(3):
                session["sent"] = number
                yield str(number)

        return Response(stream_with_context(body()))

    @app.post("/form")
    def form() -> str:
        flash("bought", "success")
        return ""

    @app.get("/tell")
    def tell() -> str:
        flash("bought", "success")
        flash(Markup("<b>tea</b>"))
        return ""

    @app.get("/token")
    def token() -> str:
        return generate_csrf()

    @app.get("/flashed")
    def flashed() -> Response:
        return jsonify(get_flashed_messages(with_categories=True))


def add_accounts(app: Flask) -> None:
    """Add login and logout."""

    @app.get("/login/<name>")
    def login(name: str) -> str:
        session.rotate()
        login_user(User(name), remember="remember" in request.args)
        return ""

    @app.get("/logout")
    def logout() -> str:
        logout_user()
        session.rotate()
        return ""

    @app.get("/who")
    @login_required
    def who() -> str:
        return current_user.get_id()

    @app.get("/fresh")
    @fresh_login_required
    def fresh() -> str:
        return "fresh"
