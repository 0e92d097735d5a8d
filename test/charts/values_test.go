// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"slices"
	"strings"
	"testing"
)

// OPS-246, OPS-312: what a chart refuses, and that the message names the value.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ reason, provider, set, message string }{
		{"an unknown value", "kwok", "replica=2", "replica"},
		{"an unknown setting", "kwok", "settings.clustername=a", "clustername"},
		{"a setting of another provider", "kwok", "settings.clusterName=a", "clusterName"},
		{"an unknown gate", "kwok", "settings.featureGates.nodeRepairs=true", "nodeRepairs"},
		{"a gate that is no boolean", "aws", "settings.featureGates.nodeRepair=maybe", "nodeRepair"},
		{"an unknown policy", "kwok", "settings.preferencePolicy=respect", "preferencePolicy"},
		{"an unknown policy of minValues", "kwok", "settings.minValuesPolicy=", "minValuesPolicy"},
		{"an unknown level", "aws", "logLevel=warn", "logLevel"},
		{"a duration without unit", "kwok", "settings.batchMaxDuration=10", "batchMaxDuration"},
		{"a duration that is none", "aws", "settings.amiRefreshInterval=often", "amiRefreshInterval"},
		{"a negative number", "kwok", "settings.maxPodMovesPerHour=-1", "maxPodMovesPerHour"},
		{"less than no replicas", "kwok", "replicas=-1", "replicas"},
		{"a port that is none", "kwok", "controller.metrics.port=70000", "controller/metrics/port"},
		{"an unknown policy of DNS", "aws", "dnsPolicy=Cluster", "dnsPolicy"},
		{"a share beyond 1", "aws", "settings.vmMemoryOverheadPercent=7.5", "vmMemoryOverheadPercent"},
		{"a price of nothing", "aws", "settings.pricePerVCPU=0", "pricePerVCPU"},
		{"an endpoint that is no URL", "aws", "settings.clusterEndpoint=here", "clusterEndpoint"},
		{"an authority that is not base64", "aws", "settings.clusterCABundle=-----BEGIN", "clusterCABundle"},
		{"interfaces that are no number", "aws", "settings.reservedENIs=one", "reservedENIs"},
		{"an unknown parameter of policies", "kwok", "admissionPolicies.parameters.limit=cpu=1", "limit"},
		{"another controller than the chart's", "kwok", "admissionPolicies.parameters.controller=me", "controller"},
		{"a parameter of another provider", "kwok", "admissionPolicies.providerParameters.roles=nodes", "roles"},
		{"an unknown parameter of the provider", "aws", "admissionPolicies.providerParameters.role=nodes", "role"},
		{"no name of the cluster", "aws", "settings.clusterName=", "settings.clusterName must be set"},
		{"no image", "kwok", "controller.image.repository=", "controller.image.repository must be set"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			args := slices.Concat([]string{"template", "karpenter", chart(c.provider, "karpenter")}, essential(c.provider), []string{"--set", c.set})
			if out, err := tryHelm(t, args...); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("the error does not say %q: %v\n%.200s", c.message, err, out)
			}
		})
	}
}

// OPS-200: charts pass lint, and a chart that is packaged brings all it needs.
func TestLintAndPackage(t *testing.T) {
	for _, provider := range providers {
		for _, name := range []string{"karpenter", "karpenter-crd"} {
			helm(t, append([]string{"lint", "--strict", chart(provider, name)}, lintable(provider, name)...)...)
			dir := t.TempDir()
			helm(t, "package", chart(provider, name), "--destination", dir, "--version", "1.2.3", "--app-version", "1.2.3")
			args := []string{"template", "karpenter", dir + "/" + name + "-1.2.3.tgz"}
			if out := helm(t, append(args, lintable(provider, name)...)...); name == "karpenter" && !strings.Contains(out, "image: example.org/karpenter:1.2.3\n") {
				t.Errorf("%s: the package renders\n%s", provider, out)
			}
		}
	}
}

func lintable(provider, name string) []string {
	if name == "karpenter-crd" {
		return nil
	}
	return essential(provider)
}
