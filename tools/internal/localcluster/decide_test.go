// SPDX-License-Identifier: Apache-2.0

package localcluster_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/tools/internal/localcluster"
	"karpenter.sh/tools/internal/process"
)

func TestDecide(t *testing.T) {
	binary := &localcluster.State{Runtime: localcluster.RuntimeBinary, Provider: localcluster.ProviderKwok}
	replace, keep := localcluster.Decision{Remove: true, Create: true}, localcluster.Decision{}
	tests := []struct {
		reason string
		found  localcluster.Observation
		audit  bool
		want   localcluster.Decision
	}{
		{"nothing there: create", localcluster.Observation{}, false, localcluster.Decision{Create: true}},
		{"a directory without a state was never finished", localcluster.Observation{Exists: true}, false, replace},
		{"another runtime cannot be turned into this one", localcluster.Observation{Exists: true, State: &localcluster.State{Runtime: localcluster.RuntimeKind}, Serving: true}, false, replace},
		{"another provider has another account behind its machines", localcluster.Observation{Exists: true, State: &localcluster.State{Runtime: localcluster.RuntimeBinary, Provider: "aws"}, Serving: true}, false, replace},
		{"another version of Kubernetes", localcluster.Observation{Exists: true, State: &localcluster.State{Runtime: localcluster.RuntimeBinary, Provider: localcluster.ProviderKwok, Kubernetes: "1.30.1"}, Serving: true}, false, replace},
		{"a dead component takes the cluster with it: etcd runs without fsync", localcluster.Observation{Exists: true, State: binary, Dead: []string{"etcd"}}, false, replace},
		{"an API server that does not answer is of no use", localcluster.Observation{Exists: true, State: binary}, false, replace},
		{"requests that were not recorded cannot be looked up", localcluster.Observation{Exists: true, State: binary, Serving: true}, true, replace},
		{"a cluster that works is kept", localcluster.Observation{Exists: true, State: binary, Serving: true}, false, keep},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			got := localcluster.Decide(tc.found, localcluster.ClusterWish{
				Runtime: localcluster.RuntimeBinary, Provider: localcluster.ProviderKwok, Audit: tc.audit,
			})
			if got.Remove != (got.Reason != "") {
				t.Errorf("reason %q for a decision with Remove = %v", got.Reason, got.Remove)
			}
			got.Reason = ""
			if got != tc.want {
				t.Errorf("Decide = %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestRestartReason(t *testing.T) {
	have := &localcluster.ControllerState{Process: process.Identity{PID: 1}, Binary: "b", Command: []string{"c"}, Env: []string{"E=1"}}
	same := localcluster.ControllerWish{Binary: "b", Command: []string{"c"}, Env: []string{"E=1"}}
	tests := []struct {
		reason  string
		have    *localcluster.ControllerState
		alive   bool
		want    localcluster.ControllerWish
		restart bool
	}{
		{"the same program with the same settings stays", have, true, same, false},
		{"none was started", nil, false, same, true},
		{"it has ended", have, false, same, true},
		{"its program was built anew", have, true, localcluster.ControllerWish{Binary: "new", Command: same.Command, Env: same.Env}, true},
		{"another argument", have, true, localcluster.ControllerWish{Binary: "b", Command: []string{"c", "-x"}, Env: same.Env}, true},
		{"another variable", have, true, localcluster.ControllerWish{Binary: "b", Command: same.Command, Env: []string{"E=2"}}, true},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			if got := localcluster.RestartReason(tc.have, tc.alive, tc.want); (got != "") != tc.restart {
				t.Errorf("RestartReason = %q, want a reason: %v", got, tc.restart)
			}
		})
	}
}

// OPS-310: what runs is given the permissions of the chart, not those of the administrator.
func TestControllerEnv(t *testing.T) {
	lookup := func(name string) (string, bool) {
		return "Mine=true", name == "FEATURE_GATES"
	}
	layout := localcluster.Layout{Root: "/checkout", Name: "mine"}
	env := localcluster.ControllerEnv(layout, lookup, []string{"LOG_LEVEL=debug"})
	want := []string{"KUBECONFIG=/checkout/bin/clusters/mine/controller.kubeconfig", "FEATURE_GATES=Mine=true", "ENABLE_PROFILING=true", "SYSTEM_NAMESPACE=kube-system", "LOG_LEVEL=debug"}
	if !slices.Equal(env, want) {
		t.Errorf("ControllerEnv = %v, want the caller's value over the default, extra last: %v", env, want)
	}
}

func TestPickPorts(t *testing.T) {
	random := func() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
	even := func(port int) bool { return port%2 == 0 }
	p, err := localcluster.PickPorts(random(), even)
	if err != nil {
		t.Fatal(err)
	}
	picked := []int{p.APIServer, p.Etcd, p.EtcdPeer, p.ControllerManager, p.Scheduler, p.Kwok, p.Metrics, p.Probe, p.Cloud, p.CloudControl, p.ClusterAPI, p.ClusterAPIProbe, p.Machines}
	slices.Sort(picked)
	if len(slices.Compact(slices.Clone(picked))) != 13 {
		t.Errorf("ports %v are not distinct", picked)
	}
	for _, port := range picked {
		if !even(port) || port < 20000 || port > 32767 {
			t.Errorf("port %d is taken or in the range of outgoing connections", port)
		}
	}
	if _, err := localcluster.PickPorts(random(), func(port int) bool { return port < 20012 }); err == nil {
		t.Error("twelve free ports do for thirteen listeners")
	}
}

// OPS-361, OPS-363
func TestCheck(t *testing.T) {
	layout := localcluster.Layout{Name: "mine"}
	if names := localcluster.ProviderNames(); !slices.Contains(names, localcluster.ProviderKwok) || !slices.Contains(names, "aws") {
		t.Errorf("providers %v", names)
	}
	if err := localcluster.Check(t.Context(), layout, localcluster.ClusterWish{Runtime: localcluster.RuntimeBinary, Provider: "aws"}); err != nil {
		t.Error(err)
	}
	for says, wish := range map[string]localcluster.ClusterWish{
		"mars":                             {Runtime: localcluster.RuntimeBinary, Provider: "mars"},
		"magic":                            {Runtime: "magic", Provider: "aws"},
		"the one that is built":            {Runtime: localcluster.RuntimeBinary, Provider: "aws", Kubernetes: "1.36.1"},
		"runtime binary only":              {Runtime: localcluster.RuntimeKind, Provider: "clusterapi"},
		`version "v1.36" of Kubernetes`:    {Runtime: localcluster.RuntimeKind, Provider: "aws", Kubernetes: "v1.36"},
		`version "1.36.1 x" of Kubernetes`: {Runtime: localcluster.RuntimeKind, Provider: "aws", Kubernetes: "1.36.1 x"},
	} {
		if err := localcluster.Check(t.Context(), layout, wish); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %s", wish, err, says)
		}
	}
}

func TestLayoutValidate(t *testing.T) {
	for name, valid := range map[string]bool{"karpenter": true, "e2e": true, "a-1": true, "": false, "../x": false, "A": false, "-a": false, "a-": false} {
		if err := (localcluster.Layout{Name: name}).Validate(); (err == nil) != valid {
			t.Errorf("Validate(%q) = %v, want valid: %v", name, err, valid)
		}
	}
}
