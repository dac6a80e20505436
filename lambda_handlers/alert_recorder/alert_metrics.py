"""The metrics of alerts, by rule and severity. Never by entity: there is no end of them."""

from collections import Counter

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

from .alert_items import UnresolvedAlert
from .crossings import Crossing
from .recorder import Change, Outcome

_METRIC_OF: dict[Change, str] = {
    "opened": "AlertsOpened",
    "updated": "AlertsUpdated",
    "duplicate": "DuplicateDetections",
}


class AlertMetrics:
    """Counts during one invocation, and writes one line a metric, rule and severity at its end."""

    def __init__(self, *, known_rules: frozenset[str]) -> None:
        self._known_rules = known_rules
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._held_back_count = 0
        self._canary_count = 0

    def count_outcome(self, crossing: Crossing, outcome: Outcome) -> None:
        if crossing.is_canary:
            self._canary_count += 1
            return
        self._count(_METRIC_OF[outcome.change], crossing.rule, crossing.severity)
        self._held_back_count += outcome.is_held_back

    def count_resolved(self, alert: UnresolvedAlert) -> None:
        self._count("AlertsResolved", alert.rule, alert.severity)

    def flush(self) -> None:
        for (name, rule, severity), count in sorted(self._counts.items()):
            with single_metric(name=name, unit=MetricUnit.Count, value=count) as metric:
                metric.add_dimension(name="rule", value=rule)
                metric.add_dimension(name="severity", value=severity)
        totals = {"StormHeldBack": self._held_back_count, "CanaryAlerts": self._canary_count}
        for name, value in totals.items():
            if value:
                with single_metric(name=name, unit=MetricUnit.Count, value=value):
                    pass

    def _count(self, name: str, rule: str, severity: str) -> None:
        # A rule comes from the wire: without a closed list a bad record could mint dimensions.
        self._counts[name, rule if rule in self._known_rules else "other", severity] += 1
