// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sources are where the CRDs of a provider come from. Of one name the last counts.
var sources = map[string][]string{
	"kwok":       {"core/apis/crds", "kwok/apis/crds"},
	"aws":        {"core/apis/crds", "providers/aws/apis/crds"},
	"clusterapi": {"core/apis/crds", "providers/clusterapi/apis/crds"},
	"proxmox":    {"core/apis/crds", "providers/proxmox/apis/crds"},
}

// generated returns the CRDs of a provider as the API's own, by name.
func generated(t *testing.T, provider string) map[string]map[string]any {
	t.Helper()
	found := map[string]map[string]any{}
	for _, dir := range sources[provider] {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no CRDs in %s: %v", dir, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, crd := range parse(t, string(content)) {
				found[crd.GetName()] = crd.Object
			}
		}
	}
	return found
}

// OPS-248..250: both charts bring the API's CRDs, all and unchanged; one of them lets Helm
// upgrade them, with annotations, and keeps them when it is uninstalled (OPS-253).
func TestCRDs(t *testing.T) {
	classes := map[string]string{
		"kwok": "kwoknodeclasses.karpenter.kwok.sh", "aws": "ec2nodeclasses.karpenter.k8s.aws",
		"clusterapi": "clusterapinodeclasses.karpenter.cluster.x-k8s.io", "proxmox": "proxmoxtemplates.karpenter.proxmox.sinextra.dev",
	}
	for _, provider := range providers {
		want := generated(t, provider)
		for _, name := range []string{"nodepools.karpenter.sh", "nodeclaims.karpenter.sh", "nodeoverlays.karpenter.sh", "capacitybuffers.autoscaling.x-k8s.io", classes[provider]} {
			if want[name] == nil {
				t.Errorf("%s: there is no %s", provider, name)
			}
		}
		// helm show crds prints those that install brings and upgrade leaves alone.
		got := map[string]map[string]any{}
		for _, crd := range parse(t, helm(t, "show", "crds", chart(provider, "karpenter"))) {
			got[crd.GetName()] = crd.Object
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: karpenter: %s", provider, diff)
		}
		got = map[string]map[string]any{}
		for _, crd := range parse(t, helm(t, "template", "crds", chart(provider, "karpenter-crd"), "--set", "additionalAnnotations.mine=a")) {
			if diff := cmp.Diff(map[string]string{"mine": "a", "helm.sh/resource-policy": "keep"}, crd.GetAnnotations()); diff != "" {
				t.Errorf("%s: annotations of %s: %s", provider, crd.GetName(), diff)
			}
			crd.SetAnnotations(nil)
			got[crd.GetName()] = crd.Object
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: karpenter-crd: %s", provider, diff)
		}
	}
	if out := helm(t, "template", "crds", chart("kwok", "karpenter-crd"), "--set", `additionalAnnotations.helm\.sh/resource-policy=delete`); strings.Contains(out, "resource-policy: keep") {
		t.Error("the user cannot decide otherwise")
	}
}
