"""Runs code in a process that has none of the libraries of the optional formats."""

import subprocess
import sys

_HIDE_THEM = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in ("msgspec", "ormsgpack", "pyfory"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def run_without_libraries(code: str) -> str:
    """Return what the code prints."""
    done = subprocess.run([sys.executable, "-c", _HIDE_THEM + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
