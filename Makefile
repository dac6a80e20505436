.DEFAULT_GOAL := help
SHELL := /bin/bash

CLOUD_PORT ?= 4566
UI_PORT ?= 3000
DASHBOARD_PORT ?= 8501
FLINK_PORT ?= 8081
EVENTS ?=
OUT ?= alerts.jsonl
SCENARIO ?= demo
FILES ?=
FILE ?=
RATE ?=
SPEED ?=
ENVIRONMENT ?= aws
ROWS ?= 10000000
EVENTS_PER_SECOND ?= 100
BENCH ?=
SEEDS ?= 1
SIGN_IN ?=
POSTGRES ?=
YES ?=
CONFIRM ?=
TEST_WORKERS ?= 3
CHROMIUM ?=

VENV := .venv
FLINK_VENV := .venv-flink
SPARK_VENV := .venv-spark
POLARS_VENV := .venv-polars
COHORTS_VENV := .venv-cohorts
TRINO_VENV := .venv-trino
PYTHON := $(VENV)/bin/python
LOCAL := $(PYTHON) -m infra.local --port $(CLOUD_PORT)
RUN := $(LOCAL) run $(if $(POSTGRES),--postgres)

help: ## List every target
	@sed -nE -e 's/^## (.*)/\n\1/p' -e 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 28


## Try it

demo: ## Four answers from four weeks of made-up traffic, then alarms on a live stream; EVENTS=path.csv takes your own file
	@started=$$(date +%s); \
	  $(MAKE) --no-print-directory $(VENV)/run.stamp $(if $(EVENTS),,$(FLINK_VENV)/stamp) \
	  && $(RUN) $(if $(EVENTS),,--flink-port 0) $(PYTHON) -m ecom_platform.commands.demo \
	     --setup-seconds $$(( $$(date +%s) - started )) $(if $(EVENTS),--events "$(EVENTS)")

up: $(VENV)/run.stamp $(FLINK_VENV)/stamp ## Start the local cloud, Flink, the Dagster web UI and the dashboard (POSTGRES=1: marts from PostgreSQL); Ctrl-C stops all
	@$(RUN) --flink-port $(FLINK_PORT) $(PYTHON) -m ecom_platform.commands.up --port $(UI_PORT) --dashboard-port $(DASHBOARD_PORT) $(if $(SIGN_IN),--sign-in) || [ $$? -eq 130 ]

down: $(VENV)/run.stamp ## Stop a local cloud that was left running
	@$(LOCAL) stop

clean: ## Stop the local cloud and remove its data, the Dagster home and the virtual environment
	@if [ -x $(PYTHON) ]; then $(LOCAL) clean; fi
	@rm -rf $(VENV) $(FLINK_VENV) $(SPARK_VENV) $(POLARS_VENV) $(COHORTS_VENV) $(TRINO_VENV) .venv-checkov .benchmarks .mypy_cache .ruff_cache .pytest_cache

## Look

answers: $(VENV)/run.stamp ## Print the four answers again
	@$(RUN) $(PYTHON) -m ecom_platform.commands.answers

alerts: $(VENV)/run.stamp ## Print the alerts of the last day from DynamoDB
	@$(RUN) $(PYTHON) -m ecom_platform.commands.alerts

sessions: $(VENV)/run.stamp ## Print who is in the shop now: stage, cart, last product, what was told of quiet carts
	@$(RUN) $(PYTHON) -m ecom_platform.commands.sessions

quarantine: $(VENV)/run.stamp ## Print what was refused: files and reasons, with an example and the remedy of each
	@$(RUN) $(PYTHON) -m ecom_platform.commands.quarantine

mcp: $(VENV)/run.stamp ## Answer questions of an assistant over stdio (MCP), read-only, under the dashboard's policy
	@$(RUN) $(PYTHON) -m ecom_platform.webapp.ask

simulate: $(VENV)/run.stamp ## Play a scenario on the stream; SCENARIO=file.yaml RATE=200 SPEED=2, or FILES=raw/exports/
	@$(RUN) $(PYTHON) -m ecom_platform.commands.simulate \
	  $(if $(FILES),--files $(FILES),--scenario "$(SCENARIO)") \
	  $(if $(RATE),--rate $(RATE)) $(if $(SPEED),--speed $(SPEED)) || [ $$? -eq 130 ]

## Operate

detect: $(VENV)/run.stamp ## Run every rule over recorded events; EVENTS=records.jsonl OUT=alerts.jsonl
	@$(PYTHON) -m ecom_platform.commands.detect "$(EVENTS)" "$(OUT)"

backtest: $(VENV)/run.stamp ## What another threshold would have changed over the lake; RULE=user_flood SET=threshold=40
	@$(RUN) $(PYTHON) -m ecom_platform.commands.backtest "$(RULE)" $(SET)

build: $(VENV)/run.stamp ## Stage and build whatever is not up to date, without waiting for a sensor
	@$(RUN) $(PYTHON) -m ecom_platform.commands.build

verdict: $(VENV)/run.stamp ## Overrule the rules on bots; USER=555 SAY=person REASON="our price monitor"
	@$(RUN) $(PYTHON) -m ecom_platform.commands.verdict "$(USER)" "$(SAY)" "$(REASON)"

acknowledge: $(VENV)/run.stamp ## Say that you look after the alerts of a user; USER=555, or USER=site
	@$(RUN) $(PYTHON) -m ecom_platform.commands.answer_alert "$(USER)"

mute: $(VENV)/run.stamp ## Tell nobody of a user for some hours; USER=555 HOURS=4 REASON="our load test"
	@$(RUN) $(PYTHON) -m ecom_platform.commands.answer_alert "$(USER)" --hours "$(HOURS)" --reason "$(REASON)"

prepare-database: $(VENV)/run.stamp ## Let the marts' PostgreSQL (ECOM_MART_DATABASE, or POSTGRES=1 for one of this machine) follow the policy
	@$(RUN) $(PYTHON) -m ecom_platform.commands.prepare_database

erase: $(VENV)/run.stamp ## Forget users everywhere, and prove it; USER="555 556", or none for all who ever asked (after a restore)
	@$(RUN) $(PYTHON) -m ecom_platform.commands.erase $(if $(findstring command line,$(origin USER)),$(USER))

retire: $(VENV)/run.stamp ## End what a delivered file says; FILE=events.csv
	@$(RUN) $(PYTHON) -m ecom_platform.commands.retire "$(FILE)"

replay-quarantine: $(VENV)/run.stamp ## Read files with refused rows again, after a rule was mended
	@$(RUN) $(PYTHON) -m ecom_platform.commands.replay_quarantine

replay-failures: $(VENV)/run.stamp ## Give records that no function took, or that came too late, to their function once more
	@$(RUN) $(PYTHON) -m ecom_platform.commands.replay_failures

restage: $(VENV)/run.stamp ## Cut all days anew, after ECOM_STORE_TIME_ZONE was changed
	@$(RUN) $(PYTHON) -m ecom_platform.commands.restage

rebuild-catalog: $(VENV)/run.stamp ## Make the Glue catalog anew from the commit records
	@$(RUN) $(PYTHON) -m ecom_platform.commands.rebuild_catalog

remove-old-versions: $(VENV)/run.stamp ## Free the space of versions that were replaced more than a day ago
	@$(RUN) $(PYTHON) -m ecom_platform.commands.remove_old_versions

plan: $(VENV)/run.stamp $(FLINK_VENV)/stamp ## Show what a deployment would change (ENVIRONMENT=aws)
	@$(PYTHON) -m infra.deploy $(ENVIRONMENT) --plan

deploy: $(VENV)/run.stamp $(FLINK_VENV)/stamp ## Deploy to AWS with your own credentials, asking first (ENVIRONMENT=aws; YES=1 asks nobody)
	@$(PYTHON) -m infra.deploy $(ENVIRONMENT) $(if $(YES),--yes)

smoke: $(VENV)/run.stamp ## Whether a deployment works: the canary's alert arrives, yesterday builds (ENVIRONMENT=aws)
	@$(PYTHON) -m infra.smoke $(ENVIRONMENT)

destroy: $(VENV)/run.stamp ## Take a deployment away, but for its data (ENVIRONMENT=aws CONFIRM=ecom-)
	@$(PYTHON) -m infra.destroy $(ENVIRONMENT) --confirm "$(CONFIRM)"

doctor: $(VENV)/run.stamp ## Say what is wrong with an installation, and what mends it (ENVIRONMENT=local)
	@$(if $(filter local,$(ENVIRONMENT)),$(RUN)) $(PYTHON) -m infra.doctor $(ENVIRONMENT)

## Work on it

check: $(VENV)/dev.stamp ## Lint, types, architecture, templates, definitions
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/cfn-lint $(filter-out infra/prices.yaml,$(wildcard infra/*.yaml))
	@$(VENV)/bin/hadolint infra/hosting/Dockerfile
	@$(PYTHON) -m pytest -q ecom_platform_tests/architecture

test: $(VENV)/dev.stamp ## Run the tests (those that take minutes: make test-slow)
	@$(PYTHON) -m pytest -m "not slow and not flink" -n $(TEST_WORKERS) --dist loadfile

test-stream: $(VENV)/dev.stamp $(FLINK_VENV)/stamp ## Run the rules on Flink and on DuckDB, poison records, and one crash
	@$(PYTHON) -m pytest -m stream

test-spark: $(VENV)/dev.stamp $(SPARK_VENV)/stamp ## Run the Glue job on a local Spark over every odd file, beside DuckDB
	@$(PYTHON) -m pytest ecom_platform_tests/integration/test_staging_job.py

test-slow: $(VENV)/dev.stamp $(FLINK_VENV)/stamp $(SPARK_VENV)/stamp $(COHORTS_VENV)/stamp ## Run the tests that take minutes: the stream, a live instance, crashes, orders of building
	@$(PYTHON) -m pytest -m "slow or flink"

crash-test: $(VENV)/dev.stamp $(FLINK_VENV)/stamp ## Kill parts of the platform at ten moments of a rebuild, and compare with a calm run
	@$(PYTHON) -m ecom_platform_tests.e2e.crashes --moments 10 --seed 7

chaos: $(VENV)/dev.stamp $(FLINK_VENV)/stamp ## The stream under every fault beside a calm run of the same traffic; SEEDS=3
	@PYTHONPATH=lambda_handlers:flink_app $(PYTHON) -m ecom_platform_tests.chaos --seeds $(SEEDS)

soak: $(VENV)/dev.stamp $(FLINK_VENV)/stamp ## An hour of traffic in ten minutes: the memory of every process, a place for every event
	@PYTHONPATH=lambda_handlers:flink_app $(PYTHON) -m ecom_platform_tests.chaos.soak --picture docs/benchmarks/soak.png

parity: $(VENV)/dev.stamp $(TRINO_VENV)/stamp $(SPARK_VENV)/stamp ## Every mart, check, rule and named query on DuckDB, Trino (which is Athena) and Spark; BENCH="--rows 100000"
	@$(PYTHON) -m ecom_platform_tests.parity $(BENCH)

access: $(VENV)/dev.stamp $(FLINK_VENV)/stamp ## What each role does in a run from end to end, held against its policy; and abuses, each refused
	@PYTHONPATH=lambda_handlers:flink_app $(PYTHON) -m ecom_platform_tests.access

check-workflows: ## Lint the GitHub workflows with actionlint; needs Go
	@GOBIN="$(CURDIR)/.local/tools" go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	@.local/tools/actionlint -no-color -shellcheck= -pyflakes= .github/workflows/*.yml

scan: .venv-checkov/stamp ## Scan the templates with checkov, in an environment of its own
	@.venv-checkov/bin/checkov --config-file infra/.checkov.yaml

mutate: $(VENV)/dev.stamp ## Change every mart, check and rule in small ways, and see that an example notices each
	@PYTHONPATH=lambda_handlers:flink_app $(PYTHON) -m ecom_platform_tests.mutation

screenshots: $(VENV)/browser.stamp $(FLINK_VENV)/stamp ## Take the pictures of the web UI and the dashboard in docs/screenshots; needs Chromium
	@$(PYTHON) -m ecom_platform_tests.browser.dashboard --rows 1300000 --pictures docs/screenshots $(if $(CHROMIUM),--chromium "$(CHROMIUM)")
	@$(PYTHON) -m ecom_platform_tests.browser.screenshots $(if $(CHROMIUM),--chromium "$(CHROMIUM)")

test-browser: $(VENV)/browser.stamp ## Every page of the dashboard in a headless Chromium, over ROWS events: in time, without an error, usable by everybody
	@$(PYTHON) -m ecom_platform_tests.browser.dashboard --rows $(ROWS) $(if $(CHROMIUM),--chromium "$(CHROMIUM)")

flink: $(FLINK_VENV)/stamp ## Set up the environment of the Flink job

lock: $(VENV)/run.stamp ## Resolve the requirements anew, with hashes
	@for name in requirements/run requirements/dev requirements/uv requirements/browser glue_jobs/requirements glue_jobs/local/requirements benchmarks/polars_requirements benchmarks/cohorts_requirements benchmarks/trino_requirements infra/checkov_requirements \
	  flink_app/requirements $(basename $(wildcard lambda_handlers/*/requirements.in)); do \
	  $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 \
	  --generate-hashes --no-strip-extras --no-header --no-annotate --upgrade \
	  $$name.in -o $$name.txt; done

## Measure

cost: $(VENV)/run.stamp ## What a month costs on AWS, by service; EVENTS_PER_SECOND=100
	@$(PYTHON) -m infra.costs --events-per-second $(EVENTS_PER_SECOND)

bench-batch: $(VENV)/run.stamp $(if $(findstring --peers,$(BENCH)),$(SPARK_VENV)/stamp $(POLARS_VENV)/stamp) ## Time raw files to marts against a bare DuckDB script; ROWS=1000000 BENCH=--peers
	@$(PYTHON) -m benchmarks.batch --rows $(ROWS) $(BENCH)

bench-staging: $(VENV)/run.stamp $(SPARK_VENV)/stamp ## Stage one file of ROWS events by DuckDB and by the Spark job: seconds, and 0 rows that differ
	@$(PYTHON) -m benchmarks.staging --rows $(ROWS) $(BENCH)

bench-scale: $(VENV)/run.stamp ## One day of 1 and of 10 million events, raw to marts: seconds and bytes; BENCH="--rows 40000000"
	@$(PYTHON) -m benchmarks.scale $(BENCH)

bench-database: $(VENV)/run.stamp ## Pages of the dashboard from PostgreSQL under row security: 50 connections over marts of ROWS events
	@$(PYTHON) -m benchmarks.database --rows $(ROWS) $(BENCH)

bench-stream: $(VENV)/run.stamp $(FLINK_VENV)/stamp ## Time from put to alert by hop, and how fast Flink drains a backlog; BENCH="--seconds 60"
	@$(PYTHON) -m benchmarks.stream $(BENCH)

bench-detection: $(VENV)/dev.stamp ## Recall, precision and false alarms of the alarms on worlds that no threshold saw; BENCH="--scenario file.yaml"
	@$(PYTHON) -m benchmarks.detection $(BENCH)

bench-agreement: $(VENV)/dev.stamp $(FLINK_VENV)/stamp ## The same half a million events through Flink and through DuckDB: 0 episodes may differ
	@$(PYTHON) -m benchmarks.detection_agreement $(BENCH)

sweep-detection: $(VENV)/dev.stamp ## Each rule at thresholds around its own, on the worlds where thresholds are chosen
	@$(PYTHON) -m benchmarks.detection_sweep $(BENCH)

calibrate: $(VENV)/run.stamp ## Compare made-up traffic with the published figures of the real shop
	@$(PYTHON) -m ecom_platform.traffic generate --out .local/calibration --start 2026-01-05 \
	  --end 2026-02-01 --events-per-day 40000 --dirt 0
	@$(PYTHON) -m ecom_platform.traffic calibrate --events .local/calibration

# Environments, each made anew when what it is made of changes.

$(VENV)/bin/uv: requirements/uv.txt
	@python3 -c 'import sys; sys.version_info[:2] == (3, 11) or sys.exit("error: Python 3.11 is needed, python3 is %d.%d; put a Python 3.11 first in PATH" % sys.version_info[:2])'
	@echo "setting up $(VENV) …"
	@python3 -m venv $(VENV)
	@$(PYTHON) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/run.stamp: requirements/run.txt $(VENV)/bin/uv
	@$(VENV)/bin/uv pip install -q --python $(PYTHON) --require-hashes -r requirements/run.txt
	@touch $@

$(FLINK_VENV)/stamp: flink_app/requirements.txt $(VENV)/bin/uv
	@echo "setting up $(FLINK_VENV) …"
	@python3 -m venv $(FLINK_VENV)
	@$(VENV)/bin/uv pip install -q --python $(FLINK_VENV)/bin/python --require-hashes -r $<
	@cd flink_app && ../$(FLINK_VENV)/bin/python -m local.connector
	@touch $@

$(TRINO_VENV)/stamp: benchmarks/trino_requirements.txt $(VENV)/bin/uv
	@echo "setting up $(TRINO_VENV) …"
	@python3 -m venv $(TRINO_VENV)
	@$(VENV)/bin/uv pip install -q --python $(TRINO_VENV)/bin/python --require-hashes -r $<
	@$(TRINO_VENV)/bin/python -m ecom_platform_tests.parity.trino_server
	@touch $@

$(SPARK_VENV)/stamp: glue_jobs/local/requirements.txt $(VENV)/bin/uv
	@echo "setting up $(SPARK_VENV) …"
	@python3 -m venv $(SPARK_VENV)
	@$(VENV)/bin/uv pip install -q --python $(SPARK_VENV)/bin/python --require-hashes -r $<
	@touch $@

.venv-checkov/stamp: infra/checkov_requirements.txt $(VENV)/bin/uv
	@echo "setting up .venv-checkov …"
	@python3 -m venv .venv-checkov
	@$(VENV)/bin/uv pip install -q --python .venv-checkov/bin/python --require-hashes -r $<
	@touch $@

.venv-%/stamp: benchmarks/%_requirements.txt $(VENV)/bin/uv
	@echo "setting up .venv-$* …"
	@python3 -m venv .venv-$*
	@$(VENV)/bin/uv pip install -q --python .venv-$*/bin/python --require-hashes -r $<
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	@$(VENV)/bin/uv pip install -q --python $(PYTHON) --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/browser.stamp: requirements/browser.txt $(VENV)/dev.stamp
	@$(VENV)/bin/uv pip install -q --python $(PYTHON) --require-hashes -r requirements/browser.txt
	@touch $@

.PHONY: cost bench-scale bench-database prepare-database parity test-spark bench-staging help demo up down clean answers alerts sessions quarantine mcp simulate detect backtest build verdict acknowledge mute retire erase replay-quarantine replay-failures restage rebuild-catalog remove-old-versions plan deploy smoke destroy doctor check test test-stream test-slow crash-test access check-workflows scan chaos soak mutate screenshots test-browser flink lock bench-batch bench-stream bench-detection bench-agreement sweep-detection calibrate
