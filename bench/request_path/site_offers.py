"""The rows of whole requests: Flask and Django with their routing, a view of one line, and everything else they do."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from .django_subject import DjangoAdapterSubject, DjangoCacheSubject, DjangoDictSubject, DjangoSubject
from .result import Group, Kind
from .site import Site, SiteSubject
from .subject import Offer, Target, UnavailableError

_KINDS = (Kind.READ, Kind.CHANGE)
_ROWS = (Group.PEER, Group.ADAPTER, Group.FRAMEWORK)


def site_offers() -> list[Offer]:
    """Return the rows of whole requests."""
    flask: dict[str, Callable[[Any, Target], Any]] = {
        "Flask-Session": lambda makers, target: makers.with_flask_session(target, refresh=True),
        "Flask adapter": lambda makers, target: makers.with_the_adapter(target, asynchronous=False),
        "Flask alone": lambda makers, _: makers.with_a_dict(),
    }
    django = {
        "Django cache engine": DjangoCacheSubject,
        "Django adapter": DjangoAdapterSubject,
        "Django alone": DjangoDictSubject,
    }
    sites = [
        {name: partial(_flask_site, make=make) for name, make in flask.items()},
        {name: partial(_django_site, subject=subject) for name, subject in django.items()},
    ]
    return [offer for each in sites for offer in _offers(each)]


def _offers(makers: dict[str, Callable[[Target], Site]]) -> list[Offer]:
    labels = [f"{name}, whole request" for name in makers]
    return [
        Offer(
            label,
            group,
            partial(SiteSubject, make=make),
            _KINDS,
            about="all that the application does, with routing and a view of one line; else as the row of its hooks",
            keeps_updates=False,  # counted in the row of its hooks
            counterpart=labels[0] if group is Group.ADAPTER else "",
            framework=labels[2] if group is Group.ADAPTER else "",
        )
        for label, group, make in zip(labels, _ROWS, makers.values(), strict=True)
    ]


def _flask_site(target: Target, *, make: Callable[[Any, Target], Any]) -> Site:
    try:
        applications: Any = import_module(".flask_applications", __package__)
        return applications.site_of(make(applications, target))
    except ImportError as error:
        raise UnavailableError(f"not installed ({error}): the extra request-path has it") from error


def _django_site(target: Target, *, subject: type[DjangoSubject]) -> Site:
    hooks = subject(target, finished=False)  # the handler sends the signal
    site: Any = import_module(".django_site", __package__)
    return Site(site.Handler(hooks.middleware), hooks.cookie_name, hooks.stored_under, hooks.close)
