// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"slices"
	"testing"

	"karpenter.sh/providers/proxmox/instancetype"
)

func generate(t *testing.T, args ...string) []instancetype.Shape {
	t.Helper()
	var out bytes.Buffer
	if err := run(args, &out); err != nil {
		t.Fatal(err)
	}
	shapes, err := instancetype.Parse(out.Bytes())
	if err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	return shapes
}

// PVE-042: what is printed is a file of instance types.
func TestGenerate(t *testing.T) {
	if got := generate(t, "generate"); len(got) != 9 || got[0].Name != "c1.1VCPU-2GB" || len(got[0].Overhead.KubeReserved) > 0 {
		t.Errorf("the defaults: %+v", got)
	}
	all := generate(t, "g", "-c", "1,2,4,8,16", "-m", "2,3,4,8", "-s", "30", "--kubelet", "--system", "--eviction")
	if !slices.EqualFunc(all, instancetype.BuiltIn(), instancetype.Shape.Equal) {
		t.Errorf("all: %+v", all)
	}
	if got := generate(t, "g", "--cpus=2", "--memfactor=8", "--storage=0"); len(got) != 1 || !got[0].Capacity.StorageEphemeral().IsZero() {
		t.Errorf("one: %+v", got)
	}
	for _, args := range [][]string{nil, {"make"}, {"g", "-c", "0"}, {"g", "-m", "-1"}, {"g", "-s", "-1"}, {"g", "x"}, {"g", "--unknown"}} {
		if err := run(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
