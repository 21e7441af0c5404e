import pandas as pd

from rlnas.reporting.matrix.methods import Entrant, entrants, in_order, searchers_of, with_kinds


def test_what_starts_from_something_else_is_never_mixed(several):
    rows, _ = several
    found = entrants(rows)
    assert list(found) == [
        Entrant("weight-init", "single"),
        Entrant("policy-reuse", "single"),
        Entrant("policy-reuse", "others"),
        Entrant("joint", "others"),
        Entrant("random", "none"),
        Entrant("evolution", "none"),
        Entrant("scratch", "none"),
        Entrant("weight-init", "own"),
        Entrant("policy-reuse", "own"),
        Entrant("joint", "all"),
    ]
    assert sum(map(len, found.values())) == len(rows)
    single = found[Entrant("policy-reuse", "single")]
    assert (single["source"] != single["target"]).all()
    assert len(single) == 6 * 4
    assert searchers_of(rows) == ("random", "evolution")
    assert [e.label for e in found if e.method == "joint"] == [
        "joint (all other tasks)",
        "joint (all tasks)",
    ]
    assert [e.method for e in found if e.transfers].count("joint") == 1


def test_tables_come_in_the_order_of_the_entrants(several):
    rows, _ = several
    kinds = with_kinds(rows)[["method", "sources"]].drop_duplicates().sample(frac=1, random_state=0)
    ordered = in_order(kinds)
    assert list(ordered["sources"]) == sorted(
        ordered["sources"], key=["single", "others", "none", "own", "all"].index
    )
    assert ordered.iloc[4:7]["method"].tolist()[-1] == "scratch"
    assert in_order(pd.DataFrame({"method": [], "sources": []})).empty
