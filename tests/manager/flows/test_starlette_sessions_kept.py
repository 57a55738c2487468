"""What FastAPI applications and authlib put into sessions comes through every format, and what it is for goes on
elsewhere."""

from collections.abc import Iterator

import pytest
from flows.flow import Flow
from flows.openid_provider import openid_provider
from flows.starlette_flows import FLOWS
from flows.starlette_run import run_in_starlette
from flows.witness import FORMATS
from memcached_process import MemcachedProcess


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of who logs visitors in."""
    with openid_provider() as url:
        yield url


@pytest.mark.parametrize("serializer", FORMATS)
@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_a_flow_goes_on_in_another_process(
    flow: Flow, serializer: str, shared_memcached: MemcachedProcess, provider: str
) -> None:
    """With the session as it was."""
    run_in_starlette(flow, serializer, f"n1:127.0.0.1:{shared_memcached.port}", provider).check()
