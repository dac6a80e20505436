"""`python -m ecom_platform_tests.parity.spark_program`: asks Spark, in an environment of its own.

The queries come in its dialect.
"""

import argparse
import json
import time
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from benchmarks.spark_batch import session
from benchmarks.spark_dialect import view_name
from ecom_platform_tests.parity.questions import Question, read_questions


def show_tables(spark: SparkSession, tables: Path) -> None:
    """Each folder `<layer>.<table>` as a view."""
    for folder in sorted(tables.iterdir()):
        layer, name = folder.name.split(".")
        spark.read.parquet(str(folder)).createOrReplaceTempView(view_name(layer, name))


def answer(spark: SparkSession, question: Question, folder: Path) -> str | None:
    """Write the answer to a question; returns what Spark refused it with."""
    try:
        rows = spark.sql(question.sql)
        rows.coalesce(1).write.parquet(str(folder / f"{question.file_name}.parts"))
    except PySparkException as error:
        return str(error)[:300]
    (part,) = (folder / f"{question.file_name}.parts").glob("*.parquet")
    part.rename(folder / question.file_name)
    return None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--answers", type=Path, required=True)
    options = parser.parse_args()
    spark = session(options.answers, 2)
    # As the Glue catalog says: `timestamp`.
    spark.conf.set("spark.sql.parquet.inferTimestampNTZ.enabled", "false")
    show_tables(spark, options.tables)
    errors = {}
    for question in read_questions(options.questions):
        started = time.monotonic()
        error = answer(spark, question, options.answers)
        if error:
            errors[question.name] = error
        print(f"Spark: {question.name}, {time.monotonic() - started:.1f} s", flush=True)
    (options.answers / "errors.json").write_text(json.dumps(errors))
    spark.stop()


if __name__ == "__main__":
    main()
