"""Every installed serializer keeps what it claims: the built-in ones, and whatever plug-in is there."""

from typing import Any, ClassVar

from memcached_sessions.serializers import available_serializers
from memcached_sessions.serializers.testing import SerializerConformance


def _suite(name: str) -> type:
    return type(f"Test{name.title()}", (SerializerConformance,), {"serializer_name": name, "__module__": __name__})


for _name, _info in available_serializers().items():
    if _info.broken is None:
        globals()[f"Test{_name.title()}"] = _suite(_name)


class TestMsgspecInJson(SerializerConformance):
    serializer_name = "msgspec"
    serializer_options: ClassVar[dict[str, Any]] = {"format": "json"}


def test_no_serializer_of_this_project_is_left_out() -> None:
    """The extra `test` brings every library."""
    ours = {name: info for name, info in available_serializers().items() if info.distribution == "memcached-sessions"}
    assert {"cbor", "compact", "fory", "json", "msgpack", "msgspec", "ormsgpack", "pickle"} <= set(ours)
    assert {name: info.broken for name, info in ours.items() if info.broken} == {}
