"""What a node is asked on a new connection: is it a memcached that can hold sessions, and in which life is it.

CAS values count anew when a server restarts, and nothing in the protocol tells one life from the next. So each life has
a random token under a key of its own, written by whoever finds none. Invariant: two lives never have the same token,
and a flushed or evicted token is a new life too, because everything else may be gone as well.
"""

import re
import secrets

from pymemcache.exceptions import MemcacheUnknownCommandError, MemcacheUnknownError

from .meta_client import MetaClient
from .meta_commands import SETTINGS, VERSION, add_command, get_command
from .store import Outcome

GENERATION_KEY = "memcached-sessions:generation"

_OLDEST = (1, 6, 13)
"""1.6.10 was the first to take ``ms`` and answer ``HD`` as today's do; up to 1.6.12 ``md`` compared CAS with 0."""

_ATTEMPTS = 3
"""Reads of a token that vanishes between two commands; a server from which it keeps vanishing keeps no session."""

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?!\d).*")
_TOKEN = re.compile(rb"[!-~]{1,64}")
_READ_GENERATION = get_command(GENERATION_KEY, value=True, touch=None, renew=False)


def greet(client: MetaClient, deadline: float) -> str:
    """Prepare a new connection for its first command, and return the generation of the server.

    Raises
    ------
    OSError, MemcacheError
        As `MetaClient.ask`; also when the server is too old, or was started with what this package cannot work with.
    """
    version = client.ask(VERSION, deadline)
    numbers = _VERSION.fullmatch(version)
    if numbers is None or tuple(map(int, numbers.groups())) < _OLDEST:
        raise _unsuitable(f"version {version!r}")
    try:
        client.item_limit = _item_limit(client, deadline)
        return renew_generation(client, deadline)
    except MemcacheUnknownCommandError as error:
        raise _unsuitable(f"version {version!r} without meta commands, perhaps a proxy") from error


def renew_generation(client: MetaClient, deadline: float) -> str:
    """Return the generation of the server, as it is now, and note it on the connection.

    Raises
    ------
    OSError, MemcacheError
        As `MetaClient.ask`; also when the key holds something else.
    """
    for _ in range(_ATTEMPTS):
        found = client.ask(_READ_GENERATION, deadline)
        if found is not None:
            if not _TOKEN.fullmatch(found.value or b""):
                raise MemcacheUnknownError(f"{GENERATION_KEY} holds what this package has not written: delete it")
            client.generation = (found.value or b"").decode()
            return client.generation
        token = secrets.token_hex(8)
        stored = client.ask(add_command(GENERATION_KEY, token.encode(), flags=0, ttl=None), deadline)
        if stored.outcome is Outcome.STORED:
            client.generation = token
            return token
    raise MemcacheUnknownError(f"{GENERATION_KEY} is gone each time it was written: give the node more memory")


def _item_limit(client: MetaClient, deadline: float) -> int:
    settings = client.ask(SETTINGS, deadline)
    if settings.get("cas_enabled") != "yes":
        raise MemcacheUnknownError("it has no CAS: start it without -C")
    limit = settings.get("item_size_max", "")
    if not limit.isdecimal():
        raise MemcacheUnknownError(f"its item_size_max is {limit!r}")
    return int(limit)


def _unsuitable(seen: str) -> MemcacheUnknownError:
    oldest = ".".join(map(str, _OLDEST))
    return MemcacheUnknownError(f"memcached {oldest} or newer is needed, this is {seen}")
