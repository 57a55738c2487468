"""The model of the calculator."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.bench.reports.model import Combination, Demand, best, combinations, cost
from memcached_sessions.bench.result import Result

PLAIN = Combination("plain", "", 1_000, 1e-4, 2e-5, 3e-4, 0, 0, 1_000, 90, 80)
SMALL = replace(PLAIN, compressor="zlib-6", compress=4e-4, decompress=1e-4, payload=400)
DEMAND = Demand(500, 0.25, 1.0, 100, 0.001, 2)

demands = st.builds(
    Demand,
    st.floats(0, 1e6),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0.1, 1e5),
    st.floats(0, 1),
    st.floats(0.1, 1_000),
    st.none() | st.floats(1, 1e7),
)


def test_cpu_time_is_that_of_loading_encoding_and_the_share_that_stores() -> None:
    assert cost(PLAIN, DEMAND).cpu == pytest.approx(3e-4 + 1e-4 + 0.25 * 2e-5)
    assert cost(SMALL, DEMAND).cpu == pytest.approx(1e-4 + 3e-4 + 1e-4 + 0.25 * (2e-5 + 4e-4))


def test_bytes_are_those_of_loading_and_of_the_share_that_stores() -> None:
    assert cost(PLAIN, DEMAND).bytes == pytest.approx(1_080 + 0.25 * 1_090)


def test_a_larger_session_grows_the_payload_and_not_what_is_around_it() -> None:
    twice = cost(PLAIN, replace(DEMAND, session_bytes=2_000))

    assert twice.bytes == pytest.approx(2_080 + 0.25 * 2_090)
    assert twice.cpu == pytest.approx(2 * cost(PLAIN, DEMAND).cpu)


def test_latency_is_cpu_time_round_trips_and_bytes_on_the_line() -> None:
    found = cost(PLAIN, DEMAND)

    assert found.latency == pytest.approx(found.cpu + 0.001 * 1.25 + found.bytes / 12.5e6)


def test_the_limit_is_what_is_full_first() -> None:
    narrow, few = replace(DEMAND, megabits_per_second=1), replace(DEMAND, cpus=0.1)

    assert (cost(PLAIN, narrow).limit, cost(PLAIN, few).limit) == ("network", "CPU")
    assert cost(PLAIN, narrow).capacity == pytest.approx(125_000 / cost(PLAIN, narrow).bytes)


def test_on_a_narrow_network_the_compressor_wins_and_on_a_wide_one_it_does_not() -> None:
    def winner(megabits: float) -> str:
        demand = replace(DEMAND, megabits_per_second=megabits)
        return best([cost(each, demand) for each in (PLAIN, SMALL)])[0].combination.compressor

    assert (winner(1), winner(10_000)) == ("zlib-6", "")


def test_what_is_as_good_as_the_best_is_named_with_it() -> None:
    near = replace(PLAIN, label="near", encode=1.01e-4)

    assert [each.combination.label for each in best([cost(near, DEMAND), cost(PLAIN, DEMAND)])] == ["plain", "near"]


def test_what_is_there_to_compare_with_never_wins() -> None:
    reference = replace(PLAIN, label="bare", encode=0, reference=True)

    assert [each.combination.label for each in best([cost(reference, DEMAND), cost(PLAIN, DEMAND)])] == ["plain"]
    assert best([cost(reference, DEMAND)]) == []


@given(demand=demands)
def test_what_carries_the_demand_is_within_both_limits(demand: Demand) -> None:
    found = cost(SMALL, demand)

    assert found.capacity == min(found.cpu_limit, found.network_limit)
    assert found.carries == (demand.requests_per_second <= found.capacity)
    assert found.latency >= found.cpu >= 0


@given(demand=demands)
def test_the_best_carries_the_demand_if_anything_does(demand: Demand) -> None:
    costs = [cost(each, demand) for each in (PLAIN, SMALL)]

    assert best(costs)[0].carries == any(each.carries for each in costs)


def test_every_serializer_can_be_combined_with_every_compressor_and_with_none(full: Result) -> None:
    found = combinations(full, "cart-objects")

    assert {(each.label, each.compressor) for each in found if each.label == "compact"} == {
        ("compact", ""), ("compact", "zlib-6"), ("compact", "zstd-3"),
    }  # fmt: skip
    compact = next(each for each in found if each.label == "compact")
    assert (compact.payload, compact.reference_bytes, compact.save_around, compact.load_around) == (
        3000,
        6000,
        190,
        170,
    )
    assert compact.encode + compact.store == pytest.approx(30e-6)
    assert not [each for each in found if each.label in ("json", "construction-floor")]


def test_a_population_is_reckoned_by_its_mean_session(full: Result) -> None:
    compact = next(each for each in combinations(full, "population") if each.label == "compact")

    assert (compact.payload, compact.save_around) == (1_500, 190)
