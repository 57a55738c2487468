"""The accounts of a shop, in SQLite: several processes share one file, which `SHOP_DATABASE` names."""

import hashlib
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

DATABASE = Path(os.environ.get("SHOP_DATABASE", "shop.sqlite"))
LONGEST = 40
"""Characters of a name."""

_SCHEMA = "CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL)"


def register(name: str, password: str) -> str:
    """Make an account; return what is wrong with it, or nothing."""
    if not 1 <= len(name) <= LONGEST or not name.isprintable() or not password:
        return f"A name has 1 to {LONGEST} characters, and a password at least one"
    salt = secrets.token_bytes(16)
    with closing(_connect()) as database, database:
        added = database.execute(
            "INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (name, salt, _hash(password, salt))
        )
        return "" if added.rowcount else "This name is taken"


def has_password(name: str, password: str) -> bool:
    """Return whether there is such an account, and this is its password."""
    with closing(_connect()) as database:
        row = database.execute("SELECT salt, hash FROM accounts WHERE name = ?", (name,)).fetchone()
    salt, expected = row or (b"nobody has this", b"")
    return secrets.compare_digest(_hash(password, salt), expected)


def _connect() -> sqlite3.Connection:
    database = sqlite3.connect(DATABASE, timeout=10)
    database.execute(_SCHEMA)
    return database


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
