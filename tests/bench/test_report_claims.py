"""Claims, held against what was found."""

from dataclasses import replace

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.fidelity.values import VALUES
from memcached_sessions.bench.reports import claims, terminal_report
from memcached_sessions.bench.result import Defence, EvolutionCell, Fate, FidelityCell, HostileCell, Result


def test_the_values_that_try_claims_are_those_of_the_matrix() -> None:
    tried = {value for values in claims.VALUES.values() for value in values}

    assert tried <= {value.name for value in VALUES}


def test_what_nothing_tries_is_not_called_kept(full: Result) -> None:
    found = claims.found_claims(full, "compact", frozenset({"canonical", "tuples", "cycles"}))

    assert (found.kept, found.contradicted, found.untried) == (("tuples",), {}, ("canonical", "cycles"))


def test_the_first_cell_against_a_claim_is_named(full: Result) -> None:
    lying = replace(
        full,
        fidelity=(FidelityCell("compact", "tuple", "containers", Fate.CHANGED_TYPE),),
        hostile=(HostileCell("compact", "depth", Defence.CRASH, 1),),
        evolution=(
            EvolutionCell("compact", "field added", Outcome.FAILED),
            EvolutionCell("compact", "class renamed", Outcome.REFUSED),
        ),
    )

    found = claims.found_claims(lying, "compact", frozenset({"tuples", "safe", "evolution"}))

    assert found.contradicted == {
        "evolution": "field added: failed",
        "safe": "depth: crash",
        "tuples": "tuple: changed type",
    }


def test_a_class_of_another_name_is_no_claim(full: Result) -> None:
    renamed = replace(full, evolution=(EvolutionCell("compact", "class renamed (dataclass)", Outcome.REFUSED),))

    assert claims.found_claims(renamed, "compact", frozenset({"evolution"})).untried == ("evolution",)


def test_the_table_counts_claims_and_names_what_is_against_them(full: Result) -> None:
    report = terminal_report(full)
    lines = [" ".join(line.split()) for line in report[report.index("Claims\n======") :].splitlines()]

    assert "compact 11 5 6 -" in lines
    assert "slow-plugin 10 2 6 safe (depth: crash) and 1 more" in lines
