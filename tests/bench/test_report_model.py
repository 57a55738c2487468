"""The model of the calculator."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.bench.intervals import exactly
from memcached_sessions.bench.reports.model import Combination, Demand, best, combinations, cost
from memcached_sessions.bench.reports.rest_of_request import Rest, is_one_by_one, rest_of_request, serializer_share
from memcached_sessions.bench.result import EndToEnd, Result

PLAIN = Combination("plain", "", 1_000, 1e-4, 2e-5, 3e-4, 0, 0, 1_000, 90, 80)
SMALL = replace(PLAIN, compressor="zlib-6", compress=4e-4, decompress=1e-4, payload=400)
DEMAND = Demand(500, 0.25, 1.0, 100, 0.001, 2)
REST = Rest(1e-5, 2e-4, 3e-4)

demands = st.builds(
    Demand,
    st.floats(0, 1e6),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0.1, 1e5),
    st.floats(0, 1),
    st.floats(0.1, 1_000),
    st.none() | st.floats(1, 1e7),
    st.none() | st.just(REST),
)


def test_a_loaded_request_encodes_twice_and_the_share_that_changed_stores() -> None:
    assert cost(PLAIN, DEMAND).cpu == pytest.approx(3e-4 + 2 * 1e-4 + 0.25 * 2e-5)
    assert cost(SMALL, DEMAND).cpu == pytest.approx(1e-4 + 3e-4 + 2 * 1e-4 + 0.25 * (2e-5 + 4e-4))


def test_the_rest_of_a_request_comes_on_top_and_does_not_grow_with_the_session() -> None:
    large = replace(DEMAND, session_bytes=5_000)

    assert cost(PLAIN, replace(large, rest=REST)).cpu == pytest.approx(
        cost(PLAIN, large).cpu + 1e-5 + 2e-4 + 0.25 * 3e-4
    )


def test_a_session_that_is_neither_loaded_nor_changed_still_costs_a_request() -> None:
    idle = replace(DEMAND, write_share=0, load_share=0, rest=REST)

    assert cost(replace(PLAIN, encode=0), idle).cpu_limit == pytest.approx(2 / 1e-5)


def test_bytes_are_those_of_loading_and_of_the_share_that_stores() -> None:
    assert cost(PLAIN, DEMAND).bytes == pytest.approx(1_080 + 0.25 * 1_090)


def test_the_network_is_full_when_its_busier_direction_is() -> None:
    assert cost(PLAIN, DEMAND).network_limit == pytest.approx(12.5e6 / 1_080)
    assert cost(PLAIN, replace(DEMAND, load_share=0.1)).network_limit == pytest.approx(12.5e6 / (0.25 * 1_090))


def test_a_larger_session_grows_the_payload_and_not_what_is_around_it() -> None:
    twice = cost(PLAIN, replace(DEMAND, session_bytes=2_000))

    assert twice.bytes == pytest.approx(2_080 + 0.25 * 2_090)
    assert twice.cpu == pytest.approx(2 * cost(PLAIN, DEMAND).cpu)


def test_without_a_reference_a_session_stays_as_it_was_measured() -> None:
    alone = replace(PLAIN, reference_bytes=None)

    assert cost(alone, replace(DEMAND, session_bytes=9_000)).bytes == cost(alone, DEMAND).bytes


def test_latency_is_cpu_time_round_trips_and_bytes_on_the_line() -> None:
    found = cost(PLAIN, DEMAND)

    assert found.latency == pytest.approx(found.cpu + 0.001 * 1.25 + found.bytes / 12.5e6)


def test_the_limit_is_what_is_full_first() -> None:
    narrow, few = replace(DEMAND, megabits_per_second=1), replace(DEMAND, cpus=0.1)

    assert (cost(PLAIN, narrow).limit, cost(PLAIN, few).limit) == ("network", "CPU")
    assert cost(PLAIN, narrow).capacity == pytest.approx(125_000 / 1_080)


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


def test_what_is_not_safe_by_claim_or_by_trial_is_known(full: Result) -> None:
    safe = {each.label: each.safe for each in combinations(full, "cart-objects")}

    assert (safe["compact"], safe["pickle"], safe["slow-plugin"]) == (True, False, False)


def test_rows_have_no_reference_where_bare_pickle_took_no_part(full: Result) -> None:
    without = replace(full, cases=tuple(case for case in full.cases if case.label != "bare-pickle"))

    assert {each.reference_bytes for each in combinations(without, "cart-objects")} == {None}


def test_bytes_around_the_payload_are_unknown_where_they_were_not_measured(full: Result) -> None:
    without = replace(full, cases=tuple(replace(case, storage=None) for case in full.cases))

    assert {each.save_around for each in combinations(without, "cart-objects")} == {None}


def test_the_rest_of_a_request_is_what_end_to_end_takes_less_the_serializer(full: Result) -> None:
    compact = next(case for case in full.cases if (case.workload, case.label) == ("cart-objects", "compact"))
    one = next(each for each in full.end_to_end if each.label == "compact" and is_one_by_one(each))
    rate = exactly(1 / (serializer_share(compact) + 400e-6))

    rest = rest_of_request(replace(full, end_to_end=(replace(one, throughput=rate),)))

    assert rest
    assert rest.whole == pytest.approx(400e-6)
    assert rest.request == pytest.approx(40e-6)
    assert rest.load == rest.save


def test_the_rest_of_a_request_is_unknown_where_none_was_measured_one_by_one(full: Result) -> None:
    crowded = tuple(each for each in full.end_to_end if not is_one_by_one(each))

    assert rest_of_request(replace(full, end_to_end=crowded)) is None


def test_capacities_are_those_of_requests_end_to_end_within_a_factor_of_two(full: Result) -> None:
    """Where a serializer takes half as long again in service, and the manager up to a third more or less."""
    cases = {case.label: case for case in full.cases if case.workload == "cart-objects" and case.dumps}
    found: list[EndToEnd] = []
    for number, label in enumerate(("compact", "msgpack", "cbor", "pickle")):
        like = next(each for each in full.end_to_end if each.label == label and is_one_by_one(each))
        seconds = 1.5 * serializer_share(cases[label]) + (400e-6, 500e-6, 600e-6, 450e-6)[number]
        found.append(replace(like, throughput=exactly(1 / seconds)))
    measured = replace(full, end_to_end=tuple(found))
    demand = Demand(1_000, 1.0, 1.0, 100_000, 0, 1, rest=rest_of_request(measured))
    modelled = {each.label: cost(each, demand).capacity
                for each in combinations(measured, "cart-objects") if not each.compressor}  # fmt: skip

    assert all(0.5 < modelled[each.label] / each.throughput.median < 2 for each in found)
