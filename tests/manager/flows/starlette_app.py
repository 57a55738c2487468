"""A FastAPI application, which is one of Starlette, with what such applications put into sessions: authlib, models of
pydantic."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID
from warnings import catch_warnings

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from flows.openid_provider import CLIENT
from pydantic import BaseModel, Field

from memcached_sessions import SessionManager, register
from memcached_sessions.manager.web.asgi import SessionMiddleware


@register(tag="flows.Size")
class Size(Enum):
    """Of a mug."""

    SMALL = "s"
    LARGE = "l"


@register(tag="flows.Line")
class Line(BaseModel):
    """A line of a cart, as a client sends it."""

    sku: UUID
    size: Size
    price: Decimal
    wanted_by: datetime
    gift: bool = False


@register(tag="flows.Cart")
class Cart(BaseModel):
    """What a client wants to buy."""

    lines: list[Line] = Field(default_factory=list)


def new_app(manager: SessionManager, provider: str) -> Any:
    """Return an application.

    Parameters
    ----------
    manager
        Of its sessions.
    provider
        The address of the provider that logs visitors in.
    """
    app = FastAPI()
    app.add_middleware(SessionMiddleware, manager=manager)
    _add_oauth(app, provider)

    @app.post("/cart")
    async def put(cart: Cart, request: Request) -> int:
        request.session["cart"] = cart
        return len(cart.lines)

    @app.get("/total")
    def total(request: Request) -> Decimal:
        lines = request.session["cart"].lines
        assert all(line.size is Size.LARGE for line in lines)
        return sum((line.price for line in lines), Decimal())

    return app


def _add_oauth(app: FastAPI, provider: str) -> None:
    with catch_warnings(
        record=True, action="ignore"
    ):  # past every filter authlib says that httpx will have a successor
        from authlib.integrations.starlette_client import OAuth

    oauth: Any = OAuth()
    oauth.register(
        "provider",
        **CLIENT,
        server_metadata_url=f"{provider}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )

    @app.get("/login")
    async def login(request: Request) -> Any:
        return await oauth.provider.authorize_redirect(request, "http://shop.example/callback")

    @app.get("/callback")
    async def callback(request: Request) -> Any:
        token = await oauth.provider.authorize_access_token(request)
        request.session["user"] = token["userinfo"]
        return PlainTextResponse(token["userinfo"]["sub"])

    @app.get("/who")
    async def who(request: Request) -> Any:
        return PlainTextResponse(request.session["user"].sub)
