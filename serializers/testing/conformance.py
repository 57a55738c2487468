"""The conformance suite: every capability that a serializer declares is put to the test.

The rule for each sample: what is claimed is kept exactly, what is not claimed is refused with `SerializationError`, and
nothing ever comes back changed. A serializer that keeps all samples of a capability that it does not claim is told so.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import pickle
import pickletools
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings

from ..available import get_serializer
from ..errors import DeserializationError, SerializationError
from ..fidelity import difference
from ..protocol import Capabilities, Serializer
from ..registry import ConverterRegistry
from .libraries import LIBRARIES, is_installed, samples_of
from .payloads import payloads
from .sample_classes import VERSIONS, Item, Node, sample_registry
from .samples import CYCLIC_TREE, SAMPLES, Sample
from .strategies import values

_PROPERTY = settings(max_examples=150, deadline=None, derandomize=True, database=None)
_MEBIBYTE = 1024 * 1024
_SINGLE_CAPABILITIES = sorted({s.capability for s in SAMPLES if s.capability and " " not in s.capability})
_NO_SESSION_VALUES = [len, lambda: 1, object(), sys, iter([1]), NotImplemented, int, ValueError]


def _type_name(value: object) -> str:
    return type(value).__name__


class SerializerConformance:
    """Subclass it as ``class TestMine(SerializerConformance)``, name the serializer, and let pytest find it."""

    serializer_name: ClassVar[str]
    """The entry point of the serializer."""
    serializer_options: ClassVar[dict[str, Any]] = {}
    """What `get_serializer` hands to it."""
    mutations: ClassVar[int] = 5_000
    """How many damaged payloads a serializer that claims `safe` is fed."""

    @pytest.fixture
    def serializer(self) -> Serializer:
        """The serializer, with the sample classes registered."""
        return self.make()

    def make(self, registry: ConverterRegistry | None = None) -> Serializer:
        """Return the serializer, with the sample classes registered unless a registry is given."""
        return get_serializer(self.serializer_name, registry=registry or sample_registry(), **self.serializer_options)

    # What it is

    def test_it_is_a_serializer_under_its_own_name(self, serializer: Serializer) -> None:
        assert isinstance(serializer, Serializer)
        assert serializer.name == self.serializer_name
        assert type(serializer.capabilities) is Capabilities
        assert type(serializer.dumps({})) is bytes

    # Fidelity

    @pytest.mark.parametrize("sample", SAMPLES, ids=str)
    def test_a_value_is_kept_exactly_or_refused(self, serializer: Serializer, sample: Sample) -> None:
        refusal = _round_trip(serializer, sample)
        if refusal and _claimed(serializer, sample):
            pytest.fail(f"{sample} is claimed but refused: {refusal}")

    @pytest.mark.parametrize("capability", _SINGLE_CAPABILITIES)
    def test_no_capability_is_kept_secret(self, serializer: Serializer, capability: str) -> None:
        if getattr(serializer.capabilities, capability) or capability == "identity":
            pytest.skip("it is claimed, or tried by another test")
        samples = [sample for sample in SAMPLES if sample.capability == capability]
        assert any(_round_trip(serializer, sample) for sample in samples), f"it keeps {capability}: declare it"

    def test_shared_objects_stay_shared_or_become_equal_copies(self, serializer: Serializer) -> None:
        for sample in [sample for sample in SAMPLES if "identity" in (sample.capability or "")]:
            value = sample.make()
            try:
                loaded = serializer.loads(serializer.dumps(value))
            except SerializationError:
                continue  # another test tells whether it may be refused
            changed = difference(value, loaded, identity=serializer.capabilities.identity)
            assert changed is None, str(changed)
            if not serializer.capabilities.identity:
                assert difference(value, loaded, identity=True), "it keeps identity: declare it"

    def test_cycles_through_registered_objects_close_or_are_refused(self, serializer: Serializer) -> None:
        refusal = _round_trip(serializer, CYCLIC_TREE)
        claimed = serializer.capabilities.cycles and serializer.capabilities.registered_classes
        assert not (refusal and claimed), str(refusal)

    def test_a_refused_cycle_is_named_by_its_path(self, serializer: Serializer) -> None:
        if serializer.capabilities.cycles:
            pytest.skip("it keeps cycles")
        items: list[object] = [1]
        items.append({"again": items})
        with pytest.raises(SerializationError) as caught:
            serializer.dumps({"cart": items})
        assert caught.value.path == "cart[1].again"

    def test_random_values_are_kept(self, serializer: Serializer) -> None:
        @_PROPERTY
        @given(values(serializer.capabilities))
        def check(value: object) -> None:
            payload = serializer.dumps(value)
            loaded = serializer.loads(payload)
            changed = difference(value, loaded)
            assert changed is None, str(changed)
            if serializer.capabilities.canonical:
                assert serializer.dumps(loaded) == payload

        check()

    @pytest.mark.parametrize("base", [int, float, str, bytes, list, dict, tuple, set], ids=lambda base: base.__name__)
    def test_an_unregistered_subclass_is_kept_or_refused_by_its_path(self, serializer: Serializer, base: type) -> None:
        value = type("Mine", (base,), {})()
        try:
            loaded: Any = serializer.loads(serializer.dumps({"a": [value]}))
        except SerializationError as error:
            assert error.path == "a[0]"  # noqa: PT017 - either way is right
        else:
            assert type(loaded["a"][0]) is type(value)

    # Classes

    def test_an_unregistered_class_is_refused_by_its_path(self, serializer: Serializer) -> None:
        class Price:
            pass

        with pytest.raises(SerializationError) as caught:
            serializer.dumps({"cart": {"items": [1, 2, 3, {"price": Price()}]}})
        assert caught.value.path == "cart.items[3].price"
        assert "Price" in str(caught.value)
        if serializer.capabilities.registered_classes:
            with pytest.raises(SerializationError) as caught:
                serializer.dumps({"cart": [Item("a", {"deep": (Price(),)})]})
            assert caught.value.path == "cart[0].price.deep[0]"
            assert "register(Price" in str(caught.value)

    @pytest.mark.parametrize(
        "value", [len, lambda: 1, object(), sys, iter([1]), NotImplemented, int, ValueError], ids=_type_name
    )
    def test_what_no_session_can_hold_is_refused(self, serializer: Serializer, value: object) -> None:
        with pytest.raises(SerializationError) as caught:
            serializer.dumps({"it": value})
        assert caught.value.path == "it"

    def test_an_unknown_tag_is_refused(self) -> None:
        serializer = self.make()
        if not serializer.capabilities.registered_classes:
            pytest.skip("it does not claim registered_classes")
        with pytest.raises(DeserializationError, match=r"testing\.Item"):
            self.make(ConverterRegistry()).loads(serializer.dumps({"cart": Item("a")}))

    @pytest.mark.parametrize("kind", VERSIONS, ids=str)
    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ({"sku": ...}, {"sku": ..., "stock": 5}, {"sku": "a", "stock": 5}),
            ({"sku": ..., "stock": 0}, {"sku": ...}, {"sku": "a"}),
            ({"sku": ..., "name": ...}, {"name": ..., "sku": ...}, {"name": "b", "sku": "a"}),
        ],
        ids=["gained", "lost", "reordered"],
    )
    def test_another_version_of_a_class_loads(
        self, kind: str, old: dict[str, Any], new: dict[str, Any], expected: dict[str, object]
    ) -> None:
        if not self.make().capabilities.evolution:
            pytest.skip("it does not claim evolution")
        before, after = VERSIONS[kind](old), VERSIONS[kind](new)
        registries = ConverterRegistry(), ConverterRegistry()
        registries[0].register(before, tag="shop.Product")
        registries[1].register(after, tag="shop.Product")
        product = before(**{name: {"sku": "a", "name": "b", "stock": 1}[name] for name in old})
        loaded: Any = self.make(registries[1]).loads(self.make(registries[0]).dumps([product]))
        assert type(loaded[0]) is after
        assert {name: getattr(loaded[0], name) for name in new} == expected

    def test_a_class_is_made_without_its_init(self, serializer: Serializer) -> None:
        if not serializer.capabilities.registered_classes:
            pytest.skip("it does not claim registered_classes")
        node = Node("x")
        node.name = ""
        loaded: Any = serializer.loads(serializer.dumps(node))
        assert (type(loaded), loaded.name) == (Node, "")

    # Libraries

    @pytest.mark.parametrize("library", LIBRARIES)
    def test_values_of_a_library_are_kept_or_refused(self, library: str) -> None:
        if not is_installed(library):
            pytest.skip(f"{library} is not installed")
        registry = sample_registry()
        serializer = self.make(registry)
        for sample in samples_of(library, registry):
            value = {"of a library": [sample.make()]}
            try:
                payload = serializer.dumps(value)
            except SerializationError as refusal:
                if serializer.capabilities.registered_classes:
                    pytest.fail(f"{sample.name} is claimed but refused: {refusal}")
                continue
            loaded: Any = serializer.loads(payload)
            (back,) = loaded["of a library"]
            changed = sample.changed(value["of a library"][0], back)
            assert not changed, f"{sample.name}: {changed}"
            if serializer.capabilities.canonical:
                again = {"of a library": [sample.make()]}
                assert serializer.dumps(again) == payload, f"{sample.name}: made twice"
                copy = serializer.dumps(loaded)
                assert serializer.dumps(serializer.loads(copy)) == copy, f"{sample.name}: after a round trip"

    # Bytes

    def test_equal_graphs_give_equal_bytes(self, serializer: Serializer) -> None:
        if not serializer.capabilities.canonical:
            pytest.skip("it does not claim canonical")
        for sample in SAMPLES:
            try:
                payload = serializer.dumps(sample.make())
            except SerializationError:
                continue
            assert serializer.dumps(sample.make()) == payload, f"{sample}: made twice"
            copied = copy.deepcopy(sample.make())
            if difference(sample.make(), copied) is None:  # early releases of Python lose the scope of an IPv6 address
                assert serializer.dumps(copied) == payload, f"{sample}: copied"
            assert serializer.dumps(serializer.loads(payload)) == payload, f"{sample}: after a round trip"

    def test_the_history_of_a_value_does_not_show_in_its_bytes(self, serializer: Serializer) -> None:
        if not serializer.capabilities.canonical:
            pytest.skip("it does not claim canonical")
        name, text = "name!"[:-1], "xyz?"[:-1]  # equal to the literals, and not the same objects
        one = {"name": "xyz", "other": {"name": 1}}
        other = {name: text, "other": {"name": 1}}
        assert serializer.dumps(one) == serializer.dumps(other)
        if serializer.capabilities.sets:
            grown = set(range(1000)) - set(range(5, 1000))
            assert serializer.dumps([grown, {"a", "b"}]) == serializer.dumps([{4, 3, 2, 1, 0}, {"b", "a"}])

    @pytest.mark.parametrize("hash_seed", ["1", "4711"])
    def test_another_process_writes_the_same_bytes(self, serializer: Serializer, hash_seed: str) -> None:
        if not serializer.capabilities.canonical:
            pytest.skip("it does not claim canonical")
        module = f"{__package__}.payloads"
        command = [sys.executable, "-m", module, self.serializer_name, json.dumps(self.serializer_options)]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout  # noqa: S603
        assert json.loads(output) == payloads(serializer)

    def test_the_value_is_not_changed_by_writing_it(self, serializer: Serializer) -> None:
        for sample in SAMPLES:
            value, before = sample.make(), sample.make()
            with suppress(SerializationError):
                serializer.dumps(value)
            changed = difference(before, value, identity=True)
            assert changed is None, f"{sample}: {changed}"

    def test_threads_share_it(self, serializer: Serializer) -> None:
        def round_trips(thread: int) -> bool:
            sessions = [{"cart": [{"sku": str(thread), "count": round_} for _ in range(50)]} for round_ in range(20)]
            return all(serializer.loads(serializer.dumps(session)) == session for session in sessions)

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(round_trips, range(8)))

    # Hostile bytes

    def test_a_truncated_payload_is_refused_or_read(self, serializer: Serializer) -> None:
        payload = serializer.dumps({"cart": [{"sku": "a-1", "count": 2}], "name": "x" * 40})
        for length in range(len(payload)):
            try:
                serializer.loads(payload[:length])
            except DeserializationError:
                continue

    @pytest.mark.parametrize("junk", [b"", b"\x00", b"\xff" * 9, b"{", b"\x80\x05", b"not a session"], ids=repr)
    def test_junk_is_refused_or_read(self, serializer: Serializer, junk: bytes) -> None:
        try:
            serializer.loads(junk)
        except DeserializationError as error:
            assert str(error)  # noqa: PT017 - either way is right

    def test_no_payload_runs_code(self, serializer: Serializer, tmp_path: Any) -> None:
        mark = tmp_path / "executed"

        class Exploit:
            def __reduce__(self) -> tuple[Any, ...]:
                return os.mkdir, (str(mark),)

        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            payload = pickle.dumps({"cart": Exploit()}, protocol)
            try:
                serializer.loads(payload)
            except DeserializationError:
                continue
        assert not mark.exists(), "it made a folder because the payload said so"

    def test_damaged_payloads_end_in_a_value_or_an_error(self, serializer: Serializer) -> None:
        if not serializer.capabilities.safe:
            pytest.skip("it does not claim safe")
        module, options = f"{__package__}.hostile", json.dumps(self.serializer_options)
        arguments = [self.serializer_name, "--mutations", str(self.mutations), "--options", options]
        command = [sys.executable, "-m", module, *arguments]
        process = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
        assert process.returncode == 0, process.stdout + process.stderr
        result = json.loads(process.stdout)
        assert result["values"] + result["refused"] == self.mutations
        assert result["growth"] <= 64 * _MEBIBYTE, result
        assert result["attacks"]["values"] < result["attacks"]["refused"], result

    def test_deep_nesting_does_not_end_the_process(self, serializer: Serializer) -> None:
        value: object = 0
        for _ in range(100_000):
            value = [value]
        with pytest.raises(SerializationError):
            serializer.dumps(value)
        while isinstance(value, list):  # freed level by level: a debug build of Python would recurse
            value = value[0]  # pyright: ignore[reportUnknownVariableType]

    def test_a_standard_format_names_no_python_module(self, serializer: Serializer) -> None:
        """A spot check: whether other languages read the format is for its authors to know."""
        if not serializer.capabilities.cross_language:
            pytest.skip("it does not claim cross_language")
        for sample in SAMPLES:
            try:
                payload = serializer.dumps(sample.make())
            except SerializationError:
                continue
            for layer in _layers(payload):
                assert not _is_pickle(layer), f"{sample} is a pickle"
                assert b"serializers.testing" not in layer, f"{sample} names a module"


def _claimed(serializer: Serializer, sample: Sample) -> bool:
    if sample.capability is None:
        return False
    return all(getattr(serializer.capabilities, capability) for capability in sample.capability.split())


def _round_trip(serializer: Serializer, sample: Sample) -> SerializationError | None:
    """Return the refusal of a sample, or None if it is kept; fail if it is changed."""
    value = sample.make()
    try:
        payload = serializer.dumps(value)
    except SerializationError as refusal:
        return refusal
    changed = difference(value, serializer.loads(payload), identity=serializer.capabilities.identity)
    if changed:
        pytest.fail(f"{sample} came back changed: {changed}")
    return None


def _layers(payload: bytes) -> list[bytes]:
    """Return a payload and what it may be wrapped around."""
    layers = [payload]
    for unwrap in (zlib.decompress, base64.b64decode):
        with suppress(ValueError, zlib.error):
            layers.append(unwrap(payload))
    return layers


def _is_pickle(payload: bytes) -> bool:
    try:
        return any(opcode.name == "STOP" for opcode, _, _ in pickletools.genops(payload)) and payload[:1] == b"\x80"
    except (ValueError, IndexError, KeyError, UnicodeDecodeError):
        return False
