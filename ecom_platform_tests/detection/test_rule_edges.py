"""Each threshold of each rule by an example on either side."""

import pytest

from ecom_platform.detection.rules import all_rules
from ecom_platform_tests.support.rule_edges import EDGES
from ecom_platform_tests.support.rule_runs import crossings

RULES = {rule.name: rule for rule in all_rules()}


@pytest.mark.parametrize("edge", EDGES)
def test_threshold_lies_between_two_examples(edge: str) -> None:
    rule = RULES[edge.split(":", maxsplit=1)[0]]
    below, above = EDGES[edge]
    assert crossings(rule.sql, below) == []
    found = crossings(rule.sql, above)
    assert len(found) == len({entity for entity, *_ in found}) > 0


def test_every_rule_has_edges() -> None:
    assert {edge.split(":", maxsplit=1)[0] for edge in EDGES} == set(RULES)
