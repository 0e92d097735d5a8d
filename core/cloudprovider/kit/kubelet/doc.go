// SPDX-License-Identifier: Apache-2.0

// Package kubelet computes what of a machine pods can use, and what the kubelet is
// told at boot so that it computes the same.
//
// # What it holds
//
// [Read] checks a KubeletConfiguration as users write it in a NodeClass and takes
// from it what counts. [Formula] is how much a cloud reserves, as data. [Plan] puts
// machine, rules and configuration together: the overhead for an instance type and
// the settings for its boot data, which are the same values (CP-111). It is
// specified in docs/spec/provider-kit.md (KIT-160 to KIT-179).
//
// It knows no cloud's formulas and no image's way to pass settings; package
// bootstrap writes them. It evaluates no expressions.
//
// # Vocabulary
//
// Capacity is what the Node reports. Reserved is kept for the kubelet, the
// container runtime and the system. A threshold is what must stay free of a
// resource before pods are evicted; only hard thresholds count. A signal is what a
// threshold watches. A share is a part in basis points, hundredths of a percent.
//
// # Invariants
//
// What is computed is never more than what the kubelet will allow: shares of
// thresholds are rounded up. Whole numbers only; nothing depends on how floating
// point rounds. All that is wrong with a configuration is reported at once, by
// field.
//
// # Fields of KubeletConfiguration
//
// fields.json lists them with their kinds. It is derived from the types of
// k8s.io/kubelet/config/v1beta1 in the version of the other Kubernetes modules,
// which are not imported: they would bring some twenty packages of component-base,
// tracing and command lines, and metrics that register themselves.
//
// Start reading at plan.go, then formula.go and configuration.go.
package kubelet
