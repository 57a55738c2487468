"""The site of Django's rows: its handler, three views, and a session middleware.

Imported only where Django is installed, for it is also the ``ROOT_URLCONF``.
"""

# Django has no annotations:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import path

from .site import BEGIN, CHANGE, FOUND, GIVEN, READ


class Handler(WSGIHandler):
    """Django's handler with one middleware: that of the setting ``MIDDLEWARE`` would be one for all rows.

    Parameters
    ----------
    middleware
        Whose next one in the chain is Django.
    """

    def __init__(self, middleware: Any) -> None:
        super().__init__()
        middleware.get_response = super().get_response
        self._middleware = middleware

    def get_response(self, request: Any) -> Any:
        """Return the response of the view, after the middleware."""
        return self._middleware(request)


def _read(request: Any) -> HttpResponse:
    request.META[FOUND] = request.session.get(request.META[GIVEN])
    return HttpResponse()


def _write(request: Any) -> HttpResponse:
    request.session.update(request.META[GIVEN])
    return HttpResponse()


urlpatterns = [
    path(BEGIN.removeprefix("/"), _write),
    path(READ.removeprefix("/"), _read),
    path(CHANGE.removeprefix("/"), _write),
]
