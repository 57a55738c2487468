"""The Django project for a real server, as its environment says; with ``ACCOUNTS`` there is a user ``ann``."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware
from web import django_project
from web.served import PATIENT


@sync_and_async_middleware
def name_worker(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Say which process has answered."""

    def named(response: Any) -> Any:
        response.headers["X-Worker"] = str(os.getpid())
        return response

    async def serve_async(request: Any) -> Any:
        return named(await get_response(request))

    return serve_async if iscoroutinefunction(get_response) else lambda request: named(get_response(request))


django_project.configure(
    os.environ["NODES"],
    Path(os.environ["FOLDER"]),
    sessions=PATIENT | {"route": os.environ["ROUTE"], "freshness": os.environ["FRESHNESS"]},
    tables="ACCOUNTS" in os.environ,
    MIDDLEWARE=[
        f"{__name__}.{name_worker.__name__}",
        *(django_project.ALL_MIDDLEWARE if "ACCOUNTS" in os.environ else [django_project.MIDDLEWARE]),
    ],
)
if "ACCOUNTS" in os.environ:
    from django.contrib.auth import get_user_model
    from django.db import connections

    get_user_model().objects.create_superuser("ann", password="password")  # noqa: S106
    connections.close_all()  # no worker may use those of its parent

from django.core.asgi import get_asgi_application  # noqa: E402 - needs the settings
from django.core.wsgi import get_wsgi_application  # noqa: E402

app = get_wsgi_application()
asgi = get_asgi_application()
