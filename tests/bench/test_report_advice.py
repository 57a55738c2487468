"""Advice: what is best for what, from a result made by hand in which compact is the fastest and the smallest."""

from collections.abc import Callable
from dataclasses import replace

from made_result import rejected

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.reports.advice import Advice, advice
from memcached_sessions.bench.reports.advice_table import advice_blocks
from memcached_sessions.bench.reports.reading import reference_labels
from memcached_sessions.bench.reports.rendering import Lines
from memcached_sessions.bench.result import CaseResult, Defence, EvolutionCell, Fate, FidelityCell, HostileCell, Result


def _best(result: Result, goal: str) -> tuple[str, ...]:
    return _about(result, goal).best


def _about(result: Result, goal: str) -> Advice:
    (found,) = (each for each in advice(result) if each.goal == goal)
    return found


def _changed(result: Result, label: str, change: Callable[[CaseResult], CaseResult]) -> Result:
    return replace(result, cases=tuple(change(case) if case.label == label else case for case in result.cases))


def test_the_fastest_safe_one_is_named_with_its_figures(full: Result) -> None:
    found = _about(full, "fastest safe")

    assert found.best == ("compact",)
    assert found.why.startswith("16.4 µs for dumps and loads; times faster than bare-pickle: dumps 2.50, loads 2.67")


def test_what_ties_with_the_best_is_named_too(full: Result) -> None:
    one = {case.workload: case for case in full.cases if case.label == "compact" and case.gc == "enabled"}

    def as_fast(case: CaseResult) -> CaseResult:
        return replace(case, samples=one[case.workload].samples)

    tied = _changed(full, "compact-portable", as_fast)

    assert _best(tied, "fastest safe") == ("compact", "compact-portable")


def test_equal_sizes_are_all_the_smallest(full: Result) -> None:
    assert _best(full, "smallest safe") == ("compact", "compact-portable")
    assert "with zlib-6" in _about(full, "smallest safe, compressed").why


def test_references_are_never_advice(full: Result) -> None:
    named = {label for each in advice(full) for label in each.best}

    assert named
    assert not {label for label in named if label.startswith("bare-") or label == "construction-floor"}


def test_a_reference_that_is_measured_twice_is_one_under_both_names(full: Result) -> None:
    again = [replace(case, label="bare-orjson-again") for case in full.cases if case.label == "bare-orjson"]

    labels = reference_labels(replace(full, cases=(*full.cases, *again)))

    assert {"bare-orjson", "bare-orjson-again"} <= labels
    assert "compact" not in labels


def test_whoever_hostile_bytes_harmed_is_not_safe_whatever_it_claims(full: Result) -> None:
    harmed = replace(full, hostile=(*full.hostile, HostileCell("compact", "bit flips", Defence.CRASH, 20)))

    assert _best(harmed, "fastest safe") == ("compact-portable",)


def test_whom_nobody_gave_hostile_bytes_is_safe_by_its_claim_alone(full: Result) -> None:
    """The report says so, of all or of some."""
    some = replace(full, hostile=tuple(cell for cell in full.hostile if cell.label != "compact"))

    assert _told(full).endswith("Safe: claimed, and no hostile bytes did harm.")
    assert _told(replace(full, hostile=())).endswith("Safe: claimed, not tried.")
    assert _told(some).endswith("Safe: claimed, and no hostile bytes did harm; claimed, not tried: compact.")


def _told(result: Result) -> str:
    (line,) = (block.lines[0] for block in advice_blocks(result) if isinstance(block, Lines))
    return line


def test_whoever_keeps_fewer_workloads_is_not_compared(full: Result) -> None:
    def refuse(case: CaseResult) -> CaseResult:
        return rejected("compact", Outcome.REFUSED, "no", "") if case.workload == "cart-objects" else case

    assert _best(_changed(full, "compact", refuse), "fastest safe") == ("compact-portable",)


def test_full_fidelity_says_which_are_not_safe(full: Result) -> None:
    found = _about(full, "full fidelity")

    assert found.best == ("compact", "compact-portable", "pickle")
    assert found.why == "7 of 7 values identical, 0 refused, none changed silently; not safe: pickle"


def test_full_fidelity_is_told_of_the_safe_ones_too(full: Result) -> None:
    assert _best(full, "full fidelity, safe") == ("compact", "compact-portable")


def test_a_silent_change_ends_full_fidelity(full: Result) -> None:
    changed = FidelityCell("compact", "another", "text", Fate.CHANGED_TYPE)

    assert _best(replace(full, fidelity=(*full.fidelity, changed)), "full fidelity") == ("compact-portable", "pickle")


def test_claims_decide_what_is_cross_language(full: Result) -> None:
    assert _best(full, "cross-language, safe") == ("msgpack",)


def test_plain_data_is_where_nothing_is_converted(full: Result) -> None:
    assert _about(full, "plain data only, safe").why.endswith("(on login)")


def test_a_class_that_changed_and_was_read_wrongly_rules_out(full: Result) -> None:
    wrong = EvolutionCell("compact", "field moved", Outcome.UNFAITHFUL)

    changed = replace(full, evolution=(*full.evolution, wrong))

    assert _best(changed, "classes that change, safe") == ("compact-portable",)


def test_a_goal_that_nobody_meets_says_so(full: Result) -> None:
    unsafe = replace(
        full,
        serializers=tuple(
            replace(each, capabilities={**each.capabilities, "safe": False}) for each in full.serializers
        ),
    )

    assert _about(unsafe, "fastest safe") == Advice("fastest safe", (), "no serializer that took part meets it")


def test_goals_that_were_not_measured_are_left_out(result: Result) -> None:
    goals = {each.goal for each in advice(result)}

    assert not goals & {"full fidelity", "most requests a second, safe", "quickest start, safe"}


def test_where_nothing_is_known_of_claims_nobody_is_called_unsafe(full: Result) -> None:
    unknown = replace(full, serializers=tuple(replace(each, capabilities={}) for each in full.serializers))

    assert [each.goal for each in advice(unknown)] == ["full fidelity"]
    assert advice(replace(unknown, fidelity=())) == []


def test_rows_without_samples_are_compared_by_their_medians(full: Result) -> None:
    without = replace(full, cases=tuple(replace(case, samples={}) for case in full.cases))

    assert _best(without, "fastest safe") == ("compact",)


def test_the_most_requests_are_named_with_where(full: Result) -> None:
    found = _about(full, "most requests a second, safe")

    assert found.best == ("compact", "compact-portable", "msgpack")
    assert found.why.endswith("(cart-objects, threads, 1 at once)")


def test_the_order_of_the_cases_does_not_matter(full: Result) -> None:
    backwards = replace(full, cases=full.cases[::-1])

    for one, other in zip(advice(full), advice(backwards), strict=True):
        assert (one.goal, set(one.best), one.why) == (other.goal, set(other.best), other.why)
