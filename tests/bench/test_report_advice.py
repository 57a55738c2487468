"""Advice: what is best for what, from a result made by hand in which compact is the fastest and the smallest."""

from collections.abc import Callable
from dataclasses import replace

from made_result import rejected

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.reports import terminal_report
from memcached_sessions.bench.reports.advice import Advice, advice
from memcached_sessions.bench.reports.reading import reference_labels
from memcached_sessions.bench.result import CaseResult, Defence, EvolutionCell, Fate, FidelityCell, HostileCell, Result


def _best(result: Result, goal: str) -> tuple[str, ...]:
    return _about(result, goal).best


def _about(result: Result, goal: str) -> Advice:
    (found,) = (each for each in advice(result) if each.goal == goal)
    return found


def _named(result: Result) -> set[str]:
    return {label for each in advice(result) for label in each.best}


def _without(result: Result, label: str, *workloads: str) -> Result:
    def refuse(case: CaseResult) -> CaseResult:
        refused = replace(rejected(label, Outcome.REFUSED, "no", ""), workload=case.workload)
        return refused if case.workload in workloads else case

    return _changed(result, label, refuse)


def _changed(result: Result, label: str, change: Callable[[CaseResult], CaseResult]) -> Result:
    return replace(result, cases=tuple(change(case) if case.label == label else case for case in result.cases))


def test_the_fastest_safe_one_is_named_with_its_figures(full: Result) -> None:
    found = _about(full, "fastest safe")

    assert found.best == ("compact",)
    assert found.why == "16.4 µs, dumps 2.50x and loads 2.67x (3 workloads)"


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
    named = _named(full)

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


def test_serializers_are_compared_on_what_all_of_them_keep(full: Result) -> None:
    found = _without(full, "compact", "cart-objects")

    assert _about(found, "fastest safe").best == ("compact",)
    assert _about(found, "fastest safe").why.endswith("(2 workloads)")


def test_who_keeps_every_workload_is_told_apart(full: Result) -> None:
    found = _about(_without(full, "compact", "cart-objects"), "keeps every workload, safe")

    assert found == Advice(
        "keeps every workload, safe", ("compact-portable", "msgpack", "cbor"), "all 3 workloads; compact keep 2"
    )
    assert not [each for each in advice(full) if each.goal == found.goal]


def test_whoever_keeps_less_than_half_is_not_compared_and_named(full: Result) -> None:
    found = _without(full, "compact", "cart-objects", "population")

    assert _about(found, "fastest safe").best == ("compact-portable",)
    assert _about(found, "fastest safe").why.endswith("(3 workloads)")
    assert "- In no mean: compact, which keeps 1 of 3 workloads." in terminal_report(found)


def test_full_fidelity_says_which_are_not_safe(full: Result) -> None:
    found = _about(full, "full fidelity, safe or not")

    assert found.best == ("compact", "compact-portable", "pickle")
    assert found.why == "7 of 7 identical, 0 refused; not safe: pickle"


def test_full_fidelity_is_told_of_the_safe_ones_too(full: Result) -> None:
    assert _best(full, "full fidelity, safe") == ("compact", "compact-portable")


def test_who_changes_a_value_silently_is_never_advised(full: Result) -> None:
    changed = replace(full, fidelity=(*full.fidelity, FidelityCell("compact", "another", "text", Fate.CHANGED_TYPE)))

    assert "compact" not in _named(changed)
    assert "compact (another)" in " ".join(terminal_report(changed).split())


def test_who_is_unfaithful_on_one_workload_is_never_advised(full: Result) -> None:
    wrong = replace(rejected("compact", Outcome.UNFAITHFUL, "no", ""), workload="login")

    assert "compact" not in _named(replace(full, cases=(*full.cases, wrong)))


def test_a_claim_that_a_cell_contradicts_counts_for_nothing(full: Result) -> None:
    copied = replace(full, fidelity=(*full.fidelity, FidelityCell("compact", "shared dict", "graphs", Fate.EQUAL)))

    assert _best(copied, "objects with references, safe") == ("compact-portable",)
    assert _best(copied, "fastest safe") == ("compact",)


def test_a_row_that_is_measured_a_second_time_is_never_advised(full: Result) -> None:
    again = [replace(case, label="compact-again") for case in full.cases if case.label == "compact"]

    assert "compact-again" not in _named(replace(full, cases=(*full.cases, *again)))


def test_nobody_is_called_safe_on_whom_nothing_was_tried(full: Result) -> None:
    tried = replace(full, hostile=tuple(cell for cell in full.hostile if cell.label != "compact"))
    untried = replace(full, hostile=())

    assert _best(tried, "fastest safe") == ("compact-portable",)
    assert [each.goal for each in advice(untried) if "safe" in each.goal] == ["full fidelity, safe or not"]
    assert _best(untried, "fastest") == ("compact",)
    assert "Safe: claimed, not tried in this run" in terminal_report(untried)
    assert "Safe by their claim alone, for hostile bytes were not tried on them: compact." in terminal_report(tried)


def test_advice_takes_a_line_for_each_goal(full: Result) -> None:
    table = terminal_report(full).split("Best for\n")[1].split("\n\n")[1]

    assert len(table.splitlines()) == 2 + len(advice(full))


def test_claims_decide_what_is_cross_language(full: Result) -> None:
    assert _best(full, "cross-language, safe") == ("msgpack",)


def test_plain_data_is_where_nothing_is_converted(full: Result) -> None:
    assert _about(full, "plain data only, safe").why.endswith("(login)")


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

    assert not goals & {"full fidelity, safe or not", "most requests a second, safe", "quickest start, safe"}


def test_where_nothing_is_known_of_claims_nobody_is_called_unsafe(full: Result) -> None:
    unknown = replace(full, serializers=tuple(replace(each, capabilities={}) for each in full.serializers))

    assert [each.goal for each in advice(unknown)] == ["full fidelity, safe or not"]
    assert advice(replace(unknown, fidelity=())) == []


def test_rows_without_samples_are_compared_by_their_medians(full: Result) -> None:
    without = replace(full, cases=tuple(replace(case, samples={}) for case in full.cases))

    assert _best(without, "fastest safe") == ("compact",)


def test_the_most_requests_are_named_with_where(full: Result) -> None:
    found = _about(full, "most requests a second, safe")

    assert found.best == ("compact", "compact-portable", "msgpack")
    assert found.why.endswith("(cart-objects, 1 thread)")


def test_the_order_of_the_cases_does_not_matter(full: Result) -> None:
    backwards = replace(full, cases=full.cases[::-1])

    for one, other in zip(advice(full), advice(backwards), strict=True):
        assert (one.goal, set(one.best), one.why) == (other.goal, set(other.best), other.why)
