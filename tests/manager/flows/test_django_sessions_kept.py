"""What Django, django-allauth and authlib put into sessions comes through every format, and what it is for goes on
elsewhere."""

import pytest
from flows.django_run import FLOWS_BY_NAME, run_in_django
from flows.django_settings import SETTINGS
from flows.types_page import check_page
from flows.witness import FORMATS
from web.django_process import django_process, in_django

__all__ = ["django_process"]

DJANGO_SETTINGS = SETTINGS


@pytest.mark.parametrize("serializer", FORMATS)
@pytest.mark.parametrize("flow", FLOWS_BY_NAME)
@in_django
def test_a_flow_goes_on_in_another_process(flow: str, serializer: str, provider: str) -> None:
    """With the session as it was."""
    run_in_django(flow, serializer, provider).check()


@in_django
def test_the_page_says_what_is_in_the_sessions(provider: str) -> None:
    """No more and no less."""
    check_page("types-django.md", [run_in_django(flow, "compact", provider) for flow in FLOWS_BY_NAME])
