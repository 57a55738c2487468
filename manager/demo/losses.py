"""What a visitor of a shop can lose, and that nobody answers him."""

from enum import Enum


class Loss(Enum):
    """What a visitor can lose."""

    LOGIN = "login"
    """He is not who he was: not logged in, still logged in, or somebody else."""
    CART = "cart"
    """A line is missing, has another quantity, or is not his."""
    FORM = "form"
    """A form of the page before was refused: the session of its token is not there."""


class Lost(Exception):  # noqa: N818 - what has happened, and to whom
    """Something that a shop had acknowledged is not there any more.

    Parameters
    ----------
    what
        Which thing.
    message
        What was expected, and what was seen.
    """

    def __init__(self, what: Loss, message: str) -> None:
        super().__init__(message)
        self.what = what


class NotAnswered(Exception):  # noqa: N818 - as above
    """No server has answered within `RETRY_FOR`, or one has answered with an error."""
