"""What an application server of the demo serves: ``gunicorn memcached_sessions.manager.demo.served:application``.

The environment variable `SHOP` names the module of a shop. It has ``manager()`` and an ``application``, by WSGI or by
ASGI, or one by each, and then that by ASGI is ``asgi_application``. Nothing happens before one of the two names here is
looked at.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .observing import Asgi, Observer, observed_asgi, observed_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    application: WSGIApplication
    asgi_application: Asgi

SHOP = "SHOP_MODULE"
"""The variable with the module of the shop."""

ROUTE = "MEMCACHED_SESSIONS_ROUTE"
"""The setting that is also the name of the server."""


def __getattr__(name: str) -> Any:
    if name not in ("application", "asgi_application"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    shop = import_module(os.environ[SHOP])
    observer = Observer(shop.manager(), os.environ[ROUTE])
    if name == "application":
        return observed_wsgi(shop.application, observer)
    return observed_asgi(getattr(shop, "asgi_application", shop.application), observer)
