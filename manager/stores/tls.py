"""What the settings say about TLS, as a context for connections."""

import ssl

from ..errors import ConfigurationError
from ..settings import Settings


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Return the context of connections to ``tls://`` nodes.

    Raises
    ------
    ConfigurationError
        A file cannot be read, or is no certificate or key; with the files.
    """
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file)
        context.check_hostname = settings.tls_check_hostname
        if settings.tls_certificate_file is not None:
            context.load_cert_chain(settings.tls_certificate_file, settings.tls_key_file)
    except OSError as error:
        files = ", ".join(
            f"{name}={file}"
            for name in ("tls_ca_file", "tls_certificate_file", "tls_key_file")
            if (file := getattr(settings, name)) is not None
        )
        raise ConfigurationError(f"TLS cannot be set up with {files}: {error}") from error
    return context
