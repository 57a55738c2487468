"""Converters of libraries: hostile plain data, random values, and what they refuse."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pendulum
import pytest
import whenever
from django.utils.functional import lazy
from django.utils.translation import ngettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from memcached_sessions.serializers import (
    ConverterRegistry,
    DeserializationError,
    SerializationError,
    get_serializer,
)
from memcached_sessions.serializers.fidelity import difference
from memcached_sessions.serializers.testing.libraries import LIBRARIES, samples_of

SAFE_FORMATS = ["json", "msgpack", "cbor", "compact"]
BYTES = st.builds(lambda data: {"$bytes": data}, st.sampled_from(["", "AAAA", "AAAAAAAAAAAAAAAA", "?"]))
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["UTC", "2026-01-01", "2026-01-01T00:00:00", "PT1H", "Europe/Berlin", "utf-8", "auth.User"])
)
PLAIN_DATA = st.recursive(
    _SCALARS | BYTES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
)
_PROPERTY = settings(max_examples=100, deadline=None, derandomize=True, database=None)


def _tags() -> list[str]:
    registry = ConverterRegistry()
    for library in LIBRARIES:
        samples_of(library, registry)
    registry.lower(())
    tags: dict[str, Any] = registry._by_tag  # noqa: SLF001 - nothing else lists them
    return sorted(tag for tag in tags if tag.partition(".")[0] in (*LIBRARIES, "pydantic_core"))


@pytest.mark.parametrize("tag", _tags())
def test_hostile_plain_data_ends_in_a_value_that_is_kept_again_or_in_an_error(tag: str) -> None:
    registry = ConverterRegistry()
    serializer = get_serializer("json", registry=registry)

    @_PROPERTY
    @given(PLAIN_DATA)
    def check(plain: object) -> None:
        try:
            value = serializer.loads(orjson.dumps({"$" + tag: plain}))
        except DeserializationError:
            return
        assert type(value) in (registry.converter_of(tag).cls, str)
        try:
            written = serializer.dumps(value)
        except SerializationError:
            return  # odder than what an application holds
        assert serializer.dumps(serializer.loads(written)) == written

    check()


@pytest.mark.parametrize("name", SAFE_FORMATS)
def test_random_moments_are_kept(name: str) -> None:
    serializer = get_serializer(name, ConverterRegistry())
    zones = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"])
    moments = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), allow_imaginary=True)

    @_PROPERTY
    @given(moments, zones, st.integers(0, 1), st.timedeltas(-timedelta(days=9999), timedelta(days=9999)))
    def check(moment: datetime, zone: str, fold: int, span: timedelta) -> None:
        parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
        of_pendulum = pendulum.DateTime(*parts, moment.microsecond, pendulum.Timezone(zone), fold=fold)
        instant = whenever.Instant(moment.replace(tzinfo=UTC))
        value = [of_pendulum, of_pendulum.time(), pendulum.Duration(seconds=span.total_seconds())]
        others = [instant, instant.to_tz(zone), whenever.TimeDelta(span)]
        loaded = serializer.loads(serializer.dumps([value, others]))
        assert difference(value[:2], loaded[0][:2]) is None
        assert (loaded[0][2], moment + loaded[0][2]) == (value[2], moment + value[2])
        assert [repr(each) for each in loaded[1]] == [repr(each) for each in others]

    check()


@pytest.mark.parametrize("name", SAFE_FORMATS)
def test_random_forms_are_kept(name: str) -> None:
    serializer = get_serializer(name, ConverterRegistry())

    @_PROPERTY
    @given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=5) | st.integers())), st.booleans())
    def check(pairs: list[tuple[str, Any]], mutable: bool) -> None:
        form: Any = MultiDict(pairs) if mutable else ImmutableMultiDict(pairs)
        loaded = serializer.loads(serializer.dumps(form))
        assert type(loaded) is type(form)
        assert list(loaded.items(multi=True)) == list(form.items(multi=True))

    check()


def test_a_form_that_came_back_cannot_be_changed_if_it_could_not_before() -> None:
    serializer = get_serializer("compact", ConverterRegistry())
    loaded = serializer.loads(serializer.dumps(ImmutableMultiDict([("a", "1")])))
    with pytest.raises(TypeError, match="immutable"):
        loaded["a"] = "2"


def test_a_lazy_value_that_is_no_text_is_refused_by_its_path() -> None:
    with pytest.raises(SerializationError, match="this lazy value is no text") as caught:
        get_serializer("json", ConverterRegistry()).dumps({"count": lazy(int, int)("3")})
    assert caught.value.path == "count"


@pytest.mark.parametrize("number", [None, "count"])
def test_a_lazy_plural_that_has_no_number_yet_is_refused_by_its_path(number: str | None) -> None:
    plural = ngettext_lazy("%(count)d cup", "%(count)d cups", number)
    with pytest.raises(SerializationError, match=r"needs its number: put str\(value % n\) into the session") as caught:
        get_serializer("json", ConverterRegistry()).dumps({"label": plural})
    assert caught.value.path == "label"


@pytest.mark.parametrize("offset", [86_400, -86_400, 10**12])
def test_an_offset_of_a_day_and_more_is_no_zone_of_pendulum(offset: int) -> None:
    registry = ConverterRegistry()
    with pytest.raises(DeserializationError, match="an offset lies within 86400 seconds of UTC"):
        registry.lift("pendulum.FixedTimezone", [offset, "far"])
    with pytest.raises(SerializationError, match="no time can be in it"):
        registry.lower(pendulum.FixedTimezone(offset, "far"))
    zone = registry.lift("pendulum.FixedTimezone", [-86_399, "near"])
    assert pendulum.datetime(2026, 1, 1, tz=zone).utcoffset() == timedelta(seconds=-86_399)


def test_a_zone_of_pendulum_that_has_no_name_is_refused() -> None:
    from pathlib import Path

    import tzdata

    file = Path(tzdata.__file__).with_name("zoneinfo") / "Europe" / "Berlin"
    with file.open("rb") as opened:
        zone = pendulum.Timezone.from_file(opened)
    with pytest.raises(SerializationError, match=r"use pendulum\.timezone\(name\)"):
        get_serializer("json", ConverterRegistry()).dumps(zone)


def test_a_moment_stays_the_same_whatever_the_rules_of_its_zone_are_by_then() -> None:
    moment = whenever.ZonedDateTime.parse_iso("2026-07-01T12:00:00+02:00[Europe/Berlin]")
    payload = get_serializer("json", ConverterRegistry()).dumps(moment)
    assert payload == b'{"$whenever.ZonedDateTime":["2026-07-01T10:00:00Z","Europe/Berlin"]}'


@pytest.mark.parametrize("name", ["pickle", *SAFE_FORMATS])
def test_every_implementation_writes_the_same_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = ConverterRegistry()
    values = [sample.make() for library in LIBRARIES for sample in samples_of(library, registry)]
    found: set[bytes] = set()
    for implementation in ("python", "portable", "compiled"):
        monkeypatch.setenv("MEMCACHED_SESSIONS_COMPACT", implementation)
        serializer = get_serializer(name, registry)
        payload = serializer.dumps(values)
        serializer.loads(payload)
        found.add(payload)
    assert len(found) == 1
