"""Runs a flow in a Django site whose manager ends in the middle, and is followed by another one on the same node."""

from copy import deepcopy

from flows.allauth_flows import ALLAUTH_FLOWS
from flows.django_flows import FLOWS, DjangoFlow
from flows.django_settings import provided_by
from flows.flow import Run

FLOWS_BY_NAME: dict[str, DjangoFlow] = {flow.name: flow for flow in (*FLOWS, *ALLAUTH_FLOWS)}


def run_in_django(name: str, serializer: str, provider: str) -> Run:
    """Run both halves of a flow; fail if the second one does not go on.

    Parameters
    ----------
    name
        Of the flow.
    serializer
        A built-in format.
    provider
        The address of a `flows.openid_provider`.
    """
    from django.conf import settings
    from django.test import Client, override_settings

    flow = FLOWS_BY_NAME[name]
    run = Run.of(flow, serializer)
    sessions = settings.MEMCACHED_SESSIONS
    more = {**flow.settings, **provided_by(provider)}
    with override_settings(MEMCACHED_SESSIONS=sessions | {"serializer": run.before}, **more):
        browser = Client()
        begun = flow.begin(browser)
    with override_settings(MEMCACHED_SESSIONS=sessions | {"serializer": run.after, "route": "app2"}, **more):
        other = Client()
        other.cookies = deepcopy(browser.cookies)
        flow.go_on(other, begun)
    return run
