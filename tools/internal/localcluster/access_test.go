// SPDX-License-Identifier: Apache-2.0

package localcluster_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"karpenter.sh/tools/internal/localcluster"
)

// What Karpenter is given must not let it act as the administrator.
func TestWithToken(t *testing.T) {
	admin := `{"apiVersion": "v1", "kind": "Config", "current-context": "a",
		"clusters": [{"name": "c", "cluster": {"server": "https://here", "certificate-authority-data": "Y2E="}}],
		"contexts": [{"name": "a", "context": {"cluster": "c", "user": "admin"}}],
		"users": [{"name": "admin", "user": {"client-key-data": "secret"}}]}`
	text, err := localcluster.WithToken([]byte(admin), "t")
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{"apiVersion": "v1", "kind": "Config", "current-context": "karpenter",
		"clusters": [{"name": "c", "cluster": {"server": "https://here", "certificate-authority-data": "Y2E="}}],
		"contexts": [{"name": "karpenter", "context": {"cluster": "c", "user": "karpenter"}}],
		"users": [{"name": "karpenter", "user": {"token": "t"}}]}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, broken := range []string{"", `{}`, `{"clusters": [{"name": "a"}, {"name": "b"}]}`} {
		if _, err := localcluster.WithToken([]byte(broken), "t"); err == nil {
			t.Errorf("%q passes", broken)
		}
	}
}

func TestAuditPolicyRecordsKarpenterOnly(t *testing.T) {
	text, err := localcluster.AuditPolicy()
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Rules []struct {
			Level string
			Users []string
		}
	}
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&policy); err != nil {
		t.Fatal(err)
	}
	if len(policy.Rules) != 2 || policy.Rules[0].Level != "Metadata" || len(policy.Rules[0].Users) != 1 ||
		policy.Rules[0].Users[0] != "system:serviceaccount:kube-system:karpenter" || policy.Rules[1].Level != "None" {
		t.Errorf("policy %s", text)
	}
}
