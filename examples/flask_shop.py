"""A shop with Flask, Flask-Login and Flask-WTF. Start it by: python -m memcached_sessions.examples.flask_shop."""

import os
from typing import Any

from flask import Flask, Response, abort, flash, get_flashed_messages, redirect, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect, generate_csrf

from memcached_sessions import SessionManager
from memcached_sessions.examples import accounts, pages
from memcached_sessions.examples.serving import SECRET, serve_wsgi, settings_of_the_environment
from memcached_sessions.manager.web.flask import MemcachedSessions

application = Flask(__name__)
application.config.update(
    SECRET_KEY=SECRET,
    SESSION_COOKIE_NAME="id",
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_COOKIE_SECURE="SHOP_HTTPS" in os.environ,
    # Written out: MEMCACHED_SESSIONS_NODES="n1:10.0.0.1:11211 n2:10.0.0.2:11211", MEMCACHED_SESSIONS_ROUTE="app1"
    **{f"MEMCACHED_SESSIONS_{name.upper()}": value for name, value in settings_of_the_environment().items()},
)
MemcachedSessions(application)
CSRFProtect(application)
logins = LoginManager(application)


class User(UserMixin):
    """Somebody with an account."""

    def __init__(self, name: str) -> None:
        self.id = name


logins.user_loader(User)


def manager() -> SessionManager:
    """Return what holds the sessions."""
    return application.extensions["memcached_sessions"]


def csrf() -> tuple[str, str]:
    """Return the field that only a page of this session has."""
    return "csrf_token", generate_csrf()


@application.get("/")
def show() -> str:
    """Show the shop."""
    user = current_user.id if current_user.is_authenticated else ""
    return pages.shop_page(user, session, get_flashed_messages(), csrf())


@application.route("/register", methods=["GET", "POST"])
def register() -> Any:
    """Make an account, and log in."""
    if request.method == "GET":
        return pages.account_page("Register", csrf())
    name, password = request.form.get("name", ""), request.form.get("password", "")
    error = accounts.register(name, password)
    return pages.account_page("Register", csrf(), error) if error else welcome(name)


@application.route("/login", methods=["GET", "POST"])
def log_in() -> Any:
    """Log in, if the password is right."""
    if request.method == "GET":
        return pages.account_page("Log in", csrf())
    name, password = request.form.get("name", ""), request.form.get("password", "")
    if accounts.has_password(name, password):
        return welcome(name)
    return pages.account_page("Log in", csrf(), "Wrong name or password")


def welcome(name: str) -> Any:
    """Let somebody in. Id and token that were known before are worth nothing any more; the cart stays."""
    session.rotate()  # type: ignore[attr-defined]
    session.pop("csrf_token", None)
    login_user(User(name))
    flash(f"Welcome, {name}")
    return redirect("/", 303)


@application.post("/cart")
def set_line() -> Any:
    """Set how much of something is in the cart. Whoever is in doubt may send it again."""
    item = request.form.get("item", "")
    try:
        line, quantity = pages.cart_line(item, request.form.get("quantity", ""))
    except ValueError as error:
        abort(400, str(error))
    session[line] = quantity  # an attribute of its own: what two servers changed is merged by attributes
    if not quantity:
        session.pop(line, None)
    flash(f"{quantity} x {item} in the cart")
    return redirect("/", 303)


@application.post("/logout")
def log_out() -> Any:
    """End the session, on all servers at once."""
    logout_user()
    session.clear()
    return redirect("/", 303)


@application.after_request
def keep_private(response: Response) -> Response:
    """Let no cache keep what is for one visitor."""
    response.headers["Cache-Control"] = "no-store"
    return response


if __name__ == "__main__":
    serve_wsgi(application)
