"""`python -m ecom_platform_tests.parity.spark_program`: asks Spark, in an environment of its own.

The queries come in its dialect.
"""

import json
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from benchmarks.spark_batch import session
from benchmarks.spark_dialect import view_name
from ecom_platform_tests.parity.questions import Question, answer_each, arguments


def show_tables(spark: SparkSession, tables: Path) -> None:
    """Each folder `<layer>.<table>` as a view."""
    for folder in sorted(tables.iterdir()):
        layer, name = folder.name.split(".")
        spark.read.parquet(str(folder)).createOrReplaceTempView(view_name(layer, name))


def answer(spark: SparkSession, question: Question, folder: Path, errors: dict[str, str]) -> None:
    """Write the answer to a question, or note what Spark refused it with."""
    try:
        rows = spark.sql(question.sql)
        rows.coalesce(1).write.parquet(str(folder / f"{question.file_name}.parts"))
    except PySparkException as error:
        errors[question.name] = str(error)[:300]
        return
    (part,) = (folder / f"{question.file_name}.parts").glob("*.parquet")
    part.rename(folder / question.file_name)


def main() -> None:
    parser = arguments()
    parser.add_argument("--tables", type=Path, required=True)
    options = parser.parse_args()
    spark = session(options.answers, 2)
    # As the Glue catalog says: `timestamp`.
    spark.conf.set("spark.sql.parquet.inferTimestampNTZ.enabled", "false")
    show_tables(spark, options.tables)
    errors: dict[str, str] = {}
    answer_each(
        "Spark",
        options.questions,
        lambda question: answer(spark, question, options.answers, errors),
    )
    (options.answers / "errors.json").write_text(json.dumps(errors))
    spark.stop()


if __name__ == "__main__":
    main()
