# Plain `make` lists what can be made. Tools that are not Rust's go to .tools/ and nowhere else.

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
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##### On one machine

.PHONY: run
run: steward ## Start everything on http://127.0.0.1:$PORT (8000), with sample notifications
	VERIFY_SETTLE_SECONDS=0 $(STEWARD) up --samples --tick 5s --listen 127.0.0.1:$(PORT)

.PHONY: steward
steward: prerequisites ## Build target/local/steward, the whole bundle in one program
	@# Beside `tests`, so that both are compiled with the same features, and nothing twice.
	$(CARGO) build $(LOCAL) -p local -p tests --bin steward

.PHONY: reset
reset: ## Forget what the local run stored
	rm -rf .steward

##### Checks

.PHONY: check
check: format lint docs deny templates test ## Everything that a change must pass, as continuous integration runs it

.PHONY: test
test: steward ## Build steward and run every test
	$(CARGO) test $(LOCAL) --workspace

.PHONY: format
format: ## Check the formatting
	$(CARGO) fmt --all --check

.PHONY: lint
lint: prerequisites ## Clippy, with every warning an error
	$(CARGO) clippy $(LOCAL) --workspace --all-targets -- -D warnings

.PHONY: docs
docs: prerequisites ## Build the documentation, with every warning an error
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(LOCAL) --workspace --no-deps --document-private-items

.PHONY: deny
deny: $(CARGO_DENY) ## Check licences, sources and banned crates
	$(CARGO_DENY) --locked check bans licenses sources

.PHONY: templates
templates: $(VENV)/.test ## Check the CloudFormation templates
	$(VENV)/bin/cfn-lint $(YAML)

.PHONY: audit
audit: $(CARGO_DENY) ## Look for published advisories (needs a network)
	$(CARGO_DENY) check advisories

.PHONY: update-snapshots
update-snapshots: steward $(CARGO_INSTA) ## Accept what the snapshot tests now see; read the difference before committing it
	$(CARGO_INSTA) insta test --accept --workspace --profile local

.PHONY: bench
bench: prerequisites ## Measure the local run
	$(CARGO) run $(LOCAL) -p tests --bin bench

.PHONY: sqs-check
sqs-check: steward $(VENV)/.deploy ## Ask the SQS stand-in what boto3 asks of SQS
	$(PYTHON) infra/sqs_check.py $(STEWARD)

##### On AWS

.PHONY: build
build: $(VENV)/.deploy ## Compile every function for Lambda (needs no AWS account)
	PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/sam build

.PHONY: invoke-all
invoke-all: build steward ## Run each function as built for Lambda on its samples of events/
	$(PYTHON) infra/rie.py $(STEWARD)

.PHONY: deploy
deploy: build ## Deploy to AWS as stack $STACK with $PARAMETERS (needs an account and its credentials)
	@$(PYTHON) -c 'import boto3; boto3.client("sts").get_caller_identity()' 2>/dev/null || \
		{ echo "No usable AWS credentials: set AWS_REGION and AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret." >&2; exit 1; }
	PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/sam deploy --stack-name $(STACK) --resolve-s3 \
		--capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --no-fail-on-empty-changeset \
		$(if $(PARAMETERS),--parameter-overrides $(PARAMETERS))

##### What the above stand on

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

$(CARGO_DENY): | prerequisites
	$(CARGO) install --quiet --locked cargo-deny --version $(CARGO_DENY_VERSION) --root .tools

$(CARGO_INSTA): | prerequisites
	$(CARGO) install --quiet --locked cargo-insta --version $(CARGO_INSTA_VERSION) --root .tools
