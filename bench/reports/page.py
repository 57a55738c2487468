"""stub"""

from ..result import Result


def html_report(result: Result) -> str:
    raise NotImplementedError
