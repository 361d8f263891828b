"""What can be applied for, told apart as far as edges and committees do."""

from app.approval_paths.rules import Case, Tree, cases

NONE: frozenset[int] = frozenset()
ABOVE = {11: (11, 10), 12: (12, 10), 13: (13, 1), 21: (21, 2)}
TREE = Tree(
    {1: (11, 12, 13), 2: (21,)}, {leaf: (*nodes, 1) if nodes[-1] == 10 else nodes for leaf, nodes in ABOVE.items()}
)
"""Series 1: 1 above 10 (above 11 and 12) and 13; series 2: 21 below 2; series 3 has no specialities."""


def test_a_series_nobody_tells_apart_is_one_case() -> None:
    assert cases((1, 2, 3), TREE, (), {}) == [
        Case(1, (11, 12, 13), NONE, NONE),
        Case(2, (21,), NONE, NONE),
        Case(3, (), NONE, NONE),
    ]


def test_a_committee_of_the_whole_series_tells_nothing_apart() -> None:
    assert cases((1,), TREE, (), {1: (7,)}) == [Case(1, (11, 12, 13), NONE, frozenset({7}))]


def test_what_committees_cover_and_edges_name_tells_apart() -> None:
    assert cases((1,), TREE, (), {10: (7,), 12: (8,)}) == [
        Case(1, (11,), NONE, frozenset({7})),
        Case(1, (12,), NONE, frozenset({7, 8})),
        Case(1, (13,), NONE, NONE),
    ]
    assert cases((1,), TREE, (10,), {}) == [
        Case(1, (13,), NONE, NONE),
        Case(1, (11, 12), frozenset({10}), NONE),
    ]


def test_leaves_summed_up_to_the_fewest_nodes() -> None:
    assert TREE.summed((11, 12)) == [10]
    assert TREE.summed((11, 13)) == [11, 13]
    assert TREE.summed((11, 12, 13)) == [1]
    assert TREE.summed(()) == []
