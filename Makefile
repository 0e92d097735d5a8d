# SPDX-License-Identifier: Apache-2.0
#
# Everything that a developer runs. Needs Go, git, make and bash; all else is
# built into bin/ from Go modules. "make help" lists the targets.

SHELL       := /usr/bin/env bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Settings, all of which can be given on the command line.
CLUSTER ?= karpenter
RUNTIME ?= binary
KUBERNETES ?=
PROVIDER ?= kwok
BENCH   ?= .
CASES   ?=
JSON    ?=
FOCUS   ?=
SKIP    ?=
LABELS  ?=
TEST_SUITE ?= regression
PROCS   ?= 4
KEEP    ?=
PKG     ?=
RACE    ?=
VET     ?=
REPORT  ?= unit
CHAPTER ?=
CHECKS  ?=
SEED    ?=
CASE    ?=
POLICY  ?=
VERSION ?=
REGISTRY ?=
VULNDB  ?=
BASE    ?=
PLATFORMS ?= linux/amd64,linux/arm64
MOTO_SERVER ?=

BIN     := $(CURDIR)/bin
REPORTS := $(BIN)/reports
cluster := go run ./tools/cluster

# What was given is one word to the shell, whatever it is.
quoted = '$(subst ','\'',$(1))'
name   = $(call quoted,$(CLUSTER))
wish   = $(if $(KUBERNETES),-kubernetes $(call quoted,$(KUBERNETES)) )-runtime $(call quoted,$(RUNTIME)) -provider $(call quoted,$(PROVIDER))

# The modules outside of the workspace, which have dependencies of their own, and those of
# them that take minutes to build, or are others' programs, and are built when they are used.
others   = test/oracle test/cloudsim/aws/sdktest providers/aws/userdata/judge monitoring/check
large    = tools/images tools/controlplane tools/clusterapi tools/helm tools/kind tools/lint tools/vulnerabilities

# The directories of all modules of the workspace, and their packages. The
# end-to-end suite has a target of its own: it needs a cluster.
modules  = $$(go list -m -f '{{.Dir}}')
packages = $$(go list $$(go list -m -f '{{.Dir}}/...') | grep -v '^karpenter.sh/test/e2e')

##@ Local cluster

.PHONY: control-plane
control-plane: ## Build the Kubernetes control plane, kwok and kwokctl into bin/ (about ten minutes, once)
	@go run ./tools/binaries control-plane $(if $(filter kind,$(RUNTIME)),kind) $(if $(filter clusterapi,$(PROVIDER)),cluster-api)

.PHONY: helm
helm:
	@go run ./tools/binaries helm

.PHONY: check-cluster
check-cluster:
	@$(cluster) check -name $(name) $(wish)

.PHONY: up
up: check-cluster control-plane helm ## Start a cluster of fake nodes with Karpenter in it; CLUSTER=name RUNTIME=binary|kind PROVIDER=kwok|aws|clusterapi|proxmox (aws, proxmox: against a simulated cloud; clusterapi: with Cluster API itself)
	@$(cluster) up -name $(name) $(wish)

# What needs Docker says so before anything is built, and names what does not.
.PHONY: kind-up
kind-up kind-cluster: override RUNTIME := kind
kind-up: up ## Start a cluster in containers, with Karpenter installed by its charts; needs Docker; CLUSTER=name PROVIDER=kwok|aws|proxmox KUBERNETES=1.36.1

.PHONY: kind-cluster
kind-cluster: check-cluster control-plane helm ## Start such a cluster without Karpenter, for tilt up; needs Docker; CLUSTER=name PROVIDER=kwok|aws|proxmox
	@$(cluster) up -name $(name) $(wish) -bare

.PHONY: down
down: ## Stop the cluster and remove it; CLUSTER=name
	@$(cluster) down -name $(name)

.PHONY: demo
demo: up ## Watch Karpenter bring and remove nodes in the cluster; CLUSTER=name PROVIDER=kwok|aws|clusterapi|proxmox
	@go run ./test/cmd/demo -provider $(call quoted,$(PROVIDER)) -kubeconfig $(BIN)/clusters/$(name)/kubeconfig \
		-metrics-url "$$($(cluster) metrics-url -name $(name))"

.PHONY: latency
latency: up ## Measure how long pods wait for nodes in the cluster, and how well plans hold; CLUSTER=name CASES="100 mixed" JSON=file
	@go run ./test/cmd/latency -kubeconfig $(BIN)/clusters/$(name)/kubeconfig \
		-cases $(call quoted,$(CASES)) $(if $(JSON),-json >$(call quoted,$(JSON)))

.PHONY: settle
settle: up ## Measure how long the cluster takes to settle after a workload was scaled in, and what standing still costs; CLUSTER=name PODS=1000 TO=700
	@go run ./test/cmd/settle -kubeconfig $(BIN)/clusters/$(name)/kubeconfig \
		$(if $(PODS),-pods $(call quoted,$(PODS))) $(if $(TO),-to $(call quoted,$(TO)))

##@ Build and test

.PHONY: build
build: ## Compile every package and build the controllers into bin/; VERSION=1.2.3 stamps them
	@go build $$(go list -m -f '{{.Dir}}/...')
	@mkdir -p $(BIN) && go build -ldflags "-X main.version=$(VERSION)" -o $(BIN)/ ./kwok/cmd/... $(addsuffix /...,$(wildcard ./providers/*/cmd))

.PHONY: test
test: control-plane helm ## Run the unit and integration tests of all modules; PKG=./core/engine/... RACE=1 adds the race detector, VET=off leaves go vet to lint, REPORT=name keeps reports apart
	@mkdir -p $(REPORTS)
	@status=0; KUBEBUILDER_ASSETS=$(BIN) go tool gotestsum --format pkgname-and-test-fails \
		--junitfile $(REPORTS)/$(REPORT).xml --hide-summary=output,skipped -- \
		-shuffle=on -timeout 20m $(if $(RACE),-race) $(if $(VET),-vet=$(VET)) $(or $(PKG),$(packages)) || status=$$?; \
		go run ./tools/testsummary $(REPORTS)/$(REPORT).xml; exit $$status

.PHONY: docs-verify
docs-verify: control-plane ## Check the documentation: links, commands, manifests, and that it tells of all fields and reasons
	@KUBEBUILDER_ASSETS=$(BIN) go test -count=1 ./test/docs

.PHONY: charts-test
charts-test: control-plane helm ## Test the Helm charts: what they render and refuse, and the commands of charts/README.md against an API server
	@KUBEBUILDER_ASSETS=$(BIN) go test -count=1 ./test/charts

.PHONY: oracle
oracle: ## Check plans against the real kube-scheduler, on random clusters; CHECKS=1000000 SEED=0 for other ones
	@GOWORK=off go -C test/oracle vet ./...
	@GOWORK=off go -C test/oracle test -vet=off -count=1 -timeout $(if $(CHECKS),0,20m) . $(if $(CHECKS),-rapid.checks=$(CHECKS)) $(if $(SEED),-rapid.seed=$(SEED))

.PHONY: world
world: ## Let random clusters live through many rounds, with the real kube-scheduler; CHECKS=100000 SEED=0 for other ones
	@GOWORK=off go -C test/oracle vet ./living/...
	@GOWORK=off go -C test/oracle test -vet=off -count=1 -timeout $(if $(CHECKS),0,20m) ./living $(if $(CHECKS),-rapid.checks=$(CHECKS)) $(if $(SEED),-rapid.seed=$(SEED))

.PHONY: cloudsim
cloudsim: ## Drive the simulated clouds with the clouds' real SDKs
	@GOWORK=off go -C test/cloudsim/aws/sdktest vet ./...
	@GOWORK=off go -C test/cloudsim/aws/sdktest test -vet=off -count=1 ./...

.PHONY: monitoring-test
monitoring-test: ## Check alerts and dashboards: with promtool, its unit tests of rules, and against the metrics of the reference
	@GOWORK=off go -C monitoring/check vet ./...
	@GOWORK=off go -C monitoring/check test -vet=off -count=1 ./...
	@mkdir -p $(BIN) && GOWORK=off go -C monitoring/check build -tags remove_all_sd -o $(BIN)/promtool github.com/prometheus/prometheus/cmd/promtool
	@$(BIN)/promtool check rules --lint=all --lint-fatal monitoring/alerts/*.yaml
	@$(BIN)/promtool test rules monitoring/alerts/tests/*.yaml

.PHONY: differential-aws
differential-aws: ## Play one scenario to the simulated AWS and to moto_server, and compare; MOTO_SERVER=path
	@server=$(call quoted,$(MOTO_SERVER)); server="$${server:-$$(command -v moto_server || true)}"; \
		[ -n "$$server" ] || { echo "--- SKIP: TestDifferential: moto_server is not on the PATH, and MOTO_SERVER is not set."; exit 0; }; \
		MOTO_SERVER="$$server" GOWORK=off go -C test/cloudsim/aws/sdktest test -vet=off -count=1 -v -run TestDifferential .

.PHONY: judge-aws
judge-aws: ## Let nodeadm, which joins machines of AL2023 to clusters, read the user data written for them
	@GOWORK=off go -C providers/aws/userdata/judge vet ./...
	@GOWORK=off go -C providers/aws/userdata/judge test -vet=off -count=1 ./...

.PHONY: e2e
e2e: check-cluster check-suite control-plane helm $(if $(filter aws,$(PROVIDER)),e2e-account-aws) ## Run the end-to-end suite in a cluster of its own; PROVIDER=kwok|aws|clusterapi|proxmox TEST_SUITE=regression|performance FOCUS=regex SKIP=regex PROCS=4 tests at a time RUNTIME=binary|kind KUBERNETES=1.36.1 (kind) KEEP=1 leaves the cluster up
	@mkdir -p $(REPORTS) && rm -rf $(REPORTS)/$(e2e).xml $(REPORTS)/$(e2e)
	@$(cluster) down -name $(e2e) && $(cluster) up -name $(e2e) $(wish) $(if $(filter regression,$(TEST_SUITE)),-audit) $(e2e-args) -env LOG_LEVEL=debug >/dev/null
	@status=0; KUBECONFIG="$$($(cluster) kubeconfig -name $(e2e))" OUTPUT_DIR=$(call quoted,$(e2e-output)) \
		GIT_REF="$${GIT_REF:-$$(git rev-parse HEAD 2>/dev/null || true)}" \
		go tool ginkgo -procs=$(e2e-procs) -timeout=$(e2e-timeout) -v -output-dir=$(call quoted,$(e2e-artifacts)) -junit-report=$(e2e).xml \
		$(if $(CI),-no-color) $(if $(FOCUS),-focus=$(call quoted,$(FOCUS))) $(if $(SKIP),-skip=$(call quoted,$(SKIP))) $(if $(LABELS),-label-filter=$(call quoted,$(LABELS))) $(e2e-suite) || status=$$?; \
		$(if $(KEEP),echo "The cluster is left up: make down CLUSTER=$(e2e)",$(cluster) down -name $(e2e) -keep-logs $(REPORTS)/$(e2e)-logs); \
		report=$(call quoted,$(e2e-artifacts))/$(e2e).xml; [ ! -f "$$report" ] || go run ./tools/testsummary "$$report"; exit $$status

# Each suite of each provider has a cluster and reports of its own. Reports go where
# OUTPUT_DIR says, the JUnit file where ARTIFACT_DIR does.
suite-regression-kwok  = ./test/e2e
suite-performance-kwok = ./test/e2e/performance
suite-regression-aws   = ./test/e2e/aws
suite-regression-clusterapi = ./test/e2e/clusterapi
suite-regression-proxmox = ./test/e2e/proxmox

e2e           = e2e$(if $(filter-out kwok,$(PROVIDER)),-$(PROVIDER))$(if $(filter-out regression,$(TEST_SUITE)),-$(TEST_SUITE))
e2e-suite     = $(suite-$(TEST_SUITE)-$(PROVIDER))
e2e-output    = $(abspath $(or $(OUTPUT_DIR),$(REPORTS)/$(e2e)))
e2e-artifacts = $(abspath $(or $(ARTIFACT_DIR),$(REPORTS)))
e2e-procs     = $(if $(filter ./test/e2e,$(e2e-suite)),$(PROCS),1)
e2e-timeout   = $(if $(filter performance,$(TEST_SUITE)),8h,2h)
e2e-args      = $(e2e-args-$(PROVIDER))
e2e-args-kwok = -env ENABLE_FAILURE_INJECTION=true
e2e-args-proxmox = -cloud-arg -boot=2s
e2e-args-aws  = -cloud-arg -boot=2s -cloud-arg -setup=$(BIN)/e2e-aws.json -env ENABLE_ZONAL_SHIFT=true -env AWS_FEATURE_GATES=NodeClassCEL=true
e2e-args-clusterapi = -cloud-arg -fleet=false

.PHONY: check-suite
check-suite:
	@[ -n "$(e2e-suite)" ] || { echo "there is no suite" $(call quoted,$(TEST_SUITE)) "of provider" $(call quoted,$(PROVIDER))", only: regression of kwok, aws, clusterapi and proxmox, performance of kwok"; exit 1; }

# What the account of the suite holds, above all the documented policies.
.PHONY: e2e-account-aws
e2e-account-aws:
	@mkdir -p $(BIN) && go run ./providers/aws/internal/cmd/account -cluster $(e2e) >$(BIN)/e2e-aws.json

.PHONY: bench
bench: ## Run the engine's benchmarks; BENCH=regex
	@go test -run '^$$' -bench '$(BENCH)' -benchmem ./core/benchmark/...

.PHONY: replay
replay: ## Replay workloads in virtual time and compare what policies of giving up nodes cost; CASE=small,spot POLICY=practice SEED=7 JSON=1
	@go run ./test/cmd/replay $(if $(CASE),-case $(call quoted,$(CASE))) $(if $(POLICY),-policy $(call quoted,$(POLICY))) $(if $(SEED),-seed $(SEED)) $(if $(JSON),-json)

.PHONY: spec-coverage
spec-coverage: ## List the requirements of the specification that no test of code in use cites; CHAPTER=lifecycle
	@go run ./tools/speccoverage -chapter $(call quoted,$(CHAPTER))

##@ Before a commit

.PHONY: generate
generate: generate-apis ## Generate deep copies, custom resource definitions, what follows in charts, the reference, the catalogue of fake nodes and the fields of the kubelet
	@go run ./kwok/catalogue/generate kwok/catalogue/instance_types.json
	@go run ./tools/reference core/docs/reference
	@GOWORK=off go -C tools/controlplane run ./kubeletfields > $(kubelet-fields).new && mv $(kubelet-fields).new $(kubelet-fields)

.PHONY: generate-apis
generate-apis: ## Generate what follows from the types of the API alone: deep copies, custom resource definitions, charts
	@go run ./tools/crdgen
	@go run ./tools/crdgen -paths ./core/cloudprovider/fake/v1alpha1 -out core/cloudprovider/fake/crds
	@go run ./tools/crdgen -paths ./kwok/apis/v1alpha1 -out kwok/apis/crds
	@go run ./tools/crdgen -deepcopy=false -paths ./core/apis/v1,./core/apis/v1alpha1 -out kwok/apis/crds \
		-restrict-domain karpenter.kwok.sh $(addprefix -allow-label karpenter.kwok.sh/,$(kwok-labels))
	@go run ./tools/crdgen -paths ./providers/aws/apis/v1 -out providers/aws/apis/crds
	@go run ./tools/crdgen -deepcopy=false -paths ./core/apis/v1,./core/apis/v1alpha1 -out providers/aws/apis/crds \
		-restrict-domain karpenter.k8s.aws $(addprefix -allow-label karpenter.k8s.aws/,$(aws-labels) $(aws-launch-labels)) \
		$(addprefix -overlay-forbid-label karpenter.k8s.aws/,$(aws-launch-labels))
	@go run ./tools/crdgen -paths ./providers/clusterapi/capi -out ""
	@go run ./tools/crdgen -paths ./test/machines/v1alpha1 -out test/machines/crds
	@go run ./tools/crdgen -paths ./providers/clusterapi/apis/v1alpha1 -out providers/clusterapi/apis/crds
	@go run ./tools/crdgen -deepcopy=false -paths ./core/apis/v1,./core/apis/v1alpha1 -out providers/clusterapi/apis/crds \
		-restrict-domain karpenter.cluster.x-k8s.io $(addprefix -allow-label ,$(clusterapi-labels))
	@go run ./tools/crdgen -paths ./providers/proxmox/apis/v1alpha1 -out providers/proxmox/apis/crds
	@go run ./tools/crdgen -deepcopy=false -paths ./core/apis/v1,./core/apis/v1alpha1 -out providers/proxmox/apis/crds \
		-restrict-domain $(proxmox-domain) $(addprefix -allow-label $(proxmox-domain)/,$(proxmox-labels) $(proxmox-launch-labels)) \
		$(addprefix -overlay-forbid-label $(proxmox-domain)/,$(proxmox-launch-labels))
	@$(call charts,kwok,kwok)
	@$(call charts,aws,providers/aws)
	@$(call charts,clusterapi,providers/clusterapi)
	@$(call charts,proxmox,providers/proxmox)

, := ,

# The charts of a provider: its name, and the directory of its module.
charts = go run ./tools/chartgen -chart charts/$(1)/karpenter -crds core/apis/crds,$(2)/apis/crds -policies core/policies$(addprefix $(,),$(wildcard $(2)/policies)) \
		-values charts/karpenter-common/common-values.yaml,charts/$(1)/karpenter/provider-values.yaml \
	&& go run ./tools/chartgen -chart charts/$(1)/karpenter-crd -crds core/apis/crds,$(2)/apis/crds -crds-to templates \
		-values charts/$(1)/karpenter-crd/provider-values.yaml

kubelet-fields = core/cloudprovider/kit/kubelet/fields.json

# What users may ask for in the label domain of fake nodes.
kwok-labels = instance-size instance-family instance-cpu instance-memory kwoknodeclass reservation-id

# What users may ask for in the label domain of Cluster API's machines.
clusterapi-labels = $(addprefix capacity.karpenter.cluster.x-k8s.io/,cpu memory) \
	$(addprefix karpenter.cluster.x-k8s.io/,clusterapinodeclass instance-size instance-family instance-cpu instance-memory)

# What users may ask for in the label domain of AWS.
aws-labels = ec2nodeclass instance-category instance-generation instance-family instance-size instance-capability-flex \
	instance-cpu instance-cpu-manufacturer instance-cpu-sustained-clock-speed-mhz instance-memory instance-hypervisor \
	instance-encryption-in-transit-supported nitro-sandbox instance-ebs-bandwidth instance-network-bandwidth instance-local-nvme \
	instance-gpu-name instance-gpu-manufacturer instance-gpu-count instance-gpu-memory \
	instance-accelerator-name instance-accelerator-manufacturer instance-accelerator-count

# Those that a launch decides, and that NodeOverlays may therefore not name.
aws-launch-labels = instance-tenancy capacity-reservation-id capacity-reservation-type capacity-reservation-interruptible \
	placement-group-id placement-group-partition

# What users may ask for in the label domain of Proxmox VE, and what launches decide.
proxmox-domain = karpenter.proxmox.sinextra.dev
proxmox-labels = proxmoxnodeclass instance-family
proxmox-launch-labels = instance-cpu-type instance-image-id

# A hash over all uncommitted changes, so that verify works in a dirty tree.
changes = { git diff HEAD; git ls-files --others --exclude-standard -z | xargs -0 cat; } </dev/null | git hash-object --stdin

.PHONY: verify
verify: ## Fail if generated files are out of date
	@before=$$($(changes)); $(MAKE) --no-print-directory generate; \
		[ "$$before" = "$$($(changes))" ] || { git status --short; echo "Generated files were out of date: commit what make generate wrote."; exit 1; }

.PHONY: format
format: ## Fail if a Go file is not formatted, or does not say its license
	@files=$$(gofmt -l $(modules)); [ -z "$$files" ] || { echo "gofmt -w would change:"; echo "$$files"; exit 1; }
	@files=$$(git grep --untracked -L '^// SPDX-License-Identifier: Apache-2.0$$' -- '*.go' || true); [ -z "$$files" ] || { echo "The license is missing in:"; echo "$$files"; exit 1; }

.PHONY: vet
vet: ## Run go vet on all modules
	@go vet $$(go list -m -f '{{.Dir}}/...')

.PHONY: lint
lint: format ## Run gofmt and golangci-lint, which includes go vet
	@go run ./tools/binaries lint
	@$(BIN)/golangci-lint run --allow-parallel-runners $$(go list -m -f '{{.Dir}}/...')

.PHONY: licenses
licenses: ## Check that what the modules of the workspace depend on may be used by everybody
	@go run ./tools/licenses $(modules)

.PHONY: modules
modules: ## Check that each module builds alone, but for the tools that are programs of others, and that its go.mod is tidy
	@for dir in $(modules) $(others); do echo "module $$(basename "$$dir")"; \
		GOWORK=off go -C "$$dir" build ./... && GOWORK=off go -C "$$dir" mod tidy -diff; done
	@for dir in $(large); do echo "module $$(basename "$$dir"), not built"; GOWORK=off go -C "$$dir" mod tidy -diff; done

.PHONY: tidy
tidy: ## Tidy the go.mod of each module, with the versions of the workspace in all
	@go work sync
	@for dir in $(modules) $(others) $(large); do GOWORK=off go -C "$$dir" mod tidy; done

##@ Release

# The controllers, and the time of the commit that they are built from. What an earlier
# build left, maybe of other platforms or code, goes first: a release takes all that is there.
controllers = $$(go list ./kwok/cmd/... $(addsuffix /...,$(wildcard ./providers/*/cmd)))
committed   = $$(git log -1 --format=%ct)

.PHONY: images
images: ## Build the controllers' images as OCI layouts in bin/images, without a daemon; VERSION=1.2.3 PLATFORMS=linux/amd64 BASE=layout or reference, none by default
	@GOWORK=off go -C tools/images build -o $(BIN)/images-builder .
	@rm -rf $(BIN)/images $(BIN)/vex
	@$(BIN)/images-builder -root $(CURDIR) -out $(BIN)/images -version=$(call quoted,$(VERSION)) -platforms=$(call quoted,$(PLATFORMS)) \
		-base=$(call quoted,$(BASE)) -created $(committed) $(controllers)

.PHONY: images-reproducible
images-reproducible: images ## Build the images twice, and fail if a digest differs
	@cd $(BIN)/images && sha256sum */index.json >$(BIN)/images.sha256
	@$(MAKE) --no-print-directory images
	@cd $(BIN)/images && sha256sum -c $(BIN)/images.sha256

# What a release is made of. Nothing is published here: workflows push what registries hold,
# images before release-charts, charts after release-files.
.PHONY: release
release: ## Make the files of a release in bin/release; VERSION=1.2.3 of a tree without changes, tagged v1.2.3; REGISTRY=where the images will be; VULNDB=URL for statements about vulnerabilities
	@go run ./tools/release check -version=$(call quoted,$(VERSION))
	@$(MAKE) --no-print-directory images
	@$(if $(VULNDB),$(MAKE) --no-print-directory vex)
	@$(if $(REGISTRY),$(MAKE) --no-print-directory release-charts)
	@$(MAKE) --no-print-directory release-files

.PHONY: release-charts
release-charts: ## Write VERSION, and where in REGISTRY the images in bin/images are, into the charts
	@go run ./tools/release charts -version=$(call quoted,$(VERSION)) -registry=$(call quoted,$(REGISTRY)) -images=$(BIN)/images
	@$(call charts,kwok,kwok)
	@$(call charts,aws,providers/aws)
	@$(call charts,clusterapi,providers/clusterapi)
	@$(call charts,proxmox,providers/proxmox)

# Charts are told apart by their providers, whose name they do not have. Those of Karpenter
# itself need values that only users know, hence no rendering here: make charts-test does.
.PHONY: release-files
release-files: helm ## Make in bin/release charts, CRDs, bills of materials, documentation, notes of VERSION, checksums, and what make vex wrote
	@rm -rf $(BIN)/release && mkdir -p $(BIN)/release
	@chart=$$(go run ./tools/release chart -version=$(call quoted,$(VERSION))); \
	for dir in charts/*/karpenter charts/*/karpenter-crd; do provider=$$(basename "$$(dirname "$$dir")"); \
		$(BIN)/helm lint --quiet "$$dir"; mkdir -p $(BIN)/release/$$provider; \
		$(BIN)/helm package "$$dir" --version "$$chart" --app-version $(call quoted,$(VERSION)) -d $(BIN)/release/$$provider >/dev/null; \
		for packed in $(BIN)/release/$$provider/*.tgz; do mv "$$packed" "$(BIN)/release/$$provider-$$(basename "$$packed")"; done; rmdir $(BIN)/release/$$provider; done
	@for chart in charts/*/karpenter; do for crd in "$$chart"/crds/*.yaml; do echo ---; cat "$$crd"; done >"$(BIN)/release/$$(basename "$$(dirname "$$chart")")-crds.yaml"; done
	@cp $(BIN)/images/sbom/*.json $(wildcard $(BIN)/vex/*.json) $(BIN)/release/
	@git archive --format=tar.gz --prefix=karpenter-docs-$(call quoted,$(VERSION))/ -o $(BIN)/release/docs.tar.gz HEAD ':(glob)**/*.md' core/docs
	@[[ $(call quoted,$(VERSION)) != *.* ]] || go run ./tools/release notes -version=$(call quoted,$(VERSION)) >$(BIN)/release/NOTES.md
	@go run ./tools/release checksums -dir $(BIN)/release
	@ls $(BIN)/release

# Only modules can be asked, each alone. VULNDB=file:///directory is a copy of the database.
govulncheck = GOWORK=off $(BIN)/govulncheck $(if $(VULNDB),-db $(call quoted,$(VULNDB)))

.PHONY: vulnerabilities
vulnerabilities: ## Look for known vulnerabilities in what the controllers call; needs the network, or VULNDB=URL
	@go run ./tools/binaries vulnerabilities
	@for dir in kwok/cmd $(wildcard providers/*/cmd); do $(govulncheck) -C "$${dir%/cmd}" ./cmd/...; done

.PHONY: vex
vex: ## Write bin/vex/<controller>.openvex.json: which known vulnerabilities affect it; needs the network, or VULNDB=URL
	@go run ./tools/binaries vulnerabilities
	@rm -rf $(BIN)/vex && mkdir -p $(BIN)/vex
	@for dir in $(wildcard kwok/cmd/* providers/*/cmd/*); do name=$$(basename "$$dir"); \
		$(govulncheck) -C "$${dir%/cmd/*}" -format openvex "./cmd/$$name" >"$(BIN)/vex/$$name.openvex.json"; done

.PHONY: images-test
images-test: ## Test what builds images
	@GOWORK=off go -C tools/images vet ./...
	@GOWORK=off go -C tools/images test -vet=off -count=1 ./...

##@ General

.PHONY: clean
clean: ## Remove bin/, and with it the built control plane
	@for dir in $(BIN)/clusters/*/; do [ ! -d "$$dir" ] || $(cluster) down -name "$$(basename "$$dir")"; done
	@echo "Removing bin/: the next control-plane build takes a minute or two with a warm Go build cache, ten without."
	@rm -rf $(BIN)

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
