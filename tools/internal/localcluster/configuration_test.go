// SPDX-License-Identifier: Apache-2.0

package localcluster_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"karpenter.sh/tools/internal/localcluster"
)

type kwokctlConfiguration struct {
	Kind              string
	Options           map[string]any
	ComponentsPatches []struct {
		Name      string
		ExtraArgs []struct {
			Key, Value string
			Override   bool
		}
	}
}

func configuration(t *testing.T) (kwokctlConfiguration, string) {
	t.Helper()
	layout := localcluster.Layout{Root: "/checkout", Name: "mine"}
	ports := localcluster.Ports{APIServer: 1, Etcd: 2, EtcdPeer: 3, ControllerManager: 4, Scheduler: 5, Kwok: 6}
	text, err := localcluster.Configuration(localcluster.ConfigurationOptions{Layout: layout, Ports: ports, Audit: true})
	if err != nil {
		t.Fatal(err)
	}
	var parsed kwokctlConfiguration
	first, _, _ := strings.Cut(text, "---\n")
	if err := json.Unmarshal([]byte(first), &parsed); err != nil || parsed.Kind != "KwokctlConfiguration" {
		t.Fatalf("first document: %v\n%s", err, first)
	}
	return parsed, text
}

// Whatever kwokctl is not told it downloads or chooses by itself.
func TestConfigurationNamesEveryProgramAndPort(t *testing.T) {
	parsed, _ := configuration(t)
	want := map[string]any{
		"etcdBinary": "/checkout/bin/etcd", "kubeApiserverBinary": "/checkout/bin/kube-apiserver",
		"kubeControllerManagerBinary": "/checkout/bin/kube-controller-manager", "kubeSchedulerBinary": "/checkout/bin/kube-scheduler",
		"kwokControllerBinary": "/checkout/bin/kwok", "kubectlBinary": "/checkout/bin/kubectl",
		"kubeApiserverPort": 1.0, "etcdPort": 2.0, "etcdPeerPort": 3.0,
		"kubeControllerManagerPort": 4.0, "kubeSchedulerPort": 5.0, "kwokControllerPort": 6.0,
		"bindAddress": "127.0.0.1", "disableQPSLimits": true, "runtime": "binary",
		"kubeAuditPolicy": "/checkout/bin/clusters/mine/input/audit.json",
	}
	for key, value := range want {
		if parsed.Options[key] != value {
			t.Errorf("option %s = %v, want %v", key, parsed.Options[key], value)
		}
	}
}

func TestConfigurationManagesOnlyTheProvidersNodes(t *testing.T) { // KWOK-034
	parsed, _ := configuration(t)
	got := map[string]string{}
	for _, patch := range parsed.ComponentsPatches {
		for _, arg := range patch.ExtraArgs {
			got[patch.Name+" "+arg.Key] = arg.Value
		}
	}
	if got["kwok-controller manage-all-nodes"] != "false" || got["kwok-controller manage-nodes-with-label-selector"] != "kwok-partition=a" {
		t.Errorf("arguments of the fake kubelet: %v", got)
	}
}

func TestConfigurationHasTheStages(t *testing.T) { // OPS-274, KWOK-035
	_, processes := configuration(t)
	beside, err := localcluster.FakeKubelet()
	if err != nil {
		t.Fatal(err)
	}
	for runtime, text := range map[string]string{localcluster.RuntimeBinary: processes, localcluster.RuntimeKind: beside} {
		var names []string
		for _, m := range regexp.MustCompile(`kind: Stage\nmetadata:\n  name: (\S+)`).FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		want := "node-initialize node-heartbeat-with-lease pod-ready pod-complete pod-delete pod-delete-delayed pod-unhealthy"
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s has stages %s, want %s", runtime, got, want)
		}
	}
}

// The stages are compiled in from one module's kwok, the program that plays
// them is built from another's.
func TestBothModulesUseOneKwok(t *testing.T) {
	version := regexp.MustCompile(`sigs\.k8s\.io/kwok (v\S+)`)
	find := func(file string) string {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		match := version.FindSubmatch(content)
		if match == nil {
			t.Fatalf("%s does not require kwok", file)
		}
		return string(match[1])
	}
	if a, b := find("../../go.mod"), find("../../controlplane/go.mod"); a != b {
		t.Errorf("tools uses kwok %s, tools/controlplane %s", a, b)
	}
}
