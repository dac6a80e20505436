"""What is shown beside charts: verdicts, live alerts, and how far the data can be trusted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pyarrow as pa
import streamlit as st
from botocore.exceptions import BotoCoreError, ClientError

from ecom_platform.contracts import TABLES, marts
from ecom_platform.contracts.bot_marts import RESTATEMENTS
from ecom_platform.dashboard.policy import Scope
from ecom_platform.dashboard.queries import Selection
from ecom_platform.definitions import session_log
from ecom_platform.detection.verdicts import Says, Word
from ecom_platform.lake.event_rules import WANTED
from ecom_platform.lake.shown_text import shown
from ecom_platform.pipeline.file_verdicts import standing_verdicts
from ecom_platform.pipeline.verdicts import say_verdict
from ecom_platform.resources.alert_desk import AlertDesk
from ecom_platform.settings import Settings
from ecom_platform.streaming.sessions import session_rows
from ecom_platform.webapp.reading import Reader

LOOK_SECONDS = 5
LOOK_BACK = timedelta(days=1)
HERE = timedelta(minutes=30)
MOST_SESSIONS = 200
STAGES = {"looking": "Looking", "cart": "With a cart", "bought": "Bought"}


@dataclass(frozen=True)
class View:
    """Who looks at what."""

    reader: Reader
    selection: Selection
    scope: Scope
    user: str
    settings: Settings


def show(part: str, view: View) -> None:
    PARTS[part](view)


def _verdicts(view: View) -> None:
    st.subheader("Verdicts")
    if not view.scope.is_live:
        st.info("Verdicts name single visitors; your roles do not show them.")
        return
    found = view.reader.verdicts(view.selection, view.scope)
    st.dataframe(found, hide_index=True, alt=f"{found.num_rows} verdicts")


@st.fragment(run_every=LOOK_SECONDS)
def _alerts(view: View) -> None:
    if not view.scope.is_live:
        st.info("Alerts name single visitors; your roles do not show them.")
        return
    now = datetime.now(UTC)
    log = view.reader.resources.alert_log
    try:
        found = sorted(log.changed(now - LOOK_BACK, now), key=lambda one: one.updated_at)[::-1]
        canary = log.canary_crossed_at()
    except (BotoCoreError, ClientError) as error:
        st.error(f"The alerts cannot be read: {error}")
        return
    st.caption(f"{_canary_words(canary, now)}; looked at {now:%H:%M:%S} UTC")
    if not found:
        st.success("No alert has changed within a day.")
        return
    names = ("severity", "status", "rule", "entity", "opened_at", "last_crossed_at")
    figures = ("crossing_count", "peak_value", "threshold")
    rows = [{name: getattr(one, name) for name in (*names, *figures)} for one in found]
    st.dataframe(pa.Table.from_pylist(rows), hide_index=True, alt=f"{len(rows)} alerts")
    by_id = {one.alert_id: one for one in found}
    # By its id and under a key: the list is read anew all the time, and the choice must stay.
    choice = by_id[st.selectbox("Evidence of", list(by_id), key="chosen_alert")]
    st.json(log.evidence(choice))
    if view.scope.may_judge:
        _answer(view, choice.entity)
    if view.scope.may_judge and choice.entity.startswith("user#"):
        _judge(view, int(choice.entity.removeprefix("user#")))


def _canary_words(crossed_at: datetime | None, now: datetime) -> str:
    if crossed_at is None:
        return "the canary has not been found yet, so silence proves nothing"
    return f"the canary was found {(now - crossed_at).total_seconds():.0f} s ago"


def _answer(view: View, entity: str) -> None:
    """Acknowledge, or mute for some hours."""
    desk = AlertDesk(view.settings.alerts_table, view.settings.on_call_profile)
    now = datetime.now(UTC)
    # A form for each entity: what was typed about one is never said of another.
    with st.form(f"answer-{entity}", clear_on_submit=True):
        hours = st.number_input("Mute for hours (0: only acknowledge)", 0.0, 168.0, 0.0, 1.0)
        reason = st.text_input("Reason for muting", max_chars=200)
        if st.form_submit_button("Acknowledge"):
            if hours and not reason.strip():
                st.error("Give a reason: others must understand why nobody is told.")
                return
            if hours:
                desk.mute(entity, now + timedelta(hours=hours), reason, view.user)
            count = desk.acknowledge(entity, now, view.user)
            st.success(f"{count} open alerts of {entity} are acknowledged.")


def _judge(view: View, user_id: int) -> None:
    """A person's word: kept for ever, with who said it, when and why."""
    with st.form(f"verdict-{user_id}", clear_on_submit=True):
        st.write(f"Say what user {user_id} is; every rebuild honours it.")
        says: Says = st.radio("It is a", get_args(Says), horizontal=True)
        reason = st.text_input("Reason", max_chars=200)
        if st.form_submit_button("Give the verdict"):
            if not reason.strip():
                st.error("Give a reason: whoever reads the figures later must understand them.")
                return
            tables, engine = view.reader.resources.tables, view.reader.resources.engine
            now = datetime.now(UTC).replace(tzinfo=None)
            word = say_verdict(tables, engine, Word(user_id, says, reason, now, view.user))
            st.success(
                f"Kept. {len(word.days)} days with that user are built anew by automation, or at"
                " once by `make build`."
            )


def _readiness(view: View) -> None:
    """Of each table: the days it has, of those that have events."""
    st.subheader("Readiness")
    wanted = set(view.reader.days())
    rows = [_ready(view.reader, mart.name, wanted) for mart in marts.TABLES]
    st.dataframe(pa.Table.from_pylist(rows), hide_index=True, alt="readiness of each table")


def _ready(reader: Reader, name: str, wanted: set[date]) -> dict[str, object]:
    has = reader.days_of(TABLES["marts", name])
    waiting = sorted(wanted - has)
    state = "up to date" if not waiting else "building" if has else "waiting"
    return {
        "table": f"marts/{name}",
        "state": state,
        "days": len(has),
        "days waiting": len(waiting),
        "last day": max(has, default=None),
    }


def _refusals(view: View) -> None:
    st.subheader("Refused")
    if not view.scope.sees_everything:
        st.info("Refused rows may be of any category; your roles do not show them.")
        return
    rows = [
        {
            "file": shown(verdict.file.object_key),
            "reason": refused.reason,
            "rows": refused.row_count,
            "first line": refused.line_number,
            "example": shown(refused.example),
            "wanted": WANTED[refused.reason],
        }
        for verdict in standing_verdicts(view.reader.resources.tables)
        for refused in verdict.refused
    ]
    if rows:
        st.dataframe(pa.Table.from_pylist(rows), hide_index=True, alt="refused rows by reason")
    else:
        st.success("No row of a file is refused.")


def _restatements(view: View) -> None:
    """What figures said before, of marts whose totals may be seen."""
    st.subheader("Restated figures")
    seen = {mart.name for mart in marts.TABLES if view.scope.condition(mart) == "true"}
    found = view.reader.restatements(view.selection, seen)
    if found.num_rows:
        st.dataframe(found, hide_index=True, alt=f"{found.num_rows} restated figures")
    else:
        st.success(f"No figure of these days was restated ({RESTATEMENTS.path}).")


@st.fragment(run_every=LOOK_SECONDS)
def _sessions(view: View) -> None:
    if not view.scope.is_live:
        st.info("Sessions name single visitors; your roles do not show them.")
        return
    now = datetime.now(UTC)
    log = session_log(view.settings)
    try:
        active = log.active(now - HERE, now, MOST_SESSIONS)
        quiet = log.quiet_carts(active)
    except (BotoCoreError, ClientError) as error:
        st.error(f"The sessions cannot be read: {error}")
        return
    minutes = HERE // timedelta(minutes=1)
    st.caption(f"active within {minutes} minutes; looked at {now:%H:%M:%S} UTC")
    if not active:
        st.success("Nobody is here.")
        return
    in_stage = {stage: sum(one.stage == stage for one in active) for stage in STAGES}
    for (stage, count), column in zip(in_stage.items(), st.columns(len(STAGES)), strict=True):
        column.metric(STAGES[stage], f"{count:,}")
    rows = pa.Table.from_pylist(session_rows(active, quiet))
    st.dataframe(rows, hide_index=True, alt=f"{len(active)} sessions")


PARTS: Mapping[str, Callable[[View], None]] = {
    "verdicts": _verdicts,
    "alerts": _alerts,
    "sessions": _sessions,
    "readiness": _readiness,
    "refusals": _refusals,
    "restatements": _restatements,
}
