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
BENCH   ?= .
FOCUS   ?=
KEEP    ?=
RACE    ?=

BIN     := $(CURDIR)/bin
REPORTS := $(BIN)/reports
cluster := go run ./tools/cluster

##@ Local cluster

.PHONY: control-plane
control-plane: ## Build the Kubernetes control plane, kwok and kwokctl into bin/ (about ten minutes, once)
	@go run ./tools/binaries control-plane $(if $(filter kind,$(RUNTIME)),kind)

.PHONY: up
up: control-plane ## Start a cluster of fake nodes with Karpenter in it; CLUSTER=name RUNTIME=binary|kind
	@$(cluster) up -name $(CLUSTER) -runtime $(RUNTIME)

.PHONY: down
down: ## Stop the cluster and remove it; CLUSTER=name
	@$(cluster) down -name $(CLUSTER)

.PHONY: demo
demo: up ## Watch Karpenter bring and remove nodes in the cluster; CLUSTER=name
	@go run ./test/cmd/demo -kubeconfig $(BIN)/clusters/$(CLUSTER)/kubeconfig \
		-metrics-url "$$($(cluster) metrics-url -name $(CLUSTER))"

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
		/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
