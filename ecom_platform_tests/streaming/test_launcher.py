"""What the launcher decides before Flink starts."""

import os
import socket
from pathlib import Path

import pytest
import runtime_properties
import sql_files
import statements
from local import checkpoints, connector, processes

GROUPS = runtime_properties.load_property_groups(runtime_properties.LOCAL_FILE)


def checkpoint(folder: Path, name: str, *, at: int) -> Path:
    path = folder / name
    path.mkdir(parents=True)
    (path / "_metadata").touch()
    os.utime(path / "_metadata", (at, at))
    return path


def test_newest_checkpoint_is_the_last_complete_one_of_any_job(tmp_path: Path) -> None:
    checkpoint(tmp_path, "aaa/chk-9", at=100)
    newest = checkpoint(tmp_path, "bbb/chk-2", at=200)
    (tmp_path / "bbb/chk-3").mkdir()
    assert checkpoints.newest_checkpoint(tmp_path) == newest


def test_fresh_start_is_said_to_be_one(tmp_path: Path) -> None:
    message = checkpoints.start_message(None, tmp_path / "f1")
    assert message == "fresh start: there is no checkpoint yet"


def test_changed_rules_start_fresh_and_the_message_says_why(tmp_path: Path) -> None:
    changed = {**GROUPS, "rule.user_flood": {**GROUPS["rule.user_flood"], "threshold": "21"}}
    before = tmp_path / checkpoints.fingerprint(sql_files.SQL_FOLDER, GROUPS)
    after = tmp_path / checkpoints.fingerprint(sql_files.SQL_FOLDER, changed)
    checkpoint(before, "aaa/chk-1", at=100)
    assert checkpoints.newest_checkpoint(after) is None
    assert "the rules or their properties changed" in checkpoints.start_message(None, after)


def test_parallelism_is_not_part_of_the_fingerprint() -> None:
    other = {**GROUPS, "flink": {**GROUPS["flink"], "parallelism.default": "7"}}
    fingerprints = {checkpoints.fingerprint(sql_files.SQL_FOLDER, g) for g in (GROUPS, other)}
    assert len(fingerprints) == 1


def test_missing_parameter_is_named() -> None:
    with pytest.raises(sql_files.MissingParameterError, match="threshold"):
        sql_files.render("where n > $threshold", {"window_seconds": "10"})


def test_json_path_is_not_a_parameter() -> None:
    assert sql_files.render("json_value(line, '$.price')", {}) == "json_value(line, '$.price')"


def test_window_above_99_seconds_must_be_whole_minutes() -> None:
    groups = {"rule.user_flood": {**GROUPS["rule.user_flood"], "window_seconds": "100"}}
    with pytest.raises(statements.PropertyError, match="multiple of 60"):
        statements.rule_parameters("user_flood", groups)


@pytest.mark.parametrize(
    ("seconds", "interval"), [("99", "'99' second"), ("120", "'2' minute"), ("900", "'15' minute")]
)
def test_pause_of_a_quiet_cart_is_said_in_seconds_up_to_99(seconds: str, interval: str) -> None:
    assert statements.quiet_interval({"quiet_carts": {"quiet_seconds": seconds}}) == interval


def test_longer_pause_must_be_whole_minutes() -> None:
    with pytest.raises(statements.PropertyError, match="multiple of 60"):
        statements.quiet_interval({"quiet_carts": {"quiet_seconds": "100"}})


@pytest.mark.parametrize("rule", sql_files.rule_names())
def test_every_rule_opens_with_its_threat_and_renders(rule: str) -> None:
    text = sql_files.render_file(f"rules/{rule}", statements.rule_parameters(rule, GROUPS))
    assert text.startswith("-- OWASP Automated Threat")


def test_every_rule_property_is_used_by_its_text() -> None:
    wrapper = {"version", "entity_type", "severity", "window_seconds"}
    for rule in sql_files.rule_names():
        text = (sql_files.SQL_FOLDER / "rules" / f"{rule}.sql").read_text()
        unused = {name for name in GROUPS[f"rule.{rule}"] if f"${name}" not in text} - wrapper
        assert unused == set(), rule


def test_port_in_use_is_refused_with_the_remedy() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(processes.PortInUseError, match="--rest-port"):
            processes.require_free_port(listener.getsockname()[1])


def test_the_service_replaces_single_values_of_the_package() -> None:
    given = {"table.raw_events": {"aws.region": "eu-west-1"}, "kinesis.run": {"python": "main.py"}}
    found = runtime_properties.overlaid(GROUPS, given)
    assert found["table.raw_events"] == {**GROUPS["table.raw_events"], "aws.region": "eu-west-1"}
    assert found["rule.user_flood"] == GROUPS["rule.user_flood"]
    assert found["kinesis.run"] == {"python": "main.py"}


def test_connector_of_other_bytes_is_refused_and_removed(tmp_path: Path) -> None:
    jar = tmp_path / "connector.jar"
    jar.write_bytes(b"not the jar")

    with pytest.raises(connector.WrongConnectorError, match="SHA-256"):
        connector.check(jar)
    assert not jar.exists()
