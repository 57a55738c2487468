"""Every installed serializer keeps what it claims: the built-in ones, and whatever plug-in is there."""

from memcached_sessions.serializers import available_serializers
from memcached_sessions.serializers.testing import SerializerConformance


def _suite(name: str) -> type:
    return type(f"Test{name.title()}", (SerializerConformance,), {"serializer_name": name, "__module__": __name__})


for _name, _info in available_serializers().items():
    if _info.broken is None:
        globals()[f"Test{_name.title()}"] = _suite(_name)
