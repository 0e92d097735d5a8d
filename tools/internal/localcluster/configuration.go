// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Runtimes: how the components of a cluster run.
const (
	RuntimeBinary = "binary"
	RuntimeKind   = "kind"
)

const loopback = "127.0.0.1"

// fakeNodes selects the nodes that the fake kubelet plays (KWOK-034).
const (
	fakeNodes    = fakeNodesKey + "=a"
	fakeNodesKey = "kwok-partition"
)

// document is one object of a configuration file. JSON is YAML, so no YAML
// library is needed to write it.
type document map[string]any

// extraArg is one more command-line argument of a component.
type extraArg struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	// Override replaces the argument that is there already.
	Override bool `json:"override,omitempty"`
}

// ConfigurationOptions say how a cluster is to be.
type ConfigurationOptions struct {
	Layout
	Ports Ports
	// Audit records what Karpenter asks of the API server.
	Audit bool
}

// Configuration returns the file that kwokctl creates a cluster of processes from: the
// components and their arguments, the fake kubelet's options, its stages.
func Configuration(opts ConfigurationOptions) (string, error) {
	return documents(kwokctlDocument(opts), kwokDocument())
}

// documents writes a file of documents and the stages.
func documents(first ...document) (string, error) {
	parts := make([]string, 0, len(first)+len(Stages()))
	for _, d := range first {
		text, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return "", fmt.Errorf("write the %v: %w", d["kind"], err)
		}
		parts = append(parts, string(text)+"\n")
	}
	return strings.Join(append(parts, Stages()...), "---\n"), nil
}

func kwokctlDocument(opts ConfigurationOptions) document {
	options := binaryOptions(opts.Layout, opts.Ports)
	if opts.Audit {
		options["kubeAuditPolicy"] = opts.input(auditPolicyFile)
	}
	options["bindAddress"] = loopback
	options["disableQPSLimits"] = true
	options["kubectlBinary"] = opts.Program("kubectl")
	return document{
		"apiVersion":        "config.kwok.x-k8s.io/v1alpha1",
		"kind":              "KwokctlConfiguration",
		"metadata":          map[string]any{"name": "kwok"},
		"options":           options,
		"componentsPatches": componentPatches(),
	}
}

// binaryOptions names every program and port: one left out would be downloaded
// or chosen without regard to clusters that come up at the same time.
func binaryOptions(layout Layout, ports Ports) map[string]any {
	return map[string]any{
		"runtime":                     RuntimeBinary,
		"etcdBinary":                  layout.Program("etcd"),
		"kubeApiserverBinary":         layout.Program("kube-apiserver"),
		"kubeControllerManagerBinary": layout.Program("kube-controller-manager"),
		"kubeSchedulerBinary":         layout.Program("kube-scheduler"),
		"kwokControllerBinary":        layout.Program("kwok"),
		"kubeSchedulerConfig":         layout.input("scheduler.json"),
		"kubeApiserverPort":           ports.APIServer,
		"etcdPort":                    ports.Etcd,
		"etcdPeerPort":                ports.EtcdPeer,
		"kubeControllerManagerPort":   ports.ControllerManager,
		"kubeSchedulerPort":           ports.Scheduler,
		"kwokControllerPort":          ports.Kwok,
	}
}

// componentPatches trade what a cluster on one machine does not need (survival
// of a power cut, a second replica) for speed. Client rate limits are lifted
// by disableQPSLimits.
func componentPatches() []map[string]any {
	return []map[string]any{
		{"name": "etcd", "extraArgs": []extraArg{
			{Key: "unsafe-no-fsync", Value: "true"},
		}},
		// Some clusters have it: who makes an object that blocks the deletion of its
		// owner must be allowed to.
		{"name": "kube-apiserver", "extraArgs": []extraArg{
			{Key: "enable-admission-plugins", Value: "OwnerReferencesPermissionEnforcement"},
		}},
		{"name": "kube-controller-manager", "extraArgs": []extraArg{
			{Key: "leader-elect", Value: "false"},
			// It writes an annotation to every node, which nobody reads.
			{Key: "controllers", Value: "*,-ttl-controller"},
			{Key: "concurrent-deployment-syncs", Value: "20"},
			{Key: "concurrent-replicaset-syncs", Value: "20"},
			{Key: "concurrent-job-syncs", Value: "20"},
		}},
		// Only the nodes that Karpenter's kwok provider makes (KWOK-034); a
		// node that a test makes by hand stays as the test leaves it.
		{"name": "kwok-controller", "extraArgs": []extraArg{
			{Key: "manage-all-nodes", Value: "false", Override: true},
			{Key: "manage-nodes-with-label-selector", Value: fakeNodes},
		}},
	}
}

// kwokDocument lets the fake kubelet keep up with thousands of pods.
func kwokDocument() document {
	return document{
		"apiVersion": "config.kwok.x-k8s.io/v1alpha1",
		"kind":       "KwokConfiguration",
		"metadata":   map[string]any{"name": "kwok"},
		"options": map[string]any{
			"nodePlayStageParallelism":  16,
			"podPlayStageParallelism":   16,
			"nodeLeaseParallelism":      16,
			"podsOnNodeSyncParallelism": 4,
		},
	}
}

// SchedulerConfiguration returns kube-scheduler's configuration file. A pod
// that did not fit is tried again after at most two seconds, not ten: waiting
// for the back-off would hide how fast a node came.
func SchedulerConfiguration() (string, error) {
	text, err := json.MarshalIndent(document{
		"apiVersion":           "kubescheduler.config.k8s.io/v1",
		"kind":                 "KubeSchedulerConfiguration",
		"leaderElection":       map[string]any{"leaderElect": false},
		"clientConnection":     map[string]any{"qps": 5000, "burst": 10000},
		"podMaxBackoffSeconds": 2,
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the scheduler's configuration: %w", err)
	}
	return string(text) + "\n", nil
}
