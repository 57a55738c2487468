"""What FastAPI applications and authlib put into sessions comes through every format, and what it is for goes on
elsewhere."""

import re
from typing import Any

import pytest
from flows.flow import Flow
from flows.starlette_flows import FLOWS
from flows.starlette_run import run_in_starlette
from flows.types_page import DOCS, check_page
from flows.witness import FORMATS
from memcached_process import MemcachedProcess
from starlette.datastructures import URL, FormData, Headers, QueryParams

from memcached_sessions.serializers import SerializationError, get_serializer
from memcached_sessions.serializers.fidelity import difference


@pytest.mark.parametrize("serializer", FORMATS)
@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_a_flow_goes_on_in_another_process(
    flow: Flow, serializer: str, shared_memcached: MemcachedProcess, provider: str
) -> None:
    """With the session as it was."""
    run_in_starlette(flow, serializer, f"n1:127.0.0.1:{shared_memcached.port}", provider).check()


def test_the_page_says_what_is_in_the_sessions(shared_memcached: MemcachedProcess, provider: str) -> None:
    """No more and no less."""
    nodes = f"n1:127.0.0.1:{shared_memcached.port}"
    check_page("types-starlette.md", [run_in_starlette(flow, "compact", nodes, provider) for flow in FLOWS])


def test_the_model_that_the_page_shows_is_kept() -> None:
    """As the class that it is."""
    (example,) = re.findall(
        r"^```python\n(.*?)^```$", (DOCS / "types-starlette.md").read_text(), re.DOTALL | re.MULTILINE
    )
    names: dict[str, Any] = {"__name__": "shop"}
    exec(example, names)  # noqa: S102 - of our own page
    line = names["Line"](sku="a-1", price="9.90")
    serializer = get_serializer("compact")
    assert difference([line], serializer.loads(serializer.dumps([line]))) is None


@pytest.mark.parametrize(
    "value",
    [URL("http://shop.example/"), FormData([("size", "s")]), QueryParams("page=2"), Headers({"host": "shop"})],
    ids=lambda value: type(value).__name__,
)
def test_what_the_page_says_cannot_be_kept_is_refused(value: object) -> None:
    """By its path."""
    with pytest.raises(SerializationError, match=type(value).__name__) as caught:
        get_serializer("compact").dumps({"cart": [value]})
    assert caught.value.path == "cart[0]"
