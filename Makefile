# `make` without a target prints the list of targets. Tools other than the Rust toolchain are installed in .tools/ only.

SHELL         := bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help

PORT    ?= 8000
STACK   ?= steward
PARAMETERS ?=
CARGO   := cargo
LOCAL   := --profile local $(if $(CI),--locked)
VENV    := .tools/venv
PYTHON  := $(VENV)/bin/python
STEWARD := target/local/steward
YAML    := template.yaml $(wildcard infra/*.yaml)

CARGO_DENY_VERSION  := 0.20.2
CARGO_DENY          := .tools/bin/cargo-deny
CARGO_INSTA_VERSION := 1.49.0
CARGO_INSTA         := .tools/bin/cargo-insta

export SAM_CLI_TELEMETRY := 0

.PHONY: help
help: ## Print the list of targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##### Local run

.PHONY: run
run: steward ## Start Steward on http://127.0.0.1:$PORT (default 8000) with sample data
	@bash infra/prerequisites.sh databases-optional
	VERIFY_SETTLE_SECONDS=0 $(STEWARD) up --samples --tick 5s --listen 127.0.0.1:$(PORT)

.PHONY: steward
steward: prerequisites ## Build target/local/steward: all functions in one program
	@# Built together with `tests`: both then use the same features, and shared crates compile only once.
	$(CARGO) build $(LOCAL) -p local -p tests --bin steward

.PHONY: reset
reset: ## Delete the data of the local run
	@# The files of a server are elsewhere, behind a link, if its user cannot reach this directory.
	for link in .steward/postgres .steward/mariadb .steward/mariadb-scratch; do \
		folder=$$(readlink $$link || true); rm -rf $${folder:+"$$folder"}; done; rm -rf .steward

.PHONY: maintenance-demo
maintenance-demo: ## Watch maintenance operations on a running `make run`; RECURRING=1 waits for a recurring one, too
	python3 infra/maintenance_demo.py http://127.0.0.1:$(PORT) $(if $(RECURRING),--recurring)

.PHONY: documented
documented: ## Send the documented requests of the original systems to a new `make run`
	python3 infra/documented.py http://127.0.0.1:$(PORT)

##### Checks

.PHONY: check
check: format lint docs deny templates test ## Run every check that a change must pass, as CI does

.PHONY: test
test: steward databases ## Build steward and run all tests
	$(CARGO) test $(LOCAL) --workspace

.PHONY: format
format: ## Check the formatting (rustfmt)
	$(CARGO) fmt --all --check

.PHONY: lint
lint: prerequisites ## Run Clippy; warnings are errors
	$(CARGO) clippy $(LOCAL) --workspace --all-targets -- -D warnings

.PHONY: docs
docs: prerequisites ## Build the API documentation; warnings are errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(LOCAL) --workspace --no-deps --document-private-items

.PHONY: deny
deny: $(CARGO_DENY) ## Check licences, sources and banned crates (cargo-deny)
	$(CARGO_DENY) --locked check bans licenses sources

.PHONY: templates
templates: $(VENV)/.test ## Check the CloudFormation templates (cfn-lint)
	$(VENV)/bin/cfn-lint $(YAML)

.PHONY: audit
audit: $(CARGO_DENY) ## Check for published security advisories (needs network access)
	$(CARGO_DENY) check advisories

.PHONY: update-snapshots
update-snapshots: steward $(CARGO_INSTA) ## Update the snapshots of the tests; review the diff before you commit it
	$(CARGO_INSTA) insta test --accept --workspace --profile local

.PHONY: simulate
simulate: prerequisites ## Simulate the bundle with faults: SEED=7 repeats one run, SEEDS=1000 tries as many
	$(CARGO) run $(LOCAL) -p tests --bin simulate -- --seed $(or $(SEED),0) --seeds $(or $(SEEDS),$(if $(SEED),1,100))

.PHONY: bench
bench: prerequisites databases ## Measure read and write units (recorded in tests/bench) and times; ROWS=100000 adds a larger table
	$(CARGO) run $(LOCAL) -p tests --bin bench $(if $(ROWS),-- --rows $(ROWS))

.PHONY: bench-maintenance
bench-maintenance: steward databases $(VENV)-bench/.installed ## Compare the times of reports with those of temboard-agent
	$(VENV)-bench/bin/python tests/bench/maintenance.py $(STEWARD) $(if $(REQUESTS),--requests $(REQUESTS))

.PHONY: sqs-check
sqs-check: steward $(VENV)/.deploy ## Test the stand-in for SQS with boto3
	$(PYTHON) infra/sqs_check.py $(STEWARD)

##### On AWS

.PHONY: build
build: $(VENV)/.deploy ## Compile all functions for Lambda (no AWS account needed)
	PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/sam build

.PHONY: invoke-all
invoke-all: build steward ## Run each Lambda build on its sample events in events/
	$(PYTHON) infra/rie.py $(STEWARD)

.PHONY: deploy
deploy: build ## Deploy to AWS as stack $STACK with $PARAMETERS (needs AWS credentials)
	@$(PYTHON) -c 'import boto3; boto3.client("sts").get_caller_identity()' 2>/dev/null || \
		{ echo "No usable AWS credentials: set AWS_REGION and AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret." >&2; exit 1; }
	PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/sam deploy --stack-name $(STACK) --resolve-s3 \
		--capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --no-fail-on-empty-changeset \
		$(if $(PARAMETERS),--parameter-overrides $(PARAMETERS))

##### Prerequisites and tools

.PHONY: databases
databases:
	@bash infra/prerequisites.sh databases

.PHONY: prerequisites
prerequisites:
	@bash infra/prerequisites.sh

$(VENV)/.test: infra/requirements-test.txt | prerequisites
	test -x $(PYTHON) || python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(VENV)/.deploy: infra/requirements-deploy.txt $(VENV)/.test
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(VENV)-bench/.installed: tests/bench/requirements.txt | prerequisites
	test -x $(VENV)-bench/bin/python || python3 -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(CARGO_DENY): | prerequisites
	$(CARGO) install --quiet --locked cargo-deny --version $(CARGO_DENY_VERSION) --root .tools

$(CARGO_INSTA): | prerequisites
	$(CARGO) install --quiet --locked cargo-insta --version $(CARGO_INSTA_VERSION) --root .tools
