"""Every rule on DuckDB against plain loops, over seeded traffic at its edges."""

import pytest
import runtime_properties
import statements
from sql_files import render_file

from ecom_platform.detection.rules import Rule, all_rules
from ecom_platform_tests.support.lake_rule_reference import LAKE_RULES
from ecom_platform_tests.support.rule_reference import RULES
from ecom_platform_tests.support.rule_runs import crossings
from ecom_platform_tests.support.rule_traffic import traffic_of

REFERENCE = {**RULES, **LAKE_RULES}


def test_every_rule_has_its_plain_loops() -> None:
    assert sorted(REFERENCE) == sorted(rule.name for rule in all_rules())


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_rule_gives_the_crossings_of_the_plain_loops(rule: Rule) -> None:
    events = traffic_of(rule.name)
    expected = sorted(REFERENCE[rule.name](events, rule.properties))
    assert len(expected) > 5
    assert crossings(rule.sql, events) == expected


@pytest.mark.parametrize(
    "rule", [rule for rule in all_rules() if rule.place == "stream"], ids=lambda rule: rule.name
)
def test_stream_rule_has_one_text_for_flink_and_for_the_lake(rule: Rule) -> None:
    groups = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)
    rendered = render_file(f"rules/{rule.name}", statements.rule_parameters(rule.name, groups))
    assert rule.sql == rendered
