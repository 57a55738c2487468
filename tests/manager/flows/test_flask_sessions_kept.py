"""What Flask and its extensions put into sessions comes through every format, and what it is for goes on elsewhere."""

import pytest
from flows.flask_flows import FLOWS
from flows.flask_run import run_in_flask
from flows.flow import Flow
from flows.types_page import check_page
from flows.witness import FORMATS
from memcached_process import MemcachedProcess


@pytest.mark.parametrize("serializer", FORMATS)
@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_a_flow_goes_on_in_another_process(
    flow: Flow, serializer: str, shared_memcached: MemcachedProcess, provider: str
) -> None:
    """With the session as it was."""
    run_in_flask(flow, serializer, f"n1:127.0.0.1:{shared_memcached.port}", provider).check()


def test_the_page_says_what_is_in_the_sessions(shared_memcached: MemcachedProcess, provider: str) -> None:
    """No more and no less."""
    nodes = f"n1:127.0.0.1:{shared_memcached.port}"
    check_page("types-flask.md", [run_in_flask(flow, "compact", nodes, provider) for flow in FLOWS])
