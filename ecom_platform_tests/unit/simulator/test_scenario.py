"""Scenario files: what they give, and clear words for what is wrong in one."""

from pathlib import Path

import pytest
import yaml

from ecom_platform.simulator.cast import Part, Rhythm
from ecom_platform.simulator.families import FAMILIES
from ecom_platform.simulator.scenario import (
    ScenarioError,
    parse_scenario,
    read_scenario,
    shipped_names,
)


def parsed(text: str) -> object:
    return parse_scenario(yaml.safe_load(text), name="mine")


def test_entry_keeps_what_is_given_and_takes_the_rest_from_its_family() -> None:
    scenario = parse_scenario(
        {
            "duration_seconds": 120,
            "people": {"rate": 30},
            "dirt": {"broken_share": 0.01},
            "actors": [{"family": "timed_crawler", "rate": 2, "start_seconds": 20}],
        },
        name="mine",
    )
    assert (scenario.people_rate, scenario.dirt.broken_share) == (30, 0.01)
    (cast,) = scenario.parts
    assert cast.part == Part(
        name="timed_crawler",
        family="timed_crawler",
        rate=2.0,
        rhythm=Rhythm.TIMER,
        jitter=0.1,
        start_seconds=20.0,
        duration_seconds=100.0,
    )
    assert cast.expected_rules == ("machine_rhythm",)


def test_shipped_scenarios_are_what_they_are_called() -> None:
    assert shipped_names() == ["all_families", "controls_only", "demo"]
    played = {n: [c.part.family for c in read_scenario(n).parts] for n in shipped_names()}
    assert set(played["all_families"]) == set(FAMILIES)
    assert {FAMILIES[f].label for f in played["controls_only"]} == {"control"}
    assert [FAMILIES[f].label for f in played["demo"]] == ["attack"] * 3 + ["control"]
    assert read_scenario("demo").duration_seconds == 60


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "mine: duration_seconds, Field required"),
        ("[]", "mine: give keys and values: actors, dirt, duration_seconds, people; there is "),
        ("{duration_seconds: 60, speed: 2}", "mine: unknown key speed; known are: actors, dirt"),
        (
            "{duration_seconds: 60, people: {rate: fast}}",
            "mine: people, rate, Input should be a valid number; there is 'fast'",
        ),
        (
            "{duration_seconds: 60, people: {rate: .nan}}",
            "mine: people, rate, Input should be a finite number; there is nan",
        ),
        (
            "{duration_seconds: 60, actors: 3}",
            "mine: actors, Input should be a valid list; there is 3",
        ),
        (
            "{duration_seconds: 60, dirt: {broken_share: 0.9}}",
            "mine: dirt, broken_share, Input should be less than or equal to 0.5",
        ),
    ],
)
def test_mistake_in_a_scenario_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=f"^{message}"):
        parsed(text)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{family: scraper}", "family, choose one of: botnet_scraping, bulk.*; there is 'scraper'"),
        ("{}", "family, Field required"),
        (
            "{family: user_flood, rat: 3}",
            "unknown key rat; known are: actors, clock_seconds",
        ),
        (
            "{family: user_flood, rate: 0}",
            "rate, Input should be greater than or equal to 0.001; there is 0",
        ),
        (
            "{family: user_flood, actors: 1.5}",
            "actors, Input should be a valid integer.*; there is 1.5",
        ),
        (
            "{family: user_flood, rhythm: jazz}",
            "rhythm, Input should be 'timer', 'person', 'pulse' or 'drift'; there is 'jazz'",
        ),
        ("{family: user_flood, users: 3}", "user_flood takes no users; leave it out"),
        ("{family: flash_sale, rate: 3}", "flash_sale takes no rate; leave it out"),
        ("{family: site_flood, actors: 999}", "actors is 999; give a number from 1 to 333"),
        (
            "{family: user_flood, expected_rules: all}",
            "expected_rules, Input should be a valid list; there is 'all'",
        ),
    ],
)
def test_mistake_in_an_entry_is_named_with_its_number(entry: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=f"^mine: actors, entry 1, {message}"):
        parsed(f"{{duration_seconds: 60, actors: [{entry}]}}")


@pytest.mark.parametrize(("seconds", "is_refused"), [(10, False), (10.5, True)])
def test_actors_must_end_with_the_scenario(seconds: float, *, is_refused: bool) -> None:
    entry = f"{{family: user_flood, start_seconds: 50, duration_seconds: {seconds}}}"
    text = f"{{duration_seconds: 60, actors: [{entry}]}}"
    if is_refused:
        with pytest.raises(ScenarioError, match="entry 1 of actors ends after the scenario's 60 s"):
            parsed(text)
    else:
        parsed(text)


def test_two_entries_of_one_name_are_refused() -> None:
    with pytest.raises(ScenarioError, match="several entries are called user_flood; give each"):
        parsed("{duration_seconds: 60, actors: [{family: user_flood}, {family: user_flood}]}")


def test_missing_file_is_told_with_the_shipped_names() -> None:
    with pytest.raises(ScenarioError, match="shipped ones: all_families, controls_only, demo"):
        read_scenario("nowhere")


def test_file_that_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("duration_seconds: [60")
    with pytest.raises(ScenarioError, match=r"broken.yaml is not YAML: .*\n.*line 1"):
        read_scenario(str(path))
