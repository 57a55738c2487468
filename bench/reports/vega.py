"""Charts by Vega-Lite: as a picture for documents, and as the one script that the page draws them with.

Both come with vl-convert-python, which asks no network. It is loaded when a chart is wanted and not before, so that
reports in words need nothing more.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, cast

Spec = Mapping[str, Any]
"""A chart in the words of Vega-Lite."""

VEGA_LITE = "6.4"
"""The version of Vega-Lite that the charts are written for."""

_ON_PAPER = {
    "background": "white",
    "font": "system-ui, sans-serif",
    "padding": 12,
    "view": {"stroke": None},
    "rule": {"color": "#222222"},
    "axis": {"gridColor": "#e4e4e4", "domainColor": "#888888", "tickColor": "#888888"},
}


class ChartsMissingError(RuntimeError):
    """The library that draws charts is not installed; the message says what to do."""


def fluid(spec: Spec) -> Spec:
    """Return a chart that is as wide as what it stands in, where it has a width of its own.

    >>> fluid({"width": 420})["width"], fluid({"width": {"step": 44}})["width"]
    ('container', {'step': 44})
    """
    if not isinstance(spec.get("width"), int):
        return spec
    return {**spec, "width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}


def svg(spec: Spec) -> str:
    """Return a chart as an SVG picture, on white ground.

    Raises
    ------
    ChartsMissingError
        vl-convert-python is not installed.
    """
    drawn = _library().vegalite_to_svg(dict(spec), vl_version=VEGA_LITE, config=_ON_PAPER, allowed_base_urls=[])
    return cast("str", drawn)


def script() -> str:
    """Return the script that draws charts in a page: Vega, Vega-Lite and Vega-Embed, as `vegaEmbed`.

    Raises
    ------
    ChartsMissingError
        vl-convert-python is not installed.
    """
    return cast("str", _library().javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE))


def _library() -> ModuleType:
    try:
        import vl_convert  # noqa: PLC0415 - an extra, and 0.1 s
    except ImportError as error:
        raise ChartsMissingError(
            "charts need vl-convert-python, which is not installed here: pip install 'memcached-sessions[bench]'"
        ) from error
    return vl_convert
