"""`DryRunCodec`: the session codec of a dry run, which tries each session and lets nothing fail.

Invariants: `encode` returns a payload for any attributes: what cannot be kept is left out of it, as
``session_attribute_filter`` leaves attributes out, and is reported; what is in the payload was read again and compared.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from time import monotonic
from typing import Any

from ..serializers import DEFAULT, SerializationError
from ..serializers.errors import problem_without_values
from ..serializers.fidelity import difference
from ..serializers.survey import Finding, FindingKind, Survey, survey
from .dry_run_report import DryRun
from .errors import UndecodableError
from .session_codec import SNAPSHOT_ATTEMPTS, SessionCodec
from .settings import Settings
from .slow_refusals import SlowRefusals
from .stored_size import size_problem

MOST_SECONDS = 0.5
"""For a look into a session: requests wait for it."""

_SLOW = 0.05
"""Seconds after which a refusal is not asked for again at once."""


class DryRunCodec(SessionCodec):
    """A codec that tries all, and refuses nothing.

    Parameters
    ----------
    settings
        Of the manager.
    dry_run
        Where findings go.
    """

    def __init__(self, settings: Settings, dry_run: DryRun) -> None:
        super().__init__(settings)
        self._plain = SessionCodec(replace(settings, session_attribute_filter=None, custom_converters=()))
        self._settings = settings
        self._dry_run = dry_run
        self._slow = SlowRefusals()

    def encode(self, attributes: Mapping[str, Any]) -> bytes:
        """Return the payload of what can be kept of a session."""
        chosen = super().kept(attributes)
        kept, payload, refusals = self._tried(chosen)
        is_new = self._dry_run.is_new(blake2b(payload, digest_size=16).digest(), len(payload))
        if is_new or len(kept) < len(chosen):
            seen_all = self._survey(chosen, refusals)
            if is_new and seen_all:
                self._compare(kept, payload)
        if is_new:
            self._measure(payload)
        return payload

    @property
    def keeps_all(self) -> bool:
        """False: any attribute may have to be left out."""
        return False

    def kept(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of the attributes, as far as they would be backed up."""
        return self._tried(super().kept(attributes))[0]

    def _tried(self, chosen: dict[str, Any]) -> tuple[dict[str, Any], bytes, list[SerializationError]]:
        """Return the attributes that can be kept together, their payload, and why others cannot be kept."""
        refusals: list[SerializationError] = []
        kept = {name: value for name, value in chosen.items() if not self._slow.has(name, value)}
        try:
            return kept, self._plain.encode(kept), refusals
        except SerializationError:
            sizes = {
                name: size for name, value in kept.items() if (size := self._size(name, value, refusals)) is not None
            }
        while True:
            kept = {name: chosen[name] for name in sizes}
            try:
                return kept, self._plain.encode(kept), refusals
            except SerializationError as error:
                if not sizes:
                    raise
                refusals.append(error)
                del sizes[max(sizes, key=sizes.__getitem__)]  # each alone can be kept: together they are too much

    def _size(self, name: str, value: object, refusals: list[SerializationError]) -> int | None:
        """Return the bytes of one attribute; None if it cannot be kept, and why is added to refusals."""
        start = monotonic()
        try:
            return len(self._plain.encode({name: value}))
        except SerializationError as error:
            refusals.append(error)
            if monotonic() - start > _SLOW:
                self._slow.add(name, value)
            return None

    def _survey(self, attributes: dict[str, Any], refusals: list[SerializationError]) -> bool:
        """Report what is in a session, and refusals, unless the survey has found them with all others of their kind.

        Return whether all of it was seen in time: what is larger takes too long to compare.
        """
        found = _surveyed(attributes)
        known: set[str] = set()
        if found is not None:
            self._dry_run.note_survey(found)
            known = {finding.problem for finding in found.findings}
        for error in refusals:
            if error.problem not in known:
                self._note(FindingKind.REFUSED, problem_without_values(error), error.path)
        return found is not None and found.complete

    def _measure(self, payload: bytes) -> None:
        """Report what nodes would refuse for its size."""
        problem = size_problem(payload, self.serializer.name, self.envelopes, self._settings)
        if problem is not None:
            self._note(FindingKind.REFUSED, problem, "")

    def _compare(self, kept: dict[str, Any], payload: bytes) -> None:
        """Read a payload again, and report where it is not what was written."""
        name = self.serializer.name
        try:
            loaded = self._plain.decode_own(payload)
            found = difference(kept, loaded, identity=self.serializer.capabilities.identity)
        except UndecodableError as error:
            cause = error.__cause__ or error
            self._note(FindingKind.CHANGED, f"{name} cannot read what it has written: {type(cause).__name__}", "")
            return
        except Exception as error:  # noqa: BLE001 - a class of the application may fail in any way when it is compared
            self._note(FindingKind.CHANGED, f"what comes back cannot be compared: {type(error).__name__}", "")
            return
        if found is not None and self._is_still(kept, payload):  # else another request has changed it meanwhile
            self._note(FindingKind.CHANGED, f"comes back from {name} as something else: {found.what}", found.path)

    def _is_still(self, kept: dict[str, Any], payload: bytes) -> bool:
        try:
            return self._plain.encode(kept) == payload
        except SerializationError:
            return False

    def _note(self, kind: FindingKind, problem: str, path: str) -> None:
        self._dry_run.note_finding(Finding(kind, "", problem, None, 1, (path,)))


def _surveyed(attributes: dict[str, Any]) -> Survey | None:
    """Return what attributes are made of; None if another request does not stop changing them."""
    for _ in range(SNAPSHOT_ATTEMPTS):
        try:
            return survey(attributes, DEFAULT, seconds=MOST_SECONDS)
        except RuntimeError:
            continue
    return None
