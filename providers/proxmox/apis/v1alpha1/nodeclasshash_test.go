// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"testing"

	"sigs.k8s.io/yaml"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

func nodeClass(t *testing.T, spec string) *v1alpha1.ProxmoxNodeClass {
	t.Helper()
	c := &v1alpha1.ProxmoxNodeClass{}
	text, err := yaml.YAMLToJSON([]byte("spec: {instanceTemplateRef: {kind: ProxmoxTemplate, name: t}, " + spec + "}"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// hashes are the static hash and that of what is applied in place.
func hashes(t *testing.T, spec string) [2]string {
	t.Helper()
	c := nodeClass(t, spec)
	static, err := c.Hash()
	if err != nil {
		t.Fatal(err)
	}
	inPlace, err := c.InPlaceHash()
	if err != nil {
		t.Fatal(err)
	}
	return [2]string{static, inPlace}
}

// PVE-015, CP-338: what replaces machines, what is applied to them, and what is neither.
func TestHashes(t *testing.T) {
	plain := hashes(t, "")
	for spec, changes := range map[string][2]bool{
		"region: a": {true, false},
		"placementStrategy: {zoneBalance: AvailabilityFirst}":            {true, false},
		"placementStrategy: {zoneBalance: Balanced}":                     {false, false}, // the default
		"placementStrategy: {}":                                          {false, false},
		"instanceTemplateRef: {kind: ProxmoxUnmanagedTemplate, name: t}": {true, false},
		"bootDevice: {size: 31G}":                                        {true, false},
		"bootDevice: {size: 30Gi}":                                       {true, false},
		"bootDevice: {size: 30G}":                                        {false, false},
		"bootDevice: {}":                                                 {false, false},
		"bootDevice: {storage: lvm}":                                     {true, false},
		"kubeletConfiguration: {maxPods: 50}":                            {true, false},
		"kubeletConfiguration: {failSwapOn: false}":                      {true, false},
		"kubeletConfiguration: {cpuCFSQuotaPeriod: 10ms}":                {true, false},
		"tags: [a]":                      {false, true},
		"tags: []":                       {false, false},
		"securityGroups: [{name: web}]":  {false, true},
		"resourcePool: p":                {false, true},
		"metadataOptions: {type: cdrom}": {false, false},
	} {
		got := hashes(t, spec)
		if (got[0] != plain[0]) != changes[0] || (got[1] != plain[1]) != changes[1] {
			t.Errorf("%s changes %v, want %v", spec, [2]bool{got[0] != plain[0], got[1] != plain[1]}, changes)
		}
	}
}

// PVE-015, PVE-088: sizes are compared by quantity, tags as a set, rules in their order.
func TestEqualHashes(t *testing.T) {
	for _, row := range []struct {
		one, other string
		equal      bool
	}{
		{"bootDevice: {size: 1T}", "bootDevice: {size: 1000G}", true},
		{"tags: [a, b]", "tags: [b, a, a]", true},
		{"tags: [a, a]", "tags: [b, b]", false},
		{"securityGroups: [{name: a}]", "securityGroups: [{name: a, interface: net0}]", true},
		{"securityGroups: [{name: a}, {name: b}]", "securityGroups: [{name: b}, {name: a}]", false},
		{"securityGroups: [{name: a}, {name: a}]", "securityGroups: [{name: b}, {name: b}]", false},
	} {
		if got := hashes(t, row.one) == hashes(t, row.other); got != row.equal {
			t.Errorf("%s and %s: equal %t, want %t", row.one, row.other, got, row.equal)
		}
	}
}

// PVE-005, CP-105: a spec that cannot be read has no hash, and the version is not that of
// hashes that others write.
func TestUnreadableHash(t *testing.T) {
	c := nodeClass(t, "bootDevice: {size: [1]}")
	static, err := c.Hash()
	if inPlace, _ := c.InPlaceHash(); static != "" || inPlace != "" || err != nil || len(c.UnreadableSpec()) == 0 {
		t.Errorf("got %q, %q, %v of %v", static, inPlace, err, c.Unreadable)
	}
	if _, err := nodeClass(t, "bootDevice: {size: large}").Hash(); err == nil {
		t.Error("a size that is none has a hash")
	}
	if scheme := v1alpha1.HashScheme(); scheme.Version == "v1" || scheme.Kind != v1alpha1.Kind() {
		t.Errorf("got %+v", scheme)
	}
}
