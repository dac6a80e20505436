"""Policies of all roles: lint-free, no star that could be a name, trusted with a source."""

import json
from typing import Any

import pytest
from parliament import analyze_policy_string, enhance_finding

from ecom_platform_tests.access.__main__ import Decision, compare, reviewed
from ecom_platform_tests.support.places import ROOT
from infra.policies import Policy, filled, grants, policies
from infra.templates import load_template

POLICIES = list(policies())
NO_RESOURCE = {
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    "ec2:DescribeNetworkInterfaces",
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "lakeformation:GetDataAccess",
}
"""Actions that AWS lets nobody restrict to a resource."""
WITHOUT_SOURCE = {"lambda.amazonaws.com", "chatbot.amazonaws.com"}
LET_PASS = (
    # Logs answers it for a pattern of groups, of which parliament knows nothing.
    "DescribeLogGroups",
    # AWS's own transforms have no account.
    "aws:transform/*",
    # Tags of Athena are known for other resources too.
    "athena:",
)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: f"{one.role}/{one.name}")
def test_policies_are_lint_free(policy: Policy) -> None:
    findings = [
        enhance_finding(one) for one in analyze_policy_string(json.dumps(policy.document)).findings
    ]
    told = [f"{one.severity} {one.issue} {one.detail} {one.location}" for one in findings]
    assert [one for one in told if not any(word in one for word in LET_PASS)] == []


def test_no_action_is_a_star_and_a_star_is_a_resource_only_where_there_is_none() -> None:
    found = grants()
    assert [one for one in found if "*" in one.action] == []
    stars = {one.action for one in found if one.resource == "*"}
    assert stars - NO_RESOURCE - {a for a in stars if _only_pipeline(a)} == set()


def _only_pipeline(action: str) -> bool:
    return all("pipeline" in one.role for one in grants() if one.action == action)


def roles() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in sorted((ROOT / "infra").glob("*.yaml")):
        template = load_template(path.stem)
        for name, one in template.get("Resources", {}).items():
            if isinstance(one, dict) and one.get("Type") == "AWS::IAM::Role":
                found.append((name, filled(one["Properties"]["AssumeRolePolicyDocument"], {})))
    return found


def test_services_that_know_their_source_must_say_it() -> None:
    """Lambda, and the chat of AWS, assume roles without one: a condition would refuse them."""
    for name, document in roles():
        for statement in document["Statement"]:
            services = statement["Principal"].get("Service", [])
            named = [services] if isinstance(services, str) else services
            if set(named) - WITHOUT_SOURCE:
                assert "aws:SourceAccount" in json.dumps(statement), name


def test_a_missing_action_and_one_too_many_are_told() -> None:
    used = [Decision(one.role, one.action, one.resource, allowed=True) for one in grants()]
    kept = [one for one in used if (one.role, one.action) not in reviewed()]
    good = compare(kept)
    assert good == {name: [] for name in good}
    without = [
        one for one in kept if (one.role, one.action) != ("ecom-producer", "kinesis:PutRecords")
    ]
    assert compare(without)["unused_without_reason"] == ["ecom-producer kinesis:PutRecords"]
    refused = Decision("ecom-producer", "kinesis:PutRecord", "x", allowed=False)
    assert compare([*kept, refused])["missing"] == ["ecom-producer kinesis:PutRecord x"]
