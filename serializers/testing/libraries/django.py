"""What Django brings into sessions; its lazy strings come back as text. No settings are asked for."""

# The library has no types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportMissingTypeStubs=false

from typing import Any

from django.http.request import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.functional import lazy, lazystr
from django.utils.safestring import SafeString

from .library_sample import LibrarySample


def _became_text(original: object, loaded: object) -> str:
    return "" if type(loaded) is str and loaded == str(original) else f"{original!r} became {loaded!r}"


def _query(*, mutable: bool) -> Any:
    query: Any = QueryDict.__new__(QueryDict)  # its __init__ asks for settings
    MultiValueDict.__init__(query, [("a", ["1", "2"]), ("b", ["käse"])])
    vars(query).update(_encoding="utf-8", _mutable=mutable)
    return query


SAMPLES = [
    LibrarySample("safe_string", lambda: SafeString("<b>käse</b>")),
    LibrarySample("lazy_text", lambda: lazystr("käse"), _became_text),
    LibrarySample("lazy_function", lambda: lazy("{} {}".format, str)("a", 1), _became_text),
    LibrarySample("multi_value_dict", lambda: MultiValueDict({"a": ["1", "2"], "b": []})),
    LibrarySample("query_dict", lambda: [_query(mutable=False), _query(mutable=True)]),
]
