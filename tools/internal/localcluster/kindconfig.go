// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"encoding/json"
	"fmt"
)

// The ports of kind's node by which this machine reaches Karpenter's listeners: those of
// a Service, so that they stay when pods come and go.
const (
	metricsNodePort = 30080
	probeNodePort   = 30081
)

// Where the node of kind sees the cluster's own directories.
const (
	nodeInput = "/etc/karpenter"
	nodeLogs  = "/var/log/karpenter"
)

// KindConfiguration returns the file that kind creates the cluster from: one node, whose
// ports and files are those of the layout.
func KindConfiguration(opts ConfigurationOptions) (string, error) {
	node := document{
		"role": "control-plane",
		"extraPortMappings": []document{
			{"containerPort": metricsNodePort, "hostPort": opts.Ports.Metrics, "listenAddress": loopback},
			{"containerPort": probeNodePort, "hostPort": opts.Ports.Probe, "listenAddress": loopback},
		},
		"extraMounts": []document{
			{"hostPath": opts.input(""), "containerPath": nodeInput, "readOnly": true},
			{"hostPath": opts.logs(), "containerPath": nodeLogs},
		},
	}
	patch, err := json.Marshal(document{"kind": "ClusterConfiguration", "apiServer": apiServerPatch(opts)})
	if err != nil {
		return "", fmt.Errorf("write the patch of kubeadm's configuration: %w", err)
	}
	text, err := json.MarshalIndent(document{
		"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4",
		"networking":           document{"apiServerAddress": loopback, "apiServerPort": opts.Ports.APIServer},
		"nodes":                []document{node},
		"kubeadmConfigPatches": []string{string(patch)},
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the configuration of kind: %w", err)
	}
	return string(text) + "\n", nil
}

// apiServerPatch is what the API server does besides, as with the binary runtime.
func apiServerPatch(opts ConfigurationOptions) document {
	args := map[string]string{"enable-admission-plugins": "NodeRestriction,OwnerReferencesPermissionEnforcement"}
	patch := document{"extraArgs": args}
	if opts.Audit {
		args["audit-policy-file"] = nodeInput + "/" + auditPolicyFile
		args["audit-log-path"] = nodeLogs + "/audit.log"
		patch["extraVolumes"] = []document{
			{"name": "input", "hostPath": nodeInput, "mountPath": nodeInput, "readOnly": true, "pathType": "Directory"},
			{"name": "logs", "hostPath": nodeLogs, "mountPath": nodeLogs, "readOnly": false, "pathType": "Directory"},
		}
	}
	return patch
}

// FakeKubelet returns the file with the options and stages of the fake kubelet that runs
// beside a cluster of kind.
func FakeKubelet() (string, error) { return documents(kwokDocument()) }
