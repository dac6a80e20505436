"""Who may see what, from one file: the rows of each mart that a user's roles allow.

It fails closed: without a policy, a user or a role there are no rows. The dashboard here reads
through these conditions; QuickSight's rules and Lake Formation's filters are made of the same file.
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ecom_platform.contracts import marts
from ecom_platform.contracts.table import Table
from ecom_platform.dashboard.measures import has_column
from ecom_platform.tables.literals import literal

ALL = "*"
DEMO_FILE = Path(__file__).with_name("demo_policy.yaml")
NAMES = frozenset(mart.name for mart in marts.TABLES)


class PolicyError(ValueError):
    """The policy cannot be read; the message says where it is wrong."""


class Role(BaseModel):
    """What a role may see. What is not named is hidden."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    is_live: bool = False
    may_judge: bool = False

    @model_validator(mode="after")
    def _totals_are_marts(self) -> Self:
        unknown = set(self.totals) - NAMES - {ALL}
        if unknown:
            raise ValueError(f"totals name no mart: {', '.join(sorted(unknown))}")
        if any("," in name for name in (*self.categories, *self.brands)):
            raise ValueError("no name may have a comma: QuickSight takes it for two")
        return self


class Policy(BaseModel):
    """Every role, and who has which."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: dict[str, Role]
    users: dict[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _roles_exist(self) -> Self:
        unknown = {role for roles in self.users.values() for role in roles} - set(self.roles)
        if unknown:
            raise ValueError(f"users have roles that are not there: {', '.join(sorted(unknown))}")
        return self

    def scope_of(self, user: str | None) -> "Scope":
        """What a user may see; nothing for somebody whom it does not name."""
        roles = [self.roles[name] for name in self.users.get(user or "", ())]
        return Scope(tuple(roles), user or "", self.digest)

    @cached_property
    def digest(self) -> str:
        """Equal for policies that say the same, and mean the same rows of the same columns."""
        meant = [
            f"{name} {mart.all_columns} {_condition(role, mart)}"
            for name, role in self.roles.items()
            for mart in marts.TABLES
        ]
        return sha256("\n".join([self.model_dump_json(), *meant]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Scope:
    """The sum of some roles; none of them sees nothing.

    Attributes:
        roles: the roles.
        user: who has them.
        policy: digest of the policy that says so.

    """

    roles: tuple[Role, ...] = ()
    user: str = ""
    policy: str = ""

    @property
    def is_live(self) -> bool:
        return any(role.is_live for role in self.roles)

    @property
    def may_judge(self) -> bool:
        return any(role.may_judge for role in self.roles)

    @property
    def sees_everything(self) -> bool:
        """Whether no row of any mart is hidden."""
        return any(role.is_live and _is_unlimited(role) for role in self.roles)

    def condition(self, mart: Table) -> str:
        """A SQL condition on the rows of a mart; `false` where all of it is hidden."""
        allowed = [found for role in self.roles if (found := _condition(role, mart)) != "false"]
        if not allowed:
            return "false"
        return "true" if "true" in allowed else " or ".join(f"({one})" for one in allowed)

    def sees(self, mart: Table) -> bool:
        """Whether any row of a mart may be seen."""
        return self.condition(mart) != "false"


def _is_unlimited(role: Role) -> bool:
    return all(ALL in names for names in (role.categories, role.brands, role.totals))


def names_total(role: Role, mart: Table) -> bool:
    """Whether a role may see a mart as a whole, where a column that limits it is missing."""
    return ALL in role.totals or mart.name in role.totals


def hides_brands(role: Role, mart: Table) -> bool:
    """Whether figures over all brands would be shown to who may see some alone."""
    is_over_brands = has_column(mart, "category_code") and not has_column(mart, "brand")
    return is_over_brands and ALL not in role.brands and not names_total(role, mart)


def _condition(role: Role, mart: Table) -> str:
    by_category = has_column(mart, "category_code")
    if (not by_category and not names_total(role, mart)) or hides_brands(role, mart):
        return "false"
    parts = []
    if by_category:
        parts.append(_category_condition(role.categories))
    if has_column(mart, "brand"):
        parts.append(_brand_condition(role.brands))
    if "false" in parts:
        return "false"
    return " and ".join(part for part in parts if part != "true") or "true"


def _category_condition(categories: tuple[str, ...]) -> str:
    if ALL in categories:
        return "true"
    if not categories:
        return "false"
    # All that begins with `name.`, as `/` follows the point; Lake Formation knows no starts_with.
    below = [
        f"(category_code >= {literal(f'{name}.')} and category_code < {literal(f'{name}/')})"
        for name in categories
    ]
    return f"({' or '.join([_among('category_code', categories), *below])})"


def _brand_condition(brands: tuple[str, ...]) -> str:
    return "true" if ALL in brands else _among("brand", brands)


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(map(literal, values))})" if values else "false"


def read_policy(path: Path) -> Policy:
    """The policy in a file.

    Raises:
        PolicyError: there is none, or it is wrong; the message says where.

    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        return Policy.model_validate(content)
    except FileNotFoundError as error:
        raise PolicyError(f"{path} is missing; ECOM_POLICY names the policy's file") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise PolicyError(f"{path}: {error}") from error
