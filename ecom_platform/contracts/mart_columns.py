"""Columns that marts share, and the shape of a mart."""

from ecom_platform.contracts.table import EVENT_DATE, Column, Input, Table

OWNER = "team:analytics"

AUDIENCES = ("all", "people")
"""Whose events count: everybody's, or those of users whom no verdict calls a bot."""

AUDIENCE = Column("audience", "string", "Whose events count.", accepted_values=AUDIENCES)
CATEGORY = Column("category_code", "string", "Category, `unknown` where it is missing.")
BRAND = Column("brand", "string", "Brand, `unknown` where it is missing.")


def count(name: str, description: str) -> Column:
    return Column(f"{name}_count", "bigint", description)


def amount(name: str, description: str) -> Column:
    return Column(f"{name}_amount", "decimal(20,2)", description)


def ranks(*measures: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            f"{measure}_rank",
            "bigint",
            f"Rank by {measure} among known categories; none at 0 and for `unknown`.",
            nullable=True,
        )
        for measure in measures
    )


def mart(
    name: str,
    description: str,
    columns: tuple[Column, ...],
    primary_key: tuple[str, ...],
    inputs: tuple[Input, ...],
) -> Table:
    return Table(
        layer="marts",
        name=name,
        description=description,
        owner=OWNER,
        columns=(AUDIENCE, *columns),
        partition_columns=(EVENT_DATE,),
        primary_key=("event_date", "audience", *primary_key),
        inputs=inputs,
    )


def both(name: str, what: str) -> tuple[Column, ...]:
    """A count of everybody, of people, and of bots: the difference."""
    return (
        count(name, f"{what}, of everybody."),
        count(f"people_{name}", f"{what}, of people."),
        count(f"bot_{name}", f"{what}, of bots: the difference."),
    )
