"""Metrics that the platform puts into CloudWatch about itself."""

from collections.abc import Mapping

import dagster as dg

from ecom_platform.resources.aws import cloudwatch_client


class PlatformMetrics(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Counts under a namespace of the installation, by a role that may put them."""

    namespace: str
    profile: str | None = None

    def put(self, counts: Mapping[str, int]) -> None:
        data = [{"MetricName": n, "Value": count, "Unit": "Count"} for n, count in counts.items()]
        cloudwatch_client(self.profile).put_metric_data(Namespace=self.namespace, MetricData=data)
