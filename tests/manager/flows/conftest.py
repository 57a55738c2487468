"""Who logs visitors in, for the flows that ask somebody else to."""

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("flows")

from flows.openid_provider import openid_provider  # noqa: E402 - after the line that has its asserts explained


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a provider of OpenID Connect."""
    with openid_provider() as url:
        yield url
