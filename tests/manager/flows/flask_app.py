"""A Flask application with what applications of Flask put into sessions: Flask-Login, flash messages, Flask-Babel,
Flask-WTF, authlib."""

from datetime import timedelta
from typing import Any

from authlib.integrations.flask_client import OAuth
from flask import Flask, Response, flash, get_flashed_messages, jsonify, redirect, request, session
from flask_babel import Babel, lazy_gettext
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
from flows.openid_provider import CLIENT
from markupsafe import Markup
from web.flask_shop import SECRET_KEY

from memcached_sessions.manager.web.flask import MemcachedSessions


class User(UserMixin):
    """Whoever says a name."""

    def __init__(self, name: str) -> None:
        self.id = name


def new_app(provider: str, **config: Any) -> Flask:
    """Return an application.

    Parameters
    ----------
    provider
        The address of the provider that logs visitors in.
    config
        Of Flask and of the sessions.
    """
    app = Flask("shop")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, USE_SESSION_FOR_NEXT=True)
    app.config.update(config)
    MemcachedSessions(app)
    CSRFProtect(app)
    Babel(app)
    accounts = LoginManager(app)
    accounts.user_loader(User)
    accounts.login_view = "login"
    accounts.localize_callback = lazy_gettext
    oauth = OAuth(app)
    oauth.register(
        "provider",
        **CLIENT,
        server_metadata_url=f"{provider}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )
    _add_accounts(app)
    _add_oauth(app, oauth)
    _add_shop(app)
    return app


def _add_accounts(app: Flask) -> None:
    @app.get("/login", endpoint="login")
    def login() -> Response:
        login_user(User("ann"), remember="remember" in request.args, duration=timedelta(days=3, milliseconds=1))
        return redirect(session.pop("next", "/who"))

    @app.get("/logout")
    def logout() -> str:
        logout_user()
        return ""

    @app.get("/who")
    @login_required
    def who() -> str:
        return current_user.get_id()

    @app.get("/fresh")
    @fresh_login_required
    def fresh() -> str:
        return "fresh"


def _add_oauth(app: Flask, oauth: Any) -> None:
    @app.get("/to-provider")
    def to_provider() -> Response:
        return oauth.provider.authorize_redirect("http://localhost/callback")

    @app.get("/callback")
    def callback() -> str:
        token = oauth.provider.authorize_access_token()
        session["user"] = token["userinfo"]
        session["token"] = token
        return session["user"]["sub"]

    @app.get("/user")
    def user() -> str:
        return session["user"].sub


def _add_shop(app: Flask) -> None:
    @app.get("/stay")
    def stay() -> str:
        session.permanent = True
        login_user(User("ann"))
        return ""

    @app.get("/buy")
    def buy() -> str:
        flash("bought", "success")
        flash(Markup("<b>tea</b>"))
        flash(lazy_gettext("bought for %(cents)s cents", cents=990), "price")
        return ""

    @app.get("/flashed")
    def flashed() -> Response:
        return jsonify(
            [
                [category, str(text), isinstance(text, Markup)]
                for category, text in get_flashed_messages(with_categories=True)
            ]
        )

    @app.get("/token")
    def token() -> str:
        return generate_csrf()

    @app.post("/form")
    def form() -> str:
        session.update(form=request.form, query=request.args)
        return ""

    @app.get("/kept")
    def kept() -> Response:
        return jsonify([*session["form"].getlist("size"), session["query"]["page"]])
