"""`streamlit run ecom_platform/webapp/app.py`: the dashboard, a page a question.

`make up` starts it beside Dagster, on 127.0.0.1.
"""

import sys
from datetime import UTC, date, datetime
from functools import partial

import psycopg
import streamlit as st

from ecom_platform.dashboard.downloads import to_csv
from ecom_platform.dashboard.pages import PAGES, Chart, Page
from ecom_platform.dashboard.policy import Policy, PolicyError, read_policy
from ecom_platform.settings import Settings
from ecom_platform.webapp import SIGN_IN_WORD, parts
from ecom_platform.webapp.drawing import draw
from ecom_platform.webapp.parts import View
from ecom_platform.webapp.reading import Reader, policy_file_of
from ecom_platform.webapp.selecting import AUDIENCE_TITLES, select

POLICY_SECONDS = 60
OLD_DAYS = 2
"""A batch a day brings yesterday; what is older says so."""


@st.cache_resource
def settings() -> Settings:
    return Settings.from_environment()


@st.cache_resource
def reader() -> Reader:
    return Reader.of(settings())


@st.cache_resource(ttl=POLICY_SECONDS)
def policy() -> Policy:
    """Read anew every minute, so that whom it no longer names is soon out."""
    return read_policy(policy_file_of(settings()))


def user() -> str | None:
    """Who looks; on one machine the demo's owner, unless it asks."""
    if not is_asking():
        return settings().dashboard_user
    is_verified = settings().environment == "local" or st.user.get("email_verified") is True
    return (str(st.user.get("email", "")) or None) if is_verified else None


def is_asking() -> bool:
    """Whether people sign in: everywhere but on one machine, and there if it is wished."""
    return settings().environment != "local" or SIGN_IN_WORD in sys.argv


def signed_in() -> bool:
    """Whether somebody may be asked for; else a page with nothing but the way in."""
    if not is_asking() or st.user.get("is_logged_in", False):
        if is_asking():
            st.sidebar.button("Sign out", on_click=st.logout)
        return True
    st.button("Sign in", on_click=st.login)
    return False


def main() -> None:
    st.set_page_config(page_title="Shop analytics", layout="wide")
    pages = [
        st.Page(partial(show, page), title=page.title, url_path=page.name, default=not place)
        for place, page in enumerate(PAGES.values())
    ]
    st.navigation(pages).run()


def show(page: Page) -> None:
    """One page, for who may see it."""
    st.title(page.title)
    st.markdown(page.question)
    if not signed_in():
        return
    try:
        _show_to(user(), page)
    except PolicyError as error:
        st.error(f"There is no policy, so nothing is shown: {error}")
    except psycopg.OperationalError as error:
        st.error(f"The database of the marts does not answer: {error}")


def _show_to(who: str | None, page: Page) -> None:
    scope = policy().scope_of(who)
    if not scope.roles:
        st.error("Nothing is shown: the policy names no role for you.")
        return
    days = reader().days()
    if not days:
        st.info("No day has events yet: run `make demo`, or deliver files under raw/exports/.")
        return
    selection = select(reader(), days, scope)
    view = View(reader(), selection, scope, who or "", settings())
    _say_what_is_shown(selection.audience, max(days))
    for chart in page.charts:
        _chart(chart, view)
    for part in page.parts:
        parts.show(part, view)


def _say_what_is_shown(audience: str, newest: date) -> None:
    zone, currency = settings().store_time_zone, settings().currency
    st.caption(
        f"Events of {AUDIENCE_TITLES[audience]} · days of {zone} · amounts in {currency} ·"
        f" newest day {newest}"
    )
    age = (datetime.now(UTC).astimezone(zone).date() - newest).days
    if age > OLD_DAYS:
        st.warning(f"The newest day is {age} days old: deliver files, or look at the runs.")


def _chart(chart: Chart, view: View) -> None:
    st.subheader(chart.title)
    if not view.scope.sees(chart.mart):
        st.info("Your roles do not show these figures.")
        return
    found = view.reader.chart(chart, view.selection, view.scope)
    if all(found[one.name].null_count == found.num_rows for one in chart.measures):
        st.info("Nothing of what was chosen is in these days.")
        return
    draw(chart, found, settings().currency)
    note, download = st.columns([5, 1])
    note.caption(_note(chart, view))
    download.download_button(
        "CSV",
        to_csv(found.column_names, (row.values() for row in found.to_pylist())),
        file_name=f"{chart.name}.csv",
        mime="text/csv",
        key=f"csv-{chart.name}",
        help=f"The figures of: {chart.title}",
        on_click="ignore",
    )


def _note(chart: Chart, view: View) -> str:
    """What the figures do not say, and which filters they do not follow."""
    unused = " and ".join(view.selection.unused_by(chart.mart))
    notes = [chart.note, unused and f"not narrowed by {unused}: the mart has no such column"]
    return "; ".join(note for note in notes if note)


if __name__ == "__main__":
    main()
