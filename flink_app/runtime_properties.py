"""Runtime properties as Managed Service for Apache Flink gives them: groups of text pairs.

Every property the application knows is in `application_properties.json`, which is part of the
package. What the service is given for this installation replaces values of it, key by key.
"""

import json
import os
from pathlib import Path

MANAGED_FILE = Path("/etc/flink/application_properties.json")
LOCAL_FILE = Path(__file__).with_name("application_properties.json")

PropertyGroups = dict[str, dict[str, str]]


class MissingPropertyGroupError(KeyError):
    """A property group the application needs is not there."""


def application_properties() -> PropertyGroups:
    """Return the properties of this run; locally `APPLICATION_PROPERTIES` may name another file."""
    if os.environ.get("IS_LOCAL"):
        return load_property_groups(Path(os.environ.get("APPLICATION_PROPERTIES", LOCAL_FILE)))
    return overlaid(load_property_groups(LOCAL_FILE), load_property_groups(MANAGED_FILE))


def overlaid(groups: PropertyGroups, others: PropertyGroups) -> PropertyGroups:
    """Return groups with the values of others in their place, key by key."""
    return {name: {**groups.get(name, {}), **others.get(name, {})} for name in {**groups, **others}}


def load_property_groups(path: Path) -> PropertyGroups:
    """Return group name to properties, values as text."""
    groups = json.loads(path.read_text(encoding="utf-8"))
    return {group["PropertyGroupId"]: dict(group["PropertyMap"]) for group in groups}


def write_property_groups(groups: PropertyGroups, path: Path) -> None:
    """Write groups in the form that `load_property_groups` reads."""
    content = [{"PropertyGroupId": name, "PropertyMap": dict(groups[name])} for name in groups]
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def property_group(groups: PropertyGroups, name: str) -> dict[str, str]:
    """Return one group or say which one is missing and which there are."""
    if name not in groups:
        message = f"property group {name!r} is missing; there are: {', '.join(sorted(groups))}"
        raise MissingPropertyGroupError(message)
    return groups[name]
