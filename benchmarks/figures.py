"""Figures as a benchmark prints them."""

from typing import Any


def rounded(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """Four digits of every number that is not whole; more would only be noise."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value
