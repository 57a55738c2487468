"""What goes wrong when the user's own sessions are asked for."""


class CaptureError(RuntimeError):
    """There are no sessions to measure; the message says why and what to do."""
