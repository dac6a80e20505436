"""`python -m infra.athena`: write infra/athena.yaml, a work group and the four answers as queries.

What does not belong here: what the queries say (`ecom_platform/commands/questions`).
"""

from pathlib import Path
from typing import Any

from ecom_platform.commands.answers import QUESTIONS
from ecom_platform.marts.portable import athena, named_query
from infra.generated import NAMES, logical_name, template_text

Json = dict[str, Any]
FILE = Path(__file__).with_name("athena.yaml")
DATABASE_PREFIX = "${DatabasePrefix}"
SCAN_LIMIT_BYTES = 100 * 10**9
"""What a query may scan at most; half a US dollar's worth."""


def template() -> Json:
    """The whole template."""
    queries = {
        f"{logical_name(path.stem)}Query": _query(path) for path in sorted(QUESTIONS.glob("*.sql"))
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The work group in which marts are computed, with the answers as named"
        " queries. Made by infra/athena.py; do not edit.",
        "Parameters": {
            **NAMES,
            "DataBucketName": {"Type": "String"},
            "AthenaScanLimitBytes": {
                "Type": "Number",
                "Default": SCAN_LIMIT_BYTES,
                "MinValue": 10_000_000,
                "Description": "A query that scans more is stopped.",
            },
        },
        "Resources": {"WorkGroup": _work_group(), "BatchPolicy": _policy(), **queries},
        "Outputs": {"AthenaWorkGroup": {"Value": {"Ref": "WorkGroup"}}},
    }


def _work_group() -> Json:
    return {
        "Type": "AWS::Athena::WorkGroup",
        "Properties": {
            "Name": {"Fn::Sub": "${Prefix}marts"},
            "Description": "Marts, and who may read all of them; no query scans more than a limit.",
            "State": "ENABLED",
            "RecursiveDeleteOption": True,
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "PublishCloudWatchMetricsEnabled": True,
                "BytesScannedCutoffPerQuery": {"Ref": "AthenaScanLimitBytes"},
                "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
                "ResultConfiguration": {
                    "OutputLocation": {"Fn::Sub": "s3://${DataBucketName}/athena_results/"},
                    "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
                },
            },
        },
    }


ACCOUNT = "${AWS::Region}:${AWS::AccountId}"
ATHENA, GLUE = (f"arn:${{AWS::Partition}}:{name}:{ACCOUNT}" for name in ("athena", "glue"))
BUCKET = "arn:${AWS::Partition}:s3:::${DataBucketName}"
CATALOG = (
    "catalog",
    # Athena asks for it whatever a query names.
    "database/default",
    *(f"database/{DATABASE_PREFIX}{layer}" for layer in ("lake", "marts")),
    *(f"table/{DATABASE_PREFIX}{layer}/*" for layer in ("lake", "marts")),
)
ALLOWED: tuple[tuple[str, list[str], list[str]], ...] = (
    (
        "RunQueries",
        [f"athena:{verb}QueryExecution" for verb in ("Start", "Get", "Stop")],
        [f"{ATHENA}:workgroup/${{Prefix}}marts"],
    ),
    (
        "ReadCatalog",
        ["glue:GetDatabase", "glue:BatchGetPartition"],
        [f"{GLUE}:{place}" for place in CATALOG],
    ),
    # Of tables that Lake Formation guards; it takes no resource.
    ("ReadGuardedTables", ["lakeformation:GetDataAccess"], ["*"]),
    ("FindBucket", ["s3:GetBucketLocation"], [BUCKET]),
    (
        "WriteResults",
        ["s3:PutObject", "s3:AbortMultipartUpload"],
        [f"{BUCKET}/athena_results/*"],
    ),
)
"""What the batch role needs beside the tables, which it reads and writes anyway."""


def _policy() -> Json:
    statements = [
        {
            "Sid": name,
            "Effect": "Allow",
            "Action": actions,
            "Resource": [place if place == "*" else {"Fn::Sub": place} for place in places],
        }
        for name, actions, places in ALLOWED
    ]
    return {
        "Type": "AWS::IAM::RolePolicy",
        "Properties": {
            "RoleName": {"Fn::Sub": "${Prefix}batch"},
            "PolicyName": "athena",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
        },
    }


def _query(path: Path) -> Json:
    """A question, its opening comment as description."""
    text = path.read_text("utf-8")
    return {
        "Type": "AWS::Athena::NamedQuery",
        "Properties": {
            "Name": {"Fn::Sub": f"${{Prefix}}{path.stem.replace('_', '-')}"},
            "Description": text.splitlines()[0].removeprefix("-- "),
            "Database": {"Fn::Sub": f"{DATABASE_PREFIX}marts"},
            "WorkGroup": {"Ref": "WorkGroup"},
            "QueryString": {"Fn::Sub": named_query(text, athena(DATABASE_PREFIX))},
        },
    }


def text() -> str:
    """The template as it lies in its file."""
    return template_text(template())


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
