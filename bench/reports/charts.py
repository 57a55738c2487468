"""All charts of a result, by name.

Invariant: a name is made of letters, digits and hyphens, so it can be the name of a file, whatever a workload is
called.
"""

import re

from ..result import Result
from .bars import compression, startup, throughput, times
from .grids import DEFENCES, EVOLUTIONS, FATES, evolution_squares, fidelity_squares, grid_chart, hostile_squares
from .pareto import pareto
from .reading import workloads
from .vega import Spec

_OF_WORKLOADS = {"pareto": pareto, "times": times, "compression": compression, "end-to-end": throughput}


def charts(result: Result) -> dict[str, Spec]:
    """Return the charts of a result, in the words of Vega-Lite.

    Parameters
    ----------
    result
        What was found; what it does not have has no chart.

    Returns
    -------
    By name: ``pareto-<workload>``, ``times-<workload>``, ``compression-<workload>``, ``end-to-end-<workload>``,
    ``start-up``, ``fidelity``, ``evolution`` and ``hostile``.
    """
    found = {name: spec for workload in workloads(result) for name, spec in workload_charts(result, workload).items()}
    of_all = {
        "start-up": startup(result),
        "fidelity": grid_chart("What became of each value", fidelity_squares(result), FATES),
        "evolution": grid_chart("Sessions of yesterday's code", evolution_squares(result), EVOLUTIONS),
        "hostile": grid_chart("What became of hostile bytes", hostile_squares(result), DEFENCES),
    }
    return found | {name: spec for name, spec in of_all.items() if spec}


def workload_charts(result: Result, workload: str) -> dict[str, Spec]:
    """Return the charts of one workload."""
    drawn = {f"{kind}-{slug(result, workload)}": draw(result, workload) for kind, draw in _OF_WORKLOADS.items()}
    return {name: spec for name, spec in drawn.items() if spec}


def slug(result: Result, workload: str) -> str:
    """Return the name of a workload as a part of the name of a file; no two workloads of a result share one."""
    plain = _plain(workload)
    same = [each for each in workloads(result) if _plain(each) == plain]
    return plain if len(same) < 2 or same[0] == workload else f"{plain}-{same.index(workload) + 1}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "workload"
