"""`MeasuredSaving`: the step that stores sessions, with what it does counted and timed."""

from time import perf_counter

from ..entry import Entry
from ..process import Process
from ..reconciling import Reconciling
from ..saving import Saving, Step
from .meter import Meter


def saving_of(process: Process, reconciling: Reconciling, *, in_request: bool = False) -> Saving:
    """Return what stores the sessions of a process; measured, if the process counts."""
    if process.meter is None:
        return Saving(process, reconciling)
    return MeasuredSaving(process, reconciling, process.meter, in_request=in_request)


class MeasuredSaving(Saving):
    """Saves as `Saving` does.

    Parameters
    ----------
    process, reconciling
        As for `Saving`.
    meter
        Where it is counted.
    in_request
        Whether a request waits for it.
    """

    def __init__(self, process: Process, reconciling: Reconciling, meter: Meter, *, in_request: bool) -> None:
        super().__init__(process, reconciling)
        self._meter = meter
        self._in_request = in_request

    def save(self, entry: Entry, payload: bytes | None = None) -> Step:
        """Store the session; as `Saving.save`."""
        started = perf_counter()
        try:
            return super().save(entry, payload)
        finally:
            seconds, cell = perf_counter() - started, self._meter.here.cell
            cell.backup.add(seconds)
            if self._in_request:
                cell.backup_in_request.add(seconds)

    def touch(self, entry: Entry) -> Step:
        """Extend the life of all copies; as `Saving.touch`."""
        self._meter.count("touches")
        return super().touch(entry)
