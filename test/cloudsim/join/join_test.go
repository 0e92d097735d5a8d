// SPDX-License-Identifier: Apache-2.0

package join_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/world"
)

const cluster = `cluster: {name: c1, apiServerEndpoint: "https://a", certificateAuthority: Y2E=, cidr: 10.0.0.0/16}`

func nodeConfig(rest string) string {
	return "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  " + cluster + "\n" + rest
}

func archive(parts ...string) string {
	out := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n"
	for _, p := range parts {
		kind := "text/x-shellscript"
		if strings.Contains(p, "node.eks.aws") {
			kind = "application/node.eks.aws"
		}
		out += "--//\nContent-Type: " + kind + "\n\n" + p + "\n"
	}
	return out + "--//--\n"
}

const bottlerocket = "[settings.kubernetes]\ncluster-name = \"c1\"\napi-server = \"https://a\"\ncluster-certificate = \"Y2E=\"\n"

// SIM-045
func TestMachinesBecomeNodes(t *testing.T) {
	tests := []struct {
		reason, userData string
		with             join.Bootstrap
		pods             int
		labels           string // key=value,…
		taints           string // key=value:effect,…
	}{
		{"AL2023, by YAML alone", nodeConfig(""), join.Nodeadm{}, 29, "", ""},
		{"AL2023, parts in order, scripts aside", archive("#!/bin/sh", nodeConfig("  kubelet: {config: {maxPods: 5}, flags: ['--node-labels=a=b']}"),
			nodeConfig("  kubelet: {config: {maxPods: 7, registerWithTaints: [{key: k, value: v, effect: NoSchedule}]}, flags: ['--node-labels=\"c=d,e=\"']}")),
			join.Nodeadm{}, 7, "c=d,e=", "k=v:NoSchedule"},
		{"Bottlerocket", bottlerocket + "max-pods = 9\n[settings.kubernetes.node-labels]\n\"a/b\" = \"c\"\n[settings.kubernetes.node-taints]\nk = [\"v:NoExecute\", \":NoSchedule\"]\n[settings.motd]\nx = 1\n",
			join.Bottlerocket{}, 9, "a/b=c", "k=v:NoExecute,k=:NoSchedule"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			n, err := tc.with.Boot(join.Machine{DefaultMaxPods: 29, UserData: []byte(tc.userData)})
			if err != nil {
				t.Fatal(err)
			}
			var taints []string
			for _, x := range n.Taints {
				taints = append(taints, x.Key+"="+x.Value+":"+x.Effect)
			}
			labels := 0
			for pair := range strings.SplitSeq(tc.labels, ",") {
				key, value, _ := strings.Cut(pair, "=")
				if got, ok := n.Labels[key]; pair != "" && (!ok || got != value) {
					t.Errorf("labels %v, want %s", n.Labels, pair)
				}
				if pair != "" {
					labels++
				}
			}
			if n.MaxPods != tc.pods || strings.Join(taints, ",") != tc.taints || len(n.Labels) != labels || n.Cluster != "c1" || n.Endpoint != "https://a" || n.CA != "Y2E=" {
				t.Errorf("node %+v", n)
			}
		})
	}
}

// SIM-045: flags of all parts count; of settings the last part's.
func TestPartsAreMerged(t *testing.T) {
	data := archive(nodeConfig("  kubelet: {config: {maxPods: 5, a: 1}, flags: ['--v=2']}"), nodeConfig("  kubelet: {config: {maxPods: 7}, flags: ['--x=3']}"))
	n, err := join.Nodeadm{}.Boot(join.Machine{UserData: []byte(data)})
	if err != nil {
		t.Fatal(err)
	}
	if n.MaxPods != 7 || n.Kubelet["a"] != 1.0 || n.Kubelet["--v"] != "2" || n.Kubelet["--x"] != "3" {
		t.Errorf("node %+v", n)
	}
}

// SIM-046
func TestMachinesThatWouldNotBoot(t *testing.T) {
	tests := []struct {
		says, userData string
		with           join.Bootstrap
	}{
		{"no NodeConfig", "", join.Nodeadm{}},
		{"no NodeConfig", archive("#!/bin/sh"), join.Nodeadm{}},
		{"boundary", "MIME-Version: 1.0\nContent-Type: multipart/mixed\n\nx", join.Nodeadm{}},
		{"part 1", "apiVersion: node.eks.aws/v1alpha1\nkind: [", join.Nodeadm{}},
		{"is no NodeConfig", strings.Replace(nodeConfig(""), "kind: NodeConfig", "kind: Pod", 1), join.Nodeadm{}},
		{"cluster.name", strings.Replace(nodeConfig(""), "name: c1, ", "", 1), join.Nodeadm{}},
		{"cluster.cidr", strings.Replace(nodeConfig(""), ", cidr: 10.0.0.0/16", "", 1), join.Nodeadm{}},
		{"apiServerEndpoint", strings.Replace(nodeConfig(""), `apiServerEndpoint: "https://a", `, "", 1), join.Nodeadm{}},
		{"certificateAuthority", strings.Replace(nodeConfig(""), "Y2E=", "'?'", 1), join.Nodeadm{}},
		{"colour", nodeConfig("  colour: red"), join.Nodeadm{}},
		{"maxPods", nodeConfig("  kubelet: {config: {maxPods: vcpus}}"), join.Nodeadm{}},
		{"the kubelet knows no disk", nodeConfig("  kubelet: {config: {kubeReserved: {disk: 1Gi}}}"), join.Nodeadm{}},
		{"memory is no text", nodeConfig("  kubelet: {config: {systemReserved: {memory: 1}}}"), join.Nodeadm{}},
		{"evictionHard is no table", nodeConfig("  kubelet: {config: {evictionHard: [a]}}"), join.Nodeadm{}},
		{"no effect", nodeConfig("  kubelet: {config: {registerWithTaints: [{key: k, effect: Never}]}}"), join.Nodeadm{}},
		{"the kubelet refuses label", nodeConfig("  kubelet: {flags: ['--node-labels=kubernetes.io/role=x']}"), join.Nodeadm{}},
		{"strategy", nodeConfig("  instance: {localStorage: {strategy: RAID9}}"), join.Nodeadm{}},
		{"settings", "[", join.Bottlerocket{}},
		{"outside of settings", bottlerocket + "[other]\n", join.Bottlerocket{}},
		{"settings.kubernetes is missing", "", join.Bottlerocket{}},
		{"api-server", strings.Replace(bottlerocket, "api-server", "cluster-domain", 1), join.Bottlerocket{}},
		{"no such setting", bottlerocket + "colour = 1\n", join.Bottlerocket{}},
		{"max-pods", bottlerocket + "max-pods = \"9\"\n", join.Bottlerocket{}},
		{"eviction-hard: the kubelet knows no disk", bottlerocket + "eviction-hard = {disk = \"1Gi\"}\n", join.Bottlerocket{}},
		{"no effect", bottlerocket + "node-taints = {k = \"v\"}\n", join.Bottlerocket{}},
		{"the kubelet refuses label", bottlerocket + "node-labels = {\"x.k8s.io/a\" = \"b\"}\n", join.Bottlerocket{}},
	}
	for _, tc := range tests {
		t.Run(tc.says, func(t *testing.T) {
			_, err := tc.with.Boot(join.Machine{UserData: []byte(tc.userData)})
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
		})
	}
}

// joiner records what it is asked.
type joiner struct {
	log  []string
	fail error
}

func (j *joiner) Join(_ context.Context, n join.Node) error {
	j.log = append(j.log, "join "+n.Machine.ID)
	return j.fail
}

func (j *joiner) Leave(_ context.Context, m join.Machine) error {
	j.log = append(j.log, "leave "+m.ID)
	return nil
}

// SIM-045, SIM-047
func TestYard(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	agenda, j := world.NewAgenda(), &joiner{}
	y := join.NewYard(agenda, j, time.Minute)
	boot := func(id, data string) { y.Boot(join.Machine{ID: id, UserData: []byte(data)}, join.Nodeadm{}, at) }
	boot("good", nodeConfig(""))
	boot("bad", "")
	boot("ended", nodeConfig(""))
	agenda.Run(at.Add(59 * time.Second))
	if len(j.log) != 0 {
		t.Errorf("before the delay: %v", j.log)
	}
	if err := y.End("ended"); err != nil {
		t.Fatal(err)
	}
	agenda.Run(at.Add(time.Minute))
	bad, _ := y.Outcome("bad")
	if strings.Join(j.log, ",") != "join good" || bad.Reason == "" || len(y.Outcomes()) != 2 {
		t.Errorf("log %v, outcomes %v", j.log, y.Outcomes())
	}
	for range 2 {
		if err := y.End("good"); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(j.log, ",") != "join good,leave good" || len(y.Outcomes()) != 1 {
		t.Errorf("log %v, outcomes %v", j.log, y.Outcomes())
	}
	j.fail = errors.New("full")
	boot("refused", nodeConfig(""))
	agenda.Run(at.Add(time.Hour))
	if o, _ := y.Outcome("refused"); o.Reason != "full" || o.Node != nil {
		t.Errorf("outcome %+v", o)
	}
}

// User data is whatever users write: no bytes may break the reader.
func FuzzBoot(f *testing.F) {
	f.Add(archive(nodeConfig("")))
	f.Add(bottlerocket)
	f.Fuzz(func(t *testing.T, data string) {
		for _, with := range []join.Bootstrap{join.Nodeadm{}, join.Bottlerocket{}} {
			n, err := with.Boot(join.Machine{UserData: []byte(data)})
			if err == nil && (n.Cluster == "" || n.Endpoint == "" || n.CA == "") {
				t.Errorf("a node without a cluster from %q", data)
			}
		}
	})
}
