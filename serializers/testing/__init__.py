"""Verifies that a serializer keeps what it claims; for the authors of plug-ins, and run on the built-in ones.

Needs the extra ``testing`` (pytest and hypothesis). A test module of a plug-in is this::

    from memcached_sessions.serializers.testing import SerializerConformance

    class TestBson(SerializerConformance):
        serializer_name = "bson"
"""

from .conformance import SerializerConformance

__all__ = ["SerializerConformance"]
