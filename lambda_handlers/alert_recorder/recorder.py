"""What happens to one crossing: fold it, store the episode, announce it. Wiring is in `handler`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from .alert_items import Alert, Status, UnresolvedAlert
from .alert_table import AlertTable
from .announcer import Announcer
from .crossings import Crossing
from .episodes import QUIET_MILLIS, Episode, fold

Change = Literal["opened", "updated", "duplicate"]


@dataclass(frozen=True)
class Outcome:
    change: Change
    is_held_back: bool = False


@dataclass(frozen=True)
class AlertRecorder:
    """`now` gives epoch milliseconds."""

    alerts: AlertTable
    announcer: Announcer
    now: Callable[[], int]

    def record(self, crossing: Crossing) -> Outcome:
        stored = self.alerts.near(crossing)
        episode = fold(crossing, [alert.episode for alert in stored])
        change: Change = "updated" if stored else "opened"
        if len(stored) == 1 and stored[0].episode == episode:
            change, alert = "duplicate", stored[0]
        else:
            alert = _successor(stored, episode, now=self.now())
            self.alerts.replace(stored, alert)
        # Also for a duplicate: the crash may have come between the write and the announcement. And
        # for one that was muted: it is told with its first crossing after that.
        is_told = self._announce(alert) if self._must_be_told(alert) else True
        return Outcome(change, is_held_back=not is_told)

    def resolve_quiet_alerts(self) -> Iterator[UnresolvedAlert]:
        """Closes every episode that has been quiet for ten minutes and gives those it closed.

        Whoever was told that it opened is told that it is over, at most once: nobody waits for it.
        """
        now = self.now()
        for unresolved in self.alerts.quiet_since(now - QUIET_MILLIS):
            alert = self.alerts.resolve(unresolved, now=now)
            if alert is None:
                continue
            if alert.notified_at is not None:
                self.announcer.announce_recovery(alert)
            yield unresolved

    def _must_be_told(self, alert: Alert) -> bool:
        if not alert.awaits_notification:
            return False
        return not self.alerts.is_muted(alert.episode.peak.entity, now=self.now())

    def _announce(self, alert: Alert) -> bool:
        now = self.now()
        is_told = self.announcer.announce(alert, now=now)
        mark = self.alerts.mark_notified if is_told else self.alerts.mark_held_back
        mark(alert, now=now)
        return is_told


def _successor(stored: list[Alert], episode: Episode, *, now: int) -> Alert:
    """The alert of `episode`. People who were told of a part of it are not told again."""
    status: Status = "open" if episode.crossing_count == 1 else "updated"
    if not stored:
        return Alert(episode, status, version=1, recorded_at=now, updated_at=now)
    told = next((alert for alert in stored if alert.notified_at is not None), stored[0])
    return replace(
        told,
        episode=episode,
        status=status,
        version=max(alert.version for alert in stored) + 1,
        recorded_at=min(alert.recorded_at for alert in stored),
        updated_at=now,
    )
