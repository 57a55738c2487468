"""What is in a session right after login: the keys of Django's auth and of Flask-Login, and two flash messages.

Only strings, booleans, lists and dicts, as both frameworks keep it by default, so every serializer can take it. The
seed is 14142, the first digits of the square root of 2: taken from nature, so chosen for no serializer.
"""

from random import Random

from ..workload import Workload

SEED = 14142


def build_login(seed: int) -> dict[str, object]:
    """Return the session after login.

    Parameters
    ----------
    seed
        Where the random ids and hashes start.

    >>> sorted(build_login(SEED))[:3]
    ['_auth_user_backend', '_auth_user_hash', '_auth_user_id']
    """
    random = Random(seed)  # noqa: S311 - reproducible data, no secrets
    user_id = random.randrange(10_000, 1_000_000)
    return {
        "_auth_user_id": str(user_id),
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": _hex(random, 32),
        "_user_id": str(user_id),
        "_fresh": True,
        "_id": _hex(random, 64),
        "csrf_token": _hex(random, 20),
        "_flashes": [["success", "Welcome back."], ["info", "2 new messages."]],
    }


def _hex(random: Random, size: int) -> str:
    return random.randbytes(size).hex()


LOGIN = Workload(
    name="login",
    description="after login: the keys of Django's auth and Flask-Login, plain data",
    seed=SEED,
    build=lambda: build_login(SEED),
)
