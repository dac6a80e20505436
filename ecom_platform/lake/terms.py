"""On which terms rows are taken in: what holds for every file and every hour alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecom_platform.lake.tombstones import NOBODY, Tombstones


@dataclass(frozen=True)
class Terms:
    """The terms.

    Attributes:
        store_time_zone: IANA name of the zone by which days and hours are cut.
        tombstones: who is forgotten.

    """

    store_time_zone: str = "UTC"
    tombstones: Tombstones = NOBODY

    def to_details(self) -> dict[str, Any]:
        return {
            "store_time_zone": self.store_time_zone,
            "tombstones": self.tombstones.to_details(),
        }

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> "Terms":
        return cls(details["store_time_zone"], Tombstones.from_details(details["tombstones"]))


USUAL = Terms()
