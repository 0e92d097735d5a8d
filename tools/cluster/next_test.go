// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"karpenter.sh/tools/internal/localcluster"
)

// What is told to be next is for the cluster that runs, and does not replace it.
func TestNextSteps(t *testing.T) {
	for want, state := range map[string]localcluster.State{
		"make demo CLUSTER=mine  ":                                              {Runtime: "binary", Provider: "kwok"},
		"make demo CLUSTER=mine PROVIDER=aws  ":                                 {Runtime: "binary", Provider: "aws"},
		"make demo CLUSTER=mine PROVIDER=proxmox  ":                             {Runtime: "binary", Provider: "proxmox"},
		"make demo CLUSTER=mine RUNTIME=kind PROVIDER=aws KUBERNETES=1.30.13  ": {Runtime: "kind", Provider: "aws", Kubernetes: "1.30.13"},
	} {
		state.Controller = &localcluster.ControllerState{}
		var out strings.Builder
		if err := nextSteps(&out, localcluster.Layout{Name: "mine"}, &state); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v, want %q in:\n%s", err, want, out.String())
		}
	}
}
