"""Certificates for one test run, made by the openssl program: of two authorities, a server and a client."""

import shutil
import subprocess
from pathlib import Path


class Certificates:
    """Files in a folder: each name has ``<name>.pem`` and ``<name>.key``.

    Parameters
    ----------
    folder
        Where they are made; everybody can read them, because memcached gives up its rights before it does.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.chmod(0o755)
        for authority in ("authority", "stranger"):
            self._openssl("req", "-x509", "-days", "2", "-subj", f"/CN={authority}", *self._new_key(authority))
        self._issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self._issue("client", "extendedKeyUsage=clientAuth")
        for file in folder.iterdir():
            file.chmod(0o644)

    def file(self, name: str) -> str:
        """Return the path of a file."""
        return str(self._folder / name)

    def _issue(self, name: str, extension: str) -> None:
        request, extensions = f"{name}.request", self._folder / f"{name}.extensions"
        extensions.write_text(extension)
        key = ("-newkey", "rsa:2048", "-nodes", "-keyout", self.file(f"{name}.key"))
        self._openssl("req", "-new", *key, "-subj", f"/CN={name}", "-out", self.file(request))
        authority = ("-CA", self.file("authority.pem"), "-CAkey", self.file("authority.key"), "-CAcreateserial")
        issued = ("-in", self.file(request), "-out", self.file(f"{name}.pem"), "-days", "2")
        self._openssl("x509", "-req", *issued, *authority, "-extfile", str(extensions))

    def _new_key(self, name: str) -> tuple[str, ...]:
        return ("-newkey", "rsa:2048", "-nodes", "-keyout", self.file(f"{name}.key"), "-out", self.file(f"{name}.pem"))

    def _openssl(self, *arguments: str) -> None:
        program = shutil.which("openssl")
        assert program
        subprocess.run([program, *arguments], check=True, capture_output=True)
