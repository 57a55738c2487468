"""A Starlette application that logs its visitors in by OAuth 2, with authlib; the provider is in it too.

``/login`` sends the visitor to the provider, who sends the visitor back to ``/callback`` with a code; authlib keeps the
state of this in the session in between.
"""

import os
from typing import Any

from authlib.integrations.starlette_client import OAuth, OAuthError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from memcached_sessions.manager import settings_from_environment
from memcached_sessions.manager.web.asgi import SessionMiddleware

oauth: Any = OAuth()


async def login(request: Request) -> Response:
    """Send the visitor to the provider."""
    base = str(request.base_url)
    oauth.register(
        "provider",
        overwrite=True,
        client_id="shop",
        client_secret="of the shop",  # noqa: S106 - nobody asks for it
        authorize_url=f"{base}provider/authorize",
        access_token_url=f"{base}provider/token",
        client_kwargs={"code_challenge_method": "S256"},
    )
    return await oauth.provider.authorize_redirect(request, f"{base}callback")


async def callback(request: Request) -> Response:
    """Take what the provider says, and log the visitor in under a new id."""
    try:
        token = await oauth.provider.authorize_access_token(request)
    except OAuthError as error:
        return PlainTextResponse(str(error), 400)
    await request.session.arotate()  # type: ignore[attr-defined]
    request.session["user"] = token["user"]
    return RedirectResponse("/whoami")


async def whoami(request: Request) -> Response:
    """Say who is logged in."""
    return JSONResponse(request.session.copy())


async def authorize(request: Request) -> Response:
    """Send the visitor back, as a provider does whom the visitor has told a password."""
    asked = request.query_params
    return RedirectResponse(f"{asked['redirect_uri']}?code=secret&state={asked['state']}")


async def token(request: Request) -> Response:
    """Give the shop a token for its code; the verifier is one that its session has kept."""
    form = (await request.body()).decode()
    valid = "code=secret" in form and "code_verifier=" in form
    return JSONResponse({"access_token": "t", "token_type": "bearer", "user": "ann"} if valid else {"error": form})


app = Starlette(
    routes=[
        Route("/login", login),
        Route("/callback", callback),
        Route("/whoami", whoami),
        Route("/provider/authorize", authorize),
        Route("/provider/token", token, methods=["POST"]),
        Route("/nothing", lambda _: PlainTextResponse("nothing")),
    ],
    middleware=[Middleware(SessionMiddleware, nodes=settings_from_environment(os.environ))],
)
