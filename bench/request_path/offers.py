"""All rows of the comparison, in the order of the report."""

from .bare_subject import bare_offers
from .beaker_subject import beaker_offers
from .django_subject import django_offers
from .flask_subject import flask_offers
from .manager_subject import manager_offers
from .site_offers import site_offers
from .subject import Offer


def all_offers() -> list[Offer]:
    """Return every row; which of them can be measured shows when they are opened."""
    hooks = [*flask_offers(), *django_offers(), *beaker_offers()]
    return [*bare_offers(), *manager_offers(), *hooks, *site_offers()]
